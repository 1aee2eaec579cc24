/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One pass over a sample: per-image sums from the engine's probes, added up in the order of the images. */
#include "prune/score.h"

#include <math.h>
#include "nn/plan.h"
#include "prune/criteria.h"

/* Sums of one layer while the pass runs. */
struct layer_work {
    int layer;               /* index into the layers */
    double *center;          /* y is taken relative to this */
    double *batch_gate;      /* sum of the gates of the batch that is not complete yet */
    double *weight_gradient; /* sum over images, in the weight's own layout; NULL when not needed */
    int64_t weight_elements;
};

struct pass_work {
    const struct score_pass *pass;
    struct score_statistics *statistics;
    struct layer_work *layers; /* one per probe */
    struct probe *probes;
    int *weights; /* one per probe, when weight gradients are needed */
    int count;
    int64_t batch;
};

void score_statistics_free(struct score_statistics *statistics)
{
    if (!statistics) {
        return;
    }
    for (int i = 0; i < statistics->layer_count; i++) {
        mem_free(statistics->layers[i].delta); /* start of the layer's one block */
    }
    mem_free(statistics->layers);
    mem_free(statistics);
}

/* All arrays of a layer in one block. */
static bool layer_statistics_init(struct layer_statistics *sums, int64_t channels, bool weight_gradients)
{
    double **const arrays[] = {&sums->delta,      &sums->delta_centered, &sums->gate,
                               &sums->lift,       &sums->gate_squared,   &sums->gate_batch_squared,
                               &sums->weight_dot, &sums->weight_abs,     &sums->gradient_norm};
    enum { ARRAYS = sizeof arrays / sizeof *arrays };
    double *block = mem_new((size_t)channels, ARRAYS * sizeof *block);
    if (!block) {
        return false;
    }
    for (int i = 0; i < ARRAYS; i++) {
        *arrays[i] = block + i * channels;
    }
    if (!weight_gradients) {
        sums->weight_abs = sums->gradient_norm = NULL;
    }
    return true;
}

static struct score_statistics *statistics_new(const struct score_pass *pass, int64_t batch)
{
    struct score_statistics *statistics = mem_new(1, sizeof *statistics);
    if (!statistics) {
        return NULL;
    }
    statistics->needs = pass->needs | NEED_WEIGHTS | NEED_GRADIENTS;
    statistics->images = statistics->planned = pass->sample->count;
    statistics->batch = batch;
    statistics->batches = pass->sample->count / batch + (pass->sample->count % batch != 0);
    statistics->layers = mem_new((size_t)pass->layers->count, sizeof *statistics->layers);
    if (!statistics->layers) {
        mem_free(statistics);
        return NULL;
    }
    statistics->layer_count = pass->layers->count;
    for (int i = 0; i < pass->layers->count; i++) {
        const struct layer *layer = &pass->layers->items[i];
        if (!layer->output_layer && !layer_statistics_init(&statistics->layers[i], layer->channels,
                                                           pass->needs & NEED_WEIGHT_GRADIENTS)) {
            score_statistics_free(statistics);
            return NULL;
        }
    }
    return statistics;
}

/* y is measured from BatchNorm's mean, where there is none from the bias: then Sd is <w, grad_w>. */
static double *layer_center(const struct graph *graph, const struct layer *layer)
{
    if (layer->norm_node >= 0) {
        return layer_parameter(graph, layer, layer->mean);
    }
    double *center = layer_parameter(graph, layer, layer->bias);
    for (int64_t c = 0; center && c < layer->channels; c++) {
        center[c] *= layer->bias_factor;
    }
    return center;
}

static void pass_work_free(struct pass_work *work)
{
    for (int i = 0; work->layers && i < work->count; i++) {
        mem_free(work->layers[i].center);
        mem_free(work->layers[i].batch_gate);
        mem_free(work->layers[i].weight_gradient);
    }
    mem_free(work->layers);
    mem_free(work->probes);
    mem_free(work->weights);
    score_statistics_free(work->statistics);
}

static status add_layer_work(struct pass_work *work, int index, struct error *error)
{
    const struct score_pass *pass = work->pass;
    const struct layer *layer = &pass->layers->items[index];
    struct layer_work *item = &work->layers[work->count];
    item->layer = index;
    item->center = layer_center(pass->graph, layer);
    item->batch_gate = mem_new((size_t)layer->channels, sizeof *item->batch_gate);
    bool complete = item->center && item->batch_gate;
    if (pass->needs & NEED_WEIGHT_GRADIENTS) {
        item->weight_elements = shape_elements(&pass->graph->values[layer->weight].constant->shape);
        item->weight_gradient = mem_new((size_t)item->weight_elements, sizeof *item->weight_gradient);
        complete = complete && item->weight_gradient;
    }
    work->probes[work->count] = (struct probe){.linear = layer->linear,
                                               .target = layer->target,
                                               .activated = layer->activated,
                                               .center = item->center};
    work->weights[work->count] = layer->weight;
    work->count++;
    return complete ? STATUS_OK : error_memory(error);
}

