/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Running lines in a session, for tests. To be included behind cmocka.h. */
#ifndef IPPRO_TESTS_SESSION_LINES_H
#define IPPRO_TESTS_SESSION_LINES_H

#include "session/command.h"

/* All statements of a line, up to the first that fails. */
static status run_with(struct session *session, const char *line, struct reply *reply,
                       struct progress *progress, struct error *error)
{
    struct parsed_line parsed;
    status code = parse_line(line, &parsed, error);
    for (int i = 0; code == STATUS_OK && i < parsed.count; i++)
        code = session_run(session, &parsed.statements[i], false, progress, reply, error);
    if (parsed.arena)
        parsed_line_free(&parsed);
    return code;
}

/* A line that must succeed; what it answers is dropped. */
static inline void run_line(struct session *session, const char *line)
{
    struct reply reply = {0};
    struct error error = {0};
    if (run_with(session, line, &reply, NULL, &error) != STATUS_OK)
        fail_msg("%s: %s", line, error.message);
    reply_free(&reply);
}

#endif
