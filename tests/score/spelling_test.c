/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One network, its activation functions written down in several ways: what h is, and that scores do not
 * depend on the spelling. PROscore's g_D is compared with central differences of the network into which D*u
 * is put. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/network.h"
#include "nn/graph/op.h"
#include "prune/rescale.h"
#include "score/score.h"
#include "prune/surgery.h"
#include "stats/evaluate.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { IMAGES = 5, FIRST = 0, SECOND = 1, HIDDEN = 2, SCORED = 3, MOST_SPELLINGS = 8, CHANNELS = 5 };

/* A spelling is a list of operators, each with operands and attributes. u is the target, a the first result,
 * b the second and so on; numbers are constants of one element, `slope` is one of an element per channel.
 * What stands behind a bar follows h and belongs to the network, not to h. */
static const struct {
    const char *name; /* as layers shows it where several operators make it */
    const char *spellings[MOST_SPELLINGS];
} functions[] = {
    {"Relu", {"Relu u", "Max u 0", "Clip u 0", "Max 0 u | Mul a 1.7"}},
    {"Relu", {"Relu u | Mul a 1.7", "Max u 0 | Mul a 1.7", "Relu u | Add a 0.3; Mul b 1.7; Sub c 0.51"}},
    {"Clip", {"Clip u -0.3 0.6", "Max u -0.3; Min a 0.6", "Min u 0.6; Max -0.3 a"}},
    {"Clip", {"Clip u 0 0.6", "Relu u; Min a 0.6", "Relu u; Clip a 0 0.6"}},
    {"LeakyRelu",
     {"LeakyRelu u alpha=0.2", "PRelu u 0.2", "Mul u 0.2; Max u a",
      "Relu u; Neg u; Relu b; Mul c 0.2; Sub a d"}},
    {"LeakyRelu", {"PRelu u slope", "Min u 0; Max u 0; Mul slope a; Add b c"}},
    {"Sigmoid",
     {"Sigmoid u", "Neg u; Exp a; Add b 1; Reciprocal c", "Neg u; Exp a; Add 1 b; Div 1 c",
      "Mul u 0.5; Tanh a; Mul b 0.5; Add c 0.5"}},
    {"Tanh", {"Tanh u", "Mul u 2; Sigmoid a; Mul b 2; Sub c 1"}},
    {"LogSigmoid", {"Sigmoid u; Log a", "Neg u; Softplus a; Neg b"}},
    {"HardSigmoid",
     {"HardSigmoid u alpha=0.25 beta=0.5", "Add u 2; Clip a 0 4; Div b 4",
      "Mul u 0.25; Add a 0.5; Clip b 0 1", "Add u 2; Relu a; Min b 4; Mul c 0.25"}},
    {"HardSwish",
     {"HardSwish u", "Add u 3; Clip a 0 6; Div b 6; Mul u c", "Add u 3; Clip a 0 6; Mul u b; Div c 6",
      "HardSigmoid u alpha=0.16666666666666666; Mul a u",
      "Add u 3; Clip a 0 6; Mul b 0.16666666666666666; Mul c u",
      "Add u 3; Clip a 0 6; Mul b u; Mul c 0.16666666666666666 | Mul d 1.3"}},
    {"Swish",
     {"Swish u", "Sigmoid u; Mul u a", "Sigmoid u; Mul a u | Mul b 1.7", "Neg u; Exp a; Add b 1; Div u c"}},
    {"Swish", {"Swish u alpha=1.702", "Mul u 1.702; Sigmoid a; Mul u b"}},
    {"Mish", {"Mish u", "Softplus u; Tanh a; Mul u b", "Exp u; Add a 1; Log b; Tanh c; Mul d u"}},
    {"Gelu",
     {"Gelu u", "Div u 1.4142135623730951; Erf a; Add b 1; Mul u c; Mul d 0.5",
      "Mul u 0.70710678118654752; Erf a; Add b 1; Mul u 0.5; Mul c d",
      "Div u 1.4142135623730951; Erf a; Mul b 0.5; Add c 0.5; Mul d u | Mul e 1.7"}},
    {"Gelu",
     {"Gelu u approximate=tanh",
      "Pow u 3; Mul a 0.044715; Add u b; Mul c 0.79788456080286536; Tanh d; Add e 1; Mul u f; Mul g 0.5",
      "Mul u u; Mul a u; Mul b 0.044715; Add c u; Mul d 0.79788456080286536; Tanh e; Add f 1; Mul u 0.5; Mul "
      "g h"}},
    {"Softsign", {"Softsign u", "Abs u; Add a 1; Div u b", "Abs u; Add 1 a; Reciprocal b; Mul c u"}},
    {"Softplus", {"Softplus u", "Exp u; Add a 1; Log b"}},
    {"Selu",
     {"Selu u", "Elu u alpha=1.67326319217681885; Mul a 1.05070102214813232 | Mul b 0.7",
      "Max u 0; Min u 0; Exp b; Sub c 1; Mul d 1.67326319217681885; Add a e; Mul f 1.05070102214813232"}},
    {"Celu", {"Celu u alpha=0.7", "Div u 0.7; Elu a; Mul b 0.7"}},
    {"ThresholdedRelu", {"ThresholdedRelu u alpha=0.4"}},
    {"composed", {"Tanh u; Sub u a"}},
    {"composed", {"Mul u slope; Sigmoid a; Mul b u", "Mul slope u; Neg a; Exp b; Add c 1; Div u d"}},
    {"composed", {"Abs u", "Relu u; Neg u; Relu b; Add a c", "Mul u u; Sqrt a"}},
    {"composed", {"Mul u u", "Pow u 2", "Abs u; Mul a a"}},
};

