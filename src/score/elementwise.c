/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding the element-wise layer behind a value: steps to where everything meets, and which of them counts.
 */
#include "score/elementwise.h"

#include "base/memory.h"
#include "base/status.h"
#include "nn/engine/engine.h"
#include "nn/execution/options.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"
#include "score/function.h"

enum { MOST_STEPS = 16 };

/* A step from one value to where all that is made of it meets again. */
struct element_step {
    int end;   /* its last node is number end - 1 of the walk's nodes */
    int value; /* what that makes */
};

struct walk {
    struct element_search *search;
    const struct element_target *target;
    int count; /* of the search's nodes that are taken */
    struct element_step steps[MOST_STEPS];
    int step_count;
};

/* --- steps ---------------------------------------------------------------------------------------------- */

static int use_count(const struct walk *walk, int value)
{
    return walk->search->uses->start[value + 1] - walk->search->uses->start[value];
}

/* One number, or one for each channel. */
static bool constant_fits(const struct walk *walk, const struct tensor *tensor)
{
    const struct element_target *target = walk->target;
    const struct shape *shape = &tensor->shape;
    const int shift = target->rank - shape->rank;
    if (shift < 0)
        return false;
    for (int axis = 0; axis < shape->rank; axis++)
        if (shape->dim[axis] != 1 && (axis + shift != target->axis || shape->dim[axis] != target->channels))
            return false;
    return true;
}

static bool node_fits(const struct walk *walk, const struct node *node)
{
    const struct graph *graph = walk->search->graph;
    bool fits = (node->op->flags & OPERATOR_ELEMENTWISE) &&
                node->op->kernels[ELEMENT_DOUBLE].backward != NULL && node->outputs[0] != VALUE_NONE;
    for (int i = 1; i < node->output_count; i++)
        fits = fits && node->outputs[i] == VALUE_NONE;
    for (int i = 0; fits && i < node->input_count; i++) {
        const int value = node->inputs[i];
        if (value == VALUE_NONE || walk->search->inside[value])
            continue;
        fits = graph->values[value].constant && constant_fits(walk, graph->values[value].constant);
    }
    return fits;
}

static int inputs_inside(const struct walk *walk, const struct node *node)
{
    int count = 0;
    for (int i = 0; i < node->input_count; i++)
        count += node->inputs[i] != VALUE_NONE && walk->search->inside[node->inputs[i]];
    return count;
}

/* Nodes stand in topological order, so whoever reads what is inside comes later. `open` counts the uses of
 * values inside that are still to come. */
static bool take_step(struct walk *walk, int from)
{
    const struct element_search *search = walk->search;
    int open = use_count(walk, from);
    if (search->is_output[from] || open == 0 || walk->step_count == MOST_STEPS)
        return false;
    for (int n = search->uses->list[search->uses->start[from]]; n < search->graph->node_count; n++) {
        const struct node *node = &search->graph->nodes[n];
        const int inside = inputs_inside(walk, node);
        if (inside == 0)
            continue;
        if (!node_fits(walk, node))
            return false;
        const int made = node->outputs[0];
        search->nodes[walk->count++] = n;
        search->inside[made] = true;
        open -= inside;
        if (open == 0) {
            walk->steps[walk->step_count++] = (struct element_step){walk->count, made};
            return true;
        }
        if (search->is_output[made] || use_count(walk, made) == 0)
            return false;
        open += use_count(walk, made);
    }
    return false;
}

static void take_steps(struct walk *walk)
{
    int from = walk->target->value;
    walk->search->inside[from] = true;
    while (take_step(walk, from))
        from = walk->steps[walk->step_count - 1].value;
}

/* Leave the scratch as it was, and only the nodes of complete steps. */
static void tidy(struct walk *walk)
{
    const struct element_search *search = walk->search;
    search->inside[walk->target->value] = false;
    for (int i = 0; i < walk->count; i++)
        search->inside[search->graph->nodes[search->nodes[i]].outputs[0]] = false;
    walk->count = walk->step_count > 0 ? walk->steps[walk->step_count - 1].end : 0;
}

