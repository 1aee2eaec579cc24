/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of a repair share. */
#ifndef IPPRO_PRUNE_REPAIR_INTERNAL_H
#define IPPRO_PRUNE_REPAIR_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/edit.h"
#include "nn/graph/graph.h"
#include "prune/least_squares.h"
#include "prune/patches.h"
#include "prune/repair.h"
#include "score/layer.h"

/* One call of a layer that is fitted. */
struct refit_call {
    struct patches patches;
    double
        *targets; /* what the network as loaded answered: image x position x channel; NULL: not known yet */
    int64_t target_rows; /* per image */
};

/* A layer that is fitted. */
struct refit {
    int layer; /* of the pruned network */
    struct least_squares_size size;
    bool bias;                /* the constant is a bias; else, if there is one, a mean's */
    struct refit_call *calls; /* one for each of the layer's */
    int call_count;
};

struct repairing {
    const struct repair *repair;
    struct repaired_layer *done;
    struct graph view; /* the pruned graph, whose output moves from layer to layer */
    struct edit *edit; /* of the view: what is repaired so far */
    struct refit *fittings;
    int count;
    struct refit_call *calls; /* of all fittings */
    int call_count;
    struct arena *arena;
    int64_t *runs_of_original; /* per value: nn/execution/images.h */
    int64_t runs, run;         /* passes in all, and the present one: for progress */
    /* of the present pass */
    int first, end; /* fittings whose targets are collected */
    int call;       /* of fitting `first`, whose rows are collected */
    struct least_squares *squares;
    double *image, *row;
    int64_t *positions;
};

/* By the pruned network's number; the original one is NULL where the layer has no counterpart. */
const struct layer *repair_pruned_layer(const struct repairing *repairing, int index);
const struct layer *repair_original_layer(const struct repairing *repairing, int index);
int64_t repair_original_channel(const struct repairing *repairing, int layer, int64_t channel);

/* What becomes of each layer, and the fittings of those that read what changed (prune/repair_plan.c). */
status repair_find_fittings(struct repairing *repairing, struct error *error);
/* Layers that read what they did are what they were. */
status repair_restore_layers(struct repairing *repairing, struct error *error);
/* A parameter of the original layer at the channels that are left: of the pruned layer's length; the
 * caller's. NULL when memory is out. */
double *repair_restored(const struct repairing *repairing, int index, int value);
/* BatchNorm as it was; *differs is set where it was another one. */
status repair_restore_norm(struct repairing *repairing, int index, bool *differs, struct error *error);

#endif
