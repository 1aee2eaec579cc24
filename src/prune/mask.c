/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Masks: the network with removed channels at zero. */
#include "nn/operator/operator.h"
#include "prune/surgery.h"

#include <string.h>
#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/edit.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "prune/branch.h"
#include "prune/kept.h"
#include "prune/operator_rules_internal.h"

struct masking {
    const struct coupling *coupling;
    struct edit *edit;
    const struct kept *kept; /* per value */
    const struct kept *made; /* the same of what is made: zero_unsafe channels stay */
    struct branch_cut cut;
};

/* A copy of one of a node's constants that may be changed, in its place in the edit. NULL when memory is out.
 */
static char *own_constant(struct masking *m, int node, int input, struct error *error)
{
    struct tensor *own = edit_replacement(m->edit, node, input);
    if (own != NULL)
        return own->data;
    const struct tensor *old = edit_get(m->edit, node, input);
    own = tensor_new(old->type, &old->shape);
    if (own != NULL) {
        own->file_type = old->file_type;
        memcpy(own->data, old->data, (size_t)shape_elements(&old->shape) * element_size(old->type));
    }
    return edit_constant(m->edit, node, input, own, error) == STATUS_OK ? own->data : NULL;
}

/* Zero what surgery would cut out of one of a node's constants: the slices along `axis` that do not stay. */
static status zero_slices(struct masking *m, int node, int input, int axis, const struct kept_axis *kept,
                          struct error *error)
{
    const struct tensor *old = edit_get(m->edit, node, input);
    if (old == NULL || !kept_cuts(kept) || axis < 0 || old->shape.dim[axis] != kept->of)
        return STATUS_OK;
    int64_t outer = shape_product(&old->shape, 0, axis);
    size_t block = (size_t)shape_product(&old->shape, axis + 1, old->shape.rank) * element_size(old->type);
    char *data = own_constant(m, node, input, error);
    if (data == NULL)
        return error->code;
    for (int64_t o = 0; o < outer; o++, data += (size_t)kept->of * block)
        for (int64_t i = 0; i <= kept->count; i++) { /* the gap in front of the i-th that stays */
            int64_t start = i > 0 ? kept->positions[i - 1] + 1 : 0;
            int64_t end = i < kept->count ? kept->positions[i] : kept->of;
            if (end > start)
                memset(data + (size_t)start * block, 0, (size_t)(end - start) * block);
        }
    return STATUS_OK;
}

/* Where a variance that is not read would be divided by as zero, it becomes one: scale and shift are zero. */
static status lift_variances(struct masking *m, int node, const struct kept_axis *kept, struct error *error)
{
    const struct tensor *old = edit_get(m->edit, node, 4);
    double epsilon = node_real(&m->coupling->graph->nodes[node], "epsilon", 1e-5);
    for (int64_t i = 0; old != NULL && kept_cuts(kept) && i < kept->of; i++) {
        bool goes = kept_before(kept, i) == kept_before(kept, i + 1);
        if (!goes || tensor_get(old, i) + epsilon > 0)
            continue;
        char *data = own_constant(m, node, 4, error);
        if (data == NULL)
            return error->code;
        if (old->type == ELEMENT_DOUBLE)
            ((double *)data)[i] = 1;
        else
            ((float *)data)[i] = 1;
    }
    return STATUS_OK;
}

/* Input weights of a grouped convolution: channel i of the input is column i mod (inputs / groups) of its
 * group's filters. */
static status zero_columns(struct masking *m, int index, const struct kept_axis *in, int64_t groups,
                           struct error *error)
{
    const struct tensor *old = edit_get(m->edit, index, 1);
    if (old == NULL || !kept_cuts(in))
        return STATUS_OK;
    int64_t columns = old->shape.dim[1], filters = old->shape.dim[0] / groups;
    size_t block = (size_t)shape_product(&old->shape, 2, old->shape.rank) * element_size(old->type);
    char *data = own_constant(m, index, 1, error);
    if (data == NULL)
        return error->code;
    for (int64_t o = 0; o < filters * groups; o++)
        for (int64_t k = 0; k < columns; k++) {
            int64_t channel = o / filters * columns + k;
            if (kept_before(in, channel) == kept_before(in, channel + 1))
                memset(data + (size_t)(o * columns + k) * block, 0, block);
        }
    return STATUS_OK;
}

