/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inside of a network that learns: network.c makes it, network_pass.c runs it. */
#ifndef IPPRO_TRAIN_NETWORK_INTERNAL_H
#define IPPRO_TRAIN_NETWORK_INTERNAL_H

#include "nn/engine/engine.h"
#include "nn/engine/network_end.h"
#include "nn/operator/batch_norm.h"
#include "train/network.h"

/* A BatchNormalization: what is learnt of it, and its statistics. */
struct training_norm {
    int scale, shift; /* parameters */
    int statistics;   /* index of its running ones */
    double epsilon, momentum;
    int64_t positions; /* per image, known once an engine is there */
    double *variance;  /* of the last batch, unbiased; in the network's arena */
    double *sums;      /* (2, C) over the parts, likewise */
};

/* A part of a batch. */
struct training_part {
    struct engine *engine;
    struct loss *losses;
    int64_t *labels;
    int64_t labels_capacity;
    struct class_pixels *pixels; /* of label maps */
    int norm;                    /* that it waits for, -1 at the end of a pass */
    struct error error;
};

struct training_network {
    struct training_options options;
    struct arena *arena;
    struct graph *graph; /* with constants of its own wherever something is learnt */
    struct judged_graph judged;
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
    int part_count;
    struct training_part *parts;
    size_t bytes; /* of parameters and gradients */
};

#endif
