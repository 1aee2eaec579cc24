/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sensitivity table and a multiplier; then the same around what was found. */
#include <math.h>

#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "search/internal.h"
#include "search/lagrange.h"

enum { ROUNDS = 16 };

/* Of one block: counts in ascending order, each a candidate that differs from the base in this block alone.
 */
struct row {
    int block, option_count;
    int *count, *candidate;
};

struct table {
    struct arena *arena;
    int base;
    struct row *rows;
    struct lagrange_row *harms; /* per row, the same options */
    int row_count;
    int *list, list_count; /* all candidates */
};

static status table_new(const struct search_work *work, int base, struct table *table, struct error *error)
{
    size_t blocks = (size_t)work->search->state->settings.coupling->block_count;
    *table = (struct table){.arena = arena_new(), .base = base};
    if (table->arena != NULL) {
        table->rows = arena_alloc(table->arena, blocks + 1, sizeof *table->rows);
        table->harms = arena_alloc(table->arena, blocks + 1, sizeof *table->harms);
    }
    return table->rows != NULL && table->harms != NULL ? STATUS_OK : error_memory(error);
}

/* A row with room for so many options. */
static struct row *new_row(struct table *table, int block, int options)
{
    struct row *row = &table->rows[table->row_count];
    struct lagrange_row *harms = &table->harms[table->row_count];
    *row = (struct row){.block = block,
                        .count = arena_alloc(table->arena, (size_t)options, sizeof *row->count),
                        .candidate = arena_alloc(table->arena, (size_t)options, sizeof *row->candidate)};
    harms->options = arena_alloc(table->arena, (size_t)options, sizeof *harms->options);
    if (row->count == NULL || row->candidate == NULL || harms->options == NULL)
        return NULL;
    table->row_count++;
    table->list_count += options;
    return row;
}

static status add_option(const struct search_work *work, const struct table *table, struct row *row,
                         int count, struct error *error)
{
    int place = row->option_count++;
    row->count[place] = count;
    return candidate_vary(work->search, table->base, row->block, count, &row->candidate[place], error);
}

/* The whole grid of a block: nothing, a step, two steps ... */
static status add_grid(const struct search_work *work, struct table *table, int block, struct error *error)
{
    const struct search *search = work->search;
    int step = space_step(search, block, work->goal->step), options = 1, last = 0;
    for (int next; (next = space_more(search, block, last, step)) > last; last = next)
        options++;
    struct row *row = new_row(table, block, options);
    status code = row != NULL ? add_option(work, table, row, 0, error) : error_memory(error);
    for (int i = 1, count = 0; i < options && code == STATUS_OK; i++) {
        count = space_more(search, block, count, step);
        code = add_option(work, table, row, count, error);
    }
    return code;
}

/* A step back, where the base is, a step more. */
static status add_neighbours(const struct search_work *work, struct table *table, int block, double share,
                             struct error *error)
{
    const struct search *search = work->search;
    int now = search->candidates[table->base].count[block], step = space_step(search, block, share);
    int less = space_less(search, block, now, step), more = space_more(search, block, now, step);
    struct row *row = new_row(table, block, 3);
    status code = row != NULL ? STATUS_OK : error_memory(error);
    if (code == STATUS_OK && less < now)
        code = add_option(work, table, row, less, error);
    if (code == STATUS_OK)
        code = add_option(work, table, row, now, error);
    return code == STATUS_OK && more > now ? add_option(work, table, row, more, error) : code;
}

/* share: of a step around the base; 0: the grid. */
static status table_fill(const struct search_work *work, struct table *table, double share,
                         struct error *error)
{
    const struct search_state *state = work->search->state;
    status code = STATUS_OK;
    for (int b = 0; b < state->settings.coupling->block_count && code == STATUS_OK; b++)
        if (state->included[b])
            code = share > 0 ? add_neighbours(work, table, b, share, error) : add_grid(work, table, b, error);
    table->list = arena_alloc(table->arena, (size_t)table->list_count + 1, sizeof *table->list);
    if (code == STATUS_OK && table->list == NULL)
        code = error_memory(error);
    table->list_count = 0;
    for (int i = 0; i < table->row_count && code == STATUS_OK; i++)
        for (int k = 0; k < table->rows[i].option_count; k++)
            table->list[table->list_count++] = table->rows[i].candidate[k];
    return code;
}

/* What each option does and saves; those that give no answer, or save no more than the one before, are none.
 */
static void table_measure(const struct search_work *work, struct table *table)
{
    for (int i = 0; i < table->row_count; i++) {
        struct row *row = &table->rows[i];
        struct lagrange_row *harms = &table->harms[i];
        for (int k = 0; k < row->option_count; k++) {
            const struct lagrange_option option = {search_loss(work, table->base, row->candidate[k]),
                                                   budget_saving(work, table->base, row->candidate[k])};
            int place = harms->count;
            if (isinf(option.harm) || (place > 0 && option.saving <= harms->options[place - 1].saving))
                continue;
            row->count[place] = row->count[k];
            harms->options[harms->count++] = option;
        }
    }
}

struct solution {
    const struct table *table;
    struct lagrange_move *moves;
    int move_count;
    int *choice; /* scratch, per row */
    int *count;  /* scratch, per block */
};

