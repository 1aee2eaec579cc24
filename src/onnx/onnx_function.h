/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Functions of a model: operators that are made of nodes, in a domain of the model's own. */
#ifndef IPPRO_ONNX_ONNX_FUNCTION_H
#define IPPRO_ONNX_ONNX_FUNCTION_H

#include <stddef.h>
#include "base/memory.h"
#include "base/status.h"
#include "onnx/onnx.pb-c.h"

enum {
    ONNX_MOST_CALLS = 16,        /* functions in functions */
    ONNX_MOST_INLINED = 1 << 18, /* nodes of all bodies: a file of a few bytes may ask for any amount */
    ONNX_NOT_MADE = -2,          /* no node of the body has made the value yet */
};

/* A node that calls a function, while the body is read. */
struct onnx_call {
    const Onnx__FunctionProto *function;
    const Onnx__NodeProto *node;   /* the caller; its own names are those of `outer` */
    const struct onnx_call *outer; /* NULL: it is a node of the graph */
    const char *prefix;            /* of names that the body gets in the graph */
    struct onnx_local *locals;     /* the body's names, sorted */
    size_t count;
};

/* The function that a node calls; NULL when it calls none. Linear in the model's functions. */
const Onnx__FunctionProto *onnx_function_of(const Onnx__ModelProto *model, const Onnx__NodeProto *node);

/* The call's function, node and outer are set: is the body made of operators as this opset of the default
 * domain has them, and is the call not too deep? */
status onnx_call_check(const struct onnx_call *call, int opset, struct error *error);
/* Name the body's values: inputs and outputs of the function are those of the node, one value of the graph or
 * VALUE_NONE for each name in the node's lists. */
status onnx_call_begin(struct onnx_call *call, struct arena *arena, const int *inputs, const int *outputs,
                       struct error *error);
/* Where the value of one of the body's names is noted: an index, VALUE_NONE where the caller leaves it out,
 * or ONNX_NOT_MADE. NULL when the body has no such name. */
int *onnx_call_value(const struct onnx_call *call, const char *name);
/* What an attribute of a node in the body is: itself, or what it refers to in the caller or further out; NULL
 * where that is not given. `call` NULL: the node stands in the graph. */
const Onnx__AttributeProto *onnx_call_attribute(const struct onnx_call *call,
                                                const Onnx__AttributeProto *attribute);

#endif
