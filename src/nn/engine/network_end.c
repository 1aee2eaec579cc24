/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The walk from a network's output back to the softmax it may end in. */
#include "nn/engine/network_end.h"

#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"
#include "nn/operator/plan.h"

/* Nodes that become Identity where the network is judged: at most a Clip, a logarithm, and a softmax of two.
 */
enum { PASSED_MOST = 8 };

struct ending {
    const struct graph *graph;
    enum network_end end;
    int value;               /* where the walk is */
    int softmax;             /* the value that is normalised over its elements, VALUE_NONE: none */
    int sum;                 /* what it is divided by, a value; VALUE_NONE where the node does it itself */
    int passed[PASSED_MOST]; /* nodes */
    int passed_count;
};

static const struct node *maker(const struct graph *graph, int value)
{
    int producer = value == VALUE_NONE ? VALUE_NONE : graph->values[value].producer;
    return producer == VALUE_NONE ? NULL : &graph->nodes[producer];
}

static bool is_made_by(const struct graph *graph, int value, const char *op)
{
    const struct node *node = maker(graph, value);
    return node && node->input_count > 0 && strcmp(node->op->name, op) == 0;
}

static bool pass(struct ending *ending, const struct node *node)
{
    if (ending->passed_count == PASSED_MOST)
        return false;
    ending->passed[ending->passed_count++] = (int)(node - ending->graph->nodes);
    ending->value = node->inputs[0];
    return true;
}

/* --- what each operator at the end means -------------------------------------------------------------------
 * Each looks at the node that makes ending->value and tells whether the walk goes on before it.
 */

static bool walk_on(struct ending *ending, const struct node *node)
{
    ending->value = node->inputs[0];
    return true;
}

/* The outputs are logarithms of what is before, which may be a softmax. */
static bool meet_logarithm(struct ending *ending, const struct node *node)
{
    return ending->passed_count == 0 && pass(ending, node);
}

static bool clip_bound(const struct graph *graph, const struct node *node, int input, const char *attribute,
                       double fallback, double *bound)
{
    *bound = node_real(node, attribute, fallback);
    if (input >= node->input_count || node->inputs[input] == VALUE_NONE)
        return true;
    const struct tensor *tensor = graph->values[node->inputs[input]].constant;
    if (!tensor || shape_elements(&tensor->shape) != 1 || tensor->type == ELEMENT_INT64)
        return false;
    *bound =
        tensor->type == ELEMENT_FLOAT ? (double)*(const float *)tensor->data : *(const double *)tensor->data;
    return true;
}

/* One that keeps a logarithm finite. */
static bool meet_clip(struct ending *ending, const struct node *node)
{
    static const double guard = 1e-3;
    double least, most;
    return clip_bound(ending->graph, node, 1, "min", 0, &least) &&
           clip_bound(ending->graph, node, 2, "max", 1, &most) && least <= guard && most >= 1 - guard &&
           pass(ending, node);
}

static bool meet_softmax(struct ending *ending, const struct node *node)
{
    ending->end = NETWORK_END_SOFTMAX;
    ending->softmax = node->inputs[0];
    pass(ending, node);
    return false;
}

static bool meet_log_softmax(struct ending *ending, const struct node *node)
{
    if (ending->passed_count > 0)
        return false;
    meet_softmax(ending, node);
    ending->end = NETWORK_END_LOG_SOFTMAX;
    return false;
}

static bool meet_sigmoid(struct ending *ending, const struct node *node)
{
    (void)node;
    if (ending->passed_count == 0)
        ending->end = NETWORK_END_SIGMOID;
    return false;
}

static bool meet_exponential(struct ending *ending, const struct node *node)
{
    const struct node *before = maker(ending->graph, node->inputs[0]);
    if (before && is_made_by(ending->graph, node->inputs[0], "LogSoftmax") && pass(ending, node))
        meet_softmax(ending, before);
    return false;
}

/* Exp(x) / ReduceSum(Exp(x)) */
static bool meet_quotient(struct ending *ending, const struct node *node)
{
    const struct graph *graph = ending->graph;
    const int above = node->inputs[0], below = node->input_count > 1 ? node->inputs[1] : VALUE_NONE;
    if (!is_made_by(graph, above, "Exp") || !is_made_by(graph, below, "ReduceSum") ||
        maker(graph, below)->inputs[0] != above || !pass(ending, node))
        return false;
    meet_softmax(ending, maker(graph, above));
    ending->sum = below;
    return false;
}

static const struct {
    const char *op;
    bool (*meet)(struct ending *ending, const struct node *node);
} meetings[] = {
    {"Identity", walk_on},     {"Dropout", walk_on},      {"Cast", walk_on},
    {"Reshape", walk_on},      {"Flatten", walk_on},      {"Squeeze", walk_on},
    {"Unsqueeze", walk_on},    {"Transpose", walk_on},    {"Log", meet_logarithm},
    {"Clip", meet_clip},       {"Softmax", meet_softmax}, {"LogSoftmax", meet_log_softmax},
    {"Exp", meet_exponential}, {"Div", meet_quotient},    {"Sigmoid", meet_sigmoid},
};