/* What is no activation: h is the identity. */
static const char *const plain[] = {
    "| Mul u 0.5",
    "| Mul u slope; Add a 0.3",
    "| Mul u 0.3; Mul u 0.7; Add a b",
    "| Add u u",
    "| GlobalAveragePool u; Sigmoid a; Mul u b",
    "| Mul u place; Relu a",
};

/* --- the network ---------------------------------------------------------------------------------------- */

struct spelled {
    struct builder builder;
    int layer;      /* number of the layer at hand */
    int values[27]; /* u, then the results */
    int count;      /* of the results */
    int activated;  /* h(u) of the layer at hand */
    bool behind_bar;
    int found[SCORED]; /* h(u) of each */
};

static int number(struct spelled *s, const char *word)
{
    char name[80];
    const double value = atof(word);
    snprintf(name, sizeof name, "number_%d_%d_%s", s->layer, s->count, word);
    /* Files have both, a number of rank 0 and a list of one. */
    return builder_parameter(&s->builder, name, s->count % 2, (int64_t[]){1}, value, value);
}

static int operand(struct spelled *s, const char *word)
{
    char name[80];
    const bool linear = s->layer == HIDDEN;
    if (word[1] == '\0' && word[0] >= 'a' && word[0] <= 'z')
        return word[0] == 'u' ? s->values[0] : s->values[1 + word[0] - 'a'];
    snprintf(name, sizeof name, "%s_%d_%d", word, s->layer, s->count);
    if (strcmp(word, "slope") == 0) { /* the same wherever it is used */
        snprintf(name, sizeof name, "slope_%d", s->layer);
        const int there = graph_find_value(s->builder.graph, name);
        if (there >= 0)
            return there;
        return linear ? builder_parameter(&s->builder, name, 1, (int64_t[]){CHANNELS}, 0.1, 0.6)
                      : builder_parameter(&s->builder, name, 4, (int64_t[]){1, CHANNELS, 1, 1}, 0.1, 0.6);
    }
    if (strcmp(word, "place") == 0)
        return builder_parameter(&s->builder, name, 4, (int64_t[]){1, 1, s->layer == FIRST ? 8 : 4, 1}, 0.5,
                                 1);
    return number(s, word);
}

