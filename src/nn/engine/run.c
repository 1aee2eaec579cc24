/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many images through a network.
 *
 * A task is one micro-batch. Tasks start in ascending order, so when one fails all earlier ones are under
 * way: they finish and commit, later ones are dropped, and the earliest failure is the one reported. That
 * makes the error, and what was committed before it, independent of the number of threads. */
#include "nn/engine/run.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/text.h"
#include "base/ranks.h"
#include "nn/engine/handover.h"
#include "nn/engine/network_end.h"
#include "nn/engine/run_internal.h"
#include "nn/engine/whole_batch.h"
#include "nn/execution/images.h"
#include "nn/execution/options.h"
#include "nn/execution/times.h"
#include "nn/fused/packed_weights.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"
#include "nn/simplify/narrow.h"

static status check_output_shape(const struct runner *runner, const struct engine *engine,
                                 struct error *error)
{
    const struct graph *graph = &runner->narrowed.graph;
    const struct shape *shape = &engine_output(engine)->shape;
    const int64_t labels = runner->labels_per_image;
    if (!runner->labels &&
        (runner->run->without_outputs || (shape->rank >= 1 && shape->dim[0] == runner->options.batch)))
        return STATUS_OK;
    if (runner->labels && shape->rank >= 2 && (labels == 1 || shape->rank == 4) &&
        shape_product(shape, 2, shape->rank) == labels)
        return STATUS_OK;
    struct text text = {0};
    shape_text(shape, &text);
    if (!runner->labels)
        error_set(error, STATUS_UNSUPPORTED,
                  "the network's output %s has shape %s, which does not follow its batch",
                  graph->values[graph->outputs[0]].name, text_data(&text));
    else if (labels == 1)
        error_set(error, STATUS_UNSUPPORTED, "the network's output %s has shape %s, expected batch x classes",
                  graph->values[graph->outputs[0]].name, text_data(&text));
    else
        error_set(error, STATUS_UNSUPPORTED,
                  "the network's output %s has shape %s, expected batch x classes x height x width for "
                  "%" PRId64 " labelled pixels",
                  graph->values[graph->outputs[0]].name, text_data(&text), labels);
    text_free(&text);
    return error->code;
}

bool worker_memory(const struct runner *runner, struct run_worker *worker, int64_t classes)
{
    const size_t batch = (size_t)runner->options.batch;
    const bool maps = runner->labels && runner->labels_per_image > 1;
    size_t losses, pixels = 0;
    if (!size_multiply(batch, (size_t)runner->replacement_count + 1, &losses) ||
        (maps && !size_multiply(losses, (size_t)classes, &pixels)))
        return false;
    worker->losses = mem_new(losses, sizeof *worker->losses);
    worker->labels = mem_new(batch, (size_t)runner->labels_per_image * sizeof *worker->labels);
    worker->pixels = maps ? mem_new(pixels, sizeof *worker->pixels) : NULL;
    return worker->losses && worker->labels && (worker->pixels || !maps);
}

static void worker_free(struct run_worker *worker)
{
    engine_free(worker->engine);
    whole_batch_free(worker->batch);
    mem_free(worker->losses);
    mem_free(worker->labels);
    mem_free(worker->pixels);
    mem_free(worker->parts);
    *worker = (struct run_worker){0};
}

static bool find_parts(const struct runner *runner, struct run_worker *worker)
{
    if (runner->labels)
        return true;
    worker->parts = mem_new((size_t)engine_part_count(worker->engine), sizeof *worker->parts);
    if (worker->parts)
        aim_parts(worker->engine, worker->parts);
    return worker->parts != NULL;
}

/* The worker's engine, made when it gets its first task. */
status worker_start(struct runner *runner, struct run_worker *worker, struct error *error)
{
    if (worker->engine)
        return STATUS_OK;
    struct engine_options options = runner->options;
    if (runner->run->training && !worker->batch &&
        whole_batch_new(&runner->narrowed.graph, &worker->batch, error))
        return error->code;
    if (worker->batch)
        whole_batch_options(worker->batch, &options);
    if (engine_new(&runner->narrowed.graph, &options, &worker->engine, error))
        return error->code;
    status code = check_output_shape(runner, worker->engine, error);
    if (code == STATUS_OK && (!worker_memory(runner, worker, engine_output(worker->engine)->shape.dim[1]) ||
                              !find_parts(runner, worker)))
        code = error_memory(error);
    if (code != STATUS_OK)
        worker_free(worker);
    return code;
}

