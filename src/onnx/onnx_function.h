/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Functions of a model: operators that are made of nodes, in a domain of the model's own. A node that calls one
 * is read as the nodes of its body. */
#ifndef IPPRO_ONNX_ONNX_FUNCTION_H
#define IPPRO_ONNX_ONNX_FUNCTION_H

#include <stdbool.h>
#include <stddef.h>
#include "base/memory.h"
#include "base/status.h"
#include "onnx/onnx.pb-c.h"

enum { ONNX_MOST_CALLS = 16, ONNX_MOST_INLINED = 1 << 18 }; /* one in the other; nodes of all bodies */

/* One call: the body's names and what they stand for outside. */
struct onnx_call {
    const Onnx__FunctionProto *function;
    const Onnx__NodeProto *node;   /* that calls; its own names are those of `outer` */
    const struct onnx_call *outer; /* NULL: the node is one of the graph's */
    const char **names;            /* of the body's inputs and values, sorted */
    int *values;                   /* of the graph, or VALUE_NONE for an input that is left out */
    size_t count;
};

/* The function that a node calls; NULL when it calls none. */
const Onnx__FunctionProto *onnx_function_of(const Onnx__ModelProto *model, const Onnx__NodeProto *node);
/* Is the function made of operators as this opset of the default domain has them, and is the call within
 * bounds? */
status onnx_function_check(const Onnx__FunctionProto *function, int opset, const struct onnx_call *outer,
                           struct error *error);
/* Names of a call: inputs have the values that are given, outputs of the node those of `outputs`, which is as
 * long as the node's list. All others have VALUE_NONE yet. From the arena. */
status onnx_call_begin(struct onnx_call *call, struct arena *arena, const int *inputs, const int *outputs,
                       struct error *error);
/* Where the value of a name of the body is noted; NULL when the body has no such name. */
int *onnx_call_value(const struct onnx_call *call, const char *name);
/* The attribute that a reference of the body means, in the node that calls, or further out; NULL: none is
 * given. */
const Onnx__AttributeProto *onnx_call_attribute(const struct onnx_call *call, const char *name);

#endif
