/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands that give a network other numbers in the same channels: calibrate, finetune and the like. */
#ifndef IPPRO_SESSION_COMMANDS_OTHER_WEIGHTS_H
#define IPPRO_SESSION_COMMANDS_OTHER_WEIGHTS_H

#include "nn/graph/graph.h"
#include "session/language/command.h"
#include "session/model.h"

/* Refused while channels are selected: they would come back with unprune, and nobody has looked after them.
 */
status other_weights_allowed(const struct session *session, struct error *error);

/* A network with the same channels in the place of the present one: ratios stay, scores are dropped.
 * Ownership of the model passes, also on failure, when the session stays as it is. */
status other_weights_put(struct session *session, struct model *model, struct error *error);

/* The network with these weights takes the place of the present one. Ratios stay, scores are dropped (which
 * is said). `made` says what was done, in one line; together with `more` (may be NULL) it has all that the
 * new weights depend on beside the old ones and the data, and so names the network. The graph's ownership
 * passes, also on failure, when the session stays as it is. */
status other_weights_take(struct call *call, struct graph *graph, const char *made, const char *more,
                          struct error *error);

#endif
