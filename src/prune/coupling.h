/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Coupling: which channels of a network must be removed together.
 *
 * Union-find over labels (prune/label.h). Each operator's rule only says which channel of its output *is*
 * which channel of its inputs: a convolution makes new channels; BatchNorm, activations and pooling keep
 * them; an addition unites; Concat, Slice, Split, Gather and Pad shift; Reshape regroups. That covers
 * residual streams, option-A shortcuts, DenseNet, channel shuffles and depthwise convolutions with one rule
 * set. A layer that is called several times has the same channels at every call. What an operator without a
 * rule touches is locked, with the reason. Whatever free classes are chosen, what stays of every value is
 * rectangular, so that surgery finds no case it cannot cut.
 *
 * A *class* is a set of channels tied together. Classes whose channels lie in the same layers form a *block*,
 * the unit of a ratio; blocks that share a layer form a *group*, what a researcher calls a residual stream or
 * an inner layer. */
#ifndef IPPRO_PRUNE_COUPLING_H
#define IPPRO_PRUNE_COUPLING_H

#include <stdbool.h>
#include <stdint.h>
#include "base/text.h"
#include "nn/operator/plan.h"
#include "prune/label.h"
#include "score/layer.h"

/* Why a class cannot be removed: code, words that complete "locked: ". */
#define LOCK_LIST(X)                                                                                         \
    X(LOCK_INPUT, "it is the network's input")                                                               \
    X(LOCK_OUTPUT, "it is the network's output")                                                             \
    X(LOCK_MIXED, "the operator mixes channels in a way that removal would change")                          \
    X(LOCK_REDUCED, "a sum, mean or maximum is taken over all its channels, which removal would change")     \
    X(LOCK_SUMMED, "it is summed without weights, and would not be zero when it is masked")                  \
    X(LOCK_STATISTICS, "none of its channels can go without changing the mean and variance of the others")   \
    X(LOCK_BROADCAST, "one channel is applied to all channels")                                              \
    X(LOCK_BATCH, "the network computes several images at a time, which are not told apart")                 \
    X(LOCK_COMPUTED, "the operator's sizes are computed while the network runs")                             \
    X(LOCK_SHARED, "something else uses its weight too")                                                     \
    X(LOCK_CONSTANT, "it does not depend on the network's input")                                            \
    X(LOCK_OPERATOR, "there is no rule for the operator")

struct branch;
struct operator_rule;

/* What goes of attention heads that lie beside each other: whole heads, or the same part of every head. */
enum head_mode { HEADS_WHOLE, HEADS_PARTS };
const char *head_mode_name(int mode); /* NULL past the last */

enum lock_reason {
#define LOCK_ENUM(code, text) code,
    LOCK_LIST(LOCK_ENUM)
#undef LOCK_ENUM
};

struct lock {
    enum lock_reason reason;
    int node; /* where, -1 for input and output */
};

struct channel_member {
    int layer;
    int64_t channel;
};

/* What a class is to attention heads that lie beside each other. */
enum head_share { HEAD_NONE, HEAD_WHOLE, HEAD_PART };

struct channel_class {
    const struct channel_member *members; /* at least one layer channel, by layer then channel */
    int member_count;
    int lock; /* index into locks, -1 when free */
    int block;
    enum head_share head;
    bool zero_unsafe; /* it meets an operator that is not defined everywhere (a division by it, a root of it):
                         as zeros it could become infinite or no number at all */
};

struct block {
    const int *classes; /* ascending: by the first layer's channel */
    int class_count;
    const int *layers; /* ascending */
    int layer_count;
    int group;
    bool locked; /* all its classes are, for one reason; else none is */
};

struct group {
    const int *blocks, *layers, *ties; /* ties: nodes that unite channels of the group, ascending */
    int block_count, layer_count, tie_count;
    const char *name; /* that of its first layer */
    bool stream;      /* a residual stream: additions tie more than one convolution or linear layer */
    bool locked;      /* every block is */
};

/* What a node has to do with a channel shuffle (Reshape, Transpose, Reshape). */
struct shuffle {
    bool inside;            /* one of its first two nodes */
    const int *permutation; /* its last node: channel i of the output is channel permutation[i] of `source` */
    int source;             /* value that the shuffle reads */
};

struct coupling {
    struct arena *arena;
    const struct graph *graph;   /* borrowed */
    const struct layers *layers; /* borrowed */
    enum head_mode heads;
    struct plan *plan;                  /* at batch 1, or at the graph's own */
    struct label_map *maps;             /* per value; labels NULL for constants */
    struct shuffle *shuffles;           /* per node */
    const struct operator_rule **rules; /* per node: what its operator means to pruning */
    enum head_share *headed;            /* per value: what of heads the classes of its labels are */
    bool *zero;                         /* per value: in a masked network a channel that is gone is 0 in it */
    bool sums_channels; /* some operator without weights sums over channels, which must be 0 when they are
                           gone */
    int *class_of;      /* per label: -1 for what no layer makes (padding) */
    int label_count;
    struct channel_class *classes;
    int class_count;
    struct block *blocks;
    int block_count;
    struct group *groups;
    int group_count;
    const int **layer_classes; /* per layer: class of each channel */
    int *layer_group;          /* per layer */
    struct lock *locks;
    int lock_count;
    size_t lock_capacity;
    struct branch *branches; /* residual ones, by their sums: prune/branch.h */
    int branch_count;
    int projections; /* sums of two activations that have no such branch: of neither does the other come */
};

/* The graph (simplified) and its layers are borrowed. Close to linear in nodes and labels. Errors are those
 * of planning; otherwise every network has a coupling, be it all locked. coupling_build takes whole heads. */
status coupling_build_heads(const struct graph *graph, const struct layers *layers, enum head_mode heads,
                            struct coupling **coupling, struct error *error);
status coupling_build(const struct graph *graph, const struct layers *layers, struct coupling **coupling,
                      struct error *error);
void coupling_free(struct coupling *coupling);
const char *lock_reason_text(enum lock_reason reason);
/* The same for one lock: with LOCK_OPERATOR what the operator's row says (prune/operator_rules.h), if it
 * does. */
const char *lock_text(const struct coupling *coupling, const struct lock *lock);
/* Channels of a layer that go with a class. */
int64_t class_width(const struct channel_class *item, int layer);
/* Channels of a block's first layer that lie in the block. */
int64_t block_channels(const struct coupling *coupling, const struct block *block);
/* "2 classes of 6", "8 classes" where layers differ; nothing where a class is one channel of each layer. */
void text_add_classes(struct text *text, const struct coupling *coupling, const struct block *block);
/* In words: what is tied to what and by which node, what is locked and why. */
void group_describe(const struct coupling *coupling, int group, struct text *text);

#endif