/* The node that makes the end of a step. */
static int last_node(const struct walk *walk, int step)
{
    return walk->search->nodes[walk->steps[step].end - 1];
}

static int step_nodes(const struct walk *walk, int step)
{
    return walk->steps[step].end - (step > 0 ? walk->steps[step - 1].end : 0);
}

static bool is_activation(const struct walk *walk, int node)
{
    return walk->search->graph->nodes[node].op->flags & OPERATOR_ACTIVATION;
}

/* --- values of the functions ---------------------------------------------------------------------------- */

/* What the steps make of the places, [place][channel] each. One channel stands for all where no constant
 * tells them apart. */
struct samples {
    struct graph *graph;
    struct engine *engine;
    int *copy; /* value of the graph at hand -> of the samples' graph */
    int64_t channels;
    double *column; /* of one channel */
};

static void samples_free(struct samples *samples)
{
    engine_free(samples->engine);
    graph_free(samples->graph);
    mem_free(samples->copy);
    mem_free(samples->column);
}

static int copied_value(struct walk *walk, struct samples *samples, int value)
{
    const struct value *from = &walk->search->graph->values[value];
    if (samples->copy[value] == VALUE_NONE && from->constant && shape_elements(&from->constant->shape) > 1)
        samples->channels = walk->target->channels;
    if (samples->copy[value] == VALUE_NONE)
        samples->copy[value] = from->constant ? graph_add_constant(samples->graph, from->name, from->constant)
                                              : graph_add_value(samples->graph, from->name, from->type, NULL);
    return samples->copy[value];
}

static bool copy_node(struct walk *walk, struct samples *samples, const struct node *node)
{
    int inputs[NODE_MAX_OPERANDS], output;
    for (int i = 0; i < node->input_count; i++) {
        inputs[i] = node->inputs[i] == VALUE_NONE ? VALUE_NONE : copied_value(walk, samples, node->inputs[i]);
        if (node->inputs[i] != VALUE_NONE && inputs[i] < 0)
            return false;
    }
    output = copied_value(walk, samples, node->outputs[0]);
    return output >= 0 && graph_add_node(samples->graph, node->name, node->op, inputs, node->input_count,
                                         &output, 1, node->attributes, node->attribute_count) >= 0;
}

/* The steps' nodes as a network of their own. */
static status copy_nodes(struct walk *walk, struct samples *samples, struct error *error)
{
    const struct element_search *search = walk->search;
    const struct element_target *target = walk->target;
    const size_t values = (size_t)search->graph->value_count;
    samples->graph = graph_new();
    samples->copy = mem_new(values, sizeof *samples->copy);
    if (!samples->graph || !samples->copy)
        return error_memory(error);
    for (size_t v = 0; v < values; v++)
        samples->copy[v] = VALUE_NONE;
    samples->graph->opset = search->graph->opset;
    int input = copied_value(walk, samples, target->value);
    bool made = input >= 0;
    for (int i = 0; made && i < walk->count; i++)
        made = copy_node(walk, samples, &search->graph->nodes[search->nodes[i]]);
    if (!made || graph_add_input(samples->graph, input) < 0 ||
        graph_add_output(samples->graph, samples->copy[walk->steps[walk->step_count - 1].value]) < 0)
        return error_memory(error);
    struct shape *shape = &samples->graph->values[input].shape;
    shape->rank = target->rank;
    for (int axis = 0; axis < target->rank; axis++)
        shape->dim[axis] = axis == target->axis ? samples->channels : axis == 0 ? FUNCTION_SAMPLES : 1;
    return graph_finish(samples->graph, error);
}