static struct attribute attribute_of(char *word)
{
    char *value = strchr(word, '=');
    *value++ = '\0';
    if (strcmp(word, "approximate") == 0)
        return (struct attribute){.name = word, .kind = ATTRIBUTE_STRING, .string = value};
    return (struct attribute){.name = word, .kind = ATTRIBUTE_REAL, .real = atof(value)};
}

/* One operator with what follows it. */
static void add_operator(struct spelled *s, char *text)
{
    struct attribute attributes[2];
    int inputs[4], input_count = 0, attribute_count = 0;
    char name[80], *rest, *op = strtok_r(text, " ", &rest);
    for (char *word; (word = strtok_r(NULL, " ", &rest)) != NULL;) {
        if (strchr(word, '='))
            attributes[attribute_count++] = attribute_of(word);
        else
            inputs[input_count++] = operand(s, word);
    }
    inputs[input_count] = VALUE_NONE;
    snprintf(name, sizeof name, "%s_%d_%d", op, s->layer, s->count);
    s->values[++s->count] =
        builder_node(&s->builder, op, name, inputs, attribute_count ? attributes : NULL, attribute_count);
}

static int add_two(struct spelled *s, const char *op, const char *name, int first, int second)
{
    return builder_node(&s->builder, op, name, (int[]){first, second, VALUE_NONE}, NULL, 0);
}

/* psi(u) = h(u) + D*u, D being zero but for the change. */
static int add_lift(struct spelled *s, int h)
{
    char lift[20], product[20], sum[20];
    snprintf(lift, sizeof lift, "lift_%d", s->layer);
    snprintf(product, sizeof product, "product_%d", s->layer);
    snprintf(sum, sizeof sum, "sum_%d", s->layer);
    int d = s->layer == HIDDEN
                ? builder_parameter(&s->builder, lift, 1, (int64_t[]){CHANNELS}, 0, 0)
                : builder_parameter(&s->builder, lift, 4, (int64_t[]){1, CHANNELS, 1, 1}, 0, 0);
    return add_two(s, "Add", sum, h, add_two(s, "Mul", product, s->values[0], d));
}

static int add_spelling(struct spelled *s, int u, const char *spelling, bool lifted)
{
    char text[300], *rest, *part;
    snprintf(text, sizeof text, "%s", spelling);
    const char *bar = strchr(spelling, '|');
    s->values[0] = s->found[s->layer] = u;
    s->count = 0;
    for (part = strtok_r(text, ";|", &rest); part; part = strtok_r(NULL, ";|", &rest)) {
        const bool in_h = !bar || part - text < bar - spelling;
        if (!in_h && lifted && s->values[s->count] == s->found[s->layer])
            s->values[s->count] = add_lift(s, s->found[s->layer]);
        if (part[strspn(part, " ")] == '\0')
            continue;
        add_operator(s, part);
        if (in_h)
            s->found[s->layer] = s->values[s->count];
    }
    if (lifted && s->values[s->count] == s->found[s->layer])
        s->values[s->count] = add_lift(s, s->found[s->layer]);
    return s->values[s->count];
}

