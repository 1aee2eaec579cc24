/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The session's parts and how they are swapped. Scores are made in board.c. */
#include "session/session.h"

#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "data/dataset.h"
#include "nn/graph/tensor.h"
#include "prune/coupling.h"
#include "score/criterion_options.h"
#include "session/appearance.h"
#include "session/board.h"
#include "session/model.h"
#include "session/networks.h"
#include "session/pruning.h"
#include "view/style.h"

/* What a session begins with, as its first step of the history. */
static status begin_state(struct session *session, struct error *error)
{
    struct options options;
    status code = options_default(&options, error);
    if (code != STATUS_OK)
        return code;
    session->state.options = options_share(&options);
    session->state.board = board_new();
    if (!session->state.options || !session->state.board)
        return error_memory(error);
    /* Without its files the program still works, in plain text. */
    struct error ignored = {0};
    if (appearance_load(&options, session->background, &session->state.theme, &ignored) != STATUS_OK)
        session->state.theme = NULL;
    return history_push(&session->history, NULL, NULL, &session->state, error);
}

status session_new(struct session **result, struct error *error)
{
    struct session *session = mem_new(1, sizeof *session);
    if (!session)
        return error_memory(error);
    status code = begin_state(session, error);
    if (code != STATUS_OK) {
        session_free(session);
        return code;
    }
    *result = session;
    return STATUS_OK;
}

/* Let go of the present state and take over another, whose ownership passes. */
static void replace_state(struct session *session, struct state state)
{
    struct state old = session->state;
    if (old.pruning != state.pruning)
        pruning_forget(old.pruning);
    session->state = state;
    state_free(&old);
}

void session_free(struct session *session)
{
    if (!session)
        return;
    state_free(&session->state); /* what a shared pruning has made is its other owners' still */
    history_free(&session->history);
    measurements_free(&session->measurements);
    passes_free(&session->passes);
    judgement_free(&session->curve);
    judgement_free(&session->sensitivity);
    other_split_free(&session->other_split);
    pool_free(session->pool);
    aliases_free(session->aliases);
    mem_free(session);
}

status session_fork(const struct session *session, struct session **result, struct error *error)
{
    struct session *fork = mem_new(1, sizeof *fork);
    if (!fork)
        return error_memory(error);
    replace_state(fork, state_retain(&session->state));
    fork->recipe_program = session->recipe_program;
    fork->background = session->background;
    fork->aliases = aliases_retain(session->aliases);
    status code = history_push(&fork->history, NULL, NULL, &session->state, error);
    if (code != STATUS_OK) {
        session_free(fork);
        return code;
    }
    *result = fork;
    return STATUS_OK;
}

status session_mirror(const struct session *session, struct session **result, struct error *error)
{
    struct session *mirror;
    status code = session_fork(session, &mirror, error);
    if (code != STATUS_OK)
        return code;
    code = measurements_copy(&session->measurements, &mirror->measurements, error);
    if (code == STATUS_OK)
        *result = mirror;
    else
        session_free(mirror);
    return code;
}

/* --- changes -------------------------------------------------------------------------------------------- */

void session_begin(struct session *session, struct session_change *change)
{
    change->before = state_retain(&session->state);
    change->position = session->history.position;
}

status session_commit(struct session *session, struct session_change *change, const char *line,
                      const char *log, struct error *error)
{
    bool moved = session->history.position != change->position;
    status code = STATUS_OK;
    if (!moved && !state_equal(&session->state, &change->before))
        code = history_push(&session->history, line, log, &session->state, error);
    if (code == STATUS_OK)
        state_free(&change->before);
    else
        session_rollback(session, change);
    return code;
}

void session_rollback(struct session *session, struct session_change *change)
{
    replace_state(session, change->before);
    session->history.position = change->position;
    change->before = (struct state){0};
}

void session_go(struct session *session, int position)
{
    session->history.position = position;
    replace_state(session, state_retain(&session->history.steps[position].state));
}

void session_set_board(struct session *session, struct board *board)
{
    board_free(session->state.board);
    session->state.board = board;
}

/* The network with its heads coupled as the options say; one more owner of it. */
static status heads_as_set(struct model *model, const struct options *options, struct model **result,
                           struct error *error)
{
    *result = NULL;
    return model
               ? model_with_heads(model, (enum head_mode)option_integer(options, OPTION_HEADS), result, error)
               : STATUS_OK;
}

status session_set_model(struct session *session, struct model *made, struct error *error)
{
    struct board *empty = board_new();
    struct pruning *pruning = NULL;
    struct model *model = NULL;
    status code = empty ? heads_as_set(made, session->state.options, &model, error) : error_memory(error);
    model_free(made);
    if (code == STATUS_OK)
        code = pruning_new(model, &pruning, error);
    if (code != STATUS_OK) {
        board_free(empty);
        model_free(model);
        return code;
    }
    session_set_board(session, empty);
    session_set_pruning(session, pruning);
    model_free(session->state.model);
    session->state.model = model;
    return STATUS_OK;
}

