/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Going back and forth in the history: what undo and redo have in common. */
#ifndef IPPRO_SESSION_COMMANDS_TRAVEL_H
#define IPPRO_SESSION_COMMANDS_TRAVEL_H

#include "session/language/command.h"

extern const struct parameter travel_arguments[]; /* how many commands */
/* As many commands as the call's argument says, one without it. `direction`: -1 back, 1 forth. */
status travel(struct call *call, int direction, struct error *error);

#endif
