/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tensors and shapes, building and checking graphs, planning. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/text.h"
#include "nn/operator/operator.h"
#include "support/graph_maker.h"
#include "nn/operator/plan.h"

static void expect_error(const struct error *error, status code, const char *a, const char *b)
{
    if (error->code != code || strstr(error->message, a) == NULL || strstr(error->message, b) == NULL)
        fail_msg("code %d, message: %s", (int)error->code, error->message);
}

/* --- tensors -------------------------------------------------------------------------------------------- */

static void test_shapes(void **state)
{
    struct shape a = shape_of(DIMS(4, 1, 3)), b = shape_of(DIMS(5, 1)), joined, scalar = {.rank = 0};
    struct text text = {0};
    int axis;

    (void)state;
    assert_int_equal(shape_elements(&a), 12);
    assert_int_equal(shape_elements(&scalar), 1);
    assert_int_equal(shape_elements(&(struct shape){.rank = 2, .dim = {0, 7}}), 0);
    assert_int_equal(shape_elements(&(struct shape){.rank = 2, .dim = {-1, 7}}), -1);
    assert_int_equal(shape_elements(&(struct shape){.rank = 2, .dim = {INT64_C(1) << 32, INT64_C(1) << 32}}),
                     -1);
    assert_int_equal(shape_elements(&(struct shape){.rank = 3, .dim = {0, INT64_C(1) << 40, 1 << 20}}), -1);
    assert_int_equal(shape_elements(&(struct shape){.rank = 9}), -1);
    assert_true(shape_broadcast(&a, &b, &joined));
    assert_true(shape_equal(&joined, &(struct shape){.rank = 3, .dim = {4, 5, 3}}));
    assert_true(shape_broadcast(&scalar, &b, &joined) && shape_equal(&joined, &b));
    assert_false(shape_broadcast(&a, &(struct shape){.rank = 1, .dim = {2}}, &joined));
    assert_true(shape_axis(3, -1, &axis) && axis == 2);
    assert_false(shape_axis(3, 3, &axis) || shape_axis(3, -4, &axis) || shape_axis(0, 0, &axis));
    shape_text(&a, &text);
    assert_string_equal(text_data(&text), "4x1x3");
    text_clear(&text);
    shape_text(&scalar, &text);
    assert_string_equal(text_data(&text), "scalar");
    text_free(&text);
}

static void test_tensors(void **state)
{
    struct tensor *tensor = tensor_new(ELEMENT_DOUBLE, &(struct shape){.rank = 1, .dim = {3}});

    (void)state;
    assert_non_null(tensor);
    assert_ptr_equal(tensor_retain(tensor), tensor);
    tensor_free(tensor);
    ((double *)tensor->data)[0] = 2.75;
    ((double *)tensor->data)[1] = 1e300;
    ((double *)tensor->data)[2] = -1.0 / 0.0;
    assert_true(tensor_get(tensor, 0) == 2.75);
    assert_int_equal(tensor_get_integer(tensor, 0), 2);
    assert_true(tensor_get_integer(tensor, 1) == INT64_MAX && tensor_get_integer(tensor, 2) == INT64_MIN);
    tensor_free(tensor);
    tensor_free(NULL);
    assert_null(tensor_new(ELEMENT_FLOAT, &(struct shape){.rank = 1, .dim = {-3}}));
    assert_null(tensor_new(ELEMENT_FLOAT, &(struct shape){.rank = 1, .dim = {INT64_C(1) << 47}}));
}

/* --- graphs --------------------------------------------------------------------------------------------- */

static void expect_refused(struct graph *graph, const char *a, const char *b)
{
    struct error error = {0};

    assert_int_not_equal(graph_finish(graph, &error), STATUS_OK);
    expect_error(&error, STATUS_FILE, a, b);
    graph_free(graph);
}

