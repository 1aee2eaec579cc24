/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Planning the axes of curves; the contract is in curve.h. */
#include "view/cells/curve.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "view/glyphs.h"

static size_t index_of(const struct figure_curve *curve, int series, int point)
{
    return (size_t)series * (size_t)curve->points + (size_t)point;
}

const struct curve_point *curve_point_at(const struct curve_plan *plan, int series, int index)
{
    return &plan->points[index_of(plan->curve, series, index)];
}

static double shown_value(const struct figure_curve *curve, double value)
{
    return curve->percent ? 100 * value : value;
}

/* A spread beyond 0 or 100 percent says nothing about a share. */
static double end_of_spread(const struct figure_curve *curve, double y, double end)
{
    if (!curve->percent || y < 0 || y > 100)
        return end;
    return end < 0 ? 0 : end > 100 ? 100 : end;
}

static struct curve_point point_of(const struct figure_curve *curve, int series, int point)
{
    size_t index = index_of(curve, series, point);
    double y = shown_value(curve, curve->y[index]);
    struct curve_point made = {
        .x = (curve->x_percent ? 100 : 1) * curve->x[index], .y = y, .low = y, .high = y, .order = point};
    made.known = isfinite(y);
    double spread = curve->spread ? shown_value(curve, curve->spread[index]) : NAN;
    if (made.known && spread > 0 && isfinite(y - spread) && isfinite(y + spread)) {
        made.low = end_of_spread(curve, y, y - spread);
        made.high = end_of_spread(curve, y, y + spread);
    }
    return made;
}

static int compare_points(const void *a, const void *b)
{
    const struct curve_point *first = a, *second = b;
    if (first->x != second->x)
        return first->x < second->x ? -1 : 1;
    return first->order - second->order;
}

static void widen(double *low, double *high, double value)
{
    *low = fmin(*low, value);
    *high = fmax(*high, value);
}

/* The points of all series, and how far they reach. */
static bool collect_points(struct drawing *drawing, struct curve_plan *plan)
{
    const struct figure_curve *curve = plan->curve;
    size_t cells = (size_t)curve->series * (size_t)curve->points;
    plan->points = drawing_alloc(drawing, cells, sizeof *plan->points);
    plan->counts = drawing_alloc(drawing, (size_t)curve->series, sizeof *plan->counts);
    if (drawing->failed)
        return false;
    for (int s = 0; s < curve->series; s++) {
        struct curve_point *points = plan->points + index_of(curve, s, 0);
        int count = 0;
        for (int p = 0; p < curve->points; p++) {
            struct curve_point point = point_of(curve, s, p);
            if (!isfinite(point.x))
                continue;
            points[count++] = point;
            widen(&plan->left, &plan->right, point.x); /* of all, so that the axis stays while y comes in */
            if (point.known) {
                widen(&plan->low, &plan->high, point.low);
                widen(&plan->low, &plan->high, point.high);
            }
        }
        plan->counts[s] = count;
        if (count > 1)
            qsort(points, (size_t)count, sizeof *points, compare_points);
    }
    return true;
}

/* Differences that mean nothing are not to look like cliffs. Values that cannot be are left out, unless there
 * are some. */
static void widen_to_least(const struct figure_curve *curve, double *low, double *high)
{
    double span = shown_value(curve, curve->least_span), room = (span - (*high - *low)) / 2;
    double lowest = fmin(*low, shown_value(curve, curve->lowest));
    double highest = fmax(*high, shown_value(curve, curve->highest));
    if (!(room > 0))
        return;
    *low -= room;
    *high += room;
    if (*high > highest) {
        *low = fmax(lowest, *low - (*high - highest));
        *high = highest;
    } else if (*low < lowest) {
        *high = fmin(highest, *high + (lowest - *low));
        *low = lowest;
    }
}

bool curve_plan_make(struct drawing *drawing, const struct figure_curve *curve, int most_ticks,
                     struct curve_plan *plan)
{
    *plan = (struct curve_plan){.curve = curve,
                                .left = INFINITY,
                                .right = -INFINITY,
                                .low = INFINITY,
                                .high = -INFINITY,
                                .reference = shown_value(curve, curve->reference)};
    if (!isfinite(plan->reference))
        plan->reference = NAN;
    if (!collect_points(drawing, plan))
        return false;
    if (!isnan(plan->reference))
        widen(&plan->low, &plan->high, plan->reference);
    if (!(plan->left <= plan->right) || !(plan->low <= plan->high))
        return false;
    range_open(&plan->left, &plan->right);
    range_open(&plan->low, &plan->high);
    widen_to_least(curve, &plan->low, &plan->high);
    plan->tick_count = ticks_around(&plan->low, &plan->high, most_ticks, plan->ticks);
    drawing->failed = drawing->failed || plan->tick_count < 0;
    return !drawing->failed;
}

const char *curve_axis(struct drawing *drawing, const char *axis, bool percent)
{
    return percent && !strchr(axis, '%') ? drawing_format(drawing, "%s, %%", axis) : axis;
}

const char *curve_tick_label(struct drawing *drawing, const struct curve_plan *plan, int tick)
{
    return drawing_format(drawing, "%s%s", plan->ticks[tick].label, plan->curve->percent ? "%" : "");
}

static void add_value(struct text *text, const struct curve_plan *plan, double y)
{
    if (plan->curve->percent)
        number_add_fixed(text, y, 2);
    else
        number_add_real(text, y, 4);
    text_add(text, plan->curve->percent ? "%" : "");
}

const char *curve_value(struct drawing *drawing, const struct curve_plan *plan, double y)
{
    struct text text = {0};
    add_value(&text, plan, y);
    return drawing_take(drawing, &text);
}

/* As it was given, also where the axis cuts it. */
static double spread_of(const struct curve_plan *plan, int series, const struct curve_point *point)
{
    const struct figure_curve *curve = plan->curve;
    return curve->spread ? shown_value(curve, curve->spread[index_of(curve, series, point->order)]) : NAN;
}

const char *curve_remark(struct drawing *drawing, const struct curve_plan *plan, int series)
{
    const struct curve_point *last = NULL;
    struct text text = {0};
    int known = 0;
    for (int p = 0; p < plan->counts[series]; p++) {
        const struct curve_point *point = curve_point_at(plan, series, p);
        last = point->known ? point : last;
        known += point->known;
    }
    if (!last)
        return "no point yet";
    add_value(&text, plan, last->y);
    double spread = spread_of(plan, series, last);
    if (spread > 0 && isfinite(spread)) {
        text_add(&text, " ± ");
        add_value(&text, plan, spread);
    }
    text_add(&text, " at ");
    number_add_trimmed(&text, last->x, 4);
    text_add(&text, plan->curve->x_percent ? "%" : "");
    if (known < plan->curve->points)
        text_add_format(&text, ", %d of %d points", known, plan->curve->points);
    return drawing_show(drawing, drawing_take(drawing, &text));
}

const char *curve_reference(struct drawing *drawing, const struct curve_plan *plan)
{
    const char *label = plan->curve->reference_label;
    return drawing_show(drawing, label[0] ? label : "reference");
}

const char *curve_sign(int series, bool ascii)
{
    static const char *const letters[] = {"A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M",
                                          "N", "O", "P", "Q", "R", "S", "T", "U", "V", "W", "X", "Y", "Z"};
    int sign = series % CURVE_SIGNS;
    if (sign >= CURVE_SHAPES)
        return letters[sign - CURVE_SHAPES];
    return glyph_set(ascii)->shape[sign];
}
