/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words for rankings that are noise. */
#include "session/noise.h"

#include <math.h>

#include "base/status.h"
#include "base/text.h"
#include "data/dataset.h"
#include "session/board.h"
#include "view/figure.h"

/* Spearman's coefficient of the halves below which a ranking is called noise. Of two halves that agree by 0.2
 * the whole sample's ranking has, by Spearman and Brown's formula, a reliability of a third. */
static const double noise_agreement = 0.2;

enum { MORE_IMAGES = 10 }; /* times as many are advised */

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

void note_noise(struct figure *figure, const struct session *session, const struct score_entry *entry,
                double agreement)
{
    const struct pass *pass = session->state.board->pass;
    struct text text = {0};
    if (!(agreement < noise_agreement) || !pass)
        return;
    text_add_format(&text, "%s's ranking is mostly noise on these ", entry->choice.label);
    text_add_thousands(&text, pass->sample.count);
    text_add(&text, " images (halves agree ");
    text_add_rounded(&text, agreement, 2);
    text_add(&text, "): ");
    add_advice(&text, pass);
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
