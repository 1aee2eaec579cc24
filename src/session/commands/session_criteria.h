/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files beside the networks and data that a session's commands came from: of criteria, and recipes. */
#ifndef IPPRO_SESSION_COMMANDS_SESSION_CRITERIA_H
#define IPPRO_SESSION_COMMANDS_SESSION_CRITERIA_H

#include "session/commands/document.h"
#include "session/language/command.h"

/* See to it that the criteria which a command's object names are there, and the very ones. One that is not is
 * defined by its file, if that is as it was and `programs` allows to run it; else this fails and says what to
 * do. */
status session_bring_criteria(const struct call *call, const json_t *command, bool programs,
                              struct error *error);
/* A recipe that is another one by now, or gone, is told: the session has the ratios that it had. */
void session_tell_recipe(const struct call *call, const json_t *command);

#endif
