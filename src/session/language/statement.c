/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Statements back to text, for the history and for session files. */
#include "session/language/statement.h"

#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "session/language/command.h"
#include "session/language/parse.h"
#include "session/words/quote.h"
#include "session/words/value.h"
#include "session/words/value_row.h"

/* A path that means the same in another folder. Names of things that come with the program stay. */
static void add_path(const char *word, struct text *text)
{
    char *path = path_whole(word);
    if (path)
        text_add_word(text, path);
    else
        text->failed = true;
    mem_free(path);
}

static bool is_in_table(const struct value_row *row, const char *word)
{
    for (int i = 0; row->word && row->word(i); i++)
        if (strcmp(row->word(i), word) == 0)
            return true;
    return false;
}

static bool is_path(const struct command *command, int place, const char *word)
{
    const struct parameter *argument = command->arguments;
    for (int i = 0; argument && argument->name; i++, argument++) {
        if (i < place && !(argument->flags & PARAMETER_REPEATED))
            continue;
        const struct value_row *row = value_row_of(argument->kind);
        return row->file && !(row->no_file && strcmp(word, row->no_file) == 0) && !is_in_table(row, word);
    }
    return false;
}

/* Is it the name of a file that stands behind KEY=? */
static bool is_path_setting(const struct command *command, const struct token *token)
{
    const struct parameter *parameter = command ? command->parameters : NULL;
    for (; parameter && parameter->name; parameter++)
        if (strlen(parameter->name) == (size_t)token->key &&
            strncmp(parameter->name, token->text, (size_t)token->key) == 0)
            return value_row_of(parameter->kind)->file;
    return false;
}

/* KEY=VALUE; of a command that is known, a path becomes whole. */
static void add_setting(const struct command *command, const struct token *token, struct text *text)
{
    text_add_bytes(text, token->text, (size_t)token->key + 1);
    if (is_path_setting(command, token))
        add_path(token->text + token->key + 1, text);
    else
        text_add_word(text, token->text + token->key + 1);
}

void statement_typed(const struct statement *statement, struct text *text)
{
    unsigned flags = command_flags_of(statement, true);
    for (int i = 0; i < statement->count; i++) {
        const struct token *token = &statement->tokens[i];
        bool plain = i == 0 || (flags & COMMAND_CODE) || ((flags & COMMAND_DEFINES) && i > 1);
        text_add(text, i ? " " : "");
        if (plain)
            text_add(text, token->text);
        else if (token->key)
            add_setting(NULL, token, text);
        else
            text_add_word(text, token->text);
    }
    if (statement->redirect) {
        text_add(text, " > ");
        text_add_word(text, statement->redirect);
    }
    if (statement->size)
        text_add_format(text, " size=%s", statement->size);
    if (statement->overwrite)
        text_add_format(text, " overwrite=%s", statement->overwrite);
}

void statement_text(const struct statement *statement, const struct command *command, struct text *text)
{
    text_add(text, command->name);
    int place = 0;
    for (int i = 1; i < statement->count; i++) {
        const struct token *token = &statement->tokens[i];
        text_add(text, " ");
        if (token->key) {
            add_setting(command, token, text);
        } else if (is_path(command, place++, token->text)) {
            add_path(token->text, text);
        } else {
            text_add_word(text, token->text);
        }
    }
}

char *statement_line(const struct statement *statement)
{
    struct statement plain = *statement;
    struct text text = {0};
    plain.redirect = plain.size = plain.overwrite = NULL;
    statement_typed(&plain, &text);
    char *line = text.failed ? NULL : mem_string(text_data(&text));
    text_free(&text);
    return line;
}
