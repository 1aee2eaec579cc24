/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of a training share: training.c runs it, training_judge.c says how good a network is,
 * training_figures.c shows it, training_penalty.c adds to gradients. */
#ifndef IPPRO_SESSION_COMMANDS_TRAINING_INTERNAL_H
#define IPPRO_SESSION_COMMANDS_TRAINING_INTERNAL_H

#include "data/sampler.h"
#include "session/commands/training.h"
#include "session/measurement.h"
#include "stats/evaluate.h"

/* On what networks are judged, and what was found. */
struct training_judge {
    struct dataset *dataset;  /* counted; NULL: nothing is judged */
    bool same;                /* they are images of the split that is learnt */
    struct sample sample;     /* of `dataset` */
    bool knows_start;         /* the network before the first step is measured */
    struct measurement start; /* details are the session's, so none are here */
    struct measurement best;  /* of the best network so far, owned; network "" */
    bool has_best;
};

struct training_work {
    struct call *call;
    struct training_plan plan;
    struct sample sample;
    struct training_judge judge;
    struct trainer *trainer;
    bool due;               /* a snapshot is wanted */
    bool stop;              /* a function of a script says so */
    int records;            /* that it was told of */
    struct error trouble;   /* in a function of a script; STATUS_OK: none */
    struct error unwritten; /* why a checkpoint could not be written, likewise */
    int64_t resumed;        /* steps that were done when it began */
};

/* --- training_judge.c ----------------------------------------------------------------------------------- */

/* Open the split and draw the images. */
status training_judge_open(struct training_work *work, struct error *error);
void training_judge_free(struct training_judge *judge);
/* The `judge` of train/trainer.h; argument: the work. */
status training_judge(void *argument, const struct graph *graph, struct training_score *score,
                      struct error *error);
/* "10,000 test images" */
void text_add_judged(struct text *text, const struct training_work *work);

/* --- training_penalty.c --------------------------------------------------------------------------------- */

/* The `penalty` of train/trainer.h; argument: the work. */
status training_penalty(void *argument, struct training_network *network, int64_t step, double rate,
                        double *loss, struct error *error);
/* The `epoch_end` of train/trainer.h, of a script; argument: the work. */
status training_mask(void *argument, struct training_network *network, int64_t epoch, struct error *error);

/* --- training_figures.c --------------------------------------------------------------------------------- */

/* For live.h: what there is so far. */
void training_show(struct training_work *work, const struct training_view *view);
/* Table of epochs, curves; what there is to note goes to the table. */
status training_reply(struct training_work *work, const struct training_view *view, struct error *error);

#endif
