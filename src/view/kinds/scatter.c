/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scatters: points in a plane. How they are built, what files say of them, and their row. */
#include "base/memory.h"
#include "view/cells/draw.h"
#include "view/csv.h"
#include "view/fields.h"
#include "view/figure.h"
#include "view/figure_build.h"
#include "view/figure_kind.h"
#include "view/json_values.h"
#include "view/picture/plot.h"

void figure_set_scatter(struct figure *figure, int points, const char *const *labels, const double *x,
                        const double *y, const unsigned char *mark, const char *x_axis, const char *y_axis)
{
    static const char *const all[] = {""};
    if (!figure)
        return;
    struct figure_scatter *scatter = &figure->scatter;
    size_t count = (size_t)points;
    scatter->labels = figure_keep_names(figure, labels, points);
    scatter->x = figure_keep_array(figure, x, count, sizeof *x);
    scatter->y = figure_keep_array(figure, y, count, sizeof *y);
    scatter->mark = mark ? figure_keep_array(figure, mark, count, sizeof *mark) : NULL;
    scatter->x_axis = figure_keep_string(figure, x_axis);
    scatter->y_axis = figure_keep_string(figure, y_axis);
    scatter->points = points;
    scatter->member = arena_alloc(figure->arena, count, sizeof *scatter->member);
    figure->failed = figure->failed || !scatter->member;
    figure_set_members(figure, 1, all, scatter->member, "x", "y");
}

void figure_set_members(struct figure *figure, int series, const char *const *names, const int *member,
                        const char *x_name, const char *y_name)
{
    if (!figure || figure->failed)
        return;
    struct figure_scatter *scatter = &figure->scatter;
    scatter->names = figure_keep_names(figure, names, series);
    scatter->member = figure_keep_array(figure, member, (size_t)scatter->points, sizeof *member);
    scatter->x_name = figure_keep_string(figure, x_name);
    scatter->y_name = figure_keep_string(figure, y_name);
    scatter->series = series;
}

/* --- files ---------------------------------------------------------------------------------------------- */

/* CSV: series,point,x,y and, where things are cut, cut: none, both or the name of the one who cuts.
 *
 * JSON: "x_axis", "y_axis", "points": [{"series", "point", "x", "y", and where things are cut, "cut"}]. */

/* Who cuts the point. */
static const char *cut_of(const struct figure_scatter *scatter, int point)
{
    const char *names[MARKS] = {"none", scatter->x_name, scatter->y_name, "both"};
    return names[scatter->mark[point] < MARKS ? scatter->mark[point] : MARK_KEPT];
}

static void scatter_csv(struct csv *csv, const struct figure *figure)
{
    const struct figure_scatter *scatter = &figure->scatter;
    static const char *const names[] = {"series", "point", "x", "y", "cut"};
    csv_shown_fact(csv, "x", scatter->x_axis);
    csv_shown_fact(csv, "y", scatter->y_axis);
    csv_header(csv, names, scatter->mark ? 5 : 4);
    for (int p = 0; p < scatter->points; p++) {
        csv_shown(csv, scatter->names[scatter->member[p]]);
        csv_shown(csv, scatter->labels[p]);
        csv_number(csv, scatter->x[p]);
        csv_number(csv, scatter->y[p]);
        if (scatter->mark)
            csv_shown(csv, cut_of(scatter, p));
        csv_end_row(csv);
    }
}

static void scatter_json(struct json *json, json_t *object, const struct figure *figure)
{
    const struct figure_scatter *scatter = &figure->scatter;
    json_t *list = json_array();
    for (int p = 0; p < scatter->points && !json->failed; p++) {
        json_t *point = json_object();
        member_add(json, point, "series", value_text(scatter->names[scatter->member[p]]));
        member_add(json, point, "point", value_text(scatter->labels[p]));
        member_add(json, point, "x", value_real(scatter->x[p]));
        member_add(json, point, "y", value_real(scatter->y[p]));
        if (scatter->mark)
            member_add(json, point, "cut", value_text(cut_of(scatter, p)));
        element_add(json, list, point);
    }
    member_add(json, object, "x_axis", value_text(scatter->x_axis));
    member_add(json, object, "y_axis", value_text(scatter->y_axis));
    member_add(json, object, "points", list);
}

/* Arrays: points x 2, x and y. */
static void scatter_array(const struct figure *figure, struct figure_array *array)
{
    const struct figure_scatter *scatter = &figure->scatter;
    double *values = figure_array_new(array, 2, (const int64_t[]){scatter->points, 2});
    for (int i = 0; values && i < scatter->points; i++) {
        values[2 * i] = scatter->x[i];
        values[2 * i + 1] = scatter->y[i];
    }
}

/* --- scripts -------------------------------------------------------------------------------------------- */

static void scatter_fields(struct field_builder *builder, const struct figure *figure)
{
    const struct figure_scatter *scatter = &figure->scatter;
    field_text(builder, "x_axis", scatter->x_axis);
    field_text(builder, "y_axis", scatter->y_axis);
    builder->open(builder, scatter->points);
    for (int p = 0; p < scatter->points; p++) {
        builder->open(builder, 0);
        field_text(builder, "series", scatter->names[scatter->member[p]]);
        field_text(builder, "point", scatter->labels[p]);
        field_number(builder, "x", scatter->x[p]);
        field_number(builder, "y", scatter->y[p]);
        if (scatter->mark)
            field_text(builder, "cut", cut_of(scatter, p));
        builder->close(builder, p + 1, NULL);
    }
    builder->close(builder, 0, "points");
}

const struct figure_kind_row scatter_kind = {
    .name = "scatter",
    .draw = draw_scatter,
    .csv = scatter_csv,
    .json = scatter_json,
    .array = scatter_array,
    .fields = scatter_fields,
    .plot = plot_scatter,
};
