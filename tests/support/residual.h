/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small residual network with everything that makes gradients hard: BatchNorm, an option-A shortcut,
 * Concat, views whose input has one consumer and two, a layer that leads nowhere. */
#ifndef IPPRO_TESTS_RESIDUAL_H
#define IPPRO_TESTS_RESIDUAL_H

#include "nn/engine/engine.h"

enum { CLASSES = 5, SIDE = 8, PIXELS = 3 * SIDE * SIDE, MOST_PARAMETERS = 64, PROBES = 6 };

struct residual {
    struct graph *graph;
    struct probe probes[PROBES];
    const char *norms[PROBES];   /* name of the probe's BatchNorm, NULL without one */
    const char *linears[PROBES]; /* name of its linear layer */
};

struct residual residual_network(void);
/* Indices of all double parameters; returns how many. */
int residual_parameters(const struct graph *graph, int *weights);
/* With the network's probes, and the gradients of all parameters or of none. */
struct engine *residual_engine(const struct residual *network, int64_t batch, enum element_type real,
                               bool weights);

/* Image number `position` of an endless series, and its label. */
void residual_image(int64_t position, enum element_type real, void *image);
int64_t residual_label(int64_t position);
/* Forward over what stands in the input, taken for images first, first + 1, ...: the sum of their losses.
 * Writes the output gradient. */
double residual_loss(struct engine *engine, int64_t first);
/* Images first, first + 1, ... forward and backward. */
void residual_run(struct engine *engine, int64_t first);

#endif
