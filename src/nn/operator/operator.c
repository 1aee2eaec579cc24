/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of operators, joined from the op_*.c files, and what several prepare functions need. */
#include "nn/operator/operator.h"
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const struct op *const tables[] = {
    operators_convolution,   operators_linear,     operators_normalization, operators_pool,
    operators_layer_norm,    operators_activation, operators_cast,          operators_arithmetic,
    operators_movement,      operators_shape,      operators_reduce,        operators_softmax,
    operators_resize,        operators_compare,    operators_select,        operators_transposed,
    operators_blocks,        operators_lrn,        operators_unpool,        operators_grid,
    operators_lp_norm,       operators_cumulative, operators_index,         operators_order,
    operators_einsum,        operators_arrange,    operators_make,          operators_quantize,
    operators_mean_variance,
};

enum { TABLE_COUNT = sizeof(tables) / sizeof(tables[0]), MOST_OPERATORS = 256 };

/* All rows by name, made once. */
static const struct op *sorted[MOST_OPERATORS];
static size_t sorted_count;
static pthread_once_t sorted_once = PTHREAD_ONCE_INIT;

static int compare_rows(const void *a, const void *b)
{
    return strcmp((*(const struct op *const *)a)->name, (*(const struct op *const *)b)->name);
}

static int compare_name(const void *name, const void *row)
{
    return strcmp(name, (*(const struct op *const *)row)->name);
}

static void sort_rows(void)
{
    for (size_t t = 0; t < TABLE_COUNT; t++)
        for (const struct op *op = tables[t]; op->name != NULL && sorted_count < MOST_OPERATORS; op++)
            sorted[sorted_count++] = op;
    qsort(sorted, sorted_count, sizeof(sorted[0]), compare_rows);
}

const struct op *operator_find(const char *name)
{
    const struct op *const *row;

    pthread_once(&sorted_once, sort_rows);
    row = bsearch(name, sorted, sorted_count, sizeof(sorted[0]), compare_name);
    return row == NULL ? NULL : *row;
}

static status refuse_missing(struct prepare *prepare, struct error *error)
{
    return error_set(error, STATUS_UNSUPPORTED, "%s", node_string(prepare->node, OPERATOR_REASON, ""));
}

const struct op *operator_missing(struct arena *arena, const char *name)
{
    struct op *op = arena_alloc(arena, 1, sizeof *op);

    if (op == NULL)
        return NULL;
    *op = (struct op){.name = arena_string(arena, name),
                      .inputs_max = NODE_MAX_OPERANDS,
                      .outputs_max = NODE_MAX_OPERANDS,
                      .flags = OPERATOR_VARIADIC_OUTPUTS,
                      .prepare = refuse_missing};
    return op->name == NULL ? NULL : op;
}

const struct op *operator_at(int index)
{
    pthread_once(&sorted_once, sort_rows);
    return index >= 0 && (size_t)index < sorted_count ? sorted[index] : NULL;
}

bool product_transposes(const struct node *node, const char *attribute)
{
    return (node->op->flags & OPERATOR_GENERAL) && node_integer(node, attribute, 0) != 0;
}

bool prepare_has_input(const struct prepare *prepare, int index)
{
    return index >= 0 && index < prepare->input_count && prepare->node->inputs[index] != VALUE_NONE;
}

void prepare_work(struct prepare *prepare, int64_t results, int64_t each)
{
    prepare->work = each > 0 && results > INT64_MAX / each ? INT64_MAX : results * each;
}

status prepare_integers(struct prepare *prepare, int index, const char *name, const int64_t **values,
                        int *count, struct error *error)
{
    const struct attribute *attribute = name == NULL ? NULL : node_attribute(prepare->node, name);

    *values = NULL;
    *count = 0;
    if (prepare_has_input(prepare, index)) {
        const struct tensor *tensor = prepare->constant[index];
        int64_t elements;

        if (tensor == NULL)
            return error_set(error, STATUS_UNSUPPORTED,
                             "input %d must be constant, but it depends on the images", index);
        elements = shape_elements(&tensor->shape);
        if (tensor->type != ELEMENT_INT64 || tensor->shape.rank > 1 || elements > INT_MAX)
            return error_set(error, STATUS_SHAPE, "input %d must be a list of integers", index);
        *values = tensor->data;
        *count = (int)elements;
        return STATUS_OK;
    }
    if (attribute == NULL)
        return STATUS_OK;
    if (attribute->kind == ATTRIBUTE_INTEGER) {
        *values = &attribute->integer;
        *count = 1;
        return STATUS_OK;
    }
    if (attribute->kind != ATTRIBUTE_INTEGERS || attribute->count > INT_MAX)
        return error_set(error, STATUS_FILE, "attribute %s must be a list of integers", name);
    *values = attribute->integers;
    *count = (int)attribute->count;
    return STATUS_OK;
}

status prepare_real(struct prepare *prepare, int index, const char *name, double *value, bool *found,
                    struct error *error)
{
    const struct attribute *attribute = name == NULL ? NULL : node_attribute(prepare->node, name);

    *found = false;
    if (prepare_has_input(prepare, index)) {
        const struct tensor *tensor = prepare->constant[index];

        if (tensor == NULL)
            return error_set(error, STATUS_UNSUPPORTED,
                             "input %d must be constant, but it depends on the images", index);
        if (shape_elements(&tensor->shape) != 1)
            return error_set(error, STATUS_SHAPE, "input %d must be one number", index);
        *value = tensor_get(tensor, 0);
        *found = true;
        return STATUS_OK;
    }
    if (attribute == NULL)
        return STATUS_OK;
    if (attribute->kind != ATTRIBUTE_REAL && attribute->kind != ATTRIBUTE_INTEGER)
        return error_set(error, STATUS_FILE, "attribute %s must be a number", name);
    *value = attribute->kind == ATTRIBUTE_REAL ? attribute->real : (double)attribute->integer;
    *found = true;
    return STATUS_OK;
}
