/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Surgery and masks on random small networks with every structure that the rules know: whatever is selected,
 * the masked and the smaller network agree, so does the smaller network of the smaller network, and what was
 * said of its cost before is so. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "onnx/onnx.h"
#include "onnx/onnx_write.h"
#include "nn/engine/engine.h"
#include "nn/simplify/simplify.h"
#include "prune/cost.h"
#include "prune/selection.h"
#include "prune/surgery.h"
#include "support/random_network.h"

enum { BATCH = 2, LOGITS = BATCH * RANDOM_NETWORK_CLASSES };

/* Sanitizers are slow: fewer networks there. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { NETWORKS = 400, PER_KIND = 8 };
#else
enum { NETWORKS = 3000, PER_KIND = 24 };
#endif

static const char *subject_name = "mixture"; /* the kind of network, for messages */

static void check(status code, const struct error *error, uint64_t seed)
{
    if (code != STATUS_OK)
        fail_msg("%s, seed %llu: %s", subject_name, (unsigned long long)seed, error->message);
}

/* --- a network with its coupling ------------------------------------------------------------------------ */

struct subject {
    const struct graph *graph;
    struct layers *layers;
    struct coupling *coupling;
};

static struct subject subject_new(const struct graph *graph, uint64_t seed)
{
    struct subject s = {.graph = graph};
    struct error error = {0};
    check(layers_find(graph, &s.layers, &error), &error, seed);
    check(
        coupling_build_heads(graph, s.layers, seed % 3 == 0 ? HEADS_PARTS : HEADS_WHOLE, &s.coupling, &error),
        &error, seed);
    return s;
}

static void subject_free(struct subject *s)
{
    coupling_free(s->coupling);
    layers_free(s->layers);
}

static struct engine *engine_with_noise(const struct graph *graph)
{
    struct error error = {0};
    struct engine *engine;
    struct engine_options options = {.batch = BATCH, .real = ELEMENT_DOUBLE};
    check(engine_new(graph, &options, &engine, &error), &error, 0);
    struct random_state random;
    random_seed(&random, 5, 5);
    double *input = engine_input(engine);
    for (int64_t i = 0; i < BATCH * engine_input_elements(engine); i++)
        input[i] = random_between(&random, -1, 1);
    assert_int_equal(engine_forward(engine, &error), STATUS_OK);
    return engine;
}

static void logits(const struct graph *graph, double *out)
{
    struct engine *engine = engine_with_noise(graph);
    memcpy(out, engine_output(engine)->data, LOGITS * sizeof *out);
    engine_free(engine);
}

/* The mask as a variant in the network's own engine, from its first changed node on. */
static void variant_logits(const struct coupling *c, const bool *removed, double *out)
{
    struct error error = {0};
    struct masked_operands masked;
    struct engine *engine = engine_with_noise(c->graph);
    assert_int_equal(mask_operands(c, removed, &masked, &error), STATUS_OK);
    for (int i = 0; i < masked.count; i++)
        check(engine_set_operand(engine, masked.items[i].node, masked.items[i].input, masked.items[i].tensor,
                                 &error),
              &error, 0);
    if (masked.count > 0) {
        int step = engine_step_of(engine, masked.first_node);
        assert_true(step >= 0);
        assert_int_equal(engine_forward_from(engine, step, &error), STATUS_OK);
    }
    memcpy(out, engine_output(engine)->data, LOGITS * sizeof *out);
    masked_operands_free(&masked);
    engine_free(engine);
}

/* --- selections ----------------------------------------------------------------------------------------- */

/* Each free class goes with a probability: the same for all, or one for every group. */
static void select_classes(const struct coupling *c, struct random_state *random, double probability,
                           bool by_group, bool *removed)
{
    for (int i = 0; i < c->group_count; i++) {
        double own = by_group ? random_uniform(random) * 1.4 - 0.2 : probability;
        for (int k = 0; k < c->groups[i].block_count; k++) {
            const struct block *block = &c->blocks[c->groups[i].blocks[k]];
            for (int n = 0; n < block->class_count && !block->locked; n++)
                removed[block->classes[n]] = random_uniform(random) < own;
        }
    }
    selection_keep_alive(c, NULL, removed);
}

