/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Networks node by node, and the tables of their coupling. */
#include "support/coupling_maker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include "base/status.h"
#include "base/text.h"
#include "nn/graph/graph.h"
#include "prune/coupling.h"
#include "score/layer.h"
#include "support/attributes.h"
#include "support/graph_maker.h"
#include "support/subject.h"

struct graph *begin(int64_t side)
{
    struct graph *graph = make_graph(14);
    make_input(graph, "x", DIMS(DIMENSION_UNKNOWN, 3, side, side));
    return graph;
}

void node1(struct graph *graph, const char *op, const char *in, const char *out)
{
    char name[64];
    snprintf(name, sizeof name, "/%s", out);
    make_node(graph, name, op, NAMES(in), NAMES(out), NO_ATTRIBUTES);
}

void node2(struct graph *graph, const char *op, const char *a, const char *b, const char *out)
{
    char name[64];
    snprintf(name, sizeof name, "/%s", out);
    make_node(graph, name, op, NAMES(a, b), NAMES(out), NO_ATTRIBUTES);
}

void conv_groups(struct graph *graph, const char *in, const char *name, int64_t from, int64_t to,
                 int64_t groups)
{
    char node[64], weight[64];
    snprintf(node, sizeof node, "/%s", name);
    snprintf(weight, sizeof weight, "%s.weight", name);
    make_reals(graph, weight, DIMS(to, from / groups, 1, 1), 1);
    make_node(graph, node, "Conv", NAMES(in, weight), NAMES(name),
              ATTRIBUTES(integer_attribute("group", groups)));
}

void conv(struct graph *graph, const char *in, const char *name, int64_t from, int64_t to)
{
    conv_groups(graph, in, name, from, to, 1);
}

void linear(struct graph *graph, const char *in, const char *name, int64_t from, int64_t to)
{
    char weight[64];
    snprintf(weight, sizeof weight, "%s.weight", name);
    make_reals(graph, weight, DIMS(from, to), 1);
    node2(graph, "MatMul", in, weight, name);
}

void integers_node(struct graph *graph, const char *op, const char *in, const char *out, int count,
                   const int64_t *values)
{
    char name[64];
    snprintf(name, sizeof name, "%s.integers", out);
    make_integers(graph, name, count, values);
    node2(graph, op, in, name, out);
}

void reshape(struct graph *graph, const char *in, const char *out, int count, const int64_t *dims)
{
    integers_node(graph, "Reshape", in, out, count, dims);
}

void transpose(struct graph *graph, const char *in, const char *out, int count, const int64_t *order)
{
    char name[64];
    snprintf(name, sizeof name, "/%s", out);
    make_node(graph, name, "Transpose", NAMES(in), NAMES(out),
              ATTRIBUTES(integers_attribute("perm", count, order)));
}

void along(struct graph *graph, const char *op, const char *const *inputs, const char *out, int64_t axis)
{
    char name[64];
    snprintf(name, sizeof name, "/%s", out);
    make_node(graph, name, op, inputs, NAMES(out), ATTRIBUTES(integer_attribute("axis", axis)));
}

void slice(struct graph *graph, const char *in, const char *out, int64_t axis, int64_t start, int64_t end,
           int64_t step)
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

struct graph *finish(struct graph *graph, const char *in, int64_t channels)
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

void classes_text(const struct coupling *c, struct text *text)
{
    for (int i = 0; i < c->class_count; i++) {
        text_add(text, i > 0 ? "; " : "");
        for (int k = 0; k < c->classes[i].member_count; k++)
            text_add_format(text, "%s%s%lld%s", k > 0 ? " " : "",
                            c->layers->items[c->classes[i].members[k].layer].name,
                            (long long)c->classes[i].members[k].channel, c->classes[i].lock >= 0 ? "!" : "");
    }
}

void check_tables(const struct coupling *c)
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

void expect(struct graph *graph, const char *classes, const char *group, const char *words)
{
    struct text text = {0};
    struct subject b = subject_of(graph);
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
    subject_free(&b);
}