void session_set_dataset(struct session *session, struct dataset *dataset)
{
    dataset_free(session->state.dataset);
    session->state.dataset = dataset;
}

void session_set_pruning(struct session *session, struct pruning *pruning)
{
    if (session->state.pruning != pruning)
        pruning_forget(session->state.pruning);
    pruning_free(session->state.pruning);
    session->state.pruning = pruning;
}

static void set_theme(struct session *session, struct theme *theme)
{
    theme_free(session->state.theme);
    session->state.theme = theme;
}

/* Options that are equal stay the very same part, so that a command that sets what is set changes nothing. */
static struct options *next_options(const struct session *session, const struct options *options)
{
    return memcmp(options, session->state.options, sizeof *options) == 0
               ? options_retain(session->state.options)
               : options_share(options);
}

static void set_options(struct session *session, struct options *options)
{
    options_free(session->state.options);
    session->state.options = options;
}

/* --- questions ------------------------------------------------------------------------------------------ */

const struct score_entry *session_entry(const struct session *session, const char *label)
{
    return board_entry(session->state.board, label);
}

static const char *board_label(const struct value_scope *scope, int index)
{
    const struct board *board = scope->board;
    return index < board->count ? board->entries[index].choice.label : NULL;
}

struct value_scope session_scope(const struct session *session)
{
    if (!session)
        return (struct value_scope){0};
    const struct model *model = session->state.model;
    return (struct value_scope){model ? model->layers : NULL,
                                board_label,
                                session->state.board,
                                session->aliases,
                                session,
                                networks_bring_for};
}

status session_graph(struct session *session, const struct graph **graph, struct error *error)
{
    return pruning_graph(session->state.pruning, session->state.model, graph, error);
}

status session_pool(struct session *session, struct pool **pool, struct error *error)
{
    int threads = (int)option_integer(session->state.options, OPTION_THREADS);
    if (!session->pool || session->pool_threads != threads) {
        struct pool *made;
        status code = pool_new(threads, &made, error);
        if (code != STATUS_OK)
            return code;
        pool_free(session->pool);
        session->pool = made;
        session->pool_threads = threads;
    }
    *pool = session->pool;
    return STATUS_OK;
}

/* Of scores under these options. */
static struct board_source source_of(struct session *session, const struct options *options)
{
    return (struct board_source){.board = session->state.board,
                                 .model = session->state.model,
                                 .dataset = session->state.dataset,
                                 .options = options,
                                 .live = session->live,
                                 .passes = &session->passes,
                                 .recipe_program = session->recipe_program};
}

status session_set_options(struct session *session, const struct options *options, struct error *error)
{
    struct theme *theme = NULL;
    struct board *board = NULL;
    struct pruning *pruning = NULL;
    struct model *model = NULL;
    struct board_source source = source_of(session, options);
    bool new_theme = appearance_differs(options, session->state.options);
    struct options *next = next_options(session, options);
    status code = next ? STATUS_OK : error_memory(error);
    if (code == STATUS_OK && new_theme)
        code = appearance_load(options, session->background, &theme, error);
    if (code == STATUS_OK)
        code = heads_as_set(session->state.model, options, &model, error);
    bool new_heads = model != session->state.model;
    source.model = model;
    if (code == STATUS_OK && new_heads)
        code = pruning_new(model, &pruning, error);
    if (code == STATUS_OK)
        code = board_refresh(&source, &board, error);
    if (code != STATUS_OK) {
        theme_free(theme);
        options_free(next);
        pruning_free(pruning);
        model_free(model);
        return code;
    }
    if (new_heads)
        session_set_pruning(session, pruning);
    model_free(session->state.model);
    session->state.model = model;
    session_set_board(session, board);
    if (new_theme)
        set_theme(session, theme);
    set_options(session, next);
    return STATUS_OK;
}

/* Do criteria among these look at images? */
static bool look_at_images(const struct session *session, const struct choice *choices, int count,
                           const struct options *options)
{
    const struct criterion_options base = options_criterion(options);
    unsigned needs = 0;
    for (int i = 0; i < count; i++)
        needs |= choice_needs(&choices[i], &base, session->state.model->layers);
    return needs & PASS_NEEDS;
}

status session_score(struct session *session, const struct choice *choices, int count,
                     const struct options *options, struct progress *progress, struct score_outcome *outcome,
                     struct error *error)
{
    struct board_source source = source_of(session, options);
    struct board *board;
    struct pool *pool;
    status code = session_pool(session, &pool, error);
    source.pool = pool;
    if (code == STATUS_OK && look_at_images(session, choices, count, options))
        code = scored_images(session, options, progress, &source.dataset, error);
    if (code != STATUS_OK)
        return code;
    struct options *next = next_options(session, options);
    if (!next)
        return error_memory(error);
    code = board_score(&source, choices, count, pool, progress, &board, outcome, error);
    if (code != STATUS_OK) {
        options_free(next);
        return code;
    }
    session_set_board(session, board);
    session->scorings++;
    set_options(session, next);
    return STATUS_OK;
}
