/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Searches: what is refused, which method, what came out. */
#include "search/search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/text.h"
#include "search/internal.h"
#include "stats/masked_pass.h"

static const struct {
    const char *name;
    bool measures;
    status (*run)(struct search_work *work, int *found, struct error *error);
} methods[] = {
    {"uniform", false, search_uniform},
    {"global", false, search_global},
    {"greedy", true, search_greedy},
    {"lagrange", true, search_lagrange},
};

static const char *const cost_words[SEARCH_COSTS] = {"multiply-adds", "parameters", "bytes of activations",
                                                     "latency"};

const char *search_method_name(int index)
{
    return index >= 0 && index < (int)(sizeof methods / sizeof *methods) ? methods[index].name : NULL;
}

bool search_method_measures(int index)
{
    return methods[index].measures;
}

const char *search_harm_name(int index)
{
    static const char *const names[] = {"loss", "accuracy"};
    return index >= 0 && index < 2 ? names[index] : NULL;
}

/* --- making --------------------------------------------------------------------------------------------- */

static status whole_network(struct search *search, struct error *error)
{
    int index, *count = mem_new((size_t)search->state->settings.coupling->block_count + 1, sizeof *count);
    status code = count != NULL ? candidate_find(search, count, &index, error) : error_memory(error);
    mem_free(count);
    return code;
}

static status build(struct search *search, const struct search_settings *settings, struct error *error)
{
    struct search_state *state = search->state = mem_new(1, sizeof *state);
    if (state == NULL || (state->arena = arena_new()) == NULL)
        return error_memory(error);
    state->settings = *settings;
    status code = STATUS_OK;
    if (settings->dataset != NULL) {
        search->images = settings->sample->count;
        code = search->images > 0
                   ? sample_copy(settings->sample, &state->sample, error)
                   : error_set(error, STATUS_RANGE, "a search needs at least one image to judge by");
    }
    if (code == STATUS_OK)
        code = space_new(search, settings, error);
    return code == STATUS_OK ? whole_network(search, error) : code;
}

status search_new(const struct search_settings *settings, struct search **search, struct error *error)
{
    struct search *made = mem_new(1, sizeof *made);
    status code = made != NULL ? build(made, settings, error) : error_memory(error);
    if (code == STATUS_OK)
        *search = made;
    else
        search_free(made);
    return code;
}

void search_free(struct search *search)
{
    if (search == NULL)
        return;
    struct search_state *state = search->state;
    if (state != NULL) {
        masked_pass_free(state->pass);
        mem_free(state->pass_list);
        mem_free(state->table);
        sample_free(&state->sample);
        arena_free(state->arena);
    }
    mem_free(state);
    mem_free(search->candidates);
    mem_free(search);
}

/* --- what can be reached -------------------------------------------------------------------------------- */

static void text_add_cost(struct text *text, const struct search *search, int cost, double amount)
{
    text_add_rounded(text, 100 * amount / search->candidates[0].cost[cost], 3);
    text_add(text, " % of the ");
    text_add(text, cost_words[cost]);
    text_add(text, " (");
    if (cost == SEARCH_LATENCY)
        text_add_rounded(text, 1e3 * amount, 4);
    else
        text_add_si(text, amount, 4);
    text_add(text, cost == SEARCH_LATENCY ? " ms)" : ")");
}

static status refuse(struct text *text, struct error *error)
{
    if (text->failed)
        error_memory(error);
    else
        error_set(error, STATUS_RANGE, "%s", text_data(text));
    text_free(text);
    return error->code;
}

static status refuse_limit(const struct search_work *work, int cost, int least, struct error *error)
{
    const struct search *search = work->search;
    const struct search_state *state = search->state;
    struct text text = {0};
    int blocks = state->settings.coupling->block_count, free_blocks = 0;
    for (int b = 0; b < blocks; b++)
        free_blocks += state->included[b];
    text_add_cost(&text, search, cost, work->goal->limit[cost]);
    text_add(&text, " cannot be reached: with every free block as small as it may be ");
    text_add_cost(&text, search, cost, search->candidates[least].cost[cost]);
    text_add_format(&text, " would be left; %d of %d blocks are free", free_blocks, blocks);
    if (state->settings.select.cap < 1) {
        text_add(&text, ", and lose ");
        text_add_rounded(&text, 100 * state->settings.select.cap, 3);
        text_add(&text, " % at most (cap)");
    }
    return refuse(&text, error);
}

