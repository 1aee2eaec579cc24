/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scores: histograms of the layers under the cursor of the layers pane, one panel per criterion on shared
 * bins; below them the filters of the bin under the cursor. The command hist does the counting. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "prune/selection.h"
#include "score/criterion.h"
#include "session/ratio.h"
#include "session/reply.h"
#include "session/shown.h"
#include "session/words/option.h"
#include "session/words/panes.h"
#include "tui/explorer.h"
#include "tui/grid.h"
#include "tui/layer_tree.h"
#include "tui/pane.h"
#include "tui/score_panels.h"
#include "view/cells/canvas.h"
#include "view/figure.h"
#include "view/numbers.h"
#include "view/style.h"

enum { BINS_MOST = 48, LIST_LEAST = 11, LIST_LINES = 4, BARS_MOST = 12 };

static void clear(void *state)
{
    struct scores_view *view = state;
    figure_free(view->figure);
    mem_free(view->why);
    *view = (struct scores_view){0};
}

/* --- what is shown -------------------------------------------------------------------------------------- */

static int bins_for(const struct score_panels *panels)
{
    int bins = panels->width;
    while (bins > BINS_MOST)
        bins /= 2;
    return bins < 1 ? 1 : bins;
}

/* The scored layers that are shown; 0 when the row has none. */
static int shown_layers(const struct explorer *explorer, int *first)
{
    const struct layer_row *row = layer_tree_current(&explorer->layers);
    int count = 0;
    *first = -1;
    for (int i = row ? row->first : 0; row && i < row->first + row->count; i++) {
        if (explorer->session->state.model->layers->items[i].output_layer)
            continue;
        *first = *first < 0 ? i : *first;
        count++;
    }
    return count;
}

static void ask_histogram(struct explorer *explorer, struct scores_view *view, int bins)
{
    const struct layers *layers = explorer->session->state.model->layers;
    const struct layer_row *row = layer_tree_current(&explorer->layers);
    const char **words = mem_new((size_t)row->count + 4, sizeof *words);
    char size[24];
    struct reply reply = {0};
    struct error error = {0};
    int count = 0;
    snprintf(size, sizeof size, "bins=%d", bins);
    status code = words ? STATUS_OK : error_memory(&error);
    if (code == STATUS_OK) {
        words[count++] = "hist";
        for (int i = row->first; i < row->first + row->count; i++)
            if (!layers->items[i].output_layer)
                words[count++] = layers->items[i].name;
        words[count++] = "scale=standard";
        words[count++] = size;
        code = explorer_ask(explorer, words, count, 2, &reply, &error);
    }
    if (code == STATUS_OK && reply.count && reply.items[0].figure) {
        view->figure = reply.items[0].figure;
        reply.items[0].figure = NULL;
    } else {
        view->why = mem_string(error.message);
    }
    reply_free(&reply);
    mem_free(words);
}

/* The bin under the cursor has filters, where any has. */
static void settle_bin(const struct explorer *explorer, struct scores_view *view)
{
    const struct figure_histogram *histogram = view->figure ? &view->figure->histogram : NULL;
    if (!histogram || explorer->criterion >= histogram->series)
        return;
    const int64_t *counts = histogram->counts + (size_t)explorer->criterion * (size_t)histogram->bins;
    view->bin = view->bin < histogram->bins ? view->bin : histogram->bins - 1;
    for (int far = 0; far < histogram->bins; far++) {
        int below = view->bin - far, above = view->bin + far;
        if ((above < histogram->bins && counts[above]) || (below >= 0 && counts[below])) {
            view->bin = above < histogram->bins && counts[above] ? above : below;
            return;
        }
    }
}

static void stale(struct explorer *explorer, void *state, const struct rect *room, unsigned parts)
{
    struct scores_view *view = state;
    int first, bin = view->bin, filter = parts & PART_CRITERION ? 0 : view->filter;
    view->filter = filter;
    if (parts == PART_CRITERION)
        return;
    clear(view);
    view->bin = bin;
    view->filter = filter;
    if (!explorer->session->state.model || !explorer->session->state.board->count || room->width < 1)
        return;
    struct score_panels panels = score_panels_for(explorer, room->width);
    if (shown_layers(explorer, &first) == 0) {
        view->why = mem_string("the network's outputs: never pruned, not scored");
        return;
    }
    ask_histogram(explorer, view, bins_for(&panels));
    settle_bin(explorer, view);
}

/* --- the filters of a bin ------------------------------------------------------------------------------- */

/* Channels of the layer, ascending by the criterion's score, of the bin under the cursor. Scaling keeps the
 * order of scores, so bins are pieces of the ranking; what no bin counts lies at its ends. */
struct bin_filters {
    int64_t *order; /* owned */
    int64_t first, count;
    const double *scores;
    int layer;
    int64_t pruned;
};

