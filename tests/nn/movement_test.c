/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Operators that move numbers or change shapes: results in all element types, and gradients by the identity
 * <forward(x), g> = <x, backward(g)>, which holds exactly for linear operators on small integers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "nn/operator/operator.h"
#include "support/graph_maker.h"
#include "nn/operator/plan.h"

/* One node under test. Inputs after the first are integer constants; outputs are called y0, y1, ... */
struct trial {
    const char *op;
    int opset;
    enum element_type type;
    struct shape input;
    int list_count; /* -1 in a length: that input is left out */
    struct {
        int count;
        int64_t values[16];
    } lists[4];
    int attribute_count;
    struct attribute attributes[4];
    int output_count; /* 0 means 1 */
    /* For wrong ones: */
    const char *message;
};

static struct graph *trial_graph(const struct trial *trial)
{
    struct graph *graph = make_graph(trial->opset);
    int inputs[5], outputs[8], count = trial->output_count == 0 ? 1 : trial->output_count;
    struct error error = {0};
    char name[16];

    inputs[0] = graph_add_value(graph, "x", trial->type, &trial->input);
    graph_add_input(graph, inputs[0]);
    for (int i = 0; i < trial->list_count; i++) {
        snprintf(name, sizeof(name), "list%d", i);
        inputs[i + 1] = trial->lists[i].count < 0
                            ? VALUE_NONE
                            : make_integers(graph, name, trial->lists[i].count, trial->lists[i].values);
    }
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof(name), "y%d", i);
        outputs[i] = graph_add_value(graph, name, ELEMENT_FLOAT, NULL);
        graph_add_output(graph, outputs[i]);
    }
    graph_add_node(graph, "it", operator_find(trial->op), inputs, trial->list_count + 1, outputs, count,
                   trial->attributes, trial->attribute_count);
    if (graph_finish(graph, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    return graph;
}

static double get(const struct operand *operand, int64_t i)
{
    struct tensor view = {.type = operand->type, .shape = operand->shape, .data = operand->data};

    return tensor_get(&view, i);
}

static void set(struct operand *operand, int64_t i, double value)
{
    if (operand->type == ELEMENT_FLOAT)
        ((float *)operand->data)[i] = (float)value;
    else if (operand->type == ELEMENT_DOUBLE)
        ((double *)operand->data)[i] = value;
    else
        ((int64_t *)operand->data)[i] = (int64_t)value;
}

/* Memory for an operand, counting from `start` in steps of `step`. */
static void fill(struct operand *operand, double start, double step)
{
    int64_t count = shape_elements(&operand->shape);

    operand->data = mem_aligned((size_t)count, element_size(operand->type));
    assert_non_null(operand->data);
    for (int64_t i = 0; i < count; i++)
        set(operand, i, start + step * (double)i);
}

static double dot(const struct operand *a, const struct operand *b)
{
    double sum = 0;

    for (int64_t i = 0; i < shape_elements(&a->shape); i++)
        sum += get(a, i) * get(b, i);
    return sum;
}

/* What the operator adds whatever its input is (Pad's value), so that the rest is linear. */
static void check_gradient(const struct step *step, struct kernel_call call, struct operand *inputs,
                           struct operand *outputs)
{
    struct operand gradients[8], input_gradients[5] = {{0}};
    double left = 0, right = 0;

    for (int o = 0; o < call.output_count; o++) {
        gradients[o] = outputs[o];
        fill(&gradients[o], o + 2, -1);
        left += dot(&outputs[o], &gradients[o]);
    }
    input_gradients[0] = inputs[0];
    fill(&input_gradients[0], 5, 0); /* kernels add */
    call.output_gradients = gradients;
    call.input_gradients = input_gradients;
    step->kernels->backward(&call);
    for (int64_t i = 0; i < shape_elements(&inputs[0].shape); i++)
        right += get(&inputs[0], i) * (get(&input_gradients[0], i) - 5);
    assert_true(left == right);
    /* Without a gradient, or without a wish for one, nothing happens. */
    struct operand none[8] = {{0}}, kept = input_gradients[0];
    call.input_gradients = none;
    step->kernels->backward(&call);
    call.input_gradients = &kept;
    call.output_gradients = none;
    step->kernels->backward(&call);
    for (int o = 0; o < call.output_count; o++)
        mem_free(gradients[o].data);
    mem_free(input_gradients[0].data);
}

/* Run the node on x = 1, 2, 3, ... and compare all outputs, one after the other, with the expected numbers.
 */
static void check_values(const struct trial *trial, const struct plan *plan, int count,
                         const int64_t *expected)
{
    const struct node *node = &plan->graph->nodes[0];
    struct operand inputs[5] = {{0}}, outputs[8];
    struct kernel_call call = {.plan = plan->steps[0].plan,
                               .inputs = inputs,
                               .outputs = outputs,
                               .input_count = node->input_count,
                               .output_count = node->output_count};
    int at = 0;

    for (int i = 0; i < node->input_count; i++)
        if (node->inputs[i] != VALUE_NONE) {
            inputs[i] = plan->values[node->inputs[i]];
            inputs[i].data = i == 0 ? NULL : plan->constants[node->inputs[i]]->data;
        }
    fill(&inputs[0], 1, 1);
    for (int o = 0; o < node->output_count; o++) {
        outputs[o] = plan->values[node->outputs[o]];
        fill(&outputs[o], 99, 0);
    }
    plan->steps[0].kernels->forward(&call);
    for (int o = 0; o < node->output_count; o++)
        for (int64_t i = 0; i < shape_elements(&outputs[o].shape); i++, at++) {
            assert_true(at < count);
            if (get(&outputs[o], i) != (double)expected[at])
                fail_msg("%s: element %d is %g, expected %lld", trial->op, at, get(&outputs[o], i),
                         (long long)expected[at]);
        }
    assert_int_equal(at, count);
    if (trial->type != ELEMENT_INT64)
        check_gradient(&plan->steps[0], call, inputs, outputs);
    mem_free(inputs[0].data);
    for (int o = 0; o < node->output_count; o++)
        mem_free(outputs[o].data);
}

static void expect(struct trial trial, int count, const int64_t *expected, int rank, const int64_t *dims)
{
    for (int type = 0; type < ELEMENT_TYPES; type++) {
        struct plan_options options = {.real = ELEMENT_TYPES, .backward = true};
        struct error error = {0};
        struct graph *graph;
        struct plan *plan;

        trial.type = (enum element_type)type;
        graph = trial_graph(&trial);
        if (plan_new(graph, &options, &plan, &error) != STATUS_OK)
            fail_msg("%s", error.message);
        assert_int_equal(plan->step_count, 1);
        const struct shape *shape = &plan->values[graph->outputs[0]].shape, wanted = shape_of(rank, dims);
        assert_true(shape_equal(shape, &wanted));
        assert_int_equal(plan->values[graph->outputs[0]].type, type);
        check_values(&trial, plan, count, expected);
        plan_free(plan);
        graph_free(graph);
    }
}

static void refuse(struct trial trial)
{
    struct graph *graph = trial_graph(&trial);
    struct plan_options options = {.real = ELEMENT_TYPES};
    struct error error = {0};
    struct plan *plan;

    assert_int_not_equal(plan_new(graph, &options, &plan, &error), STATUS_OK);
    if (strstr(error.message, trial.message) == NULL || strstr(error.message, "node it (") == NULL)
        fail_msg("%s, expected: %s", error.message, trial.message);
    graph_free(graph);
}

#define LIST(...)                                                                                            \
    {                                                                                                        \
        sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t),                                                  \
        {                                                                                                    \
            __VA_ARGS__                                                                                      \
        }                                                                                                    \
    }
