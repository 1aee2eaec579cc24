/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pruning in a session, on the example network: selections, surgery, undo, results as files, session files,
 * and that nothing that fails leaves a trace. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/memory.h"
#include "base/random.h"
#include "base/text.h"
#include "nn/engine/engine.h"
#include "session/kept_channels.h"
#include "support/session_lines.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define DOUBLE "set precision double; "

enum { CLASSES = 10 };

static char folder[] = "/tmp/ippro-prune-XXXXXX";

/* --- running -------------------------------------------------------------------------------------------- */

static void run(struct session *session, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void run(struct session *session, const char *format, ...)
{
    char line[1024];
    struct reply reply = {0};
    struct error error = {0};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (run_with(session, line, &reply, NULL, &error) != STATUS_OK)
        fail_msg("%s: %s", line, error.message);
    reply_free(&reply);
}

static void refused(struct session *session, status code, const char *message, const char *line)
{
    struct reply reply = {0};
    struct error error = {0};
    status got = run_with(session, line, &reply, NULL, &error);
    if (got != code || !strstr(error.message, message))
        fail_msg("%s: got %d '%s'", line, (int)got, error.message);
    assert_null(strpbrk(error.message, "\n\x1b"));
    assert_int_equal(reply.count, 0);
    reply_free(&reply);
}

/* A figure of the reply to a line, kept in `reply`. */
static struct figure *figure_of(struct session *session, const char *line, struct reply *reply)
{
    struct error error = {0};
    *reply = (struct reply){0};
    if (run_with(session, line, reply, NULL, &error) != STATUS_OK)
        fail_msg("%s: %s", line, error.message);
    for (size_t i = 0; i < reply->count; i++) {
        if (reply->items[i].figure)
            return reply->items[i].figure;
    }
    fail_msg("%s: no figure", line);
    return NULL;
}

static bool says(const struct reply *reply, const char *words)
{
    for (size_t i = 0; i < reply->count; i++) {
        if (reply->items[i].text && strstr(reply->items[i].text, words))
            return true;
    }
    return false;
}

/* In which the logits below are computed: single precision where only equality is asked. */
static enum element_type real = ELEMENT_DOUBLE;

static void put(void *values, int64_t index, double value)
{
    if (real == ELEMENT_DOUBLE)
        ((double *)values)[index] = value;
    else
        ((float *)values)[index] = (float)value;
}

/* Logits of the network as it is now, of one image of noise. */
static void graph_logits(const struct graph *graph, double *logits)
{
    struct engine *engine;
    struct error error = {0};
    struct random_state random;
    struct engine_options options = {.batch = 1, .real = real};
    assert_int_equal(engine_new(graph, &options, &engine, &error), STATUS_OK);
    random_seed(&random, 5, 0);
    for (int64_t i = 0; i < engine_input_elements(engine); i++)
        put(engine_input(engine), i, random_between(&random, -1, 1));
    assert_int_equal(engine_forward(engine, &error), STATUS_OK);
    const void *data = engine_output(engine)->data;
    for (int i = 0; i < CLASSES; i++)
        logits[i] = real == ELEMENT_DOUBLE ? ((const double *)data)[i] : (double)((const float *)data)[i];
    engine_free(engine);
}

static void take_logits(struct session *session, double *logits)
{
    const struct graph *graph;
    struct error error = {0};
    memset(logits, 0, CLASSES * sizeof *logits);
    if (!session->state.model)
        return;
    assert_int_equal(session_graph(session, &graph, &error), STATUS_OK);
    graph_logits(graph, logits);
}

static double largest_difference(const double *a, const double *b)
{
    double largest = 0;
    for (int i = 0; i < CLASSES; i++)
        largest = fmax(largest, fabs(a[i] - b[i]));
    return largest;
}

static struct state present(const struct session *session)
{
    return (struct state){session->state.model,   session->state.dataset, session->state.board,
                          session->state.options, session->state.theme,   session->state.pruning};
}

/* --- selections ----------------------------------------------------------------------------------------- */

static void test_ratios(void **state)
{
    (void)state;
    struct session *session = new_session(DOUBLE "load example");
    const struct pruning *pruning;
    run(session, "ratio *.conv1 0.4; ratio streams 15%%; ratio layer1.0.conv1 none; ratio inner 0.5");
    pruning = session->state.pruning;
    const struct coupling *coupling = session->state.model->coupling;
    int streams = 0, inner = 0;
    for (int i = 0; i < coupling->block_count; i++) {
        const struct block *block = &coupling->blocks[i];
        const char *name = coupling->layers->items[block->layers[0]].name;
        if (block->locked)
            assert_true(pruning->ratio[i] == 0);
        else if (strcmp(name, "layer1.0.conv1") == 0)
            assert_true(pruning->excluded[i] && pruning->ratio[i] == 0); /* the word passes it by */
        else if (coupling->groups[block->group].stream)
            streams += pruning->ratio[i] == 0.15;
        else
            inner += pruning->ratio[i] == 0.5;
    }
    assert_int_equal(streams, 3);
    assert_int_equal(inner, 5);
    /* By name the exclusion ends. A layer of a stream stands for its blocks, and tells. */
    struct reply reply = {0};
    struct error error = {0};
    assert_int_equal(
        run_with(session, "ratio layer1.0.conv1 0.25; ratio layer3.1.conv2 0.3", &reply, NULL, &error),
        STATUS_OK);
    assert_true(says(&reply, "tied to what was named, and pruned with it: conv1, layer1.0.conv2"));
    reply_free(&reply);
    run(session, "prune l1 round=prune-floor");
    assert_int_equal(pruning_kept(session->state.pruning, session->state.model,
                                  layers_index(session->state.model->layers, "layer1.0.conv1")),
                     12);
    assert_int_equal(pruning_kept(session->state.pruning, session->state.model,
                                  layers_index(session->state.model->layers, "linear")),
                     10);
    session_free(session);
}

static void test_selection_rules(void **state)
{
    (void)state;
    struct session *session = new_session(DOUBLE "load example; ratio inner 0.4; ratio streams none");
    const struct layers *layers = session->state.model->layers;
    int narrow = layers_index(layers, "layer1.0.conv1"), wide = layers_index(layers, "layer3.0.conv1");
    run(session, "prune l1");
    assert_int_equal(pruning_kept(session->state.pruning, session->state.model, narrow), 9);
    run(session, "prune l1 round=prune-floor");
    assert_int_equal(pruning_kept(session->state.pruning, session->state.model, narrow), 10);
    run(session, "prune l1 round_to=8");
    assert_int_equal(pruning_kept(session->state.pruning, session->state.model, narrow), 16);
    assert_int_equal(pruning_kept(session->state.pruning, session->state.model, wide), 40);
    assert_true(session->state.pruning->warning_count > 0);
    run(session, "prune l1 min=12");
    assert_int_equal(pruning_kept(session->state.pruning, session->state.model, narrow), 12);
    run(session, "prune l1 1");
    assert_int_equal(pruning_kept(session->state.pruning, session->state.model, narrow), 1);
    assert_int_equal(
        pruning_kept(session->state.pruning, session->state.model, layers_index(layers, "conv1")), 16);
    run(session, "prune l1 0");
    assert_int_equal(session->state.pruning->removed_count, 0);
    assert_null(session->state.pruning->how);
    /* One ranking: exactly the share, within the cap. */
    run(session, "ratio * 0; prune l2 0.3 global=yes");
    int64_t channels = 0;
    for (int i = 0; i < layers->count; i++)
        channels += layers->items[i].output_layer ? 0 : layers->items[i].channels;
    assert_true(llabs(pruning_cost(session->state.pruning, session->state.model)->channels - 10 -
                      (channels - channels * 3 / 10)) <= 7);
    run(session, "prune l2 0.5 global=yes cap=0.25");
    for (int i = 0; i < layers->count; i++)
        assert_true(pruning_kept(session->state.pruning, session->state.model, i) * 4 >=
                    layers->items[i].channels * 3);
    /* Members of a class count as one, by any rule. */
    static const char *const rules[] = {"mean", "sum", "max", "min"};
    for (size_t i = 0; i < COUNT(rules); i++)
        run(session, "prune l1 0.4 combine=%s", rules[i]);
    session_free(session);
}

static void test_mask_is_removal(void **state)
{
    (void)state;
    struct session *session = new_session(DOUBLE "load example");
    double whole[CLASSES], masked[CLASSES], smaller[CLASSES], loaded[CLASSES];
    take_logits(session, whole);
    run(session, "ratio inner 0.5; ratio streams 0.2; prune geomedian");
    take_logits(session, masked);
    assert_true(largest_difference(whole, masked) > 1e-3);
    run(session, "apply");
    assert_string_equal(session->state.model->name, "example (pruned)");
    take_logits(session, smaller);
    assert_true(largest_difference(masked, smaller) < 1e-9);
    assert_int_equal(session->state.pruning->removed_count, 0);
    assert_int_equal(session->state.board->count, 0);
    run(session, "save %s/a.onnx; load %s/a.onnx", folder, folder);
    take_logits(session, loaded);
    assert_true(largest_difference(smaller, loaded) < 1e-9);
    /* Again, and a part of it back. */
    run(session, "undo; prune l1 0.5; unprune layer3*; prune l1 0.5; unprune inner; apply");
    assert_string_equal(session->state.model->name, "example (pruned)");
    run(session, "prune l1 0.3 > %s/p.csv; unprune all > %s/u.csv", folder, folder);
    assert_int_equal(session->state.pruning->removed_count, 0);
    session_free(session);
}

/* Every kept channel knows its original number: its filter is the original's, cut to the kept inputs. */
static void test_original_numbers(void **state)
{
    (void)state;
    struct session *session = new_session(DOUBLE "load example");
    run(session, "prune l1 0.3; apply; prune random 0.3; apply; prune l2 0.2");
    const struct model *model = session->state.model, *original = model_original(model);
    struct kept_channels kept;
    struct error error = {0};
    assert_string_equal(original->name, "example");
    assert_int_equal(kept_channels_find(model, session->state.pruning, &kept, &error), STATUS_OK);
    assert_int_equal(kept.count, original->layers->count);
    double filter[1024], before[1024];
    for (int i = 0; i < model->layers->count; i++) {
        const struct layer *layer = &model->layers->items[i], *first = &original->layers->items[i];
        int64_t left = 0;
        for (int64_t k = 0; k < kept.layers[i].channels; k++)
            left += kept.layers[i].kept[k];
        assert_int_equal(left, pruning_kept(session->state.pruning, model, i));
        for (int64_t k = 1; k < layer->channels; k++)
            assert_true(model_original_channel(model, i, k) > model_original_channel(model, i, k - 1));
        if (first->input_channels != layer->input_channels || layer->filter_length > 1024)
            continue;
        for (int64_t k = 0; k < layer->channels; k++) {
            layer_filter(model->graph, layer, k, filter);
            layer_filter(original->graph, first, model_original_channel(model, i, k), before);
            assert_memory_equal(filter, before, (size_t)layer->filter_length * sizeof *filter);
        }
    }
    kept_channels_free(&kept);
    session_free(session);
}

/* The record of a selection names the data that its scores are from, whatever is open by then. */
static void test_record_names_the_data(void **state)
{
    (void)state;
    struct session *session =
        new_session(DOUBLE "load example; data shapes images=60; score taylor,l1 samples=4");
    char expected[128];
    snprintf(expected, sizeof expected, "\nsample_data_hash: %s", dataset_digest(session->state.dataset));
    run(session, "data shapes images=50; prune taylor 0.4; unprune conv1; apply");
    assert_non_null(strstr(session->state.model->made, expected));
    run(session, "undo; undo; undo; prune l1 0.4; apply");
    assert_null(strstr(session->state.model->made, "sample_data_hash"));
    session_free(session);
}

/* --- undo ----------------------------------------------------------------------------------------------- */

static void test_undo(void **state)
{
    (void)state;
    struct session *session = new_session(DOUBLE "load example; data shapes images=60");
    struct state loaded = present(session), kept = state_retain(&loaded);
    struct reply reply = {0};
    struct error error = {0};
    run(session,
        "prune l1 0.4; apply; set gamma 2; score all samples=4; data shapes images=50; load example");
    assert_int_equal(session->history.position, 9);
    assert_int_equal(run_with(session, "undo", &reply, NULL, &error), STATUS_OK);
    assert_true(says(&reply, "undone: load example"));
    reply_free(&reply);
    assert_int_equal(session->state.board->count, 4);
    assert_int_equal(session->state.board->pass->dataset->count, 60); /* scores stay with new data */
    run(session, "undo");
    assert_int_equal(session->state.board->count, 4);
    assert_int_equal(session->state.dataset->count, 60);
    assert_int_equal(run_with(session, "undo 4", &reply, NULL, &error), STATUS_OK);
    assert_true(says(&reply, "undone: apply"));
    reply_free(&reply);
    struct state now = present(session);
    assert_true(state_equal(&now, &kept));
    refused(session, STATUS_RANGE, "undo: there are only 3 to undo, not 4", "undo 4");
    run(session, "redo 2");
    assert_string_equal(session->state.model->name, "example (pruned)");
    run(session, "redo 4");
    refused(session, STATUS_STATE, "redo: there is nothing to redo", "redo");
    /* A change ends what can be done again; what changes nothing does not. */
    run(session, "undo 2; info; layers; set gamma 2; ratio");
    assert_int_equal(session->history.count, 10);
    run(session, "set gamma 3");
    refused(session, STATUS_STATE, "nothing to redo", "redo");
    run(session, "undo %d", session->history.position);
    assert_null(session->state.model);
    refused(session, STATUS_STATE, "undo: there is nothing to undo", "undo");
    state_free(&kept);
    session_free(session);
}

/* A command of a random session. */
static void random_line(struct random_state *random, char *line, size_t size)
{
    static const char *const targets[] = {"streams", "inner",          "all",  "*.conv1",
                                          "layer2*", "layer3.0.conv1", "conv1"};
    static const char *const fixed[] = {"apply",
                                        "apply",
                                        "score l1,l2",
                                        "score all samples=3 order=first",
                                        "load example",
                                        "data shapes images=20",
                                        "set gamma 0.5",
                                        "set round prune-floor",
                                        "rescale layer1.0.conv1 3",
                                        "rescale conv1 0.5 what=filters",
                                        "recipe resnet56-50",
                                        "set theme light",
                                        "prune"};
    static const char *const criteria[] = {"l1", "l2", "geomedian", "random", "bn", "taylor"};
    const char *target = targets[random_below(random, COUNT(targets))];
    unsigned percent = (unsigned)random_below(random, 90);
    switch (random_below(random, 8)) {
    case 0:
    case 1:
        snprintf(line, size, "ratio %s %u%%", target, percent);
        break;
    case 2:
    case 3:
        snprintf(line, size, "prune %s 0.%02u", criteria[random_below(random, COUNT(criteria))], percent);
        break;
    case 4:
        snprintf(line, size, "prune l2 0.%02u global=yes round_to=2", percent);
        break;
    case 5:
        snprintf(line, size, "unprune %s", target);
        break;
    default:
        snprintf(line, size, "%s", fixed[random_below(random, COUNT(fixed))]);
    }
}

/* Whatever was done: undo gives back the logits of every state, bit for bit, and redo too. */
static void test_random_sessions(void **state)
{
    (void)state;
    enum { STEPS = 25 };
    real = ELEMENT_FLOAT;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        struct session *session =
            new_session(DOUBLE "load example; data shapes images=30; set precision float");
        double logits[2 * STEPS + 8][CLASSES], now[CLASSES];
        struct random_state random;
        random_seed(&random, seed, 77);
        int done = 0;
        for (int step = 0; step < STEPS; step++) {
            char line[200];
            struct reply reply = {0};
            struct error error = {0};
            int before = session->history.position;
            random_line(&random, line, sizeof line);
            take_logits(session, logits[before]);
            status code = run_with(session, line, &reply, NULL, &error);
            if (code != STATUS_OK && code != STATUS_STATE)
                fail_msg("seed %d: %s: %s", (int)seed, line, error.message);
            done += code == STATUS_OK;
            reply_free(&reply);
            take_logits(session, logits[session->history.position]);
            if (step % 7 == 6) { /* there and back on the way */
                run(session, "undo 2");
                take_logits(session, now);
                assert_memory_equal(now, logits[session->history.position], sizeof now);
                run(session, "redo");
            }
        }
        assert_true(done > STEPS / 3);
        while (session->history.position > 4) {
            run(session, "undo");
            take_logits(session, now);
            assert_memory_equal(now, logits[session->history.position], sizeof now);
        }
        while (session->history.position + 1 < session->history.count) {
            run(session, "redo");
            take_logits(session, now);
            assert_memory_equal(now, logits[session->history.position], sizeof now);
        }
        session_free(session);
    }
    real = ELEMENT_DOUBLE;
}

