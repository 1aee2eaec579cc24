/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Matrices: a number for each pair of names. How they are built, what files say of them, and their row. */
#include <math.h>
#include <string.h>
#include "base/memory.h"
#include "view/cells/draw.h"
#include "view/csv.h"
#include "view/fields.h"
#include "view/figure.h"
#include "view/figure_build.h"
#include "view/figure_kind.h"
#include "view/json_values.h"
#include "view/picture/plot.h"

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
    matrix->row_names = figure_keep_names(figure, row_names, rows);
    matrix->column_names = figure_keep_names(figure, column_names, columns);
    matrix->values = figure_keep_array(figure, values, cells, sizeof *values);
    matrix->quantity = figure_keep_string(figure, quantity);
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

/* --- folding -------------------------------------------------------------------------------------------- */

void figure_set_fold(struct figure *figure, int folds, const char *const *names, const int *fold,
                     enum fold_rule rule)
{
    if (!figure || figure->failed)
        return;
    struct figure_matrix *matrix = &figure->matrix;
    matrix->fold_names = figure_keep_names(figure, names, folds);
    matrix->fold = figure_keep_array(figure, fold, (size_t)matrix->rows, sizeof *fold);
    matrix->fold_rule = rule;
    matrix->folds = figure->failed ? 0 : folds;
}

/* One value of a fold, of those that are defined. */
static double folded_value(const struct figure_matrix *matrix, int fold, int column)
{
    double sum = 0, lowest = NAN;
    int count = 0;
    for (int r = 0; r < matrix->rows; r++) {
        double value = matrix->values[(size_t)r * (size_t)matrix->columns + (size_t)column];
        if (matrix->fold[r] != fold || isnan(value))
            continue;
        lowest = fmin(lowest, value); /* of NaN and a number the number */
        sum += value;
        count++;
    }
    return matrix->fold_rule == FOLD_LOWEST ? lowest : count ? sum / count : NAN;
}

static const char *folded_name(struct arena *arena, const struct figure_matrix *matrix, int fold)
{
    int rows = 0, last = 0;
    for (int r = 0; r < matrix->rows; r++) {
        if (matrix->fold[r] == fold) {
            last = r;
            rows++;
        }
    }
    return rows == 1 ? matrix->row_names[last]
                     : arena_format(arena, "%s (%d)", matrix->fold_names[fold], rows);
}

struct figure figure_folded(const struct figure *figure, struct arena *arena)
{
    struct figure folded = *figure;
    const struct figure_matrix *from = &figure->matrix;
    if (figure->kind != FIGURE_MATRIX || from->folds == 0 || figure->failed)
        return folded;
    size_t rows = (size_t)from->folds, columns = (size_t)from->columns;
    struct figure_matrix *matrix = &folded.matrix;
    matrix->row_names = arena_alloc(arena, rows, sizeof *matrix->row_names);
    matrix->values = arena_alloc(arena, rows * columns, sizeof *matrix->values);
    folded.notes = arena_alloc(arena, (size_t)figure->note_count + 1, sizeof *folded.notes);
    folded.failed = !matrix->row_names || !matrix->values || !folded.notes;
    for (int f = 0; f < from->folds && !folded.failed; f++) {
        matrix->row_names[f] = folded_name(arena, from, f);
        folded.failed = !matrix->row_names[f];
        for (int c = 0; c < from->columns; c++)
            matrix->values[(size_t)f * columns + (size_t)c] = folded_value(from, f, c);
    }
    matrix->rows = from->folds;
    matrix->folds = 0;
    if (folded.failed)
        return folded;
    for (int i = 0; i < figure->note_count; i++)
        folded.notes[i] = figure->notes[i];
    folded.notes[folded.note_count++] =
        from->fold_rule == FOLD_LOWEST ? "stages are folded: the lowest of as many rows as the number says"
                                       : "stages are folded: the mean of as many rows as the number says";
    folded.note_capacity = (size_t)folded.note_count;
    return folded;
}

