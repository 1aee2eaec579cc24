/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A sample of images that activations are looked at on, and how networks run over it. */
#ifndef IPPRO_PRUNE_SAMPLED_H
#define IPPRO_PRUNE_SAMPLED_H

#include "base/pool.h"
#include "base/progress.h"
#include "data/sampler.h"
#include "nn/engine/run.h"

/* All borrowed. */
struct sampled {
    const struct dataset *dataset;
    const struct sample *sample; /* at least one image */
    enum element_type real;
    enum kernel_choice kernel;
    int64_t micro_batch; /* 0: what suits the network */
    size_t memory;       /* nn/engine/run.h */
    struct pool *pool;
    struct progress *progress;
};

/* A run over the sample without graph, title, watched values and commit, which the caller adds; outputs of
 * any shape will do. `feed` must live as long as the run. */
struct run sampled_run(const struct sampled *sampled, struct sample_feed *feed);

#endif
