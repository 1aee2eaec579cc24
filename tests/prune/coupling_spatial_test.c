/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The coupling of operators that lay channels out in space, continue images or look elsewhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "support/attributes.h"
#include "support/coupling_maker.h"
#include "support/graph_maker.h"

static struct graph *begin_new(int64_t side)
{
    struct graph *g = begin(side);
    g->opset = 16;
    return g;
}

static void transposed(struct graph *g, const char *in, const char *name, int64_t from, int64_t of_group,
                       int64_t groups)
{
    char weight[32], node[32];
    snprintf(weight, sizeof weight, "%s.weight", name);
    snprintf(node, sizeof node, "/%s", name);
    make_reals(g, weight, DIMS(from, of_group, 2, 2), 1);
    make_node(g, node, "ConvTranspose", NAMES(in, weight), NAMES(name),
              ATTRIBUTES(integer_attribute("group", groups), integers_attribute("strides", DIMS(2, 2))));
}

static void transposed_convolutions(void **state)
{
    (void)state;
    struct graph *g = begin(4);
    conv(g, "x", "a", 3, 2);
    transposed(g, "a", "up", 2, 3, 1);
    expect(finish(g, "up", 3), "a0; a1; up0; up1; up2; fc0!; fc1!", "up",
           "Channels of 1 layer: up\n  3 channels of up: free, one by one\n");
    /* Groups stay of equal sizes; one input in each passes channels on. */
    g = begin(4);
    conv(g, "x", "a", 3, 4);
    transposed(g, "a", "up", 4, 2, 2);
    expect(finish(g, "up", 4), "a0 a2; a1 a3; up0 up2; up1 up3; fc0!; fc1!", NULL, NULL);
    g = begin(4);
    conv(g, "x", "a", 3, 2);
    transposed(g, "a", "up", 2, 2, 2);
    expect(finish(g, "up", 4), "a0 up0 up1; a1 up2 up3; fc0!; fc1!", NULL, NULL);
}

static void squares_of_channels(void **state)
{
    static const char *const classes[] = {"a0 a2 a4 a6; a1 a3 a5 a7; fc0!; fc1!",
                                          "a0 a1 a2 a3; a4 a5 a6 a7; fc0!; fc1!"};
    static const char *const modes[] = {"DCR", "CRD"};
    struct graph *g;
    (void)state;
    for (int i = 0; i < 2; i++) {
        g = begin(4);
        conv(g, "x", "a", 3, 8);
        make_node(g, "/s", "DepthToSpace", NAMES("a"), NAMES("s"),
                  ATTRIBUTES(integer_attribute("blocksize", 2), string_attribute("mode", modes[i])));
        expect(finish(g, "s", 2), classes[i], NULL, NULL);
    }
    g = begin(4);
    conv(g, "x", "a", 3, 2);
    make_node(g, "/d", "SpaceToDepth", NAMES("a"), NAMES("d"), ATTRIBUTES(integer_attribute("blocksize", 2)));
    conv(g, "d", "b", 8, 1);
    expect(finish(g, "b", 1), "a0; a1; b0; fc0!; fc1!", NULL, NULL);
}

static void pad(struct graph *g, const char *in, const char *mode, int count, const int64_t *pads)
{
    make_integers(g, "pads", count, pads);
    make_node(g, "/p", "Pad", NAMES(in, "pads"), NAMES("p"), ATTRIBUTES(string_attribute("mode", mode)));
}

