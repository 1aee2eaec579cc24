/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is traced of surgery: on random networks, the parameters of the whole network, sliced by it, are those
 * of the smaller one, to the bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "nn/graph/op.h"
#include "prune/selection.h"
#include "prune/surgery.h"
#include "prune/trace.h"
#include "support/random_network.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { NETWORKS = 40, PER_KIND = 2 };
#else
enum { NETWORKS = 300, PER_KIND = 8 };
#endif

struct subject {
    struct graph *graph;
    struct layers *layers;
    struct coupling *coupling;
    bool *removed, *wanted;
};

/* Not tokens and their positions, which are cut along an axis that no described network cuts. */
static bool is_parameter(const struct value *value)
{
    static const char *const others[] = {"token", "position"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strncmp(value->name, others[i], strlen(others[i])) == 0)
            return false;
    return value->constant && value->constant->type != ELEMENT_INT64 && value->constant->shape.rank > 0;
}

/* The factors of a Resize and the like are no parameters: their value matters. */
static bool is_shape_like(const struct graph *graph, int value)
{
    for (int n = 0; n < graph->node_count; n++)
        for (int i = 1; i < graph->nodes[n].input_count; i++)
            if (graph->nodes[n].inputs[i] == value && (graph->nodes[n].op->flags & OPERATOR_SHAPE_INPUTS))
                return true;
    return false;
}

static struct subject subject_new(struct graph *graph, uint64_t seed)
{
    struct subject s = {.graph = graph};
    struct error error = {0};
    struct random_state random;
    assert_non_null(graph);
    assert_int_equal(layers_find(graph, &s.layers, &error), STATUS_OK);
    assert_int_equal(coupling_build(graph, s.layers, &s.coupling, &error), STATUS_OK);
    s.removed = mem_new((size_t)s.coupling->class_count + 1, sizeof *s.removed);
    s.wanted = mem_new((size_t)graph->value_count + 1, sizeof *s.wanted);
    random_seed(&random, seed, 9);
    for (int i = 0; i < s.coupling->class_count; i++)
        s.removed[i] = s.coupling->classes[i].lock < 0 && random_below(&random, 3) == 0;
    selection_keep_alive(s.coupling, NULL, s.removed);
    for (int i = 0; i < graph->value_count; i++)
        s.wanted[i] = is_parameter(&graph->values[i]) && !is_shape_like(graph, i);
    return s;
}

static void subject_free(struct subject *s)
{
    mem_free(s->removed);
    mem_free(s->wanted);
    coupling_free(s->coupling);
    layers_free(s->layers);
    graph_free(s->graph);
}

static int64_t kept_at(const struct traced_parameter *parameter, int axis, int64_t place)
{
    return parameter->kept[axis] ? parameter->kept[axis][place] : place;
}

/* Every element of the smaller network's parameter is the one of the whole that the trace names. */
static void compare(const struct traced_parameter *parameter, const struct tensor *whole,
                    const struct tensor *cut, uint64_t seed)
{
    const struct shape *shape = &cut->shape;
    int64_t columns = shape->rank > 1 ? shape->dim[1] : 1,
            inner = shape_product(shape, shape->rank > 1 ? 2 : 1, shape->rank);
    int64_t whole_columns = shape->rank > 1 ? whole->shape.dim[1] : 1;
    assert_true(shape_equal(&parameter->before, &whole->shape) && shape_equal(&parameter->after, shape));
    for (int64_t i = 0, count = shape_elements(shape); i < count; i++) {
        int64_t row = i / inner / columns, column = i / inner % columns;
        int64_t from =
            (kept_at(parameter, 0, row) * whole_columns + kept_at(parameter, 1, column)) * inner + i % inner;
        if (tensor_get(cut, i) != tensor_get(whole, from))
            fail_msg("seed %llu: element %lld of %s is not element %lld of the whole",
                     (unsigned long long)seed, (long long)i, parameter->name, (long long)from);
    }
}

/* How many lists there were. */
static int traced_lists;

static void check_network(struct graph *graph, uint64_t seed)
{
    struct subject s = subject_new(graph, seed);
    struct error error = {0};
    struct graph *cut = NULL;
    struct trace trace;
    assert_int_equal(surgery_apply(s.coupling, s.removed, &cut, &error), STATUS_OK);
    /* What surgery leaves out as a whole (a branch that nothing reads) is not to be traced. */
    for (int i = 0; i < graph->value_count; i++)
        s.wanted[i] = s.wanted[i] && graph_find_value(cut, graph->values[i].name) >= 0;
    if (trace_cut(s.coupling, s.removed, s.wanted, &trace, &error) != STATUS_OK)
        fail_msg("seed %llu: %s", (unsigned long long)seed, error.message);
    for (int i = 0; i < trace.parameter_count; i++) {
        const struct traced_parameter *parameter = &trace.parameters[i];
        compare(parameter, graph->values[graph_find_value(graph, parameter->name)].constant,
                cut->values[graph_find_value(cut, parameter->name)].constant, seed);
        traced_lists += (parameter->kept[0] != NULL) + (parameter->kept[1] != NULL);
    }
    trace_free(&trace);
    graph_free(cut);
    subject_free(&s);
}

static void test_random_networks(void **state)
{
    (void)state;
    traced_lists = 0;
    for (uint64_t seed = 1; seed <= NETWORKS; seed++)
        check_network(random_network(seed, 1 + (int)(seed % 4)), seed);
    assert_true(traced_lists > 5 * NETWORKS);
}

static void test_every_block(void **state)
{
    (void)state;
    for (int kind = 0; random_blocks[kind].name; kind++)
        for (uint64_t seed = 1; seed <= PER_KIND; seed++)
            check_network(random_block_network(seed, kind), seed);
}

/* Nothing removed: all stays, and no node changes. */
static void test_nothing_removed(void **state)
{
    (void)state;
    struct subject s = subject_new(random_network(3, 3), 3);
    struct error error = {0};
    struct trace trace;
    memset(s.removed, 0, (size_t)s.coupling->class_count * sizeof *s.removed);
    assert_int_equal(trace_cut(s.coupling, s.removed, s.wanted, &trace, &error), STATUS_OK);
    assert_true(trace.parameter_count > 3);
    assert_int_equal(trace.node_count, 0);
    for (int i = 0; i < trace.parameter_count; i++) {
        assert_null(trace.parameters[i].kept[0]);
        assert_null(trace.parameters[i].kept[1]);
    }
    trace_free(&trace);
    subject_free(&s);
}

static void test_no_memory(void **state)
{
    (void)state;
    struct subject s = subject_new(random_network(2, 1), 2);
    long nth = 0;
    for (status code = STATUS_MEMORY; code != STATUS_OK;) {
        struct trace trace;
        struct error error = {0};
        mem_fail_at(++nth);
        code = trace_cut(s.coupling, s.removed, s.wanted, &trace, &error);
        mem_fail_at(0);
        trace_free(&trace);
        if (code != STATUS_OK)
            assert_int_equal(code, STATUS_MEMORY);
    }
    assert_true(nth > 20);
    subject_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_networks),
        cmocka_unit_test(test_every_block),
        cmocka_unit_test(test_nothing_removed),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
