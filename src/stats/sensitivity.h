/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sensitivity: how much accuracy each part of a network costs when it alone is pruned, without fine-tuning.
 *
 * A grid of points: a row per block (channels tied together over the same layers) or per group (a residual
 * stream, an inner layer), a column per ratio. At each point the lowest-scored classes of that row alone are
 * masked, which is the same as removing them. All points see the images in one pass: each micro-batch goes
 * through the whole network once and through each mask from its first changed layer on. */
#ifndef IPPRO_STATS_SENSITIVITY_H
#define IPPRO_STATS_SENSITIVITY_H

#include "data/sampler.h"
#include "nn/engine/quality.h"
#include "nn/engine/run.h"
#include "prune/selection.h"

enum sensitivity_unit { SENSITIVITY_BLOCKS, SENSITIVITY_GROUPS };
const char *sensitivity_unit_name(int index); /* "blocks", "groups", NULL past the end */

struct sensitivity_settings {
    const struct coupling *coupling; /* borrowed, with its graph, while the sensitivity lives */
    const struct dataset *dataset;   /* borrowed likewise */
    const struct sample *sample;     /* copied, like all that follows */
    const double *class_score;       /* per class, as class_scores makes them */
    enum sensitivity_unit unit;
    const bool *included; /* per block: those to examine; NULL: all. Locked ones are left out in any case */
    const double *ratios; /* 0..1, in any order; repeated ones cost nothing */
    int ratio_count;
    struct select_options select;
    enum element_type real;
    enum kernel_choice kernel;
    int64_t micro_batch;
    size_t mask_memory; /* bytes of masks to keep, 0: 256 MiB; the rest is made anew for every micro-batch */
};

struct sensitivity_point {
    int64_t removed;    /* classes masked: what the ratio comes to after rounding, minimum and round_to */
    int64_t top1;       /* images; 0 where labels are maps */
    int64_t unanswered; /* images with logits that are not numbers (nn/engine/loss.h): never right */
    double value, loss; /* accuracy or mIoU (nn/engine/quality.h), 0..1, and mean loss, over the images done;
                           NaN where none of them has an answer */
};

struct sensitivity {
    enum sensitivity_unit unit; /* what a row is */
    int row_count, ratio_count;
    int *rows; /* block or group numbers, ascending; owned, as all arrays */
    double *ratios;
    int64_t images; /* in the sample */
    int64_t done;   /* of them; == images when complete */
    enum quality_kind measure;
    struct sensitivity_point baseline;
    struct sensitivity_point *points; /* row_count x ratio_count, row-major */
    int mask_count;                  /* different masks among the points; those that mask nothing need none */
    double seconds;                  /* spent in sensitivity_run so far */
    struct sensitivity_state *state; /* its own */
    /* When not NULL: called by sensitivity_run between micro-batches, by one thread at a time. The caller may
     * set both between runs. */
    void (*watch)(void *argument, const struct sensitivity *so_far);
    void *watch_argument;
    size_t memory; /* of the next run, in bytes, as in nn/engine/run.h; 0: no bound. May be set anew before
                      each */
};

/* Choose the masks. Nothing runs yet. Refused: a sample without images (STATUS_RANGE), no ratio or no free
 * block to examine (STATUS_RANGE), and what select_by_ratio refuses. */
status sensitivity_new(const struct sensitivity_settings *settings, struct sensitivity **sensitivity,
                       struct error *error);
void sensitivity_free(struct sensitivity *sensitivity); /* NULL is fine */

/* Take the images that are not done yet through the network and its masks. On failure (STATUS_CANCELLED too)
 * what is done stays, is meaningful, and the next call goes on from there. The result is bit for bit the same
 * for any number of threads and of interruptions. Progress counts images. */
status sensitivity_run(struct sensitivity *sensitivity, struct pool *pool, struct progress *progress,
                       struct error *error);

#endif
