/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sessions over a network that is made and written here: names that look like patterns, parameters that every
 * place counts alike, and how many filters a histogram says would go. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/text.h"
#include "onnx/onnx_write.h"
#include "prune/coupling.h"
#include "support/graph_maker.h"
#include "support/session_lines.h"

static char path[] = "/tmp/ippro-made-XXXXXX";

/* --- the network ---------------------------------------------------------------------------------------- */

static void conv(struct graph *g, const char *in, const char *name, int64_t from, int64_t to)
{
    char weight[64], node[64];
    snprintf(weight, sizeof weight, "%s.weight", name);
    snprintf(node, sizeof node, "/%s", name);
    int value = make_reals(g, weight, DIMS(to, from, 1, 1), 0);
    float *numbers = g->values[value].constant->data;
    for (int64_t i = 0; i < from * to; i++)
        numbers[i] = (float)((i * 37 % 101) * (i / from + 1)) / 100 - 0.2F;
    make_node(g, node, "Conv", NAMES(in, weight), NAMES(name), NO_ATTRIBUTES);
}

static void two(struct graph *g, const char *op, const char *a, const char *b, const char *out)
{
    char node[64];
    snprintf(node, sizeof node, "/%s", out);
    make_node(g, node, op, NAMES(a, b), NAMES(out), NO_ATTRIBUTES);
}

