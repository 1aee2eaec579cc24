/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Elements of operands, whatever their type. */
#ifndef IPPRO_TESTS_OPERANDS_H
#define IPPRO_TESTS_OPERANDS_H

#include <stdbool.h>
#include <stdint.h>

#include "nn/operator/operator.h"

double operand_get(const struct operand *operand, int64_t index);
void operand_set(const struct operand *operand, int64_t index, double value);
int64_t operand_count(const struct operand *operand);
bool operand_is_real(const struct operand *operand);

#endif
