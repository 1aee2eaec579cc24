/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bars of a histogram of which a part is cut. */
#ifndef IPPRO_VIEW_CELLS_BAR_H
#define IPPRO_VIEW_CELLS_BAR_H

#include <stdbool.h>
#include <stdint.h>
#include "view/figure.h"

/* How many of the bins' values would be cut; 0 where the figure does not say. */
int64_t histogram_cut(const struct figure_histogram *histogram, int series, int first_bin, int bins);
/* A bar that cannot be cut from side to side, since it is one column wide or its values have no threshold in
 * common: how many of its lowest cells stand for `cut` of its `count` values. The bar is `eighths` eighths of
 * a cell high. Of a bar of two cells or more with a part that goes and one that stays, neither is left out;
 * one cell shows the larger part. */
int bar_cut_cells(int64_t count, int64_t cut, int eighths);

#endif
