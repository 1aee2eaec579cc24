/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Facts, words and selections shared by the commands. */
#include "session/shown.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "data/augment.h"
#include "data/dataset.h"
#include "data/sampler.h"
#include "nn/engine/aim.h"
#include "nn/engine/loss.h"
#include "nn/engine/network_end.h"
#include "nn/engine/quality.h"
#include "nn/graph/tensor.h"
#include "prune/selection.h"
#include "score/criterion.h"
#include "score/criterion_options.h"
#include "score/layer.h"
#include "session/board.h"
#include "session/model.h"
#include "session/pass_loss.h"
#include "session/session.h"
#include "session/version.h"
#include "session/words/choice.h"
#include "session/words/option.h"

const double least_correlation_span = 0.05;

void number_cell(struct figure *figure, double number)
{
    if (isnan(number))
        table_missing(figure);
    else
        table_number(figure, number);
}

const char *shown_words(struct figure *figure, const struct text *text)
{
    if (figure && text->failed)
        figure->failed = true;
    return text_data(text);
}

/* --- words ---------------------------------------------------------------------------------------------- */

void text_add_shape(struct text *text, const struct shape *shape)
{
    for (int i = 1; i < shape->rank; i++)
        text_add_format(text, "%s%lld", i > 1 ? "x" : "", (long long)shape->dim[i]);
}

void text_add_sample(struct text *text, const struct session *session)
{
    const struct pass *pass = session->state.board->pass;
    if (!pass) {
        text_add(text, "weights only");
        return;
    }
    const struct sample_options *sample = &pass->settings.sample;
    const bool augmented = augmentation_active(&pass->settings.augmentation);
    text_add_thousands(text, pass->sample.count);
    text_add(text, " of ");
    text_add_thousands(text, pass->dataset->count);
    text_add_format(text, " images (%s %s", pass->dataset->kind->name, pass->dataset->split);
    if (sample->balanced)
        text_add(text, ", balanced");
    if (sample->order == SAMPLE_FIRST)
        text_add(text, ", the first");
    if (augmented || (sample->order != SAMPLE_FIRST && pass->sample.count < pass->dataset->count))
        text_add_format(text, ", seed %llu", (unsigned long long)sample->seed);
    if (augmented) {
        text_add(text, ", augment=");
        text_add_augmentation(text, &pass->settings.augmentation);
    }
    if (loss_is_named(&pass->settings.loss)) {
        text_add(text, ", loss ");
        text_add_loss(text, &pass->settings.loss);
    }
    if (pass->settings.training)
        text_add_format(text, ", mode=train in batches of %lld", (long long)pass->settings.batch);
    text_add(text, ")");
}

void text_add_images(struct text *text, int64_t images, const char *split)
{
    const char *words = strcmp(split, "train") == 0 ? "training" : strcmp(split, "all") == 0 ? "" : split;
    text_add_thousands(text, images);
    text_add_format(text, " %s%s%s", words, words[0] ? " " : "", images == 1 ? "image" : "images");
}

void text_add_unanswered(struct text *text, int64_t unanswered, int64_t images)
{
    if (unanswered < images)
        text_add_format(text, "%lld of %lld images have", (long long)unanswered, (long long)images);
    else
        text_add(text, images == 1 ? "the image has" : "all images have");
    text_add(text, " logits that are not numbers");
}

void text_add_result(struct text *text, const struct score_statistics *statistics)
{
    const int64_t images = statistics->images, unanswered = statistics->unanswered;
    if (statistics->measure == QUALITY_LOSS && !isnan(statistics->mean_loss)) {
        text_add(text, "mean loss ");
        text_add_rounded(text, statistics->mean_loss, 4);
    } else if (statistics->measure != QUALITY_LOSS && unanswered < images) {
        if (statistics->measure == QUALITY_MEAN_IOU)
            text_add_format(text, "%s ", quality_words(statistics->measure)->brief);
        text_add_rounded(text, 100 * statistics->value, 4);
        text_add(text, statistics->measure == QUALITY_MEAN_IOU ? " %" : " % right");
        text_add(text, ", mean loss ");
        text_add_rounded(text, statistics->mean_loss, 4);
    }
    if (unanswered) {
        text_add(text, text->length ? "; " : "");
        text_add_unanswered(text, unanswered, images);
    }
}

const char *judged_words(const struct model *model)
{
    static const char *const words[] = {
        [NETWORK_END_LOGITS] = NULL,
        [NETWORK_END_SOFTMAX] = "the network ends in Softmax: loss and gradients are taken at its input",
        [NETWORK_END_LOG_SOFTMAX] =
            "the network ends in LogSoftmax: loss and gradients are taken at its input",
        [NETWORK_END_SIGMOID] = "the network ends in Sigmoid: loss and gradients are those of a softmax "
                                "cross-entropy that takes its outputs, from 0 to 1, for logits",
    };
    return words[model->end];
}

