/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What to do about results that make no sense. */
#include "session/commands/advice.h"

#include <math.h>
#include <string.h>

#include "base/digest.h"
#include "base/status.h"
#include "base/text.h"
#include "data/dataset.h"
#include "data/normalization.h"
#include "session/model.h"
#include "session/pass.h"
#include "session/reply.h"
#include "session/shown.h"
#include "session/trial.h"
#include "session/words/option.h"
#include "session/words/quote.h"
#include "view/figure.h"
#include "view/style.h"

/* Fewer than five right answers by chance, and the normal approximation behind the standard error is none. */
enum { LEAST_BY_CHANCE = 5 };
static const double standard_errors = 3, little_better = 0.05;

/* Whether so many right of so many images are what guessing gives, for all that can be told: within three
 * standard errors of one in so many classes, or less than a twentieth of the way from there to all. False
 * where there are too few images to tell. */
static bool accuracy_is_chance(double share, int64_t images, int classes)
{
    if (isnan(share) || classes < 2 || images < (int64_t)LEAST_BY_CHANCE * classes)
        return false;
    double chance = 1.0 / classes, error = sqrt(chance * (1 - chance) / (double)images);
    return share <= chance + fmax(standard_errors * error, little_better * (1 - chance));
}

static void add_percent(struct text *text, double share)
{
    text_add_rounded(text, 100 * share, 3);
    text_add(text, " %");
}

/* The command that opens these images with another normalisation. */
static void add_data_command(struct text *text, const struct dataset *dataset, const char *normalization)
{
    text_add_format(text, "'data %s ", dataset->kind->name);
    if (dataset->path)
        text_add_word(text, dataset->path);
    else
        text_add_format(text, "images=%lld", (long long)dataset->count);
    text_add_format(text, " split=%s", dataset->split);
    if (dataset->labels) {
        text_add(text, " labels=");
        text_add_word(text, dataset->labels);
    }
    if (dataset->prepared)
        text_add_format(text, " %s", dataset->prepared);
    text_add_format(text, " normalize=%s'", normalization);
}

static void add_presets(struct text *text)
{
    for (int i = 0; normalization_name_at(i); i++)
        text_add_format(text, "%s%s", i ? ", " : "", normalization_name_at(i));
}

static void add_words(struct text *text, const struct session *session, const struct trial *trial,
                      double share, bool chance)
{
    const struct dataset *dataset = session->state.dataset;
    if (chance) {
        text_add(text, "accuracy ");
        add_percent(text, share);
        text_add_format(text, " is chance for %d classes", dataset->classes);
    }
    if (trial->better) {
        text_add(text, chance ? "; " : "");
        text_add_format(text, "%lld images normalised by %s give ", (long long)trial->images,
                        dataset->normalization);
        add_percent(text, trial->present);
        text_add_format(text, ", by %s ", trial->better);
        add_percent(text, trial->share);
        text_add(text, ": ");
        add_data_command(text, dataset, trial->better);
    } else if (chance) {
        text_add(text, ", by whichever normalisation (tried: ");
        add_presets(text);
        text_add_format(text, "): did %s learn the classes of %s?", model_title(session->state.model),
                        dataset->kind->name);
    }
}

/* The trial of this network on these images: the last one, or made now. `trial` without images: it would take
 * too long. */
static status bring_trial(struct call *call, struct trial *trial, struct error *error)
{
    struct session *session = call->session;
    struct trial_settings settings = {
        .model = session->state.model,
        .dataset = session->state.dataset,
        .real = options_precision(&call->options),
        .kernel = options_kernel(&call->options),
        .micro_batch = option_integer(&call->options, OPTION_MICRO_BATCH),
        .memory = options_memory(&call->options),
        .progress = call->progress,
    };
    char subject[DIGEST_SIZE];
    pass_subject(settings.model, settings.dataset, subject);
    *trial = session->trial;
    if (strcmp(trial->subject, subject) == 0)
        return STATUS_OK;
    *trial = (struct trial){0};
    if (!trial_images(settings.model, settings.dataset))
        return STATUS_OK;
    status code = session_pool(session, &settings.pool, error);
    if (code == STATUS_OK)
        code = trial_run(&settings, trial, error);
    if (code == STATUS_OK)
        session->trial = *trial;
    return code;
}

status advise_accuracy(struct call *call, const struct found_accuracy *found, struct text *advice,
                       struct error *error)
{
    const struct session *session = call->session;
    const struct model *model = session->state.model;
    const struct dataset *dataset = session->state.dataset;
    const double share = found->share;
    const bool chance =
        found->measure == QUALITY_ACCURACY && accuracy_is_chance(share, found->images, dataset->classes);
    struct trial trial;
    if (strcmp(found->network, model_original(model)->network) != 0 || isnan(share) ||
        !(chance || dataset_is_raw(dataset)))
        return STATUS_OK;
    status code = bring_trial(call, &trial, error);
    if (code != STATUS_OK)
        return code == STATUS_CANCELLED ? STATUS_OK : code;
    if (trial.images) {
        add_words(advice, session, &trial, share, chance);
    } else if (chance) {
        text_add(advice, "accuracy ");
        add_percent(advice, share);
        text_add_format(advice,
                        " is chance for %d classes: are the images normalised as in training (now by "
                        "%s), and their classes the same?",
                        dataset->classes, dataset->normalization);
    }
    return advice->failed ? error_memory(error) : STATUS_OK;
}

/* Of images opened a moment ago: for more, eval is there. */
static const double most_at_once = 2e11; /* multiply-adds of the trial */

static void add_normalization(struct text *text, const struct session *session, const struct trial *trial)
{
    if (trial->better)
        add_words(text, session, trial, trial->present, false);
    else if (!trial->images)
        text_add(text,
                 "pixels are not normalised, which few networks learnt: normalize=imagenet and the like "
                 "do it ('help normalize'), and eval tells whether it is right");
}

void advise_normalization(struct call *call)
{
    const struct session *session = call->session;
    const struct model *model = session->state.model;
    const struct dataset *dataset = session->state.dataset;
    struct error error = {0};
    struct trial trial = {0};
    struct text text = {0};
    if (!model || !dataset->kind->needs_path || !dataset_is_raw(dataset) ||
        strcmp(option_text(&call->options, OPTION_NORMALIZE), "auto") != 0 ||
        strcmp(session->state.pruning->network, model_original(model)->network) != 0 ||
        model_fits(model, dataset, &error) != STATUS_OK)
        return;
    if (trial_cost(model, dataset) <= most_at_once && bring_trial(call, &trial, &error) != STATUS_OK)
        return;
    add_normalization(&text, session, &trial);
    if (text.length)
        reply_add(call->reply, STYLE_NOTE, "note: %s", reply_text(call->reply, &text));
    text_free(&text);
}

void note_training_split(struct figure *figure, const struct dataset *dataset)
{
    if (dataset_is_training(dataset))
        figure_note(figure,
                    "these are images of the training split, which the network may have learnt: split=test "
                    "opens others");
}
