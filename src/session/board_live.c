/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Boards of passes that are under way, for a front end that watches. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "data/sampler.h"
#include "score/criterion.h"
#include "score/score.h"
#include "session/board.h"
#include "session/board_internal.h"
#include "session/live.h"
#include "session/model.h"
#include "session/pass.h"
#include "session/shown.h"
#include "session/summary.h"
#include "session/words/choice.h"
#include "view/figure.h"

static bool snapshot_due(void *argument)
{
    const struct watched_pass *watched = argument;
    return live_due(watched->source->live);
}

/* A pass of what is done so far. Takes over the statistics. */
static struct pass *partial_pass(const struct watched_pass *watched, struct score_statistics *statistics)
{
    struct pass *pass = pass_new(watched->pass->dataset, &watched->pass->settings);
    struct sample done = watched->pass->sample;
    struct error ignored = {0};
    done.count = statistics->images;
    if (!pass || sample_copy(&done, &pass->sample, &ignored) != STATUS_OK) {
        score_statistics_free(statistics);
        pass_free(pass);
        return NULL;
    }
    pass->statistics = statistics;
    return pass;
}

/* The board as it would be if the pass ended here. Left out: what cannot be computed, and criteria that a
 * script computes, which is not to be called several times a second. */
static struct board *partial_board(const struct watched_pass *watched, struct pass *pass)
{
    struct board *board = board_copy(watched->next);
    struct error ignored = {0};
    if (!board) {
        pass_free(pass);
        return NULL;
    }
    pass_free(board->pass);
    board->pass = pass;
    int kept = 0;
    for (int i = 0; i < board->count; i++) {
        if (!board->entries[i].choice.criterion->owner &&
            board_fill_entry(watched->source, watched->base, board, i, &ignored) == STATUS_OK)
            board->entries[kept++] = board->entries[i];
        else
            scores_free(board->entries[i].scores);
    }
    board->count = kept;
    return board;
}

/* --- the snapshot --------------------------------------------------------------------------------------- */

/* Layers that are scored, and how many; NULL when memory is out. */
static int *scored_layers(const struct layers *all, int *count)
{
    int *layers = mem_new((size_t)all->count, sizeof *layers);
    *count = 0;
    for (int i = 0; layers && i < all->count; i++) {
        if (!all->items[i].output_layer)
            layers[(*count)++] = i;
    }
    return layers;
}

/* The table of `score` for what is known so far, with what the ranking still owes to chance. */
static struct figure *interim_table(const struct model *model, const struct board *board,
                                    const double *agreement)
{
    int count;
    int *layers = scored_layers(model->layers, &count);
    struct figure *figure = layers ? figure_new(FIGURE_TABLE, "scores") : NULL;
    struct error ignored = {0};
    figure_title(figure, "Scores of %s so far", model_title(model));
    summary_columns(figure, "criterion");
    table_column(figure, "halves agree", NULL, COLUMN_REAL, 3);
    for (int i = 0; figure && i < board->count; i++) {
        struct summary summary;
        struct text label = {0};
        if (summary_of(model->layers, board->entries[i].scores, layers, count, &summary, &ignored))
            figure->failed = true;
        text_add_label(&label, &board->entries[i]);
        table_text(figure, shown_words(figure, &label));
        summary_cells(figure, &summary);
        number_cell(figure, agreement[i]);
        text_free(&label);
    }
    mem_free(layers);
    return figure;
}

/* Ownership of the board passes. */
static struct live_snapshot *board_snapshot(struct model *model, struct board *board, int64_t done,
                                            int64_t planned)
{
    double agreement[CHOICES_MAX];
    struct error ignored = {0};
    for (int i = 0; i < board->count; i++) {
        if (board_agreement(board, model, &board->entries[i], &agreement[i], &ignored) != STATUS_OK)
            agreement[i] = NAN;
    }
    struct live_snapshot *snapshot =
        live_snapshot_new(LIVE_SCORES, done, planned, "images", interim_table(model, board, agreement));
    if (!snapshot) {
        board_free(board);
        return NULL;
    }
    snapshot->board = board;
    snapshot->model = model_retain(model);
    memcpy(snapshot->agreement, agreement, (size_t)board->count * sizeof *agreement);
    return snapshot;
}

static void show_partial(void *argument, struct score_statistics *statistics)
{
    const struct watched_pass *watched = argument;
    int64_t done = statistics->images, planned = statistics->planned;
    struct pass *pass = partial_pass(watched, statistics);
    struct board *board = pass ? partial_board(watched, pass) : NULL;
    if (board)
        live_publish(watched->source->live, board_snapshot(watched->source->model, board, done, planned));
}

struct score_watch board_watch(struct watched_pass *watched)
{
    return (struct score_watch){snapshot_due, show_partial, watched};
}
