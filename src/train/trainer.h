/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Training: epochs of steps over a shuffled sample, with all that is kept of it.
 *
 * A trainer is made from a network and what it is to learn, then runs; it stays when the run ends, however
 * that was, and gives the network it reached. Every epoch goes through the whole sample in an order that
 * depends on (seed, epoch) alone; what augmentation draws depends on (seed, epoch, record). The last batch of
 * an epoch may be smaller, as in PyTorch without drop_last. One step: a pass (train/network.h), the
 * gradients' penalty where one is asked for, clipping, the update. Any number of threads gives the same bits.
 *
 * After each epoch the network is judged, by a function of the caller. The best epoch is that of the highest
 * value, of equals the first; without a function that of the lowest training loss. */
#ifndef IPPRO_TRAIN_TRAINER_H
#define IPPRO_TRAIN_TRAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/digest.h"
#include "base/pool.h"
#include "base/progress.h"
#include "base/status.h"
#include "data/augment.h"
#include "data/sampler.h"
#include "nn/graph/graph.h"
#include "train/loss.h"
#include "train/network.h"
#include "train/optimizer.h"
#include "train/schedule.h"

struct trainer;

/* All numbers that what is learnt depends on, besides the network and the images: a plain value. */
struct trainer_options {
    int64_t epochs; /* >= 1 */
    int64_t batch;  /* images of a step, >= 1; a larger one than the sample is the sample */
    uint64_t seed;
    struct optimizer_options optimizer;
    struct schedule schedule;
    struct objective objective;
    enum element_type real; /* ELEMENT_FLOAT or ELEMENT_DOUBLE */
    enum kernel_choice kernel;
    bool frozen_norms;    /* as in train/network.h */
    double norm_momentum; /* likewise; -1 */
    int64_t patience;     /* > 0: stop after so many epochs without a better one; 0: never */
    bool judge_start;     /* judge the network before the first step, too: it may be the best (epoch 0) */
};

/* SGD with momentum 0.9, rate 0.01, constant; batch 128, 10 epochs, float. */
struct trainer_options trainer_options_default(void);
/* STATUS_RANGE, naming the number that cannot be. trainer_new asks it, too. */
status trainer_options_check(const struct trainer_options *options, struct error *error);

/* How good the network is on images that it does not learn from. */
struct training_score {
    double value; /* accuracy or mIoU, 0..1: more is better; NaN: it gives no numbers */
    double loss;  /* mean */
};

/* An epoch, when it has ended. */
struct training_record {
    int64_t epoch;         /* 1..epochs; 0: before the first step */
    double loss, accuracy; /* means over the images of the epoch as they were learnt from; NaN for epoch 0;
                              accuracy NaN for label maps */
    double rate;           /* learning rate of its last step */
    struct training_score score; /* NaN both where nothing judges */
    double seconds;              /* of the whole training up to here */
    bool best;                   /* the best so far when it ended */
};

/* A point of the live curve: means over `steps` steps. */
struct training_point {
    int64_t step; /* steps done when it ended */
    double loss, accuracy, rate;
};

/* What is seen of a training while it runs. All borrowed, and valid during the call. */
struct training_view {
    int64_t epoch, epochs;             /* epoch that runs, from 1 on */
    int64_t step, steps;               /* done, in all */
    int64_t epoch_step, epoch_steps;   /* done of the epoch, in all */
    double loss;                       /* of the last step */
    double epoch_loss, epoch_accuracy; /* means over the epoch so far */
    double rate;
    double images_per_second; /* over the last seconds, without the time for judging; NaN: not known yet */
    double seconds, seconds_left;        /* spent so far; left, judging included, NaN: not known yet */
    const struct training_point *points; /* in order, at most TRAINING_POINTS: when they are too many,
                                            neighbours are put together */
    int point_count;
    const struct training_record *records; /* of the epochs that have ended, epoch 0 first where it is judged
                                            */
    int record_count;
    int best; /* index of the best record, -1 before there is one */
};
enum { TRAINING_POINTS = 1024 };

/* What to train. Everything is borrowed while the trainer lives. */
struct training {
    const struct graph *graph; /* simplified, as train/network.h wants it */
    const char *digest;        /* names the network, for checkpoints (at most DIGEST_SIZE with its end) */
    const char *program;       /* "ippro-explore 0.1.0": who writes checkpoints */
    const struct dataset *dataset;
    const struct sample *sample;
    const struct augmentation *augmentation; /* NULL: none */
    const char *teacher_digest;              /* names it, for checkpoints; NULL where there is none */
    const struct graph
        *teacher; /* simplified; needed where objective.weight > 0: the same inputs and outputs */
    struct trainer_options options;
    struct pool *pool;
    struct progress *progress;