/* --- judging -------------------------------------------------------------------------------------------- */

static void test_baseline(void **state)
{
    (void)state;
    struct session *session = new_session(DOUBLE "load example; data shapes images=60");
    struct reply reply;
    run(session, "eval samples=40 order=first");
    struct figure *figure = figure_of(session, "prune l1 0.3; eval samples=40 order=first", &reply);
    const struct measurement *first =
        measurements_find(&session->measurements, session->state.model->network, NULL);
    const struct measurement *now =
        measurements_find(&session->measurements, session->state.pruning->network, NULL);
    assert_non_null(first);
    assert_non_null(now);
    assert_true(first->top1 > now->top1);
    assert_true(measurement_difference_error(first, now) > 0);
    assert_true(measurement_difference_error(first, first) == 0);
    (void)figure;
    reply_free(&reply);
    /* Other images are another measurement; a network that comes back has its own again. */
    run(session, "eval samples=20 order=first; undo; prune l1 0.3");
    assert_non_null(measurements_find(&session->measurements, session->state.pruning->network, NULL));
    run(session, "prune l1 0.31 round=prune-floor");
    figure = figure_of(session, "info", &reply);
    bool stale = false;
    for (int i = 0; i < figure->table.rows; i++)
        stale |= strcmp(figure->table.cells[2 * i].text, "accuracy") == 0 &&
                 strncmp(figure->table.cells[2 * i + 1].text, "stale", 5) == 0;
    assert_true(stale);
    reply_free(&reply);
    session_free(session);
}

