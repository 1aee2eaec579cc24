/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lua: a piece of Lua. */
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "session/language/command.h"
#include "session/words/value.h"

static status run_lua(struct call *call, struct error *error)
{
    struct text code = {0};
    call_add_words(call, &code);
    call->reply->code = code.failed ? NULL : mem_string(text_data(&code));
    text_free(&code);
    return call->reply->code ? STATUS_OK : error_memory(error);
}

static const struct parameter lua_arguments[] = {
    {"CODE", VALUE_WORD, PARAMETER_REPEATED, 0, 0, NULL, NULL,
     "an expression or statements, to the end of the line"},
    PARAMETER_END,
};
static const struct example lua_examples[] = {
    {"lua print(ippro.version)", "runs a statement", false},
    {"= 2 ^ 10, math.pi", "shows what expressions are worth", false},
    {"= ippro.load('example'):layers()[1]", "shows what scripts know of the first layer", false},
    EXAMPLE_END,
};

const struct command command_lua = {
    .name = "lua",
    .alias = "=",
    .arguments = lua_arguments,
    .flags = COMMAND_CHANGES | COMMAND_PROGRAM | COMMAND_NOT_IN_SCRIPTS | COMMAND_CODE,
    .help = "run a piece of Lua",
    .text = "Takes the rest of the line as Lua. Values of an expression are shown. At the prompt, code that "
            "is not complete asks for more lines; an empty line gives up. The module ippro has every "
            "command as a function. See ippro-lua(3).",
    .examples = lua_examples,
    .run = run_lua,
};