#define LEFT_OUT                                                                                             \
    {                                                                                                        \
        .count = -1                                                                                          \
    }
#define SHAPE(...)                                                                                           \
    {                                                                                                        \
        .rank = sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), .dim = { __VA_ARGS__ }                   \
    }
#define TRIAL(...) ((struct trial){__VA_ARGS__})

/* --- shapes --------------------------------------------------------------------------------------------- */

static void test_reshape(void **state)
{
    struct trial trial = {.op = "Reshape", .opset = 14, .input = SHAPE(2, 3), .list_count = 1};

    (void)state;
    trial.lists[0].count = 2;
    trial.lists[0].values[0] = 0;
    trial.lists[0].values[1] = -1;
    expect(trial, DIMS(1, 2, 3, 4, 5, 6), DIMS(2, 3));
    trial.lists[0].values[0] = 3;
    expect(trial, DIMS(1, 2, 3, 4, 5, 6), DIMS(3, 2));
    trial.message = "-1";
    trial.lists[0].values[0] = -1;
    refuse(trial);
    trial.message = "4x?";
    trial.lists[0].values[0] = 4;
    refuse(trial);
    trial.lists[0].values[0] = INT64_MAX;
    trial.lists[0].values[1] = INT64_MAX;
    trial.message = "cannot be given";
    refuse(trial);
    trial.lists[0].values[0] = -7;
    refuse(trial);
    trial.lists[0].count = 3;
    trial.lists[0].values[0] = 2;
    trial.lists[0].values[1] = 3;
    trial.lists[0].values[2] = 0;
    trial.message = "entry 2";
    refuse(trial);
    trial.lists[0].count = 9;
    trial.message = "too many";
    refuse(trial);
    /* allowzero: nothing stays nothing. */
    expect(TRIAL(.op = "Reshape", .opset = 14, .input = SHAPE(0, 3), .list_count = 1, .lists = {LIST(3, 0)},
                 .attribute_count = 1, .attributes = {integer_attribute("allowzero", 1)}),
           0, NULL, DIMS(3, 0));
    refuse(TRIAL(.op = "Reshape", .opset = 14, .input = SHAPE(2, 3), .list_count = 1, .lists = {LIST(0, 6)},
                 .attribute_count = 1, .attributes = {integer_attribute("allowzero", 1)}, .message = "0x6"));
    refuse(TRIAL(.op = "Reshape", .opset = 14, .input = SHAPE(0, 3), .list_count = 1, .lists = {LIST(0, -1)},
                 .message = "cannot be given"));
}

