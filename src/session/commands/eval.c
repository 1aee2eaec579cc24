/* SPDX-License-Identifier: GPL-3.0-or-later */
/* eval: accuracy and loss. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "data/sampler.h"
#include "nn/engine/aim.h"
#include "nn/engine/loss.h"
#include "nn/engine/quality.h"
#include "session/commands/advice.h"
#include "session/commands/chosen.h"
#include "session/commands/eval_loss.h"
#include "session/language/command.h"
#include "session/commands/measured.h"
#include "session/live.h"
#include "session/measurement.h"
#include "session/model.h"
#include "session/pass_loss.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/shown.h"
#include "session/what_if.h"
#include "session/words/option.h"
#include "session/words/value.h"
#include "stats/evaluate.h"
#include "view/figure.h"

static void points_row(struct figure *figure, const char *item, double share, double error)
{
    table_text(figure, item);
    number_cell(figure, 100 * share);
    number_cell(figure, 100 * error);
}

static void share_row(struct figure *figure, const char *item, int64_t part,
                      const struct evaluation *evaluation)
{
    double share = right_share(part, evaluation->unanswered, evaluation->images);
    points_row(figure, item, share,
               sqrt(share * (1 - share) / (double)evaluation->images)); /* of a share of independent trials */
}

static void alone_row(struct figure *figure, const char *item, double value)
{
    table_text(figure, item);
    number_cell(figure, value);
    table_missing(figure);
}

static void accuracy_rows(struct figure *figure, const struct evaluation *evaluation)
{
    points_row(figure, "top-1 accuracy, %", evaluation->value, evaluation->error);
    share_row(figure, "top-5 accuracy, %", evaluation->top5, evaluation);
}

static void map_rows(struct figure *figure, const struct evaluation *evaluation)
{
    int missing = 0;
    points_row(figure, "mIoU, %", evaluation->value, evaluation->error);
    alone_row(figure, "pixel accuracy, %", 100 * evaluation->pixel_accuracy);
    for (int c = 0; c < evaluation->classes; c++)
        missing += isnan(class_iou(&evaluation->pixels[c]));
    if (missing && missing < evaluation->classes)
        figure_note(figure, "%d of %d classes are neither labelled nor predicted: left out of mIoU", missing,
                    evaluation->classes);
}

/* Logits that are not numbers, which are the network's fault or the images'. */
static void unanswered_note(const struct evaluation *evaluation, struct figure *figure)
{
    struct text text = {0};
    if (!evaluation->unanswered)
        return;
    text_add_unanswered(&text, evaluation->unanswered, evaluation->images);
    figure_note(figure, "%s: %s", shown_words(figure, &text),
                evaluation->unanswered < evaluation->images
                    ? "they count as wrong, and the mean loss is that of the other ones"
                    : "there is no accuracy and no loss");
    text_free(&text);
}

/* Beside the accuracy of the network as loaded, on the same images. */
static void baseline_rows(const struct measurement *now, const struct measurement *first,
                          struct figure *figure)
{
    if (first->restored)
        figure_note(figure, "the baseline is from the session file");
    const char *measure = quality_words(now->measure)->brief;
    struct text text = {0};
    text_add_format(&text, "baseline %s, %%", measure);
    points_row(figure, shown_words(figure, &text), first->value, first->error);
    text_clear(&text);
    text_add_format(&text, "%s against baseline, points", measure);
    points_row(figure, shown_words(figure, &text), now->value - first->value,
               measurement_difference_error(first, now));
    text_free(&text);
}

static void timing_note(const struct evaluation *evaluation, struct figure *figure)
{
    struct text rate = {0};
    text_add_rounded(&rate, evaluation->seconds, 3);
    text_add(&rate, " s, ");
    text_add_rounded(&rate,
                     (double)evaluation->images / (evaluation->seconds > 0 ? evaluation->seconds : 1e-9), 3);
    figure_note(figure, "%s images/s", shown_words(figure, &rate));
    text_free(&rate);
}

/* What is known when an evaluation has ended. */
struct outcome {
    const struct measurement *now, *first; /* first: of the network as loaded; NULL: this is it */
    double first_seconds;                  /* 0: it was known, else what evaluating it took */
    struct text advice;
};

/* The baseline cost a second evaluation. */
static void baseline_note(const struct call *call, double seconds, struct figure *figure)
{
    struct text text = {0};
    text_add(&text, "the network as loaded was evaluated on these images too, for the baseline");
    if (option_flag(&call->options, OPTION_TIMING)) {
        text_add(&text, ": ");
        text_add_rounded(&text, seconds, 3);
        text_add(&text, " s");
    }
    figure_note(figure, "%s", shown_words(figure, &text));
    text_free(&text);
}

