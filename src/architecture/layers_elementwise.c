/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Layers that compute element by element. */
#include "architecture/architecture.h"
#include "architecture/assembly.h"
#include "architecture/step_kind.h"
#include "base/status.h"
#include "base/text.h"
#include "nn/graph/graph.h"

/* --- of one value --------------------------------------------------------------------------------------- */

static status add_unary(struct assembly *assembly, const struct layer_step *step, const char *op,
                        const struct attribute *attributes, int count, struct feature_shape *shape)
{
    const int input = assembly_value(assembly, step, 0);
    *shape = assembly_input(assembly, step, 0);
    assembly_result(assembly, assembly_node(assembly, step, op, &input, 1, attributes, count));
    return STATUS_OK;
}

#define UNARY(function, op)                                                                                  \
    static status function(struct assembly *assembly, const struct layer_step *step,                         \
                           struct feature_shape *shape, struct error *error)                                 \
    {                                                                                                        \
        (void)error;                                                                                         \
        return add_unary(assembly, step, op, NULL, 0, shape);                                                \
    }
UNARY(run_relu, "Relu")
UNARY(run_sigmoid, "Sigmoid")
UNARY(run_tanh, "Tanh")
UNARY(run_hardswish, "HardSwish")

static status run_hardsigmoid(struct assembly *assembly, const struct layer_step *step,
                              struct feature_shape *shape, struct error *error)
{
    const struct attribute line[] = {attribute_real("alpha", 1.0 / 6), attribute_real("beta", 0.5)};
    (void)error;
    return add_unary(assembly, step, "HardSigmoid", line, 2, shape);
}

static status run_leaky_relu(struct assembly *assembly, const struct layer_step *step,
                             struct feature_shape *shape, struct error *error)
{
    const struct attribute slope = attribute_real("alpha", step->settings[SETTING_SLOPE][0]);
    (void)error;
    return add_unary(assembly, step, "LeakyRelu", &slope, 1, shape);
}

static status run_relu6(struct assembly *assembly, const struct layer_step *step, struct feature_shape *shape,
                        struct error *error)
{
    (void)error;
    *shape = assembly_input(assembly, step, 0);
    const int inputs[] = {assembly_value(assembly, step, 0), assembly_real(assembly, 0),
                          assembly_real(assembly, 6)};
    assembly_result(assembly, assembly_node(assembly, step, "Clip", inputs, 3, NULL, 0));
    return STATUS_OK;
}

/* x * sigmoid(x), as exporters write it. */
static status run_silu(struct assembly *assembly, const struct layer_step *step, struct feature_shape *shape,
                       struct error *error)
{
    (void)error;
    *shape = assembly_input(assembly, step, 0);
    const int input = assembly_value(assembly, step, 0);
    const int inputs[] = {input, assembly_node(assembly, step, "Sigmoid", &input, 1, NULL, 0)};
    assembly_result(assembly, assembly_node(assembly, step, "Mul", inputs, 2, NULL, 0));
    return STATUS_OK;
}

static status run_nothing(struct assembly *assembly, const struct layer_step *step,
                          struct feature_shape *shape, struct error *error)
{
    (void)error;
    *shape = assembly_input(assembly, step, 0);
    assembly_result(assembly, assembly_value(assembly, step, 0));
    return STATUS_OK;
}

/* --- of two values -------------------------------------------------------------------------------------- */

static status refuse_pair(const struct feature_shape *a, const struct feature_shape *b, struct error *error)
{
    struct text first = {0}, second = {0};
    feature_shape_text(a, &first);
    feature_shape_text(b, &second);
    status code =
        error_set(error, STATUS_SHAPE, "its inputs are %s and %s", text_data(&first), text_data(&second));
    text_free(&first);
    text_free(&second);
    return code;
}

/* One of each: equal, or 1 in one of them. */
static bool join(int64_t a, int64_t b, int64_t *result)
{
    *result = a > b ? a : b;
    return a == b || a == 1 || b == 1;
}

static status add_binary(struct assembly *assembly, const struct layer_step *step, const char *op,
                         struct feature_shape *shape, struct error *error)
{
    const struct feature_shape a = assembly_input(assembly, step, 0), b = assembly_input(assembly, step, 1);
    *shape = a;
    if (a.flat != b.flat || a.channels != b.channels || !join(a.height, b.height, &shape->height) ||
        !join(a.width, b.width, &shape->width))
        return refuse_pair(&a, &b, error);
    const int inputs[] = {assembly_value(assembly, step, 0), assembly_value(assembly, step, 1)};
    assembly_result(assembly, assembly_node(assembly, step, op, inputs, 2, NULL, 0));
    return STATUS_OK;
}

static status run_add(struct assembly *assembly, const struct layer_step *step, struct feature_shape *shape,
                      struct error *error)
{
    return add_binary(assembly, step, "Add", shape, error);
}

static status run_mul(struct assembly *assembly, const struct layer_step *step, struct feature_shape *shape,
                      struct error *error)
{
    return add_binary(assembly, step, "Mul", shape, error);
}

const struct step_kind layers_elementwise[] = {
    {.name = "relu", .inputs = 1, .passes = true, .run = run_relu},
    {.name = "relu6", .inputs = 1, .passes = true, .run = run_relu6},
    {.name = "leaky_relu",
     .inputs = 1,
     .optional = {SETTING_SLOPE},
     .optional_count = 1,
     .passes = true,
     .run = run_leaky_relu},
    {.name = "sigmoid", .inputs = 1, .passes = true, .run = run_sigmoid},
    {.name = "tanh", .inputs = 1, .passes = true, .run = run_tanh},
    {.name = "silu", .inputs = 1, .passes = true, .run = run_silu},
    {.name = "hardswish", .inputs = 1, .passes = true, .run = run_hardswish},
    {.name = "hardsigmoid", .inputs = 1, .passes = true, .run = run_hardsigmoid},
    {.name = "dropout", .inputs = 1, .passes = true, .run = run_nothing},
    {.name = "add", .inputs = 2, .run = run_add},
    {.name = "mul", .inputs = 2, .run = run_mul},
    {.name = NULL},
};
