/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session: sessions as files, saved and opened.
 *
 * A session file is a log of the commands that led to a state, with what they must give again:
 *
 *     {"format": "ippro-explore session 1", "program": "ippro-explore 0.1",
 *      "commands": [{"line": "load /home/me/resnet56.onnx", "model": SHA-256},
 *                   {"line": "data cifar10 /home/me/cifar", "data": SHA-256},
 *                   {"line": "prune l1 0.4", "network": ...}]}
 *
 * It runs no programs: of a recipe, which may be one, its ratios are kept (recipe_log), and lines that run
 * programs or files are refused.
 *
 * "model" is the digest of the network's file, "data" that of the records, "network" the name of the network
 * with its mask (model.h), each where the command changed it. A file is opened by running its commands in a
 * session of their own; only when all succeed and agree do they become this one's history. */
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "session/appearance.h"
#include "session/commands/document.h"
#include "session/history.h"
#include "session/language/command.h"
#include "session/language/parse.h"
#include "session/language/run.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/state.h"
#include "session/version.h"
#include "session/words/value.h"
#include "view/style.h"

static const char file_format[] = "ippro-explore session 1";

/* --- what a state must agree with ----------------------------------------------------------------------- */

enum { CHECKS = 3 };

static const char *const check_keys[CHECKS] = {"model", "data", "network"};

/* "" where there is none. */
static const char *check_value(const struct state_names *names, int check)
{
    return check == 0 ? names->model : check == 1 ? names->data : names->network;
}

/* --- save ----------------------------------------------------------------------------------------------- */

static void add_checks(struct document *document, json_t *object, const struct history *history, int step)
{
    struct state_names names, before;
    history_names(history, step, &names);
    history_names(history, step - 1, &before);
    for (int i = 0; i < CHECKS; i++) {
        const char *now = check_value(&names, i);
        if (*now && strcmp(now, check_value(&before, i)) != 0)
            document_set(document, object, check_keys[i], json_string(now));
    }
}

/* Add the commands of a step, of which the last is checked; returns how many there are. */
static int add_step(struct document *document, json_t *commands, const struct history *history, int step)
{
    const struct history_step *from = &history->steps[step];
    char *copy = mem_string(from->log ? from->log : from->line), *rest = copy;
    int count = 0;
    document->failed |= !copy;
    for (char *line; rest && (line = strsep(&rest, "\n"));) {
        if (!*line)
            continue;
        json_t *object = json_object();
        document_set(document, object, "line", document_string(line));
        if (!rest || !*rest)
            add_checks(document, object, history, step);
        document_append(document, commands, object);
        count++;
    }
    mem_free(copy);
    return count;
}

static status save_session(struct call *call, const char *path, struct error *error)
{
    const struct history *history = &call->session->history;
    struct document document;
    int first = history_log(history), count = 0;
    document_begin(&document);
    json_t *commands = json_array();
    document_set(&document, document.root, "format", json_string(file_format));
    document_set(&document, document.root, "program", json_string(PROGRAM_NAME " " PROGRAM_VERSION));
    for (int i = first; i <= history->position; i++)
        count += add_step(&document, commands, history, i);
    document_set(&document, document.root, "commands", commands);
    status code = document_write(&document, path, true, error);
    document_end(&document);
    if (code == STATUS_OK)
        reply_add(call->reply, STYLE_NOTE, "%d commands written to %s", count, path);
    return code;
}

/* --- open ----------------------------------------------------------------------------------------------- */

