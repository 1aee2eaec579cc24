/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Strips: pictures side by side. How they are built, what files say of them, and their row. */
#include <math.h>

#include "base/memory.h"
#include "view/cells/draw.h"
#include "view/csv.h"
#include "view/fields.h"
#include "view/figure.h"
#include "view/figure_build.h"
#include "view/figure_kind.h"
#include "view/json_values.h"
#include "view/picture/plot.h"

void figure_set_strip(struct figure *figure, const struct figure_strip *from)
{
    if (!figure)
        return;
    struct figure_strip *strip = &figure->strip;
    const size_t cells = (size_t)from->rows * (size_t)from->columns;
    const size_t picture = (size_t)from->width * (size_t)from->height * 3;
    *strip = *from;
    strip->row_names = figure_keep_names(figure, from->row_names, from->rows);
    strip->column_names = figure_keep_names(figure, from->column_names, from->columns);
    strip->captions = figure_keep_names(figure, from->captions, (int)cells);
    strip->measure_names = figure_keep_names(figure, from->measure_names, from->measures);
    strip->values =
        figure_keep_array(figure, from->values, cells * (size_t)from->measures, sizeof *from->values);
    strip->rgb = figure_keep_array(figure, from->rgb, (size_t)from->rows * (size_t)from->pictures, picture);
    struct strip_class *legend =
        figure_keep_array(figure, from->legend, (size_t)from->classes, sizeof *from->legend);
    for (int c = 0; legend && c < from->classes; c++)
        legend[c].name = figure_keep_string(figure, from->legend[c].name);
    strip->legend = legend;
}

static const double *values_at(const struct figure_strip *strip, int row, int column)
{
    return strip->values + ((size_t)row * (size_t)strip->columns + (size_t)column) * (size_t)strip->measures;
}

static const char *caption_at(const struct figure_strip *strip, int row, int column)
{
    return strip->captions[(size_t)row * (size_t)strip->columns + (size_t)column];
}

/* --- files ---------------------------------------------------------------------------------------------- */

/* CSV: image,panel,caption,measure,value: a row for each number that there is; panels without a number have
 * one row with neither. Pictures are in PNG files alone.
 *
 * JSON: "images": [{"image", "panels": [{"panel", "caption", "values": [{"measure",
 * "value"}]}]}]. */

static void csv_row(struct csv *csv, const struct figure_strip *strip, int row, int column)
{
    csv_shown(csv, strip->row_names[row]);
    csv_shown(csv, strip->column_names[column]);
    csv_shown(csv, caption_at(strip, row, column));
}

static void strip_csv(struct csv *csv, const struct figure *figure)
{
    const struct figure_strip *strip = &figure->strip;
    static const char *const names[] = {"image", "panel", "caption", "measure", "value"};
    csv_header(csv, names, 5);
    for (int r = 0; r < strip->rows; r++)
        for (int c = 0; c < strip->columns; c++) {
            const double *values = values_at(strip, r, c);
            int written = 0;
            for (int m = 0; m < strip->measures; m++) {
                if (isnan(values[m]))
                    continue;
                csv_row(csv, strip, r, c);
                csv_shown(csv, strip->measure_names[m]);
                csv_number(csv, values[m]);
                csv_end_row(csv);
                written++;
            }
            if (written > 0)
                continue;
            csv_row(csv, strip, r, c);
            csv_text(csv, "");
            csv_text(csv, "");
            csv_end_row(csv);
        }
}

static json_t *panel_object(struct json *json, const struct figure_strip *strip, int row, int column)
{
    const double *values = values_at(strip, row, column);
    json_t *panel = json_object(), *measured = json_array();
    for (int m = 0; m < strip->measures && !json->failed; m++) {
        if (isnan(values[m]))
            continue;
        json_t *one = json_object();
        member_add(json, one, "measure", value_text(strip->measure_names[m]));
        member_add(json, one, "value", value_real(values[m]));
        element_add(json, measured, one);
    }
    member_add(json, panel, "panel", value_text(strip->column_names[column]));
    member_add(json, panel, "caption", value_text(caption_at(strip, row, column)));
    member_add(json, panel, "values", measured);
    return panel;
}

static void strip_json(struct json *json, json_t *object, const struct figure *figure)
{
    const struct figure_strip *strip = &figure->strip;
    json_t *images = json_array();
    for (int r = 0; r < strip->rows && !json->failed; r++) {
        json_t *image = json_object(), *panels = json_array();
        for (int c = 0; c < strip->columns; c++)
            element_add(json, panels, panel_object(json, strip, r, c));
        member_add(json, image, "image", value_text(strip->row_names[r]));
        member_add(json, image, "panels", panels);
        element_add(json, images, image);
    }
    member_add(json, object, "images", images);
}

/* --- scripts -------------------------------------------------------------------------------------------- */

/* images[i].image, images[i].panels[j].panel, .caption, .values[measure] */
static void strip_fields(struct field_builder *builder, const struct figure *figure)
{
    const struct figure_strip *strip = &figure->strip;
    builder->open(builder, strip->rows);
    for (int r = 0; r < strip->rows; r++) {
        builder->open(builder, 0);
        field_text(builder, "image", strip->row_names[r]);
        builder->open(builder, strip->columns);
        for (int c = 0; c < strip->columns; c++) {
            const double *values = values_at(strip, r, c);
            builder->open(builder, 0);
            field_text(builder, "panel", strip->column_names[c]);
            field_text(builder, "caption", caption_at(strip, r, c));
            builder->open(builder, 0);
            for (int m = 0; m < strip->measures; m++)
                if (!isnan(values[m]))
                    field_number(builder, strip->measure_names[m], values[m]);
            builder->close(builder, 0, "values");
            builder->close(builder, c + 1, NULL);
        }
        builder->close(builder, 0, "panels");
        builder->close(builder, r + 1, NULL);
    }
    builder->close(builder, 0, "images");
}

const struct figure_kind_row strip_kind = {
    .name = "strip",
    .draw = draw_strip,
    .tall = true,
    .csv = strip_csv,
    .json = strip_json,
    .fields = strip_fields,
    .plot = plot_strip,
    .plot_width = plot_strip_width,
    .plot_least_height = plot_strip_least_height,
};
