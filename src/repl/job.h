/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Running one command from a plain terminal: long ones on a thread of their own, while this one draws the
 * progress line and listens to Ctrl-C. */
#ifndef IPPRO_REPL_JOB_H
#define IPPRO_REPL_JOB_H

#include "session/command.h"

/* Like session_run. */
status job_run(struct session *session, const struct statement *statement, bool prefixes, bool ascii,
               struct reply *reply, struct error *error);

#endif