/* Every block at its smallest. */
static status smallest(struct search_work *work, int *index, struct error *error)
{
    const struct search_state *state = work->search->state;
    int blocks = state->settings.coupling->block_count;
    int *count = mem_new((size_t)blocks + 1, sizeof *count);
    if (count == NULL)
        return error_memory(error);
    for (int b = 0; b < blocks; b++)
        count[b] = state->included[b] ? state->rooms[b].most : 0;
    status code = candidate_find(work->search, count, index, error);
    mem_free(count);
    return code;
}

static status check_limits(struct search_work *work, struct error *error)
{
    const struct search *search = work->search;
    int least = 0;
    if (!work->limited)
        return STATUS_OK;
    if (budget_met(work, 0))
        return error_set(error, STATUS_RANGE, "the whole network costs no more than that: nothing need go");
    status code = smallest(work, &least, error);
    for (int i = 0; i < SEARCH_COSTS && code == STATUS_OK; i++)
        if (search->candidates[least].cost[i] > work->goal->limit[i])
            return refuse_limit(work, i, least, error);
    return code;
}

/* --- running -------------------------------------------------------------------------------------------- */

static status check_goal(struct search_work *work, struct error *error)
{
    const struct search_goal *goal = work->goal;
    bool keeps = isfinite(goal->keep);
    if (!work->limited && !keeps)
        return error_set(error, STATUS_RANGE, "a search needs a budget, or an accuracy to keep");
    if ((keeps || methods[goal->method].measures) && work->search->state->settings.dataset == NULL)
        return error_set(error, STATUS_STATE, "%s needs images to measure by, and no data set is open",
                         keeps ? "keeping the accuracy" : methods[goal->method].name);
    return check_limits(work, error);
}

/* Latencies are those of this run: another one asks another clock. */
static status time_anew(struct search_work *work, struct error *error)
{
    struct search *search = work->search;
    int whole;
    search->state->timed = isfinite(work->goal->limit[SEARCH_LATENCY]);
    search->state->run++;
    for (int i = 0; i < search->candidate_count; i++)
        search->candidates[i].cost[SEARCH_LATENCY] = NAN;
    if (search->state->timed && search->latency == NULL)
        return error_set(error, STATUS_STATE, "no clock is there to keep a limit of latency");
    return candidate_find(search, search->candidates[0].count, &whole, error);
}

/* The least accuracy, and the whole network judged, where there are images. */
static status judge_whole(struct search_work *work, struct error *error)
{
    if (work->search->state->settings.dataset == NULL)
        return STATUS_OK;
    status code = candidates_judge(work, 0, NULL, 0, error);
    double value = work->search->candidates[0].value;
    if (code == STATUS_OK && isfinite(work->goal->keep)) {
        if (isnan(value))
            return error_set(error, STATUS_STATE, "the network has no accuracy on these images");
        work->floor = value - work->goal->keep;
    }
    return code;
}

static status run_method(struct search_work *work, int *found, struct error *error)
{
    status code = methods[work->goal->method].run(work, found, error);
    if (code == STATUS_OK && (!work->limited || budget_met(work, *found)))
        code = budget_fill(work, found, error);
    if (code == STATUS_OK && work->search->state->settings.dataset != NULL)
        code = candidates_judge(work, *found, NULL, 0, error);
    return code;
}

