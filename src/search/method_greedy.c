/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Step by step: every block is tried with a step more, all of them in one pass. */
#include <math.h>

#include "base/memory.h"
#include "base/status.h"
#include "search/internal.h"

/* A block a step further than `from`, or as many steps as it takes to save something: latencies are
 * staircases. *count is what it was where nothing is saved. */
static status step_down(struct search_work *work, int from, int block, int *count, int *index,
                        struct error *error)
{
    struct search *search = work->search;
    int now = *count, step = space_step(search, block, work->goal->step), next;
    status code = STATUS_OK;
    for (int last = now; code == STATUS_OK && (next = space_more(search, block, last, step)) > last;
         last = next) {
        code = candidate_vary(search, from, block, next, index, error);
        if (code == STATUS_OK && budget_saving(work, from, *index) > 0) {
            *count = next;
            break;
        }
    }
    return code;
}

/* Candidates with one block further than `from`; where a step would go beyond what the limits ask for, as far
 * as they do. */
static status list_trials(struct search_work *work, int from, int *trials, int *count, struct error *error)
{
    struct search *search = work->search;
    status code = STATUS_OK;
    *count = 0;
    for (int b = 0; b < search->state->settings.coupling->block_count && code == STATUS_OK; b++) {
        int index = from, now = search->candidates[from].count[b], next = now;
        if (search->state->included[b])
            code = step_down(work, from, b, &next, &index, error);
        if (code == STATUS_OK && next > now && work->limited && budget_met(work, index))
            code = budget_trim(work, from, b, next, &index, error);
        if (code == STATUS_OK && next > now)
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