/* Labels of one image: the position is for the message. */
static status check_labels(const struct runner *runner, const int64_t *labels, int64_t classes,
                           int64_t position, struct error *error)
{
    const int64_t least = runner->labels_per_image > 1 ? INT64_MIN : 0;
    for (int64_t i = 0; i < runner->labels_per_image; i++)
        if (labels[i] < least || labels[i] >= classes)
            return error_set(error, STATUS_RANGE,
                             "image %" PRId64 " has label %" PRId64 ", but the network has %" PRId64
                             " classes",
                             position, labels[i], classes);
    return STATUS_OK;
}

/* Images first..first+count-1 into the engine's input, the rest zero. */
static status fetch_images(const struct runner *runner, struct run_worker *worker, int64_t first,
                           int64_t count, struct error *error)
{
    const struct run *run = runner->run;
    enum element_type real = runner->options.real;
    size_t bytes = (size_t)engine_input_elements(worker->engine) * element_size(real);
    int64_t classes = engine_output(worker->engine)->shape.dim[1];
    unsigned char *image = engine_input(worker->engine);
    for (int64_t i = 0; i < count; i++, image += bytes) {
        if (progress_cancelled(run->progress))
            return error_set(error, STATUS_CANCELLED, "cancelled");
        int64_t *labels = worker->labels + i * runner->labels_per_image;
        if (run->fetch(run->fetch_argument, first + i, real, image, labels, error) ||
            (runner->labels && check_labels(runner, labels, classes, first + i, error)))
            return error->code;
    }
    memset(image, 0, (size_t)(runner->options.batch - count) * bytes);
    return STATUS_OK;
}

/* Each replacement from its first node on. What one leaves changed lies behind the point where the next
 * begins, because they run from the back of the network to its front. */
static status run_replacements(const struct runner *runner, struct run_worker *worker, int64_t count,
                               struct error *error)
{
    const struct run_replacements *replacements = runner->run->replacements;
    struct engine *engine = worker->engine;
    status code = STATUS_OK;
    for (int i = 0; i < runner->replacement_count && code == STATUS_OK; i++) {
        const struct ordered_replacement *item = &runner->order[i];
        int step = engine_step_of(engine, item->first_node);
        if (step < 0)
            return error_set(error, STATUS_STATE, "node %d never runs: it cannot vary", item->first_node);
        code = replacements->apply(replacements->argument, engine, item->replacement, error);
        if (code == STATUS_OK)
            code = engine_forward_from(engine, step, error);
        if (code == STATUS_OK)
            code = runner_losses(runner, worker, (item->replacement + 1) * count, count, error);
        engine_restore_operands(engine);
    }
    return code;
}

static status run_direction(const struct run_worker *worker, enum direction direction, int64_t count,
                            struct error *error)
{
    if (worker->batch)
        return whole_batch_run(worker->batch, worker->engine, direction, count, error);
    return (direction == FORWARD_PASS ? engine_forward : engine_backward)(worker->engine, error);
}

static status run_task(struct runner *runner, struct run_worker *worker, int64_t first, int64_t count,
                       struct error *error)
{
    if (progress_cancelled(runner->run->progress))
        return error_set(error, STATUS_CANCELLED, "cancelled");
    if (worker_start(runner, worker, error) || fetch_images(runner, worker, first, count, error) ||
        run_direction(worker, FORWARD_PASS, count, error) || runner_losses(runner, worker, 0, count, error))
        return error->code;
    if (runner->replacement_count > 0)
        return run_replacements(runner, worker, count, error);
    if (!runner->options.backward || !aim_has_gradients(runner->run->aim))
        return STATUS_OK;
    return run_direction(worker, BACKWARD_PASS, count, error);
}

void runner_task_failed(struct runner *runner, int64_t task, const struct error *error)
{
    if (task < runner->stop) {
        runner->stop = task;
        runner->error = *error;
    }
    pthread_cond_broadcast(&runner->changed);
}

