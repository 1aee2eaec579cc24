/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scatters as pictures: a small disc per point; what is cut has signs of its own, those that only one cuts on
 * top. */
#include "view/cells/scatter.h"

#include "view/cells/draw.h"
#include "view/figure.h"
#include "view/numbers.h"
#include "view/picture/plot.h"
#include "view/picture/raster.h"

enum { MOST_TICKS = 10 };

static const double dot_radius = 4, sign_radius = 6;

static const struct color mark_color[MARKS] = {
    {0x9C, 0xBB, 0xD6}, {0x00, 0x8F, 0x68}, {0x9C, 0x3C, 0x7A}, {0xD3, 0x5F, 0x00}};
/* What most points are comes first. */
static const enum scatter_mark order[MARKS] = {MARK_KEPT, MARK_BOTH, MARK_X, MARK_Y};

static void plot_point(struct plot *plot, double x, double y, enum scatter_mark mark, struct color color)
{
    static const enum raster_shape shapes[MARKS] = {SHAPE_DISC, SHAPE_TRIANGLE, SHAPE_DIAMOND, SHAPE_SQUARE};
    raster_shape(plot->raster, x, y, shapes[mark], mark == MARK_KEPT ? dot_radius : sign_radius,
                 mark == MARK_BOTH, color);
}

static void plot_points(struct plot *plot, const struct plot_plane *plane,
                        const struct figure_scatter *scatter, enum scatter_mark mark)
{
    for (int p = 0; p < scatter->points; p++) {
        if (scatter_known(scatter, p) && scatter_mark(scatter, p) == mark)
            plot_point(plot, plot_plane_x(plane, scatter->x[p]), plot_plane_y(plane, scatter->y[p]), mark,
                       scatter->mark ? mark_color[mark] : plot_series_color(scatter->member[p]));
    }
}

static void plot_mark_swatch(struct plot *plot, int x, int middle, int mark)
{
    plot_point(plot, x + PLOT_SWATCH / 2.0, middle, (enum scatter_mark)mark, mark_color[mark]);
}

static void plot_series_swatch(struct plot *plot, int x, int middle, int series)
{
    plot_point(plot, x + PLOT_SWATCH / 2.0, middle, MARK_KEPT, plot_series_color(series));
}

static void plot_names(struct plot *plot, const struct scatter_plan *plan)
{
    const struct figure_scatter *scatter = plan->scatter;
    int count = scatter->mark ? MARKS : scatter->series;
    struct plot_entry *entries = drawing_alloc(plot->text, (size_t)count, sizeof *entries);
    for (int i = 0; entries && i < count; i++) {
        entries[i] = scatter->mark ? (struct plot_entry){scatter_mark_name(plot->text, scatter, order[i]),
                                                         scatter_count(plot->text, plan->count[order[i]]),
                                                         (int)order[i]}
                                   : (struct plot_entry){drawing_show(plot->text, scatter->names[i]),
                                                         scatter_count(plot->text, plan->members[i]), i};
    }
    if (entries && (scatter->mark || count > 1))
        plot_legend(plot, entries, count, scatter->mark ? plot_mark_swatch : plot_series_swatch);
}

void plot_scatter(struct plot *plot, const struct figure *figure)
{
    const struct figure_scatter *scatter = &figure->scatter;
    struct scatter_plan plan;
    const char *labels[TICKS_MAX];
    if (!scatter_plan_make(plot->text, scatter, MOST_TICKS, &plan)) {
        plot_paragraph(plot, TEXT_PLAIN, PLOT_NOTE, "(no point)");
        return;
    }
    for (int t = 0; t < plan.tick_count; t++)
        labels[t] = plan.ticks[t].label;
    struct plot_plane plane = {.left = plan.left,
                               .right = plan.right,
                               .low = plan.low,
                               .high = plan.high,
                               .ticks = plan.ticks,
                               .labels = labels,
                               .tick_count = plan.tick_count};
    if (!plot_plane_begin(plot, &plane, scatter->x_axis, scatter->y_axis))
        return;
    for (int i = 0; i < MARKS; i++)
        plot_points(plot, &plane, scatter, order[i]);
    plot_names(plot, &plan);
    if (plan.lost > 0)
        plot_paragraph(
            plot, TEXT_PLAIN, PLOT_NOTE,
            drawing_format(plot->text, "%s without a finite place", scatter_count(plot->text, plan.lost)));
}
