/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names, ratios, bars of what is kept, channels and shares of the multiply-adds. */
#include "tui/layer_draw.h"

#include <math.h>
#include <stdio.h>

#include "base/text.h"
#include "session/pruning.h"
#include "session/ratio.h"
#include "tui/grid.h"
#include "tui/layer_facts.h"
#include "tui/layer_tree.h"
#include "tui/pane.h"
#include "view/cells/canvas.h"
#include "view/glyphs.h"
#include "view/style.h"

enum { BAR_LEAST = 6, BAR_MOST = 24, NAME_LEAST = 13 };

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

/* Of a stage: the mean agreement, and the largest drop. */
static void add_facts(const struct layer_facts *facts, const struct layer_row *row,
                      struct layer_numbers *numbers)
{
    double sum = 0;
    int known = 0;
    numbers->agreement = numbers->drop = NAN;
    for (int i = row->first; i < row->first + row->count && i < facts->layers; i++) {
        if (facts->agreement && !isnan(facts->agreement[i])) {
            sum += facts->agreement[i];
            known++;
        }
        if (facts->drop)
            numbers->drop = fmax(numbers->drop, facts->drop[i]); /* of NaN and a number the number */
    }
    if (known)
        numbers->agreement = sum / known;
}

struct layer_numbers layer_numbers(const struct explorer *explorer, const struct layer_row *row)
{
    const struct cost *whole = &explorer->session->state.model->cost;
    const struct session *session = explorer->session;
    const struct cost *cost = shown_cost(explorer);
    const struct cost *selected = pruning_cost(session->state.pruning, session->state.model);
    struct layer_numbers numbers = {.excluded = true};
    int64_t free = 0;
    for (int i = row->first; i < row->first + row->count; i++) {
        numbers.kept += cost->layers[i].channels;
        numbers.channels += session->state.model->layers->items[i].channels;
        numbers.macs += cost->layers[i].macs;
        numbers.macs_before += whole->layers[i].macs;
        numbers.parameters += cost->layers[i].parameters;
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

/* --- columns -------------------------------------------------------------------------------------------- */

static void add_ratio(struct text *text, const struct layer_numbers *numbers)
{
    if (numbers->locked || numbers->excluded || !numbers->chosen)
        text_add(text, numbers->locked ? "lock" : numbers->excluded ? "keep" : "-");
    else
        text_add_format(text, "%.2f", numbers->ratio);
}

static void add_kept(struct text *text, const struct layer_numbers *numbers)
{
    text_add_format(text, "%lld/%lld%s", (long long)numbers->kept, (long long)numbers->channels,
                    numbers->differs ? "*" : " ");
}

static void add_cut(struct text *text, const struct layer_numbers *numbers)
{
    text_add_format(text, "%lld", (long long)(numbers->channels - numbers->kept));
}

static void add_parameters(struct text *text, const struct layer_numbers *numbers)
{
    text_add_thousands(text, numbers->parameters);
}

static void add_macs(struct text *text, const struct layer_numbers *numbers)
{
    text_add_si(text, numbers->macs, 4);
}

static double saved_share(const struct layer_numbers *numbers)
{
    return numbers->macs_before > 0 ? 1 - numbers->macs / numbers->macs_before : 0;
}

static void add_saved(struct text *text, const struct layer_numbers *numbers)
{
    text_add_format(text, "%.1f%%", 100 * saved_share(numbers));
}

static void add_share(struct text *text, const struct layer_numbers *numbers)
{
    text_add_format(text, "%.1f%%", 100 * numbers->share);
}

static void add_drop(struct text *text, const struct layer_numbers *numbers)
{
    if (!isnan(numbers->drop))
        text_add_format(text, "%.1f", numbers->drop);
}

static void add_agreement(struct text *text, const struct layer_numbers *numbers)
{
    if (!isnan(numbers->agreement))
        text_add_format(text, "%.2f", numbers->agreement);
}

static double ratio_key(const struct layer_numbers *numbers)
{
    return numbers->locked ? NAN : numbers->chosen && !numbers->excluded ? numbers->ratio : 0;
}

static double kept_key(const struct layer_numbers *numbers)
{
    return numbers->channels ? (double)numbers->kept / (double)numbers->channels : NAN;
}

static double channels_key(const struct layer_numbers *numbers)
{
    return (double)numbers->kept;
}

static double cut_key(const struct layer_numbers *numbers)
{
    return (double)(numbers->channels - numbers->kept);
}

static double parameters_key(const struct layer_numbers *numbers)
{
    return (double)numbers->parameters;
}

static double macs_key(const struct layer_numbers *numbers)
{
    return numbers->macs;
}

static double drop_key(const struct layer_numbers *numbers)
{
    return numbers->drop;
}

static double agreement_key(const struct layer_numbers *numbers)
{
    return numbers->agreement;
}

static enum cell_style ratio_style(const struct layer_numbers *numbers)
{
    return numbers->ratio > 0 ? STYLE_NUMBER : STYLE_NOTE;
}

static enum cell_style cut_style(const struct layer_numbers *numbers)
{
    return numbers->kept < numbers->channels ? STYLE_CUT : STYLE_NOTE;
}

static bool is_measured(const struct layer_facts *facts)
{
    return facts->drop != NULL;
}

/* Until it was found out it may be. */
static bool is_compared(const struct layer_facts *facts)
{
    return facts->agreement || !facts->compared;
}

static void add_drop_head(struct text *text, const struct layer_facts *facts)
{
    text_add(text, "lost at ");
    text_add_rounded(text, facts->drop_ratio, 2);
}

/* In the order in which they stand; `turn`: in which they get room, after the name. Without `add`: the bar.
 */
static const struct layer_column {
    const char *head;
    int width, turn;
    double (*key)(const struct layer_numbers *numbers); /* what it is sorted by */
    void (*add)(struct text *text, const struct layer_numbers *numbers);
    enum cell_style (*style)(const struct layer_numbers *numbers);        /* NULL: a number's */
    bool (*known)(const struct layer_facts *facts);                       /* NULL: always */
    void (*add_head)(struct text *text, const struct layer_facts *facts); /* NULL: `head` */
} columns[LAYER_COLUMNS] = {
    {"ratio", 5, 0, ratio_key, add_ratio, ratio_style, NULL, NULL},
    {"kept", BAR_LEAST, 1, kept_key, NULL, NULL, NULL, NULL},
    {"channels", 9, 3, channels_key, add_kept, NULL, NULL, NULL},
    {"cut", 5, 7, cut_key, add_cut, cut_style, NULL, NULL},
    {"params left", 11, 4, parameters_key, add_parameters, NULL, NULL, NULL},
    {"MACs left", 9, 5, macs_key, add_macs, NULL, NULL, NULL},
    {"saved", 6, 6, saved_share, add_saved, cut_style, NULL, NULL},
    {"MACs", 6, 2, macs_key, add_share, NULL, NULL, NULL},
    {"", 12, 8, drop_key, add_drop, NULL, is_measured, add_drop_head},
    {"agree", 6, 9, agreement_key, add_agreement, NULL, is_compared, NULL},
};

enum { TURNS_BEFORE_NAMES = 4 };

static int column_of_turn(int turn)
{
    int column = 0;
    while (columns[column].turn != turn)
        column++;
    return column;
}

/* What comes first gets room as long as the names keep their least; then the names get theirs, then the other
 * columns, then the bar. The rest is left to the names. */
struct layer_places layer_places_for(const struct layer_facts *facts, int width, int names)
{
    struct layer_places places = {0};
    int name = NAME_LEAST, left = width - NAME_LEAST - 1, bar = 0, column = width - 1;
    bool shown[LAYER_COLUMNS] = {false};
    for (int turn = 0; turn < LAYER_COLUMNS; turn++) {
        int at = column_of_turn(turn), needs = columns[at].width + (turn > 0);
        if (turn == TURNS_BEFORE_NAMES && names > name) {
            int more = names - name < left ? names - name : left > 0 ? left : 0;
            left -= more;
        }
        if ((columns[at].known && !columns[at].known(facts)) || left < needs)
            continue;
        shown[at] = true;
        left -= needs;
        bar = columns[at].add ? bar : columns[at].width;
    }
    if (bar && left > 0)
        bar += left / 2 < BAR_MOST - BAR_LEAST ? left / 2 : BAR_MOST - BAR_LEAST;
    for (int i = LAYER_COLUMNS - 1; i >= 0; i--) {
        places.width[i] = !shown[i] ? 0 : columns[i].add ? columns[i].width : bar;
        column -= places.width[i];
        places.column[i] = column;
        column -= shown[i];
    }
    places.name_width = shown[0] ? places.column[0] - 1 : width;
    return places;
}

bool layer_places_agreement(const struct layer_places *places)
{
    int column = 0;
    while (columns[column].add != add_agreement)
        column++;
    return places->width[column] > 0;
}

/* --- drawing -------------------------------------------------------------------------------------------- */

static void put_right(struct canvas *grid, const struct rect *room, int line,
                      const struct layer_places *places, int column, enum cell_style style, const char *text)
{
    int start = places->column[column] + places->width[column] - grid_width_of(grid, text);
    grid_text(grid, room, line, start > places->column[column] ? start : places->column[column], style, text);
}

void layer_head_draw(const struct layer_facts *facts, struct canvas *grid, const struct rect *room,
                     const struct layer_places *places, struct layer_order order)
{
    const struct glyph_set *glyphs = glyph_set(grid->ascii);
    grid_text(grid, room, 0, 0, STYLE_HEADER, "layer");
    for (int i = 0; i < LAYER_COLUMNS; i++) {
        struct text head = {0};
        if (!places->width[i])
            continue;
        if (columns[i].add_head)
            columns[i].add_head(&head, facts);
        else
            text_add(&head, columns[i].head);
        int end = places->column[i] + places->width[i];
        if (columns[i].add)
            put_right(grid, room, 0, places, i, STYLE_HEADER, text_data(&head));
        else
            end = grid_text(grid, room, 0, places->column[i], STYLE_HEADER, text_data(&head));
        if (order.by == i + 1)
            grid_text(grid, room, 0, end, STYLE_HEADER, order.falling ? glyphs->falling : glyphs->rising);
        text_free(&head);
    }
}

/* What is kept is a thin line, what goes is solid: that is what is looked for. Either is seen where there is
 * any of it. */
static void draw_bar(struct canvas *grid, const struct rect *room, int line, int column, int width,
                     double share)
{
    const struct glyph_set *glyphs = glyph_set(grid->ascii);
    int halves = (int)lround((1 - share) * width * 2);
    halves = share < 1 && halves < 1 ? 1 : share > 0 && halves > 2 * width - 2 ? 2 * width - 2 : halves;
    int kept = width - (halves + 1) / 2, end = column + width;
    for (int i = 0; i < kept; i++)
        column = grid_text(grid, room, line, column, STYLE_BORDER, glyphs->kept);
    if (halves % 2)
        column = grid_text(grid, room, line, column, STYLE_CUT, glyphs->gone_half);
    while (column < end)
        column = grid_text(grid, room, line, column, STYLE_CUT, glyphs->gone);
}

static void draw_numbers(struct canvas *grid, const struct rect *room, int line,
                         const struct layer_places *places, const struct layer_numbers *numbers)
{
    for (int i = 0; i < LAYER_COLUMNS; i++) {
        struct text text = {0};
        if (!places->width[i])
            continue;
        if (!columns[i].add) {
            draw_bar(grid, room, line, places->column[i], places->width[i],
                     numbers->channels ? (double)numbers->kept / (double)numbers->channels : 0);
            continue;
        }
        columns[i].add(&text, numbers);
        put_right(grid, room, line, places, i, columns[i].style ? columns[i].style(numbers) : STYLE_NUMBER,
                  text_data(&text));
        text_free(&text);
    }
}

static void draw_name(const struct explorer *explorer, struct canvas *grid, const struct rect *room, int line,
                      const struct layer_places *places, const struct layer_row *row, const char *name,
                      bool stream)
{
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
    draw_cut(grid, &cut, line, column, row->stage ? STYLE_NAME : STYLE_PLAIN, name);
    if (stream && !row->stage)
        grid_text(grid, room, line, cut.width, STYLE_NOTE, glyphs->tied);
}

double layer_column_key(const struct explorer *explorer, const struct layer_facts *facts,
                        const struct layer_row *row, int column)
{
    struct layer_numbers numbers = layer_numbers(explorer, row);
    add_facts(facts, row, &numbers);
    return columns[column].key(&numbers);
}

void layer_row_draw(const struct explorer *explorer, const struct layer_facts *facts, struct canvas *grid,
                    const struct rect *room, int line, const struct layer_places *places,
                    const struct layer_row *row, const char *name)
{
    struct layer_numbers numbers = layer_numbers(explorer, row);
    add_facts(facts, row, &numbers);
    draw_name(explorer, grid, room, line, places, row, name, numbers.stream);
    draw_numbers(grid, room, line, places, &numbers);
}