static void cancel_at_once(void *argument, const char *what, const char *unit, int64_t done, int64_t total)
{
    (void)what;
    (void)unit;
    (void)total;
    if (done > 20)
        progress_cancel(argument);
}

/* Cancelled work goes on where it stopped and comes to the same. */
static void test_curve_goes_on(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "curve l1,random seeds=2 ratios=0.2,0.4,0.6 samples=30 order=first where=inner",
        "sensitivity l1 ratios=0.3,0.6 samples=60 order=first unit=groups",
    };
    for (size_t i = 0; i < COUNT(lines); i++) {
        struct session *one = new_session(DOUBLE "load example; data shapes images=60; set precision float");
        struct session *two = new_session(DOUBLE "load example; data shapes images=60; set precision float");
        struct reply a, b, none = {0};
        struct error error = {0};
        struct progress progress = {.report = cancel_at_once};
        progress.argument = &progress;
        int position = two->history.position;
        assert_int_equal(run_with(two, lines[i], &none, &progress, &error), STATUS_CANCELLED);
        assert_non_null(strstr(error.message, "the same command goes on"));
        assert_int_equal(two->history.position, position);
        struct figure *x = figure_of(one, lines[i], &a), *y = figure_of(two, lines[i], &b);
        assert_int_equal(x->kind, y->kind);
        if (x->kind == FIGURE_CURVE)
            assert_memory_equal(x->curve.y, y->curve.y, 6 * sizeof(double));
        else
            assert_memory_equal(x->matrix.values, y->matrix.values,
                                (size_t)(x->matrix.rows * x->matrix.columns) * sizeof(double));
        reply_free(&a);
        reply_free(&b);
        session_free(one);
        session_free(two);
    }
}

