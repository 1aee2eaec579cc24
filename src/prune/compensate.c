/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Compensation: means of what is removed, then biases. */
#include "prune/compensate.h"

#include <math.h>

#include "base/memory.h"
#include "base/status.h"
#include "data/sampler.h"
#include "nn/engine/engine.h"
#include "nn/engine/run.h"
#include "nn/execution/images.h"
#include "nn/graph/edit.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/plan.h"
#include "prune/branch.h"
#include "prune/kept.h"
#include "prune/layer_edit.h"
#include "score/layer.h"

/* A layer that loses inputs. */
struct reader {
    const struct layer *layer;
    const struct kept_axis *in, *out; /* what stays of its inputs and outputs */
    int first;                        /* of its calls' inputs, among those that are watched */
    double positions, out_positions;  /* of an image at these inputs, and at the outputs */
    double *sums;                     /* per input, over images and positions; arena */
};

struct compensating {
    const struct coupling *coupling;
    const struct sampled *sampled;
    struct arena *arena;
    const struct kept *kept;
    struct reader *readers;
    int count;
    int *watched; /* their input values, call by call */
    int watched_count;
    int64_t *runs; /* per value: nn/execution/images.h */
    double *image; /* of any input */
    struct edit *edit;
    struct compensation *told;
};

/* The axis of what stays of a layer's input or output along its channels; NULL where none goes. */
static const struct kept_axis *cut_axis(const struct compensating *c, const struct layer *layer, int value)
{
    const struct kept *kept = &c->kept[value];
    if (c->coupling->maps[value].labels == NULL || kept->rank < 2)
        return NULL;
    const struct kept_axis *axis = &kept->axis[layer_axis(layer, kept->rank)];
    return kept_cuts(axis) ? axis : NULL;
}

static bool takes_bias(const struct compensating *c, const struct layer *layer)
{
    return layer->norm_node >= 0 || layer_takes_bias(c->coupling->graph, layer);
}

static int64_t value_elements(const struct compensating *c, int value)
{
    return shape_elements(&c->coupling->plan->values[value].shape);
}

/* A depthwise filter reads what it makes: nothing that stays loses an input. */
static status add_reader(struct compensating *c, const struct layer *layer, int64_t *largest,
                         struct error *error)
{
    const int input = c->coupling->graph->nodes[layer->node].inputs[0];
    const struct kept_axis *in = cut_axis(c, layer, input);
    if (in == NULL || in->of != layer->input_channels || layer->kind == LAYER_DEPTHWISE)
        return STATUS_OK;
    if (!takes_bias(c, layer)) {
        c->told->first = c->told->left_out++ > 0 ? c->told->first : layer->name;
        return STATUS_OK;
    }
    struct reader *reader = &c->readers[c->count++];
    *reader = (struct reader){.layer = layer,
                              .in = in,
                              .out = cut_axis(c, layer, layer->linear),
                              .first = c->watched_count,
                              .sums = arena_alloc(c->arena, (size_t)in->of, sizeof(double))};
    for (int i = 0; i < layer->call_count; i++) {
        const int value = c->coupling->graph->nodes[layer->calls[i].node].inputs[0];
        const int64_t elements = value_elements(c, value);
        c->watched[c->watched_count++] = value;
        reader->positions += (double)(elements / in->of);
        reader->out_positions += (double)(value_elements(c, layer->calls[i].linear) / layer->channels);
        *largest = elements > *largest ? elements : *largest;
    }
    return reader->sums != NULL ? STATUS_OK : error_memory(error);
}

/* Layers that go with a whole branch have nobody to make up for. */
static status find_readers(struct compensating *c, const bool *removed, struct error *error)
{
    struct branch_cut cut;
    const struct layers *layers = c->coupling->layers;
    int64_t largest = 0;
    size_t calls = 0;
    for (int i = 0; i < layers->count; i++)
        calls += (size_t)layers->items[i].call_count;
    c->readers = arena_alloc(c->arena, (size_t)layers->count, sizeof *c->readers);
    c->watched = arena_alloc(c->arena, calls, sizeof *c->watched);
    const bool found = branches_cut(c->coupling, removed, c->arena, &cut);
    status code = found && c->readers != NULL && c->watched != NULL ? STATUS_OK : error_memory(error);
    for (int i = 0; code == STATUS_OK && i < layers->count; i++)
        if (!branch_cut_layer(&cut, &layers->items[i]))
            code = add_reader(c, &layers->items[i], &largest, error);
    if (code != STATUS_OK)
        return code;
    c->image = arena_alloc(c->arena, (size_t)largest, sizeof *c->image);
    return c->image != NULL ? STATUS_OK : error_memory(error);
}

/* --- means ---------------------------------------------------------------------------------------------- */

/* One image at the input of a call. */
static void add_image(const struct compensating *c, const struct reader *reader, int value)
{
    const struct shape *shape = &c->coupling->plan->values[value].shape;
    const int axis = layer_axis(reader->layer, shape->rank);
    const int64_t outer = shape_product(shape, 0, axis), inner = shape_product(shape, axis + 1, shape->rank);
    const double *image = c->image;
    for (int64_t o = 0; o < outer; o++)
        for (int64_t k = 0; k < reader->in->of; k++, image += inner) {
            double sum = 0;
            for (int64_t i = 0; i < inner; i++)
                sum += image[i];
            reader->sums[k] += sum;
        }
}

