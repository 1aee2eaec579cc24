/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers as figures show them, and where the ticks of an axis stand. Independent of the locale. */
#ifndef IPPRO_VIEW_NUMBERS_H
#define IPPRO_VIEW_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>
#include "base/text.h"
#include "view/figure.h"

/* A fixed number of decimals; numbers that would be longer than people read (|value| >= 1e9) in exponential
 * form. */
void number_add_fixed(struct text *text, double value, int decimals);
/* Significant digits: plain from 1e-4 to below 1e7, else "1.23e-7". */
void number_add_real(struct text *text, double value, int digits);
/* The same without trailing zeros, for numbers that stand alone: 0.6, 1e-5. */
void number_add_trimmed(struct text *text, double value, int digits);
/* Counts on an axis: 12, 1,200, 1.2M. */
void number_add_count(struct text *text, int64_t count);

/* One cell of a table as text for people (not escaped, not cut). Bars: the number of the bar in percent. */
void number_add_cell(struct text *text, const struct figure_column *column, const struct figure_cell *cell);

/* Place of a value on a matrix's scale, 0..1 (values outside at the ends); NaN when it has none. */
double scale_place(const struct figure_matrix *matrix, double value);
/* The same as a level of the theme's colour ramp (view/cells/canvas.h): 1..255, 0 for what has no place. The
 * middle of the ramp is where a two-sided scale has its zero, so a scale of one sign uses the upper half. */
unsigned char scale_level(const struct figure_matrix *matrix, double value);
/* "0.123" with the matrix's decimals, of percentages without the sign; "–" for undefined. */
void number_add_value(struct text *text, const struct figure_matrix *matrix, double value);
/* An end of the scale: "0.6", "93.5%". */
void number_add_scale_end(struct text *text, const struct figure_matrix *matrix, double value);

/* Ticks of the value axis. Positions are in bins: 0 is the left end, histogram->bins the right one. */
enum { TICKS_MAX = 16, TICK_LABEL_SIZE = 24 };
struct tick {
    double position;
    char label[TICK_LABEL_SIZE];
};
/* At most `most` (1..TICKS_MAX) round values inside the axis, ascending; returns how many, -1 when memory is
 * out. */
int ticks_of_axis(const struct figure_histogram *histogram, int most, struct tick ticks[TICKS_MAX]);
/* Position of a value in bins; below 0 or above bins when outside, 0 when it is no number. */
double axis_position(const struct figure_histogram *histogram, double value);

/* An axis from low to high, low < high. Positions are 0 at low and 1 at high. */
double range_position(double low, double high, double value);
/* Values whose difference is lost in rounding, or no difference at all, become a range around them. */
void range_open(double *low, double *high);
/* At most `most` (2..TICKS_MAX) round values in the range, ascending; returns how many, -1 when memory is
 * out, 0 when the range is beyond what numbers can be subtracted in. */
int ticks_of_range(double low, double high, int most, struct tick ticks[TICKS_MAX]);
/* The same for a range widened so that it begins and ends with a tick. */
int ticks_around(double *low, double *high, int most, struct tick ticks[TICKS_MAX]);

/* The count axis: `ticks` steps of `step` reach up to at least the highest count. */
struct count_axis {
    int ticks;
    int64_t step, top; /* top = ticks * step */
};
/* The tightest axis that has between fewest and most steps of 1, 2, 2.5 or 5 times a power of ten. */
struct count_axis count_axis_for(int64_t highest, int fewest, int most);

#endif
