/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The engine runs one micro-batch through a network, forward and (data-gradient) backward.
 *
 * One engine belongs to one worker thread. It is made for a fixed batch; a partly filled batch is run with
 * the rest zero and a zero gradient, which adds exactly nothing to any reduction.
 *
 * Kernels: float runs fused steps on blocked activations (nn/fused/fused.h), with KERNEL_REFERENCE plain
 * loops; double runs the operators' own kernels, convolutions as matrix products unless KERNEL_REFERENCE. The
 * order of every sum depends on the shapes and the options alone, never on threads.
 *
 * Gradients: only values that lead to a probe or a wanted weight, and from which a path leads on to the
 * output, have one; the first layer's input never does. Where no path leads on, probe sums and weight
 * gradients are zero.
 *
 * Probes: nn/execution/probe.h. */
#ifndef IPPRO_NN_ENGINE_ENGINE_H
#define IPPRO_NN_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stdint.h>
#include "nn/execution/options.h"
#include "nn/execution/probe.h"
#include "nn/execution/times.h"
#include "nn/fused/packed_weights.h"
#include "nn/graph/graph.h"
#include "nn/operator/operator.h"

struct engine;

/* The graph (simplified: one float input, whatever outputs) is borrowed. Several outputs become one
 * (nn/execution/joined.h). */
status engine_new(const struct graph *graph, const struct engine_options *options, struct engine **engine,
                  struct error *error);
void engine_free(struct engine *engine);
/* Bytes that such an engine would hold: `worker` in each, `shared` once for all that share packed weights. */
status engine_size(const struct graph *graph, const struct engine_options *options, size_t *worker,
                   size_t *shared, struct error *error);

/* Where to put the images: batch x input shape, of the engine's real type. */
void *engine_input(struct engine *engine);
int64_t engine_input_elements(const struct engine *engine); /* per image */

/* Run forward over what stands in engine_input. STATUS_CANCELLED when the progress object says so. */
status engine_forward(struct engine *engine, struct error *error);
/* The network's output: shape and data, valid until the next forward. Of several outputs a row of all for
 * each image. */
const struct operand *engine_output(const struct engine *engine);
/* How many outputs it is made of: those of the network that stand in it. */
int engine_part_count(const struct engine *engine);
/* One of them. `first` and `elements` are places in an image's part of the output. */
struct engine_part {
    int value;          /* of the graph */
    struct shape shape; /* of the whole batch */
    int64_t first, elements;
};
struct engine_part engine_part(const struct engine *engine, int part);
/* Any value's content after forward; data NULL when the value is not computed on its own (fused with what
 * follows), or not kept. Valid until the next call about this engine. For constants the converted constant.
 */
const struct operand *engine_value(const struct engine *engine, int value);

/* One image of watched value w (index into options.watched) as plain doubles, channels x height x width, or
 * as many as the value has per image, in the order that they have in a batch of one. After forward, also
 * after backward. */
void engine_watched_image(const struct engine *engine, int w, int64_t image, double *out);

/* Replaced operands: the same network with some constants replaced (masks, for instance), run over the same
 * images.
 *
 * All activations are kept, so a replacement whose first operand belongs to step s needs only the steps from
 * s on: what earlier steps left behind still holds. Many replacements on one micro-batch therefore run, after
 * one engine_forward, in order of DEscending first step, each with engine_set_operand for its operands,
 * engine_forward_from(its first step) and engine_restore_operands: whatever an earlier one left changed lies
 * behind the point from which the next one computes anew. No copies, nothing computed twice. */

/* The step that runs a node, several nodes perhaps; -1 when the node is constant and never runs. */
int engine_step_of(const struct engine *engine, int node);
/* Let input `input` of a node read `tensor` instead of its own constant, until it is restored. The engine
 * takes a reference (of a copy converted to its real type where that differs). A NULL tensor restores the
 * node's own constant. Refused by the node's name: a node that does not run, an input that is not a constant
 * real tensor or that was built into the plan (Clip's bounds, Pad's value), and another shape. Activations
 * stay as they are: run from the node's step, or from an earlier one. engine_value gives the network's own
 * constant all the same. */
status engine_set_operand(struct engine *engine, int node, int input, struct tensor *tensor,
                          struct error *error);
void engine_restore_operands(struct engine *engine);
/* Forward over steps `step`, step + 1, ... only; 0 is engine_forward. Activations that earlier steps make
 * must be those of the images in engine_input. A cancelled run leaves the activations from `step` on
 * undefined. Where an earlier step has another operand than when it ran last, the fused engine begins there.
 */
status engine_forward_from(struct engine *engine, int step, struct error *error);

/* Gradient of the loss with respect to the output goes here (same shape and type as engine_output), then
 * engine_backward computes gradients, probe sums and weight gradients of this micro-batch. */
void *engine_output_gradient(struct engine *engine);
status engine_backward(struct engine *engine, struct error *error);
/* Training mode: passes in stretches (options.norms). engine_start begins one over the first `images` of the
 * batch, the rest being zero; each engine_advance runs on until a BatchNormalization waits for its batch, and
 * says which (index into options.norms), or to the end (-1). Before the next, the caller writes what follows
 * from the sums of all parts of the batch into the struct batch_norm. A backward pass follows its forward
 * one; gradients of scale and shift are the caller's business, who has the sums. */
void engine_start(struct engine *engine, enum direction direction, int64_t images);
status engine_advance(struct engine *engine, int *norm, struct error *error);
/* The norm that a pass in this direction waits for after norm `norm` (-1: at first), -1 at the end: known
 * without running anything. */
int engine_next_norm(const struct engine *engine, enum direction direction, int norm);
/* (2, channels) of the engine's part, of the one that is waited for: sum (x - center) and sum (x - center)^2
 * forward, sum g and sum g (x - mean) backward. */
const double *engine_norm_sums(const struct engine *engine);
/* Values per channel and image of norm `norm`. */
int64_t engine_norm_positions(const struct engine *engine, int norm);
/* The contents of constants that the graph has in the engine's real type were changed in place: make anew
 * what is packed from them, for all engines that share it. The work can be shared out: part 0..parts-1, each
 * once, by any threads. */
void engine_refill(struct engine *engine, int part, int parts);

/* Sums of probe p: [image][PROBE_SUMS][channel], double. */
const double *engine_probe(const struct engine *engine, int probe);
int64_t engine_probe_channels(const struct engine *engine, int probe);
/* Gradient of weight w (index into options.weights), summed over the micro-batch, of the engine's real type.
 */
const struct operand *engine_weight_gradient(const struct engine *engine, int weight);
size_t engine_memory(const struct engine *engine); /* bytes held for activations, gradients and workspace */

#endif
