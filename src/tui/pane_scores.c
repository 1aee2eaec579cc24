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
#include "session/reply.h"
#include "session/shown.h"
#include "session/words/option.h"
#include "session/words/panes.h"
#include "tui/explorer.h"
#include "tui/grid.h"
#include "tui/layer_rows.h"
#include "tui/pane.h"
#include "tui/score_panels.h"
#include "view/cells/canvas.h"
#include "view/figure.h"
#include "view/numbers.h"
#include "view/style.h"

enum { BINS_MOST = 48, LIST_LEAST = 11, LIST_LINES = 4, BARS_MOST = 12 };

void scores_free_view(struct scores_view *view)
{
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
    const struct layer_row *row = layers_current(explorer);
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

static void ask_histogram(struct explorer *explorer, int bins)
{
    struct scores_view *view = &explorer->scores;
    const struct layers *layers = explorer->session->state.model->layers;
    const struct layer_row *row = layers_current(explorer);
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
static void settle_bin(struct explorer *explorer)
{
    struct scores_view *view = &explorer->scores;
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

static void refresh(struct explorer *explorer)
{
    struct scores_view *view = &explorer->scores;
    struct rect room = pane_room(explorer, PANE_SCORES);
    int first, bin = view->bin, filter = view->filter;
    scores_free_view(view);
    view->bin = bin;
    view->filter = filter;
    if (!explorer->session->state.model || !explorer->session->state.board->count || room.width < 1)
        return;
    struct score_panels panels = score_panels_for(explorer, room.width);
    if (shown_layers(explorer, &first) == 0) {
        view->why = mem_string("the network's outputs: never pruned, not scored");
        return;
    }
    ask_histogram(explorer, bins_for(&panels));
    settle_bin(explorer);
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

static bool bin_filters(const struct explorer *explorer, struct bin_filters *filters)
{
    const struct scores_view *view = &explorer->scores;
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
    filters->pruned = pruned_count(channels, option_real(session->state.options, OPTION_RATIO),
                                   (enum rounding)option_integer(session->state.options, OPTION_ROUND));
    return true;
}

/* "#12  0.1734 cut": number, score, and whether it would go at the option ratio. */
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

static void draw_filters(const struct explorer *explorer, struct canvas *grid, const struct rect *room,
                         bool focused)
{
    struct bin_filters filters;
    struct text text = {0};
    const struct figure_histogram *histogram = &explorer->scores.figure->histogram;
    const char *label = explorer_criterion(explorer);
    if (!bin_filters(explorer, &filters)) {
        draw_cut(grid, room, 0, 0, STYLE_NOTE, why_no_filters(explorer));
        return;
    }
    text_add_format(&text, "%s, bin %d of %d (", label, explorer->scores.bin + 1, histogram->bins);
    number_add_trimmed(&text, histogram->edges[explorer->scores.bin], 3);
    text_add(&text, " to ");
    number_add_trimmed(&text, histogram->edges[explorer->scores.bin + 1], 3);
    text_add_format(&text, "): %lld %s", (long long)filters.count, filters.count == 1 ? "filter" : "filters");
    draw_cut(grid, room, 0, 0, STYLE_HEADER, text_data(&text));
    enum { COLUMN = 22 };
    int across = room->width / COLUMN > 0 ? room->width / COLUMN : 1, lines = room->height - 1;
    int page = across * lines, top = page ? explorer->scores.filter / page * page : 0;
    for (int i = 0; i < page && top + i < filters.count; i++) {
        struct rect cell = {room->column + i % across * COLUMN, room->line + 1 + i / across, COLUMN - 1, 1};
        bool chosen = top + i == explorer->scores.filter;
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

static void draw(struct explorer *explorer, struct canvas *grid, const struct rect *room, bool focused)
{
    const struct scores_view *view = &explorer->scores;
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
    score_panels_draw(explorer, grid, room, bars, focused);
    if (list > 0) {
        struct rect below = {room->column, room->line + room->height - list, room->width, list};
        draw_filters(explorer, grid, &below, focused);
    }
}

static void title(const struct explorer *explorer, struct text *text)
{
    static const char start[] = "Scores ";
    const char *shown = explorer->scores.figure ? explorer->scores.figure->title : NULL;
    if (shown)
        text_add(text, strncmp(shown, start, strlen(start)) == 0 ? shown + strlen(start) : shown);
}

/* --- actions -------------------------------------------------------------------------------------------- */

static void open_filter(struct explorer *explorer)
{
    struct bin_filters filters;
    if (!bin_filters(explorer, &filters)) {
        explorer_say(explorer, true, "choose one layer first: filters belong to a layer");
        return;
    }
    if (filters.count) {
        char *name = mem_format("%s:%lld", explorer->session->state.model->layers->items[filters.layer].name,
                                (long long)filters.order[filters.first + explorer->scores.filter]);
        if (name)
            explorer_command(explorer, "filter", name, NULL);
        mem_free(name);
    }
    mem_free(filters.order);
}

static void move_filter(struct explorer *explorer, int step)
{
    struct bin_filters filters;
    if (bin_filters(explorer, &filters)) {
        explorer->scores.filter = cursor_moved(explorer->scores.filter, step, (int)filters.count);
        mem_free(filters.order);
    }
}

/* Over empty bins, to the next that has filters. */
static void move_bin(struct explorer *explorer, int step)
{
    struct scores_view *view = &explorer->scores;
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

static void move_layer(struct explorer *explorer, int step)
{
    explorer->layers.cursor = cursor_moved(explorer->layers.cursor, step, explorer->layers.count);
    explorer->scores.filter = 0;
}

static bool act(struct explorer *explorer, enum action_id action)
{
    int step;
    if (action == ACTION_LAYER_NEXT || action == ACTION_LAYER_PREVIOUS) {
        move_layer(explorer, action == ACTION_LAYER_NEXT ? 1 : -1);
        return true;
    }
    if (!explorer->scores.figure || explorer->criterion >= explorer->scores.figure->histogram.series)
        return false;
    if (action == ACTION_LEFT || action == ACTION_RIGHT) {
        move_bin(explorer, action == ACTION_RIGHT ? 1 : -1);
        return true;
    }
    if (action == ACTION_OPEN) {
        open_filter(explorer);
        return true;
    }
    if (vertical_step(action, 8, 1 << 20, &step)) {
        move_filter(explorer, step);
        return true;
    }
    return false;
}

/* A bar chooses its bin, a name its criterion. */
static void click(struct explorer *explorer, const struct rect *room, int line, int column)
{
    if (!explorer->scores.figure)
        return;
    struct score_panels panels = score_panels_for(explorer, room->width);
    int panel = (column - SCORE_GUTTER) / (panels.width + SCORE_GAP),
        inside = (column - SCORE_GUTTER) % (panels.width + SCORE_GAP);
    if (column < SCORE_GUTTER || panel >= panels.across || inside >= panels.width)
        return;
    explorer->criterion = panels.first + panel;
    if (line > 0) {
        explorer->scores.bin = inside * explorer->scores.figure->histogram.bins / panels.width;
        explorer->scores.filter = 0;
    }
}

const struct pane_row pane_scores = {title, draw, act, click, refresh, NULL};
