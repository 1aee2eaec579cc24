/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scatters in cells. Where things are cut, points have signs that read without colour, and those on which the
 * two disagree lie on top; what both keep is dots (without UTF-8 a density). Where nothing is cut the series
 * have colours. */
#include "view/cells/scatter.h"

#include <math.h>
#include <string.h>

#include "view/style.h"
#include "view/cells/draw.h"
#include "view/figure.h"
#include "view/numbers.h"

enum { MOST_TICKS = 8, PLOT_LINES = 17 };

static const enum cell_style mark_style[MARKS] = {
    [MARK_KEPT] = STYLE_BAR, [MARK_X] = STYLE_SERIES3, [MARK_Y] = STYLE_SERIES5, [MARK_BOTH] = STYLE_CUT};

static enum cell_style series_style(int series)
{
    return STYLE_SERIES1 + series % SERIES_STYLES;
}

static const char *mark_sign(const struct drawing *drawing, enum scatter_mark mark)
{
    return drawing->glyphs->mark[mark];
}

/* Points of one mark; the cell of a later one shows that one, and where X and Y meet both. */
static void set_points(const struct drawing *drawing, const struct scatter_plan *plan, struct plane *plane,
                       enum scatter_mark mark)
{
    const struct figure_scatter *scatter = plan->scatter;
    for (int p = 0; p < scatter->points; p++) {
        if (!scatter_known(scatter, p) || scatter_mark(scatter, p) != mark)
            continue;
        int across = plane_across(plane, scatter->x[p]), down = plane_down(plane, scatter->y[p]);
        struct plane_cell *cell = plane_cell_at(plane, across, down);
        if (mark == MARK_KEPT) {
            plane_dot(plane, across, down,
                      scatter->mark ? mark_style[MARK_KEPT] : series_style(scatter->member[p]));
            continue;
        }
        bool meeting = mark == MARK_Y && cell->sign && cell->series == MARK_X;
        cell->sign = meeting ? "*" : mark_sign(drawing, mark);
        cell->series = meeting ? MARK_X : (int)mark;
        cell->style = (unsigned char)(meeting ? STYLE_NUMBER : mark_style[mark]);
    }
}

static void draw_legend(struct drawing *drawing, const struct scatter_plan *plan)
{
    const struct figure_scatter *scatter = plan->scatter;
    static const enum scatter_mark order[MARKS] = {MARK_KEPT, MARK_BOTH, MARK_X, MARK_Y};
    int count = scatter->mark ? MARKS : scatter->series;
    struct legend_entry *entries = drawing_alloc(drawing, (size_t)count, sizeof *entries);
    for (int i = 0; entries && i < count; i++) {
        if (scatter->mark)
            entries[i] = (struct legend_entry){
                mark_sign(drawing, order[i]), scatter_mark_name(drawing, scatter, order[i]),
                scatter_count(drawing, plan->count[order[i]]), mark_style[order[i]]};
        else
            entries[i] =
                (struct legend_entry){mark_sign(drawing, MARK_KEPT), drawing_show(drawing, scatter->names[i]),
                                      scatter_count(drawing, plan->members[i]), series_style(i)};
    }
    if (entries && (scatter->mark || scatter->series > 1))
        legend_draw(drawing, entries, count);
}

void draw_scatter(struct drawing *drawing, const struct figure *figure)
{
    const struct figure_scatter *scatter = &figure->scatter;
    static const enum scatter_mark order[MARKS] = {MARK_KEPT, MARK_BOTH, MARK_X, MARK_Y};
    struct scatter_plan plan;
    int lines = drawing->plot_lines ? drawing->plot_lines : PLOT_LINES;
    if (!scatter_plan_make(drawing, scatter, plot_ticks(lines, MOST_TICKS), &plan)) {
        drawing_paragraph(drawing, STYLE_NOTE, "(no point)");
        return;
    }
    const char *labels[TICKS_MAX];
    for (int t = 0; t < plan.tick_count; t++)
        labels[t] = plan.ticks[t].label;
    struct plane plane = {.left = plan.left, .right = plan.right, .low = plan.low, .high = plan.high};
    if (!plane_make(drawing, &plane, lines, plan.ticks, plan.tick_count, labels))
        return;
    for (int i = 0; i < MARKS && !drawing->measuring; i++)
        set_points(drawing, &plan, &plane, order[i]);
    if (!drawing->terse)
        drawing_paragraph(drawing, STYLE_NOTE, scatter->y_axis);
    plane_draw(drawing, &plane, scatter->x_axis);
    if (drawing->terse)
        return;
    draw_legend(drawing, &plan);
    if (plan.lost > 0)
        drawing_paragraph(
            drawing, STYLE_NOTE,
            drawing_format(drawing, "%s without a finite place", scatter_count(drawing, plan.lost)));
}