static status commit_means(void *argument, const struct engine *engine, const struct loss *losses,
                           const int64_t *labels, int64_t first, int64_t count, struct error *error)
{
    struct compensating *c = argument;
    (void)losses;
    (void)labels;
    (void)first;
    (void)error;
    for (int64_t i = 0; i < count; i++)
        for (int r = 0; r < c->count; r++)
            for (int k = 0; k < c->readers[r].layer->call_count; k++) {
                const int w = c->readers[r].first + k;
                engine_watched_image(engine, w, i, c->image);
                add_image(c, &c->readers[r], c->watched[w]);
            }
    return STATUS_OK;
}

static status run_means(struct compensating *c, struct error *error)
{
    struct sample_feed feed;
    struct run run = sampled_run(c->sampled, &feed);
    if (images_find(c->coupling->graph, c->arena, &c->runs, error) != STATUS_OK)
        return error->code;
    run.graph = c->coupling->graph;
    run.engine.watched = c->watched;
    run.engine.watched_count = c->watched_count;
    run.engine.runs = c->runs;
    run.commit = commit_means;
    run.commit_argument = c;
    run.title = "measuring activations";
    return run_images(&run, error);
}

/* --- biases --------------------------------------------------------------------------------------------- */

/* What the removed inputs add to one channel on average. */
static double lost(const struct compensating *c, const struct reader *reader, int64_t channel,
                   const double *filter)
{
    const struct layer *layer = reader->layer;
    const int64_t inputs = layer->input_channels / layer->groups, taps = layer->filter_length / inputs;
    const int64_t first = channel / (layer->channels / layer->groups) * inputs;
    const double positions = (double)c->sampled->sample->count * reader->positions;
    /* Of the taps of a transposed convolution each output meets its share: on average as many as there are
     * inputs for an output. */
    const double share = c->coupling->graph->nodes[layer->node].op->flags & OPERATOR_TRANSPOSED
                             ? reader->positions / reader->out_positions
                             : 1;
    double sum = 0;
    for (int64_t k = 0; k < inputs; k++) {
        if (kept_before(reader->in, first + k) != kept_before(reader->in, first + k + 1))
            continue;
        double weight = 0;
        for (int64_t t = 0; t < taps; t++)
            weight += filter[k * taps + t];
        sum += share * weight * reader->sums[first + k] / positions;
    }
    return sum;
}

static bool takes_in_norm(const struct graph *graph, const struct layer *layer)
{
    return layer->norm_node >= 0 && (layer->bias == VALUE_NONE || !layer_takes_bias(graph, layer));
}

/* Into the mean of a BatchNorm that follows, or into the bias. `work`: bias or mean as it is. */
static status take_in(struct compensating *c, const struct reader *reader, const double *filters,
                      double *work, struct error *error)
{
    const struct layer *layer = reader->layer;
    const struct graph *graph = c->coupling->graph;
    const bool norm = takes_in_norm(graph, layer);
    const double factor = layer_weight_factor(graph, layer);
    for (int64_t o = 0; o < layer->channels; o++) {
        const double added = factor * lost(c, reader, o, filters + o * layer->filter_length);
        if (!isfinite(added))
            return error_set(error, STATUS_STATE, "layer %s: what its removed inputs add is no number",
                             layer->name);
        work[o] += norm ? -added : added / layer->bias_factor;
    }
    c->told->layers++;
    c->told->biases += reader->out != NULL ? reader->out->count : layer->channels;
    c->told->channels += reader->in->of - reader->in->count;
    return norm ? layer_edit_norm(c->edit, graph, layer, 3, work, error)
                : layer_edit_bias(c->edit, graph, layer, work, error);
}

static status compensate_reader(struct compensating *c, const struct reader *reader, struct error *error)
{
    const struct layer *layer = reader->layer;
    const struct graph *graph = c->coupling->graph;
    const bool norm = takes_in_norm(graph, layer);
    double *filters = layer_filters(graph, layer);
    double *work = layer_parameter(graph, layer, norm ? layer->mean : layer->bias);
    status code =
        filters != NULL && work != NULL ? take_in(c, reader, filters, work, error) : error_memory(error);
    mem_free(filters);
    mem_free(work);
    return code;
}

static status compensate(struct compensating *c, const bool *removed, struct error *error)
{
    c->kept = kept_find(c->coupling, removed, c->arena);
    if (c->kept == NULL)
        return error_memory(error);
    status code = kept_check(c->coupling, removed, c->kept, error);
    if (code == STATUS_OK)
        code = find_readers(c, removed, error);
    if (code == STATUS_OK && c->count > 0)
        code = run_means(c, error);
    for (int r = 0; code == STATUS_OK && r < c->count; r++)
        code = compensate_reader(c, &c->readers[r], error);
    return code;
}

status compensate_apply(const struct coupling *coupling, const bool *removed, const struct sampled *sampled,
                        struct compensation *compensation, struct graph **result, struct error *error)
{
    struct compensating c = {.coupling = coupling,
                             .sampled = sampled,
                             .arena = arena_new(),
                             .edit = edit_new(coupling->graph),
                             .told = compensation};
    *compensation = (struct compensation){0};
    status code = c.arena != NULL && c.edit != NULL ? compensate(&c, removed, error) : error_memory(error);
    if (code == STATUS_OK)
        code = edit_apply(c.edit, result, error);
    edit_free(c.edit);
    arena_free(c.arena);
    return code;
}
