/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All rows of the operators' table against nodes as no exporter writes them: operands that are left out, too
 * few or too many, attributes of other kinds and of absurd values, and shape-like inputs that hold them.
 * Planning accepts such a node or refuses it with a message that names it; what it accepts runs. Sanitizers
 * see the rest. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "support/graph_maker.h"
#include "nn/engine/engine.h"
#include "nn/operator/operator.h"
#include "nn/operator/plan.h"

enum { MOST_INPUTS = 6, MOST_ATTRIBUTES = 4, TRIED_OUTPUTS = 8 };

#define LIST(...)                                                                                            \
    (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)),                                               \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }

/* An operand: real numbers of a shape, or a list of integers. */
struct seed_input {
    char kind; /* 'r', 'i'; 's' is one integer */
    int count;
    int64_t numbers[8];
};

#define IMAGE                                                                                                \
    {                                                                                                        \
        'r', LIST(1, 4, 6, 6)                                                                                \
    }
#define VECTOR                                                                                               \
    {                                                                                                        \
        'r', LIST(4)                                                                                         \
    }

/* A node that is right, so that what is changed in it reaches far. Rows that are not here get images
 * everywhere. */
static const struct seed {
    const char *op;
    int opset, input_count;
    struct seed_input inputs[MOST_INPUTS];
    int attribute_count;
    struct {
        const char *name;
        int count; /* of integers; 0: one */
        int64_t numbers[4];
    } attributes[MOST_ATTRIBUTES];
} seeds[] = {
    {"BatchNormalization", 13, 5, {IMAGE, VECTOR, VECTOR, VECTOR, VECTOR}, 0, {{0}}},
    {"Conv", 13, 3, {IMAGE, {'r', LIST(4, 4, 3, 3)}, VECTOR}, 1, {{"pads", 4, {1, 1, 1, 1}}}},
    {"ConvTranspose",
     13,
     3,
     {IMAGE, {'r', LIST(4, 2, 3, 3)}, {'r', LIST(2)}},
     2,
     {{"pads", 4, {1, 1, 1, 1}}, {"strides", 2, {2, 2}}}},
    {"DepthToSpace", 13, 1, {IMAGE}, 1, {{"blocksize", 0, {2}}}},
    {"SpaceToDepth", 13, 1, {IMAGE}, 1, {{"blocksize", 0, {3}}}},
    {"LRN", 13, 1, {IMAGE}, 1, {{"size", 0, {3}}}},
    {"GridSample", 16, 2, {IMAGE, {'r', LIST(1, 3, 3, 2)}}, 1, {{"align_corners", 0, {1}}}},
    {"MaxPool", 13, 1, {IMAGE}, 2, {{"kernel_shape", 2, {2, 2}}, {"strides", 2, {2, 2}}}},
    {"AveragePool", 13, 1, {IMAGE}, 2, {{"kernel_shape", 2, {3, 3}}, {"pads", 4, {1, 1, 1, 1}}}},
    {"Gemm", 13, 3, {{'r', LIST(2, 4)}, {'r', LIST(4, 3)}, {'r', LIST(3)}}, 1, {{"transA", 0, {0}}}},
    {"MatMul", 13, 2, {IMAGE, {'r', LIST(6, 3)}}, 0, {{0}}},
    {"PRelu", 13, 2, {IMAGE, {'r', LIST(4, 1, 1)}}, 0, {{0}}},
    {"Clip", 13, 3, {IMAGE, {'r', 0, {0}}, {'r', 0, {0}}}, 0, {{0}}},
    {"Dropout", 13, 1, {IMAGE}, 0, {{0}}},
    {"Cast", 13, 1, {IMAGE}, 1, {{"to", 0, {7}}}},
    {"Transpose", 13, 1, {IMAGE}, 1, {{"perm", 4, {0, 2, 3, 1}}}},
    {"Concat", 13, 3, {IMAGE, IMAGE, IMAGE}, 1, {{"axis", 0, {1}}}},
    {"Split", 13, 2, {IMAGE, {'i', LIST(1, 3)}}, 1, {{"axis", 0, {1}}}},
    {"Slice", 13, 5, {IMAGE, {'i', LIST(1)}, {'i', LIST(3)}, {'i', LIST(2)}, {'i', LIST(1)}}, 0, {{0}}},
    {"Pad", 13, 3, {IMAGE, {'i', LIST(0, 0, 1, 1, 0, 0, 1, 1)}, {'r', 0, {0}}}, 0, {{0}}},
    {"Gather", 13, 2, {IMAGE, {'i', LIST(0, 2, 1)}}, 1, {{"axis", 0, {1}}}},
    {"Expand", 13, 2, {IMAGE, {'i', LIST(2, 4, 6, 6)}}, 0, {{0}}},
    {"Reshape", 13, 2, {IMAGE, {'i', LIST(0, -1)}}, 1, {{"allowzero", 0, {0}}}},
    {"Flatten", 13, 1, {IMAGE}, 1, {{"axis", 0, {1}}}},
    {"Squeeze", 13, 2, {IMAGE, {'i', LIST(0)}}, 0, {{0}}},
    {"Unsqueeze", 13, 2, {IMAGE, {'i', LIST(0)}}, 0, {{0}}},
    {"ConstantOfShape", 13, 1, {{'i', LIST(2, 3)}}, 0, {{0}}},
    {"Range", 13, 3, {{'s', LIST(0)}, {'s', LIST(5)}, {'s', LIST(1)}}, 0, {{0}}},
    {"ReduceMean", 13, 1, {IMAGE}, 2, {{"axes", 2, {2, 3}}, {"keepdims", 0, {1}}}},
    {"ReduceSum", 13, 2, {IMAGE, {'i', LIST(1)}}, 1, {{"keepdims", 0, {0}}}},
    {"CumSum", 14, 2, {IMAGE, {'s', LIST(1)}}, 1, {{"reverse", 0, {1}}}},
    {"LayerNormalization", 17, 3, {IMAGE, {'r', LIST(6)}, {'r', LIST(6, 6)}}, 1, {{"axis", 0, {2}}}},
    {"RMSNormalization", 23, 2, {IMAGE, {'r', LIST(6)}}, 1, {{"axis", 0, {-1}}}},
    {"SimplifiedLayerNormalization", 13, 2, {IMAGE, {'r', LIST(6)}}, 1, {{"axis", 0, {-1}}}},
    {"InstanceNormalization", 13, 3, {IMAGE, VECTOR, VECTOR}, 0, {{0}}},
    {"GroupNormalization", 21, 3, {IMAGE, VECTOR, VECTOR}, 1, {{"num_groups", 0, {2}}}},
    {"LpNormalization", 13, 1, {IMAGE}, 2, {{"axis", 0, {1}}, {"p", 0, {1}}}},
    {"Softmax", 13, 1, {IMAGE}, 1, {{"axis", 0, {1}}}},
    {"Resize", 13, 4, {IMAGE, {'r', LIST(0)}, {'r', LIST(0)}, {'i', LIST(1, 4, 12, 3)}}, 0, {{0}}},
    {"QuantizeLinear", 21, 3, {IMAGE, VECTOR, {'i', LIST(0, 0, 0, 0)}}, 1, {{"axis", 0, {1}}}},
    {"DequantizeLinear", 21, 2, {{'i', LIST(1, 2, 3)}, {'r', 0, {0}}}, 1, {{"block_size", 0, {0}}}},
    {"Upsample", 9, 2, {IMAGE, {'r', LIST(4)}}, 0, {{0}}},
};

