/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scale attack: on random networks with every structure it is either refused, by the name of a node, or
 * the network stays the same; and operator by operator, what passes a factor on and what does not. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "support/graph_maker.h"
#include "nn/engine/engine.h"
#include "prune/coupling.h"
#include "prune/rescale.h"
#include "score/layer.h"
#include "support/random_network.h"

enum { BATCH = 2, LOGITS_MOST = 64 };

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { NETWORKS = 100, PER_KIND = 4 };
#else
enum { NETWORKS = 600, PER_KIND = 16 };
#endif

struct subject {
    struct graph *graph;
    struct layers *layers;
    struct coupling *coupling;
    const char *name;
    uint64_t seed;
};

static struct subject subject_of(struct graph *graph, const char *name, uint64_t seed)
{
    struct subject s = {.graph = graph, .name = name, .seed = seed};
    struct error error = {0};
    if (layers_find(graph, &s.layers, &error) != STATUS_OK ||
        coupling_build(graph, s.layers, &s.coupling, &error) != STATUS_OK)
        fail_msg("%s, seed %llu: %s", name, (unsigned long long)seed, error.message);
    return s;
}

static void release(struct subject *s)
{
    coupling_free(s->coupling);
    layers_free(s->layers);
    graph_free(s->graph);
}

/* Logits of two images of noise; their number is returned. */
static int64_t logits(const struct graph *graph, double out[LOGITS_MOST])
{
    struct error error = {0};
    struct engine *engine;
    struct engine_options options = {.batch = BATCH, .real = ELEMENT_DOUBLE};
    if (engine_new(graph, &options, &engine, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    struct random_state random;
    random_seed(&random, 5, 5);
    double *input = engine_input(engine);
    for (int64_t i = 0; i < BATCH * engine_input_elements(engine); i++)
        input[i] = random_between(&random, -1, 1);
    assert_int_equal(engine_forward(engine, &error), STATUS_OK);
    int64_t count = shape_elements(&engine_output(engine)->shape);
    assert_true(count <= LOGITS_MOST);
    memcpy(out, engine_output(engine)->data, (size_t)count * sizeof *out);
    engine_free(engine);
    return count;
}

/* A refusal says which node does not go along, or that nothing is left to take the factor out. */
static void expect_reason(const struct subject *s, const struct error *error)
{
    bool named = strstr(error->message, "network's output") || strstr(error->message, "has no BatchNorm") ||
                 strstr(error->message, "uses its weight too");
    for (int i = 0; i < s->graph->node_count && !named; i++)
        named = strstr(error->message, s->graph->nodes[i].name) &&
                strstr(error->message, s->graph->nodes[i].op->name);
    if (error->code != STATUS_STATE || !named)
        fail_msg("%s, seed %llu: %s", s->name, (unsigned long long)s->seed, error->message);
}

/* Scale every layer in every way: how often it could be done. */
static int scale_all(struct subject s)
{
    double before[LOGITS_MOST], after[LOGITS_MOST];
    struct random_state random;
    int done = 0;
    int64_t count = logits(s.graph, before);
    random_seed(&random, s.seed, 9);
    for (int layer = 0; layer < s.layers->count; layer++)
        for (int part = 0; rescale_part_name(part); part++) {
            struct graph *scaled;
            struct error error = {0};
            double factor = exp(random_between(&random, -1, 3));
            if (rescale_apply(s.coupling, layer, factor, (enum rescale_part)part, &scaled, &error) !=
                STATUS_OK) {
                expect_reason(&s, &error);
                continue;
            }
            done++;
            assert_int_equal(logits(scaled, after), count);
            for (int64_t i = 0; i < count; i++)
                if (!(fabs(before[i] - after[i]) <= 1e-9 * (1 + fabs(before[i]))))
                    fail_msg("%s, seed %llu, layer %s (%s) times %g: logit %lld is %.17g, was %.17g", s.name,
                             (unsigned long long)s.seed, s.layers->items[layer].name, rescale_part_name(part),
                             factor, (long long)i, after[i], before[i]);
            graph_free(scaled);
        }
    release(&s);
    return done;
}

static void every_structure_by_itself(void **state)
{
    (void)state;
    for (int kind = 0; random_blocks[kind].name != NULL; kind++) {
        int done = 0;
        for (uint64_t i = 0; i < PER_KIND; i++)
            done += scale_all(
                subject_of(random_block_network(i * 97 + (uint64_t)kind, kind), random_blocks[kind].name, i));
        if (done < 2)
            fail_msg("%s: nothing could be scaled", random_blocks[kind].name);
    }
}

static void structures_together(void **state)
{
    (void)state;
    int done = 0;
    for (uint64_t seed = 1; seed <= NETWORKS; seed++)
        done += scale_all(subject_of(random_network(seed, 2 + (int)(seed % 8)), "mixture", seed));
    assert_true(done > 4 * NETWORKS);
}

/* --- operator by operator ------------------------------------------------------------------------------- */

static void conv(struct graph *g, const char *in, const char *name, int64_t from, int64_t to)
{
    char weight[64], bias[64], node[64];
    snprintf(weight, sizeof weight, "%s.weight", name);
    snprintf(bias, sizeof bias, "%s.bias", name);
    snprintf(node, sizeof node, "/%s", name);
    int value = make_reals(g, weight, DIMS(to, from, 1, 1), 0);
    float *numbers = g->values[value].constant->data;
    for (int64_t i = 0; i < from * to; i++)
        numbers[i] = (float)(i % 7) / 4 - 0.6F;
    make_reals(g, bias, DIMS(to), -0.7F);
    make_node(g, node, "Conv", NAMES(in, weight, bias), NAMES(name), NO_ATTRIBUTES);
}

static void two(struct graph *g, const char *op, const char *a, const char *b, const char *out)
{
    char node[64];
    snprintf(node, sizeof node, "/%s", out);
    make_node(g, node, op, NAMES(a, b), NAMES(out), NO_ATTRIBUTES);
}

static void one(struct graph *g, const char *op, const char *a, const char *out)
{
    char node[64];
    snprintf(node, sizeof node, "/%s", out);
    make_node(g, node, op, NAMES(a), NAMES(out), NO_ATTRIBUTES);
}

/* a, 4 channels, and b, 4 others, both of the image. */
static struct graph *begin(void)
{
    struct graph *g = make_graph(18);
    make_input(g, "x", DIMS(DIMENSION_UNKNOWN, 3, 4, 4));
    conv(g, "x", "a", 3, 4);
    conv(g, "x", "b", 3, 4);
    return g;
}

/* The network that ends in `in`, with layer a times 3: refused with these words, or the same (NULL). */
static void expect(struct graph *g, const char *in, int64_t channels, const char *words)
{
    struct error error = {0};
    struct graph *scaled;
    double before[LOGITS_MOST], after[LOGITS_MOST];
    conv(g, in, "last", channels, 3);
    make_node(g, "/mean", "GlobalAveragePool", NAMES("last"), NAMES("mean"), NO_ATTRIBUTES);
    make_node(g, "/flat", "Flatten", NAMES("mean"), NAMES("flat"), NO_ATTRIBUTES);
    make_output(g, "flat");
    if (graph_finish(g, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    struct subject s = subject_of(g, in, 0);
    status code = rescale_apply(s.coupling, layers_index(s.layers, "a"), 3, RESCALE_LAYER, &scaled, &error);
    if (words != NULL) {
        assert_int_equal(code, STATUS_STATE);
        if (!strstr(error.message, words))
            fail_msg("%s", error.message);
    } else {
        if (code != STATUS_OK)
            fail_msg("%s", error.message);
        int64_t count = logits(g, before);
        logits(scaled, after);
        for (int64_t i = 0; i < count; i++)
            if (!(fabs(before[i] - after[i]) <= 1e-5 * (1 + fabs(before[i])))) /* weights are in float */
                fail_msg("%s: %g, was %g", in, after[i], before[i]);
        graph_free(scaled);
    }
    release(&s);
}

static void one_operand(void **state)
{
    (void)state;
    static const struct {
        const char *op;
        bool passes;
    } cases[] = {
        {"Relu", true},         {"LeakyRelu", true},
        {"Abs", true},          {"Neg", true},
        {"Reciprocal", true},   {"Log", false},
        {"Erf", false},         {"Mish", false},
        {"Softplus", false},    {"ThresholdedRelu", false},
        {"Celu", false},        {"Identity", true},
        {"Sigmoid", false},     {"Tanh", false},
        {"Elu", false},         {"Clip", false},
        {"HardSigmoid", false}, {"Exp", false},
        {"HardSwish", false},   {"Floor", false},
        {"Ceil", false},        {"Softmax", false},
        {"Dropout", true},      {"LogSoftmax", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct graph *g = begin();
        char words[64];
        one(g, cases[i].op, "a", "h");
        snprintf(words, sizeof words, "layer a: %s /h does not", cases[i].op);
        expect(g, "h", 4, cases[i].passes ? NULL : words);
    }
}

static void two_operands(void **state)
{
    (void)state;
    static const struct {
        const char *op, *first, *second, *words;
    } cases[] = {
        {"Add", "a", "b", "Add /h adds its channels to others"},
        {"Sub", "b", "a", "Sub /h adds its channels to others"},
        {"Add", "a", "r", NULL}, /* both are of a */
        {"Max", "a", "r", NULL},
        {"Max", "a", "zero", NULL},
        {"Min", "zero", "a", NULL},
        {"Max", "a", "half", "Max /h compares its channels with others"},
        {"Min", "a", "b", "Min /h compares its channels with others"},
        {"Add", "a", "half", "Add /h adds its channels to others"},
        {"Mul", "a", "b", NULL},
        {"Mul", "half", "a", NULL},
        {"Mul", "a", "r", NULL}, /* by the square of the factor */
        {"Div", "a", "half", NULL},
        {"Div", "b", "a", NULL},
        {"Div", "r", "a", NULL}, /* not at all */
        {"PRelu", "a", "half", NULL},
        {"Pow", "a", "two", NULL},
        {"Pow", "s", "half", "Pow /h makes no whole power"},
        {"Pow", "half", "a", "Pow /h does not pass a factor on"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct graph *g = begin();
        float *number;
        one(g, "Relu", "a", "r");
        one(g, "Abs", "a", "s");
        number = g->values[make_reals(g, "half", DIMS(1), 0.5F)].constant->data;
        assert_true(*number == 0.5F);
        make_reals(g, "zero", DIMS(1), 0);
        make_reals(g, "two", DIMS(1), 2);
        two(g, cases[i].op, cases[i].first, cases[i].second, "h");
        expect(g, "h", 4, cases[i].words);
    }
}

/* A root of a square is as large as what was squared. */
static void roots_and_squares(void **state)
{
    (void)state;
    struct graph *g = begin();
    two(g, "Mul", "a", "a", "q");
    one(g, "Sqrt", "q", "h");
    expect(g, "h", 4, NULL);
    g = begin();
    one(g, "Abs", "a", "s");
    one(g, "Sqrt", "s", "h");
    expect(g, "h", 4, "Sqrt /h makes no whole power");
}

static void reductions_and_joins(void **state)
{
    (void)state;
    static const char *const ops[] = {"ReduceMean", "ReduceMax"};
    for (int i = 0; i < 2; i++) {
        struct graph *g = begin(); /* over the channels of a alone: all are scaled */
        make_node(g, "/h", ops[i], NAMES("a"), NAMES("h"), ATTRIBUTES(integers_attribute("axes", DIMS(1))));
        expect(g, "h", 1, NULL);
        g = begin(); /* over those of a and b */
        make_node(g, "/j", "Concat", NAMES("a", "b"), NAMES("j"), ATTRIBUTES(integer_attribute("axis", 1)));
        make_node(g, "/h", ops[i], NAMES("j"), NAMES("h"), ATTRIBUTES(integers_attribute("axes", DIMS(1))));
        expect(g, "h", 1, i ? "ReduceMax /h combines channels" : "ReduceMean /h combines channels");
    }
    struct graph *g = begin(); /* side by side the weights behind tell them apart */
    make_node(g, "/h", "Concat", NAMES("b", "a"), NAMES("h"), ATTRIBUTES(integer_attribute("axis", 1)));
    expect(g, "h", 8, NULL);
    g = begin(); /* one below the other they do not */
    make_node(g, "/h", "Concat", NAMES("b", "a"), NAMES("h"), ATTRIBUTES(integer_attribute("axis", 2)));
    expect(g, "h", 4, "Conv /last reads positions that are not scaled alike");
    g = begin(); /* what is tied to a elsewhere is not scaled with it */
    two(g, "Mul", "b", "a", "m");
    make_node(g, "/h", "Concat", NAMES("m", "b", "a"), NAMES("h"), ATTRIBUTES(integer_attribute("axis", 1)));
    expect(g, "h", 12, NULL);
}

static void pads_and_pools(void **state)
{
    (void)state;
    static const struct {
        const char *value, *words;
        int64_t pads[8], channels;
    } cases[] = {
        {"zero", NULL, {0, 0, 1, 1, 0, 0, 1, 1}, 4},
        {"one", "Pad /h pads with a number that is not zero", {0, 0, 1, 1, 0, 0, 1, 1}, 4},
        {"one", NULL, {0, 1, 0, 0, 0, 2, 0, 0}, 7}, /* more channels, which are what they are */
        {"one", NULL, {0, -1, -1, 0, 0, 1, 0, 0}, 4},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct graph *g = begin();
        int one = make_reals(g, "one", DIMS(1), 1), zero = make_reals(g, "zero", DIMS(1), 0);
        g->values[one].constant->shape.rank = g->values[zero].constant->shape.rank = 0;
        make_integers(g, "pads", 8, cases[i].pads);
        make_node(g, "/h", "Pad", NAMES("a", "pads", cases[i].value), NAMES("h"), NO_ATTRIBUTES);
        expect(g, "h", cases[i].channels, cases[i].words);
    }
    static const char *const pools[] = {"MaxPool", "AveragePool"};
    for (int i = 0; i < 2; i++) {
        struct graph *g = begin();
        make_node(g, "/h", pools[i], NAMES("a"), NAMES("h"),
                  ATTRIBUTES(integers_attribute("kernel_shape", DIMS(3, 3)),
                             integers_attribute("pads", DIMS(1, 1, 1, 1))));
        expect(g, "h", 4, NULL);
    }
}

/* --- memory --------------------------------------------------------------------------------------------- */

static void memory_runs_out(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct subject s = subject_of(random_network(seed, 5), "mixture", seed);
        status code = STATUS_MEMORY;
        for (long nth = 1; code == STATUS_MEMORY; nth++) {
            struct graph *scaled;
            struct error error = {0};
            mem_fail_at(nth);
            code = rescale_apply(s.coupling, 0, 2, RESCALE_LAYER, &scaled, &error);
            mem_fail_at(0);
            if (code == STATUS_OK)
                graph_free(scaled);
        }
        assert_true(code == STATUS_OK || code == STATUS_STATE);
        release(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_operand),         cmocka_unit_test(two_operands),
        cmocka_unit_test(roots_and_squares),   cmocka_unit_test(reductions_and_joins),
        cmocka_unit_test(pads_and_pools),      cmocka_unit_test(every_structure_by_itself),
        cmocka_unit_test(structures_together), cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests_name("rescale", tests, NULL, NULL);
}
