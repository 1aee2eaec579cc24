/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scoring: which scores can stay, which are computed again, and whether that takes a pass. */
#include "session/board.h"

#include <string.h>

#include "base/memory.h"
#include "prune/score.h"
#include "session/session.h"

/* --- ownership ---------------------------------------------------------------------------------------------
 */

struct board *board_new(void)
{
    return mem_new(1, sizeof(struct board));
}

struct board *board_retain(struct board *board)
{
    if (board)
        board->shares++;
    return board;
}

void board_free(struct board *board)
{
    if (!board || board->shares-- > 0)
        return;
    for (int i = 0; i < board->count; i++)
        scores_free(board->entries[i].scores);
    pass_free(board->pass);
    mem_free(board);
}

static void add_shared(struct board *board, const struct score_entry *entry)
{
    board->entries[board->count] = *entry;
    board->entries[board->count++].scores = scores_retain(entry->scores);
}

/* A board under construction with all that `board` has. */
static struct board *board_copy(const struct board *board)
{
    struct board *copy = board_new();
    for (int i = 0; copy && i < board->count; i++)
        add_shared(copy, &board->entries[i]);
    if (copy)
        copy->pass = pass_retain(board->pass);
    return copy;
}

status board_without_pass(const struct board *board, struct board **rest, struct error *error)
{
    struct board *made = board_new();
    if (!made)
        return error_memory(error);
    for (int i = 0; i < board->count; i++) {
        if (!(board->entries[i].needs & PASS_NEEDS))
            add_shared(made, &board->entries[i]);
    }
    *rest = made;
    return STATUS_OK;
}

const struct score_entry *board_entry(const struct board *board, const char *label)
{
    for (int i = 0; i < board->count; i++) {
        if (strcmp(board->entries[i].choice.label, label) == 0)
            return &board->entries[i];
    }
    return NULL;
}

const struct score_statistics *board_statistics(const struct board *board)
{
    return board->pass ? board->pass->statistics : NULL;
}

static bool boards_equal(const struct board *a, const struct board *b)
{
    bool equal = a->count == b->count && a->pass == b->pass;
    for (int i = 0; equal && i < a->count; i++)
        equal = a->entries[i].scores == b->entries[i].scores &&
                strcmp(a->entries[i].choice.label, b->entries[i].choice.label) == 0;
    return equal;
}

/* Hand a finished board over; the present one in its place when both are the same. */
static void hand_over(struct board *made, struct board *present, struct board **next)
{
    if (boards_equal(made, present)) {
        board_free(made);
        made = board_retain(present);
    }
    *next = made;
}

/* --- what can stay -----------------------------------------------------------------------------------------
 */

static bool same_options(const struct criterion_options *a, const struct criterion_options *b)
{
    return a->taylor == b->taylor && a->target == b->target && a->gradient == b->gradient &&
           a->gamma == b->gamma && a->batch == b->batch && a->seed == b->seed;
}

/* Scores from weights alone depend on the seed and on nothing else. */
static bool scores_current(const struct score_entry *entry, const struct criterion_options *options,
                           unsigned needs, bool same_pass)
{
    if (!entry->scores)
        return false;
    if (!(needs & PASS_NEEDS) && !(entry->needs & PASS_NEEDS))
        return entry->scores->options.seed == options->seed;
    return same_pass && same_options(&entry->scores->options, options);
}

/* Does this pass have what the criterion asks for? Taylor's gate-batch was summed with one batch size. */
static bool pass_serves(const struct pass *pass, const struct choice *choice,
                        const struct criterion_options *options, unsigned needs)
{
    if (!(needs & PASS_NEEDS))
        return true;
    if (!pass || (pass->statistics->needs & needs & PASS_NEEDS) != (needs & PASS_NEEDS))
        return false;
    bool batched = strcmp(choice->criterion->name, "taylor") == 0 && options->taylor == TAYLOR_GATE_BATCH;
    return !batched || pass->settings.batch == options->batch;
}

/* --- building ----------------------------------------------------------------------------------------------
 */