static int add_layer(struct spelled *s, int input, int64_t inputs, const char *name)
{
    char parameter[40], node[40];
    int64_t strides[] = {s->layer == FIRST ? 4 : 2, s->layer == FIRST ? 4 : 2}, pads[] = {1, 1, 1, 1};
    const struct attribute attributes[] = {
        {.name = "strides", .kind = ATTRIBUTE_INTEGERS, .integers = strides, .count = 2},
        {.name = "pads", .kind = ATTRIBUTE_INTEGERS, .integers = pads, .count = 4}};
    static const struct {
        const char *suffix;
        double low, high;
    } norm[] = {{"weight", -1.5, 1.5}, {"bias", -0.5, 0.5}, {"mean", -0.4, 0.4}, {"var", 0.1, 0.4}};
    int operands[6] = {0, 0, 0, 0, 0, VALUE_NONE};
    snprintf(parameter, sizeof parameter, "%s.weight", name);
    int weight = builder_parameter(&s->builder, parameter, 4, (int64_t[]){CHANNELS, inputs, 3, 3}, -0.4, 0.4);
    snprintf(node, sizeof node, "/%s/Conv", name);
    operands[0] = builder_node(&s->builder, "Conv", node, (int[]){input, weight, VALUE_NONE}, attributes, 2);
    for (int i = 0; i < 4; i++) {
        snprintf(parameter, sizeof parameter, "%s_bn.%s", name, norm[i].suffix);
        operands[i + 1] =
            builder_parameter(&s->builder, parameter, 1, (int64_t[]){CHANNELS}, norm[i].low, norm[i].high);
    }
    snprintf(node, sizeof node, "/%s/Norm", name);
    return builder_node(&s->builder, "BatchNormalization", node, operands, NULL, 0);
}

/* Two convolutions with BatchNorm and a linear layer, each with the activation; a linear layer at the end. */
static struct graph *make(const char *spelling, const struct change *change, int found[SCORED])
{
    struct spelled s = {.builder = builder_start(change, change != NULL)};
    const struct attribute transposed = {.name = "transB", .kind = ATTRIBUTE_INTEGER, .integer = 1};
    s.builder.graph->opset = 24;
    int x = builder_input(&s.builder, "image", 3, (int64_t[]){3, 32, 32});
    for (s.layer = FIRST; s.layer < HIDDEN; s.layer++)
        x = add_spelling(&s,
                         add_layer(&s, x, s.layer == FIRST ? 3 : CHANNELS, s.layer == FIRST ? "c1" : "c2"),
                         spelling, change != NULL);
    x = builder_node(&s.builder, "Flatten", "flat", (int[]){x, VALUE_NONE}, NULL, 0);
    const int64_t features = CHANNELS * 16;
    const int hidden[] = {
        x, builder_parameter(&s.builder, "f1.weight", 2, (int64_t[]){CHANNELS, features}, -0.4, 0.4),
        builder_parameter(&s.builder, "f1.bias", 1, (int64_t[]){CHANNELS}, -0.4, 0.4), VALUE_NONE};
    x = builder_node(&s.builder, "Gemm", "/f1/Gemm", hidden, &transposed, 1);
    s.found[HIDDEN] = x;
    if (!strstr(spelling, "GlobalAveragePool") && !strstr(spelling, "place")) /* these need maps */
        x = add_spelling(&s, x, spelling, change != NULL);
    const int last[] = {
        x, builder_parameter(&s.builder, "f2.weight", 2, (int64_t[]){10, CHANNELS}, -1.5, 1.5), VALUE_NONE};
    struct graph *graph =
        builder_finish(&s.builder, builder_node(&s.builder, "Gemm", "/f2/Gemm", last, &transposed, 1));
    memcpy(found, s.found, sizeof s.found);
    return graph;
}

/* --- the pass ------------------------------------------------------------------------------------------- */

static struct dataset *dataset;
static struct sample sample;
static struct pool *pool;

static int setup(void **state)
{
    (void)state;
    struct error error = {0};
    const struct dataset_options options = {.images = 40, .seed = 5};
    const struct sample_options first = {.count = IMAGES, .order = SAMPLE_FIRST};
    return dataset_open(dataset_kind_find("shapes"), NULL, &options, &dataset, &error) ||
                   sample_draw(dataset, &first, &sample, &error) || pool_new(1, &pool, &error)
               ? -1
               : 0;
}

static int teardown(void **state)
{
    (void)state;
    pool_free(pool);
    sample_free(&sample);
    dataset_free(dataset);
    return 0;
}

static void check(status code, const struct error *error, const char *spelling)
{
    if (code != STATUS_OK)
        fail_msg("%s: %s", spelling, error->message);
}

