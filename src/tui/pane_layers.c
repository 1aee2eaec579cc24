/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Layers: what is kept of each, at which ratio, and what it costs. Ratios change under the cursor. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "prune/cost.h"
#include "session/pruning.h"
#include "session/reply.h"
#include "session/shown.h"
#include "session/words/panes.h"
#include "tui/explorer.h"
#include "tui/grid.h"
#include "tui/journal.h"
#include "tui/layer_draw.h"
#include "tui/layer_rows.h"
#include "tui/pane.h"
#include "view/cells/canvas.h"
#include "view/glyphs.h"
#include "view/style.h"

#define RATIO_STEP 0.05
#define RATIO_MOST 0.95

const struct layer_row *layers_current(const struct explorer *explorer)
{
    const struct layers_view *view = &explorer->layers;
    return view->cursor < view->count ? &view->rows[view->cursor] : NULL;
}

static void draw(struct explorer *explorer, struct canvas *grid, const struct rect *room, bool focused)
{
    struct layers_view *view = &explorer->layers;
    if (!explorer->session->state.model || !view->count) {
        draw_empty(grid, room, "no network yet: load FILE.onnx, or load example");
        return;
    }
    struct layer_places places = layer_places_for(room->width);
    int height = room->height - 1;
    view->top = top_for(view->top, view->cursor, height, view->count);
    layer_head_draw(grid, room, &places);
    for (int i = 0; i < height && view->top + i < view->count; i++) {
        const struct layer_row *row = &view->rows[view->top + i];
        layer_row_draw(explorer, grid, room, i + 1, &places, row);
        if (view->top + i == view->cursor)
            grid_restyle(grid, room->line + i + 1, room->column, room->width,
                         focused ? STYLE_CURSOR : STYLE_CURSOR_PALE);
    }
    if (view->top > 0)
        grid_text(grid, room, 1, room->width - 1, STYLE_NOTE, glyph_set(grid->ascii)->up);
    if (view->top + height < view->count)
        grid_text(grid, room, room->height - 1, room->width - 1, STYLE_NOTE, glyph_set(grid->ascii)->down);
}

static void title(const struct explorer *explorer, struct text *text)
{
    const struct session *session = explorer->session;
    if (!session->state.model)
        return;
    if (explorer->layers.plan.layers)
        text_add(text, "at the ratios: ");
    else if (session->state.pruning->removed_count)
        text_add(text, "as selected: ");
    text_add_format(text, "%s, %d layers", model_title(session->state.model),
                    session->state.model->layers->count);
}

/* --- keeping up ----------------------------------------------------------------------------------------- */

static void refresh(struct explorer *explorer)
{
    struct layers_view *view = &explorer->layers;
    const struct session *session = explorer->session;
    struct error ignored = {0};
    if (session->state.model != explorer->seen.model) {
        mem_free(view->closed);
        view->closed =
            session->state.model ? mem_new((size_t)session->state.model->layers->count + 1, 1) : NULL;
        view->cursor = view->top = 0;
        view->said_at = 0;
        layer_rows_fill(view, view->closed ? session->state.model->layers : NULL);
    }
    if (session->state.pruning == explorer->seen.pruning && session->state.model == explorer->seen.model)
        return;
    bool any = false;
    cost_free(&view->plan);
    for (int i = 0; session->state.pruning && i < session->state.pruning->block_count; i++)
        any |= session->state.pruning->ratio[i] > 0;
    if (any && !(session->state.pruning->rule.global && session->state.pruning->removed_count) &&
        pruning_plan(session->state.pruning, session->state.model, &view->plan, &ignored) != STATUS_OK)
        cost_free(&view->plan);
}

/* --- actions -------------------------------------------------------------------------------------------- */

static void refill(struct explorer *explorer, int first)
{
    struct layers_view *view = &explorer->layers;
    layer_rows_fill(view, explorer->session->state.model->layers);
    for (int i = 0; i < view->count; i++) {
        if (view->rows[i].first <= first && (view->rows[i].stage || view->rows[i].first == first))
            view->cursor = i;
    }
}

/* Close or open the stage of the row. */
static void set_closed(struct explorer *explorer, bool closed)
{
    struct layers_view *view = &explorer->layers;
    int stage = view->cursor;
    while (stage > 0 && !view->rows[stage].stage && view->rows[stage].inside)
        stage--;
    if (stage >= view->count || !view->rows[stage].stage)
        return;
    int first = view->rows[stage].first;
    if (view->closed[first] == closed)
        return;
    view->closed[first] = closed;
    layer_rows_fill(view, explorer->session->state.model->layers);
    view->cursor = stage;
}

