/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/language/run.h"
#include "worker.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/memory.h"
#include "base/text.h"
#include "images.h"
#include "learner.h"
#include "nn/execution/times.h"
#include "peak.h"
#include "session/language/command.h"
#include "session/language/parse.h"
#include "session/session.h"
#include "stats/evaluate.h"

struct worker {
    struct session *session;
    char criteria[256];                  /* of the last score */
    struct score_statistics *statistics; /* likewise */
    struct step_times *times;            /* of the last layers */
    struct learner *learner;             /* of the last train */
};

/* --- what is measured ----------------------------------------------------------------------------------- */

/* The first `count` images of the file. */
static status draw(const struct worker *worker, int64_t count, struct sample *sample, struct error *error)
{
    struct sample_options options = {.count = count, .order = SAMPLE_FIRST};
    if (!worker->session->state.dataset)
        return error_set(error, STATUS_STATE, "no images were given");
    return sample_draw(worker->session->state.dataset, &options, sample, error);
}

/* logits: count x classes, or NULL. */
static status classify(struct worker *worker, int64_t count, enum element_type real, double *logits,
                       struct error *error)
{
    struct session *session = worker->session;
    struct sample sample;
    struct evaluation evaluation = {0};
    struct pool *pool = NULL;
    status code = draw(worker, count, &sample, error);
    if (code != STATUS_OK)
        return code;
    code = session_pool(session, &pool, error);
    struct evaluate evaluate = {.graph = session->state.model->graph,
                                .dataset = session->state.dataset,
                                .sample = &sample,
                                .real = real,
                                .kernel = options_kernel(session->state.options),
                                .micro_batch = option_integer(session->state.options, OPTION_MICRO_BATCH),
                                .pool = pool,
                                .logits = logits};
    if (code == STATUS_OK)
        code = evaluate_run(&evaluate, &evaluation, error);
    evaluation_free(&evaluation);
    sample_free(&sample);
    return code;
}

/* The statistics of a pass with what `needs` says. */
static status run_pass(struct worker *worker, int64_t count, unsigned needs, enum element_type real,
                       struct score_statistics **statistics, struct error *error)
{
    struct session *session = worker->session;
    struct sample sample;
    struct pool *pool = NULL;
    status code = draw(worker, count, &sample, error);
    if (code != STATUS_OK)
        return code;
    code = session_pool(session, &pool, error);
    struct score_pass pass = {.graph = session->state.model->graph,
                              .layers = session->state.model->layers,
                              .dataset = session->state.dataset,
                              .sample = &sample,
                              .needs = needs,
                              .real = real,
                              .kernel = options_kernel(session->state.options),
                              .micro_batch = option_integer(session->state.options, OPTION_MICRO_BATCH),
                              .batch = option_integer(session->state.options, OPTION_BATCH),
                              .times = worker->times,
                              .pool = pool};
    if (code == STATUS_OK)
        code = score_statistics_compute(&pass, statistics, error);
    sample_free(&sample);
    return code;
}

static status compute_scores(const struct worker *worker, const char *name, struct error *error)
{
    const struct model *model = worker->session->state.model;
    const struct criterion *criterion = criterion_find(name);
    const struct criterion_options options = options_criterion(worker->session->state.options);
    struct scores *scores = NULL;
    if (!criterion)
        return error_set(error, STATUS_USAGE, "no criterion '%s'", name);
    struct pool *pool;
    status code = session_pool(worker->session, &pool, error);
    if (code == STATUS_OK)
        code = scores_compute(model->graph, model->layers, criterion, &options, worker->statistics, pool,
                              &scores, error);
    scores_free(scores);
    return code;
}

/* Score with the criteria named, separated by commas, as the command does: one pass for the union of what
 * they need, then each from its statistics. */
static status score(struct worker *worker, int64_t count, const char *criteria, struct error *error)
{
    struct session *session = worker->session;
    struct criterion_options options = options_criterion(session->state.options);
    char copy[sizeof worker->criteria];
    unsigned needs = 0;
    snprintf(copy, sizeof copy, "%s", criteria);
    for (char *rest = copy, *name; (name = strsep(&rest, ","));) {
        const struct criterion *criterion = criterion_find(name);
        if (!criterion)
            return error_set(error, STATUS_USAGE, "no criterion '%s'", name);
        needs |= criterion_needs(session->state.model->layers, criterion, &options);
    }
    score_statistics_free(worker->statistics);
    worker->statistics = NULL;
    status code = STATUS_OK;
    if (needs & ~(unsigned)NEED_WEIGHTS)
        code = run_pass(worker, count, needs, options_precision(session->state.options), &worker->statistics,
                        error);
    snprintf(copy, sizeof copy, "%s", criteria);
    for (char *rest = copy, *name; code == STATUS_OK && (name = strsep(&rest, ","));)
        code = compute_scores(worker, name, error);
    return code;
}

