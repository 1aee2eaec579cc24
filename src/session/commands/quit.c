/* SPDX-License-Identifier: GPL-3.0-or-later */
/* quit: the end of the program. */
#include "base/status.h"
#include "session/language/command.h"
#include "session/reply.h"
#include "session/words/value.h"

/* Whether anything is asked before is the front end's matter. */
static status run_quit(struct call *call, struct error *error)
{
    struct setting_value force;
    status code = call_value(call, "force", &force, error);
    call->reply->quit = code == STATUS_OK;
    call->reply->quit_at_once = force.integer != 0;
    return code;
}

static const struct parameter quit_parameters[] = {
    {"force", VALUE_BOOLEAN, 0, 0, 0, NULL, "no", "leave at once, whatever is not saved"},
    PARAMETER_END,
};
static const struct example quit_examples[] = {{"quit", "ends the program", false}, EXAMPLE_END};

const struct command command_quit = {
    .name = "quit",
    .alias = "exit",
    .parameters = quit_parameters,
    .flags = COMMAND_ENDS,
    .help = "end the program",
    .text =
        "Ends the program. At a terminal, with ratios or selections that neither save nor session save has "
        "written, or while work runs, the first quit (or Control-D) only says so, and a second one ends it; "
        "in batch mode nothing is asked. What was not saved is kept all the same: see 'help session'.",
    .examples = quit_examples,
    .run = run_quit,
};
