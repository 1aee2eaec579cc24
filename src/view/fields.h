/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What scripts read of a figure: tables of named fields and of elements. A kind of figure tells it (`fields`
 * of its row, figure_kind.h), a language builds it from that. */
#ifndef IPPRO_VIEW_FIELDS_H
#define IPPRO_VIEW_FIELDS_H

#include <stdint.h>

/* Implemented by a language. A value goes into the table that was opened last: as an element (`index` from 1;
 * 0: not as one), under a name (NULL: under none), or both. The functions may not return (out of memory is a
 * long jump in Lua): whoever calls them holds nothing that would be lost. */
struct field_builder {
    void (*open)(struct field_builder *builder, int elements);                 /* a table of about so many */
    void (*close)(struct field_builder *builder, int index, const char *name); /* that table is the value */
    void (*number)(struct field_builder *builder, int index, const char *name, double number);
    void (*integer)(struct field_builder *builder, int index, const char *name, int64_t integer);
    void (*text)(struct field_builder *builder, int index, const char *name, const char *text);
};

/* Fields that are left out when there is nothing to say: NaN, NULL. */
void field_number(struct field_builder *builder, const char *name, double number);
void field_text(struct field_builder *builder, const char *name, const char *text);
/* Tables of elements. */
void field_numbers(struct field_builder *builder, const char *name, const double *numbers, int count);
void field_integers(struct field_builder *builder, const char *name, const int64_t *integers, int count);
void field_texts(struct field_builder *builder, const char *name, const char *const *texts, int count);

#endif
