/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Coupling by hand: small networks for every rule, with the classes, blocks, groups and words that must
 * come out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/text.h"
#include "prune/coupling.h"
#include "score/layer.h"
#include "support/attributes.h"
#include "support/coupling_maker.h"
#include "support/graph_maker.h"
#include "support/random_network.h"
#include "support/subject.h"

/* --- channels that are made ----------------------------------------------------------------------------- */

static void layers_in_a_row(void **state)
{
    (void)state;
    struct graph *g = begin(4);
    conv(g, "x", "a", 3, 2);
    for (int i = 0; i < 4; i++) {
        static const char *const parts[] = {"n.weight", "n.bias", "n.mean", "n.var"};
        make_reals(g, parts[i], DIMS(2), 1);
    }
    make_node(g, "/n", "BatchNormalization", NAMES("a", "n.weight", "n.bias", "n.mean", "n.var"), NAMES("n"),
              NO_ATTRIBUTES);
    node1(g, "HardSwish", "n", "h");
    node1(g, "Identity", "h", "i");
    node1(g, "Dropout", "i", "d");
    conv(g, "d", "b", 2, 3);
    struct subject b = subject_of(finish(g, "b", 3));
    const struct coupling *c = b.coupling;
    check_tables(c);
    assert_int_equal(c->group_count, 3);
    assert_int_equal(c->block_count, 3);
    assert_false(c->groups[0].stream || c->groups[0].locked);
    assert_true(c->groups[2].locked && c->blocks[2].locked);
    assert_int_equal(c->groups[0].tie_count, 0);
    struct text words = {0};
    for (int i = 0; i < 3; i++)
        group_describe(c, i, &words);
    assert_string_equal(text_data(&words), "Channels of 1 layer: a\n"
                                           "  2 channels of a: free, one by one\n"
                                           "Channels of 1 layer: b\n"
                                           "  3 channels of b: free, one by one\n"
                                           "Channels of 1 layer: fc\n"
                                           "  2 channels of fc: locked, it is the network's output\n");
    text_clear(&words);
    classes_text(c, &words);
    assert_string_equal(text_data(&words), "a0; a1; b0; b1; b2; fc0!; fc1!");
    text_free(&words);
    subject_free(&b);
}

static void flattened_features(void **state)
{
    (void)state;
    struct error error = {0};
    struct graph *g = begin(2);
    conv(g, "x", "a", 3, 2);
    node1(g, "Flatten", "a", "flat");
    linear(g, "flat", "b", 8, 3);
    linear(g, "b", "fc", 3, 1);
    make_output(g, "fc");
    assert_int_equal(graph_finish(g, &error), STATUS_OK);
    struct subject b = subject_of(g);
    struct text text = {0};
    classes_text(b.coupling, &text);
    assert_string_equal(text_data(&text), "a0; a1; b0; b1; b2; fc0!");
    text_free(&text);
    /* Channel 1 is features 4..7. */
    const struct label_map *map = &b.coupling->maps[graph_find_value(g, "flat")];
    for (int64_t i = 0; i < 8; i++)
        assert_int_equal(b.coupling->class_of[label_map_along(map, 1, i)], i / 4);
    subject_free(&b);
}

static void depthwise_and_grouped(void **state)
{
    (void)state;
    struct graph *g = begin(4);
    conv(g, "x", "a", 3, 2);
    conv_groups(g, "a", "d", 2, 4, 2);
    expect(
        finish(g, "d", 4), "a0 d0 d1; a1 d2 d3; fc0!; fc1!", "d",
        "Channels of 2 layers: a and d\n"
        "  2 classes of channels of a and d, each with 1 of a and 2 of d: a class is kept or removed whole\n");
    g = begin(4);
    conv(g, "x", "a", 3, 4);
    conv_groups(g, "a", "g", 4, 6, 2);
    expect(finish(g, "g", 6), "a0 a2; a1 a3; g0 g3; g1 g4; g2 g5; fc0!; fc1!", "a",
           "Channels of 1 layer: a\n"
           "  4 channels of a, in 2 classes of 2: a class is kept or removed whole\n"
           "  tied by Conv /g\n");
    /* Every channel of the input is one of the network's input. */
    g = begin(4);
    conv_groups(g, "x", "d", 3, 6, 3);
    expect(finish(g, "d", 6), "d0! d1!; d2! d3!; d4! d5!; fc0!; fc1!", "d",
           "Channels of 1 layer: d\n"
           "  6 channels of d, in 3 classes of 2: locked, it is the network's input\n");
    /* A uniform value of several channels, read by groups. */
    g = begin(4);
    conv(g, "x", "a", 3, 1);
    along(g, "Concat", NAMES("a", "a", "a", "a"), "four", 1);
    conv_groups(g, "four", "g", 4, 4, 2);
    expect(finish(g, "g", 4), "a0; g0 g2; g1 g3; fc0!; fc1!", NULL, NULL);
}

