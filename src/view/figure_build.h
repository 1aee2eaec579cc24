/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the builders of all kinds share: copies in a figure's arena. Private to this room. When memory is out
 * they mark the figure as failed. */
#ifndef IPPRO_VIEW_FIGURE_BUILD_H
#define IPPRO_VIEW_FIGURE_BUILD_H

#include "view/figure.h"

/* Room for one more element of `size` bytes in an array of the arena; `array` is the address of its pointer.
 */
bool figure_grow(struct figure *figure, void *array, size_t *capacity, size_t count, size_t size);
char *figure_keep_string(struct figure *figure, const char *text); /* NULL is "" */
/* count * size bytes, or an empty array when there is nothing to copy. */
void *figure_keep_array(struct figure *figure, const void *from, size_t count, size_t size);
const char **figure_keep_names(struct figure *figure, const char *const *names, int count);

/* Memory for the values of an array with these dimensions, for a kind's `array`. */
double *figure_array_new(struct figure_array *array, int rank, const int64_t *dims);

#endif
