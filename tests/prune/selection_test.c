/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From scores to the classes that go: combination, rounding, ranking, what holds a selection back, and what
 * is refused. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "base/text.h"
#include "prune/coupling.h"
#include "prune/isomorphic.h"
#include "prune/selection.h"
#include "score/layer.h"
#include "support/coupling_maker.h"
#include "support/graph_maker.h"

/* a (10 channels), d (depthwise over a), b (4), c (4, added to b), e (3), fc (2 outputs). Classes 0..9 are
 * a0 d0 .., 10..13 are b0 c0 .., 14..16 e0 .., 17 and 18 the outputs: four blocks in this order. */
enum { A = 0, B = 10, E = 14, FC = 17, CLASSES = 19, BLOCKS = 4, LAYERS = 6 };
enum { LAYER_A, LAYER_D, LAYER_B, LAYER_C, LAYER_E, LAYER_FC };

static struct {
    struct graph *graph;
    struct layers *layers;
    struct coupling *coupling;
} ladder;

static double row_a[10], row_d[10], row_b[4], row_c[4], row_e[3];
static double *rows[LAYERS];
static struct scores scores = {.layer_count = LAYERS, .layer = rows};
static const struct select_options plain = {.rounding = ROUND_FLOOR, .round_to = 1, .minimum = 1, .cap = 1};

static void couple(struct graph *graph, struct layers **layers, struct coupling **coupling)
{
    struct error error = {0};
    assert_int_equal(layers_find(graph, layers, &error), STATUS_OK);
    assert_int_equal(coupling_build(graph, *layers, coupling, &error), STATUS_OK);
}

static int build_ladder(void **state)
{
    (void)state;
    struct graph *g = begin(4);
    conv(g, "x", "a", 3, 10);
    conv_groups(g, "a", "d", 10, 10, 10);
    conv(g, "d", "b", 10, 4);
    conv(g, "b", "c", 4, 4);
    node2(g, "Add", "b", "c", "s");
    conv(g, "s", "e", 4, 3);
    finish(g, "e", 3);
    ladder.graph = g;
    couple(g, &ladder.layers, &ladder.coupling);
    assert_int_equal(ladder.coupling->class_count, CLASSES);
    assert_int_equal(ladder.coupling->block_count, BLOCKS);
    scores.criterion = criterion_find("l1");
    return 0;
}

static int free_ladder(void **state)
{
    (void)state;
    coupling_free(ladder.coupling);
    layers_free(ladder.layers);
    graph_free(ladder.graph);
    return 0;
}

/* a: 0, 1, 2, ...; d: 100 more; b: 1 2 3 4; c: 3 2 5 -1; e: 0.5 0.25 0.75 */
static int fill_rows(void **state)
{
    (void)state;
    static const double b[] = {1, 2, 3, 4}, c[] = {3, 2, 5, -1}, e[] = {0.5, 0.25, 0.75};
    for (int i = 0; i < 10; i++) {
        row_a[i] = i;
        row_d[i] = 100 + i;
    }
    memcpy(row_b, b, sizeof b);
    memcpy(row_c, c, sizeof c);
    memcpy(row_e, e, sizeof e);
    rows[LAYER_A] = row_a;
    rows[LAYER_D] = row_d;
    rows[LAYER_B] = row_b;
    rows[LAYER_C] = row_c;
    rows[LAYER_E] = row_e;
    rows[LAYER_FC] = NULL;
    return 0;
}

/* --- scores of classes ---------------------------------------------------------------------------------- */

static void members_are_combined(void **state)
{
    (void)state;
    static const double expected[5][4] = {
        {2, 2, 4, 1.5}, {4, 4, 8, 3}, {3, 2, 5, 4}, {1, 2, 3, -1}, {1, 2, 3, 4}};
    for (enum combination combine = COMBINE_MEAN; combine <= COMBINE_FIRST; combine++) {
        struct error error = {0};
        double class_score[CLASSES];
        assert_int_equal(class_scores(ladder.coupling, &scores, combine, class_score, &error), STATUS_OK);
        for (int i = 0; i < 10; i++) /* depthwise filters do not count */
            assert_true(class_score[A + i] == i);
        for (int i = 0; i < 4; i++)
            assert_true(class_score[B + i] == expected[combine][i]);
        assert_true(class_score[E + 1] == 0.25);
        assert_true(isnan(class_score[FC]) && isnan(class_score[FC + 1]));
    }
    assert_string_equal(combination_name(COMBINE_MEAN), "mean");
    assert_string_equal(combination_name(COMBINE_MIN), "min");
    assert_string_equal(combination_name(COMBINE_FIRST), "first");
    assert_null(combination_name(5));
    assert_null(combination_name(-1));
}

