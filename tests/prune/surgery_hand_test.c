/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Surgery by hand: what becomes of a node's parameters, in every form that an opset gives them; what is
 * refused; memory that runs out. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "support/graph_maker.h"
#include "nn/engine/engine.h"
#include "nn/operator/operator.h"
#include "prune/selection.h"
#include "prune/surgery.h"
#include "support/random_network.h"
#include "support/subject.h"

static void check(status code, const struct error *error)
{
    if (code != STATUS_OK)
        fail_msg("%s", error->message);
}

/* The smaller network; its two outputs are those of the mask, small integers without rounding. */
static struct graph *cut(struct subject *s)
{
    struct error error = {0};
    struct graph *small, *masked;
    float a[4], b[4];
    check(surgery_apply(s->coupling, s->removed, &small, &error), &error);
    check(mask_apply(s->coupling, s->removed, &masked, &error), &error);
    outputs_of(small, a, 4);
    outputs_of(masked, b, 4);
    for (int i = 0; i < 4; i++)
        if (!(fabsf(a[i] - b[i]) <= 1e-5f * (1 + fabsf(b[i]))))
            fail_msg("output %d is %g, masked %g", i, (double)a[i], (double)b[i]);
    graph_free(masked);
    return small;
}

static const struct tensor *constant_at(const struct graph *graph, const char *node, int input)
{
    const struct node *item = find_node(graph, node);
    assert_non_null(item);
    assert_true(input < item->input_count && item->inputs[input] != VALUE_NONE);
    assert_non_null(graph->values[item->inputs[input]].constant);
    return graph->values[item->inputs[input]].constant;
}

static void expect_integers(const struct graph *graph, const char *node, int input, int count,
                            const int64_t *expected)
{
    const struct tensor *tensor = constant_at(graph, node, input);
    assert_int_equal(shape_elements(&tensor->shape), count);
    for (int i = 0; i < count; i++)
        assert_int_equal(((int64_t *)tensor->data)[i], expected[i]);
}

static void expect_attribute(const struct graph *graph, const char *node, const char *name, int count,
                             const int64_t *expected)
{
    const struct attribute *attribute = node_attribute(find_node(graph, node), name);
    assert_non_null(attribute);
    assert_int_equal(attribute->count, count);
    for (int i = 0; i < count; i++)
        assert_int_equal(attribute->integers[i], expected[i]);
}

static void expect_shape(const struct tensor *tensor, int rank, const int64_t *dims)
{
    struct shape shape = shape_of(rank, dims);
    assert_true(shape_equal(&tensor->shape, &shape));
}

/* --- writing networks ----------------------------------------------------------------------------------- */

static struct graph *begin(int opset)
{
    struct graph *graph = make_graph(opset);
    make_input(graph, "x", DIMS(DIMENSION_UNKNOWN, 1, 4, 4));
    return graph;
}

static void conv(struct graph *graph, const char *in, const char *name, int64_t from, int64_t to)
{
    char node[64], weight[64];
    snprintf(node, sizeof node, "/%s", name);
    snprintf(weight, sizeof weight, "%s.weight", name);
    int value = make_reals(graph, weight, DIMS(to, from, 1, 1), 0);
    float *numbers = graph->values[value].constant->data;
    for (int64_t i = 0; i < from * to; i++)
        numbers[i] = (float)(i % 5) - 1;
    make_node(graph, node, "Conv", NAMES(in, weight), NAMES(name), NO_ATTRIBUTES);
}

static void node2(struct graph *graph, const char *op, const char *a, const char *b, const char *out)
{
    char name[64];
    snprintf(name, sizeof name, "/%s", out);
    make_node(graph, name, op, NAMES(a, b), NAMES(out), NO_ATTRIBUTES);
}

static struct subject finish(struct graph *graph, const char *in, int64_t channels)
{
    struct error error = {0};
    make_node(graph, "/mean", "GlobalAveragePool", NAMES(in), NAMES("mean"), NO_ATTRIBUTES);
    make_node(graph, "/flat", "Flatten", NAMES("mean"), NAMES("flat"), NO_ATTRIBUTES);
    make_reals(graph, "fc.weight", DIMS(channels, 2), -3);
    node2(graph, "MatMul", "flat", "fc.weight", "fc");
    make_output(graph, "fc");
    check(graph_finish(graph, &error), &error);
    return subject_of(graph);
}

