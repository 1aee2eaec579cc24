/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One batch through a network that learns: its parts side by side, all of them from one BatchNormalization to
 * the next. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/pool.h"
#include "base/progress.h"
#include "base/ranks.h"
#include "base/status.h"
#include "nn/engine/engine.h"
#include "nn/engine/loss.h"
#include "nn/execution/times.h"
#include "nn/graph/tensor.h"
#include "nn/operator/batch_norm.h"
#include "train/exchange.h"
#include "train/network.h"
#include "train/network_internal.h"

struct pass {
    struct training_network *network;
    const struct training_batch *batch;
    int64_t labels_per_image;
    int parts;          /* that have images */
    struct share share; /* of them, this rank's */
    bool started;
    enum direction direction;
};

static int64_t images_of(const struct pass *pass, int64_t part)
{
    const int64_t left = pass->batch->images - part * pass->network->part_images;
    return left < pass->network->part_images ? left : pass->network->part_images;
}

/* --- one part ------------------------------------------------------------------------------------------- */

static status room_for_labels(const struct pass *pass, struct training_part *part, struct error *error)
{
    const struct operand *output = engine_output(part->engine);
    const int64_t labels = pass->labels_per_image * pass->network->part_images;
    const struct shape *shape = &output->shape;
    if (shape_product(shape, 2, shape->rank) != pass->labels_per_image)
        return error_set(error, STATUS_SHAPE,
                         "images have %" PRId64 " labels, but the network gives %" PRId64,
                         pass->labels_per_image, shape_product(shape, 2, shape->rank));
    if (labels <= part->labels_capacity)
        return STATUS_OK;
    mem_free(part->labels);
    mem_free(part->pixels);
    part->labels_capacity = 0;
    part->labels = mem_new((size_t)labels, sizeof *part->labels);
    part->pixels = mem_new((size_t)(shape->dim[1] * pass->network->part_images), sizeof *part->pixels);
    if (!part->labels || !part->pixels)
        return error_memory(error);
    part->labels_capacity = labels;
    return STATUS_OK;
}

static status check_labels(const struct pass *pass, const struct training_part *part, int64_t image,
                           int64_t position, struct error *error)
{
    const int64_t classes = engine_output(part->engine)->shape.dim[1];
    const int64_t *labels = part->labels + image * pass->labels_per_image;
    const int64_t least = pass->labels_per_image > 1 ? INT64_MIN : 0;
    for (int64_t i = 0; i < pass->labels_per_image; i++)
        if (labels[i] < least || labels[i] >= classes)
            return error_set(error, STATUS_RANGE,
                             "image %" PRId64 " of the batch has label %" PRId64
                             ", but the network has %" PRId64 " classes",
                             position, labels[i], classes);
    return STATUS_OK;
}

static status fetch_images(const struct pass *pass, struct training_part *part, int64_t first, int64_t count,
                           struct error *error)
{
    const struct training_batch *batch = pass->batch;
    const enum element_type real = pass->network->options.real;
    const size_t bytes = (size_t)engine_input_elements(part->engine) * element_size(real);
    unsigned char *image = engine_input(part->engine);
    if (room_for_labels(pass, part, error))
        return error->code;
    for (int64_t i = 0; i < count; i++, image += bytes) {
        if (progress_cancelled(pass->network->options.progress))
            return error_set(error, STATUS_CANCELLED, "cancelled");
        if (batch->fetch(batch->fetch_argument, first + i, real, image,
                         part->labels + i * pass->labels_per_image, error) ||
            check_labels(pass, part, i, first + i, error))
            return error->code;
    }
    memset(image, 0, (size_t)(pass->network->part_images - count) * bytes);
    return STATUS_OK;
}

/* Cross-entropy, as networks are judged. */
static void plain_losses(const struct pass *pass, struct training_part *part, int64_t count)
{
    const struct operand *output = engine_output(part->engine);
    const int64_t classes = output->shape.dim[1], labels = pass->labels_per_image;
    const size_t row = (size_t)(classes * labels) * element_size(output->type);
    const unsigned char *logits = output->data;
    unsigned char *gradient = pass->batch->forward_only ? NULL : engine_output_gradient(part->engine);
    for (int64_t i = 0; i < count; i++) {
        void *to = gradient ? gradient + (size_t)i * row : NULL;
        if (labels == 1) {
            part->losses[i] =
                softmax_cross_entropy(logits + (size_t)i * row, output->type, classes, part->labels[i], to);
            continue;
        }
        struct loss_map map = {.logits = logits + (size_t)i * row,
                               .type = output->type,
                               .classes = classes,
                               .pixels = labels,
                               .labels = part->labels + i * labels,
                               .gradient = to,
                               .counts = part->pixels + i * classes};
        loss_map_begin(&map);
        loss_map_add(&map, 0, labels);
        loss_map_end(&map);
        part->losses[i] = map.loss;
    }
}