static void test_graph_errors(void **state)
{
    struct graph *graph = make_graph(13);

    (void)state;
    make_node(graph, "first", "Relu", NAMES("nowhere"), NAMES("y"), NO_ATTRIBUTES);
    expect_refused(graph, "node first", "nowhere");

    graph = make_graph(13);
    make_input(graph, "x", DIMS(1, 2));
    make_node(graph, "first", "Relu", NAMES("x"), NAMES("y"), NO_ATTRIBUTES);
    make_node(graph, "second", "Relu", NAMES("x"), NAMES("y"), NO_ATTRIBUTES);
    expect_refused(graph, "first and second", "value y");

    graph = make_graph(13);
    make_input(graph, "x", DIMS(1, 2));
    make_node(graph, "self", "Add", NAMES("x", "y"), NAMES("y"), NO_ATTRIBUTES);
    expect_refused(graph, "node self", "input y");

    graph = make_graph(13);
    make_input(graph, "x", DIMS(1, 2));
    make_node(graph, "overwrites", "Relu", NAMES("x"), NAMES("x"), NO_ATTRIBUTES);
    expect_refused(graph, "node overwrites", "value x");

    graph = make_graph(13);
    make_input(graph, "x", DIMS(1, 2));
    make_output(graph, "missing");
    expect_refused(graph, "output", "missing");

    graph = make_graph(13);
    make_input(graph, "x", DIMS(1, 2));
    graph_add_value(graph, "x", ELEMENT_FLOAT, NULL);
    expect_refused(graph, "two values", "x");
}

/* The node that is named stands on the cycle, not behind it. */
static void test_graph_cycle(void **state)
{
    struct graph *graph = make_graph(13);

    (void)state;
    make_input(graph, "x", DIMS(1, 2));
    make_node(graph, "behind", "Relu", NAMES("c"), NAMES("z"), NO_ATTRIBUTES);
    make_node(graph, "one", "Add", NAMES("x", "c"), NAMES("a"), NO_ATTRIBUTES);
    make_node(graph, "two", "Relu", NAMES("a"), NAMES("b"), NO_ATTRIBUTES);
    make_node(graph, "three", "Relu", NAMES("b"), NAMES("c"), NO_ATTRIBUTES);
    make_output(graph, "z");
    struct error error = {0};
    assert_int_equal(graph_finish(graph, &error), STATUS_FILE);
    expect_error(&error, STATUS_FILE, "cycle", "node ");
    assert_null(strstr(error.message, "behind"));
    /* A refused graph is as it was. */
    assert_string_equal(graph->nodes[0].name, "behind");
    graph_free(graph);
}

static void test_graph_order_and_names(void **state)
{
    struct graph *graph = make_graph(13);
    struct error error = {0};
    struct graph_uses uses;
    struct arena *arena = arena_new();

    (void)state;
    make_input(graph, "x", DIMS(1, 2));
    make_node(graph, "", "Add", NAMES("b", "b"), NAMES("c"), NO_ATTRIBUTES);
    make_node(graph, "twice", "Relu", NAMES("a"), NAMES("b"), NO_ATTRIBUTES);
    make_node(graph, "twice", "Relu", NAMES("x"), NAMES("a"), NO_ATTRIBUTES);
    make_node(graph, "Add_0", "Add", NAMES("c", "a"), NAMES("d"), NO_ATTRIBUTES);
    make_output(graph, "d");
    assert_int_equal(graph_finish(graph, &error), STATUS_OK);
    for (int n = 0; n < graph->node_count; n++) {
        for (int i = 0; i < graph->nodes[n].input_count; i++)
            assert_true(graph->values[graph->nodes[n].inputs[i]].producer < n);
        assert_int_equal(graph->values[graph->nodes[n].outputs[0]].producer, n);
        for (int m = 0; m < n; m++)
            assert_string_not_equal(graph->nodes[n].name, graph->nodes[m].name);
        assert_string_not_equal(graph->nodes[n].name, "");
    }
    assert_non_null(find_node(graph, "twice"));
    assert_non_null(find_node(graph, "Add_0"));
    assert_int_equal(graph_uses(graph, arena, &uses, &error), STATUS_OK);
    int a = graph_find_value(graph, "a"), b = graph_find_value(graph, "b"), d = graph_find_value(graph, "d");
    assert_int_equal(uses.start[a + 1] - uses.start[a], 2);
    assert_true(uses.list[uses.start[a]] < uses.list[uses.start[a] + 1]);
    assert_int_equal(uses.start[b + 1] - uses.start[b], 2);
    assert_int_equal(uses.list[uses.start[b]], uses.list[uses.start[b] + 1]);
    assert_int_equal(uses.start[d + 1] - uses.start[d], 0);
    arena_free(arena);
    graph_free(graph);
}

