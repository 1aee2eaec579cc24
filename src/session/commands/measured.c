/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Evaluations that are remembered. */
#include "session/commands/measured.h"

#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "data/dataset.h"
#include "session/model.h"
#include "session/pruning.h"
#include "session/session.h"
#include "session/words/option.h"

static const struct dataset *dataset_of(const struct measuring *measuring)
{
    return measuring->dataset ? measuring->dataset : measuring->call->session->state.dataset;
}

/* Ownership of what `evaluate` had written of each image passes. */
static struct measurement measurement_of(const struct evaluation *evaluation, const struct evaluate *evaluate)
{
    return (struct measurement){
        .on = measured_on(evaluate->dataset, &evaluate->sample->options),
        .measure = evaluation->measure,
        .value = evaluation->value,
        .error = evaluation->error,
        .images = evaluation->images,
        .top1 = evaluation->top1,
        .top5 = evaluation->top5,
        .unanswered = evaluation->unanswered,
        .loss = evaluation->loss,
        .correct = evaluate->correct,
        .answers = evaluate->answers,
        .credit = evaluate->credit,
        .confusion = evaluate->confusion,
    };
}

/* Room for what is kept of each image, and of pixels where there are not too many classes to tell them apart.
 */
static bool make_room(const struct model *model, struct evaluate *evaluate)
{
    const size_t images = (size_t)evaluate->sample->count, classes = (size_t)evaluate->dataset->classes;
    if (evaluate->dataset->label_map) {
        const bool few = classes <= UINT8_MAX + 1 && model->classes <= UINT8_MAX + 1;
        evaluate->credit = mem_new(images, sizeof *evaluate->credit);
        if (few)
            evaluate->confusion = mem_new(classes * classes, sizeof *evaluate->confusion);
        return evaluate->credit && (evaluate->confusion || !few);
    }
    evaluate->correct = mem_new(images, sizeof *evaluate->correct);
    evaluate->answers = mem_new(images, sizeof *evaluate->answers);
    return evaluate->correct && evaluate->answers;
}

status measure_graph(const struct measuring *measuring, const struct graph *graph,
                     struct evaluation *evaluation, struct measurement *measurement, struct error *error)
{
    struct call *call = measuring->call;
    struct session *session = call->session;
    struct evaluate evaluate = {
        .graph = graph,
        .dataset = dataset_of(measuring),
        .sample = measuring->sample,
        .real = options_precision(&call->options),
        .kernel = options_kernel(&call->options),
        .micro_batch = option_integer(&call->options, OPTION_MICRO_BATCH),
        .memory = options_memory(&call->options),
        .title = measuring->title,
        .progress = call->progress,
        .watch = measuring->watch,
        .watch_due = measuring->watch_due,
        .watch_argument = measuring->watch_argument,
    };
    status code = make_room(session->state.model, &evaluate) ? session_pool(session, &evaluate.pool, error)
                                                             : error_memory(error);
    if (code == STATUS_OK)
        code = evaluate_run(&evaluate, evaluation, error);
    if (code == STATUS_OK) {
        *measurement = measurement_of(evaluation, &evaluate);
        return code;
    }
    mem_free(evaluate.correct);
    mem_free(evaluate.answers);
    mem_free(evaluate.credit);
    mem_free(evaluate.confusion);
    return code;
}

status measure_network(const struct measuring *measuring, const struct graph *graph, const char *network,
                       struct evaluation *evaluation, struct error *error)
{
    struct measurement measurement;
    status code = measure_graph(measuring, graph, evaluation, &measurement, error);
    if (code != STATUS_OK)
        return code;
    memcpy(measurement.network, network, sizeof measurement.network);
    code = measurements_add(&measuring->call->session->measurements, &measurement, error);
    if (code != STATUS_OK)
        measurement_free(&measurement);
    return code;
}

const struct measurement *measured(const struct measuring *measuring, const char *network)
{
    const struct session *session = measuring->call->session;
    const struct measured_on on = measured_on(dataset_of(measuring), &measuring->sample->options);
    return measurements_find(&session->measurements, network, &on);
}

/* What is known of each image's label and answer, or of all pixels'. */
static bool is_detailed(const struct measurement *measurement)
{
    return measurement->answers || measurement->confusion;
}

static status bring_answers(const struct measuring *measuring, const struct graph *graph, const char *network,
                            struct error *error)
{
    struct evaluation evaluation = {0};
    const struct measurement *known = measured(measuring, network);
    if (known && is_detailed(known))
        return STATUS_OK;
    status code = measure_network(measuring, graph, network, &evaluation, error);
    evaluation_free(&evaluation);
    return code;
}

status measure_both(const struct measuring *measuring, struct both_measured *both, struct error *error)
{
    struct session *session = measuring->call->session;
    const struct model *original = model_original(session->state.model);
    const struct graph *graph;
    status code = session_graph(session, &graph, error);
    if (code == STATUS_OK)
        code = bring_answers(measuring, graph, session->state.pruning->network, error);
    if (code == STATUS_OK)
        code = bring_answers(measuring, original->graph, original->network, error);
    both->first = measured(measuring, original->network);
    both->now = measured(measuring, session->state.pruning->network);
    if (code == STATUS_OK && !(is_detailed(both->first) && is_detailed(both->now)))
        return error_set(error, STATUS_UNSUPPORTED, "more than 256 classes of pixels are not told apart");
    return code;
}