static status compute_losses(const struct pass *pass, struct training_part *part, int64_t first,
                             int64_t count, int worker, struct error *error)
{
    const struct training_batch *batch = pass->batch;
    const struct operand *output = engine_output(part->engine);
    unsigned char *gradient = batch->forward_only ? NULL : engine_output_gradient(part->engine);
    if (batch->losses) {
        if (batch->losses(batch->losses_argument, engine_input(part->engine), output, first, count,
                          part->labels, part->losses, gradient, worker, error))
            return error->code;
    } else {
        plain_losses(pass, part, count);
    }
    const size_t row =
        (size_t)shape_product(&output->shape, 1, output->shape.rank) * element_size(output->type);
    if (gradient)
        memset(gradient + (size_t)count * row, 0, (size_t)(pass->network->part_images - count) * row);
    return STATUS_OK;
}

/* One part of this rank from where it is to the next BatchNormalization, or to the end of the pass. */
static status run_part(const struct pass *pass, int64_t index, int worker, struct error *error)
{
    struct training_part *part = &pass->network->parts[index];
    const int64_t number = pass->share.first + index;
    const int64_t first = number * pass->network->part_images, count = images_of(pass, number);
    int norm;
    if (!pass->started) {
        if (pass->direction == FORWARD_PASS && fetch_images(pass, part, first, count, error))
            return error->code;
        engine_start(part->engine, pass->direction, count);
    }
    if (engine_advance(part->engine, &norm, error))
        return error->code;
    if (norm < 0 && pass->direction == FORWARD_PASS)
        return compute_losses(pass, part, first, count, worker, error);
    return STATUS_OK;
}

static void work(void *argument, int64_t task, int worker)
{
    const struct pass *pass = argument;
    struct error *error = &pass->network->parts[task].error;
    *error = (struct error){0};
    run_part(pass, task, worker, error);
}

/* --- all parts ------------------------------------------------------------------------------------------ */

/* The failure of this rank's first part that has one. A rank without parts can be cancelled, too. */
static status first_failure(const struct pass *pass, struct error *error)
{
    for (int i = 0; i < pass->share.count; i++)
        if (pass->network->parts[i].error.code != STATUS_OK) {
            *error = pass->network->parts[i].error;
            return error->code;
        }
    if (pass->share.count == 0 && progress_cancelled(pass->network->options.progress))
        return error_set(error, STATUS_CANCELLED, "cancelled");
    return STATUS_OK;
}

/* All parts have come to norm `norm`, or to the end (-1): tell the others what is to be known of this rank's.
 */
static status tell_parts(const struct pass *pass, int norm, struct error *error)
{
    struct training_network *network = pass->network;
    const bool losses = norm < 0 && pass->direction == FORWARD_PASS;
    const size_t each = norm >= 0 ? 2 * (size_t)network->norms[norm].channels * sizeof(double)
                        : losses  ? (size_t)network->part_images * sizeof(struct loss)
                                  : 0;
    exchange_begin(&network->exchange, pass->parts, each);
    for (int i = 0; i < pass->share.count && each > 0; i++) {
        const struct training_part *part = &network->parts[i];
        memcpy(exchange_part(&network->exchange, pass->share.first + i),
               losses ? (const void *)part->losses : engine_norm_sums(part->engine), each);
    }
    return exchange_tell(&network->exchange, first_failure(pass, error), error);
}

/* Sums over the batch of norm `index`, from those of the parts in their order. */
static void add_up(const struct pass *pass, int index)
{
    const struct training_network *network = pass->network;
    double *sums = network->training_norms[index].sums;
    const int64_t count = 2 * network->norms[index].channels;
    memset(sums, 0, (size_t)count * sizeof *sums);
    for (int p = 0; p < pass->parts; p++) {
        const double *part = exchange_part(&network->exchange, p);
        for (int64_t i = 0; i < count; i++)
            sums[i] += part[i];
    }
}

static status normalise(const struct pass *pass, int index, struct error *error)
{
    const struct training_network *network = pass->network;
    const struct training_norm *own = &network->training_norms[index];
    const struct batch_norm *norm = &network->norms[index];
    const double values =
        (double)(pass->batch->images * engine_norm_positions(network->parts[0].engine, index));
    add_up(pass, index);
    if (values < 2)
        return error_set(error, STATUS_RANGE,
                         "node %s: a batch with one value for each channel has no variance; "
                         "BatchNormalization needs more than one image here",
                         network->graph->nodes[norm->node].name);
    batch_norm_settle(norm, own->sums, values, own->epsilon, own->variance);
    return STATUS_OK;
}

static void add_to(const struct training_parameter *parameter, int64_t index, double value)
{
    if (parameter->real == ELEMENT_DOUBLE)
        ((double *)parameter->gradient)[index] += value;
    else
        ((float *)parameter->gradient)[index] += (float)value;
}

/* What the second half of the way back needs, and the gradients of scale and shift. */
static void normalise_gradient(const struct pass *pass, int index)
{
    const struct training_network *network = pass->network;
    const struct training_norm *own = &network->training_norms[index];
    const struct batch_norm *norm = &network->norms[index];
    const double images = (double)pass->batch->images;
    const double values = images * (double)engine_norm_positions(network->parts[0].engine, index);
    add_up(pass, index);
    batch_norm_settle_gradient(norm, own->sums, values);
    for (int64_t c = 0; c < norm->channels; c++) {
        const double sum = own->sums[c], product = own->sums[norm->channels + c];
        add_to(&network->parameters[own->scale], c, norm->inverse[c] * product / images);
        add_to(&network->parameters[own->shift], c, sum / images);
    }
}

