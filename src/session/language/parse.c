/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tokeniser: one pass over the bytes of a line. */
#include "session/language/parse.h"

#include <string.h>

#include "session/language/command.h"

struct scanner {
    const char *line;
    int position, end;
    bool partial;         /* for completion: what is not closed is as good as closed */
    char *word;           /* token under construction: room for the whole line */
    int length;           /* bytes in it */
    int key;              /* bytes before its first '=' outside quotes, 0: none */
    char quote;           /* quote still open at the end of the text */
    struct token *tokens; /* of the statement under construction; room for the most there can be */
    int count;
    bool redirecting; /* a '>' was seen, its file is awaited */
    int redirect_column;
    char *redirect, *size, *overwrite;
    struct arena *arena;
    struct parsed_line *parsed;
};

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* A key is a word of lower-case letters, underscores and, behind the first, digits, so that paths and globs
 * with
 * '=' in them stay arguments. */
static int key_length(const char *word, int length)
{
    for (int i = 0; i < length; i++) {
        if (!((word[i] >= 'a' && word[i] <= 'z') || word[i] == '_' ||
              (i > 0 && word[i] >= '0' && word[i] <= '9')))
            return 0;
    }
    return length;
}

/* Inside a quote: up to its end. */
static status scan_quoted(struct scanner *scanner, char quote, struct error *error)
{
    int column = scanner->position;
    while (scanner->position < scanner->end) {
        char c = scanner->line[scanner->position++];
        if (c == quote)
            return STATUS_OK;
        char next = scanner->position < scanner->end ? scanner->line[scanner->position] : '\0';
        if (quote == '"' && c == '\\' && (next == '"' || next == '\\')) {
            c = next;
            scanner->position++;
        }
        scanner->word[scanner->length++] = c;
    }
    scanner->quote = quote;
    if (scanner->partial)
        return STATUS_OK;
    return error_set(error, STATUS_USAGE, "column %d: the quote %c is not closed", column, quote);
}

/* Does the command that is being read give a name to a command line? */
static bool defining(const struct scanner *scanner)
{
    const struct statement statement = {.tokens = scanner->tokens, .count = scanner->count};
    return scanner->count && !scanner->redirect && (command_flags_of(&statement, true) & COMMAND_DEFINES);
}

/* One token, from its first byte; leaves it in scanner->word. */
static status scan_word(struct scanner *scanner, struct error *error)
{
    scanner->length = scanner->key = 0;
    scanner->quote = 0;
    while (scanner->position < scanner->end) {
        char c = scanner->line[scanner->position];
        bool names = c == '=' && scanner->count == 1 && scanner->length && defining(scanner);
        if (blank(c) || c == ';' || c == '>' || names)
            break;
        scanner->position++;
        if (c == '"' || c == '\'') {
            status code = scan_quoted(scanner, c, error);
            if (code != STATUS_OK)
                return code;
            continue;
        }
        if (c == '=' && !scanner->key)
            scanner->key = key_length(scanner->word, scanner->length);
        if (c == '\\' && scanner->position < scanner->end)
            c = scanner->line[scanner->position++];
        scanner->word[scanner->length++] = c;
    }
    scanner->word[scanner->length] = '\0';
    return STATUS_OK;
}

static status keep_token(struct scanner *scanner, int column, struct error *error)
{
    char *text = arena_copy(scanner->arena, scanner->word, (size_t)scanner->length + 1);
    if (!text)
        return error_memory(error);
    if (scanner->redirecting) {
        scanner->redirecting = false;
        scanner->redirect = text;
    } else if (scanner->redirect && !scanner->size && strncmp(text, "size=", 5) == 0) {
        scanner->size = text + 5;
    } else if (scanner->redirect && !scanner->overwrite && strncmp(text, "overwrite=", 10) == 0) {
        scanner->overwrite = text + 10;
    } else if (scanner->redirect) {
        return error_set(error, STATUS_USAGE, "column %d: unexpected '%s' after the file '%s'", column, text,
                         scanner->redirect);
    } else {
        scanner->tokens[scanner->count++] = (struct token){text, scanner->key, column};
    }
    return STATUS_OK;
}

/* The end of a command: keep it unless it is empty. */
static status end_statement(struct scanner *scanner, struct error *error)
{
    if (scanner->redirecting && !scanner->partial)
        return error_set(error, STATUS_USAGE, "column %d: a file name is missing after '>'",
                         scanner->redirect_column);
    if (!scanner->count && scanner->redirect)
        return error_set(error, STATUS_USAGE, "column %d: no command before '>'", scanner->redirect_column);
    if (!scanner->count)
        return STATUS_OK;
    struct parsed_line *parsed = scanner->parsed;
    struct token *tokens =
        arena_copy(scanner->arena, scanner->tokens, (size_t)scanner->count * sizeof *tokens);
    if (!tokens)
        return error_memory(error);
    parsed->statements[parsed->count++] =
        (struct statement){tokens, scanner->count, scanner->redirect, scanner->size, scanner->overwrite};
    scanner->count = 0;
    scanner->redirect = scanner->size = scanner->overwrite = NULL;
    scanner->redirecting = false;
    return STATUS_OK;
}

static status scan_mark(struct scanner *scanner, char mark, struct error *error)
{
    scanner->position++;
    if (mark == ';')
        return end_statement(scanner, error);
    if (scanner->redirecting || scanner->redirect)
        return error_set(error, STATUS_USAGE, "column %d: a second '>'", scanner->position);
    scanner->redirecting = true;
    scanner->redirect_column = scanner->position;
    return STATUS_OK;
}

