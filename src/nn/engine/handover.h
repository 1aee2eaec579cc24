/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the commit of a micro-batch looks at, from the rank that computed it to all others (base/ranks.h), so
 * that every rank commits the same in the same order. */
#ifndef IPPRO_NN_ENGINE_HANDOVER_H
#define IPPRO_NN_ENGINE_HANDOVER_H

#include "nn/engine/engine.h"
#include "nn/engine/loss.h"

/* All but the engine may be NULL where there is nothing. Memory is the caller's. */
struct handover_parts {
    struct loss *losses; /* their pixels, where there are any, lie one after another in `pixels` */
    struct class_pixels *pixels;
    int64_t *labels;
    int64_t loss_count, pixel_count, label_count;
    bool outputs; /* the engine's outputs are looked at */
};

struct handover;

/* For engines like `model`, which is borrowed and lives as long. Holds one micro-batch. */
status handover_new(const struct engine *model, struct handover **handover, struct error *error);
void handover_free(struct handover *handover); /* NULL is fine */

/* The first `count` images of an engine of this rank, to all others. */
void handover_send(struct handover *handover, const struct engine *engine, const struct handover_parts *parts,
                   int64_t count);
/* In its place: this rank has none, for this reason. */
void handover_fail(const struct error *error);

/* What rank `root` does: its failure, or STATUS_OK and the bytes of what follows, which is to be received or
 * dropped next. */
status handover_hear(int root, int64_t *bytes, struct error *error);
/* Into `parts`, and into an engine that has results only (outputs, probe sums, weight gradients, watched
 * images), valid until the next call. */
const struct engine *handover_receive(struct handover *handover, const struct handover_parts *parts,
                                      int64_t count, int64_t bytes, int root);
void handover_drop(int64_t bytes, int root);

#endif