static void outcome_notes(const struct call *call, const struct evaluation *evaluation,
                          const struct outcome *outcome, struct figure *figure)
{
    note_training_split(figure, call->session->state.dataset);
    if (outcome->first_seconds > 0)
        baseline_note(call, outcome->first_seconds, figure);
    if (outcome->advice.length)
        figure_note(figure, "%s", shown_words(figure, &outcome->advice));
    if (option_flag(&call->options, OPTION_TIMING))
        timing_note(evaluation, figure);
}

/* `outcome` is NULL while the evaluation is under way. */
static struct figure *whole_table(const struct call *call, const struct evaluation *evaluation,
                                  const struct outcome *outcome)
{
    const struct session *session = call->session;
    struct figure *figure = shown_figure(session, FIGURE_TABLE, "eval");
    if (!figure)
        return NULL;
    struct text images = {0};
    text_add_images(&images, evaluation->images, session->state.dataset->split);
    figure_title(figure, "%s%s on %s of %s", model_title(session->state.model),
                 session->state.pruning->removed_count ? ", masked," : "", shown_words(figure, &images),
                 session->state.dataset->kind->name);
    text_free(&images);
    table_column(figure, "measure", NULL, COLUMN_TEXT, 0);
    table_column(figure, "value", NULL, COLUMN_REAL, 4);
    table_column(figure, "standard error", NULL, COLUMN_REAL, 2);
    if (evaluation->measure == QUALITY_MEAN_IOU)
        map_rows(figure, evaluation);
    else
        accuracy_rows(figure, evaluation);
    alone_row(figure, "mean loss", evaluation->loss);
    if (evaluation->unanswered)
        alone_row(figure, "images without numbers", (double)evaluation->unanswered);
    if (evaluation->unlabelled)
        alone_row(figure, "images without labels", (double)evaluation->unlabelled);
    unanswered_note(evaluation, figure);
    note_judged(figure, session->state.model, evaluation->probabilities, evaluation->images);
    if (outcome && outcome->first)
        baseline_rows(outcome->now, outcome->first, figure);
    if (outcome)
        outcome_notes(call, evaluation, outcome, figure);
    return figure;
}

/* Right answers of a class among those of the network as loaded, which saw the same images. */
static int64_t right_before(const struct outcome *outcome, int class_index)
{
    int64_t right = 0;
    for (int64_t i = 0; i < outcome->now->images; i++)
        right += outcome->now->answers[i].truth == class_index && outcome->first->correct[i];
    return right;
}

/* Where the network as loaded is known image by image, its accuracy stands in the place of what accuracy and
 * images say already, so that two halves fit a small screen. */
static struct figure *class_table(const struct call *call, const struct evaluation *evaluation,
                                  const struct outcome *outcome)
{
    const struct dataset *dataset = call->session->state.dataset;
    const bool before = outcome->first && outcome->first->correct && outcome->now && outcome->now->answers;
    struct figure *figure = shown_figure(call->session, FIGURE_TABLE, "eval_classes");
    if (!figure)
        return NULL;
    figure_title(figure, "Top-1 accuracy by class");
    table_column(figure, "class", NULL, COLUMN_TEXT, 0);
    table_column(figure, "images", NULL, COLUMN_INTEGER, 0);
    if (!before)
        table_column(figure, "right", NULL, COLUMN_INTEGER, 0);
    table_column(figure, "accuracy", NULL, COLUMN_PERCENT, 1);
    if (before)
        table_column(figure, "as loaded", NULL, COLUMN_PERCENT, 1);
    table_column(figure, "", NULL, COLUMN_BAR, 0);
    for (int i = 0; i < evaluation->classes; i++) {
        const double images = (double)evaluation->class_images[i];
        if (!evaluation->class_images[i])
            continue;
        const double share = (double)evaluation->class_correct[i] / images;
        table_text(figure, i < dataset->classes ? dataset->class_names[i] : "?");
        table_number(figure, images);
        if (!before)
            table_number(figure, (double)evaluation->class_correct[i]);
        table_number(figure, share);
        if (before)
            table_number(figure, (double)right_before(outcome, i) / images);
        table_number(figure, share);
    }
    return figure;
}

/* Of a class, from pixels by label and predicted class. */
static double iou_before(const int64_t *confusion, int classes, int index)
{
    struct class_pixels pixels = {.both = confusion[(int64_t)index * classes + index]};
    for (int i = 0; i < classes; i++) {
        pixels.truth += confusion[(int64_t)index * classes + i];
        pixels.predicted += confusion[(int64_t)i * classes + index];
    }
    return class_iou(&pixels);
}

