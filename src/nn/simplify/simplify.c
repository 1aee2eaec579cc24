/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the graph as exported to the graph that the program works on. */
#include "nn/simplify/simplify.h"
#include <string.h>
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "nn/graph/file_type.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"
#include "nn/operator/plan.h"
#include "nn/simplify/batch_place.h"
#include "nn/simplify/rewrite.h"
#include "nn/simplify/simplify_internal.h"

/* The batch sizes whose plans are compared. What comes out equal for both does not depend on the batch. */
static const int64_t BATCHES[2] = {2, 3};

/* --- constants ------------------------------------------------------------------------------------------ */

bool same_tensor(const struct tensor *a, const struct tensor *b)
{
    if (a == NULL || b == NULL)
        return false;
    return a == b ||
           (a->type == b->type && shape_equal(&a->shape, &b->shape) &&
            memcmp(a->data, b->data, (size_t)shape_elements(&a->shape) * element_size(a->type)) == 0);
}

/* A constant of the graph stays what it is; whatever else both plans know alike becomes one, under its own
 * name. (A parameter that the exporter wrote as Identity of an equal one so gets its own name back.) */
static void fold(struct rewrite *rewrite)
{
    for (int v = 0; v < rewrite->graph->value_count; v++)
        if (rewrite->constants[v] == NULL &&
            same_tensor(rewrite->plans[0]->constants[v], rewrite->plans[1]->constants[v]))
            rewrite->constants[v] = rewrite->plans[0]->constants[v];
}

/* --- nodes that do nothing ------------------------------------------------------------------------------ */

static bool all_equal_to(const int64_t *values, int count, int64_t expected)
{
    for (int i = 0; i < count; i++)
        if (values[i] != expected)
            return false;
    return true;
}

static bool keeps_shape(const struct rewrite *rewrite, const struct node *node)
{
    for (int p = 0; p < 2; p++) {
        const struct operand *in = &rewrite->plans[p]->values[node->inputs[0]];
        const struct operand *out = &rewrite->plans[p]->values[node->outputs[0]];

        if (in->type != out->type || !shape_equal(&in->shape, &out->shape))
            return false;
    }
    return true;
}

/* Half precision is float in memory, but a file that has it needs its casts. */
static bool cast_does_nothing(const struct rewrite *rewrite, const struct node *node)
{
    int64_t to = node_integer(node, "to", FILE_UNDEFINED);

    /* to the same type, as keeps_shape has seen */
    return (to == FILE_FLOAT || to == FILE_DOUBLE) && !rewrite->halves;
}

static bool dropout_does_nothing(struct rewrite *rewrite, const struct node *node)
{
    const struct tensor *training = NULL;

    if (node->input_count > 2 && node->inputs[2] != VALUE_NONE) {
        training = rewrite->constants[node->inputs[2]];
        if (training == NULL)
            return false;
    }
    return training == NULL || (shape_elements(&training->shape) == 1 && tensor_get(training, 0) == 0);
}

static bool slice_does_nothing(struct rewrite *rewrite, const struct node *node)
{
    const int64_t *steps;
    int count;

    if (node->input_count < 5 || node->inputs[4] == VALUE_NONE)
        return true;
    return rewrite_integers(rewrite, node, 4, NULL, &steps, &count) && all_equal_to(steps, count, 1);
}

static bool does_nothing(struct rewrite *rewrite, const struct node *node)
{
    const char *op = node->op->name;

    if (node->input_count < 1 || node->outputs[0] == VALUE_NONE || !keeps_shape(rewrite, node))
        return false;
    if (strcmp(op, "Dropout") == 0)
        return dropout_does_nothing(rewrite, node);
    if (strcmp(op, "Cast") == 0)
        return cast_does_nothing(rewrite, node);
    if (strcmp(op, "Slice") == 0)
        return slice_does_nothing(rewrite, node);
    if (strcmp(op, "Concat") == 0)
        return node->input_count == 1;
    if (strcmp(op, "Pad") == 0) {
        struct padding padding;

        return padding_of(rewrite, node, &padding) && all_equal_to(padding.begin, padding.rank, 0) &&
               all_equal_to(padding.end, padding.rank, 0);
    }
    return strcmp(op, "Identity") == 0 || (node->op->flags & OPERATOR_VIEW);
}

/* Whether anything but the first output is used (Dropout's mask). */
static bool uses_more_outputs(const struct rewrite *rewrite, const struct node *node,
                              const struct graph_uses *uses)
{
    for (int i = 1; i < node->output_count; i++) {
        int v = node->outputs[i];

        if (v != VALUE_NONE && (rewrite->is_output[v] || uses->start[v + 1] > uses->start[v]))
            return true;
    }
    return false;
}

static status remove_idle(struct rewrite *rewrite, struct error *error)
{
    struct graph_uses uses;

    if (graph_uses(rewrite->graph, rewrite->arena, &uses, error) != STATUS_OK)
        return error->code;
    for (int n = 0; n < rewrite->graph->node_count; n++) {
        const struct node *node = &rewrite->nodes[n];

        if (is_computed(rewrite, n) && does_nothing(rewrite, node) &&
            !uses_more_outputs(rewrite, node, &uses) && rewrite_bypass(rewrite, n, error) != STATUS_OK)
            return error->code;
    }
    return STATUS_OK;
}

bool is_computed(const struct rewrite *rewrite, int n)
{
    const struct node *node = &rewrite->nodes[n];

    if (rewrite->dropped[n])
        return false;
    for (int i = 0; i < node->output_count; i++)
        if (node->outputs[i] != VALUE_NONE && rewrite->constants[node->outputs[i]] == NULL)
            return true;
    return false;
}

