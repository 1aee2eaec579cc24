/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scoring: which scores can stay, which are computed again, and whether that takes a pass. */
#include "session/board.h"

#include <string.h>

#include "base/memory.h"
#include "prune/score.h"

static const unsigned pass_needs = NEED_GRADIENTS | NEED_WEIGHT_GRADIENTS;

/* --- ownership ---------------------------------------------------------------------------------------------
 */

static bool has_scores(const struct board *board, const struct scores *scores)
{
    for (int i = 0; board && i < board->count; i++) {
        if (board->entries[i].scores == scores)
            return true;
    }
    return false;
}

static bool has_statistics(const struct board *board, const struct score_statistics *statistics)
{
    return board && board->statistics == statistics;
}

static bool has_sample(const struct board *board, const struct sample *sample)
{
    return board && board->sample.records == sample->records;
}

void board_release(struct board *board, const struct board *keep, const struct board *other)
{
    for (int i = 0; i < board->count; i++) {
        struct scores *scores = board->entries[i].scores;
        if (scores && !has_scores(keep, scores) && !has_scores(other, scores))
            scores_free(scores);
    }
    if (board->statistics && !has_statistics(keep, board->statistics) &&
        !has_statistics(other, board->statistics))
        score_statistics_free(board->statistics);
    if (board->sample.records && !has_sample(keep, &board->sample) && !has_sample(other, &board->sample))
        sample_free(&board->sample);
    *board = (struct board){0};
}

struct board board_without_pass(const struct board *board)
{
    struct board rest = {0};
    for (int i = 0; i < board->count; i++) {
        if (!(board->entries[i].needs & pass_needs))
            rest.entries[rest.count++] = board->entries[i];
    }
    return rest;
}

void board_replace(struct session *session, const struct board *next)
{
    board_release(&session->board, next, session->before ? &session->before->board : NULL);
    session->board = *next;
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
    if (!(needs & pass_needs) && !(entry->needs & pass_needs))
        return entry->scores->options.seed == options->seed;
    return same_pass && same_options(&entry->scores->options, options);
}

/* Do these statistics have what the criterion asks for? Taylor's gate-batch was summed with one batch size.
 */
static bool statistics_serve(const struct score_statistics *statistics, const struct pass_settings *settings,
                             const struct choice *choice, const struct criterion_options *options,
                             unsigned needs)
{
    if (!(needs & pass_needs))
        return true;
    if (!statistics || (statistics->needs & needs & pass_needs) != (needs & pass_needs))
        return false;
    bool batched = strcmp(choice->criterion->name, "taylor") == 0 && options->taylor == TAYLOR_GATE_BATCH;
    return !batched || settings->batch == options->batch;
}

static bool same_settings(const struct pass_settings *a, const struct pass_settings *b)
{
    return a->real == b->real && a->kernel == b->kernel && a->micro_batch == b->micro_batch &&
           a->sample.count == b->sample.count && a->sample.fraction == b->sample.fraction &&
           a->sample.balanced == b->sample.balanced && a->sample.order == b->sample.order &&
           a->sample.seed == b->sample.seed;
}

/* --- building ----------------------------------------------------------------------------------------------
 */

/* Fill next->entries[index].scores: the old ones where they still hold, else new ones. */
static status fill_entry(const struct session *session, const struct criterion_options *base,
                         struct board *next, int index, struct error *error)
{
    struct score_entry *entry = &next->entries[index];
    struct criterion_options options = choice_options(&entry->choice, base);
    unsigned needs = choice_needs(&entry->choice, base, session->model->layers);
    bool same_pass = next->statistics == session->board.statistics;
    if (scores_current(entry, &options, needs, same_pass))
        return STATUS_OK;
    entry->scores = NULL;
    entry->needs = needs;
    return scores_compute(session->model->graph, session->model->layers, entry->choice.criterion, &options,
                          needs & pass_needs ? next->statistics : NULL, &entry->scores, error);
}

static int by_table_order(const struct score_entry *entry)
{
    int index = 0;
    while (criterion_at(index) && criterion_at(index) != entry->choice.criterion)
        index++;
    return index;
}

/* Keep entries in the order of the criterion table, variants in the order in which they came. */
static int insert_entry(struct board *board, const struct choice *choice)
{
    struct score_entry entry = {.choice = *choice};
    int place = board->count;
    while (place > 0 && by_table_order(&board->entries[place - 1]) > by_table_order(&entry))
        place--;
    memmove(&board->entries[place + 1], &board->entries[place],
            (size_t)(board->count - place) * sizeof *board->entries);
    board->entries[place] = entry;
    board->count++;
    return place;
}

static status add_choices(struct board *next, const struct choice *choices, int count, struct error *error)
{
    for (int i = 0; i < count; i++) {
        bool held = false;
        for (int k = 0; k < next->count; k++)
            held |= strcmp(next->entries[k].choice.label, choices[i].label) == 0;
        if (held)
            continue;
        if (next->count == CHOICES_MAX)
            return error_set(error, STATUS_RANGE, "more than %d criteria are scored", CHOICES_MAX);
        insert_entry(next, &choices[i]);
    }
    return STATUS_OK;
}

static status fill_board(const struct session *session, const struct criterion_options *base,
                         struct board *next, struct error *error)
{
    status code = STATUS_OK;
    for (int i = 0; code == STATUS_OK && i < next->count; i++)
        code = fill_entry(session, base, next, i, error);
    return code;
}

