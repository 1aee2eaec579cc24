/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One pass over a sample: per-image sums from the engine's probes, added up in the order of the images. */
#include "score/score.h"

#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/text.h"
#include "data/augment.h"
#include "data/dataset.h"
#include "nn/engine/engine.h"
#include "nn/execution/images.h"
#include "nn/execution/probe.h"
#include "nn/graph/tensor.h"
#include "nn/operator/plan.h"
#include "score/activation.h"
#include "score/feature_pass.h"
#include "score/image_sums.h"
#include "score/tally.h"

struct pass_work {
    const struct score_pass *pass;
    struct tally whole, half[2];
    struct arena *arena;
    bool *probed, *weighed; /* per layer; the weights of output layers are weighed for their columns */
    int64_t *positions;     /* per layer: of a map, all calls together */
    int64_t *runs;          /* per value: nn/execution/images.h */
    /* Probes, one for each call of a layer; those of a layer stand together. */
    int *layers;     /* per probe: index into the layers */
    double **center; /* per probe: y is taken relative to this */
    struct probe *probes;
    int *maps; /* per probe: the value of its feature maps */
    int count;
    int *weights, *weight_layers; /* of the layers that are weighed, and their indices */
    int weight_count;
    double *joint;                /* sums of all probes of one layer and image */
    struct image_sums image;      /* where there are gradients */
    struct feature_pass features; /* when activations are needed */
    int64_t turn;                 /* micro-batches so far */
};

/* y is measured from BatchNorm's mean, where there is none from the bias: then Sd is <w, grad_w>. */
static double *call_center(const struct graph *graph, const struct layer *layer,
                           const struct layer_call *call)
{
    if (layer->norm_node >= 0) {
        return layer_parameter(graph, layer, layer->mean);
    }
    double *center = layer_parameter(graph, layer, call->bias);
    for (int64_t c = 0; center && c < layer->channels; c++) {
        center[c] *= layer->bias_factor;
    }
    return center;
}

static void pass_work_free(struct pass_work *work)
{
    for (int i = 0; work->center && i < work->count; i++) {
        mem_free(work->center[i]);
    }
    feature_pass_free(&work->features);
    image_sums_free(&work->image);
    arena_free(work->arena);
    tally_free(&work->whole);
    tally_free(&work->half[0]);
    tally_free(&work->half[1]);
}

/* Does a dimension of a call's output count its channels, and lie whole in the runs of an image? So it must
 * be in y, u and h(u). */
static bool can_probe_call(const struct pass_work *work, const struct plan *plan, const struct layer *layer,
                           const struct layer_call *call)
{
    const struct shape *shape = &plan->values[call->linear].shape;
    const int axis = layer_axis(layer, shape->rank);
    const int64_t run = work->runs[call->linear];
    return shape->rank >= 2 && axis > 0 && shape->dim[axis] == layer->channels && run > 0 &&
           run % shape_product(shape, axis, shape->rank) == 0 && work->runs[call->target] == run &&
           work->runs[call->activated] == run;
}

static bool can_probe(const struct pass_work *work, const struct plan *plan, const struct layer *layer)
{
    bool all = !layer->output_layer;
    for (int i = 0; all && i < layer->call_count; i++) {
        all = can_probe_call(work, plan, layer, &layer->calls[i]);
    }
    return all;
}

static status add_probe(struct pass_work *work, int index, const struct layer_call *call,
                        const struct plan *plan, struct error *error)
{
    const struct layer *layer = &work->pass->layers->items[index];
    const int rank = plan->values[call->linear].shape.rank;
    double *center = call_center(work->pass->graph, layer, call);
    if (!center) {
        return error_memory(error);
    }
    work->layers[work->count] = index;
    work->center[work->count] = center;
    work->probes[work->count] = (struct probe){.linear = call->linear,
                                               .target = call->target,
                                               .activated = call->activated,
                                               .center = center,
                                               .channels_last = layer_axis(layer, rank) > 1};
    work->maps[work->count++] = call->activated;
    work->positions[index] += shape_elements(&plan->values[call->linear].shape) / layer->channels;
    return STATUS_OK;
}