/* --- the two rounds ------------------------------------------------------------------------------------- */

/* True when every input of the network declares a fixed size in dimension 0. */
static bool has_fixed_batch(const struct graph *graph)
{
    for (int i = 0; i < graph->input_count; i++) {
        const struct shape *shape = &graph->values[graph->inputs[i]].shape;

        if (shape->rank < 1 || shape->dim[0] < 1)
            return false;
    }
    return graph->input_count > 0;
}

/* The graph with the file's batch taken out of what it was baked into. */
static status rewrite_freed(const struct batch_trace *trace, struct graph **result, struct error *error)
{
    struct rewrite *rewrite = NULL;
    status code = rewrite_new(trace->plan->graph, NULL, &rewrite, error);

    if (code == STATUS_OK)
        code = free_targets(rewrite, trace, error);
    if (code == STATUS_OK)
        code = rewrite_apply(rewrite, result, error);
    if (code == STATUS_OK)
        code = repeat_constants(rewrite, trace, *result, error);
    rewrite_free(rewrite);
    return code;
}

/* What is known of a batch that stays: how many images, and the node that would have mixed them. */
struct kept_batch {
    int64_t images;
    int node;
};

/* First round: *result stays NULL where the images cannot be told apart. */
static status free_batch(const struct graph *graph, struct graph **result, struct kept_batch *kept,
                         struct error *error)
{
    struct plan_options options = {.real = ELEMENT_TYPES};
    struct arena *arena = arena_new();
    struct batch_trace trace;
    struct plan *plan = NULL;
    bool found = false;
    status code = arena == NULL ? error_memory(error) : plan_new(graph, &options, &plan, error);

    if (code == STATUS_OK)
        code = batch_trace_find(plan, arena, &trace, &found, error);
    if (code == STATUS_OK && found)
        code = rewrite_freed(&trace, result, error);
    else if (code == STATUS_OK)
        *kept = (struct kept_batch){plan->batch, plan->steps[trace.refused].node};
    plan_free(plan);
    arena_free(arena);
    return code;
}

static status fold_and_clean(const struct graph *graph, const struct plan *const *plans,
                             struct graph **result, struct error *error)
{
    status (*const parts[])(struct rewrite *, struct error *) = {follow_batch, remove_idle, merge_transposes,
                                                                 merge_pads};
    struct rewrite *rewrite;
    status code = rewrite_new(graph, plans, &rewrite, error);

    if (code != STATUS_OK)
        return code;
    fold(rewrite);
    for (size_t i = 0; code == STATUS_OK && i < sizeof(parts) / sizeof(parts[0]); i++)
        if ((code = progress_check(error)) == STATUS_OK)
            code = parts[i](rewrite, error);
    if (code == STATUS_OK && (code = progress_check(error)) == STATUS_OK)
        code = rewrite_apply(rewrite, result, error);
    rewrite_free(rewrite);
    return code;
}

/* Second round: plan at two batch sizes, keep what both agree on. With a fixed batch there is one size. */
static status fold_graph(const struct graph *graph, const int64_t *batches, struct graph **result,
                         struct error *error)
{
    struct plan *plans[2] = {NULL, NULL};
    status code = STATUS_OK;

    for (int i = 0; code == STATUS_OK && i < 2; i++) {
        struct plan_options options = {.batch = batches[i], .real = ELEMENT_TYPES, .like = plans[0]};

        code = plan_new(graph, &options, &plans[i], error);
    }
    if (code == STATUS_OK)
        code = fold_and_clean(graph, (const struct plan *const *)plans, result, error);
    plan_free(plans[0]);
    plan_free(plans[1]);
    return code;
}

/* Einsums that became products may have constant operands that are transposed: these are folded too. */
static status fold_products(const struct graph *graph, const int64_t *batches, struct graph **result,
                            struct error *error)
{
    struct rewrite *rewrite = NULL;
    struct graph *folded = NULL;
    bool changed = false;
    status code = fold_graph(graph, batches, &folded, error);

    if (code == STATUS_OK)
        code = rewrite_new(folded, NULL, &rewrite, error);
    if (code == STATUS_OK)
        code = einsum_to_products(folded, rewrite->separator, rewrite->arena, &changed, error);
    rewrite_free(rewrite);
    if (code == STATUS_OK && !changed) {
        *result = folded;
        return STATUS_OK;
    }
    if (code == STATUS_OK)
        code = fold_graph(folded, batches, result, error);
    graph_free(folded);
    return code;
}

static status fold_kept(const struct graph *graph, const struct kept_batch *kept, struct graph **result,
                        struct error *error)
{
    const struct node *node = &graph->nodes[kept->node];
    status code = fold_products(graph, (const int64_t[]){kept->images, kept->images}, result, error);

    if (code != STATUS_OK)
        return code;
    (*result)->batch = kept->images;
    (*result)->batch_node = arena_format((*result)->arena, "node %s, %s", node->name, node->op->name);
    if ((*result)->batch_node != NULL)
        return STATUS_OK;
    graph_free(*result);
    return error_memory(error);
}

status graph_simplify(const struct graph *graph, struct graph **result, struct error *error)
{
    struct graph *freed = NULL;
    struct kept_batch kept = {0};
    status code = STATUS_OK;

    if (has_fixed_batch(graph))
        code = free_batch(graph, &freed, &kept, error);
    if (code == STATUS_OK && kept.images > 0)
        return fold_kept(graph, &kept, result, error);
    if (code == STATUS_OK)
        code = fold_products(freed != NULL ? freed : graph, BATCHES, result, error);
    graph_free(freed);
    return code;
}
