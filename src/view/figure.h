/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Figures: what a command shows, independent of where it is drawn. The same figure goes to a terminal, a
 * pane, PNG, CSV and JSON, with the same numbers. A figure owns all its content in an arena. */
#ifndef IPPRO_VIEW_FIGURE_H
#define IPPRO_VIEW_FIGURE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/memory.h"
#include "base/status.h"

/* The kinds of figures. The row of each is NAME_kind (figure_kind.h). */
#define FIGURE_KIND_LIST(X)                                                                                  \
    X(FIGURE_TABLE, table)                                                                                   \
    X(FIGURE_HISTOGRAM, histogram)                                                                           \
    X(FIGURE_MATRIX, matrix)                                                                                 \
    X(FIGURE_CURVE, curve)                                                                                   \
    X(FIGURE_SCATTER, scatter)                                                                               \
    X(FIGURE_STRIP, strip)

enum figure_kind {
#define KIND_CODE(code, name) code,
    FIGURE_KIND_LIST(KIND_CODE)
#undef KIND_CODE
        FIGURE_KINDS
};
const char *figure_kind_name(enum figure_kind kind); /* "table", "histogram" ...: in files and scripts */

enum column_kind { COLUMN_TEXT, COLUMN_INTEGER, COLUMN_REAL, COLUMN_PERCENT, COLUMN_BAR };

struct figure_column {
    const char *name;
    const char *unit; /* or NULL */
    enum column_kind kind;
    int digits;   /* significant digits on screen of reals, decimals of percent; files have full precision */
    int priority; /* when the screen is too narrow the lowest goes first (table_priority) */
};

/* A cell is text or a number (integers are exact up to 2^53); missing shows as "–", is empty in CSV and null
 * in JSON. COLUMN_BAR holds 0..1, drawn as a bar. COLUMN_PERCENT holds a fraction. A text in a column of
 * numbers (a row "total", a remark) is shown as it is, and so is a number in a column of text. */
struct figure_cell {
    const char *text; /* NULL: a number */
    double number;
    bool missing;
};

struct figure_table {
    int columns, rows;
    struct figure_column *column;
    struct figure_cell *cells; /* rows x columns */
    bool *emphasis;            /* per row, or NULL: no row stands out */
    size_t column_capacity, cell_capacity, emphasis_capacity;
    size_t filled; /* cells given so far; a last row that is not complete is a mistake of the builder */
};

/* What a histogram says of one series beside its bins; NaN and -1 where not given. */
struct histogram_summary {
    double minimum, median, maximum;
    int64_t below; /* values that would be cut, of all that were counted or left out; with a threshold: below
                      it */
};

struct figure_histogram {
    int series, bins;
    bool log;
    const char **names; /* per series */
    double *edges;      /* bins + 1 */
    int64_t *counts;    /* series x bins */
    int64_t *cut;       /* series x bins: how many of them would be pruned; NULL: what the thresholds say */
    double *threshold;  /* per series: values below would be pruned; NaN for none */
    struct histogram_summary *summary; /* per series, or NULL */
    const char *axis;                  /* what the values are, with unit: "log PROscore" */
    const char *counted;               /* what is counted: "filters" */
};

/* What a row stands for that others are folded into. */
enum fold_rule { FOLD_MEAN, FOLD_LOWEST };

struct figure_matrix {
    int rows, columns;
    const char **row_names, **column_names;
    double *values;   /* rows x columns, NaN for undefined (shown as "–") */
    double low, high; /* range of the colour scale: -1..1 for correlation, two-sided around zero */
    int digits;       /* decimals on screen */
    bool percent;     /* values, low and high are fractions, shown as percent; files hold the fractions */
    const char *quantity;
    /* Rows that stand for one another where there is no room for all: fold of each, the first row in fold 0,
     * a next fold where it begins; folds 0: they do not fold. A fold of one row has that row's name. */
    int folds;
    int *fold;
    const char **fold_names;
    enum fold_rule fold_rule;
};

/* Lines through points on shared axes. A point whose x or y is not finite is not drawn, and the line of its
 * series has a gap there: NaN is a point that is not computed yet. */
