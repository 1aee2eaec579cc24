/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs of images, from node to node. */
#include "nn/execution/images.h"

#include "base/status.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/plan.h"

enum { BATCHES = 2 };
static const int64_t batches[BATCHES] = {2, 3};

struct search {
    const struct graph *graph;
    struct plan *plans[BATCHES];
    int64_t *runs;
};

/* The axis whose length follows the batch. */
struct following {
    int axis;
    int64_t each;   /* places of one image along the axis */
    int64_t stride; /* elements from one place to the next */
};

static const struct shape *shape_at(const struct search *search, int plan, int value)
{
    return &search->plans[plan]->values[value].shape;
}

/* false where no axis follows the batch, or several do. */
static bool find_following(const struct search *search, int value, struct following *following)
{
    const struct shape *one = shape_at(search, 0, value), *two = shape_at(search, 1, value);
    int found = 0;
    for (int axis = 0; axis < one->rank && one->rank == two->rank; axis++) {
        const int64_t each = one->dim[axis] / batches[0];
        if (one->dim[axis] == two->dim[axis])
            continue;
        if (each * batches[0] != one->dim[axis] || each * batches[1] != two->dim[axis])
            return false;
        *following = (struct following){axis, each, shape_product(one, axis + 1, one->rank)};
        found++;
    }
    return found == 1;
}

static bool is_computed(const struct search *search, int value)
{
    return value != VALUE_NONE && !search->plans[0]->constants[value];
}

/* How many places of an image lie together along the axis that follows the batch, in all inputs alike; 0:
 * that is not so. */
static int64_t common_neighbours(const struct search *search, const struct node *node, int64_t each)
{
    int64_t common = 0;
    for (int i = 0; i < node->input_count; i++) {
        struct following following;
        if (!is_computed(search, node->inputs[i]))
            continue;
        const int64_t run = search->runs[node->inputs[i]];
        if (run == 0 || !find_following(search, node->inputs[i], &following) || following.each != each ||
            following.stride < 1 || run % following.stride != 0)
            return 0;
        const int64_t neighbours = run / following.stride;
        if (each % neighbours != 0 || (common > 0 && neighbours != common))
            return 0;
        common = neighbours;
    }
    return common;
}

/* Elements in their order under another shape keep their run. All others keep, along the axis that follows
 * the batch, what lay together. */
static void follow_node(const struct search *search, const struct node *node)
{
    for (int i = 0; i < node->output_count; i++) {
        const int value = node->outputs[i];
        struct following following;
        if (!is_computed(search, value))
            continue;
        if ((node->op->flags & OPERATOR_VIEW) && is_computed(search, node->inputs[0]) && i == 0)
            search->runs[value] = search->runs[node->inputs[0]];
        else if (find_following(search, value, &following))
            search->runs[value] = common_neighbours(search, node, following.each) * following.stride;
    }
}

static void follow_all(const struct search *search)
{
    for (int i = 0; i < search->graph->input_count; i++) {
        const struct shape *shape = shape_at(search, 0, search->graph->inputs[i]);
        search->runs[search->graph->inputs[i]] = shape_product(shape, 1, shape->rank);
    }
    for (int i = 0; i < search->graph->node_count; i++)
        follow_node(search, &search->graph->nodes[i]);
}

/* A network that has one batch only. */
static status take_first_dimension(const struct search *search, struct error *error)
{
    const struct plan_options options = {.real = ELEMENT_FLOAT};
    struct plan *plan;
    if (plan_new(search->graph, &options, &plan, error) != STATUS_OK)
        return error->code;
    for (int v = 0; v < search->graph->value_count; v++) {
        const struct shape *shape = &plan->values[v].shape;
        if (plan->batch == 1 && !plan->constants[v])
            search->runs[v] = shape_elements(shape);
        else if (!plan->constants[v] && shape->rank > 0 && shape->dim[0] == plan->batch)
            search->runs[v] = shape_product(shape, 1, shape->rank);
    }
    plan_free(plan);
    return STATUS_OK;
}

status images_find(const struct graph *graph, struct arena *arena, int64_t **runs, struct error *error)
{
    struct search search = {.graph = graph};
    struct error apart = {0};
    *runs = search.runs = arena_alloc(arena, (size_t)graph->value_count, sizeof **runs);
    if (!search.runs)
        return error_memory(error);
    for (int i = 0; i < BATCHES && apart.code == STATUS_OK; i++) {
        const struct plan_options options = {
            .batch = batches[i], .real = ELEMENT_FLOAT, .like = search.plans[0]};
        plan_new(graph, &options, &search.plans[i], &apart);
    }
    status code = apart.code;
    if (code == STATUS_OK)
        follow_all(&search);
    else if (code == STATUS_MEMORY || code == STATUS_CANCELLED)
        *error = apart;
    else
        code = take_first_dimension(&search, error);
    for (int i = 0; i < BATCHES; i++)
        plan_free(search.plans[i]);
    return code;
}
