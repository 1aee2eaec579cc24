/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding residual branches. */
#include "prune/branch.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/edit.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "prune/label.h"
#include "prune/operator_rules.h"
#include "prune/selection.h"

struct search {
    struct coupling *coupling;
    bool *inside;    /* per node: of the branch that is looked at */
    int *stack;      /* nodes */
    bool *is_output; /* per value */
    bool *outside;   /* per class: it has channels outside of the branch */
};

static int producer_of(const struct graph *graph, int value)
{
    return graph->values[value].producer;
}

static bool is_activation(const struct graph *graph, int value)
{
    return value != VALUE_NONE && !graph->values[value].constant;
}

/* --- nodes ---------------------------------------------------------------------------------------------- */

/* Everything that `end` is made of, back to the shortcut. False where the way leads past it, to what the
 * shortcut has no part in. */
static bool collect(struct search *s, int shortcut, int end)
{
    const struct graph *graph = s->coupling->graph;
    int depth = 0;
    memset(s->inside, 0, (size_t)graph->node_count * sizeof *s->inside);
    if (end == shortcut || producer_of(graph, end) < 0)
        return false;
    s->inside[s->stack[depth++] = producer_of(graph, end)] = true;
    while (depth > 0) {
        const struct node *node = &graph->nodes[s->stack[--depth]];
        for (int i = 0; i < node->input_count; i++) {
            if (!is_activation(graph, node->inputs[i]) || node->inputs[i] == shortcut)
                continue;
            const int producer = producer_of(graph, node->inputs[i]);
            if (producer < 0)
                return false;
            if (!s->inside[producer])
                s->inside[s->stack[depth++] = producer] = true;
        }
    }
    return true;
}

/* Does anything but the branch and its sum use what it computes? */
static bool is_used_elsewhere(const struct search *s, int sum)
{
    const struct graph *graph = s->coupling->graph;
    for (int n = 0; n < graph->node_count; n++) {
        for (int k = 0; s->inside[n] && k < graph->nodes[n].output_count; k++)
            if (graph->nodes[n].outputs[k] != VALUE_NONE && s->is_output[graph->nodes[n].outputs[k]])
                return true;
        for (int k = 0; !s->inside[n] && n != sum && k < graph->nodes[n].input_count; k++)
            if (is_activation(graph, graph->nodes[n].inputs[k])) {
                const int producer = producer_of(graph, graph->nodes[n].inputs[k]);
                if (producer >= 0 && s->inside[producer])
                    return true;
            }
    }
    return false;
}

static bool is_relu(const struct graph *graph, int node)
{
    return node >= 0 && strcmp(graph->nodes[node].op->name, "Relu") == 0;
}

