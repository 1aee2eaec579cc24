/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"

void series_add(struct series *series, double value)
{
    if (series->count < SERIES_MOST)
        series->values[series->count++] = value;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The value at `share` (0..1) of the sorted measurements. */
static double quantile(const struct series *series, double share)
{
    double sorted[SERIES_MOST];
    if (series->count == 0)
        return NAN;
    memcpy(sorted, series->values, (size_t)series->count * sizeof *sorted);
    qsort(sorted, (size_t)series->count, sizeof *sorted, ascending);
    double at = share * (series->count - 1);
    int below = (int)at, above = below + 1 < series->count ? below + 1 : below;
    return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

double series_median(const struct series *series)
{
    return quantile(series, 0.5);
}

double series_least(const struct series *series)
{
    return quantile(series, 0);
}

double series_most(const struct series *series)
{
    return quantile(series, 1);
}

struct series series_ratio(const struct series *a, const struct series *b)
{
    struct series ratio = {.count = a->count < b->count ? a->count : b->count};
    for (int i = 0; i < ratio.count; i++)
        ratio.values[i] = a->values[i] / b->values[i];
    return ratio;
}

void report_section(struct report *report, const char *name, const char *title)
{
    report->section = name;
    printf("\n%s\n", title);
    fflush(stdout);
}

static void add_number(struct text *text, double number)
{
    if (isfinite(number) && number != 0 && (fabs(number) < 1e-3 || fabs(number) >= 1e6))
        text_add_format(text, "%.2e", number);
    else
        text_add_rounded(text, number, 4);
}

void report_series(struct report *report, const char *network, const char *item, const struct series *series,
                   const char *unit, const char *remark)
{
    struct text middle = {0}, ends = {0};
    add_number(&middle, series_median(series));
    if (series->count > 1) {
        text_add(&ends, "[");
        add_number(&ends, series_least(series));
        text_add(&ends, " to ");
        add_number(&ends, series_most(series));
        text_add(&ends, "]");
    }
    printf("  %-50s %10s %-9s %-20s %s\n", item, text_data(&middle), unit, text_data(&ends),
           remark ? remark : "");
    fflush(stdout);
    for (int i = 0; report->csv && i < series->count; i++)
        fprintf(report->csv, "%s,%s,\"%s\",%d,%.9g,%s\n", report->section, network, item, i + 1,
                series->values[i], unit);
    text_free(&middle);
    text_free(&ends);
}

void report_note(struct report *report, const char *format, ...)
{
    (void)report;
    va_list arguments;
    va_start(arguments, format);
    fputs("  ", stdout);
    vprintf(format, arguments);
    putchar('\n');
    va_end(arguments);
    fflush(stdout);
}

void report_failure(struct report *report, const char *item, const struct error *error)
{
    printf("  %-50s not measured: %s\n", item, error->message);
    fflush(stdout);
    report->failures++;
}