static void test_other_shapes(void **state)
{
    (void)state;
    expect(TRIAL(.op = "Flatten", .opset = 13, .input = SHAPE(1, 2, 3)), DIMS(1, 2, 3, 4, 5, 6), DIMS(1, 6));
    expect(TRIAL(.op = "Flatten", .opset = 13, .input = SHAPE(1, 2, 3), .attribute_count = 1,
                 .attributes = {integer_attribute("axis", -1)}),
           DIMS(1, 2, 3, 4, 5, 6), DIMS(2, 3));
    expect(TRIAL(.op = "Flatten", .opset = 13, .input = SHAPE(2, 3), .attribute_count = 1,
                 .attributes = {integer_attribute("axis", 0)}),
           DIMS(1, 2, 3, 4, 5, 6), DIMS(1, 6));
    refuse(TRIAL(.op = "Flatten", .opset = 13, .input = SHAPE(2, 3), .attribute_count = 1,
                 .attributes = {integer_attribute("axis", 3)}, .message = "axis 3"));
    expect(TRIAL(.op = "Squeeze", .opset = 11, .input = SHAPE(1, 3, 1)), DIMS(1, 2, 3), DIMS(3));
    expect(TRIAL(.op = "Squeeze", .opset = 11, .input = SHAPE(1, 3, 1), .attribute_count = 1,
                 .attributes = {integers_attribute("axes", DIMS(-1))}),
           DIMS(1, 2, 3), DIMS(1, 3));
    expect(TRIAL(.op = "Squeeze", .opset = 13, .input = SHAPE(1, 3, 1), .list_count = 1, .lists = {LIST(0)}),
           DIMS(1, 2, 3), DIMS(3, 1));
    refuse(TRIAL(.op = "Squeeze", .opset = 13, .input = SHAPE(1, 3, 1), .list_count = 1, .lists = {LIST(1)},
                 .message = "dimension 1 is 3"));
    expect(TRIAL(.op = "Unsqueeze", .opset = 13, .input = SHAPE(3), .list_count = 1, .lists = {LIST(-1, 0)}),
           DIMS(1, 2, 3), DIMS(1, 3, 1));
    expect(TRIAL(.op = "Unsqueeze", .opset = 11, .input = SHAPE(3), .attribute_count = 1,
                 .attributes = {integers_attribute("axes", DIMS(1))}),
           DIMS(1, 2, 3), DIMS(3, 1));
    refuse(TRIAL(.op = "Unsqueeze", .opset = 13, .input = SHAPE(3), .list_count = 1, .lists = {LIST(0, 0)},
                 .message = "different axes"));
    refuse(TRIAL(.op = "Unsqueeze", .opset = 13, .input = SHAPE(3), .message = "axes are missing"));
    refuse(TRIAL(.op = "Unsqueeze", .opset = 13, .input = SHAPE(1, 1, 1, 1, 1, 1, 1, 1), .list_count = 1,
                 .lists = {LIST(0)}, .message = "too many"));
}

