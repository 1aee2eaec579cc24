/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parts of values. Private to narrow*.c. */
#ifndef IPPRO_NN_SIMPLIFY_NARROW_INTERNAL_H
#define IPPRO_NN_SIMPLIFY_NARROW_INTERNAL_H

#include "nn/operator/plan.h"
#include "nn/simplify/narrow.h"

enum part_kind {
    PART_NONE, /* nobody looks */
    PART_SOME,
    PART_WHOLE
};

/* Of the axis the places `first` to first + count - 1, out of `length`. Where the axis has more elements,
 * each place has as many of them, which lie together. */
struct part {
    enum part_kind kind;
    int axis;
    int64_t length, first, count;
};

enum { NARROW_BATCHES = 2 };

struct narrowing {
    const struct graph *graph;
    struct plan *plans[NARROW_BATCHES]; /* at two batch sizes; the same one twice where there is only one */
    struct arena *arena;                /* for the search */
    struct part *parts;                 /* per value: what is needed of it */
    bool *partial;                      /* per node: makes only what is needed of its output */
    bool *barred;                       /* per node: cannot do so */
};

/* What of input `input` a node looks at to make `out` of its output, PART_SOME or PART_WHOLE; false where it
 * cannot make that alone. For inputs that are constant only PART_WHOLE will do. */
bool narrow_rule(const struct narrowing *narrowing, const struct node *node, int input,
                 const struct part *out, struct part *in);
bool narrow_is_taker(const struct op *op); /* may take a part out of its first input */
/* Whether the node takes a part out of its first input, and which. */
bool narrow_taken(const struct narrowing *narrowing, const struct node *node, struct part *taken);
bool part_equal(const struct part *a, const struct part *b);
/* Of a node that makes a part: whether an input that is not what it needs must be taken out of more. */
bool narrow_is_missing(const struct narrowing *narrowing, const struct node *node, int input,
                       struct part *asked);

/* Make the graph in which every value is what its part says; what is missing is taken out. */
status narrow_build(const struct narrowing *narrowing, struct narrowed_graph *narrowed, struct error *error);

#endif
