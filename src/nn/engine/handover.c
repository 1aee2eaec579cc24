/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A micro-batch's results are one message, whose parts have places that every rank knows: nothing about its
 * form is sent. What arrives is an engine of a kind of its own, which only has results. */
#include "nn/engine/handover.h"

#include <string.h>

#include "base/memory.h"
#include "base/ranks.h"
#include "base/status.h"
#include "nn/execution/execution.h"
#include "nn/execution/probe.h"
#include "nn/operator/operator.h"
#include "nn/graph/tensor.h"

struct handover {
    struct engine engine; /* first, so that its kind finds the rest */
    struct operand output;
    int64_t *watched_elements; /* per watched value, of one image */
    double *image;             /* of one watched value, the largest */
    unsigned char *message;
    size_t room;
    int64_t images;        /* in the message */
    size_t watched_offset; /* where the watched images begin */
};

/* --- the engine that has arrived -------------------------------------------------------------------------
 */

static void arrived_image(const struct engine *engine, int value, int64_t image, double *out)
{
    const struct handover *handover = (const struct handover *)engine;
    const unsigned char *from = handover->message + handover->watched_offset;
    int w = 0;
    for (; engine->watched[w] != value; w++)
        from += (size_t)(handover->images * handover->watched_elements[w]) * element_size(engine->real);
    const int64_t elements = handover->watched_elements[w];
    for (int64_t i = 0; i < elements; i++)
        out[i] = engine->real == ELEMENT_FLOAT ? (double)((const float *)from)[image * elements + i]
                                               : ((const double *)from)[image * elements + i];
}

static const struct engine_kind arrived = {.watched_image = arrived_image};

static bool copy_results(struct handover *handover, const struct engine *model)
{
    struct engine *engine = &handover->engine;
    engine->probes = mem_copy(model->probes, (size_t)model->probe_count * sizeof *model->probes);
    engine->weight_gradients =
        mem_copy(model->weight_gradients, (size_t)model->weight_count * sizeof *model->weight_gradients);
    handover->watched_elements = mem_new((size_t)model->watched_count, sizeof *handover->watched_elements);
    if ((model->probe_count && !engine->probes) || (model->weight_count && !engine->weight_gradients) ||
        !handover->watched_elements)
        return false;
    int64_t most = 0;
    for (int w = 0; w < model->watched_count; w++) {
        const struct shape *shape = &model->values[model->watched[w]].shape;
        const int64_t elements = shape_elements(shape) / model->batch;
        handover->watched_elements[w] = elements;
        most = elements > most ? elements : most;
    }
    handover->image = mem_new((size_t)most, sizeof *handover->image);
    return handover->image != NULL;
}

status handover_new(const struct engine *model, struct handover **handover, struct error *error)
{
    struct handover *made = mem_new(1, sizeof *made);
    if (!made)
        return error_memory(error);
    made->output = *engine_output(model);
    made->engine = (struct engine){.kind = &arrived,
                                   .joined = model->joined, /* borrowed, as the plan */
                                   .plan = model->plan,
                                   .real = model->real,
                                   .batch = model->batch,
                                   .backward = model->backward,
                                   .values = &made->output,
                                   .watched = model->watched,
                                   .watched_count = model->watched_count,
                                   .weight_count = model->weight_count,
                                   .probe_count = model->probe_count};
    if (!copy_results(made, model)) {
        handover_free(made);
        return error_memory(error);
    }
    *handover = made;
    return STATUS_OK;
}

void handover_free(struct handover *handover)
{
    if (!handover)
        return;
    mem_free(handover->engine.probes);
    mem_free(handover->engine.weight_gradients);
    mem_free(handover->watched_elements);
    mem_free(handover->image);
    mem_free(handover->message);
    mem_free(handover);
}

/* --- the message ---------------------------------------------------------------------------------------- */

enum way { MEASURE, PACK, UNPACK };

/* Going through a message: `at` is how far. */
struct passage {
    enum way way;
    unsigned char *message; /* NULL: MEASURE */
    size_t at;
};

/* Parts begin where any type may. */
static void pass_bytes(struct passage *passage, void *data, size_t bytes)
{
    if (passage->way == PACK && bytes)
        memcpy(passage->message + passage->at, data, bytes);
    if (passage->way == UNPACK && bytes)
        memcpy(data, passage->message + passage->at, bytes);
    passage->at += (bytes + 15) / 16 * 16;
}

/* What an arrived engine points to in the message, and any other has in memory of its own. */
static void *pass_result(struct passage *passage, void *data, size_t bytes)
{
    if (passage->way == UNPACK)
        data = passage->message + passage->at;
    else if (passage->way == PACK && bytes)
        memcpy(passage->message + passage->at, data, bytes);
    passage->at += (bytes + 15) / 16 * 16;
    return data;
}

static void pass_losses(struct passage *passage, const struct handover_parts *parts)
{
    pass_bytes(passage, parts->losses, (size_t)parts->loss_count * sizeof *parts->losses);
    pass_bytes(passage, parts->pixels, (size_t)parts->pixel_count * sizeof *parts->pixels);
    pass_bytes(passage, parts->labels, (size_t)parts->label_count * sizeof *parts->labels);
    const int64_t each = parts->loss_count > 0 ? parts->pixel_count / parts->loss_count : 0;
    for (int64_t i = 0; passage->way == UNPACK && i < parts->loss_count; i++)
        parts->losses[i].pixels = each ? parts->pixels + i * each : NULL;
}

