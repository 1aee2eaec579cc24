/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a selection leaves. */
#include "session/what_if.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "data/dataset.h"
#include "nn/engine/quality.h"
#include "prune/cost.h"
#include "prune/coupling.h"
#include "prune/group_score.h"
#include "prune/selection.h"
#include "session/board.h"
#include "session/lacking.h"
#include "session/measurement.h"
#include "session/model.h"
#include "session/noise.h"
#include "session/pruning.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/shown.h"
#include "session/target.h"
#include "session/whole_blocks.h"
#include "view/figure.h"

enum { NOTES_MAX = 8, BLOCKS_NAMED = 6 };

/* --- words ---------------------------------------------------------------------------------------------- */

struct ratio_range {
    double low, high;
    int blocks; /* with a ratio over 0 */
};

static struct ratio_range ratio_range(const struct pruning *pruning)
{
    struct ratio_range range = {.low = 1};
    for (int i = 0; i < pruning->block_count; i++) {
        if (!(pruning->ratio[i] > 0))
            continue;
        range.low = pruning->ratio[i] < range.low ? pruning->ratio[i] : range.low;
        range.high = pruning->ratio[i] > range.high ? pruning->ratio[i] : range.high;
        range.blocks++;
    }
    return range;
}

static void add_ratios(struct text *text, const struct pruning *pruning)
{
    struct ratio_range range = ratio_range(pruning);
    if (!range.blocks) {
        text_add(text, ", ratio 0");
        return;
    }
    text_add(text, range.low == range.high ? ", ratio " : ", ratios ");
    text_add_double(text, range.low);
    if (range.low != range.high) {
        text_add(text, " to ");
        text_add_double(text, range.high);
    }
    text_add_format(text, " of %d %s", range.blocks, range.blocks == 1 ? "block" : "blocks");
}

/* "ratios: conv1 0.15, layer1.0.conv1 0.4\n" where the blocks of a selection have different ones. */
static void add_each_ratio(struct text *text, const struct model *model, const struct pruning *pruning)
{
    struct ratio_range range = ratio_range(pruning);
    const struct coupling *coupling = model->coupling;
    bool first = true;
    if (pruning->rule.global || range.low >= range.high)
        return;
    for (int i = 0; i < pruning->block_count; i++) {
        if (!(pruning->ratio[i] > 0))
            continue;
        text_add(text, first ? "ratios: " : ", ");
        text_add_escaped(text, coupling->layers->items[coupling->blocks[i].layers[0]].name, 0);
        text_add(text, " ");
        text_add_double(text, pruning->ratio[i]);
        first = false;
    }
    text_add(text, "\n");
}

void text_add_selection(struct text *text, const char *what, const struct model *model,
                        const struct pruning *pruning)
{
    text_add_format(text, "%s: %s\n", what, pruning->how);
    if (pruning->scored_on[0])
        text_add_format(text, "sample_data_hash: %s\n", pruning->scored_on);
    add_each_ratio(text, model, pruning);
}

void text_add_grouping(struct text *text, const struct group_rule *rule)
{
    const struct group_rule own = group_rule_of(rule->compat);
    if (rule->compat != COMPAT_PAPER)
        text_add_format(text, ", as %s", compat_name((int)rule->compat));
    if (rule->members != own.members)
        text_add_format(text, ", members %s", member_set_name((int)rule->members));
    if (rule->combine != own.combine)
        text_add_format(text, ", combine %s", combination_name((int)rule->combine));
    if (rule->normaliser != own.normaliser)
        text_add_format(text, ", normaliser %s", normaliser_name((int)rule->normaliser));
}

