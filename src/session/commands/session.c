/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sessions as files: session save, open, resume, list, forget.
 *
 * A session file is a log of the commands that led to a state, with what they must give again:
 *
 *     {"format": "ippro-explore session 1", "program": "ippro-explore 0.1",
 *      "commands": [{"line": "load /home/me/resnet56.onnx", "model": SHA-256},
 *                   {"line": "data cifar10 /home/me/cifar", "data": SHA-256},
 *                   {"line": "score mine", "criteria": [{"name": "mine", "file": "/home/me/mine.lua",
 * "sha256": SHA-256}]},
 *                   {"line": "prune l1 0.4", "network": ...}],
 *      "measurements": [{"network": ..., "images": 10000, "top1": 9412, ...}]}
 *
 * Of a recipe, which may be a program, its ratios are kept (recipe_log), and lines that run programs or files
 * are refused.
 *
 * "model" is the digest of the network's file, "data" that of the records, "network" the name of the network
 * with its mask (model.h), each where the command changed it. */
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/ranks.h"
#include "base/status.h"
#include "base/text.h"
#include "session/commands/document.h"
#include "session/commands/session_log.h"
#include "session/commands/session_replay.h"
#include "session/commands/unsaved.h"
#include "session/history.h"
#include "session/language/command.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/version.h"
#include "session/words/value.h"
#include "view/style.h"

/* --- save ----------------------------------------------------------------------------------------------- */

/* Criteria that no file defines are there for this program alone. */
static void tell_typed(struct call *call, const struct history *history, int first)
{
    for (int i = first; i <= history->position; i++) {
        for (int k = 0; k < history->steps[i].criteria_count; k++) {
            const struct criterion *criterion = history->steps[i].criteria[k];
            if (!criterion->file)
                reply_add(
                    call->reply, STYLE_NOTE,
                    "note: the criterion %s was typed, not read from a file: it must be defined again before the "
                    "session is opened",
                    criterion->name);
        }
    }
}

static status save_session(struct call *call, const char *path, struct error *error)
{
    const struct history *history = &call->session->history;
    struct document document;
    int first = history_log(history), count = 0;
    status code = call_may_write(call, path, error);
    if (code != STATUS_OK)
        return code;
    document_begin(&document);
    json_t *commands = json_array(), *measurements = json_array();
    document_set(&document, document.root, "format", json_string(SESSION_FORMAT));
    document_set(&document, document.root, "program", json_string(PROGRAM_NAME " " PROGRAM_VERSION));
    for (int i = first; i <= history->position; i++)
        count += session_log_step(&document, commands, history, i);
    document_set(&document, document.root, "commands", commands);
    int measured = session_log_measurements(&document, measurements, &call->session->measurements, 0);
    document_set(&document, document.root, "measurements", measurements);
    code = document_write(&document, path, true, error);
    document_end(&document);
    if (code != STATUS_OK)
        return code;
    struct text text = {0};
    text_add_format(&text, "%d commands", count);
    if (measured)
        text_add_format(&text, " and %d measurement%s", measured, measured == 1 ? "" : "s");
    reply_add(call->reply, STYLE_NOTE, "%s written to %s", reply_text(call->reply, &text), path);
    text_free(&text);
    tell_typed(call, history, first);
    call->reply->kept = KEPT_SESSION;
    return STATUS_OK;
}

/* --- open ----------------------------------------------------------------------------------------------- */

static status open_session(struct call *call, const char *path, struct error *error)
{
    struct document document;
    status code = document_read(path, &document, error);
    if (code != STATUS_OK)
        return code;
    code = session_check_format(&document, path, error);
    if (code == STATUS_OK)
        code = session_replay(call, &document, path, error);
    document_end(&document);
    if (code == STATUS_OK)
        call->reply->kept = KEPT_SESSION;
    return code;
}

/* --- unsaved sessions ----------------------------------------------------------------------------------- */

static const char nothing_unsaved[] = "there is no unsaved session";