static void pack_watched(const struct handover *handover, struct passage *passage, const struct engine *from,
                         int w, int64_t image)
{
    unsigned char *to = passage->message + passage->at;
    engine_watched_image(from, w, image, handover->image);
    for (int64_t i = 0; i < handover->watched_elements[w]; i++) {
        if (from->real == ELEMENT_FLOAT)
            ((float *)to)[i] = (float)handover->image[i];
        else
            ((double *)to)[i] = handover->image[i];
    }
}

static void pass_watched(struct handover *handover, struct passage *passage, const struct engine *engine,
                         int64_t count)
{
    handover->watched_offset = passage->at;
    for (int w = 0; w < engine->watched_count; w++)
        for (int64_t i = 0; i < count; i++) {
            if (passage->way == PACK)
                pack_watched(handover, passage, engine, w, i);
            passage->at += (size_t)handover->watched_elements[w] * element_size(engine->real);
        }
}

/* All of it, of `count` images of an engine: the handover's own where it arrives. */
static void pass(struct handover *handover, struct passage *passage, struct engine *engine,
                 const struct handover_parts *parts, int64_t count)
{
    struct operand *output = &engine->values[engine->output];
    const int64_t each = parts->outputs ? shape_product(&output->shape, 1, output->shape.rank) : 0;
    handover->images = count;
    pass_losses(passage, parts);
    void *outputs = pass_result(passage, output->data, (size_t)(count * each) * element_size(output->type));
    if (passage->way == UNPACK)
        output->data = outputs;
    for (int p = 0; p < engine->probe_count; p++) {
        struct probe_state *probe = &engine->probes[p];
        double *sums = pass_result(passage, probe->sums,
                                   (size_t)(count * PROBE_SUMS * probe->channels) * sizeof *probe->sums);
        if (passage->way == UNPACK)
            probe->sums = sums;
    }
    for (int w = 0; w < engine->weight_count; w++) {
        struct operand *gradient = &engine->weight_gradients[w];
        void *data = pass_result(passage, gradient->data,
                                 (size_t)shape_elements(&gradient->shape) * element_size(gradient->type));
        if (passage->way == UNPACK)
            gradient->data = data;
    }
    pass_watched(handover, passage, engine, count);
}

/* Room for the message. There is no way back: the others wait for it. */
static size_t make_room(struct handover *handover, const struct handover_parts *parts, int64_t count)
{
    struct passage passage = {.way = MEASURE};
    pass(handover, &passage, &handover->engine, parts, count);
    if (passage.at > handover->room) {
        mem_free(handover->message);
        handover->message = mem_aligned_raw(passage.at, 1);
        if (!handover->message)
            ranks_abort("out of memory for what ranks tell each other");
        handover->room = passage.at;
    }
    return passage.at;
}

/* What goes before: whether there is a micro-batch, and how long its message is. */
struct announcement {
    int64_t bytes;
    int32_t code;
};

void handover_send(struct handover *handover, const struct engine *engine, const struct handover_parts *parts,
                   int64_t count)
{
    struct announcement announcement = {.bytes = (int64_t)make_room(handover, parts, count)};
    struct passage passage = {.way = PACK, .message = handover->message};
    pass(handover, &passage, (struct engine *)engine, parts, count); /* which only reads it */
    ranks_broadcast(&announcement, sizeof announcement, ranks_index());
    ranks_broadcast(handover->message, (size_t)announcement.bytes, ranks_index());
}

const struct engine *handover_receive(struct handover *handover, const struct handover_parts *parts,
                                      int64_t count, int64_t bytes, int root)
{
    struct passage passage = {.way = UNPACK};
    if (make_room(handover, parts, count) != (size_t)bytes)
        ranks_abort("ranks do not agree on what a micro-batch is: are they the same program?");
    passage.message = handover->message;
    ranks_broadcast(handover->message, (size_t)bytes, root);
    pass(handover, &passage, &handover->engine, parts, count);
    return &handover->engine;
}

void handover_drop(int64_t bytes, int root)
{
    static unsigned char part[RANKS_PART]; /* one thread at a time is here (base/ranks.h) */
    for (int64_t left = bytes; left > 0; left -= (int64_t)sizeof part)
        ranks_broadcast(part, left < (int64_t)sizeof part ? (size_t)left : sizeof part, root);
}

void handover_fail(const struct error *error)
{
    struct announcement announcement = {.code = (int32_t)error->code};
    struct error copy = *error;
    ranks_broadcast(&announcement, sizeof announcement, ranks_index());
    ranks_broadcast(&copy, sizeof copy, ranks_index());
}

status handover_hear(int root, int64_t *bytes, struct error *error)
{
    struct announcement announcement;
    ranks_broadcast(&announcement, sizeof announcement, root);
    *bytes = announcement.bytes;
    if (announcement.code != STATUS_OK)
        ranks_broadcast(error, sizeof *error, root);
    return (status)announcement.code;
}