void figure_fold(struct figure *figure)
{
    if (figure)
        *figure = figure_folded(figure, figure->arena);
}

/* --- files ---------------------------------------------------------------------------------------------- */

/* CSV: row,column,value.
 *
 * JSON: "quantity", "low", "high", "percent", "row_names", "column_names", "values": [[...]]. */

static void matrix_csv(struct csv *csv, const struct figure *figure)
{
    const struct figure_matrix *matrix = &figure->matrix;
    static const char *const names[] = {"row", "column", "value"};
    csv_header(csv, names, 3);
    for (int r = 0; r < matrix->rows; r++) {
        for (int c = 0; c < matrix->columns; c++) {
            csv_shown(csv, matrix->row_names[r]);
            csv_shown(csv, matrix->column_names[c]);
            csv_number(csv, matrix->values[(size_t)r * (size_t)matrix->columns + (size_t)c]);
            csv_end_row(csv);
        }
    }
}

static void matrix_json(struct json *json, json_t *object, const struct figure *figure)
{
    const struct figure_matrix *matrix = &figure->matrix;
    json_t *rows = json_array();
    for (int r = 0; r < matrix->rows && !json->failed; r++)
        element_add(
            json, rows,
            value_reals(json, matrix->values + (size_t)r * (size_t)matrix->columns, (size_t)matrix->columns));
    member_add(json, object, "quantity", value_text(matrix->quantity));
    member_add(json, object, "low", value_real(matrix->low));
    member_add(json, object, "high", value_real(matrix->high));
    member_add(json, object, "percent", json_boolean(matrix->percent));
    member_add(json, object, "row_names", value_texts(json, matrix->row_names, matrix->rows));
    member_add(json, object, "column_names", value_texts(json, matrix->column_names, matrix->columns));
    member_add(json, object, "values", rows);
}

/* Arrays: rows x columns. */
static void matrix_array(const struct figure *figure, struct figure_array *array)
{
    const struct figure_matrix *matrix = &figure->matrix;
    double *values = figure_array_new(array, 2, (const int64_t[]){matrix->rows, matrix->columns});
    if (values)
        memcpy(values, matrix->values, (size_t)matrix->rows * (size_t)matrix->columns * sizeof *values);
}

static int *rows_of_matrix(struct figure *figure)
{
    return &figure->matrix.rows;
}

static int *decimals_of_matrix(struct figure *figure)
{
    return &figure->matrix.digits;
}

/* --- scripts -------------------------------------------------------------------------------------------- */

/* values[i][j] and values[row name][column name] */
static void matrix_fields(struct field_builder *builder, const struct figure *figure)
{
    const struct figure_matrix *matrix = &figure->matrix;
    const double *value = matrix->values;
    field_text(builder, "quantity", matrix->quantity);
    field_texts(builder, "row_names", matrix->row_names, matrix->rows);
    field_texts(builder, "column_names", matrix->column_names, matrix->columns);
    builder->open(builder, matrix->rows);
    for (int r = 0; r < matrix->rows; r++) {
        builder->open(builder, matrix->columns);
        for (int c = 0; c < matrix->columns; c++)
            builder->number(builder, c + 1, matrix->column_names[c], *value++);
        builder->close(builder, r + 1, matrix->row_names[r]);
    }
    builder->close(builder, 0, "values");
}

const struct figure_kind_row matrix_kind = {
    .name = "matrix",
    .draw = draw_matrix,
    .natural_width = matrix_natural_width,
    .rows = rows_of_matrix,
    .decimals = decimals_of_matrix,
    .csv = matrix_csv,
    .json = matrix_json,
    .array = matrix_array,
    .fields = matrix_fields,
    .plot = plot_matrix,
    .plot_width = plot_matrix_width,
    .plot_least_height = plot_matrix_least_height,
};
