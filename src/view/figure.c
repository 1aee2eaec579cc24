/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Building figures. Everything lives in the figure's arena; an array that grows leaves its old copy there. */
#include "view/figure.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct figure *figure_new(enum figure_kind kind, const char *name)
{
    struct arena *arena = arena_new();
    if (!arena)
        return NULL;
    struct figure *figure = arena_alloc(arena, 1, sizeof *figure);
    const char *copy = arena_string(arena, name);
    if (!figure || !copy) {
        arena_free(arena);
        return NULL;
    }
    figure->arena = arena;
    figure->kind = kind;
    figure->name = copy;
    return figure;
}

void figure_free(struct figure *figure)
{
    if (!figure)
        return;
    for (int i = 0; i < figure->fact_count; i++) {
        if (figure->facts[i].release)
            figure->facts[i].release(figure->facts[i].source);
    }
    arena_free(figure->arena);
}

status figure_check(const struct figure *figure, struct error *error)
{
    if (!figure || figure->failed)
        return error_memory(error);
    if (figure->kind == FIGURE_TABLE) {
        const struct figure_table *table = &figure->table;
        if (table->filled != (size_t)table->rows * (size_t)table->columns)
            return error_set(error, STATUS_FAILED, "table %s: the last row is not complete", figure->name);
    }
    return STATUS_OK;
}

/* Room for one more element in an array of the arena. */
static bool grow(struct figure *figure, void *array, size_t *capacity, size_t count, size_t size)
{
    if (count < *capacity)
        return true;
    size_t wanted = *capacity ? *capacity * 2 : 8;
    void *grown = arena_alloc(figure->arena, wanted, size), *old;
    if (!grown) {
        figure->failed = true;
        return false;
    }
    memcpy(&old, array, sizeof old);
    if (count > 0)
        memcpy(grown, old, count * size);
    memcpy(array, &grown, sizeof grown);
    *capacity = wanted;
    return true;
}

static char *keep_string(struct figure *figure, const char *text)
{
    char *copy = arena_string(figure->arena, text ? text : "");
    if (!copy)
        figure->failed = true;
    return copy;
}

/* count * size bytes, or an empty array when there is nothing to copy. */
static void *keep_array(struct figure *figure, const void *from, size_t count, size_t size)
{
    void *copy = arena_alloc(figure->arena, count, size);
    if (!copy)
        figure->failed = true;
    else if (count > 0)
        memcpy(copy, from, count * size);
    return copy;
}

static const char **keep_names(struct figure *figure, const char *const *names, int count)
{
    const char **copy = arena_alloc(figure->arena, (size_t)count, sizeof *copy);
    if (!copy) {
        figure->failed = true;
        return NULL;
    }
    for (int i = 0; i < count; i++)
        copy[i] = keep_string(figure, names[i]);
    return copy;
}

static char *keep_format(struct figure *figure, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    char *text = length < 0 ? NULL : arena_alloc(figure->arena, (size_t)length + 1, 1);
    if (text)
        vsnprintf(text, (size_t)length + 1, format, again);
    else
        figure->failed = true;
    va_end(again);
    return text;
}

void figure_title(struct figure *figure, const char *format, ...)
{
    if (!figure)
        return;
    va_list arguments;
    va_start(arguments, format);
    figure->title = keep_format(figure, format, arguments);
    va_end(arguments);
}

void figure_fact(struct figure *figure, const char *key, const char *format, ...)
{
    if (!figure || !grow(figure, &figure->facts, &figure->fact_capacity, (size_t)figure->fact_count,
                         sizeof *figure->facts))
        return;
    va_list arguments;
    va_start(arguments, format);
    struct figure_fact fact = {.key = keep_string(figure, key),
                               .value = keep_format(figure, format, arguments)};
    va_end(arguments);
    if (fact.key && fact.value)
        figure->facts[figure->fact_count++] = fact;
}

