/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a channel that a mask removes is zero. Its filter is, and so is what follows from it through
 * operators that make zero of zero; a Sigmoid does not. It matters where channels are summed without weights
 * of their own (prune/coupling_product.c): everywhere else nothing reads them. */
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "prune/coupling_internal.h"
#include "prune/label.h"
#include "prune/operator_rules.h"

/* Can a mask zero the constant beside a node's output channel by channel? */
static bool can_zero(const struct coupling *c, const struct node *node, int input)
{
    const struct tensor *constant = c->graph->values[node->inputs[input]].constant;
    const struct label_map *out = &c->maps[node->outputs[0]];
    for (int axis = 0; axis < out->extent.rank; axis++) {
        int own = constant != NULL ? axis - (out->extent.rank - constant->shape.rank) : -1;
        if (out->extent.dim[axis] > 1 && (own < 0 || constant->shape.dim[own] != out->extent.dim[axis]))
            return false;
    }
    return true;
}

void coupling_find_zero(struct coupling *c, int index)
{
    const struct node *node = &c->graph->nodes[index];
    const struct operator_rule *rule = c->rules[index];
    int domain = rule->domain != NULL ? rule->domain(c, node) : -1;
    bool all = true, any = false;
    for (int i = 0; i < node->input_count; i++) {
        int value = node->inputs[i];
        if (value == VALUE_NONE)
            continue;
        bool labelled = c->maps[value].labels != NULL;
        bool zero = labelled ? c->zero[value] && i != domain : !rule->adds || can_zero(c, node, i);
        all = all && zero;
        any = any || (labelled && zero);
    }
    bool weighed = rule->zero == ZERO_WEIGHED && c->graph->values[node->inputs[1]].constant != NULL;
    bool zero = weighed || (rule->zero == ZERO_ALL ? all : rule->zero != ZERO_LOST && any);
    for (int i = 0; i < node->output_count; i++)
        if (node->outputs[i] != VALUE_NONE)
            c->zero[node->outputs[i]] = zero;
}

bool coupling_is_zero(const struct builder *b, const struct label_map *map)
{
    return b->coupling->zero[map - b->coupling->maps];
}
