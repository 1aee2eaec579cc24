/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Networks for tests of the coupling, and what is expected of them. */
#ifndef IPPRO_TESTS_COUPLING_MAKER_H
#define IPPRO_TESTS_COUPLING_MAKER_H

#include <stdint.h>
#include "base/text.h"
#include "nn/graph/graph.h"
#include "prune/coupling.h"

/* --- networks written down ------------------------------------------------------------------------------ */

/* The pieces that every network has: names are those of values; a layer `a` has the parameter a.weight, the
 * node /a and the output a. */
struct graph *begin(int64_t side);
void node1(struct graph *graph, const char *op, const char *in, const char *out);
void node2(struct graph *graph, const char *op, const char *a, const char *b, const char *out);
void conv_groups(struct graph *graph, const char *in, const char *name, int64_t from, int64_t to,
                 int64_t groups);
void conv(struct graph *graph, const char *in, const char *name, int64_t from, int64_t to);
void linear(struct graph *graph, const char *in, const char *name, int64_t from, int64_t to);
void integers_node(struct graph *graph, const char *op, const char *in, const char *out, int count,
                   const int64_t *values);
void reshape(struct graph *graph, const char *in, const char *out, int count, const int64_t *dims);
void transpose(struct graph *graph, const char *in, const char *out, int count, const int64_t *order);
void along(struct graph *graph, const char *op, const char *const *inputs, const char *out, int64_t axis);
void slice(struct graph *graph, const char *in, const char *out, int64_t axis, int64_t start, int64_t end,
           int64_t step);

/* Mean over the image, then a linear layer `fc` of two outputs. */
struct graph *finish(struct graph *graph, const char *in, int64_t channels);

/* --- what comes out ------------------------------------------------------------------------------------- */

/* "a0 b0; a1! b1!": the members of every class in order, locked ones with a mark. */
void classes_text(const struct coupling *c, struct text *text);

/* The tables must fit each other, whatever the network. */
void check_tables(const struct coupling *c);
/* The classes of a network, and the words for one of its groups (NULL: not looked at). Frees the graph. */
void expect(struct graph *graph, const char *classes, const char *group, const char *words);

#endif
