/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Batch mode. */
#include "repl/batch.h"

#include <string.h>

#include "base/status.h"
#include "shell/interrupt.h"
#include "session/version.h"

void batch_run(struct shell *shell, const struct arguments *arguments)
{
    status code = STATUS_OK;
    for (int i = 0; i < arguments->action_count; i++) {
        if (shell->quit || interrupt_seen() || (code != STATUS_OK && !shell->keep_going))
            return;
        const struct action *action = &arguments->actions[i];
        if (!action->is_file)
            code = shell_line(shell, action->text, PROGRAM_NAME);
        else if (strcmp(action->text, "-") == 0)
            code = shell_stream(shell, stdin, "stdin");
        else
            code = shell_file(shell, action->text);
    }
    if (arguments->script)
        shell_script(shell, arguments->script, arguments->script_arguments, arguments->script_argument_count);
    else if (!arguments->action_count)
        shell_stream(shell, stdin, "stdin");
}