/* A ratio that is changed step by step is one change: the step before is taken back first. */
static void forget_step(struct explorer *explorer, const char *target)
{
    struct layers_view *view = &explorer->layers;
    const struct history *history = &explorer->shell->session->history;
    char *start = mem_format("ratio %s ", target);
    if (start && view->said_at && history->position == view->said_at &&
        history->steps[history->position].line &&
        strncmp(history->steps[history->position].line, start, strlen(start)) == 0) {
        struct reply reply = {0};
        struct error ignored = {0};
        const char *const words[] = {"undo"};
        if (explorer_ask(explorer, words, 1, 0, &reply, &ignored) == STATUS_OK)
            journal_cut(&explorer->journal, view->said);
        reply_free(&reply);
    }
    mem_free(start);
}

static void set_ratio(struct explorer *explorer, const char *value)
{
    struct layers_view *view = &explorer->layers;
    const struct layer_row *row = layers_current(explorer);
    if (!row || explorer->beside) {
        explorer_say(explorer, true, "%s is running: ratios can be changed when it has ended",
                     explorer->running ? explorer->running : "a command");
        return;
    }
    char *target = layer_row_target(row, explorer->session->state.model->layers);
    if (!target) {
        explorer_say(explorer, true, "this stage cannot be named: go to its layers");
        return;
    }
    forget_step(explorer, target);
    view->said = explorer->journal.count;
    explorer_command(explorer, "ratio", target, value, NULL);
    view->said_at = explorer->shell->session->history.position;
    mem_free(target);
}

static void step_ratio(struct explorer *explorer, double step)
{
    const struct layer_row *row = layers_current(explorer);
    struct layer_numbers numbers = layer_numbers(explorer, row);
    char value[16];
    if (numbers.locked) {
        explorer_say(explorer, true, "locked: 'group' tells why");
        return;
    }
    double ratio = round((numbers.ratio + step) / RATIO_STEP) * RATIO_STEP;
    ratio = ratio < 0 ? 0 : ratio > RATIO_MOST ? RATIO_MOST : ratio;
    snprintf(value, sizeof value, "%.2g", ratio);
    set_ratio(explorer, value);
}

static void open_row(struct explorer *explorer)
{
    const struct layer_row *row = layers_current(explorer);
    if (row->stage)
        set_closed(explorer, !explorer->layers.closed[row->first]);
    else
        explorer_command(explorer, "layer", explorer->session->state.model->layers->items[row->first].name,
                         NULL);
}

static bool act(struct explorer *explorer, enum action_id action)
{
    struct layers_view *view = &explorer->layers;
    struct rect room = pane_room(explorer, PANE_LAYERS);
    int step;
    if (!explorer->session->state.model || !view->count)
        return false;
    const struct layer_row *row = layers_current(explorer);
    if (vertical_step(action, room.height - 1, view->count, &step)) {
        view->cursor = cursor_moved(view->cursor, step, view->count);
        return true;
    }
    switch (action) {
    case ACTION_RATIO_UP:
        step_ratio(explorer, RATIO_STEP);
        return true;
    case ACTION_RATIO_DOWN:
        step_ratio(explorer, -RATIO_STEP);
        return true;
    case ACTION_EXCLUDE:
        set_ratio(explorer, layer_numbers(explorer, row).excluded ? "0" : "none");
        return true;
    case ACTION_OPEN:
        open_row(explorer);
        return true;
    case ACTION_GROUP:
        explorer_command(explorer, "group", explorer->session->state.model->layers->items[row->first].name,
                         NULL);
        return true;
    case ACTION_LEFT:
        set_closed(explorer, true);
        return true;
    case ACTION_RIGHT:
        set_closed(explorer, false);
        return true;
    default:
        return false;
    }
}

static void click(struct explorer *explorer, const struct rect *room, int line, int column)
{
    struct layers_view *view = &explorer->layers;
    int row = view->top + line - 1;
    (void)room;
    (void)column;
    if (line < 1 || row >= view->count)
        return;
    if (row == view->cursor)
        open_row(explorer);
    else
        view->cursor = row;
}

static bool search(struct explorer *explorer, const char *word, bool back)
{
    struct layers_view *view = &explorer->layers;
    const struct layers *layers =
        explorer->session->state.model ? explorer->session->state.model->layers : NULL;
    const struct layer_row *row = layers_current(explorer);
    for (int i = 1; row && i <= layers->count; i++) {
        int at = back ? row->first - i : row->first + i - (row->stage ? 1 : 0);
        int layer = ((at % layers->count) + layers->count) % layers->count;
        if (!strstr(layers->items[layer].name, word))
            continue;
        memset(view->closed, 0, (size_t)layers->count);
        refill(explorer, layer);
        return true;
    }
    return false;
}

const struct pane_row pane_layers = {title, draw, act, click, refresh, search};