/* The same of a network that classifies pixels. */
static struct figure *class_iou_table(const struct call *call, const struct evaluation *evaluation,
                                      const struct outcome *outcome)
{
    const struct dataset *dataset = call->session->state.dataset;
    const int64_t *before = outcome->first ? outcome->first->confusion : NULL;
    struct figure *figure = shown_figure(call->session, FIGURE_TABLE, "eval_classes");
    if (!figure)
        return NULL;
    figure_title(figure, "Intersection over union by class");
    table_column(figure, "class", NULL, COLUMN_TEXT, 0);
    table_column(figure, "images", NULL, COLUMN_INTEGER, 0);
    table_column(figure, "pixels", NULL, COLUMN_INTEGER, 0);
    table_column(figure, "predicted", NULL, COLUMN_INTEGER, 0);
    table_column(figure, "IoU", NULL, COLUMN_PERCENT, 1);
    if (before)
        table_column(figure, "as loaded", NULL, COLUMN_PERCENT, 1);
    table_column(figure, "", NULL, COLUMN_BAR, 0);
    for (int i = 0; i < evaluation->classes; i++) {
        const double iou = class_iou(&evaluation->pixels[i]);
        if (isnan(iou))
            continue;
        table_text(figure, dataset->class_names[i]);
        table_number(figure, (double)evaluation->class_images[i]);
        table_number(figure, (double)evaluation->pixels[i].truth);
        table_number(figure, (double)evaluation->pixels[i].predicted);
        table_number(figure, iou);
        if (before)
            table_number(figure, iou_before(before, evaluation->classes, i));
        table_number(figure, iou);
    }
    return figure;
}

static void tell_accuracy(const struct call *call, const struct outcome *outcome)
{
    const struct measurement *now = outcome->now, *first = outcome->first;
    struct text text = {0};
    text_add_format(&text, "%s ", quality_words(now->measure)->brief);
    text_add_measured(&text, now);
    if (first) {
        text_add_format(&text, ", %+.2f points against ", 100 * (now->value - first->value));
        text_add_rounded(&text, 100 * first->value, 4);
        text_add(&text, " % before");
    }
    reply_result(call->reply, &text);
    text_free(&text);
}

struct eval_work {
    struct call *call;
    struct sample sample;
    struct evaluation evaluation;
    struct outcome outcome;
};

static void show_so_far(void *argument, const struct evaluation *so_far)
{
    const struct eval_work *work = argument;
    struct live *live = work->call->session->live;
    if (so_far->images == work->sample.count)
        return;
    struct figure *figure = whole_table(work->call, so_far, NULL);
    struct live_snapshot *snapshot =
        live_snapshot_new(LIVE_ACCURACY, so_far->images, work->sample.count, "images", figure);
    if (snapshot) {
        snapshot->accuracy = so_far->value;
        snapshot->accuracy_error = so_far->error;
        snapshot->loss = so_far->loss;
    }
    live_publish(live, snapshot);
}

static bool snapshot_due(void *argument)
{
    const struct eval_work *work = argument;
    return live_due(work->call->session->live);
}

/* How a network is evaluated on the sample. */
static struct measuring measuring_of(struct eval_work *work)
{
    return (struct measuring){.call = work->call,
                              .sample = &work->sample,
                              .title = work->outcome.now ? "evaluating as loaded" : NULL,
                              .watch = work->call->session->live && !work->outcome.now ? show_so_far : NULL,
                              .watch_due = snapshot_due,
                              .watch_argument = work};
}

static status evaluate_network(struct eval_work *work, const struct graph *graph, const char *network,
                               struct evaluation *evaluation, struct error *error)
{
    const struct measuring measuring = measuring_of(work);
    return measure_network(&measuring, graph, network, evaluation, error);
}

static const struct measurement *recall(struct eval_work *work, const char *network)
{
    const struct measuring measuring = measuring_of(work);
    return measured(&measuring, network);
}

/* The network as loaded, of one that was changed: its accuracy on the same images, which may have to be
 * measured first. */
static status bring_baseline(struct eval_work *work, struct error *error)
{
    const struct session *session = work->call->session;
    const struct model *original = model_original(session->state.model);
    const char *network = session->state.pruning->network;
    status code = STATUS_OK;
    if (strcmp(network, original->network) == 0)
        return code;
    if (!recall(work, original->network)) {
        struct evaluation evaluation = {0};
        code = evaluate_network(work, original->graph, original->network, &evaluation, error);
        work->outcome.first_seconds = evaluation.seconds;
        evaluation_free(&evaluation);
    }
    work->outcome.first = recall(work, original->network);
    work->outcome.now = recall(work, network);
    return code;
}