/* A point of a curve, and one of a sensitivity, is what prune and eval give. */
static void test_points_are_prunes(void **state)
{
    (void)state;
    struct session *session = new_session(DOUBLE "load example; data shapes images=60");
    struct reply reply;
    struct figure *figure = figure_of(session, "curve l1 ratios=0,0.3 samples=all where=*.conv1", &reply);
    double at_0 = figure->curve.y[0], at_3 = figure->curve.y[1];
    reply_free(&reply);
    figure = figure_of(session, "sensitivity l1 ratios=0.5 samples=all where=layer2.0.conv1", &reply);
    assert_int_equal(figure->matrix.rows, 1);
    double alone = figure->matrix.values[0];
    reply_free(&reply);
    run(session,
        "eval; ratio *.conv1 0.3; prune l1; eval; ratio all 0; ratio layer2.0.conv1 0.5; prune l1; eval");
    assert_int_equal(session->measurements.count, 3);
    assert_true(session->measurements.items[0].value == at_0);
    assert_true(session->measurements.items[1].value == at_3);
    assert_true(session->measurements.items[2].value == alone);
    session_free(session);
}

static void test_rescale(void **state)
{
    (void)state;
    struct session *session = new_session(DOUBLE "load example; data shapes images=40; score all samples=20");
    double before[CLASSES], after[CLASSES];
    take_logits(session, before);
    static const char *const lines[] = {
        "rescale layer1.0.conv1 1000", "rescale layer2.1.conv1 0.001 what=norm",
        "rescale conv1 7 what=filters", "rescale layer3.1.conv2 0.5 what=filters",
        "rescale layer3.0.conv1 3"};
    for (size_t i = 0; i < COUNT(lines); i++) {
        struct reply reply;
        figure_of(session, lines[i], &reply);
        take_logits(session, after);
        if (!(largest_difference(before, after) < 1e-6))
            fail_msg("%s: %g", lines[i], largest_difference(before, after));
        reply_free(&reply);
    }
    /* l1 grew with the layer, taylor did not move; the selection stays. */
    const struct score_entry *l1 = session_entry(session, "l1");
    int layer = layers_index(session->state.model->layers, "layer1.0.conv1");
    double large = l1->scores->layer[layer][0],
           taylor = session_entry(session, "taylor")->scores->layer[layer][3];
    run(session, "undo 5");
    assert_true(fabs(large / session_entry(session, "l1")->scores->layer[layer][0] - 1000) < 0.01);
    double first = session_entry(session, "taylor")->scores->layer[layer][3];
    assert_true(fabs(taylor - first) <= 1e-5 * fabs(first));
    run(session, "prune l1 0.3; rescale layer1.0.conv1 2; apply");
    refused(session, STATUS_STATE, "adds its channels to others", "rescale conv1 2");
    refused(session, STATUS_STATE, "makes the network's outputs", "rescale linear 2");
    refused(session, STATUS_RANGE, "is not a number over 0", "rescale conv1 0");
    refused(session, STATUS_RANGE, "is not a number over 0", "rescale conv1 -2");
    refused(session, STATUS_RANGE, "too small", "rescale conv1 1e-9 what=filters");
    session_free(session);
}

