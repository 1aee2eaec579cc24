/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Curves as pictures: lines through signs on a grid, bars for the spread, the reference dashed, and a legend
 * below. */
#include "view/curve.h"

#include <math.h>
#include "view/plot.h"

enum {
    PLOT_HEIGHT = 520,
    MOST_TICKS = 10,
    TICK = 8,
    INSET = 24, /* between the y axis and the first point */
    DASH = 9,
    CAP = 6,     /* half the width of the ends of a spread */
    SWATCH = 54, /* of line in the legend */
    SWATCH_GAP = 14,
    LEGEND_GAP = 40,
};

static const double line_thickness = 3, spread_thickness = 1.6, sign_radius = 7.5;

/* Blue, vermilion, green, purple, sky blue, orange: told apart by people with any colour vision (the palette
 * of Okabe and Ito, 2008, some darker so that they stand out on white). */
static const struct color series_colors[SERIES_STYLES] = {{0x00, 0x62, 0xA8}, {0xD5, 0x5E, 0x00},
                                                          {0x00, 0x8F, 0x68}, {0xB8, 0x5F, 0x93},
                                                          {0x45, 0xA5, 0xDA}, {0xD8, 0x92, 0x00}};

struct area {
    const struct curve_plan *plan;
    int left, top, width, height;
};

static double x_of(const struct area *area, double x)
{
    double place = range_position(area->plan->left, area->plan->right, x);
    return area->left + INSET + place * (area->width - 2 * INSET);
}

static double y_of(const struct area *area, double y)
{
    return area->top + (1 - range_position(area->plan->low, area->plan->high, y)) * area->height;
}

static struct color color_of(int series)
{
    return series_colors[series % SERIES_STYLES];
}

/* The shapes, and after them letters on white. */
static void plot_sign(struct plot *plot, double x, double y, int series)
{
    const struct color white = {255, 255, 255};
    int sign = series % CURVE_SIGNS;
    if (sign < CURVE_SHAPES) {
        raster_shape(plot->raster, x, y, (enum raster_shape)(sign % 4), sign_radius, sign >= 4,
                     color_of(series));
        return;
    }
    raster_shape(plot->raster, x, y, SHAPE_DISC, 1.3 * sign_radius, false, white);
    raster_text(plot->raster, (int)lround(x) - PLOT_CELL / 2 + 1, (int)lround(y) - 5 * PLOT_SCALE, PLOT_SCALE,
                TEXT_BOLD, color_of(series), curve_sign(series, false));
}

static void plot_spread(struct plot *plot, const struct area *area, const struct curve_point *point,
                        struct color color)
{
    double x = x_of(area, point->x), low = y_of(area, point->low), high = y_of(area, point->high);
    if (!(point->low < point->high))
        return;
    raster_line(plot->raster, x, high, x, low, spread_thickness, color);
    raster_line(plot->raster, x - CAP, high, x + CAP, high, spread_thickness, color);
    raster_line(plot->raster, x - CAP, low, x + CAP, low, spread_thickness, color);
}

static void plot_lines(struct plot *plot, const struct area *area, int series)
{
    const struct curve_point *before = NULL;
    struct color color = color_of(series);
    for (int p = 0; p < area->plan->counts[series]; p++) {
        const struct curve_point *point = curve_point_at(area->plan, series, p);
        if (point->known && before && before->known)
            raster_line(plot->raster, x_of(area, before->x), y_of(area, before->y), x_of(area, point->x),
                        y_of(area, point->y), line_thickness, color);
        if (point->known)
            plot_spread(plot, area, point, color);
        before = point;
    }
}

static void plot_signs(struct plot *plot, const struct area *area, int series)
{
    for (int p = 0; p < area->plan->counts[series]; p++) {
        const struct curve_point *point = curve_point_at(area->plan, series, p);
        if (point->known)
            plot_sign(plot, x_of(area, point->x), y_of(area, point->y), series);
    }
}