/* What stands beside the result. Cancelling it leaves the result, which is there already. */
static status bring_outcome(struct eval_work *work, struct error *error)
{
    const char *network = work->call->session->state.pruning->network;
    const struct found_accuracy found = {network, work->evaluation.measure, work->evaluation.value,
                                         work->evaluation.images};
    work->outcome.now = recall(work, network);
    status code = bring_baseline(work, error);
    if (code == STATUS_OK)
        code = advise_accuracy(work->call, &found, &work->outcome.advice, error);
    return code == STATUS_CANCELLED ? STATUS_OK : code;
}

static status eval_labels(struct call *call, struct error *error)
{
    struct session *session = call->session;
    struct eval_work work = {.call = call};
    const struct graph *graph;
    status code = model_fits(session->state.model, session->state.dataset, error);
    if (code == STATUS_OK)
        code = call_sample(call, &work.sample, error);
    if (code == STATUS_OK)
        code = session_graph(session, &graph, error);
    if (code == STATUS_OK)
        code = evaluate_network(&work, graph, session->state.pruning->network, &work.evaluation, error);
    if (code == STATUS_OK)
        code = bring_outcome(&work, error);
    if (code == STATUS_OK)
        code = reply_figure(call->reply, whole_table(call, &work.evaluation, &work.outcome), error);
    if (code == STATUS_OK && work.evaluation.unanswered < work.evaluation.images)
        code = reply_figure(call->reply,
                            work.evaluation.pixels ? class_iou_table(call, &work.evaluation, &work.outcome)
                                                   : class_table(call, &work.evaluation, &work.outcome),
                            error);
    if (code == STATUS_OK)
        tell_accuracy(call, &work.outcome);
    text_free(&work.outcome.advice);
    evaluation_free(&work.evaluation);
    sample_free(&work.sample);
    return code;
}

static status run_eval(struct call *call, struct error *error)
{
    struct pass_loss loss;
    status code = pass_loss_of(&call->options, call->session->state.model, &loss, error);
    if (code != STATUS_OK)
        return code;
    return loss.kind == AIM_LABELS ? eval_labels(call, error) : eval_loss(call, &loss, error);
}

static const struct parameter eval_parameters[] = {
    {"samples", VALUE_SIZE, 0, 0, 0, NULL, "all", "images to use: a number, a share such as 5%, or all"},
    PARAMETER_END,
};
static const int eval_options[] = {OPTION_LOSS,        OPTION_ORDER,     OPTION_BALANCED,
                                   OPTION_SEED,        OPTION_PRECISION, OPTION_KERNEL,
                                   OPTION_MICRO_BATCH, OPTION_MEMORY,    OPTION_NONE};
static const struct example eval_examples[] = {
    {"eval", "measures accuracy on the whole data set", false},
    {"eval samples=200 order=first", "measures it on the first 200 images", false},
    EXAMPLE_END,
};

const struct command command_eval = {
    .name = "eval",
    .parameters = eval_parameters,
    .options = eval_options,
    .flags = COMMAND_MODEL | COMMAND_DATA | COMMAND_LONG | COMMAND_FIGURES,
    .help = "measure accuracy and loss",
    .text =
        "Takes the images through the network and counts: top-1 and top-5 accuracy with their standard "
        "errors, the mean cross-entropy, and the accuracy of each class. Of a network that classifies pixels "
        "it counts mIoU, the mean over classes of intersection over union, over the pixels that are "
        "labelled; classes that are neither labelled nor predicted are left out, as the Cityscapes "
        "benchmark does, and the standard error is by images. Among equal logits the first "
        "class comes first. The cross-entropy is that of softmax(logits); where the network ends in "
        "Softmax it is taken at the Softmax's input. Images with logits that are not numbers are "
        "counted, and are never right. All images of the data set are used unless samples= says "
        "otherwise.\n\n"
        "Beside a network that was changed stands the network as loaded on the same images: where it "
        "was not evaluated on them yet, it is now, which takes as long again. Where the accuracy is that "
        "of guessing, or the images are not normalised at all, the presets of normalize are tried on a "
        "hundred images, and the one that fits the network is named.\n\n"
        "With a loss that looks at no labels (sum, l2 or a Lua file) only its mean is measured, of any network.",
    .examples = eval_examples,
    .run = run_eval,
};
