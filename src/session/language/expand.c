/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/language/expand.h"

#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "session/language/command.h"

struct expansion {
    const struct aliases *aliases;
    struct parsed_line *result;
    int capacity;
};

bool statement_is_alias(const struct aliases *aliases, const struct statement *statement)
{
    return statement->count && alias_line(aliases, statement->tokens[0].text);
}

static char *copy_text(struct arena *arena, const char *text)
{
    return text ? arena_copy(arena, text, strlen(text) + 1) : NULL;
}

/* A copy that lives as long as the result. */
static status append(struct expansion *expansion, const struct statement *statement, struct error *error)
{
    struct parsed_line *result = expansion->result;
    if (result->count == ALIAS_STATEMENTS_MAX)
        return error_set(error, STATUS_USAGE, "an alias stands for more than %d commands",
                         ALIAS_STATEMENTS_MAX);
    if (result->count == expansion->capacity) {
        int capacity = 2 * expansion->capacity + 4;
        struct statement *more = arena_alloc(result->arena, (size_t)capacity, sizeof *more);
        if (!more)
            return error_memory(error);
        if (result->count)
            memcpy(more, result->statements, (size_t)result->count * sizeof *more);
        result->statements = more;
        expansion->capacity = capacity;
    }
    struct statement copy = *statement;
    copy.tokens = arena_alloc(result->arena, (size_t)statement->count, sizeof *copy.tokens);
    copy.redirect = copy_text(result->arena, statement->redirect);
    copy.size = copy_text(result->arena, statement->size);
    copy.overwrite = copy_text(result->arena, statement->overwrite);
    bool good = copy.tokens && !copy.redirect == !statement->redirect && !copy.size == !statement->size &&
                !copy.overwrite == !statement->overwrite;
    for (int i = 0; good && i < statement->count; i++) {
        copy.tokens[i] = statement->tokens[i];
        copy.tokens[i].text = copy_text(result->arena, statement->tokens[i].text);
        good = copy.tokens[i].text != NULL;
    }
    result->statements[result->count++] = copy;
    return good ? STATUS_OK : error_memory(error);
}

/* The last command of an alias with what follows the alias's name. */
static status join(struct arena *arena, struct statement *last, const struct statement *from,
                   struct error *error)
{
    int more = from->count - 1;
    struct token *tokens = arena_alloc(arena, (size_t)(last->count + more), sizeof *tokens);
    if (!tokens)
        return error_memory(error);
    if (last->redirect && from->redirect)
        return error_set(error, STATUS_USAGE, "the alias '%s' writes to a file of its own, '%s'",
                         from->tokens[0].text, last->redirect);
    memcpy(tokens, last->tokens, (size_t)last->count * sizeof *tokens);
    if (more)
        memcpy(tokens + last->count, from->tokens + 1, (size_t)more * sizeof *tokens);
    last->tokens = tokens;
    last->count += more;
    if (from->redirect) {
        last->redirect = from->redirect;
        last->size = from->size;
        last->overwrite = from->overwrite;
    }
    return STATUS_OK;
}

static status expand(struct expansion *expansion, const struct statement *statement, int depth,
                     struct error *error)
{
    const char *line = statement->count ? alias_line(expansion->aliases, statement->tokens[0].text) : NULL;
    if (!line)
        return append(expansion, statement, error);
    if (depth == ALIAS_DEPTH_MAX)
        return error_set(error, STATUS_USAGE, "alias '%s': aliases stand for each other more than %d deep",
                         statement->tokens[0].text, ALIAS_DEPTH_MAX);
    struct parsed_line inner;
    status code = parse_line(line, &inner, error);
    if (code != STATUS_OK)
        return code;
    if (inner.count)
        code = join(inner.arena, &inner.statements[inner.count - 1], statement, error);
    for (int i = 0; code == STATUS_OK && i < inner.count; i++)
        code = expand(expansion, &inner.statements[i], depth + 1, error);
    parsed_line_free(&inner);
    return code;
}

status statement_expand(const struct aliases *aliases, const struct statement *statement,
                        struct parsed_line *expanded, struct error *error)
{
    struct expansion expansion = {aliases, expanded, 0};
    *expanded = (struct parsed_line){.arena = arena_new()};
    status code = expanded->arena ? expand(&expansion, statement, 0, error) : error_memory(error);
    if (code != STATUS_OK)
        parsed_line_free(expanded);
    return code;
}

/* Nobody writes a command that has blanks in its name: the quotes are those of a shell. */
static bool is_quoted(const struct parsed_line *parsed)
{
    const struct statement *first = parsed->statements;
    return parsed->count == 1 && first->count == 1 && !first->redirect &&
           strpbrk(first->tokens[0].text, " ;");
}

static status check_names(const struct aliases *aliases, const struct parsed_line *parsed,
                          struct error *error)
{
    status code = parsed->count ? STATUS_OK : error_set(error, STATUS_USAGE, "COMMAND is missing");
    for (int i = 0; code == STATUS_OK && i < parsed->count; i++) {
        const struct command *command;
        if (!statement_is_alias(aliases, &parsed->statements[i]))
            code = command_find(parsed->statements[i].tokens[0].text, false, &command, error);
    }
    return code;
}

status command_line_check(const struct aliases *aliases, const char *text, char **line, struct error *error)
{
    struct parsed_line parsed;
    status code = parse_line(text, &parsed, error);
    if (code != STATUS_OK)
        return code;
    if (is_quoted(&parsed)) {
        code = command_line_check(aliases, parsed.statements[0].tokens[0].text, line, error);
    } else {
        code = check_names(aliases, &parsed, error);
        if (code == STATUS_OK) {
            *line = mem_string(text);
            code = *line ? STATUS_OK : error_memory(error);
        }
    }
    parsed_line_free(&parsed);
    return code;
}