/* --- movement ------------------------------------------------------------------------------------------- */

static void test_transpose(void **state)
{
    (void)state;
    expect(TRIAL(.op = "Transpose", .opset = 13, .input = SHAPE(2, 3)), DIMS(1, 4, 2, 5, 3, 6), DIMS(3, 2));
    expect(TRIAL(.op = "Transpose", .opset = 13, .input = SHAPE(2, 2, 3), .attribute_count = 1,
                 .attributes = {integers_attribute("perm", DIMS(1, 0, 2))}),
           DIMS(1, 2, 3, 7, 8, 9, 4, 5, 6, 10, 11, 12), DIMS(2, 2, 3));
    expect(TRIAL(.op = "Transpose", .opset = 13, .input = SHAPE(2, 2, 3), .attribute_count = 1,
                 .attributes = {integers_attribute("perm", DIMS(2, 0, 1))}),
           DIMS(1, 4, 7, 10, 2, 5, 8, 11, 3, 6, 9, 12), DIMS(3, 2, 2));
    refuse(TRIAL(.op = "Transpose", .opset = 13, .input = SHAPE(2, 3), .attribute_count = 1,
                 .attributes = {integers_attribute("perm", DIMS(1, 1))}, .message = "permutation"));
    refuse(TRIAL(.op = "Transpose", .opset = 13, .input = SHAPE(2, 3), .attribute_count = 1,
                 .attributes = {integers_attribute("perm", DIMS(0))}, .message = "1 entries"));
}

static void test_slice(void **state)
{
    const int64_t low = INT64_MIN, high = INT64_MAX;

    (void)state;
    expect(TRIAL(.op = "Slice", .opset = 9, .input = SHAPE(2, 3), .attribute_count = 3,
                 .attributes = {integers_attribute("starts", DIMS(1)), integers_attribute("ends", DIMS(high)),
                                integers_attribute("axes", DIMS(1))}),
           DIMS(2, 3, 5, 6), DIMS(2, 2));
    expect(TRIAL(.op = "Slice", .opset = 13, .input = SHAPE(2, 3), .list_count = 2,
                 .lists = {LIST(-1, -2), LIST(1000, -1)}),
           DIMS(5), DIMS(1, 1));
    expect(TRIAL(.op = "Slice", .opset = 13, .input = SHAPE(7), .list_count = 4,
                 .lists = {LIST(high), LIST(low), LIST(0), LIST(-3)}),
           DIMS(7, 4, 1), DIMS(3));
    expect(TRIAL(.op = "Slice", .opset = 13, .input = SHAPE(3, 4), .list_count = 4,
                 .lists = {LIST(2, 0), LIST(-4, 4), LIST(0, -1), LIST(-1, 2)}),
           DIMS(9, 11, 5, 7, 1, 3), DIMS(3, 2));
    expect(TRIAL(.op = "Slice", .opset = 13, .input = SHAPE(4), .list_count = 4,
                 .lists = {LIST(1), LIST(4), LIST(0), LIST(high)}),
           DIMS(2), DIMS(1));
    expect(TRIAL(.op = "Slice", .opset = 13, .input = SHAPE(4), .list_count = 4,
                 .lists = {LIST(3), LIST(0), LIST(0), LIST(low)}),
           DIMS(4), DIMS(1));
    expect(TRIAL(.op = "Slice", .opset = 13, .input = SHAPE(4), .list_count = 4,
                 .lists = {LIST(3), LIST(1), LEFT_OUT, LIST(1)}),
           0, NULL, DIMS(0));
    expect(TRIAL(.op = "Slice", .opset = 13, .input = SHAPE(0, 4), .list_count = 4,
                 .lists = {LIST(low), LIST(high), LIST(0), LIST(-1)}),
           0, NULL, DIMS(0, 4));
    refuse(TRIAL(.op = "Slice", .opset = 13, .input = SHAPE(4), .list_count = 4,
                 .lists = {LIST(3), LIST(1), LIST(0), LIST(0)}, .message = "step of 0"));
    refuse(TRIAL(.op = "Slice", .opset = 13, .input = SHAPE(4), .list_count = 3,
                 .lists = {LIST(0, 0), LIST(1, 1), LIST(0, 0)}, .message = "different axes"));
    refuse(TRIAL(.op = "Slice", .opset = 13, .input = SHAPE(4), .list_count = 2,
                 .lists = {LIST(0, 0), LIST(1)}, .message = "equally long"));
    refuse(TRIAL(.op = "Slice", .opset = 13, .input = SHAPE(4), .message = "missing"));
}

