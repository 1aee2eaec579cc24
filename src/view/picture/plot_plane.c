/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A plane in pictures: grid, axes, ticks and legend of curves and scatters. */
#include <math.h>
#include "base/text.h"
#include "view/cells/draw.h"
#include "view/numbers.h"
#include "view/picture/plot.h"
#include "view/picture/raster.h"
#include "view/style.h"

enum {
    PLOT_HEIGHT = 520,
    TICK = 8,
    INSET = 24, /* between the y axis and the first point */
    SWATCH_GAP = 14,
    LEGEND_GAP = 40,
};

/* Blue, vermilion, green, purple, sky blue, orange: told apart by people with any colour vision (the palette
 * of Okabe and Ito, 2008, some darker so that they stand out on white). */
static const struct color series_colors[SERIES_STYLES] = {{0x00, 0x62, 0xA8}, {0xD5, 0x5E, 0x00},
                                                          {0x00, 0x8F, 0x68}, {0xB8, 0x5F, 0x93},
                                                          {0x45, 0xA5, 0xDA}, {0xD8, 0x92, 0x00}};

struct color plot_series_color(int series)
{
    return series_colors[series % SERIES_STYLES];
}

double plot_plane_x(const struct plot_plane *plane, double x)
{
    double place = range_position(plane->left, plane->right, x);
    return plane->x + INSET + place * (plane->width - 2 * INSET);
}

double plot_plane_y(const struct plot_plane *plane, double y)
{
    return plane->y + (1 - range_position(plane->low, plane->high, y)) * plane->height;
}

static void plot_y_axis(struct plot *plot, const struct plot_plane *plane)
{
    for (int t = 0; t < plane->tick_count; t++) {
        int y = plane->y + (int)lround((1 - plane->ticks[t].position) * plane->height);
        const char *label = plane->labels[t];
        int width = raster_text_width(PLOT_SCALE, label);
        if (plane->ticks[t].position > 0) /* not on the axis itself */
            raster_rectangle(plot->raster, plane->x, y, plane->width, 1, PLOT_GRID);
        raster_rectangle(plot->raster, plane->x - TICK, y, TICK, 2, PLOT_AXIS);
        raster_text(plot->raster, plane->x - TICK - 4 - width, y - 5 * PLOT_SCALE, PLOT_SCALE, TEXT_PLAIN,
                    PLOT_TEXT, label);
    }
}

static int tick_column(const struct plot_plane *plane, const struct tick *tick)
{
    return plane->x + INSET + (int)lround(tick->position * (plane->width - 2 * INSET));
}

/* As many ticks as there is room for with their labels a letter and a half apart. */
static int choose_ticks(const struct plot_plane *plane, struct tick ticks[TICKS_MAX])
{
    for (int most = TICKS_MAX; most > 1; most--) {
        int count = ticks_of_range(plane->left, plane->right, most, ticks), free = 0;
        bool fits = true;
        for (int i = 0; i < count && fits; i++) {
            int half = raster_text_width(PLOT_SCALE, ticks[i].label) / 2, x = tick_column(plane, &ticks[i]);
            fits = x - half >= free;
            free = x + half + PLOT_CELL * 3 / 2;
        }
        if (fits)
            return count;
    }
    return ticks_of_range(plane->left, plane->right, 1, ticks);
}

