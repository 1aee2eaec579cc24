/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Matrices in cells: names on both sides, every value as a number, its place on the scale as a colour level.
 * Column names that do not fit lose their middle; when little would be left of them, columns are numbered
 * (and a list below says which is which, unless rows and columns are the same things); columns beyond the
 * width follow below. */
#include "view/cells/draw.h"

#include <math.h>
#include <string.h>
#include "base/text.h"
#include "view/cells/canvas.h"
#include "view/cells/names.h"
#include "view/numbers.h"
#include "view/style.h"

enum { LEAST_NAME = 8, LEAST_COLUMN_NAME = 10, CELL_GAP = 2, LEAST_GAP = 1 };

struct grid {
    const struct figure_matrix *matrix;
    const char **rows, **columns;             /* names as shown */
    const char **short_rows, **short_columns; /* as they fit */
    const char **values;
    int row_width;   /* columns of the row names with their numbers */
    int value_width; /* of the widest value */
    int cell;        /* columns per matrix column */
    int band;        /* matrix columns side by side */
    bool numbered, same_names;
};

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static int widest_of(const char *const *texts, size_t count)
{
    int widest = 0;
    for (size_t i = 0; i < count; i++)
        widest = larger(widest, utf8_width(texts[i]));
    return widest;
}

static const char **show_names(struct drawing *drawing, const char *const *names, int count)
{
    const char **shown = drawing_alloc(drawing, (size_t)count, sizeof *shown);
    for (int i = 0; shown && i < count && !drawing->failed; i++)
        shown[i] = drawing_show(drawing, names[i]);
    return shown;
}

static const char **show_values(struct drawing *drawing, const struct figure_matrix *matrix)
{
    size_t count = (size_t)matrix->rows * (size_t)matrix->columns;
    const char **shown = drawing_alloc(drawing, count, sizeof *shown);
    for (size_t i = 0; shown && i < count && !drawing->failed; i++) {
        struct text text = {0};
        number_add_value(&text, matrix, matrix->values[i]);
        shown[i] = drawing_show(drawing, drawing_take(drawing, &text));
    }
    return shown;
}

static bool names_are_same(const struct figure_matrix *matrix)
{
    bool same = matrix->rows == matrix->columns;
    for (int i = 0; same && i < matrix->rows; i++)
        same = strcmp(matrix->row_names[i], matrix->column_names[i]) == 0;
    return same;
}

static bool grid_make(struct drawing *drawing, const struct figure_matrix *matrix, struct grid *grid)
{
    *grid = (struct grid){.matrix = matrix, .same_names = names_are_same(matrix)};
    grid->rows = show_names(drawing, matrix->row_names, matrix->rows);
    grid->columns = show_names(drawing, matrix->column_names, matrix->columns);
    grid->values = show_values(drawing, matrix);
    if (drawing->failed)
        return false;
    grid->value_width = widest_of(grid->values, (size_t)matrix->rows * (size_t)matrix->columns);
    grid->row_width = widest_of(grid->rows, (size_t)matrix->rows);
    return true;
}

/* "12 name" for rows, so that numbered columns can be found among them. */
static void number_rows(struct drawing *drawing, struct grid *grid)
{
    int digits = utf8_width(drawing_format(drawing, "%d", grid->matrix->rows));
    for (int r = 0; r < grid->matrix->rows && !drawing->failed; r++)
        grid->rows[r] = drawing_format(drawing, "%*d %s", digits, r + 1, grid->rows[r]);
    if (!drawing->failed)
        grid->row_width = widest_of(grid->rows, (size_t)grid->matrix->rows);
}

static void grid_fit(struct drawing *drawing, struct grid *grid, int width)
{
    const struct figure_matrix *matrix = grid->matrix;
    int count = larger(matrix->columns, 1), widest = widest_of(grid->columns, (size_t)matrix->columns);
    grid->row_width = smaller(grid->row_width, larger(LEAST_NAME, width / 3));
    int available = width - grid->row_width, gap = drawing->terse ? LEAST_GAP : CELL_GAP;
    int named = larger(grid->value_width, smaller(widest, LEAST_COLUMN_NAME));
    if (available / count >= named + LEAST_GAP) {
        grid->cell = smaller(available / count, larger(grid->value_width, widest) + CELL_GAP);
    } else {
        int digits = utf8_width(drawing_format(drawing, "%d", matrix->columns));
        grid->numbered = widest > digits; /* names that are as short as numbers stay */
        if (grid->same_names && grid->numbered) {
            number_rows(drawing, grid);
            grid->row_width = smaller(grid->row_width, larger(LEAST_NAME, width / 3));
        }
        grid->cell = larger(grid->value_width, digits) + gap;
        available = width - grid->row_width;
    }
    grid->cell = smaller(grid->cell, available);
    grid->band = larger(1, smaller(matrix->columns, available / grid->cell));
}

