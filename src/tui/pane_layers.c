/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Layers: what is kept of each, at which ratio, and what it costs. Ratios change under the cursor. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "session/shown.h"
#include "tui/layer_rows.h"
#include "tui/pane.h"

#define RATIO_STEP 0.05
#define RATIO_MOST 0.95

enum { RATIO_WIDTH = 5, KEPT_WIDTH = 9, COST_WIDTH = 6, BAR_LEAST = 6, BAR_MOST = 24, NAME_LEAST = 13 };

const struct layer_row *layers_current(const struct explorer *explorer)
{
    const struct layers_view *view = &explorer->layers;
    return view->cursor < view->count ? &view->rows[view->cursor] : NULL;
}

/* What the rows show: the plan where ratios are set, else the network as it is. */
static const struct cost *shown_cost(const struct explorer *explorer)
{
    const struct session *session = explorer->session;
    return explorer->layers.plan.layers ? &explorer->layers.plan : pruning_cost(session->pruning, session->model);
}

/* --- numbers of a row --------------------------------------------------------------------------------------
 */

struct row_numbers {
    int64_t kept, channels;
    double ratio, macs, share; /* ratio: mean over the channels; share: of all multiply-adds */
    bool locked, excluded, stream, differs; /* differs: from the selection */
};

static void add_channels(const struct session *session, int layer, struct row_numbers *numbers, int64_t *free)
{
    const struct coupling *coupling = session->model->coupling;
    int64_t channels = session->model->layers->items[layer].channels;
    for (int64_t c = 0; c < channels; c++) {
        int block = coupling->classes[coupling->layer_classes[layer][c]].block;
        if (block < 0 || coupling->blocks[block].locked)
            continue;
        numbers->ratio += session->pruning->ratio[block];
        numbers->excluded &= session->pruning->excluded[block];
        (*free)++;
    }
    numbers->stream |= coupling->groups[coupling->layer_group[layer]].stream;
}

static struct row_numbers row_numbers(const struct explorer *explorer, const struct layer_row *row)
{
    const struct session *session = explorer->session;
    const struct cost *cost = shown_cost(explorer);
    const struct cost *selected = pruning_cost(session->pruning, session->model);
    struct row_numbers numbers = {.excluded = true};
    int64_t free = 0;
    for (int i = row->first; i < row->first + row->count; i++) {
        numbers.kept += cost->layers[i].channels;
        numbers.channels += session->model->layers->items[i].channels;
        numbers.macs += cost->layers[i].macs;
        numbers.differs |= session->pruning->removed_count &&
                           cost->layers[i].channels != selected->layers[i].channels;
        add_channels(session, i, &numbers, &free);
    }
    numbers.locked = free == 0;
    numbers.excluded &= free > 0;
    numbers.ratio = free ? numbers.ratio / (double)free : 0;
    numbers.share = cost->macs > 0 ? numbers.macs / cost->macs : 0;
    return numbers;
}

/* --- drawing -----------------------------------------------------------------------------------------------
 */

/* Columns of the pane, 0 where one is left out. */
struct places {
    int name_width, ratio, bar, bar_width, kept, cost;
};

static struct places places_for(int width)
{
    struct places places = {0};
    int left = width - NAME_LEAST - 1;
    bool ratio = left >= RATIO_WIDTH, bar = (left -= RATIO_WIDTH + 1) >= BAR_LEAST;
    left -= bar ? BAR_LEAST + 1 : 0;
    bool cost = left >= COST_WIDTH;
    left -= cost ? COST_WIDTH + 1 : 0;
    bool kept = left >= KEPT_WIDTH;
    left -= kept ? KEPT_WIDTH + 1 : 0;
    left = left > 0 ? left : 0;
    places.bar_width = bar ? BAR_LEAST + (left / 2 < BAR_MOST - BAR_LEAST ? left / 2 : BAR_MOST - BAR_LEAST) : 0;
    int column = width - 1;
    if (cost)
        places.cost = column -= COST_WIDTH;
    column -= cost;
    if (kept)
        places.kept = column -= KEPT_WIDTH;
    column -= kept;
    if (bar)
        places.bar = column -= places.bar_width;
    column -= bar;
    if (ratio)
        places.ratio = column -= RATIO_WIDTH;
    places.name_width = ratio ? places.ratio - 1 : width;
    return places;
}

