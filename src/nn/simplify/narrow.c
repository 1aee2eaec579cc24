/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the outputs back: what is needed of each value. */
#include "nn/simplify/narrow.h"

#include "base/memory.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"
#include "nn/operator/plan.h"
#include "nn/simplify/narrow_internal.h"

static const int64_t batches[NARROW_BATCHES] = {2, 3};

static bool is_constant(const struct narrowing *narrowing, int value)
{
    return narrowing->plans[0]->constants[value] != NULL;
}

/* One more looks at the value: at places from the first that anybody looks at to the last. */
static void need(const struct narrowing *narrowing, int value, const struct part *more)
{
    struct part *part = &narrowing->parts[value];
    if (is_constant(narrowing, value))
        return;
    if (part->kind == PART_NONE) {
        *part = *more;
    } else if (part->kind == PART_SOME && more->kind == PART_SOME && part->axis == more->axis &&
               part->length == more->length) {
        const int64_t end = part->first + part->count, other = more->first + more->count;
        part->first = more->first < part->first ? more->first : part->first;
        part->count = (other > end ? other : end) - part->first;
    } else {
        part->kind = PART_WHOLE;
    }
}

/* What of each input the node needs for the part of its output; false where it cannot make that alone. */
static bool ask_part(const struct narrowing *narrowing, const struct node *node, struct part *asked)
{
    for (int i = 0; i < node->input_count; i++)
        if (node->inputs[i] != VALUE_NONE &&
            !narrow_rule(narrowing, node, i, &narrowing->parts[node->outputs[0]], &asked[i]))
            return false;
    return true;
}

static void ask_node(const struct narrowing *narrowing, int number)
{
    const struct node *node = &narrowing->graph->nodes[number];
    struct part asked[NODE_MAX_OPERANDS], taken;
    bool partial = !narrowing->barred[number] && node->output_count == 1 &&
                   narrowing->parts[node->outputs[0]].kind == PART_SOME && ask_part(narrowing, node, asked);
    narrowing->partial[number] = partial;
    for (int o = 0; o < node->output_count && !partial; o++)
        if (node->outputs[o] != VALUE_NONE)
            narrowing->parts[node->outputs[o]].kind = PART_WHOLE;
    for (int i = 0; i < node->input_count && !partial; i++)
        asked[i] = (struct part){.kind = PART_WHOLE};
    if (!partial && narrow_taken(narrowing, node, &taken))
        asked[0] = taken;
    for (int i = 0; i < node->input_count; i++)
        if (node->inputs[i] != VALUE_NONE)
            need(narrowing, node->inputs[i], &asked[i]);
}

static void ask_all(const struct narrowing *narrowing, const int *kept, int kept_count)
{
    const struct graph *graph = narrowing->graph;
    for (int v = 0; v < graph->value_count; v++)
        narrowing->parts[v] = (struct part){.kind = PART_NONE};
    for (int i = 0; i < graph->input_count; i++)
        narrowing->parts[graph->inputs[i]].kind = PART_WHOLE;
    for (int i = 0; i < graph->output_count; i++)
        narrowing->parts[graph->outputs[i]].kind = PART_WHOLE;
    for (int i = 0; i < kept_count; i++)
        narrowing->parts[kept[i]].kind = PART_WHOLE;
    for (int n = graph->node_count - 1; n >= 0; n--)
        ask_node(narrowing, n);
}

bool narrow_is_missing(const struct narrowing *narrowing, const struct node *node, int input,
                       struct part *asked)
{
    const int value = node->inputs[input];
    return value != VALUE_NONE &&
           narrow_rule(narrowing, node, input, &narrowing->parts[node->outputs[0]], asked) &&
           asked->kind == PART_SOME && !part_equal(asked, &narrowing->parts[value]);
}

/* Only from a value that is there as a whole, along an axis with one element for each place. */
static bool can_take(const struct narrowing *narrowing, int value, const struct part *part)
{
    for (int i = 0; i < NARROW_BATCHES; i++)
        if (narrowing->plans[i]->values[value].shape.dim[part->axis] != part->length)
            return false;
    return narrowing->parts[value].kind == PART_WHOLE;
}

static bool is_served(const struct narrowing *narrowing, const struct node *node)
{
    struct part asked;
    for (int i = 0; i < node->input_count; i++)
        if (narrow_is_missing(narrowing, node, i, &asked) && !can_take(narrowing, node->inputs[i], &asked))
            return false;
    return true;
}

/* Each round one more node has to compute all of its output, until all others get the parts they need. */
static void find_parts(const struct narrowing *narrowing, const int *kept, int kept_count)
{
    const struct graph *graph = narrowing->graph;
    int n = 0;
    while (n < graph->node_count) {
        ask_all(narrowing, kept, kept_count);
        for (n = 0; n < graph->node_count; n++)
            if (narrowing->partial[n] && !is_served(narrowing, &graph->nodes[n]))
                break;
        if (n < graph->node_count)
            narrowing->barred[n] = true;
    }
}

