/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Curves as pictures: lines through signs on a grid, bars for the spread, the reference dashed, and a legend
 * below. */
#include "view/cells/curve.h"

#include <math.h>
#include "view/cells/draw.h"
#include "view/numbers.h"
#include "view/picture/plot.h"
#include "view/picture/raster.h"

enum {
    ENTRY_LEAST_HEIGHT = 10, /* pixels of legend for a series, of which several share a line */
    MOST_TICKS = 10,
    DASH = 9,
    CAP = 6, /* half the width of the ends of a spread */
    REFERENCE = -1,
};

static const double line_thickness = 3, spread_thickness = 1.6, sign_radius = 7.5;

struct area {
    const struct curve_plan *plan;
    struct plot_plane plane;
};

static double x_of(const struct area *area, double x)
{
    return plot_plane_x(&area->plane, x);
}

static double y_of(const struct area *area, double y)
{
    return plot_plane_y(&area->plane, y);
}

/* The shapes, and after them letters on white. */
static void plot_sign(struct plot *plot, double x, double y, int series)
{
    const struct color white = {255, 255, 255};
    int sign = series % CURVE_SIGNS;
    if (sign < CURVE_SHAPES) {
        raster_shape(plot->raster, x, y, (enum raster_shape)(sign % 4), sign_radius, sign >= 4,
                     plot_series_color(series));
        return;
    }
    raster_shape(plot->raster, x, y, SHAPE_DISC, 1.3 * sign_radius, false, white);
    raster_text(plot->raster, (int)lround(x) - PLOT_CELL / 2 + 1, (int)lround(y) - 5 * PLOT_SCALE, PLOT_SCALE,
                TEXT_BOLD, plot_series_color(series), curve_sign(series, false));
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
    struct color color = plot_series_color(series);
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

static void plot_dashes(struct plot *plot, int x, int y, int width)
{
    for (int at = 0; at < width; at += 2 * DASH)
        raster_rectangle(plot->raster, x + at, y - 1, at + DASH < width ? DASH : width - at, 2, PLOT_NOTE);
}

static void plot_swatch(struct plot *plot, int x, int middle, int series)
{
    if (series == REFERENCE) {
        plot_dashes(plot, x, middle, PLOT_SWATCH);
        return;
    }
    raster_line(plot->raster, x + 1, middle, x + PLOT_SWATCH - 1, middle, line_thickness,
                plot_series_color(series));
    plot_sign(plot, x + PLOT_SWATCH / 2.0, middle, series);
}

static void plot_names(struct plot *plot, const struct curve_plan *plan)
{
    int count = 0;
    struct plot_entry *entries = drawing_alloc(plot->text, (size_t)plan->curve->series + 1, sizeof *entries);
    if (!entries)
        return;
    for (int s = 0; s < plan->curve->series && !plot->text->failed; s++)
        entries[count++] = (struct plot_entry){drawing_show(plot->text, plan->curve->names[s]),
                                               curve_remark(plot->text, plan, s), s};
    if (!isnan(plan->reference))
        entries[count++] = (struct plot_entry){curve_reference(plot->text, plan),
                                               curve_value(plot->text, plan, plan->reference), REFERENCE};
    plot_legend(plot, entries, count, plot_swatch);
}

void plot_curve(struct plot *plot, const struct figure *figure)
{
    const struct figure_curve *curve = &figure->curve;
    struct curve_plan plan;
    const char *labels[TICKS_MAX];
    if (!curve_plan_make(plot->text, curve, MOST_TICKS, &plan)) {
        plot_paragraph(plot, TEXT_PLAIN, PLOT_NOTE, "(no point yet)");
        return;
    }
    for (int t = 0; t < plan.tick_count; t++)
        labels[t] = curve_tick_label(plot->text, &plan, t);
    struct area area = {&plan,
                        {.left = plan.left,
                         .right = plan.right,
                         .low = plan.low,
                         .high = plan.high,
                         .ticks = plan.ticks,
                         .labels = labels,
                         .tick_count = plan.tick_count}};
    if (!plot_plane_begin(plot, &area.plane, curve_axis(plot->text, curve->x_axis, curve->x_percent),
                          curve_axis(plot->text, curve->y_axis, curve->percent)))
        return;
    if (!isnan(plan.reference))
        plot_dashes(plot, area.plane.x, (int)lround(y_of(&area, plan.reference)), area.plane.width);
    for (int s = 0; s < curve->series; s++)
        plot_lines(plot, &area, s);
    for (int s = 0; s < curve->series; s++)
        plot_signs(plot, &area, s);
    plot_names(plot, &plan);
}

double plot_curve_least_height(const struct figure *figure)
{
    return (double)figure->curve.series * ENTRY_LEAST_HEIGHT;
}
