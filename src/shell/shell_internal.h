/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the shell's files share: shell.c runs lines and files, shell_statement.c commands, shell_script.c Lua.
 */
#ifndef IPPRO_SHELL_SHELL_INTERNAL_H
#define IPPRO_SHELL_SHELL_INTERNAL_H

#include "shell/shell.h"

enum { SHELL_DEPTH_MAX = 16 }; /* files that run each other */

/* Run a statement, or what its alias stands for, and show what comes of it. */
status shell_statement(struct shell *shell, const struct statement *statement, const char *where);
/* The front end's ways, or the plain terminal's. */
status shell_run(struct shell *shell, const struct job_request *request, struct reply *reply,
                 struct error *error);
void shell_text(struct shell *shell, enum shell_text kind, const char *text, size_t length);
/* The log is complete, or what it lacks is told. */
void shell_log_end(struct shell *shell);
/* Show an error and remember the first. Returns its code. */
status shell_fail(struct shell *shell, const char *where, const struct error *error);

/* A recipe that is a Lua file; argument: the shell (session/recipe.h). */
status shell_recipe(void *argument, const char *path, const struct model *model, struct text *lines,
                    struct error *error);
/* A Lua file that defines criteria, likewise. */
status shell_define(void *argument, const char *path, struct error *error);
status shell_networks(void *argument, struct text *problems, struct error *error);
/* A Lua file that is a loss, and its value for an image. */
status shell_loss_open(void *argument, const char *path, void **loss, struct error *error);
void shell_loss_close(void *argument, void *loss);
status shell_loss(void *argument, void *loss, struct progress *progress, const struct aim_image *image,
                  double *value, struct error *error);
/* The file that a reply names: commands, or a script by its extension. */
status shell_run_file(struct shell *shell, const struct reply *reply);
/* A piece of code; at the prompt one whose end is missing waits for more lines. */
status shell_code(struct shell *shell, const char *text, const char *where);
/* One more line of unfinished code; an empty one gives up. */
status shell_continue(struct shell *shell, const char *line);

#endif
