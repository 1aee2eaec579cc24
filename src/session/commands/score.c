/* SPDX-License-Identifier: GPL-3.0-or-later */
/* score: the scores of filters under criteria. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "nn/engine/aim.h"
#include "nn/engine/quality.h"
#include "score/criterion.h"
#include "score/criterion_options.h"
#include "score/layer.h"
#include "score/score.h"
#include "session/board.h"
#include "session/commands/advice.h"
#include "session/commands/score_step.h"
#include "session/lacking.h"
#include "session/language/command.h"
#include "session/noise.h"
#include "session/pass_loss.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/shown.h"
#include "session/summary.h"
#include "session/words/choice.h"
#include "session/words/option.h"
#include "session/words/value.h"
#include "view/style.h"
#include "view/figure.h"

/* --- what the user asked for ---------------------------------------------------------------------------- */

static bool has_every(const struct call *call)
{
    for (int i = 0; call_argument(call, i); i++) {
        if (strstr(call_argument(call, i), "every"))
            return true;
    }
    return false;
}

/* Why `every` leaves a criterion out, and the layer that has the reason, -1: the network; NULL: it does not.
 */
static const char *left_out(const struct call *call, const struct choice *choice, int *layer)
{
    const struct model *model = call->session->state.model;
    const struct criterion_options base = options_criterion(&call->options);
    struct pass_loss loss;
    struct error ignored = {0};
    *layer = -1;
    const char *lack = criterion_lack(choice->criterion, model->layers, layer);
    if (lack)
        return lack;
    const bool no_loss =
        pass_loss_of(&call->options, model, &loss, &ignored) == STATUS_OK && loss.kind == AIM_NONE;
    return no_loss && (choice_needs(choice, &base, model->layers) & NEED_ANY_GRADIENT)
               ? "the network does not classify, and no loss is set"
               : NULL;
}

/* The choices of the arguments. `every` leaves out what this network cannot have. */
static status asked_choices(const struct call *call, struct choice *choices, int *count, struct error *error)
{
    status code = STATUS_OK;
    *count = 0;
    for (int i = 0; code == STATUS_OK && call_argument(call, i); i++)
        code = choices_parse(call_argument(call, i), choices, count, error);
    if (code != STATUS_OK || !has_every(call))
        return code;
    int kept = 0;
    for (int i = 0; i < *count; i++) {
        int layer;
        const char *why = left_out(call, &choices[i], &layer);
        if (why && layer >= 0)
            reply_add(call->reply, STYLE_NOTE, "%s is left out, for it can score no layer; %s: %s",
                      choices[i].label, call->session->state.model->layers->items[layer].name, why);
        else if (why)
            reply_add(call->reply, STYLE_NOTE, "%s is left out: %s", choices[i].label, why);
        else
            choices[kept++] = choices[i];
    }
    *count = kept;
    return STATUS_OK;
}

/* --- what is shown -------------------------------------------------------------------------------------- */

static const char *needs_name(unsigned needs)
{
    return needs & NEED_WEIGHT_GRADIENTS ? "weight gradients"
           : needs & NEED_GRADIENTS      ? "gradients"
           : needs & NEED_ANY_ACTIVATION ? "activations"
                                         : "weights";
}

static status summary_row(const struct call *call, const struct score_entry *entry, const int *layers,
                          int count, struct figure *figure, struct error *error)
{
    struct summary summary;
    status code =
        summary_of(call->session->state.model->layers, entry->scores, layers, count, &summary, error);
    if (code != STATUS_OK)
        return code;
    struct text name = {0};
    text_add_label(&name, entry);
    table_text(figure, shown_words(figure, &name));
    summary_cells(figure, &summary);
    table_text(figure, needs_name(entry->needs));
    text_free(&name);
    return STATUS_OK;
}

/* What the rankings owe to the choice of images: how far those of two halves of the sample agree, and where
 * that is noise. */
static status agreement_note(const struct call *call, const struct shown_scores *shown, struct figure *figure,
                             struct error *error)
{
    const struct session *session = call->session;
    struct text text = {0};
    double agreement[CHOICES_MAX];
    status code = STATUS_OK;
    for (int i = 0; code == STATUS_OK && i < shown->count; i++) {
        code = board_agreement(session->state.board, session->state.model, shown->entries[i], &agreement[i],
                               error);
        if (code != STATUS_OK || isnan(agreement[i]) || !(shown->entries[i]->needs & PASS_NEEDS))
            continue;
        text_add_format(&text, "%s%s ", text.length ? ", " : "", shown->entries[i]->choice.label);
        text_add_rounded(&text, agreement[i], 3);
    }
    if (text.length)
        figure_note(figure, "rank agreement of the sample's halves: %s", shown_words(figure, &text));
    text_free(&text);
    bool noisy = false;
    for (int i = 0; code == STATUS_OK && i < shown->count; i++)
        noisy |= note_noise(figure, session, shown->entries[i], agreement[i]);
    if (code == STATUS_OK && !noisy)
        note_little_loss(figure, session, shown);
    return code;
}