static void put_right(struct canvas *grid, const struct rect *room, int line, int column, int width,
                      enum cell_style style, const char *text)
{
    int start = column + width - grid_width_of(grid, text);
    grid_text(grid, room, line, start > column ? start : column, style, text);
}

static void draw_head(struct canvas *grid, const struct rect *room, const struct places *places)
{
    grid_text(grid, room, 0, 0, STYLE_HEADER, "layer");
    if (places->ratio)
        put_right(grid, room, 0, places->ratio, RATIO_WIDTH, STYLE_HEADER, "ratio");
    if (places->bar)
        grid_text(grid, room, 0, places->bar, STYLE_HEADER, "kept");
    if (places->kept)
        put_right(grid, room, 0, places->kept, KEPT_WIDTH, STYLE_HEADER, "channels");
    if (places->cost)
        put_right(grid, room, 0, places->cost, COST_WIDTH, STYLE_HEADER, "MACs");
}

static void draw_bar(struct canvas *grid, const struct rect *room, int line, const struct places *places,
                     double share)
{
    static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    int parts = (int)lround(share * places->bar_width * 8), full = parts / 8;
    int rest = grid->ascii ? 0 : parts % 8, column = places->bar;
    for (int i = 0; i < full; i++)
        column = grid_text(grid, room, line, column, STYLE_BAR, grid->ascii ? "#" : "█");
    if (rest)
        column = grid_text(grid, room, line, column, STYLE_BAR, eighths[rest]);
    while (column < places->bar + places->bar_width)
        column = grid_text(grid, room, line, column, STYLE_CUT, grid->ascii ? "." : "░");
}

static void draw_numbers(struct canvas *grid, const struct rect *room, int line, const struct places *places,
                         const struct row_numbers *numbers)
{
    char text[48];
    if (places->ratio) {
        snprintf(text, sizeof text, "%.2f", numbers->ratio);
        put_right(grid, room, line, places->ratio, RATIO_WIDTH,
                  numbers->ratio > 0 ? STYLE_NUMBER : STYLE_NOTE,
                  numbers->locked     ? "lock"
                  : numbers->excluded ? "keep"
                                      : text);
    }
    double share = numbers->channels ? (double)numbers->kept / (double)numbers->channels : 0;
    if (places->bar)
        draw_bar(grid, room, line, places, share);
    if (places->kept) {
        snprintf(text, sizeof text, "%lld/%lld%s", (long long)numbers->kept, (long long)numbers->channels,
                 numbers->differs ? "*" : " ");
        put_right(grid, room, line, places->kept, KEPT_WIDTH, STYLE_NUMBER, text);
    }
    if (places->cost) {
        snprintf(text, sizeof text, "%.1f%%", 100 * numbers->share);
        put_right(grid, room, line, places->cost, COST_WIDTH, STYLE_NUMBER, text);
    }
}

static void draw_name(const struct explorer *explorer, struct canvas *grid, const struct rect *room, int line,
                      const struct places *places, const struct layer_row *row, bool stream)
{
    const struct layers *layers = explorer->session->model->layers;
    struct rect cut = *room;
    cut.width = places->name_width < room->width ? places->name_width : room->width;
    int column = 0;
    if (row->stage) {
        bool closed = explorer->layers.closed[row->first];
        column = grid_text(grid, &cut, line, 0, STYLE_NOTE,
                           grid->ascii ? closed ? "+ " : "- "
                           : closed    ? "▸ "
                                       : "▾ ");
    } else if (row->inside) {
        column = 2;
    }
    if (stream && !row->stage)
        cut.width -= 2;
    draw_cut(grid, &cut, line, column, row->stage ? STYLE_NAME : STYLE_PLAIN, layer_row_text(row, layers));
    if (stream && !row->stage)
        grid_text(grid, room, line, cut.width, STYLE_NOTE, grid->ascii ? "~" : "≈");
}

