/* SPDX-License-Identifier: GPL-3.0-or-later */
/* calibrate: the statistics of BatchNormalizations anew. */
#include "train/calibrate.h"

#include <inttypes.h>

#include "base/status.h"
#include "base/text.h"
#include "data/sampler.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "session/commands/chosen.h"
#include "session/commands/other_weights.h"
#include "session/language/command.h"
#include "session/model.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/words/option.h"
#include "session/words/value.h"

/* All that the new statistics depend on. */
static void describe(const struct call *call, const struct calibration *calibration, struct text *text)
{
    const struct sample_options *sample = &calibration->sample->options;
    text_add_format(text, "calibrate: %" PRId64 " images of %s, batch %" PRId64, calibration->sample->count,
                    call->session->state.dataset->split ? call->session->state.dataset->split : "the data",
                    calibration->batch);
    if (sample->order == SAMPLE_RANDOM && calibration->sample->count < calibration->dataset->count)
        text_add_format(text, ", seed %" PRIu64, sample->seed);
}

static void tell(const struct call *call, const struct calibration *calibration,
                 const struct calibration_result *result)
{
    struct text text = {0};
    text_add_format(&text, "statistics of %d BatchNorm layers from %" PRId64 " images: the means moved by ",
                    result->norms, calibration->sample->count);
    text_add_rounded(&text, result->shift, 2);
    text_add(&text, " standard deviations, which were ");
    text_add_rounded(&text, result->spread, 3);
    text_add(&text, " times the new ones (medians of all channels)");
    reply_line(call->reply, "%s", reply_text(call->reply, &text));
    reply_result(call->reply, &text);
    text_free(&text);
}

static status take_over(struct call *call, const struct calibration *calibration, struct graph *graph,
                        const struct calibration_result *result, struct error *error)
{
    struct text made = {0};
    status code;
    describe(call, calibration, &made);
    if (made.failed) {
        graph_free(graph);
        code = error_memory(error);
    } else {
        code = other_weights_take(call, graph, text_data(&made),
                                  calibration->real == ELEMENT_DOUBLE ? "double" : NULL, error);
    }
    if (code == STATUS_OK)
        tell(call, calibration, result);
    text_free(&made);
    return code;
}

static status run_calibrate(struct call *call, struct error *error)
{
    struct session *session = call->session;
    struct sample sample = {0};
    struct setting_value batch;
    struct calibration_result result;
    struct graph *graph;
    if (other_weights_allowed(session, error) ||
        model_fits(session->state.model, session->state.dataset, error) ||
        call_value(call, "batch", &batch, error) || call_sample(call, &sample, error))
        return error->code;
    struct calibration calibration = {
        .graph = session->state.model->graph,
        .dataset = session->state.dataset,
        .sample = &sample,
        .batch = batch.integer,
        .real = options_precision(&call->options),
        .kernel = options_kernel(&call->options),
        .progress = call->progress,
    };
    status code = session_pool(session, &calibration.pool, error);
    if (code == STATUS_OK)
        code = calibrate(&calibration, &graph, &result, error);
    if (code == STATUS_OK)
        code = take_over(call, &calibration, graph, &result, error);
    sample_free(&sample);
    return code;
}

static const struct parameter calibrate_parameters[] = {
    {"samples", VALUE_SIZE, 0, 0, 0, NULL, "500", "images to use: a number, a share such as 5%, or all"},
    {"batch", VALUE_INTEGER, 0, 2, 65536, NULL, "128", "images whose statistics are taken together"},
    PARAMETER_END,
};
static const int calibrate_options[] = {OPTION_ORDER,     OPTION_BALANCED, OPTION_SEED,
                                        OPTION_PRECISION, OPTION_KERNEL,   OPTION_NONE};
static const struct example calibrate_examples[] = {
    {"calibrate samples=200", "computes the statistics anew from 200 images", false},
    EXAMPLE_END,
};

const struct command command_calibrate = {
    .name = "calibrate",
    .parameters = calibrate_parameters,
    .options = calibrate_options,
    .flags = COMMAND_MODEL | COMMAND_DATA | COMMAND_LONG | COMMAND_CHANGES | COMMAND_OF_MODEL,
    .help = "BatchNorm statistics anew, from a few hundred images",
    .text =
        "After pruning, the channels that are left see other inputs than those whose running mean and variance "
        "they carry. Images of the data set go through the network once, in training mode: each BatchNorm "
        "normalises by the statistics of the batch, and takes the mean of those over the batches for its own. "
        "No weight changes. It is the cheapest way to win accuracy back, before finetune and beside repair; "
        "training images are the right ones.\n\n"
        "The network takes the place of the old one, with its ratios and without its scores; undo brings that "
        "back. A network without BatchNorm has nothing to calibrate.",
    .examples = calibrate_examples,
    .run = run_calibrate,
};
