/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A command with what is given to it, checked: from a statement to what its function can read. */
#ifndef IPPRO_SESSION_LANGUAGE_INVOCATION_H
#define IPPRO_SESSION_LANGUAGE_INVOCATION_H

#include "session/language/parse.h"
#include "session/session.h"
#include "session/words/value.h"
#include "view/write/write.h"

struct command;

struct setting {
    const struct parameter *parameter;
    int option; /* enum option_id when the parameter is an option, else OPTION_NONE */
    struct setting_value value;
    const char *text; /* as typed, however long; owned by the statement */
};
struct invocation {
    const struct command *command;
    char **arguments; /* positional, as typed; owned by the statement */
    int argument_count;
    struct setting *settings;
    int setting_count;
    const char *redirect;
    struct picture_size picture; /* for a redirection to a picture */
    bool overwrite;              /* the redirection may replace a file that was read */
};

/* Check a statement against the table and the session. The invocation's memory comes from the arena. */
status invocation_resolve(const struct session *session, const struct statement *statement, bool prefixes,
                          struct arena *arena, struct invocation *invocation, struct error *error);

#endif
