/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands of the full screen only say what is wanted: the front end does it, for the session knows no
 * terminal. */
#ifndef IPPRO_SESSION_COMMANDS_REQUEST_H
#define IPPRO_SESSION_COMMANDS_REQUEST_H

#include "session/language/command.h"
#include "session/reply.h"

/* Ask for it, with the call's arguments as words. */
status call_request(const struct call *call, enum request_kind kind, struct error *error);
/* The key that argument `index` names; the press as press_parse gives it. */
status call_press(const struct call *call, int index, int *press, struct error *error);

#endif
