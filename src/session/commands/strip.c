/* SPDX-License-Identifier: GPL-3.0-or-later */
/* strip: what the network and smaller ones make of a few images, side by side. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "data/dataset.h"
#include "nn/engine/quality.h"
#include "nn/graph/graph.h"
#include "prune/selection.h"
#include "prune/surgery.h"
#include "session/commands/advice.h"
#include "session/commands/strip_panels.h"
#include "session/commands/sweep.h"
#include "session/language/command.h"
#include "session/model.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/shown.h"
#include "session/words/option.h"
#include "session/words/record_list.h"
#include "session/words/value.h"
#include "stats/evaluate.h"
#include "view/figure.h"

enum { IMAGES = 3 }; /* where none are named */

struct strip_call {
    struct call *call;
    struct sweep sweep;
    struct setting_value criterion;
    double *class_score, *block_ratio;
    struct strip_panels panels;
    struct text result;
    double done, all; /* images through networks */
};

static status name_images(struct strip_call *work, struct error *error)
{
    const struct dataset *dataset = work->call->session->state.dataset;
    const char *list = call_argument(work->call, 0);
    struct sample *sample = &work->sweep.sample;
    int64_t records[RECORDS_MAX];
    int count = 0;
    if (list && record_list_parse(list, dataset->count, records, &count, error))
        return error->code;
    for (; !list && count < IMAGES && count < dataset->count; count++)
        records[count] = count;
    sample->records = mem_copy(records, (size_t)count * sizeof *records);
    sample->count = count;
    return sample->records ? STATUS_OK : error_memory(error);
}

static status prepare(struct strip_call *work, struct error *error)
{
    const struct model *model = work->call->session->state.model;
    status code = sweep_prepare_prunes(work->call, &work->sweep, error);
    if (code == STATUS_OK)
        code = name_images(work, error);
    if (code == STATUS_OK)
        code = call_value(work->call, "criterion", &work->criterion, error);
    if (code == STATUS_OK)
        code = sweep_scores(work->call, &work->sweep, work->criterion.text, 0, &work->class_score, error);
    if (code != STATUS_OK)
        return code;
    work->block_ratio = mem_new((size_t)model->coupling->block_count + 1, sizeof *work->block_ratio);
    return work->block_ratio ? STATUS_OK : error_memory(error);
}

/* --- one network ---------------------------------------------------------------------------------------- */

static status evaluate_graph(struct strip_call *work, const struct graph *graph,
                             struct evaluation *evaluation, struct error *error)
{
    struct session *session = work->call->session;
    const int64_t images = work->sweep.sample.count;
    const bool maps = session->state.dataset->label_map;
    struct evaluate evaluate = {
        .graph = graph,
        .dataset = session->state.dataset,
        .sample = &work->sweep.sample,
        .real = work->sweep.real,
        .kernel = work->sweep.kernel,
        .micro_batch = work->sweep.micro_batch,
        .memory = work->sweep.memory,
        .progress = work->call->progress,
        .title = "strip",
        .progress_before = (int64_t)work->done,
        .progress_total = (int64_t)work->all,
        .maps = maps ? work->panels.maps : NULL,
        .pixels = maps ? work->panels.pixels : NULL,
        .predicted = maps ? NULL : work->panels.predicted,
    };
    status code = session_pool(session, &evaluate.pool, error);
    if (code == STATUS_OK)
        code = evaluate_run(&evaluate, evaluation, error);
    work->done += (double)images;
    return code;
}

static status prune_and_evaluate(struct strip_call *work, double ratio, struct evaluation *evaluation,
                                 struct error *error)
{
    const struct coupling *coupling = work->call->session->state.model->coupling;
    struct selection selection;
    struct graph *smaller = NULL;
    for (int b = 0; b < coupling->block_count; b++)
        work->block_ratio[b] = work->sweep.included[b] && !coupling->blocks[b].locked ? ratio : 0;
    status code = select_by_ratio(coupling, work->class_score, work->block_ratio, &work->sweep.select,
                                  &selection, error);
    if (code != STATUS_OK)
        return code;
    if (selection.count > 0)
        code = surgery_apply(coupling, selection.removed, &smaller, error);
    if (code == STATUS_OK)
        code = evaluate_graph(work, smaller ? smaller : coupling->graph, evaluation, error);
    graph_free(smaller);
    selection_free(&selection);
    return code;
}

