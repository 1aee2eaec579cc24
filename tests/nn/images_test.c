/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the images of a batch lie: in every value of networks that turn their values about. What is found
 * must be what changes when another image is put in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/random.h"
#include "nn/engine/engine.h"
#include "nn/execution/images.h"
#include "support/attributes.h"
#include "support/graph_maker.h"
#include "support/random_network.h"

enum { BATCH = 3 };

static void fill(struct engine *engine, uint64_t seed, int64_t other)
{
    const int64_t each = engine_input_elements(engine);
    double *input = engine_input(engine);
    struct random_state random;
    for (int64_t n = 0; n < BATCH; n++) {
        random_seed(&random, seed, (uint64_t)(n == other ? 100 + n : n));
        for (int64_t i = 0; i < each; i++)
            input[n * each + i] = random_between(&random, -1, 1);
    }
}

static struct engine *run(const struct graph *graph, int64_t other)
{
    const struct engine_options options = {
        .batch = BATCH, .real = ELEMENT_DOUBLE, .kernel = KERNEL_REFERENCE};
    struct error error = {0};
    struct engine *engine;
    if (engine_new(graph, &options, &engine, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    fill(engine, 7, other);
    assert_int_equal(engine_forward(engine, &error), STATUS_OK);
    return engine;
}

/* Elements that changed belong to the image that is another one. */
static void check_value(const struct engine *before, const struct engine *after, int value, int64_t run,
                        int64_t other)
{
    const struct operand *a = engine_value(before, value), *b = engine_value(after, value);
    const int64_t elements = shape_elements(&a->shape);
    if (!a->data || !b->data || a->type != ELEMENT_DOUBLE)
        return;
    assert_int_equal(elements % (run * BATCH), 0);
    for (int64_t i = 0; i < elements; i++)
        if (((double *)a->data)[i] != ((double *)b->data)[i])
            assert_int_equal(i / run % BATCH, other);
}

/* How many values have a known place of their images. */
static int check_network(const struct graph *graph)
{
    struct error error = {0};
    struct arena *arena = arena_new();
    int64_t *runs;
    int known = 0;
    if (images_find(graph, arena, &runs, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    struct engine *before = run(graph, -1);
    for (int64_t other = 0; other < BATCH; other++) {
        struct engine *after = run(graph, other);
        for (int v = 0; v < graph->value_count; v++)
            if (runs[v] > 0)
                check_value(before, after, v, runs[v], other);
        engine_free(after);
    }
    for (int v = 0; v < graph->value_count; v++) {
        if (graph->values[v].constant)
            assert_int_equal(runs[v], 0);
        known += runs[v] > 0;
    }
    engine_free(before);
    arena_free(arena);
    return known;
}

static int64_t run_of(const struct graph *graph, const char *name)
{
    struct error error = {0};
    struct arena *arena = arena_new();
    int64_t *runs;
    assert_int_equal(images_find(graph, arena, &runs, &error), STATUS_OK);
    int value = graph_find_value(graph, name);
    assert_true(value >= 0);
    const int64_t found = runs[value];
    arena_free(arena);
    return found;
}

static struct graph *begin(void)
{
    struct graph *g = make_graph(13);
    make_input(g, "x", DIMS(DIMENSION_UNKNOWN, 2, 4, 4));
    return g;
}

static struct graph *finish(struct graph *g, const char *output)
{
    struct error error = {0};
    make_output(g, output);
    if (graph_finish(g, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    return g;
}

/* Tokens in front of images, then both in one dimension. */
static void tokens_first(void **state)
{
    (void)state;
    struct graph *g = begin();
    make_integers(g, "to_tokens", DIMS(0, 2, 16));
    make_integers(g, "to_rows", DIMS(-1, 5));
    make_integers(g, "to_places", DIMS(16, -1, 5));
    make_reals(g, "w", DIMS(2, 5), 1);
    make_node(g, "/t", "Reshape", NAMES("x", "to_tokens"), NAMES("t"), NO_ATTRIBUTES);
    make_node(g, "/turned", "Transpose", NAMES("t"), NAMES("turned"),
              ATTRIBUTES(integers_attribute("perm", DIMS(2, 0, 1))));
    make_node(g, "/linear", "MatMul", NAMES("turned", "w"), NAMES("linear"), NO_ATTRIBUTES);
    make_node(g, "/rows", "Reshape", NAMES("linear", "to_rows"), NAMES("rows"), NO_ATTRIBUTES);
    make_node(g, "/relu", "Relu", NAMES("rows"), NAMES("relu"), NO_ATTRIBUTES);
    make_node(g, "/places", "Reshape", NAMES("relu", "to_places"), NAMES("places"), NO_ATTRIBUTES);
    make_node(g, "/mean", "ReduceMean", NAMES("places"), NAMES("mean"),
              ATTRIBUTES(integers_attribute("axes", DIMS(0)), integer_attribute("keepdims", 0)));
    finish(g, "mean");
    assert_int_equal(run_of(g, "x"), 32);
    assert_int_equal(run_of(g, "turned"), 2);
    assert_int_equal(run_of(g, "linear"), 5);
    assert_int_equal(run_of(g, "relu"), 5);
    assert_int_equal(run_of(g, "mean"), 5);
    assert_int_equal(run_of(g, "w"), 0);
    assert_true(check_network(g) == 8);
    graph_free(g);
}

/* Windows of 2x2, four to an image, each a row of tokens; heads in the dimension of images. */
static void windows(void **state)
{
    (void)state;
    struct graph *g = begin();
    make_integers(g, "to_windows", DIMS(-1, 2, 2, 2, 2, 2));
    make_integers(g, "to_tokens", DIMS(-1, 4, 2));
    make_node(g, "/w", "Reshape", NAMES("x", "to_windows"), NAMES("w"), NO_ATTRIBUTES);
    make_node(g, "/turned", "Transpose", NAMES("w"), NAMES("turned"),
              ATTRIBUTES(integers_attribute("perm", DIMS(0, 2, 4, 3, 5, 1))));
    make_node(g, "/tokens", "Reshape", NAMES("turned", "to_tokens"), NAMES("tokens"), NO_ATTRIBUTES);
    make_node(g, "/soft", "Softmax", NAMES("tokens"), NAMES("soft"), NO_ATTRIBUTES);
    make_node(g, "/heads", "Transpose", NAMES("soft"), NAMES("heads"),
              ATTRIBUTES(integers_attribute("perm", DIMS(2, 0, 1))));
    finish(g, "heads");
    assert_int_equal(run_of(g, "tokens"), 32);
    assert_int_equal(run_of(g, "soft"), 32);
    assert_int_equal(run_of(g, "heads"), 16);
    assert_true(check_network(g) == 6);
    graph_free(g);
}

/* Two images side by side in the batch: they cannot be told apart behind that. */
static void joined(void **state)
{
    (void)state;
    struct graph *g = begin();
    make_node(g, "/neg", "Neg", NAMES("x"), NAMES("neg"), NO_ATTRIBUTES);
    make_node(g, "/both", "Concat", NAMES("x", "neg"), NAMES("both"),
              ATTRIBUTES(integer_attribute("axis", 0)));
    make_node(g, "/relu", "Relu", NAMES("both"), NAMES("relu"), NO_ATTRIBUTES);
    finish(g, "relu");
    assert_int_equal(run_of(g, "neg"), 32);
    assert_int_equal(run_of(g, "both"), 0);
    assert_int_equal(run_of(g, "relu"), 0);
    graph_free(g);
}

/* Networks with their batch in a Reshape: of one image, and of two. */
static void one_batch_only(void **state)
{
    (void)state;
    for (int64_t batch = 1; batch <= 2; batch++) {
        struct graph *g = make_graph(13);
        make_input(g, "x", DIMS(batch, 2, 4, 4));
        make_integers(g, "target", DIMS(batch, 16, 2));
        make_node(g, "/t", "Reshape", NAMES("x", "target"), NAMES("t"), NO_ATTRIBUTES);
        make_node(g, "/turned", "Transpose", NAMES("t"), NAMES("turned"),
                  ATTRIBUTES(integers_attribute("perm", DIMS(1, 0, 2))));
        finish(g, "turned");
        assert_int_equal(run_of(g, "t"), 32);
        assert_int_equal(run_of(g, "turned"), batch == 1 ? 32 : 0);
        graph_free(g);
    }
}

static void random_networks(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct graph *graph = random_network(seed, 4);
        assert_true(check_network(graph) > 4);
        graph_free(graph);
    }
}

static void memory_runs_out(void **state)
{
    (void)state;
    struct graph *graph = random_network(3, 3);
    status code = STATUS_MEMORY;
    for (long nth = 1; code != STATUS_OK; nth++) {
        struct error error = {0};
        struct arena *arena = arena_new();
        int64_t *runs;
        mem_fail_at(nth);
        code = images_find(graph, arena, &runs, &error);
        mem_fail_at(0);
        assert_true(code == STATUS_OK || code == STATUS_MEMORY);
        arena_free(arena);
    }
    graph_free(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_first),    cmocka_unit_test(windows),
        cmocka_unit_test(joined),          cmocka_unit_test(one_batch_only),
        cmocka_unit_test(random_networks), cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
