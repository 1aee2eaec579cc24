/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Completion from the tables of commands, options and values. */
#include "session/language/completion.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "data/dataset.h"
#include "session/language/command.h"
#include "session/language/expand.h"
#include "session/language/parse.h"
#include "session/session.h"
#include "session/words/option.h"
#include "session/words/value.h"
#include "session/words/value_row.h"
#include "session/words/word_list.h"

struct completer {
    const struct session *session;
    const struct statement *statement; /* complete tokens before the cursor */
    const char *word;
    struct completion *completion;
};

/* Keep `prefix` + `word` when it begins with what is typed. */
static void offer(struct completer *completer, const char *prefix, const char *word)
{
    char *whole = mem_format("%s%s", prefix, word);
    if (!whole)
        completer->completion->words.failed = true;
    else if (strncmp(whole, completer->word, strlen(completer->word)) == 0 &&
             !word_list_has(&completer->completion->words, whole))
        word_list_add(&completer->completion->words, whole);
    mem_free(whole);
}

/* Words of a parameter, behind `prefix`, which stands in the line already (a key, the front of a list). */
static void offer_values(struct completer *completer, const char *prefix, const struct parameter *parameter)
{
    struct word_list words = {0};
    value_words(parameter, session_scope(completer->session), &words);
    for (size_t i = 0; i < words.count; i++)
        offer(completer, prefix, words.items[i]);
    completer->completion->words.failed |= words.failed;
    word_list_free(&words);
}

/* "l1,ta": the words behind the last comma. */
static void offer_list(struct completer *completer, const char *front, const char *value,
                       const struct parameter *parameter)
{
    const char *comma = strrchr(value, ',');
    size_t kept = comma ? (size_t)(comma - value) + 1 : 0;
    char *prefix = mem_format("%s%.*s", front, (int)kept, value);
    if (prefix)
        offer_values(completer, prefix, parameter);
    completer->completion->words.failed |= !prefix;
    mem_free(prefix);
}

static void offer_splits(struct completer *completer, const char *prefix)
{
    const struct dataset_kind *kind =
        completer->statement->count > 1 ? dataset_kind_find(completer->statement->tokens[1].text) : NULL;
    for (int i = 0; kind && kind->splits[i]; i++)
        offer(completer, prefix, kind->splits[i]);
}

/* "ratio: share of the channels that goes (a number from 0 to 1)" */
static void tell(struct completer *completer, const struct parameter *parameter)
{
    text_add_format(&completer->completion->help, "%s: ", parameter->name);
    parameter_add_help(parameter, true, &completer->completion->help);
}

/* The word is KEY=VALUE. */
static void complete_value(struct completer *completer, const struct command *command)
{
    const char *equals = strchr(completer->word, '=');
    char key[VALUE_TEXT_SIZE], prefix[VALUE_TEXT_SIZE + 2];
    snprintf(key, sizeof key, "%.*s", (int)(equals - completer->word), completer->word);
    snprintf(prefix, sizeof prefix, "%s=", key);
    int option;
    const struct parameter *parameter = command_parameter(command, key, &option);
    if (!parameter)
        return;
    tell(completer, parameter);
    if (value_row_of(parameter->kind)->list)
        offer_list(completer, prefix, equals + 1, parameter);
    else if (strcmp(key, "split") == 0)
        offer_splits(completer, prefix);
    else
        offer_values(completer, prefix, parameter);
}

static bool key_given(const struct statement *statement, const char *key)
{
    for (int i = 1; i < statement->count; i++) {
        const struct token *token = &statement->tokens[i];
        if (token->key && strlen(key) == (size_t)token->key && strncmp(token->text, key, strlen(key)) == 0)
            return true;
    }
    return false;
}

static void offer_keys(struct completer *completer, const struct command *command)
{
    struct word_list keys = {0};
    command_keys(command, &keys);
    for (size_t i = 0; i < keys.count; i++) {
        char *word = key_given(completer->statement, keys.items[i]) ? NULL : mem_format("%s=", keys.items[i]);
        if (word)
            offer(completer, "", word);
        mem_free(word);
    }
    word_list_free(&keys);
}

/* The parameter of the next positional argument, and the word before it. */
static const struct parameter *next_argument(const struct completer *completer, const struct command *command,
                                             const char **before)
{
    int place = 0;
    *before = NULL;
    for (int i = 1; i < completer->statement->count; i++) {
        if (!completer->statement->tokens[i].key) {
            *before = completer->statement->tokens[i].text;
            place++;
        }
    }
    const struct parameter *argument = command->arguments;
    for (int i = 0; argument && argument->name; i++, argument++) {
        if (i == place || (argument->flags & PARAMETER_REPEATED))
            return argument;
    }
    return NULL;
}