/* --- requests ------------------------------------------------------------------------------------------- */

static status request_forward(struct worker *worker, const char *argument, struct text *reply,
                              struct error *error)
{
    double start = clock_seconds();
    status code = classify(worker, strtoll(argument, NULL, 10), ELEMENT_FLOAT, NULL, error);
    text_add_format(reply, "%.9f", clock_seconds() - start);
    return code;
}

static status request_score(struct worker *worker, const char *argument, struct text *reply,
                            struct error *error)
{
    char *criteria;
    int64_t count = strtoll(argument, &criteria, 10);
    double start = clock_seconds();
    status code = score(worker, count, criteria + (*criteria == ' '), error);
    text_add_format(reply, "%.9f", clock_seconds() - start);
    return code;
}

static status request_logits(struct worker *worker, const char *argument, struct text *reply,
                             struct error *error)
{
    int64_t count = strtoll(argument, NULL, 10), classes = worker->session->state.model->classes;
    double *logits = mem_new((size_t)(count * classes), sizeof *logits);
    status code = logits ? classify(worker, count, ELEMENT_FLOAT, logits, error) : error_memory(error);
    for (int64_t i = 0; code == STATUS_OK && i < count * classes; i++)
        text_add_format(reply, "%s%.9g", i ? " " : "", logits[i]);
    mem_free(logits);
    return code;
}

static status set_option(struct worker *worker, enum option_id id, const char *value, struct error *error)
{
    struct options options = *worker->session->state.options;
    status code = value_parse(&option_at((int)id)->parameter, session_scope(worker->session), value,
                              &options.value[id], error);
    return code == STATUS_OK ? session_set_options(worker->session, &options, error) : code;
}

static status request_threads(struct worker *worker, const char *argument, struct text *reply,
                              struct error *error)
{
    text_add(reply, "0");
    return set_option(worker, OPTION_THREADS, argument, error);
}

static status request_kernel(struct worker *worker, const char *argument, struct text *reply,
                             struct error *error)
{
    text_add(reply, "0");
    return set_option(worker, OPTION_KERNEL, argument, error);
}

static status request_micro_batch(struct worker *worker, const char *argument, struct text *reply,
                                  struct error *error)
{
    text_add(reply, "0");
    return set_option(worker, OPTION_MICRO_BATCH, argument, error);
}

static status request_precision(struct worker *worker, const char *argument, struct text *reply,
                                struct error *error)
{
    text_add(reply, "0");
    return set_option(worker, OPTION_PRECISION, argument, error);
}

static status request_peak(struct worker *worker, const char *argument, struct text *reply,
                           struct error *error)
{
    double rate = peak_measure(atoi(argument), 0.2);
    (void)worker;
    text_add_format(reply, "%.3f", rate);
    return rate > 0 ? STATUS_OK : error_set(error, STATUS_FAILED, "no threads for the probe");
}

static status request_load(struct worker *worker, const char *argument, struct text *reply,
                           struct error *error)
{
    struct model *model = NULL;
    double start = clock_seconds();
    status code = model_load(argument, NULL, &model, error);
    (void)worker;
    text_add_format(reply, "%.9f", clock_seconds() - start);
    model_free(model);
    return code;
}

static status request_time(struct worker *worker, const char *argument, struct text *reply,
                           struct error *error)
{
    struct parsed_line parsed;
    struct reply answer = {0};
    double start = clock_seconds();
    status code = parse_line(argument, &parsed, error);
    if (code != STATUS_OK)
        return code;
    for (int i = 0; code == STATUS_OK && i < parsed.count; i++) {
        code = session_run(worker->session, &parsed.statements[i], false, NULL, &answer, error);
        reply_free(&answer);
        answer = (struct reply){0};
    }
    text_add_format(reply, "%.9f", clock_seconds() - start);
    parsed_line_free(&parsed);
    return code;
}

static status request_reuse(struct worker *worker, const char *argument, struct text *reply,
                            struct error *error)
{
    const struct sensitivity *map = worker->session->sensitivity.sensitivity;
    (void)argument;
    if (!map)
        return error_set(error, STATUS_STATE, "no sensitivity was computed");
    text_add_format(reply, "%d %.9f", map->mask_count + 1, map->seconds);
    return STATUS_OK;
}

