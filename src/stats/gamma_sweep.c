/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sweeping over PROscore's gamma. */
#include "stats/gamma_sweep.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "stats/gamma_order.h"

struct sweep_work {
    const struct gamma_settings *settings;
    const double *gammas;
    struct gamma_result *results;
    struct gamma_orders reference;
    double *rank;                 /* at the reference, per channel, less the mean rank of its layer */
    bool *cut;                    /* pruned at the reference, per channel */
    struct gamma_orders *scratch; /* per worker */
    double *rank_now;             /* per worker and channel */
};

/* --- one layer ------------------------------------------------------------------------------------------ */

/* Average ranks of ordered channels, less their mean; 0 for one channel. */
static void centred_ranks(const struct gamma_rank *order, int64_t count, double *rank)
{
    for (int64_t first = 0, end; first < count; first = end) {
        for (end = first + 1; end < count && order[end].key == order[first].key; end++) {
        }
        double value = 0.5 * (double)(first + 1 + end) - 0.5 * (double)(count + 1);
        for (int64_t i = first; i < end; i++)
            rank[order[i].channel] = value;
    }
}

static double spearman(const double *a, const double *b, int64_t count)
{
    double both = 0, one = 0, two = 0;
    for (int64_t i = 0; i < count; i++) {
        both += a[i] * b[i];
        one += a[i] * a[i];
        two += b[i] * b[i];
    }
    return both / (one == two ? one : sqrt(one) * sqrt(two)); /* 0/0, where one is constant, is NaN */
}

/* Highest less lowest of the finite scores of channels in ascending order. */
static double spread_of(const struct gamma_layer *layer, const struct gamma_rank *order, double lambda)
{
    int64_t low = 0, high = layer->channels - 1;
    while (low < high && !isfinite(order[low].key))
        low++;
    while (high > low && !isfinite(order[high].key))
        high--;
    return high > low ? proscore_log(&layer->points[order[high].channel], lambda) -
                            proscore_log(&layer->points[order[low].channel], lambda)
                      : 0;
}

/* Means under way. */
struct tally {
    double spread, correlation, overlap;
    int correlated, overlapped;
};

static void add_layer(const struct sweep_work *work, int index, const struct gamma_rank *order, double lambda,
                      double *rank, struct gamma_result *result, struct tally *tally)
{
    const struct gamma_layer *layer = &work->settings->layers[index];
    int64_t start = work->reference.start[index], both = 0;
    tally->spread += spread_of(layer, order, lambda);
    centred_ranks(order, layer->channels, rank);
    double correlation = spearman(work->rank + start, rank, layer->channels);
    if (!isnan(correlation)) {
        tally->correlation += correlation;
        tally->correlated++;
    }
    for (int64_t i = 0; i < layer->pruned; i++)
        both += work->cut[start + order[i].channel];
    if (layer->pruned) {
        tally->overlap += (double)both / (double)(2 * layer->pruned - both);
        tally->overlapped++;
    }
    result->pruned += layer->pruned;
    result->changed += layer->pruned - both;
    result->layers_changed += both < layer->pruned;
}

/* As proscore_sign_changes of each; zero filters have no lift here. */
static int64_t count_sign_changes(const struct gamma_orders *orders, double lambda)
{
    const double least = isinf(lambda) ? 0 : 1, scale = isinf(lambda) ? 1 : lambda;
    int64_t count = 0;
    for (int64_t c = 0; c < orders->channels; c++)
        count += scale * orders->rates[c].lift > least;
    return count;
}

/* --- one gamma ------------------------------------------------------------------------------------------ */

