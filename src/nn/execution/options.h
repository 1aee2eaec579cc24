/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is asked of an engine when it is made. */
#ifndef IPPRO_NN_EXECUTION_OPTIONS_H
#define IPPRO_NN_EXECUTION_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include "base/progress.h"
#include "nn/execution/probe.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"

struct batch_norm;
struct packed_weights;
struct step_times;

struct engine_options {
    int64_t batch;      /* images per micro-batch, >= 1 */
    int64_t chosen_for; /* images per micro-batch that fast kernels are chosen for: engines for other batches
                           convolve with the same ones; 0: batch */
    enum element_type real; /* ELEMENT_FLOAT or ELEMENT_DOUBLE */
    enum kernel_choice kernel;
    bool backward; /* allocate what gradients need */
    bool reuse; /* activations may give their memory away once nothing needs them: no engine_value but of the
                   input and the output, no replaced operands */
    struct packed_weights *packed; /* those of all engines for this graph and these options, from now on this
                                      one's too; NULL: the engine packs its own */
    const struct probe *probes;    /* copied */
    int probe_count;
    const int *weights; /* values of constants whose gradients are wanted, copied */
    int weight_count;
    const int *watched; /* values whose activations are asked for after the passes (engine_watched_image),
                           copied; an engine that reuses memory must keep these */
    int watched_count;
    const int64_t
        *runs; /* nn/execution/images.h: where the images lie in what is probed and watched, per value;
                  borrowed while the engine lives; NULL: dimension 0 counts them everywhere */
    /* BatchNormalizations that take the statistics of a batch (nn/operator/batch_norm.h), of which this
     * engine holds a part; borrowed. Passes are run by engine_start and engine_advance. */
    const struct batch_norm *norms;
    int norm_count;
    const struct progress *progress; /* polled between steps; may be NULL */
    struct step_times *times;        /* nn/execution/times.h: told what each step takes; NULL: nobody */
};

#endif
