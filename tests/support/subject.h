/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A network to prune in tests: its layers, its coupling and the classes that are taken away. */
#ifndef IPPRO_TESTS_SUBJECT_H
#define IPPRO_TESTS_SUBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "nn/graph/graph.h"
#include "prune/coupling.h"
#include "score/layer.h"

struct subject {
    struct graph *graph;
    struct layers *layers;
    struct coupling *coupling;
    bool *removed; /* by class: none at first */
};

/* Takes the graph. Whatever fails, fails the test. */
struct subject subject_of(struct graph *graph);
void subject_free(struct subject *subject);
/* The class of one channel of a layer goes. */
void subject_remove(struct subject *subject, const char *layer, int64_t channel);

/* What a network answers to two fixed images of small integers: `count` floats, all of its output. */
void outputs_of(const struct graph *graph, float *out, int64_t count);

#endif