/* One node to be tried: the seed with something changed. */
struct trial {
    const struct op *op;
    struct seed seed;
    int outputs;
    int left_out_input, left_out_output; /* -1: none */
    int nasty_input;                     /* whose content `nasty` takes, -1: none */
    const struct attribute *nasty;       /* an attribute, or the content of an input */
    bool folded;                         /* all inputs are constants */
};

static struct seed seed_of(const struct op *op)
{
    struct seed generic = {.op = op->name, .opset = 13, .input_count = op->inputs_min};

    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++)
        if (strcmp(seeds[i].op, op->name) == 0)
            return seeds[i];
    if (op->opset_first > generic.opset)
        generic.opset = op->opset_first;
    if (generic.input_count > MOST_INPUTS)
        generic.input_count = MOST_INPUTS;
    for (int i = 0; i < MOST_INPUTS; i++)
        generic.inputs[i] = (struct seed_input)IMAGE;
    return generic;
}

static struct tensor *tensor_of(const struct attribute *content)
{
    bool real = content->kind == ATTRIBUTE_REALS;
    struct shape shape = {.rank = 1, .dim = {(int64_t)content->count}};
    struct tensor *tensor = tensor_new(real ? ELEMENT_FLOAT : ELEMENT_INT64, &shape);

    assert_non_null(tensor);
    for (size_t i = 0; i < content->count; i++) {
        if (real)
            ((float *)tensor->data)[i] = (float)content->reals[i];
        else
            ((int64_t *)tensor->data)[i] = content->integers[i];
    }
    return tensor;
}