/* --- is it worth it, and is it right? ------------------------------------------------------------------- */

static bool saves_products(const struct narrowing *narrowing)
{
    for (int n = 0; n < narrowing->graph->node_count; n++)
        if (narrowing->partial[n] && (narrowing->graph->nodes[n].op->flags & OPERATOR_PRODUCT))
            return true;
    return false;
}

static bool may_take(const struct graph *graph)
{
    for (int n = 0; n < graph->node_count; n++)
        if (narrow_is_taker(graph->nodes[n].op))
            return true;
    return false;
}

static bool has_expected_shape(const struct narrowing *narrowing, const struct plan *old,
                               const struct plan *new, int value)
{
    const struct part *part = &narrowing->parts[value];
    struct shape expected = old->values[value].shape;
    if (part->kind == PART_SOME)
        expected.dim[part->axis] = expected.dim[part->axis] / part->length * part->count;
    return part->kind == PART_NONE || shape_equal(&expected, &new->values[value].shape);
}

/* *plan NULL where there is none for other reasons than want of memory. */
static status try_plan(const struct graph *graph, int64_t batch, const struct plan *like, struct plan **plan,
                       struct error *error)
{
    const struct plan_options options = {.batch = batch, .real = ELEMENT_FLOAT, .like = like};
    struct error refusal = {0};
    *plan = NULL;
    status code = plan_new(graph, &options, plan, &refusal);
    if (code != STATUS_MEMORY && code != STATUS_CANCELLED)
        return STATUS_OK;
    *error = refusal;
    return code;
}

/* Planning tells: a Reshape may mean something else once its input is narrow. */
static status check_shapes(const struct narrowing *narrowing, struct narrowed_graph *narrowed,
                           struct error *error)
{
    for (int i = 0; i < NARROW_BATCHES && narrowed->changed; i++) {
        const struct plan *old = narrowing->plans[i];
        struct plan *plan;
        if (try_plan(&narrowed->graph, batches[i], NULL, &plan, error))
            return error->code;
        narrowed->changed = plan != NULL;
        for (int v = 0; v < narrowing->graph->value_count && narrowed->changed; v++)
            narrowed->changed = has_expected_shape(narrowing, old, plan, v);
        plan_free(plan);
    }
    return STATUS_OK;
}

static status prepare(struct narrowing *narrowing, struct error *error)
{
    const struct graph *graph = narrowing->graph;
    narrowing->arena = arena_new();
    if (!narrowing->arena)
        return error_memory(error);
    narrowing->parts = arena_alloc(narrowing->arena, (size_t)graph->value_count, sizeof *narrowing->parts);
    narrowing->barred = arena_alloc(narrowing->arena, (size_t)graph->node_count, sizeof *narrowing->barred);
    narrowing->partial = arena_alloc(narrowing->arena, (size_t)graph->node_count, sizeof *narrowing->partial);
    if (!narrowing->parts || !narrowing->barred || !narrowing->partial)
        return error_memory(error);
    for (int i = 0; i < NARROW_BATCHES; i++)
        if (try_plan(graph, batches[i], narrowing->plans[0], &narrowing->plans[i], error))
            return error->code;
    return STATUS_OK;
}

static status search(struct narrowing *narrowing, const int *kept, int kept_count,
                     struct narrowed_graph *narrowed, struct error *error)
{
    if (prepare(narrowing, error))
        return error->code;
    if (!narrowing->plans[0] || !narrowing->plans[1])
        return STATUS_OK;
    find_parts(narrowing, kept, kept_count);
    if (!saves_products(narrowing))
        return STATUS_OK;
    status code = narrow_build(narrowing, narrowed, error);
    return code == STATUS_OK ? check_shapes(narrowing, narrowed, error) : code;
}

status graph_narrow(const struct graph *graph, const int *kept, int kept_count,
                    struct narrowed_graph *narrowed, struct error *error)
{
    struct narrowing narrowing = {.graph = graph};
    *narrowed = (struct narrowed_graph){.graph = *graph};
    if (!may_take(graph))
        return STATUS_OK;
    status code = search(&narrowing, kept, kept_count, narrowed, error);
    for (int i = 0; i < NARROW_BATCHES; i++)
        plan_free(narrowing.plans[i]);
    arena_free(narrowing.arena);
    if (code != STATUS_OK || !narrowed->changed) {
        narrowed_graph_free(narrowed);
        narrowed->graph = *graph;
    }
    return code;
}

void narrowed_graph_free(struct narrowed_graph *narrowed)
{
    for (int v = narrowed->first_own; narrowed->arena && v < narrowed->graph.value_count; v++)
        tensor_free(narrowed->graph.values[v].constant);
    arena_free(narrowed->arena);
    *narrowed = (struct narrowed_graph){0};
}
