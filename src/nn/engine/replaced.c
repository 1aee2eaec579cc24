/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replaced operands: other constants in place of those that an engine's nodes read. */
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "nn/engine/engine.h"
#include "nn/execution/execution.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"

/* Whether the operand is a constant that the kernel reads each time it runs. Preparing has taken in what
 * shapes and bounds say. */
static status check_operand(const struct engine *engine, int step, int input, const char **why)
{
    const struct node *node = engine_node(engine, step);
    int value = input >= 0 && input < node->input_count ? node->inputs[input] : VALUE_NONE;
    if (value == VALUE_NONE || engine->plan->constants[value] == NULL)
        *why = "is not a constant";
    else if (engine->values[value].type != engine->real)
        *why = "is not made of real numbers";
    else if (input > 0 && (node->op->flags & (OPERATOR_SHAPE_INPUTS | OPERATOR_UNARY)))
        *why = "is built into the plan";
    else
        return STATUS_OK;
    return STATUS_STATE;
}

static status check_shape(const struct node *node, int input, const struct operand *operand,
                          const struct tensor *tensor, struct error *error)
{
    if (tensor->type == ELEMENT_INT64)
        return error_set(error, STATUS_STATE, "node %s (%s): integers cannot replace input %d", node->name,
                         node->op->name, input);
    if (shape_equal(&operand->shape, &tensor->shape))
        return STATUS_OK;
    struct text own = {0}, other = {0};
    shape_text(&operand->shape, &own);
    shape_text(&tensor->shape, &other);
    error_set(error, STATUS_SHAPE, "node %s (%s): input %d has shape %s, it cannot be replaced by %s",
              node->name, node->op->name, input, text_data(&own), text_data(&other));
    text_free(&own);
    text_free(&other);
    return error->code;
}

static size_t find_replaced(const struct engine *engine, int step, int input)
{
    size_t i = 0;
    while (i < engine->replaced_count &&
           (engine->replaced[i].step != step || engine->replaced[i].input != input))
        i++;
    return i;
}

static void restore(struct engine *engine, size_t index)
{
    const struct replaced_operand item = engine->replaced[index];
    engine->steps[item.step].inputs[item.input].data = item.own;
    tensor_free(item.tensor);
    engine->replaced[index] = engine->replaced[--engine->replaced_count];
    engine->kind->operand_changed(engine, item.step);
}

static status replace(struct engine *engine, int step, int input, struct tensor *tensor, struct error *error)
{
    struct operand *operand = &engine->steps[step].inputs[input];
    size_t index = find_replaced(engine, step, input);
    if (!mem_grow(&engine->replaced, &engine->replaced_capacity, engine->replaced_count + 1,
                  sizeof *engine->replaced))
        return error_memory(error);
    if (engine->kind->operand_room(engine, step, error))
        return error->code;
    struct tensor *own = tensor_convert(tensor, engine->real);
    if (!own)
        return error_memory(error);
    if (index < engine->replaced_count)
        restore(engine, index);
    engine->replaced[engine->replaced_count++] = (struct replaced_operand){step, input, own, operand->data};
    operand->data = own->data;
    engine->kind->operand_changed(engine, step);
    return STATUS_OK;
}

status engine_set_operand(struct engine *engine, int node, int input, struct tensor *tensor,
                          struct error *error)
{
    const struct graph *graph = engine->plan->graph;
    if (node < 0 || node >= graph->node_count)
        return error_set(error, STATUS_RANGE, "there is no node %d", node);
    const struct node *own = &graph->nodes[node];
    int step = engine_plan_step(engine, node);
    if (step < 0)
        return error_set(error, STATUS_STATE, "node %s (%s) never runs: all that it reads is constant",
                         own->name, own->op->name);
    const char *why;
    if (check_operand(engine, step, input, &why))
        return error_set(error, STATUS_STATE, "node %s (%s): input %d %s", own->name, own->op->name, input,
                         why);
    if (!tensor) {
        size_t index = find_replaced(engine, step, input);
        if (index < engine->replaced_count)
            restore(engine, index);
        return STATUS_OK;
    }
    status code = check_shape(own, input, &engine->steps[step].inputs[input], tensor, error);
    return code == STATUS_OK ? replace(engine, step, input, tensor, error) : code;
}

void engine_restore_operands(struct engine *engine)
{
    while (engine->replaced_count > 0)
        restore(engine, engine->replaced_count - 1);
}
