/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables: columns of texts and numbers. How they are built, what files say of them, and their row. */
#include <math.h>
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "view/cells/draw.h"
#include "view/csv.h"
#include "view/fields.h"
#include "view/figure.h"
#include "view/figure_build.h"
#include "view/figure_kind.h"
#include "view/json_values.h"
#include "view/picture/plot.h"

void table_column(struct figure *figure, const char *name, const char *unit, enum column_kind kind,
                  int digits)
{
    if (!figure)
        return;
    struct figure_table *table = &figure->table;
    if (!figure_grow(figure, &table->column, &table->column_capacity, (size_t)table->columns,
                     sizeof *table->column))
        return;
    struct figure_column column = {.name = figure_keep_string(figure, name), .kind = kind, .digits = digits};
    if (unit)
        column.unit = figure_keep_string(figure, unit);
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
        !figure_grow(figure, &table->cells, &table->cell_capacity, table->filled, sizeof *table->cells))
        return;
    size_t row = table->filled / (size_t)table->columns;
    bool starts_row = table->filled % (size_t)table->columns == 0;
    if (starts_row && table->emphasis) {
        if (!figure_grow(figure, &table->emphasis, &table->emphasis_capacity, row, sizeof *table->emphasis))
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
        add_cell(figure, (struct figure_cell){.text = figure_keep_string(figure, text)});
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

/* --- files ---------------------------------------------------------------------------------------------- */

/* CSV: its columns, named "name (unit)"; percent and bars as fractions; missing cells empty.
 *
 * JSON: "columns": [{"name", "unit", "kind"}], "rows": [[...]]; missing is null. */

static void write_cell(struct csv *csv, const struct figure_column *column, const struct figure_cell *cell)
{
    const double exact = 9007199254740992.0; /* 2^53 */
    if (cell->missing)
        csv_text(csv, "");
    else if (cell->text)
        csv_shown(csv, cell->text);
    else if (column->kind == COLUMN_INTEGER && fabs(cell->number) <= exact &&
             cell->number == rint(cell->number))
        csv_integer(csv, (int64_t)cell->number);
    else
        csv_number(csv, cell->number);
}

static void table_csv(struct csv *csv, const struct figure *figure)
{
    const struct figure_table *table = &figure->table;
    for (int c = 0; c < table->columns; c++) {
        struct text name = {0};
        text_add(&name, table->column[c].name);
        if (table->column[c].unit)
            text_add_format(&name, " (%s)", table->column[c].unit);
        csv_shown(csv, text_data(&name));
        csv->out->failed = csv->out->failed || name.failed;
        text_free(&name);
    }
    csv_end_row(csv);
    for (int r = 0; r < table->rows; r++) {
        for (int c = 0; c < table->columns; c++)
            write_cell(csv, &table->column[c], &table->cells[(size_t)r * (size_t)table->columns + (size_t)c]);
        csv_end_row(csv);
    }
}

static json_t *table_cell(const struct figure_column *column, const struct figure_cell *cell)
{
    if (cell->missing)
        return json_null();
    if (cell->text)
        return value_text(cell->text);
    return column->kind == COLUMN_INTEGER ? value_whole(cell->number) : value_real(cell->number);
}

static void table_json(struct json *json, json_t *object, const struct figure *figure)
{
    const struct figure_table *table = &figure->table;
    static const char *const kinds[] = {
        [COLUMN_TEXT] = "text",       [COLUMN_INTEGER] = "integer", [COLUMN_REAL] = "real",
        [COLUMN_PERCENT] = "percent", [COLUMN_BAR] = "bar",
    };
    json_t *columns = json_array(), *rows = json_array();
    for (int c = 0; c < table->columns && !json->failed; c++) {
        json_t *column = json_object();
        member_add(json, column, "name", value_text(table->column[c].name));
        member_add(json, column, "unit", value_text(table->column[c].unit));
        member_add(json, column, "kind", json_string(kinds[table->column[c].kind]));
        element_add(json, columns, column);
    }
    for (int r = 0; r < table->rows && !json->failed; r++) {
        json_t *row = json_array();
        for (int c = 0; c < table->columns; c++)
            element_add(
                json, row,
                table_cell(&table->column[c], &table->cells[(size_t)r * (size_t)table->columns + (size_t)c]));
        element_add(json, rows, row);
    }
    member_add(json, object, "columns", columns);
    member_add(json, object, "rows", rows);
}

/* Arrays: rows x columns of numbers; what is no number in them is NaN. */
static void table_array(const struct figure *figure, struct figure_array *array)
{
    const struct figure_table *table = &figure->table;
    int64_t dims[] = {table->rows, 0};
    for (int c = 0; c < table->columns; c++)
        dims[1] += table->column[c].kind != COLUMN_TEXT && table->column[c].kind != COLUMN_BAR;
    double *values = dims[1] ? figure_array_new(array, 2, dims) : NULL;
    const struct figure_cell *cell = table->cells;
    for (int r = 0; values && r < table->rows; r++) {
        for (int c = 0; c < table->columns; c++, cell++) {
            if (table->column[c].kind != COLUMN_TEXT && table->column[c].kind != COLUMN_BAR)
                *values++ = cell->text || cell->missing ? NAN : cell->number;
        }
    }
}

/* A last row that is not complete is a mistake of the builder. */
static status check_table(const struct figure *figure, struct error *error)
{
    const struct figure_table *table = &figure->table;
    if (table->filled != (size_t)table->rows * (size_t)table->columns)
        return error_set(error, STATUS_FAILED, "table %s: the last row is not complete", figure->name);
    return STATUS_OK;
}

static int *rows_of_table(struct figure *figure)
{
    return &figure->table.rows;
}

/* --- scripts -------------------------------------------------------------------------------------------- */

/* columns[j].name, .unit; rows[i][j] and rows[i][name of the column] */
static void add_cell_field(struct field_builder *builder, int index, const struct figure_column *column,
                           const struct figure_cell *cell)
{
    double number = cell->number;
    bool whole =
        column->kind == COLUMN_INTEGER && number >= -0x1p63 && number < 0x1p63 && number == rint(number);
    if (cell->text)
        builder->text(builder, index, column->name, cell->text);
    else if (whole)
        builder->integer(builder, index, column->name, (int64_t)number);
    else
        builder->number(builder, index, column->name, number);
}

static void table_fields(struct field_builder *builder, const struct figure *figure)
{
    const struct figure_table *table = &figure->table;
    builder->open(builder, table->columns);
    for (int j = 0; j < table->columns; j++) {
        builder->open(builder, 0);
        field_text(builder, "name", table->column[j].name);
        field_text(builder, "unit", table->column[j].unit);
        builder->close(builder, j + 1, NULL);
    }
    builder->close(builder, 0, "columns");
    builder->open(builder, table->rows);
    for (int i = 0; i < table->rows; i++) {
        builder->open(builder, 0);
        for (int j = 0; j < table->columns; j++) {
            const struct figure_cell *cell = &table->cells[(size_t)i * (size_t)table->columns + (size_t)j];
            if (!cell->missing)
                add_cell_field(builder, j + 1, &table->column[j], cell);
        }
        builder->close(builder, i + 1, NULL);
    }
    builder->close(builder, 0, "rows");
}

const struct figure_kind_row table_kind = {
    .name = "table",
    .check = check_table,
    .draw = draw_table,
    .natural_width = table_natural_width,
    .rows = rows_of_table,
    .csv = table_csv,
    .json = table_json,
    .array = table_array,
    .fields = table_fields,
    .plot = plot_table,
    .plot_width = plot_table_width,
    .plot_least_height = plot_table_least_height,
};
