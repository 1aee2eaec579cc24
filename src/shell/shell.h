/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines and files of commands, run and shown: what the prompt and batch mode have in common. */
#ifndef IPPRO_SHELL_SHELL_H
#define IPPRO_SHELL_SHELL_H

#include <stdbool.h>
#include <stdio.h>
#include "base/text.h"
#include "lua/script.h"
#include "session/language/command.h"
#include "session/recipe.h"
#include "shell/job.h"
#include "shell/show.h"

enum shell_text {
    SHELL_OUTPUT,     /* what scripts print */
    SHELL_DIAGNOSTIC, /* what belongs to the error before it: the calls that led there */
};

/* How a front end runs commands and shows what comes of them; members that are NULL are the plain terminal's.
 * All are called on the thread that runs the shell, also from within a script, and also while another such
 * call of a script is under way. */
struct shell_face {
    void *argument;
    /* Run one command to its end and hand its outcome over: job_start, wait, job_end (shell/job.h). */
    status (*run)(void *argument, const struct job_request *request, struct reply *reply,
                  struct error *error);
    /* May take the reply's items, leaving none. */
    status (*reply)(void *argument, const struct session *session, struct reply *reply, struct error *error);
    /* Do what a command wants of the front end; what there is to say is added to the reply. NULL: there are
     * no panes, keys are bound in vain, and all else is refused. */
    status (*request)(void *argument, const struct request *request, struct reply *reply,
                      struct error *error);
    void (*error)(void *argument, const char *where, const struct error *error); /* `where` may be NULL */
    /* A piece of text, not always a whole line; not escaped. */
    void (*text)(void *argument, enum shell_text kind, const char *text, size_t length);
    /* Called often while a script computes or waits: a front end may look at its keys here. */
    void (*turn)(void *argument);
};

struct recovery;

struct shell {
    struct session *session;
    struct shell_face face;
    struct show show;                     /* of the plain terminal */
    struct text typed;                    /* before the prompt was there: the first that it reads */
    bool prefixes;                        /* commands may be shortened: at the prompt */
    bool keep_going;                      /* a file goes on after a command that failed */
    bool quit;                            /* the command quit was given */
    int depth;                            /* files within files */
    struct recipe_program recipe_program; /* Lua files as recipes */
    struct script *script;                /* Lua, made when first needed; freed by shell_end */
    struct script_options script_options; /* how it is made */
    bool told_end;                        /* shell_tell_end was called */
    const char *script_name;              /* the file of the one that runs, NULL for code that was typed */
    int script_depth;                     /* scripts that run: another is refused while there is one */
    struct transcript *transcript;        /* where all that is done goes too, or NULL */
    char *unfinished;                     /* at the prompt: code whose end is still missing */
    struct recovery *recovery;            /* what is kept of the session (leave.h); NULL: nothing */
    char *resumed;                        /* the unsaved session that it began with; NULL: none */
    bool leaving;                         /* who wants to leave was told what is not saved */
    status first;                         /* of the first command that failed, STATUS_OK while none did */
};

/* Make the shell the one that runs what the session's commands need run. The rest of the shell is set. */
void shell_begin(struct shell *shell, struct session *session);
/* Run the commands of one line; the first that fails ends it. Errors are shown behind `where` (may be NULL).
 */
status shell_line(struct shell *shell, const char *line, const char *where);
/* A line that was entered at the prompt: more of the code whose end is missing, else commands. */
status shell_entered(struct shell *shell, const char *line, const char *where);
/* One command from its words, as if typed; NULL ends the words. */
status shell_words(struct shell *shell, const char *where, ...);
/* A script or a file of commands that was named to the program, by its path or its name
 * (session/words/known_file.h); an error is shown. *path is owned by the caller. */
status shell_find_file(struct shell *shell, const char *name, char **path);
/* Do what a command wants of the front end (face.request), or of the shell itself. */
status shell_request(struct shell *shell, struct reply *reply, struct error *error);
/* Write a command that was run otherwise, begun at a time of clock_seconds, and its reply to the log. */
void shell_record(struct shell *shell, const struct statement *statement, const struct reply *reply,
                  double started);
/* Add commands and what they show to a file from here on. */
status shell_log(struct shell *shell, const char *path, struct error *error);
/* A Lua script with its arguments. */
status shell_script(struct shell *shell, const char *path, char *const *arguments, int count);
/* Show what went wrong without calling it the failure of a command. */
void shell_warn(struct shell *shell, const struct error *error);
/* Call what scripts left for the end of the program, once, when the full screen is closed: what they show is
 * printed. They get their time, also after an interrupt that led to the end. */
void shell_tell_end(struct shell *shell);
/* The same where it was not done yet, and free what running made; the session is the caller's. */
void shell_end(struct shell *shell);
/* All lines of a file, or of an open stream called `name`. */
status shell_file(struct shell *shell, const char *path);
status shell_stream(struct shell *shell, FILE *stream, const char *name);

#endif
