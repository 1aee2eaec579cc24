/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Histograms in cells: one panel per series on shared bins, side by side where they fit. The count axis is
 * shared too, unless the smallest series would lie flat on it: then each panel has its own, and a note says
 * so.
 *
 *     layer3.8.conv1                       name
 *     64 filters · min 0.1 · max 3.2       summary
 *     ▒ cut below 0.5: 26                  threshold
 *      20 ┤     ▄█                         a tick's line is the one whose upper edge is the tick's count
 *         │   ▒▒██▄
 *       0 ┼╌╌╌╌▲─┬──                       axis: under the cut region broken, ▲ at the threshold
 *              0.5  1                      ticks
 *             PROscore                     what the values are
 *
 * A bin is a whole number of columns wide, or, when there are more bins than columns, a column is several
 * bins and a note says so. A column is drawn as cut when its middle is below the threshold; where a bin is
 * one column, or has no threshold, the part that would go is the lower one. */
#include "view/cells/draw.h"

#include <math.h>
#include <string.h>
#include "base/text.h"
#include "view/cells/bar.h"
#include "view/style.h"
#include "view/numbers.h"

enum {
    PANEL_GAP = 3,
    LEAST_PLOT = 24, /* columns of a plot that may stand beside another */
    LEAST_FIT = 12,  /* the same in a pane */
    WIDEST_BIN = 8,
    OWN_TICKS = 5, /* on a count axis that is not shared */
};

struct panels {
    const struct figure_histogram *histogram;
    bool shared;             /* one count axis for all */
    struct count_axis axis;  /* which is this one */
    int rows;                /* lines of the bars */
    int own_ticks;           /* on a count axis that is not shared, so that all are equally high */
    int gutter;              /* columns of the count axis with its line */
    int across;              /* panels side by side */
    int panel;               /* columns of one */
    int bin_columns, merged; /* columns per bin; bins per column (one of them is 1) */
    int columns;             /* of the bars */
};

/* Count of one column of bars. */
static int64_t column_count(const struct panels *panels, int series, int column)
{
    const struct figure_histogram *histogram = panels->histogram;
    const int64_t *counts = histogram->counts + (size_t)series * (size_t)histogram->bins;
    int64_t sum = 0;
    int first = column / panels->bin_columns * panels->merged;
    for (int b = first; b < first + panels->merged && b < histogram->bins; b++)
        sum += counts[b];
    return sum;
}

/* Position of a value on the axis, in columns. */
static double column_position(const struct panels *panels, double bins)
{
    return bins * panels->bin_columns / panels->merged;
}

static bool has_threshold(const struct figure_histogram *histogram, int series)
{
    return !isnan(histogram->threshold[series]);
}

/* The first column that is kept; 0 when nothing is cut. */
static int first_kept(const struct panels *panels, int series)
{
    if (!has_threshold(panels->histogram, series))
        return 0;
    double threshold = panels->histogram->threshold[series];
    double position = column_position(panels, axis_position(panels->histogram, threshold));
    return position <= 0 ? 0 : position >= panels->columns ? panels->columns : (int)floor(position + 0.5);
}

static void choose_columns(struct panels *panels, int plot)
{
    int bins = panels->histogram->bins;
    panels->bin_columns = bins > 0 && plot >= bins ? plot / bins : 1;
    if (panels->bin_columns > WIDEST_BIN)
        panels->bin_columns = WIDEST_BIN;
    panels->merged = bins > plot ? (bins + plot - 1) / plot : 1;
    panels->columns = (bins + panels->merged - 1) / panels->merged * panels->bin_columns;
}

static int64_t highest_of(const struct panels *panels, int series)
{
    int64_t highest = 0;
    for (int c = 0; c < panels->columns; c += panels->bin_columns) {
        int64_t count = column_count(panels, series, c);
        highest = count > highest ? count : highest;
    }
    return highest;
}

static struct count_axis axis_of(const struct panels *panels, int series)
{
    return panels->shared ? panels->axis
                          : count_axis_for(highest_of(panels, series), panels->own_ticks, panels->own_ticks);
}

