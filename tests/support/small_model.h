/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small network written as ONNX bytes by hand, with every kind of data and attribute the reader knows. */
#ifndef IPPRO_TESTS_SMALL_MODEL_H
#define IPPRO_TESTS_SMALL_MODEL_H

#include <stddef.h>
#include <stdint.h>
#include "base/text.h"

/* OperatorSetIdProto of the default domain. */
void add_opset(struct text *model, int64_t version);

/* ValueInfoProto; dims end with -2, -1 is the symbolic dimension "N"; type 0 leaves the type out. */
void add_value(struct text *graph, uint64_t field, const char *name, int type, const int64_t *dims);

/* TensorProto without data; the caller adds some. */
struct text begin_tensor(const char *name, int type, const int64_t *dims, int rank);
void add_floats(struct text *graph, const char *name, const int64_t *dims, int rank, const float *values,
                size_t count);

/* NodeProto; inputs and outputs are names with blanks between, "-" for one left out. */
struct text begin_node(const char *name, const char *op, const char *inputs, const char *outputs);
void add_node(struct text *graph, const char *name, const char *op, const char *inputs, const char *outputs);
struct text begin_attribute(const char *name, int type);
void add_integers(struct text *node, const char *name, const int64_t *values, int count);

/* A graph as a whole model. */
struct text wrap_model(struct text *graph, int64_t opset);
/* x (Nx2x3x3) -> Conv (1x1, float weights) -> BatchNormalization (float, typed data) -> Relu -> ReduceMean
 * -> Reshape (64-bit integers, raw) -> y. The bias is half precision; the Conv has integers and a text. */
struct text small_model(void);

#endif