static void draw(struct explorer *explorer, struct canvas *grid, const struct rect *room, bool focused)
{
    struct layers_view *view = &explorer->layers;
    if (!explorer->session->model || !view->count) {
        draw_empty(grid, room, "no network yet: load FILE.onnx, or load example");
        return;
    }
    struct places places = places_for(room->width);
    int height = room->height - 1;
    view->top = top_for(view->top, view->cursor, height, view->count);
    draw_head(grid, room, &places);
    for (int i = 0; i < height && view->top + i < view->count; i++) {
        const struct layer_row *row = &view->rows[view->top + i];
        struct row_numbers numbers = row_numbers(explorer, row);
        draw_name(explorer, grid, room, i + 1, &places, row, numbers.stream);
        draw_numbers(grid, room, i + 1, &places, &numbers);
        if (view->top + i == view->cursor)
            grid_restyle(grid, room->line + i + 1, room->column, room->width,
                         focused ? STYLE_CURSOR : STYLE_CURSOR_PALE);
    }
    if (view->top > 0)
        grid_text(grid, room, 1, room->width - 1, STYLE_NOTE, grid->ascii ? "^" : "↑");
    if (view->top + height < view->count)
        grid_text(grid, room, room->height - 1, room->width - 1, STYLE_NOTE, grid->ascii ? "v" : "↓");
}

static void title(const struct explorer *explorer, struct text *text)
{
    const struct session *session = explorer->session;
    if (!session->model)
        return;
    if (explorer->layers.plan.layers)
        text_add(text, "at the ratios: ");
    else if (session->pruning->removed_count)
        text_add(text, "as selected: ");
    text_add_format(text, "%s, %d layers", model_title(session->model), session->model->layers->count);
}

/* --- keeping up --------------------------------------------------------------------------------------------
 */

static void refresh(struct explorer *explorer)
{
    struct layers_view *view = &explorer->layers;
    const struct session *session = explorer->session;
    struct error ignored = {0};
    if (session->model != explorer->seen.model) {
        mem_free(view->closed);
        view->closed = session->model ? mem_new((size_t)session->model->layers->count + 1, 1) : NULL;
        view->cursor = view->top = 0;
        view->said_at = 0;
        view->count = 0;
        if (view->closed)
            layer_rows_fill(view, session->model->layers);
    }
    if (session->pruning == explorer->seen.pruning && session->model == explorer->seen.model)
        return;
    bool any = false;
    cost_free(&view->plan);
    for (int i = 0; session->pruning && i < session->pruning->block_count; i++)
        any |= session->pruning->ratio[i] > 0;
    if (any && !(session->pruning->rule.global && session->pruning->removed_count) &&
        pruning_plan(session->pruning, session->model, &view->plan, &ignored) != STATUS_OK)
        cost_free(&view->plan);
}

/* --- actions -----------------------------------------------------------------------------------------------
 */

static void refill(struct explorer *explorer, int first)
{
    struct layers_view *view = &explorer->layers;
    layer_rows_fill(view, explorer->session->model->layers);
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
    layer_rows_fill(view, explorer->session->model->layers);
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
    char *target = layer_row_target(row, explorer->session->model->layers);
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
    struct row_numbers numbers = row_numbers(explorer, row);
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
        explorer_command(explorer, "layer", explorer->session->model->layers->items[row->first].name, NULL);
}

static bool act(struct explorer *explorer, enum action_id action)
{
    struct layers_view *view = &explorer->layers;
    struct rect room = pane_room(explorer, PANE_LAYERS);
    int step;
    if (!explorer->session->model || !view->count)
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
        set_ratio(explorer, row_numbers(explorer, row).excluded ? "0" : "none");
        return true;
    case ACTION_OPEN:
        open_row(explorer);
        return true;
    case ACTION_GROUP:
        explorer_command(explorer, "group", explorer->session->model->layers->items[row->first].name, NULL);
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
    const struct layers *layers = explorer->session->model ? explorer->session->model->layers : NULL;
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