static void test_pad(void **state)
{
    (void)state;
    expect(
        TRIAL(.op = "Pad", .opset = 13, .input = SHAPE(2, 2), .list_count = 1, .lists = {LIST(0, 1, 1, 2)}),
        DIMS(0, 1, 2, 0, 0, 0, 3, 4, 0, 0, 0, 0, 0, 0, 0), DIMS(3, 5));
    expect(
        TRIAL(.op = "Pad", .opset = 13, .input = SHAPE(2, 3), .list_count = 1, .lists = {LIST(1, -1, -1, 0)}),
        DIMS(0, 0, 2, 3), DIMS(2, 2));
    expect(TRIAL(.op = "Pad", .opset = 18, .input = SHAPE(2, 2), .list_count = 3,
                 .lists = {LIST(1, 0), LEFT_OUT, LIST(-1)}),
           DIMS(0, 1, 2, 0, 3, 4), DIMS(2, 3));
    expect(TRIAL(.op = "Pad", .opset = 13, .input = SHAPE(1), .list_count = 1, .lists = {LIST(-3, 4)}),
           DIMS(0, 0), DIMS(2));
    expect(TRIAL(.op = "Pad", .opset = 10, .input = SHAPE(2), .attribute_count = 1,
                 .attributes = {integers_attribute("pads", DIMS(1, 0))}),
           DIMS(0, 1, 2), DIMS(3));
    refuse(TRIAL(.op = "Pad", .opset = 13, .input = SHAPE(2), .list_count = 1, .lists = {LIST(1, 1)},
                 .attribute_count = 1, .attributes = {string_attribute("mode", "mirror")},
                 .message = "mirror"));
    refuse(TRIAL(.op = "Pad", .opset = 13, .input = SHAPE(2), .list_count = 1, .lists = {LIST(-1, -2)},
                 .message = "cut off"));
    refuse(TRIAL(.op = "Pad", .opset = 13, .input = SHAPE(2), .list_count = 1, .lists = {LIST(1, 1, 1)},
                 .message = "3 pads"));
    refuse(TRIAL(.op = "Pad", .opset = 13, .input = SHAPE(2), .list_count = 1,
                 .lists = {LIST(INT64_MAX, INT64_MAX)}, .message = "too large"));
    refuse(TRIAL(.op = "Pad", .opset = 13, .input = SHAPE(2), .message = "pads are missing"));
}

/* The value that is padded with, in both forms and in every type. */
static void test_pad_value(void **state)
{
    (void)state;
    for (int type = 0; type < ELEMENT_TYPES; type++) {
        struct plan_options options = {.real = ELEMENT_TYPES};
        struct graph *graph = make_graph(13);
        struct error error = {0};
        struct plan *plan;
        struct tensor *data = tensor_new((enum element_type)type, &(struct shape)SHAPE(1));
        struct tensor *seven = tensor_new((enum element_type)type, &(struct shape){.rank = 0});
        struct operand view = {.type = (enum element_type)type, .data = seven->data};

        set(&view, 0, 7);
        make_tensor(graph, "x", data);
        make_tensor(graph, "value", seven);
        make_integers(graph, "pads", DIMS(1, 2));
        make_node(graph, "it", "Pad", NAMES("x", "pads", "value"), NAMES("y"), NO_ATTRIBUTES);
        make_output(graph, "y");
        assert_int_equal(graph_finish(graph, &error), STATUS_OK);
        assert_int_equal(plan_new(graph, &options, &plan, &error), STATUS_OK);
        assert_int_equal(plan->step_count, 0);
        struct tensor *y = plan->constants[graph_find_value(graph, "y")];
        assert_int_equal(y->shape.dim[0], 4);
        assert_true(tensor_get(y, 0) == 7 && tensor_get(y, 1) == 0 && tensor_get(y, 3) == 7);
        plan_free(plan);
        graph_free(graph);
    }
}

