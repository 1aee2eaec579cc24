/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bars in eighths of a cell, what would be cut in another pattern, counts at the left, values below. */
#include "tui/score_panels.h"

#include <math.h>

#include "base/text.h"
#include "tui/grid.h"
#include "tui/pane.h"
#include "view/cells/bar.h"
#include "view/cells/canvas.h"
#include "view/glyphs.h"
#include "view/numbers.h"
#include "view/style.h"

enum { PANEL_LEAST = 9 };

struct score_panels score_panels_for(const struct explorer *explorer, int width)
{
    int series = explorer->session->state.board->count;
    struct score_panels panels = {.across = (width - SCORE_GUTTER + SCORE_GAP) / (PANEL_LEAST + SCORE_GAP)};
    panels.across = panels.across < 1 ? 1 : panels.across > series ? series : panels.across;
    if (panels.across < 1)
        return panels;
    panels.width = (width - SCORE_GUTTER - SCORE_GAP * (panels.across - 1)) / panels.across;
    panels.first = explorer->criterion - panels.across / 2;
    if (panels.first > series - panels.across)
        panels.first = series - panels.across;
    panels.first = panels.first < 0 ? 0 : panels.first;
    return panels;
}

/* --- bars ----------------------------------------------------------------------------------------------- */

struct bars {
    const struct figure_histogram *histogram;
    int series, left, width, rows;
    int64_t top;
    double threshold; /* in columns; NaN: none */
};

/* As in the figures of hist: by the middle of a column, so that a bin of several may be cut in part. */
static bool is_cut(const struct bars *bars, int column)
{
    return column + 0.5 < bars->threshold;
}

static int first_column(const struct bars *bars, int bin)
{
    return (bin * bars->width + bars->histogram->bins - 1) / bars->histogram->bins;
}

/* Has the bin no side, or its values no threshold in common? Its bar is cut from below then. */
static bool cut_upwards(const struct bars *bars, int bin)
{
    return bars->histogram->cut &&
           (isnan(bars->threshold) || first_column(bars, bin + 1) - first_column(bars, bin) < 2);
}

static int bin_of(const struct bars *bars, int column)
{
    return column * bars->histogram->bins / bars->width;
}

static void draw_bars(struct canvas *grid, const struct rect *room, const struct bars *bars, int cursor)
{
    const struct glyph_set *glyphs = glyph_set(grid->ascii);
    const int64_t *counts = bars->histogram->counts + (size_t)bars->series * (size_t)bars->histogram->bins;
    for (int c = 0; c < bars->width; c++) {
        int bin = bin_of(bars, c);
        bool below = is_cut(bars, c), upwards = cut_upwards(bars, bin);
        int eighths = (int)lround((double)counts[bin] / (double)bars->top * bars->rows * 8);
        eighths = counts[bin] > 0 && eighths == 0 ? 1 : eighths;
        int cells = bar_cut_cells(counts[bin], histogram_cut(bars->histogram, bars->series, bin, 1), eighths);
        for (int row = 0; row < bars->rows; row++) {
            int here = eighths - row * 8;
            here = here < 0 ? 0 : here > 8 ? 8 : here;
            bool cut = upwards ? row < cells : below;
            enum cell_style style = bin == cursor ? STYLE_CURSOR : cut ? STYLE_CUT : STYLE_BAR;
            int line = bars->rows - row;
            if (here > 0 || bin == cursor)
                grid_text(grid, room, line, bars->left + c, style,
                          cut ? glyphs->cut[here] : glyphs->column[here]);
        }
        grid_text(grid, room, bars->rows + 1, bars->left + c, below ? STYLE_CUT : STYLE_AXIS,
                  below ? glyphs->cut_axis : glyphs->horizontal);
    }
}

/* Where a tick's label begins, within the panel. */
static int label_start(const struct canvas *grid, const struct bars *bars, const struct tick *tick,
                       int *column)
{
    int width = grid_width_of(grid, tick->label);
    *column = (int)(tick->position * bars->width / bars->histogram->bins);
    *column = *column < bars->width ? *column : bars->width - 1;
    int start = *column - width / 2;
    return start < 0 ? 0 : start + width > bars->width ? bars->width - width : start;
}

/* As many ticks as have room with a blank between their labels. */
static int choose_ticks(const struct canvas *grid, const struct bars *bars, struct tick ticks[TICKS_MAX])
{
    for (int most = bars->width / 2 < TICKS_MAX ? bars->width / 2 : TICKS_MAX; most > 1; most--) {
        int count = ticks_of_axis(bars->histogram, most, ticks), free = 0, column;
        for (int i = 0; i < count && free >= 0; i++) {
            int start = label_start(grid, bars, &ticks[i], &column);
            free = start < free ? -1 : start + grid_width_of(grid, ticks[i].label) + 1;
        }
        if (count > 0 && free >= 0)
            return count;
    }
    return ticks_of_axis(bars->histogram, 1, ticks);
}

