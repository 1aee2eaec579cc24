/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Networks from weights without a graph: which architecture a checkpoint belongs to, told to the user. */
#ifndef IPPRO_SESSION_COMMANDS_LOAD_WEIGHTS_H
#define IPPRO_SESSION_COMMANDS_LOAD_WEIGHTS_H

#include "session/language/command.h"

struct model;

/* Read a checkpoint and make a network of it, with the parameters `as` and `input` of the call. Where no
 * architecture fits, the reply shows what does not, of the nearest one. */
status load_weights(struct call *call, const char *path, struct model **model, struct error *error);

#endif
