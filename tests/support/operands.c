/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Elements of operands. */
#include "support/operands.h"

double operand_get(const struct operand *operand, int64_t index)
{
    if (operand->type == ELEMENT_FLOAT)
        return (double)((const float *)operand->data)[index];
    if (operand->type == ELEMENT_DOUBLE)
        return ((const double *)operand->data)[index];
    return (double)((const int64_t *)operand->data)[index];
}

void operand_set(const struct operand *operand, int64_t index, double value)
{
    if (operand->type == ELEMENT_FLOAT)
        ((float *)operand->data)[index] = (float)value;
    else if (operand->type == ELEMENT_DOUBLE)
        ((double *)operand->data)[index] = value;
    else
        ((int64_t *)operand->data)[index] = (int64_t)value;
}

int64_t operand_count(const struct operand *operand)
{
    return shape_elements(&operand->shape);
}

bool operand_is_real(const struct operand *operand)
{
    return operand->type != ELEMENT_INT64;
}
