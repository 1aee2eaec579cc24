/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Running commands: what is written, what is kept. */
#include "session/language/run.h"

#include "base/file.h"
#include "base/inputs.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/ranks.h"
#include "base/status.h"
#include "base/text.h"
#include "session/language/command.h"
#include "session/language/invocation.h"
#include "session/language/statement.h"
#include "session/live.h"
#include "session/reply.h"
#include "session/words/option.h"
#include "view/style.h"
#include "view/write/write.h"

/* Write the figures to the file of the redirection; the reply then says so instead of showing them. */
static status redirect(const struct invocation *invocation, struct reply *reply, struct error *error)
{
    const struct figure **figures;
    const char *path = invocation->redirect;
    int count;
    status code = reply_figures(reply, &figures, &count, error);
    if (code != STATUS_OK)
        return code;
    if (count == 0)
        code = error_set(error, STATUS_STATE, "there is no figure to write to '%s'", path);
    else
        code = figures_save_sized(figures, count, path, &invocation->picture, error);
    mem_free(figures);
    if (code != STATUS_OK)
        return code;
    reply_clear(reply);
    reply_add(reply, STYLE_NOTE, "written to %s", path);
    return STATUS_OK;
}

/* What the redirection needs is checked before the command does its work, not after. */
static status check_redirect(const struct invocation *invocation, struct error *error)
{
    const char *path = invocation->redirect;
    const struct figure_format *format = figure_format_find(path_extension(path));
    if (format && invocation->picture.width > 0 && !format->picture)
        return error_set(error, STATUS_USAGE, "'%s' is no picture: it has no size", path);
    if (format)
        return inputs_protect(path, invocation->overwrite, error);
    struct text known = {0};
    for (int i = 0; figure_format_at(i); i++)
        text_add_format(&known, "%s.%s", i ? ", " : "", figure_format_at(i)->extension);
    status code =
        error_set(error, STATUS_USAGE, "cannot write '%s': the name must end in %s", path, text_data(&known));
    text_free(&known);
    return code;
}

static status run_invocation(struct session *session, const struct invocation *invocation,
                             struct progress *progress, struct reply *reply, struct error *error)
{
    struct call call = {session, invocation, *session->state.options, progress, reply};
    for (int i = 0; i < invocation->setting_count; i++) {
        if (invocation->settings[i].option != OPTION_NONE)
            call.options.value[invocation->settings[i].option] = invocation->settings[i].value;
    }
    status code = invocation->redirect ? check_redirect(invocation, error) : STATUS_OK;
    live_clear(session->live);
    if (code == STATUS_OK)
        code = invocation->command->run(&call, error);
    live_clear(session->live);
    if (code == STATUS_OK && invocation->redirect)
        code = redirect(invocation, reply, error);
    if (code == STATUS_OK && reply->failed)
        code = error_memory(error);
    return code;
}

/* Run it and keep what it changed in the history, or leave everything as it was. */
static status run_recorded(struct session *session, const struct statement *statement,
                           const struct invocation *invocation, struct progress *progress,
                           struct reply *reply, struct error *error)
{
    struct session_change change;
    struct text line = {0};
    statement_text(statement, invocation->command, &line);
    if (line.failed) {
        text_free(&line);
        return error_memory(error);
    }
    /* Before it runs: what one rank writes is not there while another still looks at its own command. */
    const char *name = invocation->command->name;
    if (ranks_agree(name, STATUS_OK, error) != STATUS_OK) {
        text_free(&line);
        return ranks_agree_end(name, error->code, error);
    }
    int oldest = session->history.oldest;
    mem_free(reply->log); /* of the statement before, where several answer together */
    reply->log = NULL;
    mem_free(reply->result);
    reply->result = NULL;
    session_begin(session, &change);
    struct progress *outer = progress_set_current(progress);
    status code = run_invocation(session, invocation, progress, reply, error);
    progress_set_current(outer);
    code = ranks_agree_end(name, code, error);
    if (code == STATUS_OK)
        code = session_commit(session, &change, text_data(&line), reply->log, error);
    else
        session_rollback(session, &change);
    if (code == STATUS_OK && !oldest && session->history.oldest)
        reply_add(reply, STYLE_NOTE,
                  "the history is full: from now on its oldest states are let go, as 'info' tells");
    if (code != STATUS_OK)
        error_prefix(error, "%s: ", name);
    text_free(&line);
    return code;
}

status session_run(struct session *session, const struct statement *statement, bool prefixes,
                   struct progress *progress, struct reply *reply, struct error *error)
{
    struct arena *arena = arena_new();
    if (!arena)
        return error_memory(error);
    struct invocation invocation;
    status code = invocation_resolve(session, statement, prefixes, arena, &invocation, error);
    if (code == STATUS_OK)
        code = run_recorded(session, statement, &invocation, progress, reply, error);
    else
        code = ranks_agree_end("a command that is wrong", code, error);
    if (code != STATUS_OK && !reply->explains)
        reply_clear(reply);
    arena_free(arena);
    return code;
}