static status pass_work_init(struct pass_work *work, const struct score_pass *pass, struct error *error)
{
    *work = (struct pass_work){.pass = pass, .batch = pass->batch > 0 ? pass->batch : 1};
    size_t count = (size_t)pass->layers->count;
    work->statistics = statistics_new(pass, work->batch);
    work->layers = mem_new(count, sizeof *work->layers);
    work->probes = mem_new(count, sizeof *work->probes);
    work->weights = mem_new(count, sizeof *work->weights);
    if (!work->statistics || !work->layers || !work->probes || !work->weights) {
        return error_memory(error);
    }
    for (int i = 0; i < pass->layers->count; i++) {
        if (!pass->layers->items[i].output_layer) {
            status code = add_layer_work(work, i, error);
            if (code != STATUS_OK) {
                return code;
            }
        }
    }
    if (work->count == 0) {
        return error_set(error, STATUS_STATE,
                         "the network has no layer to score: the channels of all its layers are outputs");
    }
    return STATUS_OK;
}

/* Channels must be dimension 1 of what a layer computes; a linear layer over sequences has them last. */
static status check_layer_shapes(const struct score_pass *pass, struct error *error)
{
    const struct plan_options options = {.batch = 1, .real = pass->real};
    struct plan *plan;
    status code = plan_new(pass->graph, &options, &plan, error);
    if (code != STATUS_OK) {
        return code;
    }
    for (int i = 0; code == STATUS_OK && i < pass->layers->count; i++) {
        const struct layer *layer = &pass->layers->items[i];
        const struct shape *shape = &plan->values[layer->linear].shape;
        if (!layer->output_layer &&
            (shape->rank < 2 || shape->dim[0] != 1 || shape->dim[1] != layer->channels ||
             (layer->kind == LAYER_LINEAR && shape->rank != 2))) {
            struct text text = {0};
            shape_text(shape, &text);
            code = error_set(
                error, STATUS_UNSUPPORTED,
                "layer %s: its output for one image is %s; scoring needs its %lld channels in dimension 1",
                layer->name, text_data(&text), (long long)layer->channels);
            text_free(&text);
        }
    }
    plan_free(plan);
    return code;
}

/* Close the batch: square of its mean gate. */
static void finish_batch(struct layer_work *item, struct layer_statistics *sums, int64_t channels,
                         int64_t images)
{
    for (int64_t c = 0; c < channels; c++) {
        double mean = item->batch_gate[c] / (double)images;
        sums->gate_batch_squared[c] += mean * mean;
        item->batch_gate[c] = 0.0;
    }
}

static void add_image(struct layer_work *item, struct layer_statistics *sums, int64_t channels,
                      const double *probe)
{
    const double *gate = probe + PROBE_GATE * channels;
    for (int64_t c = 0; c < channels; c++) {
        sums->delta[c] += probe[PROBE_DELTA * channels + c];
        sums->delta_centered[c] += probe[PROBE_DELTA_CENTERED * channels + c];
        sums->lift[c] += probe[PROBE_LIFT * channels + c];
        sums->gate[c] += gate[c];
        sums->gate_squared[c] += gate[c] * gate[c];
        item->batch_gate[c] += gate[c];
    }
}

static void add_weight_gradient(struct layer_work *item, const struct operand *gradient)
{
    if (gradient->type == ELEMENT_FLOAT) {
        const float *values = gradient->data;
        for (int64_t i = 0; i < item->weight_elements; i++) {
            item->weight_gradient[i] += (double)values[i];
        }
    } else {
        const double *values = gradient->data;
        for (int64_t i = 0; i < item->weight_elements; i++) {
            item->weight_gradient[i] += values[i];
        }
    }
}

static status commit_images(void *argument, const struct engine *engine, const struct loss *losses,
                            const int64_t *labels, int64_t first, int64_t count, struct error *error)
{
    (void)error;
    struct pass_work *work = argument;
    struct score_statistics *statistics = work->statistics;
    for (int64_t i = 0; i < count; i++) {
        statistics->loss += losses[i].loss;
        statistics->correct += losses[i].predicted == labels[i];
    }
    for (int p = 0; p < work->count; p++) {
        struct layer_work *item = &work->layers[p];
        struct layer_statistics *sums = &statistics->layers[item->layer];
        int64_t channels = work->pass->layers->items[item->layer].channels;
        const double *probe = engine_probe(engine, p);
        for (int64_t i = 0; i < count; i++) {
            add_image(item, sums, channels, probe + i * PROBE_SUMS * channels);
            int64_t done = first + i + 1, in_batch = (done - 1) % work->batch + 1;
            if (in_batch == work->batch || done == statistics->planned) {
                finish_batch(item, sums, channels, in_batch);
            }
        }
        if (item->weight_gradient) {
            add_weight_gradient(item, engine_weight_gradient(engine, p));
        }
    }
    return STATUS_OK;
}

