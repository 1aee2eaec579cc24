/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Networks from weights without a graph: which architecture a checkpoint belongs to, told to the user. */
#ifndef IPPRO_SESSION_COMMANDS_LOAD_WEIGHTS_H
#define IPPRO_SESSION_COMMANDS_LOAD_WEIGHTS_H

#include "architecture/table.h"
#include "session/language/command.h"

struct model;

/* Read a checkpoint and make a network of it, with the parameters `as` and `input` of the call. Where no
 * architecture fits, the reply shows what does not, of the nearest one. */
status load_weights(struct call *call, const char *path, struct model **model, struct error *error);
/* The networks that are described, or the one that is called `as`. What is wrong with files of networks is
 * said in the reply. The list is filled, and to be freed, where the status is STATUS_OK. */
status known_networks_for(const struct call *call, const char *as, struct architecture_list *list,
                          struct error *error);

#endif
