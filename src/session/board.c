/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Boards: which scores can stay, and which are computed again. The pass is in board_score.c. */
#include "session/board_internal.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/share.h"
#include "base/status.h"
#include "score/criterion_options.h"
#include "score/score.h"
#include "stats/correlation.h"

/* --- ownership ------------------------------------------------------------------------------------------ */

struct board *board_new(void)
{
    return mem_new(1, sizeof(struct board));
}

struct board *board_retain(struct board *board)
{
    if (board)
        share_add(&board->shares);
    return board;
}

void board_free(struct board *board)
{
    if (!board || !share_drop(&board->shares))
        return;
    for (int i = 0; i < board->count; i++)
        scores_free(board->entries[i].scores);
    pass_free(board->pass);
    mem_free(board);
}

/* Spearman's coefficient between two score sets of one criterion, the mean over the layers that have one. */
static status rank_agreement(const struct layers *layers, const struct scores *a, const struct scores *b,
                             double *agreement, struct error *error)
{
    double sum = 0;
    int count = 0;
    for (int i = 0; i < layers->count; i++) {
        struct correlation correlation;
        if (!a->layer[i] || !b->layer[i])
            continue;
        status code = correlation_compute(CORRELATION_SPEARMAN, a->layer[i], b->layer[i],
                                          layers->items[i].channels, &correlation, error);
        if (code != STATUS_OK)
            return code;
        if (isfinite(correlation.coefficient)) {
            sum += correlation.coefficient;
            count++;
        }
    }
    *agreement = count ? sum / count : NAN;
    return STATUS_OK;
}

static void add_shared(struct board *board, const struct score_entry *entry)
{
    board->entries[board->count] = *entry;
    board->entries[board->count++].scores = scores_retain(entry->scores);
}

struct board *board_copy(const struct board *board)
{
    struct board *copy = board_new();
    for (int i = 0; copy && i < board->count; i++)
        add_shared(copy, &board->entries[i]);
    if (copy)
        copy->pass = pass_retain(board->pass);
    return copy;
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

status board_agreement(const struct board *board, const struct model *model, const struct score_entry *entry,
                       double *agreement, struct error *error)
{
    const struct score_statistics *statistics = board_statistics(board);
    struct scores *half[2] = {NULL, NULL}, *scores = entry->scores;
    *agreement = entry->needs & PASS_NEEDS ? NAN : 1;
    if (!(entry->needs & PASS_NEEDS) || !statistics || !statistics->half[0] || entry->choice.criterion->owner)
        return STATUS_OK;
    if (atomic_load(&scores->halves_known)) {
        *agreement = atomic_load(&scores->halves_agree);
        return STATUS_OK;
    }
    status code = STATUS_OK;
    for (int i = 0; code == STATUS_OK && i < 2; i++)
        code = scores_compute(model->graph, model->layers, entry->choice.criterion, &scores->options,
                              statistics->half[i], NULL, &half[i], error);
    if (code == STATUS_OK)
        code = rank_agreement(model->layers, half[0], half[1], agreement, error);
    if (code == STATUS_OK) {
        atomic_store(&scores->halves_agree, *agreement);
        atomic_store(&scores->halves_known, true);
    }
    scores_free(half[0]);
    scores_free(half[1]);
    return code;
}

static bool boards_equal(const struct board *a, const struct board *b)
{
    bool equal = a->count == b->count && a->pass == b->pass;
    for (int i = 0; equal && i < a->count; i++)
        equal = a->entries[i].scores == b->entries[i].scores &&
                strcmp(a->entries[i].choice.label, b->entries[i].choice.label) == 0;
    return equal;
}

void board_hand_over(struct board *made, struct board *present, struct board **next)
{
    if (boards_equal(made, present)) {
        board_free(made);
        made = board_retain(present);
    }
    *next = made;
}

/* --- what can stay -------------------------------------------------------------------------------------- */

static bool scores_current(const struct score_entry *entry, const struct criterion_options *options,
                           unsigned needs, bool same_pass)
{
    return entry->scores && (same_pass || !((needs | entry->needs) & PASS_NEEDS)) &&
           criterion_options_equal(&entry->scores->options, options, entry->choice.criterion->options);
}

bool pass_serves(const struct pass *pass, const struct choice *choice,
                 const struct criterion_options *options, unsigned needs)
{
    if (!(needs & PASS_NEEDS))
        return true;
    if (!pass || (pass->statistics->needs & needs & PASS_NEEDS) != (needs & PASS_NEEDS))
        return false;
    return !choice_is_batched(choice, options) || pass->settings.batch == options->batch;
}

/* --- building ------------------------------------------------------------------------------------------- */

/* Fill next->entries[index].scores: the old ones where they still hold, else new ones. */
status board_fill_entry(const struct board_source *source, const struct criterion_options *base,
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
                          needs & PASS_NEEDS ? next->pass->statistics : NULL, source->pool, &entry->scores,
                          error);
}