/* By name, where it is a file. */
static status refuse(const struct state *state, int check, const char *now, const char *expected,
                     struct error *error)
{
    const char *path = check == 0 && state->model     ? state->model->name
                       : check == 1 && state->dataset ? state->dataset->path
                                                      : NULL;
    static const char *const what[CHECKS] = {"the model's file is not the one of the session",
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
    for (int i = 0; i < CHECKS; i++) {
        const char *expected = json_string_value(json_object_get(command, check_keys[i]));
        const char *now = check_value(&names, i);
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

/* One command of the log, in the session that is being built. */
static status replay(struct call *call, struct session *session, const json_t *command, struct error *error)
{
    const char *line = json_string_value(json_object_get(command, "line"));
    struct parsed_line parsed;
    struct reply reply = {0};
    if (!line)
        return error_set(error, STATUS_FILE, "a command without its line");
    status code = parse_line(line, &parsed, error);
    if (code != STATUS_OK)
        return code;
    if (parsed.count != 1)
        code = error_set(error, STATUS_FILE, "one command is expected: '%s'", line);
    else
        code = check_command(call->invocation->command, &parsed.statements[0], line, error);
    if (code == STATUS_OK)
        code = session_run(session, &parsed.statements[0], false, call->progress, &reply, error);
    if (code == STATUS_OK)
        code = check_step(session, command, error);
    reply_free(&reply);
    parsed_line_free(&parsed);
    return code;
}

static status replay_all(struct call *call, const char *path, const json_t *commands, struct session *session,
                         struct error *error)
{
    status code = STATUS_OK;
    for (size_t i = 0; code == STATUS_OK && i < json_array_size(commands); i++) {
        code = replay(call, session, json_array_get(commands, i), error);
        if (code != STATUS_OK)
            error_prefix(error, "%s: command %zu: ", path, i + 1);
    }
    return code == STATUS_OK ? code : error_refuse_file(error);
}

static status check_format(const struct document *document, const char *path, struct error *error)
{
    const char *format = json_string_value(json_object_get(document->root, "format"));
    const json_t *commands = json_object_get(document->root, "commands");
    if (!format || strcmp(format, file_format) != 0)
        return error_set(error, STATUS_FILE, "%s: this is no session: its format is not \"%s\"", path,
                         file_format);
    if (!json_is_array(commands))
        return error_set(error, STATUS_FILE, "%s: the session has no list of commands", path);
    return STATUS_OK;
}

/* The steps of `opened` behind ours, and its last state as the present one. */
static status adopt(struct session *session, struct session *opened, struct error *error)
{
    status code = history_append(&session->history, &opened->history, error);
    if (code == STATUS_OK)
        session_go(session, session->history.position);
    return code;
}

static status open_session(struct call *call, const char *path, struct error *error)
{
    struct document document;
    struct session *opened = NULL;
    status code = document_read(path, &document, error);
    if (code != STATUS_OK)
        return code;
    code = check_format(&document, path, error);
    const json_t *commands = json_object_get(document.root, "commands");
    int count = (int)json_array_size(commands);
    if (code == STATUS_OK)
        code = session_new(&opened, error);
    if (code == STATUS_OK)
        appearance_found(opened, call->session->background);
    if (code == STATUS_OK)
        code = replay_all(call, path, commands, opened, error);
    int steps = code == STATUS_OK ? opened->history.position : 0;
    if (code == STATUS_OK)
        code = adopt(call->session, opened, error);
    session_free(opened);
    document_end(&document);
    if (code == STATUS_OK)
        reply_line(call->reply, "%s: %d commands done; 'undo %d' goes back to the session before", path,
                   count, steps + 1);
    return code;
}

/* --- the command ---------------------------------------------------------------------------------------- */

static const char *action_name(int index)
{
    static const char *const names[] = {"save", "open"};
    return index >= 0 && index < 2 ? names[index] : NULL;
}

static status run_session(struct call *call, struct error *error)
{
    char *path = path_expand(call_argument(call, 1));
    if (!path)
        return error_memory(error);
    bool save = strcmp(call_argument(call, 0), action_name(0)) == 0;
    status code = STATUS_OK;
    if (save)
        code = call_may_write(call, path, error);
    else if (call_setting(call, "overwrite"))
        code = error_set(error, STATUS_USAGE, "overwrite= belongs to session save");
    if (code == STATUS_OK)
        code = save ? save_session(call, path, error) : open_session(call, path, error);
    mem_free(path);
    return code;
}

static const struct parameter session_arguments[] = {
    {"ACTION", VALUE_CHOICE, 0, 0, 0, action_name, NULL, "save or open"},
    {"FILE", VALUE_FILE, 0, 0, 0, NULL, NULL, "a session file"},
    PARAMETER_END,
};
static const struct parameter session_parameters[] = {OVERWRITE_PARAMETER, PARAMETER_END};
static const struct example session_examples[] = {
    {"prune l1 0.4; session save work.session", "writes how to come back here", false},
    {"session open work.session", "does everything again, and checks that it is the same", false},
    EXAMPLE_END,
};

const struct command command_session = {
    .name = "session",
    .arguments = session_arguments,
    .parameters = session_parameters,
    .flags = COMMAND_LONG | COMMAND_CHANGES,
    .help = "save the session, or open one",
    .text = "A session file is a log: the commands that led to the present state, from the beginning, with "
            "the SHA-256 of the network's file, of the data and of what was selected. Commands that were "
            "undone are not in it. Opening a file runs its commands again, passes over the data included. A "
            "file, a data set or a selection that differs from what the log says is refused by name, and "
            "then, as when any of the commands fails, nothing changes. A log runs no programs: lines with "
            "Lua or run are refused, and of recipes, which may be programs, it holds the ratios. The opened "
            "commands can be undone one by one, and then the opening.",
    .examples = session_examples,
    .run = run_session,
};
