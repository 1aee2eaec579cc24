/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many images through a network: micro-batches on worker threads, results handed over in order.
 *
 * Micro-batches are cut from the sequence of images by `batch` alone, and `commit` is called for micro-batch
 * 0, 1, 2, ... one at a time, whichever worker finished first. What commit adds up is therefore the same bit
 * for bit for any number of threads; with a bound on memory, for any number that gives the same
 * micro-batches.
 *
 * With several ranks (base/ranks.h) micro-batch t is computed by rank t modulo their number; what `commit`
 * looks at goes to all of them, and each commits every micro-batch in order. All return the same, and sums
 * are those of one process, bit for bit. All ranks call run_images for the same images in the same order.
 *
 * The network runs as it is judged (nn/engine/network_end.h): where it ends in a Softmax, the engine's
 * outputs, losses and gradients are those of the Softmax's input. With an aim that looks at no labels
 * it runs as it is. What its outputs do not need is not computed (nn/simplify/narrow.h), unless operands are
 * replaced, in training mode, and where steps are timed: gradients there are zero, and probes sum over the
 * rest. */
#ifndef IPPRO_NN_ENGINE_RUN_H
#define IPPRO_NN_ENGINE_RUN_H

#include "base/pool.h"
#include "nn/engine/engine.h"
#include "nn/engine/fit.h"
#include "nn/engine/loss.h"
#include "nn/engine/aim.h"

/* Replaced operands (engine.h) that see the same images in the same pass: each micro-batch goes through the
 * network itself, then through every replacement from its first changed node on, the latest first. */
struct run_replacements {
    int count;
    const int *first_node; /* per replacement: its first node with another operand */
    /* Set the operands of replacement `replacement`; run_images restores them. Called from worker threads;
     * must be thread safe. */
    status (*apply)(void *argument, struct engine *engine, int replacement, struct error *error);
    void *argument;
};

struct run {
    const struct graph *graph;
    struct engine_options engine; /* progress, probes and weights as the engine takes them; batch 0: as
                                     run_micro_batch says, or what `memory` leaves room for */
    size_t memory; /* bytes that activations, gradients and packed weights of all workers may take together;
                      0: no bound. Where they do not suffice there are fewer images at a time, then fewer
                      workers (nn/engine/fit.h) */
    struct pool *pool;
    int64_t images;
    int64_t start; /* images before this one are done already: continue a run that stopped here */
    const struct run_replacements *replacements; /* NULL for none; not together with a backward pass */
    const struct aim *aim;                       /* the loss; NULL: cross-entropy of the labels */
    /* 1 (or 0): the network's output is batch x classes. More: it is batch x classes x height x width, every
     * pixel has a label, row by row, and a negative one says that the pixel does not count. */
    int64_t labels_per_image;
    /* Write image number `position` (0..images-1 in the sample's order) as engine_input_elements values of
     * the engine's real type, and its labels. Called from worker threads; must be thread safe. */
    status (*fetch)(void *argument, int64_t position, enum element_type real, void *image, int64_t *labels,
                    struct error *error);
    void *fetch_argument;
    /* Called in order. losses: one per image, count of them; first is the position of the first. Behind them
     * follow those of replacement 0, 1, ..., count each. labels: labels_per_image for each. The engine holds
     * the outputs, probe sums and weight gradients of exactly these images (with replacements: outputs of one
     * of them). */
    status (*commit)(void *argument, const struct engine *engine, const struct loss *losses,
                     const int64_t *labels, int64_t first, int64_t count, struct error *error);
    void *commit_argument;
    bool training;     /* training mode: BatchNormalizations take the statistics of each micro-batch, which
                          engine.batch must give. Not together with replacements */
    bool outputs_only; /* the network's own outputs are wanted, of any shape, a Softmax included: labels and
                          losses that `commit` gets mean nothing. Not together with a backward pass */
    bool without_outputs; /* `commit` does not look at the engine's outputs: they need not go from rank to
                             rank, and with outputs_only their images may lie anywhere */
    const char *title;    /* for progress: "scoring" */
    struct progress *progress;
    /* Where the run is a part of longer work: images that count as done before image 0, and in all. 0: this
     * run is all there is. */
    int64_t progress_before, progress_total;
};

/* Labels outside 0..classes-1 of the network's output are refused with the position and both numbers, an
 * output of another size than the labels' with both sizes. Each
 * worker makes its engine when it gets its first micro-batch; all are freed before the function returns. A
 * bound on memory leaves the kernels as they are: results differ in rounding at most, where a matrix product
 * or a sum (of weight gradients) runs over the images of a micro-batch. One in which not even one worker fits
 * is refused with the least that would do.
 *
 * When something fails, the failure of the earliest micro-batch is returned, and exactly the micro-batches
 * before it have been committed, for any number of threads. STATUS_CANCELLED comes within one kernel of the
 * request. */
status run_images(const struct run *run, struct error *error);

/* What such a run would take on so many threads: of `run` only graph, engine, memory, replacements and
 * outputs_only matter. Fails where run_images would for want of memory. */
status run_fit(const struct run *run, int threads, struct engine_fit *fit, struct error *error);

/* Images that a worker does well to take through the network at a time: as many as keep what its layers
 * compute near the cache, or as many more as move no more bytes than the weights, which are read once for all
 * of them; more of them with weight gradients, which are added up once per micro-batch; a single one where
 * its layers alone fill hundreds of megabytes. Depends on the shapes alone; a run cuts its images into equal
 * micro-batches of at most so many, an even number of them. */
int64_t run_micro_batch(const struct graph *graph, bool weight_gradients);

#endif
