/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sums of a pass, and the statistics that they come to. */
#include "score/tally.h"

#include <math.h>
#include <pthread.h>
#include "base/memory.h"
#include "base/pool.h"
#include "base/status.h"
#include "data/dataset.h"
#include "nn/engine/aim.h"
#include "nn/engine/engine.h"
#include "nn/engine/loss.h"
#include "nn/execution/probe.h"
#include "nn/graph/tensor.h"
#include "nn/operator/rows.h"
#include "score/activation.h"
#include "score/criteria.h"
#include "score/layer.h"
#include "score/weight_sums.h"

/* --- statistics as objects ------------------------------------------------------------------------------ */

void score_statistics_free(struct score_statistics *statistics)
{
    if (!statistics) {
        return;
    }
    for (int i = 0; i < statistics->layer_count; i++) {
        mem_free(statistics->layers[i].delta);       /* start of the layer's one block */
        mem_free(statistics->layers[i].columns.dot); /* likewise */
        activation_free(&statistics->layers[i].activation);
    }
    score_statistics_free(statistics->half[0]);
    score_statistics_free(statistics->half[1]);
    mem_free(statistics->layers);
    mem_free(statistics);
}

/* All arrays of a layer in one block. */
static bool layer_statistics_init(struct layer_statistics *sums, int64_t channels, bool weight_gradients,
                                  bool squares)
{
    double **const arrays[] = {&sums->delta,          &sums->delta_centered,       &sums->gate,
                               &sums->lift,           &sums->gate_squared,         &sums->gate_batch_squared,
                               &sums->weight_dot,     &sums->weight_abs,           &sums->product_squared,
                               &sums->filter_squared, &sums->filter_batch_squared, &sums->gradient_norm,
                               &sums->weight_squared};
    enum { ARRAYS = sizeof arrays / sizeof *arrays };
    double *block = mem_new((size_t)channels, ARRAYS * sizeof *block);
    if (!block) {
        return false;
    }
    for (int i = 0; i < ARRAYS; i++) {
        *arrays[i] = block + i * channels;
    }
    if (!weight_gradients) {
        sums->weight_abs = sums->product_squared = sums->gradient_norm = NULL;
    }
    if (!squares) {
        sums->weight_squared = NULL;
    }
    return true;
}

static bool column_statistics_init(struct column_statistics *columns, int64_t count)
{
    double *block = mem_new((size_t)count, 3 * sizeof *block);
    if (block)
        *columns = (struct column_statistics){block, block + count, block + 2 * count};
    return block != NULL;
}

/* The arrays that a tally has something for. */
static bool make_arrays(const struct tally *tally, int index, struct layer_statistics *sums)
{
    const struct layer *layer = &tally->pass->layers->items[index];
    const unsigned needs = tally->pass->needs;
    bool complete = !tally->layers.probed[index] ||
                    layer_statistics_init(sums, layer->channels, needs & NEED_WEIGHT_GRADIENTS,
                                          needs & NEED_WEIGHT_SQUARES);
    if (complete && tally->layers.weighed && tally->layers.weighed[index] && layer->kind != LAYER_DEPTHWISE)
        complete = column_statistics_init(&sums->columns, layer->input_channels);
    return complete;
}

static struct score_statistics *statistics_new(const struct tally *tally)
{
    const struct score_pass *pass = tally->pass;
    const struct quality *quality = &tally->quality;
    struct score_statistics *statistics = mem_new(1, sizeof *statistics);
    if (!statistics) {
        return NULL;
    }
    const bool gradients = (pass->needs & NEED_ANY_GRADIENT) && aim_has_gradients(pass->aim);
    *statistics = (struct score_statistics){
        .needs = gradients ? (pass->needs & NEED_ANY_GRADIENT) | NEED_WEIGHTS | NEED_GRADIENTS : NEED_WEIGHTS,
        .images = quality->images,
        .planned = quality->images,
        .batches = quality->images / tally->batch + (quality->images % tally->batch != 0),
        .batch = tally->batch,
        .loss = quality->loss,
        .mean_loss = quality_loss(quality),
        .measure = quality_kind_of(quality),
        .value = quality_value(quality),
        .correct = quality->right,
        .unanswered = quality->unanswered,
        .probabilities = quality->probabilities,
    };
    statistics->layers = mem_new((size_t)pass->layers->count, sizeof *statistics->layers);
    if (!statistics->layers) {
        mem_free(statistics);
        return NULL;
    }
    statistics->layer_count = pass->layers->count;
    for (int i = 0; i < pass->layers->count; i++) {
        if (!make_arrays(tally, i, &statistics->layers[i])) {
            score_statistics_free(statistics);
            return NULL;
        }
        statistics->layers[i].positions = tally->layers.probed[i] ? tally->layers.positions[i] : 0;
    }
    return statistics;
}

/* --- adding up ------------------------------------------------------------------------------------------ */

static int64_t weight_elements(const struct score_pass *pass, int layer)
{
    return shape_elements(&pass->graph->values[pass->layers->items[layer].weight].constant->shape);
}