static status add_layer(struct pass_work *work, int index, const struct plan *plan, struct error *error)
{
    const struct layer *layer = &work->pass->layers->items[index];
    status code = STATUS_OK;
    for (int i = 0; code == STATUS_OK && i < layer->call_count; i++) {
        code = add_probe(work, index, &layer->calls[i], plan, error);
    }
    work->probed[index] = true;
    return code;
}

static void add_weight(struct pass_work *work, int index)
{
    const struct layer *layer = &work->pass->layers->items[index];
    if (!work->probed[index] && !(layer->output_layer && !layer->bound)) {
        return;
    }
    work->weighed[index] = true;
    work->weight_layers[work->weight_count] = index;
    work->weights[work->weight_count++] = layer->weight;
}

static status nothing_probed(const struct pass_work *work, const struct plan *plan, struct error *error)
{
    const struct layers *layers = work->pass->layers;
    for (int i = 0; i < layers->count; i++) {
        const struct layer *layer = &layers->items[i];
        if (!layer->output_layer) {
            struct text text = {0};
            shape_text(&plan->values[layer->linear].shape, &text);
            error_set(
                error, STATUS_UNSUPPORTED,
                "layer %s: its output for one image is %s; scoring needs a dimension of its %lld channels",
                layer->name, text_data(&text), (long long)layer->channels);
            text_free(&text);
            return error->code;
        }
    }
    return error_set(error, STATUS_STATE,
                     "the network has no layer to score: the channels of all its layers are outputs");
}

static bool make_lists(struct pass_work *work)
{
    const struct layers *layers = work->pass->layers;
    size_t calls = 0, count = (size_t)layers->count, channels = 0;
    for (int i = 0; i < layers->count; i++) {
        const struct layer *layer = &layers->items[i];
        calls += (size_t)layer->call_count;
        channels = (size_t)layer->channels > channels ? (size_t)layer->channels : channels;
    }
    work->probed = arena_alloc(work->arena, count, sizeof *work->probed);
    work->weighed = arena_alloc(work->arena, count, sizeof *work->weighed);
    work->positions = arena_alloc(work->arena, count, sizeof *work->positions);
    work->layers = arena_alloc(work->arena, calls, sizeof *work->layers);
    work->center = arena_alloc(work->arena, calls, sizeof *work->center);
    work->probes = arena_alloc(work->arena, calls, sizeof *work->probes);
    work->maps = arena_alloc(work->arena, calls, sizeof *work->maps);
    work->weights = arena_alloc(work->arena, count, sizeof *work->weights);
    work->weight_layers = arena_alloc(work->arena, count, sizeof *work->weight_layers);
    work->joint = arena_alloc(work->arena, channels, PROBE_SUMS * sizeof *work->joint);
    return work->probed && work->weighed && work->positions && work->layers && work->center && work->probes &&
           work->maps && work->weights && work->weight_layers && work->joint;
}

/* plan: for one image. */
static status add_probes(struct pass_work *work, const struct plan *plan, struct error *error)
{
    const struct layers *layers = work->pass->layers;
    status code = make_lists(work) ? STATUS_OK : error_memory(error);
    for (int i = 0; code == STATUS_OK && i < layers->count; i++) {
        if (can_probe(work, plan, &layers->items[i])) {
            code = add_layer(work, i, plan, error);
        }
        if (code == STATUS_OK && (work->pass->needs & NEED_WEIGHT_GRADIENTS)) {
            add_weight(work, i);
        }
    }
    return code == STATUS_OK && work->count == 0 ? nothing_probed(work, plan, error) : code;
}

/* Does it run backward? */
static bool has_gradients(const struct score_pass *pass)
{
    return pass->needs & NEED_ANY_GRADIENT;
}

