/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Coupling by hand: small networks for every rule, with the classes, blocks, groups, locks and words that
 * must come out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/text.h"
#include "graph_maker.h"
#include "nn/simplify.h"
#include "prune/coupling.h"
#include "random_network.h"

/* ---- networks written down ---------------------------------------------------------------------------- */

/* The pieces that every network has: names are those of values; a layer `a` has the parameter a.weight, the
 * node /a and the output a. */
static struct graph *begin(int64_t side)
{
    struct graph *graph = make_graph(14);
    make_input(graph, "x", DIMS(DIMENSION_UNKNOWN, 3, side, side));
    return graph;
}

static void node1(struct graph *graph, const char *op, const char *in, const char *out)
{
    char name[64];
    snprintf(name, sizeof name, "/%s", out);
    make_node(graph, name, op, NAMES(in), NAMES(out), NO_ATTRIBUTES);
}

static void node2(struct graph *graph, const char *op, const char *a, const char *b, const char *out)
{
    char name[64];
    snprintf(name, sizeof name, "/%s", out);
    make_node(graph, name, op, NAMES(a, b), NAMES(out), NO_ATTRIBUTES);
}

static void conv_groups(struct graph *graph, const char *in, const char *name, int64_t from, int64_t to,
                        int64_t groups)
{
    char node[64], weight[64];
    snprintf(node, sizeof node, "/%s", name);
    snprintf(weight, sizeof weight, "%s.weight", name);
    make_reals(graph, weight, DIMS(to, from / groups, 1, 1), 1);
    make_node(graph, node, "Conv", NAMES(in, weight), NAMES(name),
              ATTRIBUTES(integer_attribute("group", groups)));
}

static void conv(struct graph *graph, const char *in, const char *name, int64_t from, int64_t to)
{
    conv_groups(graph, in, name, from, to, 1);
}

static void linear(struct graph *graph, const char *in, const char *name, int64_t from, int64_t to)
{
    char weight[64];
    snprintf(weight, sizeof weight, "%s.weight", name);
    make_reals(graph, weight, DIMS(from, to), 1);
    node2(graph, "MatMul", in, weight, name);
}

static void integers_node(struct graph *graph, const char *op, const char *in, const char *out, int count,
                          const int64_t *values)
{
    char name[64];
    snprintf(name, sizeof name, "%s.integers", out);
    make_integers(graph, name, count, values);
    node2(graph, op, in, name, out);
}

static void reshape(struct graph *graph, const char *in, const char *out, int count, const int64_t *dims)
{
    integers_node(graph, "Reshape", in, out, count, dims);
}

static void transpose(struct graph *graph, const char *in, const char *out, int count, const int64_t *order)
{
    char name[64];
    snprintf(name, sizeof name, "/%s", out);
    make_node(graph, name, "Transpose", NAMES(in), NAMES(out),
              ATTRIBUTES(integers_attribute("perm", count, order)));
}

static void along(struct graph *graph, const char *op, const char *const *inputs, const char *out,
                  int64_t axis)
{
    char name[64];
    snprintf(name, sizeof name, "/%s", out);
    make_node(graph, name, op, inputs, NAMES(out), ATTRIBUTES(integer_attribute("axis", axis)));
}

static void slice(struct graph *graph, const char *in, const char *out, int64_t axis, int64_t start,
                  int64_t end, int64_t step)
{
    char names[4][64], node[64];
    int64_t values[] = {start, end, axis, step};
    for (int i = 0; i < 4; i++) {
        snprintf(names[i], sizeof names[i], "%s.%d", out, i);
        make_integers(graph, names[i], 1, &values[i]);
    }
    snprintf(node, sizeof node, "/%s", out);
    make_node(graph, node, "Slice", NAMES(in, names[0], names[1], names[2], names[3]), NAMES(out),
              NO_ATTRIBUTES);
}