static struct layers *find(const struct graph *graph, const char *spelling)
{
    struct error error = {0};
    struct layers *layers = NULL;
    check(layers_find(graph, &layers, &error), &error, spelling);
    assert_int_equal(layers->count, SCORED + 1);
    return layers;
}

static struct score_statistics *score(const char *spelling, enum element_type real)
{
    struct error error = {0};
    int found[SCORED];
    struct graph *graph = make(spelling, NULL, found);
    struct layers *layers = find(graph, spelling);
    struct score_statistics *statistics = NULL;
    const struct score_pass pass = {.graph = graph,
                                    .layers = layers,
                                    .dataset = dataset,
                                    .sample = &sample,
                                    .needs = NEED_GRADIENTS | NEED_ACTIVATIONS | NEED_FEATURE_RANKS,
                                    .real = real,
                                    .batch = 3,
                                    .pool = pool};
    check(score_statistics_compute(&pass, &statistics, &error), &error, spelling);
    layers_free(layers);
    graph_free(graph);
    return statistics;
}

/* Frees the graph. */
static double loss_of(struct graph *graph, const char *spelling)
{
    struct error error = {0};
    struct evaluation evaluation;
    const struct evaluate evaluate = {
        .graph = graph, .dataset = dataset, .sample = &sample, .real = ELEMENT_DOUBLE, .pool = pool};
    check(evaluate_run(&evaluate, &evaluation, &error), &error, spelling);
    double loss = evaluation.loss;
    evaluation_free(&evaluation);
    graph_free(graph);
    return loss;
}

static double lift_by_differences(const char *spelling, int layer, int64_t channel)
{
    const double step = 1e-6;
    char name[20];
    double loss[2];
    snprintf(name, sizeof name, "lift_%d", layer);
    for (int i = 0; i < 2; i++) {
        const struct change change = {name, channel, 1, 1, 1, i == 0 ? step : -step};
        loss[i] = loss_of(make(spelling, &change, (int[SCORED]){0}), spelling);
    }
    return (loss[0] - loss[1]) / (2 * step);
}

/* --- tests ---------------------------------------------------------------------------------------------- */

static void check_found(const char *spelling, const char *name)
{
    int found[SCORED];
    struct graph *graph = make(spelling, NULL, found);
    struct layers *layers = find(graph, spelling);
    for (int i = 0; i < SCORED; i++) {
        const struct layer *layer = &layers->items[i];
        if (layer->activated != found[i])
            fail_msg("%s: h of %s is %s, wanted %s", spelling, layer->name,
                     graph->values[layer->activated].name, graph->values[found[i]].name);
        assert_int_equal(layer->activation_node,
                         found[i] == layer->target ? -1 : graph->values[found[i]].producer);
        if (!name) {
            assert_null(layer->activation_name);
            continue;
        }
        const size_t h = strcspn(spelling, "|"), first = strcspn(spelling, ";");
        const char *wanted = first < h ? name : graph->nodes[layer->activation_node].op->name;
        if (strcmp(layer->activation_name, wanted) != 0)
            fail_msg("%s: it is called %s, wanted %s", spelling, layer->activation_name, wanted);
    }
    layers_free(layers);
    graph_free(graph);
}

static void test_what_is_found(void **state)
{
    (void)state;
    for (size_t f = 0; f < COUNT(functions); f++)
        for (int i = 0; i < MOST_SPELLINGS && functions[f].spellings[i]; i++)
            check_found(functions[f].spellings[i], functions[f].name);
    for (size_t i = 0; i < COUNT(plain); i++)
        check_found(plain[i], NULL);
}

static void close_to(double got, double wanted, double tolerance, double scale, const char *what,
                     const char *spelling)
{
    if (!(fabs(got - wanted) <= tolerance * scale))
        fail_msg("%s: %s is %.15g, wanted %.15g", spelling, what, got, wanted);
}

static double largest(const double *values)
{
    double most = 1e-3;
    for (int c = 0; c < CHANNELS; c++)
        most = fmax(most, fabs(values[c]));
    return most;
}