static void walk(struct ending *ending)
{
    bool on = true;
    while (on) {
        const struct node *node = maker(ending->graph, ending->value);
        on = false;
        for (size_t i = 0; node && node->input_count > 0 && i < sizeof meetings / sizeof *meetings; i++)
            if (strcmp(node->op->name, meetings[i].op) == 0)
                on = meetings[i].meet(ending, node);
    }
}

/* --- is it over all that the network gives for an image, or for a pixel? -------------------------------- */

struct network_answer network_answer_of(const struct shape *output)
{
    if (output->rank >= 2 && shape_product(output, 2, output->rank) == 1)
        return (struct network_answer){output->dim[1], 1, 1};
    if (output->rank == 4 && output->dim[1] > 1)
        return (struct network_answer){output->dim[1], output->dim[2], output->dim[3]};
    return (struct network_answer){0, 1, 1};
}

/* The axes that the last node that was passed normalises over: from *first on, *count of them. */
static bool normalised_axes(const struct ending *ending, const struct shape *shape, int *first, int *count)
{
    const bool matrix = ending->graph->opset < 13; /* all axes from one on, taken together */
    const struct node *node = &ending->graph->nodes[ending->passed[ending->passed_count - 1]];
    if (!shape_axis(shape->rank, node_integer(node, "axis", matrix ? 1 : -1), first))
        return false;
    *count = matrix ? shape->rank - *first : 1;
    return true;
}

static bool normalises_image(const struct ending *ending, const struct plan *plan, const struct shape *shape)
{
    int first, count;
    if (ending->sum != VALUE_NONE)
        return shape_elements(&plan->values[ending->sum].shape) == 1;
    return normalised_axes(ending, shape, &first, &count) &&
           shape_product(shape, first, first + count) == shape_elements(shape);
}

/* Over the classes where they stand in the output, or behind height and width in what a Transpose makes the
 * output of. */
static bool normalises_pixels(const struct ending *ending, const struct plan *plan, const struct shape *shape,
                              const struct shape *output)
{
    int first, count;
    const int64_t *dim = shape->dim;
    if (shape->rank != 4)
        return false;
    const bool same = dim[1] == output->dim[1] && dim[2] == output->dim[2] && dim[3] == output->dim[3];
    const bool last = dim[3] == output->dim[1] && dim[1] == output->dim[2] && dim[2] == output->dim[3];
    if (ending->sum != VALUE_NONE) {
        const struct shape *sum = &plan->values[ending->sum].shape;
        return same && sum->rank == 4 && sum->dim[1] == 1 && sum->dim[2] == dim[2] && sum->dim[3] == dim[3];
    }
    return normalised_axes(ending, shape, &first, &count) && count == 1 &&
           ((same && first == 1) || (last && first == 3));
}

static bool normalises_all(const struct ending *ending, const struct plan *plan)
{
    const struct shape *shape = &plan->values[ending->softmax].shape;
    const struct shape *output = &plan->values[ending->graph->outputs[0]].shape;
    const struct network_answer answer = network_answer_of(output);
    if (shape_elements(shape) != shape_elements(output))
        return false;
    return answer.height * answer.width > 1 ? normalises_pixels(ending, plan, shape, output)
                                            : normalises_image(ending, plan, shape);
}

static status find(struct ending *ending, const struct graph *graph, struct error *error)
{
    *ending = (struct ending){.graph = graph, .softmax = VALUE_NONE, .sum = VALUE_NONE};
    if (graph->output_count != 1)
        return STATUS_OK;
    ending->value = graph->outputs[0];
    walk(ending);
    bool normalised = false;
    if (ending->softmax != VALUE_NONE) {
        const struct plan_options options = {.batch = 1, .real = ELEMENT_FLOAT};
        struct plan *plan;
        if (plan_new(graph, &options, &plan, error))
            return error->code;
        normalised = normalises_all(ending, plan);
        plan_free(plan);
    }
    if (!normalised) {
        ending->passed_count = 0;
        if (ending->end != NETWORK_END_SIGMOID)
            ending->end = NETWORK_END_LOGITS;
    }
    return STATUS_OK;
}

status network_end_find(const struct graph *graph, enum network_end *end, struct error *error)
{
    struct ending ending;
    status code = find(&ending, graph, error);
    if (code == STATUS_OK)
        *end = ending.end;
    return code;
}

status judged_graph_init(struct judged_graph *judged, const struct graph *graph, struct error *error)
{
    struct ending ending;
    if (find(&ending, graph, error))
        return error->code;
    *judged = (struct judged_graph){.graph = *graph};
    if (ending.passed_count == 0)
        return STATUS_OK;
    judged->nodes = mem_copy(graph->nodes, (size_t)graph->node_count * sizeof *graph->nodes);
    if (!judged->nodes)
        return error_memory(error);
    judged->graph.nodes = judged->nodes;
    for (int i = 0; i < ending.passed_count; i++) {
        struct node *node = &judged->nodes[ending.passed[i]];
        node->op = operator_find("Identity");
        node->input_count = 1;
        node->attribute_count = 0;
    }
    return STATUS_OK;
}

void judged_graph_free(struct judged_graph *judged)
{
    mem_free(judged->nodes);
    *judged = (struct judged_graph){0};
}