/* --- channels that are tied ----------------------------------------------------------------------------- */

static void residual_stream(void **state)
{
    (void)state;
    struct graph *g = begin(4);
    conv(g, "x", "a", 3, 2);
    conv(g, "a", "inner", 2, 3);
    conv(g, "inner", "b", 3, 2);
    node2(g, "Add", "a", "b", "s");
    node1(g, "Relu", "s", "r");
    conv(g, "r", "c", 2, 2);
    make_node(g, "/t", "Sum", NAMES("c", "r", "a"), NAMES("t"), NO_ATTRIBUTES);
    struct subject b = subject_of(finish(g, "t", 2));
    const struct coupling *c = b.coupling;
    int stream = c->layer_group[layers_index(b.layers, "c")];
    struct text text = {0};
    check_tables(c);
    assert_int_equal(stream, 0);
    assert_true(c->groups[0].stream && !c->groups[1].stream);
    assert_int_equal(c->groups[0].layer_count, 3);
    assert_int_equal(c->groups[0].tie_count, 2);
    assert_string_equal(c->graph->nodes[c->groups[0].ties[0]].name, "/s");
    group_describe(c, stream, &text);
    assert_string_equal(text_data(&text), "Residual stream of 3 layers: a, b and c\n"
                                          "  2 channels of a, b and c: kept or removed together\n"
                                          "  tied by Add /s\n"
                                          "  tied by Sum /t\n");
    text_clear(&text);
    classes_text(c, &text);
    assert_string_equal(text_data(&text), "a0 b0 c0; a1 b1 c1; inner0; inner1; inner2; fc0!; fc1!");
    text_free(&text);
    subject_free(&b);
}

/* A strided slice and padded channels: the stream gets new channels in front and behind. */
static void option_a(void **state)
{
    (void)state;
    struct graph *g = begin(4);
    conv(g, "x", "a", 3, 2);
    slice(g, "a", "half", 2, 0, INT64_MAX, 2);
    slice(g, "half", "quarter", 3, 0, INT64_MAX, 2);
    integers_node(g, "Pad", "quarter", "wide", DIMS(0, 1, 0, 0, 0, 1, 0, 0));
    make_reals(g, "b.weight", DIMS(4, 2, 1, 1), 1);
    make_node(g, "/b", "Conv", NAMES("a", "b.weight"), NAMES("b"),
              ATTRIBUTES(integers_attribute("strides", DIMS(2, 2))));
    node2(g, "Add", "b", "wide", "s");
    expect(finish(g, "s", 4), "a0 b1; a1 b2; b0; b3; fc0!; fc1!", "b",
           "Residual stream of 2 layers: a and b\n"
           "  2 channels of a and b: kept or removed together\n"
           "  2 channels of b: free, one by one\n"
           "  tied by Add /s\n");
}

