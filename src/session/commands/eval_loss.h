/* SPDX-License-Identifier: GPL-3.0-or-later */
/* eval where the loss looks at no labels: its mean, and no accuracy. */
#ifndef IPPRO_SESSION_COMMANDS_EVAL_LOSS_H
#define IPPRO_SESSION_COMMANDS_EVAL_LOSS_H

#include "session/language/command.h"
#include "session/pass_loss.h"

/* Show the mean loss of the network as it is now, and of the network as loaded beside it where that is
 * another one. Nothing is remembered. */
status eval_loss(struct call *call, const struct pass_loss *loss, struct error *error);

#endif
