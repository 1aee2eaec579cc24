/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Running a statement: the one way in which a command changes the session. */
#ifndef IPPRO_SESSION_LANGUAGE_RUN_H
#define IPPRO_SESSION_LANGUAGE_RUN_H

#include "session/session.h"

struct statement;

/* Resolve and run one statement. On success the reply holds what is to be shown; with a redirection its
 * figures were written to the file instead. On failure the session is as it was and the reply is empty. */
status session_run(struct session *session, const struct statement *statement, bool prefixes,
                   struct progress *progress, struct reply *reply, struct error *error);

#endif