/* <w, grad_w> without weight gradients (criteria.md): y is linear in w. */
static status weight_dot_from_sums(const struct score_pass *pass, const struct layer *layer,
                                   struct layer_statistics *sums, struct error *error)
{
    if (layer->norm_node < 0) {
        for (int64_t c = 0; c < layer->channels; c++) {
            sums->weight_dot[c] = sums->delta_centered[c];
        }
        return STATUS_OK;
    }
    double *scale = layer_parameter(pass->graph, layer, layer->scale);
    double *var = layer_parameter(pass->graph, layer, layer->var);
    double *mean = layer_parameter(pass->graph, layer, layer->mean);
    double *bias = layer_parameter(pass->graph, layer, layer->bias);
    bool complete = scale && var && mean && bias;
    for (int64_t c = 0; complete && c < layer->channels; c++) {
        double r = 1.0 / sqrt(var[c] + layer->epsilon), shift = mean[c] - layer->bias_factor * bias[c];
        sums->weight_dot[c] = scale[c] * r * (sums->delta_centered[c] + shift * sums->delta[c]);
    }
    mem_free(scale);
    mem_free(var);
    mem_free(mean);
    mem_free(bias);
    return complete ? STATUS_OK : error_memory(error);
}

static status weight_sums(const struct score_pass *pass, const struct layer *layer,
                          const struct layer_work *item, struct layer_statistics *sums, struct error *error)
{
    double *filter = mem_new((size_t)layer->filter_length, sizeof *filter);
    double *gradient = mem_new((size_t)layer->filter_length, sizeof *gradient);
    bool complete = filter && gradient;
    for (int64_t c = 0; complete && c < layer->channels; c++) {
        layer_filter(pass->graph, layer, c, filter);
        double dot = 0.0, absolute = 0.0;
        for (int64_t k = 0; k < layer->filter_length; k++) {
            gradient[k] = item->weight_gradient[c * layer->channel_step + k * layer->element_step];
            dot += filter[k] * gradient[k];
            absolute += fabs(filter[k] * gradient[k]);
        }
        sums->weight_dot[c] = dot;
        sums->weight_abs[c] = absolute;
        sums->gradient_norm[c] = vector_norm(gradient, layer->filter_length);
    }
    mem_free(filter);
    mem_free(gradient);
    return complete ? STATUS_OK : error_memory(error);
}

static status finish_layers(struct pass_work *work, struct error *error)
{
    status code = STATUS_OK;
    for (int p = 0; code == STATUS_OK && p < work->count; p++) {
        struct layer_work *item = &work->layers[p];
        const struct layer *layer = &work->pass->layers->items[item->layer];
        struct layer_statistics *sums = &work->statistics->layers[item->layer];
        code = item->weight_gradient ? weight_sums(work->pass, layer, item, sums, error)
                                     : weight_dot_from_sums(work->pass, layer, sums, error);
    }
    return code;
}

static struct engine_options engine_options_of(const struct pass_work *work)
{
    const struct score_pass *pass = work->pass;
    return (struct engine_options){
        .batch = pass->micro_batch,
        .real = pass->real,
        .kernel = pass->kernel,
        .backward = true,
        .reuse = true,
        .probes = work->probes,
        .probe_count = work->count,
        .weights = work->weights,
        .weight_count = pass->needs & NEED_WEIGHT_GRADIENTS ? work->count : 0,
        .progress = pass->progress,
    };
}

status score_size(const struct score_pass *pass, size_t *worker, size_t *shared, struct error *error)
{
    struct pass_work work;
    status code = pass_work_init(&work, pass, error);
    if (code == STATUS_OK) {
        const struct engine_options options = engine_options_of(&work);
        code = engine_size(pass->graph, &options, worker, shared, error);
    }
    pass_work_free(&work);
    return code;
}

static status run_pass(struct pass_work *work, struct error *error)
{
    const struct score_pass *pass = work->pass;
    struct sample_feed feed = {pass->dataset, pass->sample};
    const struct run run = {
        .graph = pass->graph,
        .engine = engine_options_of(work),
        .pool = pass->pool,
        .images = pass->sample->count,
        .fetch = sample_fetch,
        .fetch_argument = &feed,
        .commit = commit_images,
        .commit_argument = work,
        .title = "scoring",
        .progress = pass->progress,
    };
    return run_images(&run, error);
}

status score_statistics_compute(const struct score_pass *pass, struct score_statistics **statistics,
                                struct error *error)
{
    if (pass->sample->count < 1) {
        return error_set(error, STATUS_RANGE, "scoring needs at least one image");
    }
    double start = clock_seconds();
    struct pass_work work;
    status code = pass_work_init(&work, pass, error);
    if (code == STATUS_OK) {
        code = check_layer_shapes(pass, error);
    }
    if (code == STATUS_OK) {
        code = run_pass(&work, error);
    }
    if (code == STATUS_OK) {
        code = finish_layers(&work, error);
    }
    if (code == STATUS_OK) {
        work.statistics->seconds = clock_seconds() - start;
        *statistics = work.statistics;
        work.statistics = NULL;
    }
    pass_work_free(&work);
    return code;
}
