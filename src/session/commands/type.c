/* SPDX-License-Identifier: GPL-3.0-or-later */
/* type: keys as if pressed. */
#include "base/status.h"
#include "session/commands/request.h"
#include "session/language/command.h"
#include "session/reply.h"
#include "session/words/value.h"

static status run_type(struct call *call, struct error *error)
{
    status code = STATUS_OK;
    int press;
    for (int i = 0; code == STATUS_OK && call_argument(call, i); i++)
        code = call_press(call, i, &press, error);
    return code == STATUS_OK ? call_request(call, REQUEST_TYPE, error) : code;
}

static const struct parameter type_arguments[] = {
    {"KEY", VALUE_WORD, PARAMETER_REPEATED, 0, 0, NULL, NULL, "keys such as F2, Down, +"},
    PARAMETER_END,
};
static const struct example type_examples[] = {
    {"type F2 Down Down +", "goes to the third row of the layers and prunes more of it", true}, EXAMPLE_END};

const struct command command_type = {
    .name = "type",
    .arguments = type_arguments,
    .help = "press keys",
    .text = "Does what the keys would do in the full screen, one after the other: for recordings and tests.",
    .examples = type_examples,
    .run = run_type,
};