/* The second half's weight gradients are what the first half does not have of the whole. */
static status start_sums(struct pass_work *work, const struct plan *plan, struct error *error)
{
    const struct score_pass *pass = work->pass;
    const bool weights = pass->needs & NEED_WEIGHT_GRADIENTS, *weighed = weights ? work->weighed : NULL;
    struct tally *const tallies[] = {&work->whole, &work->half[0], &work->half[1]};
    const struct tally_layers layers = {work->probed, weighed, work->positions};
    status code = STATUS_OK;
    for (int i = 0; code == STATUS_OK && i < 3; i++) {
        code = tally_init(tallies[i], pass, &layers, weights && i < 2, error);
    }
    if (code == STATUS_OK && has_gradients(pass)) {
        code = image_sums_init(&work->image, pass, work->probed, error);
    }
    if (code == STATUS_OK && (pass->needs & NEED_ANY_ACTIVATION)) {
        code = feature_pass_init(&work->features, plan, work->probes, work->count, pass->needs, error);
    }
    return code;
}

/* sums: with what the pass adds up, or only what tells its size. */
static status pass_work_init(struct pass_work *work, const struct score_pass *pass, bool sums,
                             struct error *error)
{
    const struct plan_options options = {.batch = 1, .real = ELEMENT_FLOAT};
    struct plan *plan;
    *work = (struct pass_work){.pass = pass};
    status code = plan_new(pass->graph, &options, &plan, error);
    if (code != STATUS_OK) {
        return code;
    }
    work->arena = arena_new();
    code = work->arena ? images_find(pass->graph, work->arena, &work->runs, error) : error_memory(error);
    if (code == STATUS_OK) {
        code = add_probes(work, plan, error);
    }
    if (code == STATUS_OK && sums) {
        code = start_sums(work, plan, error);
    }
    plan_free(plan);
    return code;
}

/* The sums over feature maps of both halves, or of one (0, 1). Interim results and halves go without Gram
 * matrices, which are too large to copy. */
enum { BOTH_HALVES = 2 };
static status copy_features(const struct pass_work *work, int half, struct score_statistics *statistics,
                            struct error *error)
{
    for (int p = 0; p < work->features.count; p++) {
        struct activation_statistics *sums = &statistics->layers[work->layers[p]].activation;
        for (int h = 0; h < 2; h++) {
            if ((half == h || half == BOTH_HALVES) && !feature_pass_copy(&work->features, p, h, sums)) {
                return error_memory(error);
            }
        }
        sums->positions += feature_pass_positions(&work->features, p);
    }
    statistics->needs |= work->pass->needs & NEED_ANY_ACTIVATION & ~(unsigned)NEED_FEATURE_GRAM;
    return STATUS_OK;
}

static status half_so_far(const struct pass_work *work, int half, struct pool *pool,
                          struct score_statistics **statistics, struct error *error)
{
    const bool difference = half == 1 && (work->pass->needs & NEED_WEIGHT_GRADIENTS);
    status code = tally_statistics(&work->half[half], difference ? &work->whole : NULL, &work->half[0], pool,
                                   statistics, error);
    return code == STATUS_OK ? copy_features(work, half, *statistics, error) : code;
}

/* Statistics of all images so far, with those of the halves. The pool may be NULL. */
static status statistics_so_far(const struct pass_work *work, struct pool *pool,
                                struct score_statistics **statistics, struct error *error)
{
    const struct tally *half = work->half;
    struct score_statistics *made;
    status code = tally_statistics(&work->whole, NULL, NULL, pool, &made, error);
    if (code != STATUS_OK) {
        return code;
    }
    made->planned = work->pass->sample->count;
    code = copy_features(work, BOTH_HALVES, made, error);
    const bool halves = half[0].quality.images > 0 && half[1].quality.images > 0;
    for (int h = 0; code == STATUS_OK && halves && h < 2; h++) {
        code = half_so_far(work, h, pool, &made->half[h], error);
    }
    if (code != STATUS_OK) {
        score_statistics_free(made);
        return code;
    }
    *statistics = made;
    return STATUS_OK;
}

