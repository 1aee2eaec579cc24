/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sweeping over PROscore's gamma. */
#include "stats/gamma_sweep.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "stats/gamma_order.h"

/* A run of gammas in turn: orders change little from one to the next. */
enum { RUN = 256, RUNS_PER_REPORT = 2 };

/* Of one layer at one gamma. */
struct layer_result {
    double spread, correlation;
    int64_t both, sign_changes; /* both: pruned here and at the reference */
};

struct sweep_work {
    const struct gamma_settings *settings;
    struct gamma_curves curves;
    /* At the reference, per channel of all layers. */
    struct gamma_rank *order; /* weights are ranks, marked is what is pruned */
    struct gamma_sums *sums;  /* per layer, of that order, as all that follows */
    int64_t *squares;         /* of ranks */
    double *lifts;            /* the largest first */
    /* Per worker and channel of the widest layer. */
    struct gamma_rank *order_now;
    double *keys;
    /* Gammas of this report. */
    const double *gammas;
    int count;
    struct layer_result *cells; /* per layer and gamma */
};

/* --- one layer ------------------------------------------------------------------------------------------ */

/* The end of the channels whose scores are equal to that of the one at `first`. */
static int64_t end_of_ties(const struct gamma_rank *order, int64_t count, int64_t first)
{
    int64_t end = first + 1;
    while (end < count && order[end].key == order[first].key)
        end++;
    return end;
}

/* The order at the reference: a rank is a place, the average of places among equals, less the mean of all,
 * twice, which is a whole number. Returns the sum of their squares. */
static int64_t take_ranks(struct gamma_rank *order, int64_t count, int64_t pruned)
{
    int64_t squares = 0;
    for (int64_t first = 0, end; first < count; first = end) {
        end = end_of_ties(order, count, first);
        const int64_t rank = first + end - count;
        squares += rank * rank * (end - first);
        for (int64_t i = first; i < end; i++) {
            order[i].weight = (int32_t)rank;
            order[i].cut = i < pruned;
        }
    }
    return squares;
}

