/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words for layers without scores. */
#include "session/lacking.h"

#include <string.h>

#include "base/status.h"
#include "base/text.h"
#include "session/reply.h"
#include "view/style.h"
#include "view/figure.h"

enum { NAMES_SHOWN = 6 };

status entry_check(const struct session *session, const struct score_entry *entry, int layer,
                   struct error *error)
{
    const char *lack = entry->scores->reports[layer].lack;
    return entry->scores->layer[layer]
               ? STATUS_OK
               : error_set(error, STATUS_STATE, "%s has no scores of layer '%s': %s", entry->choice.label,
                           session->state.model->layers->items[layer].name,
                           lack ? lack : "its channels are the network's outputs");
}

status layers_scored_by_all(const struct session *session, const struct shown_scores *shown, int *layers,
                            int *count, struct error *error)
{
    int kept = 0;
    struct error first = {0};
    for (int i = 0; i < *count; i++) {
        status code = STATUS_OK;
        struct error *at = first.code == STATUS_OK ? &first : error;
        for (int k = 0; code == STATUS_OK && k < shown->count; k++)
            code = entry_check(session, shown->entries[k], layers[i], at);
        if (code == STATUS_OK)
            layers[kept++] = layers[i];
    }
    if (kept == 0 && *count > 0) {
        *error = first;
        return error->code;
    }
    *count = kept;
    return STATUS_OK;
}

/* The layers that lack what layer `first` lacks: "bn has no scores of 2 layers: conv1, fc (it has no
 * BatchNorm)". */
static void add_reason(struct text *text, const struct layers *layers, const char *label,
                       const struct scores *scores, int first)
{
    const char *lack = scores->reports[first].lack;
    int count = 0;
    struct text names = {0};
    for (int i = first; i < layers->count; i++) {
        if (!scores->reports[i].lack || strcmp(scores->reports[i].lack, lack) != 0)
            continue;
        if (count++ < NAMES_SHOWN)
            text_add_format(&names, "%s%s", count > 1 ? ", " : "", layers->items[i].name);
    }
    if (count > NAMES_SHOWN)
        text_add_format(&names, " and %d more", count - NAMES_SHOWN);
    text_add_format(text, "%s has no scores of %d layer%s: %s (%s)", label, count, count > 1 ? "s" : "",
                    text_data(&names), lack);
    text->failed |= names.failed;
    text_free(&names);
}

/* The first layer from `from` on whose reason no earlier layer has; -1: there is none. */
static int next_reason(const struct scores *scores, int from)
{
    for (int i = from; i < scores->layer_count; i++) {
        bool made = scores->reports[i].lack != NULL;
        for (int k = 0; made && k < i; k++)
            made = !scores->reports[k].lack || strcmp(scores->reports[k].lack, scores->reports[i].lack) != 0;
        if (made)
            return i;
    }
    return -1;
}

void note_lacking(struct figure *figure, const struct session *session, const struct score_entry *entry)
{
    for (int i = next_reason(entry->scores, 0); figure && i >= 0; i = next_reason(entry->scores, i + 1)) {
        struct text text = {0};
        add_reason(&text, session->state.model->layers, entry->choice.label, entry->scores, i);
        figure_note(figure, "%s", shown_words(figure, &text));
        text_free(&text);
    }
}

void note_all_lacking(struct figure *figure, const struct session *session, const struct shown_scores *shown)
{
    for (int i = 0; i < shown->count; i++)
        note_lacking(figure, session, shown->entries[i]);
}

void reply_lacking(const struct session *session, struct reply *reply, const char *label,
                   const struct scores *scores)
{
    for (int i = next_reason(scores, 0); i >= 0; i = next_reason(scores, i + 1)) {
        struct text text = {0};
        add_reason(&text, session->state.model->layers, label, scores, i);
        reply_add(reply, STYLE_NOTE, "%s: only channels that another layer scores go there",
                  reply_text(reply, &text));
        text_free(&text);
    }
}
