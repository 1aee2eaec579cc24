/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names, ratios, bars of what is kept, channels and shares of the multiply-adds. */
#include "tui/layer_draw.h"

#include <math.h>
#include <stdio.h>

#include "session/pruning.h"
#include "session/ratio.h"
#include "tui/grid.h"
#include "tui/layer_tree.h"
#include "tui/pane.h"
#include "view/cells/canvas.h"
#include "view/glyphs.h"
#include "view/style.h"

enum { RATIO_WIDTH = 5, KEPT_WIDTH = 9, COST_WIDTH = 6, BAR_LEAST = 6, BAR_MOST = 24, NAME_LEAST = 13 };

/* What the rows show: the plan where ratios are set, else the network as it is. */
static const struct cost *shown_cost(const struct explorer *explorer)
{
    const struct session *session = explorer->session;
    return explorer->plan.layers ? &explorer->plan
                                 : pruning_cost(session->state.pruning, session->state.model);
}

/* --- numbers of a row ----------------------------------------------------------------------------------- */

static void add_channels(const struct session *session, int layer, struct layer_numbers *numbers,
                         int64_t *free)
{
    const struct coupling *coupling = session->state.model->coupling;
    int64_t channels = session->state.model->layers->items[layer].channels;
    for (int64_t c = 0; c < channels; c++) {
        int block = coupling->classes[coupling->layer_classes[layer][c]].block;
        if (block < 0 || coupling->blocks[block].locked)
            continue;
        numbers->ratio += session->state.pruning->ratio[block];
        numbers->chosen |= block_has_ratio(&session->state, block);
        numbers->excluded &= session->state.pruning->excluded[block];
        (*free)++;
    }
    numbers->stream |= coupling->groups[coupling->layer_group[layer]].stream;
}

struct layer_numbers layer_numbers(const struct explorer *explorer, const struct layer_row *row)
{
    const struct session *session = explorer->session;
    const struct cost *cost = shown_cost(explorer);
    const struct cost *selected = pruning_cost(session->state.pruning, session->state.model);
    struct layer_numbers numbers = {.excluded = true};
    int64_t free = 0;
    for (int i = row->first; i < row->first + row->count; i++) {
        numbers.kept += cost->layers[i].channels;
        numbers.channels += session->state.model->layers->items[i].channels;
        numbers.macs += cost->layers[i].macs;
        numbers.differs |=
            session->state.pruning->removed_count && cost->layers[i].channels != selected->layers[i].channels;
        add_channels(session, i, &numbers, &free);
    }
    numbers.locked = free == 0;
    numbers.excluded &= free > 0;
    numbers.ratio = free ? numbers.ratio / (double)free : 0;
    numbers.share = cost->macs > 0 ? numbers.macs / cost->macs : 0;
    return numbers;
}

/* --- drawing -------------------------------------------------------------------------------------------- */

struct layer_places layer_places_for(int width)
{
    struct layer_places places = {0};
    int left = width - NAME_LEAST - 1;
    bool ratio = left >= RATIO_WIDTH, bar = (left -= RATIO_WIDTH + 1) >= BAR_LEAST;
    left -= bar ? BAR_LEAST + 1 : 0;
    bool cost = left >= COST_WIDTH;
    left -= cost ? COST_WIDTH + 1 : 0;
    bool kept = left >= KEPT_WIDTH;
    left -= kept ? KEPT_WIDTH + 1 : 0;
    left = left > 0 ? left : 0;
    places.bar_width =
        bar ? BAR_LEAST + (left / 2 < BAR_MOST - BAR_LEAST ? left / 2 : BAR_MOST - BAR_LEAST) : 0;
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

void layer_head_draw(struct canvas *grid, const struct rect *room, const struct layer_places *places)
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

static void draw_bar(struct canvas *grid, const struct rect *room, int line,
                     const struct layer_places *places, double share)
{
    const struct glyph_set *glyphs = glyph_set(grid->ascii);
    int parts = (int)lround(share * places->bar_width * 8), full = parts / 8;
    int rest = grid->ascii ? 0 : parts % 8, column = places->bar;
    for (int i = 0; i < full; i++)
        column = grid_text(grid, room, line, column, STYLE_BAR, glyphs->row[8]);
    if (rest)
        column = grid_text(grid, room, line, column, STYLE_BAR, glyphs->row[rest]);
    while (column < places->bar + places->bar_width)
        column = grid_text(grid, room, line, column, STYLE_CUT, glyphs->shade);
}

static void draw_numbers(struct canvas *grid, const struct rect *room, int line,
                         const struct layer_places *places, const struct layer_numbers *numbers)
{
    char text[48];
    if (places->ratio) {
        snprintf(text, sizeof text, "%.2f", numbers->ratio);
        put_right(grid, room, line, places->ratio, RATIO_WIDTH,
                  numbers->ratio > 0 ? STYLE_NUMBER : STYLE_NOTE,
                  numbers->locked     ? "lock"
                  : numbers->excluded ? "keep"
                  : numbers->chosen   ? text
                                      : "-");
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
                      const struct layer_places *places, const struct layer_row *row, bool stream)
{
    const struct layers *layers = explorer->session->state.model->layers;
    const struct glyph_set *glyphs = glyph_set(grid->ascii);
    struct rect cut = *room;
    cut.width = places->name_width < room->width ? places->name_width : room->width;
    int column = 0;
    if (row->stage) {
        bool closed = explorer->layers.closed[row->first];
        column = grid_text(grid, &cut, line, 0, STYLE_NOTE, closed ? glyphs->closed : glyphs->opened) + 1;
    } else if (row->inside) {
        column = 2;
    }
    if (stream && !row->stage)
        cut.width -= 2;
    draw_cut(grid, &cut, line, column, row->stage ? STYLE_NAME : STYLE_PLAIN, layer_row_text(row, layers));
    if (stream && !row->stage)
        grid_text(grid, room, line, cut.width, STYLE_NOTE, glyphs->tied);
}

void layer_row_draw(const struct explorer *explorer, struct canvas *grid, const struct rect *room, int line,
                    const struct layer_places *places, const struct layer_row *row)
{
    struct layer_numbers numbers = layer_numbers(explorer, row);
    draw_name(explorer, grid, room, line, places, row, numbers.stream);
    draw_numbers(grid, room, line, places, &numbers);
}
