/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Figures that the tests of the view draw and write: small, and free of mathematics that differs between
 * machines. */
#ifndef IPPRO_TESTS_VIEW_FIGURES_H
#define IPPRO_TESTS_VIEW_FIGURES_H

#include <stdbool.h>
#include "view/figure.h"

#define HOSTILE_NAME                                                                                         \
    "evil\033[2J\a\r\n\xff\xc3(\xe2\x80\xae"                                                                 \
    "abc,\"#%n%s\x7f\xc2\x9b"

struct figure *table_figure(void);

/* Accuracy against ratio of several criteria: falling lines, the second without its last three points, the
 * third with a spread. */
struct figure *small_curves(void);
struct figure *many_curves(void);

/* No percentages, no reference, x in no order and different for every series. */
struct figure *plain_curves(void);

/* Curves of numbers that are no usual numbers: each of the `count` y by itself must be drawable. */
struct figure *curve_of(int count, const double *x, const double *y, bool percent);

/* Sensitivity: a row per layer, a column per ratio, accuracies; the last rows are not computed yet. */
struct figure *sensitivity_matrix(void);
struct figure *small_histogram(void);
struct figure *panels_histogram(void);
struct figure *log_histogram(void);
struct figure *many_bins(void);
struct figure *small_matrix(void);
struct figure *numbered_matrix(void);
struct figure *empty_table(void);

/* Numbers that are no usual numbers, and text where numbers are expected. */
struct figure *odd_table(void);

/* Two criteria over three stages that agree on most; the last point has no place. */
struct figure *small_scatter(void);

/* Two images with their labels and a network's map of each. */
struct figure *small_strip(void);
typedef struct figure *figure_maker(void);
/* The figures of the golden files, in their order. */
enum { FIGURE_MAKERS = 18 };
extern figure_maker *const figure_makers[FIGURE_MAKERS];

/* A figure of each kind whose every name is hostile: terminal controls, invalid and reordering characters, 10
 * KB. */
struct figure *hostile_figure(enum figure_kind kind);

#endif
