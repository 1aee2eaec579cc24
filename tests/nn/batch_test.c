/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fixed batches made free: random networks, in which a batch of one, two or three images is baked as
 * exporters bake it, compute what they did at any batch; and by hand, what must not be freed. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/random.h"
#include "nn/engine/engine.h"
#include "nn/operator/plan.h"
#include "nn/simplify/simplify.h"
#include "support/graph_maker.h"
#include "support/random_network.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { NETWORKS = 60 };
#else
enum { NETWORKS = 600 };
#endif
enum { MOST_BAKED = 400 };
enum { IMAGES = 6, LOGITS = IMAGES * RANDOM_NETWORK_CLASSES };

static int baked; /* lists of numbers, in all networks so far */

static void logits(const struct graph *graph, double *out)
{
    const struct engine_options options = {
        .batch = IMAGES, .real = ELEMENT_DOUBLE, .kernel = KERNEL_REFERENCE};
    struct error error = {0};
    struct engine *engine;
    struct random_state random;
    if (engine_new(graph, &options, &engine, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    random_seed(&random, 7, 7);
    double *input = engine_input(engine);
    for (int64_t i = 0; i < IMAGES * engine_input_elements(engine); i++)
        input[i] = random_between(&random, -1, 1);
    assert_int_equal(engine_forward(engine, &error), STATUS_OK);
    memcpy(out, engine_output(engine)->data, LOGITS * sizeof *out);
    engine_free(engine);
}

/* What stands in a node's input once the batch is baked. */
struct baked_input {
    int node, input;
    struct tensor *tensor; /* one reference */
};

static struct tensor *lengths(const struct shape *shape)
{
    return integers(shape->rank, shape->dim);
}

/* What follows from shapes alone, and the targets of Reshapes. */
static int find_baked(const struct graph *graph, const struct plan *plan, struct baked_input *found)
{
    int count = 0;
    for (int i = 0; i < plan->step_count; i++) {
        int index = plan->steps[i].node;
        const struct node *node = &graph->nodes[index];
        bool shaped = strcmp(node->op->name, "Reshape") == 0;
        for (int k = 0; k < node->input_count; k++) {
            int value = node->inputs[k];
            bool computed = value != VALUE_NONE && plan->constants[value] != NULL &&
                            graph->values[value].constant == NULL;
            assert_true(count < MOST_BAKED);
            if (shaped && k == 1)
                found[count++] =
                    (struct baked_input){index, k, lengths(&plan->values[node->outputs[0]].shape)};
            else if (computed)
                found[count++] = (struct baked_input){index, k, tensor_retain(plan->constants[value])};
        }
    }
    return count;
}

/* Shapes become lists of numbers, and what follows from shapes alone constants. */
static void bake(struct graph *graph, int64_t batch)
{
    const struct plan_options options = {.batch = batch, .real = ELEMENT_TYPES};
    struct baked_input found[MOST_BAKED];
    struct error error = {0};
    struct plan *plan;
    if (plan_new(graph, &options, &plan, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    int count = find_baked(graph, plan, found);
    plan_free(plan);
    for (int i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof name, "baked%d", i);
        graph->nodes[found[i].node].inputs[found[i].input] = graph_add_constant(graph, name, found[i].tensor);
        tensor_free(found[i].tensor);
    }
    graph->values[graph->inputs[0]].shape.dim[0] = batch;
    assert_int_equal(graph_finish(graph, &error), STATUS_OK);
    baked += count;
}

static void compare(struct graph *graph, int64_t batch, uint64_t seed, const char *kind)
{
    double before[LOGITS], after[LOGITS];
    struct error error = {0};
    struct graph *simple;
    logits(graph, before);
    bake(graph, batch);
    if (graph_simplify(graph, &simple, &error) != STATUS_OK)
        fail_msg("%s, seed %llu: %s", kind, (unsigned long long)seed, error.message);
    if (simple->batch != 0)
        fail_msg("%s, seed %llu: a batch of %d is held by %s", kind, (unsigned long long)seed, (int)batch,
                 simple->batch_node);
    assert_int_equal(simple->values[simple->inputs[0]].shape.dim[0], DIMENSION_UNKNOWN);
    logits(simple, after);
    for (int i = 0; i < LOGITS; i++)
        if (!(fabs(before[i] - after[i]) <= 1e-9 * (1 + fabs(before[i]))))
            fail_msg("%s, seed %llu, batch %d: logit %d is %.17g, was %.17g", kind, (unsigned long long)seed,
                     (int)batch, i, after[i], before[i]);
    graph_free(simple);
    graph_free(graph);
}

static void every_structure(void **state)
{
    (void)state;
    for (int kind = 0; random_blocks[kind].name != NULL; kind++)
        for (uint64_t seed = 0; seed < 12; seed++)
            compare(random_block_network(seed, kind), 1 + (int64_t)(seed % 3), seed,
                    random_blocks[kind].name);
}

static void structures_together(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < NETWORKS; seed++)
        compare(random_network(seed, 1 + (int)(seed % 5)), 1 + (int64_t)(seed % 3), seed, "mixture");
    assert_true(baked > 2 * NETWORKS);
}

/* --- what keeps its batch ------------------------------------------------------------------------------- */

static void expect_kept(struct graph *graph, int64_t batch, const char *node)
{
    struct error error = {0};
    struct graph *simple;
    assert_int_equal(graph_finish(graph, &error), STATUS_OK);
    assert_int_equal(graph_simplify(graph, &simple, &error), STATUS_OK);
    assert_int_equal(simple->batch, batch);
    assert_string_equal(simple->batch_node, node);
    assert_int_equal(simple->values[simple->inputs[0]].shape.dim[0], batch);
    graph_free(simple);
    graph_free(graph);
}

static void expect_free(struct graph *graph)
{
    struct error error = {0};
    struct graph *simple;
    assert_int_equal(graph_finish(graph, &error), STATUS_OK);
    assert_int_equal(graph_simplify(graph, &simple, &error), STATUS_OK);
    assert_int_equal(simple->batch, 0);
    graph_free(simple);
    graph_free(graph);
}

static void images_that_meet(void **state)
{
    (void)state;
    struct graph *g = make_graph(13); /* a mean over the images */
    make_input(g, "x", DIMS(2, 3));
    make_node(g, "mean", "ReduceMean", NAMES("x"), NAMES("m"),
              ATTRIBUTES(integers_attribute("axes", DIMS(0))));
    make_node(g, "minus", "Sub", NAMES("x", "m"), NAMES("y"), NO_ATTRIBUTES);
    make_output(g, "y");
    expect_kept(g, 2, "node mean, ReduceMean");

    g = make_graph(13); /* scores between positions of all images */
    make_input(g, "x", DIMS(2, 3, 4));
    make_integers(g, "target", DIMS(6, 4));
    make_integers(g, "again", DIMS(2, 3, 6));
    make_node(g, "rows", "Reshape", NAMES("x", "target"), NAMES("r"), NO_ATTRIBUTES);
    make_node(g, "turn", "Transpose", NAMES("r"), NAMES("t"), NO_ATTRIBUTES);
    make_node(g, "scores", "MatMul", NAMES("r", "t"), NAMES("s"), NO_ATTRIBUTES);
    make_node(g, "back", "Reshape", NAMES("s", "again"), NAMES("y"), NO_ATTRIBUTES);
    make_output(g, "y");
    expect_kept(g, 2, "node scores, MatMul");

    g = make_graph(13); /* the same, by an equation; with one letter for the images of both it is free */
    make_input(g, "x", DIMS(2, 3));
    make_node(g, "meet", "Einsum", NAMES("x", "x"), NAMES("y"),
              ATTRIBUTES(string_attribute("equation", "nc,mc->nm")));
    make_output(g, "y");
    expect_kept(g, 2, "node meet, Einsum");
    g = make_graph(13);
    make_input(g, "x", DIMS(2, 3));
    make_node(g, "square", "Einsum", NAMES("x", "x"), NAMES("y"),
              ATTRIBUTES(string_attribute("equation", "nc,nd->ncd")));
    make_output(g, "y");
    expect_free(g);

    g = make_graph(13); /* a number of its own for each image */
    make_input(g, "x", DIMS(2, 3));
    make_reals(g, "own", DIMS(2, 1), 1);
    make_node(g, "add", "Add", NAMES("x", "own"), NAMES("y"), NO_ATTRIBUTES);
    make_output(g, "y");
    expect_kept(g, 2, "node add, Add");

    g = make_graph(13); /* the output's images are not on its first axis */
    make_input(g, "x", DIMS(1, 3));
    make_node(g, "turn", "Transpose", NAMES("x"), NAMES("y"), NO_ATTRIBUTES);
    make_output(g, "y");
    expect_kept(g, 1, "node turn, Transpose");
}

/* The wrong axis of length 1 is taken back where the images would meet. */
static void choices_are_taken_back(void **state)
{
    (void)state;
    struct graph *g = make_graph(13), *simple;
    struct error error = {0};
    make_input(g, "x", DIMS(1, 5, 6));
    make_integers(g, "target", DIMS(5, 1, 6));
    make_integers(g, "flat", DIMS(5, 6));
    make_integers(g, "again", DIMS(1, 5, 6));
    make_node(g, "turn", "Transpose", NAMES("x"), NAMES("t"),
              ATTRIBUTES(integers_attribute("perm", DIMS(1, 0, 2))));
    make_node(g, "rows", "Reshape", NAMES("t", "flat"), NAMES("r"), NO_ATTRIBUTES);
    make_reals(g, "w", DIMS(6, 6), 0);
    make_node(g, "weigh", "MatMul", NAMES("r", "w"), NAMES("p"), NO_ATTRIBUTES);
    make_node(g, "apart", "Reshape", NAMES("p", "target"), NAMES("a"), NO_ATTRIBUTES);
    make_node(g, "back", "Transpose", NAMES("a"), NAMES("y"),
              ATTRIBUTES(integers_attribute("perm", DIMS(1, 0, 2))));
    make_output(g, "y");
    assert_int_equal(graph_finish(g, &error), STATUS_OK);
    assert_int_equal(graph_simplify(g, &simple, &error), STATUS_OK);
    assert_int_equal(simple->batch, 0);
    const struct plan_options options = {.batch = 4, .real = ELEMENT_FLOAT};
    struct plan *plan;
    assert_int_equal(plan_new(simple, &options, &plan, &error), STATUS_OK);
    const struct shape *rows = &plan->values[graph_find_value(simple, "r")].shape, wanted = {2, {20, 6}};
    assert_true(shape_equal(rows, &wanted));
    plan_free(plan);
    graph_free(simple);
    graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_structure),
        cmocka_unit_test(structures_together),
        cmocka_unit_test(images_that_meet),
        cmocka_unit_test(choices_are_taken_back),
    };
    return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
