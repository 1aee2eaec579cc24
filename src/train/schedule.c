/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Learning rates: the table of schedules, in closed form. */
#include "train/schedule.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

static double share_constant(const struct schedule *schedule, double t, double epochs)
{
    (void)schedule;
    (void)t;
    (void)epochs;
    return 1;
}

static double share_step(const struct schedule *schedule, double t, double epochs)
{
    (void)epochs;
    return pow(schedule->factor, floor(t / schedule->period));
}

static double share_multistep(const struct schedule *schedule, double t, double epochs)
{
    (void)epochs;
    double passed = 0;
    for (int i = 0; i < schedule->milestone_count; i++)
        passed += t >= schedule->milestones[i];
    return pow(schedule->factor, passed);
}

/* SGDR without restarts: (1 + cos(pi t / T)) / 2 over what warm-up leaves. */
static double share_cosine(const struct schedule *schedule, double t, double epochs)
{
    const double length = epochs - schedule->warmup;
    const double done = length > 0 ? fmin(1, (t - schedule->warmup) / length) : 1;
    return (1 + cos(acos(-1.0) * done)) / 2;
}

static const struct schedule_row rows[SCHEDULE_KINDS] = {
    [SCHEDULE_CONSTANT] = {"constant", "the same rate throughout", share_constant},
    [SCHEDULE_STEP] = {"step", "times a factor every so many epochs", share_step},
    [SCHEDULE_MULTISTEP] = {"multistep", "times a factor at each of the milestones", share_multistep},
    [SCHEDULE_COSINE] = {"cosine", "half a cosine, down to the least rate at the end", share_cosine},
};

const struct schedule_row *schedule_row(enum schedule_kind kind)
{
    return &rows[kind];
}

int schedule_find(const char *name)
{
    for (int i = 0; i < SCHEDULE_KINDS; i++)
        if (strcmp(rows[i].name, name) == 0)
            return i;
    return -1;
}

struct schedule schedule_default(void)
{
    return (struct schedule){
        .kind = SCHEDULE_CONSTANT, .rate = 0.01, .factor = 0.1, .period = 30, .warmup_start = 0.01};
}

static status check_milestones(const struct schedule *schedule, struct error *error)
{
    if (schedule->milestone_count < 1 || schedule->milestone_count > SCHEDULE_MILESTONES)
        return error_set(error, STATUS_RANGE, "a multistep schedule has 1 to %d milestones, not %d",
                         SCHEDULE_MILESTONES, schedule->milestone_count);
    for (int i = 0; i < schedule->milestone_count; i++)
        if (!(schedule->milestones[i] > (i > 0 ? schedule->milestones[i - 1] : 0)) ||
            !isfinite(schedule->milestones[i]))
            return error_set(error, STATUS_RANGE,
                             "milestone %g: milestones are epochs above 0 in ascending order",
                             schedule->milestones[i]);
    return STATUS_OK;
}

status schedule_check(const struct schedule *schedule, int64_t epochs, struct error *error)
{
    if (!(schedule->rate > 0) || !isfinite(schedule->rate))
        return error_set(error, STATUS_RANGE, "learning rate %g: must be above 0", schedule->rate);
    if (!(schedule->least >= 0 && schedule->least <= schedule->rate))
        return error_set(error, STATUS_RANGE, "least learning rate %g: must be from 0 to the rate, %g",
                         schedule->least, schedule->rate);
    if (!(schedule->factor > 0) || !isfinite(schedule->factor))
        return error_set(error, STATUS_RANGE, "factor %g of the learning rate: must be above 0",
                         schedule->factor);
    if (!(schedule->period > 0) || !isfinite(schedule->period))
        return error_set(error, STATUS_RANGE, "period %g of the learning rate: must be above 0 epochs",
                         schedule->period);
    if (!(schedule->warmup >= 0 && schedule->warmup <= (double)epochs))
        return error_set(error, STATUS_RANGE, "warm-up of %g epochs: must be from 0 to all %lld",
                         schedule->warmup, (long long)epochs);
    if (!(schedule->warmup_start >= 0 && schedule->warmup_start <= 1))
        return error_set(error, STATUS_RANGE, "start of the warm-up %g: a share of the rate, from 0 to 1",
                         schedule->warmup_start);
    return schedule->kind == SCHEDULE_MULTISTEP ? check_milestones(schedule, error) : STATUS_OK;
}

double schedule_rate(const struct schedule *schedule, int64_t step, int64_t steps_per_epoch, int64_t epochs)
{
    const int64_t epoch = step / steps_per_epoch;
    const double t = schedule->by_epoch ? (double)epoch : (double)step / (double)steps_per_epoch;
    if (t < schedule->warmup) {
        const double begun = schedule->warmup_start;
        return schedule->rate * (begun + (1 - begun) * t / schedule->warmup);
    }
    const double share = rows[schedule->kind].share(schedule, t, (double)epochs);
    const double least = schedule->kind == SCHEDULE_COSINE ? schedule->least : 0;
    return least + (schedule->rate - least) * share;
}