void text_add_rule(struct text *text, const struct session *session, const struct pruning *pruning)
{
    const struct pruning_rule *rule = &pruning->rule;
    const struct score_entry *entry = session_entry(session, rule->criterion);
    if (entry)
        text_add_criterion(text, entry);
    else
        text_add(text, rule->criterion);
    if (rule->global) {
        text_add(text, ", global ratio ");
        text_add_double(text, rule->ratio);
    } else if (rule->blocks == 0 || pruning_has_ratio(pruning)) {
        add_ratios(text, pruning);
    }
    if (rule->global && rule->options.scope != RANK_NETWORK)
        text_add_format(text, ", rank %s", rank_scope_name((int)rule->options.scope));
    if (rule->blocks > 0) {
        text_add_format(text, ", %lld whole %s (", (long long)rule->blocks,
                        rule->blocks == 1 ? "block" : "blocks");
        text_add_whole_blocks(text, session->state.model, pruning, BLOCKS_NAMED);
        text_add(text, ")");
    }
    if (rule->options.rounding != ROUND_FLOOR)
        text_add_format(text, ", round %s", rounding_name((int)rule->options.rounding));
    if (rule->options.round_to > 1)
        text_add_format(text, ", round_to %lld", (long long)rule->options.round_to);
    if (rule->options.minimum > 1)
        text_add_format(text, ", min %lld", (long long)rule->options.minimum);
    if (rule->options.cap < 1) {
        text_add(text, ", cap ");
        text_add_double(text, rule->options.cap);
    }
    text_add_grouping(text, &rule->grouping);
    if (entry && (entry->needs & PASS_NEEDS)) {
        text_add(text, ", scored on ");
        text_add_sample(text, session);
    }
}

status keep_rule_text(const struct session *session, struct pruning *pruning, struct error *error)
{
    struct text text = {0};
    const struct score_entry *entry = session_entry(session, pruning->rule.criterion);
    text_add_rule(&text, session, pruning);
    pruning->scored_on[0] = '\0';
    if (entry && (entry->needs & PASS_NEEDS))
        snprintf(pruning->scored_on, sizeof pruning->scored_on, "%s",
                 dataset_digest(session->state.board->pass->dataset));
    mem_free(pruning->how);
    pruning->how = text.failed || !pruning->removed_count ? NULL : mem_string(text_data(&text));
    bool failed = text.failed || (pruning->removed_count && !pruning->how);
    text_free(&text);
    return failed ? error_memory(error) : STATUS_OK;
}

void text_add_percent_change(struct text *text, double before, double after)
{
    double change = before > 0 ? 100 * (after - before) / before : 0;
    text_add_format(text, "%s%.1f %%", change > 0 ? "+" : "", change == 0 ? 0.0 : change);
}

static void add_amount(struct text *text, double amount, bool si)
{
    if (si)
        text_add_si(text, amount, 5);
    else
        text_add_thousands(text, (int64_t)amount);
}

void text_add_change(struct text *text, double before, double after, bool si)
{
    add_amount(text, before, si);
    if (before == after)
        return;
    text_add(text, " to ");
    add_amount(text, after, si);
    text_add(text, " (");
    text_add_percent_change(text, before, after);
    text_add(text, ")");
}

void text_add_measured(struct text *text, const struct measurement *measurement)
{
    if (measurement->unanswered == measurement->images) {
        text_add_unanswered(text, measurement->unanswered, measurement->images);
        return;
    }
    if (isnan(measurement->value)) {
        text_add(text, "no pixel of the images is labelled");
        return;
    }
    text_add_rounded(text, 100 * measurement->value, 4);
    text_add(text, " +- ");
    text_add_rounded(text, 100 * measurement->error, 2);
    text_add(text, " % of ");
    text_add_images(text, measurement->images, measurement->on.split);
    if (measurement->restored)
        text_add(text, " (session file)");
    if (measurement->unanswered) {
        text_add(text, "; ");
        text_add_unanswered(text, measurement->unanswered, measurement->images);
    }
}

void text_add_accuracy(struct text *text, const struct session *session)
{
    const struct measurements *all = &session->measurements;
    const struct measurement *now = measurements_find(all, session->state.pruning->network, NULL);
    const struct measurement *first =
        measurements_find(all, model_original(session->state.model)->network, NULL);
    if (now)
        text_add_measured(text, now);
    else
        text_add(text, first ? "stale: changed since it was measured" : "not measured");
}

void text_add_baseline(struct text *text, const struct session *session)
{
    const struct measurements *all = &session->measurements;
    const struct measurement *now = measurements_find(all, session->state.pruning->network, NULL);
    const char *original = model_original(session->state.model)->network;
    const struct measurement *first = measurements_find(all, original, now ? &now->on : NULL);
    if (first && first != now)
        text_add_measured(text, first);
}