static void compare(const struct score_statistics *got, const struct score_statistics *wanted,
                    double tolerance, const char *spelling)
{
    for (int i = 0; i < SCORED; i++) {
        const struct layer_statistics *a = &got->layers[i], *b = &wanted->layers[i];
        const struct {
            const char *what;
            const double *got, *wanted;
        } pairs[] = {{"delta", a->delta, b->delta},
                     {"delta*(y-mean)", a->delta_centered, b->delta_centered},
                     {"gate", a->gate, b->gate},
                     {"lift", a->lift, b->lift},
                     {"sum of h", a->activation.sum, b->activation.sum},
                     {"sum of h^2", a->activation.squared, b->activation.squared}};
        for (size_t k = 0; k < COUNT(pairs); k++)
            for (int c = 0; c < CHANNELS; c++)
                close_to(pairs[k].got[c], pairs[k].wanted[c], tolerance, largest(pairs[k].wanted),
                         pairs[k].what, spelling);
    }
}

/* The spellings of one row agree; those with a factor behind h are other networks. */
static void test_spellings_agree(void **state)
{
    (void)state;
    for (size_t f = 0; f < COUNT(functions); f++) {
        const char *const *spellings = functions[f].spellings;
        const bool followed = strchr(spellings[0], '|') != NULL;
        struct score_statistics *first = score(spellings[0], ELEMENT_DOUBLE);
        for (int i = 1; i < MOST_SPELLINGS && spellings[i]; i++) {
            if ((strchr(spellings[i], '|') != NULL) != followed)
                continue;
            struct score_statistics *other = score(spellings[i], ELEMENT_DOUBLE);
            compare(other, first, 1e-10, spellings[i]);
            score_statistics_free(other);
        }
        score_statistics_free(first);
    }
}

/* The float engine takes other ways through the same network. */
static void test_float_agrees(void **state)
{
    (void)state;
    for (size_t f = 0; f < COUNT(functions); f++)
        for (int i = 0; i < MOST_SPELLINGS && functions[f].spellings[i]; i++) {
            struct score_statistics *exact = score(functions[f].spellings[i], ELEMENT_DOUBLE);
            struct score_statistics *fast = score(functions[f].spellings[i], ELEMENT_FLOAT);
            compare(fast, exact, 2e-4, functions[f].spellings[i]);
            score_statistics_free(exact);
            score_statistics_free(fast);
        }
}

static void check_lift(const char *spelling)
{
    struct score_statistics *statistics = score(spelling, ELEMENT_DOUBLE);
    for (int i = 0; i < SCORED; i++)
        for (int64_t c = i % 2; c < CHANNELS; c += 2) {
            const double numerical = lift_by_differences(spelling, i, c);
            close_to(statistics->layers[i].lift[c] / IMAGES, numerical, 1e-5, fmax(0.01, fabs(numerical)),
                     "lift", spelling);
        }
    score_statistics_free(statistics);
}

static void test_lift_is_a_derivative(void **state)
{
    (void)state;
    for (size_t f = 0; f < COUNT(functions); f++)
        for (int i = 0; i < MOST_SPELLINGS && functions[f].spellings[i]; i++)
            check_lift(functions[f].spellings[i]);
}

static struct coupling *couple(const struct graph *graph, const struct layers *layers, const char *spelling)
{
    struct error error = {0};
    struct coupling *coupling = NULL;
    check(coupling_build(graph, layers, &coupling, &error), &error, spelling);
    return coupling;
}

