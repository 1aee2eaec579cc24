/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Surgery: the smaller network, node by node. */
#include "prune/surgery.h"

#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "nn/graph/edit.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/plan.h"
#include "prune/kept.h"
#include "prune/operator_rules.h"
#include "prune/surgery_internal.h"

const struct kept *surgery_kept(const struct surgery *s, int value)
{
    return value == VALUE_NONE || s->coupling->maps[value].labels == NULL ? NULL : &s->kept[value];
}

static bool is_cut(const struct surgery *s, const int *values, int count)
{
    for (int i = 0; i < count; i++)
        if (values[i] != VALUE_NONE && s->kept[values[i]].cut)
            return true;
    return false;
}

static bool is_dead(const struct surgery *s, int node)
{
    return s->cut.dead != NULL && s->cut.dead[node];
}

/* What reads a sum whose branch is gone reads what the branch started from. */
static void pass_branches(struct surgery *s)
{
    const struct graph *graph = s->coupling->graph;
    for (int i = 0; s->cut.dead != NULL && i < graph->node_count; i++)
        for (int k = 0; !s->cut.dead[i] && k < graph->nodes[i].input_count; k++) {
            const int value = graph->nodes[i].inputs[k];
            if (value != VALUE_NONE && s->cut.instead[value] != value)
                edit_input(s->edit, i, k, s->cut.instead[value]);
        }
}

static status cut_nodes(struct surgery *s, struct error *error)
{
    const struct graph *graph = s->coupling->graph;
    for (int i = 0; i < graph->node_count; i++) {
        const struct node *node = &graph->nodes[i];
        if (is_dead(s, i) ||
            (!is_cut(s, node->inputs, node->input_count) && !is_cut(s, node->outputs, node->output_count)))
            continue;
        status code = progress_check(error);
        if (code == STATUS_OK)
            code = s->coupling->rules[i]->cut != NULL ? s->coupling->rules[i]->cut(s, i, error) : STATUS_OK;
        if (code != STATUS_OK && code != STATUS_MEMORY && code != STATUS_CANCELLED)
            return error_prefix(error, "node %s (%s) cannot be cut: ", node->name, node->op->name);
        if (code != STATUS_OK)
            return code;
    }
    return STATUS_OK;
}

/* The result must be a network again. */
static status check_result(const struct graph *graph, struct error *error)
{
    struct plan *plan;
    struct plan_options options = {.batch = 1, .real = ELEMENT_FLOAT};
    status code = plan_new(graph, &options, &plan, error);
    if (code == STATUS_OK)
        plan_free(plan);
    else if (code != STATUS_MEMORY && code != STATUS_CANCELLED)
        error_prefix(error, "the smaller network does not fit together: ");
    return code;
}

static status surgery_run(struct surgery *s, const bool *removed, struct graph **result, struct error *error)
{
    struct graph *graph;
    s->kept = kept_find(s->coupling, removed, s->arena);
    if (s->kept == NULL || !branches_cut(s->coupling, removed, s->arena, &s->cut))
        return error_memory(error);
    pass_branches(s);
    if (kept_check(s->coupling, removed, s->kept, error) != STATUS_OK || cut_nodes(s, error) != STATUS_OK ||
        edit_apply(s->edit, &graph, error) != STATUS_OK)
        return error->code;
    if (check_result(graph, error) != STATUS_OK) {
        graph_free(graph);
        return error->code;
    }
    *result = graph;
    return STATUS_OK;
}

status surgery_apply(const struct coupling *coupling, const bool *removed, struct graph **result,
                     struct error *error)
{
    struct surgery s = {.coupling = coupling, .edit = edit_new(coupling->graph), .arena = arena_new()};
    status code =
        s.edit != NULL && s.arena != NULL ? surgery_run(&s, removed, result, error) : error_memory(error);
    edit_free(s.edit);
    arena_free(s.arena);
    return code;
}
