/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command table: finding rows, describing them, running them. */
#include "session/language/command.h"

#include <string.h>

#include "base/file.h"
#include "base/inputs.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/text.h"
#include "session/live.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/words/option.h"
#include "session/words/value.h"
#include "session/words/word_list.h"
#include "view/cells/canvas.h"

const struct command *command_at(int index)
{
    for (int i = 0; command_table[i]; i++) {
        if (i == index)
            return command_table[i];
    }
    return NULL;
}

static const struct command *command_exact(const char *name)
{
    for (int i = 0; command_at(i); i++) {
        const struct command *command = command_at(i);
        if (strcmp(command->name, name) == 0 || (command->alias && strcmp(command->alias, name) == 0))
            return command;
    }
    return NULL;
}

static status unknown_command(const char *name, struct error *error)
{
    struct word_list words = {0};
    for (int i = 0; command_at(i); i++)
        word_list_add(&words, command_at(i)->name);
    const char *hint = word_list_hint(&words, name);
    status code =
        error_set(error, STATUS_USAGE, "no command '%s'%s", name, *hint ? hint : ": 'help' lists them");
    word_list_free(&words);
    return code;
}

status command_find(const char *name, bool prefixes, const struct command **command, struct error *error)
{
    *command = command_exact(name);
    if (*command)
        return STATUS_OK;
    struct text matches = {0};
    int count = 0;
    for (int i = 0; prefixes && *name && command_at(i); i++) {
        if (strncmp(command_at(i)->name, name, strlen(name)) != 0)
            continue;
        *command = command_at(i);
        text_add_format(&matches, "%s%s", count++ ? ", " : "", command_at(i)->name);
    }
    status code = STATUS_OK;
    if (count > 1)
        code = error_set(error, STATUS_USAGE, "'%s' may be %s", name, text_data(&matches));
    else if (count == 0)
        code = unknown_command(name, error);
    text_free(&matches);
    return code;
}

unsigned command_flags_of(const struct statement *statement, bool prefixes)
{
    const struct command *command;
    struct error ignored = {0};
    bool known = statement->count &&
                 command_find(statement->tokens[0].text, prefixes, &command, &ignored) == STATUS_OK;
    return known ? command->flags : 0;
}

const struct parameter *command_parameter(const struct command *command, const char *name, int *option)
{
    *option = OPTION_NONE;
    for (const struct parameter *own = command->parameters; own && own->name; own++) {
        if (strcmp(own->name, name) == 0)
            return own;
    }
    for (const int *id = command->options; id && *id != OPTION_NONE; id++) {
        if (strcmp(option_at(*id)->parameter.name, name) == 0) {
            *option = *id;
            return &option_at(*id)->parameter;
        }
    }
    return NULL;
}

void command_keys(const struct command *command, struct word_list *list)
{
    for (const struct parameter *own = command->parameters; own && own->name; own++)
        word_list_add(list, own->name);
    for (const int *id = command->options; id && *id != OPTION_NONE; id++)
        word_list_add(list, option_at(*id)->parameter.name);
}

void command_add_usage(const struct command *command, bool options, struct text *text)
{
    text_add(text, command->name);
    for (const struct parameter *argument = command->arguments; argument && argument->name; argument++) {
        bool optional = argument->flags & PARAMETER_OPTIONAL;
        text_add_format(text, optional ? " [%s%s]" : " %s%s", argument->name,
                        argument->flags & PARAMETER_REPEATED ? "..." : "");
    }
    for (const struct parameter *own = command->parameters; options && own && own->name; own++) {
        text_add_format(text, " [%s=", own->name);
        parameter_add_values(own, text);
        text_add(text, "]");
    }
    for (const int *id = command->options; options && id && *id != OPTION_NONE; id++) {
        text_add_format(text, " [%s=", option_at(*id)->parameter.name);
        parameter_add_values(&option_at(*id)->parameter, text);
        text_add(text, "]");
    }
    if (command->flags & COMMAND_FIGURES)
        text_add(text, " [> FILE]");
}

const char *call_argument(const struct call *call, int index)
{
    return index < call->invocation->argument_count ? call->invocation->arguments[index] : NULL;
}

const struct setting *call_setting(const struct call *call, const char *name)
{
    for (int i = 0; i < call->invocation->setting_count; i++) {
        if (strcmp(call->invocation->settings[i].parameter->name, name) == 0)
            return &call->invocation->settings[i];
    }
    return NULL;
}

status call_value(const struct call *call, const char *name, struct setting_value *value, struct error *error)
{
    const struct setting *setting = call_setting(call, name);
    if (setting) {
        *value = setting->value;
        return STATUS_OK;
    }
    int option;
    const struct parameter *parameter = command_parameter(call->invocation->command, name, &option);
    if (!parameter || !parameter->initial) {
        *value = (struct setting_value){0};
        return STATUS_OK;
    }
    return value_parse(parameter, session_scope(call->session), parameter->initial, value, error);
}

status call_may_write(const struct call *call, const char *path, struct error *error)
{
    struct setting_value overwrite;
    status code = call_value(call, "overwrite", &overwrite, error);
    return code == STATUS_OK ? inputs_protect(path, overwrite.integer != 0, error) : code;
}

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
    int oldest = session->history.oldest;
    mem_free(reply->log); /* of the statement before, where several answer together */
    reply->log = NULL;
    session_begin(session, &change);
    struct progress *outer = progress_set_current(progress);
    status code = run_invocation(session, invocation, progress, reply, error);
    progress_set_current(outer);
    if (code == STATUS_OK)
        code = session_commit(session, &change, text_data(&line), reply->log, error);
    else
        session_rollback(session, &change);
    if (code == STATUS_OK && !oldest && session->history.oldest)
        reply_add(reply, STYLE_NOTE,
                  "the history is full: from now on its oldest states are let go, as 'info' tells");
    if (code != STATUS_OK)
        error_prefix(error, "%s: ", invocation->command->name);
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
    if (code != STATUS_OK)
        reply_clear(reply);
    arena_free(arena);
    return code;
}