static bool bin_filters(const struct explorer *explorer, const struct scores_view *view,
                        struct bin_filters *filters)
{
    const struct figure_histogram *histogram = view->figure ? &view->figure->histogram : NULL;
    const struct session *session = explorer->session;
    struct error ignored = {0};
    *filters = (struct bin_filters){0};
    if (!histogram || explorer->criterion >= session->state.board->count ||
        shown_layers(explorer, &filters->layer) != 1 || explorer->criterion >= histogram->series)
        return false;
    int64_t channels = session->state.model->layers->items[filters->layer].channels, counted = 0,
            infinite = 0;
    filters->scores = session->state.board->entries[explorer->criterion].scores->layer[filters->layer];
    if (!filters->scores)
        return false;
    filters->order = mem_new((size_t)channels + 1, sizeof *filters->order);
    if (!filters->order || scores_rank(filters->scores, channels, filters->order, &ignored) != STATUS_OK) {
        mem_free(filters->order);
        return false;
    }
    const int64_t *counts = histogram->counts + (size_t)explorer->criterion * (size_t)histogram->bins;
    for (int i = 0; i < histogram->bins; i++)
        counted += counts[i];
    for (int64_t i = 0; i < channels; i++)
        infinite += filters->scores[i] > 0 && isinf(filters->scores[i]);
    filters->first = channels - counted - infinite;
    filters->first = filters->first < 0 ? 0 : filters->first;
    for (int i = 0; i < view->bin; i++)
        filters->first += counts[i];
    filters->count = counts[view->bin];
    filters->pruned = layer_pruned(&session->state, filters->layer,
                                   (enum rounding)option_integer(session->state.options, OPTION_ROUND));
    return true;
}

/* "#12  0.1734 cut": number, score, and whether it would go at the layer's ratio. */
static void filter_text(const struct bin_filters *filters, int64_t place, struct text *text)
{
    int64_t channel = filters->order[place];
    text_add_format(text, "#%lld ", (long long)channel);
    text_add_rounded(text, filters->scores[channel], 4);
    if (place < filters->pruned)
        text_add(text, " cut");
}

static const char *why_no_filters(const struct explorer *explorer)
{
    int layer;
    const struct board *board = explorer->session->state.board;
    if (shown_layers(explorer, &layer) == 1 && explorer->criterion < board->count &&
        board->entries[explorer->criterion].scores->reports[layer].lack)
        return board->entries[explorer->criterion].scores->reports[layer].lack;
    return "filters are listed of one layer: choose one in Layers";
}

static void draw_filters(const struct explorer *explorer, const struct scores_view *view, struct canvas *grid,
                         const struct rect *room, bool focused)
{
    struct bin_filters filters;
    struct text text = {0};
    const struct figure_histogram *histogram = &view->figure->histogram;
    const char *label = explorer_criterion(explorer);
    if (!bin_filters(explorer, view, &filters)) {
        draw_cut(grid, room, 0, 0, STYLE_NOTE, why_no_filters(explorer));
        return;
    }
    text_add_format(&text, "%s, bin %d of %d (", label, view->bin + 1, histogram->bins);
    number_add_trimmed(&text, histogram->edges[view->bin], 3);
    text_add(&text, " to ");
    number_add_trimmed(&text, histogram->edges[view->bin + 1], 3);
    text_add_format(&text, "): %lld %s", (long long)filters.count, filters.count == 1 ? "filter" : "filters");
    draw_cut(grid, room, 0, 0, STYLE_HEADER, text_data(&text));
    enum { COLUMN = 22 };
    int across = room->width / COLUMN > 0 ? room->width / COLUMN : 1, lines = room->height - 1;
    int page = across * lines, top = page ? view->filter / page * page : 0;
    for (int i = 0; i < page && top + i < filters.count; i++) {
        struct rect cell = {room->column + i % across * COLUMN, room->line + 1 + i / across, COLUMN - 1, 1};
        bool chosen = top + i == view->filter;
        text_clear(&text);
        filter_text(&filters, filters.first + top + i, &text);
        if (cell.column + cell.width > room->column + room->width)
            cell.width = room->column + room->width - cell.column;
        grid_text(grid, &cell, 0, 0, filters.first + top + i < filters.pruned ? STYLE_CUT : STYLE_PLAIN,
                  text_data(&text));
        if (chosen)
            grid_restyle(grid, cell.line, cell.column, cell.width,
                         focused ? STYLE_CURSOR : STYLE_CURSOR_PALE);
    }
    text_free(&text);
    mem_free(filters.order);
}

static void draw(struct explorer *explorer, void *state, struct canvas *grid, const struct rect *room,
                 bool focused)
{
    const struct scores_view *view = state;
    if (!explorer->session->state.model || !explorer->session->state.board->count) {
        draw_empty(grid, room,
                   !explorer->session->state.model ? "no network yet" : "no scores yet: score all");
        return;
    }
    if (!view->figure || room->width < SCORE_GUTTER + 8 || room->height < 4) {
        draw_empty(grid, room, view->why ? view->why : "");
        return;
    }
    int list = room->height >= LIST_LEAST ? LIST_LINES : 0, bars = room->height - 3 - list;
    if (bars > BARS_MOST) {
        list = list ? room->height - 3 - BARS_MOST : 0;
        bars = BARS_MOST;
    }
    score_panels_draw(explorer, view, grid, room, bars, focused);
    if (list > 0) {
        struct rect below = {room->column, room->line + room->height - list, room->width, list};
        draw_filters(explorer, view, grid, &below, focused);
    }
}

