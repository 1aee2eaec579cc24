/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Planning: one walk over the nodes in order, which prepares each, and computes at once what is constant. */
#include "nn/operator/plan.h"
#include <string.h>
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/text.h"
#include "nn/graph/file_type.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/node_check.h"

/* No value may be larger: a file of a few bytes may ask for any amount. */
static const int64_t MOST_BYTES = INT64_C(1) << 40;

/* What prepared nodes may keep together, and each beside that: tables of positions, for the largest. */
static const size_t most_prepared = (size_t)1 << 28;
enum { PREPARED_PER_NODE = 1024, PREPARED_PER_VALUE = 256 };

struct planner {
    struct plan *plan;
    const struct plan_options *options;
    struct error *error;
    /* The node at hand. */
    const struct node *node;
    struct prepare prepare;
    struct operand inputs[NODE_MAX_OPERANDS], outputs[NODE_MAX_OPERANDS];
    const struct tensor *known[NODE_MAX_OPERANDS];
};

/* --- inputs and constants ------------------------------------------------------------------------------- */

static bool is_real(enum element_type type)
{
    return type == ELEMENT_FLOAT || type == ELEMENT_DOUBLE;
}

/* The type that a value declared as `type` has in this plan. */
static enum element_type planned_type(const struct planner *planner, enum element_type type)
{
    return is_real(type) && is_real(planner->options->real) ? planner->options->real : type;
}

static status check_size(const struct planner *planner, const char *name, const struct operand *operand)
{
    struct text text = {0};
    int64_t elements = shape_elements(&operand->shape);

    if (elements >= 0 && elements <= MOST_BYTES / (int64_t)element_size(operand->type))
        return STATUS_OK;
    shape_text(&operand->shape, &text);
    error_set(planner->error, STATUS_SHAPE, "%s would have the shape %s, which is too large or has no size",
              name, text_data(&text));
    text_free(&text);
    return planner->error->code;
}

static status take_input(struct planner *planner, int v)
{
    const struct value *value = &planner->plan->graph->values[v];
    struct operand *operand = &planner->plan->values[v];

    if (value->shape.rank < 0)
        return error_set(planner->error, STATUS_UNSUPPORTED, "the network's input %s declares no shape",
                         value->name);
    operand->type = planned_type(planner, value->type);
    operand->shape = value->shape;
    if (planner->options->batch > 0 && operand->shape.rank > 0)
        operand->shape.dim[0] =
            planner->plan->graph->batch > 0 ? planner->plan->graph->batch : planner->options->batch;
    for (int i = 0; i < operand->shape.rank; i++)
        if (operand->shape.dim[i] < 0)
            return error_set(planner->error, STATUS_UNSUPPORTED,
                             "dimension %d of the network's input %s has no fixed size", i, value->name);
    return check_size(planner, value->name, operand);
}

static status take_givens(struct planner *planner)
{
    struct plan *plan = planner->plan;
    const struct graph *graph = plan->graph;

    for (int v = 0; v < graph->value_count; v++) {
        struct tensor *constant = graph->values[v].constant;

        if (constant == NULL)
            continue;
        if (progress_check(planner->error) != STATUS_OK)
            return planner->error->code;
        plan->constants[v] = tensor_convert(constant, planned_type(planner, constant->type));
        if (plan->constants[v] == NULL)
            return error_memory(planner->error);
        plan->values[v].type = plan->constants[v]->type;
        plan->values[v].shape = constant->shape;
    }
    for (int i = 0; i < graph->input_count; i++)
        if (take_input(planner, graph->inputs[i]) != STATUS_OK)
            return planner->error->code;
    if (graph->input_count > 0 && plan->values[graph->inputs[0]].shape.rank > 0)
        plan->batch = plan->values[graph->inputs[0]].shape.dim[0];
    return STATUS_OK;
}

/* --- one node ------------------------------------------------------------------------------------------- */

/* Put the node, its operator and the shapes at hand in front of the message. */
static status blame_node(struct planner *planner)
{
    enum { SHAPES_SHOWN = 4 };
    const struct node *node = planner->node;
    struct text shapes = {0};
    int shown = 0;

    for (int i = 0; i < node->input_count && shown < SHAPES_SHOWN; i++) {
        if (node->inputs[i] == VALUE_NONE)
            continue;
        text_add(&shapes, shown++ == 0 ? " of " : ", ");
        shape_text(&planner->plan->values[node->inputs[i]].shape, &shapes);
    }
    error_prefix(planner->error, "node %s (%s%s): ", node->name, node->op->name, text_data(&shapes));
    text_free(&shapes);
    return planner->error->code;
}

