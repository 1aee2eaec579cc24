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

/* The ratio that a look ahead takes in a layer: what at= supposes, else the layer's own (session/ratio.h). */
double call_ratio(const struct call *call, int layer);
/* The same of a block. */
double call_block_ratio(const struct call *call, int block);
/* How many of the layer's channels go then, at the rounding of the call. */
int64_t call_pruned(const struct call *call, int layer);
/* "0.4", or "0.2 to 0.4" where the ratios of the layers differ. */
void text_add_ratios(struct text *text, const struct call *call, const int *layers, int count);
/* The same for all layers of the network that may have scores. */
void text_add_network_ratios(struct text *text, const struct call *call);

/* The images that a judging command uses: its parameter samples, and the options order, seed and balanced
 * where they are given. Owned by the caller. */
status call_sample(const struct call *call, struct sample *sample, struct error *error);

#endif
