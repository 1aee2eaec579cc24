/* SPDX-License-Identifier: GPL-3.0-or-later */
/* quit: the end of the program. */
#include "base/status.h"
#include "session/language/command.h"

static status run_quit(struct call *call, struct error *error)
{
    (void)error;
    call->reply->quit = true;
    return STATUS_OK;
}

static const struct example quit_examples[] = {{"quit", "ends the program", false}, EXAMPLE_END};

const struct command command_quit = {
    .name = "quit",
    .alias = "exit",
    .flags = COMMAND_ENDS,
    .help = "end the program",
    .text = "Ends the program. Nothing is asked: what is to stay must have been written by save or session "
            "save.",
    .examples = quit_examples,
    .run = run_quit,
};
