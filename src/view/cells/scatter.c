/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Planning a scatter; the contract is in scatter.h. */
#include "view/cells/scatter.h"

#include <math.h>

#include "base/text.h"
#include "view/figure.h"

bool scatter_known(const struct figure_scatter *scatter, int point)
{
    return isfinite(scatter->x[point]) && isfinite(scatter->y[point]);
}

enum scatter_mark scatter_mark(const struct figure_scatter *scatter, int point)
{
    int mark = scatter->mark ? scatter->mark[point] : MARK_KEPT;
    return mark < MARKS ? (enum scatter_mark)mark : MARK_KEPT;
}

bool scatter_plan_make(struct drawing *drawing, const struct figure_scatter *scatter, int most_ticks,
                       struct scatter_plan *plan)
{
    *plan = (struct scatter_plan){
        .scatter = scatter, .left = INFINITY, .right = -INFINITY, .low = INFINITY, .high = -INFINITY};
    plan->members = drawing_alloc(drawing, (size_t)scatter->series + 1, sizeof *plan->members);
    for (int p = 0; plan->members && p < scatter->points; p++) {
        if (!scatter_known(scatter, p)) {
            plan->lost++;
            continue;
        }
        plan->count[scatter_mark(scatter, p)]++;
        plan->members[scatter->member[p]]++;
        plan->left = fmin(plan->left, scatter->x[p]);
        plan->right = fmax(plan->right, scatter->x[p]);
        plan->low = fmin(plan->low, scatter->y[p]);
        plan->high = fmax(plan->high, scatter->y[p]);
    }
    if (drawing->failed || !(plan->left <= plan->right))
        return false;
    range_open(&plan->left, &plan->right);
    range_open(&plan->low, &plan->high);
    plan->tick_count = ticks_of_range(plan->low, plan->high, most_ticks, plan->ticks);
    drawing->failed = drawing->failed || plan->tick_count < 0;
    return !drawing->failed;
}

const char *scatter_mark_name(struct drawing *drawing, const struct figure_scatter *scatter,
                              enum scatter_mark mark)
{
    const char *name =
        mark == MARK_KEPT ? "kept by both"
        : mark == MARK_BOTH
            ? "cut by both"
            : drawing_format(drawing, "cut by %s alone", mark == MARK_X ? scatter->x_name : scatter->y_name);
    return drawing_show(drawing, name);
}

const char *scatter_count(struct drawing *drawing, int64_t count)
{
    struct text text = {0};
    text_add_thousands(&text, count);
    return drawing_take(drawing, &text);
}
