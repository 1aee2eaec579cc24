/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Group scores against numbers that others made: for a small network those of make_group_reference.py, which
 * has the definitions of several programs in PyTorch, and where they are found those of Torch-Pruning 1.6
 * itself (support/shared_data.h). Each score to 1e-5, and the same channels go. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/dataset.h"
#include "nn/simplify/simplify.h"
#include "onnx/onnx.h"
#include "prune/group_score.h"
#include "support/csv_read.h"
#include "support/skip.h"
#include "support/subject.h"

static void check(status code, const struct error *error)
{
    if (code != STATUS_OK)
        fail_msg("%s", error->message);
}

struct trial {
    struct subject subject;
    struct dataset *dataset;
    struct sample sample;
    struct score_statistics *statistics;
    struct csv_table scores, gone;
    double *class_score;
    struct scores *computed; /* of the criterion below */
    char criterion[64];      /* as the table calls it */
    double worst;
};

static void read_table(const char *path, struct csv_table *table)
{
    struct error error = {0};
    unsigned char *data;
    size_t size;
    check(file_read(path, (size_t)1 << 24, &data, &size, &error), &error);
    check(csv_read(path, data, size, table, &error), &error);
    mem_free(data);
}

/* Network, images and their statistics in double. */
static void start(struct trial *trial, const char *model, const char *kind, const char *data,
                  const char *normalization, int64_t images)
{
    struct error error = {0};
    struct graph *read, *graph;
    check(onnx_read(model, &read, &error), &error);
    check(graph_simplify(read, &graph, &error), &error);
    graph_free(read);
    *trial = (struct trial){.subject = subject_of(graph)};
    const struct dataset_options options = {.split = "train", .normalization = normalization, .seed = 1};
    const struct sample_options first = {.count = images, .order = SAMPLE_FIRST};
    check(dataset_open(dataset_kind_find(kind), data, &options, &trial->dataset, &error), &error);
    check(sample_draw(trial->dataset, &first, &trial->sample, &error), &error);
    const struct score_pass pass = {.graph = graph,
                                    .layers = trial->subject.layers,
                                    .dataset = trial->dataset,
                                    .sample = &trial->sample,
                                    .needs = NEED_GRADIENTS | NEED_WEIGHT_GRADIENTS,
                                    .real = ELEMENT_DOUBLE,
                                    .micro_batch = 3,
                                    .batch = 64};
    check(score_statistics_compute(&pass, &trial->statistics, &error), &error);
    trial->class_score = mem_new((size_t)trial->subject.coupling->class_count, sizeof *trial->class_score);
    assert_non_null(trial->class_score);
}

static void finish(struct trial *trial)
{
    print_message("# largest error %.2g\n", trial->worst);
    scores_free(trial->computed);
    mem_free(trial->class_score);
    csv_table_free(&trial->scores);
    csv_table_free(&trial->gone);
    score_statistics_free(trial->statistics);
    sample_free(&trial->sample);
    dataset_free(trial->dataset);
    subject_free(&trial->subject);
}

/* What a table's name begins with, and what that is here; longer beginnings first. */
static const struct naming {
    const char *begins, *criterion;
    enum taylor_variant taylor;
    enum compat compat;
} namings[] = {
    {"magnitude-p1-", "l1", TAYLOR_GATE, COMPAT_TORCH_PRUNING},
    {"magnitude-p2-", "l2", TAYLOR_GATE, COMPAT_TORCH_PRUNING},
    {"taylor-multivariable-", "taylor", TAYLOR_WEIGHT_SUM, COMPAT_TORCH_PRUNING},
    {"taylor-", "taylor", TAYLOR_WEIGHT, COMPAT_TORCH_PRUNING},
    {"fpgm-", "geomedian", TAYLOR_GATE, COMPAT_TORCH_PRUNING},
    {"bn-", "bn", TAYLOR_GATE, COMPAT_TORCH_PRUNING},
    {"lamp-", "lamp", TAYLOR_GATE, COMPAT_TORCH_PRUNING},
    {"paper-l2-", "l2", TAYLOR_GATE, COMPAT_PAPER},
    {"paper-taylor-", "taylor", TAYLOR_WEIGHT, COMPAT_PAPER},
    {"nni-l2-", "l2", TAYLOR_GATE, COMPAT_NNI},
    {"nni-taylor-", "taylor", TAYLOR_WEIGHT_SQUARES, COMPAT_NNI},
    {"nni-fpgm-", "geomedian", TAYLOR_GATE, COMPAT_NNI},
};

static int index_of(const char *(*name_at)(int), const char *word, size_t length)
{
    int index = 0;
    while (name_at(index) && (strlen(name_at(index)) != length || strncmp(name_at(index), word, length)))
        index++;
    if (!name_at(index))
        fail_msg("'%s' is no known word", word);
    return index;
}

