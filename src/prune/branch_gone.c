/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Residual branches that go: what is made zero, what goes with them, and their scores. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/edit.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "prune/branch.h"
#include "prune/coupling.h"
#include "prune/operator_rules.h"
#include "prune/selection.h"
#include "score/criterion.h"
#include "score/layer.h"

static bool is_activation(const struct graph *graph, int value)
{
    return value != VALUE_NONE && !graph->values[value].constant;
}

/* --- zero ----------------------------------------------------------------------------------------------- */

static status zero_operand(struct edit *edit, const struct graph *graph, int node, int input,
                           struct error *error)
{
    const struct tensor *old = graph->values[graph->nodes[node].inputs[input]].constant;
    if (!edit)
        return STATUS_OK;
    struct tensor *zero = tensor_new(old->type, &old->shape);
    if (!zero)
        return error_memory(error);
    zero->file_type = old->file_type;
    memset(zero->data, 0, (size_t)shape_elements(&old->shape) * element_size(old->type));
    return edit_constant(edit, node, input, zero, error);
}

static bool is_weight(const struct graph *graph, const struct node *node, int input)
{
    const int value = input < node->input_count ? node->inputs[input] : VALUE_NONE;
    return value != VALUE_NONE && graph->values[value].constant &&
           graph->values[value].constant->type != ELEMENT_INT64;
}

static status zero_value(const struct coupling *c, int value, int shortcut, struct edit *edit,
                         struct error *error);

/* Both what is multiplied with and what is added: inputs 1 and 2. */
static status zero_weighed(const struct coupling *c, int index, struct edit *edit, struct error *error)
{
    const struct node *node = &c->graph->nodes[index];
    status code = zero_operand(edit, c->graph, index, 1, error);
    return code == STATUS_OK && is_weight(c->graph, node, 2) ? zero_operand(edit, c->graph, index, 2, error)
                                                             : code;
}

static status zero_all(const struct coupling *c, int index, int shortcut, struct edit *edit,
                       struct error *error)
{
    const struct node *node = &c->graph->nodes[index];
    const int domain = c->rules[index]->domain ? c->rules[index]->domain(c, node) : -1;
    status code = STATUS_OK;
    for (int i = 0; i < node->input_count && code == STATUS_OK; i++) {
        if (i == domain)
            continue;
        if (is_activation(c->graph, node->inputs[i]))
            code = zero_value(c, node->inputs[i], shortcut, edit, error);
        else if (c->rules[index]->adds && is_weight(c->graph, node, i))
            code = zero_operand(edit, c->graph, index, i, error);
    }
    return code;
}

/* One factor is enough, a constant one before all others. */
static status zero_any(const struct coupling *c, int index, int shortcut, struct edit *edit,
                       struct error *error)
{
    const struct node *node = &c->graph->nodes[index];
    status code = STATUS_UNSUPPORTED;
    for (int i = 0; i < node->input_count && code == STATUS_UNSUPPORTED; i++)
        if (is_weight(c->graph, node, i))
            code = zero_operand(edit, c->graph, index, i, error);
    for (int i = 0; i < node->input_count && code == STATUS_UNSUPPORTED; i++)
        if (is_activation(c->graph, node->inputs[i]))
            code = zero_value(c, node->inputs[i], shortcut, edit, error);
    return code;
}

/* Without an edit: can it be done? STATUS_UNSUPPORTED: no. A branch is as deep as its operators between its
 * last weights and its end, a handful. */
static status zero_value(const struct coupling *c, int value, int shortcut, struct edit *edit,
                         struct error *error)
{
    const int index = value == shortcut ? -1 : c->graph->values[value].producer;
    if (index < 0)
        return STATUS_UNSUPPORTED;
    switch (c->rules[index]->zero) {
    case ZERO_WEIGHED:
        return is_weight(c->graph, &c->graph->nodes[index], 1) ? zero_weighed(c, index, edit, error)
                                                               : zero_any(c, index, shortcut, edit, error);
    case ZERO_ALL:
        return zero_all(c, index, shortcut, edit, error);
    case ZERO_ANY:
        return zero_any(c, index, shortcut, edit, error);
    default:
        return STATUS_UNSUPPORTED;
    }
}