static void test_split(void **state)
{
    struct attribute axis = integer_attribute("axis", 1);

    (void)state;
    expect(TRIAL(.op = "Split", .opset = 13, .input = SHAPE(2, 4), .attribute_count = 1, .attributes = {axis},
                 .output_count = 2),
           DIMS(1, 2, 5, 6, 3, 4, 7, 8), DIMS(2, 2));
    expect(TRIAL(.op = "Split", .opset = 13, .input = SHAPE(2, 4), .list_count = 1, .lists = {LIST(1, 3)},
                 .attribute_count = 1, .attributes = {axis}, .output_count = 2),
           DIMS(1, 5, 2, 3, 4, 6, 7, 8), DIMS(2, 1));
    expect(TRIAL(.op = "Split", .opset = 11, .input = SHAPE(3), .attribute_count = 1,
                 .attributes = {integers_attribute("split", DIMS(2, 1))}, .output_count = 2),
           DIMS(1, 2, 3), DIMS(2));
    expect(TRIAL(.op = "Split", .opset = 18, .input = SHAPE(7), .attribute_count = 1,
                 .attributes = {integer_attribute("num_outputs", 3)}, .output_count = 3),
           DIMS(1, 2, 3, 4, 5, 6, 7), DIMS(3));
    expect(TRIAL(.op = "Split", .opset = 13, .input = SHAPE(0), .list_count = 1, .lists = {LIST(0, 0)},
                 .output_count = 2),
           0, NULL, DIMS(0));
    refuse(TRIAL(.op = "Split", .opset = 13, .input = SHAPE(7), .output_count = 3, .message = "equal parts"));
    refuse(TRIAL(.op = "Split", .opset = 13, .input = SHAPE(4), .list_count = 1, .lists = {LIST(5, -1)},
                 .output_count = 2, .message = "do not sum to 4"));
    refuse(TRIAL(.op = "Split", .opset = 13, .input = SHAPE(4), .list_count = 1, .lists = {LIST(1, 1)},
                 .output_count = 2, .message = "do not sum to 4"));
    refuse(TRIAL(.op = "Split", .opset = 13, .input = SHAPE(4), .list_count = 1, .lists = {LIST(4)},
                 .output_count = 2, .message = "1 sizes"));
    refuse(TRIAL(.op = "Split", .opset = 18, .input = SHAPE(4), .attribute_count = 1,
                 .attributes = {integer_attribute("num_outputs", 4)}, .output_count = 2,
                 .message = "num_outputs"));
}

static void test_gather_and_expand(void **state)
{
    (void)state;
    expect(
        TRIAL(.op = "Gather", .opset = 13, .input = SHAPE(3, 2), .list_count = 1, .lists = {LIST(2, 0, -1)}),
        DIMS(5, 6, 1, 2, 5, 6), DIMS(3, 2));
    expect(TRIAL(.op = "Gather", .opset = 13, .input = SHAPE(2, 3), .list_count = 1, .lists = {LIST(1)},
                 .attribute_count = 1, .attributes = {integer_attribute("axis", -1)}),
           DIMS(2, 5), DIMS(2, 1));
    refuse(TRIAL(.op = "Gather", .opset = 13, .input = SHAPE(3, 2), .list_count = 1, .lists = {LIST(3)},
                 .message = "index 3"));
    refuse(TRIAL(.op = "Gather", .opset = 13, .input = SHAPE(3, 2), .list_count = 1, .lists = {LIST(0)},
                 .attribute_count = 1, .attributes = {integer_attribute("axis", 2)}, .message = "axis 2"));
    expect(
        TRIAL(.op = "Expand", .opset = 13, .input = SHAPE(2, 1), .list_count = 1, .lists = {LIST(2, 1, 3)}),
        DIMS(1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2), DIMS(2, 2, 3));
    expect(TRIAL(.op = "Expand", .opset = 13, .input = SHAPE(3), .list_count = 1, .lists = {LIST(1)}),
           DIMS(1, 2, 3), DIMS(3));
    refuse(TRIAL(.op = "Expand", .opset = 13, .input = SHAPE(3), .list_count = 1, .lists = {LIST(2)},
                 .message = "cannot expand"));
    refuse(TRIAL(.op = "Expand", .opset = 13, .input = SHAPE(3), .list_count = 1, .lists = {LIST(-1)},
                 .message = "cannot expand"));
}

