/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Model: what the network costs and how well it does, before and after, and what the ratios would leave. */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "session/live.h"
#include "session/measurement.h"
#include "session/model.h"
#include "session/pruning.h"
#include "session/shown.h"
#include "session/what_if.h"
#include "session/words/panes.h"
#include "tui/grid.h"
#include "tui/pane.h"
#include "view/cells/canvas.h"
#include "view/style.h"

enum { LABEL = 12, COMPACT = 46, ROWS_MOST = 12 };

struct model_view {
    int top; /* the first row shown */
};

struct card {
    struct canvas *grid;
    const struct rect *room;
    int line, top;
    bool compact;
};

static void row(struct card *card, const char *label, enum cell_style style, const struct text *value)
{
    int line = card->line++ - card->top, column = card->compact ? LABEL - 3 : LABEL;
    struct rect name = {card->room->column, card->room->line, column, card->room->height};
    if (line < 0 || line >= card->room->height)
        return;
    grid_text(card->grid, &name, line, 0, STYLE_HEADER, label);
    draw_cut(card->grid, card->room, line, column, style, text_data(value));
}

/* "853,018 to 601,234 (-29.5 %)", or where room is short "601,234 (-29.5 %)". */
static void cost_row(struct card *card, const char *label, double before, double after, bool si)
{
    struct text text = {0};
    if (card->compact && before != after) {
        if (si)
            text_add_si(&text, after, 3);
        else
            text_add_thousands(&text, (int64_t)after);
        text_add(&text, " ");
        text_add_percent_change(&text, before, after);
    } else {
        text_add_change(&text, before, after, si);
    }
    row(card, label, STYLE_NUMBER, &text);
    text_free(&text);
}

/* What an evaluation that goes on has found so far. */
static void live_row(struct card *card, const struct explorer *explorer)
{
    const struct live_snapshot *snapshot = explorer->snapshot;
    struct text text = {0};
    if (!snapshot || snapshot->kind != LIVE_ACCURACY)
        return;
    if (isnan(snapshot->accuracy)) {
        text_add(&text, "no numbers");
    } else {
        text_add_rounded(&text, 100 * snapshot->accuracy, 4);
        text_add(&text, " +- ");
        text_add_rounded(&text, 100 * snapshot->accuracy_error, 2);
        text_add(&text, " %");
    }
    text_add_format(&text, " so far: %s", snapshot->progress);
    row(card, "now", STYLE_NUMBER, &text);
    text_free(&text);
}

static void add_short(struct text *text, const struct measurement *measurement)
{
    if (measurement->unanswered == measurement->images) {
        text_add(text, "no numbers");
        return;
    }
    text_add_rounded(text, 100 * measurement_accuracy(measurement), 3);
    text_add(text, " +- ");
    text_add_rounded(text, 100 * measurement_error(measurement), 2);
    text_add(text, " %");
}

static void accuracy_rows(struct card *card, const struct session *session)
{
    const struct measurements *all = &session->measurements;
    const struct measurement *now = measurements_find(all, session->state.pruning->network, NULL);
    const char *original = model_original(session->state.model)->network;
    const struct measurement *first = measurements_find(all, original, now ? &now->on : NULL);
    struct text text = {0};
    if (card->compact && now)
        add_short(&text, now);
    else
        text_add_accuracy(&text, session);
    row(card, "accuracy", now ? STYLE_NUMBER : STYLE_NOTE, &text);
    text_clear(&text);
    if (card->compact && now && now->restored) { /* no room behind the number */
        text_add(&text, "session file");
        row(card, "from the", STYLE_NOTE, &text);
        text_clear(&text);
    }
    double change = now && first ? 100 * (measurement_accuracy(now) - measurement_accuracy(first)) : NAN;
    if (!isnan(change) && first != now) {
        text_add(&text, change > 0 ? "+" : "");
        text_add_rounded(&text, change, 3);
        text_add(&text, " +- ");
        text_add_rounded(&text, 100 * measurement_difference_error(first, now), 2);
        text_add(&text, card->compact ? "" : " points against the baseline");
        row(card, "change", change < 0 ? STYLE_NEGATIVE : STYLE_POSITIVE, &text);
        text_clear(&text);
    }
    if (card->compact && first && first != now)
        add_short(&text, first);
    else
        text_add_baseline(&text, session);
    if (text.length)
        row(card, "baseline", STYLE_NUMBER, &text);
    text_free(&text);
}

