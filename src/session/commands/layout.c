/* SPDX-License-Identifier: GPL-3.0-or-later */
/* layout: which panes are seen. */
#include "base/status.h"
#include "session/commands/request.h"
#include "session/language/command.h"
#include "session/reply.h"
#include "session/words/panes.h"
#include "session/words/value.h"

static status run_layout(struct call *call, struct error *error)
{
    return call_request(call, REQUEST_LAYOUT, error);
}

static const struct parameter layout_arguments[] = {
    {"LAYOUT", VALUE_CHOICE, PARAMETER_OPTIONAL, 0, 0, layout_name, NULL, "which panes are seen, and where"},
    PARAMETER_END,
};
static const struct example layout_examples[] = {
    {"layout compare", "gives the screen to scores and correlation", true}, EXAMPLE_END};

const struct command command_layout = {
    .name = "layout",
    .arguments = layout_arguments,
    .help = "arrange the panes",
    .text = "Arranges the panes of the full screen in a layout that has a name; without one lists the "
            "layouts.",
    .examples = layout_examples,
    .run = run_layout,
};