/* Concat has several inputs that matter; checked on its own. */
static void test_concat(void **state)
{
    struct plan_options options = {.real = ELEMENT_FLOAT, .backward = true};
    float a[] = {1, 2, 3, 4}, b[] = {5, 6}, y[6], ga[4] = {0}, gb[2] = {10, 10};
    float gy[] = {1, 2, 3, 4, 5, 6};
    struct graph *graph = make_graph(13);
    struct error error = {0};
    struct plan *plan;

    (void)state;
    make_input(graph, "a", DIMS(2, 2));
    make_input(graph, "b", DIMS(2, 1));
    make_node(graph, "it", "Concat", NAMES("a", "b"), NAMES("y"), ATTRIBUTES(integer_attribute("axis", -1)));
    make_output(graph, "y");
    assert_int_equal(graph_finish(graph, &error), STATUS_OK);
    assert_int_equal(plan_new(graph, &options, &plan, &error), STATUS_OK);
    struct operand in[] = {plan->values[0], plan->values[1]}, out = plan->values[2];
    struct operand gin[] = {in[0], in[1]}, gout = out;
    struct kernel_call call = {.plan = plan->steps[0].plan,
                               .inputs = in,
                               .outputs = &out,
                               .input_count = 2,
                               .output_count = 1,
                               .output_gradients = &gout,
                               .input_gradients = gin};
    in[0].data = a, in[1].data = b, out.data = y, gin[0].data = ga, gin[1].data = gb, gout.data = gy;
    plan->steps[0].kernels->forward(&call);
    assert_memory_equal(y, ((float[]){1, 2, 5, 3, 4, 6}), sizeof(y));
    plan->steps[0].kernels->backward(&call);
    assert_memory_equal(ga, ((float[]){1, 2, 4, 5}), sizeof(ga));
    assert_memory_equal(gb, ((float[]){13, 16}), sizeof(gb));
    plan_free(plan);
    graph_free(graph);

    refuse(TRIAL(.op = "Concat", .opset = 13, .input = SHAPE(2), .message = "axis is missing"));
    refuse(TRIAL(.op = "Concat", .opset = 13, .input = SHAPE(2), .attribute_count = 1,
                 .attributes = {integer_attribute("axis", 0)}, .list_count = 1, .lists = {LIST(1, 2)},
                 .message = "has type int64"));
    refuse(TRIAL(.op = "Concat", .opset = 13, .input = SHAPE(2, 2), .type = ELEMENT_INT64,
                 .attribute_count = 1, .attributes = {integer_attribute("axis", 0)}, .list_count = 1,
                 .lists = {LIST(1, 2)}, .message = "does not fit"));
}

/* --- numbers made while planning ------------------------------------------------------------------------ */

