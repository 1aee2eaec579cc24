/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which classes run into an operator that is not defined everywhere. */
#include <math.h>

#include "nn/graph/tensor.h"
#include "prune/coupling_internal.h"
#include "prune/label.h"
#include "prune/operator_rules_internal.h"

/* 0^p is finite for p >= 0, and a negative number has powers of whole numbers only. */
static bool takes_any_base(const struct coupling *c, const struct node *node)
{
    const struct tensor *exponent = c->graph->values[node->inputs[1]].constant;
    if (exponent == NULL)
        return false;
    for (int64_t i = 0; i < shape_elements(&exponent->shape); i++) {
        double p = tensor_get(exponent, i);
        if (!(p >= 0 && p == floor(p)))
            return false;
    }
    return true;
}

int domain_first(const struct coupling *c, const struct node *node)
{
    (void)c, (void)node;
    return 0;
}

int domain_divisor(const struct coupling *c, const struct node *node)
{
    (void)c, (void)node;
    return 1;
}

int domain_base(const struct coupling *c, const struct node *node)
{
    return takes_any_base(c, node) ? -1 : 0;
}

static void mark_value(struct coupling *c, int value)
{
    const struct label_map *map = &c->maps[value];
    int64_t elements = map->labels != NULL ? label_map_elements(map) : 0;
    for (int64_t i = 0; i < elements; i++)
        if (c->class_of[map->labels[i]] >= 0)
            c->classes[c->class_of[map->labels[i]]].zero_unsafe = true;
}

void coupling_find_domains(struct coupling *c)
{
    for (int i = 0; i < c->graph->node_count; i++) {
        const struct node *node = &c->graph->nodes[i];
        int operand = c->rules[i]->domain != NULL ? c->rules[i]->domain(c, node) : -1;
        if (operand >= 0)
            mark_value(c, node->inputs[operand]);
    }
}