static void nan_is_refused(void **state)
{
    (void)state;
    double class_score[CLASSES];
    row_c[2] = NAN;
    for (enum combination combine = COMBINE_MEAN; combine <= COMBINE_MIN; combine++) {
        struct error error = {0};
        assert_int_equal(class_scores(ladder.coupling, &scores, combine, class_score, &error), STATUS_NAN);
        assert_string_equal(error.message, "layer c: the l1 score of channel 2 is not a number");
    }
    struct error error = {0};
    row_c[2] = INFINITY;
    assert_int_equal(class_scores(ladder.coupling, &scores, COMBINE_MAX, class_score, &error), STATUS_OK);
    assert_true(isinf(class_score[B + 2]));
    row_d[1] = NAN; /* is not looked at */
    assert_int_equal(class_scores(ladder.coupling, &scores, COMBINE_SUM, class_score, &error), STATUS_OK);
}

/* --- one ratio per block -------------------------------------------------------------------------------- */

static struct selection select_blocks(double a, double b, double e, const struct select_options *options)
{
    struct error error = {0};
    struct selection selection;
    double class_score[CLASSES], ratio[BLOCKS] = {a, b, e, 0};
    assert_int_equal(class_scores(ladder.coupling, &scores, COMBINE_MEAN, class_score, &error), STATUS_OK);
    if (select_by_ratio(ladder.coupling, class_score, ratio, options, &selection, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    return selection;
}

/* The classes removed, as text; frees the selection. */
static void expect_removed(struct selection *selection, const char *expected)
{
    struct text text = {0};
    int64_t count = 0;
    for (int i = 0; i < selection->class_count; i++)
        if (selection->removed[i]) {
            text_add_format(&text, "%s%d", count > 0 ? " " : "", i);
            count++;
        }
    assert_string_equal(text_data(&text), expected);
    assert_int_equal(selection->count, count);
    text_free(&text);
    selection_free(selection);
}

static void lowest_go_first(void **state)
{
    (void)state;
    struct select_options options = plain;
    struct selection s = select_blocks(0.25, 0.5, 0.34, &options);
    assert_int_equal(s.warning_count, 0);
    expect_removed(&s, "0 1 2 10 13 14 15"); /* means of b and c: 2 2 4 1.5; the first of two equal ones */
    options.rounding = ROUND_PRUNE_FLOOR;
    s = select_blocks(0.25, 0.5, 0.34, &options);
    expect_removed(&s, "0 1 10 13 15");
    s = select_blocks(0, 0, 0, &options);
    expect_removed(&s, "");
}

static void ties_by_channel(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++)
        row_a[i] = i % 2;
    struct selection s = select_blocks(0.7, 0, 0, &plain);
    expect_removed(&s, "0 1 2 3 4 6 8");
}

static void one_stays(void **state)
{
    (void)state;
    struct selection s = select_blocks(1, 0, 1, &plain);
    assert_int_equal(s.warning_count, 2);
    assert_int_equal(s.warnings[0].block, 0);
    assert_int_equal(s.warnings[0].asked, 10);
    assert_int_equal(s.warnings[0].done, 9);
    assert_string_equal(s.warnings[0].why, "the smallest number of channels is reached");
    assert_int_equal(s.warnings[1].block, 2);
    expect_removed(&s, "0 1 2 3 4 5 6 7 8 14 15");
    struct select_options options = plain;
    options.minimum = 3;
    s = select_blocks(0.9, 0.9, 0.9, &options);
    assert_int_equal(s.warning_count, 3);
    expect_removed(&s, "0 1 2 3 4 5 6 13");
    options.minimum = INT64_MAX;
    s = select_blocks(0.9, 0.9, 0.9, &options);
    expect_removed(&s, "");
}

static void multiples_stay(void **state)
{
    (void)state;
    struct select_options options = plain;
    options.round_to = 4;
    struct selection s = select_blocks(0.25, 0.5, 0.5, &options);
    assert_int_equal(s.warning_count, 3);
    assert_int_equal(s.warnings[0].asked, 3);
    assert_int_equal(s.warnings[0].done, 2);
    assert_string_equal(s.warnings[0].why, "kept channels are rounded up to a multiple");
    expect_removed(&s, "0 1"); /* 7 of 10 become 8, 2 of 4 become 4, 1 of 3 stays 3 */
    s = select_blocks(1, 0, 0, &options);
    expect_removed(&s, "0 1 2 3 4 5"); /* never zero, and a multiple: 4 */
    options.minimum = 5;
    s = select_blocks(1, 0, 0, &options);
    expect_removed(&s, "0 1"); /* 8 */
    options.round_to = INT64_MAX;
    s = select_blocks(1, 1, 1, &options);
    expect_removed(&s, "");
}

static void what_has_no_score_stays(void **state)
{
    (void)state;
    rows[LAYER_E] = NULL;
    struct selection s = select_blocks(0.1, 0, 0.67, &plain);
    assert_int_equal(s.warning_count, 1);
    assert_int_equal(s.warnings[0].block, 2);
    assert_int_equal(s.warnings[0].done, 0);
    assert_string_equal(s.warnings[0].why, "channels without a score stay");
    expect_removed(&s, "0");
}

static void ratios_are_refused(void **state)
{
    (void)state;
    static const double wrong[] = {-0.1, 1.1, NAN, INFINITY, -INFINITY};
    double class_score[CLASSES] = {0};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct error error = {0};
        struct selection untouched = {.class_count = -5};
        double ratio[BLOCKS] = {0, wrong[i], 0, 0};
        assert_int_equal(select_by_ratio(ladder.coupling, class_score, ratio, &plain, &untouched, &error),
                         STATUS_RANGE);
        assert_non_null(strstr(error.message, "layer b: ratio "));
        assert_int_equal(untouched.class_count, -5);
    }
    struct error error = {0};
    struct selection untouched;
    double ratio[BLOCKS] = {0.5, 0, 0, 0.5};
    assert_int_equal(select_by_ratio(ladder.coupling, class_score, ratio, &plain, &untouched, &error),
                     STATUS_STATE);
    assert_string_equal(error.message, "layer fc is locked: it is the network's output");
}

