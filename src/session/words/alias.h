/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The user's own names for command lines. A list is immutable and counted, so that sessions and their mirrors
 * share it; NULL is the empty one. Aliases are no part of a state: undo leaves them alone, and what the
 * history keeps are the commands they stand for. */
#ifndef IPPRO_SESSION_WORDS_ALIAS_H
#define IPPRO_SESSION_WORDS_ALIAS_H

#include "base/status.h"

struct alias {
    char *name, *line;
};
struct aliases {
    int shares;
    struct alias *items; /* by name, in order */
    int count;
};

struct aliases *aliases_retain(struct aliases *aliases);
void aliases_free(struct aliases *aliases);
/* What a name stands for, NULL where it is none. */
const char *alias_line(const struct aliases *aliases, const char *name);
/* Another list, in which the name stands for `line`, or (NULL) for nothing. STATUS_MEMORY otherwise. */
status aliases_with(const struct aliases *aliases, const char *name, const char *line,
                    struct aliases **result, struct error *error);

#endif
