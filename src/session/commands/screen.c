/* SPDX-License-Identifier: GPL-3.0-or-later */
/* screen: what is on the screen, as text. */
#include "base/status.h"
#include "session/commands/request.h"
#include "session/language/command.h"
#include "session/reply.h"
#include "session/words/value.h"

static const char *screen_word(int index)
{
    return index == 0 ? "save" : NULL;
}

static status run_screen(struct call *call, struct error *error)
{
    struct setting_value styles;
    status code = call_value(call, "styles", &styles, error);
    if (code == STATUS_OK)
        code = call_may_write(call, call_argument(call, 1), error);
    if (code == STATUS_OK)
        code = call_request(call, REQUEST_SCREEN, error);
    call->reply->request.styles = styles.integer != 0;
    return code;
}

static const struct parameter screen_arguments[] = {
    {"save", VALUE_CHOICE, 0, 0, 0, screen_word, NULL, "the word save"},
    {"FILE", VALUE_FILE, 0, 0, 0, NULL, NULL, "a text file"},
    PARAMETER_END,
};
static const struct parameter screen_parameters[] = {
    {"styles", VALUE_BOOLEAN, 0, 0, 0, NULL, "no",
     "below each line that is not plain, a letter for the style of each of its cells"},
    OVERWRITE_PARAMETER,
    PARAMETER_END,
};
static const struct example screen_examples[] = {
    {"screen save screen.txt", "writes what is on the screen to a file", true}, EXAMPLE_END};

const struct command command_screen = {
    .name = "screen",
    .arguments = screen_arguments,
    .parameters = screen_parameters,
    .help = "save the screen as text",
    .text = "Writes the cells of the full screen to a text file, for bug reports and tests.",
    .examples = screen_examples,
    .run = run_screen,
};