static void gates(void **state)
{
    (void)state;
    struct graph *g = begin(4);
    conv(g, "x", "a", 3, 2);
    node1(g, "GlobalAveragePool", "a", "p");
    conv(g, "p", "squeeze", 2, 1);
    conv(g, "squeeze", "excite", 1, 2);
    node1(g, "Sigmoid", "excite", "gate");
    node2(g, "Mul", "a", "gate", "m");
    expect(finish(g, "m", 2), "a0 excite0; a1 excite1; squeeze0; fc0!; fc1!", "a",
           "Channels of 2 layers: a and excite\n"
           "  2 channels of a and excite: kept or removed together\n"
           "  tied by Mul /m\n");
    /* The same through a matrix of features. */
    g = begin(4);
    conv(g, "x", "a", 3, 2);
    make_node(g, "/p", "ReduceMean", NAMES("a"), NAMES("p"),
              ATTRIBUTES(integers_attribute("axes", DIMS(2, 3)), integer_attribute("keepdims", 0)));
    linear(g, "p", "excite", 2, 2);
    integers_node(g, "Unsqueeze", "excite", "gate", DIMS(2, 3));
    node2(g, "Mul", "gate", "a", "m");
    expect(finish(g, "m", 2), "a0 excite0; a1 excite1; fc0!; fc1!", NULL, NULL);
    /* A slope that is computed is tied as well. */
    g = begin(4);
    conv(g, "x", "a", 3, 2);
    conv(g, "x", "b", 3, 2);
    node2(g, "PRelu", "a", "b", "p");
    expect(finish(g, "p", 2), "a0 b0; a1 b1; fc0!; fc1!", NULL, NULL);
}

/* --- channels that move --------------------------------------------------------------------------------- */

static void branches(void **state)
{
    (void)state;
    struct graph *g = begin(4);
    conv(g, "x", "a", 3, 2);
    conv(g, "a", "b", 2, 1);
    along(g, "Concat", NAMES("a", "b"), "cat", 1);
    conv(g, "cat", "c", 3, 3);
    node2(g, "Add", "cat", "c", "s");
    expect(finish(g, "s", 3), "a0 c0; a1 c1; b0 c2; fc0!; fc1!", "c",
           "Residual stream of 3 layers: a, b and c\n"
           "  2 channels of a and c: kept or removed together\n"
           "  1 channel of b and c: kept or removed together\n"
           "  tied by Add /s\n");
    g = begin(4);
    conv(g, "x", "a", 3, 4);
    make_node(g, "/parts", "Split", NAMES("a"), NAMES("left", "right"),
              ATTRIBUTES(integer_attribute("axis", 1)));
    node2(g, "Mul", "left", "right", "m");
    expect(finish(g, "m", 2), "a0 a2; a1 a3; fc0!; fc1!", NULL, NULL);
    g = begin(4);
    conv(g, "x", "a", 3, 5);
    slice(g, "a", "even", 1, 0, INT64_MAX, 2);
    slice(g, "a", "last", 1, -3, INT64_MAX, 1);
    node2(g, "Add", "even", "last", "s");
    expect(finish(g, "s", 3), "a0 a2 a3; a1; a4; fc0!; fc1!", NULL, NULL);
    g = begin(4);
    conv(g, "x", "a", 3, 3);
    make_integers(g, "list", DIMS(2, 0, -2));
    along(g, "Gather", NAMES("a", "list"), "turned", 1);
    node2(g, "Add", "turned", "a", "s");
    expect(finish(g, "s", 3), "a0 a1 a2; fc0!; fc1!", NULL, NULL);
}

static void channel_shuffle(void **state)
{
    (void)state;
    struct graph *g = begin(4);
    conv(g, "x", "a", 3, 6);
    reshape(g, "a", "table", DIMS(0, 2, 3, 4, 4));
    transpose(g, "table", "turned", DIMS(0, 2, 1, 3, 4));
    reshape(g, "turned", "shuffled", DIMS(0, 6, 4, 4));
    struct subject b = subject_of(finish(g, "shuffled", 6));
    const struct coupling *c = b.coupling;
    struct text text = {0};
    classes_text(c, &text);
    assert_string_equal(text_data(&text), "a0; a1; a2; a3; a4; a5; fc0!; fc1!");
    text_free(&text);
    const struct label_map *map = &c->maps[graph_find_value(g, "shuffled")];
    static const int order[] = {0, 3, 1, 4, 2, 5};
    for (int i = 0; i < 6; i++)
        assert_int_equal(c->class_of[label_map_along(map, 1, i)], order[i]);
    subject_free(&b);
    /* With a use of its inside it is no shuffle: what would not stay rectangular is tied. */
    g = begin(4);
    conv(g, "x", "a", 3, 6);
    reshape(g, "a", "table", DIMS(0, 2, 3, 4, 4));
    node1(g, "Relu", "table", "relu");
    transpose(g, "relu", "turned", DIMS(0, 2, 1, 3, 4));
    reshape(g, "turned", "shuffled", DIMS(0, 6, 4, 4));
    expect(finish(g, "shuffled", 6), "a0 a3; a1 a4; a2 a5; fc0!; fc1!", "a",
           "Channels of 1 layer: a\n"
           "  6 channels of a, in 3 classes of 2: a class is kept or removed whole\n"
           "  tied by Reshape /table\n");
}

