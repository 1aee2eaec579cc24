/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Figures in panes: plots grow or shrink with the height, tables and matrices show the rows there is room
 * for. What does not fit goes in this order: notes and the rest of the title, legend and names of axes, the
 * title, and at last everything but one line (of histograms one per series). */
#include "base/status.h"
#include "view/cells/canvas.h"
#include "view/cells/draw.h"
#include "view/figure.h"
#include "view/figure_kind.h"
#include "view/style.h"

enum { MOST_PLOT_LINES = 60, LEAST_PLOT_LINES = 3 };

/* How much of a figure is shown. */
struct measure {
    bool notes, title, terse;
    int least; /* lines of a plot below which the next measure is better */
};
static const struct measure measures[] = {
    {true, true, false, 6}, {false, true, false, 5}, {false, true, true, 3}, {false, false, true, 2}};
enum { MEASURES = sizeof measures / sizeof *measures };

/* The first line of the title, cut. */
static void draw_title(struct drawing *drawing, const struct figure *figure, bool whole)
{
    if (!figure->title)
        return;
    if (whole) {
        drawing_paragraph(drawing, STYLE_TITLE, figure->title);
        return;
    }
    drawing_put(drawing, 0, STYLE_TITLE,
                drawing_shorten(drawing, drawing_show(drawing, figure->title), drawing->width));
    drawing->line++;
}

/* A figure of fewer rows and decimals, and otherwise the same content. */
static struct figure with_rows(const struct figure *figure, int rows, int decimals)
{
    const struct figure_kind_row *kind = figure_kind_row(figure->kind);
    struct figure part = *figure;
    if (kind->decimals && *kind->decimals(&part) > decimals)
        *kind->decimals(&part) = decimals;
    if (kind->rows && *kind->rows(&part) > rows)
        *kind->rows(&part) = rows;
    return part;
}

static int rows_of(const struct figure *figure)
{
    const struct figure_kind_row *kind = figure_kind_row(figure->kind);
    struct figure all = *figure;
    return kind->rows ? *kind->rows(&all) : 0;
}

static int decimals_of(const struct figure *figure)
{
    const struct figure_kind_row *kind = figure_kind_row(figure->kind);
    struct figure all = *figure;
    return kind->decimals ? *kind->decimals(&all) : 0;
}

/* How much of a figure of rows. */
struct extent {
    int rows, decimals;
};

/* Draw from `top` on; returns the lines it took. */
static int draw_measured(struct drawing *drawing, const struct figure *figure, const struct measure *measure,
                         int top, int height, struct extent extent)
{
    drawing->canvas->height = top; /* what an earlier attempt left is written over */
    drawing->line = top;
    drawing->terse = measure->terse;
    if (measure->title)
        draw_title(drawing, figure, measure->notes && height > 12);
    struct figure part = with_rows(figure, extent.rows, extent.decimals);
    figure_kind_row(figure->kind)->draw(drawing, &part);
    if (extent.rows < rows_of(figure)) {
        drawing_put(
            drawing, 0, STYLE_NOTE,
            drawing_format(drawing, "%s %d more", drawing->glyphs->ellipsis, rows_of(figure) - extent.rows));
        drawing->line++;
    }
    for (int i = 0; measure->notes && i < figure->note_count; i++)
        drawing_paragraph(drawing, STYLE_NOTE, figure->notes[i]);
    return drawing->line - top;
}

/* The plot as high as fits under this measure; false when that is too low. */
static bool fit_plot(struct drawing *drawing, const struct figure *figure, const struct measure *measure,
                     int top, int height)
{
    const struct extent none = {0};
    drawing->plot_lines = LEAST_PLOT_LINES;
    drawing->plots = 0;
    drawing->measuring = true;
    int used = draw_measured(drawing, figure, measure, top, height, none);
    int lines = drawing->height + (drawing->plots > 0 ? (height - used) / drawing->plots : 0);
    lines = lines > MOST_PLOT_LINES ? MOST_PLOT_LINES : lines;
    while (drawing->plots > 0 && lines >= measure->least && !drawing->failed) {
        drawing->plot_lines = lines;
        used = draw_measured(drawing, figure, measure, top, height, none);
        if (used <= height)
            break;
        lines -= (used - height + drawing->plots - 1) / drawing->plots;
    }
    /* Without a plot there is a line that says so. */
    if (used > height || (drawing->plots > 0 && lines < measure->least))
        return false;
    drawing->measuring = false;
    draw_measured(drawing, figure, measure, top, height, none);
    return true;
}

/* Decimals with which the figure stands in one part, down to one. */
static int fit_decimals(struct drawing *drawing, const struct figure *figure, const struct measure *measure,
                        int top, int height)
{
    int decimals = decimals_of(figure);
    for (; decimals > 1 && !drawing->failed; decimals--) {
        draw_measured(drawing, figure, measure, top, height, (struct extent){1, decimals});
        if (drawing->plots <= 1)
            break;
    }
    return decimals;
}

/* All rows, or as many as there is room for. */
static bool fit_rows(struct drawing *drawing, const struct figure *figure, const struct measure *measure,
                     int top, int height)
{
    struct extent extent = {rows_of(figure), fit_decimals(drawing, figure, measure, top, height)};
    extent.rows = extent.rows > height ? height : extent.rows;
    for (int round = 0; round < 4 && !drawing->failed; round++) {
        int used = draw_measured(drawing, figure, measure, top, height, extent);
        bool parts = drawing->plots > 1;
        if (used <= height)
            return true;
        extent.rows -= parts ? (used - height + drawing->plots - 1) / drawing->plots : used - height;
        if (extent.rows < (measure->terse ? 1 : 2))
            return false;
    }
    return false;
}

/* What little room there is: what the kind draws then, else the title. */
static void draw_least(struct drawing *drawing, const struct figure *figure, int height)
{
    const struct figure_kind_row *kind = figure_kind_row(figure->kind);
    if (kind->draw_least && kind->draw_least(drawing, figure, height))
        return;
    const char *text = drawing_show(drawing, figure->title ? figure->title : figure->name);
    drawing_put(drawing, 0, STYLE_TITLE, drawing_shorten(drawing, text, drawing->width));
    drawing->line++;
}

static void fit(struct drawing *drawing, const struct figure *figure, int top, int height)
{
    for (int i = 0; i < MEASURES && !drawing->failed; i++) {
        if (figure_has_rows(figure) ? fit_rows(drawing, figure, &measures[i], top, height)
                                    : fit_plot(drawing, figure, &measures[i], top, height))
            return;
    }
    drawing->canvas->height = top;
    drawing->line = top;
    draw_least(drawing, figure, height);
}

status canvas_figure_fit(struct canvas *canvas, const struct figure *figure, int width, int height,
                         struct error *error)
{
    struct drawing drawing;
    status code = figure_check(figure, error);
    if (code == STATUS_OK && canvas->failed)
        code = error_memory(error);
    if (code == STATUS_OK && height > 0 && width > 0)
        code = drawing_open(&drawing, canvas, error);
    if (code != STATUS_OK || height < 1 || width < 1)
        return code;
    int top = canvas->height;
    drawing.width = width < canvas->width ? width : canvas->width;
    drawing.line = top;
    if (drawing.width < LEAST_FIT_WIDTH)
        draw_least(&drawing, figure, height);
    else
        fit(&drawing, figure, top, height);
    drawing_close(&drawing);
    if (drawing.failed || canvas->failed) {
        canvas->failed = false;
        canvas->height = top;
        return error_memory(error);
    }
    return STATUS_OK;
}
