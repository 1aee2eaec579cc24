/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Figures as one picture: title, figure, notes, one figure below the other. */
#include "base/status.h"
#include "view/cells/canvas.h"
#include "view/cells/draw.h"
#include "view/figure.h"
#include "view/picture/plot.h"
#include "view/figure_kind.h"
#include "view/picture/png.h"
#include "view/picture/raster.h"
#include "view/write/write.h"

enum { FIGURE_GAP = 2 * PLOT_LINE, ONE_PLOT = 200 /* pixels of height, at least */ };

void plot_paragraph(struct plot *plot, int weight, struct color color, const char *text)
{
    const char *at = drawing_show(plot->text, text);
    int columns = (plot->raster->width - 2 * PLOT_MARGIN) / PLOT_CELL;
    for (const char *line; !plot->text->failed && (line = drawing_wrap(plot->text, &at, columns));) {
        if (!raster_grow(plot->raster, plot->y + PLOT_LINE))
            return;
        raster_text(plot->raster, PLOT_MARGIN, plot->y, PLOT_SCALE, weight, color, line);
        plot->y += PLOT_LINE;
    }
}

int plot_height(struct plot *plot, int usual)
{
    int height = usual + plot->stretch;
    plot->plots++;
    return height < PLOT_LEAST_HEIGHT ? PLOT_LEAST_HEIGHT : height;
}

static status plot_figure(struct plot *plot, const struct figure *figure, struct error *error)
{
    if (figure->title) {
        plot_paragraph(plot, TEXT_BOLD, PLOT_TEXT, figure->title);
        plot->y += PLOT_LINE / 2;
    }
    figure_kind_row(figure->kind)->plot(plot, figure);
    plot->y += figure->note_count > 0 ? PLOT_LINE / 2 : 0;
    for (int i = 0; i < figure->note_count; i++)
        plot_paragraph(plot, TEXT_PLAIN, PLOT_NOTE, figure->notes[i]);
    return plot->text->failed || plot->raster->failed ? error_memory(error) : STATUS_OK;
}

static status width_of(struct plot *plot, const struct figure *figure, int *width, struct error *error)
{
    status code = figure_check(figure, error);
    if (code != STATUS_OK)
        return code;
    const struct figure_kind_row *kind = figure_kind_row(figure->kind);
    int needed = kind->plot_width ? kind->plot_width(plot, figure) + 2 * PLOT_MARGIN : 0;
    if (plot->text->failed)
        return error_memory(error);
    *width = needed > *width ? needed : *width;
    return STATUS_OK;
}

/* A picture that no program would open, or that fills the memory before that is known, is refused. */
static status check_size(int width, int height, struct error *error)
{
    if (width <= PNG_MAX_SIDE && height <= PNG_MAX_SIDE && (double)width * height <= PNG_MAX_PIXELS)
        return STATUS_OK;
    return error_set(
        error, STATUS_RANGE,
        "a picture of %d x %d pixels is too large (%d on a side): write .csv or .json, or show less", width,
        height, PNG_MAX_SIDE);
}

/* The height that a figure takes at least, so that the picture's can be judged before drawing. */
static double least_height(const struct figure *figure)
{
    const struct figure_kind_row *kind = figure_kind_row(figure->kind);
    return kind->plot_least_height ? kind->plot_least_height(figure) : ONE_PLOT;
}

/* The width that the figures need, at least the usual one or that of `size`. */
static status measure_width(struct plot *plot, const struct figure *const *figures, int count,
                            const struct picture_size *size, int *width, struct error *error)
{
    double height = 0;
    status code = STATUS_OK;
    *width = size->width > 0 ? size->width : PLOT_WIDTH;
    for (int i = 0; i < count && code == STATUS_OK; i++) {
        code = width_of(plot, figures[i], width, error);
        if (code == STATUS_OK)
            height += least_height(figures[i]);
    }
    if (code == STATUS_OK)
        code = check_size(*width, height > 1e9 ? 1000000000 : (int)height, error);
    if (code == STATUS_OK && size->width > 0 && *width > size->width)
        code = error_set(error, STATUS_RANGE, "%d pixels are too narrow: what is shown needs %d", size->width,
                         *width);
    return code;
}

static status plot_all(struct plot *plot, const struct figure *const *figures, int count, int width,
                       struct error *error)
{
    status code = STATUS_OK;
    raster_free(plot->raster);
    raster_init(plot->raster, width);
    plot->plots = 0;
    plot->y = PLOT_MARGIN;
    for (int i = 0; i < count && code == STATUS_OK; i++) {
        plot->y += i > 0 ? FIGURE_GAP : 0;
        code = plot_figure(plot, figures[i], error);
    }
    if (code == STATUS_OK && !raster_grow(plot->raster, plot->y + PLOT_MARGIN))
        code = error_memory(error);
    return code == STATUS_OK ? check_size(width, plot->raster->height, error) : code;
}

/* Once as it comes, and once more with plots as much higher or lower as the height asks for. */
static status plot_sized(struct plot *plot, const struct figure *const *figures, int count,
                         const struct picture_size *size, struct error *error)
{
    int width;
    status code = measure_width(plot, figures, count, size, &width, error);
    if (code == STATUS_OK)
        code = plot_all(plot, figures, count, width, error);
    if (code != STATUS_OK || size->height == 0)
        return code;
    if (plot->plots > 0 && plot->raster->height != size->height) {
        int more = size->height - plot->raster->height;
        plot->stretch = more >= 0 ? more / plot->plots : -((-more + plot->plots - 1) / plot->plots);
        code = plot_all(plot, figures, count, width, error);
    }
    if (code == STATUS_OK && plot->raster->height > size->height)
        code = error_set(error, STATUS_RANGE, "%d pixels are too low: what is shown needs %d", size->height,
                         plot->raster->height);
    if (code == STATUS_OK && !raster_grow(plot->raster, size->height))
        code = error_memory(error);
    return code;
}

status write_png(const struct figure *const *figures, int count, struct text *out, struct error *error)
{
    return write_picture(figures, count, &(struct picture_size){0, 0}, out, error);
}

status write_picture(const struct figure *const *figures, int count, const struct picture_size *size,
                     struct text *out, struct error *error)
{
    struct canvas canvas;
    struct drawing text;
    struct raster raster = {0};
    canvas_init(&canvas, 80, false);
    canvas.font = true;
    status code = drawing_open(&text, &canvas, error);
    if (code != STATUS_OK)
        return code;
    struct plot plot = {.raster = &raster, .text = &text};
    code = plot_sized(&plot, figures, count, size, error);
    drawing_close(&text);
    if (code == STATUS_OK)
        code = png_encode(raster.rgb, raster.width, raster.height, out, error);
    raster_free(&raster);
    canvas_free(&canvas);
    return code;
}