void figure_fact_later(struct figure *figure, const char *key, const char *(*find)(const void *source),
                       void *source, void (*release)(void *source))
{
    bool room = figure && grow(figure, &figure->facts, &figure->fact_capacity, (size_t)figure->fact_count,
                               sizeof *figure->facts);
    const char *kept = room ? keep_string(figure, key) : NULL;
    if (kept)
        figure->facts[figure->fact_count++] =
            (struct figure_fact){.key = kept, .find = find, .source = source, .release = release};
    else
        release(source);
}

const char *figure_fact_value(const struct figure_fact *fact)
{
    return fact->find ? fact->find(fact->source) : fact->value;
}

void figure_note(struct figure *figure, const char *format, ...)
{
    if (!figure || !grow(figure, &figure->notes, &figure->note_capacity, (size_t)figure->note_count,
                         sizeof *figure->notes))
        return;
    va_list arguments;
    va_start(arguments, format);
    const char *note = keep_format(figure, format, arguments);
    va_end(arguments);
    if (note)
        figure->notes[figure->note_count++] = note;
}

void table_column(struct figure *figure, const char *name, const char *unit, enum column_kind kind,
                  int digits)
{
    if (!figure)
        return;
    struct figure_table *table = &figure->table;
    if (!grow(figure, &table->column, &table->column_capacity, (size_t)table->columns, sizeof *table->column))
        return;
    struct figure_column column = {.name = keep_string(figure, name), .kind = kind, .digits = digits};
    if (unit)
        column.unit = keep_string(figure, unit);
    if (column.name)
        table->column[table->columns++] = column;
}

void table_priority(struct figure *figure, int priority)
{
    if (figure && figure->table.columns > 0)
        figure->table.column[figure->table.columns - 1].priority = priority;
}

static void add_cell(struct figure *figure, struct figure_cell cell)
{
    struct figure_table *table = &figure->table;
    /* After a failure cells would land in the wrong columns. */
    if (figure->failed || table->columns == 0 ||
        !grow(figure, &table->cells, &table->cell_capacity, table->filled, sizeof *table->cells))
        return;
    size_t row = table->filled / (size_t)table->columns;
    bool starts_row = table->filled % (size_t)table->columns == 0;
    if (starts_row && table->emphasis) {
        if (!grow(figure, &table->emphasis, &table->emphasis_capacity, row, sizeof *table->emphasis))
            return;
        table->emphasis[row] = false;
    }
    table->cells[table->filled++] = cell;
    table->rows = (int)row + 1;
}

void table_text(struct figure *figure, const char *text)
{
    if (!figure)
        return;
    if (text)
        add_cell(figure, (struct figure_cell){.text = keep_string(figure, text)});
    else
        table_missing(figure);
}

void table_number(struct figure *figure, double number)
{
    if (figure)
        add_cell(figure, (struct figure_cell){.number = number});
}

void table_missing(struct figure *figure)
{
    if (figure)
        add_cell(figure, (struct figure_cell){.missing = true});
}

void table_emphasize(struct figure *figure)
{
    if (!figure || figure->table.rows == 0)
        return;
    struct figure_table *table = &figure->table;
    if (!table->emphasis) {
        bool *emphasis = arena_alloc(figure->arena, (size_t)table->rows, sizeof *emphasis);
        if (!emphasis) {
            figure->failed = true;
            return;
        }
        table->emphasis = emphasis;
        table->emphasis_capacity = (size_t)table->rows;
    }
    table->emphasis[table->rows - 1] = true;
}

static double *keep_thresholds(struct figure *figure, const double *thresholds, int series)
{
    if (thresholds)
        return keep_array(figure, thresholds, (size_t)series, sizeof *thresholds);
    double *none = arena_alloc(figure->arena, (size_t)series, sizeof *none);
    if (!none)
        figure->failed = true;
    for (int s = 0; none && s < series; s++)
        none[s] = NAN;
    return none;
}

void figure_set_histogram(struct figure *figure, int series, int bins, bool log, const char *const *names,
                          const double *edges, const int64_t *counts, const double *thresholds,
                          const char *axis, const char *counted)
{
    if (!figure)
        return;
    struct figure_histogram *histogram = &figure->histogram;
    size_t cells;
    if (!size_multiply((size_t)series, (size_t)bins, &cells)) {
        figure->failed = true;
        return;
    }
    histogram->names = keep_names(figure, names, series);
    histogram->edges = keep_array(figure, edges, (size_t)bins + 1, sizeof *edges);
    histogram->counts = keep_array(figure, counts, cells, sizeof *counts);
    histogram->threshold = keep_thresholds(figure, thresholds, series);
    histogram->axis = keep_string(figure, axis);
    histogram->counted = keep_string(figure, counted);
    histogram->series = series;
    histogram->bins = bins;
    histogram->log = log;
}

