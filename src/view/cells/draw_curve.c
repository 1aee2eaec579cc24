/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Curves in cells: lines in dots (a braille character has 2 x 4), every series with a sign of its own at its
 * points, so that it reads without colour. Without UTF-8 the signs stand alone.
 *
 *     accuracy                           what y is
 *     100% ┤⠂●⠤⣀⠂⠂⠂⠂⠂⠂⠂⠂⠂⠂⠂             the reference is dotted
 *          │     ⠉▲⣀                     a tick's value is in the middle of its line
 *      50% ┤       ⠉●⡀                  vertical dots through a point: its spread
 *          └─┬─────┬─────┬─
 *           0.1   0.3   0.5
 *             ratio removed              what x is
 *     ● l1     66.00% at 0.5             the last value, or how many points there are so far
 */
#include "view/cells/curve.h"

#include <math.h>
#include <string.h>

#include "view/style.h"
#include "view/cells/draw.h"
#include "view/numbers.h"

enum {
    MOST_TICKS = 8,
    PLAIN_LINES = 13, /* of a plot without round ticks */
};

struct chart {
    const struct curve_plan *plan;
    struct plane plane;
    bool meeting; /* somewhere several signs would share a cell */
};

static enum cell_style style_of(int series)
{
    return STYLE_SERIES1 + series % SERIES_STYLES;
}

/* Bresenham's line, both ends included. */
static void set_line(struct chart *chart, int across, int down, int to_across, int to_down,
                     enum cell_style style)
{
    int right = to_across > across ? to_across - across : across - to_across;
    int below = to_down > down ? to_down - down : down - to_down;
    int step_across = to_across > across ? 1 : -1, step_down = to_down > down ? 1 : -1, off = right - below;
    for (;;) {
        plane_dot(&chart->plane, across, down, style);
        if (across == to_across && down == to_down)
            return;
        int twice = 2 * off;
        if (twice > -below) {
            off -= below;
            across += step_across;
        }
        if (twice < right) {
            off += right;
            down += step_down;
        }
    }
}

static void set_sign(struct chart *chart, int across, int down, int series, bool ascii)
{
    struct plane_cell *cell = plane_cell_at(&chart->plane, across, down);
    if (cell->sign && cell->series != series) {
        cell->sign = "*";
        cell->series = -1;
        cell->style = STYLE_NUMBER;
        chart->meeting = true;
        return;
    }
    cell->sign = curve_sign(series, ascii);
    cell->series = series;
    cell->style = (unsigned char)style_of(series);
}

static void set_series_lines(struct chart *chart, int series)
{
    const struct curve_point *before = NULL;
    for (int p = 0; p < chart->plan->counts[series]; p++) {
        const struct curve_point *point = curve_point_at(chart->plan, series, p);
        if (point->known) {
            int across = plane_across(&chart->plane, point->x);
            if (before && before->known)
                set_line(chart, plane_across(&chart->plane, before->x), plane_down(&chart->plane, before->y),
                         across, plane_down(&chart->plane, point->y), style_of(series));
            if (point->low < point->high)
                set_line(chart, across, plane_down(&chart->plane, point->high), across,
                         plane_down(&chart->plane, point->low), style_of(series));
        }
        before = point;
    }
}

/* Lines first, so that no line runs through a sign. */
static void fill_chart(struct chart *chart, bool ascii)
{
    const struct curve_plan *plan = chart->plan;
    for (int column = 0; !isnan(plan->reference) && column < chart->plane.columns; column += ascii ? 2 : 1)
        plane_dot(&chart->plane, column * DOTS_ACROSS, plane_down(&chart->plane, plan->reference),
                  STYLE_AXIS);
    for (int s = 0; !ascii && s < plan->curve->series; s++)
        set_series_lines(chart, s);
    for (int s = 0; s < plan->curve->series; s++) {
        for (int p = 0; p < plan->counts[s]; p++) {
            const struct curve_point *point = curve_point_at(plan, s, p);
            if (point->known)
                set_sign(chart, plane_across(&chart->plane, point->x), plane_down(&chart->plane, point->y), s,
                         ascii);
        }
    }
}

static void draw_legend(struct drawing *drawing, const struct chart *chart)
{
    const struct curve_plan *plan = chart->plan;
    bool ascii = drawing->canvas->ascii;
    int count = 0;
    struct legend_entry *entries = drawing_alloc(drawing, (size_t)plan->curve->series + 2, sizeof *entries);
    if (!entries)
        return;
    for (int s = 0; s < plan->curve->series && !drawing->failed; s++)
        entries[count++] =
            (struct legend_entry){curve_sign(s, ascii), drawing_show(drawing, plan->curve->names[s]),
                                  curve_remark(drawing, plan, s), style_of(s)};
    if (!isnan(plan->reference))
        entries[count++] =
            (struct legend_entry){ascii ? "." : drawing->glyphs->dot, curve_reference(drawing, plan),
                                  curve_value(drawing, plan, plan->reference), STYLE_AXIS};
    if (chart->meeting)
        entries[count++] = (struct legend_entry){"*", "several", "", STYLE_NUMBER};
    legend_draw(drawing, entries, count);
}

/* Lines of the plot where nobody asks for a height: a few for each step between ticks. */
static int usual_lines(const struct curve_plan *plan)
{
    static const int lines_per_step[MOST_TICKS] = {0, 12, 7, 5, 3, 3, 2, 2};
    int steps = plan->tick_count - 1;
    return steps > 0 ? steps * lines_per_step[steps] + 1 : PLAIN_LINES;
}

static bool chart_make(struct drawing *drawing, const struct curve_plan *plan, struct chart *chart)
{
    const char *labels[TICKS_MAX];
    for (int t = 0; t < plan->tick_count; t++)
        labels[t] = curve_tick_label(drawing, plan, t);
    *chart = (struct chart){.plan = plan};
    chart->plane =
        (struct plane){.left = plan->left, .right = plan->right, .low = plan->low, .high = plan->high};
    return plane_make(drawing, &chart->plane, drawing->plot_lines ? drawing->plot_lines : usual_lines(plan),
                      plan->ticks, plan->tick_count, labels);
}

void draw_curve(struct drawing *drawing, const struct figure *figure)
{
    const struct figure_curve *curve = &figure->curve;
    struct curve_plan plan;
    struct chart chart;
    int most = drawing->plot_lines ? plot_ticks(drawing->plot_lines, MOST_TICKS) : MOST_TICKS;
    if (!curve_plan_make(drawing, curve, most, &plan)) {
        drawing_paragraph(drawing, STYLE_NOTE, "(no point yet)");
        return;
    }
    if (!chart_make(drawing, &plan, &chart))
        return;
    fill_chart(&chart, drawing->canvas->ascii);
    if (!drawing->terse)
        drawing_paragraph(drawing, STYLE_NOTE, curve_axis(drawing, curve->y_axis, curve->percent));
    plane_draw(drawing, &chart.plane, curve_axis(drawing, curve->x_axis, curve->x_percent));
    if (!drawing->terse)
        draw_legend(drawing, &chart);
}