static void pass_notes(const struct call *call, const struct score_outcome *outcome, struct figure *figure)
{
    const struct score_statistics *statistics = board_statistics(call->session->state.board);
    if (!statistics || (!outcome->passed && !outcome->reused)) {
        figure_note(figure, "from weights alone: no pass was needed");
        return;
    }
    struct text text = {0};
    double images = (double)statistics->images;
    text_add_result(&text, statistics);
    if (text.length)
        figure_note(figure, "on the sample: %s", shown_words(figure, &text));
    if (statistics->measure != QUALITY_LOSS)
        note_judged(figure, call->session->state.model, statistics->probabilities, statistics->images);
    text_clear(&text);
    if (outcome->reused) {
        figure_note(figure, "the gradients of an earlier pass served: no pass was needed");
    } else if (option_flag(&call->options, OPTION_TIMING)) {
        text_add(&text, "one pass in ");
        text_add_rounded(&text, statistics->seconds, 3);
        text_add(&text, " s: ");
        text_add_rounded(&text, images / (statistics->seconds > 0 ? statistics->seconds : 1e-9), 3);
        text_add(&text, " images/s");
        figure_note(figure, "%s", shown_words(figure, &text));
    }
    text_free(&text);
}

/* What to do about an accuracy that makes no sense, where a pass has just found it. */
static status pass_advice(struct call *call, const struct score_outcome *outcome, struct figure *figure,
                          struct error *error)
{
    const struct score_statistics *found = board_statistics(call->session->state.board);
    struct text advice = {0};
    if (!found || (!outcome->passed && !outcome->reused))
        return STATUS_OK;
    const struct found_accuracy accuracy = {call->session->state.model->network, found->measure, found->value,
                                            found->images};
    status code = advise_accuracy(call, &accuracy, &advice, error);
    if (code == STATUS_OK && advice.length)
        figure_note(figure, "%s", shown_words(figure, &advice));
    text_free(&advice);
    return code;
}

static status show_summary(struct call *call, const struct shown_scores *shown, const int *layers, int count,
                           const struct score_outcome *outcome, struct error *error)
{
    struct figure *figure = shown_figure(call->session, FIGURE_TABLE, "scores");
    if (!figure)
        return error_memory(error);
    struct text sample = {0};
    text_add_sample(&sample, call->session);
    figure_title(figure, "Scores of %s: %s", model_title(call->session->state.model),
                 shown_words(figure, &sample));
    text_free(&sample);
    summary_columns(figure, "criterion");
    table_column(figure, "from", NULL, COLUMN_TEXT, 0);
    for (int i = 0; i < shown->count; i++) {
        status code = summary_row(call, shown->entries[i], layers, count, figure, error);
        if (code != STATUS_OK) {
            figure_free(figure);
            return code;
        }
    }
    note_all_lacking(figure, call->session, shown);
    pass_notes(call, outcome, figure);
    status code = pass_advice(call, outcome, figure, error);
    if (code == STATUS_OK)
        code = agreement_note(call, shown, figure, error);
    if (code != STATUS_OK) {
        figure_free(figure);
        return code;
    }
    return reply_figure(call->reply, figure, error);
}

/* Labels that were held before and are not any more. */
static void tell_dropped(const struct call *call, const struct choice *before, int count)
{
    for (int i = 0; i < count; i++) {
        if (!session_entry(call->session, before[i].label))
            reply_add(call->reply, STYLE_NOTE, "%s now needs another pass and was dropped: score %s",
                      before[i].label, before[i].label);
    }
}

static void tell_scored(const struct call *call, const struct shown_scores *shown, const int *layers,
                        int count)
{
    struct text text = {0};
    int64_t filters = 0;
    for (int i = 0; i < count; i++)
        filters += call->session->state.model->layers->items[layers[i]].channels;
    for (int i = 0; i < shown->count; i++)
        text_add_format(&text, "%s%s", i ? ", " : "", shown->entries[i]->choice.label);
    text_add(&text, ": ");
    text_add_thousands(&text, filters);
    text_add_format(&text, " filters in %d %s, ", count, count == 1 ? "layer" : "layers");
    text_add_sample(&text, call->session);
    reply_result(call->reply, &text);
    text_free(&text);
}