void figure_set_summaries(struct figure *figure, const struct histogram_summary *summaries)
{
    if (figure)
        figure->histogram.summary =
            keep_array(figure, summaries, (size_t)figure->histogram.series, sizeof *summaries);
}

void figure_set_matrix(struct figure *figure, int rows, int columns, const char *const *row_names,
                       const char *const *column_names, const double *values, double low, double high,
                       int digits, const char *quantity)
{
    if (!figure)
        return;
    struct figure_matrix *matrix = &figure->matrix;
    size_t cells;
    if (!size_multiply((size_t)rows, (size_t)columns, &cells)) {
        figure->failed = true;
        return;
    }
    matrix->row_names = keep_names(figure, row_names, rows);
    matrix->column_names = keep_names(figure, column_names, columns);
    matrix->values = keep_array(figure, values, cells, sizeof *values);
    matrix->quantity = keep_string(figure, quantity);
    matrix->rows = rows;
    matrix->columns = columns;
    matrix->low = low;
    matrix->high = high;
    matrix->digits = digits;
}

void figure_set_percent(struct figure *figure)
{
    if (figure)
        figure->matrix.percent = true;
}

void figure_set_curves(struct figure *figure, int series, int points, const char *const *names,
                       const double *x, const double *y, const double *spread, const char *x_axis,
                       const char *y_axis, bool percent, double reference, const char *reference_label)
{
    if (!figure)
        return;
    struct figure_curve *curve = &figure->curve;
    size_t cells;
    if (!size_multiply((size_t)series, (size_t)points, &cells)) {
        figure->failed = true;
        return;
    }
    curve->names = keep_names(figure, names, series);
    curve->x = keep_array(figure, x, cells, sizeof *x);
    curve->y = keep_array(figure, y, cells, sizeof *y);
    curve->spread = spread ? keep_array(figure, spread, cells, sizeof *spread) : NULL;
    curve->x_axis = keep_string(figure, x_axis);
    curve->y_axis = keep_string(figure, y_axis);
    curve->percent = percent;
    curve->reference = reference;
    curve->reference_label = keep_string(figure, isnan(reference) ? NULL : reference_label);
    curve->series = series;
    curve->points = points;
}

void figure_set_scatter(struct figure *figure, int points, const char *const *labels, const double *x,
                        const double *y, const unsigned char *mark, const char *x_axis, const char *y_axis)
{
    static const char *const all[] = {""};
    if (!figure)
        return;
    struct figure_scatter *scatter = &figure->scatter;
    size_t count = (size_t)points;
    scatter->labels = keep_names(figure, labels, points);
    scatter->x = keep_array(figure, x, count, sizeof *x);
    scatter->y = keep_array(figure, y, count, sizeof *y);
    scatter->mark = mark ? keep_array(figure, mark, count, sizeof *mark) : NULL;
    scatter->x_axis = keep_string(figure, x_axis);
    scatter->y_axis = keep_string(figure, y_axis);
    scatter->points = points;
    scatter->member = arena_alloc(figure->arena, count, sizeof *scatter->member);
    figure->failed = figure->failed || !scatter->member;
    figure_set_members(figure, 1, all, scatter->member, "x", "y");
}

void figure_set_members(struct figure *figure, int series, const char *const *names, const int *member,
                        const char *x_name, const char *y_name)
{
    if (!figure || figure->failed)
        return;
    struct figure_scatter *scatter = &figure->scatter;
    scatter->names = keep_names(figure, names, series);
    scatter->member = keep_array(figure, member, (size_t)scatter->points, sizeof *member);
    scatter->x_name = keep_string(figure, x_name);
    scatter->y_name = keep_string(figure, y_name);
    scatter->series = series;
}