/* Wait until all earlier tasks have committed; false when one of them failed. */
static bool wait_for_turn(struct runner *runner, int64_t task)
{
    pthread_mutex_lock(&runner->lock);
    while (runner->turn != task && runner->stop > task)
        pthread_cond_wait(&runner->changed, &runner->lock);
    bool go = runner->stop > task;
    pthread_mutex_unlock(&runner->lock);
    return go;
}

static void report(const struct run *run, int64_t done)
{
    progress_report(run->progress, run->title, "images", run->progress_before + done,
                    run->progress_total > 0 ? run->progress_total : run->images);
}

status runner_commit(const struct runner *runner, const struct engine *engine,
                     const struct run_worker *results, int64_t first, int64_t count, struct error *error)
{
    const struct run *run = runner->run;
    if (progress_cancelled(run->progress))
        return error_set(error, STATUS_CANCELLED, "cancelled");
    if (run->commit &&
        run->commit(run->commit_argument, engine, results->losses, results->labels, first, count, error))
        return error->code;
    report(run, first + count);
    return STATUS_OK;
}

int64_t runner_images(const struct runner *runner, int64_t task, int64_t *first)
{
    const int64_t batch = runner->options.batch;
    *first = runner->run->start + task * batch;
    const int64_t left = runner->run->images - *first;
    return left < batch ? left : batch;
}

static void work(void *argument, int64_t share, int index)
{
    struct runner *runner = argument;
    struct run_worker *worker = &runner->workers[index];
    struct error error = {0};
    const int64_t task = turns_task(share);
    int64_t first, count = runner_images(runner, task, &first), failed = task;
    pthread_mutex_lock(&runner->lock);
    bool go = task < runner->stop;
    pthread_mutex_unlock(&runner->lock);
    if (!go)
        return;
    status code = run_task(runner, worker, first, count, &error);
    if (code == STATUS_OK) {
        if (!wait_for_turn(runner, task))
            return;
        code = turns_take(runner, worker, task, &failed, &error);
        if (code == STATUS_OK)
            code = runner_commit(runner, worker->engine, worker, first, count, &error);
    }
    pthread_mutex_lock(&runner->lock);
    if (code != STATUS_OK) {
        error.code = code;
        runner_task_failed(runner, failed, &error);
    } else {
        runner->turn = task + ranks_count();
        pthread_cond_broadcast(&runner->changed);
    }
    pthread_mutex_unlock(&runner->lock);
}

static int compare_replacements(const void *a, const void *b)
{
    const struct ordered_replacement *x = a, *y = b;
    if (x->first_node != y->first_node)
        return x->first_node > y->first_node ? -1 : 1;
    return (x->replacement > y->replacement) - (x->replacement < y->replacement);
}

static status check_run(const struct run *run, struct error *error)
{
    int64_t batch = run->engine.batch;
    if (batch < 0 || run->images < 0 || run->start < 0 || run->start > run->images)
        return error_set(error, STATUS_RANGE,
                         "%" PRId64 " images in micro-batches of %" PRId64 " are not possible",
                         run->images - run->start, batch);
    if (run->replacements && run->engine.backward)
        return error_set(error, STATUS_USAGE, "with replaced operands a network runs forward only");
    if (run->training && run->graph->batch > 0 && run->graph->batch != batch)
        return error_set(error, STATUS_UNSUPPORTED,
                         "the network computes %" PRId64
                         " images at a time: training mode cannot have others",
                         run->graph->batch);
    if (run->training && (batch == 0 || run->replacements))
        return error_set(error, STATUS_USAGE,
                         "training mode needs a size of its batches and no replacements");
    return STATUS_OK;
}

/* A sample of few images in equal shares, an even number of them, so that no worker is without one: at least
 * four where micro-batches are large. By the images alone, whatever the number of threads. */
static int64_t shared_out(int64_t batch, int64_t images)
{
    enum { LARGE = 16, FEW = 2, MORE = 4 };
    if (images <= 0)
        return batch;
    const int64_t even = batch > LARGE ? MORE : FEW;
    const int64_t shares = (images + batch * even - 1) / (batch * even) * even;
    return (images + shares - 1) / shares;
}