/* --- the table ------------------------------------------------------------------------------------------ */

static bool layer_changes(const struct layer_cost *before, const struct layer_cost *after)
{
    return before->channels != after->channels || before->parameters != after->parameters ||
           before->macs != after->macs;
}

static void cost_columns(struct figure *figure)
{
    static const struct {
        const char *name;
        enum column_kind kind;
        int priority;
    } columns[] = {
        {"layer", COLUMN_TEXT, 9},   {"kept", COLUMN_INTEGER, 8},       {"of", COLUMN_INTEGER, 7},
        {"share", COLUMN_BAR, 1},    {"parameters", COLUMN_INTEGER, 4}, {"left", COLUMN_INTEGER, 5},
        {"MACs", COLUMN_INTEGER, 2}, {"MACs left", COLUMN_INTEGER, 3},
    };
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        table_column(figure, columns[i].name, NULL, columns[i].kind, 0);
        table_priority(figure, columns[i].priority);
    }
}

static void cost_row(struct figure *figure, const char *name, int64_t kept, int64_t channels,
                     const double *amounts)
{
    table_text(figure, name);
    if (strcmp(name, "total") == 0)
        table_emphasize(figure);
    table_number(figure, (double)kept);
    table_number(figure, (double)channels);
    table_number(figure, channels ? (double)kept / (double)channels : 0);
    for (int i = 0; i < 4; i++)
        table_number(figure, amounts[i]);
}

/* What belongs to no layer, where some of it goes. */
static void other_row(struct figure *figure, int64_t before, int64_t after)
{
    if (before == after)
        return;
    table_text(figure, cost_other_name);
    for (int i = 0; i < 3; i++)
        table_missing(figure);
    table_number(figure, (double)before);
    table_number(figure, (double)after);
    table_missing(figure);
    table_missing(figure);
}

static void selection_rows(const struct session *session, struct figure *figure)
{
    const struct cost *before = &session->state.model->cost;
    const struct cost *after = pruning_cost(session->state.pruning, session->state.model);
    for (int i = 0; i < before->layer_count; i++) {
        const struct layer_cost *whole = &before->layers[i], *left = &after->layers[i];
        double amounts[] = {(double)whole->parameters, (double)left->parameters, whole->macs, left->macs};
        if (layer_changes(whole, left))
            cost_row(figure, session->state.model->layers->items[i].name, left->channels, whole->channels,
                     amounts);
    }
    other_row(figure, before->other_parameters, after->other_parameters);
    double totals[] = {(double)before->parameters, (double)after->parameters, before->macs, after->macs};
    cost_row(figure, "total", after->channels, before->channels, totals);
}

/* --- warnings ------------------------------------------------------------------------------------------- */

/* A block is cut by classes, which may have several channels of a layer. */
static const char *warned_unit(const struct coupling *coupling, const struct select_warning *warning)
{
    if (warning->block < 0)
        return "channels";
    const struct block *block = &coupling->blocks[warning->block];
    return block_channels(coupling, block) == block->class_count ? "channels" : "classes";
}

static void note_warnings(const struct session *session, struct figure *figure)
{
    const struct pruning *pruning = session->state.pruning;
    for (size_t i = 0; i < pruning->warning_count; i++) {
        const struct select_warning *warning = &pruning->warnings[i];
        struct text text = {0};
        if (i == NOTES_MAX) {
            figure_note(figure, "and %zu more of the kind", pruning->warning_count - i);
            return;
        }
        if (warning->block >= 0)
            text_add_block(&text, session->state.model->coupling, warning->block);
        else
            text_add(&text, "the network");
        text_add_format(&text, ": %lld %s go, not %lld as asked: %s", (long long)warning->done,
                        warned_unit(session->state.model->coupling, warning), (long long)warning->asked,
                        warning->why);
        figure_note(figure, "%s", shown_words(figure, &text));
        text_free(&text);
    }
}

