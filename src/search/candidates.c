/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Candidates: found by their counts, judged together. */
#include "search/internal.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "nn/engine/quality.h"
#include "prune/cost.h"
#include "prune/selection.h"
#include "search/search.h"
#include "stats/masked_pass.h"

/* --- finding -------------------------------------------------------------------------------------------- */

static size_t block_count(const struct search *search)
{
    return (size_t)search->state->settings.coupling->block_count;
}

/* FNV-1a over the counts. */
static uint64_t hash_counts(const int *count, size_t blocks)
{
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < blocks; i++)
        hash = (hash ^ (uint64_t)count[i]) * 1099511628211u;
    return hash ^ hash >> 29;
}

/* Where the counts stand in the table, or would. */
static size_t table_place(const struct search *search, const int *count)
{
    const struct search_state *state = search->state;
    size_t blocks = block_count(search), place = hash_counts(count, blocks) & (state->table_size - 1);
    while (state->table[place] >= 0 &&
           memcmp(search->candidates[state->table[place]].count, count, blocks * sizeof *count) != 0)
        place = (place + 1) & (state->table_size - 1);
    return place;
}

/* At most half of the table is in use. */
static status make_table(struct search *search, struct error *error)
{
    struct search_state *state = search->state;
    size_t size = state->table_size > 0 ? state->table_size : 64;
    while (size < 2 * (size_t)(search->candidate_count + 1))
        size *= 2;
    if (size == state->table_size)
        return STATUS_OK;
    int *table = mem_new(size, sizeof *table);
    if (table == NULL)
        return error_memory(error);
    for (size_t i = 0; i < size; i++)
        table[i] = -1;
    mem_free(state->table);
    state->table = table;
    state->table_size = size;
    for (int i = 0; i < search->candidate_count; i++)
        table[table_place(search, search->candidates[i].count)] = i;
    return STATUS_OK;
}

/* As the select functions choose: the lowest of each block, then what would leave a value empty comes back.
 */
static void fill_removed(const struct search *search, const int *count, bool *removed)
{
    const struct search_state *state = search->state;
    const struct coupling *c = state->settings.coupling;
    memset(removed, 0, (size_t)c->class_count * sizeof *removed);
    for (int b = 0; b < c->block_count; b++)
        for (int i = 0; i < count[b]; i++)
            removed[state->rooms[b].order[i]] = true;
    selection_keep_alive(c, state->class_score, removed);
}

bool *candidate_removed(const struct search *search, int index)
{
    size_t classes = (size_t)search->state->settings.coupling->class_count;
    bool *removed = mem_new(classes + 1, sizeof *removed);
    if (removed != NULL)
        fill_removed(search, search->candidates[index].count, removed);
    return removed;
}

static status add_candidate(struct search *search, const int *count, struct error *error)
{
    struct search_state *state = search->state;
    size_t blocks = block_count(search);
    struct cost cost;
    if (!mem_grow(&search->candidates, &state->candidate_capacity, (size_t)search->candidate_count + 1,
                  sizeof *search->candidates))
        return error_memory(error);
    int *copy = arena_alloc(state->arena, blocks + 1, sizeof *copy);
    if (copy == NULL)
        return error_memory(error);
    memcpy(copy, count, blocks * sizeof *copy);
    fill_removed(search, count, state->removed);
    status code = cost_compute(state->settings.coupling, state->removed, COST_MACS, &cost, error);
    if (code != STATUS_OK)
        return code;
    search->candidates[search->candidate_count++] = (struct search_candidate){
        .count = copy,
        .cost = {cost.macs, (double)cost.parameters, (double)cost.activation_bytes, NAN},
    };
    cost_free(&cost);
    return STATUS_OK;
}

/* The latency of a candidate in a run that has a limit of it. */
static status time_candidate(struct search *search, int index, struct error *error)
{
    struct search_state *state = search->state;
    struct search_candidate *candidate = &search->candidates[index];
    if (!state->timed || !isnan(candidate->cost[SEARCH_LATENCY]))
        return STATUS_OK;
    fill_removed(search, candidate->count, state->removed);
    return search->latency(search->latency_argument, state->removed, &candidate->cost[SEARCH_LATENCY], error);
}

status candidate_find(struct search *search, const int *count, int *index, struct error *error)
{
    struct search_state *state = search->state;
    status code = make_table(search, error);
    if (code != STATUS_OK)
        return code;
    size_t place = table_place(search, count);
    if (state->table[place] < 0) {
        code = add_candidate(search, count, error);
        if (code != STATUS_OK)
            return code;
        state->table[place] = search->candidate_count - 1;
    }
    *index = state->table[place];
    return time_candidate(search, *index, error);
}

status candidate_vary(struct search *search, int base, int block, int count, int *index, struct error *error)
{
    size_t bytes = block_count(search) * sizeof(int);
    int *counts = mem_copy(search->candidates[base].count, bytes);
    if (counts == NULL)
        return error_memory(error);
    counts[block] = count;
    status code = candidate_find(search, counts, index, error);
    mem_free(counts);
    return code;
}