/* Fill next->entries[index].scores: the old ones where they still hold, else new ones. */
static status fill_entry(const struct board_source *source, const struct criterion_options *base,
                         struct board *next, int index, struct error *error)
{
    struct score_entry *entry = &next->entries[index];
    struct criterion_options options = choice_options(&entry->choice, base);
    unsigned needs = choice_needs(&entry->choice, base, source->model->layers);
    bool same_pass = next->pass == source->board->pass;
    if (scores_current(entry, &options, needs, same_pass))
        return STATUS_OK;
    scores_free(entry->scores);
    entry->scores = NULL;
    entry->needs = needs;
    return scores_compute(source->model->graph, source->model->layers, entry->choice.criterion, &options,
                          needs & PASS_NEEDS ? next->pass->statistics : NULL, &entry->scores, error);
}

static status fill_board(const struct board_source *source, const struct criterion_options *base,
                         struct board *next, struct error *error)
{
    status code = STATUS_OK;
    for (int i = 0; code == STATUS_OK && i < next->count; i++)
        code = fill_entry(source, base, next, i, error);
    return code;
}

static int by_table_order(const struct choice *choice)
{
    int index = 0;
    while (criterion_at(index) && criterion_at(index) != choice->criterion)
        index++;
    return index;
}

/* Keep entries in the order of the criterion table, variants in the order in which they came. */
static void insert_entry(struct board *board, const struct choice *choice)
{
    int place = board->count;
    while (place > 0 && by_table_order(&board->entries[place - 1].choice) > by_table_order(choice))
        place--;
    memmove(&board->entries[place + 1], &board->entries[place],
            (size_t)(board->count - place) * sizeof *board->entries);
    board->entries[place] = (struct score_entry){.choice = *choice};
    board->count++;
}

static status add_choices(struct board *next, const struct choice *choices, int count, struct error *error)
{
    for (int i = 0; i < count; i++) {
        if (board_entry(next, choices[i].label))
            continue;
        if (next->count == CHOICES_MAX)
            return error_set(error, STATUS_RANGE, "more than %d criteria are scored", CHOICES_MAX);
        insert_entry(next, &choices[i]);
    }
    return STATUS_OK;
}

/* Take out entries that the board's pass does not serve under these options. */
static void drop_unserved(const struct board_source *source, const struct criterion_options *base,
                          struct board *next)
{
    int kept = 0;
    for (int i = 0; i < next->count; i++) {
        struct score_entry *entry = &next->entries[i];
        struct criterion_options own = choice_options(&entry->choice, base);
        unsigned needs = choice_needs(&entry->choice, base, source->model->layers);
        if (pass_serves(next->pass, &entry->choice, &own, needs))
            next->entries[kept++] = *entry;
        else
            scores_free(entry->scores);
    }
    next->count = kept;
}

status board_refresh(const struct board_source *source, struct board **next, const char **dropped,
                     int *dropped_count, struct error *error)
{
    *dropped_count = 0;
    if (!source->board->count) {
        *next = board_retain(source->board);
        return STATUS_OK;
    }
    struct criterion_options base = options_criterion(source->options);
    struct board *made = board_copy(source->board);
    if (!made)
        return error_memory(error);
    drop_unserved(source, &base, made);
    for (int i = 0; i < source->board->count; i++) {
        if (!board_entry(made, source->board->entries[i].choice.label))
            dropped[(*dropped_count)++] = source->board->entries[i].choice.label;
    }
    status code = fill_board(source, &base, made, error);
    if (code != STATUS_OK) {
        board_free(made);
        return code;
    }
    hand_over(made, source->board, next);
    return STATUS_OK;
}

/* --- the pass ----------------------------------------------------------------------------------------------
 */

static status pass_settings_of(const struct options *options, struct pass_settings *settings,
                               struct error *error)
{
    *settings = (struct pass_settings){
        .real = options_precision(options),
        .kernel = options_kernel(options),
        .micro_batch = option_integer(options, OPTION_MICRO_BATCH),
        .batch = option_integer(options, OPTION_BATCH),
    };
    return options_sample(options, &settings->sample, error);
}

