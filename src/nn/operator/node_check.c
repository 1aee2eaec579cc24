/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks of nodes against their operator's row and against ONNX's kinds of attributes. */
#include "nn/operator/node_check.h"

#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"

/* --- operands ------------------------------------------------------------------------------------------- */

static int at_most(int count)
{
    return count < NODE_MAX_OPERANDS ? count : NODE_MAX_OPERANDS;
}

static status check_inputs(const struct node *node, struct error *error)
{
    const struct op *op = node->op;
    bool variadic = op->flags & OPERATOR_VARIADIC;

    if (node->input_count < op->inputs_min || node->input_count > at_most(op->inputs_max))
        return error_set(error, STATUS_FILE, "has %d inputs, %d to %d are expected", node->input_count,
                         op->inputs_min, at_most(op->inputs_max));
    for (int i = 0; i < node->input_count; i++)
        if (node->inputs[i] == VALUE_NONE && (variadic || i < op->inputs_min))
            return error_set(error, STATUS_FILE, "its input %d is missing", i);
    return STATUS_OK;
}

static status check_outputs(const struct node *node, struct error *error)
{
    const struct op *op = node->op;
    bool variadic = op->flags & OPERATOR_VARIADIC_OUTPUTS, any = false;

    if (node->output_count < 1 || node->output_count > at_most(op->outputs_max))
        return error_set(error, STATUS_FILE, "has %d outputs, 1 to %d are expected", node->output_count,
                         at_most(op->outputs_max));
    for (int i = 0; i < node->output_count; i++)
        any |= node->outputs[i] != VALUE_NONE && (variadic || i == 0);
    return any ? STATUS_OK : error_set(error, STATUS_FILE, "its output 0 is missing");
}

/* --- attributes ----------------------------------------------------------------------------------------- */

#define KIND(kind) (1u << ATTRIBUTE_##kind)
/* A list of one number may be written as the number. */
#define INTEGER_LIST (KIND(INTEGERS) | KIND(INTEGER))

/* In ONNX an attribute's name decides its kind, for all operators that have it (Pad's old value is the one
 * that is a number elsewhere a tensor). By name, for bsearch. */
