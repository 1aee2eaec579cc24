/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Residual branches that go as a whole, in random networks and in a small one by hand: whatever goes, with
 * channels or without, masked and smaller network agree, and what was said of the cost is so. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "nn/engine/engine.h"
#include "nn/graph/op.h"
#include "prune/branch.h"
#include "prune/cost.h"
#include "prune/selection.h"
#include "prune/surgery.h"
#include "support/random_network.h"
#include "support/subject.h"

enum { BATCH = 2, LOGITS = BATCH * RANDOM_NETWORK_CLASSES };

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { NETWORKS = 100 };
#else
enum { NETWORKS = 800 };
#endif

static void check(status code, const struct error *error, uint64_t seed)
{
    if (code != STATUS_OK)
        fail_msg("seed %llu: %s", (unsigned long long)seed, error->message);
}

static void logits(const struct graph *graph, double *out)
{
    struct error error = {0};
    struct engine *engine;
    struct engine_options options = {.batch = BATCH, .real = ELEMENT_DOUBLE};
    struct random_state random;
    check(engine_new(graph, &options, &engine, &error), &error, 0);
    random_seed(&random, 5, 5);
    double *input = engine_input(engine);
    for (int64_t i = 0; i < BATCH * engine_input_elements(engine); i++)
        input[i] = random_between(&random, -1, 1);
    assert_int_equal(engine_forward(engine, &error), STATUS_OK);
    memcpy(out, engine_output(engine)->data, LOGITS * sizeof *out);
    engine_free(engine);
}

/* --- random networks ------------------------------------------------------------------------------------ */

/* Some channels, then every other branch; returns how many branches go. */
static int choose(const struct coupling *c, struct random_state *random, bool *removed)
{
    const bool channels = random_below(random, 2);
    int gone = 0;
    for (int b = 0; b < c->block_count && channels; b++)
        for (int i = 0; i < c->blocks[b].class_count && !c->blocks[b].locked; i++)
            removed[c->blocks[b].classes[i]] = random_below(random, 3) == 0;
    selection_keep_alive(c, NULL, removed);
    for (int b = 0; b < c->branch_count; b++)
        if (!c->branches[b].why && random_below(random, 2)) {
            branch_remove(&c->branches[b], removed);
            gone++;
        }
    return gone;
}

static void cost_is_as_said(const struct coupling *c, const bool *removed, const struct graph *smaller,
                            uint64_t seed)
{
    for (int rule = COST_MACS; rule <= COST_PTFLOPS; rule++) {
        struct error error = {0};
        struct cost said, found;
        struct layers *layers;
        struct coupling *coupling;
        check(cost_compute(c, removed, (enum cost_rule)rule, &said, &error), &error, seed);
        check(layers_find(smaller, &layers, &error), &error, seed);
        check(coupling_build(smaller, layers, &coupling, &error), &error, seed);
        check(cost_compute(coupling, NULL, (enum cost_rule)rule, &found, &error), &error, seed);
        if (said.parameters != found.parameters || said.channels != found.channels ||
            fabs(said.macs - found.macs) > 1e-6 * found.macs)
            fail_msg(
                "seed %llu: %lld parameters, %lld channels and %.0f operations were said, %lld, %lld and "
                "%.0f are there",
                (unsigned long long)seed, (long long)said.parameters, (long long)said.channels, said.macs,
                (long long)found.parameters, (long long)found.channels, found.macs);
        cost_free(&said);
        cost_free(&found);
        coupling_free(coupling);
        layers_free(layers);
    }
}

static void same_logits(const double *one, const double *other, const char *what, uint64_t seed)
{
    double largest = 1;
    for (int i = 0; i < LOGITS; i++)
        largest = fmax(largest, fabs(one[i]));
    for (int i = 0; i < LOGITS; i++)
        if (!(fabs(one[i] - other[i]) <= 1e-9 * largest) && !(isnan(one[i]) && isnan(other[i])))
            fail_msg("seed %llu, %s: logit %d is %g, not %g", (unsigned long long)seed, what, i, other[i],
                     one[i]);
}

static int one_network(uint64_t seed)
{
    struct subject s = subject_of(random_network(seed, 4));
    const struct coupling *c = s.coupling;
    struct random_state random;
    struct error error = {0};
    bool *removed = s.removed;
    random_seed(&random, seed, 77);
    const int gone = choose(c, &random, removed);
    if (gone > 0) {
        struct graph *masked, *smaller;
        double one[LOGITS], other[LOGITS];
        check(mask_apply(c, removed, &masked, &error), &error, seed);
        check(surgery_apply(c, removed, &smaller, &error), &error, seed);
        logits(masked, one);
        logits(smaller, other);
        same_logits(one, other, "smaller", seed);
        cost_is_as_said(c, removed, smaller, seed);
        assert_true(smaller->node_count < s.graph->node_count);
        graph_free(masked);
        graph_free(smaller);
    }
    subject_free(&s);
    return gone;
}

static void masked_and_smaller_agree(void **state)
{
    (void)state;
    int gone = 0;
    for (uint64_t seed = 1; seed <= NETWORKS; seed++)
        gone += one_network(seed);
    print_message("# %d branches went in %d networks\n", gone, NETWORKS);
    assert_true(gone > NETWORKS / 10);
}

/* --- by hand -------------------------------------------------------------------------------------------- */