/* The first place of an ascending order whose key is not below this one. */
static int64_t place_of(const struct gamma_rank *order, int64_t count, double key)
{
    int64_t low = 0, high = count;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (order[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Products with ranks and squares of ranks are those of different scores so far: where some are equal, they
 * share a rank. */
static void share_ranks(const struct gamma_rank *order, int64_t count, const struct gamma_sums *sums,
                        int64_t *products, int64_t *squares)
{
    for (int64_t first = place_of(order, count, sums->least_tie), end;
         first < count && order[first].key <= sums->most_tie; first = end) {
        end = end_of_ties(order, count, first);
        const int64_t shared = first + end - count;
        for (int64_t i = first; end - first > 1 && i < end; i++) {
            const int64_t rank = 2 * i + 1 - count;
            *products += (shared - rank) * order[i].weight;
            *squares += shared * shared - rank * rank;
        }
    }
}

/* Spearman of an order and the ranks that are its weights, whose squares add up to `one`; NaN, 0/0, where one
 * of them is constant. */
static double spearman(const struct gamma_rank *order, int64_t count, const struct gamma_sums *sums,
                       int64_t one)
{
    int64_t products = sums->products, squares = (count * count * count - count) / 3;
    share_ranks(order, count, sums, &products, &squares);
    return (double)products / (one == squares ? (double)one : sqrt((double)one) * sqrt((double)squares));
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

/* As proscore_sign_changes of each: how many lifts, which fall, are large enough. Zero filters have none. */
static int64_t count_sign_changes(const double *lifts, int64_t count, double lambda)
{
    const double least = isinf(lambda) ? 0 : 1, scale = isinf(lambda) ? 1 : lambda;
    int64_t low = 0, high = count;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (scale * lifts[middle] > least)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct layer_result compare(const struct sweep_work *work, int index, const struct gamma_rank *order,
                                   const struct gamma_sums *sums, double lambda)
{
    const struct gamma_layer *layer = &work->settings->layers[index];
    const double *lifts = work->lifts + work->curves.start[index];
    return (struct layer_result){
        .spread = spread_of(layer, order, lambda),
        .correlation = spearman(order, layer->channels, sums, work->squares[index]),
        .both = sums->cuts,
        .sign_changes = count_sign_changes(lifts, layer->channels, lambda),
    };
}

/* Task: a layer and a run of gammas. Each run begins with the order at the reference. */
static void sweep_task(void *argument, int64_t task, int worker)
{
    struct sweep_work *work = argument;
    const struct gamma_settings *settings = work->settings;
    const int index = (int)(task % settings->layer_count), first = (int)(task / settings->layer_count) * RUN,
              end = first + RUN < work->count ? first + RUN : work->count;
    const size_t room = (size_t)worker * (size_t)work->curves.widest;
    struct gamma_rank *order = work->order_now + room;
    struct gamma_sums sums = work->sums[index];
    double *keys = work->keys + room;
    if (progress_cancelled(settings->progress))
        return;
    memcpy(order, work->order + work->curves.start[index],
           (size_t)settings->layers[index].channels * sizeof *order);
    for (int i = first; i < end; i++) {
        const double lambda = work->gammas[i] * settings->scale;
        gamma_order_at(&work->curves, index, lambda, keys, order, &sums);
        work->cells[(size_t)index * RUN * RUNS_PER_REPORT + (size_t)i] =
            compare(work, index, order, &sums, lambda);
    }
}

/* --- all layers ----------------------------------------------------------------------------------------- */

/* Means over layers, at the gamma `at` of this report. */
static struct gamma_result mean_of(const struct sweep_work *work, int at)
{
    const struct gamma_settings *settings = work->settings;
    struct gamma_result result = {0};
    int correlated = 0, overlapped = 0;
    for (int i = 0; i < settings->layer_count; i++) {
        const struct layer_result *cell = &work->cells[(size_t)i * RUN * RUNS_PER_REPORT + (size_t)at];
        const int64_t pruned = settings->layers[i].pruned;
        result.spread += cell->spread;
        result.sign_changes += cell->sign_changes;
        result.pruned += pruned;
        result.changed += pruned - cell->both;
        result.layers_changed += cell->both < pruned;
        if (!isnan(cell->correlation)) {
            result.correlation += cell->correlation;
            correlated++;
        }
        if (pruned) {
            result.overlap += (double)cell->both / (double)(2 * pruned - cell->both);
            overlapped++;
        }
    }
    result.spread /= settings->layer_count;
    result.correlation = correlated ? result.correlation / correlated : NAN;
    result.overlap = overlapped ? result.overlap / overlapped : NAN;
    return result;
}

static int compare_lifts(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a < b) - (a > b);
}

static void take_reference(struct sweep_work *work)
{
    const struct gamma_settings *settings = work->settings;
    for (int i = 0; i < settings->layer_count; i++) {
        const struct gamma_layer *layer = &settings->layers[i];
        const int64_t start = work->curves.start[i];
        struct gamma_rank *order = work->order + start;
        gamma_order_begin(&work->curves, i, order);
        gamma_order_at(&work->curves, i, settings->reference * settings->scale, work->keys, order,
                       &work->sums[i]);
        work->squares[i] = take_ranks(order, layer->channels, layer->pruned);
        work->sums[i] = gamma_sums_of(order, layer->channels, layer->pruned);
        for (int64_t c = start; c < start + layer->channels; c++)
            work->lifts[c] = isnan(work->curves.lift[c]) ? -INFINITY : work->curves.lift[c];
        qsort(work->lifts + start, (size_t)layer->channels, sizeof *work->lifts, compare_lifts);
    }
}

static status work_init(struct sweep_work *work, struct error *error)
{
    const struct gamma_settings *settings = work->settings;
    status code = gamma_curves_new(settings->layers, settings->layer_count, &work->curves, error);
    if (code != STATUS_OK)
        return code;
    const size_t channels = (size_t)work->curves.channels + 1,
                 room = (size_t)work->curves.widest * (size_t)pool_threads(settings->pool) + 1;
    work->order = mem_new(channels, sizeof *work->order);
    work->lifts = mem_new(channels, sizeof *work->lifts);
    work->sums = mem_new((size_t)settings->layer_count + 1, sizeof *work->sums);
    work->squares = mem_new((size_t)settings->layer_count + 1, sizeof *work->squares);
    work->order_now = mem_new(room, sizeof *work->order_now);
    work->keys = mem_new(room, sizeof *work->keys);
    work->cells = mem_new((size_t)settings->layer_count * RUN * RUNS_PER_REPORT + 1, sizeof *work->cells);
    if (!work->order || !work->lifts || !work->sums || !work->squares || !work->order_now || !work->keys ||
        !work->cells)
        return error_memory(error);
    take_reference(work);
    return STATUS_OK;
}

static void work_free(struct sweep_work *work)
{
    gamma_curves_free(&work->curves);
    mem_free(work->order);
    mem_free(work->lifts);
    mem_free(work->sums);
    mem_free(work->squares);
    mem_free(work->order_now);
    mem_free(work->keys);
    mem_free(work->cells);
}

status gamma_sweep(const struct gamma_settings *settings, const double *gammas, int count,
                   struct gamma_result *results, struct error *error)
{
    struct sweep_work work = {.settings = settings};
    status code = work_init(&work, error);
    for (int first = 0; code == STATUS_OK && first < count; first += work.count) {
        const int left = count - first;
        work.gammas = gammas + first;
        work.count = left < RUN * RUNS_PER_REPORT ? left : RUN * RUNS_PER_REPORT;
        pool_run(settings->pool, (int64_t)settings->layer_count * ((work.count + RUN - 1) / RUN), sweep_task,
                 &work);
        if (progress_cancelled(settings->progress)) {
            code = error_set(error, STATUS_CANCELLED, "cancelled");
            break;
        }
        for (int i = 0; i < work.count; i++)
            results[first + i] = mean_of(&work, i);
        progress_report(settings->progress, "sweeping", "gammas", first + work.count, count);
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
