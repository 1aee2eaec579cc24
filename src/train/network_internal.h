/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inside of a network that learns: network.c makes it, network_pass.c runs it. */
#ifndef IPPRO_TRAIN_NETWORK_INTERNAL_H
#define IPPRO_TRAIN_NETWORK_INTERNAL_H

#include "nn/engine/engine.h"
#include "nn/engine/network_end.h"
#include "nn/operator/batch_norm.h"
#include "nn/simplify/narrow.h"
#include "train/exchange.h"
#include "train/network.h"

/* A BatchNormalization: what is learnt of it, and its statistics. */
struct training_norm {
    int scale, shift; /* parameters */
    double epsilon, momentum;
    double *variance; /* of the last batch, unbiased; in the network's arena */
    double *sums;     /* (2, C) over the parts, likewise */
};

/* A part of a batch of this rank. Which one it is differs from pass to pass. */
struct training_part {
    struct engine *engine;
    struct loss *losses;
    int64_t *labels;
    int64_t labels_capacity;
    struct class_pixels *pixels; /* of label maps */
    struct error error;
};

struct training_network {
    struct training_options options;
    struct arena *arena;
    struct graph *graph; /* with constants of its own wherever something is learnt */
    struct judged_graph judged;
    struct narrowed_graph narrowed; /* what engines run */
    struct packed_weights *packed;
    struct training_parameter *parameters;
    int parameter_count;
    int *weights;   /* values whose gradients engines compute: parameters without those of norms */
    int *weight_of; /* per parameter: index into weights, -1 where sums give the gradient */
    int weight_count;
    struct batch_norm *norms;
    struct training_norm *training_norms; /* the same order */
    int norm_count;
    struct running_statistics *running;
    int running_count;
    int64_t part_images;
    int own_parts;               /* engines of this rank, at least one */
    struct training_part *parts; /* own_parts */
    struct exchange exchange;    /* what ranks tell each other of all parts */
    double *sums;                /* of a stretch of weight gradients; NULL for passes without */
    size_t bytes;                /* of parameters and gradients */
};

/* network_gradient.c: gradients of all weights, from those of this rank's first `parts` parts and of the
 * other ranks' after a way back. Collective. */
enum { GRADIENT_STRETCH = 1 << 17 };
void add_up_gradients(const struct training_network *network, int parts, int64_t images);

#endif
