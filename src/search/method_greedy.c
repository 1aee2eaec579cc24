/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Step by step: every block is tried with a step more, all of them in one pass. */
#include <math.h>

#include "base/memory.h"
#include "base/status.h"
#include "search/internal.h"

/* Candidates with one block a step further than `from`; where a step would go beyond what the limits ask for,
 * as far as they do. */
static status list_trials(struct search_work *work, int from, int *trials, int *count, struct error *error)
{
    struct search *search = work->search;
    status code = STATUS_OK;
    *count = 0;
    for (int b = 0; b < search->state->settings.coupling->block_count && code == STATUS_OK; b++) {
        int index, now = search->candidates[from].count[b];
        int step = space_step(search, b, work->goal->step);
        int next = search->state->included[b] ? space_more(search, b, now, step) : now;
        if (next <= now)
            continue;
        code = candidate_vary(search, from, b, next, &index, error);
        if (code == STATUS_OK && work->limited && budget_met(work, index))
            code = budget_trim(work, from, b, next, &index, error);
        if (code == STATUS_OK && budget_saving(work, from, index) > 0)
            trials[(*count)++] = index;
    }
    return code;
}

/* Of those that keep the accuracy; -1 where none does. */
static int least_harm(const struct search_work *work, int from, const int *trials, int count)
{
    int best = -1;
    double lowest = INFINITY;
    for (int i = 0; i < count; i++) {
        double harm = search_loss(work, from, trials[i]) / budget_saving(work, from, trials[i]);
        if (accuracy_kept(work, trials[i]) && (best < 0 || harm < lowest)) {
            best = trials[i];
            lowest = harm;
        }
    }
    return best;
}

status search_greedy(struct search_work *work, int *found, struct error *error)
{
    int *trials = mem_new((size_t)work->search->state->settings.coupling->block_count + 1, sizeof *trials);
    status code = trials != NULL ? STATUS_OK : error_memory(error);
    int now = 0, next = 0;
    while (code == STATUS_OK && next >= 0 && !(work->limited && budget_met(work, now))) {
        int count;
        budget_weigh(work, now);
        code = list_trials(work, now, trials, &count, error);
        if (code == STATUS_OK)
            code = candidates_judge(work, now, trials, count, error);
        if (code != STATUS_OK)
            break;
        next = least_harm(work, now, trials, count);
        now = next >= 0 ? next : now;
        work->outcome->steps += next >= 0;
    }
    mem_free(trials);
    *found = now;
    return code;
}