static status samples_make(struct walk *walk, struct samples *samples, struct error *error)
{
    samples->channels = 1;
    status code = copy_nodes(walk, samples, error);
    const struct engine_options options = {
        .batch = FUNCTION_SAMPLES, .real = ELEMENT_DOUBLE, .kernel = KERNEL_REFERENCE};
    if (code == STATUS_OK)
        code = engine_new(samples->graph, &options, &samples->engine, error);
    if (code != STATUS_OK)
        return code;
    samples->column = mem_new(FUNCTION_SAMPLES, sizeof *samples->column);
    if (!samples->column)
        return error_memory(error);
    double *input = engine_input(samples->engine);
    for (int64_t i = 0; i < FUNCTION_SAMPLES * samples->channels; i++)
        input[i] = function_place((int)(i / samples->channels));
    return engine_forward(samples->engine, error);
}

/* The function up to the end of a step, in one channel. */
static const double *function_of(const struct walk *walk, struct samples *samples, int step, int64_t channel)
{
    const int value = samples->copy[walk->steps[step].value];
    const double *values = engine_value(samples->engine, value)->data;
    for (int i = 0; i < FUNCTION_SAMPLES; i++)
        samples->column[i] = values[i * samples->channels + channel];
    return samples->column;
}

static bool is_affine(const struct walk *walk, struct samples *samples, int step)
{
    bool affine = true;
    for (int64_t c = 0; affine && c < samples->channels; c++)
        affine = function_is_affine(function_of(walk, samples, step, c));
    return affine;
}

/* NULL where it is unknown, or not the same in all channels. */
static const char *known_name(const struct walk *walk, struct samples *samples, int step)
{
    const char *name = function_name(function_of(walk, samples, step, 0));
    for (int64_t c = 1; name && c < samples->channels; c++)
        if (function_name(function_of(walk, samples, step, c)) != name)
            name = NULL;
    return name;
}

/* --- which step ----------------------------------------------------------------------------------------- */

/* An operator that is an activation function, alone behind u. */
static bool begins_with_activation(const struct walk *walk)
{
    return step_nodes(walk, 0) == 1 && is_activation(walk, last_node(walk, 0));
}

/* Where the function is not a common one. */
static int choose_unknown(const struct walk *walk, struct samples *samples)
{
    bool activation = false;
    for (int k = 0, i = 0; k < walk->step_count; k++) {
        for (; i < walk->steps[k].end; i++)
            activation = activation || is_activation(walk, walk->search->nodes[i]);
        if (activation || (step_nodes(walk, k) > 1 && !is_affine(walk, samples, k)))
            return k;
    }
    const int last = walk->step_count - 1;
    return is_affine(walk, samples, last) ? -1 : last;
}

/* The step that ends with h(u); -1: none. */
static int choose(const struct walk *walk, struct samples *samples)
{
    for (int k = walk->step_count - 1; k >= 0; k--)
        if (known_name(walk, samples, k))
            return k;
    return choose_unknown(walk, samples);
}

static void describe(const struct walk *walk, struct samples *samples, int step, struct element_layer *layer)
{
    layer->node = last_node(walk, step);
    layer->value = walk->steps[step].value;
    layer->name = walk->search->graph->nodes[layer->node].op->name;
    if (walk->steps[step].end == 1)
        return;
    const char *known = known_name(walk, samples, step);
    layer->name = known ? known : "composed";
}

static status decide(struct walk *walk, struct element_layer *layer, struct error *error)
{
    if (walk->step_count == 0)
        return STATUS_OK;
    struct samples samples = {0};
    if (walk->step_count == 1 && begins_with_activation(walk)) { /* nothing to compare */
        describe(walk, &samples, 0, layer);
        return STATUS_OK;
    }
    status code = samples_make(walk, &samples, error);
    int step = code == STATUS_OK ? choose(walk, &samples) : -1;
    if (step >= 0)
        describe(walk, &samples, step, layer);
    samples_free(&samples);
    return code;
}

status element_layer_find(struct element_search *search, const struct element_target *target,
                          struct element_layer *layer, struct error *error)
{
    struct walk walk = {.search = search, .target = target};
    *layer = (struct element_layer){.node = -1, .value = target->value};
    if (target->axis < 1 || target->axis >= target->rank)
        return STATUS_OK;
    take_steps(&walk);
    tidy(&walk);
    return decide(&walk, layer, error);
}