/* A Relu that is alone behind the sum, where the shortcut comes from one. */
static int relu_behind(const struct search *s, const struct branch *branch)
{
    const struct graph *graph = s->coupling->graph;
    const int value = graph->nodes[branch->sum].outputs[0];
    int user = -1;
    for (int n = 0; n < graph->node_count; n++)
        for (int k = 0; k < graph->nodes[n].input_count; k++)
            if (graph->nodes[n].inputs[k] == value) {
                if (user >= 0)
                    return -1;
                user = n;
            }
    return is_relu(graph, user) && !s->is_output[graph->nodes[user].outputs[0]] &&
                   is_relu(graph, producer_of(graph, branch->shortcut))
               ? user
               : -1;
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
    const int index = value == shortcut ? -1 : producer_of(c->graph, value);
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

/* --- what belongs to a branch --------------------------------------------------------------------------- */

static bool list_nodes(const struct search *s, struct branch *branch)
{
    const struct coupling *c = s->coupling;
    int *nodes = arena_alloc(c->arena, (size_t)c->graph->node_count, sizeof *nodes);
    for (int n = 0; nodes && n < c->graph->node_count; n++)
        if (s->inside[n])
            nodes[branch->node_count++] = n;
    branch->nodes = nodes;
    return nodes != NULL;
}

static bool is_inside(const struct search *s, const struct layer *layer)
{
    for (int i = 0; i < layer->call_count; i++)
        if (!s->inside[layer->calls[i].node])
            return false;
    return true;
}

static bool list_layers(const struct search *s, struct branch *branch)
{
    const struct coupling *c = s->coupling;
    int *layers = arena_alloc(c->arena, (size_t)c->layers->count + 1, sizeof *layers);
    for (int l = 0; layers && l < c->layers->count; l++)
        if (is_inside(s, &c->layers->items[l]))
            layers[branch->layer_count++] = l;
    branch->layers = layers;
    return layers != NULL;
}

/* Classes that have a channel in a layer outside, or lie in the end, which is tied to the stream. */
static void mark_outside(const struct search *s, const struct branch *branch)
{
    const struct coupling *c = s->coupling;
    const struct label_map *end = &c->maps[branch->end];
    for (int i = 0; i < c->class_count; i++) {
        s->outside[i] = false;
        for (int k = 0; k < c->classes[i].member_count; k++)
            s->outside[i] |= !is_inside(s, &c->layers->items[c->classes[i].members[k].layer]);
    }
    for (int64_t i = 0; end->labels && i < label_map_elements(end); i++)
        if (c->class_of[end->labels[i]] >= 0)
            s->outside[c->class_of[end->labels[i]]] = true;
}

static bool list_classes(const struct search *s, struct branch *branch)
{
    const struct coupling *c = s->coupling;
    int *classes = arena_alloc(c->arena, (size_t)c->class_count + 1, sizeof *classes);
    if (!classes)
        return false;
    mark_outside(s, branch);
    for (int i = 0; i < c->class_count; i++)
        if (!s->outside[i])
            classes[branch->class_count++] = i;
    branch->classes = classes;
    return true;
}

static bool ends_part(char c)
{
    return c == '\0' || c == '.' || c == '/';
}

/* How many of the first parts of two names, parted by '.' or '/', are the same: in characters. */
static size_t common_stem(const char *a, const char *b)
{
    size_t stem = 0, i = 0;
    do {
        if (ends_part(a[i]) && ends_part(b[i]))
            stem = i;
    } while (a[i] && a[i] == b[i] && ++i);
    return stem;
}

static bool name_branch(const struct search *s, struct branch *branch)
{
    const struct coupling *c = s->coupling;
    const char *first = c->layers->items[branch->layers[0]].name;
    size_t length = strlen(first);
    for (int i = 1; i < branch->layer_count; i++) {
        const size_t stem = common_stem(first, c->layers->items[branch->layers[i]].name);
        length = stem < length ? stem : length;
    }
    if (length == 0)
        length = strlen(first);
    branch->name = arena_format(c->arena, "%.*s", (int)length, first);
    return branch->name != NULL;
}

static const char *reason_to_stay(const struct search *s, const struct branch *branch)
{
    const struct coupling *c = s->coupling;
    const int sum = c->graph->nodes[branch->sum].outputs[0];
    struct error ignored;
    if (s->is_output[sum])
        return "its sum is the network's output";
    if (!shape_equal(&c->plan->values[branch->shortcut].shape, &c->plan->values[sum].shape))
        return "what it starts from has another shape than the sum";
    if (is_used_elsewhere(s, branch->sum))
        return "something else uses what it computes";
    if (branch->class_count == 0)
        return "it has no channels of its own";
    return branch_zero(c, branch, NULL, &ignored) == STATUS_OK ? NULL : "its end cannot be made zero";
}

/* --- finding -------------------------------------------------------------------------------------------- */

static status add_branch(struct search *s, const struct branch *found, struct error *error)
{
    struct coupling *c = s->coupling;
    struct branch *branch = &c->branches[c->branch_count];
    *branch = *found;
    if (!list_layers(s, branch))
        return error_memory(error);
    if (branch->layer_count == 0)
        return STATUS_OK;
    if (!list_nodes(s, branch) || !list_classes(s, branch) || !name_branch(s, branch))
        return error_memory(error);
    branch->relu = relu_behind(s, branch);
    branch->why = reason_to_stay(s, branch);
    c->branch_count++;
    return STATUS_OK;
}

/* A sum of two activations: one of them starts the other, or both come from elsewhere. */
static status look_at(struct search *s, int index, struct error *error)
{
    struct coupling *c = s->coupling;
    const struct node *node = &c->graph->nodes[index];
    if (!c->rules[index]->adds || node->input_count != 2 || strcmp(node->op->name, "Add") != 0 ||
        !is_activation(c->graph, node->inputs[0]) || !is_activation(c->graph, node->inputs[1]))
        return STATUS_OK;
    for (int i = 0; i < 2; i++) {
        const struct branch found = {
            .sum = index, .shortcut = node->inputs[i], .end = node->inputs[1 - i], .relu = -1};
        if (collect(s, found.shortcut, found.end))
            return add_branch(s, &found, error);
    }
    c->projections++;
    return STATUS_OK;
}

static bool holds(const struct branch *outer, const struct branch *inner)
{
    for (int i = 0; i < outer->node_count; i++)
        if (outer->nodes[i] == inner->sum)
            return true;
    return false;
}

/* A skip around several blocks is no block: what it goes around is most of a network. */
static void keep_outer(struct coupling *c)
{
    for (int b = 0; b < c->branch_count; b++)
        for (int k = 0; k < c->branch_count; k++)
            if (holds(&c->branches[b], &c->branches[k]))
                c->branches[b].why = "it holds other blocks";
}

status branches_find(struct coupling *c, struct error *error)
{
    const size_t nodes = (size_t)c->graph->node_count;
    struct search s = {
        .coupling = c,
        .inside = arena_alloc(c->arena, nodes + 1, sizeof *s.inside),
        .stack = arena_alloc(c->arena, nodes + 1, sizeof *s.stack),
        .is_output = arena_alloc(c->arena, (size_t)c->graph->value_count + 1, sizeof *s.is_output),
        .outside = arena_alloc(c->arena, (size_t)c->class_count + 1, sizeof *s.outside),
    };
    int sums = 0;
    for (int n = 0; n < c->graph->node_count; n++)
        sums += c->rules[n]->adds;
    c->branches = arena_alloc(c->arena, (size_t)sums + 1, sizeof *c->branches);
    if (!s.inside || !s.stack || !s.is_output || !s.outside || !c->branches)
        return error_memory(error);
    for (int i = 0; i < c->graph->output_count; i++)
        s.is_output[c->graph->outputs[i]] = true;
    status code = STATUS_OK;
    for (int n = 0; n < c->graph->node_count && code == STATUS_OK; n++)
        code = look_at(&s, n, error);
    keep_outer(c);
    return code;
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