/* Layers that keep less than a tenth of their channels, or one of several; none: they go with their block. */
static void note_nearly_empty(const struct session *session, struct figure *figure)
{
    const struct cost *before = &session->state.model->cost;
    const struct cost *after = pruning_cost(session->state.pruning, session->state.model);
    int count = 0;
    for (int i = 0; i < before->layer_count; i++) {
        int64_t kept = after->layers[i].channels, of = before->layers[i].channels;
        if (kept == 0 || kept == of || (kept > 1 && kept * 10 >= of) || count++ >= NOTES_MAX)
            continue;
        figure_note(figure, "layer %s is nearly empty: it keeps %lld of %lld channels",
                    session->state.model->layers->items[i].name, (long long)kept, (long long)of);
    }
    if (count > NOTES_MAX)
        figure_note(figure, "and %d more layers are nearly empty", count - NOTES_MAX);
}

static void note_totals(const struct session *session, struct figure *figure)
{
    const struct cost *before = &session->state.model->cost;
    const struct cost *after = pruning_cost(session->state.pruning, session->state.model);
    struct text text = {0};
    text_add(&text, "parameters ");
    text_add_change(&text, (double)before->parameters, (double)after->parameters, false);
    figure_note(figure, "%s", shown_words(figure, &text));
    text_clear(&text);
    text_add(&text, "multiply-adds ");
    text_add_change(&text, before->macs, after->macs, true);
    figure_note(figure, "%s", shown_words(figure, &text));
    text_clear(&text);
    text_add_format(&text, "%s: ", quality_words(model_measure(session->state.model))->card);
    text_add_accuracy(&text, session);
    figure_note(figure, "%s", shown_words(figure, &text));
    text_clear(&text);
    text_add_baseline(&text, session);
    if (text.length)
        figure_note(figure, "before all changes: %s", shown_words(figure, &text));
    text_free(&text);
}

/* "120 channels in 8 layers, MACs -41.0 %, parameters -38.2 %", or "nothing is selected". */
static void text_add_selected(struct text *text, const struct session *session)
{
    const struct cost *before = &session->state.model->cost;
    const struct cost *after = pruning_cost(session->state.pruning, session->state.model);
    int64_t channels = 0;
    int layers = 0;
    for (int i = 0; i < before->layer_count; i++) {
        channels += before->layers[i].channels - after->layers[i].channels;
        layers += before->layers[i].channels != after->layers[i].channels;
    }
    if (!channels) {
        text_add(text, "nothing is selected");
        return;
    }
    text_add_thousands(text, channels);
    text_add_format(text, channels == 1 ? " channel in %d %s, MACs " : " channels in %d %s, MACs ", layers,
                    layers == 1 ? "layer" : "layers");
    text_add_percent_change(text, before->macs, after->macs);
    text_add(text, ", parameters ");
    text_add_percent_change(text, (double)before->parameters, (double)after->parameters);
}

static void tell_selected(const struct session *session, struct reply *reply)
{
    struct text text = {0};
    if (session->state.pruning->how)
        text_add_format(&text, "%s: ", session->state.pruning->how);
    text_add_selected(&text, session);
    reply_result(reply, &text);
    text_free(&text);
}

status show_selection(const struct session *session, struct reply *reply, const char *name,
                      struct error *error)
{
    struct figure *figure = shown_figure(session, FIGURE_TABLE, name);
    status code = STATUS_OK;
    if (figure) {
        figure_title(figure, "%s: %s", model_title(session->state.model),
                     session->state.pruning->how ? session->state.pruning->how : "nothing is selected");
        cost_columns(figure);
        selection_rows(session, figure);
        note_totals(session, figure);
        note_whole_blocks(figure, session->state.model, session->state.pruning);
        note_warnings(session, figure);
        const struct score_entry *entry = session_entry(session, session->state.pruning->rule.criterion);
        if (entry && session->state.pruning->how) {
            const struct shown_scores shown = {.entries = {entry}, .count = 1};
            note_lacking(figure, session, entry);
            code = note_all_noise(figure, session, &shown, error);
        }
        note_nearly_empty(session, figure);
    }
    if (code != STATUS_OK) {
        figure_free(figure);
        return code;
    }
    tell_selected(session, reply);
    return reply_figure(reply, figure, error);
}
