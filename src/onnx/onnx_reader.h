/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of onnx_graph share: onnx_graph.c, which reads names and values, and onnx_graph_nodes.c.
 * Private to these. */
#ifndef IPPRO_ONNX_ONNX_READER_H
#define IPPRO_ONNX_ONNX_READER_H

#include <stdbool.h>
#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "onnx/onnx.pb-c.h"

/* What gives a name its value. */
enum definition_kind { DEFINED_CONSTANT, DEFINED_INPUT, DEFINED_OUTPUT };

struct definition {
    const char *name;
    enum definition_kind kind;
    size_t position;                   /* initialiser, input or node */
    const struct definition *constant; /* initialiser of the same name, for an input */
    int value;                         /* in the graph, once added */
};

struct reader {
    const Onnx__ModelProto *model;
    const Onnx__GraphProto *proto; /* the model's */
    struct graph *graph;
    struct arena *arena;            /* for what lives only while reading */
    struct definition *definitions; /* in this order: initialisers, inputs, outputs of nodes */
    struct definition **sorted;
    size_t definition_count;
    bool partial;       /* nodes that are not supported are kept for planning to refuse */
    int calls, inlined; /* of functions so far, and nodes of their bodies */
    struct error *error;
};

/* Put context in front of a message, except of what is about no place: "out of memory", "cancelled". */
#define in_context(error, ...)                                                                               \
    ((error)->code == STATUS_MEMORY || (error)->code == STATUS_CANCELLED ? (error)->code                     \
                                                                         : error_prefix(error, __VA_ARGS__))

static inline const char *text_of(const char *text)
{
    return text ? text : "";
}

/* onnx_graph.c: NULL where nobody defines the name. */
struct definition *reader_look_up(const struct reader *reader, const char *name);

/* onnx_graph_nodes.c: all nodes; values of their outputs are there already. */
status reader_add_nodes(struct reader *reader);
/* The error with the node's name in front, or its number and operator. */
status reader_in_node(const struct reader *reader, size_t position);

#endif