/* The newest, where none is named. Owned by the caller. */
static status choose(const char *named, char **path, struct error *error)
{
    struct unsaved_list list;
    if (named) {
        *path = unsaved_path(named);
        return *path ? STATUS_OK : error_memory(error);
    }
    status code = unsaved_list(&list, error);
    if (code != STATUS_OK)
        return code;
    *path = list.count ? mem_string(list.items[0].path) : NULL;
    if (!list.count)
        code = error_set(error, STATUS_NOT_FOUND, "%s", nothing_unsaved);
    else if (!*path)
        code = error_memory(error);
    unsaved_list_free(&list);
    return code;
}

/* An unsaved session whose program has ended. */
static status read_left(const char *path, struct document *document, int *damaged, struct error *error)
{
    status code = unsaved_read(path, document, damaged, error);
    if (code != STATUS_OK || unsaved_is_left(path))
        return code;
    document_end(document);
    return error_set(error, STATUS_STATE, "%s: its program is running", path);
}

static status resume_session(struct call *call, const char *named, struct error *error)
{
    struct document document;
    int damaged;
    mem_free(call->reply->resumed); /* of a command before, where several answer together */
    call->reply->resumed = NULL;
    status code = choose(named, &call->reply->resumed, error);
    const char *path = call->reply->resumed;
    if (code == STATUS_OK)
        code = read_left(path, &document, &damaged, error);
    if (code != STATUS_OK)
        return code;
    code = session_replay(call, &document, named ? named : "the last session", error);
    document_end(&document);
    if (code == STATUS_OK && damaged)
        reply_add(call->reply, STYLE_NOTE, "note: line %d of %s cannot be read: what follows is left out",
                  damaged, path);
    return code;
}

static status list_sessions(struct call *call, const char *named, struct error *error)
{
    struct unsaved_list list;
    (void)named;
    status code = unsaved_list(&list, error);
    for (size_t i = 0; code == STATUS_OK && i < list.count; i++) {
        struct document document;
        struct error unread = {0};
        struct text text = {0};
        int damaged;
        if (unsaved_read(list.items[i].path, &document, &damaged, &unread) == STATUS_OK) {
            text_add_unsaved(&text, &document, list.items[i].changed.tv_sec, time(NULL));
            document_end(&document);
            reply_line(call->reply, "%s: %s", path_base(list.items[i].path), reply_text(call->reply, &text));
        } else {
            reply_add(call->reply, STYLE_NOTE, "%s", unread.message);
        }
        text_free(&text);
    }
    if (code == STATUS_OK && !list.count)
        reply_line(call->reply, "%s", nothing_unsaved);
    if (code == STATUS_OK)
        unsaved_list_free(&list);
    return code;
}

/* Only what is one is removed, and not while its program runs. */
static status forget(const char *path, struct error *error)
{
    struct document document;
    int damaged;
    status code = read_left(path, &document, &damaged, error);
    if (code != STATUS_OK)
        return code;
    document_end(&document);
    if (!ranks_talks())
        return STATUS_OK;
    return unlink(path) == 0 ? STATUS_OK : error_set(error, STATUS_FILE, "%s: cannot be removed", path);
}

static status forget_all(struct call *call, struct error *error)
{
    struct unsaved_list list;
    size_t count = 0;
    status code = unsaved_list(&list, error);
    if (code != STATUS_OK)
        return code;
    for (size_t i = 0; i < list.count; i++) {
        struct error kept = {0};
        code = forget(list.items[i].path, &kept);
        count += code == STATUS_OK;
        if (code != STATUS_OK)
            reply_add(call->reply, STYLE_NOTE, "%s", kept.message);
    }
    reply_line(call->reply, "%zu unsaved session%s removed", count, count == 1 ? "" : "s");
    unsaved_list_free(&list);
    return STATUS_OK;
}

static status forget_sessions(struct call *call, const char *named, struct error *error)
{
    if (!named)
        return forget_all(call, error);
    char *path = unsaved_path(named);
    status code = path ? forget(path, error) : error_memory(error);
    if (code == STATUS_OK)
        reply_line(call->reply, "%s is removed", path_base(path));
    mem_free(path);
    return code;
}