static const struct attribute_rule {
    const char *name;
    unsigned kinds;
} attribute_rules[] = {
    {"align_corners", KIND(INTEGER)},
    {"allowzero", KIND(INTEGER)},
    {"alpha", KIND(REAL)},
    {"antialias", KIND(INTEGER)},
    {"approximate", KIND(STRING)},
    {"auto_pad", KIND(STRING)},
    {"axes", INTEGER_LIST},
    {"axis", KIND(INTEGER)},
    {"batch_axis", KIND(INTEGER)},
    {"batch_dims", KIND(INTEGER)},
    {"beta", KIND(REAL)},
    {"bias", KIND(REAL)},
    {"block_size", KIND(INTEGER)},
    {"blocksize", KIND(INTEGER)},
    {"ceil_mode", KIND(INTEGER)},
    {"coordinate_transformation_mode", KIND(STRING)},
    {"count_include_pad", KIND(INTEGER)},
    {"cubic_coeff_a", KIND(REAL)},
    {"detect_negative", KIND(INTEGER)},
    {"detect_positive", KIND(INTEGER)},
    {"dilations", INTEGER_LIST},
    {"dtype", KIND(INTEGER)},
    {"end", KIND(INTEGER)},
    {"ends", INTEGER_LIST},
    {"epsilon", KIND(REAL)},
    {"equation", KIND(STRING)},
    {"exclude_outside", KIND(INTEGER)},
    {"exclusive", KIND(INTEGER)},
    {"extrapolation_value", KIND(REAL)},
    {"fmod", KIND(INTEGER)},
    {"gamma", KIND(REAL)},
    {"group", KIND(INTEGER)},
    {"k", KIND(INTEGER)},
    {"keep_aspect_ratio_policy", KIND(STRING)},
    {"keepdims", KIND(INTEGER)},
    {"kernel_shape", INTEGER_LIST},
    {"largest", KIND(INTEGER)},
    {"max", KIND(REAL)},
    {"min", KIND(REAL)},
    {"mode", KIND(STRING)},
    {"momentum", KIND(REAL)},
    {"nearest_mode", KIND(STRING)},
    {"noop_with_empty_axes", KIND(INTEGER)},
    {"num_groups", KIND(INTEGER)},
    {"num_outputs", KIND(INTEGER)},
    {"output_dtype", KIND(INTEGER)},
    {"output_padding", INTEGER_LIST},
    {"output_shape", INTEGER_LIST},
    {"p", KIND(INTEGER)},
    {"padding_mode", KIND(STRING)},
    {"pads", INTEGER_LIST},
    {"perm", INTEGER_LIST},
    {"precision", KIND(INTEGER)},
    {"ratio", KIND(REAL)},
    {"reduction", KIND(STRING)},
    {"reverse", KIND(INTEGER)},
    {"round_mode", KIND(STRING)},
    {"saturate", KIND(INTEGER)},
    {"scales", KIND(REALS)},
    {"seed", KIND(INTEGER)},
    {"select_last_index", KIND(INTEGER)},
    {"size", KIND(INTEGER)},
    {"sorted", KIND(INTEGER)},
    {"spatial", KIND(INTEGER)},
    {"split", INTEGER_LIST},
    {"start", KIND(INTEGER)},
    {"starts", INTEGER_LIST},
    {"stash_type", KIND(INTEGER)},
    {"storage_order", KIND(INTEGER)},
    {"strides", INTEGER_LIST},
    {"time_axis", KIND(INTEGER)},
    {"to", KIND(INTEGER)},
    {"training_mode", KIND(INTEGER)},
    {"transA", KIND(INTEGER)},
    {"transB", KIND(INTEGER)},
    {"upper", KIND(INTEGER)},
    {"value", KIND(TENSOR) | KIND(REAL)},
    {"value_float", KIND(REAL)},
    {"value_floats", KIND(REALS)},
    {"value_int", KIND(INTEGER)},
    {"value_ints", INTEGER_LIST},
};

static int compare_name(const void *name, const void *rule)
{
    return strcmp(name, ((const struct attribute_rule *)rule)->name);
}

static const char *kind_name(unsigned kinds)
{
    static const char *const names[] = {
        [ATTRIBUTE_INTEGER] = "an integer",
        [ATTRIBUTE_REAL] = "a real number",
        [ATTRIBUTE_STRING] = "a text",
        [ATTRIBUTE_INTEGERS] = "a list of integers",
        [ATTRIBUTE_REALS] = "a list of real numbers",
        [ATTRIBUTE_STRINGS] = "a list of texts",
        [ATTRIBUTE_TENSOR] = "a tensor",
    };
    int kind = kinds & KIND(INTEGERS) ? ATTRIBUTE_INTEGERS : 0;

    while (kind < ATTRIBUTE_TENSOR && !(kinds & 1u << kind))
        kind++;
    return names[kind];
}

/* What has no rule is read by no operator, or by one that asks for its kind itself. */
static status check_attributes(const struct node *node, struct error *error)
{
    for (int i = 0; i < node->attribute_count; i++) {
        const struct attribute *attribute = &node->attributes[i];
        const struct attribute_rule *rule =
            bsearch(attribute->name, attribute_rules, sizeof attribute_rules / sizeof *attribute_rules,
                    sizeof *attribute_rules, compare_name);

        if (rule != NULL && !(rule->kinds & 1u << attribute->kind))
            return error_set(error, STATUS_FILE, "attribute %s is %s, expected %s", attribute->name,
                             kind_name(1u << attribute->kind), kind_name(rule->kinds));
    }
    return STATUS_OK;
}

status node_check(const struct node *node, int opset, struct error *error)
{
    if (opset > 0 && opset < node->op->opset_first)
        return error_set(error, STATUS_UNSUPPORTED,
                         "its meaning in opset %d is not supported, only from opset %d on", opset,
                         node->op->opset_first);
    if (check_inputs(node, error) != STATUS_OK || check_outputs(node, error) != STATUS_OK)
        return error->code;
    return check_attributes(node, error);
}
