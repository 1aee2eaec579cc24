/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables as pictures: the cells of the screen at the width where nothing is left out, every second row
 * shaded. */
#include <string.h>
#include "base/status.h"
#include "view/cells/canvas.h"
#include "view/cells/draw.h"
#include "view/picture/plot.h"
#include "view/picture/raster.h"
#include "view/style.h"

static struct color color_of(const struct canvas_cell *cell)
{
    switch (cell->style) {
    case STYLE_BAR:
        return PLOT_BAR;
    case STYLE_AXIS:
    case STYLE_NOTE:
        return PLOT_NOTE;
    default:
        return PLOT_TEXT;
    }
}

int plot_table_width(struct plot *plot, const struct figure *figure)
{
    return table_natural_width(plot->text, figure) * PLOT_CELL;
}

double plot_table_least_height(const struct figure *figure)
{
    return (double)figure->table.rows * PLOT_LINE;
}

static void plot_line(struct plot *plot, const struct canvas_cell *row, int width)
{
    for (int c = 0; c < width; c++) {
        int weight = row[c].style == STYLE_HEADER || row[c].style == STYLE_TITLE ? TEXT_BOLD : TEXT_PLAIN;
        if (strcmp(row[c].glyph, " ") != 0)
            raster_text(plot->raster, PLOT_MARGIN + c * PLOT_CELL,
                        plot->y + (PLOT_LINE - 12 * PLOT_SCALE) / 2, PLOT_SCALE, weight, color_of(&row[c]),
                        row[c].glyph);
    }
}

/* Lines above the first row are the header. */
static void plot_lines(struct plot *plot, const struct canvas *canvas, int rows)
{
    const struct color shade = {0xF5, 0xF6, 0xF8};
    int header = -1;
    for (int line = 0; line < canvas->height; line++) {
        const struct canvas_cell *row = canvas->cells + (size_t)line * (size_t)canvas->width;
        if (!raster_grow(plot->raster, plot->y + PLOT_LINE))
            return;
        bool in_rows = header >= 0 && line - header <= rows;
        if (in_rows && (line - header) % 2 == 0)
            raster_rectangle(plot->raster, PLOT_MARGIN - PLOT_CELL / 2, plot->y,
                             plot->raster->width - 2 * PLOT_MARGIN + PLOT_CELL, PLOT_LINE, shade);
        plot_line(plot, row, canvas->width);
        bool rule = false;
        for (int c = 0; c < canvas->width && !rule; c++)
            rule = header < 0 && row[c].style == STYLE_AXIS;
        if (rule)
            header = line;
        plot->y += PLOT_LINE;
    }
}

void plot_table(struct plot *plot, const struct figure *figure)
{
    struct canvas canvas;
    struct drawing drawing;
    struct error error = {0};
    int columns = (plot->raster->width - 2 * PLOT_MARGIN) / PLOT_CELL;
    canvas_init(&canvas, columns, false);
    canvas.font = true;
    if (drawing_open(&drawing, &canvas, &error) != STATUS_OK) {
        plot->text->failed = true;
        return;
    }
    draw_table(&drawing, figure);
    if (drawing.failed || canvas.failed)
        plot->text->failed = true;
    else
        plot_lines(plot, &canvas, figure->table.rows);
    drawing_close(&drawing);
    canvas_free(&canvas);
}
