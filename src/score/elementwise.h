/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The element-wise layer h behind a layer's target u, however the exporter has written it down: as one
 * operator (HardSwish), or as several (Add 3, Clip, Mul by u, Div by 6).
 *
 * A *step* leads from a value to the next one in which all that was made of it meets again: every consumer of
 * the value, and every consumer of what these make, works element by element, and its other operands are
 * constants of one number or of one number per channel. No network output lies within. Steps from u on give
 * the candidates h1(u), h2(h1(u)), ... for h. Which of them is h:
 *
 * 1. The last that is a common activation function, known by its values (score/function.h): GELU's factor 1/2
 *    belongs to it, one half of a network's own behind it does not.
 * 2. Else the first behind an operator that is an activation function by itself (Relu, Sigmoid, PRelu), or
 *    behind a branching of a function that is not affine (u * Sigmoid(1.5 * u)). So a Relu that alone reads u
 *    is h, whatever factors follow.
 * 3. Else the last, where it is not affine (Abs, Pow).
 * 4. Else the identity: factors, shifts, additions of other branches and products with what is not element by
 *    element (squeeze and excitation) are no activation. */
#ifndef IPPRO_SCORE_ELEMENTWISE_H
#define IPPRO_SCORE_ELEMENTWISE_H

#include "nn/graph/graph.h"

struct element_search {
    const struct graph *graph;     /* borrowed, as all of these */
    const struct graph_uses *uses; /* of the graph */
    const bool *is_output;         /* per value */
    bool *inside;                  /* per value: scratch, all false before and after */
    int *nodes;                    /* scratch for the graph's number of nodes */
};

/* Where u's channels are. */
struct element_target {
    int value;      /* u */
    int rank, axis; /* of u, and which of its dimensions counts the channels */
    int64_t channels;
};

struct element_layer {
    int node;         /* makes h(u); -1: h is the identity */
    int value;        /* h(u); u for the identity */
    const char *name; /* operator or function, static; NULL for the identity */
};

/* Fails with STATUS_MEMORY, or as the engine does on nodes that cannot be run. */
status element_layer_find(struct element_search *search, const struct element_target *target,
                          struct element_layer *layer, struct error *error);

#endif