static void selection_row(struct card *card, const struct explorer *explorer)
{
    const struct pruning *pruning = explorer->session->state.pruning;
    struct text text = {0};
    if (pruning->removed_count) {
        text_add_thousands(&text, pruning->removed_count);
        text_add_format(&text, " channels by %s", pruning->how ? pruning->how : "hand");
    } else {
        text_add(&text, card->compact                           ? "nothing yet"
                        : explorer->session->state.board->count ? "nothing: prune CRITERION RATIO"
                                                                : "nothing: score first");
    }
    row(card, "selected", pruning->removed_count ? STYLE_PLAIN : STYLE_NOTE, &text);
    text_free(&text);
}

/* What the ratios would leave, where that is not what is selected. */
static void plan_rows(struct card *card, const struct explorer *explorer)
{
    const struct model *model = explorer->session->state.model;
    const struct cost *plan = &explorer->plan, *now = pruning_cost(explorer->session->state.pruning, model);
    if (!plan->layers || (plan->parameters == now->parameters && plan->macs == now->macs))
        return;
    struct text text = {0};
    text_add(&text, card->compact ? "would leave" : "what is set would leave, once pruned:");
    row(card, "ratios", STYLE_NOTE, &text);
    text_free(&text);
    cost_row(card, card->compact ? " params" : " parameters", (double)model->cost.parameters,
             (double)plan->parameters, false);
    cost_row(card, " MACs", model->cost.macs, plan->macs, true);
}

static void source_rows(struct card *card, const struct session *session)
{
    struct text text = {0};
    text_add_sample(&text, session);
    if (session->state.board->count)
        row(card, "sample", STYLE_PLAIN, &text);
    text_clear(&text);
    if (session->state.dataset) {
        text_add_format(&text, "%s %s, ", session->state.dataset->kind->name, session->state.dataset->split);
        text_add_thousands(&text, session->state.dataset->count);
        text_add(&text, " images");
    } else {
        text_add(&text, card->compact ? "none" : "none: data shapes, or data KIND PATH");
    }
    row(card, "data", session->state.dataset ? STYLE_PLAIN : STYLE_NOTE, &text);
    text_clear(&text);
    text_add_format(&text, "%s, ", model_title(session->state.model));
    text_add_shape(&text, &session->state.model->input);
    if (session->state.model->classes)
        text_add_format(&text, " to %lld classes", (long long)session->state.model->classes);
    row(card, "network", STYLE_PLAIN, &text);
    text_free(&text);
}

static void draw(struct explorer *explorer, void *state, struct canvas *grid, const struct rect *room,
                 bool focused)
{
    const struct model_view *view = state;
    const struct session *session = explorer->session;
    struct card card = {grid, room, 0, view->top, room->width < COMPACT};
    (void)focused;
    if (!session->state.model) {
        draw_empty(grid, room, "no network yet: load FILE.onnx, or load example");
        return;
    }
    const struct cost *before = &model_original(session->state.model)->cost;
    const struct cost *after = pruning_cost(session->state.pruning, session->state.model);
    cost_row(&card, card.compact ? "params" : "parameters", (double)before->parameters,
             (double)after->parameters, false);
    cost_row(&card, "MACs", before->macs, after->macs, true);
    live_row(&card, explorer);
    accuracy_rows(&card, session);
    selection_row(&card, explorer);
    plan_rows(&card, explorer);
    source_rows(&card, session);
}

static void title(const struct explorer *explorer, const void *state, struct text *text)
{
    const struct session *session = explorer->session;
    (void)state;
    if (session->state.model)
        text_add(text, session->state.pruning->removed_count ? "as selected, masked"
                       : model_original(session->state.model) != session->state.model
                           ? "smaller than as loaded"
                           : "as loaded");
}

static bool act(struct explorer *explorer, void *state, const struct rect *room, enum action_id action)
{
    struct model_view *view = state;
    int step;
    (void)explorer;
    (void)room;
    if (!vertical_step(action, 8, ROWS_MOST, &step))
        return false;
    view->top = cursor_moved(view->top, step, ROWS_MOST);
    return true;
}

static const struct bar_item bar[] = {
    {ACTION_UP, "scroll"}, {ACTION_SEARCH, "search"}, {ACTION_SEARCH_NEXT, "next"}, {ACTION_ZOOM, "zoom"},
    {ACTION_HELP, "keys"}, {ACTION_PROMPT, "prompt"}, {ACTION_NONE, NULL},
};

const struct pane_row pane_model = {
    .state_size = sizeof(struct model_view), .title = title, .draw = draw, .act = act, .bar = bar};