/* Room for the labels of one count axis. */
static void widen_gutter(struct drawing *drawing, struct panels *panels, struct count_axis axis)
{
    for (int t = 0; t <= axis.ticks; t++) {
        struct text label = {0};
        number_add_count(&label, t * axis.step);
        int width = utf8_width(text_data(&label)) + 2;
        panels->gutter = width > panels->gutter ? width : panels->gutter;
        drawing->failed = drawing->failed || label.failed;
        text_free(&label);
    }
}

/* Height of the count axes, and the width of their labels. */
static void choose_axis(struct drawing *drawing, struct panels *panels)
{
    static const int lines_per_tick[] = {0, 8, 6, 4, 3, 2};
    int64_t highest = 0, lowest = INT64_MAX;
    for (int s = 0; s < panels->histogram->series; s++) {
        int64_t here = highest_of(panels, s);
        highest = here > highest ? here : highest;
        lowest = here > 0 && here < lowest ? here : lowest;
    }
    panels->shared = highest / COUNTS_FLAT <= lowest;
    panels->axis = highest <= 1 ? (struct count_axis){1, 1, 1} : count_axis_for(highest, 2, 5);
    int own = OWN_TICKS;
    if (drawing->plot_lines > 0) { /* as many ticks as there are pairs of lines */
        int most = drawing->plot_lines / 2 < 1   ? 1
                   : drawing->plot_lines / 2 > 5 ? 5
                                                 : drawing->plot_lines / 2;
        own = most;
        panels->axis = highest <= 1 ? panels->axis : count_axis_for(highest, most < 2 ? most : 2, most);
    }
    panels->own_ticks = own;
    int ticks = panels->shared ? panels->axis.ticks : own;
    panels->rows =
        drawing->plot_lines > 0 ? drawing->plot_lines / ticks * ticks : lines_per_tick[ticks] * ticks;
    panels->rows = panels->rows < ticks ? ticks : panels->rows;
    panels->gutter = 0;
    for (int s = 0; s < panels->histogram->series; s++)
        widen_gutter(drawing, panels, axis_of(panels, s));
}

static void choose_panels(struct drawing *drawing, struct panels *panels,
                          const struct figure_histogram *histogram)
{
    *panels = (struct panels){.histogram = histogram, .gutter = 6};
    int wanted = drawing->plot_lines > 0        ? LEAST_FIT
                 : histogram->bins < LEAST_PLOT ? LEAST_PLOT
                 : histogram->bins > 64         ? 64
                                                : histogram->bins;
    int series = histogram->series;
    /* The gutter depends on the highest column, and that on how many bins share one: settle in three rounds.
     */
    for (int round = 0; round < 3; round++) {
        int least = panels->gutter + wanted;
        panels->across = (drawing->width + PANEL_GAP) / (least + PANEL_GAP);
        panels->across = panels->across < 1 ? 1 : panels->across > series ? series : panels->across;
        int down = (series + panels->across - 1) / panels->across;
        panels->across = (series + down - 1) / down; /* 2 and 2 rather than 3 and 1 */
        panels->panel = (drawing->width - (panels->across - 1) * PANEL_GAP) / panels->across;
        choose_columns(panels, panels->panel - panels->gutter > 1 ? panels->panel - panels->gutter : 1);
        choose_axis(drawing, panels);
    }
}

/* Values of several layers have no threshold in common, and a bin of one column has no side: their bars are
 * cut from below. */
static bool cut_upwards(const struct panels *panels, int series)
{
    const struct figure_histogram *histogram = panels->histogram;
    return histogram->cut && (panels->bin_columns == 1 || !has_threshold(histogram, series));
}

static int64_t column_cut(const struct panels *panels, int series, int column)
{
    return histogram_cut(panels->histogram, series, column / panels->bin_columns * panels->merged,
                         panels->merged);
}

