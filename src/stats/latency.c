/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Measured time of passes. */
#include "stats/latency.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/order.h"
#include "base/progress.h"
#include "base/ranks.h"
#include "base/status.h"
#include "nn/engine/noise.h"
#include "nn/engine/run.h"
#include "nn/execution/options.h"
#include "nn/execution/times.h"
#include "nn/fused/packed_weights.h"

static const double SETTLED = 0.01, WIDE = 0.1; /* of the median */

/* --- spread --------------------------------------------------------------------------------------------- */

struct latency_spread latency_spread_of(const double *seconds, int runs)
{
    double sorted[LATENCY_RUNS_MOST];
    const int count = runs < LATENCY_RUNS_MOST ? runs : LATENCY_RUNS_MOST;
    memcpy(sorted, seconds, (size_t)count * sizeof *sorted);
    sort_ascending(sorted, count);
    return (struct latency_spread){
        .median = quantile_of(sorted, count, 0.5),
        .lower_quartile = quantile_of(sorted, count, 0.25),
        .upper_quartile = quantile_of(sorted, count, 0.75),
        .least = sorted[0],
        .most = sorted[count - 1],
    };
}

bool latency_settled(const double *seconds, int runs)
{
    if (runs < LATENCY_RUNS_LEAST)
        return false;
    const struct latency_spread spread = latency_spread_of(seconds, runs);
    return (spread.upper_quartile - spread.lower_quartile) / sqrt((double)runs) <= SETTLED * spread.median;
}

bool latency_is_wide(const struct latency_spread *spread)
{
    return spread->upper_quartile - spread->lower_quartile > WIDE * spread->median;
}

/* --- one network while it is measured ------------------------------------------------------------------- */

struct watch {
    const struct graph *graph;
    struct engine **engines; /* one per thread that has something to do */
    int engine_count;
    int64_t tasks; /* micro-batches of a run */
    struct packed_weights *packed;
    struct step_times *times;
    int *nodes; /* per step: the node that it begins with, or -1 */
    int step_count;
    double *before; /* per step: its clocks when the run began */
    double *whole;  /* per run that counts: seconds */
    double *steps;  /* likewise: step_count seconds each */
    int runs;       /* that counted */
    bool settled;
    struct error *errors; /* per engine: of its last run that failed */
};

/* The graph's fixed batch, where it has one, is what an engine takes. */
static int64_t images_at_a_time(const struct latency_settings *settings, const struct graph *graph)
{
    const int threads = pool_threads(settings->pool);
    const int64_t share = (settings->batch + threads - 1) / threads;
    const int64_t most = settings->micro_batch > 0 ? settings->micro_batch : run_micro_batch(graph, false);
    return share < most ? share : most;
}

static status make_engines(const struct latency_settings *settings, struct watch *watch, struct error *error)
{
    const int threads = pool_threads(settings->pool);
    const int64_t images = images_at_a_time(settings, watch->graph);
    const struct engine_options options = {
        .batch = images,
        .real = settings->real,
        .kernel = settings->kernel,
        .reuse = true,
        .packed = watch->packed,
        .progress = settings->progress,
        .times = watch->times,
    };
    watch->tasks = (settings->batch + images - 1) / images;
    watch->engines = mem_new((size_t)threads, sizeof(struct engine *));
    watch->errors = mem_new((size_t)threads, sizeof *watch->errors);
    status code = watch->engines && watch->errors ? STATUS_OK : error_memory(error);
    while (code == STATUS_OK && watch->engine_count < threads && watch->engine_count < watch->tasks) {
        code = engine_new(watch->graph, &options, &watch->engines[watch->engine_count], error);
        if (code == STATUS_OK)
            engine_input_noise(watch->engines[watch->engine_count++], images, settings->real, 1);
    }
    return code;
}

static int runs_most(const struct latency_settings *settings)
{
    return settings->runs > 0 ? settings->runs : LATENCY_RUNS_MOST;
}

static status find_steps(const struct latency_settings *settings, struct watch *watch, struct error *error)
{
    const size_t most = (size_t)runs_most(settings);
    watch->step_count = step_clocks_count(watch->engines[0]);
    const size_t steps = (size_t)watch->step_count;
    watch->nodes = mem_new(steps, sizeof *watch->nodes);
    watch->before = mem_new(steps, sizeof *watch->before);
    watch->whole = mem_new(most, sizeof *watch->whole);
    watch->steps = mem_new(most * steps, sizeof *watch->steps);
    if (!watch->nodes || !watch->before || !watch->whole || !watch->steps)
        return error_memory(error);
    for (int s = 0; s < watch->step_count; s++) {
        struct step_time time;
        step_clocks_describe(watch->engines[0], s, &time);
        watch->nodes[s] = time.node < watch->graph->node_count ? time.node : -1;
    }
    return STATUS_OK;
}

