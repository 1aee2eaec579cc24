/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Training mode for one engine that holds a whole batch: its BatchNormalizations take the statistics of the
 * images that are in it. (src/train has batches that several engines share.) */
#ifndef IPPRO_NN_ENGINE_WHOLE_BATCH_H
#define IPPRO_NN_ENGINE_WHOLE_BATCH_H

#include "base/status.h"
#include "nn/engine/engine.h"
#include "nn/graph/graph.h"

struct whole_batch;

/* Of all BatchNormalizations of a network, whose parameters are constants. One for each engine. */
status whole_batch_new(const struct graph *graph, struct whole_batch **batch, struct error *error);
void whole_batch_free(struct whole_batch *batch); /* NULL is fine */
/* What the engine is to be made with. */
void whole_batch_options(const struct whole_batch *batch, struct engine_options *options);
/* A pass in one direction over the first `images` of the engine. A channel with a single value has no
 * variance: STATUS_RANGE with the node's name. */
status whole_batch_run(const struct whole_batch *batch, struct engine *engine, enum direction direction,
                       int64_t images, struct error *error);

#endif