/* Depth to space: four channels make one. */
static void table_of_pixels(void **state)
{
    (void)state;
    struct graph *g = begin(2);
    conv(g, "x", "a", 3, 8);
    reshape(g, "a", "table", DIMS(0, 2, 2, 2, 2, 2));
    transpose(g, "table", "turned", DIMS(0, 1, 4, 2, 5, 3));
    reshape(g, "turned", "image", DIMS(0, 2, 4, 4));
    conv(g, "image", "b", 2, 1);
    expect(finish(g, "b", 1), "a0 a1 a2 a3; a4 a5 a6 a7; b0; fc0!; fc1!", NULL, NULL);
}

/* A softmax over parts, and their sum: the same channel of every part goes together. */
static void split_attention(void **state)
{
    (void)state;
    struct graph *g = begin(4);
    conv(g, "x", "a", 3, 4);
    reshape(g, "a", "parts", DIMS(0, 2, 2, 4, 4));
    along(g, "Softmax", NAMES("parts"), "weights", 1);
    node2(g, "Mul", "parts", "weights", "weighted");
    make_integers(g, "axes", DIMS(1));
    make_node(g, "/sum", "ReduceSum", NAMES("weighted", "axes"), NAMES("sum"),
              ATTRIBUTES(integer_attribute("keepdims", 0)));
    expect(finish(g, "sum", 2), "a0 a2; a1 a3; fc0!; fc1!", "a",
           "Channels of 1 layer: a\n"
           "  4 channels of a, in 2 classes of 2: a class is kept or removed whole\n"
           "  tied by Softmax /weights\n");
}

static void channels_last(void **state)
{
    (void)state;
    struct graph *g = begin(4);
    conv(g, "x", "a", 3, 2);
    transpose(g, "a", "last", DIMS(0, 2, 3, 1));
    linear(g, "last", "up", 2, 3);
    linear(g, "up", "down", 3, 2);
    transpose(g, "down", "first", DIMS(0, 3, 1, 2));
    node2(g, "Add", "first", "a", "s");
    expect(finish(g, "s", 2), "a0 down0; a1 down1; up0; up1; up2; fc0!; fc1!", NULL, NULL);
}

/* --- labels --------------------------------------------------------------------------------------------- */

static void forest_of_labels(void **state)
{
    (void)state;
    struct label_forest forest = {0};
    assert_int_equal(forest_add(&forest, 5), 0);
    assert_int_equal(forest_add(&forest, 3), 5);
    assert_true(forest_unite(&forest, 7, 2));
    assert_false(forest_unite(&forest, 2, 7));
    assert_true(forest_unite(&forest, 7, 6));
    assert_int_equal(forest_find(&forest, 6), 2);
    forest_lock(&forest, 6, 4);
    forest_lock(&forest, 2, 9);
    assert_int_equal(forest.lock[forest_find(&forest, 7)], 4);
    assert_true(forest_unite(&forest, 0, 7));
    assert_int_equal(forest.lock[0], 4);
    assert_int_equal(forest_add(&forest, -1), -1);
    assert_int_equal(forest_add(&forest, INT32_MAX), -1);
    assert_int_equal(forest.count, 8);
    forest_free(&forest);
}

/* Large images cost nothing: 2^40 elements and 6 labels. */
static void maps_of_large_values(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct label_map map, table, flat;
    struct shape image = {.rank = 4, .dim = {1, 6, 1 << 20, 1 << 17}};
    struct shape shape = {.rank = 4, .dim = {1, 2, 3, INT64_C(1) << 37}};
    assert_true(label_map_new(arena, &image, 2u, &map));
    for (int i = 0; i < 6; i++)
        map.labels[i] = 10 + i;
    assert_true(label_map_reshape(arena, &map, &shape, &table));
    assert_int_equal(label_map_axes(&table), 6u);
    assert_int_equal(label_map_elements(&table), 6);
    assert_int_equal(label_map_at(&table, (int64_t[]){0, 1, 2, 12345}), 15);
    assert_true(shape_equal(&table.shape, &shape));
    assert_true(label_map_reshape(arena, &table, &image, &flat));
    assert_int_equal(label_map_axes(&flat), 2u);
    assert_int_equal(label_map_along(&flat, 1, 4), 14);
    /* All in one row is too much. */
    shape = (struct shape){.rank = 2, .dim = {1, 6 * (INT64_C(1) << 37)}};
    assert_false(label_map_reshape(arena, &map, &shape, &flat));
    arena_free(arena);
}

