/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Networks of which the end reads one token: what is computed of them, and that outputs, gradients and sums
 * of gradients are those of the whole network. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/random.h"
#include "base/status.h"
#include "nn/engine/engine.h"
#include "nn/execution/options.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"
#include "nn/simplify/narrow.h"
#include "nn/simplify/simplify.h"
#include "support/attributes.h"
#include "support/graph_maker.h"
#include "support/random_network.h"

enum { BATCH = 3, MOST = 64 };

static int kind_of(const char *name)
{
    int kind = 0;
    while (strcmp(random_blocks[kind].name, name) != 0)
        kind++;
    return kind;
}

/* A forward and a backward pass with the same numbers at input and output. */
static struct engine *pass(const struct graph *graph, const int *weights, int count)
{
    const struct engine_options options = {.batch = BATCH,
                                           .real = ELEMENT_DOUBLE,
                                           .kernel = KERNEL_REFERENCE,
                                           .backward = true,
                                           .weights = weights,
                                           .weight_count = count};
    struct error error = {0};
    struct engine *engine;
    struct random_state random;
    if (engine_new(graph, &options, &engine, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    random_seed(&random, 3, 0);
    for (int64_t i = 0; i < BATCH * engine_input_elements(engine); i++)
        ((double *)engine_input(engine))[i] = random_between(&random, -1, 1);
    assert_int_equal(engine_forward(engine, &error), STATUS_OK);
    const int64_t outputs = shape_elements(&engine_output(engine)->shape);
    for (int64_t i = 0; i < outputs; i++)
        ((double *)engine_output_gradient(engine))[i] = random_between(&random, -1, 1);
    assert_int_equal(engine_backward(engine, &error), STATUS_OK);
    return engine;
}

static void check_near(const double *a, const double *b, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        if (fabs(a[i] - b[i]) > 1e-10 * (1 + fabs(a[i])))
            fail_msg("%.17g and %.17g", a[i], b[i]);
}

/* Real constants that products multiply with. */
static int find_weights(const struct graph *graph, int *weights)
{
    int count = 0;
    for (int n = 0; n < graph->node_count && count < MOST; n++) {
        const struct node *node = &graph->nodes[n];
        const int value = node->op->flags & OPERATOR_PRODUCT ? node->inputs[1] : VALUE_NONE;
        if (value != VALUE_NONE && graph->values[value].constant)
            weights[count++] = value;
    }
    return count;
}

static void check_same(const struct graph *graph, const struct graph *narrow)
{
    int weights[MOST] = {0};
    const int count = find_weights(graph, weights);
    struct engine *a = pass(graph, weights, count), *b = pass(narrow, weights, count);
    check_near(engine_output(a)->data, engine_output(b)->data, shape_elements(&engine_output(a)->shape));
    for (int w = 0; w < count; w++)
        check_near(engine_weight_gradient(a, w)->data, engine_weight_gradient(b, w)->data,
                   shape_elements(&graph->values[weights[w]].shape));
    engine_free(a);
    engine_free(b);
}

static struct narrowed_graph narrow(const struct graph *graph, const int *kept, int count)
{
    struct narrowed_graph narrowed;
    struct error error = {0};
    if (graph_narrow(graph, kept, count, &narrowed, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    return narrowed;
}

/* Every spelling of an attention, with a token anywhere. */
static void random_networks(void **state)
{
    (void)state;
    enum { NETWORKS = 60 };
    const int kind = kind_of("read token");
    int changed = 0;
    for (uint64_t seed = 0; seed < NETWORKS; seed++) {
        struct graph *graph = random_block_network(seed, kind);
        struct narrowed_graph narrowed = narrow(graph, NULL, 0);
        changed += narrowed.changed;
        check_same(graph, &narrowed.graph);
        narrowed_graph_free(&narrowed);
        graph_free(graph);
    }
    assert_true(changed > NETWORKS * 3 / 4);
}

/* Where nobody reads a few places of an axis behind a product, the graph stays as it is. */
static void others_stay(void **state)
{
    (void)state;
    for (int k = 0; random_blocks[k].name; k++) {
        struct graph *graph = random_block_network(1, k);
        struct narrowed_graph narrowed = narrow(graph, NULL, 0);
        if (narrowed.changed && k != kind_of("read token"))
            fail_msg("%s has become narrow", random_blocks[k].name);
        narrowed_graph_free(&narrowed);
        graph_free(graph);
    }
}

/* --- which values become parts -------------------------------------------------------------------------- */

/* Tokens in front of images: attention with one head, rows of both in one product, a residual and a layer. */
static struct graph *tokens_first(int64_t place)
{
    struct error error = {0};
    struct graph *g = make_graph(17);
    make_input(g, "x", DIMS(DIMENSION_UNKNOWN, 4, 3, 3));
    make_integers(g, "to_tokens", DIMS(0, 4, 9));
    make_integers(g, "to_rows", DIMS(-1, 4));
    make_integers(g, "to_places", DIMS(9, -1, 4));
    make_reals(g, "w", DIMS(4, 4), 1);
    make_reals(g, "up", DIMS(4, 6), 2);
    make_reals(g, "down", DIMS(6, 4), 3);
    make_integer(g, "place", place);
    make_node(g, "/a", "Reshape", NAMES("x", "to_tokens"), NAMES("a"), NO_ATTRIBUTES);
    make_node(g, "/t", "Transpose", NAMES("a"), NAMES("t"),
              ATTRIBUTES(integers_attribute("perm", DIMS(0, 2, 1))));
    make_node(g, "/k", "Transpose", NAMES("t"), NAMES("k"),
              ATTRIBUTES(integers_attribute("perm", DIMS(0, 2, 1))));
    make_node(g, "/q", "Tanh", NAMES("t"), NAMES("q"), NO_ATTRIBUTES);
    make_node(g, "/s", "MatMul", NAMES("q", "k"), NAMES("s"), NO_ATTRIBUTES);
    make_node(g, "/p", "Softmax", NAMES("s"), NAMES("p"), ATTRIBUTES(integer_attribute("axis", -1)));
    make_node(g, "/v", "MatMul", NAMES("p", "t"), NAMES("v"), NO_ATTRIBUTES);
    make_node(g, "/turned", "Transpose", NAMES("v"), NAMES("turned"),
              ATTRIBUTES(integers_attribute("perm", DIMS(1, 0, 2))));
    make_node(g, "/rows", "Reshape", NAMES("turned", "to_rows"), NAMES("rows"), NO_ATTRIBUTES);
    make_node(g, "/out", "Gemm", NAMES("rows", "w"), NAMES("out"), NO_ATTRIBUTES);
    make_node(g, "/places", "Reshape", NAMES("out", "to_places"), NAMES("places"), NO_ATTRIBUTES);
    make_node(g, "/back", "Transpose", NAMES("places"), NAMES("back"),
              ATTRIBUTES(integers_attribute("perm", DIMS(1, 0, 2))));
    make_node(g, "/sum", "Add", NAMES("back", "t"), NAMES("sum"), NO_ATTRIBUTES);
    make_node(g, "/up", "MatMul", NAMES("sum", "up"), NAMES("hidden"), NO_ATTRIBUTES);
    make_node(g, "/act", "Sigmoid", NAMES("hidden"), NAMES("active"), NO_ATTRIBUTES);
    make_node(g, "/down", "MatMul", NAMES("active", "down"), NAMES("y"), NO_ATTRIBUTES);
    make_node(g, "/read", "Gather", NAMES("y", "place"), NAMES("token"),
              ATTRIBUTES(integer_attribute("axis", 1)));
    make_output(g, "token");
    if (graph_finish(g, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    struct graph *simple;
    if (graph_simplify(g, &simple, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    graph_free(g);
    return simple;
}

/* How many tokens of a value are computed. */
static int64_t length(const struct graph *graph, const char *name, int axis)
{
    const int value = graph_find_value(graph, name);
    assert_true(value >= 0);
    return graph->values[value].shape.dim[axis];
}

static void through_an_attention(void **state)
{
    (void)state;
    for (int64_t place = -1; place < 2; place++) {
        struct graph *graph = tokens_first(place);
        struct narrowed_graph narrowed = narrow(graph, NULL, 0);
        assert_true(narrowed.changed);
        assert_int_equal(length(&narrowed.graph, "hidden", 1), 1);
        assert_int_equal(length(&narrowed.graph, "sum", 1), 1);
        assert_int_equal(length(&narrowed.graph, "places", 0), 1);
        assert_int_equal(length(&narrowed.graph, "p", 1), 1);
        assert_int_equal(length(&narrowed.graph, "p", 2), 9); /* it attends to all */
        assert_int_equal(length(&narrowed.graph, "t", 1), 9);
        check_same(graph, &narrowed.graph);
        narrowed_graph_free(&narrowed);
        graph_free(graph);
    }
}

static void what_is_kept_stays_whole(void **state)
{
    (void)state;
    struct graph *graph = tokens_first(0);
    const int kept = graph_find_value(graph, "sum");
    struct narrowed_graph narrowed = narrow(graph, &kept, 1);
    assert_true(narrowed.changed);
    assert_int_equal(length(&narrowed.graph, "sum", 1), 9);
    assert_int_equal(length(&narrowed.graph, "p", 1), 9);
    assert_int_equal(length(&narrowed.graph, "hidden", 1), 1);
    check_same(graph, &narrowed.graph);
    narrowed_graph_free(&narrowed);
    graph_free(graph);
}

static void out_of_memory(void **state)
{
    (void)state;
    struct graph *graph = tokens_first(-1);
    status code = STATUS_MEMORY;
    for (long nth = 1; code != STATUS_OK; nth++) {
        struct narrowed_graph narrowed;
        struct error error = {0};
        mem_fail_at(nth);
        code = graph_narrow(graph, NULL, 0, &narrowed, &error);
        mem_fail_at(0);
        assert_true(code == STATUS_OK || code == STATUS_MEMORY);
        if (code == STATUS_OK) {
            assert_true(narrowed.changed);
            narrowed_graph_free(&narrowed);
        }
    }
    graph_free(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_networks),      cmocka_unit_test(others_stay),
        cmocka_unit_test(through_an_attention), cmocka_unit_test(what_is_kept_stays_whole),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
