/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One number decides, a ratio for every block or a share of all channels: found by bisection. */
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "prune/selection.h"
#include "search/internal.h"

/* Counts at a number in 0..1, per block, written. */
typedef status count_function(struct search_work *work, double number, int *count, struct error *error);

static status uniform_counts(struct search_work *work, double number, int *count, struct error *error)
{
    const struct search *search = work->search;
    const struct search_settings *settings = &search->state->settings;
    (void)error;
    for (int b = 0; b < settings->coupling->block_count; b++) {
        int64_t classes = settings->coupling->blocks[b].class_count;
        bool here = search->state->included[b];
        int64_t asked = here ? pruned_count(classes, number, settings->select.rounding) : 0;
        count[b] = here ? space_at_most(search, b, (int)asked) : 0;
    }
    return STATUS_OK;
}

static status global_counts(struct search_work *work, double number, int *count, struct error *error)
{
    const struct search_state *state = work->search->state;
    const struct coupling *c = state->settings.coupling;
    struct selection selection;
    status code = select_global(c, state->class_score, number, state->included, &state->settings.select,
                                &selection, error);
    if (code != STATUS_OK)
        return code;
    memset(count, 0, (size_t)c->block_count * sizeof *count);
    for (int i = 0; i < c->class_count; i++)
        count[c->classes[i].block] += selection.removed[i];
    selection_free(&selection);
    return STATUS_OK;
}

/* Does the candidate go far enough, or too far? With limits it must meet them, else keep the accuracy, which
 * is measured. */
static status goes_far(struct search_work *work, int index, bool *far, struct error *error)
{
    if (work->limited) {
        *far = budget_met(work, index);
        return STATUS_OK;
    }
    status code = candidates_judge(work, index, NULL, 0, error);
    *far = code == STATUS_OK && !accuracy_kept(work, index);
    return code;
}

/* low does not go far, high does; halved until nothing is left between them that a number of channels tells
 * apart. */
static status bisect(struct search_work *work, count_function *counts, int *count, int *low, int *high,
                     struct error *error)
{
    enum { HALVINGS = 30 };
    double from = 0, to = 1;
    status code = STATUS_OK;
    for (int i = 0; i < HALVINGS && code == STATUS_OK; i++) {
        double middle = (from + to) / 2;
        bool far = false;
        int index = 0;
        code = counts(work, middle, count, error);
        if (code == STATUS_OK)
            code = candidate_find(work->search, count, &index, error);
        if (code == STATUS_OK)
            code = goes_far(work, index, &far, error);
        *(far ? high : low) = index;
        *(far ? &to : &from) = middle;
        work->outcome->steps++;
        if (code == STATUS_OK)
            code = progress_check(error);
    }
    return code;
}

static status search_by_number(struct search_work *work, count_function *counts, int *found,
                               struct error *error)
{
    int *count = mem_new((size_t)work->search->state->settings.coupling->block_count + 1, sizeof *count);
    int low = 0, high = 0;
    bool far = false;
    status code = count != NULL ? counts(work, 1, count, error) : error_memory(error);
    if (code == STATUS_OK)
        code = candidate_find(work->search, count, &high, error);
    if (code == STATUS_OK)
        code = goes_far(work, high, &far, error);
    if (code == STATUS_OK && far)
        code = bisect(work, counts, count, &low, &high, error);
    else
        low = high;
    mem_free(count);
    *found = work->limited ? high : low;
    return code;
}

status search_uniform(struct search_work *work, int *found, struct error *error)
{
    return search_by_number(work, uniform_counts, found, error);
}

status search_global(struct search_work *work, int *found, struct error *error)
{
    return search_by_number(work, global_counts, found, error);
}
