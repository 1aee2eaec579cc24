/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files that find layers share while they do. Private to this room. */
#ifndef IPPRO_SCORE_LAYER_SEARCH_H
#define IPPRO_SCORE_LAYER_SEARCH_H

#include "score/elementwise.h"
#include "score/layer.h"

struct name_set;

struct layer_search {
    const struct graph *graph;
    struct arena *arena; /* for what only the search needs */
    struct graph_uses uses;
    bool *is_output;      /* per value */
    int *layer_of_node;   /* index into items, -1 */
    int *layer_of_weight; /* per value: index + 1, 0 for none */
    struct layers *layers;
    struct name_set *names;
    struct element_search elements;
};

/* An input of a node that is a constant of real numbers; NULL where it is not. */
const struct tensor *layer_real_input(const struct layer_search *search, const struct node *node, int index);
/* Fill in the calls of all layers, whose nodes and numbers of calls are known, and what follows from them:
 * bias, BatchNorm, activation, bound (score/layer_calls.c). */
status layer_calls_find(struct layer_search *search, struct error *error);

#endif