/* What a probe compares has the same places everywhere. */
static bool suits_probes(const struct graph *graph, const struct engine_options *options)
{
    for (int i = 0; i < options->probe_count; i++) {
        const struct probe *probe = &options->probes[i];
        const struct shape *target = &graph->values[probe->target].shape;
        if (!shape_equal(target, &graph->values[probe->linear].shape) ||
            !shape_equal(target, &graph->values[probe->activated].shape))
            return false;
    }
    return true;
}

/* Engines compute what the outputs need, where nobody counts nodes and the images of a batch do not meet. */
static status narrow(struct runner *runner, const struct run *run, struct error *error)
{
    struct narrowed_graph *narrowed = &runner->narrowed;
    const struct engine_options *options = &run->engine;
    int64_t *runs;
    narrowed->graph = runner->judged.graph;
    if (run->replacements || run->training || options->times)
        return STATUS_OK;
    if (graph_narrow(&runner->judged.graph, options->watched, options->watched_count, narrowed, error))
        return error->code;
    if (narrowed->changed && !suits_probes(&narrowed->graph, options)) {
        narrowed_graph_free(narrowed);
        narrowed->graph = runner->judged.graph;
    }
    if (!narrowed->changed || !options->runs)
        return STATUS_OK;
    runner->arena = arena_new();
    if (!runner->arena)
        return error_memory(error);
    if (images_find(&narrowed->graph, runner->arena, &runs, error))
        return error->code;
    runner->options.runs = runs;
    return STATUS_OK;
}

/* Network and options as the engines get them without a bound on memory. */
static status prepare(struct runner *runner, const struct run *run, struct error *error)
{
    *runner = (struct runner){.run = run, .options = run->engine, .turn = ranks_index(), .stop = INT64_MAX};
    runner->judged.graph = *run->graph;
    runner->labels = !run->outputs_only && aim_has_labels(run->aim);
    if (runner->labels && judged_graph_init(&runner->judged, run->graph, error))
        return error->code;
    if (narrow(runner, run, error))
        return error->code;
    if (run->graph->batch > 0)
        runner->options.batch = run->graph->batch;
    runner->options.chosen_for = runner->options.batch;
    if (runner->options.batch == 0) {
        runner->options.chosen_for = run_micro_batch(run->graph, run->engine.weight_count > 0);
        runner->options.batch = shared_out(runner->options.chosen_for, run->images);
    }
    runner->options.progress = run->progress;
    runner->options.reuse = !run->replacements;
    return STATUS_OK;
}

static void graphs_free(struct runner *runner)
{
    narrowed_graph_free(&runner->narrowed);
    judged_graph_free(&runner->judged);
    arena_free(runner->arena);
}

static status find_fit(const struct runner *runner, int threads, struct engine_fit *fit, struct error *error)
{
    const struct run *run = runner->run;
    return engine_fit_find(&runner->narrowed.graph, &runner->options,
                           run->engine.batch > 0 || run->graph->batch > 0, run->replacements != NULL, threads,
                           run->memory, fit, error);
}

status run_fit(const struct run *run, int threads, struct engine_fit *fit, struct error *error)
{
    struct runner runner;
    if (check_run(run, error))
        return error->code;
    status code = prepare(&runner, run, error);
    if (code == STATUS_OK)
        code = find_fit(&runner, threads, fit, error);
    graphs_free(&runner);
    return code;
}

static status keep_bound(struct runner *runner, struct error *error)
{
    struct engine_fit fit;
    runner->running = pool_threads(runner->run->pool);
    if (runner->run->memory == 0)
        return STATUS_OK;
    status code = find_fit(runner, runner->running, &fit, error);
    if (code == STATUS_OK) {
        runner->options.batch = fit.batch;
        runner->running = fit.workers;
    }
    return code;
}

