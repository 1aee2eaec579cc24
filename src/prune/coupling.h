/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Coupling: which channels of a network must be removed together.
 *
 * Union-find over labels (prune/label.h). Each operator's rule only says which channel of its output *is*
 * which channel of its inputs: a convolution makes new channels; BatchNorm, activations and pooling keep
 * them; an addition unites; Concat, Slice, Split, Gather and Pad shift; Reshape regroups. That covers
 * residual streams, option-A shortcuts, DenseNet, channel shuffles and depthwise convolutions with one rule
 * set. What an operator without a rule touches is locked, with the reason.
 *
 * A *class* is a set of channels tied together. Classes whose channels lie in the same layers form a *block*,
 * the unit of a ratio; blocks that share a layer form a *group*, what a researcher calls a residual stream or
 * an inner layer. */
#ifndef IPPRO_PRUNE_COUPLING_H
#define IPPRO_PRUNE_COUPLING_H

#include <stdbool.h>
#include <stdint.h>
#include "base/text.h"
#include "nn/plan.h"
#include "prune/label.h"
#include "prune/layer.h"

/* Why a class cannot be removed: code, words that complete "locked: ". */
#define LOCK_LIST(X)                                                                                         \
    X(LOCK_INPUT, "it is the network's input")                                                               \
    X(LOCK_OUTPUT, "it is the network's output")                                                             \
    X(LOCK_MIXED, "the operator mixes channels in a way that removal would change")                          \
    X(LOCK_BROADCAST, "one channel is applied to all channels")                                              \
    X(LOCK_BATCH, "the operator moves the batch axis")                                                       \
    X(LOCK_WEIGHTLESS, "its layer has only this one channel left to give")

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

struct channel_class {
    const struct channel_member *members; /* layer channels in the class, by layer then channel */
    int member_count;
    int lock;  /* index into locks, -1 when free */
    int block; /* index, -1 for a class without members */
};

struct block {
    const int *classes; /* ascending: by the first layer's channel */
    int class_count;
    const int *layers; /* ascending */
    int layer_count;
    int group;
    bool locked; /* all its classes are */
};

struct group {
    const int *blocks, *layers, *ties; /* ties: nodes that unite channels of the group, ascending */
    int block_count, layer_count, tie_count;
    const char *name; /* that of its first layer */
    bool stream;      /* ties the channels of more than one full convolution or linear layer */
    bool locked;      /* every block is */
};

struct coupling {
    struct arena *arena;
    const struct graph *graph;   /* borrowed */
    const struct layers *layers; /* borrowed */
    struct plan *plan;           /* at batch 1 */
    struct label_map *maps;      /* per value; labels NULL for constants */
    int *class_of;               /* per label */
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
};

status coupling_build(const struct graph *graph, const struct layers *layers, struct coupling **coupling,
                      struct error *error);
void coupling_free(struct coupling *coupling);
const char *lock_reason_text(enum lock_reason reason);
/* In words: what is tied to what and by which node, what is locked and why. */
void group_describe(const struct coupling *coupling, int group, struct text *text);

#endif