static status run_direction(struct pass *pass, enum direction direction, struct error *error)
{
    const struct training_network *network = pass->network;
    int norm = -1;
    pass->direction = direction;
    pass->started = false;
    do {
        pool_run(network->options.pool, pass->share.count, work, pass);
        pass->started = true;
        norm = engine_next_norm(network->parts[0].engine, direction, norm);
        if (tell_parts(pass, norm, error))
            return error->code;
        if (norm >= 0 && direction == BACKWARD_PASS)
            normalise_gradient(pass, norm);
        else if (norm >= 0 && normalise(pass, norm, error))
            return error->code;
    } while (norm >= 0);
    return STATUS_OK;
}

/* --- gradients and statistics --------------------------------------------------------------------------- */

static void clear_gradients(const struct training_network *network)
{
    for (int p = 0; p < network->parameter_count; p++)
        memset(network->parameters[p].gradient, 0,
               (size_t)network->parameters[p].elements * element_size(network->parameters[p].real));
}

static double statistic(const struct training_network *network, const void *values, int64_t c)
{
    return network->options.real == ELEMENT_DOUBLE ? ((const double *)values)[c]
                                                   : (double)((const float *)values)[c];
}

static void set_statistic(const struct training_network *network, void *values, int64_t c, double value)
{
    if (network->options.real == ELEMENT_DOUBLE)
        ((double *)values)[c] = value;
    else
        ((float *)values)[c] = (float)value;
}

/* Forward sums are those around the running mean. */
static void set_centers(const struct training_network *network)
{
    for (int i = 0; i < network->norm_count; i++)
        for (int64_t c = 0; c < network->norms[i].channels; c++)
            network->norms[i].center[c] = statistic(network, network->running[i].mean, c);
}

static void move_statistics(const struct training_network *network)
{
    for (int i = 0; i < network->norm_count; i++) {
        const struct running_statistics *running = &network->running[i];
        const double momentum = network->training_norms[i].momentum;
        for (int64_t c = 0; c < running->channels; c++) {
            const double mean = statistic(network, running->mean, c);
            const double variance = statistic(network, running->variance, c);
            set_statistic(network, running->mean, c, mean + momentum * (network->norms[i].mean[c] - mean));
            set_statistic(network, running->variance, c,
                          variance + momentum * (network->training_norms[i].variance[c] - variance));
        }
    }
}

/* From the losses that all parts have told, at the end of the way forward. */
static void add_up_result(const struct pass *pass, struct training_result *result)
{
    double *each = pass->batch->loss;
    *result = (struct training_result){.images = pass->batch->images};
    for (int p = 0; p < pass->parts; p++) {
        const struct loss *losses = exchange_part(&pass->network->exchange, p);
        for (int64_t i = 0; i < images_of(pass, p); i++) {
            result->loss += losses[i].unlabelled ? 0 : losses[i].loss;
            result->correct += losses[i].rank == 0;
            if (each)
                *each++ = losses[i].loss;
        }
    }
    result->loss /= (double)result->images;
}

/* Whether all ranks are about to run this batch. */
static status begin_pass(const struct training_batch *batch, struct error *error)
{
    char name[80];
    snprintf(name, sizeof name, "a batch of %" PRId64 " images to learn from", batch->images);
    return ranks_agree(name, STATUS_OK, error);
}

status training_network_pass(struct training_network *network, const struct training_batch *batch,
                             struct training_result *result, struct error *error)
{
    struct pass pass = {.network = network, .batch = batch};
    pass.labels_per_image = batch->labels_per_image > 1 ? batch->labels_per_image : 1;
    if (batch->images < 1 || batch->images > network->options.batch)
        return error_set(error, STATUS_RANGE,
                         "a batch of %" PRId64 " images is not possible, 1 to %" PRId64 " are", batch->images,
                         network->options.batch);
    if (begin_pass(batch, error))
        return error->code;
    pass.parts = (int)((batch->images + network->part_images - 1) / network->part_images);
    pass.share = share_of_rank(pass.parts, ranks_index());
    set_centers(network);
    clear_gradients(network);
    if (run_direction(&pass, FORWARD_PASS, error))
        return error->code;
    add_up_result(&pass, result);
    if (!batch->forward_only) {
        if (run_direction(&pass, BACKWARD_PASS, error))
            return error->code;
        add_up_gradients(network, pass.share.count, batch->images);
    }
    move_statistics(network);
    return STATUS_OK;
}

/* --- after a step --------------------------------------------------------------------------------------- */

static void refill(void *argument, int64_t task, int worker)
{
    const struct training_network *network = argument;
    (void)worker;
    engine_refill(network->parts[0].engine, (int)task, pool_threads(network->options.pool) * 4);
}

void training_network_changed(struct training_network *network)
{
    pool_run(network->options.pool, (int64_t)pool_threads(network->options.pool) * 4, refill, network);
}
