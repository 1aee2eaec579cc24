/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests to the front end. */
#include "session/commands/request.h"

#include "base/memory.h"
#include "base/status.h"
#include "session/reply.h"
#include "session/words/press.h"

status call_request(const struct call *call, enum request_kind kind, struct error *error)
{
    struct request *request = &call->reply->request;
    for (int i = 0; call_argument(call, i); i++) {
        if (request->count == REQUEST_WORDS)
            return error_set(error, STATUS_USAGE, "takes at most %d words", REQUEST_WORDS);
        request->words[request->count] = mem_string(call_argument(call, i));
        if (!request->words[request->count])
            return error_memory(error);
        request->count++;
    }
    request->kind = kind;
    return STATUS_OK;
}

status call_press(const struct call *call, int index, int *press, struct error *error)
{
    const char *name = call_argument(call, index);
    return press_parse(name, press)
               ? STATUS_OK
               : error_set(error, STATUS_USAGE,
                           "'%s' is no key: keys are called like a, +, F5, Alt-Left, Ctrl-L, Space, PageUp",
                           name);
}