/* A MatMul's operands stand as they are, whatever attribute its node has beside. */
static void products_are_not_turned(void **state)
{
    (void)state;
    struct graph *g = begin(13);
    struct error error = {0};
    conv(g, "x", "a", 1, 3);
    make_node(g, "/mean", "GlobalAveragePool", NAMES("a"), NAMES("mean"), NO_ATTRIBUTES);
    make_node(g, "/flat", "Flatten", NAMES("mean"), NAMES("flat"), NO_ATTRIBUTES);
    make_reals(g, "fc.weight", DIMS(3, 2), -3);
    make_node(g, "/fc", "MatMul", NAMES("flat", "fc.weight"), NAMES("fc"),
              ATTRIBUTES(integer_attribute("transB", 1), integer_attribute("transA", 1)));
    make_output(g, "fc");
    check(graph_finish(g, &error), &error);
    struct subject s = subject_of(g);
    subject_remove(&s, "a", 0);
    struct graph *small = cut(&s);
    expect_shape(constant_at(small, "/fc", 1), DIMS(2, 2));
    graph_free(small);
    subject_free(&s);
}

/* --- parameters of nodes -------------------------------------------------------------------------------- */

/* Option A: a has 2 channels, padded by one in front and one behind, b has 4 and is added. */
static struct subject option_a(int opset)
{
    struct graph *g = begin(opset);
    static const int64_t pads[] = {0, 1, 0, 0, 0, 1, 0, 0};
    conv(g, "x", "a", 1, 2);
    conv(g, "a", "b", 2, 4);
    if (opset < 11) {
        make_node(g, "/p", "Pad", NAMES("a"), NAMES("p"), ATTRIBUTES(integers_attribute("pads", 8, pads)));
    } else if (opset < 18) {
        make_integers(g, "pads", 8, pads);
        node2(g, "Pad", "a", "pads", "p");
    } else {
        make_integers(g, "pads", DIMS(1, 1));
        make_integers(g, "axes", DIMS(-3));
        make_node(g, "/p", "Pad", NAMES("a", "pads", "", "axes"), NAMES("p"), NO_ATTRIBUTES);
    }
    node2(g, "Add", "b", "p", "s");
    return finish(g, "s", 4);
}

static void pads_follow(void **state)
{
    (void)state;
    struct subject s = option_a(13);
    struct graph *small;
    /* Class a0 b1, in the middle: the pads stay. */
    subject_remove(&s, "a", 0);
    small = cut(&s);
    expect_integers(small, "/p", 1, DIMS(0, 1, 0, 0, 0, 1, 0, 0));
    expect_shape(constant_at(small, "/a", 1), DIMS(1, 1, 1, 1));
    expect_shape(constant_at(small, "/b", 1), DIMS(3, 1, 1, 1));
    expect_shape(constant_at(small, "/fc", 1), DIMS(3, 2));
    const float *b = constant_at(small, "/b", 1)->data; /* filters 0, 2, 3, second column */
    assert_true(b[0] == 0 && b[1] == -1 && b[2] == 1);
    assert_string_equal(small->values[find_node(small, "/b")->inputs[1]].name, "b.weight");
    graph_free(small);
    /* Channel b0 as well, which the padding in front goes with. */
    subject_remove(&s, "b", 0);
    small = cut(&s);
    expect_integers(small, "/p", 1, DIMS(0, 0, 0, 0, 0, 1, 0, 0));
    graph_free(small);
    subject_remove(&s, "b", 3);
    small = cut(&s);
    expect_integers(small, "/p", 1, DIMS(0, 0, 0, 0, 0, 0, 0, 0));
    graph_free(small);
    subject_free(&s);
    s = option_a(10);
    subject_remove(&s, "b", 0);
    small = cut(&s);
    expect_attribute(small, "/p", "pads", DIMS(0, 0, 0, 0, 0, 1, 0, 0));
    graph_free(small);
    subject_free(&s);
    s = option_a(18);
    subject_remove(&s, "b", 3);
    small = cut(&s);
    expect_integers(small, "/p", 1, DIMS(1, 0));
    graph_free(small);
    subject_free(&s);
}