/* The constant that a node without data inputs makes; *graph is freed by the caller with the plan. */
static const struct tensor *made(struct graph *graph, struct plan **plan)
{
    struct plan_options options = {.real = ELEMENT_TYPES};
    struct error error = {0};

    make_output(graph, "y");
    if (graph_finish(graph, &error) != STATUS_OK || plan_new(graph, &options, plan, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    return (*plan)->constants[graph_find_value(graph, "y")];
}

static void expect_made(struct graph *graph, enum element_type type, int rank, int count,
                        const double *expected)
{
    struct plan *plan;
    const struct tensor *y = made(graph, &plan);

    assert_int_equal(y->type, type);
    assert_int_equal(y->shape.rank, rank);
    assert_int_equal(shape_elements(&y->shape), count);
    for (int i = 0; i < count; i++)
        assert_true(tensor_get(y, i) == expected[i]);
    plan_free(plan);
    graph_free(graph);
}

#define REALS(...)                                                                                           \
    (int)(sizeof((double[]){__VA_ARGS__}) / sizeof(double)), (const double[])                                \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }

static void test_constant(void **state)
{
    struct attribute forms[] = {
        {.name = "value_float", .kind = ATTRIBUTE_REAL, .real = 2.5},
        {.name = "value_int", .kind = ATTRIBUTE_INTEGER, .integer = 7},
        {.name = "value_floats", .kind = ATTRIBUTE_REALS, .reals = (double[]){1.5, -2}, .count = 2},
        {.name = "value_ints", .kind = ATTRIBUTE_INTEGERS, .integers = (int64_t[]){3, 4, 5}, .count = 3},
        {.name = "value_string", .kind = ATTRIBUTE_STRING, .string = "no"},
    };
    struct graph *graph[5];
    struct plan_options options = {.real = ELEMENT_FLOAT};
    struct error error = {0};
    struct plan *plan;

    (void)state;
    for (int i = 0; i < 5; i++) {
        graph[i] = make_graph(13);
        make_node(graph[i], "it", "Constant", NAMES(NULL), NAMES("y"), &forms[i], 1);
    }
    expect_made(graph[0], ELEMENT_FLOAT, 0, REALS(2.5));
    expect_made(graph[1], ELEMENT_INT64, 0, REALS(7));
    expect_made(graph[2], ELEMENT_FLOAT, 1, REALS(1.5, -2));
    expect_made(graph[3], ELEMENT_INT64, 1, REALS(3, 4, 5));
    assert_int_equal(graph_finish(graph[4], &error), STATUS_OK);
    assert_int_equal(plan_new(graph[4], &options, &plan, &error), STATUS_UNSUPPORTED);
    graph_free(graph[4]);
}

static struct graph *range_graph(const struct tensor *like, double start, double limit, double delta)
{
    struct graph *graph = make_graph(13);
    const char *const names[] = {"start", "limit", "delta"};
    double numbers[] = {start, limit, delta};

    for (int i = 0; i < 3; i++) {
        struct tensor *tensor = tensor_new(like->type, &(struct shape){.rank = 0});
        struct operand view = {.type = like->type, .data = tensor->data};

        set(&view, 0, numbers[i]);
        make_tensor(graph, names[i], tensor);
    }
    make_node(graph, "it", "Range", NAMES("start", "limit", "delta"), NAMES("y"), NO_ATTRIBUTES);
    return graph;
}

static void test_made_numbers(void **state)
{
    const struct tensor real = {.type = ELEMENT_FLOAT}, integer = {.type = ELEMENT_INT64};
    struct graph *graph = make_graph(13);
    struct plan_options options = {.real = ELEMENT_FLOAT};
    struct error error = {0};
    struct plan *plan;

    (void)state;
    make_integers(graph, "dims", DIMS(2, 2));
    make_node(graph, "it", "ConstantOfShape", NAMES("dims"), NAMES("y"), NO_ATTRIBUTES);
    expect_made(graph, ELEMENT_FLOAT, 2, REALS(0, 0, 0, 0));
    expect_made(range_graph(&integer, 10, 4, -2), ELEMENT_INT64, 1, REALS(10, 8, 6));
    expect_made(range_graph(&integer, 10, 4, 2), ELEMENT_INT64, 1, 0, NULL);
    expect_made(range_graph(&real, 0, 1, 0.375), ELEMENT_FLOAT, 1, REALS(0, 0.375, 0.75));
    graph = range_graph(&integer, 0, 4, 0);
    assert_int_equal(graph_finish(graph, &error), STATUS_OK);
    assert_int_equal(plan_new(graph, &options, &plan, &error), STATUS_RANGE);
    graph_free(graph);
    graph = range_graph(&real, 0, 1e30, 1e-30);
    assert_int_equal(graph_finish(graph, &error), STATUS_OK);
    assert_int_equal(plan_new(graph, &options, &plan, &error), STATUS_RANGE);
    graph_free(graph);
}

static void test_shape_operator(void **state)
{
    static const struct {
        int opset;
        int64_t start, end;
        int count;
        double expected[3];
    } cases[] = {{13, 0, 9, 3, {4, 5, 6}}, {13, 1, 2, 3, {4, 5, 6}}, {15, 1, 9, 2, {5, 6}},
                 {15, -1, 9, 1, {6}},      {15, 0, -1, 2, {4, 5}},   {15, 2, 1, 0, {0}},
                 {15, -99, 1, 1, {4}}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct graph *graph = make_graph(cases[i].opset);

        make_input(graph, "x", DIMS(4, 5, 6));
        make_node(
            graph, "it", "Shape", NAMES("x"), NAMES("y"),
            ATTRIBUTES(integer_attribute("start", cases[i].start), integer_attribute("end", cases[i].end)));
        expect_made(graph, ELEMENT_INT64, 1, cases[i].count, cases[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reshape),      cmocka_unit_test(test_other_shapes),
        cmocka_unit_test(test_transpose),    cmocka_unit_test(test_slice),
        cmocka_unit_test(test_pad),          cmocka_unit_test(test_pad_value),
        cmocka_unit_test(test_split),        cmocka_unit_test(test_gather_and_expand),
        cmocka_unit_test(test_concat),       cmocka_unit_test(test_constant),
        cmocka_unit_test(test_made_numbers), cmocka_unit_test(test_shape_operator),
    };

    return cmocka_run_group_tests_name("movement", tests, NULL, NULL);
}