/* The filters of a depthwise convolution make what they read: the same channels. */
status mask_convolution(struct masking *m, int index, struct error *error)
{
    const struct node *node = &m->coupling->graph->nodes[index];
    const struct tensor *weight = edit_get(m->edit, index, 1);
    int64_t groups = node_integer(node, "group", 1);
    bool depthwise = weight != NULL && groups > 1 && weight->shape.dim[1] == 1;
    const struct kept_axis *out = &m->made[node->outputs[0]].axis[1];
    const struct kept_axis *in = &m->kept[node->inputs[0]].axis[1];
    status code = zero_slices(m, index, 1, 0, out, error);
    if (code == STATUS_OK)
        code = zero_slices(m, index, 2, 0, out, error);
    return code == STATUS_OK && !depthwise ? zero_columns(m, index, in, groups, error) : code;
}

/* Weights of a transposed convolution are inputs x outputs of a group x kernel: output channel o is column o
 * mod (outputs / groups) of its group's inputs. */
static status zero_made(struct masking *m, int index, const struct kept_axis *out, int64_t groups,
                        struct error *error)
{
    const struct tensor *old = edit_get(m->edit, index, 1);
    if (old == NULL || !kept_cuts(out))
        return STATUS_OK;
    int64_t outputs = old->shape.dim[1], inputs = old->shape.dim[0] / groups;
    size_t block = (size_t)shape_product(&old->shape, 2, old->shape.rank) * element_size(old->type);
    char *data = own_constant(m, index, 1, error);
    if (data == NULL)
        return error->code;
    for (int64_t c = 0; c < inputs * groups; c++)
        for (int64_t k = 0; k < outputs; k++) {
            int64_t channel = c / inputs * outputs + k;
            if (kept_before(out, channel) == kept_before(out, channel + 1))
                memset(data + (size_t)(c * outputs + k) * block, 0, block);
        }
    return STATUS_OK;
}

status mask_transposed(struct masking *m, int index, struct error *error)
{
    const struct node *node = &m->coupling->graph->nodes[index];
    const struct kept_axis *out = &m->made[node->outputs[0]].axis[1];
    const struct kept_axis *in = &m->kept[node->inputs[0]].axis[1];
    int64_t groups = node_integer(node, "group", 1);
    bool depthwise = groups > 1 && groups == m->coupling->plan->values[node->inputs[0]].shape.dim[1];
    status code = zero_made(m, index, out, groups, error);
    if (code == STATUS_OK)
        code = zero_slices(m, index, 2, 0, out, error);
    return code == STATUS_OK && !depthwise ? zero_slices(m, index, 1, 0, in, error) : code;
}

/* Scale and shift. */
status mask_normalization(struct masking *m, int index, struct error *error)
{
    const struct kept_axis *kept = &m->made[m->coupling->graph->nodes[index].outputs[0]].axis[1];
    status code = zero_slices(m, index, 1, 0, kept, error);
    if (code == STATUS_OK)
        code = zero_slices(m, index, 2, 0, kept, error);
    return code == STATUS_OK ? lift_variances(m, index, kept, error) : code;
}

status mask_linear(struct masking *m, int index, struct error *error)
{
    const struct node *node = &m->coupling->graph->nodes[index];
    const struct kept *in = &m->kept[node->inputs[0]], *out = &m->made[node->outputs[0]];
    const struct tensor *bias = edit_get(m->edit, index, 2);
    bool transposed = product_transposes(node, "transB");
    if (in->rank == 0 || out->rank == 0)
        return STATUS_OK;
    const struct kept_axis *made = &out->axis[out->rank - 1], *read = &in->axis[in->rank - 1];
    status code = zero_slices(m, index, 1, transposed ? 0 : 1, made, error);
    if (code == STATUS_OK)
        code = zero_slices(m, index, 1, transposed ? 1 : 0, read, error);
    return code == STATUS_OK && bias != NULL ? zero_slices(m, index, 2, bias->shape.rank - 1, made, error)
                                             : code;
}

/* A constant that is added: zero where its channel goes, where that must be (prune/coupling_zero.c). */
status mask_beside(struct masking *m, int index, struct error *error)
{
    const struct node *node = &m->coupling->graph->nodes[index];
    const struct kept *out = &m->made[node->outputs[0]];
    status code = STATUS_OK;
    for (int i = 0; i < node->input_count && m->coupling->sums_channels; i++) {
        const struct tensor *constant = edit_get(m->edit, index, i);
        int rank = constant != NULL ? constant->shape.rank : 0;
        for (int axis = 0; axis < rank && code == STATUS_OK; axis++)
            code = zero_slices(m, index, i, axis, &out->axis[out->rank - rank + axis], error);
    }
    return code;
}