/* --- files ---------------------------------------------------------------------------------------------- */

static void test_channels(void **state)
{
    (void)state;
    struct session *session = new_session(DOUBLE "load example");
    char path[100];
    run(session, "prune l1 0.5; apply; prune l1 0.2; save %s/c.json; save %s/c.csv", folder, folder);
    snprintf(path, sizeof path, "%s/c.json", folder);
    json_error_t problem;
    json_t *root = json_load_file(path, 0, &problem);
    assert_non_null(root);
    json_t *layers = json_object_get(root, "layers");
    assert_int_equal(json_array_size(layers), 14);
    for (size_t i = 0; i < 14; i++) {
        json_t *layer = json_array_get(layers, i);
        assert_int_equal(json_array_size(json_object_get(layer, "kept")) +
                             json_array_size(json_object_get(layer, "cut")),
                         json_integer_value(json_object_get(layer, "channels")));
        assert_int_equal(json_array_size(json_object_get(layer, "kept")),
                         pruning_kept(session->state.pruning, session->state.model, (int)i));
    }
    json_decref(root);
    refused(session, STATUS_STATE, "channels are selected and not removed yet", "save /tmp/never.onnx");
    refused(session, STATUS_USAGE, "must end in .onnx, .pth, .pt, .safetensors, .py, .csv or .json",
            "save x.txt");
    char line[200];
    snprintf(line, sizeof line, "save %s/none/x.json", folder);
    refused(session, STATUS_FILE, "none/x.json", line);
    double masked[CLASSES], loaded[CLASSES];
    take_logits(session, masked);
    run(session, "save %s/m.onnx masked=yes; load %s/m.onnx", folder, folder);
    take_logits(session, loaded);
    assert_true(largest_difference(masked, loaded) < 1e-9);
    assert_true(session->state.model->graph->metadata_count > 0);
    session_free(session);
}