/* How files end that fit here: of a data set as its kind, the word before, has them. */
static const char *const *fitting_extensions(const struct parameter *argument, const char *before)
{
    const struct value_row *row = value_row_of(argument->kind);
    const struct dataset_kind *kind =
        argument->kind == VALUE_IMAGES && before ? dataset_kind_find(before) : NULL;
    if (kind && kind->extensions[0])
        return kind->extensions;
    return row->extensions[0] ? row->extensions : NULL;
}

static void complete_argument(struct completer *completer, const struct command *command)
{
    const char *before;
    const struct parameter *argument = next_argument(completer, command, &before);
    if (argument) {
        const struct value_row *row = value_row_of(argument->kind);
        bool of_option = argument->kind == VALUE_SETTING && before && option_find(before) != OPTION_NONE;
        completer->completion->files = row->file;
        completer->completion->extensions = fitting_extensions(argument, before);
        tell(completer, of_option ? &option_at(option_find(before))->parameter : argument);
        if (of_option)
            offer_values(completer, "", &option_at(option_find(before))->parameter);
        else if (value_row_of(argument->kind)->list)
            offer_list(completer, "", completer->word, argument);
        else
            offer_values(completer, "", argument);
    }
    /* `set` takes every option as a key; there the names alone are clearer. */
    if (!argument || argument->kind != VALUE_OPTION)
        offer_keys(completer, command);
}

static void complete_command(struct completer *completer)
{
    const struct aliases *aliases = completer->session ? completer->session->aliases : NULL;
    for (int i = 0; command_at(i); i++)
        offer(completer, "", command_at(i)->name);
    for (int i = 0; aliases && i < aliases->count; i++)
        offer(completer, "", aliases->items[i].name);
}

static void complete(struct completer *completer, bool redirecting)
{
    struct text *help = &completer->completion->help;
    const struct command *command;
    struct error ignored = {0};
    if (redirecting) {
        completer->completion->files = true;
        text_add(help, "FILE: where the figure goes; its name ends in .csv, .json, .npy, .npz, .png or .txt");
    } else if (completer->statement->count == 0) {
        complete_command(completer);
        text_add(help, "a command; 'help' tells what each does");
    } else if (command_find(completer->statement->tokens[0].text, true, &command, &ignored) != STATUS_OK) {
        return;
    } else if (strchr(completer->word, '=')) {
        complete_value(completer, command);
    } else {
        complete_argument(completer, command);
    }
    if (!help->length)
        text_add_format(help, "%s: %s", command->name, command->help);
}

bool completion_fits(const struct completion *completion, const char *path)
{
    struct stat about;
    if (!completion->extensions)
        return true;
    for (int i = 0; i < VALUE_EXTENSIONS && completion->extensions[i]; i++) {
        size_t length = strlen(path), end = strlen(completion->extensions[i]);
        if (length > end && strcmp(path + length - end, completion->extensions[i]) == 0)
            return true;
    }
    char *expanded = path_expand(path);
    bool folder = expanded && stat(expanded, &about) == 0 && S_ISDIR(about.st_mode);
    mem_free(expanded);
    return folder;
}

/* Behind an alias stands what its last command takes. False where that cannot be known. */
static bool see_through_alias(struct completer *completer, struct parsed_line *expanded)
{
    const struct aliases *aliases = completer->session ? completer->session->aliases : NULL;
    struct error ignored = {0};
    if (!statement_is_alias(aliases, completer->statement))
        return true;
    if (statement_expand(aliases, completer->statement, expanded, &ignored) != STATUS_OK)
        return false;
    completer->statement = &expanded->statements[expanded->count - 1];
    return true;
}

status completion_find(const struct session *session, const char *line, int cursor,
                       struct completion *completion, struct error *error)
{
    *completion = (struct completion){0};
    struct partial_line partial;
    status code = parse_partial(line, cursor, &partial, error);
    if (code != STATUS_OK)
        return code;
    struct completer completer = {session, &partial.parsed.statements[0], partial.word, completion};
    completion->start = partial.start;
    completion->word = mem_string(partial.word);
    struct parsed_line expanded = {0};
    if (see_through_alias(&completer, &expanded))
        complete(&completer, partial.redirecting);
    parsed_line_free(&expanded);
    if (!completion->word || completion->words.failed || completion->help.failed)
        code = error_memory(error);
    parsed_line_free(&partial.parsed);
    if (code != STATUS_OK)
        completion_free(completion);
    return code;
}

void completion_free(struct completion *completion)
{
    word_list_free(&completion->words);
    mem_free(completion->word);
    text_free(&completion->help);
    *completion = (struct completion){0};
}