static status add_network(struct strip_call *work, int network, struct error *error)
{
    const double ratio = work->sweep.ratios[network];
    struct evaluation evaluation = {0};
    struct text name = {0};
    status code = prune_and_evaluate(work, ratio, &evaluation, error);
    if (code != STATUS_OK)
        return code;
    if (ratio > 0) {
        text_add(&name, "ratio ");
        text_add_double(&name, ratio);
    } else {
        text_add(&name, "unpruned");
    }
    code = strip_panels_add(&work->panels, network, text_data(&name), error);
    text_add_format(&work->result, "%s%s ", network ? ", " : "", text_data(&name));
    text_add_rounded(&work->result, 100 * evaluation.value, 4);
    text_add(&work->result, " %");
    text_free(&name);
    evaluation_free(&evaluation);
    return code;
}

/* --- showing -------------------------------------------------------------------------------------------- */

static status show(struct strip_call *work, struct error *error)
{
    const struct session *session = work->call->session;
    const struct dataset *dataset = session->state.dataset;
    const int64_t images = work->sweep.sample.count;
    struct figure *figure = shown_figure(session, FIGURE_STRIP, "strip");
    if (!figure)
        return error_memory(error);
    figure_title(figure, "%s on %lld image%s of %s %s, pruned by %s", model_title(session->state.model),
                 (long long)images, images == 1 ? "" : "s", dataset->kind->name, dataset->split,
                 work->criterion.text);
    note_training_split(figure, dataset);
    note_scored_on(figure, session, work->criterion.text);
    if (strip_panels_give(&work->panels, figure, error)) {
        figure_free(figure);
        return error->code;
    }
    struct text text = {0};
    text_add_format(&text, "%s of these images: %s",
                    quality_words(model_measure(session->state.model))->brief, text_data(&work->result));
    reply_result(work->call->reply, &text);
    text_free(&text);
    return reply_figure(work->call->reply, figure, error);
}

static status run_strip(struct call *call, struct error *error)
{
    struct strip_call work = {.call = call};
    status code = prepare(&work, error);
    if (code == STATUS_OK)
        code = strip_panels_begin(&work.panels, call->session->state.dataset, &work.sweep.sample,
                                  work.sweep.ratio_count, error);
    work.all = (double)work.sweep.ratio_count * (double)work.sweep.sample.count;
    for (int i = 0; code == STATUS_OK && i < work.sweep.ratio_count; i++)
        code = add_network(&work, i, error);
    if (code == STATUS_OK)
        code = show(&work, error);
    text_free(&work.result);
    strip_panels_free(&work.panels);
    mem_free(work.class_score);
    mem_free(work.block_ratio);
    sweep_free(&work.sweep);
    return code;
}

static const struct parameter strip_arguments[] = {
    {"IMAGES", VALUE_WORD, PARAMETER_OPTIONAL, 0, 0, NULL, NULL,
     "their numbers in the data set, such as 0,17,40-43; without them the first three"},
    PARAMETER_END,
};
static const struct parameter strip_parameters[] = {
    {"criterion", VALUE_CRITERION, 0, 0, 0, NULL, "l1", "what to prune by"},
    SWEEP_RATIO_PARAMETERS("0:0.6:0.2"),
    SWEEP_RULE_PARAMETERS,
    PARAMETER_END,
};
static const int strip_options[] = {OPTION_ROUND,       OPTION_SEED,   OPTION_PRECISION, OPTION_KERNEL,
                                    OPTION_MICRO_BATCH, OPTION_MEMORY, OPTION_NONE};
static const struct example strip_examples[] = {
    {"strip 0,7", "shows what becomes of two images as the network is pruned", false},
    {"strip 0-2 criterion=l2 ratios=0,0.3,0.6 where=inner > strip.png", "draws it into a picture", false},
    EXAMPLE_END,
};

const struct command command_strip = {
    .name = "strip",
    .arguments = strip_arguments,
    .parameters = strip_parameters,
    .options = strip_options,
    .flags = COMMAND_MODEL | COMMAND_DATA | COMMAND_LONG | COMMAND_FIGURES,
    .help = "what pruned networks make of some images",
    .text =
        "Shows images side by side with their labels and with what the network makes of them, unpruned "
        "(ratio 0) and pruned at one ratio after the other, as prune CRITERION RATIO would, without "
        "fine-tuning. Of a network that classifies pixels every panel is a map in the colours of the data "
        "set, with the mIoU of that image; pixels without a label are black, or cream where black is a "
        "class. Of one that classifies images every panel is its first guess, and whether it is right.\n\n"
        "On terminals with 256 colours and UTF-8 the pictures are drawn in half blocks; else there are the "
        "numbers alone. A .png file has every pixel; .csv and .json have the numbers, with the IoU of each "
        "class in each image.",
    .examples = strip_examples,
    .run = run_strip,
};
