/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Panels of images, labels and predictions. */
#include "session/commands/strip_panels.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "data/dataset.h"
#include "nn/engine/quality.h"
#include "nn/graph/tensor.h"
#include "view/picture/png.h"

/* --- colours ----------------------------------------------------------------------------------------------
 */

/* The colour map of PASCAL VOC: the bits of the number, three by three, from the highest bit of each colour
 * down. */
static void bit_color(int number, uint8_t color[3])
{
    memset(color, 0, 3);
    for (int bit = 7; bit >= 0 && number; bit--, number >>= 3)
        for (int c = 0; c < 3; c++)
            color[c] = (uint8_t)(color[c] | (number >> c & 1) << bit);
}

static void class_color(const struct dataset *dataset, int64_t label, uint8_t color[3])
{
    static const uint8_t cream[3] = {224, 224, 192};
    if (label >= 0 && label < dataset->classes && dataset->palette) {
        memcpy(color, dataset->palette[label], 3);
        return;
    }
    bit_color(label < 0 ? 0 : (int)label, color);
    uint8_t first[3] = {0};
    if (dataset->palette)
        memcpy(first, dataset->palette[0], 3);
    if (label < 0 && !(first[0] | first[1] | first[2]))
        memcpy(color, cream, 3); /* black is a class */
}

/* --- making room ------------------------------------------------------------------------------------------
 */

static size_t cells_of(const struct figure_strip *strip)
{
    return (size_t)strip->rows * (size_t)strip->columns;
}

static size_t picture_bytes(const struct figure_strip *strip)
{
    return (size_t)strip->width * (size_t)strip->height * 3;
}

static status check_size(const struct figure_strip *strip, struct error *error)
{
    const double pixels =
        (double)strip->rows * strip->pictures * (double)strip->width * (double)strip->height;
    if (pixels <= PNG_MAX_PIXELS)
        return STATUS_OK;
    return error_set(error, STATUS_RANGE,
                     "%d rows of %d pictures of %dx%d pixels are too many: show fewer images", strip->rows,
                     strip->pictures, strip->width, strip->height);
}

static status make_room(struct strip_panels *panels, struct error *error)
{
    struct figure_strip *strip = &panels->strip;
    struct arena *arena = panels->arena;
    const size_t rows = (size_t)strip->rows, plane = (size_t)strip->width * (size_t)strip->height;
    const size_t classes = (size_t)panels->dataset->classes;
    const bool maps = panels->dataset->label_map;
    panels->names = arena_alloc(arena, rows + (size_t)strip->columns, sizeof *panels->names);
    panels->captions = arena_alloc(arena, cells_of(strip), sizeof *panels->captions);
    panels->values = arena_alloc(arena, cells_of(strip) * (size_t)strip->measures, sizeof *panels->values);
    panels->rgb = arena_alloc(arena, rows * (size_t)strip->pictures, picture_bytes(strip));
    panels->present = arena_alloc(arena, classes, sizeof *panels->present);
    panels->maps = arena_alloc(arena, maps ? rows * plane : 1, 1);
    panels->pixels = arena_alloc(arena, maps ? rows * classes : 1, sizeof *panels->pixels);
    panels->predicted = arena_alloc(arena, rows, sizeof *panels->predicted);
    if (!panels->names || !panels->captions || !panels->values || !panels->rgb || !panels->present ||
        !panels->maps || !panels->pixels || !panels->predicted)
        return error_memory(error);
    for (size_t i = 0; i < cells_of(strip); i++)
        panels->captions[i] = "";
    for (size_t i = 0; i < cells_of(strip) * (size_t)strip->measures; i++)
        panels->values[i] = NAN;
    return STATUS_OK;
}

/* --- images and labels ------------------------------------------------------------------------------------
 */

static uint8_t *picture_at(const struct strip_panels *panels, int row, int column)
{
    const struct figure_strip *strip = &panels->strip;
    return panels->rgb + ((size_t)row * (size_t)strip->pictures + (size_t)column) * picture_bytes(strip);
}