static status watch_new(const struct latency_settings *settings, const struct graph *graph,
                        struct watch *watch, struct error *error)
{
    watch->graph = graph;
    watch->packed = packed_weights_new();
    watch->times = step_times_new();
    if (!watch->packed || !watch->times)
        return error_memory(error);
    status code = make_engines(settings, watch, error);
    return code == STATUS_OK ? find_steps(settings, watch, error) : code;
}

static void watch_free(struct watch *watch)
{
    for (int i = 0; i < watch->engine_count; i++)
        engine_free(watch->engines[i]);
    packed_weights_free(watch->packed);
    step_times_free(watch->times);
    mem_free(watch->engines);
    mem_free(watch->errors);
    mem_free(watch->nodes);
    mem_free(watch->before);
    mem_free(watch->whole);
    mem_free(watch->steps);
}

/* --- runs ----------------------------------------------------------------------------------------------- */

static void run_task(void *argument, int64_t task, int worker)
{
    struct watch *watch = argument;
    (void)task;
    if (watch->errors[worker].code == STATUS_OK)
        engine_forward(watch->engines[worker], &watch->errors[worker]);
}

static double step_seconds(const struct watch *watch, int step)
{
    double seconds = 0;
    for (int i = 0; i < watch->engine_count; i++)
        seconds += step_clocks_seconds(watch->engines[i], FORWARD_PASS)[step];
    return seconds / watch->engine_count;
}

static status run_once(const struct latency_settings *settings, struct watch *watch, bool counts,
                       struct error *error)
{
    for (int s = 0; s < watch->step_count; s++)
        watch->before[s] = step_seconds(watch, s);
    const double begin = clock_seconds();
    pool_run_some(settings->pool, watch->engine_count, watch->tasks, run_task, watch);
    const double seconds = clock_seconds() - begin;
    for (int i = 0; i < watch->engine_count; i++)
        if (watch->errors[i].code != STATUS_OK) {
            *error = watch->errors[i];
            return error->code;
        }
    if (!counts)
        return STATUS_OK;
    double *steps = watch->steps + (size_t)watch->runs * (size_t)watch->step_count;
    for (int s = 0; s < watch->step_count; s++)
        steps[s] = step_seconds(watch, s) - watch->before[s];
    watch->whole[watch->runs++] = seconds;
    return STATUS_OK;
}

/* Told in thousandths: neither the time nor the number of runs is known before. */
static void report(const struct latency_settings *settings, int round, double elapsed)
{
    const double by_runs = (double)round / runs_most(settings);
    const double by_time = settings->seconds > 0 ? elapsed / settings->seconds : 0;
    const double share = fmin(fmax(by_runs, by_time), 1);
    progress_report(settings->progress, "timing", "parts", (int64_t)(1000 * share), 1001);
}

static bool all_settled(const struct watch *watches, int count)
{
    bool all = true;
    for (int i = 0; i < count; i++)
        all = latency_settled(watches[i].whole, watches[i].runs) && all;
    return all;
}

static status run_all(const struct latency_settings *settings, struct watch *watches, int count,
                      struct error *error)
{
    const double begin = clock_seconds();
    double elapsed = 0;
    bool more = true;
    for (int round = -settings->warm_up; more; round++) {
        report(settings, round > 0 ? round : 0, elapsed);
        for (int i = 0; i < count; i++) {
            status code = run_once(settings, &watches[i], round >= 0, error);
            if (code != STATUS_OK)
                return code;
        }
        elapsed = clock_seconds() - begin;
        const bool over = settings->seconds > 0 && elapsed >= settings->seconds;
        more = round < 0 || (round + 1 < runs_most(settings) && !over &&
                             (settings->runs > 0 || !all_settled(watches, count)));
    }
    progress_report(settings->progress, "timing", "parts", 1001, 1001);
    return STATUS_OK;
}

/* --- what came out -------------------------------------------------------------------------------------- */