static bool shorten_names(struct drawing *drawing, struct grid *grid)
{
    const struct figure_matrix *matrix = grid->matrix;
    /* Without the usual gap the value would touch the name. */
    int names = grid->row_width - (grid->cell <= grid->value_width + LEAST_GAP);
    grid->short_rows = drawing_alloc(drawing, (size_t)matrix->rows, sizeof *grid->short_rows);
    grid->short_columns = drawing_alloc(drawing, (size_t)matrix->columns, sizeof *grid->short_columns);
    if (drawing->failed)
        return false;
    drawing_shorten_names(drawing, grid->rows, matrix->rows, names, grid->short_rows);
    drawing_shorten_names(drawing, grid->columns, matrix->columns, grid->cell - CELL_GAP + 1,
                          grid->short_columns);
    return !drawing->failed;
}

static enum cell_style style_of(const struct figure_matrix *matrix, double value)
{
    bool both = matrix->low < 0 && matrix->high > 0;
    return isnan(value)        ? STYLE_NOTE
           : both && value < 0 ? STYLE_NEGATIVE
           : both && value > 0 ? STYLE_POSITIVE
                               : STYLE_NUMBER;
}

static void draw_names(struct drawing *drawing, const struct grid *grid, int first, int last)
{
    for (int c = first; c < last; c++) {
        int right = grid->row_width + (c - first + 1) * grid->cell - 1;
        const char *name = grid->numbered ? drawing_format(drawing, "%d", c + 1) : grid->short_columns[c];
        drawing_put_right(drawing, right, STYLE_HEADER, name);
    }
    drawing->line++;
}

static void draw_row(struct drawing *drawing, const struct grid *grid, int row, int first, int last)
{
    const struct figure_matrix *matrix = grid->matrix;
    drawing_put(drawing, 0, STYLE_NAME, grid->short_rows[row]);
    for (int c = first; c < last; c++) {
        size_t index = (size_t)row * (size_t)matrix->columns + (size_t)c;
        int left = grid->row_width + (c - first) * grid->cell;
        enum cell_style style = style_of(matrix, matrix->values[index]);
        const char *value = drawing_shorten(drawing, grid->values[index], grid->cell - 1);
        drawing_repeat(drawing, left, style, " ", grid->cell);
        drawing_put_right(drawing, left + grid->cell - 1, style, value);
        canvas_level(drawing->canvas, drawing->line, left, grid->cell,
                     scale_level(matrix, matrix->values[index]));
    }
    drawing->line++;
}

/* What the numbers of the columns stand for. */
static void list_columns(struct drawing *drawing, const struct grid *grid)
{
    struct text list = {0};
    for (int c = 0; c < grid->matrix->columns; c++)
        text_add_format(&list, "%s%d %s", c ? ", " : "columns: ", c + 1, grid->columns[c]);
    drawing_paragraph(drawing, STYLE_NOTE, drawing_take(drawing, &list));
}

static void note_scale(struct drawing *drawing, const struct figure_matrix *matrix)
{
    struct text note = {0};
    text_add(&note, matrix->quantity);
    text_add(&note, matrix->percent ? " in percent" : "");
    text_add(&note, matrix->quantity[0] || matrix->percent ? ", scale from " : "scale from ");
    number_add_scale_end(&note, matrix, matrix->low);
    text_add(&note, " to ");
    number_add_scale_end(&note, matrix, matrix->high);
    drawing_paragraph(drawing, STYLE_NOTE, drawing_take(drawing, &note));
}

void draw_matrix(struct drawing *drawing, const struct figure *figure)
{
    const struct figure_matrix *matrix = &figure->matrix;
    struct grid grid;
    if (matrix->rows == 0 || matrix->columns == 0) {
        drawing_paragraph(drawing, STYLE_NOTE, "(empty)");
        return;
    }
    if (!grid_make(drawing, matrix, &grid))
        return;
    grid_fit(drawing, &grid, drawing->width);
    if (!shorten_names(drawing, &grid))
        return;
    drawing->plots = (matrix->columns + grid.band - 1) / grid.band;
    for (int first = 0; first < matrix->columns && !drawing->failed; first += grid.band) {
        int last = smaller(first + grid.band, matrix->columns);
        if (grid.band < matrix->columns)
            drawing_paragraph(
                drawing, STYLE_NOTE,
                drawing_format(drawing, "columns %d to %d of %d", first + 1, last, matrix->columns));
        draw_names(drawing, &grid, first, last);
        for (int r = 0; r < matrix->rows && !drawing->failed; r++)
            draw_row(drawing, &grid, r, first, last);
    }
    if (grid.numbered && !grid.same_names && !drawing->terse)
        list_columns(drawing, &grid);
    if (!drawing->terse)
        note_scale(drawing, matrix);
}

int matrix_natural_width(struct drawing *drawing, const struct figure *figure)
{
    const struct figure_matrix *matrix = &figure->matrix;
    struct grid grid;
    if (matrix->rows == 0 || matrix->columns == 0 || !grid_make(drawing, matrix, &grid))
        return 0;
    int name = widest_of(grid.columns, (size_t)matrix->columns);
    long cell = larger(grid.value_width, smaller(name, 40)) + CELL_GAP;
    long width = 3L * larger(LEAST_NAME, grid.row_width); /* the names may take a third */
    long needed = grid.row_width + cell * matrix->columns;
    return (int)(needed > width ? (needed > 1000 ? 1000 : needed) : width > 1000 ? 1000 : width);
}