/* Two slices of five channels that overlap in one; bounds count from the end. */
static struct subject two_slices(int opset, int file_type)
{
    struct graph *g = begin(opset);
    conv(g, "x", "a", 1, 5);
    if (opset < 10) {
        make_node(g, "/first", "Slice", NAMES("a"), NAMES("first"),
                  ATTRIBUTES(integers_attribute("starts", DIMS(0, 0)),
                             integers_attribute("ends", DIMS(9, -2)),
                             integers_attribute("axes", DIMS(2, 1))));
        make_node(g, "/last", "Slice", NAMES("a"), NAMES("last"),
                  ATTRIBUTES(integers_attribute("starts", DIMS(0, -3)),
                             integers_attribute("ends", DIMS(1, INT64_MAX))));
    } else {
        static const char *const names[] = {"zero", "end", "far", "back", "axis"};
        static const int64_t values[] = {0, -2, INT32_MAX, -3, 1};
        for (int i = 0; i < 5; i++) {
            int value = make_integers(g, names[i], 1, &values[i]);
            g->values[value].constant->file_type = file_type;
        }
        make_node(g, "/first", "Slice", NAMES("a", "zero", "end", "axis"), NAMES("first"), NO_ATTRIBUTES);
        make_node(g, "/last", "Slice", NAMES("a", "back", "far", "axis"), NAMES("last"), NO_ATTRIBUTES);
    }
    node2(g, "Mul", "first", "last", "m");
    return finish(g, "m", 3);
}

static void bounds_follow(void **state)
{
    (void)state;
    struct graph *small;
    struct subject s = two_slices(13, 6);
    /* first is 0 1 2, last is 2 3 4: classes a0 a2 a4 and a1 a3. */
    assert_int_equal(s.coupling->class_count, 2 + 2);
    subject_remove(&s, "a", 1);
    small = cut(&s);
    expect_integers(small, "/first", 1, DIMS(0));
    expect_integers(small, "/first", 2, DIMS(2));
    expect_integers(small, "/last", 1, DIMS(1));
    expect_integers(small, "/last", 2, DIMS(3));
    assert_int_equal(constant_at(small, "/last", 1)->file_type, 6); /* as the axes, which did not change */
    graph_free(small);
    subject_free(&s);
    s = two_slices(9, 0);
    subject_remove(&s, "a", 1);
    small = cut(&s);
    expect_attribute(small, "/first", "starts", DIMS(0, 0));
    expect_attribute(small, "/first", "ends", DIMS(9, 2));
    expect_attribute(small, "/last", "starts", DIMS(0, 1));
    expect_attribute(small, "/last", "ends", DIMS(1, 3));
    graph_free(small);
    subject_free(&s);
}

/* Every other channel, by a step: a list says which are left. */
static void steps_become_lists(void **state)
{
    (void)state;
    struct graph *g = begin(13);
    conv(g, "x", "a", 1, 6);
    make_integers(g, "start", DIMS(-1));
    make_integers(g, "end", DIMS(INT64_MIN));
    make_integers(g, "axis", DIMS(1));
    make_integers(g, "step", DIMS(-2));
    make_node(g, "/odd", "Slice", NAMES("a", "start", "end", "axis", "step"), NAMES("odd"), NO_ATTRIBUTES);
    struct subject s = finish(g, "odd", 3); /* 5 3 1 */
    subject_remove(&s, "a", 3);
    subject_remove(&s, "a", 0);
    struct graph *small = cut(&s);
    assert_string_equal(find_node(small, "/odd")->op->name, "Gather");
    expect_integers(small, "/odd", 1, DIMS(3, 0)); /* of 1 2 4 5 */
    assert_int_equal(node_integer(find_node(small, "/odd"), "axis", 0), 1);
    graph_free(small);
    subject_free(&s);
}

static struct subject parts(int opset, int how)
{
    struct graph *g = begin(opset);
    struct attribute axis = integer_attribute("axis", 1);
    conv(g, "x", "a", 1, 7);
    if (how == 0) { /* 2 and 5 */
        static const int64_t sizes[] = {2, 5};
        struct attribute both[] = {axis, integers_attribute("split", 2, sizes)};
        make_integers(g, "sizes", 2, sizes);
        if (opset < 13)
            make_node(g, "/split", "Split", NAMES("a"), NAMES("p", "q"), both, 2);
        else
            make_node(g, "/split", "Split", NAMES("a", "sizes"), NAMES("p", "q"), &axis, 1);
    } else { /* 4 and 3, with one that nobody reads left out */
        struct attribute both[] = {axis, integer_attribute("num_outputs", 2)};
        make_node(g, "/split", "Split", NAMES("a"), NAMES(how == 1 ? "p" : "", "q"), both, 2);
    }
    if (how == 2)
        return finish(g, "q", 3);
    conv(g, "p", "b", how == 0 ? 2 : 4, 3);
    conv(g, "q", "c", how == 0 ? 5 : 3, 3);
    node2(g, "Add", "b", "c", "s");
    return finish(g, "s", 3);
}

