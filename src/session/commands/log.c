/* SPDX-License-Identifier: GPL-3.0-or-later */
/* log: all that is done and shown, in a file. */
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "session/commands/request.h"
#include "session/language/command.h"
#include "session/reply.h"
#include "session/words/value.h"

static status run_log(struct call *call, struct error *error)
{
    const char *name = call_argument(call, 0);
    bool off = name && strcmp(name, "off") == 0;
    status code = call_request(call, REQUEST_LOG, error);
    if (code != STATUS_OK || !name)
        return code;
    struct request *request = &call->reply->request;
    mem_free(request->words[0]);
    request->words[0] = off ? mem_string("") : path_expand(name);
    return request->words[0] ? STATUS_OK : error_memory(error);
}

static const struct parameter log_arguments[] = {
    {"FILE", VALUE_LOG, PARAMETER_OPTIONAL, 0, 0, NULL, NULL, "a text file, which is added to; off for none"},
    PARAMETER_END,
};
static const struct example log_examples[] = {
    {"log monday.txt", "adds commands and results to a file from here on", false},
    {"log off", "stops that", false},
    EXAMPLE_END,
};

const struct command command_log = {
    .name = "log",
    .arguments = log_arguments,
    .help = "write commands and results to a file",
    .text =
        "From here on, every command with the time and the seconds it took, and what it showed, is added "
        "to a text file as it ends, which makes the file where there is none. The commands that scripts run "
        "are there as well, behind the script's name. Without an argument tells which file that is. The "
        "program's option --log does the same from the start.",
    .examples = log_examples,
    .run = run_log,
};