static bool make_sums(struct tally *tally, int index)
{
    const int64_t channels = tally->pass->layers->items[index].channels;
    tally->batch_gate[index] = mem_new((size_t)channels, 2 * sizeof **tally->batch_gate);
    return layer_statistics_init(&tally->sums[index], channels, false, true) && tally->batch_gate[index];
}

status tally_init(struct tally *tally, const struct score_pass *pass, const struct tally_layers *layers,
                  bool keeps_gradients, struct error *error)
{
    size_t count = (size_t)pass->layers->count;
    *tally = (struct tally){.pass = pass, .layers = *layers, .batch = pass->batch > 0 ? pass->batch : 1};
    tally->sums = mem_new(count, sizeof *tally->sums);
    tally->batch_gate = mem_new(count, sizeof *tally->batch_gate);
    tally->weight_gradient = mem_new(count, sizeof *tally->weight_gradient);
    if (quality_init(&tally->quality, pass->dataset ? dataset_map_classes(pass->dataset) : 0, error))
        return error->code;
    bool complete = tally->sums && tally->batch_gate && tally->weight_gradient;
    for (int i = 0; complete && i < pass->layers->count; i++) {
        complete = !layers->probed[i] || make_sums(tally, i);
        if (complete && keeps_gradients && layers->weighed[i]) {
            tally->weight_gradient[i] =
                mem_aligned((size_t)weight_elements(pass, i), sizeof **tally->weight_gradient);
            complete = tally->weight_gradient[i] != NULL;
        }
    }
    return complete ? STATUS_OK : error_memory(error);
}

void tally_free(struct tally *tally)
{
    for (int i = 0; tally->pass && i < tally->pass->layers->count; i++) {
        if (tally->sums) {
            mem_free(tally->sums[i].delta);
        }
        if (tally->batch_gate) {
            mem_free(tally->batch_gate[i]);
        }
        if (tally->weight_gradient) {
            mem_free(tally->weight_gradient[i]);
        }
    }
    quality_free(&tally->quality);
    mem_free(tally->sums);
    mem_free(tally->batch_gate);
    mem_free(tally->weight_gradient);
    *tally = (struct tally){0};
}

/* Close a batch: the square of its mean. */
static void add_batch(const double *gate, double *squared, int64_t channels, int64_t images)
{
    for (int64_t c = 0; c < channels; c++) {
        double mean = gate[c] / (double)images;
        squared[c] += mean * mean;
    }
}

void tally_probe(struct tally *tally, int layer, const double *probe, const double *products)
{
    int64_t channels = tally->pass->layers->items[layer].channels;
    struct layer_statistics *sums = &tally->sums[layer];
    const double *gate = probe + PROBE_GATE * channels;
    double *batch_gate = tally->batch_gate[layer], *batch_products = batch_gate + channels;
    for (int64_t c = 0; c < channels; c++) {
        sums->delta[c] += probe[PROBE_DELTA * channels + c];
        sums->delta_centered[c] += probe[PROBE_DELTA_CENTERED * channels + c];
        sums->lift[c] += probe[PROBE_LIFT * channels + c];
        sums->gate[c] += gate[c];
        sums->gate_squared[c] += gate[c] * gate[c];
        sums->filter_squared[c] += products[c] * products[c];
        batch_gate[c] += gate[c];
        batch_products[c] += products[c];
    }
    if ((tally->quality.images + 1) % tally->batch == 0) {
        add_batch(batch_gate, sums->gate_batch_squared, channels, tally->batch);
        add_batch(batch_products, sums->filter_batch_squared, channels, tally->batch);
        for (int64_t c = 0; c < 2 * channels; c++) {
            batch_gate[c] = 0.0;
        }
    }
}

void tally_weight_squares(struct tally *tally, int layer, const double *squares)
{
    for (int64_t c = 0; c < tally->pass->layers->items[layer].channels; c++) {
        tally->sums[layer].weight_squared[c] += squares[c];
    }
}

void tally_image(struct tally *tally, const struct loss *loss)
{
    quality_add(&tally->quality, loss);
}

ROWS_CLONES static void add_singles(const float *values, int64_t count, double *sum)
{
    int64_t i = 0;
    for (; i + 4 <= count; i += 4)
        *(row_quad_double *)(sum + i) += ROWS_WIDEN(row_quad_float, values + i);
    for (; i < count; i++)
        sum[i] += (double)values[i];
}

void tally_weight_gradient(struct tally *tally, int layer, const struct operand *gradient)
{
    double *sum = tally->weight_gradient[layer];
    int64_t count = weight_elements(tally->pass, layer);
    if (gradient->type == ELEMENT_FLOAT) {
        add_singles(gradient->data, count, sum);
    } else {
        const double *values = gradient->data;
        for (int64_t i = 0; i < count; i++) {
            sum[i] += values[i];
        }
    }
}

/* --- what they come to ---------------------------------------------------------------------------------- */

/* Sd was taken around the running mean, and is multiplied by the running 1 / sqrt(var + epsilon) later; in
 * training mode the gradient of the scale is that of the batches. It follows from u = scale * x + shift, x
 * being what the scale multiplies: sum u delta = scale * dscale + shift * S0. A scale of 0 leaves no trace in
 * u. */
