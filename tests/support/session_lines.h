/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Running lines in a session, for tests. */
#ifndef IPPRO_TESTS_SESSION_LINES_H
#define IPPRO_TESTS_SESSION_LINES_H

#include "base/progress.h"
#include "base/status.h"
#include "session/language/command.h"
#include "session/reply.h"
#include "session/session.h"

/* All statements of a line, up to the first that fails. */
status run_with(struct session *session, const char *line, struct reply *reply, struct progress *progress,
                struct error *error);
/* A line that must succeed; what it answers is dropped. */
void run_line(struct session *session, const char *line);
/* A session in which a line has run that must succeed; "" is none. */
struct session *new_session(const char *line);

#endif
