/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Batch mode. */
#include "repl/batch.h"

#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "shell/interrupt.h"
#include "session/version.h"

/* Files are looked for when their turn comes: a command before may have written them. */
static status run_file(struct shell *shell, const char *name)
{
    if (strcmp(name, "-") == 0)
        return shell_stream(shell, stdin, "stdin");
    char *path = NULL;
    status code = shell_find_file(shell, name, &path);
    if (code == STATUS_OK)
        code = shell_file(shell, path);
    mem_free(path);
    return code;
}

static void run_script(struct shell *shell, const struct arguments *arguments)
{
    char *path = NULL;
    if (shell_find_file(shell, arguments->script, &path) == STATUS_OK)
        shell_script(shell, path, arguments->script_arguments, arguments->script_argument_count);
    mem_free(path);
}

void batch_run(struct shell *shell, const struct arguments *arguments)
{
    status code = STATUS_OK;
    for (int i = 0; i < arguments->action_count; i++) {
        if (shell->quit || interrupt_seen() || (code != STATUS_OK && !shell->keep_going))
            return;
        const struct action *action = &arguments->actions[i];
        code =
            action->is_file ? run_file(shell, action->text) : shell_line(shell, action->text, PROGRAM_NAME);
    }
    if (arguments->script)
        run_script(shell, arguments);
    else if (!arguments->action_count)
        shell_stream(shell, stdin, "stdin");
}
