/* SPDX-License-Identifier: GPL-3.0-or-later */
/* info: what is loaded, scored and set. */
#include <string.h>
#include <sys/resource.h>

#include "base/pool.h"
#include "base/status.h"
#include "base/text.h"
#include "checkpoint/checkpoint.h"
#include "data/dataset.h"
#include "data/sampler.h"
#include "nn/engine/fit.h"
#include "nn/engine/run.h"
#include "nn/engine/quality.h"
#include "nn/execution/options.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"
#include "score/score.h"
#include "session/board.h"
#include "session/history.h"
#include "session/language/command.h"
#include "session/model.h"
#include "session/network_outputs.h"
#include "session/pruning.h"
#include "session/reply.h"
#include "session/shown.h"
#include "session/what_if.h"
#include "session/words/option.h"
#include "view/figure.h"

static void model_rows(const struct model *model, struct figure *figure)
{
    if (!model) {
        card_row(figure, "model", "none");
        return;
    }
    int64_t filters = 0;
    int scored = 0;
    for (int i = 0; i < model->layers->count; i++) {
        if (!model->layers->items[i].output_layer) {
            filters += model->layers->items[i].channels;
            scored++;
        }
    }
    card_row(figure, "model", "%s", model->name);
    if (model->weights)
        card_row(figure, "architecture", "%s, weights %s (%s)", model->architecture,
                 model->weights->made ? "drawn at random" : "from a file", model->weights->format);
    card_row(figure, "model hash", "%.16s", model->digest);
    struct text text = {0};
    text_add_shape(&text, &model->input);
    card_text(figure, "input", &text);
    if (model->graph->channels_last)
        card_row(figure, "in the file", "channels last");
    if (model_original(model)->lacks)
        card_row(figure, "cut off", "%s", model_original(model)->lacks);
    if (model->classes) {
        card_row(figure, "classes", "%lld%s", (long long)model->classes,
                 model_measure(model) == QUALITY_MEAN_IOU ? " per pixel" : "");
    } else if (model->graph->output_count == 1) {
        text_add_shape(&text, &model->output);
        card_text(figure, "output", &text);
    } else {
        outputs_add_names(model->graph, OUTPUTS_ALL, &text);
        card_text(figure, "outputs", &text);
    }
    if (model_dropped(model))
        card_row(figure, "left out", "%s", model_dropped(model));
    if (judged_at(model))
        card_row(figure, "judged", "%s", judged_at(model));
    card_row(figure, "layers", "%d, of which %d are scored", model->layers->count, scored);
    card_thousands(figure, "filters", filters);
    card_thousands(figure, "parameters", model->cost.parameters);
}

/* What the network is now, and what it was when it was loaded. */
static void pruning_rows(const struct session *session, struct figure *figure)
{
    if (!session->state.model)
        return;
    const struct model *model = session->state.model;
    const struct cost *before = &model_original(model)->cost,
                      *now = pruning_cost(session->state.pruning, model);
    struct text text = {0};
    text_add_change(&text, before->macs, now->macs, true);
    card_text(figure, "multiply-adds", &text);
    if (before->channels != now->channels) {
        text_add_change(&text, (double)before->channels, (double)now->channels, false);
        card_text(figure, "channels left", &text);
        text_add_change(&text, (double)before->parameters, (double)now->parameters, false);
        card_text(figure, "parameters left", &text);
    }
    for (const char *line = model->made; line;) {
        size_t length = strcspn(line, "\n");
        card_row(figure, "made by", "%.*s", (int)length, line);
        line = line[length] ? line + length + 1 : NULL;
    }
    card_row(figure, "selected", "%s", session->state.pruning->how ? session->state.pruning->how : "nothing");
    if (session->state.dataset) {
        text_add_accuracy(&text, session);
        card_text(figure, "accuracy", &text);
        text_add_baseline(&text, session);
        if (text.length)
            card_text(figure, "before changes", &text);
        text_free(&text);
    }
}

static void history_rows(const struct session *session, struct figure *figure)
{
    const struct history *history = &session->history;
    if (!history->position && history->count == 1)
        return;
    card_row(figure, "history", "%d to undo, %d to redo", history->position - history->oldest,
             history->count - 1 - history->position);
    struct text held = {0};
    text_add_thousands(&held, history->count - history->oldest);
    text_add(&held, " of ");
    text_add_thousands(&held, history_most_states(history));
    text_add_format(&held, " states, %.1f of %.0f MB", (double)history_bytes(history) / 1e6,
                    (double)history_most_bytes(history) / 1e6);
    card_text(figure, "history holds", &held);
}