static void make_operand(struct graph *graph, const struct trial *trial, int i, const char *name)
{
    const struct seed_input *input = &trial->seed.inputs[i];

    if (trial->nasty_input == i)
        make_tensor(graph, name, tensor_of(trial->nasty));
    else if (input->kind == 'i')
        make_integers(graph, name, input->count, input->numbers);
    else if (input->kind == 's')
        make_integer(graph, name, input->numbers[0]);
    else if (i == 0 && !trial->folded)
        make_input(graph, name, input->count, input->numbers);
    else
        make_reals(graph, name, input->count, input->numbers, 1);
}

static int make_attributes(const struct trial *trial, struct attribute *attributes)
{
    bool nasty = trial->nasty != NULL && trial->nasty_input < 0;
    int count = 0;

    for (int i = 0; i < trial->seed.attribute_count; i++) {
        const char *name = trial->seed.attributes[i].name;
        const int64_t *numbers = trial->seed.attributes[i].numbers;

        if (nasty && strcmp(name, trial->nasty->name) == 0)
            continue;
        attributes[count++] = trial->seed.attributes[i].count > 0
                                  ? integers_attribute(name, trial->seed.attributes[i].count, numbers)
                                  : integer_attribute(name, numbers[0]);
    }
    if (nasty)
        attributes[count++] = *trial->nasty;
    return count;
}

/* Conv over what the network reads keeps it a network where the node itself is all constants. */
static struct graph *build(const struct trial *trial)
{
    struct graph *graph = make_graph(trial->seed.opset);
    struct attribute attributes[MOST_ATTRIBUTES + 1];
    char names[NODE_MAX_OPERANDS][16];
    const char *inputs[MOST_INPUTS + 2] = {NULL}, *outputs[TRIED_OUTPUTS + 2] = {NULL};

    if (trial->folded || trial->seed.input_count == 0)
        make_input(graph, "image", DIMS(1, 3, 8, 8));
    for (int i = 0; i < trial->seed.input_count; i++) {
        snprintf(names[i], sizeof names[i], "in%d", i);
        inputs[i] = i == trial->left_out_input ? "" : names[i];
        if (i != trial->left_out_input)
            make_operand(graph, trial, i, names[i]);
    }
    for (int i = 0; i < trial->outputs; i++) {
        snprintf(names[MOST_INPUTS + 2 + i], sizeof names[0], "out%d", i);
        outputs[i] = i == trial->left_out_output ? "" : names[MOST_INPUTS + 2 + i];
    }
    make_node(graph, "culprit", trial->op->name, inputs, outputs, attributes,
              make_attributes(trial, attributes));
    make_output(graph, trial->left_out_output == 0 ? "out1" : "out0");
    return graph;
}

static void run_engine(const struct graph *graph)
{
    struct engine_options options = {.batch = 1, .real = ELEMENT_FLOAT, .kernel = KERNEL_REFERENCE};
    struct error error = {0};
    struct engine *engine;

    if (engine_new(graph, &options, &engine, &error) != STATUS_OK)
        return; /* what is no network for the engine (integers out, two inputs) says so */
    assert_int_equal(engine_forward(engine, &error), STATUS_OK);
    engine_free(engine);
}

/* Accepted, or refused by name; *message is what was said. */
static bool accepted(const struct trial *trial, struct error *error)
{
    struct plan_options options = {.real = ELEMENT_TYPES};
    struct graph *graph = build(trial);
    struct plan *plan;
    bool fine;

    *error = (struct error){0};
    if (graph_finish(graph, error) != STATUS_OK) {
        assert_true(trial->left_out_output == 0); /* nobody makes the network's output */
        graph_free(graph);
        return false;
    }
    fine = plan_new(graph, &options, &plan, error) == STATUS_OK;
    if (fine) {
        plan_free(plan);
        if (!trial->folded)
            run_engine(graph);
    } else {
        assert_int_not_equal(error->code, STATUS_MEMORY);
        if (strstr(error->message, "culprit") == NULL && strstr(error->message, "out") == NULL)
            fail_msg("%s: '%s' does not name the node", trial->op->name, error->message);
    }
    graph_free(graph);
    return fine;
}

