/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many images through a network: micro-batches on worker threads, results handed over in order.
 *
 * Micro-batches are cut from the sequence of images by `batch` alone, and `commit` is called for micro-batch
 * 0, 1, 2, ... one at a time, whichever worker finished first. What commit adds up is therefore the same bit
 * for bit for any number of threads. */
#ifndef IPPRO_NN_RUN_H
#define IPPRO_NN_RUN_H

#include "base/pool.h"
#include "nn/engine.h"
#include "nn/loss.h"

struct run {
    const struct graph *graph;
    struct engine_options engine; /* progress, probes and weights as the engine takes them */
    struct pool *pool;
    int64_t images;
    /* Write image number `position` (0..images-1 in the sample's order) as engine_input_elements values of
     * the engine's real type, and its label. Called from worker threads; must be thread safe. */
    status (*fetch)(void *argument, int64_t position, enum element_type real, void *image, int64_t *label,
                    struct error *error);
    void *fetch_argument;
    /* Called in order. losses: one per image, count of them; first is the position of the first. The engine
     * holds the outputs, probe sums and weight gradients of exactly these images. */
    status (*commit)(void *argument, const struct engine *engine, const struct loss *losses,
                     const int64_t *labels, int64_t first, int64_t count, struct error *error);
    void *commit_argument;
    const char *title; /* for progress: "scoring" */
    struct progress *progress;
};

/* Labels outside 0..classes-1 of the network's output are refused with the position and both numbers. Each
 * worker makes its engine when it gets its first micro-batch; all are freed before the function returns.
 *
 * When something fails, the failure of the earliest micro-batch is returned, and exactly the micro-batches
 * before it have been committed, for any number of threads. STATUS_CANCELLED comes within one kernel of the
 * request. */
status run_images(const struct run *run, struct error *error);

#endif