/* conv, Relu; two blocks of conv, Relu, conv, norm, Add, Relu; one with a projection; pooling, linear. */
struct hand {
    struct maker maker;
    int sums[3];
};

static int block(struct maker *m, int x, int64_t channels, int64_t out, int *sum)
{
    int shortcut = out == channels ? x : maker_conv(m, x, channels, out, 1, 1, false);
    int inner = maker_one(m, "Relu", maker_conv(m, x, channels, 6, 3, 1, true));
    *sum = maker_two(m, "Add", maker_norm(m, maker_conv(m, inner, 6, out, 3, 1, false), out), shortcut);
    return maker_one(m, "Relu", *sum);
}

static struct graph *hand_network(void)
{
    struct maker m = {.graph = graph_new(), .size = 8};
    const struct shape image = {4, {1, 3, 8, 8}};
    int sums[3];
    random_seed(&m.random, 3, 3);
    int x = graph_add_value(m.graph, "image", ELEMENT_DOUBLE, &image);
    assert_int_equal(graph_add_input(m.graph, x), 0);
    x = maker_one(&m, "Relu", maker_conv(&m, x, 3, 8, 3, 1, false));
    x = block(&m, x, 8, 8, &sums[0]);
    x = block(&m, x, 8, 8, &sums[1]);
    x = block(&m, x, 8, 12, &sums[2]);
    x = maker_one(&m, "Flatten", maker_one(&m, "GlobalAveragePool", x));
    const int64_t dims[] = {12, RANDOM_NETWORK_CLASSES};
    x = maker_two(&m, "MatMul", x, maker_constant(&m, "classes", 2, dims, -1, 1));
    assert_int_equal(graph_add_output(m.graph, x), 0);
    struct error error = {0};
    assert_int_equal(graph_finish(m.graph, &error), STATUS_OK);
    return m.graph;
}

static void what_can_go_is_found(void **state)
{
    (void)state;
    struct subject s = subject_of(hand_network());
    const struct coupling *c = s.coupling;
    assert_int_equal(c->branch_count, 2);
    assert_int_equal(c->projections, 1);
    for (int b = 0; b < 2; b++) {
        assert_null(c->branches[b].why);
        assert_int_equal(c->branches[b].layer_count, 2);
        assert_int_equal(c->branches[b].class_count, 6);
        assert_int_equal(c->branches[b].node_count, 4);
        assert_string_equal(s.graph->nodes[c->branches[b].relu].op->name, "Relu");
    }
    subject_free(&s);
}

/* Both blocks leave the first Relu to the third one: conv, Relu, the rest. */
static void all_of_a_stage_can_go(void **state)
{
    (void)state;
    struct subject s = subject_of(hand_network());
    struct error error = {0};
    struct graph *masked, *smaller;
    double one[LOGITS], other[LOGITS];
    bool *removed = s.removed;
    branch_remove(&s.coupling->branches[0], removed);
    branch_remove(&s.coupling->branches[1], removed);
    assert_true(branch_is_gone(&s.coupling->branches[0], removed));
    check(mask_apply(s.coupling, removed, &masked, &error), &error, 0);
    check(surgery_apply(s.coupling, removed, &smaller, &error), &error, 0);
    assert_int_equal(masked->node_count, s.graph->node_count);
    assert_int_equal(smaller->node_count, s.graph->node_count - 2 * 6);
    logits(masked, one);
    logits(smaller, other);
    same_logits(one, other, "both", 0);
    removed[s.coupling->branches[0].classes[0]] = false; /* one channel stays: the branch does too */
    assert_false(branch_is_gone(&s.coupling->branches[0], removed));
    graph_free(masked);
    graph_free(smaller);
    subject_free(&s);
}

static void scores_are_means_over_layers(void **state)
{
    (void)state;
    struct subject s = subject_of(hand_network());
    const struct branch *branch = &s.coupling->branches[0];
    struct error error = {0};
    double inner[] = {1, 2, 3, 4, 5, 9}, last[] = {2, 2, 2, 2, 2, 2, 2, 10}, score[2];
    double **layer = mem_new((size_t)s.layers->count, sizeof *layer);
    struct scores scores = {.layer_count = s.layers->count, .layer = layer};
    layer[branch->layers[0]] = inner;
    layer[branch->layers[1]] = last;
    static const double wanted[] = {
        [COMBINE_MEAN] = 3.5, [COMBINE_SUM] = 48, [COMBINE_MAX] = 10, [COMBINE_MIN] = 1};
    for (int combine = COMBINE_MEAN; combine <= COMBINE_MIN; combine++) {
        check(branch_scores(s.coupling, &scores, combine, score, &error), &error, 0);
        assert_true(fabs(score[0] - wanted[combine]) < 1e-12);
        assert_true(isnan(score[1])); /* no layer of it has scores */
    }
    inner[3] = NAN;
    assert_int_equal(branch_scores(s.coupling, &scores, COMBINE_MEAN, score, &error), STATUS_NAN);
    assert_non_null(strstr(error.message, s.layers->items[branch->layers[0]].name));
    mem_free(layer);
    subject_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(masked_and_smaller_agree),
        cmocka_unit_test(what_can_go_is_found),
        cmocka_unit_test(all_of_a_stage_can_go),
        cmocka_unit_test(scores_are_means_over_layers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