/* The budget and the accuracy contradict each other: what the method reaches with the accuracy alone. */
static status refuse_accuracy(struct search_work *work, int found, struct error *error)
{
    struct search_goal alone = *work->goal;
    struct search_work again = *work;
    struct text text = {0};
    const struct search *search = work->search;
    for (int i = 0; i < SEARCH_COSTS; i++)
        alone.limit[i] = INFINITY;
    again.goal = &alone;
    again.limited = false;
    int reached = found;
    if (budget_met(work, found) && run_method(&again, &reached, error) != STATUS_OK)
        return error->code;
    text_add(&text, "the budget and the accuracy cannot both be met by ");
    text_add(&text, methods[work->goal->method].name);
    text_add(&text, ": within ");
    text_add_rounded(&text, 100 * work->goal->keep, 3);
    text_add(&text, " points it reaches ");
    text_add_cost(&text, search, SEARCH_MACS, search->candidates[reached].cost[SEARCH_MACS]);
    text_add(&text, " at ");
    text_add_rounded(&text, 100 * search->candidates[reached].value, 4);
    text_add(&text, " %");
    return refuse(&text, error);
}

/* The limits can be met, but not in the way that this method goes. */
static status refuse_method(const struct search_work *work, int found, struct error *error)
{
    const struct search *search = work->search;
    struct text text = {0};
    text_add_format(&text, "%s does not reach the budget: it ends at ", methods[work->goal->method].name);
    text_add_cost(&text, search, SEARCH_MACS, search->candidates[found].cost[SEARCH_MACS]);
    return refuse(&text, error);
}

static status run_work(struct search_work *work, struct error *error)
{
    int found = 0;
    status code = time_anew(work, error);
    if (code == STATUS_OK)
        code = check_goal(work, error);
    if (code == STATUS_OK)
        code = judge_whole(work, error);
    if (code == STATUS_OK)
        code = run_method(work, &found, error);
    if (code != STATUS_OK)
        return code;
    if (work->limited && isfinite(work->floor) && (!budget_met(work, found) || !accuracy_kept(work, found)))
        return refuse_accuracy(work, found, error);
    if (!budget_met(work, found) && work->limited)
        return refuse_method(work, found, error);
    work->outcome->found = found;
    return STATUS_OK;
}

status search_run(struct search *search, const struct search_goal *goal, struct pool *pool,
                  struct progress *progress, struct search_outcome *outcome, struct error *error)
{
    struct search_work work = {.search = search,
                               .goal = goal,
                               .pool = pool,
                               .progress = progress,
                               .outcome = outcome,
                               .floor = -INFINITY};
    double start = clock_seconds();
    *outcome = (struct search_outcome){0};
    for (int i = 0; i < SEARCH_COSTS; i++)
        work.limited |= isfinite(goal->limit[i]);
    status code = run_work(&work, error);
    outcome->seconds = clock_seconds() - start;
    return code;
}

/* --- what there is -------------------------------------------------------------------------------------- */

void search_ratios(const struct search *search, int candidate, double *ratio)
{
    const struct coupling *c = search->state->settings.coupling;
    for (int b = 0; b < c->block_count; b++)
        ratio[b] = (double)search->candidates[candidate].count[b] / c->blocks[b].class_count;
}

struct place {
    double macs, value;
    int index;
};

static int compare_places(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->macs != y->macs)
        return x->macs < y->macs ? -1 : 1;
    if (x->value != y->value)
        return x->value > y->value ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

status search_front(const struct search *search, bool *front, struct error *error)
{
    struct place *places = mem_new((size_t)search->candidate_count + 1, sizeof *places);
    int count = 0;
    double best = -INFINITY;
    if (places == NULL)
        return error_memory(error);
    for (int i = 0; i < search->candidate_count; i++) {
        const struct search_candidate *candidate = &search->candidates[i];
        front[i] = false;
        if (candidate->judged && !isnan(candidate->value))
            places[count++] = (struct place){candidate->cost[SEARCH_MACS], candidate->value, i};
    }
    qsort(places, (size_t)count, sizeof *places, compare_places);
    for (int i = 0; i < count; i++) {
        front[places[i].index] = places[i].value > best;
        best = fmax(best, places[i].value);
    }
    mem_free(places);
    return STATUS_OK;
}