/* "fpgm-first-none": a criterion, a reduction, and perhaps a normaliser. */
static const struct naming *parse_name(const char *name, struct group_rule *rule)
{
    const struct naming *naming = namings;
    while (strncmp(name, naming->begins, strlen(naming->begins)) != 0)
        assert_true(++naming < namings + sizeof namings / sizeof *namings);
    const char *reduction = name + strlen(naming->begins), *normaliser = strchr(reduction, '-');
    const size_t length = normaliser ? (size_t)(normaliser - reduction) : strlen(reduction);
    *rule = group_rule_of(naming->compat);
    rule->members = naming->compat == COMPAT_NNI ? MEMBERS_MAKERS : MEMBERS_ALL;
    rule->combine = (enum combination)index_of(combination_name, reduction, length);
    if (normaliser)
        rule->normaliser = (enum normaliser)index_of(normaliser_name, normaliser + 1, strlen(normaliser + 1));
    return naming;
}

/* The scores of all classes by one name of the table; the last ones are kept. */
static void take_scores(struct trial *trial, const char *name)
{
    struct error error = {0};
    struct group_rule rule;
    if (strcmp(trial->criterion, name) == 0)
        return;
    snprintf(trial->criterion, sizeof trial->criterion, "%s", name);
    const struct naming *naming = parse_name(name, &rule);
    struct criterion_options options = criterion_defaults();
    options.taylor = naming->taylor;
    scores_free(trial->computed);
    trial->computed = NULL;
    check(scores_compute(trial->subject.graph, trial->subject.layers, criterion_find(naming->criterion),
                         &options, trial->statistics, NULL, &trial->computed, &error),
          &error);
    check(group_scores(trial->subject.coupling, trial->computed, trial->statistics, &rule, trial->class_score,
                       &error),
          &error);
}

static const int *classes_of(const struct trial *trial, const char *root)
{
    const int layer = layers_index(trial->subject.layers, root);
    assert_true(layer >= 0);
    return trial->subject.coupling->layer_classes[layer];
}

static void compare_scores(struct trial *trial)
{
    for (size_t row = 1; row < trial->scores.row_count; row++) {
        char **fields = trial->scores.fields + trial->scores.starts[row];
        int64_t channel;
        double expected;
        take_scores(trial, fields[0]);
        assert_true(text_to_integer(fields[2], &channel) && text_to_double(fields[3], &expected));
        const double found = trial->class_score[classes_of(trial, fields[1])[channel]];
        const double off = found == expected ? 0 : fabs(found - expected) / fabs(expected);
        if (!(off <= 1e-5))
            fail_msg("%s of channel %s of %s: %.9g, not %s", fields[0], fields[2], fields[1], found,
                     fields[3]);
        trial->worst = fmax(trial->worst, off);
    }
}

/* What a selection takes from a layer, as "0 4 7". */
static void add_removed(const struct trial *trial, const struct selection *selection, const char *root,
                        struct text *text)
{
    const int *classes = classes_of(trial, root);
    const struct layers *layers = trial->subject.layers;
    for (int64_t c = 0; c < layers->items[layers_index(layers, root)].channels; c++)
        if (selection->removed[classes[c]])
            text_add_format(text, "%s%lld", text->length ? " " : "", (long long)c);
}

static void compare_selections(struct trial *trial)
{
    const struct coupling *coupling = trial->subject.coupling;
    const struct select_options options = {.rounding = ROUND_FLOOR, .round_to = 1, .minimum = 1, .cap = 1};
    double *ratios = mem_new((size_t)coupling->block_count, sizeof *ratios);
    assert_non_null(ratios);
    for (int i = 0; i < coupling->block_count; i++)
        ratios[i] = coupling->blocks[i].locked ? 0 : 0.3;
    for (size_t row = 1; row < trial->gone.row_count; row++) {
        char **fields = trial->gone.fields + trial->gone.starts[row];
        struct selection selection;
        struct error error = {0};
        struct text removed = {0};
        take_scores(trial, fields[0]);
        check(select_by_ratio(coupling, trial->class_score, ratios, &options, &selection, &error), &error);
        add_removed(trial, &selection, fields[1], &removed);
        if (strcmp(text_data(&removed), fields[2]) != 0)
            fail_msg("%s of %s takes %s, not %s", fields[0], fields[1], text_data(&removed), fields[2]);
        text_free(&removed);
        selection_free(&selection);
    }
    mem_free(ratios);
}

static char *source_path(const char *name)
{
    const char *source = getenv("SRCDIR");
    char *path = mem_format("%s/tests/prune/data/%s", source ? source : ".", name);
    assert_non_null(path);
    return path;
}