static void sweep_task(void *argument, int64_t task, int worker)
{
    struct sweep_work *work = argument;
    const struct gamma_settings *settings = work->settings;
    struct gamma_orders *orders = &work->scratch[worker];
    double *rank = work->rank_now + (size_t)worker * (size_t)work->reference.channels;
    struct gamma_result result = {0};
    struct tally tally = {0};
    if (progress_cancelled(settings->progress))
        return;
    double lambda = work->gammas[task] * settings->scale;
    gamma_orders_at(orders, settings->layers, settings->layer_count, lambda);
    for (int i = 0; i < settings->layer_count; i++)
        add_layer(work, i, orders->items + orders->start[i], lambda, rank, &result, &tally);
    result.spread = tally.spread / settings->layer_count;
    result.correlation = tally.correlated ? tally.correlation / tally.correlated : NAN;
    result.overlap = tally.overlapped ? tally.overlap / tally.overlapped : NAN;
    result.sign_changes = count_sign_changes(orders, lambda);
    work->results[task] = result;
}

static status work_init(struct sweep_work *work, struct error *error)
{
    const struct gamma_settings *settings = work->settings;
    int workers = pool_threads(settings->pool);
    status code = gamma_orders_new(settings->layers, settings->layer_count, &work->reference, error);
    if (code != STATUS_OK)
        return code;
    size_t channels = (size_t)work->reference.channels;
    work->rank = mem_new(channels + 1, sizeof *work->rank);
    work->cut = mem_new(channels + 1, sizeof *work->cut);
    work->rank_now = mem_new(channels * (size_t)workers + 1, sizeof *work->rank_now);
    work->scratch = mem_new((size_t)workers, sizeof *work->scratch);
    if (!work->rank || !work->cut || !work->rank_now || !work->scratch)
        return error_memory(error);
    gamma_orders_at(&work->reference, settings->layers, settings->layer_count,
                    settings->reference * settings->scale);
    for (int i = 0; i < settings->layer_count; i++) {
        const struct gamma_rank *order = work->reference.items + work->reference.start[i];
        centred_ranks(order, settings->layers[i].channels, work->rank + work->reference.start[i]);
        for (int64_t c = 0; c < settings->layers[i].pruned; c++)
            work->cut[work->reference.start[i] + order[c].channel] = true;
    }
    /* Each worker begins with the order of the reference, which is nearly right for most gammas. */
    for (int i = 0; code == STATUS_OK && i < workers; i++) {
        code = gamma_orders_new(settings->layers, settings->layer_count, &work->scratch[i], error);
        if (code == STATUS_OK)
            memcpy(work->scratch[i].items, work->reference.items, channels * sizeof *work->reference.items);
    }
    return code;
}

static void work_free(struct sweep_work *work)
{
    for (int i = 0; work->scratch && i < pool_threads(work->settings->pool); i++)
        gamma_orders_free(&work->scratch[i]);
    gamma_orders_free(&work->reference);
    mem_free(work->scratch);
    mem_free(work->rank_now);
    mem_free(work->rank);
    mem_free(work->cut);
}

status gamma_sweep(const struct gamma_settings *settings, const double *gammas, int count,
                   struct gamma_result *results, struct error *error)
{
    enum { TASKS_PER_REPORT = 512 };
    struct sweep_work work = {.settings = settings, .gammas = gammas, .results = results};
    status code = work_init(&work, error);
    for (int first = 0; code == STATUS_OK && first < count; first += TASKS_PER_REPORT) {
        int tasks = count - first < TASKS_PER_REPORT ? count - first : TASKS_PER_REPORT;
        work.gammas = gammas + first;
        work.results = results + first;
        pool_run(settings->pool, tasks, sweep_task, &work);
        if (progress_cancelled(settings->progress))
            code = error_set(error, STATUS_CANCELLED, "cancelled");
        else
            progress_report(settings->progress, "sweeping", "gammas", first + tasks, count);
    }
    work_free(&work);
    return code;
}

void gamma_limits(const struct gamma_settings *settings, double *max_a, double *max_b)
{
    *max_a = *max_b = 0;
    for (int i = 0; i < settings->layer_count; i++) {
        for (int64_t c = 0; c < settings->layers[i].channels; c++) {
            *max_a = fmax(*max_a, settings->scale * fabs(settings->layers[i].points[c].along));
            *max_b = fmax(*max_b, settings->scale * fabs(settings->layers[i].points[c].lift));
        }
    }
}