static void data_rows(const struct dataset *dataset, struct figure *figure)
{
    if (!dataset) {
        card_row(figure, "data", "none");
        return;
    }
    card_row(figure, "data", "%s %s", dataset->kind->name, dataset->split);
    if (dataset->path)
        card_row(figure, "path", "%s", dataset->path);
    card_row(figure, "data hash", "%.16s", dataset_digest(dataset));
    card_thousands(figure, "images", dataset->count);
    card_row(figure, "image", "%dx%dx%d in %d classes", dataset->channels, dataset->height, dataset->width,
             dataset->classes);
    if (dataset->prepared)
        card_row(figure, "prepared", "%s", dataset->prepared);
    card_row(figure, "normalised by", "%s", dataset->finished ? "whoever made them" : dataset->normalization);
}

static void score_rows(const struct session *session, struct figure *figure)
{
    struct text labels = {0};
    for (int i = 0; i < session->state.board->count; i++)
        text_add_format(&labels, "%s%s", i ? ", " : "", session->state.board->entries[i].choice.label);
    if (!session->state.board->count)
        text_add(&labels, "none");
    card_text(figure, "scores", &labels);
    const struct score_statistics *statistics = board_statistics(session->state.board);
    if (!statistics)
        return;
    struct text sample = {0}, result = {0};
    text_add_sample(&sample, session);
    card_text(figure, "sample", &sample);
    text_add_result(&result, statistics);
    card_text(figure, "on the sample", &result);
    const struct pass_settings *settings = &session->state.board->pass->settings;
    card_row(figure, "arithmetic", "%s, %s", element_name(settings->real),
             settings->kernel == KERNEL_REFERENCE ? "plain loops"
             : settings->real == ELEMENT_DOUBLE   ? "matrix products"
             : settings->kernel == KERNEL_AUTO    ? "fast kernels"
             : settings->kernel == KERNEL_DIRECT  ? "fast kernels, direct convolution"
                                                  : "fast kernels, Winograd convolution");
}

static void option_rows(const struct session *session, struct figure *figure)
{
    int changed = 0;
    for (int i = 0; i < OPTION_COUNT; i++) {
        if (option_is_default(session->state.options, (enum option_id)i))
            continue;
        struct text name = {0};
        text_add_format(&name, "set %s", option_at(i)->parameter.name);
        card_row(figure, shown_words(figure, &name), "%s",
                 option_text(session->state.options, (enum option_id)i));
        text_free(&name);
        changed++;
    }
    if (!changed)
        card_row(figure, "options", "all at their defaults");
}

struct sizes {
    struct engine_fit fit, free; /* within the bound on memory, and without it */
    status code;                 /* of `fit`: STATUS_MEMORY where not even one worker fits */
};

/* What a run over images takes, counted from the network: a worker's activations for each thread, and weights
 * that all share. */
static void size_row(struct figure *figure, const char *name, const struct engine_fit *fit)
{
    struct text text = {0};
    text_add_si(&text, (double)engine_fit_bytes(fit), 3);
    text_add(&text, "B: ");
    text_add_si(&text, (double)fit->worker, 3);
    text_add_format(&text, "B in %s, ", fit->workers == 1 ? "one worker" : "each worker");
    text_add_si(&text, (double)fit->shared, 3);
    text_add(&text, "B of packed weights");
    card_text(figure, name, &text);
    text_free(&text);
}

static void images_row(struct figure *figure, const char *name, const struct sizes *sizes)
{
    const struct engine_fit *fit = &sizes->fit, *free = &sizes->free;
    struct text text = {0};
    text_add_format(&text, "%lld at a time on ", (long long)fit->batch);
    if (fit->workers < free->workers)
        text_add_format(&text, "%d of ", fit->workers);
    text_add_format(&text, "%d %s", free->workers, free->workers == 1 ? "worker" : "workers");
    if (fit->batch < free->batch)
        text_add_format(&text, "; without memory= %lld", (long long)free->batch);
    card_text(figure, name, &text);
    text_free(&text);
}

static void size_rows_of(struct figure *figure, const char *name, const char *images,
                         const struct sizes *sizes)
{
    if (sizes->code == STATUS_OK) {
        size_row(figure, name, &sizes->fit);
        images_row(figure, images, sizes);
        return;
    }
    card_row(figure, name, "%zu MB for one worker: more than memory= allows",
             engine_fit_megabytes(&sizes->fit));
}