/* An interim result for whoever watches. One that memory does not suffice for is left out. */
static void show_partial(const struct pass_work *work)
{
    const struct score_watch *watch = work->pass->watch;
    struct score_statistics *statistics;
    struct error ignored = {0};
    if (watch && work->whole.quality.images < work->pass->sample->count && watch->due(watch->argument) &&
        statistics_so_far(work, NULL, &statistics, &ignored) == STATUS_OK) {
        statistics->partial = true;
        watch->partial(watch->argument, statistics);
    }
}

static void add_weight_gradients(struct pass_work *work, const struct engine *engine, int half)
{
    for (int w = 0; w < work->weight_count; w++) {
        const int layer = work->weight_layers[w];
        const struct operand *gradient = engine_weight_gradient(engine, w);
        tally_weight_gradient(&work->whole, layer, gradient);
        if (half == 0) {
            tally_weight_gradient(&work->half[0], layer, gradient);
        }
        if ((work->pass->needs & NEED_WEIGHT_SQUARES) && work->probed[layer]) {
            const double *squares = image_weight_squares(&work->image, layer, gradient);
            tally_weight_squares(&work->whole, layer, squares);
            tally_weight_squares(&work->half[half], layer, squares);
        }
    }
}

/* One image's sums of the layer whose first probe is `first`: of all its calls together. */
static const double *layer_sums(struct pass_work *work, const struct engine *engine, int64_t image, int first)
{
    const struct layer *layer = &work->pass->layers->items[work->layers[first]];
    const int64_t sums = PROBE_SUMS * layer->channels;
    const double *one = engine_probe(engine, first) + image * sums;
    if (layer->call_count == 1) {
        return one;
    }
    for (int64_t i = 0; i < sums; i++) {
        work->joint[i] = one[i];
    }
    for (int k = 1; k < layer->call_count; k++) {
        const double *other = engine_probe(engine, first + k) + image * sums;
        for (int64_t i = 0; i < sums; i++) {
            work->joint[i] += other[i];
        }
    }
    return work->joint;
}

static void add_probes_of(struct pass_work *work, const struct engine *engine, int64_t image,
                          struct tally *half)
{
    for (int p = 0; p < work->count; p += work->pass->layers->items[work->layers[p]].call_count) {
        const double *sums = layer_sums(work, engine, image, p);
        const double *products = image_filter_products(&work->image, work->layers[p], sums);
        tally_probe(&work->whole, work->layers[p], sums, products);
        tally_probe(half, work->layers[p], sums, products);
    }
}

static status commit_images(void *argument, const struct engine *engine, const struct loss *losses,
                            const int64_t *labels, int64_t first, int64_t count, struct error *error)
{
    (void)labels;
    (void)error;
    struct pass_work *work = argument;
    bool weight_gradients = work->pass->needs & NEED_WEIGHT_GRADIENTS;
    const int64_t turn = work->turn++;
    for (int64_t i = 0; i < count; i++) {
        const int which = (int)((weight_gradients ? turn : first + i) % 2);
        struct tally *half = &work->half[which];
        if (has_gradients(work->pass)) {
            add_probes_of(work, engine, i, half);
        }
        tally_image(&work->whole, &losses[i]);
        tally_image(half, &losses[i]);
        feature_pass_add(&work->features, engine, i, which);
    }
    if (weight_gradients) {
        add_weight_gradients(work, engine, (int)(turn % 2));
    }
    show_partial(work);
    return STATUS_OK;
}

/* The Gram matrices, when all images are in. */
static void give_grams(struct pass_work *work, struct score_statistics *statistics)
{
    for (int p = 0; p < work->features.count; p++) {
        const int index = work->layers[p];
        double *gram = feature_pass_take_gram(&work->features, p);
        if (gram)
            activation_add_gram(&statistics->layers[index].activation, gram,
                                work->pass->layers->items[index].channels);
    }
    statistics->needs |= work->pass->needs & NEED_FEATURE_GRAM;
}

