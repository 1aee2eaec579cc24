/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Running lines in a session. */
#include "session/language/run.h"
#include "support/session_lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "session/language/parse.h"

status run_with(struct session *session, const char *line, struct reply *reply, struct progress *progress,
                struct error *error)
{
    struct parsed_line parsed;
    status code = parse_line(line, &parsed, error);
    for (int i = 0; code == STATUS_OK && i < parsed.count; i++)
        code = session_run(session, &parsed.statements[i], false, progress, reply, error);
    if (parsed.arena)
        parsed_line_free(&parsed);
    return code;
}

void run_line(struct session *session, const char *line)
{
    struct reply reply = {0};
    struct error error = {0};
    if (run_with(session, line, &reply, NULL, &error) != STATUS_OK)
        fail_msg("%s: %s", line, error.message);
    reply_free(&reply);
}

struct session *new_session(const char *line)
{
    struct session *session;
    struct error error = {0};
    assert_int_equal(session_new(&session, &error), STATUS_OK);
    run_line(session, line);
    return session;
}
