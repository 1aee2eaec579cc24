/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Curves: accuracy without fine-tuning against the pruning ratio, for several criteria.
 *
 * Each point is a real prune: the classes that select_by_ratio takes at this ratio over a set of blocks are
 * removed, and the smaller network is evaluated. A line is a criterion with one score vector, or with several
 * (`random` with several seeds), over which its points are averaged. */
#ifndef IPPRO_STATS_CURVE_H
#define IPPRO_STATS_CURVE_H

#include "data/sampler.h"
#include "nn/engine/run.h"
#include "prune/selection.h"

struct curve_line {
    const double *const *class_score; /* score_count vectors, one double per class each (class_scores) */
    int score_count;                  /* at least 1 */
};

struct curve_settings {
    const struct coupling *coupling; /* borrowed, with its graph, while the curve lives */
    const struct dataset *dataset;   /* borrowed likewise */
    const struct sample *sample;     /* copied, like all that follows */
    const bool
        *included; /* per block: those that are pruned; NULL: all. Locked ones are left out in any case */
    const struct curve_line *lines;
    int line_count;
    const double *ratios; /* 0..1, in any order */
    int ratio_count;
    bool global; /* rank all included blocks together (select_global) instead of each at the ratio */
    struct select_options select;
    enum element_type real;
    enum kernel_choice kernel;
    int64_t micro_batch;
};

/* Means over those score vectors whose evaluation has finished; NaN while there is none, and where no image
 * of one of them has an answer. */
struct curve_point {
    int runs, finished; /* score vectors, in all and evaluated */
    int64_t unanswered; /* images with logits that are not numbers (nn/engine/loss.h), over all evaluations */
    double accuracy;    /* top-1, or mIoU (nn/engine/quality.h), 0..1 */
    double accuracy_deviation; /* standard deviation over the vectors (n - 1), 0 for one */
    double loss, loss_deviation;
    double parameters,
        macs;       /* of the smaller networks (COST_MACS), known from the start: means over all vectors */
    double removed; /* classes, likewise */
};

struct curve {
    int line_count, ratio_count;
    double *ratios;             /* owned, as all arrays */
    struct curve_point *points; /* line_count x ratio_count, row-major */
    int64_t images;             /* in the sample */
    int evaluations,
        evaluated;             /* different selections among all points, and how many of them are evaluated */
    double seconds;            /* spent in curve_run so far */
    struct curve_state *state; /* its own */
    /* When not NULL: called by curve_run after every evaluation. The caller may set both between runs. */
    void (*watch)(void *argument, const struct curve *so_far);
    void *watch_argument;
    size_t memory; /* of the next run, in bytes, as in nn/engine/run.h; 0: no bound. May be set anew before
                      each */
};

/* Choose what is removed at every point. Nothing is evaluated yet. Refused: a sample without images, no line,
 * no ratio, no free block (STATUS_RANGE), and what the selection refuses. */
status curve_new(const struct curve_settings *settings, struct curve **curve, struct error *error);
void curve_free(struct curve *curve); /* NULL is fine */

/* Evaluate the points that are not finished yet, line by line; points with the same selection share one
 * evaluation, and so do points that remove nothing. On failure (STATUS_CANCELLED too) finished points stay
 * and the next call goes on with the others. Bit for bit the same for any number of threads and of
 * interruptions. Progress counts images over all evaluations. */
status curve_run(struct curve *curve, struct pool *pool, struct progress *progress, struct error *error);

#endif
