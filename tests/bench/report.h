/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the benchmark says: a table on standard output, and every single measurement as CSV. */
#ifndef IPPRO_TESTS_BENCH_REPORT_H
#define IPPRO_TESTS_BENCH_REPORT_H

#include <stdio.h>
#include "base/status.h"

enum { SERIES_MOST = 64 };

/* Repeated measurements of one thing, in the order in which they were made. */
struct series {
    double values[SERIES_MOST];
    int count;
};

void series_add(struct series *series, double value); /* beyond SERIES_MOST: dropped */
double series_median(const struct series *series);    /* NaN when empty */
double series_least(const struct series *series);
double series_most(const struct series *series);
/* Pair by pair: what was measured together is divided. */
struct series series_ratio(const struct series *a, const struct series *b);

struct report {
    FILE *csv; /* NULL: none */
    const char *section;
    int failures;
};

/* A heading; the section's name stands in the CSV rows that follow. */
void report_section(struct report *report, const char *name, const char *title);
/* "  item   median  [least to most] unit": one row, and its measurements as CSV. */
void report_series(struct report *report, const char *network, const char *item, const struct series *series,
                   const char *unit, const char *remark);
/* A remark, indented. */
void report_note(struct report *report, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Something that could not be measured: said, and counted. */
void report_failure(struct report *report, const char *item, const struct error *error);

#endif
