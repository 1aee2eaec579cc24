/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words for rankings that are noise. */
#include "session/noise.h"

#include <math.h>
#include <string.h>

#include "base/status.h"
#include "base/text.h"
#include "data/augment.h"
#include "data/dataset.h"
#include "nn/engine/aim.h"
#include "score/layer.h"
#include "score/score.h"
#include "session/board.h"
#include "session/model.h"
#include "session/scored_images.h"
#include "view/figure.h"

/* Spearman's coefficient of the halves below which a ranking is called noise. Of two halves that agree by 0.2
 * the whole sample's ranking has, by Spearman and Brown's formula, a reliability of a third. */
static const double noise_agreement = 0.2;

enum { MORE_IMAGES = 10 }; /* times as many are advised */

/* The mean loss below which there is too little of it. ResNet-20 and ResNet-56 have 0.001 to 0.02 on the
 * images of CIFAR-10 that they learnt, and over 0.3 on others. Of ResNet-56 a twentieth of the former make 93
 * % of what gradients there are at the logits, one hundredth two thirds (of the latter 14 %); the halves of
 * 500 images agree about Taylor's ranking by 0.4 to 0.5 (by 0.7). */
static const double little_loss = 0.02;

static bool has_little_loss(const struct pass *pass)
{
    return pass->statistics && pass->settings.loss.kind == AIM_LABELS &&
           pass->statistics->mean_loss < little_loss; /* not NaN */
}

/* The network may have been trained with crops and flips, and knows them; resized crops are not for all
 * images. NULL: the images are augmented so already. */
static const char *other_augmentation(const struct pass *pass)
{
    const bool simple = pass->dataset->label_map || pass->dataset->finished;
    const struct augmentation *now = &pass->settings.augmentation;
    if (simple)
        return augmentation_active(now) ? NULL : "crop,flip";
    return now->resized_crop ? NULL : "resized-crop,flip";
}

static void add_way(struct text *text, bool *any, const char *what, const char *option, const char *value)
{
    text_add_format(text, "%s%s (%s=%s)", *any ? ", " : "try ", what, option, value);
    *any = true;
}

/* False, and nothing added, where nothing is left to try. */
static bool add_other_images(struct text *text, const struct pass *pass, const struct model *model)
{
    const char *augment = other_augmentation(pass);
    bool any = false;
    if (dataset_is_training(pass->dataset) && unseen_split(pass->dataset->kind))
        add_way(text, &any, "images that the network has not learnt", "on", "test");
    if (augment)
        add_way(text, &any, "these seen in another way", "augment", augment);
    if (!pass->settings.training && layers_normed(model->layers))
        add_way(text, &any, "statistics of batches", "mode", "train");
    return any;
}

static void add_loss(struct text *text, const struct pass *pass)
{
    text_add(text, " (mean ");
    text_add_rounded(text, pass->statistics->mean_loss, 2);
    text_add(text, ")");
}

static void add_advice(struct text *text, const struct pass *pass)
{
    int64_t images = pass->sample.count, all = pass->dataset->count;
    if (images == all)
        text_add(text, "more images do not exist here");
    else if (images > all / MORE_IMAGES)
        text_add(text, "try samples=all");
    else
        text_add_format(text, "try samples=%lld", (long long)(MORE_IMAGES * images));
}

bool note_noise(struct figure *figure, const struct session *session, const struct score_entry *entry,
                double agreement)
{
    const struct pass *pass = session->state.board->pass;
    struct text text = {0};
    if (!(agreement < noise_agreement) || !pass)
        return false;
    const bool little = has_little_loss(pass) && (entry->needs & (NEED_GRADIENTS | NEED_WEIGHT_GRADIENTS));
    text_add_format(&text, "%s's ranking is mostly noise on these ", entry->choice.label);
    text_add_thousands(&text, pass->sample.count);
    text_add(&text, " images (halves agree ");
    text_add_rounded(&text, agreement, 2);
    text_add(&text, ")");
    if (little) {
        text_add(&text, ", with next to no loss");
        add_loss(&text, pass);
    }
    text_add(&text, ": ");
    if (!little || !add_other_images(&text, pass, session->state.model))
        add_advice(&text, pass);
    figure_note(figure, "%s", shown_words(figure, &text));
    text_free(&text);
    return true;
}

void note_little_loss(struct figure *figure, const struct session *session, const struct shown_scores *shown)
{
    const struct pass *pass = session->state.board->pass;
    struct text text = {0};
    unsigned needs = 0;
    for (int i = 0; i < shown->count; i++)
        needs |= shown->entries[i]->needs;
    if (!pass || !has_little_loss(pass) || !(needs & (NEED_GRADIENTS | NEED_WEIGHT_GRADIENTS)))
        return;
    text_add(&text, "next to no loss on these ");
    text_add_thousands(&text, pass->sample.count);
    text_add(&text, " images");
    add_loss(&text, pass);
    text_add(&text, ": few of them make nearly all of the gradients, and what their signs decide is noise; ");
    if (add_other_images(&text, pass, session->state.model))
        figure_note(figure, "%s", shown_words(figure, &text));
    text_free(&text);
}

status note_all_noise(struct figure *figure, const struct session *session, const struct shown_scores *shown,
                      struct error *error)
{
    status code = STATUS_OK;
    for (int i = 0; code == STATUS_OK && i < shown->count; i++) {
        double agreement;
        code =
            board_agreement(session->state.board, session->state.model, shown->entries[i], &agreement, error);
        if (code == STATUS_OK)
            note_noise(figure, session, shown->entries[i], agreement);
    }
    return code;
}