/* Largest difference, relative to the layer's largest; the worst layer. */
static void add_differences(const struct worker *worker, const struct score_statistics *a,
                            const struct score_statistics *exact, struct text *reply)
{
    double worst[3] = {0};
    for (int i = 0; i < exact->layer_count; i++) {
        const struct layer_statistics *x = &a->layers[i], *y = &exact->layers[i];
        const double *pairs[3][2] = {{x->delta, y->delta}, {x->gate, y->gate}, {x->lift, y->lift}};
        for (int k = 0; y->delta && k < 3; k++) {
            double difference = 0, largest = 0;
            for (int64_t c = 0; c < worker->session->state.model->layers->items[i].channels; c++) {
                difference = fmax(difference, fabs(pairs[k][0][c] - pairs[k][1][c]));
                largest = fmax(largest, fabs(pairs[k][1][c]));
            }
            if (largest > 0)
                worst[k] = fmax(worst[k], difference / largest);
        }
    }
    text_add_format(reply, " %.3g %.3g %.3g", worst[0], worst[1], worst[2]);
}

static status request_accuracy(struct worker *worker, const char *argument, struct text *reply,
                               struct error *error)
{
    int64_t count = strtoll(argument, NULL, 10), values = count * worker->session->state.model->classes;
    double *logits = mem_new((size_t)values * 2, sizeof *logits), difference = 0, largest = 0;
    struct score_statistics *ours = NULL, *exact = NULL;
    status code = logits ? classify(worker, count, ELEMENT_FLOAT, logits, error) : error_memory(error);
    if (code == STATUS_OK)
        code = classify(worker, count, ELEMENT_DOUBLE, logits + values, error);
    for (int64_t i = 0; code == STATUS_OK && i < values; i++) {
        difference = fmax(difference, fabs(logits[i] - logits[values + i]));
        largest = fmax(largest, fabs(logits[values + i]));
    }
    if (code == STATUS_OK)
        code = run_pass(worker, count, NEED_WEIGHTS | NEED_GRADIENTS, ELEMENT_FLOAT, &ours, error);
    if (code == STATUS_OK)
        code = run_pass(worker, count, NEED_WEIGHTS | NEED_GRADIENTS, ELEMENT_DOUBLE, &exact, error);
    if (code == STATUS_OK) {
        text_add_format(reply, "%.3g", largest > 0 ? difference / largest : 0);
        add_differences(worker, ours, exact, reply);
    }
    score_statistics_free(ours);
    score_statistics_free(exact);
    mem_free(logits);
    return code;
}

/* Of the gradient pass beside the forward one: as much again without the layers at the network's input. */
static status request_macs(struct worker *worker, const char *argument, struct text *reply,
                           struct error *error)
{
    const struct model *model = worker->session->state.model;
    double backward = model->cost.macs;
    (void)argument;
    (void)error;
    for (int i = 0; i < model->layers->count; i++) {
        const struct node *node = &model->graph->nodes[model->layers->items[i].node];
        if (node->inputs[0] == model->graph->inputs[0])
            backward -= model->cost.layers[i].macs;
    }
    text_add_format(reply, "%.9g %.9g", model->cost.macs, backward);
    return STATUS_OK;
}

/* A new one for these batches. */
static status begin_learner(struct worker *worker, int64_t batch, struct step_times *times,
                            struct error *error)
{
    struct session *session = worker->session;
    struct pool *pool = NULL;
    learner_free(worker->learner);
    worker->learner = NULL;
    if (!session->state.dataset || batch < 1)
        return error_set(error, STATUS_STATE, "no images were given, or no batch");
    if (session_pool(session, &pool, error))
        return error->code;
    return learner_new(session->state.model->graph, session->state.dataset, batch,
                       options_kernel(session->state.options), times, pool, &worker->learner, error);
}

static status take_steps(struct worker *worker, int64_t images, struct error *error)
{
    status code = STATUS_OK;
    double loss;
    for (int64_t done = 0; code == STATUS_OK && done < images; done += learner_batch(worker->learner))
        code = learner_step(worker->learner, &loss, error);
    return code;
}

static status request_train(struct worker *worker, const char *argument, struct text *reply,
                            struct error *error)
{
    char *rest;
    const int64_t images = strtoll(argument, &rest, 10), batch = strtoll(rest, NULL, 10);
    status code = STATUS_OK;
    if (!worker->learner || learner_batch(worker->learner) != batch)
        code = begin_learner(worker, batch, NULL, error);
    const double start = clock_seconds();
    if (code == STATUS_OK)
        code = take_steps(worker, images, error);
    text_add_format(reply, "%.9f", clock_seconds() - start);
    return code;
}

static status request_loss(struct worker *worker, const char *argument, struct text *reply,
                           struct error *error)
{
    double loss = 0;
    status code = begin_learner(worker, strtoll(argument, NULL, 10), NULL, error);
    if (code == STATUS_OK)
        code = learner_step(worker->learner, &loss, error);
    text_add_format(reply, "%.9g", loss);
    return code;
}