const char *judged_at(const struct model *model)
{
    static const char *const words[] = {
        [NETWORK_END_LOGITS] = NULL,
        [NETWORK_END_SOFTMAX] = "at the input of its Softmax",
        [NETWORK_END_LOG_SOFTMAX] = "at the input of its LogSoftmax",
        [NETWORK_END_SIGMOID] = "at its outputs, taken for logits",
    };
    return words[model->end];
}

void note_judged(struct figure *figure, const struct model *model, int64_t probabilities, int64_t images)
{
    if (judged_words(model))
        figure_note(figure, "%s", judged_words(model));
    else if (probabilities == images)
        figure_note(figure,
                    "the outputs for each image add up to 1: they look like probabilities, but loss and "
                    "gradients take them for logits");
}

void text_add_label(struct text *text, const struct score_entry *entry)
{
    text_add_format(text, "%s%s", entry->choice.criterion->logarithm ? "log " : "", entry->choice.label);
}

void text_add_criterion(struct text *text, const struct score_entry *entry)
{
    text_add_label(text, entry);
    if (!(entry->choice.criterion->options & CRITERION_GAMMA))
        return;
    text_add(text, " (gamma ");
    text_add_double(text, entry->scores->options.gamma);
    const struct criterion_options *options = &entry->scores->options;
    if (options->reading != PROSCORE_PUBLISHED && !(entry->choice.fixes & CRITERION_READING))
        text_add_format(text, ", %s", proscore_reading_name((int)options->reading));
    text_add(text, ")");
}

const char *model_title(const struct model *model)
{
    return path_base(model->name);
}

/* --- facts ---------------------------------------------------------------------------------------------- */

static void real_fact(struct figure *figure, const char *key, double value)
{
    struct text text = {0};
    text_add_double(&text, value);
    figure_fact(figure, key, "%s", shown_words(figure, &text));
    text_free(&text);
}

/* Of a network that is not as loaded any more. */
static void changed_facts(const struct session *session, struct figure *figure)
{
    if (strcmp(session->state.pruning->network, model_original(session->state.model)->network) == 0)
        return;
    figure_fact(figure, "network_hash", "%s", session->state.pruning->network);
    struct text made = {0};
    for (const char *from = session->state.model->made; from && *from; from++)
        text_add_bytes(&made, *from == '\n' ? "; " : from, *from == '\n' ? 2 : 1);
    if (made.length)
        figure_fact(figure, "made", "%s", shown_words(figure, &made));
    text_free(&made);
    if (session->state.pruning->how)
        figure_fact(figure, "selected", "%s", session->state.pruning->how);
}

static const char *data_hash(const void *dataset)
{
    return dataset_digest(dataset);
}

static void free_data(void *dataset)
{
    dataset_free(dataset);
}

static void data_facts(struct dataset *dataset, const char *data, const char *hash, const char *normalize,
                       const char *prepared, struct figure *figure)
{
    figure_fact(figure, data, "%s %s", dataset->kind->name, dataset->split);
    figure_fact_later(figure, hash, data_hash, dataset_retain(dataset), free_data);
    figure_fact(figure, normalize, "%s", dataset->normalization);
    if (dataset->prepared)
        figure_fact(figure, prepared, "%s", dataset->prepared);
}

/* Of the pass that scores came from, perhaps over another data set than the one that is open. */
static void sample_facts(const struct session *session, struct figure *figure)
{
    const struct pass *pass = session->state.board->pass;
    const struct pass_settings *settings = &pass->settings;
    const struct score_statistics *found = pass->statistics;
    if (pass->dataset != session->state.dataset)
        data_facts(pass->dataset, "sample_data", "sample_data_hash", "sample_normalize", "sample_prepared",
                   figure);
    figure_fact(figure, "sample", "%lld of %lld", (long long)pass->sample.count,
                (long long)pass->dataset->count);
    figure_fact(figure, "balanced", "%s", settings->sample.balanced ? "yes" : "no");
    figure_fact(figure, "order", "%s", settings->sample.order == SAMPLE_FIRST ? "first" : "random");
    figure_fact(figure, "seed", "%llu", (unsigned long long)settings->sample.seed);
    if (augmentation_active(&settings->augmentation)) {
        struct text augment = {0};
        text_add_augmentation(&augment, &settings->augmentation);
        figure_fact(figure, "augment", "%s", shown_words(figure, &augment));
        text_free(&augment);
    }
    if (settings->training)
        figure_fact(figure, "mode", "train, batches of %lld", (long long)settings->batch);
    figure_fact(figure, "precision", "%s", element_name(settings->real));
    figure_fact(figure, "kernel", "%s", kernel_name(settings->kernel));
    if (loss_is_named(&settings->loss)) {
        struct text loss = {0};
        text_add_loss(&loss, &settings->loss);
        figure_fact(figure, "loss", "%s", shown_words(figure, &loss));
        text_free(&loss);
    }
    if (*settings->loss.digest)
        figure_fact(figure, "loss_hash", "%s", settings->loss.digest);
    if (settings->loss.kind != AIM_NONE)
        real_fact(figure, "sample_loss", found->mean_loss);
    if (found->measure != QUALITY_LOSS)
        real_fact(figure, found->measure == QUALITY_MEAN_IOU ? "sample_miou" : "sample_accuracy",
                  found->value);
    if (found->unanswered)
        figure_fact(figure, "sample_unanswered", "%lld", (long long)found->unanswered);
}

