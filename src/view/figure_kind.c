/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of kinds. */
#include "view/figure_kind.h"

#define KIND_DECLARATION(code, name) extern const struct figure_kind_row name##_kind;
FIGURE_KIND_LIST(KIND_DECLARATION)
#undef KIND_DECLARATION

static const struct figure_kind_row *const kinds[FIGURE_KINDS] = {
#define KIND_ROW(code, name) [code] = &name##_kind,
    FIGURE_KIND_LIST(KIND_ROW)
#undef KIND_ROW
};

const struct figure_kind_row *figure_kind_row(enum figure_kind kind)
{
    return kinds[kind];
}

const char *figure_kind_name(enum figure_kind kind)
{
    return kinds[kind]->name;
}

void figure_fields(struct field_builder *builder, const struct figure *figure)
{
    kinds[figure->kind]->fields(builder, figure);
}

bool figure_is_tall(const struct figure *figure)
{
    return kinds[figure->kind]->tall;
}

bool figure_has_rows(const struct figure *figure)
{
    return kinds[figure->kind]->rows != NULL;
}
