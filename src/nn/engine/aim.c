/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/engine/aim.h"

#include <limits.h>
#include <math.h>

#include "base/status.h"
#include "nn/execution/execution.h"

static int64_t elements_of(const struct aim_image *image)
{
    const struct aim_part *last = &image->parts[image->part_count - 1];
    return last->first + last->elements;
}

static double output_at(const struct aim_image *image, int64_t index)
{
    return image->type == ELEMENT_FLOAT ? (double)((const float *)image->outputs)[index]
                                        : ((const double *)image->outputs)[index];
}

static void put(const struct aim_image *image, int64_t index, double value)
{
    if (!image->gradient)
        return;
    if (image->type == ELEMENT_FLOAT)
        ((float *)image->gradient)[index] = (float)value;
    else
        ((double *)image->gradient)[index] = value;
}

static status no_loss(const struct aim *aim, const struct aim_image *image, double *loss, struct error *error)
{
    (void)aim;
    (void)image;
    (void)error;
    *loss = NAN;
    return STATUS_OK;
}

static status sum_outputs(const struct aim *aim, const struct aim_image *image, double *loss,
                          struct error *error)
{
    (void)aim;
    (void)error;
    const int64_t count = elements_of(image);
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        sum += output_at(image, i);
        put(image, i, 1);
    }
    *loss = sum;
    return STATUS_OK;
}

static status sum_squares(const struct aim *aim, const struct aim_image *image, double *loss,
                          struct error *error)
{
    (void)aim;
    (void)error;
    const int64_t count = elements_of(image);
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        const double value = output_at(image, i);
        sum += value * value;
        put(image, i, value);
    }
    *loss = sum / 2;
    return STATUS_OK;
}

static status ask_function(const struct aim *aim, const struct aim_image *image, double *loss,
                           struct error *error)
{
    return aim->function(aim->argument, image, loss, error);
}

static const struct {
    bool labels, gradients;
    status (*loss)(const struct aim *aim, const struct aim_image *image, double *loss, struct error *error);
} rows[AIM_KINDS] = {
    [AIM_LABELS] = {true, true, NULL},
    [AIM_NONE] = {false, false, no_loss},
    [AIM_SUM] = {false, true, sum_outputs},
    [AIM_SQUARES] = {false, true, sum_squares},
    [AIM_FUNCTION] = {false, true, ask_function},
};

bool aim_has_labels(const struct aim *aim)
{
    return !aim || rows[aim->kind].labels;
}

bool aim_has_gradients(const struct aim *aim)
{
    return !aim || rows[aim->kind].gradients;
}

void aim_parts(const struct engine *engine, struct aim_part *parts)
{
    const int count = engine_part_count(engine);
    for (int i = 0; i < count; i++) {
        const struct engine_part part = engine_part(engine, i);
        parts[i] = (struct aim_part){.name = engine->plan->graph->values[part.value].name,
                                     .shape = part.shape,
                                     .first = part.first,
                                     .elements = part.elements};
        parts[i].shape.dim[0] = 1;
    }
}

status aim_loss(const struct aim *aim, const struct aim_image *image, struct loss *loss, struct error *error)
{
    *loss = (struct loss){.rank = INT_MAX, .bare = true, .unlabelled = !rows[aim->kind].gradients};
    return rows[aim->kind].loss(aim, image, &loss->loss, error);
}