static void continued_images(void **state)
{
    (void)state;
    struct graph *g = begin(4);
    conv(g, "x", "a", 3, 2);
    pad(g, "a", "reflect", DIMS(0, 0, 1, 2, 0, 0, 3, 0));
    expect(finish(g, "p", 2), "a0; a1; fc0!; fc1!", NULL, NULL);
    /* Channels that repeat others, and positions that are channels. */
    g = begin(4);
    conv(g, "x", "a", 3, 2);
    pad(g, "a", "edge", DIMS(0, 1, 0, 0, 0, 0, 0, 0));
    expect(finish(g, "p", 3), "a0!; a1!; fc0!; fc1!", "a",
           "Channels of 1 layer: a\n"
           "  2 channels of a: locked, the operator mixes channels in a way that removal would change (Pad "
           "/p)\n");
    g = begin(4);
    conv(g, "x", "a", 3, 2);
    transpose(g, "a", "turned", DIMS(0, 2, 3, 1));
    pad(g, "turned", "reflect", DIMS(0, 0, 0, 1, 0, 0, 0, 0));
    transpose(g, "p", "back", DIMS(0, 3, 1, 2));
    expect(finish(g, "back", 3), "a0!; a1!; fc0!; fc1!", NULL, NULL);
}

static void looked_at_elsewhere(void **state)
{
    (void)state;
    struct graph *g = begin_new(4);
    conv(g, "x", "a", 3, 2);
    make_reals(g, "grid", DIMS(1, 3, 3, 2), 0);
    node2(g, "GridSample", "a", "grid", "s");
    expect(finish(g, "s", 2), "a0; a1; fc0!; fc1!", NULL, NULL);
    g = begin_new(4);
    conv(g, "x", "a", 3, 2);
    conv(g, "x", "where", 3, 2);
    transpose(g, "where", "grid", DIMS(0, 2, 3, 1));
    node2(g, "GridSample", "a", "grid", "s");
    expect(finish(g, "s", 2), "a0; a1; where0!; where1!; fc0!; fc1!", "where",
           "Channels of 1 layer: where\n"
           "  2 channels of where: locked, the operator looks at images where it says (GridSample /s)\n");
}

static void pools_undone(void **state)
{
    const struct attribute window[] = {integers_attribute("kernel_shape", DIMS(2, 2)),
                                       integers_attribute("strides", DIMS(2, 2))};
    (void)state;
    struct graph *g = begin(4);
    conv(g, "x", "a", 3, 2);
    make_node(g, "/m", "MaxPool", NAMES("a"), NAMES("m", "places"), window, 2);
    conv(g, "m", "b", 2, 2);
    make_node(g, "/u", "MaxUnpool", NAMES("b", "places"), NAMES("u"), window, 2);
    expect(finish(g, "u", 2), "a0 b0; a1 b1; fc0!; fc1!", NULL, NULL);
    /* Places that are counted among all channels, and moved. */
    g = begin(4);
    conv(g, "x", "a", 3, 2);
    make_node(g, "/m", "MaxPool", NAMES("a"), NAMES("m", "places"), window, 2);
    make_integer(g, "one", 1);
    node2(g, "Add", "places", "one", "moved");
    make_node(g, "/u", "MaxUnpool", NAMES("m", "moved"), NAMES("u"), window, 2);
    expect(finish(g, "u", 2), "a0!; a1!; fc0!; fc1!", "a",
           "Channels of 1 layer: a\n"
           "  2 channels of a: locked, the places of the operator's elements are no pool's (MaxUnpool /u)\n");
}

static void neighbours_divide(void **state)
{
    (void)state;
    struct graph *g = begin(4);
    conv(g, "x", "a", 3, 2);
    make_node(g, "/n", "LRN", NAMES("a"), NAMES("n"), ATTRIBUTES(integer_attribute("size", 3)));
    expect(finish(g, "n", 2), "a0!; a1!; fc0!; fc1!", "a",
           "Channels of 1 layer: a\n"
           "  2 channels of a: locked, the operator divides channels by those beside them (LRN /n)\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transposed_convolutions),
        cmocka_unit_test(squares_of_channels),
        cmocka_unit_test(continued_images),
        cmocka_unit_test(looked_at_elsewhere),
        cmocka_unit_test(pools_undone),
        cmocka_unit_test(neighbours_divide),
    };
    return cmocka_run_group_tests_name("coupling in space", tests, NULL, NULL);
}
