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
#include "session/words/quote.h"
#include "tui/explorer.h"
#include "tui/grid.h"
#include "tui/journal.h"
#include "tui/layer_draw.h"
#include "tui/layer_facts.h"
#include "tui/layer_sort.h"
#include "tui/layer_tree.h"
#include "tui/pane.h"
#include "tui/waiting.h"
#include "view/cells/canvas.h"
#include "view/glyphs.h"
#include "view/style.h"

#define RATIO_STEP 0.05
#define RATIO_MOST 0.95

struct layers_view {
    int top;               /* the first row shown */
    size_t said, said_end; /* paragraphs in the log before the last change of a ratio here, and behind it */
    int said_at;           /* its step of the history, 0: none */
    struct layer_facts facts;
    struct layer_places places; /* as they were drawn last */
};

static void clear(void *state)
{
    struct layers_view *view = state;
    layer_facts_free(&view->facts);
}

/* Columns of the longest name with what stands before and behind it. */
static int names_width(const struct explorer *explorer, const struct canvas *grid)
{
    const struct layer_tree *tree = &explorer->layers;
    int widest = 0;
    for (int i = 0; i < tree->count; i++) {
        const char *name = layer_row_text(&tree->rows[i], explorer->session->state.model->layers);
        int width = grid_width_of(grid, name) + (tree->rows[i].inside || tree->rows[i].stage ? 2 : 0);
        widest = width > widest ? width : widest;
    }
    return widest + 2;
}

/* How far the criteria agree takes time to find: only where there is room to show it. */
static struct layer_places places_for(struct explorer *explorer, struct layers_view *view,
                                      const struct canvas *grid, int width)
{
    const int names = names_width(explorer, grid);
    struct layer_places places = layer_places_for(&view->facts, width, names);
    if (view->facts.compared || !layer_places_agreement(&places))
        return places;
    layer_facts_compare(explorer, &view->facts);
    return layer_places_for(&view->facts, width, names);
}

/* Of all rows, as they fit behind the marks of stages and in front of those of streams; NULL when memory is
 * out. */
static const char **shorten_names(const struct explorer *explorer, const struct canvas *grid,
                                  const struct layer_places *places, struct arena *arena)
{
    const struct layer_tree *tree = &explorer->layers;
    const struct model *model = explorer->session->state.model;
    const char **names = arena_alloc(arena, 2 * (size_t)tree->count, sizeof *names);
    bool marks = false, streams = false;
    for (int i = 0; names && i < tree->count; i++) {
        names[tree->count + i] = layer_row_text(&tree->rows[i], model->layers);
        marks |= tree->rows[i].stage;
    }
    for (int i = 0; i < model->coupling->group_count; i++)
        streams |= model->coupling->groups[i].stream;
    int width = places->name_width - (marks ? 2 : 0) - (streams ? 2 : 0);
    bool made = names && canvas_shorten_names(arena, grid->ascii, names + tree->count, tree->count,
                                              width > 1 ? width : 1, names);
    return made ? names : NULL;
}

static void draw_rows(struct explorer *explorer, const struct layers_view *view, struct canvas *grid,
                      const struct rect *room, int height)
{
    const struct layer_tree *tree = &explorer->layers;
    struct arena *arena = arena_new();
    const char **names = arena ? shorten_names(explorer, grid, &view->places, arena) : NULL;
    for (int i = view->top; names && i < view->top + height && i < tree->count; i++)
        layer_row_draw(explorer, &view->facts, grid, room, i - view->top + 1, &view->places, &tree->rows[i],
                       names[i]);
    arena_free(arena);
}

static void draw(struct explorer *explorer, void *state, struct canvas *grid, const struct rect *room,
                 bool focused)
{
    struct layers_view *view = state;
    const struct layer_tree *tree = &explorer->layers;
    if (!explorer->session->state.model || !tree->count) {
        draw_empty(grid, room, "no network yet: load FILE, or load example");
        return;
    }
    layer_facts_measure(explorer, &view->facts);
    layer_sort(explorer, &view->facts, explorer->layers.sorted);
    view->places = places_for(explorer, view, grid, room->width);
    int height = room->height - 1;
    view->top = top_for(view->top, tree->cursor, height, tree->count);
    layer_head_draw(&view->facts, grid, room, &view->places, explorer->layers.sorted);
    draw_rows(explorer, view, grid, room, height);
    grid_restyle(grid, room->line + tree->cursor - view->top + 1, room->column, room->width,
                 focused ? STYLE_CURSOR : STYLE_CURSOR_PALE);
    if (view->top > 0)
        grid_text(grid, room, 1, room->width - 1, STYLE_NOTE, glyph_set(grid->ascii)->up);
    if (view->top + height < tree->count)
        grid_text(grid, room, room->height - 1, room->width - 1, STYLE_NOTE, glyph_set(grid->ascii)->down);
}

