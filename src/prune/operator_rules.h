/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What operators mean to pruning: a row for every operator of nn/operator. The functions that rows name are
 * in the files of what they are for (prune/operator_rules_internal.h). A column that a row leaves out has a
 * meaning too, which its comment gives: no operator is without one. */
#ifndef IPPRO_PRUNE_OPERATOR_RULES_H
#define IPPRO_PRUNE_OPERATOR_RULES_H

#include <stdbool.h>
#include "base/status.h"

struct builder;
struct coupling;
struct masking;
struct node;
struct op;
struct plan;
struct rescaling;
struct surgery;

/* Give labels to the outputs of a node, whose labels come on the first input alone unless `several`; false
 * when memory is out. */
typedef bool couple_rule(struct builder *builder, int node);
/* Bit set of the axes whose lengths mean something to a node that moves elements of a tensor of the given
 * rank; the others may be given length 1 where labels do not change, so that large images cost nothing. */
typedef unsigned pin_rule(const struct plan *plan, const struct node *node, int rank);
/* Can surgery write what becomes of the node when any of its labels go? */
typedef bool cuttable_rule(const struct coupling *coupling, const struct node *node);
/* Adjust a node that reads or makes a value of which something goes. Errors do not name the node. */
typedef status cut_rule(struct surgery *surgery, int node, struct error *error);
/* Zero the node's weights that make or read what goes. */
typedef status mask_rule(struct masking *masking, int node, struct error *error);
/* Powers of the factor for the outputs of a node that something scaled reaches, or take it out of its
 * weights. */
typedef status follow_rule(struct rescaling *rescaling, int node, struct error *error);
/* The operand that zeros could lead out of the operator's domain, -1: none in this node. */
typedef int domain_rule(const struct coupling *coupling, const struct node *node);

/* Part of a channel shuffle: a Reshape that lays out a table of channels or takes it in, a Transpose between.
 */
enum shuffle_part { SHUFFLE_NONE, SHUFFLE_TABLE, SHUFFLE_TURN };

/* When is an element of the output zero in a masked network? */
enum zero_rule {
    ZERO_LOST,   /* it need not be */
    ZERO_ALL,    /* when it is in all inputs */
    ZERO_ANY,    /* when it is in one of them */
    ZERO_WEIGHED /* always, with constant weights, which the mask zeroes; else as ZERO_ANY */
};

struct operator_rule {
    const char *op; /* its name in nn/operator */

    couple_rule *couple; /* NULL: it locks the channels that it meets */
    bool several;        /* couple knows labels on inputs other than the first; else these lock */
    /* Why it locks for one of these two, in words that complete "locked: "; NULL: LOCK_OPERATOR's words
     * without couple, LOCK_MIXED's with one. */
    const char *locks;
    bool adds; /* ties by it make a residual stream */
    enum shuffle_part shuffle;
    enum zero_rule zero;

    /* of operators that couple_moved is for */
    pin_rule *pin;           /* NULL: all lengths do */
    cuttable_rule *cuttable; /* NULL: always */

    cut_rule *cut;       /* NULL: nothing in the node tells of channels */
    mask_rule *mask;     /* NULL: the node has no weights that make or read channels by themselves */
    follow_rule *follow; /* NULL: it passes no factor on, and scaling is refused */
    domain_rule *domain; /* NULL: it is defined everywhere */

    /* The first inputs, behind the activations, whose real constants are trained, however few numbers they
     * are, and none behind them; 0: constants beside activations count when they are more than one number. */
    int trained;
    bool channel_vectors; /* a trained vector belongs to axis 1 of the output, not to the last one */

    /* What Torch-Pruning counts beside weights, per element of the first output and of the first input. */
    int output_cost, input_cost;
};

/* The row of an operator, by its address; for one that nn/operator does not have, a row without columns.
 * Never NULL. */
const struct operator_rule *operator_rule_find(const struct op *op);
const struct operator_rule *operator_rule_at(int index); /* all rows, for tests; NULL past the end */

#endif
