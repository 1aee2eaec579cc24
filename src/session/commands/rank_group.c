/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The channels of a layer, ranked by group scores. */
#include "session/commands/rank_group.h"

#include <math.h>

#include "base/memory.h"
#include "base/order.h"
#include "base/status.h"
#include "base/text.h"
#include "prune/coupling.h"
#include "prune/group_score.h"
#include "prune/selection.h"
#include "session/commands/chosen.h"
#include "session/commands/grouping.h"
#include "session/ratio.h"
#include "session/reply.h"
#include "session/shown.h"
#include "session/what_if.h"
#include "session/words/option.h"
#include "view/figure.h"

struct group_ranking {
    const struct call *call;
    int layer;
    const struct score_entry *entry;
    struct group_rule rule;
    double *class_score; /* per class */
    int64_t *channels;   /* those that have a score, least important first */
    int64_t count;
    bool *goes; /* per class: at the ratio */
};

static const struct coupling *coupling_of(const struct group_ranking *ranking)
{
    return ranking->call->session->state.model->coupling;
}

static status refuse(const struct group_ranking *ranking, struct error *error)
{
    const struct coupling *coupling = coupling_of(ranking);
    const struct layer *layer = call_layer(ranking->call, ranking->layer);
    const int lock = coupling->classes[coupling->layer_classes[ranking->layer][0]].lock;
    if (lock >= 0)
        return error_set(error, STATUS_STATE, "layer %s is locked: %s", layer->name,
                         lock_text(coupling, &coupling->locks[lock]));
    return error_set(error, STATUS_STATE, "nothing that goes with the channels of layer %s has a %s score",
                     layer->name, ranking->entry->choice.label);
}

/* The channels with a score in order. */
static status order_channels(struct group_ranking *ranking, struct error *error)
{
    const int *classes = coupling_of(ranking)->layer_classes[ranking->layer];
    const int64_t channels = call_layer(ranking->call, ranking->layer)->channels;
    double *scores = mem_new((size_t)channels, sizeof *scores);
    int64_t *scored = mem_new((size_t)channels, sizeof *scored);
    int64_t *order = mem_new((size_t)channels, sizeof *order);
    bool complete = scores && scored && order;
    for (int64_t i = 0; complete && i < channels; i++) {
        if (isnan(ranking->class_score[classes[i]]))
            continue;
        scores[ranking->count] = ranking->class_score[classes[i]];
        scored[ranking->count++] = i;
    }
    status code = complete ? order_of(scores, ranking->count, order, error) : error_memory(error);
    for (int64_t i = 0; code == STATUS_OK && i < ranking->count; i++)
        ranking->channels[i] = scored[order[i]];
    mem_free(scores);
    mem_free(scored);
    mem_free(order);
    return code;
}

/* Which classes would go, block by block, whatever is kept or excluded elsewhere. */
static status find_fate(struct group_ranking *ranking, struct error *error)
{
    const struct call *call = ranking->call;
    const struct coupling *coupling = coupling_of(ranking);
    const struct select_options options = {.rounding =
                                               (enum rounding)option_integer(&call->options, OPTION_ROUND),
                                           .round_to = 1,
                                           .minimum = 1,
                                           .cap = 1};
    const int group = coupling->layer_group[ranking->layer];
    struct selection selection;
    double *ratios = mem_new((size_t)coupling->block_count + 1, sizeof *ratios);
    if (!ratios)
        return error_memory(error);
    for (int i = 0; i < coupling->block_count; i++)
        if (coupling->blocks[i].group == group && !coupling->blocks[i].locked)
            ratios[i] = call_block_ratio(call, i);
    status code = select_by_ratio(coupling, ranking->class_score, ratios, &options, &selection, error);
    mem_free(ratios);
    if (code != STATUS_OK)
        return code;
    for (int i = 0; i < coupling->class_count; i++)
        ranking->goes[i] = selection.removed[i];
    selection_free(&selection);
    return STATUS_OK;
}