static struct trial trial_of(const struct op *op, bool folded)
{
    return (struct trial){.op = op,
                          .seed = seed_of(op),
                          .outputs = op->flags & OPERATOR_VARIADIC_OUTPUTS ? 2 : 1,
                          .left_out_input = -1,
                          .left_out_output = -1,
                          .nasty_input = -1,
                          .folded = folded};
}

#define each_row(op)                                                                                         \
    const struct op *op = operator_at(0);                                                                    \
    for (int row_index = 0; op != NULL; op = operator_at(++row_index))                                       \
        for (int folded = 0; folded < 2; folded++)

static void test_seeds(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
        struct trial trial = trial_of(operator_find(seeds[i].op), false);
        struct error error;

        if (!accepted(&trial, &error))
            fail_msg("%s: %s", seeds[i].op, error.message);
    }
}

static void test_inputs(void **state)
{
    (void)state;
    each_row(op)
    {
        struct trial trial = trial_of(op, folded);
        int most = op->inputs_max < MOST_INPUTS - 1 ? op->inputs_max : MOST_INPUTS - 1;
        struct error error;

        for (int i = trial.seed.input_count; i < MOST_INPUTS; i++)
            trial.seed.inputs[i] = (struct seed_input)IMAGE;
        for (int count = 0; count <= most + 1; count++) {
            trial.seed.input_count = count;
            trial.left_out_input = -1;
            if (accepted(&trial, &error) && (count < op->inputs_min || count > op->inputs_max))
                fail_msg("%s takes %d inputs", op->name, count);
            for (trial.left_out_input = 0; trial.left_out_input < count; trial.left_out_input++) {
                bool needed = trial.left_out_input < op->inputs_min || (op->flags & OPERATOR_VARIADIC);

                if (accepted(&trial, &error) && needed)
                    fail_msg("%s takes no input %d", op->name, trial.left_out_input);
                if (needed && count >= op->inputs_min && count <= op->inputs_max)
                    assert_non_null(strstr(error.message, "is missing"));
            }
        }
    }
}

static void test_outputs(void **state)
{
    (void)state;
    each_row(op)
    {
        struct trial trial = trial_of(op, folded);
        struct error error;

        for (int count = 1; count <= TRIED_OUTPUTS; count++) {
            trial.outputs = count;
            trial.left_out_output = -1;
            if (accepted(&trial, &error) && count > op->outputs_max)
                fail_msg("%s makes %d outputs", op->name, count);
            for (trial.left_out_output = 0; count > 1 && trial.left_out_output < count;
                 trial.left_out_output++)
                if (accepted(&trial, &error) && trial.left_out_output == 0 &&
                    !(op->flags & OPERATOR_VARIADIC_OUTPUTS))
                    fail_msg("%s makes no output %d", op->name, trial.left_out_output);
        }
    }
}

/* --- nasty values --------------------------------------------------------------------------------------- */

static const char *const attribute_names[] = {
    "allowzero",
    "alpha",
    "auto_pad",
    "axes",
    "axis",
    "beta",
    "blocksize",
    "ceil_mode",
    "coordinate_transformation_mode",
    "count_include_pad",
    "cubic_coeff_a",
    "dilations",
    "end",
    "ends",
    "epsilon",
    "gamma",
    "group",
    "keep_aspect_ratio_policy",
    "keepdims",
    "kernel_shape",
    "max",
    "min",
    "mode",
    "nearest_mode",
    "noop_with_empty_axes",
    "num_groups",
    "num_outputs",
    "output_padding",
    "output_shape",
    "pads",
    "perm",
    "ratio",
    "scales",
    "split",
    "start",
    "starts",
    "storage_order",
    "strides",
    "to",
    "training_mode",
    "transA",
    "transB",
    "value",
    "value_float",
    "value_floats",
    "value_int",
    "value_ints",
};

#define INTEGERS(...)                                                                                        \
    {                                                                                                        \
        .kind = ATTRIBUTE_INTEGERS, .integers = (int64_t[]){__VA_ARGS__},                                    \
        .count = sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)                                          \
    }
#define REALS(...)                                                                                           \
    {                                                                                                        \
        .kind = ATTRIBUTE_REALS, .reals = (double[]){__VA_ARGS__},                                           \
        .count = sizeof((double[]){__VA_ARGS__}) / sizeof(double)                                            \
    }
#define INTEGER(number)                                                                                      \
    {                                                                                                        \
        .kind = ATTRIBUTE_INTEGER, .integer = (number)                                                       \
    }
