/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether network and data fit each other, told where either is new. */
#ifndef IPPRO_SESSION_COMMANDS_MISFIT_H
#define IPPRO_SESSION_COMMANDS_MISFIT_H

#include "session/session.h"

/* A note where the network cannot run these images, or where they were made for another one. That is no error
 * yet: perhaps the other half is loaded next. */
void reply_misfit(const struct session *session, struct reply *reply);

#endif