static status show_scores(struct call *call, const struct choice *choices, int asked,
                          const struct score_outcome *outcome, struct error *error)
{
    struct shown_scores shown = {.count = 0};
    bool step = false;
    for (int i = 0; i < asked; i++) {
        const struct score_entry *entry = session_entry(call->session, choices[i].label);
        if (!entry)
            continue;
        step |= entry->choice.criterion->points != NULL;
        shown.entries[shown.count++] = entry;
    }
    const struct layers *all = call->session->state.model->layers;
    int *layers = mem_new((size_t)all->count, sizeof *layers), count = 0;
    if (!layers)
        return error_memory(error);
    for (int i = 0; i < all->count; i++) {
        if (!all->items[i].output_layer)
            layers[count++] = i;
    }
    tell_scored(call, &shown, layers, count);
    status code = show_summary(call, &shown, layers, count, outcome, error);
    if (code == STATUS_OK && step)
        code = show_step(call, &shown, layers, count, error);
    mem_free(layers);
    return code;
}

static status run_score(struct call *call, struct error *error)
{
    struct choice choices[CHOICES_MAX], before[CHOICES_MAX];
    struct score_outcome outcome;
    int count, held = call->session->state.board->count;
    bool any = false;
    for (int i = 0; i < held; i++)
        before[i] = call->session->state.board->entries[i].choice;
    for (int i = 0; i < call->session->state.model->layers->count; i++)
        any |= !call->session->state.model->layers->items[i].output_layer;
    if (!any)
        return error_set(error, STATUS_STATE, "every layer of %s is an output layer: nothing can be pruned",
                         call->session->state.model->name);
    status code = asked_choices(call, choices, &count, error);
    if (code == STATUS_OK)
        code = session_score(call->session, choices, count, &call->options, call->progress, &outcome, error);
    if (code != STATUS_OK)
        return code;
    tell_dropped(call, before, held);
    return show_scores(call, choices, count, &outcome, error);
}

static const struct parameter score_arguments[] = {
    {"CRITERIA", VALUE_CRITERIA, PARAMETER_REPEATED, 0, 0, NULL, NULL,
     "all, every, or names with or without a variant"},
    PARAMETER_END,
};
static const int score_options[] = {
    OPTION_ON,      OPTION_SAMPLES,     OPTION_BALANCED, OPTION_ORDER,
    OPTION_AUGMENT, OPTION_MODE,        OPTION_LOSS,     OPTIONS_OF_CRITERIA OPTION_PRECISION,
    OPTION_KERNEL,  OPTION_MICRO_BATCH, OPTION_MEMORY,   OPTION_NONE,
};
static const struct example score_examples[] = {
    {"score all samples=500 balanced=yes seed=1", "scores the four headline criteria on 500 images", false},
    {"score proscore on=test samples=200", "scores on images that the network has not learnt", false},
    {"score l2 random", "adds two criteria that need no pass", false},
    {"score taylor:weight-sum proscore:1", "adds variants beside the criteria as the options have them",
     false},
    EXAMPLE_END,
};

const struct command command_score = {
    .name = "score",
    .arguments = score_arguments,
    .options = score_options,
    .flags = COMMAND_MODEL | COMMAND_LONG | COMMAND_CHANGES | COMMAND_FIGURES | COMMAND_QUIET,
    .help = "compute importance scores",
    .text =
        "Gives every filter a score under each criterion; the least important have the smallest. The "
        "word all stands for l1, taylor, geomedian and proscore, every for all criteria there are. A "
        "variant behind a colon holds several forms of one criterion side by side: taylor:weight, "
        "proscore:filter, proscore:0.1, proscore:inf, proscore:affine:unsigned:10. 'help proscore' gives the "
        "readings of the paper.\n\n"
        "Criteria that look at weights alone need no data. All others share one pass over a sample of "
        "the data set: forward, and backward as far as the criteria need. A later score over the same "
        "sample makes use of the last pass, or of an earlier one that has what is needed. All scores "
        "that are held belong to one sample: scoring another sample brings them along. The images are those "
        "that data opened; on= takes another split of the same data set, so that training images are "
        "scored with while test images stay open to judge on. Of training images that the network knows by "
        "heart next to no gradient is left, and a note says what helps.\n\n"
        "A criterion scores the layers that it can, and a note names the others: bn has no scores of a "
        "layer without BatchNorm. Such layers are left out of what compares criteria, and prune leaves "
        "them alone. A linear layer over a sequence is scored with sums over all its positions. Where "
        "the network ends in Softmax, the loss is taken at the Softmax's input, which a note says.\n\n"
        "Scores are those of the network without the channels that are selected for pruning: a "
        "selection does not change them.\n\n"
        "Options given here stay set, as with the command set. Setting gamma, target, reading, taylor or grad "
        "later computes the scores anew from the last pass.\n\n"
        "PROscore is shown as its logarithm, because the scores themselves differ from 1 by less than "
        "single precision can tell. The column tied counts the filters that share their score with "
        "another one of their layer.",
    .examples = score_examples,
    .run = run_score,
};
