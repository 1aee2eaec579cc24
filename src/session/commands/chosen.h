/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which layers, scores and images a call chooses. */
#ifndef IPPRO_SESSION_COMMANDS_CHOSEN_H
#define IPPRO_SESSION_COMMANDS_CHOSEN_H

#include "session/language/command.h"
#include "session/shown.h"

/* The scored layers that a call's arguments from `first` on name or match; none means all. Ascending indices,
 * owned by the caller (mem_free). Refuses arguments that meet no scored layer. */
status call_layers(const struct call *call, int first, int **layers, int *count, struct error *error);

/* The network's layer of that index. */
const struct layer *call_layer(const struct call *call, int index);

/* Held scores from positional arguments; none means all that are held. */
status call_scores(const struct call *call, struct shown_scores *scores, struct error *error);

/* The held scores that argument `index` names; refused where not scored. */
status call_entry(const struct call *call, int index, const struct score_entry **entry, struct error *error);

/* How many of the layer's channels go at the ratio and rounding of the call. */
int64_t call_pruned(const struct call *call, int layer);

/* The images that a judging command uses: its parameter samples, and the options order, seed and balanced
 * where they are given. Owned by the caller. */
status call_sample(const struct call *call, struct sample *sample, struct error *error);

#endif
