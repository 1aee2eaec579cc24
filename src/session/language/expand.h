/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From an alias to the commands that it stands for (session/words/alias.h). */
#ifndef IPPRO_SESSION_LANGUAGE_EXPAND_H
#define IPPRO_SESSION_LANGUAGE_EXPAND_H

#include "session/language/parse.h"
#include "session/words/alias.h"

enum { ALIAS_DEPTH_MAX = 16, ALIAS_STATEMENTS_MAX = 1000 };

/* Does the statement begin with an alias? */
bool statement_is_alias(const struct aliases *aliases, const struct statement *statement);
/* The commands that a statement stands for: itself, or those of its alias, whose last one takes over what
 * follows the name, arguments and redirection. Aliases may stand for others, ALIAS_DEPTH_MAX deep.
 * STATUS_USAGE beyond that. The caller frees the result (parsed_line_free). */
status statement_expand(const struct aliases *aliases, const struct statement *statement,
                        struct parsed_line *expanded, struct error *error);
/* Is the line, as an alias or a key may stand for it, made of commands and aliases that there are? Says what
 * is wrong with it otherwise. A line that is one word in quotes is what stands inside them: *line, owned by
 * the caller. */
status command_line_check(const struct aliases *aliases, const char *text, char **line, struct error *error);

#endif