static void test_session_files(void **state)
{
    (void)state;
    struct session *session =
        new_session(DOUBLE "load example; data shapes images=30; score taylor samples=10");
    struct session *other = new_session(DOUBLE "data shapes images=10; set gamma 4");
    char network[DIGEST_SIZE];
    double one[CLASSES], two[CLASSES];
    run(session, "ratio inner 0.5; prune taylor; load example; undo; apply; ratio 'layer1.0.conv1' 0.3; "
                 "prune l1; eval");
    memcpy(network, session->state.pruning->network, sizeof network);
    run(session, "session save %s/s.session", folder);
    take_logits(session, one);
    int position = other->history.position;
    run(other, "session open %s/s.session", folder);
    take_logits(other, two);
    assert_memory_equal(one, two, sizeof one);
    assert_string_equal(other->state.pruning->network, network);
    assert_int_equal(other->history.position, position + 10);
    /* What was opened can be saved again, and gives the same log; it is undone step by step. */
    run(other, "session save %s/t.session", folder);
    run(session, "session open %s/t.session", folder);
    take_logits(session, two);
    assert_memory_equal(one, two, sizeof one);
    run(other, "undo 10");
    assert_null(other->state.model);
    assert_int_equal(other->state.dataset->count, 10);
    assert_string_equal(option_text(other->state.options, OPTION_GAMMA), "4");
    session_free(session);
    session_free(other);
}

static void write_text(const char *name, const char *text)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    fclose(file);
}

static void test_session_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"{", "this is no JSON"},
        {"[]", "a JSON object is expected"},
        {"{}", "its format is not"},
        {"{\"format\": \"ippro-explore session 2\", \"commands\": []}", "its format is not"},
        {"{\"format\": \"ippro-explore session 1\"}", "no list of commands"},
        {"{\"format\": \"ippro-explore session 1\", \"commands\": [1]}",
         "command 1: a command without its line"},
        {"{\"format\": \"ippro-explore session 1\", \"commands\": [{\"line\": \"info\"}]}",
         "'info' is no command of a log"},
        {"{\"format\": \"ippro-explore session 1\", \"commands\": [{\"line\": \"run x\"}]}",
         "'run x' is no command of a log"},
        {"{\"format\": \"ippro-explore session 1\", \"commands\": [{\"line\": \"session open x\"}]}",
         "is no command of a log"},
        {"{\"format\": \"ippro-explore session 1\", \"commands\": [{\"line\": \"load example; apply\"}]}",
         "one command is expected"},
        {"{\"format\": \"ippro-explore session 1\", \"commands\": [{\"line\": \"load example\", \"model\": "
         "\"1234\"}]}",
         "the model's file is not the one of the session: its hash is 19191055523d3ed4, expected 1234"},
        {"{\"format\": \"ippro-explore session 1\", \"commands\": [{\"line\": \"data shapes images=5\", "
         "\"data\": \"12\"}]}",
         "command 1: the data are not those of the session"},
        {"{\"format\": \"ippro-explore session 1\", \"commands\": [{\"line\": \"load example\"}, {\"line\": "
         "\"prune l1 0.5\", "
         "\"network\": \"99\"}]}",
         "command 2: the network came out different"},
        {"{\"format\": \"ippro-explore session 1\", \"commands\": [{\"line\": \"load example\"}, {\"line\": "
         "\"prune l1 7\"}]}",
         "command 2: prune: RATIO: '7' is not a number from 0 to 1"},
    };
    struct session *session = new_session(DOUBLE "load example; prune l1 0.3; undo");
    struct state before = present(session);
    char line[200];
    snprintf(line, sizeof line, "session open %s/bad.session", folder);
    for (size_t i = 0; i < COUNT(cases); i++) {
        write_text("bad.session", cases[i].text);
        struct reply reply = {0};
        struct error error = {0};
        status code = run_with(session, line, &reply, NULL, &error);
        if (code == STATUS_OK || !strstr(error.message, cases[i].message) ||
            !strstr(error.message, "bad.session"))
            fail_msg("%s: %d %s", cases[i].text, (int)code, error.message);
        reply_free(&reply);
        struct state now = present(session);
        assert_true(state_equal(&before, &now));
        assert_int_equal(session->history.count, 4); /* what could be done again still can */
    }
    refused(session, STATUS_FILE, "nowhere.session", "session open /tmp/nowhere.session");
    refused(session, STATUS_RANGE, "is not save, open, resume, list or forget", "session close x");
    session_free(session);
}

