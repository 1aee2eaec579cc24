/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs over a sample. */
#include "prune/sampled.h"

#include "data/dataset.h"

struct run sampled_run(const struct sampled *sampled, struct sample_feed *feed)
{
    *feed = (struct sample_feed){.dataset = sampled->dataset, .sample = sampled->sample};
    return (struct run){
        .engine = {.batch = sampled->micro_batch, .real = sampled->real, .kernel = sampled->kernel},
        .memory = sampled->memory,
        .pool = sampled->pool,
        .images = sampled->sample->count,
        .labels_per_image = dataset_labels_per_image(sampled->dataset),
        .fetch = sample_fetch,
        .fetch_argument = feed,
        .outputs_only = true,
        .progress = sampled->progress,
    };
}
