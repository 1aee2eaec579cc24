/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The network's weights as a state_dict, in the names and the order of the file that they are from. */
#ifndef IPPRO_SESSION_COMMANDS_SAVE_WEIGHTS_H
#define IPPRO_SESSION_COMMANDS_SAVE_WEIGHTS_H

#include "session/language/command.h"

/* `graph` is the network as it is to be written. The path ends in .pth, .pt or .safetensors. What the file
 * had beside the network's parameters (counters of batches, heads for training) is written as it was.
 * `prefix`: with what all names of the file began with. */
status save_weights(struct call *call, const char *path, const struct graph *graph, bool prefix,
                    struct error *error);

#endif
