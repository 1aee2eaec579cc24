/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inside of the plain engine. plain.c lays out activations and runs, gradient.c lays out gradients. */
#ifndef IPPRO_NN_PLAIN_INTERNAL_H
#define IPPRO_NN_PLAIN_INTERNAL_H

#include "nn/execution/execution.h"

struct plain_step {
    kernel backward; /* NULL: no gradient passes, or it is already where it belongs */
    int *zeroed;     /* values whose gradients this step is the first to add to: zeroed before */
    int zeroed_count;
    int first_target, first_activated; /* probes that read the gradient of this step's outputs, or -1 */
};

struct plain {
    struct engine engine;
    struct plain_step *steps;               /* per step of the plan */
    unsigned char *activations, *gradients; /* owned blocks */
    int late_target, late_activated;        /* probes on values that no step makes, or -1 */
};

/* After values and steps are there: which gradients exist, and where. */
status plain_plan_backward(struct plain *plain, const struct engine_options *options, struct error *error);

#endif