/* A chain written last node first: nothing may be quadratic or recursive. */
static void test_graph_long(void **state)
{
#ifdef __SANITIZE_ADDRESS__
    const int count = 50000;
#else
    const int count = 1000000;
#endif
    struct graph *graph = make_graph(13);
    const struct op *relu = operator_find("Relu");
    struct error error = {0};
    char name[32];

    (void)state;
    make_input(graph, "v0", DIMS(1, 2));
    for (int i = 1; i <= count; i++) {
        snprintf(name, sizeof(name), "v%d", i);
        assert_int_equal(graph_add_value(graph, name, ELEMENT_FLOAT, NULL), i);
    }
    for (int i = count; i >= 1; i--)
        assert_true(graph_add_node(graph, "", relu, &(int){i - 1}, 1, &i, 1, NULL, 0) >= 0);
    assert_true(graph_add_output(graph, count) >= 0);
    assert_int_equal(graph_finish(graph, &error), STATUS_OK);
    assert_int_equal(graph->values[count].producer, count - 1);
    /* And the other way round it must not be mistaken for a cycle, nor a cycle through all missed. */
    graph->nodes[0].inputs[0] = count;
    assert_int_equal(graph_finish(graph, &error), STATUS_FILE);
    expect_error(&error, STATUS_FILE, "cycle", "");
    graph_free(graph);
}

/* --- plans ---------------------------------------------------------------------------------------------- */

/* Reshape(x, Concat(Shape(x)[0], [-1])), as an exporter writes x.view(x.size(0), -1). */
static struct graph *flatten_chain(void)
{
    struct graph *graph = make_graph(13);
    struct error error = {0};

    make_input(graph, "x", DIMS(DIMENSION_UNKNOWN, 4, 2, 3));
    make_integer(graph, "zero", 0);
    make_integers(graph, "axis", DIMS(0));
    make_integers(graph, "rest", DIMS(-1));
    make_node(graph, "relu", "Relu", NAMES("x"), NAMES("r"), NO_ATTRIBUTES);
    make_node(graph, "shape", "Shape", NAMES("r"), NAMES("s"), NO_ATTRIBUTES);
    make_node(graph, "gather", "Gather", NAMES("s", "zero"), NAMES("n"), NO_ATTRIBUTES);
    make_node(graph, "unsqueeze", "Unsqueeze", NAMES("n", "axis"), NAMES("n1"), NO_ATTRIBUTES);
    make_node(graph, "concat", "Concat", NAMES("n1", "rest"), NAMES("target"),
              ATTRIBUTES(integer_attribute("axis", 0)));
    make_node(graph, "reshape", "Reshape", NAMES("r", "target"), NAMES("y"), NO_ATTRIBUTES);
    make_output(graph, "y");
    assert_int_equal(graph_finish(graph, &error), STATUS_OK);
    return graph;
}

static void test_plan_chain(void **state)
{
    struct graph *graph = flatten_chain();
    struct error error = {0};

    (void)state;
    for (int64_t batch = 1; batch < 40; batch = batch * 3 + 1) {
        struct plan_options options = {.batch = batch, .real = ELEMENT_FLOAT, .backward = true};
        struct plan *plan;

        assert_int_equal(plan_new(graph, &options, &plan, &error), STATUS_OK);
        assert_int_equal(plan->batch, batch);
        assert_int_equal(plan->step_count, 2);
        assert_string_equal(plan->steps[1].op->name, "Reshape");
        assert_ptr_equal(plan->steps[1].kernels, &plan->steps[1].op->kernels[ELEMENT_FLOAT]);
        struct operand *y = &plan->values[graph_find_value(graph, "y")];
        assert_true(shape_equal(&y->shape, &(struct shape){.rank = 2, .dim = {batch, 24}}));
        struct tensor *target = plan->constants[graph_find_value(graph, "target")];
        assert_int_equal(tensor_get_integer(target, 0), batch);
        assert_int_equal(tensor_get_integer(target, 1), -1);
        plan_free(plan);
    }
    graph_free(graph);
}