/* Fill in what prepare gets; *constant says whether the node can be computed now. */
static status gather_inputs(struct planner *planner, bool *constant)
{
    const struct node *node = planner->node;
    const struct plan *plan = planner->plan;
    unsigned flags = node->op->flags;

    *constant = true;
    for (int i = 0; i < node->input_count; i++) {
        int v = node->inputs[i];
        struct tensor *tensor = v == VALUE_NONE ? NULL : plan->constants[v];

        planner->known[i] = tensor;
        planner->inputs[i] = v == VALUE_NONE ? (struct operand){0} : plan->values[v];
        planner->inputs[i].data = tensor == NULL ? NULL : tensor->data;
        if (v == VALUE_NONE || tensor != NULL)
            continue;
        if (i > 0 && (flags & OPERATOR_SHAPE_INPUTS))
            return error_set(planner->error, STATUS_UNSUPPORTED,
                             "its input %s must be constant, but it depends on the images",
                             plan->graph->values[v].name);
        if (!(flags & OPERATOR_KNOWS_SHAPE))
            *constant = false;
    }
    return STATUS_OK;
}

static status run_prepare(struct planner *planner)
{
    const struct node *node = planner->node;
    struct prepare *prepare = &planner->prepare;

    *prepare = (struct prepare){
        .node = node,
        .opset = planner->plan->graph->opset,
        .arena = planner->plan->arena,
        .input_count = node->input_count,
        .output_count = node->output_count,
        .inputs = planner->inputs,
        .constant = planner->known,
        .backward = planner->options->backward,
        .kernel = planner->options->kernel,
        .outputs = planner->outputs,
    };
    memset(planner->outputs, 0, (size_t)node->output_count * sizeof(planner->outputs[0]));
    if (node->op->prepare(prepare, planner->error) != STATUS_OK)
        return arena_refused(prepare->arena)
                   ? error_set(planner->error, STATUS_UNSUPPORTED,
                               "preparing it would take more than the %zu MiB that there are for all nodes",
                               most_prepared >> 20)
                   : planner->error->code;
    for (int i = 0; i < node->output_count; i++) {
        int v = node->outputs[i];

        planner->outputs[i].data = NULL;
        planner->outputs[i].type = planned_type(planner, planner->outputs[i].type);
        if (check_size(planner, v == VALUE_NONE ? "an output" : planner->plan->graph->values[v].name,
                       &planner->outputs[i]) != STATUS_OK)
            return planner->error->code;
        if (v != VALUE_NONE)
            planner->plan->values[v] = planner->outputs[i];
    }
    if (node->op->kernels[planner->outputs[0].type].forward == NULL)
        return error_set(planner->error, STATUS_UNSUPPORTED, "is not supported for values of type %s",
                         element_name(planner->outputs[0].type));
    return STATUS_OK;
}

/* --- constant nodes ------------------------------------------------------------------------------------- */

/* The data type in files of an output (0, 1, ...) that is computed here: what the node says, else what the
 * constants are that it is computed from, so that integers keep theirs and a network in half precision stays
 * one. */
static int computed_type(const struct planner *planner, int output)
{
    const enum element_type type = planner->outputs[output].type;
    int said = output == 0 && type == ELEMENT_INT64 ? planner->prepare.file_type : FILE_UNDEFINED;

    if (said == FILE_UNDEFINED)
        said = (int)node_integer(planner->node, "to", FILE_UNDEFINED);
    for (int i = 0; said == FILE_UNDEFINED && i < planner->node->input_count; i++)
        if (planner->known[i] != NULL && planner->known[i]->type == type)
            said = planner->known[i]->file_type;
    return file_type_of(type, said);
}

/* Identity on a parameter shares its memory. */
static bool same_content(const struct planner *planner)
{
    const struct operand *in = planner->inputs, *out = planner->outputs;

    return (planner->node->op->flags & OPERATOR_VIEW) && planner->node->output_count == 1 &&
           planner->node->outputs[0] != VALUE_NONE && planner->known[0] != NULL && in->type == out->type &&
           shape_equal(&in->shape, &out->shape);
}

static status make_outputs(struct planner *planner)
{
    const struct node *node = planner->node;

    for (int i = 0; i < node->output_count; i++) {
        struct operand *output = &planner->outputs[i];
        struct tensor *tensor;

        if (node->outputs[i] == VALUE_NONE)
            continue;
        tensor = tensor_new(output->type, &output->shape);
        if (tensor == NULL)
            return error_memory(planner->error);
        tensor->file_type = computed_type(planner, i);
        planner->plan->constants[node->outputs[i]] = tensor;
        output->data = tensor->data;
    }
    return STATUS_OK;
}

/* What the other plan has computed from the very same constants is not computed again. */
static bool take_computed(struct planner *planner)
{
    const struct node *node = planner->node;
    const struct plan *like = planner->options->like;

    if (like == NULL)
        return false;
    for (int i = 0; i < node->input_count; i++)
        if (node->inputs[i] != VALUE_NONE &&
            (planner->known[i] == NULL || planner->known[i] != like->constants[node->inputs[i]]))
            return false;
    for (int i = 0; i < node->output_count; i++)
        if (node->outputs[i] != VALUE_NONE && like->constants[node->outputs[i]] == NULL)
            return false;
    for (int i = 0; i < node->output_count; i++)
        if (node->outputs[i] != VALUE_NONE)
            planner->plan->constants[node->outputs[i]] = tensor_retain(like->constants[node->outputs[i]]);
    return true;
}

