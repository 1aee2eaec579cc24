/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What fits into a bound on memory. */
#include "nn/engine/fit.h"

#include <inttypes.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/execution/options.h"

enum { MEGABYTE = 1000000 };

size_t engine_fit_bytes(const struct engine_fit *fit)
{
    size_t bytes;
    if (!size_multiply(fit->worker, (size_t)fit->workers, &bytes) || bytes > SIZE_MAX - fit->shared)
        return SIZE_MAX;
    return bytes + fit->shared;
}

size_t engine_fit_megabytes(const struct engine_fit *fit)
{
    const size_t bytes = engine_fit_bytes(fit);
    return bytes / MEGABYTE + (bytes % MEGABYTE > 0);
}

static status size_of(const struct graph *graph, const struct engine_options *options, int64_t batch,
                      bool replaced, struct engine_fit *fit, struct error *error)
{
    struct engine_options sized = *options;
    sized.batch = batch;
    fit->batch = batch;
    if (engine_size(graph, &sized, &fit->worker, &fit->shared, error))
        return error->code;
    if (replaced)
        fit->worker += fit->shared;
    return STATUS_OK;
}

/* By now it is one worker. */
static status refuse(const struct engine_fit *fit, bool fixed, size_t memory, struct error *error)
{
    const size_t needed = engine_fit_megabytes(fit);
    if (fixed && fit->batch > 1)
        return error_set(error, STATUS_MEMORY,
                         "%zu MB are not enough for this network: one worker with %" PRId64
                         " images at a time needs %zu MB (memory=, micro_batch=)",
                         memory / MEGABYTE, fit->batch, needed);
    return error_set(error, STATUS_MEMORY,
                     "%zu MB are not enough for this network: one worker needs %zu MB (memory=)",
                     memory / MEGABYTE, needed);
}

status engine_fit_find(const struct graph *graph, const struct engine_options *options, bool fixed,
                       bool replaced, int threads, size_t memory, struct engine_fit *fit, struct error *error)
{
    *fit = (struct engine_fit){.workers = threads};
    if (size_of(graph, options, options->batch, replaced, fit, error))
        return error->code;
    if (memory == 0)
        return STATUS_OK;
    for (int64_t batch = options->batch - 1; !fixed && batch >= 1 && engine_fit_bytes(fit) > memory; batch--)
        if (size_of(graph, options, batch, replaced, fit, error))
            return error->code;
    while (fit->workers > 1 && engine_fit_bytes(fit) > memory)
        fit->workers--;
    return engine_fit_bytes(fit) <= memory ? STATUS_OK : refuse(fit, fixed, memory, error);
}