/* Plan x (1x4) through one node with a constant w, expecting failure. */
static void expect_unplannable(struct graph *graph, status code, const char *a, const char *b)
{
    struct plan_options options = {.batch = 1, .real = ELEMENT_FLOAT};
    struct error error = {0};
    struct plan *plan;

    assert_int_equal(graph_finish(graph, &error), STATUS_OK);
    assert_int_not_equal(plan_new(graph, &options, &plan, &error), STATUS_OK);
    expect_error(&error, code, a, b);
    graph_free(graph);
}

static void test_plan_errors(void **state)
{
    struct graph *graph = make_graph(13);

    (void)state;
    make_input(graph, "picture", DIMS(1, 3, DIMENSION_UNKNOWN));
    expect_unplannable(graph, STATUS_UNSUPPORTED, "picture", "dimension 2");

    graph = make_graph(13);
    make_integers(graph, "w", DIMS(3, 3));
    make_input(graph, "x", DIMS(1, 4));
    make_node(graph, "bad", "Reshape", NAMES("x", "w"), NAMES("y"), NO_ATTRIBUTES);
    expect_unplannable(graph, STATUS_SHAPE, "node bad (Reshape of 1x4, 2): ", "3x3");

    graph = make_graph(13);
    make_integers(graph, "w", DIMS(INT64_C(1) << 30, INT64_C(1) << 17));
    make_node(graph, "huge", "ConstantOfShape", NAMES("w"), NAMES("y"), NO_ATTRIBUTES);
    expect_unplannable(graph, STATUS_SHAPE, "node huge", "too large");

    graph = make_graph(13);
    make_integers(graph, "w", DIMS(1 << 16, 1 << 16));
    make_node(graph, "large", "ConstantOfShape", NAMES("w"), NAMES("y"), NO_ATTRIBUTES);
    expect_unplannable(graph, STATUS_UNSUPPORTED, "node large", "MiB");

    graph = make_graph(13);
    make_integers(graph, "w", DIMS(-5));
    make_node(graph, "negative", "ConstantOfShape", NAMES("w"), NAMES("y"), NO_ATTRIBUTES);
    expect_unplannable(graph, STATUS_SHAPE, "node negative", "y");

    graph = make_graph(13);
    make_input(graph, "x", DIMS(1, 4));
    make_input(graph, "changing", DIMS(2));
    make_node(graph, "dynamic", "Reshape", NAMES("x", "changing"), NAMES("y"), NO_ATTRIBUTES);
    expect_unplannable(graph, STATUS_UNSUPPORTED, "node dynamic", "input changing must be constant");

    graph = make_graph(13);
    make_input(graph, "x", DIMS(1, 4));
    make_node(graph, "few", "Reshape", NAMES("x"), NAMES("y"), NO_ATTRIBUTES);
    expect_unplannable(graph, STATUS_FILE, "node few", "1 inputs");

    graph = make_graph(13);
    make_input(graph, "x", DIMS(1, 4));
    make_node(graph, "left out", "Gather", NAMES("", "x"), NAMES("y"), NO_ATTRIBUTES);
    expect_unplannable(graph, STATUS_FILE, "node left out", "input 0 is missing");
}

/* With precision=double every real value is double, and constants are converted exactly. */
static void test_plan_types(void **state)
{
    static const enum element_type types[] = {ELEMENT_FLOAT, ELEMENT_DOUBLE};
    struct graph *graph = make_graph(13);
    struct error error = {0};

    (void)state;
    make_input(graph, "x", DIMS(1, 3));
    make_reals(graph, "w", DIMS(1, 3), 0.1f);
    make_node(graph, "identity", "Identity", NAMES("w"), NAMES("w2"), NO_ATTRIBUTES);
    make_node(graph, "concat", "Concat", NAMES("x", "w2"), NAMES("y"),
              ATTRIBUTES(integer_attribute("axis", 1)));
    make_output(graph, "y");
    assert_int_equal(graph_finish(graph, &error), STATUS_OK);
    for (int i = 0; i < 2; i++) {
        struct plan_options options = {.batch = 1, .real = types[i], .backward = true};
        struct plan *plan;

        assert_int_equal(plan_new(graph, &options, &plan, &error), STATUS_OK);
        assert_int_equal(plan->step_count, 1);
        for (int v = 0; v < graph->value_count; v++)
            assert_int_equal(plan->values[v].type, types[i]);
        struct tensor *w = plan->constants[graph_find_value(graph, "w")];
        struct tensor *w2 = plan->constants[graph_find_value(graph, "w2")];
        assert_int_equal(w->type, types[i]);
        assert_true(tensor_get(w, 0) == (double)0.1f && tensor_get(w, 2) == (double)(0.1f + 2.0f));
        assert_ptr_equal(w, w2); /* Identity shares */
        if (types[i] == ELEMENT_FLOAT)
            assert_ptr_equal(w, graph->values[graph_find_value(graph, "w")].constant);
        plan_free(plan);
    }
    graph_free(graph);
}