struct figure_curve {
    int series, points;
    const char **names; /* per series */
    double *x, *y;      /* series x points */
    double *spread;     /* series x points: y reaches from y - spread to y + spread; NULL: none known */
    const char *x_axis, *y_axis; /* what the values are, with unit: "ratio of channels removed" */
    bool percent;     /* y, spread and reference are fractions, shown as percent; files hold the fractions */
    bool x_percent;   /* likewise x */
    double reference; /* a level to compare with: the accuracy before pruning; NaN: none */
    const char *reference_label; /* "" without a reference */
    double least_span;           /* differences of y below it mean nothing: its axis spans this at least, */
    double lowest, highest;      /* and is not widened beyond what y can be */
};

/* What each point of a scatter stands for besides its place: things that x would cut, that y would cut. */
enum scatter_mark { MARK_KEPT, MARK_X, MARK_Y, MARK_BOTH, MARKS };

/* Points in a plane, one per thing. A point whose x or y is not finite is not drawn and counted in a note. */
struct figure_scatter {
    int points, series;
    const char **labels; /* per point: what it is, "layer1.0.conv1:5" */
    const char **names;  /* per series: what points have in common, such as the stage of their layer */
    int *member;         /* per point: its series */
    double *x, *y;
    unsigned char *mark;         /* per point: enum scatter_mark; NULL: nothing is cut, series have colours */
    const char *x_axis, *y_axis; /* what the values are */
    const char *x_name, *y_name; /* short: who cuts */
};

struct strip_class {
    const char *name;
    uint8_t color[3]; /* red, green, blue */
};

/* Pictures side by side: a row per image, a column for each thing that is shown of it (the image, its labels,
 * what a network makes of it). Every column has a caption in each row, the first ones a picture too. */
struct figure_strip {
    int rows, columns, pictures; /* pictures: columns that have some, the first */
    int width, height;           /* of each picture, in pixels */
    int measures;                /* numbers of each row and column */
    int classes;                 /* of the legend; 0: colours mean nothing */
    const char *const *row_names, *const *column_names;
    const char *const *captions;      /* rows x columns, "" for none */
    const char *const *measure_names; /* per measure: "mIoU" */
    const double *values;             /* rows x columns x measures, NaN where there is none */
    const uint8_t *rgb;               /* rows x pictures x height x width x 3 */
    const struct strip_class *legend; /* per class */
};

struct figure_fact {
    const char *key, *value; /* read through figure_fact_value */
    /* A value that is waited for: `find` asks its source for it, which the figure holds until `free_source`.
     */
    const char *(*find)(const void *source);
    void *source;
    void (*free_source)(void *source);
};

/* Numbers as one array, row-major: what a file of an array (.npy) has of a figure. */
enum { FIGURE_ARRAY_RANK = 8 };
struct figure_array {
    int rank;
    int64_t dims[FIGURE_ARRAY_RANK];
    bool single;      /* values are float, else double */
    void *values;     /* from base/memory.h; NULL: there is none */
    const char *name; /* among several in a file; NULL: the figure's */
};

struct figure {
    struct arena *arena;
    enum figure_kind kind;
    const char *name;  /* short, for files and panes: "hist" */
    const char *title; /* says what is shown: criterion, layer, sample, gamma; or NULL */
    struct figure_fact
        *facts; /* header of machine output: model, model_hash, data, data_hash, sample, seed, gamma */
    int fact_count;
    size_t fact_capacity;
    const char **notes; /* lines below the figure: "1 of 5 training files found" */
    int note_count;
    size_t note_capacity;
    bool failed;               /* memory ran out while building */
    struct figure_array array; /* that the figure is about, when it is more than its kind shows; owned */
    union {
        struct figure_table table;
        struct figure_histogram histogram;
        struct figure_matrix matrix;
        struct figure_curve curve;
        struct figure_scatter scatter;
        struct figure_strip strip;
    };
};

/* Building: strings are copied. A failed allocation marks the figure and figure_check reports it at the end,
 * so builders need no check at every line; all of them accept the NULL that figure_new returns when memory is
 * out. */
struct figure *figure_new(enum figure_kind kind, const char *name);
void figure_free(struct figure *figure);
/* STATUS_MEMORY when something could not be kept (or the figure is NULL), STATUS_FAILED when the last row of
 * a table is not complete. Drawing and writing call it too. */