/* By the functions that the program uses, with random scores. */
static void select_ranked(const struct coupling *c, struct random_state *random, bool globally, bool *removed)
{
    struct error error = {0};
    struct selection selection;
    struct select_options options = {.rounding = random_below(random, 2) ? ROUND_FLOOR : ROUND_PRUNE_FLOOR,
                                     .round_to = 1 + (int64_t)random_below(random, 3),
                                     .minimum = 1 + (int64_t)random_below(random, 2),
                                     .cap = 0.5 + 0.5 * random_uniform(random)};
    double *scores = mem_new((size_t)c->class_count + 1, sizeof *scores);
    double *ratios = mem_new((size_t)c->block_count + 1, sizeof *ratios);
    bool *included = mem_new((size_t)c->block_count + 1, sizeof *included);
    assert_true(scores != NULL && ratios != NULL && included != NULL);
    for (int i = 0; i < c->class_count; i++)
        scores[i] = random_uniform(random);
    for (int i = 0; i < c->block_count; i++) {
        included[i] = !c->blocks[i].locked && random_below(random, 4) > 0;
        ratios[i] = included[i] ? random_uniform(random) : 0;
    }
    if (globally)
        check(select_global(c, scores, random_uniform(random), included, &options, &selection, &error),
              &error, 0);
    else
        check(select_by_ratio(c, scores, ratios, &options, &selection, &error), &error, 0);
    memcpy(removed, selection.removed, (size_t)c->class_count * sizeof *removed);
    selection_free(&selection);
    mem_free(scores);
    mem_free(ratios);
    mem_free(included);
}

static int64_t random_selection(const struct coupling *c, uint64_t seed, double probability, bool *removed)
{
    struct random_state random;
    int64_t count = 0;
    random_seed(&random, seed, 3);
    if (probability == 0 || seed % 4 < 2)
        select_classes(c, &random, probability, probability > 0 && seed % 4 == 1, removed);
    else
        select_ranked(c, &random, seed % 4 == 3, removed);
    for (int i = 0; i < c->class_count; i++)
        count += removed[i];
    return count;
}

/* --- what must hold ------------------------------------------------------------------------------------- */

static void compare_costs(const struct subject *full, const bool *removed, const struct subject *small,
                          uint64_t seed)
{
    for (enum cost_rule rule = COST_MACS; rule <= COST_PTFLOPS; rule++) {
        struct error error = {0};
        struct cost before, what_if, left;
        check(cost_compute(full->coupling, NULL, rule, &before, &error), &error, seed);
        check(cost_compute(full->coupling, removed, rule, &what_if, &error), &error, seed);
        check(cost_compute(small->coupling, NULL, rule, &left, &error), &error, seed);
        if (what_if.macs != left.macs || what_if.channels != left.channels ||
            what_if.parameters != left.parameters || what_if.activation_bytes != left.activation_bytes)
            fail_msg("%s, seed %llu: said %g operations, %lld parameters, %lld channels, %lld bytes; in fact "
                     "%g, %lld, %lld, %lld",
                     subject_name, (unsigned long long)seed, what_if.macs, (long long)what_if.parameters,
                     (long long)what_if.channels, (long long)what_if.activation_bytes, left.macs,
                     (long long)left.parameters, (long long)left.channels, (long long)left.activation_bytes);
        assert_true(left.macs <= before.macs && left.parameters <= before.parameters);
        int64_t rows = left.other_parameters;
        for (int i = 0; i < left.layer_count; i++)
            rows += left.layers[i].parameters;
        assert_int_equal(rows, left.parameters);
        cost_free(&before);
        cost_free(&what_if);
        cost_free(&left);
    }
}

/* Written and read back, the network gives the same numbers. */
static void compare_file(const struct graph *graph, const double *expected, uint64_t seed)
{
    struct error error = {0};
    struct text bytes = {0};
    struct graph *read, *simple;
    double got[LOGITS];
    check(onnx_encode(graph, NULL, 0, &bytes, &error), &error, seed);
    check(onnx_read_bytes("bytes", text_data(&bytes), bytes.length, &read, &error), &error, seed);
    check(graph_simplify(read, &simple, &error), &error, seed);
    logits(simple, got);
    assert_memory_equal(got, expected, sizeof got);
    graph_free(simple);
    graph_free(read);
    text_free(&bytes);
}

