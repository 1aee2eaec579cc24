/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Another network for the session. */
#ifndef IPPRO_SESSION_COMMANDS_TAKE_MODEL_H
#define IPPRO_SESSION_COMMANDS_TAKE_MODEL_H

#include "session/language/command.h"

struct model;

/* The session gets the network, which is its own from here on, and the reply says what it is: layers,
 * parameters, images, classes, and whether the open images go with it. */
status take_model(struct call *call, struct model *model, struct error *error);

#endif
