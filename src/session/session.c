/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The session's parts and how they are swapped. Scores are made in board.c. */
#include "session/session.h"

#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "data/dataset.h"
#include "nn/graph/tensor.h"
#include "session/board.h"
#include "session/model.h"
#include "session/pruning.h"
#include "view/cells/canvas.h"

/* What a session begins with, as its first step of the history. */
static status begin_state(struct session *session, struct error *error)
{
    struct options options;
    status code = options_default(&options, error);
    if (code != STATUS_OK)
        return code;
    session->options = options_share(&options);
    session->board = board_new();
    if (!session->options || !session->board)
        return error_memory(error);
    /* Without its files the program still works, in plain text. */
    struct error ignored = {0};
    if (theme_load(option_text(&options, OPTION_THEME), &session->theme, &ignored) != STATUS_OK)
        session->theme = NULL;
    struct state state = {.board = session->board, .options = session->options, .theme = session->theme};
    return history_push(&session->history, NULL, NULL, &state, error);
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

/* The present state without a further owner. */
static struct state state_of(const struct session *session)
{
    return (struct state){session->model,   session->dataset, session->board,
                          session->options, session->theme,   session->pruning};
}

/* Let go of the present state and take over another, whose ownership passes. */
static void replace_state(struct session *session, struct state state)
{
    struct state old = state_of(session);
    if (old.pruning != state.pruning)
        pruning_forget(old.pruning);
    session->model = state.model;
    session->dataset = state.dataset;
    session->board = state.board;
    session->options = state.options;
    session->theme = state.theme;
    session->pruning = state.pruning;
    state_release(&old);
}

void session_free(struct session *session)
{
    if (!session)
        return;
    replace_state(session, (struct state){0});
    history_free(&session->history);
    measurements_free(&session->measurements);
    passes_free(&session->passes);
    judgement_free(&session->curve);
    judgement_free(&session->sensitivity);
    pool_free(session->pool);
    mem_free(session);
}

status session_fork(const struct session *session, struct session **result, struct error *error)
{
    struct session *fork = mem_new(1, sizeof *fork);
    if (!fork)
        return error_memory(error);
    struct state present = state_of(session);
    replace_state(fork, state_retain(&present));
    fork->recipe_program = session->recipe_program;
    status code = history_push(&fork->history, NULL, NULL, &present, error);
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
    for (int i = 0; code == STATUS_OK && i < session->measurements.count; i++) {
        struct measurement copy = session->measurements.items[i];
        copy.correct = NULL;
        code = measurements_add(&mirror->measurements, &copy, error);
        if (code != STATUS_OK)
            session_free(mirror);
    }
    if (code == STATUS_OK)
        *result = mirror;
    return code;
}

/* --- changes -------------------------------------------------------------------------------------------- */

void session_begin(struct session *session, struct session_change *change)
{
    struct state present = state_of(session);
    change->before = state_retain(&present);
    change->position = session->history.position;
}

status session_commit(struct session *session, struct session_change *change, const char *line,
                      const char *log, struct error *error)
{
    struct state present = state_of(session);
    bool moved = session->history.position != change->position;
    status code = STATUS_OK;
    if (!moved && !state_equal(&present, &change->before))
        code = history_push(&session->history, line, log, &present, error);
    if (code == STATUS_OK)
        state_release(&change->before);
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
    board_free(session->board);
    session->board = board;
}

status session_set_model(struct session *session, struct model *model, struct error *error)
{
    struct board *empty = board_new();
    struct pruning *pruning = NULL;
    status code = empty ? pruning_new(model, &pruning, error) : error_memory(error);
    if (code != STATUS_OK) {
        board_free(empty);
        model_free(model);
        return code;
    }
    session_set_board(session, empty);
    session_set_pruning(session, pruning);
    model_free(session->model);
    session->model = model;
    return STATUS_OK;
}

void session_set_dataset(struct session *session, struct dataset *dataset)
{
    dataset_free(session->dataset);
    session->dataset = dataset;
}

void session_set_pruning(struct session *session, struct pruning *pruning)
{
    if (session->pruning != pruning)
        pruning_forget(session->pruning);
    pruning_free(session->pruning);
    session->pruning = pruning;
}

static void set_theme(struct session *session, struct theme *theme)
{
    theme_free(session->theme);
    session->theme = theme;
}

/* Options that are equal stay the very same part, so that a command that sets what is set changes nothing. */
static struct options *next_options(const struct session *session, const struct options *options)
{
    return memcmp(options, session->options, sizeof *options) == 0 ? options_retain(session->options)
                                                                   : options_share(options);
}

static void set_options(struct session *session, struct options *options)
{
    options_release(session->options);
    session->options = options;
}

/* --- questions ------------------------------------------------------------------------------------------ */

const struct score_entry *session_entry(const struct session *session, const char *label)
{
    return board_entry(session->board, label);
}

status session_graph(struct session *session, const struct graph **graph, struct error *error)
{
    return pruning_graph(session->pruning, session->model, graph, error);
}

status session_pool(struct session *session, struct pool **pool, struct error *error)
{
    int threads = (int)option_integer(session->options, OPTION_THREADS);
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

status session_fit(const struct model *model, const struct dataset *dataset, struct error *error)
{
    const int64_t *dim = model->input.dim;
    if (!model->classes)
        return error_set(error, STATUS_SHAPE,
                         "the network %s does not classify images: what needs labels cannot be done",
                         model->name);
    if (dim[1] != dataset->channels || dim[2] != dataset->height || dim[3] != dataset->width) {
        struct text wanted = {0};
        shape_text(&model->input, &wanted);
        status code =
            error_set(error, STATUS_SHAPE, "the images of %s are 1x%dx%dx%d, but the network %s takes %s",
                      dataset->kind->name, dataset->channels, dataset->height, dataset->width, model->name,
                      text_data(&wanted));
        text_free(&wanted);
        return code;
    }
    if (dataset->classes > model->classes)
        return error_set(error, STATUS_SHAPE, "%s has %d classes, but the network %s tells only %lld apart",
                         dataset->kind->name, dataset->classes, model->name, (long long)model->classes);
    return STATUS_OK;
}

static bool text_changed(const struct options *a, const struct options *b, enum option_id id)
{
    return strcmp(option_text(a, id), option_text(b, id)) != 0;
}

status session_set_options(struct session *session, const struct options *options, struct reply *reply,
                           struct error *error)
{
    struct theme *theme = NULL;
    struct board *board = NULL;
    const char *dropped[CHOICES_MAX];
    int dropped_count = 0;
    struct board_source source = {session->board, session->model, session->dataset,
                                  options,        session->live,  &session->passes};
    bool new_theme = text_changed(options, session->options, OPTION_THEME);
    struct options *next = next_options(session, options);
    status code = next ? STATUS_OK : error_memory(error);
    if (code == STATUS_OK && new_theme)
        code = theme_load(option_text(options, OPTION_THEME), &theme, error);
    if (code == STATUS_OK)
        code = board_refresh(&source, &board, dropped, &dropped_count, error);
    if (code != STATUS_OK) {
        theme_free(theme);
        options_release(next);
        return code;
    }
    for (int i = 0; reply && i < dropped_count; i++)
        reply_add(reply, STYLE_NOTE, "%s now needs another pass and was dropped: score %s", dropped[i],
                  dropped[i]);
    session_set_board(session, board);
    if (new_theme)
        set_theme(session, theme);
    set_options(session, next);
    return STATUS_OK;
}

status session_score(struct session *session, const struct choice *choices, int count,
                     const struct options *options, struct progress *progress, struct score_outcome *outcome,
                     struct error *error)
{
    struct board_source source = {session->board, session->model, session->dataset,
                                  options,        session->live,  &session->passes};
    struct board *board;
    struct pool *pool;
    status code = session_pool(session, &pool, error);
    if (code != STATUS_OK)
        return code;
    struct options *next = next_options(session, options);
    if (!next)
        return error_memory(error);
    code = board_score(&source, choices, count, pool, progress, &board, outcome, error);
    if (code != STATUS_OK) {
        options_release(next);
        return code;
    }
    session_set_board(session, board);
    set_options(session, next);
    return STATUS_OK;
}