#define REAL(number)                                                                                         \
    {                                                                                                        \
        .kind = ATTRIBUTE_REAL, .real = (number)                                                             \
    }
#define TEXT(text)                                                                                           \
    {                                                                                                        \
        .kind = ATTRIBUTE_STRING, .string = (text)                                                           \
    }

static const struct attribute nasty_values[] = {
    INTEGER(INT64_MIN),
    INTEGER(-1),
    INTEGER(0),
    INTEGER(3),
    INTEGER(INT64_C(1) << 32),
    INTEGER(INT64_MAX),
    {.kind = ATTRIBUTE_INTEGERS},
    INTEGERS(INT64_MIN),
    INTEGERS(INT64_MAX),
    INTEGERS(0),
    INTEGERS(1, 1),
    INTEGERS(INT64_MIN, INT64_MIN),
    INTEGERS(INT64_MAX, INT64_MAX),
    INTEGERS(0, 0, 0, 0),
    INTEGERS(-1, -1, -1, -1),
    INTEGERS(1, 0, 1, 0),
    INTEGERS(INT64_MIN, INT64_MAX, INT64_MIN, INT64_MAX),
    INTEGERS(INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX),
    INTEGERS(1, 1, INT32_MAX, INT32_MAX),
    INTEGERS(INT64_C(1) << 20, INT64_C(1) << 20, INT64_C(1) << 20, INT64_C(1) << 20),
    INTEGERS(1, 2, 3, 4, 5, 6, 7, 8),
    INTEGERS(0, 0, INT64_MIN, INT64_MIN, 0, 0, INT64_MAX, INT64_MAX),
    REAL(NAN),
    REAL(INFINITY),
    REAL(-1e308),
    REAL(0),
    {.kind = ATTRIBUTE_REALS},
    REALS(NAN, NAN, NAN, NAN),
    REALS(INFINITY, 1, 1, 1),
    REALS(0, 0, 0, 0),
    REALS(1, 1, 1e-30, 1e30),
    REALS(1, 1, -2, 3e9),
    TEXT(""),
    TEXT("SAME_UPPER"),
    TEXT("SAME_LOWER"),
    TEXT("cubic"),
    TEXT("reflect"),
    TEXT("\xff%s%n"),
    {.kind = ATTRIBUTE_STRINGS},
};

enum { NASTY_COUNT = sizeof nasty_values / sizeof *nasty_values };

static void test_attributes(void **state)
{
    (void)state;
    each_row(op)
    {
        for (size_t n = 0; n < sizeof attribute_names / sizeof *attribute_names; n++) {
            for (int i = 0; i < NASTY_COUNT; i++) {
                struct attribute nasty = nasty_values[i];
                struct trial trial = trial_of(op, folded);
                struct error error;

                nasty.name = attribute_names[n];
                trial.nasty = &nasty;
                accepted(&trial, &error);
            }
        }
    }
}

/* An attribute that is there but of another kind is not taken for one that is missing. */
static void test_kinds(void **state)
{
    static const struct attribute wrong[] = {TEXT("1"), {.kind = ATTRIBUTE_STRINGS}};

    (void)state;
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
        for (int k = 0; k < seeds[i].attribute_count; k++) {
            for (int w = 0; w < 2; w++) {
                struct attribute attribute = wrong[w];
                struct trial trial = trial_of(operator_find(seeds[i].op), false);
                struct error error;

                attribute.name = seeds[i].attributes[k].name;
                trial.nasty = &attribute;
                assert_false(accepted(&trial, &error));
                assert_int_equal(error.code, STATUS_FILE);
                assert_non_null(strstr(error.message, attribute.name));
            }
        }
    }
}

static void test_contents(void **state)
{
    (void)state;
    each_row(op)
    {
        for (int i = 0; i < NASTY_COUNT; i++) {
            struct trial trial = trial_of(op, folded);
            struct error error;

            trial.nasty = &nasty_values[i];
            if (trial.nasty->kind != ATTRIBUTE_INTEGERS && trial.nasty->kind != ATTRIBUTE_REALS)
                continue;
            for (int input = folded ? 0 : 1; input < trial.seed.input_count; input++) {
                trial.nasty_input = input;
                accepted(&trial, &error);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seeds),      cmocka_unit_test(test_inputs), cmocka_unit_test(test_outputs),
        cmocka_unit_test(test_attributes), cmocka_unit_test(test_kinds),  cmocka_unit_test(test_contents),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