static void start_small(struct trial *trial)
{
    char *model = source_path("group.onnx");
    start(trial, model, "shapes", NULL, "half", 8);
    mem_free(model);
}

static void small_network(void **state)
{
    (void)state;
    struct trial trial;
    char *scores = source_path("group.csv"), *gone = source_path("group_gone.csv");
    start_small(&trial);
    read_table(scores, &trial.scores);
    read_table(gone, &trial.gone);
    compare_scores(&trial);
    compare_selections(&trial);
    mem_free(scores);
    mem_free(gone);
    finish(&trial);
}

static void torch_pruning_itself(void **state)
{
    (void)state;
    struct trial trial;
    const char *model = need_shared("reference/torch-pruning/resnet20b.onnx");
    const char *scores = need_shared("reference/torch-pruning/scores.csv");
    const char *gone = need_shared("reference/torch-pruning/kept.csv");
    start(&trial, model, "cifar10", need_shared("data/cifar-10-batches-bin"), "imagenet", 64);
    read_table(scores, &trial.scores);
    read_table(gone, &trial.gone);
    compare_scores(&trial);
    compare_selections(&trial);
    finish(&trial);
}

/* --- members -------------------------------------------------------------------------------------------- */

static void members_are_named(void **state)
{
    (void)state;
    struct trial trial;
    struct error error = {0};
    struct members members;
    struct text text = {0};
    start_small(&trial);
    const struct coupling *coupling = trial.subject.coupling;
    const int stream = classes_of(&trial, "down")[3];
    check(members_find(coupling, ORDER_FROM_OUTPUT, &members, &error), &error);
    for (int i = 0; i < members.count; i++) {
        int64_t count = 0;
        for (int64_t k = 0; k < members.items[i].count; k++)
            count += members.items[i].classes[k] == stream;
        if (count)
            text_add_format(&text, "%s %s %lld\n", part_kind_name(members.items[i].kind),
                            members.items[i].name, (long long)count);
    }
    assert_string_equal(text_data(&text), "filter down 1\nfilter second 1\n"
                                          "scale bn5 1\nscale bn4 1\nscale bn3 1\ncolumn fc1 4\n");
    text_free(&text);
    members_free(&members);
    finish(&trial);
}

/* Of a criterion that knows filters only, all members are filters; without weight gradients columns have no
 * score. */
static void what_cannot_be(void **state)
{
    (void)state;
    struct trial trial;
    struct error error = {0};
    struct criterion_options options = criterion_defaults();
    start_small(&trial);
    const struct coupling *coupling = trial.subject.coupling;
    double *makers = mem_new((size_t)coupling->class_count, sizeof *makers);
    assert_non_null(makers);
    const struct group_rule rule = {COMPAT_PAPER, MEMBERS_ALL, COMBINE_MEAN, NORMALISE_NONE};
    check(scores_compute(trial.subject.graph, trial.subject.layers, criterion_find("proscore"), &options,
                         trial.statistics, NULL, &trial.computed, &error),
          &error);
    assert_true(group_takes_filters(trial.computed, &rule));
    check(group_scores(coupling, trial.computed, trial.statistics, &rule, trial.class_score, &error), &error);
    check(class_scores(coupling, trial.computed, COMBINE_MEAN, makers, &error), &error);
    for (int i = 0; i < coupling->class_count; i++)
        assert_true(trial.class_score[i] == makers[i] || (isnan(trial.class_score[i]) && isnan(makers[i])));
    scores_free(trial.computed);
    options.taylor = TAYLOR_WEIGHT_SUM;
    check(scores_compute(trial.subject.graph, trial.subject.layers, criterion_find("taylor"), &options,
                         trial.statistics, NULL, &trial.computed, &error),
          &error);
    assert_false(group_takes_filters(trial.computed, &rule));
    trial.statistics->needs &= ~(unsigned)NEED_WEIGHT_GRADIENTS;
    for (int i = 0; i < trial.statistics->layer_count; i++) {
        mem_free(trial.statistics->layers[i].columns.dot);
        trial.statistics->layers[i].columns = (struct column_statistics){0};
    }
    assert_int_equal(
        group_scores(coupling, trial.computed, trial.statistics, &rule, trial.class_score, &error),
        STATUS_STATE);
    assert_string_equal(error.message, "conv1: column scores need weight gradients, which no pass has "
                                       "computed: 'score taylor:weight' does");
    mem_free(makers);
    finish(&trial);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_network),
        cmocka_unit_test(torch_pruning_itself),
        cmocka_unit_test(members_are_named),
        cmocka_unit_test(what_cannot_be),
    };
    return cmocka_run_group_tests_name("group_score", tests, NULL, NULL);
}