/* --- all blocks together -------------------------------------------------------------------------------- */

static struct selection select_all(double ratio, const char *included, const struct select_options *options)
{
    struct error error = {0};
    struct selection selection;
    double class_score[CLASSES];
    bool included_blocks[BLOCKS];
    for (int i = 0; i < BLOCKS; i++)
        included_blocks[i] = included[i] == '1';
    assert_int_equal(class_scores(ladder.coupling, &scores, COMBINE_MEAN, class_score, &error), STATUS_OK);
    if (select_global(ladder.coupling, class_score, ratio, included_blocks, options, &selection, &error) !=
        STATUS_OK)
        fail_msg("%s", error.message);
    return selection;
}

static void all_equal(void)
{
    for (int i = 0; i < 10; i++)
        row_a[i] = 1;
    for (int i = 0; i < 4; i++)
        row_b[i] = row_c[i] = 1;
    for (int i = 0; i < 3; i++)
        row_e[i] = 1;
}

/* 31 channels of layers can go: twenty of a and d, eight of b and c, three of e. */
static void exactly_as_many_as_asked(void **state)
{
    (void)state;
    struct select_options options = plain;
    struct selection s = select_all(0.1, "1111", &options); /* 31 - 27 = 4: a0 with d0, e1, e0 */
    assert_int_equal(s.warning_count, 0);
    expect_removed(&s, "0 14 15");
    options.rounding = ROUND_PRUNE_FLOOR; /* 3 */
    s = select_all(0.1, "1111", &options);
    assert_int_equal(s.warning_count, 0);
    expect_removed(&s, "0 15"); /* a0 with d0, e1 */
    s = select_all(0, "1111", &options);
    expect_removed(&s, "");
}

static void ties_by_layer_then_channel(void **state)
{
    (void)state;
    all_equal();
    struct select_options options = plain;
    struct selection s = select_all(0.5, "1110", &options); /* 16: a0..a7 */
    assert_int_equal(s.warning_count, 0);
    expect_removed(&s, "0 1 2 3 4 5 6 7");
    options.rounding = ROUND_PRUNE_FLOOR; /* 15: a7 would be one too many, e0 is not */
    s = select_all(0.5, "1110", &options);
    assert_int_equal(s.warning_count, 0);
    expect_removed(&s, "0 1 2 3 4 5 6 14");
    s = select_all(0.5, "0100", &options); /* 4 of 8 */
    expect_removed(&s, "10 11");
    s = select_all(0.5, "0000", &options);
    expect_removed(&s, "");
}

