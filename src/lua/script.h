/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lua scripts over the session: the module `ippro`, tame enough to run what somebody else wrote.
 *
 * A script can always be stopped, holds no more memory than it is given, loads text only, and cannot crash
 * the program: every object of the program that it holds is a handle that is dead once it was freed. With a
 * safe folder it has neither os nor io and writes nowhere else. One thread at a time. */
#ifndef IPPRO_LUA_SCRIPT_H
#define IPPRO_LUA_SCRIPT_H

#include <stddef.h>
#include "session/command.h"

/* What the front end does for a script. */
struct script_host {
    void *argument;
    /* Run one statement in a session, with progress (of which the listener, if there is one, hears too) and
     * cancellation. NULL: session_run. */
    status (*run)(void *argument, struct session *session, const struct statement *statement,
                  const struct progress_listener *listener, struct reply *reply, struct error *error);
    /* Run a file of commands or another script. NULL: that is refused. */
    status (*file)(void *argument, const struct reply *reply, struct error *error);
    /* Show what a script writes to its standard output or, `diagnostic`, standard error. NULL: those files.
     */
    void (*write)(void *argument, bool diagnostic, const char *text, size_t length);
    /* Was Ctrl-C pressed? NULL: never. May be called at any time from the script's thread. */
    bool (*interrupted)(void *argument);
};

struct script_options {
    size_t memory;      /* bytes that Lua may hold, 0: SCRIPT_MEMORY */
    const char *folder; /* NULL: no limits; else nothing is written outside of it; borrowed */
};

#define SCRIPT_MEMORY ((size_t)1 << 30)

struct script;

/* The session is borrowed. STATUS_FILE when the safe folder does not exist. */
status script_new(struct session *session, const struct script_host *host,
                  const struct script_options *options, struct script **script, struct error *error);
void script_free(struct script *script); /* NULL is fine */

/* Run a file with its arguments (`arg[1]`... and `...`). Errors carry file and line. STATUS_CANCELLED when it
 * was interrupted, STATUS_FILE when it cannot be read or is not text. */
status script_file(struct script *script, const char *path, char *const *arguments, int count,
                   struct error *error);
/* Run a piece of code as typed: an expression, whose values are printed, or statements. *incomplete is set
 * (and STATUS_USAGE returned) when only its end is missing. */
status script_line(struct script *script, const char *code, bool *incomplete, struct error *error);
/* The calls that led to the last error, one a line, "" where there is nothing to tell. */
const char *script_traceback(const struct script *script);

#endif
