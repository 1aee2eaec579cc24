/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands of a document, run again and checked. */
#include "session/commands/session_replay.h"

#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "session/appearance.h"
#include "session/commands/session_criteria.h"
#include "session/commands/session_log.h"
#include "session/history.h"
#include "session/language/parse.h"
#include "session/language/run.h"
#include "session/measurement.h"
#include "session/recipe.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/state.h"
#include "session/words/value.h"
#include "view/style.h"

struct replay {
    struct call *call;
    struct session *session; /* the one that is being built */
    bool programs;           /* files of criteria may be run */
};

/* --- checks --------------------------------------------------------------------------------------------- */

/* By name, where it is a file. */
static status refuse(const struct state *state, int check, const char *now, const char *expected,
                     struct error *error)
{
    const char *path = check == 0 && state->model     ? state->model->name
                       : check == 1 && state->dataset ? state->dataset->path
                                                      : NULL;
    static const char *const what[SESSION_CHECKS] = {"the model's file is not the one of the session",
                                                     "the data are not those of the session",
                                                     "the network came out different"};
    return error_set(error, STATUS_FILE, "%s%s%s: its hash is %.16s, expected %.16s", path ? path : "",
                     path ? ": " : "", what[check], *now ? now : "none", expected);
}

static status check_step(const struct session *session, const json_t *command, struct error *error)
{
    const struct state *state = &session->history.steps[session->history.position].state;
    struct state_names names;
    state_names(state, &names);
    for (int i = 0; i < SESSION_CHECKS; i++) {
        const char *expected = json_string_value(json_object_get(command, session_check_keys[i]));
        const char *now = session_check_value(&names, i);
        if (expected && strcmp(expected, now) != 0)
            return refuse(state, i, now, expected, error);
    }
    return STATUS_OK;
}

/* Why a command does not belong into a log; a log runs no programs. */
static status check_command(const struct command *own, const struct statement *statement, const char *line,
                            struct error *error)
{
    const struct command *row;
    status code = command_find(statement->tokens[0].text, false, &row, error);
    if (code == STATUS_OK && ((row->flags & COMMAND_PROGRAM) || row == own))
        code = error_set(error, STATUS_FILE, "'%s' is no command of a log, which runs no programs", line);
    else if (code == STATUS_OK && (!(row->flags & COMMAND_CHANGES) || statement->redirect))
        code = error_set(error, STATUS_FILE, "'%s' is no command of a log", line);
    return code;
}

status session_check_format(const struct document *document, const char *path, struct error *error)
{
    const char *format = json_string_value(json_object_get(document->root, "format"));
    const json_t *commands = json_object_get(document->root, "commands");
    if (!format || strcmp(format, SESSION_FORMAT) != 0)
        return error_set(error, STATUS_FILE, "%s: this is no session: its format is not \"%s\"", path,
                         SESSION_FORMAT);
    if (!json_is_array(commands))
        return error_set(error, STATUS_FILE, "%s: the session has no list of commands", path);
    return STATUS_OK;
}

/* --- commands ------------------------------------------------------------------------------------------- */

static status run_line(const struct replay *replay, const char *line, struct error *error)
{
    struct parsed_line parsed;
    struct reply reply = {0};
    status code = parse_line(line, &parsed, error);
    if (code != STATUS_OK)
        return code;
    if (parsed.count != 1)
        code = error_set(error, STATUS_FILE, "one command is expected: '%s'", line);
    else
        code = check_command(replay->call->invocation->command, &parsed.statements[0], line, error);
    if (code == STATUS_OK)
        code =
            session_run(replay->session, &parsed.statements[0], false, replay->call->progress, &reply, error);
    reply_free(&reply);
    parsed_line_free(&parsed);
    return code;
}

static status run_command(const struct replay *replay, const json_t *command, struct error *error)
{
    const char *line = json_string_value(json_object_get(command, "line"));
    if (!line)
        return error_set(error, STATUS_FILE, "a command without its line");
    status code = session_bring_criteria(replay->call, command, replay->programs, error);
    if (code == STATUS_OK)
        code = run_line(replay, line, error);
    if (code == STATUS_OK)
        code = check_step(replay->session, command, error);
    if (code == STATUS_OK)
        session_tell_recipe(replay->call, command);
    return code;
}

