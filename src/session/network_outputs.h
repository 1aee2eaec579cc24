/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which outputs of a file's network are looked at: one that the user names, or the one that classifies, or
 * all of them. */
#ifndef IPPRO_SESSION_NETWORK_OUTPUTS_H
#define IPPRO_SESSION_NETWORK_OUTPUTS_H

#include "base/text.h"
#include "nn/graph/graph.h"

enum { OUTPUTS_ALL = -1 }; /* in the place of the number of an output */

/* The output of that name; OUTPUTS_ALL for "all" where none is called so. For a name that no output has the
 * message lists those that there are. */
status outputs_find(const struct graph *graph, const char *name, int *output, struct error *error);

/* The output that it is clear to look at in a simplified graph with several: the first whose shape is batch x
 * classes, unless others are lists of things (three dimensions), as detectors give them; or the first where
 * all classify pixels alike (the others are heads that a network learns with). OUTPUTS_ALL where none is. */
int outputs_clear(const struct graph *graph);

/* graph_simplify of the network with that output alone, or with all. */
status outputs_simplify(const struct graph *graph, int output, struct graph **simple, struct error *error);

/* "aux1 (1x10), aux2 (1x10)": the names and shapes of all outputs but one, or of all. */
void outputs_add_names(const struct graph *graph, int without, struct text *text);

#endif
