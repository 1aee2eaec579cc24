/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Strips as pictures: every pixel as it is, small pictures enlarged by a whole number, with names above and
 * captions below, and the colours of the classes at the end. */
#include "base/text.h"
#include "view/cells/draw.h"
#include "view/figure.h"
#include "view/picture/plot.h"
#include "view/picture/raster.h"

enum {
    GAP = 12,
    LEAST_SIDE = 192,  /* pixels that a picture is wide at least */
    LEAST_COLUMNS = 16 /* of text, of a panel */
};

static int enlargement(const struct figure_strip *strip)
{
    return strip->width >= LEAST_SIDE ? 1 : (LEAST_SIDE + strip->width - 1) / strip->width;
}

static int panel_width(const struct figure_strip *strip)
{
    const int width = strip->width * enlargement(strip);
    return width > LEAST_COLUMNS * PLOT_CELL ? width : LEAST_COLUMNS * PLOT_CELL;
}

int plot_strip_width(struct plot *plot, const struct figure *figure)
{
    (void)plot;
    const struct figure_strip *strip = &figure->strip;
    const double width = (double)strip->columns * (panel_width(strip) + GAP);
    return width > 1e6 ? 1000000 : (int)width;
}

double plot_strip_least_height(const struct figure *figure)
{
    const struct figure_strip *strip = &figure->strip;
    return (double)strip->rows * ((double)strip->height * enlargement(strip) + 2 * PLOT_LINE);
}

static void plot_text(struct plot *plot, int left, int room, int weight, struct color color, const char *text)
{
    const char *shown = drawing_shorten_end(plot->text, drawing_show(plot->text, text), room / PLOT_CELL);
    raster_text(plot->raster, left, plot->y, PLOT_SCALE, weight, color, shown);
}

static void plot_pixels(struct plot *plot, const struct figure_strip *strip, int row, int column, int left)
{
    const size_t size = (size_t)strip->width * (size_t)strip->height * 3;
    const uint8_t *pixel = strip->rgb + ((size_t)row * (size_t)strip->pictures + (size_t)column) * size;
    const int scale = enlargement(strip);
    for (int y = 0; y < strip->height; y++)
        for (int x = 0; x < strip->width; x++, pixel += 3)
            raster_rectangle(plot->raster, left + x * scale, plot->y + y * scale, scale, scale,
                             (struct color){pixel[0], pixel[1], pixel[2]});
}

static void plot_row(struct plot *plot, const struct figure_strip *strip, int row)
{
    const int step = panel_width(strip) + GAP,
              high = strip->pictures > 0 ? strip->height * enlargement(strip) : 0;
    plot_paragraph(plot, TEXT_PLAIN, PLOT_NOTE, strip->row_names[row]);
    if (!raster_grow(plot->raster, plot->y + PLOT_LINE + high + PLOT_LINE + GAP))
        return;
    for (int c = 0; c < strip->columns; c++)
        plot_text(plot, PLOT_MARGIN + c * step, step - GAP, TEXT_BOLD, PLOT_TEXT, strip->column_names[c]);
    plot->y += PLOT_LINE;
    for (int c = 0; c < strip->pictures; c++)
        plot_pixels(plot, strip, row, c, PLOT_MARGIN + c * step);
    plot->y += strip->pictures == strip->columns ? high + GAP / 2 : 0;
    for (int c = 0; c < strip->columns; c++) {
        const int y = plot->y;
        if (strip->pictures < strip->columns && c < strip->pictures)
            plot->y += high + GAP / 2; /* below its picture; the others have none */
        plot_text(plot, PLOT_MARGIN + c * step, step - GAP, TEXT_PLAIN, PLOT_TEXT,
                  strip->captions[(size_t)row * (size_t)strip->columns + (size_t)c]);
        plot->y = y;
    }
    plot->y += PLOT_LINE + GAP + (strip->pictures < strip->columns ? high + GAP / 2 : 0);
}

static void plot_class(struct plot *plot, int x, int middle, int what)
{
    raster_rectangle(
        plot->raster, x, middle - PLOT_CELL / 2, PLOT_SWATCH - PLOT_CELL, PLOT_CELL,
        (struct color){(uint8_t)(what >> 16 & 0xFF), (uint8_t)(what >> 8 & 0xFF), (uint8_t)(what & 0xFF)});
}

void plot_strip(struct plot *plot, const struct figure *figure)
{
    const struct figure_strip *strip = &figure->strip;
    for (int r = 0; r < strip->rows && !plot->text->failed && !plot->raster->failed; r++)
        plot_row(plot, strip, r);
    struct plot_entry *entries = drawing_alloc(plot->text, (size_t)strip->classes + 1, sizeof *entries);
    for (int c = 0; entries && c < strip->classes; c++) {
        const uint8_t *color = strip->legend[c].color;
        entries[c] = (struct plot_entry){drawing_show(plot->text, strip->legend[c].name), "",
                                         color[0] << 16 | color[1] << 8 | color[2]};
    }
    if (entries && strip->classes > 0)
        plot_legend(plot, entries, strip->classes, plot_class);
}
