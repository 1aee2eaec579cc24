/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The losses of a run's images, and what the outputs' gradients are. */
#include "nn/engine/run_internal.h"

#include <string.h>

#include "base/progress.h"
#include "base/status.h"
#include "nn/engine/aim.h"
#include "nn/engine/engine.h"
#include "nn/engine/loss.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"

/* Of a label map, which may take a while. */
static status compute_map_loss(const struct runner *runner, struct loss_map *map, struct error *error)
{
    enum { PART = 1 << 15 };
    loss_map_begin(map);
    for (int64_t first = 0; first < map->pixels; first += PART) {
        if (progress_cancelled(runner->run->progress))
            return error_set(error, STATUS_CANCELLED, "cancelled");
        loss_map_add(map, first, map->pixels - first < PART ? map->pixels - first : PART);
    }
    loss_map_end(map);
    return STATUS_OK;
}

/* Those of an aim without labels. */
static status compute_bare_losses(const struct runner *runner, struct run_worker *worker, int64_t first,
                                  int64_t count, struct error *error)
{
    const struct aim *aim = runner->run->aim;
    const struct operand *output = engine_output(worker->engine);
    const size_t row =
        (size_t)shape_product(&output->shape, 1, output->shape.rank) * element_size(output->type);
    const bool backward = runner->options.backward && aim_has_gradients(aim);
    unsigned char *gradient = backward ? engine_output_gradient(worker->engine) : NULL;
    if (gradient)
        memset(gradient, 0, (size_t)runner->options.batch * row);
    for (int64_t i = 0; i < count; i++) {
        const struct aim_image image = {.parts = worker->parts,
                                        .part_count = engine_part_count(worker->engine),
                                        .type = output->type,
                                        .outputs = (const unsigned char *)output->data + (size_t)i * row,
                                        .gradient = gradient ? gradient + (size_t)i * row : NULL};
        if (progress_cancelled(runner->run->progress))
            return error_set(error, STATUS_CANCELLED, "cancelled");
        if (aim_loss(aim, &image, &worker->losses[first + i], error))
            return error->code;
    }
    return STATUS_OK;
}

status runner_losses(const struct runner *runner, struct run_worker *worker, int64_t first, int64_t count,
                     struct error *error)
{
    if (runner->run->outputs_only)
        return STATUS_OK;
    if (!runner->labels)
        return compute_bare_losses(runner, worker, first, count, error);
    const struct operand *output = engine_output(worker->engine);
    const int64_t classes = output->shape.dim[1], labels = runner->labels_per_image;
    const size_t row = (size_t)(classes * labels) * element_size(output->type);
    const unsigned char *logits = output->data;
    unsigned char *gradient = runner->options.backward ? engine_output_gradient(worker->engine) : NULL;
    for (int64_t i = 0; i < count; i++) {
        void *image_gradient = gradient ? gradient + (size_t)i * row : NULL;
        const int64_t *image_labels = worker->labels + i * labels;
        if (labels == 1) {
            worker->losses[first + i] = softmax_cross_entropy(logits + (size_t)i * row, output->type, classes,
                                                              image_labels[0], image_gradient);
            continue;
        }
        struct loss_map map = {.logits = logits + (size_t)i * row,
                               .type = output->type,
                               .classes = classes,
                               .pixels = labels,
                               .labels = image_labels,
                               .gradient = image_gradient,
                               .counts = worker->pixels + (first + i) * classes};
        if (compute_map_loss(runner, &map, error))
            return error->code;
        worker->losses[first + i] = map.loss;
    }
    if (gradient)
        memset(gradient + (size_t)count * row, 0, (size_t)(runner->options.batch - count) * row);
    return STATUS_OK;
}
