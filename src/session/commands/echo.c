/* SPDX-License-Identifier: GPL-3.0-or-later */
/* echo: a line of text. */
#include <string.h>

#include "base/status.h"
#include "base/text.h"
#include "session/language/command.h"
#include "session/reply.h"
#include "session/words/value.h"

static status run_echo(struct call *call, struct error *error)
{
    struct text line = {0};
    (void)error;
    for (int i = 0; call_argument(call, i); i++) {
        text_add(&line, i ? " " : "");
        /* A tab would make a column of what follows it. */
        for (const char *byte = call_argument(call, i); *byte; byte++)
            text_add_bytes(&line, *byte == '\t' ? " " : byte, 1);
    }
    reply_line(call->reply, "%s", reply_text(call->reply, &line));
    text_free(&line);
    return STATUS_OK;
}

static const struct parameter echo_arguments[] = {
    {"TEXT", VALUE_TEXT, PARAMETER_OPTIONAL | PARAMETER_REPEATED, 0, 0, NULL, NULL, "words"},
    PARAMETER_END,
};
static const struct example echo_examples[] = {
    {"echo what l1 says; rank conv1 criterion=l1", "puts a heading above a figure", false}, EXAMPLE_END};

const struct command command_echo = {
    .name = "echo",
    .arguments = echo_arguments,
    .flags = COMMAND_TEXT,
    .help = "show a line of text",
    .text = "Shows its words, separated by blanks; without words an empty line. For files of commands and "
            "aliases. Quotes keep blanks together, and signs such as ; > # as they are.",
    .examples = echo_examples,
    .run = run_echo,
};