static status run_all(const struct replay *replay, const char *path, const json_t *commands,
                      struct error *error)
{
    status code = STATUS_OK;
    for (size_t i = 0; code == STATUS_OK && i < json_array_size(commands); i++) {
        code = progress_check(error);
        if (code == STATUS_OK)
            code = run_command(replay, json_array_get(commands, i), error);
        if (code != STATUS_OK)
            error_prefix(error, "%s: command %zu: ", path, i + 1);
    }
    return code == STATUS_OK ? code : error_refuse_file(error);
}

/* --- measurements --------------------------------------------------------------------------------------- */

/* What this program measured itself is not replaced. */
static status restore(struct measurements *all, const json_t *object, struct error *error)
{
    struct measurement measurement;
    status code = session_log_measurement(object, &measurement, error);
    if (code != STATUS_OK)
        return code;
    if (measurements_find(all, measurement.network, &measurement.on))
        measurement_free(&measurement);
    else if ((code = measurements_add(all, &measurement, error)) != STATUS_OK)
        measurement_free(&measurement);
    return code;
}

static status restore_all(struct measurements *all, const char *path, const json_t *list, struct error *error)
{
    status code = STATUS_OK;
    for (size_t i = 0; code == STATUS_OK && i < json_array_size(list); i++) {
        code = restore(all, json_array_get(list, i), error);
        if (code != STATUS_OK)
            error_prefix(error, "%s: measurement %zu: ", path, i + 1);
    }
    return code == STATUS_OK ? code : error_refuse_file(error);
}

/* Those of `opened` behind ours; it keeps none. */
static status adopt_measurements(struct measurements *ours, struct measurements *opened, struct error *error)
{
    status code = STATUS_OK;
    for (int i = 0; code == STATUS_OK && i < opened->count; i++) {
        struct measurement *item = &opened->items[i];
        if (measurements_find(ours, item->network, &item->on))
            continue;
        code = measurements_add(ours, item, error);
        if (code == STATUS_OK)
            item->correct = NULL, item->answers = NULL, item->credit = NULL;
    }
    return code;
}

/* --- the whole ------------------------------------------------------------------------------------------ */

/* The steps of `opened` behind ours, and its last state as the present one. What was measured is true of
 * whatever is opened then, so that a failure behind it does no harm. */
static status adopt(struct session *session, struct session *opened, struct error *error)
{
    status code = adopt_measurements(&session->measurements, &opened->measurements, error);
    if (code == STATUS_OK)
        code = history_append(&session->history, &opened->history, error);
    if (code == STATUS_OK)
        session_go(session, session->history.position);
    return code;
}

/* What a log may have run: descriptions of networks, which are files of the user's and the program's,
 * whatever the log says; where programs may run, files of losses. */
static struct recipe_program allowed(const struct session *session, bool programs)
{
    const struct recipe_program *whole = session->recipe_program;
    struct recipe_program some = {0};
    if (!whole)
        return some;
    some = (struct recipe_program){.argument = whole->argument, .networks = whole->networks};
    if (programs) {
        some.loss_open = whole->loss_open;
        some.loss_close = whole->loss_close;
        some.loss_value = whole->loss_value;
    }
    return some;
}

status session_replay(struct call *call, const struct document *document, const char *path,
                      struct error *error)
{
    const json_t *commands = json_object_get(document->root, "commands");
    struct setting_value programs;
    struct replay replay = {.call = call};
    status code = call_value(call, "programs", &programs, error);
    if (code == STATUS_OK)
        code = session_new(&replay.session, error);
    if (code != STATUS_OK)
        return code;
    replay.programs = programs.integer != 0;
    const struct recipe_program program = allowed(call->session, replay.programs);
    replay.session->recipe_program = &program;
    appearance_found(replay.session, call->session->background);
    code = run_all(&replay, path, commands, error);
    if (code == STATUS_OK)
        code = restore_all(&replay.session->measurements, path,
                           json_object_get(document->root, "measurements"), error);
    int steps = replay.session->history.position;
    int restored = replay.session->measurements.count;
    if (code == STATUS_OK)
        code = adopt(call->session, replay.session, error);
    session_free(replay.session);
    if (code != STATUS_OK)
        return code;
    reply_line(call->reply, "%s: %d commands done; 'undo %d' goes back to the session before", path,
               (int)json_array_size(commands), steps + 1);
    if (restored)
        reply_add(call->reply, STYLE_NOTE,
                  "accuracy as measured then: %d measurement%s from the session file", restored,
                  restored == 1 ? "" : "s");
    return code;
}