static status fill(struct group_ranking *ranking, struct error *error)
{
    const struct coupling *coupling = coupling_of(ranking);
    const struct session *session = ranking->call->session;
    ranking->class_score = mem_new((size_t)coupling->class_count + 1, sizeof *ranking->class_score);
    ranking->goes = mem_new((size_t)coupling->class_count + 1, sizeof *ranking->goes);
    ranking->channels =
        mem_new((size_t)call_layer(ranking->call, ranking->layer)->channels, sizeof *ranking->channels);
    if (!ranking->class_score || !ranking->goes || !ranking->channels)
        return error_memory(error);
    status code = group_scores(coupling, ranking->entry->scores, entry_statistics(session, ranking->entry),
                               &ranking->rule, ranking->class_score, error);
    if (code == STATUS_OK)
        code = order_channels(ranking, error);
    if (code == STATUS_OK && ranking->count == 0)
        code = refuse(ranking, error);
    return code == STATUS_OK ? find_fate(ranking, error) : code;
}

static void tell(const struct group_ranking *ranking)
{
    enum { TOLD = 5 };
    const int *classes = coupling_of(ranking)->layer_classes[ranking->layer];
    int64_t pruned = 0;
    struct text text = {0};
    for (int64_t i = 0; i < ranking->count; i++)
        pruned += ranking->goes[classes[ranking->channels[i]]];
    text_add_format(&text, "%s by %s of all that goes with a channel: least important",
                    call_layer(ranking->call, ranking->layer)->name, ranking->entry->choice.label);
    for (int64_t i = 0; i < ranking->count && i < TOLD; i++)
        text_add_format(&text, "%s %lld", i ? "," : "", (long long)ranking->channels[i]);
    text_add_format(&text, "; %lld of %lld would go at ratio ", (long long)pruned,
                    (long long)call_layer(ranking->call, ranking->layer)->channels);
    text_add_ratios(&text, ranking->call, &ranking->layer, 1);
    reply_result(ranking->call->reply, &text);
    text_free(&text);
}

static void title(const struct group_ranking *ranking, struct figure *figure)
{
    struct text criterion = {0}, sample = {0};
    text_add_criterion(&criterion, ranking->entry);
    text_add_grouping(&criterion, &ranking->rule);
    text_add_sample(&sample, ranking->call->session);
    figure_title(figure, "Channels of %s with all that goes with them by %s, least important first: %s",
                 call_layer(ranking->call, ranking->layer)->name, shown_words(figure, &criterion),
                 shown_words(figure, &sample));
    text_free(&criterion);
    text_free(&sample);
}

static void rows(const struct group_ranking *ranking, int64_t count, struct figure *figure)
{
    const int *classes = coupling_of(ranking)->layer_classes[ranking->layer];
    table_column(figure, "rank", NULL, COLUMN_INTEGER, 0);
    table_column(figure, "channel", NULL, COLUMN_INTEGER, 0);
    table_column(figure, ranking->entry->choice.label, NULL, COLUMN_REAL, 6);
    table_column(figure, "fate", NULL, COLUMN_TEXT, 0);
    for (int64_t i = 0; i < count; i++) {
        const int class_index = classes[ranking->channels[i]];
        table_number(figure, (double)i + 1);
        table_number(figure, (double)ranking->channels[i]);
        table_number(figure, ranking->class_score[class_index]);
        table_text(figure, ranking->goes[class_index] ? "pruned" : "kept");
        if (ranking->goes[class_index])
            table_emphasize(figure);
    }
}

status rank_group(struct call *call, int layer, const struct score_entry *entry, int64_t count,
                  struct error *error)
{
    struct group_ranking ranking = {
        .call = call, .layer = layer, .entry = entry, .rule = call_grouping(call, NULL, 0)};
    struct figure *figure = NULL;
    status code = fill(&ranking, error);
    if (code == STATUS_OK) {
        figure = shown_figure(call->session, FIGURE_TABLE, "rank");
        code = figure ? STATUS_OK : error_memory(error);
    }
    if (code == STATUS_OK) {
        const int64_t shown = count == 0 || count > ranking.count ? ranking.count : count;
        title(&ranking, figure);
        rows(&ranking, shown, figure);
        if (shown < ranking.count)
            figure_note(figure, "%lld of %lld channels shown (count=auto shows all)", (long long)shown,
                        (long long)ranking.count);
        reply_filters_alone(call->reply, entry->choice.label, entry->scores, &ranking.rule);
        tell(&ranking);
        code = reply_figure(call->reply, figure, error);
    }
    mem_free(ranking.class_score);
    mem_free(ranking.goes);
    mem_free(ranking.channels);
    return code;
}
