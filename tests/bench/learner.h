/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Steps of training that are measured: SGD with momentum and decay on the benchmark's images, one after the
 * other. */
#ifndef IPPRO_TESTS_BENCH_LEARNER_H
#define IPPRO_TESTS_BENCH_LEARNER_H

#include <stdint.h>
#include "base/pool.h"
#include "data/dataset.h"
#include "data/sampler.h"
#include "nn/execution/times.h"
#include "nn/graph/graph.h"
#include "nn/operator/operator.h"

struct learner;

/* Everything is borrowed while the learner lives. times: of the layers, told when it is freed; NULL: not
 * wanted. */
status learner_new(const struct graph *graph, const struct dataset *dataset, int64_t batch,
                   enum kernel_choice choice, struct step_times *times, struct pool *pool,
                   struct learner **learner, struct error *error);
void learner_free(struct learner *learner); /* NULL is fine */
int64_t learner_batch(const struct learner *learner);
/* One step: zeroed gradients, forward and backward in training mode, update. loss: before the update. */
status learner_step(struct learner *learner, double *loss, struct error *error);

#endif
