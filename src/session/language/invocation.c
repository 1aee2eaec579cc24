/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From tokens to a checked invocation: which command, which arguments, which parameters. */
#include "session/language/invocation.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "session/language/command.h"
#include "session/session.h"
#include "session/words/option.h"
#include "session/words/value.h"
#include "session/words/value_row.h"
#include "session/words/word_list.h"
#include "view/write/write.h"

struct resolver {
    const struct session *session;
    const struct command *command;
    struct invocation *invocation;
};

static status check_state(const struct resolver *resolver, const struct statement *statement,
                          struct error *error)
{
    const struct session *session = resolver->session;
    unsigned flags = resolver->command->flags;
    if ((flags & COMMAND_MODEL) && !session->state.model)
        return error_set(error, STATUS_STATE, "no model is loaded: 'load MODEL' or 'load example' loads one");
    if ((flags & COMMAND_DATA) && !session->state.dataset)
        return error_set(error, STATUS_STATE,
                         "no data set is open: 'data shapes' or 'data KIND PATH' opens one");
    if ((flags & COMMAND_SCORES) && !session->state.board->count)
        return error_set(error, STATUS_STATE, "nothing is scored yet: 'score all' scores");
    if (statement->redirect && !(flags & COMMAND_FIGURES))
        return error_set(error, STATUS_USAGE, "shows no figure that could go to '%s'", statement->redirect);
    return STATUS_OK;
}

/* The parameter that a positional argument is checked against; NULL when there is no more room. */
static const struct parameter *argument_at(const struct command *command, int index)
{
    const struct parameter *argument = command->arguments;
    for (int i = 0; argument && argument->name; i++, argument++) {
        if (i == index || (argument->flags & PARAMETER_REPEATED))
            return argument;
    }
    return NULL;
}

static status unexpected(const struct command *command, const char *word, struct error *error)
{
    struct text usage = {0};
    command_add_usage(command, false, &usage);
    status code =
        error_set(error, STATUS_USAGE, "unexpected '%s': the form is '%s'", word, text_data(&usage));
    text_free(&usage);
    return code;
}

static status add_argument(const struct resolver *resolver, const struct token *token, struct error *error)
{
    struct invocation *invocation = resolver->invocation;
    const struct parameter *parameter = argument_at(resolver->command, invocation->argument_count);
    if (!parameter)
        return unexpected(resolver->command, token->text, error);
    struct setting_value value;
    status code = value_parse(parameter, session_scope(resolver->session), token->text, &value, error);
    if (code == STATUS_OK)
        invocation->arguments[invocation->argument_count++] = token->text;
    return code;
}

static status unknown_key(const struct command *command, const char *key, struct error *error)
{
    for (const int *id = command->options; id && *id != OPTION_NONE; id++) {
        if (strcmp(option_name(*id), key) == 0)
            return error_set(error, STATUS_USAGE, "%s= is called %s= here", key,
                             command_option(command, *id)->name);
    }
    struct word_list words = {0};
    struct text list = {0};
    command_keys(command, &words);
    const char *hint = word_list_hint(&words, key);
    for (size_t i = 0; i < words.count; i++)
        text_add_format(&list, "%s%s", i ? ", " : "", words.items[i]);
    status code;
    if (!words.count)
        code = error_set(error, STATUS_USAGE, "takes no '%s='", key);
    else if (*hint)
        code = error_set(error, STATUS_USAGE, "no parameter '%s'%s", key, hint);
    else
        code = error_set(error, STATUS_USAGE, "no parameter '%s': there are %s", key, text_data(&list));
    text_free(&list);
    word_list_free(&words);
    return code;
}

static status add_setting(const struct resolver *resolver, const struct token *token, struct error *error)
{
    struct invocation *invocation = resolver->invocation;
    char key[VALUE_TEXT_SIZE];
    snprintf(key, sizeof key, "%.*s", token->key, token->text);
    struct setting *setting = &invocation->settings[invocation->setting_count];
    setting->parameter = command_parameter(resolver->command, key, &setting->option);
    if (!setting->parameter)
        return unknown_key(resolver->command, key, error);
    for (int i = 0; i < invocation->setting_count; i++) {
        if (invocation->settings[i].parameter == setting->parameter)
            return error_set(error, STATUS_USAGE, "'%s' is given twice", key);
    }
    setting->text = token->text + token->key + 1;
    status code = value_parse(setting->parameter, session_scope(resolver->session), setting->text,
                              &setting->value, error);
    bool whole = strlen(setting->text) < VALUE_TEXT_SIZE || value_row_of(setting->parameter->kind)->file;
    if (code == STATUS_OK && !whole)
        code = error_set(error, STATUS_RANGE, "%s: the value is too long", key);
    if (code == STATUS_OK)
        invocation->setting_count++;
    return code;
}

static status check_complete(const struct resolver *resolver, struct error *error)
{
    const struct parameter *missing = argument_at(resolver->command, resolver->invocation->argument_count);
    if (!missing || (missing->flags & PARAMETER_OPTIONAL))
        return STATUS_OK;
    if ((missing->flags & PARAMETER_REPEATED) &&
        resolver->invocation->argument_count > (int)(missing - resolver->command->arguments))
        return STATUS_OK;
    struct text usage = {0};
    command_add_usage(resolver->command, false, &usage);
    status code =
        error_set(error, STATUS_USAGE, "%s is missing: the form is '%s'", missing->name, text_data(&usage));
    text_free(&usage);
    return code;
}

/* Behind a redirection: its file may be one that was read. */
static status resolve_overwrite(const struct resolver *resolver, const char *text, struct error *error)
{
    static const struct parameter overwrite = {.name = "overwrite", .kind = VALUE_BOOLEAN, .initial = "no"};
    struct setting_value value;
    status code = value_parse(&overwrite, session_scope(resolver->session), text, &value, error);
    resolver->invocation->overwrite = code == STATUS_OK && value.integer != 0;
    return code;
}

status invocation_resolve(const struct session *session, const struct statement *statement, bool prefixes,
                          struct arena *arena, struct invocation *invocation, struct error *error)
{
    *invocation = (struct invocation){.redirect = statement->redirect};
    struct resolver resolver = {.session = session, .invocation = invocation};
    status code = command_find(statement->tokens[0].text, prefixes, &resolver.command, error);
    if (code != STATUS_OK)
        return code;
    invocation->command = resolver.command;
    size_t room = (size_t)statement->count;
    invocation->arguments = arena_alloc(arena, room, sizeof *invocation->arguments);
    invocation->settings = arena_alloc(arena, room, sizeof *invocation->settings);
    if (!invocation->arguments || !invocation->settings)
        return error_memory(error);
    code = check_state(&resolver, statement, error);
    if (code == STATUS_OK && statement->size)
        code = picture_size_parse(statement->size, &invocation->picture, error);
    if (code == STATUS_OK && statement->overwrite)
        code = resolve_overwrite(&resolver, statement->overwrite, error);
    for (int i = 1; code == STATUS_OK && i < statement->count; i++)
        code = statement->tokens[i].key && !(resolver.command->flags & COMMAND_TEXT)
                   ? add_setting(&resolver, &statement->tokens[i], error)
                   : add_argument(&resolver, &statement->tokens[i], error);
    if (code == STATUS_OK)
        code = check_complete(&resolver, error);
    if (code != STATUS_OK)
        error_prefix(error, "%s: ", resolver.command->name);
    return code;
}