static void parts_follow(void **state)
{
    (void)state;
    static const struct {
        int opset, how;
        bool attribute;
        int64_t sizes[2];
    } cases[] = {
        {11, 0, true, {1, 3}}, {13, 0, false, {1, 3}}, {18, 1, false, {2, 2}}, {18, 2, false, {2, 2}}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct subject s = parts(cases[i].opset, cases[i].how);
        subject_remove(&s, "a", 1);
        subject_remove(&s, "a", 3);
        subject_remove(&s, "a", 5);
        struct graph *small = cut(&s);
        if (cases[i].attribute)
            expect_attribute(small, "/split", "split", 2, cases[i].sizes);
        else
            expect_integers(small, "/split", 1, 2, cases[i].sizes);
        assert_null(node_attribute(find_node(small, "/split"), "num_outputs"));
        graph_free(small);
        subject_free(&s);
    }
}

/* Channels 3, 0, 0 of four, and channel 2 by itself. */
static void lists_follow(void **state)
{
    (void)state;
    struct graph *g = begin(13);
    conv(g, "x", "a", 1, 5);
    make_integers(g, "list", DIMS(-2, 0, 0, 1));
    make_node(g, "/some", "Gather", NAMES("a", "list"), NAMES("some"),
              ATTRIBUTES(integer_attribute("axis", 1)));
    make_integer(g, "two", 2);
    make_node(g, "/one", "Gather", NAMES("a", "two"), NAMES("one"), ATTRIBUTES(integer_attribute("axis", 1)));
    make_integers(g, "axes", DIMS(1));
    node2(g, "Unsqueeze", "one", "axes", "image");
    node2(g, "Mul", "some", "image", "m");
    struct subject s = finish(g, "m", 4);
    assert_true(s.coupling->classes[s.coupling->layer_classes[0][2]].lock >= 0); /* applied to all */
    subject_remove(&s, "a", 1);
    subject_remove(&s, "a", 4);
    struct graph *small = cut(&s);
    expect_integers(small, "/some", 1, DIMS(2, 0, 0));
    expect_integers(small, "/one", 1, DIMS(1));
    assert_int_equal(constant_at(small, "/one", 1)->shape.rank, 0);
    graph_free(small);
    subject_free(&s);
}

/* A target may copy lengths, infer one or name them; a shuffle becomes a list. */
static void targets_follow(void **state)
{
    (void)state;
    struct graph *g = begin(13);
    conv(g, "x", "a", 1, 6);
    make_integers(g, "row", DIMS(0, 6, -1));
    node2(g, "Reshape", "a", "row", "rows");
    make_integers(g, "image", DIMS(0, 0, 4, 4));
    node2(g, "Reshape", "rows", "image", "images");
    make_integers(g, "table", DIMS(-1, 2, 3, 4, 4));
    node2(g, "Reshape", "images", "table", "tables");
    make_node(g, "/turned", "Transpose", NAMES("tables"), NAMES("turned"),
              ATTRIBUTES(integers_attribute("perm", DIMS(0, 2, 1, 3, 4))));
    make_integers(g, "back", DIMS(0, 6, 4, 4));
    node2(g, "Reshape", "turned", "back", "shuffled");
    struct subject s = finish(g, "shuffled", 6); /* 0 3 1 4 2 5 */
    subject_remove(&s, "a", 1);
    subject_remove(&s, "a", 5);
    struct graph *small = cut(&s);
    expect_integers(small, "/rows", 1, DIMS(0, 4, -1));
    expect_integers(small, "/images", 1, DIMS(0, 0, 4, 4));
    assert_string_equal(find_node(small, "/shuffled")->op->name, "Gather");
    expect_integers(small, "/shuffled", 1, DIMS(0, 2, 3, 1)); /* of 0 2 3 4 */
    assert_null(find_node(small, "/turned"));
    assert_int_equal(count_nodes(small, "Reshape"), 2);
    graph_free(small);
    subject_free(&s);
}

