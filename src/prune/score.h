/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scoring: one pass over a sample gives the statistics; criteria turn statistics into one double per channel.
 */
#ifndef IPPRO_PRUNE_SCORE_H
#define IPPRO_PRUNE_SCORE_H

#include "data/sampler.h"
#include "nn/run.h"
#include "prune/layer.h"

/* What a criterion needs; scoring computes the union once. */
enum score_need {
    NEED_WEIGHTS = 1,          /* weights and BatchNorm parameters only: no pass */
    NEED_GRADIENTS = 2,        /* forward and data-gradient backward: sums of S0, Sd, gate, lift */
    NEED_WEIGHT_GRADIENTS = 4, /* the weights' own gradients as well */
};

/* Everything one pass leaves about one layer; arrays of C doubles, all NULL for output layers. Sums over
 * images are kept as sums of the un-averaged loss: divide by `images` for the mean loss of criteria.md. */
struct layer_statistics {
    double *delta;              /* S0 */
    double *delta_centered;     /* Sd */
    double *gate;               /* sum u*delta */
    double *lift;               /* sum G*u */
    double *gate_squared;       /* sum over images of (sum_hw u*delta_n)^2 */
    double *gate_batch_squared; /* sum over batches of (mean over the batch of the gate)^2 */
    double *weight_dot;         /* sum w*g; from the weight gradients where they were computed */
    double *weight_abs;         /* sum |w*g|, NULL without weight gradients */
    double *gradient_norm;      /* ||g||_2, NULL without weight gradients */
};

struct score_statistics {
    unsigned needs; /* what was computed */
    int64_t images, planned, batches;
    int64_t batch; /* of gate_batch_squared */
    double loss;   /* sum over images */
    int64_t correct;
    int layer_count;
    struct layer_statistics *layers;
    double seconds; /* time of the pass */
    bool partial;   /* cancelled after `images` of `planned` */
};

struct score_pass {
    const struct graph *graph;
    const struct layers *layers;
    const struct dataset *dataset;
    const struct sample *sample;
    unsigned needs;
    enum element_type real;
    enum kernel_choice kernel;
    int64_t micro_batch; /* images per worker at a time */
    int64_t batch;       /* images per batch of Taylor's gate-batch */
    struct pool *pool;
    struct progress *progress;
};

/* Run the pass: forward and backward over the sample, whatever `needs` says beside NEED_WEIGHT_GRADIENTS.
 * Nothing is returned when it fails or is cancelled (STATUS_CANCELLED). Bit for bit the same for any number
 * of threads; the micro-batch decides the order in which weight gradients are summed. Refused: a sample
 * without images, a network all of whose layers are output layers, a layer whose channels are not dimension 1
 * of its output (linear layers over sequences). */
status score_statistics_compute(const struct score_pass *pass, struct score_statistics **statistics,
                                struct error *error);
/* Memory of the pass beside the statistics: what each worker's engine holds, and what they share. The sample
 * does not matter. */
status score_size(const struct score_pass *pass, size_t *worker, size_t *shared, struct error *error);
void score_statistics_free(struct score_statistics *statistics);

#endif
