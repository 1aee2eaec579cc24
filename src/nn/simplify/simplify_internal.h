/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of graph_simplify, which simplify.c runs one after the other. Private to simplify*.c. */
#ifndef IPPRO_NN_SIMPLIFY_SIMPLIFY_INTERNAL_H
#define IPPRO_NN_SIMPLIFY_SIMPLIFY_INTERNAL_H

#include "nn/simplify/batch_place.h"
#include "nn/simplify/rewrite.h"

/* simplify.c */
bool same_tensor(const struct tensor *a, const struct tensor *b); /* NULL equals nothing */
bool is_computed(const struct rewrite *rewrite,
                 int node); /* the node stays, and makes what is not constant */

/* simplify_batch.c */
/* Targets of Reshape, Expand and Resize at the file's batch follow the images to where the trace found them;
 * constants that have a slice for each image keep one. */
status free_targets(struct rewrite *rewrite, const struct batch_trace *trace, struct error *error);
/* Shape inputs that differ between the rewrite's two plans become constants where ONNX has a way to say it:
 * Reshape's 0 and -1, Expand's 1, Resize's scales. Elsewhere the nodes that compute them stay. A Squeeze of
 * all ones names its axes, so that a batch of one is not squeezed. */
status follow_batch(struct rewrite *rewrite, struct error *error);

/* simplify_repeat.c */
/* Constants of one image that Concat joins with features along another axis are repeated for as many images
 * as the features have. `result` is what the rewrite of the trace's graph became: the caller's own, and
 * finished again. */
status repeat_constants(struct rewrite *rewrite, const struct batch_trace *trace, struct graph *result,
                        struct error *error);

/* simplify_einsum.c */
/* Einsum of two operands as MatMul and Transpose, where these say the same. The graph is the caller's own,
 * its values have shapes; where something *changed it is finished again. New names hold `separator`, as
 * above. */
status einsum_to_products(struct graph *graph, const char *separator, struct arena *arena, bool *changed,
                          struct error *error);

/* simplify_transpose.c */
/* Two Transposes in a row that undo each other are passed over. */
status merge_transposes(struct rewrite *rewrite, struct error *error);

/* simplify_pool.c */
struct padding {
    int rank;
    int64_t begin[TENSOR_MAX_RANK], end[TENSOR_MAX_RANK];
    double value;
};
/* What a Pad node pads, when it is a constant pad whose parameters are known. */
bool padding_of(struct rewrite *rewrite, const struct node *node, struct padding *padding);
/* AveragePool after a Pad with zeros that nobody else uses pads itself. */
status merge_pads(struct rewrite *rewrite, struct error *error);

#endif
