/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Transposes that undo each other: a file with channels last has one behind its input, which meets the one
 * that is put in front of it. */
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/simplify/rewrite.h"
#include "nn/simplify/simplify_internal.h"

/* The permutation of a Transpose of this rank; without the attribute axes are reversed. False where the node
 * is none. */
static bool permutation_of(const struct node *node, int rank, int64_t *perm)
{
    const struct attribute *attribute = node_attribute(node, "perm");

    if (strcmp(node->op->name, "Transpose") != 0 || (attribute != NULL && attribute->count != (size_t)rank))
        return false;
    for (int i = 0; i < rank; i++)
        perm[i] = attribute != NULL ? attribute->integers[i] : rank - 1 - i;
    return true;
}

/* Does the node bring all axes back to where they were before `before`? */
static bool undoes(const struct node *before, const struct node *node, int rank)
{
    int64_t first[TENSOR_MAX_RANK], second[TENSOR_MAX_RANK];

    if (!permutation_of(before, rank, first) || !permutation_of(node, rank, second))
        return false;
    for (int i = 0; i < rank; i++)
        if (first[second[i]] != i)
            return false;
    return true;
}

/* The node takes what the other one takes, and is then passed over; where it makes an output of the network
 * that nothing else can make, it stays as it was. */
static status merge(struct rewrite *rewrite, const struct node *before, int n, struct error *error)
{
    struct node *node = &rewrite->nodes[n];
    int *old = node->inputs, *inputs = arena_copy(rewrite->arena, before->inputs, sizeof *inputs);

    if (inputs == NULL)
        return error_memory(error);
    node->inputs = inputs;
    if (rewrite_bypass(rewrite, n, error) != STATUS_OK)
        return error->code;
    if (!rewrite->dropped[n])
        node->inputs = old;
    return STATUS_OK;
}

status merge_transposes(struct rewrite *rewrite, struct error *error)
{
    for (int n = 0; n < rewrite->graph->node_count; n++) {
        const struct node *node = &rewrite->nodes[n];

        if (!is_computed(rewrite, n) || strcmp(node->op->name, "Transpose") != 0)
            continue;
        int source = rewrite_resolve(rewrite, node->inputs[0]);
        int producer = source < rewrite->graph->value_count ? rewrite->producer[source] : VALUE_NONE;

        if (producer != VALUE_NONE &&
            undoes(&rewrite->nodes[producer], node, rewrite->plans[0]->values[node->inputs[0]].shape.rank) &&
            merge(rewrite, &rewrite->nodes[producer], n, error) != STATUS_OK)
            return error->code;
    }
    return STATUS_OK;
}