/* Frees the graph. */
static void write_graph(struct graph *g, const char *file)
{
    struct error error = {0};
    if (graph_finish(g, &error) != STATUS_OK || onnx_write(file, g, NULL, 0, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    graph_free(g);
}

/* Four convolutions whose names are patterns for each other, a hard swish, a PRelu with one slope, a scale
 * for each channel, and a linear layer: 3*8 + 3*8*8 + 1 + 8 + 8*10 + 10 parameters. */
static void write_network(void)
{
    struct graph *g = make_graph(13);
    make_input(g, "x", DIMS(DIMENSION_UNKNOWN, 3, 32, 32));
    conv(g, "x", "blocks[0].conv", 3, 8);
    conv(g, "blocks[0].conv", "blocks0.conv", 8, 8);
    conv(g, "blocks0.conv", "a*b", 8, 8);
    conv(g, "a*b", "axb", 8, 8);
    static const float three = 3, six = 6;
    make_reals(g, "three", DIMS(1), three);
    make_reals(g, "zero", DIMS(1), 0);
    make_reals(g, "six", DIMS(1, 1, 1), six);
    make_reals(g, "slope", DIMS(1), 0.5F);
    make_reals(g, "gamma", DIMS(8, 1, 1), 0.5F);
    two(g, "Add", "axb", "three", "added");
    two(g, "Max", "added", "zero", "least");
    two(g, "Div", "least", "six", "share");
    two(g, "Mul", "axb", "share", "swish");
    two(g, "PRelu", "swish", "slope", "sloped");
    two(g, "Mul", "sloped", "gamma", "scaled");
    make_node(g, "/pool", "GlobalAveragePool", NAMES("scaled"), NAMES("pool"), NO_ATTRIBUTES);
    make_node(g, "/flat", "Flatten", NAMES("pool"), NAMES("flat"), NO_ATTRIBUTES);
    make_reals(g, "all.weight", DIMS(8, 10), -3);
    make_reals(g, "all.bias", DIMS(10), 0);
    make_node(g, "/all", "Gemm", NAMES("flat", "all.weight", "all.bias"), NAMES("y"), NO_ATTRIBUTES);
    make_output(g, "y");
    write_graph(g, path);
}

enum { PARAMETERS = 3 * 8 + 3 * 64 + 1 + 8 + 80 + 10 };

static struct session *loaded(void)
{
    char line[100];
    snprintf(line, sizeof line, "load %s", path);
    return new_session(line);
}

/* --- asking --------------------------------------------------------------------------------------------- */

static struct figure *figure_of(struct session *session, const char *line, struct reply *reply)
{
    struct error error = {0};
    *reply = (struct reply){0};
    if (run_with(session, line, reply, NULL, &error) != STATUS_OK)
        fail_msg("%s: %s", line, error.message);
    for (size_t i = 0; i < reply->count; i++)
        if (reply->items[i].figure)
            return reply->items[i].figure;
    fail_msg("%s: no figure", line);
    return NULL;
}

static int column_of(const struct figure_table *table, const char *name)
{
    for (int i = 0; i < table->columns; i++)
        if (strcmp(table->column[i].name, name) == 0)
            return i;
    fail_msg("no column %s", name);
    return -1;
}

static double cell(const struct figure_table *table, int row, const char *column)
{
    return table->cells[row * table->columns + column_of(table, column)].number;
}

static int rows_of(struct session *session, const char *line)
{
    struct reply reply;
    int rows = figure_of(session, line, &reply)->table.rows;
    reply_free(&reply);
    return rows;
}

/* Which layers have the ratio, as a list of 0 and 1 in their order. */
static void expect_ratios(struct session *session, double ratio, const char *expected)
{
    const struct coupling *coupling = session->state.model->coupling;
    char got[8] = "";
    for (int i = 0; i < session->state.model->layers->count; i++) {
        int block = coupling->classes[coupling->layer_classes[i][0]].block;
        got[i] = session->state.pruning->ratio[block] == ratio ? '1' : '0';
    }
    assert_string_equal(got, expected);
}

/* --- names ---------------------------------------------------------------------------------------------- */

static void names_are_no_patterns(void **state)
{
    (void)state;
    static const struct {
        const char *target, *layers;
    } cases[] = {
        {"blocks[0].conv", "10000"},   {"blocks0.conv", "01000"}, {"a*b", "00100"},     {"axb", "00010"},
        {"blocks[0-9].conv", "01000"}, {"a?b", "00110"},          {"*b", "00110"},      {"blocks*", "11000"},
        {"blocks[[]0].conv", "10000"}, {"blocks[0]", "10000"},    {"blocks0", "01000"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct session *session = loaded();
        struct reply reply;
        char line[100];
        int count = 0;
        for (const char *c = cases[i].layers; *c; c++)
            count += *c == '1';
        snprintf(line, sizeof line, "ratio '%s' 0.25", cases[i].target);
        run_line(session, line);
        expect_ratios(session, 0.25, cases[i].layers);
        static const char *const listing[] = {"layers '%s'", "ratio '%s'"};
        for (int k = 0; k < 2; k++) {
            snprintf(line, sizeof line, listing[k], cases[i].target);
            assert_int_equal(rows_of(session, line), count);
        }
        snprintf(line, sizeof line, "cost '%s'", cases[i].target);
        assert_int_equal(rows_of(session, line), count + 1); /* and the total */
        run_line(session, "score l1");
        snprintf(line, sizeof line, "hist '%s'", cases[i].target);
        assert_int_equal(figure_of(session, line, &reply)->histogram.series, count);
        reply_free(&reply);
        run_line(session, "prune l1 0.5");
        snprintf(line, sizeof line, "unprune '%s'", cases[i].target);
        run_line(session, line);
        for (int k = 0; k < 4; k++)
            assert_int_equal(pruning_kept(session->state.pruning, session->state.model, k),
                             cases[i].layers[k] == '1' ? 8 : 4);
        session_free(session);
    }
}

/* Recipes and where= ask in the same way. */
static void names_elsewhere(void **state)
{
    (void)state;
    struct session *session = loaded();
    char recipe[] = "/tmp/ippro-made-recipe-XXXXXX", line[100];
    int descriptor = mkstemp(recipe);
    assert_true(descriptor >= 0);
    static const char text[] = "a*b 0.25\nblocks[0].conv 0.25\n";
    assert_int_equal(write(descriptor, text, sizeof text - 1), sizeof text - 1);
    close(descriptor);
    snprintf(line, sizeof line, "recipe %s", recipe);
    run_line(session, line);
    expect_ratios(session, 0.25, "10100");
    unlink(recipe);
    struct reply reply;
    run_line(session, "data shapes images=20; score l1");
    struct figure *figure = figure_of(session, "sensitivity l1 where='a*b' samples=10 ratios=0.5", &reply);
    assert_int_equal(figure->matrix.rows, 1);
    assert_string_equal(figure->matrix.row_names[0], "a*b");
    reply_free(&reply);
    session_free(session);
}

/* --- parameters ----------------------------------------------------------------------------------------- */

static void parameters_are_one_number(void **state)
{
    (void)state;
    struct session *session = loaded();
    struct reply reply;
    struct error error = {0};
    char line[100], expected[40];
    snprintf(line, sizeof line, "load %s", path);
    assert_int_equal(run_with(session, line, (reply = (struct reply){0}, &reply), NULL, &error), STATUS_OK);
    snprintf(expected, sizeof expected, " %d parameters", PARAMETERS);
    assert_non_null(strstr(reply.items[0].text, expected));
    reply_free(&reply);
    const struct figure_table *info = &figure_of(session, "info", &reply)->table;
    snprintf(expected, sizeof expected, "%d", PARAMETERS);
    for (int i = 0; i < info->rows; i++)
        if (strcmp(info->cells[2 * i].text, "parameters") == 0)
            assert_string_equal(info->cells[2 * i + 1].text, expected);
    reply_free(&reply);
    const struct figure_table *cost = &figure_of(session, "cost", &reply)->table;
    double sum = 0;
    for (int i = 0; i + 1 < cost->rows; i++)
        sum += cell(cost, i, "params");
    assert_true(sum == PARAMETERS && cell(cost, cost->rows - 1, "params") == PARAMETERS);
    assert_true(cell(cost, cost->rows - 2, "params") == 1 + 8);
    reply_free(&reply);
    const struct figure_table *layers = &figure_of(session, "layers", &reply)->table;
    assert_true(cell(layers, 0, "parameters") == 24 && cell(layers, 4, "parameters") == 90);
    reply_free(&reply);
    /* What is said of a selection is what is counted after it. */
    const struct figure_table *what_if = &figure_of(session, "prune l1 0.5", &reply)->table;
    double said = cell(what_if, what_if->rows - 1, "left"),
           whole = cell(what_if, what_if->rows - 1, "parameters");
    assert_true(whole == PARAMETERS);
    reply_free(&reply);
    run_line(session, "apply");
    assert_true(session->state.model->cost.parameters == (int64_t)said);
    session_free(session);
}

/* --- locks -----------------------------------------------------------------------------------------------
 */

/* The reason is that of the operator's row in prune/operator_rules.c. */
static void locks_say_why(void **state)
{
    (void)state;
    char file[] = "/tmp/ippro-made-locked-XXXXXX", line[100];
    int descriptor = mkstemp(file);
    assert_true(descriptor >= 0);
    close(descriptor);
    struct graph *g = make_graph(13);
    make_input(g, "x", DIMS(DIMENSION_UNKNOWN, 3, 4, 4));
    conv(g, "x", "a", 3, 2);
    make_node(g, "/divided", "LRN", NAMES("a"), NAMES("divided"), ATTRIBUTES(integer_attribute("size", 3)));
    conv(g, "divided", "b", 2, 4);
    make_node(g, "/pool", "GlobalAveragePool", NAMES("b"), NAMES("y"), NO_ATTRIBUTES);
    make_output(g, "y");
    write_graph(g, file);
    snprintf(line, sizeof line, "load %s", file);
    struct session *session = new_session(line);
    struct reply reply = {0};
    struct error error = {0};
    assert_int_equal(run_with(session, "group a", &reply, NULL, &error), STATUS_OK);
    static const char said[] =
        "  2 channels of a: locked, the operator divides channels by those beside them (LRN /divided)";
    bool found = false;
    for (size_t i = 0; i < reply.count; i++)
        found = found || (reply.items[i].text && strcmp(reply.items[i].text, said) == 0);
    assert_true(found);
    reply_free(&reply);
    session_free(session);
    unlink(file);
}

/* --- histograms ----------------------------------------------------------------------------------------- */

static void histograms_count_exactly(void **state)
{
    (void)state;
    struct session *session = loaded();
    run_line(session, "score l1 l2 geomedian; set ratio 0.4");
    for (int bins = 1; bins < 40; bins++) {
        char line[100];
        struct reply reply;
        snprintf(line, sizeof line, "hist axb scale=standard bins=%d", bins);
        const struct figure_histogram *one = &figure_of(session, line, &reply)->histogram;
        assert_int_equal(one->series, 3);
        for (int s = 0; s < one->series; s++)
            assert_int_equal(one->summary[s].below, 4); /* 8 - floor(8 * 0.6) */
        reply_free(&reply);
        snprintf(line, sizeof line, "hist * scale=standard bins=%d", bins); /* of all layers together */
        const struct figure_histogram *all = &figure_of(session, line, &reply)->histogram;
        for (int s = 0; s < all->series; s++)
            assert_int_equal(all->summary[s].below, 4 * 4);
        reply_free(&reply);
    }
    session_free(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_no_patterns),     cmocka_unit_test(names_elsewhere),
        cmocka_unit_test(parameters_are_one_number), cmocka_unit_test(locks_say_why),
        cmocka_unit_test(histograms_count_exactly),
    };
    int descriptor = mkstemp(path);
    if (descriptor < 0)
        return 1;
    close(descriptor);
    write_network();
    int failed = cmocka_run_group_tests_name("made network", tests, NULL, NULL);
    unlink(path);
    return failed;
}