static void title(const struct explorer *explorer, const void *state, struct text *text)
{
    const struct scores_view *view = state;
    int first, count = view->figure ? shown_layers(explorer, &first) : 0;
    if (count == 1)
        text_add_format(text, "in %s", explorer->session->state.model->layers->items[first].name);
    else if (count > 1)
        text_add_format(text, "in %d layers", count);
}

/* --- actions -------------------------------------------------------------------------------------------- */

static void open_filter(struct explorer *explorer, const struct scores_view *view)
{
    struct bin_filters filters;
    if (!bin_filters(explorer, view, &filters)) {
        explorer_say(explorer, true, "choose one layer first: filters belong to a layer");
        return;
    }
    if (view->filter < filters.count) {
        char *name = mem_format("%s:%lld", explorer->session->state.model->layers->items[filters.layer].name,
                                (long long)filters.order[filters.first + view->filter]);
        if (name)
            explorer_command(explorer, "filter", name, NULL);
        mem_free(name);
    }
    mem_free(filters.order);
}

static void move_filter(const struct explorer *explorer, struct scores_view *view, int step)
{
    struct bin_filters filters;
    if (bin_filters(explorer, view, &filters)) {
        view->filter = cursor_moved(view->filter, step, (int)filters.count);
        mem_free(filters.order);
    }
}

/* Over empty bins, to the next that has filters. */
static void move_bin(const struct explorer *explorer, struct scores_view *view, int step)
{
    const struct figure_histogram *histogram = &view->figure->histogram;
    const int64_t *counts = histogram->counts + (size_t)explorer->criterion * (size_t)histogram->bins;
    view->filter = 0;
    for (int bin = view->bin + step; bin >= 0 && bin < histogram->bins; bin += step) {
        if (counts[bin]) {
            view->bin = bin;
            return;
        }
    }
}

static void move_layer(struct explorer *explorer, struct scores_view *view, int step)
{
    explorer->layers.cursor = cursor_moved(explorer->layers.cursor, step, explorer->layers.count);
    view->filter = 0;
}

static bool act(struct explorer *explorer, void *state, const struct rect *room, enum action_id action)
{
    struct scores_view *view = state;
    int step;
    (void)room;
    if (action == ACTION_LAYER_NEXT || action == ACTION_LAYER_PREVIOUS) {
        move_layer(explorer, view, action == ACTION_LAYER_NEXT ? 1 : -1);
        return true;
    }
    if (!view->figure || explorer->criterion >= view->figure->histogram.series)
        return false;
    if (action == ACTION_LEFT || action == ACTION_RIGHT) {
        move_bin(explorer, view, action == ACTION_RIGHT ? 1 : -1);
        return true;
    }
    if (action == ACTION_OPEN) {
        open_filter(explorer, view);
        return true;
    }
    if (vertical_step(action, 8, 1 << 20, &step)) {
        move_filter(explorer, view, step);
        return true;
    }
    return false;
}

/* A bar chooses its bin, a name its criterion. */
static void click(struct explorer *explorer, void *state, const struct rect *room, int line, int column)
{
    struct scores_view *view = state;
    if (!view->figure)
        return;
    struct score_panels panels = score_panels_for(explorer, room->width);
    int panel = (column - SCORE_GUTTER) / (panels.width + SCORE_GAP),
        inside = (column - SCORE_GUTTER) % (panels.width + SCORE_GAP);
    if (column < SCORE_GUTTER || panel >= panels.across || inside >= panels.width)
        return;
    explorer->criterion = panels.first + panel;
    if (line > 0) {
        view->bin = inside * view->figure->histogram.bins / panels.width;
        view->filter = 0;
    }
}

static const struct bar_item bar[] = {
    {ACTION_LEFT, "bin"},         {ACTION_UP, "filter"},
    {ACTION_OPEN, "card"},        {ACTION_CRITERION, "criterion"},
    {ACTION_LAYER_NEXT, "layer"}, {ACTION_HELP, "keys"},
    {ACTION_PROMPT, "prompt"},    {ACTION_ZOOM, "zoom"},
    {ACTION_PRUNE, "prune"},      {ACTION_NONE, NULL},
};

const struct pane_row pane_scores = {
    .state_size = sizeof(struct scores_view),
    .free = clear,
    .stale = stale,
    .follows = PART_SCORES | PART_PRUNING | PART_CRITERION | PART_CURSOR | PART_WIDTH,
    .title = title,
    .draw = draw,
    .act = act,
    .click = click,
    .bar = bar,
};
