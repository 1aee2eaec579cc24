/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accuracy and loss of a network on a sample. */
#ifndef IPPRO_STATS_EVALUATE_H
#define IPPRO_STATS_EVALUATE_H

#include "data/sampler.h"
#include "nn/engine/run.h"

struct evaluation {
    int64_t images, top1, top5;
    int64_t unanswered;    /* images with logits that are not numbers (nn/engine/loss.h): never right */
    double loss;           /* mean over the other ones */
    int64_t probabilities; /* images whose logits look like probabilities */
    int classes;
    int64_t *class_images, *class_correct; /* per class, owned */
    double seconds;
};

struct evaluate {
    const struct graph *graph;
    const struct dataset *dataset;
    const struct sample *sample;
    enum element_type real;
    enum kernel_choice kernel;
    int64_t micro_batch;
    struct pool *pool;
    struct progress *progress;
    const char *title;                       /* for progress; NULL: "evaluating" */
    int64_t progress_before, progress_total; /* as in nn/engine/run.h, 0 where the evaluation stands alone */
    double *logits; /* when not NULL: images x the data set's classes, written; a network with another number
                       of outputs is refused then (STATUS_SHAPE) */
    uint8_t
        *correct; /* when not NULL: one per image of the sample, written: 1 where the first guess was right */
    /* When not NULL: called between micro-batches, by one thread at a time, with what was found so far. */
    void (*watch)(void *argument, const struct evaluation *so_far);
    void *watch_argument;
};

/* One forward pass. On failure (STATUS_CANCELLED too) *evaluation is as it was; logits may have been written
 * in part. */
status evaluate_run(const struct evaluate *evaluate, struct evaluation *evaluation, struct error *error);
void evaluation_free(struct evaluation *evaluation); /* frees what it holds, not itself */

#endif