struct figure *shown_figure(const struct session *session, enum figure_kind kind, const char *name)
{
    struct figure *figure = figure_new(kind, name);
    if (!figure)
        return NULL;
    figure_fact(figure, "program", "%s %s", PROGRAM_NAME, PROGRAM_VERSION);
    if (session->state.model) {
        figure_fact(figure, "model", "%s", session->state.model->name);
        if (session->state.model->architecture)
            figure_fact(figure, "architecture", "%s", session->state.model->architecture);
        figure_fact(figure, "model_hash", "%s", session->state.model->digest);
        changed_facts(session, figure);
        if (judged_at(session->state.model))
            figure_fact(figure, "judged", "%s", judged_at(session->state.model));
    }
    if (session->state.dataset)
        data_facts(session->state.dataset, "data", "data_hash", "normalize", "prepared", figure);
    if (board_statistics(session->state.board))
        sample_facts(session, figure);
    if (session->state.board->count) {
        static const enum option_id told[] = {OPTIONS_OF_CRITERIA};
        for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
            if (told[i] != OPTION_SEED) /* it is a fact of the sample */
                figure_fact(figure, option_at((int)told[i])->parameter.name, "%s",
                            option_text(session->state.options, told[i]));
        }
    }
    return figure;
}

struct figure *shown_card(const struct session *session, const char *name, const char *item,
                          const char *value)
{
    struct figure *figure = shown_figure(session, FIGURE_TABLE, name);
    if (figure) {
        table_column(figure, item, NULL, COLUMN_TEXT, 0);
        table_column(figure, value, NULL, COLUMN_TEXT, 0);
    }
    return figure;
}

void card_row(struct figure *figure, const char *item, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    table_text(figure, item);
    table_text(figure, text);
}

void card_text(struct figure *figure, const char *item, struct text *text)
{
    table_text(figure, item);
    table_text(figure, shown_words(figure, text));
    text_free(text);
}

void card_thousands(struct figure *figure, const char *item, int64_t number)
{
    struct text text = {0};
    text_add_thousands(&text, number);
    card_text(figure, item, &text);
}

/* --- selections ----------------------------------------------------------------------------------------- */

static status add_shown(const struct session *session, const char *label, struct shown_scores *scores,
                        struct error *error)
{
    const struct score_entry *entry = session_entry(session, label);
    if (!entry)
        return error_set(error, STATUS_STATE, "%s is not scored yet: 'score %s' scores it", label, label);
    for (int i = 0; i < scores->count; i++) {
        if (scores->entries[i] == entry)
            return STATUS_OK;
    }
    scores->entries[scores->count++] = entry;
    return STATUS_OK;
}

status shown_scores_add(const struct session *session, const char *text, struct shown_scores *scores,
                        struct error *error)
{
    struct choice choices[CHOICES_MAX];
    int count = 0;
    status code = choices_parse(text, choices, &count, error);
    for (int i = 0; code == STATUS_OK && i < count; i++)
        code = add_shown(session, choices[i].label, scores, error);
    return code;
}

status shown_scores(const struct session *session, const char *text, struct shown_scores *scores,
                    struct error *error)
{
    scores->count = 0;
    if (text)
        return shown_scores_add(session, text, scores, error);
    for (int i = 0; i < session->state.board->count; i++)
        scores->entries[scores->count++] = &session->state.board->entries[i];
    return STATUS_OK;
}

status layer_ranks(const struct session *session, const struct score_entry *entry, int layer, int64_t **ranks,
                   struct error *error)
{
    const struct layer *item = &session->state.model->layers->items[layer];
    size_t channels = (size_t)item->channels;
    *ranks = NULL;
    if (!entry->scores->layer[layer])
        return STATUS_OK;
    int64_t *order = mem_new(channels, sizeof *order);
    *ranks = mem_new(channels, sizeof **ranks);
    status code = order && *ranks ? STATUS_OK : error_memory(error);
    if (code == STATUS_OK &&
        (code = scores_rank(entry->scores->layer[layer], item->channels, order, error)) != STATUS_OK)
        error_prefix(error, "%s, layer '%s': ", entry->choice.label, item->name);
    for (size_t i = 0; code == STATUS_OK && i < channels; i++)
        (*ranks)[order[i]] = (int64_t)i;
    mem_free(order);
    if (code != STATUS_OK) {
        mem_free(*ranks);
        *ranks = NULL;
    }
    return code;
}