static void title(const struct explorer *explorer, const void *state, struct text *text)
{
    const struct session *session = explorer->session;
    (void)state;
    if (!session->state.model)
        return;
    if (explorer->plan.layers)
        text_add(text, "at the ratios, ");
    else if (session->state.pruning->removed_count)
        text_add(text, "as selected, ");
    text_add_format(text, "%s, %d layers", model_title(session->state.model),
                    session->state.model->layers->count);
}

/* --- keeping up ----------------------------------------------------------------------------------------- */

static void stale(struct explorer *explorer, void *state, const struct rect *room, unsigned parts)
{
    struct layers_view *view = state;
    (void)explorer;
    (void)room;
    if (parts & PART_MODEL) {
        view->top = view->said_at = 0;
        explorer->layers.sorted = (struct layer_order){0};
        layer_facts_free(&view->facts);
    }
    view->facts.compared = false;
}

/* --- actions -------------------------------------------------------------------------------------------- */

static void refill(struct explorer *explorer, int first)
{
    struct layer_tree *tree = &explorer->layers;
    layer_tree_fill(tree, explorer->session->state.model->layers);
    layer_tree_go_to(tree, first);
}

/* Close or open the stage of the row. */
static void set_closed(struct explorer *explorer, bool closed)
{
    struct layer_tree *tree = &explorer->layers;
    int stage = layer_tree_stage(tree);
    if (stage < 0)
        return;
    int first = tree->rows[stage].first;
    if (tree->closed[first] == closed)
        return;
    tree->closed[first] = closed;
    layer_tree_fill(tree, explorer->session->state.model->layers);
    tree->cursor = stage;
}

/* A ratio that is changed step by step is one change: the step before is taken back first, and what the log
 * says of it, unless it has said something else since. */
static void forget_step(struct explorer *explorer, const struct layers_view *view, const char *target)
{
    const struct history *history = &explorer->shell->session->history;
    char *start = mem_format("ratio %s ", target);
    if (start && view->said_at && history->position == view->said_at &&
        history->steps[history->position].line &&
        strncmp(history->steps[history->position].line, start, strlen(start)) == 0) {
        struct reply reply = {0};
        struct error ignored = {0};
        const char *const words[] = {"undo"};
        if (explorer_ask(explorer, words, 1, 0, &reply, &ignored) == STATUS_OK &&
            explorer->journal.count == view->said_end)
            journal_cut(&explorer->journal, view->said);
        reply_free(&reply);
    }
    mem_free(start);
}

/* What a line that waits would set the target to, which is the last one: a place in it; NULL: there is none.
 */
static const char *waiting_value(const struct explorer *explorer, const char *target)
{
    const char *line = waiting_last(&explorer->waiting);
    struct text start = {0};
    text_add(&start, "ratio ");
    text_add_word(&start, target);
    text_add(&start, " ");
    bool same = line && !start.failed && strncmp(line, text_data(&start), start.length) == 0;
    const char *value = same ? line + start.length : NULL;
    text_free(&start);
    return value && !strpbrk(value, "; ") ? value : NULL;
}

/* While work runs the ratio waits, in the place of one that waits already. */
static void set_ratio(struct explorer *explorer, struct layers_view *view, const char *target,
                      const char *value)
{
    if (explorer->beside) {
        if (waiting_value(explorer, target))
            waiting_cut(&explorer->waiting, explorer->waiting.taken + explorer->waiting.count - 1);
        explorer_command(explorer, "ratio", target, value, NULL);
        return;
    }
    forget_step(explorer, view, target);
    view->said = explorer->journal.count;
    if (explorer_command(explorer, "ratio", target, value, NULL))
        explorer_offer(explorer, ACTION_UNDO);
    view->said_end = explorer->journal.count;
    view->said_at = explorer->shell->session->history.position;
}

/* What commands call the row under the cursor; NULL, told, when they cannot. */
static char *target_here(struct explorer *explorer)
{
    char *target =
        layer_row_target(layer_tree_current(&explorer->layers), explorer->session->state.model->layers);
    if (!target)
        explorer_say(explorer, true, "this stage cannot be named: go to its layers");
    return target;
}

static void step_ratio(struct explorer *explorer, struct layers_view *view, double step)
{
    struct layer_numbers numbers = layer_numbers(explorer, layer_tree_current(&explorer->layers));
    char value[16];
    if (numbers.locked) {
        explorer_say(explorer, true, "locked: 'group' tells why");
        return;
    }
    char *target = target_here(explorer);
    if (!target)
        return;
    const char *waits = waiting_value(explorer, target);
    double now = waits ? 0 : numbers.ratio;
    if (waits && !text_to_double(waits, &now))
        now = 0; /* none */
    double ratio = round((now + step) / RATIO_STEP) * RATIO_STEP;
    ratio = ratio < 0 ? 0 : ratio > RATIO_MOST ? RATIO_MOST : ratio;
    snprintf(value, sizeof value, "%.2g", ratio);
    set_ratio(explorer, view, target, value);
    mem_free(target);
}