static void draw_ticks(struct canvas *grid, const struct rect *room, const struct bars *bars)
{
    const struct glyph_set *glyphs = glyph_set(grid->ascii);
    struct tick ticks[TICKS_MAX];
    int count = choose_ticks(grid, bars, ticks), column;
    for (int i = 0; i < count; i++) {
        int start = label_start(grid, bars, &ticks[i], &column);
        grid_text(grid, room, bars->rows + 1, bars->left + column, STYLE_AXIS, glyphs->tick_down);
        grid_text(grid, room, bars->rows + 2, bars->left + start, STYLE_AXIS, ticks[i].label);
    }
    if (bars->threshold > 0 && bars->threshold < bars->width) {
        column = (int)bars->threshold;
        grid_text(grid, room, bars->rows + 1, bars->left + column, STYLE_CUT, glyphs->threshold);
    }
}

/* The panel's name and how many filters would go: of the two the number stays whole. */
static void draw_name(const struct explorer *explorer, struct canvas *grid, const struct rect *room,
                      const struct bars *bars)
{
    struct rect part = {room->column + bars->left, room->line, bars->width, 1};
    const struct histogram_summary *summary = bars->histogram->summary;
    int64_t cut = summary ? summary[bars->series].below : 0;
    bool current = bars->series == explorer->criterion;
    struct text text = {0};
    if (cut > 0) {
        text_add_format(&text, "%s%lld", glyph_set(grid->ascii)->cut[8], (long long)cut);
        grid_text_right(grid, &part, 0, 0, STYLE_CUT, text_data(&text));
        part.width -= grid_width_of(grid, text_data(&text)) + 1;
    }
    if (part.width > 0)
        draw_cut(grid, &part, 0, 0, current ? STYLE_TITLE : STYLE_NAME,
                 explorer->session->state.board->entries[bars->series].choice.label);
    text_free(&text);
}

/* Four columns at most, as there are in the gutter: 950, 1.5k, 250k. Ticks are round numbers. */
static void add_short_count(struct text *text, int64_t count)
{
    bool thousands = count >= 1000;
    number_add_trimmed(text, thousands ? (double)count / 1000 : (double)count, 3);
    text_add(text, thousands ? "k" : "");
}

static void draw_counts(struct canvas *grid, const struct rect *room, const struct count_axis *axis, int rows)
{
    const struct glyph_set *glyphs = glyph_set(grid->ascii);
    struct rect gutter = {room->column, room->line, SCORE_GUTTER, room->height};
    for (int t = 0; t <= axis->ticks; t++) {
        int line = rows + 1 - (int)lround((double)t / axis->ticks * rows);
        struct text label = {0};
        add_short_count(&label, t * axis->step);
        text_add_format(&label, "%s%s", label.length < SCORE_GUTTER - 1 ? " " : "",
                        t ? glyphs->tick_left : glyphs->origin);
        if (t == 0 || line <= rows)
            grid_text_right(grid, &gutter, line, 0, STYLE_AXIS, text_data(&label));
        text_free(&label);
    }
}

void score_panels_draw(const struct explorer *explorer, const struct scores_view *view, struct canvas *grid,
                       const struct rect *room, int rows, bool focused)
{
    const struct figure_histogram *histogram = &view->figure->histogram;
    struct score_panels panels = score_panels_for(explorer, room->width);
    int64_t highest = 1;
    for (int i = panels.first * histogram->bins;
         i < (panels.first + panels.across) * histogram->bins && i < histogram->series * histogram->bins; i++)
        highest = histogram->counts[i] > highest ? histogram->counts[i] : highest;
    struct count_axis axis = count_axis_for(highest, 1, rows > 6 ? 4 : rows > 3 ? 2 : 1);
    for (int line = 1; line <= rows; line++)
        grid_text(grid, room, line, SCORE_GUTTER - 1, STYLE_AXIS, glyph_set(grid->ascii)->vertical);
    draw_counts(grid, room, &axis, rows);
    for (int p = 0; p < panels.across && panels.first + p < histogram->series; p++) {
        struct bars bars = {.histogram = histogram,
                            .series = panels.first + p,
                            .left = SCORE_GUTTER + p * (panels.width + SCORE_GAP),
                            .width = panels.width,
                            .rows = rows,
                            .top = axis.top,
                            .threshold = NAN};
        double threshold = histogram->threshold[bars.series];
        if (!isnan(threshold))
            bars.threshold = axis_position(histogram, threshold) * panels.width / histogram->bins;
        draw_name(explorer, grid, room, &bars);
        draw_bars(grid, room, &bars, focused && bars.series == explorer->criterion ? view->bin : -1);
        draw_ticks(grid, room, &bars);
    }
}