/* --- the command ---------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    bool needs_file;
    status (*run)(struct call *call, const char *path, struct error *error);
} actions[] = {
    {"save", true, save_session},   {"open", true, open_session},       {"resume", false, resume_session},
    {"list", false, list_sessions}, {"forget", false, forget_sessions},
};
enum { ACTIONS = sizeof actions / sizeof *actions, SAVE = 0, OPEN, RESUME };

static const char *action_name(int index)
{
    return index >= 0 && index < ACTIONS ? actions[index].name : NULL;
}

static status check_settings(const struct call *call, int action, struct error *error)
{
    if (actions[action].needs_file && !call_argument(call, 1))
        return error_set(error, STATUS_USAGE, "FILE is missing: the form is 'session %s FILE'",
                         actions[action].name);
    if (action != SAVE && call_setting(call, "overwrite"))
        return error_set(error, STATUS_USAGE, "overwrite= belongs to session save");
    if (action != OPEN && action != RESUME && call_setting(call, "programs"))
        return error_set(error, STATUS_USAGE, "programs= belongs to session open and session resume");
    return STATUS_OK;
}

static status run_session(struct call *call, struct error *error)
{
    int action = 0;
    while (strcmp(call_argument(call, 0), actions[action].name) != 0)
        action++;
    status code = check_settings(call, action, error);
    if (code != STATUS_OK)
        return code;
    const char *word = call_argument(call, 1);
    char *path = word ? path_expand(word) : NULL;
    if (word && !path)
        return error_memory(error);
    code = actions[action].run(call, path, error);
    mem_free(path);
    return code;
}

static const struct parameter session_arguments[] = {
    {"ACTION", VALUE_CHOICE, 0, 0, 0, action_name, NULL, "save, open, resume, list or forget"},
    {"FILE", VALUE_SESSION, PARAMETER_OPTIONAL, 0, 0, NULL, NULL,
     "a session file; for resume and forget an unsaved session that list names"},
    PARAMETER_END,
};
static const struct parameter session_parameters[] = {
    OVERWRITE_PARAMETER,
    {"programs", VALUE_BOOLEAN, 0, 0, 0, NULL, "no",
     "open, resume: run the Lua files of criteria that the session names, where their SHA-256 is the recorded one"},
    PARAMETER_END,
};
static const struct example session_examples[] = {
    {"prune l1 0.4; session save work.session", "writes how to come back here", false},
    {"session open work.session", "does everything again, and checks that it is the same", false},
    {"session list", "lists the sessions that ended without being saved", false},
    {"session resume", "brings back the last of them", true},
    EXAMPLE_END,
};

const struct command command_session = {
    .name = "session",
    .arguments = session_arguments,
    .parameters = session_parameters,
    .flags = COMMAND_LONG | COMMAND_CHANGES,
    .help = "save the session, open one, or bring back an unsaved one",
    .text =
        "A session file is a log: the commands that led to the present state, from the beginning, with "
        "the SHA-256 of the network's file, of the data and of what was selected, and the accuracies that "
        "were measured. Commands that were undone are not in it. Opening a file runs its commands again, "
        "passes over the data included. A file, a data set or a selection that differs from what the log "
        "says is refused by name, and then, as when any of the commands fails, nothing changes. "
        "Evaluations are not run again: their accuracies are shown as from the session file. A log runs no "
        "programs: lines with Lua or run are refused, and of recipes, which may be programs, it holds the "
        "ratios; a recipe that has changed since is told. Of criteria from Lua files it holds the file and "
        "its SHA-256: run them first, or say programs=yes. The opened commands can be undone one by one, "
        "and then the opening."
        "\n\n"
        "At a terminal every session is kept as it goes, whatever ends the program. One that ended without "
        "being saved is offered at the next start; resume, or the program's option --resume, brings it "
        "back, list lists them all with their files, and forget removes one or all. Sixty days or twenty "
        "sessions later they are gone.",
    .examples = session_examples,
    .run = run_session,
};