static status request_learning(struct worker *worker, const char *argument, struct text *reply,
                               struct error *error)
{
    char *rest;
    const int64_t images = strtoll(argument, &rest, 10), batch = strtoll(rest, NULL, 10);
    step_times_free(worker->times);
    worker->times = step_times_new();
    status code = worker->times ? begin_learner(worker, batch, worker->times, error) : error_memory(error);
    if (code == STATUS_OK)
        code = take_steps(worker, images, error);
    learner_free(worker->learner); /* then its times are told */
    worker->learner = NULL;
    text_add_format(reply, "%d", code == STATUS_OK ? step_times_count(worker->times) : 0);
    return code;
}

static status request_layers(struct worker *worker, const char *argument, struct text *reply,
                             struct error *error)
{
    step_times_free(worker->times);
    worker->times = step_times_new();
    status code = worker->times ? score(worker, strtoll(argument, NULL, 10), "taylor,proscore", error)
                                : error_memory(error);
    text_add_format(reply, "%d", code == STATUS_OK ? step_times_count(worker->times) : 0);
    return code;
}

static status request_layer(struct worker *worker, const char *argument, struct text *reply,
                            struct error *error)
{
    const int step = atoi(argument);
    if (!worker->times || step < 0 || step >= step_times_count(worker->times))
        return error_set(error, STATUS_RANGE, "no such step");
    const struct step_time *time = step_times_at(worker->times, step);
    const double images = (double)step_times_images(worker->times);
    for (int d = 0; d < DIRECTIONS; d++)
        text_add_format(reply, "%.9g %.9g %.9g ", time->of[d].seconds / images, time->of[d].macs,
                        time->of[d].bytes);
    for (int d = 0; d < DIRECTIONS; d++)
        text_add_format(reply, "| %s ", time->of[d].kernel ? time->of[d].kernel : "-");
    text_add_format(reply, "| %s", time->name[0] ? time->name : "-");
    return STATUS_OK;
}

static const struct served {
    const char *name;
    status (*run)(struct worker *worker, const char *argument, struct text *reply, struct error *error);
} served[] = {
    {"forward", request_forward},   {"score", request_score},       {"logits", request_logits},
    {"threads", request_threads},   {"kernel", request_kernel},     {"peak", request_peak},
    {"load", request_load},         {"time", request_time},         {"reuse", request_reuse},
    {"accuracy", request_accuracy}, {"macs", request_macs},         {"train", request_train},
    {"loss", request_loss},         {"learning", request_learning}, {"precision", request_precision},
    {"layers", request_layers},     {"layer", request_layer},       {"micro_batch", request_micro_batch},
};

static status serve(struct worker *worker, char *line, struct text *reply, struct error *error)
{
    char *argument = line + strcspn(line, " ");
    if (*argument)
        *argument++ = '\0';
    for (size_t i = 0; i < sizeof served / sizeof *served; i++) {
        if (strcmp(served[i].name, line) == 0)
            return served[i].run(worker, argument, reply, error);
    }
    return error_set(error, STATUS_USAGE, "no request '%s'", line);
}

static status begin(struct worker *worker, const char *name, const char *images, int threads,
                    struct error *error)
{
    struct model *model = NULL;
    struct dataset *dataset = NULL;
    struct dataset_options half = {.normalization = "half"};
    char count[24];
    snprintf(count, sizeof count, "%d", threads);
    status code = session_new(&worker->session, error);
    if (code == STATUS_OK)
        code = set_option(worker, OPTION_THREADS, count, error);
    if (code == STATUS_OK)
        code = model_load(name, NULL, &model, error);
    if (code == STATUS_OK)
        code = session_set_model(worker->session, model, error);
    if (code == STATUS_OK && images)
        code = dataset_open(&images_kind, images, &half, &dataset, error);
    if (code == STATUS_OK && dataset)
        session_set_dataset(worker->session, dataset);
    return code;
}

int worker_main(const char *model, const char *images, int threads)
{
    struct worker worker = {0};
    struct error error = {0};
    char line[LINE_LIMIT];
    if (begin(&worker, model, images, threads, &error) != STATUS_OK)
        printf("error: %s\n", error.message);
    else
        puts("ready");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        struct text reply = {0};
        line[strcspn(line, "\n")] = '\0';
        if (strcmp(line, "quit") == 0)
            break;
        if (serve(&worker, line, &reply, &error) == STATUS_OK)
            puts(text_data(&reply));
        else
            printf("error: %s\n", error.message);
        fflush(stdout);
        text_free(&reply);
    }
    score_statistics_free(worker.statistics);
    learner_free(worker.learner);
    step_times_free(worker.times);
    session_free(worker.session);
    return EXIT_SUCCESS;
}