/* With a channel of every layer gone. */
static void check_mask(const char *spelling)
{
    struct error error = {0};
    int found[SCORED];
    struct graph *graph = make(spelling, NULL, found), *masked = NULL, *smaller = NULL;
    struct layers *layers = find(graph, spelling);
    struct coupling *coupling = couple(graph, layers, spelling);
    bool *removed = mem_new((size_t)coupling->class_count, sizeof *removed);
    assert_non_null(removed);
    for (int l = 0; l < SCORED; l++)
        removed[coupling->layer_classes[l][1 + l]] = true;
    check(mask_apply(coupling, removed, &masked, &error), &error, spelling);
    check(surgery_apply(coupling, removed, &smaller, &error), &error, spelling);
    const double mask = loss_of(masked, spelling), surgery = loss_of(smaller, spelling);
    close_to(surgery, mask, 1e-12, fmax(1, fabs(mask)), "the smaller network's loss", spelling);
    mem_free(removed);
    coupling_free(coupling);
    layers_free(layers);
    graph_free(graph);
}

/* Mask and surgery: slopes are cut, what is not zero at zero is not read, and what is infinite at zero does
 * not become 0 * infinity. */
static void test_mask_is_removal(void **state)
{
    (void)state;
    static const char *const infinite[] = {"Abs u; Log a", "Reciprocal u", "Mul u u; Reciprocal a; Log b"};
    for (size_t f = 0; f < COUNT(functions); f++)
        for (int i = 0; i < MOST_SPELLINGS && functions[f].spellings[i]; i++)
            check_mask(functions[f].spellings[i]);
    for (size_t i = 0; i < COUNT(infinite); i++)
        check_mask(infinite[i]);
}

/* A factor passes through what is homogeneous, and through nothing else. */
static void test_rescale(void **state)
{
    (void)state;
    static const struct {
        const char *spelling;
        status wanted;
    } cases[] = {
        {"LeakyRelu u alpha=0.2", STATUS_OK},
        {"Mul u 0.2; Max u a", STATUS_OK},
        {"Relu u; Neg u; Relu b; Mul c 0.2; Sub a d", STATUS_OK},
        {"Min u 0; Max 0 u; Mul slope a; Add b c", STATUS_OK},
        {"Min u 0.1; Max u 0; Mul slope a; Add b c", STATUS_STATE},
        {"Max u 0; Min a 6", STATUS_STATE},
        {"Gelu u", STATUS_STATE},
        {"Sigmoid u; Mul u a", STATUS_STATE},
        {"Relu u; Add a 0.3", STATUS_STATE},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *spelling = cases[i].spelling;
        struct error error = {0};
        int found[SCORED];
        struct graph *graph = make(spelling, NULL, found), *scaled = NULL;
        struct layers *layers = find(graph, spelling);
        struct coupling *coupling = NULL;
        check(coupling_build(graph, layers, &coupling, &error), &error, spelling);
        status code = rescale_apply(coupling, FIRST, 3, RESCALE_LAYER, &scaled, &error);
        if (code != cases[i].wanted)
            fail_msg("%s: rescale ends with %d, wanted %d", spelling, code, cases[i].wanted);
        coupling_free(coupling);
        layers_free(layers);
        const double before = loss_of(graph, spelling);
        if (code == STATUS_OK)
            close_to(loss_of(scaled, spelling), before, 1e-12, 1, "the loss after scaling", spelling);
    }
}

/* Each allocation fails in turn while h is looked for. */
static void test_memory(void **state)
{
    (void)state;
    int found[SCORED];
    struct graph *graph = make("Add u 3; Clip a 0 6; Mul u b; Div c 6", NULL, found);
    struct layers *layers = NULL;
    status code = STATUS_MEMORY;
    long nth = 0;
    while (code == STATUS_MEMORY) {
        struct error error = {0};
        mem_fail_at(++nth);
        code = layers_find(graph, &layers, &error);
        mem_fail_at(0);
    }
    assert_int_equal(code, STATUS_OK);
    assert_true(nth > 20);
    layers_free(layers);
    graph_free(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_found),   cmocka_unit_test(test_spellings_agree),
        cmocka_unit_test(test_float_agrees),    cmocka_unit_test(test_lift_is_a_derivative),
        cmocka_unit_test(test_mask_is_removal), cmocka_unit_test(test_rescale),
        cmocka_unit_test(test_memory),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, setup, teardown);
}
