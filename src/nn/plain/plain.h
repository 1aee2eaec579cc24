/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plain engine: the steps of the plan run one by one, by the operators' own kernels, on activations as
 * ONNX lays them out. All of them are kept. In float or double; it runs what no other engine does. */
#ifndef IPPRO_NN_PLAIN_PLAIN_H
#define IPPRO_NN_PLAIN_PLAIN_H

struct engine_kind;

extern const struct engine_kind plain_engine;

#endif
