/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Probes: what an engine sums up about a layer while its gradients are at hand.
 *
 * A probe asks for the per-channel, per-image reductions of score/reductions.md (B) at one layer. Notation: y
 * is the layer's linear output, u the target (BatchNorm output, or y itself), h the element-wise layer after
 * u, G = dL/dh, before the mask, delta = dL/du. */
#ifndef IPPRO_NN_EXECUTION_PROBE_H
#define IPPRO_NN_EXECUTION_PROBE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/status.h"

struct engine;
struct engine_options;

/* Sums over all positions of one channel of one image. */
enum probe_sum {
    PROBE_DELTA,          /* S0 = sum delta                     (gradient of the BatchNorm shift) */
    PROBE_DELTA_CENTERED, /* Sd = sum delta * (y - center)      (r times it: gradient of the scale) */
    PROBE_GATE,           /* sum u * delta                      (gradient of a gate on u) */
    PROBE_LIFT,           /* sum G * u                          (gradient of PROscore's D) */
    PROBE_SUMS
};

struct probe {
    int linear;           /* value y */
    int target;           /* value u; equal to `linear` without BatchNorm */
    int activated;        /* value h(u); equal to `target` where h is the identity, so that G = delta */
    const double *center; /* per channel, borrowed while the engine lives: BatchNorm's mean, or the bias, or
                             NULL for zeros */
    bool channels_last;   /* channels are the last dimension of the three, else dimension 1; the images lie
                             as the engine's `runs` say */
};

/* One probe while the engine lives. */
struct probe_state {
    struct probe probe;
    /* The target is repeats x images x groups x channels x inner: the positions of an image are in front of
     * the images (tokens x images x channels), between them and the channels, and behind these. */
    int64_t repeats, groups, channels, inner;
    double *sums; /* [image][PROBE_SUMS][channel] */
    int next_target,
        next_activated; /* the next probe whose target (activated) has the same producer, or -1 */
};

/* Checks the probes and makes engine->probes. */
status probe_prepare(struct engine *engine, const struct engine_options *options, struct error *error);
/* Take the sums of one probe from plain content: delta and G NULL for none, which leaves the sums at zero. */
void probe_take_target(const struct engine *engine, int probe, const void *delta, const void *y,
                       const void *u);
void probe_take_activated(const struct engine *engine, int probe, const void *gradient, const void *u);

#endif
