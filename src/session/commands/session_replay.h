/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening a session: its commands are run again in a session of their own, and only when all succeed and
 * agree with what the file says do they become the history of the present one. No program is run, unless the
 * user says so: then those files of criteria whose SHA-256 is the one recorded. */
#ifndef IPPRO_SESSION_COMMANDS_SESSION_REPLAY_H
#define IPPRO_SESSION_COMMANDS_SESSION_REPLAY_H

#include "session/commands/document.h"
#include "session/language/command.h"

/* Is the document a session? Errors name the file. */
status session_check_format(const struct document *document, const char *path, struct error *error);
/* Open it, in the place of what `call` has. The reply says how many commands there were. */
status session_replay(struct call *call, const struct document *document, const char *path,
                      struct error *error);

#endif
