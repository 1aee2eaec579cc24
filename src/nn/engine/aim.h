/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is asked of a network's outputs for an image: a number, the loss, and its gradient.
 *
 * With labels it is the softmax cross-entropy of one output (nn/engine/loss.h), taken where the network is
 * judged (nn/engine/network_end.h). Without them it is a function of all numbers y that the network gives for
 * the image, as its file has them, whatever their shapes: their sum, half the sum of their squares, or a
 * function of somebody else's. Then there is no right answer and no accuracy, and labels are not looked at.
 */
#ifndef IPPRO_NN_ENGINE_AIM_H
#define IPPRO_NN_ENGINE_AIM_H

#include <stdbool.h>
#include "base/status.h"
#include "nn/engine/engine.h"
#include "nn/engine/loss.h"
#include "nn/graph/tensor.h"

enum aim_kind {
    AIM_LABELS,   /* cross-entropy */
    AIM_NONE,     /* no loss: every gradient is zero, and there is no backward pass */
    AIM_SUM,      /* sum of y; the gradient is 1 */
    AIM_SQUARES,  /* sum of y^2 / 2; the gradient is y */
    AIM_FUNCTION, /* of somebody else's */
    AIM_KINDS
};

/* One of the outputs; `first` and `elements` are places among the image's numbers. */
struct aim_part {
    const char *name;
    struct shape shape; /* for one image: dimension 0 is 1 */
    int64_t first, elements;
};

/* What a network gives for one image. */
struct aim_image {
    const struct aim_part *parts;
    int part_count;
    enum element_type type;
    const void *outputs; /* of all parts */
    void *gradient;      /* as many, zero, to be written; NULL: it is not wanted */
};

struct aim {
    enum aim_kind kind;
    /* AIM_FUNCTION: the loss, of which NaN is refused, and its gradient. A function of the image's
     * outputs alone. Called from worker threads, several at once. */
    status (*function)(void *argument, const struct aim_image *image, double *loss, struct error *error);
    void *argument;
};

/* NULL is an aim with labels, here and below. */
bool aim_has_labels(const struct aim *aim);
bool aim_has_gradients(const struct aim *aim);

/* The parts of an engine's output, in memory of the caller, engine_part_count of them. */
void aim_parts(const struct engine *engine, struct aim_part *parts);
/* Of an aim without labels. A loss of nothing (AIM_NONE) is NaN, and none is missing. */
status aim_loss(const struct aim *aim, const struct aim_image *image, struct loss *loss, struct error *error);

#endif