/* Run the pass over a new sample, in the place of next's. */
static status make_pass(const struct board_source *source, const struct pass_settings *settings,
                        unsigned needs, struct pool *pool, struct progress *progress, struct board *next,
                        struct error *error)
{
    status code = session_fit(source->model, source->dataset, error);
    if (code != STATUS_OK)
        return code;
    struct pass *pass = mem_new(1, sizeof *pass);
    if (!pass)
        return error_memory(error);
    pass->settings = *settings;
    code = sample_draw(source->dataset, &settings->sample, &pass->sample, error);
    struct score_pass work = {
        .graph = source->model->graph,
        .layers = source->model->layers,
        .dataset = source->dataset,
        .sample = &pass->sample,
        .needs = needs,
        .real = settings->real,
        .kernel = settings->kernel,
        .micro_batch = settings->micro_batch,
        .batch = settings->batch,
        .pool = pool,
        .progress = progress,
    };
    if (code == STATUS_OK)
        code = score_statistics_compute(&work, &pass->statistics, error);
    if (code != STATUS_OK) {
        pass_free(pass);
        return code;
    }
    pass_subject(source->model, source->dataset, pass->subject);
    if (source->passes)
        passes_add(source->passes, pass);
    pass_free(next->pass);
    next->pass = pass;
    return STATUS_OK;
}

/* A pass from before that serves the needs of all. */
static struct pass *remembered_pass(const struct board_source *source, const struct pass_settings *settings,
                                    unsigned needs, bool batched)
{
    char subject[DIGEST_SIZE];
    if (!source->passes)
        return NULL;
    pass_subject(source->model, source->dataset, subject);
    return passes_find(source->passes, subject, settings, needs, batched ? settings->batch : 0);
}

/* Needs of the choices alone, and whether the last pass serves them all. */
static unsigned asked_needs(const struct board_source *source, const struct choice *choices, int count,
                            const struct criterion_options *base, bool *served)
{
    unsigned all = 0;
    *served = true;
    for (int i = 0; i < count; i++) {
        struct criterion_options own = choice_options(&choices[i], base);
        unsigned needs = choice_needs(&choices[i], base, source->model->layers);
        all |= needs;
        *served &= pass_serves(source->board->pass, &choices[i], &own, needs);
    }
    return all & PASS_NEEDS;
}

/* Does a criterion look at batches? */
static bool is_batched(const struct board *board, const struct criterion_options *base)
{
    for (int i = 0; i < board->count; i++) {
        const struct choice *choice = &board->entries[i].choice;
        if (strcmp(choice->criterion->name, "taylor") == 0 &&
            choice_options(choice, base).taylor == TAYLOR_GATE_BATCH)
            return true;
    }
    return false;
}

/* Give `next` a pass that serves the choices. */
static status bring_pass(const struct board_source *source, const struct choice *choices, int count,
                         struct pool *pool, struct progress *progress, struct board *next,
                         struct score_outcome *outcome, struct error *error)
{
    struct criterion_options base = options_criterion(source->options);
    struct pass_settings settings;
    bool served;
    unsigned needs = asked_needs(source, choices, count, &base, &served);
    status code = pass_settings_of(source->options, &settings, error);
    if (code != STATUS_OK || !needs)
        return code;
    if (!source->dataset)
        return error_set(error, STATUS_STATE,
                         "these criteria need gradients, and no data set is open: 'data shapes' or "
                         "'data KIND PATH' opens one");
    if (served && pass_settings_equal(&settings, &source->board->pass->settings)) {
        outcome->reused = true;
        return STATUS_OK;
    }
    /* What is held already comes along to the new sample, so that all scores belong to one. */
    for (int i = 0; i < next->count; i++)
        needs |= choice_needs(&next->entries[i].choice, &base, source->model->layers) & PASS_NEEDS;
    struct pass *pass = remembered_pass(source, &settings, needs, is_batched(next, &base));
    if (pass) {
        pass_retain(pass);
        pass_free(next->pass);
        next->pass = pass;
        outcome->reused = true;
        return STATUS_OK;
    }
    outcome->passed = true;
    return make_pass(source, &settings, needs, pool, progress, next, error);
}

status board_score(const struct board_source *source, const struct choice *choices, int count,
                   struct pool *pool, struct progress *progress, struct board **next,
                   struct score_outcome *outcome, struct error *error)
{
    struct criterion_options base = options_criterion(source->options);
    *outcome = (struct score_outcome){0};
    struct board *made = board_copy(source->board);
    if (!made)
        return error_memory(error);
    status code = add_choices(made, choices, count, error);
    if (code == STATUS_OK)
        code = bring_pass(source, choices, count, pool, progress, made, outcome, error);
    if (code == STATUS_OK) {
        drop_unserved(source, &base, made);
        code = fill_board(source, &base, made, error);
    }
    if (code != STATUS_OK) {
        board_free(made);
        return code;
    }
    hand_over(made, source->board, next);
    return STATUS_OK;
}
