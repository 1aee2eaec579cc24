/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scores of whole networks by the criteria of the table. */
#include "score/criterion.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/memory.h"
#include "base/order.h"
#include "base/progress.h"
#include "base/share.h"
#include "base/status.h"
#include "score/criteria.h"

double vector_norm(const double *values, int64_t count)
{
    double squares = 0.0, largest = 0.0;
    for (int64_t i = 0; i < count; i++) {
        const double size = fabs(values[i]);
        squares += size * size;
        largest = size > largest ? size : largest; /* fmax without its call: a NaN never wins */
    }
    if (isnan(squares) || isinf(largest) || largest == 0.0 || (squares > 1e-280 && isfinite(squares))) {
        return sqrt(squares);
    }
    squares = 0.0;
    for (int64_t i = 0; i < count; i++) {
        double share = values[i] / largest;
        squares += share * share;
    }
    return largest * sqrt(squares);
}

/* What a criterion may look at: an option that its row does not name is the same for all. */
static struct criterion_options own_options(const struct criterion *criterion,
                                            const struct criterion_options *options)
{
    struct criterion_options own = criterion_defaults();
    criterion_options_copy(&own, options, criterion->options);
    return own;
}

static unsigned needs_of(const struct criterion *criterion, const struct layer *layer,
                         const struct criterion_options *options)
{
    return criterion->needs ? criterion->needs(layer, options) : criterion->fixed_needs;
}

unsigned criterion_needs(const struct layers *layers, const struct criterion *criterion,
                         const struct criterion_options *options)
{
    const struct criterion_options own = own_options(criterion, options);
    unsigned needs = NEED_WEIGHTS;
    for (int i = 0; i < layers->count; i++) {
        if (!layers->items[i].output_layer) {
            needs |= needs_of(criterion, &layers->items[i], &own);
        }
    }
    return needs;
}

struct part_measure criterion_part(const struct criterion *criterion, const struct criterion_options *options)
{
    const struct criterion_options own = own_options(criterion, options);
    return criterion->part_of ? criterion->part_of(&own) : criterion->part;
}

/* Scores of one layer; errors do not name it yet. */
static status score_layer(const struct criterion_input *input, const struct criterion *criterion,
                          double *scores, struct criterion_report *report, struct error *error)
{
    unsigned needs = needs_of(criterion, input->layer, input->options) & ~(unsigned)NEED_WEIGHTS;
    if (needs && (!input->statistics || (input->statistics->needs & needs) != needs)) {
        return error_set(error, STATUS_STATE, "criterion %s needs %s that no pass over images has computed",
                         criterion->name,
                         needs & NEED_WEIGHT_GRADIENTS ? "weight gradients"
                         : needs & NEED_GRADIENTS      ? "gradients"
                                                       : "statistics of activations");
    }
    if (needs && !input->statistics->layers[input->layer_index].delta) {
        report->lack = "its channels or the images are no dimension of its output";
        return STATUS_OK;
    }
    report->lack = criterion->lack ? criterion->lack(input->layer) : NULL;
    if (report->lack) {
        return STATUS_OK;
    }
    status code = criterion->score(input, scores, report, error);
    for (int64_t c = 0; code == STATUS_OK && !report->lack && c < input->layer->channels; c++) {
        if (isnan(scores[c])) {
            return error_set(error, STATUS_NAN, "the %s score of channel %lld is not a number%s",
                             criterion->name, (long long)c,
                             criterion->owner ? "" : ": a weight or a gradient is not finite");
        }
    }
    return code;
}

/* Scores of layer i into the result. */
static status add_scores(struct scores *result, const struct criterion_input *input, struct error *error)
{
    int i = input->layer_index;
    result->layer[i] = mem_new((size_t)input->layer->channels, sizeof **result->layer);
    if (!result->layer[i]) {
        return error_memory(error);
    }
    status code = score_layer(input, result->criterion, result->layer[i], &result->reports[i], error);
    if (code == STATUS_OK && result->reports[i].lack) {
        mem_free(result->layer[i]);
        result->layer[i] = NULL;
    }
    return code == STATUS_OK ? code : error_prefix(error, "layer %s: ", input->layer->name);
}

const char *criterion_lack(const struct criterion *criterion, const struct layers *layers, int *layer)
{
    const char *first = NULL;
    for (int i = layers->count - 1; criterion->lack && i >= 0; i--) {
        const char *why = criterion->lack(&layers->items[i]);
        if (layers->items[i].output_layer) {
            continue;
        }
        if (!why) {
            return NULL;
        }
        first = why;
        *layer = i;
    }
    return first;
}

/* Is there a layer to score, and no one is scored? */
static status check_any(const struct scores *scores, const struct layers *layers, struct error *error)
{
    int lacking = -1;
    for (int i = layers->count - 1; i >= 0; i--) {
        if (scores->layer[i]) {
            return STATUS_OK;
        }
        lacking = scores->reports[i].lack ? i : lacking;
    }
    return lacking < 0 ? STATUS_OK
                       : error_set(error, STATUS_STATE, "criterion %s can score no layer; layer %s: %s",
                                   scores->criterion->name, layers->items[lacking].name,
                                   scores->reports[lacking].lack);
}

