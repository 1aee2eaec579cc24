/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Curves: lines through points on shared axes. How they are built, what files say of them, and their row. */
#include <math.h>
#include "base/memory.h"
#include "view/cells/draw.h"
#include "view/csv.h"
#include "view/fields.h"
#include "view/figure_build.h"
#include "view/figure_kind.h"
#include "view/json_values.h"
#include "view/picture/plot.h"

static const double least_share_span = 0.01;

void figure_set_curves(struct figure *figure, int series, int points, const char *const *names,
                       const double *x, const double *y, const double *spread, const char *x_axis,
                       const char *y_axis, bool percent, double reference, const char *reference_label)
{
    if (!figure)
        return;
    struct figure_curve *curve = &figure->curve;
    size_t cells;
    if (!size_multiply((size_t)series, (size_t)points, &cells)) {
        figure->failed = true;
        return;
    }
    curve->names = figure_keep_names(figure, names, series);
    curve->x = figure_keep_array(figure, x, cells, sizeof *x);
    curve->y = figure_keep_array(figure, y, cells, sizeof *y);
    curve->spread = spread ? figure_keep_array(figure, spread, cells, sizeof *spread) : NULL;
    curve->x_axis = figure_keep_string(figure, x_axis);
    curve->y_axis = figure_keep_string(figure, y_axis);
    curve->percent = percent;
    curve->reference = reference;
    curve->reference_label = figure_keep_string(figure, isnan(reference) ? NULL : reference_label);
    curve->least_span = percent ? least_share_span : 0;
    curve->lowest = percent ? 0 : -INFINITY;
    curve->highest = percent ? 1 : INFINITY;
    curve->series = series;
    curve->points = points;
}

void figure_set_x_percent(struct figure *figure)
{
    if (figure)
        figure->curve.x_percent = true;
}

void figure_set_least_span(struct figure *figure, double span, double lowest, double highest)
{
    if (!figure)
        return;
    figure->curve.least_span = span;
    figure->curve.lowest = lowest;
    figure->curve.highest = highest;
}

/* --- files ---------------------------------------------------------------------------------------------- */

/* CSV: series,x,y,spread (spread empty when none is known); more comment lines say what x and y are ("# x:
 * ...") and what the reference is ("# reference: 0.93", "# reference is: ...").
 *
 * JSON: "x_axis", "y_axis", "percent" (of y), "x_percent", "reference", "reference_label" (both null without
 * one), "series":
 * [{"name", "x": [...], "y": [...], "spread": [...] or null}]. */

static void add_curve_facts(struct csv *csv, const struct figure_curve *curve)
{
    csv_shown_fact(csv, "x", curve->x_axis);
    csv_shown_fact(csv, "y", curve->y_axis);
    if (isnan(curve->reference))
        return;
    csv_number_fact(csv, "reference", curve->reference);
    csv_shown_fact(csv, "reference is", curve->reference_label);
}

static void curve_csv(struct csv *csv, const struct figure *figure)
{
    const struct figure_curve *curve = &figure->curve;
    static const char *const names[] = {"series", "x", "y", "spread"};
    add_curve_facts(csv, curve);
    csv_header(csv, names, 4);
    for (int s = 0; s < curve->series; s++) {
        for (int p = 0; p < curve->points; p++) {
            size_t index = (size_t)s * (size_t)curve->points + (size_t)p;
            csv_shown(csv, curve->names[s]);
            csv_number(csv, curve->x[index]);
            csv_number(csv, curve->y[index]);
            if (curve->spread)
                csv_number(csv, curve->spread[index]);
            else
                csv_text(csv, "");
            csv_end_row(csv);
        }
    }
}

static void curve_json(struct json *json, json_t *object, const struct figure *figure)
{
    const struct figure_curve *curve = &figure->curve;
    json_t *list = json_array();
    size_t points = (size_t)curve->points;
    for (int s = 0; s < curve->series && !json->failed; s++) {
        json_t *series = json_object();
        member_add(json, series, "name", value_text(curve->names[s]));
        member_add(json, series, "x", value_reals(json, curve->x + (size_t)s * points, points));
        member_add(json, series, "y", value_reals(json, curve->y + (size_t)s * points, points));
        member_add(json, series, "spread",
                   curve->spread ? value_reals(json, curve->spread + (size_t)s * points, points)
                                 : json_null());
        element_add(json, list, series);
    }
    bool given = !isnan(curve->reference);
    member_add(json, object, "x_axis", value_text(curve->x_axis));
    member_add(json, object, "y_axis", value_text(curve->y_axis));
    member_add(json, object, "percent", json_boolean(curve->percent));
    member_add(json, object, "x_percent", json_boolean(curve->x_percent));
    member_add(json, object, "reference", given ? value_real(curve->reference) : json_null());
    member_add(json, object, "reference_label", given ? value_text(curve->reference_label) : json_null());
    member_add(json, object, "series", list);
}

/* Arrays: series x points x 2, x and y. */
static void curve_array(const struct figure *figure, struct figure_array *array)
{
    const struct figure_curve *curve = &figure->curve;
    size_t count = (size_t)curve->series * (size_t)curve->points;
    double *values = figure_array_new(array, 3, (const int64_t[]){curve->series, curve->points, 2});
    for (size_t i = 0; values && i < count; i++) {
        values[2 * i] = curve->x[i];
        values[2 * i + 1] = curve->y[i];
    }
}

/* --- scripts -------------------------------------------------------------------------------------------- */

static void curve_fields(struct field_builder *builder, const struct figure *figure)
{
    const struct figure_curve *curve = &figure->curve;
    field_text(builder, "x_axis", curve->x_axis);
    field_text(builder, "y_axis", curve->y_axis);
    field_number(builder, "reference", curve->reference);
    builder->open(builder, curve->series);
    for (int s = 0; s < curve->series; s++) {
        size_t from = (size_t)s * (size_t)curve->points;
        builder->open(builder, 0);
        field_text(builder, "name", curve->names[s]);
        field_numbers(builder, "x", curve->x + from, curve->points);
        field_numbers(builder, "y", curve->y + from, curve->points);
        if (curve->spread)
            field_numbers(builder, "spread", curve->spread + from, curve->points);
        builder->close(builder, s + 1, NULL);
    }
    builder->close(builder, 0, "series");
}

const struct figure_kind_row curve_kind = {
    .name = "curve",
    .draw = draw_curve,
    .csv = curve_csv,
    .json = curve_json,
    .array = curve_array,
    .fields = curve_fields,
    .plot = plot_curve,
    .plot_least_height = plot_curve_least_height,
};
