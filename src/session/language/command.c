/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command table: finding rows, describing them, and what their functions ask. */
#include "session/language/command.h"

#include <string.h>

#include "base/inputs.h"
#include "base/status.h"
#include "base/text.h"
#include "session/session.h"
#include "session/words/option.h"
#include "session/words/value.h"
#include "session/words/word_list.h"
#include "view/style.h"

const struct command *command_at(int index)
{
    for (const struct command_group *group = command_groups; group->name; group++) {
        for (const struct command *const *command = group->commands; *command; command++) {
            if (index-- == 0)
                return *command;
        }
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

static bool begins_with(const struct command *command, const char *name)
{
    return *name && strncmp(command->name, name, strlen(name)) == 0;
}

/* By its name, or by the beginning of one alone; NULL: none. */
static const struct command *look_up(const char *name, bool prefixes)
{
    const struct command *found = command_exact(name);
    int count = 0;
    if (found || !prefixes)
        return found;
    for (int i = 0; command_at(i); i++) {
        if (!begins_with(command_at(i), name))
            continue;
        found = command_at(i);
        count++;
    }
    return count == 1 ? found : NULL;
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
    *command = look_up(name, prefixes);
    if (*command)
        return STATUS_OK;
    struct text matches = {0};
    for (int i = 0; prefixes && command_at(i); i++) {
        if (begins_with(command_at(i), name))
            text_add_format(&matches, "%s%s", matches.length ? ", " : "", command_at(i)->name);
    }
    status code = matches.length ? error_set(error, STATUS_USAGE, "'%s' may be %s", name, text_data(&matches))
                                 : unknown_command(name, error);
    text_free(&matches);
    return code;
}

unsigned command_flags_of(const struct statement *statement, bool prefixes)
{
    const struct command *command = statement->count ? look_up(statement->tokens[0].text, prefixes) : NULL;
    return command ? command->flags : 0;
}

const struct parameter *command_option(const struct command *command, int option)
{
    const struct option_row *row = option_at(option);
    return row->in_commands && !(command->flags & COMMAND_ALL_OPTIONS) ? row->in_commands : &row->parameter;
}

const struct parameter *command_parameter(const struct command *command, const char *name, int *option)
{
    *option = OPTION_NONE;
    for (const struct parameter *own = command->parameters; own && own->name; own++) {
        if (strcmp(own->name, name) == 0)
            return own;
    }
    for (const int *id = command->options; id && *id != OPTION_NONE; id++) {
        const struct parameter *parameter = command_option(command, *id);
        bool renamed = parameter != &option_at(*id)->parameter;
        if (strcmp(parameter->name, name) == 0 || (!renamed && *id == option_find(name))) {
            *option = *id;
            return parameter;
        }
    }
    return NULL;
}

void command_keys(const struct command *command, struct word_list *list)
{
    for (const struct parameter *own = command->parameters; own && own->name; own++)
        word_list_add(list, own->name);
    for (const int *id = command->options; id && *id != OPTION_NONE; id++)
        word_list_add(list, command_option(command, *id)->name);
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
        const struct parameter *parameter = command_option(command, *id);
        text_add_format(text, " [%s=", parameter->name);
        parameter_add_values(parameter, text);
        text_add(text, "]");
    }
    if (command->flags & COMMAND_FIGURES)
        text_add(text, " [> FILE]");
}

const char *call_argument(const struct call *call, int index)
{
    return index < call->invocation->argument_count ? call->invocation->arguments[index] : NULL;
}

void call_add_words(const struct call *call, struct text *text)
{
    for (int i = 0; call_argument(call, i); i++)
        text_add_format(text, "%s%s", i ? " " : "", call_argument(call, i));
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
