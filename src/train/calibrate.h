/* SPDX-License-Identifier: GPL-3.0-or-later */
/* BatchNorm statistics anew: a sample goes through the network in training mode, no weight changes, and every
 * BatchNormalization's running mean and variance become what its batches had on average (as PyTorch's with
 * momentum None). Images of the last batch, which may be a smaller one, count as the others.
 *
 * After pruning, the channels that are left see other inputs than those whose statistics they carry; a few
 * hundred images mend that (Li et al., EagleEye, ECCV 2020). */
#ifndef IPPRO_TRAIN_CALIBRATE_H
#define IPPRO_TRAIN_CALIBRATE_H

#include "base/pool.h"
#include "base/progress.h"
#include "base/status.h"
#include "data/sampler.h"
#include "nn/graph/graph.h"
#include "nn/operator/operator.h"

struct calibration {
    const struct graph *graph; /* simplified */
    const struct dataset *dataset;
    const struct sample *sample;
    int64_t batch; /* images whose statistics are taken together, >= 2 */
    enum element_type real;
    enum kernel_choice kernel;
    struct pool *pool;
    struct progress *progress;
};

struct calibration_result {
    int norms;       /* BatchNormalizations */
    int64_t batches; /* whose statistics were taken */
    /* How far the statistics were from the new ones: of the channels, the median of |mean - new mean| in
     * standard deviations and of the ratio of the standard deviations, old by new. */
    double shift, spread;
};

/* The network with new statistics, owned by the caller. STATUS_STATE for a network without a
 * BatchNormalization, STATUS_RANGE for a sample of less than 2 images. */
status calibrate(const struct calibration *calibration, struct graph **graph,
                 struct calibration_result *result, struct error *error);

#endif