static status caption(struct strip_panels *panels, int row, int column, struct text *text,
                      struct error *error)
{
    const char *copy = text->failed ? NULL : arena_string(panels->arena, text_data(text));
    text_free(text);
    if (!copy)
        return error_memory(error);
    panels->captions[row * panels->strip.columns + column] = copy;
    return STATUS_OK;
}

/* Back from what a network sees to bytes. */
static void draw_image(struct strip_panels *panels, int row, const double *image)
{
    const struct dataset *dataset = panels->dataset;
    const size_t plane = (size_t)dataset->height * (size_t)dataset->width;
    uint8_t *pixel = picture_at(panels, row, 0);
    for (size_t i = 0; i < plane; i++)
        for (int k = 0; k < 3; k++) {
            const int c = k < dataset->channels ? k : 0;
            const double value = 255 * (image[(size_t)c * plane + i] * dataset->std[c] + dataset->mean[c]);
            *pixel++ = (uint8_t)(value > 255 ? 255 : value < 0 ? 0 : floor(value + 0.5));
        }
}

static void draw_labels(struct strip_panels *panels, int row, const int64_t *labels)
{
    uint8_t *pixel = picture_at(panels, row, 1);
    for (int64_t i = 0; i < dataset_labels_per_image(panels->dataset); i++, pixel += 3) {
        class_color(panels->dataset, labels[i], pixel);
        if (labels[i] >= 0)
            panels->present[labels[i]] = true;
    }
}

static status add_image(struct strip_panels *panels, int row, double *image, int64_t *labels,
                        struct error *error)
{
    const struct dataset *dataset = panels->dataset;
    const int64_t record = panels->sample->records[row];
    struct text text = {0};
    if (dataset_image(dataset, record, ELEMENT_DOUBLE, image, labels, error))
        return error->code;
    text_add_format(&text, "image %" PRId64, record);
    panels->names[row] = text.failed ? NULL : arena_string(panels->arena, text_data(&text));
    text_free(&text);
    if (!panels->names[row])
        return error_memory(error);
    draw_image(panels, row, image);
    if (dataset->label_map) {
        draw_labels(panels, row, labels);
        return STATUS_OK;
    }
    text_add(&text, dataset->class_names[labels[0]]);
    return caption(panels, row, 1, &text, error);
}

static status add_images(struct strip_panels *panels, struct error *error)
{
    const struct dataset *dataset = panels->dataset;
    const size_t values = (size_t)dataset->channels * (size_t)dataset->height * (size_t)dataset->width;
    double *image = mem_new(values, sizeof *image);
    int64_t *labels = mem_new((size_t)dataset_labels_per_image(dataset), sizeof *labels);
    status code = image && labels ? STATUS_OK : error_memory(error);
    for (int row = 0; row < panels->strip.rows && code == STATUS_OK; row++)
        code = add_image(panels, row, image, labels, error);
    mem_free(image);
    mem_free(labels);
    return code;
}

status strip_panels_begin(struct strip_panels *panels, const struct dataset *dataset,
                          const struct sample *sample, int networks, struct error *error)
{
    const bool maps = dataset->label_map;
    *panels = (struct strip_panels){.dataset = dataset, .sample = sample, .arena = arena_new()};
    if (!panels->arena)
        return error_memory(error);
    panels->strip = (struct figure_strip){.rows = (int)sample->count,
                                          .columns = STRIP_NETWORKS + networks,
                                          .pictures = maps ? STRIP_NETWORKS + networks : 1,
                                          .width = dataset->width,
                                          .height = dataset->height,
                                          .measures = maps ? 1 + dataset->classes : 1};
    if (check_size(&panels->strip, error) || make_room(panels, error))
        return error->code;
    panels->names[panels->strip.rows] = "image";
    panels->names[panels->strip.rows + 1] = "truth";
    return add_images(panels, error);
}

/* --- networks ------------------------------------------------------------------------------------------- */

