/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The budget of constant folding. */
#include "nn/operator/fold.h"

#include "base/status.h"
#include "nn/graph/tensor.h"

/* Whatever the file holds: half a gigabyte, and what takes a second or two with plain loops. */
static const int64_t base_bytes = INT64_C(1) << 29;
static const int64_t base_work = INT64_C(1) << 30;
static const int64_t base_node_work = INT64_C(1) << 27;

/* For every element of the file's parameters. */
enum { BYTES_PER_ELEMENT = 16, WORK_PER_ELEMENT = 256, NODE_WORK_PER_ELEMENT = 32 };

/* Reading, writing or computing one element, in multiply-adds: exponentials are among it. */
enum { ELEMENT_WORK = 8 };

struct fold_budget fold_budget(const struct graph *graph)
{
    int64_t elements = 0;

    for (int v = 0; v < graph->value_count; v++)
        if (graph->values[v].constant != NULL)
            elements += shape_elements(&graph->values[v].constant->shape);
    return (struct fold_budget){.bytes = base_bytes + BYTES_PER_ELEMENT * elements,
                                .work = base_work + WORK_PER_ELEMENT * elements,
                                .node_work = base_node_work + NODE_WORK_PER_ELEMENT * elements};
}

/* Elements of all operands that are there; each has at most 2^48, as planning has checked. */
static int64_t elements_of(const struct operand *operands, int count)
{
    int64_t elements = 0;

    for (int i = 0; i < count; i++)
        elements += shape_elements(&operands[i].shape);
    return elements;
}

static int64_t bytes_of(const struct prepare *prepare)
{
    int64_t bytes = prepare->workspace > INT64_MAX / 2 ? INT64_MAX / 2 : (int64_t)prepare->workspace;

    for (int i = 0; i < prepare->output_count; i++)
        bytes += elements_of(&prepare->outputs[i], 1) * (int64_t)element_size(prepare->outputs[i].type);
    return bytes;
}

status fold_spend(struct fold_budget *budget, const struct prepare *prepare, struct error *error)
{
    int64_t bytes = bytes_of(prepare);
    int64_t work = ELEMENT_WORK * (elements_of(prepare->inputs, prepare->input_count) +
                                   elements_of(prepare->outputs, prepare->output_count));

    if (bytes > budget->bytes)
        return error_set(error, STATUS_UNSUPPORTED,
                         "computes constants of %lld MiB, but only %lld MiB are left for all that the file "
                         "computes",
                         (long long)(bytes >> 20), (long long)(budget->bytes >> 20));
    if (prepare->work > work)
        work = prepare->work;
    if (work > budget->work || work > budget->node_work)
        return error_set(
            error, STATUS_UNSUPPORTED,
            "computes constants with %.3g multiply-adds: a node may take %.3g, and %.3g are left "
            "for the file",
            (double)work, (double)budget->node_work, (double)budget->work);
    budget->bytes -= bytes;
    budget->work -= work;
    return STATUS_OK;
}
