/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accuracy, or mIoU, and loss of a network on a sample (nn/engine/quality.h). */
#ifndef IPPRO_STATS_EVALUATE_H
#define IPPRO_STATS_EVALUATE_H

#include "data/sampler.h"
#include "nn/engine/quality.h"
#include "nn/engine/run.h"

struct evaluation {
    int64_t images, top1, top5;
    int64_t unanswered;    /* images with logits that are not numbers (nn/engine/loss.h): never right */
    int64_t unlabelled;    /* images none of whose pixels is labelled */
    double loss;           /* mean over the other ones */
    int64_t probabilities; /* images whose logits look like probabilities */
    enum quality_kind measure;
    double value, error;   /* accuracy or mIoU, 0..1, and its standard error, by images; NaN where there is
                              none.   Where no labels are looked at, the error is that of the mean loss */
    double pixel_accuracy; /* share of labelled pixels that are right; NaN where images have one label */
    int classes;
    int64_t *class_images, *class_correct; /* per class, owned; of label maps class_images are those with
                                              pixels of the class, and the other is 0 */
    struct class_pixels *pixels;           /* per class, owned; NULL where images have one label */
    double seconds;
};

/* What a network said of one image. */
struct answer {
    int32_t truth, predicted; /* classes; predicted -1: its logits are not numbers */
    float confidence;         /* softmax of the largest logit; 0 without an answer */
};

struct evaluate {
    const struct graph *graph;
    const struct dataset *dataset;
    const struct sample *sample;
    const struct aim *aim; /* what the loss is (nn/engine/run.h); NULL: cross-entropy. Without labels there is
                              no accuracy, and nothing of what is written below */
    enum element_type real;
    enum kernel_choice kernel;
    int64_t micro_batch;
    size_t memory; /* bytes, as in nn/engine/run.h; 0: no bound */
    struct pool *pool;
    struct progress *progress;
    const char *title;                       /* for progress; NULL: "evaluating" */
    int64_t progress_before, progress_total; /* as in nn/engine/run.h, 0 where the evaluation stands alone */
    double *logits; /* when not NULL: images x the data set's classes, written; a network with another number
                       of outputs is refused then (STATUS_SHAPE) */
    uint8_t
        *correct; /* when not NULL: one per image of the sample, written: 1 where the first guess was right */
    struct answer *answers; /* when not NULL: one per image of the sample, written; for images of one label */
    double
        *credit; /* when not NULL: one per image, written when all is done: what it contributes to the value
                    (quality_credit; 1 or 0 where images have one label), so that the mean is the value */
    int *predicted; /* when not NULL: the first guess of each image, written; where images have one label */
    struct class_pixels *pixels; /* when not NULL: images x the data set's classes, written; for label maps */
    int64_t *confusion; /* when not NULL: the data set's classes x classes, all zero, counted up: labelled
                           pixels by label, then predicted class; for label maps and up to 256 classes */
    uint8_t *maps; /* when not NULL: images x pixels of the predicted classes, written; for label maps and up
                      to 256 classes */
    /* When not NULL: called between micro-batches where `watch_due` says so (NULL: always), by one thread at
     * a time, with what was found so far. */
    void (*watch)(void *argument, const struct evaluation *so_far);
    bool (*watch_due)(void *argument);
    void *watch_argument;
};

/* One forward pass. On failure (STATUS_CANCELLED too) *evaluation is as it was; logits may have been written
 * in part. */
status evaluate_run(const struct evaluate *evaluate, struct evaluation *evaluation, struct error *error);
void evaluation_free(struct evaluation *evaluation); /* frees what it holds, not itself */

#endif
