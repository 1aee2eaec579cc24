/* SPDX-License-Identifier: GPL-3.0-or-later */
/* run: a file of commands, or a script. */
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "session/language/command.h"
#include "session/language/help.h"
#include "session/words/known_file.h"
#include "session/words/value.h"

static status run_run(struct call *call, struct error *error)
{
    struct reply *reply = call->reply;
    if (!call_argument(call, 0)) {
        help_scripts(reply);
        return STATUS_OK;
    }
    status code = known_file_find(&known_scripts, call_argument(call, 0), &reply->run_file, error);
    if (code != STATUS_OK)
        return code;
    const char *path = reply->run_file;
    int count = call->invocation->argument_count - 1;
    if (count && strcmp(path_extension(path), "lua") != 0)
        return error_set(error, STATUS_USAGE, "only Lua scripts take arguments: unexpected '%s'",
                         call_argument(call, 1));
    reply->run_arguments = mem_new((size_t)count, sizeof *reply->run_arguments);
    if (!reply->run_arguments)
        return error_memory(error);
    for (int i = 0; i < count; i++) {
        reply->run_arguments[i] = mem_string(call_argument(call, i + 1));
        if (!reply->run_arguments[i])
            return error_memory(error);
        reply->run_argument_count++;
    }
    return STATUS_OK;
}

static const struct parameter run_arguments[] = {
    {"FILE", VALUE_SCRIPT, PARAMETER_OPTIONAL, 0, 0, NULL, NULL,
     "a file of commands, or a Lua script: its name ends in .lua"},
    {"ARGUMENT", VALUE_WORD, PARAMETER_OPTIONAL | PARAMETER_REPEATED, 0, 0, NULL, NULL, "for a Lua script"},
    PARAMETER_END,
};
static const struct example run_examples[] = {
    {"run", "lists the scripts that have names", false},
    {"run cop.lua; score cop", "runs a script that comes with the program: a criterion", false},
    {"run training/rounds.lua rounds=2 images=100 judge=50",
     "runs a script that comes with the program, with two settings of its own", false},
    {"run sweep.lua example", "runs a Lua script of yours with an argument", true},
    EXAMPLE_END,
};

const struct command command_run = {
    .name = "run",
    .arguments = run_arguments,
    .flags = COMMAND_CHANGES | COMMAND_PROGRAM | COMMAND_TEXT,
    .help = "run a file of commands or a Lua script",
    .text = "Runs the commands of a file, one line after the other, as if they had been typed, but with "
            "full names. The first command that fails ends the file; what the commands before it did "
            "stays.\n\n"
            "A path that leads to a file is that file. Other names are looked for, with or without their "
            "ending, in ~/.config/ippro-explore/scripts and scripts/criteria below it, and among the "
            "scripts that come with the program; without a name these are listed.\n\n"
            "A file whose name ends in .lua is a Lua script; what follows its name are its arguments. See "
            "ippro-lua(3).",
    .examples = run_examples,
    .run = run_run,
};
