/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cells of the screen. */
#include "tui/grid.h"

#include <string.h>

#include "base/memory.h"
#include "view/style.h"

bool grid_reset(struct canvas *grid, int width, int height, bool ascii)
{
    size_t count;
    if (!size_multiply((size_t)width, (size_t)height, &count) ||
        !mem_grow(&grid->cells, &grid->capacity, count, sizeof *grid->cells))
        return false;
    grid->width = width;
    grid->height = height;
    grid->ascii = ascii;
    grid->failed = false;
    for (size_t i = 0; i < count; i++)
        grid->cells[i] = (struct canvas_cell){.glyph = " "};
    return true;
}

struct canvas_cell *grid_cell(const struct canvas *grid, int line, int column)
{
    if (line < 0 || line >= grid->height || column < 0 || column >= grid->width)
        return NULL;
    return &grid->cells[(size_t)line * (size_t)grid->width + (size_t)column];
}

/* Halves of wide characters at the ends of `count` cells become blanks. */
static void mend_ends(struct canvas_cell *cells, int count, const struct canvas_cell *behind)
{
    if (count > 0 && cells[0].glyph[0] == '\0')
        strcpy(cells[0].glyph, " ");
    if (count > 0 && behind && behind->glyph[0] == '\0' && cells[count - 1].glyph[0] != '\0')
        strcpy(cells[count - 1].glyph, " ");
}

void grid_copy(struct canvas *grid, const struct rect *rect, const struct canvas *from, int line, int column)
{
    for (int i = 0; i < rect->height && line + i < from->height; i++) {
        struct canvas_cell *to = grid_cell(grid, rect->line + i, rect->column);
        const struct canvas_cell *source = grid_cell(from, line + i, column);
        if (!to || !source)
            continue;
        int count = from->width - column < rect->width ? from->width - column : rect->width;
        if (count > grid->width - rect->column)
            count = grid->width - rect->column;
        memcpy(to, source, (size_t)count * sizeof *to);
        mend_ends(to, count, grid_cell(from, line + i, column + count));
    }
}

/* Text is written on a canvas of the rectangle's width first, where nothing can run over its end. */
int grid_text(struct canvas *grid, const struct rect *rect, int line, int column, enum cell_style style,
              const char *text)
{
    if (line < 0 || line >= rect->height || rect->line + line >= grid->height || column < 0 ||
        column >= rect->width || !grid->cells)
        return column;
    int end = rect->column + rect->width < grid->width ? rect->column + rect->width : grid->width;
    struct canvas row = {.width = end,
                         .height = 1,
                         .ascii = grid->ascii,
                         .cells = grid_cell(grid, rect->line + line, 0),
                         .capacity = (size_t)end};
    return canvas_text(&row, 0, rect->column + column, style, text) - rect->column;
}

int grid_width_of(const struct canvas *grid, const char *text)
{
    struct canvas_cell cells[512];
    if (!grid->ascii)
        return canvas_width_of(text);
    struct canvas row = {.width = 512, .height = 1, .ascii = true, .cells = cells, .capacity = 512};
    for (int i = 0; i < row.width; i++)
        cells[i] = (struct canvas_cell){.glyph = " "};
    return canvas_text(&row, 0, 0, STYLE_PLAIN, text);
}

void grid_text_right(struct canvas *grid, const struct rect *rect, int line, int from, enum cell_style style,
                     const char *text)
{
    int column = rect->width - grid_width_of(grid, text);
    if (column >= from)
        grid_text(grid, rect, line, column, style, text);
}

void grid_fill(struct canvas *grid, int line, int from, int to, enum cell_style style, const char *glyph)
{
    for (int column = from; column < to && column < grid->width; column++)
        canvas_text(grid, line, column, style, glyph);
}

void grid_restyle(struct canvas *grid, int line, int column, int count, enum cell_style style)
{
    for (int i = 0; i < count; i++) {
        struct canvas_cell *cell = grid_cell(grid, line, column + i);
        if (cell) {
            cell->style = (unsigned char)style;
            cell->level = 0;
        }
    }
}

bool rect_holds(const struct rect *rect, int line, int column)
{
    return line >= rect->line && line < rect->line + rect->height && column >= rect->column &&
           column < rect->column + rect->width;
}