status figure_check(const struct figure *figure, struct error *error);
void figure_title(struct figure *figure, const char *format, ...) __attribute__((format(printf, 2, 3)));
void figure_fact(struct figure *figure, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A fact that takes a while to be known (the hash of a large data set): it is asked for when machine output
 * is written, so that figures on a screen do not wait for it. The source passes to the figure, also on
 * failure. */
void figure_fact_later(struct figure *figure, const char *key, const char *(*find)(const void *source),
                       void *source, void (*free_source)(void *source));
const char *figure_fact_value(const struct figure_fact *fact);
/* What its kind tells scripts of it (fields.h). */
struct field_builder;
void figure_fields(struct field_builder *builder, const struct figure *figure);
/* Does it show rows, of which a low screen cuts some off? Else it is a plot, which takes the height there is.
 */
bool figure_has_rows(const struct figure *figure);
/* Does it take the lines that it needs, however high the screen is? Panes scroll it. */
bool figure_is_tall(const struct figure *figure);
/* The array that the figure is about. Its values pass to the figure, also when that is NULL. */
void figure_set_array(struct figure *figure, const struct figure_array *array);
void figure_note(struct figure *figure, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Tables: columns first, then cells row by row, left to right. */
void table_column(struct figure *figure, const char *name, const char *unit, enum column_kind kind,
                  int digits);
/* What to keep of the column just added when the screen is too narrow: columns of the lowest number go first
 * (and of those the rightmost); without this call 0. The first column always stays. The screen says what was
 * left out. */
void table_priority(struct figure *figure, int priority);
void table_text(struct figure *figure, const char *text); /* NULL is missing */
void table_number(struct figure *figure, double number);  /* NaN is shown as such */
void table_missing(struct figure *figure);
void table_emphasize(struct figure *figure); /* the row being filled */

/* Arrays are copied. edges: bins + 1, ascending (on a log axis positive); counts: series x bins, row-major,
 * >= 0; thresholds: per series or NULL for none. */
void figure_set_histogram(struct figure *figure, int series, int bins, bool log, const char *const *names,
                          const double *edges, const int64_t *counts, const double *thresholds,
                          const char *axis, const char *counted);
/* After figure_set_histogram: cut, series x bins. */
void figure_set_cut(struct figure *figure, const int64_t *cut);
/* After figure_set_histogram: one summary per series. */
void figure_set_summaries(struct figure *figure, const struct histogram_summary *summaries);
/* values: rows x columns, row-major. */
void figure_set_matrix(struct figure *figure, int rows, int columns, const char *const *row_names,
                       const char *const *column_names, const double *values, double low, double high,
                       int digits, const char *quantity);
/* After figure_set_matrix: its values, low and high are fractions, to be shown as percent with `digits`
 * decimals. */
void figure_set_percent(struct figure *figure);
/* After figure_set_matrix: its rows may be folded (struct figure_matrix); fold: per row, names: per fold. */
void figure_set_fold(struct figure *figure, int folds, const char *const *names, const int *fold,
                     enum fold_rule rule);
/* Fold them: each fold becomes one row, undefined values apart, and a note says what it stands for. Without
 * folds nothing changes. */
void figure_fold(struct figure *figure);
/* The same of a copy, which shares all else with the figure and keeps what it has of its own in the arena. */
struct figure figure_folded(const struct figure *figure, struct arena *arena);
/* x, y: series x points, row-major; x in any order (a line runs through its points by ascending x), and it
 * need not be the same for all series. NaN: not computed yet. spread: like y, >= 0, NaN where not known, or
 * NULL. percent: y, spread and reference are fractions. reference: NaN for none; its label is ignored then
 * and may be NULL. */
void figure_set_curves(struct figure *figure, int series, int points, const char *const *names,
                       const double *x, const double *y, const double *spread, const char *x_axis,
                       const char *y_axis, bool percent, double reference, const char *reference_label);
/* After figure_set_curves: x are fractions too, to be shown as percent. */
void figure_set_x_percent(struct figure *figure);
/* After figure_set_curves, which takes a hundredth and 0 to 1 where y is a share, else 0 and any number. */
void figure_set_least_span(struct figure *figure, double span, double lowest, double highest);
/* All of `strip`, copied. Its pictures are at most as many pixels as fit into a file (view/picture/png.h). */
void figure_set_strip(struct figure *figure, const struct figure_strip *strip);
/* Arrays as in struct figure_scatter, copied. `mark` may be NULL. */
void figure_set_scatter(struct figure *figure, int points, const char *const *labels, const double *x,
                        const double *y, const unsigned char *mark, const char *x_axis, const char *y_axis);
/* After figure_set_scatter: series, at least 1, and the short names of the axes. */
void figure_set_members(struct figure *figure, int series, const char *const *names, const int *member,
                        const char *x_name, const char *y_name);

#endif