/* One line of bars: row 1 is the lowest. */
static void draw_bars(struct drawing *drawing, const struct panels *panels, int series, int64_t top, int left,
                      int row)
{
    const struct glyph_set *glyphs = drawing->glyphs;
    int kept = first_kept(panels, series);
    bool stacked = cut_upwards(panels, series);
    for (int c = 0; c < panels->columns; c++) {
        int64_t count = column_count(panels, series, c);
        int eighths = (int)lround((double)count / (double)top * panels->rows * 8);
        if (count > 0 && eighths == 0)
            eighths = 1; /* little is not nothing */
        int here = eighths - (row - 1) * 8;
        here = here < 0 ? 0 : here > 8 ? 8 : here;
        bool cut = stacked ? row <= bar_cut_cells(count, column_cut(panels, series, c), eighths) : c < kept;
        if (here > 0)
            drawing_put(drawing, left + c, cut ? STYLE_CUT : STYLE_BAR,
                        cut ? glyphs->cut[here] : glyphs->column[here]);
        else if (kept > 0 && c == kept && has_threshold(panels->histogram, series))
            drawing_put(drawing, left + c, STYLE_CUT, glyphs->threshold_line);
    }
}

static void draw_plot(struct drawing *drawing, const struct panels *panels, int series, int left)
{
    const struct glyph_set *glyphs = drawing->glyphs;
    struct count_axis axis = axis_of(panels, series);
    int line = left + panels->gutter - 1, per_tick = panels->rows / axis.ticks;
    for (int row = panels->rows; row >= 1; row--, drawing->line++) {
        bool tick = row % per_tick == 0;
        if (tick) {
            struct text label = {0};
            number_add_count(&label, row / per_tick * axis.step);
            drawing_put_right(drawing, line - 1, STYLE_AXIS, drawing_take(drawing, &label));
        }
        drawing_put(drawing, line, STYLE_AXIS, tick ? glyphs->tick_left : glyphs->vertical);
        draw_bars(drawing, panels, series, axis.top, line + 1, row);
    }
}

/* Where the value axis is: columns of its bars, and the columns that labels may take. */
struct axis_place {
    int origin, columns, left, end;
};

static int tick_column(const struct panels *panels, const struct axis_place *place, const struct tick *tick)
{
    int column = (int)floor(column_position(panels, tick->position));
    return place->origin + (column < place->columns ? column : place->columns - 1);
}

static int label_start(const struct axis_place *place, int column, const char *label)
{
    int width = utf8_width(label), start = column - width / 2;
    start = start + width > place->end ? place->end - width : start;
    return start < place->left ? place->left : start;
}

/* As many ticks as there is room for with their labels two columns apart. */
static int choose_ticks(const struct panels *panels, const struct axis_place *place,
                        struct tick ticks[TICKS_MAX])
{
    for (int most = place->columns / 4 + 2; most > 1; most = most > TICKS_MAX ? TICKS_MAX : most - 1) {
        int count = ticks_of_axis(panels->histogram, most, ticks), free = place->left;
        bool fits = true;
        for (int i = 0; i < count && fits; i++) {
            int start = label_start(place, tick_column(panels, place, &ticks[i]), ticks[i].label);
            fits = start >= free;
            free = start + utf8_width(ticks[i].label) + 2;
        }
        if (fits)
            return count;
    }
    return ticks_of_axis(panels->histogram, 1, ticks);
}