/* Two layers share a list of bounds: each gets its own, under a name that nobody has. */
static void shared_parameters_part(void **state)
{
    (void)state;
    struct graph *g = begin(13);
    conv(g, "x", "a", 1, 4);
    conv(g, "x", "b", 1, 4);
    make_integers(g, "zero", DIMS(0));
    make_integers(g, "two", DIMS(2));
    make_integers(g, "one", DIMS(1));
    make_reals(g, "factor", DIMS(4, 1, 1), 1);
    node2(g, "Mul", "a", "factor", "fa");
    node2(g, "Mul", "b", "factor", "fb");
    make_node(g, "/sa", "Slice", NAMES("fa", "zero", "two", "one"), NAMES("sa"), NO_ATTRIBUTES);
    make_node(g, "/sb", "Slice", NAMES("fb", "zero", "two", "one"), NAMES("/sa.input2"), NO_ATTRIBUTES);
    make_node(g, "/cat", "Concat", NAMES("sa", "/sa.input2"), NAMES("cat"),
              ATTRIBUTES(integer_attribute("axis", 1)));
    struct subject s = finish(g, "cat", 4);
    subject_remove(&s, "a", 3);
    subject_remove(&s, "b", 1);
    struct graph *small = cut(&s);
    expect_integers(small, "/sa", 2, DIMS(2));
    expect_integers(small, "/sb", 2, DIMS(1));
    const float *factor = constant_at(small, "/fb", 1)->data;
    assert_true(factor[0] == 1 && factor[1] == 3 && factor[2] == 4);
    graph_free(small);
    /* The same cut in both keeps one constant for both. */
    s.removed[s.coupling->layer_classes[1][1]] = false;
    subject_remove(&s, "b", 3);
    small = cut(&s);
    assert_int_equal(find_node(small, "/fa")->inputs[1], find_node(small, "/fb")->inputs[1]);
    assert_string_equal(small->values[find_node(small, "/fa")->inputs[1]].name, "factor");
    graph_free(small);
    subject_free(&s);
}

/* --- refusals ------------------------------------------------------------------------------------------- */

static void expect_refused(struct subject *s, const char *words)
{
    struct graph *graph = (struct graph *)s;
    struct masked_operands masked;
    struct error error[3] = {{0}, {0}, {0}};
    assert_int_equal(surgery_apply(s->coupling, s->removed, &graph, &error[0]), STATUS_STATE);
    assert_int_equal(mask_apply(s->coupling, s->removed, &graph, &error[1]), STATUS_STATE);
    assert_int_equal(mask_operands(s->coupling, s->removed, &masked, &error[2]), STATUS_STATE);
    assert_ptr_equal(graph, s);
    for (int i = 0; i < 3; i++)
        assert_string_equal(error[i].message, words);
}

static void what_cannot_go(void **state)
{
    (void)state;
    struct subject s = two_slices(13, 7);
    subject_remove(&s, "fc", 1);
    expect_refused(&s, "a channel of layer fc is locked: it is the network's output");
    s.removed[s.coupling->layer_classes[1][1]] = false;
    for (int64_t i = 0; i < 5; i++)
        subject_remove(&s, "a", i);
    expect_refused(&s, "layer a would lose all its channels");
    subject_free(&s);
    s = parts(13, 0);
    subject_remove(&s, "a", 0);
    subject_remove(&s, "a", 1);
    expect_refused(&s, "nothing would be left of p");
    subject_free(&s);
}