/* Mean over the image, then a linear layer `fc` of two outputs. */
static struct graph *finish(struct graph *graph, const char *in, int64_t channels)
{
    struct error error = {0};
    node1(graph, "GlobalAveragePool", in, "mean");
    node1(graph, "Flatten", "mean", "flat");
    linear(graph, "flat", "fc", channels, 2);
    make_output(graph, "fc");
    if (graph_finish(graph, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    return graph;
}

/* ---- what comes out ----------------------------------------------------------------------------------- */

/* "a0 b0; a1! b1!": the members of every class in order, locked ones with a mark. */
static void classes_text(const struct coupling *c, struct text *text)
{
    for (int i = 0; i < c->class_count; i++) {
        text_add(text, i > 0 ? "; " : "");
        for (int k = 0; k < c->classes[i].member_count; k++)
            text_add_format(text, "%s%s%lld%s", k > 0 ? " " : "",
                            c->layers->items[c->classes[i].members[k].layer].name,
                            (long long)c->classes[i].members[k].channel, c->classes[i].lock >= 0 ? "!" : "");
    }
}

struct built {
    struct graph *graph;
    struct layers *layers;
    struct coupling *coupling;
};

static struct built build(struct graph *graph)
{
    struct built b = {.graph = graph};
    struct error error = {0};
    if (layers_find(graph, &b.layers, &error) != STATUS_OK ||
        coupling_build(graph, b.layers, &b.coupling, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    return b;
}

static void release(struct built *b)
{
    coupling_free(b->coupling);
    layers_free(b->layers);
    graph_free(b->graph);
}

/* The tables must fit each other, whatever the network. */
static void check_tables(const struct coupling *c)
{
    int classes = 0, blocks = 0, layers = 0;
    for (int i = 0; i < c->layers->count; i++)
        for (int64_t k = 0; k < c->layers->items[i].channels; k++)
            assert_in_range(c->layer_classes[i][k], 0, c->class_count - 1);
    for (int i = 0; i < c->class_count; i++) {
        assert_true(c->classes[i].member_count > 0);
        for (int k = 0; k < c->classes[i].member_count; k++) {
            const struct channel_member *member = &c->classes[i].members[k];
            assert_int_equal(c->layer_classes[member->layer][member->channel], i);
        }
    }
    for (int i = 0; i < c->block_count; i++) {
        classes += c->blocks[i].class_count;
        for (int k = 0; k < c->blocks[i].class_count; k++) {
            assert_int_equal(c->classes[c->blocks[i].classes[k]].block, i);
            assert_int_equal(c->classes[c->blocks[i].classes[k]].lock >= 0, c->blocks[i].locked);
        }
        for (int k = 0; k < c->blocks[i].layer_count; k++)
            assert_int_equal(c->layer_group[c->blocks[i].layers[k]], c->blocks[i].group);
    }
    for (int i = 0; i < c->group_count; i++) {
        blocks += c->groups[i].block_count;
        layers += c->groups[i].layer_count;
        assert_string_equal(c->groups[i].name, c->layers->items[c->groups[i].layers[0]].name);
    }
    assert_int_equal(classes, c->class_count);
    assert_int_equal(blocks, c->block_count);
    assert_int_equal(layers, c->layers->count);
}

/* The classes of a network, and the words for one of its groups (NULL: not looked at). Frees the graph. */
static void expect(struct graph *graph, const char *classes, const char *group, const char *words)
{
    struct text text = {0};
    struct built b = build(graph);
    check_tables(b.coupling);
    classes_text(b.coupling, &text);
    assert_string_equal(text_data(&text), classes);
    text_clear(&text);
    if (group != NULL) {
        int layer = layers_index(b.layers, group);
        assert_true(layer >= 0);
        group_describe(b.coupling, b.coupling->layer_group[layer], &text);
        assert_string_equal(text_data(&text), words);
    }
    text_free(&text);
    release(&b);
}

/* ---- channels that are made --------------------------------------------------------------------------- */

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
    struct built b = build(finish(g, "b", 3));
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
    release(&b);
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
    struct built b = build(g);
    struct text text = {0};
    classes_text(b.coupling, &text);
    assert_string_equal(text_data(&text), "a0; a1; b0; b1; b2; fc0!");
    text_free(&text);
    /* Channel 1 is features 4..7. */
    const struct label_map *map = &b.coupling->maps[graph_find_value(g, "flat")];
    for (int64_t i = 0; i < 8; i++)
        assert_int_equal(b.coupling->class_of[label_map_along(map, 1, i)], i / 4);
    release(&b);
}

static void depthwise_and_grouped(void **state)
{
    (void)state;
    struct graph *g = begin(4);
    conv(g, "x", "a", 3, 2);
    conv_groups(g, "a", "d", 2, 4, 2);
    expect(finish(g, "d", 4), "a0 d0 d1; a1 d2 d3; fc0!; fc1!", "d",
           "Channels of 2 layers: a and d\n"
           "  2 channels of a and d: kept or removed together\n");
    g = begin(4);
    conv(g, "x", "a", 3, 4);
    conv_groups(g, "a", "g", 4, 6, 2);
    expect(finish(g, "g", 6), "a0 a2; a1 a3; g0 g3; g1 g4; g2 g5; fc0!; fc1!", "a",
           "Channels of 1 layer: a\n"
           "  2 channels of a: kept or removed together\n"
           "  tied by Conv /g\n");
    /* Every channel of the input is one of the network's input. */
    g = begin(4);
    conv_groups(g, "x", "d", 3, 6, 3);
    expect(finish(g, "d", 6), "d0! d1!; d2! d3!; d4! d5!; fc0!; fc1!", "d",
           "Channels of 1 layer: d\n"
           "  3 channels of d: locked, it is the network's input\n");
    /* A uniform value of several channels, read by groups. */
    g = begin(4);
    conv(g, "x", "a", 3, 1);
    along(g, "Concat", NAMES("a", "a", "a", "a"), "four", 1);
    conv_groups(g, "four", "g", 4, 4, 2);
    expect(finish(g, "g", 4), "a0; g0 g2; g1 g3; fc0!; fc1!", NULL, NULL);
}

/* ---- channels that are tied --------------------------------------------------------------------------- */

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
    struct built b = build(finish(g, "t", 2));
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
    release(&b);
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

/* ---- channels that move ------------------------------------------------------------------------------- */

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
    struct built b = build(finish(g, "shuffled", 6));
    const struct coupling *c = b.coupling;
    struct text text = {0};
    classes_text(c, &text);
    assert_string_equal(text_data(&text), "a0; a1; a2; a3; a4; a5; fc0!; fc1!");
    text_free(&text);
    const struct label_map *map = &c->maps[graph_find_value(g, "shuffled")];
    static const int order[] = {0, 3, 1, 4, 2, 5};
    for (int i = 0; i < 6; i++)
        assert_int_equal(c->class_of[label_map_along(map, 1, i)], order[i]);
    release(&b);
    /* With a use of its inside it is no shuffle: what would not stay rectangular is tied. */
    g = begin(4);
    conv(g, "x", "a", 3, 6);
    reshape(g, "a", "table", DIMS(0, 2, 3, 4, 4));
    node1(g, "Relu", "table", "relu");
    transpose(g, "relu", "turned", DIMS(0, 2, 1, 3, 4));
    reshape(g, "turned", "shuffled", DIMS(0, 6, 4, 4));
    expect(finish(g, "shuffled", 6), "a0 a3; a1 a4; a2 a5; fc0!; fc1!", "a",
           "Channels of 1 layer: a\n"
           "  3 channels of a: kept or removed together\n"
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
           "  2 channels of a: kept or removed together\n"
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

/* ---- locks -------------------------------------------------------------------------------------------- */

static void locked_by_an_operator(void **state)
{
    (void)state;
    struct graph *g = begin(4);
    conv(g, "x", "a", 3, 2);
    along(g, "Softmax", NAMES("a"), "soft", 1);
    expect(finish(g, "soft", 2), "a0!; a1!; fc0!; fc1!", "a",
           "Channels of 1 layer: a\n"
           "  2 channels of a: locked, the operator mixes channels in a way that removal would change "
           "(Softmax /soft)\n");
    /* The mean over channels and rows, where the rows are as many as the channels. */
    g = begin(4);
    conv(g, "x", "a", 3, 4);
    make_node(g, "/r", "ReduceMean", NAMES("a"), NAMES("r"),
              ATTRIBUTES(integers_attribute("axes", DIMS(1, 2)), integer_attribute("keepdims", 0)));
    linear(g, "r", "b", 4, 2);
    reshape(g, "b", "image", DIMS(0, 2, 1, 1));
    expect(finish(g, "image", 2), "a0!; a1!; a2!; a3!; b0; b1; fc0!; fc1!", NULL, NULL);
    /* A parameter among the channels. */
    g = begin(4);
    conv(g, "x", "a", 3, 2);
    make_reals(g, "position", DIMS(1, 1, 4, 4), 0);
    along(g, "Concat", NAMES("a", "position"), "cat", 1);
    expect(finish(g, "cat", 3), "a0!; a1!; fc0!; fc1!", NULL, NULL);
}

static void locked_by_a_broadcast(void **state)
{
    (void)state;
    struct graph *g = begin(4);
    conv(g, "x", "a", 3, 2);
    conv(g, "a", "spatial", 2, 1);
    node2(g, "Mul", "a", "spatial", "m");
    expect(finish(g, "m", 2), "a0; a1; spatial0!; fc0!; fc1!", "spatial",
           "Channels of 1 layer: spatial\n"
           "  1 channel of spatial: locked, one channel is applied to all channels (Mul /m)\n");
    /* Expanded first, or spread by a factor for each channel: the others stay free. */
    g = begin(4);
    conv(g, "x", "a", 3, 2);
    conv(g, "a", "spatial", 2, 1);
    integers_node(g, "Expand", "spatial", "wide", DIMS(1, 2, 1, 1));
    make_reals(g, "factor", DIMS(2, 1, 1), 1);
    node2(g, "Mul", "spatial", "factor", "spread");
    make_node(g, "/s", "Sum", NAMES("a", "wide", "spread"), NAMES("s"), NO_ATTRIBUTES);
    expect(finish(g, "s", 2), "a0; a1; spatial0!; fc0!; fc1!", NULL, NULL);
}

static void locked_by_the_batch(void **state)
{
    (void)state;
    struct graph *g = begin(4);
    conv(g, "x", "a", 3, 2);
    transpose(g, "a", "turned", DIMS(1, 0, 2, 3));
    transpose(g, "turned", "back", DIMS(1, 0, 2, 3));
    expect(finish(g, "back", 2), "a0!; a1!; fc0!; fc1!", "a",
           "Channels of 1 layer: a\n"
           "  2 channels of a: locked, the operator moves the batch axis (Transpose /turned)\n");
    g = begin(4);
    conv(g, "x", "a", 3, 2);
    reshape(g, "a", "rows", DIMS(-1, 16));
    reshape(g, "rows", "back", DIMS(-1, 2, 4, 4));
    expect(finish(g, "back", 2), "a0!; a1!; fc0!; fc1!", NULL, NULL);
}

/* Shape -> Gather -> Concat -> Reshape, not simplified: surgery could not change the length in there. */
static void locked_by_computed_sizes(void **state)
{
    (void)state;
    struct graph *g = begin(4);
    conv(g, "x", "a", 3, 2);
    node1(g, "Shape", "a", "shape");
    slice(g, "shape", "batch", 0, 0, 1, 1);
    make_integers(g, "rest", DIMS(2, 16));
    along(g, "Concat", NAMES("batch", "rest"), "target", 0);
    node2(g, "Reshape", "a", "target", "tokens");
    reshape(g, "tokens", "back", DIMS(0, 2, 4, 4));
    expect(finish(g, "back", 2), "a0!; a1!; fc0!; fc1!", "a",
           "Channels of 1 layer: a\n"
           "  2 channels of a: locked, the operator's sizes are computed while the network runs "
           "(Reshape /tokens)\n");
}

/* A layer that reads zeros as many as there are images. */
static void locked_without_input(void **state)
{
    (void)state;
    struct error error = {0};
    struct graph *g = begin(4);
    conv(g, "x", "a", 3, 2);
    node1(g, "Shape", "x", "shape");
    slice(g, "shape", "batch", 0, 0, 1, 1);
    make_integers(g, "two", DIMS(2));
    along(g, "Concat", NAMES("batch", "two"), "size", 0);
    node1(g, "ConstantOfShape", "size", "zeros");
    linear(g, "zeros", "state", 2, 2);
    node1(g, "GlobalAveragePool", "a", "mean");
    node1(g, "Flatten", "mean", "flat");
    node2(g, "Add", "flat", "state", "s");
    linear(g, "s", "fc", 2, 2);
    make_output(g, "fc");
    assert_int_equal(graph_finish(g, &error), STATUS_OK);
    expect(g, "a0; a1; state0!; state1!; fc0!; fc1!", "state",
           "Channels of 1 layer: state\n"
           "  2 channels of state: locked, it does not depend on the network's input (MatMul /state)\n");
}

/* Channels that are cut off on the way to the output are free; the others are not. */
static void locked_by_the_output(void **state)
{
    (void)state;
    struct error error = {0};
    struct graph *g = begin(4);
    conv(g, "x", "a", 3, 3);
    slice(g, "a", "some", 1, 0, 2, 1);
    node1(g, "Flatten", "some", "flat");
    make_output(g, "flat");
    assert_int_equal(graph_finish(g, &error), STATUS_OK);
    expect(g, "a0!; a1!; a2", "a",
           "Channels of 1 layer: a\n"
           "  2 channels of a: locked, it is the network's output\n"
           "  1 channel of a: free, one by one\n");
}

static void nothing_left_of_a_slice(void **state)
{
    (void)state;
    struct graph *g = begin(4);
    conv(g, "x", "a", 3, 2);
    slice(g, "a", "none", 1, 2, 2, 1);
    along(g, "Concat", NAMES("none", "a"), "all", 1);
    expect(finish(g, "all", 2), "a0!; a1!; fc0!; fc1!", NULL, NULL);
}

static void every_lock_has_words(void **state)
{
    (void)state;
    for (enum lock_reason reason = LOCK_INPUT; reason <= LOCK_CONSTANT; reason++)
        assert_true(strlen(lock_reason_text(reason)) > 10);
}

/* ---- labels ------------------------------------------------------------------------------------------- */

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

/* ---- memory ------------------------------------------------------------------------------------------- */

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers_in_a_row),
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
        cmocka_unit_test(locked_by_an_operator),
        cmocka_unit_test(locked_by_a_broadcast),
        cmocka_unit_test(locked_by_the_batch),
        cmocka_unit_test(locked_by_computed_sizes),
        cmocka_unit_test(locked_without_input),
        cmocka_unit_test(locked_by_the_output),
        cmocka_unit_test(nothing_left_of_a_slice),
        cmocka_unit_test(every_lock_has_words),
        cmocka_unit_test(forest_of_labels),
        cmocka_unit_test(maps_of_large_values),
        cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests_name("coupling", tests, NULL, NULL);
}