static void held_back(void **state)
{
    (void)state;
    all_equal();
    struct select_options options = plain;
    options.cap = 0.5; /* five of a, two of b, one of e */
    struct selection s = select_all(0.5, "1110", &options);
    assert_int_equal(s.warning_count, 1);
    assert_int_equal(s.warnings[0].block, -1);
    assert_int_equal(s.warnings[0].asked, 16);
    assert_int_equal(s.warnings[0].done, 15);
    expect_removed(&s, "0 1 2 3 4 10 11 14");
    options.cap = 0;
    s = select_all(0.5, "1110", &options);
    expect_removed(&s, "");
    options = plain;
    s = select_all(1, "1110", &options); /* one of each block stays */
    assert_int_equal(s.warnings[0].done, 18 + 6 + 2);
    expect_removed(&s, "0 1 2 3 4 5 6 7 8 10 11 12 14 15");
    options.minimum = 3;
    s = select_all(1, "1110", &options);
    expect_removed(&s, "0 1 2 3 4 5 6 10");
    options = plain;
    options.round_to = 4; /* 16 are eight of a: six, so that four stay */
    s = select_all(0.5, "1110", &options);
    assert_int_equal(s.warning_count, 1);
    assert_int_equal(s.warnings[0].done, 12);
    expect_removed(&s, "0 1 2 3 4 5");
    /* Three of a, with seven left: back to eight, the best of the three returns. */
    s = select_all(0.2, "1000", &options);
    expect_removed(&s, "0 1");
}

static void no_score_no_rank(void **state)
{
    (void)state;
    rows[LAYER_E] = NULL;
    struct selection s = select_all(0.5, "1110", &plain); /* 14 of 28 */
    assert_int_equal(s.warning_count, 0);
    for (int i = 0; i < 3; i++)
        assert_false(s.removed[E + i]);
    expect_removed(&s, "0 1 2 3 10 11 13");
}

static void global_refusals(void **state)
{
    (void)state;
    static const double wrong[] = {-1e-9, 1.0000001, NAN};
    double class_score[CLASSES] = {0};
    bool included[BLOCKS] = {true, true, true, false};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct error error = {0};
        struct selection untouched = {.class_count = -5};
        struct select_options options = plain;
        assert_int_equal(
            select_global(ladder.coupling, class_score, wrong[i], included, &options, &untouched, &error),
            STATUS_RANGE);
        assert_non_null(strstr(error.message, "ratio "));
        options.cap = wrong[i];
        assert_int_equal(
            select_global(ladder.coupling, class_score, 0.5, included, &options, &untouched, &error),
            STATUS_RANGE);
        assert_non_null(strstr(error.message, "cap "));
        assert_int_equal(untouched.class_count, -5);
    }
}

/* --- branches that read a part -------------------------------------------------------------------------- */

/* a has six channels; one branch reads the first three, the other the rest. */
static void branches_keep_something(void **state)
{
    (void)state;
    struct error error = {0};
    struct graph *g = begin(4);
    struct layers *layers;
    struct coupling *coupling;
    struct selection s;
    conv(g, "x", "a", 3, 6);
    slice(g, "a", "first", 1, 0, 3, 1);
    slice(g, "a", "rest", 1, 3, 6, 1);
    conv(g, "first", "b", 3, 2);
    conv(g, "rest", "c", 3, 3);
    make_node(g, "/cat", "Concat", NAMES("b", "c"), NAMES("cat"), ATTRIBUTES(integer_attribute("axis", 1)));
    finish(g, "cat", 5);
    couple(g, &layers, &coupling);
    double class_score[] = {1, 3, 2, 4, 5, 6, 1, 2, 1, 2, 3, NAN, NAN}, ratio[] = {0.67, 0, 0, 0};
    assert_int_equal(select_by_ratio(coupling, class_score, ratio, &plain, &s, &error), STATUS_OK);
    assert_int_equal(s.warning_count, 1);
    assert_int_equal(s.warnings[0].asked, 5);
    assert_int_equal(s.warnings[0].done, 4);
    assert_string_equal(s.warnings[0].why, "a branch would have had nothing left to read");
    expect_removed(&s, "0 2 3 4"); /* of the first three, channel 1 has the highest score */
    bool removed[13] = {true, true, true, true, true, true};
    assert_int_equal(selection_keep_alive(coupling, NULL, removed), 2);
    assert_false(removed[0] || removed[3]);
    coupling_free(coupling);
    layers_free(layers);
    graph_free(g);
}

/* --- counts and memory ---------------------------------------------------------------------------------- */

static void counts(void **state)
{
    (void)state;
    assert_int_equal(pruned_count(10, 0.7, ROUND_FLOOR), 7);
    assert_int_equal(pruned_count(10, 0.7, ROUND_PRUNE_FLOOR), 7);
    assert_int_equal(pruned_count(16, 0.4, ROUND_FLOOR), 7);
    assert_int_equal(pruned_count(16, 0.4, ROUND_PRUNE_FLOOR), 6);
    assert_int_equal(pruned_count(1, 0.99, ROUND_FLOOR), 0);
    assert_int_equal(pruned_count(8, 1, ROUND_PRUNE_FLOOR), 7);
    assert_int_equal(pruned_count(8, 7, ROUND_FLOOR), 7);
    assert_int_equal(pruned_count(8, -1, ROUND_FLOOR), 0);
    assert_int_equal(pruned_count(8, NAN, ROUND_FLOOR), 0);
    assert_int_equal(pruned_count(0, 0.5, ROUND_FLOOR), 0);
    assert_string_equal(rounding_name(ROUND_FLOOR), "floor");
}

