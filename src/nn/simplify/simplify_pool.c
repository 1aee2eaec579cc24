/* SPDX-License-Identifier: GPL-3.0-or-later */
/* AveragePool behind a Pad with zeros: exporters write the padding of an average that counts the pads as a
 * node of its own. The pool can do it itself, without a padded copy of its input. */
#include <string.h>
#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "nn/simplify/rewrite.h"
#include "nn/simplify/simplify_internal.h"

/* Whether input `index` is one known number, which is written; a missing input leaves *value as it is. */
static bool one_number(struct rewrite *rewrite, const struct node *node, int index, double *value)
{
    const struct tensor *tensor;
    int v = index < node->input_count ? rewrite_resolve(rewrite, node->inputs[index]) : VALUE_NONE;

    if (v == VALUE_NONE)
        return true;
    tensor = v < rewrite->graph->value_count ? rewrite->constants[v] : NULL;
    if (tensor == NULL || shape_elements(&tensor->shape) != 1)
        return false;
    *value = tensor_get(tensor, 0);
    return true;
}

bool padding_of(struct rewrite *rewrite, const struct node *node, struct padding *padding)
{
    bool old = rewrite->graph->opset < 11;
    const int64_t *pads, *axes = NULL;
    int count, pairs;

    *padding = (struct padding){.rank = rewrite->plans[0]->values[node->inputs[0]].shape.rank};
    padding->value = old ? node_real(node, "value", 0) : 0;
    if (strcmp(node_string(node, "mode", "constant"), "constant") != 0 ||
        !rewrite_integers(rewrite, node, old ? VALUE_NONE : 1, old ? "pads" : NULL, &pads, &count) ||
        (!old && !one_number(rewrite, node, 2, &padding->value)))
        return false;
    pairs = padding->rank;
    if (node->input_count > 3 && node->inputs[3] != VALUE_NONE &&
        !rewrite_integers(rewrite, node, 3, NULL, &axes, &pairs))
        return false;
    if (count != 2 * pairs)
        return false;
    for (int i = 0; i < pairs; i++) {
        int axis = i;

        if (axes != NULL && !shape_axis(padding->rank, axes[i], &axis))
            return false;
        padding->begin[axis] = pads[i];
        padding->end[axis] = pads[pairs + i];
    }
    return true;
}

/* Pads of the pool and of the Pad node together; false where one pool cannot do both. */
static bool joined_pads(const struct node *pool, const struct padding *padding, int64_t *pads)
{
    const struct attribute *window = node_attribute(pool, "kernel_shape"),
                           *own = node_attribute(pool, "pads");
    int axes = padding->rank - 2;
    bool own_any = false;

    if (padding->value != 0 || axes < 1 || window == NULL || window->kind != ATTRIBUTE_INTEGERS ||
        window->count != (size_t)axes || padding->begin[0] != 0 || padding->end[0] != 0 ||
        padding->begin[1] != 0 || padding->end[1] != 0)
        return false;
    if (own != NULL && (own->kind != ATTRIBUTE_INTEGERS || own->count != (size_t)(2 * axes)))
        return false;
    for (int i = 0; i < 2 * axes; i++) {
        int64_t more = i < axes ? padding->begin[i + 2] : padding->end[i - axes + 2];
        int64_t mine = own == NULL ? 0 : own->integers[i];

        if (more < 0 || more >= window->integers[i % axes] || mine < 0 ||
            mine >= window->integers[i % axes] - more)
            return false; /* a window might see nothing but pads */
        own_any |= mine > 0;
        pads[i] = more + mine;
    }
    /* Zeros of the Pad node count in the average. The pool's own do only where it says so. */
    return !own_any || node_integer(pool, "count_include_pad", 0) != 0;
}

static status merge(struct rewrite *rewrite, int n, int *users, struct error *error)
{
    struct node *pool = &rewrite->nodes[n];
    struct attribute pads = {.name = "pads", .kind = ATTRIBUTE_INTEGERS};
    struct attribute include = {.name = "count_include_pad", .kind = ATTRIBUTE_INTEGER, .integer = 1};
    int v = rewrite_resolve(rewrite, pool->inputs[0]), *inputs;
    const struct node *pad;
    struct padding padding;

    if (rewrite->producer[v] == VALUE_NONE || users[v] != 1 || rewrite->is_output[v])
        return STATUS_OK;
    pad = &rewrite->nodes[rewrite->producer[v]];
    pads.count = 2 * TENSOR_MAX_RANK;
    pads.integers = arena_alloc(rewrite->arena, pads.count, sizeof(*pads.integers));
    inputs = arena_copy(rewrite->arena, pool->inputs, (size_t)pool->input_count * sizeof(*inputs));
    if (pads.integers == NULL || inputs == NULL)
        return error_memory(error);
    if (strcmp(pad->op->name, "Pad") != 0 || !padding_of(rewrite, pad, &padding) ||
        strcmp(node_string(pool, "auto_pad", "NOTSET"), "NOTSET") != 0 ||
        node_integer(pool, "ceil_mode", 0) != 0 || !joined_pads(pool, &padding, pads.integers))
        return STATUS_OK;
    pads.count = (size_t)(2 * (padding.rank - 2));
    inputs[0] = rewrite_resolve(rewrite, pad->inputs[0]);
    pool->inputs = inputs;
    if (rewrite_attribute(rewrite, pool, "pads", &pads, error) != STATUS_OK)
        return error->code;
    return rewrite_attribute(rewrite, pool, "count_include_pad", &include, error);
}

status merge_pads(struct rewrite *rewrite, struct error *error)
{
    const struct graph *graph = rewrite->graph;
    int *users = arena_alloc(rewrite->arena, (size_t)graph->value_count, sizeof(*users));

    if (users == NULL)
        return error_memory(error);
    for (int n = 0; n < graph->node_count; n++)
        for (int i = 0; is_computed(rewrite, n) && i < rewrite->nodes[n].input_count; i++) {
            int v = rewrite_resolve(rewrite, rewrite->nodes[n].inputs[i]);

            if (v != VALUE_NONE && v < graph->value_count)
                users[v]++;
        }
    for (int n = 0; n < graph->node_count; n++)
        if (is_computed(rewrite, n) && strcmp(rewrite->nodes[n].op->name, "AveragePool") == 0 &&
            merge(rewrite, n, users, error) != STATUS_OK)
            return error->code;
    return STATUS_OK;
}
