/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changing options, and saying what became of it. */
#ifndef IPPRO_SESSION_COMMANDS_OPTION_CHANGE_H
#define IPPRO_SESSION_COMMANDS_OPTION_CHANGE_H

#include "session/language/command.h"

/* Make the options of the call the session's (session_set_options). The result is what changed, from what to
 * what; the reply says which scores were computed anew or dropped, what waits for the next score or data, and
 * where a selection or a ratio of a block is not what the options say. Options of the display, whose change
 * is seen, are no paragraph. */
status change_options(struct call *call, struct error *error);

#endif
