/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Measured time of a forward pass. */
#include "stats/timing.h"

#include <time.h>
#include "base/memory.h"
#include "base/order.h"
#include "base/progress.h"
#include "base/status.h"
#include "nn/engine/noise.h"
#include "nn/execution/options.h"

/* One network while it is measured. */
struct watch {
    struct engine *engine;
    double *processor, *wall; /* seconds of each run that counts */
};

static double processor_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static status watch_new(const struct timing_settings *settings, const struct graph *graph,
                        struct watch *watch, struct error *error)
{
    const struct engine_options options = {
        .batch = settings->micro_batch,
        .real = settings->real,
        .kernel = settings->kernel,
        .progress = settings->progress,
    };
    watch->processor = mem_new((size_t)settings->runs, sizeof *watch->processor);
    watch->wall = mem_new((size_t)settings->runs, sizeof *watch->wall);
    if (watch->processor == NULL || watch->wall == NULL)
        return error_memory(error);
    status code = engine_new(graph, &options, &watch->engine, error);
    if (code == STATUS_OK)
        engine_input_noise(watch->engine, settings->micro_batch, settings->real, 1);
    return code;
}

/* run < 0 does not count. */
static status time_run(struct watch *watch, int run, struct error *error)
{
    double processor = processor_seconds(), wall = clock_seconds();
    status code = engine_forward(watch->engine, error);
    if (code == STATUS_OK && run >= 0) {
        watch->processor[run] = processor_seconds() - processor;
        watch->wall[run] = clock_seconds() - wall;
    }
    return code;
}

static status time_all(const struct timing_settings *settings, struct watch *watches, int count,
                       struct error *error)
{
    int64_t total = ((int64_t)settings->warm_up + settings->runs) * count, done = 0;
    status code = STATUS_OK;
    for (int run = -settings->warm_up; run < settings->runs && code == STATUS_OK; run++)
        for (int i = 0; i < count && code == STATUS_OK; i++) {
            progress_report(settings->progress, "timing", "runs", done++, total);
            code = time_run(&watches[i], run, error);
        }
    if (code == STATUS_OK)
        progress_report(settings->progress, "timing", "runs", total, total);
    return code;
}

static struct timing summarize(const struct timing_settings *settings, struct watch *watch)
{
    int runs = settings->runs;
    double scale = 1 / (double)settings->micro_batch, *sorted = watch->processor;
    sort_ascending(sorted, runs);
    sort_ascending(watch->wall, runs);
    return (struct timing){
        .runs = runs,
        .micro_batch = settings->micro_batch,
        .median = scale * quantile_of(sorted, runs, 0.5),
        .lower_quartile = scale * quantile_of(sorted, runs, 0.25),
        .upper_quartile = scale * quantile_of(sorted, runs, 0.75),
        .least = scale * sorted[0],
        .most = scale * sorted[runs - 1],
        .wall = scale * quantile_of(watch->wall, runs, 0.5),
    };
}

status timing_measure(const struct timing_settings *settings, const struct graph *const *graphs,
                      int graph_count, struct timing *timings, struct error *error)
{
    if (settings->runs < 1 || settings->warm_up < 0)
        return error_set(error, STATUS_RANGE,
                         "timing needs at least one run, and %d to warm up is not possible",
                         settings->warm_up);
    struct watch *watches = mem_new((size_t)graph_count, sizeof *watches);
    status code = watches != NULL ? STATUS_OK : error_memory(error);
    for (int i = 0; i < graph_count && code == STATUS_OK; i++)
        code = watch_new(settings, graphs[i], &watches[i], error);
    if (code == STATUS_OK)
        code = time_all(settings, watches, graph_count, error);
    for (int i = 0; watches != NULL && i < graph_count; i++) {
        if (code == STATUS_OK)
            timings[i] = summarize(settings, &watches[i]);
        engine_free(watches[i].engine);
        mem_free(watches[i].processor);
        mem_free(watches[i].wall);
    }
    mem_free(watches);
    return code;
}