static void score_row(const struct score_pass *bounded, int threads, struct figure *figure)
{
    struct score_pass pass = *bounded;
    struct sizes sizes = {0};
    struct error error = {0};
    pass.memory = 0;
    if (score_size(&pass, threads, &sizes.free, &error) != STATUS_OK)
        return;
    sizes.code = score_size(bounded, threads, &sizes.fit, &error);
    if (sizes.code == STATUS_OK || (sizes.code == STATUS_MEMORY && sizes.fit.worker > 0))
        size_rows_of(figure, "to score", "images to score", &sizes);
}

static void evaluate_row(const struct score_pass *bounded, int threads, struct figure *figure)
{
    struct run run = {
        .graph = bounded->graph,
        .engine = {.batch = bounded->micro_batch, .real = bounded->real, .kernel = bounded->kernel}};
    struct sizes sizes = {0};
    struct error error = {0};
    if (run_fit(&run, threads, &sizes.free, &error) != STATUS_OK)
        return;
    run.memory = bounded->memory;
    sizes.code = run_fit(&run, threads, &sizes.fit, &error);
    if (sizes.code == STATUS_OK || (sizes.code == STATUS_MEMORY && sizes.fit.worker > 0))
        size_rows_of(figure, "to evaluate", "images to evaluate", &sizes);
}

static void size_rows(const struct session *session, struct figure *figure)
{
    const struct options *options = session->state.options;
    const struct sample sample = {.count = 1};
    int threads = (int)option_integer(options, OPTION_THREADS);
    const struct score_pass pass = {.graph = session->state.model->graph,
                                    .layers = session->state.model->layers,
                                    .sample = &sample,
                                    .needs = NEED_GRADIENTS,
                                    .real = options_precision(options),
                                    .kernel = options_kernel(options),
                                    .micro_batch = option_integer(options, OPTION_MICRO_BATCH),
                                    .training = options_training(options),
                                    .batch = option_integer(options, OPTION_BATCH),
                                    .memory = options_memory(options)};
    if (threads == 0)
        threads = session->pool ? pool_threads(session->pool) : pool_online();
    score_row(&pass, threads, figure);
    evaluate_row(&pass, threads, figure);
}

/* "example, 172,506 parameters; shapes train; scores l1, taylor; 92 channels by l1" */
static void tell_info(const struct call *call)
{
    const struct state *state = &call->session->state;
    struct text text = {0};
    if (state->model) {
        text_add_format(&text, "%s, ", model_title(state->model));
        text_add_thousands(&text, pruning_cost(state->pruning, state->model)->parameters);
        text_add(&text, " parameters");
    } else {
        text_add(&text, "no network");
    }
    if (state->dataset)
        text_add_format(&text, "; %s %s", state->dataset->kind->name, state->dataset->split);
    else
        text_add(&text, "; no data");
    for (int i = 0; i < state->board->count; i++)
        text_add_format(&text, "%s%s", i ? ", " : "; scores ", state->board->entries[i].choice.label);
    if (!state->board->count)
        text_add(&text, "; no scores");
    if (state->model)
        text_add_format(&text, "; %s", state->pruning->how ? state->pruning->how : "nothing selected");
    reply_result(call->reply, &text);
    text_free(&text);
}

static status run_info(struct call *call, struct error *error)
{
    const struct session *session = call->session;
    struct figure *figure = shown_card(session, "info", "item", "value");
    if (figure) {
        figure_title(figure, "The session");
        model_rows(session->state.model, figure);
        pruning_rows(session, figure);
        data_rows(session->state.dataset, figure);
        score_rows(session, figure);
        option_rows(session, figure);
        history_rows(session, figure);
        struct rusage usage;
        if (option_flag(session->state.options, OPTION_TIMING) && getrusage(RUSAGE_SELF, &usage) == 0) {
            struct text memory = {0};
            text_add_si(&memory, (double)usage.ru_maxrss * 1024.0, 3);
            text_add(&memory, "B at most so far");
            card_text(figure, "memory", &memory);
            if (session->state.model)
                size_rows(session, figure);
            if (session->pool)
                card_row(figure, "threads", "%d", pool_threads(session->pool));
        }
    }
    tell_info(call);
    return reply_figure(call->reply, figure, error);
}

static const struct example info_examples[] = {{"info", "shows what is loaded, scored and set", false},
                                               EXAMPLE_END};

const struct command command_info = {
    .name = "info",
    .flags = COMMAND_FIGURES | COMMAND_OF_MODEL,
    .help = "what is loaded, scored and set",
    .text = "Shows the network, the data set, the sample that was scored and how, which criteria have "
            "scores, every option that is not at its default, and what memory a pass over images would take "
            "(of the network itself and of the criteria's sums there is more).",
    .examples = info_examples,
    .run = run_info,
};
