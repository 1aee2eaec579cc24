/* SPDX-License-Identifier: GPL-3.0-or-later */
/* redo: forth in the history. */
#include "base/status.h"
#include "session/commands/travel.h"
#include "session/language/command.h"

static status run_redo(struct call *call, struct error *error)
{
    return travel(call, 1, error);
}

static const struct example redo_examples[] = {
    {"prune l1 0.4; undo; redo", "selects, takes it back, and selects after all", false}, EXAMPLE_END};

const struct command command_redo = {
    .name = "redo",
    .arguments = travel_arguments,
    .flags = COMMAND_CHANGES | COMMAND_OF_MODEL,
    .help = "make an undone change again",
    .text = "Makes the last change that was undone, or the last N, again. Any other change in between ends "
            "what can be made again.",
    .examples = redo_examples,
    .run = run_redo,
};
