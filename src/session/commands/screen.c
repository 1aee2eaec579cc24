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

static const int color_depths[] = {-1, 8, 16, 256};

static const char *color_depth_name(int index)
{
    static const char *const names[] = {"no", "8", "16", "256"};
    return index >= 0 && index < (int)(sizeof names / sizeof *names) ? names[index] : NULL;
}

static status run_screen(struct call *call, struct error *error)
{
    struct setting_value styles, colors;
    status code = call_value(call, "styles", &styles, error);
    if (code == STATUS_OK)
        code = call_value(call, "colors", &colors, error);
    if (code == STATUS_OK && styles.integer && colors.integer)
        code = error_set(error, STATUS_USAGE, "a screen is saved with styles or with colours, not both");
    if (code == STATUS_OK)
        code = call_may_write(call, call_argument(call, 1), error);
    if (code == STATUS_OK)
        code = call_request(call, REQUEST_SCREEN, error);
    if (code == STATUS_OK) {
        call->reply->request.styles = styles.integer != 0;
        call->reply->request.colors = color_depths[colors.integer];
    }
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
    {"colors", VALUE_CHOICE, 0, 0, 0, color_depth_name, "no",
     "with the theme's colours, as escape sequences of a terminal that has so many"},
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
    .text =
        "Writes the cells of the full screen to a text file, for bug reports and tests. With colors=256 and "
        "the like they have the colours of the theme, and cat shows them.",
    .examples = screen_examples,
    .run = run_screen,
};