static status compute(struct planner *planner)
{
    const struct node *node = planner->node;
    struct kernel_call call = {.plan = planner->prepare.plan,
                               .inputs = planner->inputs,
                               .outputs = planner->outputs,
                               .input_count = node->input_count,
                               .output_count = node->output_count};

    if (same_content(planner)) {
        planner->plan->constants[node->outputs[0]] = tensor_retain(planner->plan->constants[node->inputs[0]]);
        return STATUS_OK;
    }
    if (take_computed(planner))
        return STATUS_OK;
    if (fold_spend(&planner->plan->left, &planner->prepare, planner->error) != STATUS_OK ||
        make_outputs(planner) != STATUS_OK)
        return planner->error->code;
    call.workspace = mem_aligned(planner->prepare.workspace, 1);
    if (call.workspace == NULL)
        return error_memory(planner->error);
    node->op->kernels[planner->outputs[0].type].forward(&call);
    mem_free(call.workspace);
    return STATUS_OK;
}

/* --- the walk ------------------------------------------------------------------------------------------- */

static status plan_node(struct planner *planner, int n)
{
    struct plan *plan = planner->plan;
    bool constant;

    planner->node = &plan->graph->nodes[n];
    if (progress_check(planner->error) != STATUS_OK)
        return planner->error->code;
    if (node_check(planner->node, plan->graph->opset, planner->error) != STATUS_OK ||
        gather_inputs(planner, &constant) != STATUS_OK || run_prepare(planner) != STATUS_OK ||
        (constant && compute(planner) != STATUS_OK))
        return blame_node(planner);
    if (!constant)
        plan->steps[plan->step_count++] =
            (struct step){.node = n,
                          .op = planner->node->op,
                          .kernels = &planner->node->op->kernels[planner->outputs[0].type],
                          .plan = planner->prepare.plan,
                          .workspace = planner->prepare.workspace};
    return STATUS_OK;
}

static bool needs_refused(const struct planner *planner, int n)
{
    const struct graph *graph = planner->plan->graph;
    const struct node *node = &graph->nodes[n];

    for (int i = 0; i < node->input_count; i++) {
        int producer = node->inputs[i] == VALUE_NONE ? VALUE_NONE : graph->values[node->inputs[i]].producer;

        if (producer != VALUE_NONE && planner->options->refused[producer])
            return true;
    }
    return false;
}

static status plan_or_refuse(struct planner *planner, int n)
{
    const struct plan_options *options = planner->options;
    status code;

    if (options->refused == NULL)
        return plan_node(planner, n);
    options->refused[n] = needs_refused(planner, n);
    if (options->refused[n])
        return STATUS_OK;
    code = plan_node(planner, n);
    if (code == STATUS_OK || code == STATUS_MEMORY || code == STATUS_CANCELLED)
        return code;
    options->refused[n] = true;
    if (options->refusal->code == STATUS_OK)
        *options->refusal = *planner->error;
    *planner->error = (struct error){0};
    return STATUS_OK;
}

static status plan_graph(struct planner *planner)
{
    struct plan *plan = planner->plan;
    const struct graph *graph = plan->graph;

    plan->arena = arena_new();
    plan->constants = mem_new((size_t)graph->value_count, sizeof(*plan->constants));
    if (plan->arena == NULL || plan->constants == NULL)
        return error_memory(planner->error);
    arena_limit(plan->arena, most_prepared + (size_t)graph->node_count * PREPARED_PER_NODE +
                                 (size_t)graph->value_count * PREPARED_PER_VALUE);
    plan->left = planner->options->like ? planner->options->like->left : fold_budget(graph);
    plan->values = arena_alloc(plan->arena, (size_t)graph->value_count, sizeof(*plan->values));
    plan->steps = arena_alloc(plan->arena, (size_t)graph->node_count, sizeof(*plan->steps));
    if (plan->values == NULL || plan->steps == NULL)
        return error_memory(planner->error);
    if (take_givens(planner) != STATUS_OK)
        return planner->error->code;
    for (int n = 0; n < graph->node_count; n++)
        if (plan_or_refuse(planner, n) != STATUS_OK)
            return planner->error->code;
    return STATUS_OK;
}

status plan_new(const struct graph *graph, const struct plan_options *options, struct plan **plan,
                struct error *error)
{
    struct planner *planner = mem_new(1, sizeof(*planner));
    status code = STATUS_MEMORY;

    if (planner == NULL)
        return error_memory(error);
    planner->options = options;
    planner->error = error;
    planner->plan = mem_new(1, sizeof(*planner->plan));
    if (planner->plan == NULL) {
        error_memory(error);
    } else {
        planner->plan->graph = graph;
        code = plan_graph(planner);
    }
    if (code == STATUS_OK)
        *plan = planner->plan;
    else
        plan_free(planner->plan);
    mem_free(planner);
    return code;
}

void plan_free(struct plan *plan)
{
    if (plan == NULL)
        return;
    for (int v = 0; plan->constants != NULL && v < plan->graph->value_count; v++)
        tensor_free(plan->constants[v]);
    mem_free(plan->constants);
    arena_free(plan->arena);
    mem_free(plan);
}