/* Images whose statistics are taken together. */
static int64_t batch_of(const struct score_pass *pass)
{
    const int64_t images = pass->sample ? pass->sample->count : pass->batch;
    return pass->batch < images ? pass->batch : images;
}

static struct engine_options engine_options_of(const struct pass_work *work)
{
    const struct score_pass *pass = work->pass;
    const bool backward = has_gradients(pass);
    return (struct engine_options){
        .batch = pass->needs & NEED_WEIGHT_SQUARES ? 1
                 : pass->training                  ? batch_of(pass)
                                                   : pass->micro_batch,
        .real = pass->real,
        .kernel = pass->kernel,
        .backward = backward,
        .reuse = true,
        .probes = work->probes,
        .probe_count = backward ? work->count : 0,
        .weights = work->weights,
        .weight_count = work->weight_count,
        .watched = work->maps,
        .watched_count = pass->needs & NEED_ANY_ACTIVATION ? work->count : 0,
        .runs = work->runs,
        .progress = pass->progress,
        .times = pass->times,
    };
}

status score_size(const struct score_pass *pass, int threads, struct engine_fit *fit, struct error *error)
{
    struct pass_work work;
    status code = pass_work_init(&work, pass, false, error);
    if (code == STATUS_OK) {
        struct run run = {.graph = pass->graph,
                          .aim = pass->aim,
                          .engine = engine_options_of(&work),
                          .memory = pass->memory,
                          .training = pass->training};
        if (pass->training) {
            run.engine.batch = pass->batch; /* whatever the sample */
        }
        code = run_fit(&run, threads, fit, error);
    }
    pass_work_free(&work);
    return code;
}

static status run_pass(struct pass_work *work, struct error *error)
{
    const struct score_pass *pass = work->pass;
    struct sample_feed feed = {.dataset = pass->dataset,
                               .sample = pass->sample,
                               .augmentation = pass->augmentation,
                               .seed = pass->augmentation_seed};
    const struct run run = {
        .graph = pass->graph,
        .engine = engine_options_of(work),
        .memory = pass->memory,
        .training = pass->training,
        .pool = pass->pool,
        .images = pass->sample->count,
        .aim = pass->aim,
        .labels_per_image = dataset_labels_per_image(pass->dataset),
        .fetch = sample_fetch,
        .fetch_argument = &feed,
        .commit = commit_images,
        .commit_argument = work,
        .without_outputs = true,
        .title = "scoring",
        .progress = pass->progress,
        .progress_before = pass->progress_before,
        .progress_total = pass->progress_total,
    };
    return run_images(&run, error);
}

status score_statistics_compute(const struct score_pass *pass, struct score_statistics **statistics,
                                struct error *error)
{
    if (pass->sample->count < 1) {
        return error_set(error, STATUS_RANGE, "scoring needs at least one image");
    }
    if (augmentation_check(pass->augmentation, pass->dataset, error)) {
        return error_prefix(error, "augment: ");
    }
    if (pass->training && (pass->needs & NEED_WEIGHT_SQUARES)) {
        return error_set(error, STATUS_STATE,
                         "squares of weight gradients are taken image by image, and with mode=train no image "
                         "has a gradient of its own");
    }
    double start = clock_seconds();
    struct pass_work work;
    status code = pass_work_init(&work, pass, true, error);
    if (code == STATUS_OK) {
        code = run_pass(&work, error);
    }
    if (code == STATUS_OK) {
        code = statistics_so_far(&work, pass->pool, statistics, error);
    }
    if (code == STATUS_OK) {
        give_grams(&work, *statistics);
        (*statistics)->seconds = clock_seconds() - start;
    }
    pass_work_free(&work);
    return code;
}