static status centered_in_training(const struct score_pass *pass, const struct layer *layer,
                                   struct layer_statistics *sums, struct error *error)
{
    double *scale = layer_parameter(pass->graph, layer, layer->scale);
    double *shift = layer_parameter(pass->graph, layer, layer->shift);
    double *var = layer_parameter(pass->graph, layer, layer->var);
    const bool complete = scale && shift && var;
    for (int64_t c = 0; complete && c < layer->channels; c++) {
        const double gradient = scale[c] != 0 ? (sums->gate[c] - shift[c] * sums->delta[c]) / scale[c] : 0;
        sums->delta_centered[c] = gradient * sqrt(var[c] + layer->epsilon);
    }
    mem_free(scale);
    mem_free(shift);
    mem_free(var);
    return complete ? STATUS_OK : error_memory(error);
}

/* <w, grad_w> without weight gradients (reductions.md, C): y is linear in w. */
static status weight_dot_from_sums(const struct score_pass *pass, const struct layer *layer,
                                   struct layer_statistics *sums, struct error *error)
{
    if (layer->norm_node < 0) {
        for (int64_t c = 0; c < layer->channels; c++) {
            sums->weight_dot[c] = sums->delta_centered[c];
        }
        return STATUS_OK;
    }
    if (pass->training)
        return STATUS_OK; /* 0: the size of a filter does not matter before statistics of a batch */
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

static void copy_sums(const struct tally *tally, int layer, struct layer_statistics *to)
{
    const struct layer_statistics *from = &tally->sums[layer];
    int64_t channels = tally->pass->layers->items[layer].channels,
            open = tally->quality.images % tally->batch;
    for (int64_t c = 0; c < channels; c++) {
        to->delta[c] = from->delta[c];
        to->delta_centered[c] = from->delta_centered[c];
        to->gate[c] = from->gate[c];
        to->lift[c] = from->lift[c];
        to->gate_squared[c] = from->gate_squared[c];
        to->gate_batch_squared[c] = from->gate_batch_squared[c];
        to->filter_squared[c] = from->filter_squared[c];
        to->filter_batch_squared[c] = from->filter_batch_squared[c];
        if (to->weight_squared) {
            to->weight_squared[c] = from->weight_squared[c];
        }
    }
    if (open > 0) {
        add_batch(tally->batch_gate[layer], to->gate_batch_squared, channels, open);
        add_batch(tally->batch_gate[layer] + channels, to->filter_batch_squared, channels, open);
    }
}

static status layer_results(const struct tally *tally, const struct tally *whole, const struct tally *other,
                            int index, struct layer_statistics *sums, struct error *error)
{
    const struct score_pass *pass = tally->pass;
    const struct layer *layer = &pass->layers->items[index];
    const bool weighed = tally->layers.weighed && tally->layers.weighed[index];
    /* The second half's gradients are what the first half (`other`) does not have of the whole. */
    const struct weight_gradient gradient = {.all = weighed ? (whole ? whole : tally)->weight_gradient[index]
                                                            : NULL,
                                             .less = weighed && whole ? other->weight_gradient[index] : NULL};
    status code = STATUS_OK;
    if (tally->layers.probed[index])
        copy_sums(tally, index, sums);
    if (tally->layers.probed[index] && pass->training && layer->norm_node >= 0)
        code = centered_in_training(pass, layer, sums, error);
    if (code == STATUS_OK && weighed)
        code = weight_sums(pass->graph, layer, &gradient, sums, error);
    else if (code == STATUS_OK && tally->layers.probed[index])
        code = weight_dot_from_sums(pass, layer, sums, error);
    return code;
}

/* The statistics of one layer. */
struct statistics_work {
    const struct tally *tally, *whole, *other;
    struct score_statistics *made;
    pthread_mutex_t lock;
    struct error *error; /* the first */
    status code;
};

static void sum_layer(void *argument, int64_t task, int worker)
{
    struct statistics_work *work = argument;
    struct error error = {0};
    (void)worker;
    if (layer_results(work->tally, work->whole, work->other, (int)task, &work->made->layers[task], &error) ==
        STATUS_OK)
        return;
    pthread_mutex_lock(&work->lock);
    if (work->code == STATUS_OK) {
        work->code = error.code;
        *work->error = error;
    }
    pthread_mutex_unlock(&work->lock);
}

status tally_statistics(const struct tally *tally, const struct tally *whole, const struct tally *other,
                        struct pool *pool, struct score_statistics **statistics, struct error *error)
{
    struct statistics_work work = {
        .tally = tally, .whole = whole, .other = other, .made = statistics_new(tally), .error = error};
    if (!work.made)
        return error_memory(error);
    pthread_mutex_init(&work.lock, NULL); /* with default attributes it cannot fail on Linux */
    pool_run(pool, tally->pass->layers->count, sum_layer, &work);
    pthread_mutex_destroy(&work.lock);
    if (work.code != STATUS_OK) {
        score_statistics_free(work.made);
        return work.code;
    }
    *statistics = work.made;
    return STATUS_OK;
}