static status add_map(struct strip_panels *panels, int row, int column, struct error *error)
{
    const struct figure_strip *strip = &panels->strip;
    const int classes = panels->dataset->classes;
    const int64_t plane = (int64_t)strip->width * strip->height;
    const uint8_t *map = panels->maps + row * plane;
    struct class_pixels *pixels = panels->pixels + (int64_t)row * classes;
    const struct quality quality = {.images = 1, .classes = classes, .pixels = pixels};
    double *values =
        panels->values + ((size_t)row * (size_t)strip->columns + (size_t)column) * (size_t)strip->measures;
    uint8_t *pixel = picture_at(panels, row, column);
    for (int64_t i = 0; i < plane; i++, pixel += 3) {
        class_color(panels->dataset, map[i], pixel);
        if (map[i] < classes)
            panels->present[map[i]] = true;
    }
    values[0] = quality_value(&quality);
    for (int c = 0; c < classes; c++)
        values[1 + c] = class_iou(&pixels[c]);
    struct text text = {0};
    if (isnan(values[0])) {
        text_add(&text, "no labels");
    } else {
        text_add_format(&text, "%s ", quality_words(QUALITY_MEAN_IOU)->brief);
        text_add_rounded(&text, 100 * values[0], 3);
        text_add(&text, " %");
    }
    return caption(panels, row, column, &text, error);
}

static status add_answer(struct strip_panels *panels, int row, int column, struct error *error)
{
    const struct dataset *dataset = panels->dataset;
    const int predicted = panels->predicted[row];
    const bool known = predicted >= 0 && predicted < dataset->classes;
    const char *name = known ? dataset->class_names[predicted] : "?";
    const char *truth = panels->captions[row * panels->strip.columns + 1];
    const bool right = known && strcmp(name, truth) == 0;
    struct text text = {0};
    panels->values[row * panels->strip.columns + column] = right;
    text_add_format(&text, "%s, %s", right ? "right" : "wrong", name);
    return caption(panels, row, column, &text, error);
}

status strip_panels_add(struct strip_panels *panels, int network, const char *name, struct error *error)
{
    const int column = STRIP_NETWORKS + network;
    const char *copy = arena_string(panels->arena, name);
    status code = copy ? STATUS_OK : error_memory(error);
    panels->names[panels->strip.rows + column] = copy;
    for (int row = 0; row < panels->strip.rows && code == STATUS_OK; row++)
        code = panels->dataset->label_map ? add_map(panels, row, column, error)
                                          : add_answer(panels, row, column, error);
    return code;
}

/* --- the figure ----------------------------------------------------------------------------------------- */

status strip_panels_give(struct strip_panels *panels, struct figure *figure, struct error *error)
{
    const struct dataset *dataset = panels->dataset;
    struct figure_strip strip = panels->strip;
    const size_t classes = dataset->label_map ? (size_t)dataset->classes : 0;
    const char **measures = arena_alloc(panels->arena, 1 + classes, sizeof *measures);
    struct strip_class *legend = arena_alloc(panels->arena, classes + 1, sizeof *legend);
    if (!measures || !legend)
        return error_memory(error);
    measures[0] = classes ? quality_words(QUALITY_MEAN_IOU)->name : "right";
    for (size_t c = 0; c < classes; c++) {
        measures[1 + c] = dataset->class_names[c];
        if (!panels->present[c])
            continue;
        legend[strip.classes].name = dataset->class_names[c];
        class_color(dataset, (int64_t)c, legend[strip.classes++].color);
    }
    strip.row_names = panels->names;
    strip.column_names = panels->names + strip.rows;
    strip.captions = panels->captions;
    strip.measure_names = measures;
    strip.values = panels->values;
    strip.rgb = panels->rgb;
    strip.legend = legend;
    figure_set_strip(figure, &strip);
    return STATUS_OK;
}

void strip_panels_free(struct strip_panels *panels)
{
    arena_free(panels->arena);
    *panels = (struct strip_panels){0};
}
