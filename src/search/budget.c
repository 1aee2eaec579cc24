/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What may be left, and how candidates are brought close to it. */
#include <math.h>

#include "base/status.h"
#include "search/internal.h"
#include "search/search.h"

static const double hit = 0.99; /* of a limit: closer than that it is met within 1 % */

double budget_excess(const struct search_work *work, int candidate)
{
    const double *cost = work->search->candidates[candidate].cost;
    double excess = 0;
    for (int i = 0; i < SEARCH_COSTS; i++)
        excess = fmax(excess, cost[i] / work->goal->limit[i]);
    return excess;
}

bool budget_met(const struct search_work *work, int candidate)
{
    return budget_excess(work, candidate) <= 1;
}

/* Without limits a saving is one of multiply-adds. */
void budget_weigh(struct search_work *work, int from)
{
    const struct search_candidate *whole = &work->search->candidates[0];
    const double *cost = work->search->candidates[from].cost;
    for (int i = 0; i < SEARCH_COSTS; i++) {
        double over = cost[i] / work->goal->limit[i] - 1;
        work->weight[i] = over > 0 ? over / work->goal->limit[i] : 0;
    }
    if (!work->limited)
        work->weight[SEARCH_MACS] = 1 / whole->cost[SEARCH_MACS];
}

double budget_saving(const struct search_work *work, int from, int to)
{
    const double *before = work->search->candidates[from].cost, *after = work->search->candidates[to].cost;
    double saving = 0;
    for (int i = 0; i < SEARCH_COSTS; i++)
        saving += work->weight[i] > 0 ? work->weight[i] * (before[i] - after[i]) : 0;
    return saving;
}

double search_loss(const struct search_work *work, int from, int to)
{
    static const double tie = 1e-6; /* of the loss: less than one image of any sample */
    const struct search_candidate *a = &work->search->candidates[from], *b = &work->search->candidates[to];
    double loss = b->loss - a->loss;
    if (work->goal->harm == SEARCH_HARM_ACCURACY)
        loss = a->value - b->value + tie * loss;
    return isnan(loss) ? INFINITY : loss;
}

bool accuracy_kept(const struct search_work *work, int candidate)
{
    static const double rounding = 1e-9;
    return isinf(work->floor) || work->search->candidates[candidate].value >= work->floor - rounding;
}

status budget_trim(struct search_work *work, int base, int block, int most, int *index, struct error *error)
{
    struct search *search = work->search;
    int count = search->candidates[base].count[block];
    status code = STATUS_OK;
    do {
        int next = space_more(search, block, count, 1);
        if (next <= count)
            break;
        count = next;
        code = candidate_vary(search, base, block, count, index, error);
    } while (code == STATUS_OK && count < most && !budget_met(work, *index));
    return code;
}

/* The candidate that gives one block a step back and is closest to the limits; *best stays where there is
 * none. */
static status closest_back(struct search_work *work, int from, int *best, struct error *error)
{
    struct search *search = work->search;
    status code = STATUS_OK;
    for (int b = 0; b < search->state->settings.coupling->block_count && code == STATUS_OK; b++) {
        int index, count = search->candidates[from].count[b];
        if (count == 0)
            continue;
        code = candidate_vary(search, from, b, space_less(search, b, count, 1), &index, error);
        if (code == STATUS_OK && budget_met(work, index) &&
            budget_excess(work, index) > budget_excess(work, *best))
            *best = index;
    }
    return code;
}

status budget_fill(struct search_work *work, int *index, struct error *error)
{
    status code = STATUS_OK;
    bool closer = work->limited;
    while (code == STATUS_OK && closer && budget_excess(work, *index) < hit) {
        int best = *index;
        code = closest_back(work, *index, &best, error);
        closer = best != *index;
        *index = best;
    }
    work->outcome->hit = budget_excess(work, *index) >= hit || !work->limited;
    return code;
}