status branch_zero(const struct coupling *coupling, const struct branch *branch, struct edit *edit,
                   struct error *error)
{
    return zero_value(coupling, branch->end, branch->shortcut, edit, error);
}

/* --- branches that are gone ----------------------------------------------------------------------------- */

bool branch_is_gone(const struct branch *branch, const bool *removed)
{
    for (int i = 0; i < branch->class_count; i++)
        if (!removed[branch->classes[i]])
            return false;
    return !branch->why;
}

void branch_remove(const struct branch *branch, bool *removed)
{
    for (int i = 0; i < branch->class_count; i++)
        removed[branch->classes[i]] = true;
}

/* Branches stand in the order of their sums, so what a shortcut has been replaced by is known before. */
static void cut_branch(const struct coupling *c, const struct branch *branch, bool *dead, int *instead)
{
    const int shortcut = instead[branch->shortcut];
    for (int i = 0; i < branch->node_count; i++)
        dead[branch->nodes[i]] = true;
    dead[branch->sum] = true;
    instead[c->graph->nodes[branch->sum].outputs[0]] = shortcut;
    if (branch->relu >= 0) {
        dead[branch->relu] = true;
        instead[c->graph->nodes[branch->relu].outputs[0]] = shortcut;
    }
}

bool branches_cut(const struct coupling *c, const bool *removed, struct arena *arena, struct branch_cut *cut)
{
    bool *dead = NULL;
    int *instead = NULL;
    *cut = (struct branch_cut){0};
    for (int b = 0; removed && b < c->branch_count; b++) {
        if (!branch_is_gone(&c->branches[b], removed))
            continue;
        if (!dead) {
            dead = arena_alloc(arena, (size_t)c->graph->node_count, sizeof *dead);
            instead = arena_alloc(arena, (size_t)c->graph->value_count, sizeof *instead);
            if (!dead || !instead)
                return false;
            for (int v = 0; v < c->graph->value_count; v++)
                instead[v] = v;
        }
        cut_branch(c, &c->branches[b], dead, instead);
    }
    *cut = (struct branch_cut){dead, instead};
    return true;
}

bool branch_cut_layer(const struct branch_cut *cut, const struct layer *layer)
{
    return cut->dead && cut->dead[layer->node];
}

/* --- scores --------------------------------------------------------------------------------------------- */

/* The first layer alone counts with COMBINE_FIRST, the mean of its channels. */
static double combine_values(const double *values, int64_t count, int combine)
{
    double result = values[0];
    for (int64_t i = 1; i < count && combine != COMBINE_FIRST; i++)
        result = combine == COMBINE_MAX   ? fmax(result, values[i])
                 : combine == COMBINE_MIN ? fmin(result, values[i])
                                          : result + values[i];
    return combine == COMBINE_MEAN ? result / (double)count : result;
}

static status score_branch(const struct coupling *c, const struct branch *branch, const struct scores *scores,
                           int combine, double *of_layers, double *result, struct error *error)
{
    int count = 0;
    for (int i = 0; i < branch->layer_count; i++) {
        const struct layer *layer = &c->layers->items[branch->layers[i]];
        const double *channels = scores->layer[branch->layers[i]];
        if (!channels)
            continue;
        for (int64_t k = 0; k < layer->channels; k++)
            if (isnan(channels[k]))
                return error_set(error, STATUS_NAN, "layer %s has a score that is no number", layer->name);
        of_layers[count++] =
            combine_values(channels, layer->channels, combine == COMBINE_FIRST ? COMBINE_MEAN : combine);
    }
    *result = count > 0 ? combine_values(of_layers, count, combine) : NAN;
    return STATUS_OK;
}

status branch_scores(const struct coupling *c, const struct scores *scores, int combine, double *branch_score,
                     struct error *error)
{
    double *of_layers = mem_new((size_t)c->layers->count + 1, sizeof *of_layers);
    status code = of_layers ? STATUS_OK : error_memory(error);
    for (int b = 0; b < c->branch_count && code == STATUS_OK; b++) {
        branch_score[b] = NAN;
        if (!c->branches[b].why)
            code = score_branch(c, &c->branches[b], scores, combine, of_layers, &branch_score[b], error);
    }
    mem_free(of_layers);
    return code;
}