/* --- memory --------------------------------------------------------------------------------------------- */

static void memory_runs_out(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct error error = {0};
        struct graph *graph = random_network(seed, 6);
        struct layers *layers;
        struct coupling *coupling;
        status code = STATUS_MEMORY;
        long nth = 0;
        assert_int_equal(layers_find(graph, &layers, &error), STATUS_OK);
        while (code == STATUS_MEMORY) {
            mem_fail_at(++nth);
            code = coupling_build(graph, layers, &coupling, &error);
            mem_fail_at(0);
        }
        if (code != STATUS_OK)
            fail_msg("allocation %ld: %s", nth, error.message);
        assert_true(nth > 50);
        coupling_free(coupling);
        layers_free(layers);
        graph_free(graph);
    }
    coupling_free(NULL);
}

/* A leaky Relu as a comparison and a choice ties nothing; a choice between two layers does. */
static void choices(void **state)
{
    (void)state;
    struct graph *g = begin(4);
    conv(g, "x", "a", 3, 2);
    make_reals(g, "none", DIMS(1), 0);
    make_reals(g, "slope", DIMS(1), 0.1);
    node2(g, "Greater", "a", "none", "positive");
    node2(g, "Mul", "a", "slope", "small");
    make_node(g, "/leaky", "Where", NAMES("positive", "a", "small"), NAMES("leaky"), NO_ATTRIBUTES);
    expect(finish(g, "leaky", 2), "a0; a1; fc0!; fc1!", NULL, NULL);
    g = begin(4);
    conv(g, "x", "a", 3, 2);
    conv(g, "x", "b", 3, 2);
    node2(g, "Less", "a", "b", "less");
    node1(g, "Not", "less", "more");
    make_node(g, "/w", "Where", NAMES("more", "a", "b"), NAMES("w"), NO_ATTRIBUTES);
    expect(finish(g, "w", 2), "a0 b0; a1 b1; fc0!; fc1!", NULL, NULL);
}

/* Repeated channels go together; what is done to rows and columns leaves channels alone. */
static void repeated_and_ordered(void **state)
{
    (void)state;
    struct graph *g = begin(4);
    conv(g, "x", "a", 3, 2);
    conv(g, "x", "b", 3, 4);
    integers_node(g, "Tile", "a", "twice", DIMS(1, 2, 1, 1));
    node2(g, "Add", "twice", "b", "sum");
    expect(finish(g, "sum", 4), "a0 b0 b2; a1 b1 b3; fc0!; fc1!", NULL, NULL);
    g = begin(4);
    conv(g, "x", "a", 3, 2);
    node1(g, "Trilu", "a", "upper");
    integers_node(g, "TopK", "upper", "few", DIMS(2));
    integers_node(g, "Tile", "few", "wide", DIMS(1, 1, 1, 3));
    expect(finish(g, "wide", 2), "a0; a1; fc0!; fc1!", NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers_in_a_row),
        cmocka_unit_test(choices),
        cmocka_unit_test(repeated_and_ordered),
        cmocka_unit_test(flattened_features),
        cmocka_unit_test(depthwise_and_grouped),
        cmocka_unit_test(residual_stream),
        cmocka_unit_test(option_a),
        cmocka_unit_test(gates),
        cmocka_unit_test(branches),
        cmocka_unit_test(channel_shuffle),
        cmocka_unit_test(table_of_pixels),
        cmocka_unit_test(split_attention),
        cmocka_unit_test(channels_last),
        cmocka_unit_test(forest_of_labels),
        cmocka_unit_test(maps_of_large_values),
        cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests_name("coupling", tests, NULL, NULL);
}
