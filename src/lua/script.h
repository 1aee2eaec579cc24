/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lua scripts over the session: the module `ippro`, tame enough to run what somebody else wrote.
 *
 * A script holds no more memory than it is given, loads text only, and cannot crash the program: every object
 * of the program that it holds is a handle that is dead once it was freed. A safe one has neither os nor io;
 * to which files it and its commands are confined is base/file.h's matter. One thread at a time.
 *
 * A script can be stopped wherever it is:
 *   - Lua code by a hook, every 100 instructions, and at each instruction once it was interrupted;
 *   - functions of the library that may run long by looking for the interrupt themselves;
 *   - what asks for a megabyte or more by being refused it;
 *   - waiting for a file or pipe by a signal, which ends the system call, and which the front end repeats,
 * for it may come just before; waiting for a program by ending that;
 *   - commands by their cancellation.
 * No finalizer is a script's, and collection is in steps. What remains is a single operation of Lua over what
 * the memory limit lets exist: comparing, joining or converting strings of hundreds of megabytes takes up to
 * a few seconds, and so does a collection's last step over hundreds of millions of references. */
#ifndef IPPRO_LUA_SCRIPT_H
#define IPPRO_LUA_SCRIPT_H

#include <stddef.h>
#include "base/text.h"
#include "session/language/command.h"

enum script_output {
    SCRIPT_TEXT,       /* for people: what could harm a terminal is escaped */
    SCRIPT_DIAGNOSTIC, /* the same, for standard error */
    SCRIPT_BYTES,      /* what io.write was given, as it is: a terminal must not see it so */
};

/* What the front end does for a script. */
struct script_host {
    void *argument;
    /* Run one statement in a session, with progress (of which the listener, if there is one, hears too) and
     * cancellation. NULL: session_run. */
    status (*run)(void *argument, struct session *session, const struct statement *statement,
                  const struct progress_listener *listener, struct reply *reply, struct error *error);
    /* Run a file of commands or another script. NULL: that is refused. */
    status (*file)(void *argument, const struct reply *reply, struct error *error);
    /* Show what a script writes. NULL: standard output and standard error. */
    void (*write)(void *argument, enum script_output kind, const char *text, size_t length);
    /* Show what went wrong in a function that was called because something happened. NULL: nobody is told. */
    void (*warn)(void *argument, const struct error *error);
    /* Was Ctrl-C pressed? NULL: never. Asked at any time from the script's thread, also while Lua is asking
     * for memory: it only looks. */
    bool (*interrupted)(void *argument);
    /* Called often while a script computes or waits; NULL for none. The front end may look at its keys. */
    void (*turn)(void *argument);
};

struct script_options {
    size_t memory; /* bytes that Lua may hold, 0: SCRIPT_MEMORY */
    bool safe;     /* without os and io */
};

#define SCRIPT_MEMORY ((size_t)1 << 30)

struct script;

/* The session is borrowed. */
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
/* The lines of the recipe that a file makes (session/recipe.h): it returns, or leaves in the global variable
 * `ratios` of its own, a number, a table or a function, as for model:ratios. Also while a script runs. */
status script_recipe(struct script *script, const char *path, const struct model *model, struct text *lines,
                     struct error *error);
struct script_loss;
struct aim_image;
/* A loss that a file defines (nn/engine/aim.h): the file is run, and the function that it returns is kept
 * until the loss is closed. Errors carry file and line. */
status script_loss_open(struct script *script, const char *path, struct script_loss **loss,
                        struct error *error);
/* The function's value for an image, and its gradient. Refused: a loss that is NaN, gradients that are not
 * finite or not as many as the outputs. */
status script_loss(struct script_loss *loss, const struct aim_image *image, double *value,
                   struct error *error);
void script_loss_close(struct script_loss *loss);
/* Run a file for the criteria that it defines: it cannot run commands. */
status script_define(struct script *script, const char *path, struct error *error);
/* Run the files in which networks are described, the user's and the program's, that were not run yet or have
 * changed since: they cannot run commands. What is wrong in one is added to `problems`, one line each, and
 * stops no other. */
status script_networks(struct script *script, struct text *problems, struct error *error);
/* Call what scripts left to be called when something happens (ippro.on) for each of the events, bits 1 <<
 * enum event (session/event.h); `line` is the command that led to them. What these functions do is not told
 * in turn. What goes wrong in one is shown, the same only once. Also while a script runs, from its commands.
 */
void script_tell(struct script *script, unsigned events, const char *line);
/* The calls that led to the last error, one a line, "" where there is nothing to tell. */
const char *script_traceback(const struct script *script);

#endif
