/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One command, or the alias of several: run, shown, written to the log, and told to scripts. */
#include "shell/shell_internal.h"

#include <stdio.h>

#include "base/progress.h"
#include "base/status.h"
#include "base/text.h"
#include "lua/script.h"
#include "session/event.h"
#include "session/language/expand.h"
#include "session/language/parse.h"
#include "session/language/statement.h"
#include "session/reply.h"
#include "session/words/option.h"
#include "shell/job.h"
#include "shell/leave.h"
#include "shell/shell.h"
#include "shell/show.h"
#include "shell/transcript.h"
#include "view/style.h"

/* --- requests ------------------------------------------------------------------------------------------- */

/* Tell, once, when the log could not be written. */
static void check_log(struct shell *shell)
{
    struct error error = {0};
    if (transcript_check(shell->transcript, &error) != STATUS_OK)
        shell_warn(shell, &error);
}

void shell_log_end(struct shell *shell)
{
    check_log(shell);
    transcript_close(shell->transcript);
    shell->transcript = NULL;
}

static status change_log(struct shell *shell, const struct request *request, struct reply *reply,
                         struct error *error)
{
    struct transcript *next = NULL;
    const char *path = transcript_path(shell->transcript);
    if (!request->count) {
        reply_line(reply, path ? "commands and results are added to %s" : "no log is written: log FILE",
                   path ? path : "");
        return STATUS_OK;
    }
    status code = *request->words[0] ? transcript_open(request->words[0], &next, error) : STATUS_OK;
    if (code != STATUS_OK) {
        error_prefix(error, "log: ");
        return code;
    }
    shell_log_end(shell);
    shell->transcript = next;
    return STATUS_OK;
}

status shell_log(struct shell *shell, const char *path, struct error *error)
{
    return transcript_open(path, &shell->transcript, error);
}

void shell_record(struct shell *shell, const struct statement *statement, const struct reply *reply,
                  double started)
{
    transcript_command(shell->transcript, statement);
    transcript_reply(shell->transcript, &shell->show, shell->session, reply);
    transcript_seconds(shell->transcript, clock_seconds() - started);
    check_log(shell);
}

/* Bindings and a layout do no harm where there are no panes: a configuration file may have them. */
status shell_request(struct shell *shell, struct reply *reply, struct error *error)
{
    enum request_kind kind = reply->request.kind;
    if (kind == REQUEST_LOG)
        return change_log(shell, &reply->request, reply, error);
    if (shell->face.request)
        return shell->face.request(shell->face.argument, &reply->request, reply, error);
    bool lasts = kind == REQUEST_BIND || kind == REQUEST_UNBIND || kind == REQUEST_LAYOUT;
    if (lasts && !shell->prefixes)
        return STATUS_OK;
    return error_set(
        error, STATUS_STATE,
        "this is about the full screen, which is not open: it opens at a terminal, without --plain");
}

status shell_run(struct shell *shell, const struct job_request *request, struct reply *reply,
                 struct error *error)
{
    status code = STATUS_OK;
    if (shell->face.run)
        code = shell->face.run(shell->face.argument, request, reply, error);
    else
        code = job_run(request, show_ascii(&shell->show, shell->session), shell->show.quiet, reply, error);
    if (code == STATUS_OK && request->session == shell->session)
        leave_note(shell, reply);
    return code == STATUS_OK && reply->request.kind ? shell_request(shell, reply, error) : code;
}

/* --- showing -------------------------------------------------------------------------------------------- */

/* The log has everything, whatever is shown. `changed`: by a command that changed the session. */
static status show(struct shell *shell, struct reply *reply, bool changed, struct error *error)
{
    transcript_reply(shell->transcript, &shell->show, shell->session, reply);
    if (shell->show.quiet)
        reply_only_results(reply, changed);
    if (shell->face.reply)
        return shell->face.reply(shell->face.argument, shell->session, reply, error);
    return show_reply(&shell->show, shell->session, reply, stdout, error);
}

static void add_seconds(const struct shell *shell, double started, struct reply *reply)
{
    if (option_integer(shell->session->state.options, OPTION_TIMING) == TIMING_ALL)
        reply_add(reply, STYLE_NOTE, "%.3f s", clock_seconds() - started);
}

/* What a command wants to have run in its place, and how long that took. */
static status run_further(struct shell *shell, const struct reply *reply, double started, const char *where)
{
    struct reply after = {0};
    struct error error = {0};
    status code = reply->code ? shell_code(shell, reply->code, where) : shell_run_file(shell, reply);
    add_seconds(shell, started, &after);
    if (code == STATUS_OK && after.count && show(shell, &after, false, &error) != STATUS_OK)
        code = shell_fail(shell, where, &error);
    reply_free(&after);
    return code;
}

/* --- running -------------------------------------------------------------------------------------------- */

static void tell_scripts(struct shell *shell, const struct statement *statement, unsigned events)
{
    struct text line = {0};
    if (!events || !shell->script)
        return;
    statement_typed(statement, &line);
    shell->script_depth++; /* it is not to be dropped meanwhile */
    if (!line.failed)
        script_tell(shell->script, events, text_data(&line));
    shell->script_depth--;
    text_free(&line);
}

/* A command that failed may have more to show than its error. */
static status show_outcome(struct shell *shell, struct reply *reply, bool changed, status code,
                           struct error *error)
{
    struct error ignored = {0};
    return show(shell, reply, changed, code == STATUS_OK ? error : &ignored) == STATUS_OK || code != STATUS_OK
               ? code
               : error->code;
}

static status run_command(struct shell *shell, const struct statement *statement, const char *where)
{
    const struct job_request request = {shell->session, statement, shell->prefixes, NULL, false};
    const double started = clock_seconds();
    struct reply reply = {0};
    struct error error = {0};
    struct event_watch watch;
    bool changed;
    transcript_command(shell->transcript, statement);
    event_watch_begin(&watch, shell->session);
    status code = shell_run(shell, &request, &reply, &error);
    unsigned events = event_watch_end(&watch, shell->session, &changed);
    bool further = code == STATUS_OK && (reply.code || reply.run_file);
    if (code == STATUS_OK && !further)
        add_seconds(shell, started, &reply);
    if (code == STATUS_OK || reply.explains)
        code = show_outcome(shell, &reply, changed, code, &error);
    if (code != STATUS_OK)
        code = shell_fail(shell, where, &error);
    else if (further)
        code = run_further(shell, &reply, started, where);
    transcript_seconds(shell->transcript, clock_seconds() - started);
    check_log(shell);
    if (!reply.quit)
        leave_stay(shell);
    else if (reply.quit_at_once || shell->depth || leave_asked(shell, NULL))
        shell->quit = true;
    tell_scripts(shell, statement, events);
    reply_free(&reply);
    return code;
}

status shell_statement(struct shell *shell, const struct statement *statement, const char *where)
{
    struct parsed_line expanded;
    struct error error = {0};
    if (!statement_is_alias(shell->session->aliases, statement))
        return run_command(shell, statement, where);
    status code = statement_expand(shell->session->aliases, statement, &expanded, &error);
    if (code != STATUS_OK)
        return shell_fail(shell, where, &error);
    for (int i = 0; code == STATUS_OK && !shell->quit && i < expanded.count; i++)
        code = run_command(shell, &expanded.statements[i], where);
    parsed_line_free(&expanded);
    return code;
}