static void plot_y_axis(struct plot *plot, const struct area *area)
{
    for (int t = 0; t < area->plan->tick_count; t++) {
        int y = area->top + (int)lround((1 - area->plan->ticks[t].position) * area->height);
        const char *label = curve_tick_label(plot->text, area->plan, t);
        int width = raster_text_width(PLOT_SCALE, label);
        if (t > 0)
            raster_rectangle(plot->raster, area->left, y, area->width, 1, PLOT_GRID);
        raster_rectangle(plot->raster, area->left - TICK, y, TICK, 2, PLOT_AXIS);
        raster_text(plot->raster, area->left - TICK - 4 - width, y - 5 * PLOT_SCALE, PLOT_SCALE, TEXT_PLAIN,
                    PLOT_TEXT, label);
    }
}

static int tick_column(const struct area *area, const struct tick *tick)
{
    return area->left + INSET + (int)lround(tick->position * (area->width - 2 * INSET));
}

/* As many ticks as there is room for with their labels a letter and a half apart. */
static int choose_ticks(const struct area *area, struct tick ticks[TICKS_MAX])
{
    for (int most = TICKS_MAX; most > 1; most--) {
        int count = ticks_of_range(area->plan->left, area->plan->right, most, ticks), free = 0;
        bool fits = true;
        for (int i = 0; i < count && fits; i++) {
            int half = raster_text_width(PLOT_SCALE, ticks[i].label) / 2, x = tick_column(area, &ticks[i]);
            fits = x - half >= free;
            free = x + half + PLOT_CELL * 3 / 2;
        }
        if (fits)
            return count;
    }
    return ticks_of_range(area->plan->left, area->plan->right, 1, ticks);
}

static void plot_x_axis(struct plot *plot, const struct area *area)
{
    struct tick ticks[TICKS_MAX];
    int bottom = area->top + area->height, count = choose_ticks(area, ticks);
    plot->text->failed = plot->text->failed || count < 0;
    for (int i = 0; i < count; i++) {
        int x = tick_column(area, &ticks[i]), width = raster_text_width(PLOT_SCALE, ticks[i].label);
        raster_rectangle(plot->raster, x, area->top, 1, area->height, PLOT_GRID);
        raster_rectangle(plot->raster, x - 1, bottom, 2, TICK, PLOT_AXIS);
        raster_text(plot->raster, x - width / 2, bottom + TICK + 4, PLOT_SCALE, TEXT_PLAIN, PLOT_TEXT,
                    ticks[i].label);
    }
    raster_rectangle(plot->raster, area->left - 2, bottom, area->width + 2, 2, PLOT_AXIS);
    raster_rectangle(plot->raster, area->left - 2, area->top, 2, area->height, PLOT_AXIS);
    const char *axis = drawing_show(plot->text, area->plan->curve->x_axis);
    axis = drawing_shorten(plot->text, axis, area->width / PLOT_CELL);
    raster_text(plot->raster, area->left + (area->width - raster_text_width(PLOT_SCALE, axis)) / 2,
                bottom + TICK + 4 + PLOT_LINE, PLOT_SCALE, TEXT_PLAIN, PLOT_NOTE, axis);
}

static void plot_dashes(struct plot *plot, int x, int y, int width)
{
    for (int at = 0; at < width; at += 2 * DASH)
        raster_rectangle(plot->raster, x + at, y - 1, at + DASH < width ? DASH : width - at, 2, PLOT_NOTE);
}

/* One entry of the legend: a piece of the line, the name, and what is to be said of it. */
struct entry {
    const char *name, *remark;
    int series; /* -1: the reference */
};

static void plot_entry(struct plot *plot, const struct entry *entry, int x, int y, int names)
{
    int middle = y + 6 * PLOT_SCALE;
    if (entry->series < 0) {
        plot_dashes(plot, x, middle, SWATCH);
    } else {
        raster_line(plot->raster, x + 1, middle, x + SWATCH - 1, middle, line_thickness,
                    color_of(entry->series));
        plot_sign(plot, x + SWATCH / 2.0, middle, entry->series);
    }
    x += SWATCH + SWATCH_GAP;
    raster_text(plot->raster, x, y, PLOT_SCALE, TEXT_PLAIN, PLOT_TEXT,
                drawing_shorten(plot->text, entry->name, names));
    raster_text(plot->raster, x + (names + 2) * PLOT_CELL, y, PLOT_SCALE, TEXT_PLAIN, PLOT_NOTE,
                entry->remark);
}