static void draw_value_axis(struct drawing *drawing, const struct panels *panels, int series, int left)
{
    const struct glyph_set *glyphs = drawing->glyphs;
    struct axis_place place = {left + panels->gutter, panels->columns, left, left + panels->panel};
    int kept = first_kept(panels, series);
    drawing_put_right(drawing, place.origin - 2, STYLE_AXIS, "0");
    drawing_put(drawing, place.origin - 1, STYLE_AXIS, glyphs->origin);
    drawing_repeat(drawing, place.origin, STYLE_CUT, glyphs->cut_axis, kept);
    drawing_repeat(drawing, place.origin + kept, STYLE_AXIS, glyphs->horizontal, panels->columns - kept);
    struct tick ticks[TICKS_MAX];
    int count = choose_ticks(panels, &place, ticks);
    drawing->failed = drawing->failed || count < 0;
    for (int i = 0; i < count; i++) {
        int column = tick_column(panels, &place, &ticks[i]);
        drawing_put(drawing, column, column < place.origin + kept ? STYLE_CUT : STYLE_AXIS,
                    glyphs->tick_down);
        drawing->line++;
        drawing_put(drawing, label_start(&place, column, ticks[i].label), STYLE_AXIS, ticks[i].label);
        drawing->line--;
    }
    if (kept > 0 && kept < panels->columns)
        drawing_put(drawing, place.origin + kept, STYLE_CUT, glyphs->threshold);
    drawing->line += 2;
    if (drawing->terse)
        return;
    const char *axis =
        drawing_shorten(drawing, drawing_show(drawing, panels->histogram->axis), panels->panel);
    drawing_put(drawing, label_start(&place, place.origin + panels->columns / 2, axis), STYLE_NOTE, axis);
    drawing->line++;
}

/* The name, cut where needed, and how many would go, whole: "conv1 ▒10". */
static void draw_short_head(struct drawing *drawing, const struct panels *panels, int series, int left)
{
    const struct figure_histogram *histogram = panels->histogram;
    int64_t cut = histogram->summary ? histogram->summary[series].below : 0;
    int room = panels->panel;
    if (cut > 0) {
        const char *number = drawing_format(drawing, "%s%lld", drawing->glyphs->cut[8], (long long)cut);
        drawing_put_right(drawing, left + room - 1, STYLE_CUT, number);
        room -= utf8_width(number) + 1;
    }
    if (room > 0)
        drawing_put(drawing, left, STYLE_HEADER,
                    drawing_shorten(drawing, drawing_show(drawing, histogram->names[series]), room));
}

/* The panels of one line of panels, their plots level with each other. */
static void draw_across(struct drawing *drawing, const struct panels *panels, int first, int count)
{
    struct panel_head head;
    int top = drawing->line, tallest = 0, bottom = top;
    for (int i = 0; i < count; i++) {
        panel_head_make(drawing, panels->histogram, first + i, panels->panel, drawing->glyphs->cut[8], &head);
        head.count = drawing->terse && head.count > 1 ? 1 : head.count;
        tallest = head.count > tallest ? head.count : tallest;
    }
    for (int i = 0; i < count && !drawing->failed; i++) {
        int left = i * (panels->panel + PANEL_GAP);
        panel_head_make(drawing, panels->histogram, first + i, panels->panel, drawing->glyphs->cut[8], &head);
        for (int h = 0; h < head.count && h < tallest; h++) {
            drawing->line = top + h;
            if (drawing->terse)
                draw_short_head(drawing, panels, first + i, left);
            else
                drawing_put(drawing, left, head.style[h], head.line[h]);
        }
        drawing->line = top + tallest;
        draw_plot(drawing, panels, first + i, left);
        draw_value_axis(drawing, panels, first + i, left);
        bottom = drawing->line;
        drawing->line = top;
    }
    drawing->line = bottom;
}

void draw_histogram(struct drawing *drawing, const struct figure *figure)
{
    const struct figure_histogram *histogram = &figure->histogram;
    struct panels panels;
    if (histogram->series == 0 || histogram->bins == 0) {
        drawing_paragraph(drawing, STYLE_NOTE, "(nothing to count)");
        return;
    }
    choose_panels(drawing, &panels, histogram);
    drawing->plots = (histogram->series + panels.across - 1) / panels.across;
    drawing->height = panels.rows;
    for (int s = 0; s < histogram->series && !drawing->failed; s += panels.across) {
        int left = histogram->series - s;
        if (s > 0)
            drawing->line++;
        draw_across(drawing, &panels, s, left < panels.across ? left : panels.across);
    }
    if (!panels.shared && !drawing->terse)
        drawing_paragraph(drawing, STYLE_NOTE, "each panel has its own count axis");
    if (panels.merged > 1 && !drawing->terse)
        drawing_paragraph(drawing, STYLE_NOTE,
                          drawing_format(drawing, "one column shows %d bins", panels.merged));
}
