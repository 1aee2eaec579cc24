/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tokeniser of command lines.
 *
 *   score all samples=10% ; corr > "my corr.csv"   # a comment
 *
 * Blanks separate tokens; ';' separates commands; '#' at the start of a token begins a comment; "..." keeps
 * blanks and understands \" and \\; '...' keeps everything; a backslash outside quotes keeps the next
 * character; '>' outside quotes is followed by the file that the command's figures go to. What follows the
 * command `lua`, or '=' in its place, is one token up to the end of the line: another language. So is what
 * follows the '=' of `alias NAME = ...` and `bind KEY = ...`: a command line of its own. */
#ifndef IPPRO_SESSION_LANGUAGE_PARSE_H
#define IPPRO_SESSION_LANGUAGE_PARSE_H

#include <stdbool.h>
#include "base/memory.h"
#include "base/status.h"

struct token {
    char *text;
    int key;    /* bytes before the '=' of an unquoted key=value token, 0 where it is none */
    int column; /* 1-based, in bytes */
};

/* One command as typed. */
struct statement {
    struct token *tokens;
    int count;
    char *redirect;  /* file after '>', or NULL */
    char *size;      /* of the picture in that file: what stood behind "size=", or NULL */
    char *overwrite; /* likewise behind "overwrite=" */
};

struct parsed_line {
    struct arena *arena;
    struct statement *statements;
    int count;
};

enum { LINE_LIMIT = 65536 }; /* bytes in a command line; longer ones are refused */

/* Errors name the column. An empty line and a comment give no statement. */
status parse_line(const char *line, struct parsed_line *parsed, struct error *error);
void parsed_line_free(struct parsed_line *parsed);

/* For completion: split what stands before the cursor, however unfinished it is. The statement is the last of
 * the line; `word` is the piece under the cursor without its opening quote (empty after a blank), `quote`
 * that quote or 0, `start` its byte in the line; `redirecting` when the word follows a '>'. Owned by
 * `parsed`'s arena. */
struct partial_line {
    struct parsed_line parsed; /* complete tokens of the last command only */
    char *word;
    int start;
    char quote;
    bool redirecting;
};
status parse_partial(const char *line, int cursor, struct partial_line *partial, struct error *error);

#endif