static void test_recipes(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"# nothing\n", "no ratio of any layer is set here"},
        {"streams 0.2\ninner\n", "bad.recipe:2: a value is missing after 'inner'"},
        {"inner 0.2 0.3\n", "bad.recipe:1: unexpected '0.3'"},
        {"inner 1.2\n", "bad.recipe:1: inner: '1.2' is not a ratio from 0 to 1, or none"},
        {"inner nan\n", "bad.recipe:1: inner: 'nan' is not a ratio"},
        {"\n\nlayer9.conv1 0.2\n", "bad.recipe:3: no layer 'layer9.conv1': nearest is '"},
        {"zz* 0.2\n", "bad.recipe:1: no layer matches 'zz*'"},
        {"linear 0.2\n", "bad.recipe:1: 'linear' is locked: it is the network's output"},
        {"inner 0.2\ncriterion l9\n", "bad.recipe:2: no criterion 'l9': did you mean 'l1'?"},
        {"inner 0.2\nround up\n", "bad.recipe:2: round: 'up' is not floor or prune-floor"},
        {"inner 0.2\nround_to 0\n", "bad.recipe:2: round_to: '0' is not a whole number from 1 on"},
        {"inner 0.2\ncap 3\n", "bad.recipe:2: cap: '3' is not a number from 0 to 1"},
        {"inner 0.2\ncombine median\n",
         "bad.recipe:2: combine: 'median' is not mean or sum or max or min or first"},
        {"inner 0.2\xff\n", "this is no text"},
    };
    struct session *session = new_session(DOUBLE "load example");
    char line[200];
    snprintf(line, sizeof line, "recipe %s/bad.recipe", folder);
    for (size_t i = 0; i < COUNT(cases); i++) {
        write_text("bad.recipe", cases[i].text);
        struct reply reply = {0};
        struct error error = {0};
        status code = run_with(session, line, &reply, NULL, &error);
        if (code == STATUS_OK || !strstr(error.message, cases[i].message))
            fail_msg("%s: %d %s", cases[i].text, (int)code, error.message);
        reply_free(&reply);
    }
    assert_int_equal(session->history.position, 2);
    write_text("good.recipe", "# all of it\r\nstreams 25% # a share\ninner 0.5\nlayer3.0.conv1 none\n"
                              "round prune-floor\ncriterion l2\ncombine max\nmin 2\ncap 0.9\nround_to 2\n");
    run(session, "ratio inner 0.9; recipe %s/good.recipe; prune", folder);
    assert_string_equal(session->state.pruning->rule.criterion, "l2");
    assert_int_equal(session->state.pruning->rule.options.rounding, ROUND_PRUNE_FLOOR);
    assert_int_equal(session->state.pruning->rule.options.round_to, 2);
    assert_int_equal(session->state.pruning->rule.grouping.combine, COMBINE_MAX);
    assert_int_equal(pruning_kept(session->state.pruning, session->state.model, 0), 12);
    run(session, "prune l1 round=floor"); /* what is given wins */
    assert_int_equal(session->state.pruning->rule.options.rounding, ROUND_FLOOR);
    run(session, "recipe resnet56-50; recipe resnet56-75.recipe; prune l1");
    refused(session, STATUS_FILE, "no recipe of that name", "recipe nosuch");
    session_free(session);
}

/* --- refusals ------------------------------------------------------------------------------------------- */

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *line, *message;
        status code;
    } cases[] = {
        {"group conv9", "group: no layer 'conv9': nearest is 'conv1'", STATUS_NOT_FOUND},
        {"ratio conv9 0.3", "ratio: no layer 'conv9': nearest is 'conv1'", STATUS_NOT_FOUND},
        {"ratio layer1.0.con* 1.5", "ratio: VALUE: '1.5' is not a number from 0 to 1, or none, or keep",
         STATUS_RANGE},
        {"ratio conv1 -0.1", "ratio: VALUE: '-0.1' is not", STATUS_RANGE},
        {"ratio conv1 nan", "ratio: VALUE: 'nan' is not", STATUS_RANGE},
        {"ratio linear 0.1", "ratio: 'linear' is locked: it is the network's output", STATUS_STATE},
        {"ratio stream 0.1", "ratio: no layer 'stream'", STATUS_NOT_FOUND},
        {"ratio qq* 0.1", "ratio: no layer matches 'qq*'", STATUS_NOT_FOUND},
        {"ratio conv1 0.1 > x.csv", "ratio: shows no figure when it sets a ratio", STATUS_USAGE},
        {"prune", "prune: by which criterion?", STATUS_USAGE},
        {"prune l1", "prune: no ratio is set", STATUS_STATE},
        {"prune l1 2", "prune: RATIO: '2' is not a number from 0 to 1", STATUS_RANGE},
        {"prune l1 global=yes", "prune: global=yes needs a RATIO", STATUS_USAGE},
        {"prune taylor 0.2", "prune: taylor is not scored yet, and that takes a pass: 'score taylor'",
         STATUS_STATE},
        {"prune all 0.2", "prune: no criterion 'all'", STATUS_NOT_FOUND},
        {"prune l1 0.2 round_to=0", "prune: round_to: '0' is not", STATUS_RANGE},
        {"prune l1 0.2 > /nonexistent/x.csv", "prune: /nonexistent/x.csv", STATUS_FILE},
        {"unprune conv1", "unprune: nothing is selected", STATUS_STATE},
        {"apply", "apply: nothing is selected", STATUS_STATE},
        {"diff l1", "diff: nothing is selected", STATUS_STATE},
        {"diff 9", "diff: only 2 commands changed something", STATUS_RANGE},
        {"diff 2", "diff: no network was loaded then", STATUS_STATE},
        {"diff 0", "diff: '0' is no number of commands", STATUS_RANGE},
        {"cost zz*", "cost: no layer matches 'zz*'", STATUS_NOT_FOUND},
        {"cost count=flops", "cost: count: 'flops' is not macs or ptflops", STATUS_RANGE},
        {"undo 0", "undo: N: '0' is not", STATUS_RANGE},
        {"eval", "eval: no data set is open", STATUS_STATE},
        {"curve l1", "curve: no data set is open", STATUS_STATE},
    };
    struct session *session = new_session(DOUBLE "load example");
    struct state before = present(session);
    for (size_t i = 0; i < COUNT(cases); i++) {
        refused(session, cases[i].code, cases[i].message, cases[i].line);
        struct state now = present(session);
        assert_true(state_equal(&before, &now));
        assert_int_equal(session->history.count, 3);
    }
    run(session, "data shapes images=40");
    static const char *const sweeps[][2] = {
        {"curve l1 ratios=0.1,,0.2", "ratios: '' is not a number from 0 to 1"},
        {"curve l1 ratios=0:1", "ratios: '0:1' is no range"},
        {"curve l1 ratios=0:0.5:0", "is no range"},
        {"curve l1 ratios=0:1:0.001", "more than 256 ratios"},
        {"curve l1 ratios=0.1,2", "'2' is not a number from 0 to 1"},
        {"curve l1 where=linear", "'linear' is locked"},
        {"curve l1,taylor samples=10", "taylor is not scored yet"},
        {"sensitivity l1 unit=layers", "unit: 'layers' is not blocks or groups"},
        {"sensitivity l1 samples=41", "41 images asked for"},
    };
    for (size_t i = 0; i < COUNT(sweeps); i++) {
        struct reply reply = {0};
        struct error error = {0};
        status code = run_with(session, sweeps[i][0], &reply, NULL, &error);
        if (code == STATUS_OK || !strstr(error.message, sweeps[i][1]))
            fail_msg("%s: %d %s", sweeps[i][0], (int)code, error.message);
        reply_free(&reply);
    }
    session_free(session);
}

