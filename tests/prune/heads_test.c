/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attention by hand: which channels go together with whole heads and with parts of heads, the words for it,
 * and what may not be summed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/text.h"
#include "prune/coupling.h"
#include "score/layer.h"
#include "support/attributes.h"
#include "support/coupling_maker.h"
#include "support/graph_maker.h"

/* Tokens N x 16 x 2 of the network's image, which is 3 x 4 x 4. */
static struct graph *tokens(void)
{
    struct graph *g = begin(4);
    conv(g, "x", "stem", 3, 2);
    reshape(g, "stem", "rows", DIMS(0, 2, 16));
    transpose(g, "rows", "t", DIMS(0, 2, 1));
    return g;
}

/* Two heads of two. */
static void heads_of(struct graph *g, const char *in, const char *out)
{
    char table[16];
    snprintf(table, sizeof table, "%s.table", out);
    reshape(g, in, table, DIMS(0, 16, 2, 2));
    transpose(g, table, out, DIMS(0, 2, 1, 3));
}

/* Two heads of the given width, and a layer behind them. */
static struct graph *attend(struct graph *g, int64_t width)
{
    transpose(g, "k", "turned", DIMS(0, 1, 3, 2));
    node2(g, "MatMul", "q", "turned", "scores");
    make_node(g, "/soft", "Softmax", NAMES("scores"), NAMES("soft"),
              ATTRIBUTES(integer_attribute("axis", -1)));
    node2(g, "MatMul", "soft", "v", "mixed");
    transpose(g, "mixed", "table", DIMS(0, 2, 1, 3));
    reshape(g, "table", "joined", DIMS(0, 16, 2 * width));
    linear(g, "joined", "proj", 2 * width, 3);
    transpose(g, "proj", "channels", DIMS(0, 2, 1));
    reshape(g, "channels", "image", DIMS(0, 3, 4, 4));
    return finish(g, "image", 3);
}

static struct graph *three_layers(const char *activation)
{
    static const char *const layers[] = {"query", "key", "value"}, *const parts[] = {"q", "k", "v"};
    struct graph *g = tokens();
    for (int i = 0; i < 3; i++) {
        char active[16];
        snprintf(active, sizeof active, "%s.act", layers[i]);
        linear(g, "t", layers[i], 2, 4);
        if (activation != NULL)
            node1(g, activation, layers[i], active);
        heads_of(g, activation != NULL ? active : layers[i], parts[i]);
    }
    return attend(g, 2);
}

static void check(struct graph *g, enum head_mode mode, const char *classes, const char *group,
                  const char *words)
{
    struct layers *layers;
    struct coupling *c;
    struct error error = {0};
    struct text text = {0};
    assert_int_equal(layers_find(g, &layers, &error), STATUS_OK);
    assert_int_equal(coupling_build_heads(g, layers, mode, &c, &error), STATUS_OK);
    check_tables(c);
    classes_text(c, &text);
    assert_string_equal(text_data(&text), classes);
    text_clear(&text);
    group_describe(c, c->layer_group[layers_index(layers, group)], &text);
    assert_string_equal(text_data(&text), words);
    text_free(&text);
    coupling_free(c);
    layers_free(layers);
    graph_free(g);
}

#define ENDS "; proj0; proj1; proj2; fc0!; fc1!"

static void whole_heads(void **state)
{
    (void)state;
    check(three_layers(NULL), HEADS_WHOLE,
          "stem0; stem1; query0 query1 key0 key1 value0 value1; query2 query3 key2 key3 value2 value3" ENDS,
          "value",
          "Channels of 3 layers: query, key and value\n"
          "  4 channels of query, key and value, in 2 heads of 2: a head is kept or removed whole, with 2 "
          "columns of proj\n"
          "  tied by MatMul /scores\n"
          "  tied by MatMul /mixed\n");
    check(three_layers("Sigmoid"), HEADS_WHOLE, /* what it makes of zero is not read */
          "stem0; stem1; query0 query1 key0 key1 value0 value1; query2 query3 key2 key3 value2 value3" ENDS,
          "stem",
          "Channels of 1 layer: stem\n"
          "  2 channels of stem: free, one by one\n");
}

static void parts_of_heads(void **state)
{
    (void)state;
    check(three_layers(NULL), HEADS_PARTS,
          "stem0; stem1; query0 query2 key0 key2; query1 query3 key1 key3; value0 value2; value1 value3" ENDS,
          "query",
          "Channels of 2 layers: query and key\n"
          "  4 channels of query and key, in 2 classes of 2: a class is the same part of every head\n"
          "  tied by MatMul /scores\n");
    check(
        three_layers("Relu"), HEADS_PARTS,
        "stem0; stem1; query0 query2 key0 key2; query1 query3 key1 key3; value0 value2; value1 value3" ENDS,
        "value",
        "Channels of 1 layer: value\n"
        "  4 channels of value, in 2 classes of 2: a class is the same part of every head, with 2 columns of "
        "proj\n"
        "  tied by MatMul /mixed\n");
}

/* Half a head that is gone would count in the sums of the masked network: a Sigmoid makes 1/2 of it. */
static void parts_that_are_not_zero(void **state)
{
    (void)state;
    check(
        three_layers("Sigmoid"), HEADS_PARTS,
        "stem0; stem1; query0! query2! key0! key2!; query1! query3! key1! key3!; value0 value2; value1 value3" ENDS,
        "key",
        "Channels of 2 layers: query and key\n"
        "  4 channels of query and key, in 2 classes of 2: locked, it is summed without "
        "weights, and would not be zero when it is masked (MatMul /scores)\n"
        "  tied by MatMul /scores\n");
}

/* One projection, told apart as a table: queries, keys and values of a part go together too. */
static void one_layer(void **state)
{
    (void)state;
    static const char *const classes[] = {
        [HEADS_WHOLE] =
            "stem0; stem1; all0 all1 all2 all6 all7 all8 all12 all13 all14; all3 all4 all5 all9 all10 "
            "all11 all15 all16 all17" ENDS,
        [HEADS_PARTS] =
            "stem0; stem1; all0 all3 all6 all9 all12 all15; all1 all4 all7 all10 all13 all16; all2 all5 "
            "all8 all11 all14 all17" ENDS,
    };
    for (enum head_mode mode = HEADS_WHOLE; mode <= HEADS_PARTS; mode++) {
        struct graph *g = tokens();
        linear(g, "t", "all", 2, 18);
        reshape(g, "all", "table5", DIMS(0, 16, 3, 2, 3));
        transpose(g, "table5", "apart", DIMS(2, 0, 3, 1, 4));
        for (int i = 0; i < 3; i++) {
            static const char *const parts[] = {"q", "k", "v"}, *const numbers[] = {"i0", "i1", "i2"};
            make_integer(g, numbers[i], i);
            make_node(g, parts[i], "Gather", NAMES("apart", numbers[i]), NAMES(parts[i]),
                      ATTRIBUTES(integer_attribute("axis", 0)));
        }
        check(attend(g, 3), mode, classes[mode], "proj",
              "Channels of 1 layer: proj\n"
              "  3 channels of proj: free, one by one\n");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_heads),
        cmocka_unit_test(parts_of_heads),
        cmocka_unit_test(parts_that_are_not_zero),
        cmocka_unit_test(one_layer),
    };
    return cmocka_run_group_tests_name("heads", tests, NULL, NULL);
}