/* Plan again and again with the Nth allocation failing: an error each time, until it succeeds. */
static void test_plan_memory(void **state)
{
    struct graph *graph = flatten_chain();
    struct plan_options options = {.batch = 2, .real = ELEMENT_DOUBLE, .backward = true};
    status code = STATUS_MEMORY;

    (void)state;
    for (long nth = 1; code != STATUS_OK; nth++) {
        struct error error = {0};
        struct plan *plan = NULL;

        mem_fail_at(nth);
        code = plan_new(graph, &options, &plan, &error);
        mem_fail_at(0);
        assert_true(code == STATUS_OK || (code == STATUS_MEMORY && plan == NULL));
        assert_true(nth < 1000);
        plan_free(plan);
    }
    graph_free(graph);
}

static bool build_and_finish(struct error *error)
{
    struct graph *graph = graph_new();
    int64_t list[] = {1, 2};
    struct attribute attributes[] = {integers_attribute("perm", 2, list),
                                     string_attribute("mode", "constant")};
    int x, y;
    bool done;

    if (graph == NULL)
        return false;
    x = graph_add_value(graph, "x", ELEMENT_FLOAT, NULL);
    y = graph_add_value(graph, "y", ELEMENT_FLOAT, NULL);
    done = x >= 0 && y >= 0 && graph_add_input(graph, x) >= 0 && graph_add_output(graph, y) >= 0 &&
           graph_add_node(graph, NULL, operator_find("Relu"), &x, 1, &y, 1, attributes, 2) >= 0 &&
           graph_finish(graph, error) == STATUS_OK;
    graph_free(graph);
    return done;
}

static void test_graph_memory(void **state)
{
    struct error error = {0};
    bool done = false;

    (void)state;
    operator_find("Relu");
    for (long nth = 1; !done; nth++) {
        mem_fail_at(nth);
        done = build_and_finish(&error);
        mem_fail_at(0);
        assert_true(nth < 1000);
    }
}

static void test_operators(void **state)
{
    (void)state;
    assert_null(operator_find("TfIdfVectorizer"));
    assert_null(operator_find(""));
    assert_null(operator_at(-1));
    for (int i = 0; operator_at(i) != NULL; i++) {
        const struct op *op = operator_at(i);

        assert_ptr_equal(operator_find(op->name), op);
        if (i > 0)
            assert_true(strcmp(operator_at(i - 1)->name, op->name) < 0);
        assert_true(op->prepare != NULL && op->inputs_min <= op->inputs_max && op->outputs_max >= 1);
        assert_int_equal(op->kernels[ELEMENT_FLOAT].forward == NULL,
                         op->kernels[ELEMENT_DOUBLE].forward == NULL);
        assert_int_equal(op->kernels[ELEMENT_FLOAT].backward == NULL,
                         op->kernels[ELEMENT_DOUBLE].backward == NULL);
        assert_null(op->kernels[ELEMENT_INT64].backward);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),      cmocka_unit_test(test_tensors),
        cmocka_unit_test(test_operators),   cmocka_unit_test(test_graph_errors),
        cmocka_unit_test(test_graph_cycle), cmocka_unit_test(test_graph_order_and_names),
        cmocka_unit_test(test_graph_long),  cmocka_unit_test(test_graph_memory),
        cmocka_unit_test(test_plan_chain),  cmocka_unit_test(test_plan_errors),
        cmocka_unit_test(test_plan_types),  cmocka_unit_test(test_plan_memory),
    };

    return cmocka_run_group_tests_name("graph", tests, NULL, NULL);
}