/* --- memory --------------------------------------------------------------------------------------------- */

/* Run the line with the Nth allocation failing, for N = 1, 2, ... in growing steps until nothing fails. Every
 * failure must be reported as such and leave the very same parts and history. */
static void fail_allocations(const char *prepare, const char *line)
{
    struct session *session = new_session(prepare);
    long failures = 0;
    for (long nth = 1;; nth += 1 + nth / 12) {
        struct state before = present(session);
        int count = session->history.count, position = session->history.position;
        struct reply reply = {0};
        struct error error = {0};
        mem_fail_at(nth);
        status code = run_with(session, line, &reply, NULL, &error);
        mem_fail_at(0);
        reply_free(&reply);
        if (code == STATUS_OK)
            break;
        if (code != STATUS_MEMORY)
            fail_msg("%s: allocation %ld fails: %d '%s'", line, nth, (int)code, error.message);
        struct state after = present(session);
        assert_true(state_equal(&before, &after));
        assert_int_equal(session->history.count, count);
        assert_int_equal(session->history.position, position);
        failures++;
    }
    if (failures < 2)
        fail_msg("%s: only %ld allocations failed", line, failures);
    session_free(session);
}

static void test_memory(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "group conv1",  "ratio inner 0.4",         "ratio", "recipe resnet56-50",
        "prune l1 0.4", "prune l2 0.4 global=yes", "cost",  "rescale layer1.0.conv1 2",
    };
    static const char *const selected[] = {
        "unprune layer1*", "apply", "diff l2", "diff 1", "cost *.conv1", "info", "layers", "undo",
    };
    for (size_t i = 0; i < COUNT(lines); i++)
        fail_allocations("load example", lines[i]);
    for (size_t i = 0; i < COUNT(selected); i++)
        fail_allocations("load example; prune l1 0.4", selected[i]);
    fail_allocations("load example; prune l1 0.4; undo", "redo");
}

static void test_memory_of_files(void **state)
{
    (void)state;
    static const char *const forms[] = {"save %s/n.json", "save %s/n.csv", "save %s/n.onnx masked=yes",
                                        "session save %s/n.session", "session open %s/m.session"};
    write_text("m.session",
               "{\"format\": \"ippro-explore session 1\", \"commands\": [{\"line\": \"load example\"}, "
               "{\"line\": \"prune l1 0.5\"}]}");
    for (size_t i = 0; i < COUNT(forms); i++) {
        char *line = NULL;
        assert_true(asprintf(&line, forms[i], folder) > 0);
        fail_allocations("load example; prune l1 0.4", line);
        free(line);
    }
}

static void test_memory_long(void **state)
{
    (void)state;
    static const char prepare[] = DOUBLE "load example; data shapes images=20";
    fail_allocations(prepare, "curve l1 ratios=0.5 samples=2 order=first");
    fail_allocations(prepare, "sensitivity l1 ratios=0.5 samples=2 order=first where=conv1");
    fail_allocations(prepare, "eval samples=2");
    fail_allocations("load example; data shapes images=16", "finetune epochs=1 batch=8 judge=4 on=train");
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    char line[100];
    snprintf(line, sizeof line, "rm -rf '%s'", folder);
    return system(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ratios),
        cmocka_unit_test(test_selection_rules),
        cmocka_unit_test(test_mask_is_removal),
        cmocka_unit_test(test_original_numbers),
        cmocka_unit_test(test_record_names_the_data),
        cmocka_unit_test(test_undo),
        cmocka_unit_test(test_random_sessions),
        cmocka_unit_test(test_baseline),
        cmocka_unit_test(test_curve_goes_on),
        cmocka_unit_test(test_points_are_prunes),
        cmocka_unit_test(test_rescale),
        cmocka_unit_test(test_channels),
        cmocka_unit_test(test_session_files),
        cmocka_unit_test(test_session_refusals),
        cmocka_unit_test(test_recipes),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_memory_of_files),
        cmocka_unit_test(test_memory_long),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