static void compare_logits(const struct subject *s, const bool *removed, const struct graph *masked,
                           const struct graph *small, uint64_t seed)
{
    double by_mask[LOGITS], by_variant[LOGITS], by_surgery[LOGITS];
    logits(masked, by_mask);
    logits(small, by_surgery);
    variant_logits(s->coupling, removed, by_variant);
    assert_memory_equal(by_mask, by_variant, sizeof by_mask);
    for (int i = 0; i < LOGITS; i++)
        if (!(fabs(by_mask[i] - by_surgery[i]) <= 1e-9 * (1 + fabs(by_mask[i]))))
            fail_msg("%s, seed %llu: logit %d is %.17g masked, %.17g removed", subject_name,
                     (unsigned long long)seed, i, by_mask[i], by_surgery[i]);
    compare_file(small, by_surgery, seed);
}

/* Prune a network as the seed says, compare, and give the smaller one. */
static struct graph *prune_and_compare(const struct graph *graph, uint64_t seed, double probability,
                                       int64_t *removed_count)
{
    struct error error = {0};
    struct subject full = subject_new(graph, seed);
    struct graph *masked, *small;
    bool *removed = mem_new((size_t)full.coupling->class_count + 1, sizeof *removed);
    assert_non_null(removed);
    *removed_count += random_selection(full.coupling, seed, probability, removed);
    check(mask_apply(full.coupling, removed, &masked, &error), &error, seed);
    check(surgery_apply(full.coupling, removed, &small, &error), &error, seed);
    compare_logits(&full, removed, masked, small, seed);
    struct subject left = subject_new(small, seed);
    compare_costs(&full, removed, &left, seed);
    subject_free(&left);
    subject_free(&full);
    graph_free(masked);
    mem_free(removed);
    return small;
}

/* Twice over; how many classes went. */
static int64_t prune_twice(struct graph *graph, uint64_t seed)
{
    int64_t removed = 0;
    struct graph *small = prune_and_compare(graph, seed, 0.1 + 0.08 * (double)(seed % 10), &removed);
    struct graph *smaller = prune_and_compare(small, seed + 1001, 0.3, &removed);
    graph_free(smaller);
    graph_free(small);
    graph_free(graph);
    return removed;
}

/* --- tests ---------------------------------------------------------------------------------------------- */

static void every_structure_by_itself(void **state)
{
    (void)state;
    int kind = 0;
    for (; random_blocks[kind].name != NULL; kind++) {
        int64_t removed = 0;
        subject_name = random_blocks[kind].name;
        for (uint64_t i = 0; i < PER_KIND; i++)
            removed += prune_twice(random_block_network(i * 97 + (uint64_t)kind, kind), i);
        if (removed < PER_KIND)
            fail_msg("%s: only %lld channels removed", subject_name, (long long)removed);
    }
    subject_name = "mixture";
    assert_true(kind > 20);
}

static void structures_together(void **state)
{
    (void)state;
    int64_t removed = 0;
    for (uint64_t seed = 1; seed <= NETWORKS; seed++)
        removed += prune_twice(random_network(seed, 2 + (int)(seed % 8)), seed);
    assert_true(removed > 5 * NETWORKS);
}

static void nothing_removed_changes_nothing(void **state)
{
    (void)state;
    double before[LOGITS], after[LOGITS];
    for (uint64_t seed = 1; seed <= 30; seed++) {
        int64_t removed = 0;
        struct graph *graph = random_network(seed, 5);
        struct graph *same = prune_and_compare(graph, seed, 0, &removed);
        assert_int_equal(removed, 0);
        logits(graph, before);
        logits(same, after);
        assert_memory_equal(before, after, sizeof before);
        graph_free(same);
        graph_free(graph);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_structure_by_itself),
        cmocka_unit_test(structures_together),
        cmocka_unit_test(nothing_removed_changes_nothing),
    };
    return cmocka_run_group_tests_name("surgery", tests, NULL, NULL);
}