/* --- judging -------------------------------------------------------------------------------------------- */

static void keep_quality(struct search_work *work, int index, const struct quality *quality)
{
    struct search *search = work->search;
    struct search_candidate *candidate = &search->candidates[index];
    if (candidate->judged)
        return;
    candidate->judged = true;
    candidate->value = quality_value(quality);
    candidate->loss = quality_loss(quality);
    candidate->right = quality->right;
    candidate->first_five = quality->first_five;
    candidate->unanswered = quality->unanswered;
    candidate->method = work->goal->method;
    search->measure = quality_kind_of(quality);
    search->judged++;
    work->outcome->judged++;
}

static void drop_pass(struct search_state *state)
{
    masked_pass_free(state->pass);
    mem_free(state->pass_list);
    state->pass = NULL;
    state->pass_list = NULL;
    state->pass_count = 0;
}

/* A pass over the base and the list, which passes to it, also on failure. */
static status make_pass(struct search *search, int base, int *list, int count, struct error *error)
{
    struct search_state *state = search->state;
    struct masked_pass_settings settings = {
        .coupling = state->settings.coupling,
        .dataset = state->settings.dataset,
        .sample = &state->sample,
        .real = state->settings.real,
        .kernel = state->settings.kernel,
        .micro_batch = state->settings.micro_batch,
    };
    drop_pass(state);
    state->pass_base = base;
    state->pass_list = list;
    state->pass_count = count;
    bool *removed = candidate_removed(search, base);
    if (removed == NULL)
        return error_memory(error);
    settings.base = removed;
    status code = masked_pass_new(&settings, &state->pass, error);
    mem_free(removed);
    for (int i = 0; i < count && code == STATUS_OK; i++) {
        removed = candidate_removed(search, list[i]);
        code = removed != NULL ? masked_pass_add(state->pass, removed, error) : error_memory(error);
        if (code == STATUS_OK)
            code = progress_check(error);
    }
    return code;
}

static bool same_pass(const struct search_state *state, int base, const int *list, int count)
{
    return state->pass != NULL && state->pass_base == base && state->pass_count == count &&
           (count == 0 || memcmp(state->pass_list, list, (size_t)count * sizeof *list) == 0);
}

static void pass_on(void *argument, const struct masked_pass *pass)
{
    struct search *search = argument;
    (void)pass;
    search->watch(search->watch_argument, search);
}

static status run_pass(struct search_work *work, struct error *error)
{
    struct search *search = work->search;
    struct search_state *state = search->state;
    struct masked_pass *pass = state->pass;
    search->pending = state->pass_count + !search->candidates[state->pass_base].judged;
    pass->title = "search";
    pass->memory = search->memory;
    pass->watch = search->watch != NULL ? pass_on : NULL;
    pass->watch_argument = search;
    status code = masked_pass_run(pass, work->pool, work->progress, error);
    pass->watch = NULL;
    search->pending = 0;
    if (code != STATUS_OK)
        return code;
    keep_quality(work, state->pass_base, &pass->base);
    for (int i = 0; i < state->pass_count; i++)
        keep_quality(work, state->pass_list[i], masked_pass_quality(pass, i));
    drop_pass(state);
    return STATUS_OK;
}

static bool listed(const int *list, int count, int index)
{
    for (int i = 0; i < count; i++)
        if (list[i] == index)
            return true;
    return false;
}

/* Candidates that were judged before this run, each once. */
static void count_held(struct search_work *work, int base, const int *list, int count)
{
    for (int i = -1; i < count; i++) {
        struct search_candidate *candidate = &work->search->candidates[i < 0 ? base : list[i]];
        work->outcome->held += candidate->judged && candidate->used != work->search->state->run;
        candidate->used = work->search->state->run;
    }
}

status candidates_judge(struct search_work *work, int base, const int *list, int count, struct error *error)
{
    struct search *search = work->search;
    struct search_state *state = search->state;
    int *missing = mem_new((size_t)count + 1, sizeof *missing), missing_count = 0;
    if (missing == NULL)
        return error_memory(error);
    count_held(work, base, list, count);
    for (int i = 0; i < count; i++)
        if (list[i] != base && !search->candidates[list[i]].judged &&
            !listed(missing, missing_count, list[i]))
            missing[missing_count++] = list[i];
    int needed = missing_count + !search->candidates[base].judged;
    if (needed == 0 || same_pass(state, base, missing, missing_count)) {
        mem_free(missing);
        return needed == 0 ? STATUS_OK : run_pass(work, error);
    }
    status code = make_pass(search, base, missing, missing_count, error);
    if (code != STATUS_OK) {
        drop_pass(state);
        return code;
    }
    return run_pass(work, error);
}
