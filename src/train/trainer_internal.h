/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inside of a trainer: trainer.c makes it and answers questions, trainer_run.c goes through epochs and
 * steps, trainer_state.c takes the state apart, for copies and for checkpoints. */
#ifndef IPPRO_TRAIN_TRAINER_INTERNAL_H
#define IPPRO_TRAIN_TRAINER_INTERNAL_H

#include "base/file.h"
#include "base/text.h"
#include "train/teacher.h"
#include "train/trainer.h"

/* Where a training is. Goes into checkpoints as it stands: plain numbers, no padding. */
struct training_state {
    int64_t epoch;        /* epochs that have ended; the one that runs is epoch + 1 */
    int64_t epoch_step;   /* steps done of it */
    int64_t epoch_closed; /* 1: its steps are done and epoch_end was called; it is to be judged */
    int64_t epoch_images, epoch_correct;
    double epoch_loss; /* sum over its images */
    double loss, rate; /* of the last step */
    int64_t best;      /* index of the best record, -1 */
    int64_t record_count;
    int64_t point_count, point_steps;              /* points of the curve; steps that the next one is of */
    int64_t open_steps, open_images, open_correct; /* of the point that is not complete */
    double open_loss;                              /* sum over steps */
    double seconds;
};

/* Arrays that make up a state: their bytes one after the other are a copy of it. */
struct pieces {
    struct file_piece *list;
    int count;
    size_t bytes;
};

struct trainer {
    struct training training;
    const struct trainer_options *options; /* those of `training` */
    struct training_network *network;
    const struct training_parameter **parameters;
    struct optimizer *optimizer;
    struct instructor *instructor;
    struct pieces learnt, slots; /* parameters with running statistics; what the optimiser keeps */
    unsigned char *best, *good;  /* copies of `learnt`: of the best record, of the last good epoch */
    int64_t batch, epoch_steps;  /* images of a step; steps of an epoch */
    struct training_state state;
    struct training_record *records;
    size_t record_capacity;
    struct training_point points[TRAINING_POINTS];
    int64_t *order;      /* the sample's records in the order of the epoch that runs, */
    int64_t order_epoch; /* which is this one; -1: of none */
    char images_digest[DIGEST_SIZE];
    enum training_end end;
    struct text note;
    double run_start, saved_at;     /* clock */
    double mark, mark_images, pace; /* images per second since the mark; 0: not known yet */
    double judging;                 /* seconds that judging took last */
};

/* trainer_state.c */
status pieces_find(struct trainer *trainer, struct error *error); /* learnt and slots */
void pieces_save(const struct pieces *pieces, unsigned char *copy);
void pieces_restore(const struct pieces *pieces, const unsigned char *copy);
bool learnt_is_finite(const struct trainer *trainer);
/* Digest of what is learnt from: data set, records, augmentation. */
status find_images_digest(struct trainer *trainer, struct error *error);
status trainer_save(struct trainer *trainer, struct error *error); /* to the checkpoint's path */

/* Seconds of training so far, of earlier runs too. */
double trainer_seconds(const struct trainer *trainer);

#endif
