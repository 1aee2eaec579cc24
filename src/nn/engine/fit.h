/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Images at a time, and workers, that a bound on memory leaves room for. */
#ifndef IPPRO_NN_ENGINE_FIT_H
#define IPPRO_NN_ENGINE_FIT_H

#include <stdbool.h>
#include "nn/engine/engine.h"

struct engine_fit {
    int64_t batch;         /* images per micro-batch */
    int workers;           /* that may run at once, at least 1 */
    size_t worker, shared; /* bytes: of each worker, and once for all of them */
};

/* In bytes: workers x worker + shared, SIZE_MAX where that is more. */
size_t engine_fit_bytes(const struct engine_fit *fit);
/* The same in MB of a million bytes, rounded up. */
size_t engine_fit_megabytes(const struct engine_fit *fit);

/* Without a bound (`memory` 0, else bytes): options->batch images on all `threads` workers. With one, where
 * `fixed` is false, the most images up to options->batch with which all workers fit, else one; where the
 * workers do not fit then, fewer of them. `replaced`: engines may take operands in the place of constants,
 * for which each needs packed weights of its own at worst. Refused: a bound in which not even one worker fits
 * (STATUS_MEMORY, with the least that would do, in MB of a million bytes). The option `memory` is named in
 * that message. */
status engine_fit_find(const struct graph *graph, const struct engine_options *options, bool fixed,
                       bool replaced, int threads, size_t memory, struct engine_fit *fit,
                       struct error *error);

#endif
