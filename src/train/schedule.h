/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Learning rates as a function of the step, a row for each kind: nothing is carried from step to step.
 *
 * Time is counted in epochs: t = step / (steps per epoch), and where `by_epoch` is set only whole epochs
 * count, as when PyTorch's schedulers are asked once an epoch. Warm-up is linear over the first epochs
 * (LinearLR). Milestones and periods count from the first epoch on, warm-up included; the cosine runs over
 * what is left after it (SequentialLR). */
#ifndef IPPRO_TRAIN_SCHEDULE_H
#define IPPRO_TRAIN_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/status.h"

enum schedule_kind {
    SCHEDULE_CONSTANT,
    SCHEDULE_STEP,      /* StepLR: times `factor` every `period` epochs */
    SCHEDULE_MULTISTEP, /* MultiStepLR: times `factor` at each milestone */
    SCHEDULE_COSINE,    /* CosineAnnealingLR: down to `least` over all epochs (Loshchilov and Hutter 2017) */
    SCHEDULE_KINDS
};

enum { SCHEDULE_MILESTONES = 16 };

struct schedule {
    enum schedule_kind kind;
    double rate;                            /* > 0: the base learning rate */
    double least;                           /* cosine: what it ends at, 0..rate */
    double factor;                          /* step, multistep: > 0 */
    double period;                          /* step: epochs, > 0 */
    double milestones[SCHEDULE_MILESTONES]; /* multistep: epochs, ascending */
    int milestone_count;
    double warmup;       /* epochs, 0: none */
    double warmup_start; /* the share of the rate that warm-up begins with, 0..1 */
    bool by_epoch;       /* changes between epochs only */
};

struct schedule_row {
    const char *name, *help; /* "cosine" */
    /* Share of the base rate at t >= warm-up, of `epochs`, where there is no least rate. */
    double (*share)(const struct schedule *schedule, double t, double epochs);
};

const struct schedule_row *schedule_row(enum schedule_kind kind);
/* -1 for a name that is none. */
int schedule_find(const char *name);
/* Constant, rate 0.01; factor 0.1, period 30, warm-up from a hundredth. */
struct schedule schedule_default(void);
/* STATUS_RANGE, naming the number that cannot be. epochs: of the whole training. */
status schedule_check(const struct schedule *schedule, int64_t epochs, struct error *error);
/* Learning rate of step 0, 1, ... of a checked schedule. */
double schedule_rate(const struct schedule *schedule, int64_t step, int64_t steps_per_epoch, int64_t epochs);

#endif
