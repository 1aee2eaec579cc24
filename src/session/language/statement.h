/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Statements back to text, for the history and for session files. */
#ifndef IPPRO_SESSION_LANGUAGE_STATEMENT_H
#define IPPRO_SESSION_LANGUAGE_STATEMENT_H

struct command;
struct statement;
struct text;

/* The statement as it could be typed, redirection and all. */
void statement_typed(const struct statement *statement, struct text *text);

/* The statement as a line that does the same again from anywhere: the command's full name, words in quotes
 * where they need them, whole paths, no redirection. */
void statement_text(const struct statement *statement, const struct command *command, struct text *text);

/* As it was typed, for titles and to be run again here, owned by the caller; NULL when memory is out. */
char *statement_line(const struct statement *statement);

#endif