/* The layers of one criterion, each a task. */
struct layer_tasks {
    struct scores *result;
    const struct graph *graph;
    const struct layers *layers;
    const struct score_statistics *statistics;
    struct progress *progress; /* of the thread that asked */
    struct layer_task {
        int layer;
        double size;
        struct error error;
    } * items; /* owned */
    int count;
    atomic_bool failed;
};

static int larger_first(const void *a, const void *b)
{
    const struct layer_task *x = a, *y = b;
    if (x->size != y->size)
        return x->size > y->size ? -1 : 1;
    return (x->layer > y->layer) - (x->layer < y->layer);
}

static void score_task(void *argument, int64_t task, int worker)
{
    struct layer_tasks *tasks = argument;
    struct layer_task *item = &tasks->items[task];
    (void)worker;
    if (atomic_load(&tasks->failed))
        return;
    const struct criterion_input input = {.graph = tasks->graph,
                                          .layers = tasks->layers,
                                          .layer = &tasks->layers->items[item->layer],
                                          .layer_index = item->layer,
                                          .statistics = tasks->statistics,
                                          .options = &tasks->result->options,
                                          .criterion = tasks->result->criterion};
    struct progress *before = progress_set_current(tasks->progress);
    if (add_scores(tasks->result, &input, &item->error) != STATUS_OK)
        atomic_store(&tasks->failed, true);
    progress_set_current(before);
}

/* Every layer but the output layers; the failure of the first that failed. */
static status score_layers(struct layer_tasks *tasks, struct pool *pool, struct error *error)
{
    tasks->items = mem_new((size_t)tasks->layers->count, sizeof *tasks->items);
    if (!tasks->items)
        return error_memory(error);
    for (int i = 0; i < tasks->layers->count; i++) {
        const struct layer *layer = &tasks->layers->items[i];
        if (!layer->output_layer)
            tasks->items[tasks->count++] = (struct layer_task){
                i, (double)layer->channels * (double)layer->channels * (double)layer->filter_length, {0}};
    }
    if (pool)
        qsort(tasks->items, (size_t)tasks->count, sizeof *tasks->items, larger_first);
    pool_run(pool, tasks->count, score_task, tasks);
    const struct layer_task *failed = NULL;
    for (int i = 0; i < tasks->count; i++)
        if (tasks->items[i].error.code != STATUS_OK && (!failed || tasks->items[i].layer < failed->layer))
            failed = &tasks->items[i];
    status code = failed ? failed->error.code : STATUS_OK;
    if (failed)
        *error = failed->error;
    mem_free(tasks->items);
    return code;
}

status scores_compute(const struct graph *graph, const struct layers *layers,
                      const struct criterion *criterion, const struct criterion_options *options,
                      const struct score_statistics *statistics, struct pool *pool, struct scores **scores,
                      struct error *error)
{
    const struct criterion_options own = own_options(criterion, options);
    if (criterion->check && criterion->check(&own, error) != STATUS_OK) {
        return error->code;
    }
    struct scores *result = mem_new(1, sizeof *result);
    if (!result) {
        return error_memory(error);
    }
    *result = (struct scores){.criterion = criterion, .options = own};
    result->layer = mem_new((size_t)layers->count, sizeof *result->layer);
    result->reports = mem_new((size_t)layers->count, sizeof *result->reports);
    result->layer_count = result->layer ? layers->count : 0;
    status code = result->layer && result->reports ? STATUS_OK : error_memory(error);
    if (code == STATUS_OK) {
        struct layer_tasks tasks = {.result = result,
                                    .graph = graph,
                                    .layers = layers,
                                    .statistics = statistics,
                                    .progress = progress_current()};
        code = score_layers(&tasks, criterion->spread ? pool : NULL, error);
    }
    if (code == STATUS_OK) {
        code = check_any(result, layers, error);
    }
    if (code != STATUS_OK) {
        scores_free(result);
        return code;
    }
    *scores = result;
    return STATUS_OK;
}

struct scores *scores_retain(struct scores *scores)
{
    if (scores) {
        share_add(&scores->shares);
    }
    return scores;
}

void scores_free(struct scores *scores)
{
    if (!scores || !share_drop(&scores->shares)) {
        return;
    }
    for (int i = 0; i < scores->layer_count; i++) {
        mem_free(scores->layer[i]);
    }
    mem_free(scores->layer);
    mem_free(scores->reports);
    mem_free(scores);
}

status scores_rank(const double *scores, int64_t count, int64_t *order, struct error *error)
{
    for (int64_t i = 0; i < count; i++) {
        if (isnan(scores[i])) {
            return error_set(error, STATUS_NAN, "the score of channel %lld is not a number", (long long)i);
        }
    }
    return order_of(scores, count, order, error);
}
