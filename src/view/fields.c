/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Common fields of figures. */
#include "view/fields.h"

#include <math.h>
#include <stddef.h>

void field_number(struct field_builder *builder, const char *name, double number)
{
    if (!isnan(number))
        builder->number(builder, 0, name, number);
}

void field_text(struct field_builder *builder, const char *name, const char *text)
{
    if (text)
        builder->text(builder, 0, name, text);
}

void field_numbers(struct field_builder *builder, const char *name, const double *numbers, int count)
{
    builder->open(builder, count);
    for (int i = 0; i < count; i++)
        builder->number(builder, i + 1, NULL, numbers[i]);
    builder->close(builder, 0, name);
}

void field_integers(struct field_builder *builder, const char *name, const int64_t *integers, int count)
{
    builder->open(builder, count);
    for (int i = 0; i < count; i++)
        builder->integer(builder, i + 1, NULL, integers[i]);
    builder->close(builder, 0, name);
}

void field_texts(struct field_builder *builder, const char *name, const char *const *texts, int count)
{
    builder->open(builder, count);
    for (int i = 0; i < count; i++)
        builder->text(builder, i + 1, NULL, texts[i]);
    builder->close(builder, 0, name);
}