/* In columns of equal width, as many as fit. */
static void plot_entries(struct plot *plot, const struct entry *entries, int count)
{
    int names = 1, remarks = 0, whole = plot->raster->width - 2 * PLOT_MARGIN;
    for (int i = 0; i < count; i++) {
        int name = utf8_width(entries[i].name), remark = utf8_width(entries[i].remark);
        names = name > names ? name : names;
        remarks = remark > remarks ? remark : remarks;
    }
    int most = (whole - SWATCH - SWATCH_GAP) / PLOT_CELL - 2 - remarks;
    most = most < 8 ? 8 : most;
    names = names > most ? most : names;
    int wide = SWATCH + SWATCH_GAP + (names + 2 + remarks) * PLOT_CELL;
    int across = (whole + LEGEND_GAP) / (wide + LEGEND_GAP);
    across = across < 1 ? 1 : across;
    int lines = (count + across - 1) / across;
    if (!raster_grow(plot->raster, plot->y + lines * PLOT_LINE))
        return;
    for (int i = 0; i < count && !plot->text->failed; i++)
        plot_entry(plot, &entries[i], PLOT_MARGIN + i % across * (wide + LEGEND_GAP),
                   plot->y + i / across * PLOT_LINE, names);
    plot->y += lines * PLOT_LINE;
}

static void plot_legend(struct plot *plot, const struct curve_plan *plan)
{
    int count = 0;
    struct entry *entries = drawing_alloc(plot->text, (size_t)plan->curve->series + 1, sizeof *entries);
    if (!entries)
        return;
    for (int s = 0; s < plan->curve->series && !plot->text->failed; s++)
        entries[count++] = (struct entry){drawing_show(plot->text, plan->curve->names[s]),
                                          curve_remark(plot->text, plan, s), s};
    if (!isnan(plan->reference))
        entries[count++] = (struct entry){curve_reference(plot->text, plan),
                                          curve_value(plot->text, plan, plan->reference), -1};
    plot_entries(plot, entries, count);
}

static int gutter_of(struct plot *plot, const struct curve_plan *plan)
{
    int widest = 0;
    for (int t = 0; t < plan->tick_count; t++) {
        int width = raster_text_width(PLOT_SCALE, curve_tick_label(plot->text, plan, t));
        widest = width > widest ? width : widest;
    }
    return widest + TICK + 6;
}

void plot_curve(struct plot *plot, const struct figure_curve *curve)
{
    struct curve_plan plan;
    if (!curve_plan_make(plot->text, curve, MOST_TICKS, &plan)) {
        plot_paragraph(plot, TEXT_PLAIN, PLOT_NOTE, "(no point yet)");
        return;
    }
    plot_paragraph(plot, TEXT_PLAIN, PLOT_NOTE, curve->y_axis);
    int gutter = gutter_of(plot, &plan);
    struct area area = {&plan, PLOT_MARGIN + gutter, plot->y + PLOT_LINE / 2, 0, PLOT_HEIGHT};
    area.width = plot->raster->width - 2 * PLOT_MARGIN - gutter;
    int below = TICK + 3 * PLOT_LINE;
    if (!raster_grow(plot->raster, area.top + area.height + below))
        return;
    plot_y_axis(plot, &area);
    plot_x_axis(plot, &area);
    if (!isnan(plan.reference))
        plot_dashes(plot, area.left, (int)lround(y_of(&area, plan.reference)), area.width);
    for (int s = 0; s < curve->series; s++)
        plot_lines(plot, &area, s);
    for (int s = 0; s < curve->series; s++)
        plot_signs(plot, &area, s);
    plot->y = area.top + area.height + below;
    plot_legend(plot, &plan);
}
