/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was found out about each layer: how far the criteria agree in it, and what it costs in accuracy. */
#ifndef IPPRO_TUI_LAYER_FACTS_H
#define IPPRO_TUI_LAYER_FACTS_H

#include "tui/explorer.h"

/* Zeroed: nothing is known. A layer that something does not apply to has NaN. */
struct layer_facts {
    double *agreement; /* per layer: mean correlation over the pairs of criteria; NULL: not known. Owned */
    double *drop;  /* per layer: accuracy lost, in points, when its block alone is pruned; NULL likewise */
    int layers;    /* in each */
    bool compared; /* agreement is up to date, be it that it is not known */
    double drop_ratio; /* the ratio of `drop`: of those that were measured, the nearest to the option ratio */
};

void layer_facts_free(struct layer_facts *facts);
/* Agreement anew, by the command corr: when it is not `compared` and is to be shown. */
void layer_facts_compare(struct explorer *explorer, struct layer_facts *facts);
/* The drop anew, from the last map of the command sensitivity where that is of this network. While a command
 * runs it stays as it is. */
void layer_facts_measure(const struct explorer *explorer, struct layer_facts *facts);

#endif
