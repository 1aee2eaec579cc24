/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small graphs written down in tests: values are named, lists end with NULL, and what cannot be built fails
 * the test. */
#ifndef IPPRO_TESTS_GRAPH_MAKER_H
#define IPPRO_TESTS_GRAPH_MAKER_H

#include <stdint.h>
#include "nn/graph/graph.h"
#include "support/attributes.h"

#define DIMS(...)                                                                                            \
    (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (const int64_t[])                             \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }
#define NAMES(...)    ((const char *const[]){__VA_ARGS__, NULL})
#define NO_ATTRIBUTES NULL, 0
#define ATTRIBUTES(...)                                                                                      \
    ((struct attribute[]){__VA_ARGS__}),                                                                     \
        (int)(sizeof((struct attribute[]){__VA_ARGS__}) / sizeof(struct attribute))

struct graph *make_graph(int opset);

/* The value of this name, made when it is not there; "" is the input that is left out. */
int named(struct graph *graph, const char *name);
int make_input(struct graph *graph, const char *name, int rank, const int64_t *dims);
void make_output(struct graph *graph, const char *name);
int make_tensor(struct graph *graph, const char *name, struct tensor *tensor);
struct tensor *integers(int count, const int64_t *values);
int make_integers(struct graph *graph, const char *name, int count, const int64_t *values);
int make_integer(struct graph *graph, const char *name, int64_t number);

/* A float constant counting start, start + 1, ... */
int make_reals(struct graph *graph, const char *name, int rank, const int64_t *dims, float start);
int make_node(struct graph *graph, const char *name, const char *op, const char *const *inputs,
              const char *const *outputs, const struct attribute *attributes, int attribute_count);
const struct node *find_node(const struct graph *graph, const char *name);
int count_nodes(const struct graph *graph, const char *op);

#endif