static void memory_runs_out(void **state)
{
    (void)state;
    struct select_options options = plain;
    double class_score[CLASSES] = {0}, ratio[BLOCKS] = {0.9, 0.99, 1, 0};
    bool included[BLOCKS] = {true, true, true, false};
    options.cap = 0.2;
    options.scope = RANK_ISOMORPHIC;
    for (int global = 0; global < 2; global++) {
        struct error error = {0};
        struct selection s;
        status code = STATUS_MEMORY;
        long nth = 0;
        while (code == STATUS_MEMORY) {
            mem_fail_at(++nth);
            code = global ? select_global(ladder.coupling, class_score, 0.9, included, &options, &s, &error)
                          : select_by_ratio(ladder.coupling, class_score, ratio, &options, &s, &error);
            mem_fail_at(0);
        }
        assert_int_equal(code, STATUS_OK);
        assert_true(nth > 3 && s.warning_count > 0);
        selection_free(&s);
    }
}

/* Two inner layers alike, of different sizes, and one that something else reads. */
static void alike_are_ranked_together(void **state)
{
    (void)state;
    struct error error = {0};
    struct layers *layers;
    struct coupling *coupling;
    struct graph *g = begin(4);
    conv(g, "x", "a", 3, 6);
    conv(g, "a", "b", 6, 4);
    conv(g, "b", "e", 4, 5);
    finish(g, "e", 5);
    couple(g, &layers, &coupling);
    int alike[8], ladders[BLOCKS];
    assert_int_equal(isomorphic_blocks(coupling, alike, &error), STATUS_OK);
    assert_true(alike[0] == 0 && alike[1] == 0 && alike[2] == 2 && alike[3] == 3);
    assert_int_equal(isomorphic_blocks(ladder.coupling, ladders, &error), STATUS_OK);
    for (int i = 0; i < BLOCKS; i++)
        assert_int_equal(ladders[i], i);
    /* a: 0.5, 1.5 ...; b: 0 1 2 3; e: 100 ...: half of ten, and of five what floor keeps */
    double class_score[32];
    const bool included[8] = {true, true, true, true};
    for (int i = 0; i < coupling->class_count; i++)
        class_score[i] = i < 6 ? i + 0.5 : i < 10 ? i - 6 : 100 + i;
    struct select_options options = plain;
    struct selection s;
    options.scope = RANK_ISOMORPHIC;
    assert_int_equal(select_global(coupling, class_score, 0.5, included, &options, &s, &error), STATUS_OK);
    expect_removed(&s, "0 1 6 7 8 10 11 12");
    options.scope = RANK_NETWORK;
    assert_int_equal(select_global(coupling, class_score, 0.5, included, &options, &s, &error), STATUS_OK);
    expect_removed(&s, "0 1 2 3 4 6 7 8");
    assert_string_equal(rank_scope_name(RANK_ISOMORPHIC), "isomorphic");
    assert_null(rank_scope_name(2));
    coupling_free(coupling);
    layers_free(layers);
    graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(members_are_combined, fill_rows),
        cmocka_unit_test_setup(nan_is_refused, fill_rows),
        cmocka_unit_test_setup(lowest_go_first, fill_rows),
        cmocka_unit_test_setup(ties_by_channel, fill_rows),
        cmocka_unit_test_setup(one_stays, fill_rows),
        cmocka_unit_test_setup(multiples_stay, fill_rows),
        cmocka_unit_test_setup(what_has_no_score_stays, fill_rows),
        cmocka_unit_test(ratios_are_refused),
        cmocka_unit_test_setup(exactly_as_many_as_asked, fill_rows),
        cmocka_unit_test_setup(ties_by_layer_then_channel, fill_rows),
        cmocka_unit_test_setup(held_back, fill_rows),
        cmocka_unit_test_setup(no_score_no_rank, fill_rows),
        cmocka_unit_test(global_refusals),
        cmocka_unit_test(branches_keep_something),
        cmocka_unit_test(counts),
        cmocka_unit_test(alike_are_ranked_together),
        cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests_name("selection", tests, build_ladder, free_ladder);
}