static void exclude(struct explorer *explorer, struct layers_view *view)
{
    char *target = target_here(explorer);
    if (!target)
        return;
    const char *waits = waiting_value(explorer, target);
    bool excluded = waits ? strcmp(waits, "none") == 0
                          : layer_numbers(explorer, layer_tree_current(&explorer->layers)).excluded;
    set_ratio(explorer, view, target, excluded ? "0" : "none");
    mem_free(target);
}

static void open_row(struct explorer *explorer)
{
    const struct layer_row *row = layer_tree_current(&explorer->layers);
    if (row->stage)
        set_closed(explorer, !explorer->layers.closed[row->first]);
    else
        explorer_command(explorer, "layer", explorer->session->state.model->layers->items[row->first].name,
                         NULL);
}

/* Who sorts wants to see what comes first. */
static void set_order(struct explorer *explorer, struct layers_view *view, struct layer_order order)
{
    explorer->layers.sorted = order;
    layer_sort(explorer, &view->facts, order);
    if (order.by)
        explorer->layers.cursor = 0;
}

static bool act(struct explorer *explorer, void *state, const struct rect *room, enum action_id action)
{
    struct layers_view *view = state;
    struct layer_tree *tree = &explorer->layers;
    int step;
    if (!explorer->session->state.model || !tree->count)
        return false;
    const struct layer_row *row = layer_tree_current(&explorer->layers);
    if (vertical_step(action, room->height - 1, tree->count, &step)) {
        tree->cursor = cursor_moved(tree->cursor, step, tree->count);
        return true;
    }
    switch (action) {
    case ACTION_RATIO_UP:
        step_ratio(explorer, view, RATIO_STEP);
        return true;
    case ACTION_RATIO_DOWN:
        step_ratio(explorer, view, -RATIO_STEP);
        return true;
    case ACTION_EXCLUDE:
        exclude(explorer, view);
        return true;
    case ACTION_OPEN:
        open_row(explorer);
        return true;
    case ACTION_GROUP:
        explorer_command(explorer, "group", explorer->session->state.model->layers->items[row->first].name,
                         NULL);
        return true;
    case ACTION_SORT_LAYERS:
        view->places = places_for(explorer, view, &(struct canvas){.ascii = explorer->ascii}, room->width);
        set_order(explorer, view, layer_order_next(explorer->layers.sorted, &view->places));
        return true;
    case ACTION_TURN_LAYERS:
        set_order(explorer, view,
                  (struct layer_order){explorer->layers.sorted.by,
                                       explorer->layers.sorted.by && !explorer->layers.sorted.falling});
        return true;
    case ACTION_NETWORK_ORDER:
        set_order(explorer, view, (struct layer_order){0});
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

static void click(struct explorer *explorer, void *state, const struct rect *room, int line, int column)
{
    struct layers_view *view = state;
    struct layer_tree *tree = &explorer->layers;
    int row = view->top + line - 1;
    (void)room;
    if (line == 0 && tree->count)
        set_order(explorer, view, layer_order_clicked(explorer->layers.sorted, &view->places, column));
    if (line < 1 || row >= tree->count)
        return;
    if (row == tree->cursor)
        open_row(explorer);
    else
        tree->cursor = row;
}

static bool search(struct explorer *explorer, void *state, const struct rect *room, const char *word,
                   bool back)
{
    const struct layers *layers =
        explorer->session->state.model ? explorer->session->state.model->layers : NULL;
    const struct layer_row *row = layer_tree_current(&explorer->layers);
    (void)state;
    (void)room;
    for (int i = 1; row && i <= layers->count; i++) {
        int at = back ? row->first - i : row->first + i - (row->stage ? 1 : 0);
        int layer = ((at % layers->count) + layers->count) % layers->count;
        if (!strstr(layers->items[layer].name, word))
            continue;
        memset(explorer->layers.closed, 0, (size_t)layers->count);
        refill(explorer, layer);
        return true;
    }
    return false;
}

static const struct bar_item bar[] = {
    {ACTION_RATIO_UP, "more"},       {ACTION_RATIO_DOWN, "less"}, {ACTION_EXCLUDE, "keep"},
    {ACTION_OPEN, "open"},           {ACTION_PRUNE, "prune"},     {ACTION_UNDO, "undo"},
    {ACTION_HELP, "keys"},           {ACTION_PROMPT, "prompt"},   {ACTION_SEARCH, "search"},
    {ACTION_ZOOM, "zoom"},           {ACTION_GROUP, "tied"},      {ACTION_SORT_LAYERS, "sort"},
    {ACTION_CRITERION, "criterion"}, {ACTION_NONE, NULL},
};

const struct pane_row pane_layers = {
    .state_size = sizeof(struct layers_view),
    .free = clear,
    .stale = stale,
    .follows = PART_SCORES,
    .title = title,
    .draw = draw,
    .act = act,
    .click = click,
    .search = search,
    .bar = bar,
};