/* A class of channels that is a divisor is still made, and no longer read; the rest of the mask is zero. */
static void divisors_are_not_zeroed(void **state)
{
    (void)state;
    struct graph *g = begin(13);
    struct graph *masked;
    struct error error = {0};
    conv(g, "x", "stem", 1, 3);
    conv(g, "stem", "num", 3, 4);
    make_reals(g, "den.weight", DIMS(4, 3, 1, 1), 1);
    make_reals(g, "den.bias", DIMS(4), 0.5F); /* inputs are whole numbers: no quotient is by zero */
    make_node(g, "/den", "Conv", NAMES("stem", "den.weight", "den.bias"), NAMES("den"), NO_ATTRIBUTES);
    make_node(g, "/abs", "Abs", NAMES("den"), NAMES("abs"), NO_ATTRIBUTES);
    make_reals(g, "inner.weight", DIMS(4, 1, 1, 1), 2); /* depthwise, between them */
    make_node(g, "/inner", "Conv", NAMES("abs", "inner.weight"), NAMES("inner"),
              ATTRIBUTES(integer_attribute("group", 4)));
    node2(g, "Div", "num", "inner", "quotient");
    conv(g, "quotient", "last", 4, 3);
    struct subject s = finish(g, "last", 3);
    const float *den = constant_at(g, "/den", 1)->data;
    subject_remove(&s, "num", 1);
    subject_remove(&s, "stem", 0);
    subject_remove(&s, "last", 2);
    check(mask_apply(s.coupling, s.removed, &masked, &error), &error);
    for (int k = 0; k < 3; k++) /* filter 1 reads what is left of stem */
        assert_true(((const float *)constant_at(masked, "/den", 1)->data)[3 + k] == (k ? den[3 + k] : 0));
    assert_true(((const float *)constant_at(masked, "/inner", 1)->data)[1] == 3);
    for (int o = 0; o < 3; o++)
        assert_true(((const float *)constant_at(masked, "/last", 1)->data)[4 * o + 1] == 0);
    assert_true(((const float *)constant_at(masked, "/stem", 1)->data)[0] == 0);
    graph_free(masked);
    graph_free(cut(&s)); /* and the logits are those of the smaller network */
    subject_free(&s);
}

/* A BatchNorm without epsilon whose removed channel never varied. */
static void dead_variances_divide_nothing(void **state)
{
    (void)state;
    struct graph *g = begin(13);
    conv(g, "x", "a", 1, 3);
    make_reals(g, "n.scale", DIMS(3), 1);
    make_reals(g, "n.shift", DIMS(3), 1);
    make_reals(g, "n.mean", DIMS(3), 0);
    make_reals(g, "n.var", DIMS(3), 0); /* 0, 1, 2 */
    make_node(g, "/n", "BatchNormalization", NAMES("a", "n.scale", "n.shift", "n.mean", "n.var"), NAMES("n"),
              ATTRIBUTES(real_attribute("epsilon", 0)));
    struct subject s = finish(g, "n", 3);
    subject_remove(&s, "a", 0);
    graph_free(cut(&s));
    subject_free(&s);
}

/* --- memory --------------------------------------------------------------------------------------------- */

enum operation { SURGERY, MASK, OPERANDS, OPERATIONS };

static status run_operation(enum operation operation, const struct subject *s, struct error *error)
{
    struct graph *graph = NULL;
    struct masked_operands masked = {0};
    status code = operation == SURGERY ? surgery_apply(s->coupling, s->removed, &graph, error)
                  : operation == MASK  ? mask_apply(s->coupling, s->removed, &graph, error)
                                       : mask_operands(s->coupling, s->removed, &masked, error);
    if (code == STATUS_OK && operation == OPERANDS)
        masked_operands_free(&masked);
    graph_free(graph);
    return code;
}

static void memory_runs_out(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct subject s = subject_of(random_network(seed, 6));
        for (int i = 0; i < s.coupling->class_count; i++)
            s.removed[i] = s.coupling->classes[i].lock < 0 && i % 3 == 0;
        selection_keep_alive(s.coupling, NULL, s.removed);
        for (enum operation operation = SURGERY; operation < OPERATIONS; operation++) {
            struct error error = {0};
            status code = STATUS_MEMORY;
            long nth = 0;
            while (code == STATUS_MEMORY) {
                mem_fail_at(++nth);
                code = run_operation(operation, &s, &error);
                mem_fail_at(0);
            }
            if (code != STATUS_OK)
                fail_msg("allocation %ld: %s", nth, error.message);
            assert_true(nth > 30);
        }
        subject_free(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_are_not_turned),
        cmocka_unit_test(pads_follow),
        cmocka_unit_test(bounds_follow),
        cmocka_unit_test(steps_become_lists),
        cmocka_unit_test(parts_follow),
        cmocka_unit_test(lists_follow),
        cmocka_unit_test(targets_follow),
        cmocka_unit_test(shared_parameters_part),
        cmocka_unit_test(divisors_are_not_zeroed),
        cmocka_unit_test(dead_variances_divide_nothing),
        cmocka_unit_test(what_cannot_go),
        cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests_name("surgery_hand", tests, NULL, NULL);
}