/* To be freed after a failure too. */
static status runner_new(struct runner *runner, const struct run *run, struct error *error)
{
    if (prepare(runner, run, error) || keep_bound(runner, error))
        return error->code;
    runner->labels_per_image = run->labels_per_image > 1 ? run->labels_per_image : 1;
    runner->replacement_count = run->replacements ? run->replacements->count : 0;
    runner->workers = mem_new((size_t)pool_threads(run->pool), sizeof *runner->workers);
    runner->order = mem_new((size_t)runner->replacement_count, sizeof *runner->order);
    runner->options.packed = packed_weights_new();
    if (!runner->workers || !runner->order || !runner->options.packed)
        return error_memory(error);
    for (int i = 0; i < runner->replacement_count; i++)
        runner->order[i] = (struct ordered_replacement){run->replacements->first_node[i], i};
    qsort(runner->order, (size_t)runner->replacement_count, sizeof *runner->order, compare_replacements);
    return STATUS_OK;
}

static void runner_free(struct runner *runner)
{
    handover_free(runner->handover);
    worker_free(&runner->others);
    for (int i = 0; runner->workers && i < pool_threads(runner->run->pool); i++)
        worker_free(&runner->workers[i]);
    packed_weights_free(runner->options.packed);
    graphs_free(runner);
    mem_free(runner->workers);
    mem_free(runner->order);
}

/* What convolutions and linear layers compute per image, and their weights. */
struct layer_bytes {
    int64_t computed, weights;
};

static struct layer_bytes layer_bytes(const struct graph *graph)
{
    int64_t elements = 0, weights = 0;
    for (int n = 0; n < graph->node_count; n++) {
        const struct node *node = &graph->nodes[n];
        if (!(node->op->flags & (OPERATOR_CONVOLUTION | OPERATOR_PRODUCT)) || node->outputs[0] == VALUE_NONE)
            continue;
        const struct shape *shape = &graph->values[node->outputs[0]].shape;
        if (shape->rank > 1)
            elements += shape_product(shape, 1, shape->rank);
        const int weight = node->input_count > 1 ? node->inputs[1] : VALUE_NONE;
        if (weight != VALUE_NONE && graph->values[weight].constant)
            weights += shape_elements(&graph->values[weight].shape);
    }
    return (struct layer_bytes){elements * (int64_t)sizeof(float), weights * (int64_t)sizeof(float)};
}

int64_t run_micro_batch(const struct graph *graph, bool weight_gradients)
{
    enum { LEAST = 2, MOST = 16, MOST_FOR_WEIGHTS = 64 };
    const int64_t near = weight_gradients ? 48 << 20 : 12 << 20, far = 512 << 20, alone = 32 << 20;
    const struct layer_bytes bytes = layer_bytes(graph);
    int64_t batch = MOST_FOR_WEIGHTS;
    if (graph->batch > 0)
        return graph->batch;
    /* Adding up the gradients of all weights, once per micro-batch, takes several times as long as reading
     * them. */
    const int64_t enough = weight_gradients ? 4 * bytes.weights : bytes.weights;
    while (batch > LEAST && batch * bytes.computed > enough &&
           (batch > MOST || batch * bytes.computed > near))
        batch /= 2;
    while (batch > 1 && batch * bytes.computed > far)
        batch /= 2;
    /* Two large images are no faster than one after the other, and take twice the memory. */
    if (batch == LEAST && bytes.computed > alone && !weight_gradients)
        batch = 1;
    return batch;
}

/* The tasks of this rank, then what is left of the others'. */
static void run_tasks(struct runner *runner)
{
    const struct run *run = runner->run;
    const int64_t batch = runner->options.batch, images = run->images - run->start;
    const int64_t tasks = images / batch + (images % batch > 0);
    pthread_mutex_init(&runner->lock, NULL); /* with default attributes these cannot fail on Linux */
    pthread_cond_init(&runner->changed, NULL);
    report(run, run->start);
    pool_run_some(run->pool, runner->running, turns_share(tasks), work, runner);
    turns_finish(runner, tasks);
    pthread_cond_destroy(&runner->changed);
    pthread_mutex_destroy(&runner->lock);
}

status run_images(const struct run *run, struct error *error)
{
    struct runner runner;
    if (check_run(run, error))
        return error->code;
    status code = runner_new(&runner, run, error);
    code = turns_begin(&runner, code, error);
    if (code == STATUS_OK) {
        run_tasks(&runner);
        code = turns_end(&runner, error);
    }
    runner_free(&runner);
    return code;
}