/* The length of the first word when its command's argument is the rest of the line as it stands, else 0. */
static int code_word(const struct scanner *scanner)
{
    enum { LONGEST = 16 };
    char word[LONGEST];
    int length = 0;
    if (scanner->partial || scanner->count || scanner->redirecting || scanner->redirect)
        return 0;
    for (int at = scanner->position; at < scanner->end && !blank(scanner->line[at]); at++) {
        if (length + 1 == LONGEST)
            return 0;
        word[length++] = scanner->line[at];
    }
    word[length] = '\0';
    if (*word == '=')
        return 1; /* also with nothing between it and the code */
    const struct token token = {.text = word};
    const struct statement statement = {.tokens = (struct token *)&token, .count = 1};
    bool more = scanner->position + length < scanner->end;
    return more && (command_flags_of(&statement, true) & COMMAND_CODE) ? length : 0;
}

/* Two tokens: the command's name, and the code. */
static status scan_code(struct scanner *scanner, int word, struct error *error)
{
    int begin = scanner->position;
    scanner->key = 0;
    memcpy(scanner->word, scanner->line + begin, (size_t)word);
    scanner->word[word] = '\0';
    scanner->length = word;
    scanner->position += word;
    while (scanner->position < scanner->end && blank(scanner->line[scanner->position]))
        scanner->position++;
    status code = keep_token(scanner, begin + 1, error);
    begin = scanner->position;
    scanner->length = scanner->end - begin;
    memcpy(scanner->word, scanner->line + begin, (size_t)scanner->length);
    scanner->word[scanner->length] = '\0';
    scanner->position = scanner->end;
    return code == STATUS_OK && scanner->length ? keep_token(scanner, begin + 1, error) : code;
}

/* The '=' between a name and the command line that it is given to: kept as a token, as what follows is. For
 * completion a line begins there. */
static status scan_definition(struct scanner *scanner, struct error *error)
{
    if (!scanner->partial)
        return scan_code(scanner, 1, error);
    scanner->position++;
    scanner->count = 0;
    return STATUS_OK;
}

/* All of the line; for completion the token that touches the end stays in scanner->word, its start in *start.
 */
static status scan(struct scanner *scanner, int *start, struct error *error)
{
    status code = STATUS_OK;
    while (code == STATUS_OK && scanner->position < scanner->end) {
        char c = scanner->line[scanner->position];
        int word = blank(c) ? 0 : code_word(scanner);
        if (blank(c)) {
            scanner->position++;
        } else if (word) {
            code = scan_code(scanner, word, error);
        } else if (c == '=' && scanner->count == 2 && !scanner->redirecting && defining(scanner)) {
            code = scan_definition(scanner, error);
        } else if (c == '#') {
            scanner->position = scanner->end;
        } else if (c == ';' || c == '>') {
            code = scan_mark(scanner, c, error);
        } else {
            int begin = scanner->position;
            code = scan_word(scanner, error);
            if (code == STATUS_OK && scanner->partial && scanner->position == scanner->end) {
                *start = begin;
                return STATUS_OK;
            }
            if (code == STATUS_OK)
                code = keep_token(scanner, begin + 1, error);
        }
    }
    scanner->length = 0;
    return code;
}

static status scanner_start(struct scanner *scanner, const char *line, int length, struct parsed_line *parsed,
                            struct error *error)
{
    *parsed = (struct parsed_line){.arena = arena_new()};
    *scanner = (struct scanner){.line = line, .end = length, .arena = parsed->arena, .parsed = parsed};
    if (!parsed->arena)
        return error_memory(error);
    scanner->word = arena_alloc(parsed->arena, (size_t)length + 1, 1);
    scanner->tokens = arena_alloc(parsed->arena, (size_t)length / 2 + 2, sizeof *scanner->tokens);
    /* A token and its separator take two bytes at least, but for "=x"; so does a command. */
    parsed->statements = arena_alloc(parsed->arena, (size_t)length / 2 + 1, sizeof *parsed->statements);
    if (!scanner->word || !scanner->tokens || !parsed->statements)
        return error_memory(error);
    return STATUS_OK;
}

status parse_line(const char *line, struct parsed_line *parsed, struct error *error)
{
    *parsed = (struct parsed_line){0};
    size_t length = strlen(line);
    if (length > LINE_LIMIT)
        return error_set(error, STATUS_USAGE, "the line has %zu bytes: the most is %d", length, LINE_LIMIT);
    struct scanner scanner;
    int start;
    status code = scanner_start(&scanner, line, (int)length, parsed, error);
    if (code == STATUS_OK)
        code = scan(&scanner, &start, error);
    if (code == STATUS_OK)
        code = end_statement(&scanner, error);
    if (code != STATUS_OK)
        parsed_line_free(parsed);
    return code;
}

void parsed_line_free(struct parsed_line *parsed)
{
    arena_free(parsed->arena);
    *parsed = (struct parsed_line){0};
}

status parse_partial(const char *line, int cursor, struct partial_line *partial, struct error *error)
{
    *partial = (struct partial_line){0};
    struct scanner scanner;
    int start = cursor;
    status code = scanner_start(&scanner, line, cursor, &partial->parsed, error);
    scanner.partial = true;
    if (code == STATUS_OK)
        code = scan(&scanner, &start, error);
    if (code != STATUS_OK) {
        parsed_line_free(&partial->parsed);
        return code;
    }
    scanner.word[scanner.length] = '\0';
    partial->word = scanner.word;
    partial->start = start;
    partial->quote = start < cursor ? scanner.quote : 0;
    partial->redirecting = scanner.redirecting;
    /* Only the unfinished command matters; those before it on the line do not. */
    partial->parsed.statements[0] =
        (struct statement){scanner.tokens, scanner.count, scanner.redirect, scanner.size, scanner.overwrite};
    partial->parsed.count = 1;
    return STATUS_OK;
}