/* The candidate after so many moves. */
static status after_moves(struct search_work *work, struct solution *solution, int moves, int *index,
                          struct error *error)
{
    const struct table *table = solution->table;
    const struct search *search = work->search;
    lagrange_choice(solution->moves, moves, table->row_count, solution->choice);
    for (int b = 0; b < search->state->settings.coupling->block_count; b++)
        solution->count[b] = search->candidates[table->base].count[b];
    for (int i = 0; i < table->row_count; i++)
        if (table->harms[i].count > 0)
            solution->count[table->rows[i].block] = table->rows[i].count[solution->choice[i]];
    return candidate_find(work->search, solution->count, index, error);
}

/* The number of moves, which stands for the multiplier, by bisection: the fewest that meet the limits;
 * without limits the most that keep the accuracy. */
static status bisect_moves(struct search_work *work, struct solution *solution, int *moves,
                           struct error *error)
{
    int low = -1, high = solution->move_count; /* too few; enough, as far as there are any */
    status code = STATUS_OK;
    while (code == STATUS_OK && high - low > 1) {
        int middle = low + (high - low) / 2, index = 0;
        code = after_moves(work, solution, middle, &index, error);
        bool far = code == STATUS_OK && work->limited && budget_met(work, index);
        if (code == STATUS_OK && !work->limited) {
            code = candidates_judge(work, index, NULL, 0, error);
            far = code == STATUS_OK && !accuracy_kept(work, index);
        }
        *(far ? &high : &low) = middle;
        if (code == STATUS_OK)
            code = progress_check(error);
    }
    *moves = work->limited ? high : low > 0 ? low : 0;
    return code;
}

/* The last move goes as far only as the limits ask for. */
static status solve_moves(struct search_work *work, struct solution *solution, int *index,
                          struct error *error)
{
    int moves = 0, before = 0;
    status code = bisect_moves(work, solution, &moves, error);
    if (code == STATUS_OK)
        code = after_moves(work, solution, moves, index, error);
    if (code != STATUS_OK || moves == 0 || !work->limited || !budget_met(work, *index))
        return code;
    int block = solution->table->rows[solution->moves[moves - 1].row].block;
    int most = work->search->candidates[*index].count[block];
    code = after_moves(work, solution, moves - 1, &before, error);
    return code == STATUS_OK ? budget_trim(work, before, block, most, index, error) : code;
}

static status solve(struct search_work *work, const struct table *table, int *index, struct error *error)
{
    size_t blocks = (size_t)work->search->state->settings.coupling->block_count;
    struct solution solution = {.table = table,
                                .choice = mem_new((size_t)table->row_count + 1, sizeof(int)),
                                .count = mem_new(blocks + 1, sizeof(int))};
    status code = solution.choice != NULL && solution.count != NULL ? STATUS_OK : error_memory(error);
    if (code == STATUS_OK)
        code = lagrange_moves(table->harms, table->row_count, &solution.moves, &solution.move_count, error);
    if (code == STATUS_OK)
        code = solve_moves(work, &solution, index, error);
    mem_free(solution.moves);
    mem_free(solution.choice);
    mem_free(solution.count);
    return code;
}

/* Of what the table had judged, the one that meets the limits with less harm than *found, if there is any: a
 * block alone may have been better than all that the table promised together. */
static void take_better(const struct search_work *work, const struct table *table, int *found)
{
    for (int i = 0; i < table->list_count && work->limited; i++)
        if (budget_met(work, table->list[i]) && search_loss(work, *found, table->list[i]) < 0)
            *found = table->list[i];
}

/* Harms measured from the base; what the multiplier makes of them, judged. */
static status round_from(struct search_work *work, int base, double share, int *found, struct error *error)
{
    struct table table;
    status code = table_new(work, base, &table, error);
    if (code == STATUS_OK)
        code = table_fill(work, &table, share, error);
    if (code == STATUS_OK)
        code = candidates_judge(work, base, table.list, table.list_count, error);
    if (code == STATUS_OK) {
        table_measure(work, &table);
        code = solve(work, &table, found, error);
    }
    if (code == STATUS_OK)
        code = budget_fill(work, found, error);
    if (code == STATUS_OK)
        code = candidates_judge(work, *found, NULL, 0, error);
    if (code == STATUS_OK)
        take_better(work, &table, found);
    work->outcome->steps += code == STATUS_OK;
    arena_free(table.arena);
    return code;
}

/* The least share that is a class of some block. */
static double finest_share(const struct search *search)
{
    int most = 1;
    for (int b = 0; b < search->state->settings.coupling->block_count; b++)
        if (search->state->included[b] && search->state->settings.coupling->blocks[b].class_count > most)
            most = search->state->settings.coupling->blocks[b].class_count;
    return 1.0 / most;
}

/* What blocks do to each other is not in the table: steps around what was found show it. A step that wins
 * nothing is halved. */
status search_lagrange(struct search_work *work, int *found, struct error *error)
{
    double share = work->goal->step, finest = finest_share(work->search);
    budget_weigh(work, 0);
    status code = round_from(work, 0, 0, found, error);
    for (int round = 0; code == STATUS_OK && work->limited && round < ROUNDS && share >= finest / 2;
         round++) {
        int next = *found;
        code = round_from(work, *found, share, &next, error);
        if (code == STATUS_OK && budget_met(work, next) && search_loss(work, *found, next) < 0)
            *found = next;
        else
            share /= 2;
    }
    return code;
}