static void plot_x_axis(struct plot *plot, const struct plot_plane *plane, const char *x_axis)
{
    struct tick ticks[TICKS_MAX];
    int bottom = plane->y + plane->height, count = choose_ticks(plane, ticks);
    plot->text->failed = plot->text->failed || count < 0;
    for (int i = 0; i < count; i++) {
        int x = tick_column(plane, &ticks[i]), width = raster_text_width(PLOT_SCALE, ticks[i].label);
        raster_rectangle(plot->raster, x, plane->y, 1, plane->height, PLOT_GRID);
        raster_rectangle(plot->raster, x - 1, bottom, 2, TICK, PLOT_AXIS);
        raster_text(plot->raster, x - width / 2, bottom + TICK + 4, PLOT_SCALE, TEXT_PLAIN, PLOT_TEXT,
                    ticks[i].label);
    }
    raster_rectangle(plot->raster, plane->x - 2, bottom, plane->width + 2, 2, PLOT_AXIS);
    raster_rectangle(plot->raster, plane->x - 2, plane->y, 2, plane->height, PLOT_AXIS);
    const char *axis = drawing_show(plot->text, x_axis);
    axis = drawing_shorten(plot->text, axis, plane->width / PLOT_CELL);
    raster_text(plot->raster, plane->x + (plane->width - raster_text_width(PLOT_SCALE, axis)) / 2,
                bottom + TICK + 4 + PLOT_LINE, PLOT_SCALE, TEXT_PLAIN, PLOT_NOTE, axis);
}

static int gutter_of(const struct plot_plane *plane)
{
    int widest = 0;
    for (int t = 0; t < plane->tick_count; t++) {
        int width = raster_text_width(PLOT_SCALE, plane->labels[t]);
        widest = width > widest ? width : widest;
    }
    return widest + TICK + 6;
}

bool plot_plane_begin(struct plot *plot, struct plot_plane *plane, const char *x_axis, const char *y_axis)
{
    plot_paragraph(plot, TEXT_PLAIN, PLOT_NOTE, y_axis);
    int gutter = gutter_of(plane), below = TICK + 3 * PLOT_LINE;
    plane->x = PLOT_MARGIN + gutter;
    plane->y = plot->y + PLOT_LINE / 2;
    plane->width = plot->raster->width - 2 * PLOT_MARGIN - gutter;
    plane->height = plot_height(plot, PLOT_HEIGHT);
    if (!raster_grow(plot->raster, plane->y + plane->height + below))
        return false;
    plot_y_axis(plot, plane);
    plot_x_axis(plot, plane, x_axis);
    plot->y = plane->y + plane->height + below;
    return true;
}

static void draw_entry(struct plot *plot, const struct plot_entry *entry, int x, int y, int names,
                       void (*swatch)(struct plot *plot, int x, int middle, int what))
{
    swatch(plot, x, y + 6 * PLOT_SCALE, entry->what);
    x += PLOT_SWATCH + SWATCH_GAP;
    raster_text(plot->raster, x, y, PLOT_SCALE, TEXT_PLAIN, PLOT_TEXT,
                drawing_shorten(plot->text, entry->name, names));
    raster_text(plot->raster, x + (names + 2) * PLOT_CELL, y, PLOT_SCALE, TEXT_PLAIN, PLOT_NOTE,
                entry->remark);
}

/* In columns of equal width, as many as fit. */
void plot_legend(struct plot *plot, const struct plot_entry *entries, int count,
                 void (*swatch)(struct plot *plot, int x, int middle, int what))
{
    int names = 1, remarks = 0, whole = plot->raster->width - 2 * PLOT_MARGIN;
    for (int i = 0; i < count; i++) {
        int name = utf8_width(entries[i].name), remark = utf8_width(entries[i].remark);
        names = name > names ? name : names;
        remarks = remark > remarks ? remark : remarks;
    }
    int most = (whole - PLOT_SWATCH - SWATCH_GAP) / PLOT_CELL - 2 - remarks;
    most = most < 8 ? 8 : most;
    names = names > most ? most : names;
    int wide = PLOT_SWATCH + SWATCH_GAP + (names + 2 + remarks) * PLOT_CELL;
    int across = (whole + LEGEND_GAP) / (wide + LEGEND_GAP);
    across = across < 1 ? 1 : across;
    int lines = (count + across - 1) / across;
    if (!raster_grow(plot->raster, plot->y + lines * PLOT_LINE))
        return;
    for (int i = 0; i < count && !plot->text->failed; i++)
        draw_entry(plot, &entries[i], PLOT_MARGIN + i % across * (wide + LEGEND_GAP),
                   plot->y + i / across * PLOT_LINE, names, swatch);
    plot->y += lines * PLOT_LINE;
}