static status mask_nodes(struct masking *m, const bool *removed, struct error *error)
{
    const struct graph *graph = m->coupling->graph;
    status code = kept_check(m->coupling, removed, m->kept, error);
    for (int i = 0; i < graph->node_count && code == STATUS_OK; i++)
        if (m->coupling->rules[i]->mask != NULL && !(m->cut.dead != NULL && m->cut.dead[i]))
            code = m->coupling->rules[i]->mask(m, i, error);
    for (int b = 0; m->cut.dead != NULL && b < m->coupling->branch_count && code == STATUS_OK; b++)
        if (branch_is_gone(&m->coupling->branches[b], removed))
            code = branch_zero(m->coupling, &m->coupling->branches[b], m->edit, error);
    return code;
}

/* What stays of what is made: all but the removed channels that may be zeros. */
static const struct kept *find_made(const struct coupling *c, const bool *removed, const struct kept *kept,
                                    struct arena *arena)
{
    bool same = true;
    bool *zeroed = arena_alloc(arena, (size_t)c->class_count + 1, sizeof *zeroed);
    for (int i = 0; zeroed != NULL && i < c->class_count; i++) {
        zeroed[i] = removed[i] && !c->classes[i].zero_unsafe;
        same = same && zeroed[i] == removed[i];
    }
    return zeroed == NULL ? NULL : same ? kept : kept_find(c, zeroed, arena);
}

/* The mask as an edit of the coupling's graph. */
static status mask_edit(const struct coupling *coupling, const bool *removed, struct edit **edit,
                        struct error *error)
{
    struct arena *arena = arena_new();
    struct masking m = {.coupling = coupling, .edit = edit_new(coupling->graph)};
    m.kept = arena != NULL ? kept_find(coupling, removed, arena) : NULL;
    m.made = m.kept != NULL ? find_made(coupling, removed, m.kept, arena) : NULL;
    const bool cut = m.made != NULL && branches_cut(coupling, removed, arena, &m.cut);
    status code = m.edit != NULL && cut ? mask_nodes(&m, removed, error) : error_memory(error);
    arena_free(arena);
    if (code == STATUS_OK)
        *edit = m.edit;
    else
        edit_free(m.edit);
    return code;
}

status mask_apply(const struct coupling *coupling, const bool *removed, struct graph **result,
                  struct error *error)
{
    struct edit *edit;
    status code = mask_edit(coupling, removed, &edit, error);
    if (code != STATUS_OK)
        return code;
    code = edit_apply(edit, result, error);
    edit_free(edit);
    return code;
}

/* The edit's constants in the order of nodes and inputs; with NULL items they are only counted. */
static int list_operands(const struct graph *graph, const struct edit *edit, struct masked_operand *items)
{
    int count = 0;
    for (int i = 0; i < graph->node_count; i++)
        for (int k = 0; k < graph->nodes[i].input_count; k++) {
            struct tensor *tensor = edit_replacement(edit, i, k);
            if (tensor == NULL)
                continue;
            if (items != NULL)
                items[count] = (struct masked_operand){i, k, tensor_retain(tensor)};
            count++;
        }
    return count;
}

status mask_operands(const struct coupling *coupling, const bool *removed, struct masked_operands *masked,
                     struct error *error)
{
    struct edit *edit;
    status code = mask_edit(coupling, removed, &edit, error);
    if (code != STATUS_OK)
        return code;
    int count = list_operands(coupling->graph, edit, NULL);
    struct masked_operand *items = mem_new((size_t)count, sizeof *items);
    if (items != NULL) {
        list_operands(coupling->graph, edit, items);
        *masked = (struct masked_operands){items, count, count > 0 ? items[0].node : -1};
    }
    edit_free(edit);
    return items != NULL ? STATUS_OK : error_memory(error);
}

void masked_operands_free(struct masked_operands *masked)
{
    for (int i = 0; i < masked->count; i++)
        tensor_free(masked->items[i].tensor);
    mem_free(masked->items);
    *masked = (struct masked_operands){.first_node = -1};
}