static void add_run(const struct watch *watch, int run, struct latency *latency)
{
    const double *steps = watch->steps + (size_t)run * (size_t)watch->step_count;
    double rest = watch->whole[run];
    latency->mean += watch->whole[run];
    for (int s = 0; s < watch->step_count; s++) {
        if (watch->nodes[s] >= 0)
            latency->nodes[watch->nodes[s]] += steps[s];
        else
            latency->conversions += steps[s];
        rest -= steps[s];
    }
    latency->between += rest;
}

static status summarize(const struct watch *watch, struct latency *latency, struct error *error)
{
    const int nodes = watch->graph->node_count;
    int taken = 0;
    *latency = (struct latency){.runs = watch->runs, .whole = latency_spread_of(watch->whole, watch->runs)};
    latency->nodes = mem_new((size_t)nodes + 1, sizeof *latency->nodes);
    if (!latency->nodes)
        return error_memory(error);
    for (int r = 0; r < watch->runs; r++) {
        if (watch->whole[r] > latency->whole.median)
            continue;
        add_run(watch, r, latency);
        taken++;
    }
    for (int n = 0; n < nodes; n++)
        latency->nodes[n] /= taken;
    latency->mean /= taken;
    latency->conversions /= taken;
    latency->between /= taken;
    return STATUS_OK;
}

/* All ranks go on with the times of the first, so that what they decide by them is the same. */
static void hear_first(const struct graph *graph, struct latency *latency)
{
    double *nodes = latency->nodes;
    ranks_broadcast(latency, sizeof *latency, 0);
    latency->nodes = nodes;
    ranks_broadcast(nodes, (size_t)graph->node_count * sizeof *nodes, 0);
}

static status check(const struct latency_settings *settings, struct error *error)
{
    if (settings->batch < 1)
        return error_set(error, STATUS_RANGE, "a batch has at least one image");
    if (settings->runs < 0 || settings->runs > LATENCY_RUNS_MOST || settings->warm_up < 0)
        return error_set(error, STATUS_RANGE, "%d runs and %d to warm up are not possible", settings->runs,
                         settings->warm_up);
    return settings->seconds >= 0 ? STATUS_OK
                                  : error_set(error, STATUS_RANGE, "the time is over before it begins");
}

status latency_measure(const struct latency_settings *settings, const struct graph *const *graphs,
                       int graph_count, struct latency *latencies, struct error *error)
{
    int done = 0;
    status code = check(settings, error);
    if (code != STATUS_OK)
        return code;
    struct watch *watches = mem_new((size_t)graph_count, sizeof *watches);
    struct latency *made = mem_new((size_t)graph_count, sizeof *made);
    if (!watches || !made)
        code = error_memory(error);
    for (int i = 0; i < graph_count && code == STATUS_OK; i++)
        code = watch_new(settings, graphs[i], &watches[i], error);
    if (code == STATUS_OK)
        code = run_all(settings, watches, graph_count, error);
    while (code == STATUS_OK && done < graph_count) {
        code = summarize(&watches[done], &made[done], error);
        done++;
    }
    code = ranks_agree("timing", code, error);
    for (int i = 0; i < graph_count && code == STATUS_OK; i++)
        hear_first(graphs[i], &made[i]);
    if (code == STATUS_OK)
        memcpy(latencies, made, (size_t)graph_count * sizeof *made);
    for (int i = 0; code != STATUS_OK && i < done; i++)
        latency_free(&made[i]);
    for (int i = 0; watches && i < graph_count; i++)
        watch_free(&watches[i]);
    mem_free(watches);
    mem_free(made);
    return code;
}

void latency_free(struct latency *latency)
{
    mem_free(latency->nodes);
    *latency = (struct latency){0};
}

/* --- by layer ------------------------------------------------------------------------------------------- */

static void own(int *owner, int node, int layer)
{
    if (node >= 0)
        owner[node] = layer;
}

void latency_owners(const struct graph *graph, const struct layers *layers, bool follow, int *owner)
{
    for (int n = 0; n < graph->node_count; n++)
        owner[n] = -1;
    for (int l = 0; l < layers->count; l++)
        for (int c = 0; c < layers->items[l].call_count; c++) {
            const struct layer_call *call = &layers->items[l].calls[c];
            own(owner, call->node, l);
            own(owner, call->norm_node, l);
            own(owner, call->activation_node, l);
        }
    for (int n = 1; follow && n < graph->node_count; n++)
        if (owner[n] < 0)
            owner[n] = owner[n - 1];
}
