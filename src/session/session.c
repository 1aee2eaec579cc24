/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The session's parts and how they are swapped. Scores are made in board.c. */
#include "session/session.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "session/board.h"

status session_new(struct session **result, struct error *error)
{
    struct session *session = mem_new(1, sizeof *session);
    if (!session)
        return error_memory(error);
    status code = options_default(&session->options, error);
    if (code != STATUS_OK) {
        mem_free(session);
        return code;
    }
    /* Without its files the program still works, in plain text. */
    struct error ignored = {0};
    if (theme_load(option_text(&session->options, OPTION_THEME), &session->theme, &ignored) != STATUS_OK)
        session->theme = NULL;
    *result = session;
    return STATUS_OK;
}

void session_free(struct session *session)
{
    if (!session)
        return;
    board_release(&session->board, NULL, NULL);
    model_free(session->model);
    dataset_free(session->dataset);
    theme_free(session->theme);
    pool_free(session->pool);
    mem_free(session);
}

/* --- changes -----------------------------------------------------------------------------------------------
 */

void session_begin(struct session *session, struct session *before)
{
    *before = *session;
    session->before = before;
}

/* Free the parts of `session` that `other` does not have. */
static void release_parts(struct session *session, const struct session *other)
{
    if (session->model != other->model)
        model_free(session->model);
    if (session->dataset != other->dataset)
        dataset_free(session->dataset);
    if (session->theme != other->theme)
        theme_free(session->theme);
    board_release(&session->board, &other->board, NULL);
}

void session_commit(struct session *session, struct session *before)
{
    release_parts(before, session);
    session->before = NULL;
}

void session_rollback(struct session *session, struct session *before)
{
    release_parts(session, before);
    session->model = before->model;
    session->dataset = before->dataset;
    session->theme = before->theme;
    session->board = before->board;
    session->options = before->options;
    session->before = NULL;
}

void session_set_model(struct session *session, struct model *model)
{
    struct board empty = {0};
    board_replace(session, &empty);
    if (!session->before || session->before->model != session->model)
        model_free(session->model);
    session->model = model;
}

void session_set_dataset(struct session *session, struct dataset *dataset)
{
    struct board rest = board_without_pass(&session->board);
    board_replace(session, &rest);
    if (!session->before || session->before->dataset != session->dataset)
        dataset_free(session->dataset);
    session->dataset = dataset;
}

static void set_theme(struct session *session, struct theme *theme)
{
    if (!session->before || session->before->theme != session->theme)
        theme_free(session->theme);
    session->theme = theme;
}

/* --- questions ---------------------------------------------------------------------------------------------
 */

const struct score_entry *session_entry(const struct session *session, const char *label)
{
    for (int i = 0; i < session->board.count; i++) {
        if (strcmp(session->board.entries[i].choice.label, label) == 0)
            return &session->board.entries[i];
    }
    return NULL;
}

status session_pool(struct session *session, struct pool **pool, struct error *error)
{
    int threads = (int)option_integer(&session->options, OPTION_THREADS);
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
    bool new_theme = text_changed(options, &session->options, OPTION_THEME);
    status code = STATUS_OK;
    if (new_theme)
        code = theme_load(option_text(options, OPTION_THEME), &theme, error);
    struct board board;
    if (code == STATUS_OK)
        code = board_refresh(session, options, &board, reply, error);
    if (code != STATUS_OK) {
        theme_free(theme);
        return code;
    }
    board_replace(session, &board);
    if (new_theme)
        set_theme(session, theme);
    session->options = *options;
    return STATUS_OK;
}
