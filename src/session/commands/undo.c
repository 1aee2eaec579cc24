/* SPDX-License-Identifier: GPL-3.0-or-later */
/* undo: back in the history. */
#include "base/status.h"
#include "session/commands/travel.h"
#include "session/language/command.h"

static status run_undo(struct call *call, struct error *error)
{
    return travel(call, -1, error);
}

static const struct example undo_examples[] = {{"prune l1 0.4; undo", "selects, and takes it back", false},
                                               EXAMPLE_END};

const struct command command_undo = {
    .name = "undo",
    .arguments = travel_arguments,
    .flags = COMMAND_CHANGES | COMMAND_OF_MODEL,
    .help = "take back the last change",
    .text = "Takes back the last command that changed something, or the last N, whatever they were: "
            "networks, data, scores, ratios, selections, options. A thousand states are held, or a gigabyte "
            "of what they do not share; older ones are let go. What was measured by eval is not forgotten.",
    .examples = undo_examples,
    .run = run_undo,
};