status board_fill(const struct board_source *source, const struct criterion_options *base, struct board *next,
                  struct error *error)
{
    status code = STATUS_OK;
    for (int i = 0; code == STATUS_OK && i < next->count; i++)
        code = board_fill_entry(source, base, next, i, error);
    return code;
}

status board_fill_from_weights(const struct board_source *source, const struct criterion_options *base,
                               struct board *next, struct error *error)
{
    status code = STATUS_OK;
    for (int i = 0; code == STATUS_OK && i < next->count; i++) {
        if (!(choice_needs(&next->entries[i].choice, base, source->model->layers) & PASS_NEEDS))
            code = board_fill_entry(source, base, next, i, error);
    }
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

static void drop_entry(struct board *board, int index)
{
    scores_free(board->entries[index].scores);
    memmove(&board->entries[index], &board->entries[index + 1],
            (size_t)(board->count - index - 1) * sizeof *board->entries);
    board->count--;
}

status board_add_choices(struct board *next, const struct choice *choices, int count, struct error *error)
{
    for (int i = 0; i < count; i++) {
        const struct score_entry *held = board_entry(next, choices[i].label);
        if (held && held->choice.criterion == choices[i].criterion)
            continue;
        if (held)
            drop_entry(next, (int)(held - next->entries)); /* its criterion was defined anew */
        if (next->count == CHOICES_MAX)
            return error_set(error, STATUS_RANGE, "more than %d criteria are scored", CHOICES_MAX);
        insert_entry(next, &choices[i]);
    }
    return STATUS_OK;
}

void board_drop_unserved(const struct board_source *source, const struct criterion_options *base,
                         struct board *next)
{
    int kept = 0;
    for (int i = 0; i < next->count; i++) {
        struct score_entry *entry = &next->entries[i];
        struct criterion_options own = choice_options(&entry->choice, base);
        unsigned needs = choice_needs(&entry->choice, base, source->model->layers);
        if (pass_serves(next->pass, &entry->choice, &own, needs) &&
            !(criterion_is_retired(entry->choice.criterion) &&
              !scores_current(entry, &own, needs, next->pass == source->board->pass)))
            next->entries[kept++] = *entry;
        else
            scores_free(entry->scores);
    }
    next->count = kept;
}

status board_refresh(const struct board_source *source, struct board **next, struct error *error)
{
    if (!source->board->count) {
        *next = board_retain(source->board);
        return STATUS_OK;
    }
    struct criterion_options base = options_criterion(source->options);
    struct board *made = board_copy(source->board);
    if (!made)
        return error_memory(error);
    board_drop_unserved(source, &base, made);
    status code = board_fill(source, &base, made, error);
    if (code != STATUS_OK) {
        board_free(made);
        return code;
    }
    board_hand_over(made, source->board, next);
    return STATUS_OK;
}
