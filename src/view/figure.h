/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Figures: what a command shows, independent of where it is drawn. The same figure goes to a terminal, a pane, PNG,
 * CSV and JSON, with the same numbers. A figure owns all its content in an arena. */
#ifndef IPPRO_VIEW_FIGURE_H
#define IPPRO_VIEW_FIGURE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/memory.h"
#include "base/status.h"

enum figure_kind { FIGURE_TABLE, FIGURE_HISTOGRAM, FIGURE_MATRIX };

enum column_kind { COLUMN_TEXT, COLUMN_INTEGER, COLUMN_REAL, COLUMN_PERCENT, COLUMN_BAR };

struct figure_column {
    const char *name;
    const char *unit; /* or NULL */
    enum column_kind kind;
    int digits; /* significant digits on screen of reals, decimals of percent; files have full precision */
};

/* A cell is text or a number (integers are exact up to 2^53); missing shows as "–", is empty in CSV and null
 * in JSON. COLUMN_BAR holds 0..1, drawn as a bar. COLUMN_PERCENT holds a fraction. */
struct figure_cell {
    const char *text;
    double number;
    bool missing;
};

struct figure_table {
    int columns, rows;
    struct figure_column *column;
    struct figure_cell *cells; /* rows x columns */
    bool *emphasis;            /* per row, or NULL */
};

struct figure_histogram {
    int series, bins;
    bool log;
    const char **names;  /* per series */
    double *edges;       /* bins + 1 */
    int64_t *counts;     /* series x bins */
    double *threshold;   /* per series: values below would be pruned; NaN for none */
    const char *axis;    /* what the values are, with unit: "log PROscore" */
    const char *counted; /* what is counted: "filters" */
};

struct figure_matrix {
    int rows, columns;
    const char **row_names, **column_names;
    double *values;     /* rows x columns, NaN for undefined */
    double low, high;   /* range of the colour scale: -1..1 for correlation */
    int digits;         /* decimals on screen */
    const char *quantity;
};

struct figure_fact {
    const char *key, *value;
};

struct figure {
    struct arena *arena;
    enum figure_kind kind;
    const char *name;  /* short, for files and panes: "hist" */
    const char *title; /* says what is shown: criterion, layer, sample, gamma */
    struct figure_fact *facts; /* header of machine output: model, model_hash, data, data_hash, sample, seed, gamma */
    int fact_count;
    size_t fact_capacity;
    const char **notes; /* lines below the figure: "1 of 5 training files found" */
    int note_count;
    size_t note_capacity;
    union {
        struct figure_table table;
        struct figure_histogram histogram;
        struct figure_matrix matrix;
    };
};

/* Building: strings are copied. A failed allocation marks the figure and figure_check reports it at the end, so
 * builders need no check at every line. */
struct figure *figure_new(enum figure_kind kind, const char *name);
void figure_free(struct figure *figure);
status figure_check(const struct figure *figure, struct error *error); /* figure may be NULL */
void figure_title(struct figure *figure, const char *format, ...) __attribute__((format(printf, 2, 3)));
void figure_fact(struct figure *figure, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void figure_note(struct figure *figure, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Tables: columns first, then cells row by row, left to right. */
void table_column(struct figure *figure, const char *name, const char *unit, enum column_kind kind, int digits);
void table_text(struct figure *figure, const char *text);
void table_number(struct figure *figure, double number); /* NaN is shown as such */
void table_missing(struct figure *figure);
void table_emphasize(struct figure *figure); /* the row being filled */

/* Arrays are copied. */
void figure_set_histogram(struct figure *figure, int series, int bins, bool log, const char *const *names,
                          const double *edges, const int64_t *counts, const double *thresholds,
                          const char *axis, const char *counted);
void figure_set_matrix(struct figure *figure, int rows, int columns, const char *const *row_names,
                       const char *const *column_names, const double *values, double low, double high,
                       int digits, const char *quantity);

#endif
