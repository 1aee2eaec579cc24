/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A network as a graph of nodes over named values, as a file gives it or as simplification leaves it.
 *
 * Values and nodes are arrays; everything refers to them by index. Nodes stand in topological order once
 * graph_finish has succeeded. Names, attributes and arrays live in the graph's arena; constant tensors are
 * reference-counted, so that two versions of a network share their weights. A finished graph is immutable:
 * simplification and surgery build a new one. */
#ifndef IPPRO_NN_GRAPH_GRAPH_H
#define IPPRO_NN_GRAPH_GRAPH_H

#include <stdbool.h>
#include <stdint.h>
#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/tensor.h"

struct op;

enum attribute_kind {
    ATTRIBUTE_INTEGER,
    ATTRIBUTE_REAL,
    ATTRIBUTE_STRING,
    ATTRIBUTE_INTEGERS,
    ATTRIBUTE_REALS,
    ATTRIBUTE_STRINGS,
    ATTRIBUTE_TENSOR
};

struct attribute {
    const char *name;
    enum attribute_kind kind;
    int64_t integer;
    double real;
    const char *string;
    int64_t *integers;
    double *reals;
    const char **strings;
    size_t count;          /* of integers, reals or strings */
    struct tensor *tensor; /* one reference, freed by graph_free */
};

enum { VALUE_NONE = -1, DIMENSION_UNKNOWN = -1 };

struct value {
    const char *name;        /* unique, never empty */
    enum element_type type;  /* declared for inputs, constants and outputs; set by planning elsewhere */
    int file_type;           /* ONNX data type declared in the file, 0 where none */
    struct shape shape;      /* declared; DIMENSION_UNKNOWN where symbolic; rank -1 when not declared */
    struct tensor *constant; /* parameter or folded constant (one reference), else NULL */
    int producer;            /* node index, or VALUE_NONE for inputs and constants */
};

struct node {
    const char *name; /* unique; made from the operator and its index where the file gives none */
    const struct op *op;
    int *inputs; /* value indices, VALUE_NONE where an optional input is left out */
    int input_count;
    int *outputs; /* value indices, VALUE_NONE where an optional output is not wanted */
    int output_count;
    struct attribute *attributes;
    int attribute_count;
};

struct metadata {
    const char *key, *value;
};

struct graph {
    struct arena *arena;
    const char *name, *producer, *producer_version, *domain, *documentation;
    int64_t ir_version, model_version;
    int opset;              /* of the default domain */
    int64_t batch;          /* images that it computes at a time, where that is fixed; 0: any number */
    const char *batch_node; /* where they cannot be told apart, in words; NULL: batch is 0 */
    /* The file's images have their channels last. The graph's are channels first all the same, as everywhere
     * in the program; files are written as the file was. */
    bool channels_last;
    struct value *values;
    int value_count;
    size_t value_capacity;
    struct node *nodes;
    int node_count;
    size_t node_capacity;
    int *inputs, *outputs; /* the network's inputs (without constants) and outputs, value indices */
    int input_count, output_count;
    size_t input_capacity, output_capacity;
    struct metadata *metadata;
    int metadata_count;
};

struct graph *graph_new(void); /* NULL when memory is out */
void graph_free(struct graph *graph);

/* Building. Names are copied into the arena. Each returns the index or -1 when memory is out. */
int graph_add_value(struct graph *graph, const char *name, enum element_type type, const struct shape *shape);
/* Takes a reference of its own (as graph_add_node does for tensor attributes); the caller keeps his. */
int graph_add_constant(struct graph *graph, const char *name, struct tensor *tensor);
int graph_add_node(struct graph *graph, const char *name, const struct op *op, const int *inputs,
                   int input_count, const int *outputs, int output_count, const struct attribute *attributes,
                   int attribute_count); /* arrays and attributes are copied deeply, producers are set */
int graph_add_input(struct graph *graph, int value);
int graph_add_output(struct graph *graph, int value);

/* Check and order: every input is made by somebody, no value by two, no cycle, unique value names. Nodes
 * without a name, or with one that was there before, get a new one. Nodes that stand in order already stay
 * where they are. Linear in nodes and values (hashed names, no recursion). Errors name the node and value. */
status graph_finish(struct graph *graph, struct error *error);

int graph_find_value(const struct graph *graph, const char *name); /* -1 when absent; linear */
/* Consumers of every value as a compressed table: consumers of v are list[start[v]..start[v+1]-1], node
 * indices ascending, one entry per use. Memory from the given arena. */
struct graph_uses {
    int *start, *list;
};
status graph_uses(const struct graph *graph, struct arena *arena, struct graph_uses *uses,
                  struct error *error);

/* Attribute access with ONNX defaults. */
const struct attribute *node_attribute(const struct node *node, const char *name);
int64_t node_integer(const struct node *node, const char *name, int64_t fallback);
double node_real(const struct node *node, const char *name, double fallback);
const char *node_string(const struct node *node, const char *name, const char *fallback);

#endif