status board_refresh(const struct session *session, const struct options *options, struct board *next,
                     struct reply *reply, struct error *error)
{
    struct criterion_options base = options_criterion(options);
    *next = session->board;
    int kept = 0;
    for (int i = 0; i < session->board.count; i++) {
        const struct score_entry *entry = &session->board.entries[i];
        struct criterion_options own = choice_options(&entry->choice, &base);
        unsigned needs = choice_needs(&entry->choice, &base, session->model->layers);
        if (statistics_serve(next->statistics, &next->settings, &entry->choice, &own, needs))
            next->entries[kept++] = *entry;
        else if (reply)
            reply_add(reply, STYLE_NOTE, "%s now needs another pass and was dropped: score %s",
                      entry->choice.label, entry->choice.label);
    }
    next->count = kept;
    status code = fill_board(session, &base, next, error);
    if (code != STATUS_OK)
        board_release(next, &session->board, NULL);
    return code;
}

/* Run the pass over a new sample; its statistics and sample become next's. */
static status make_pass(struct session *session, const struct options *options,
                        const struct pass_settings *settings, unsigned needs, struct progress *progress,
                        struct board *next, struct error *error)
{
    struct pool *pool;
    struct sample sample = {0};
    status code = session_fit(session->model, session->dataset, error);
    if (code == STATUS_OK)
        code = session_pool(session, &pool, error);
    if (code == STATUS_OK)
        code = sample_draw(session->dataset, &settings->sample, &sample, error);
    if (code != STATUS_OK)
        return code;
    struct score_pass pass = {
        .graph = session->model->graph,
        .layers = session->model->layers,
        .dataset = session->dataset,
        .sample = &sample,
        .needs = needs,
        .real = settings->real,
        .kernel = settings->kernel,
        .micro_batch = settings->micro_batch,
        .batch = option_integer(options, OPTION_BATCH),
        .pool = pool,
        .progress = progress,
    };
    struct score_statistics *statistics;
    code = score_statistics_compute(&pass, &statistics, error);
    if (code != STATUS_OK) {
        sample_free(&sample);
        return code;
    }
    next->statistics = statistics;
    next->sample = sample;
    next->settings = *settings;
    return STATUS_OK;
}

/* Needs of the choices alone, and whether the last pass serves them all. */
static unsigned asked_needs(const struct session *session, const struct choice *choices, int count,
                            const struct criterion_options *base, bool *served)
{
    unsigned all = 0;
    *served = true;
    for (int i = 0; i < count; i++) {
        struct criterion_options own = choice_options(&choices[i], base);
        unsigned needs = choice_needs(&choices[i], base, session->model->layers);
        all |= needs;
        *served &=
            statistics_serve(session->board.statistics, &session->board.settings, &choices[i], &own, needs);
    }
    return all;
}

static status next_board(struct session *session, const struct choice *choices, int count,
                         const struct options *options, struct progress *progress, struct board *next,
                         struct score_outcome *outcome, struct error *error)
{
    struct criterion_options base = options_criterion(options);
    struct pass_settings settings = {
        .real = options_precision(options),
        .kernel = options_kernel(options),
        .micro_batch = option_integer(options, OPTION_MICRO_BATCH),
        .batch = option_integer(options, OPTION_BATCH),
    };
    status code = options_sample(options, &settings.sample, error);
    bool served = false;
    unsigned needs = asked_needs(session, choices, count, &base, &served) & pass_needs;
    if (code == STATUS_OK)
        code = add_choices(next, choices, count, error);
    if (code != STATUS_OK || !needs)
        return code;
    if (!session->dataset)
        return error_set(error, STATUS_STATE,
                         "these criteria need gradients, and no data set is open: 'data shapes' or "
                         "'data KIND PATH' opens one");
    if (served && same_settings(&settings, &session->board.settings)) {
        outcome->reused = true;
        return STATUS_OK;
    }
    /* What is held already comes along to the new sample, so that all scores belong to one. */
    for (int i = 0; i < next->count; i++)
        needs |= choice_needs(&next->entries[i].choice, &base, session->model->layers) & pass_needs;
    outcome->passed = true;
    return make_pass(session, options, &settings, needs, progress, next, error);
}

/* Entries that were held and that neither this nor the last pass serves under the new options go. */
static void drop_unserved(const struct session *session, const struct criterion_options *base,
                          struct board *next)
{
    int kept = 0;
    for (int i = 0; i < next->count; i++) {
        const struct choice *choice = &next->entries[i].choice;
        struct criterion_options own = choice_options(choice, base);
        unsigned needs = choice_needs(choice, base, session->model->layers);
        if (statistics_serve(next->statistics, &next->settings, choice, &own, needs))
            next->entries[kept++] = next->entries[i];
    }
    next->count = kept;
}

status session_score(struct session *session, const struct choice *choices, int count,
                     const struct options *options, struct progress *progress, struct score_outcome *outcome,
                     struct error *error)
{
    struct criterion_options base = options_criterion(options);
    struct board next = session->board;
    *outcome = (struct score_outcome){0};
    status code = next_board(session, choices, count, options, progress, &next, outcome, error);
    if (code == STATUS_OK) {
        drop_unserved(session, &base, &next);
        code = fill_board(session, &base, &next, error);
    }
    if (code != STATUS_OK) {
        board_release(&next, &session->board, NULL);
        return code;
    }
    board_replace(session, &next);
    session->options = *options;
    return STATUS_OK;
}