    /* Judge a network, in float, after an epoch; NULL: the training loss decides. The graph is the caller's
     * to look at during the call. May fail; STATUS_CANCELLED ends the run as a cancelled step does, and the
     * epoch is judged when the run goes on. */
    status (*judge)(void *argument, const struct graph *graph, struct training_score *score,
                    struct error *error);
    void *judge_argument;

    /* Called after steps when `watch_due` says so (NULL: always), and after each epoch in any case, on the
     * thread that runs the trainer. */
    void (*watch)(void *argument, const struct training_view *view);
    bool (*watch_due)(void *argument);
    void *watch_argument;

    /* For regularisers: may add to the gradients that stand in the network's parameters, before clipping and
     * the update; adds its own part to *loss. NULL: none. Must depend on its arguments alone. */
    status (*penalty)(void *argument, struct training_network *network, int64_t step, double rate,
                      double *loss, struct error *error);
    void *penalty_argument;
    /* Asked before every step, with the steps that are done: true ends the run as a cancelled one. NULL:
     * never.
     */
    bool (*stop)(void *argument, int64_t step);
    void *stop_argument;
    /* For masks: may change parameters when an epoch has ended, before the network is judged (after which
     * training_network_changed is called). NULL: nothing. */
    status (*epoch_end)(void *argument, struct training_network *network, int64_t epoch, struct error *error);
    void *epoch_end_argument;

    /* Checkpoints (train/checkpoint.h): written after every `checkpoint_epochs` epochs and the last one, when
     * so many seconds have passed since the last (0: not by the clock), and when the run is cancelled. NULL:
     * none. Whether the file may be replaced is the caller's matter. One that cannot be written (a full disk)
     * leaves the old one and ends the run with the error; what was reached stays in the trainer. */
    const char *checkpoint;
    int64_t checkpoint_epochs; /* 0: 1 */
    double checkpoint_seconds;
};

/* STATUS_RANGE for an empty sample and numbers that cannot be; STATUS_SHAPE for a teacher, images or labels
 * that do not fit the network; STATUS_UNSUPPORTED for a network that cannot learn. */
status trainer_new(const struct training *training, struct trainer **trainer, struct error *error);
void trainer_free(struct trainer *trainer); /* NULL is fine */

/* Take up a training where its checkpoint left it, bit for bit as if it had never stopped. Before
 * trainer_run. Refused, and the trainer stays as it is: see train/checkpoint.h; another network, other images
 * or another augmentation, and other options, of which the first that differs is named. Epochs and patience
 * may differ: more epochs go on, as far as the schedule does. */
status trainer_resume(struct trainer *trainer, const char *path, struct error *error);
/* The options that a checkpoint was made with, to take it up with the same. */
status trainer_checkpoint_options(const char *path, struct trainer_options *options, struct error *error);

enum training_end {
    TRAINING_NOT_RUN,   /* yet, or not to its end */
    TRAINING_COMPLETE,  /* all epochs */
    TRAINING_PATIENCE,  /* no better epoch for so long */
    TRAINING_CANCELLED, /* after the last whole step */
    TRAINING_DIVERGED,  /* the loss, or a gradient, was no number */
    TRAINING_FAILED     /* something else went wrong */
};

/* Run to the end. STATUS_OK when complete or out of patience. STATUS_CANCELLED: the present network is that
 * of the last whole step, and the next call goes on from there. STATUS_NAN: the loss or a gradient was
 * infinite or no number; the message names epoch, step and learning rate, and the present network is that of
 * the last good epoch (or of the start), parameters and statistics; another call is refused (STATUS_STATE).
 * Other errors (an image that cannot be read): as cancelled. Progress counts images over all epochs
 * ("training"). */
status trainer_run(struct trainer *trainer, struct error *error);

enum training_end trainer_end(const struct trainer *trainer);
/* The network of the best record; the present one while no epoch (but 0) has ended. */
status trainer_graph_best(const struct trainer *trainer, struct graph **graph, struct error *error);
/* The present one. Both: in float, simplified, the caller's (graph_free). */
status trainer_graph_last(const struct trainer *trainer, struct graph **graph, struct error *error);

/* What is known so far; pointers are valid until the next call about this trainer. */
struct training_view trainer_view(const struct trainer *trainer);
/* Something the user should know ("the last image of each epoch is left out: …"); NULL: nothing. */
const char *trainer_note(const struct trainer *trainer);
size_t trainer_memory(const struct trainer *trainer); /* bytes held, without images */

#endif
