/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run while it goes on. Private to this room. */
#ifndef IPPRO_NN_ENGINE_RUN_INTERNAL_H
#define IPPRO_NN_ENGINE_RUN_INTERNAL_H

#include <pthread.h>

#include "base/status.h"
#include "nn/engine/handover.h"
#include "nn/engine/network_end.h"
#include "nn/engine/run.h"
#include "nn/engine/whole_batch.h"
#include "nn/simplify/narrow.h"

/* What one worker keeps from task to task. */
struct run_worker {
    struct engine *engine;
    struct whole_batch *batch; /* in training mode */
    struct loss *losses;
    int64_t *labels;
    struct class_pixels *pixels; /* of label maps: the network's classes for each loss */
    struct aim_part *parts;      /* of the outputs, where no labels are looked at */
};

struct ordered_replacement {
    int first_node, replacement;
};

struct runner {
    const struct run *run;
    struct judged_graph judged;
    struct narrowed_graph narrowed; /* what engines run: of the judged graph, what its outputs need */
    struct arena *arena;            /* where the images lie in its values; NULL where nobody asks */
    struct engine_options options;
    int running; /* workers that have something to do: those that the bound on memory leaves room for */
    bool labels; /* are what losses are of */
    int64_t labels_per_image;
    struct ordered_replacement *order; /* replacements as they run: the latest first node first */
    int replacement_count;
    struct run_worker *workers;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* Under the lock: */
    int64_t turn;       /* the task that may commit next */
    int64_t stop;       /* the first task that is not to run */
    struct error error; /* of task `stop`, once something failed */
    /* Of whoever has the turn: what other ranks have computed (turns.h) */
    struct handover *handover;
    struct run_worker others; /* without an engine */
    int64_t next;             /* the first task that no rank has told of */
    bool over;                /* a rank told of its failure, and all know */
};

/* The worker's engine, made when it gets its first task. */
status worker_start(struct runner *runner, struct run_worker *worker, struct error *error);
/* Room for the losses and labels of one micro-batch. */
bool worker_memory(const struct runner *runner, struct run_worker *worker, int64_t classes);

/* Losses first..first+count-1 of the worker, and the gradients where there is a backward pass; rows without
 * an image get zero. */
status runner_losses(const struct runner *runner, struct run_worker *worker, int64_t first, int64_t count,
                     struct error *error);

/* The images of a task: their number, and the position of the first. */
int64_t runner_images(const struct runner *runner, int64_t task, int64_t *first);
/* Called with the lock held, or when the workers have ended. */
void runner_task_failed(struct runner *runner, int64_t task, const struct error *error);
/* Only who has the turn calls it, so neither commit nor progress ever runs twice at once. results: losses and
 * labels. */
status runner_commit(const struct runner *runner, const struct engine *engine,
                     const struct run_worker *results, int64_t first, int64_t count, struct error *error);

/* Ranks take turns: task t is computed by rank t modulo their number, and committed by all of them when all
 * tasks before it have been. What a rank's workers have not come to is received by whichever has the turn.
 * With one rank these do nothing. */

/* All ranks are about to do the same run, in the same micro-batches; or all return the failure of the first
 * that has one: `code` is this rank's, or STATUS_OK. */
status turns_begin(struct runner *runner, status code, struct error *error);
int64_t turns_share(int64_t tasks); /* how many of them are this rank's */
int64_t turns_task(int64_t share);  /* the task that is its share-th */
/* The worker has computed `task`, and all earlier ones of this rank have been committed: commit those of the
 * other ranks before it, and tell them of this one. *failed: the task that did not work out. */
status turns_take(struct runner *runner, struct run_worker *worker, int64_t task, int64_t *failed,
                  struct error *error);
/* The workers have ended: commit what other ranks still have, or tell them what failed. */
void turns_finish(struct runner *runner, int64_t tasks);
/* What the run came to: all have committed everything, or all return the failure of the first that has not.
 */
status turns_end(struct runner *runner, struct error *error);

#endif
