/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Curves in cells: lines in dots (a braille character has 2 x 4), every series with a sign of its own at its
 * points, so that it reads without colour. Without UTF-8 the signs stand alone.
 *
 *     accuracy                           what y is
 *     100% ┤⠂●⠤⣀⠂⠂⠂⠂⠂⠂⠂⠂⠂⠂⠂             the reference is dotted
 *          │     ⠉▲⣀                     a tick's value is in the middle of its line
 *      50% ┤       ⠉●⡀                  vertical dots through a point: its spread
 *          └─┬─────┬─────┬─
 *           0.1   0.3   0.5
 *             ratio removed              what x is
 *     ● l1     66.00% at 0.5             the last value, or how many points there are so far
 */
#include "view/curve.h"

#include <math.h>
#include <string.h>

enum {
    MOST_TICKS = 8,
    PLAIN_LINES = 13, /* of a plot without round ticks */
    LEGEND_GAP = 3,
    DOTS_ACROSS = 2,
    DOTS_DOWN = 4,
    MIDDLE_DOT = 1, /* of the four in a cell: the one that stands for the value of its line */
};

struct plot_cell {
    unsigned char dots, style;
    const char *sign; /* or NULL */
    int series;       /* whose sign */
};

struct chart {
    const struct curve_plan *plan;
    int gutter, columns, lines;
    struct plot_cell *cells; /* lines x columns */
    bool meeting;            /* somewhere several signs would share a cell */
};

static enum cell_style style_of(int series)
{
    return STYLE_SERIES1 + series % SERIES_STYLES;
}

static int clamp_dot(double dot, int count)
{
    return dot < 0 ? 0 : dot > count - 1 ? count - 1 : (int)lround(dot);
}

/* Dots are counted from the left and from the top. A column stays free at both ends where there is room. */
static int dot_across(const struct chart *chart, double x)
{
    int inset = chart->columns > 12 ? 1 : 0;
    double place = range_position(chart->plan->left, chart->plan->right, x);
    return clamp_dot((inset + place * (chart->columns - 1 - 2 * inset)) * DOTS_ACROSS,
                     chart->columns * DOTS_ACROSS);
}

static int dot_down(const struct chart *chart, double y)
{
    double place = range_position(chart->plan->low, chart->plan->high, y);
    return clamp_dot((1 - place) * (chart->lines - 1) * DOTS_DOWN + MIDDLE_DOT, chart->lines * DOTS_DOWN);
}

static void set_dot(struct chart *chart, int across, int down, enum cell_style style)
{
    static const unsigned char bits[DOTS_DOWN][DOTS_ACROSS] = {
        {0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    struct plot_cell *cell =
        &chart->cells[(size_t)(down / DOTS_DOWN) * (size_t)chart->columns + (size_t)(across / DOTS_ACROSS)];
    cell->dots |= bits[down % DOTS_DOWN][across % DOTS_ACROSS];
    cell->style = (unsigned char)style;
}

/* Bresenham's line, both ends included. */
static void set_line(struct chart *chart, int across, int down, int to_across, int to_down,
                     enum cell_style style)
{
    int right = to_across > across ? to_across - across : across - to_across;
    int below = to_down > down ? to_down - down : down - to_down;
    int step_across = to_across > across ? 1 : -1, step_down = to_down > down ? 1 : -1, off = right - below;
    for (;;) {
        set_dot(chart, across, down, style);
        if (across == to_across && down == to_down)
            return;
        int twice = 2 * off;
        if (twice > -below) {
            off -= below;
            across += step_across;
        }
        if (twice < right) {
            off += right;
            down += step_down;
        }
    }
}

static void set_sign(struct chart *chart, int across, int down, int series, bool ascii)
{
    struct plot_cell *cell =
        &chart->cells[(size_t)(down / DOTS_DOWN) * (size_t)chart->columns + (size_t)(across / DOTS_ACROSS)];
    if (cell->sign && cell->series != series) {
        cell->sign = "*";
        cell->series = -1;
        cell->style = STYLE_NUMBER;
        chart->meeting = true;
        return;
    }
    cell->sign = curve_sign(series, ascii);
    cell->series = series;
    cell->style = (unsigned char)style_of(series);
}

static void set_series_lines(struct chart *chart, int series)
{
    const struct curve_point *before = NULL;
    for (int p = 0; p < chart->plan->counts[series]; p++) {
        const struct curve_point *point = curve_point_at(chart->plan, series, p);
        if (point->known) {
            int across = dot_across(chart, point->x);
            if (before && before->known)
                set_line(chart, dot_across(chart, before->x), dot_down(chart, before->y), across,
                         dot_down(chart, point->y), style_of(series));
            if (point->low < point->high)
                set_line(chart, across, dot_down(chart, point->high), across, dot_down(chart, point->low),
                         style_of(series));
        }
        before = point;
    }
}

/* Lines first, so that no line runs through a sign. */
static void fill_chart(struct chart *chart, bool ascii)
{
    const struct curve_plan *plan = chart->plan;
    for (int column = 0; !isnan(plan->reference) && column < chart->columns; column += ascii ? 2 : 1)
        set_dot(chart, column * DOTS_ACROSS, dot_down(chart, plan->reference), STYLE_AXIS);
    for (int s = 0; !ascii && s < plan->curve->series; s++)
        set_series_lines(chart, s);
    for (int s = 0; s < plan->curve->series; s++) {
        for (int p = 0; p < plan->counts[s]; p++) {
            const struct curve_point *point = curve_point_at(plan, s, p);
            if (point->known)
                set_sign(chart, dot_across(chart, point->x), dot_down(chart, point->y), s, ascii);
        }
    }
}

static void put_cell(struct drawing *drawing, const struct plot_cell *cell, int column)
{
    char braille[5];
    if (cell->sign) {
        drawing_put(drawing, column, cell->style, cell->sign);
    } else if (cell->dots && drawing->canvas->ascii) {
        drawing_put(drawing, column, cell->style, ".");
    } else if (cell->dots) {
        int32_t code = 0x2800 + cell->dots;
        snprintf(braille, sizeof braille, "%c%c%c", 0xE0 | code >> 12, 0x80 | (code >> 6 & 0x3F),
                 0x80 | (code & 0x3F));
        drawing_put(drawing, column, cell->style, braille);
    }
}

static void draw_plot(struct drawing *drawing, const struct chart *chart)
{
    const struct glyph_set *glyphs = drawing->glyphs;
    const struct curve_plan *plan = chart->plan;
    int axis = chart->gutter - 1;
    for (int line = 0; line < chart->lines && !drawing->failed; line++, drawing->line++) {
        const char *label = NULL;
        for (int t = 0; t < plan->tick_count; t++)
            if (lround((1 - plan->ticks[t].position) * (chart->lines - 1)) == line)
                label = curve_tick_label(drawing, plan, t);
        if (label)
            drawing_put_right(drawing, axis - 1, STYLE_AXIS, label);
        drawing_put(drawing, axis, STYLE_AXIS, label ? glyphs->tick_left : glyphs->vertical);
        for (int c = 0; c < chart->columns; c++)
            put_cell(drawing, &chart->cells[(size_t)line * (size_t)chart->columns + (size_t)c],
                     chart->gutter + c);
    }
}

/* Where a label centred on a column begins, so that it stays inside the canvas. */
static int label_start(const struct drawing *drawing, int column, const char *label)
{
    int width = utf8_width(label), start = column - (width - 1) / 2;
    start = start + width > drawing->width ? drawing->width - width : start;
    return start < 0 ? 0 : start;
}

static int tick_column(const struct chart *chart, const struct tick *tick)
{
    double left = chart->plan->left, right = chart->plan->right;
    double x = left * (1 - tick->position) + right * tick->position;
    return chart->gutter + dot_across(chart, x) / DOTS_ACROSS;
}

/* As many ticks as there is room for with their labels two columns apart. */
static int choose_ticks(const struct drawing *drawing, const struct chart *chart,
                        struct tick ticks[TICKS_MAX])
{
    for (int most = TICKS_MAX; most > 1; most--) {
        int count = ticks_of_range(chart->plan->left, chart->plan->right, most, ticks), free = 0;
        bool fits = true;
        for (int i = 0; i < count && fits; i++) {
            int start = label_start(drawing, tick_column(chart, &ticks[i]), ticks[i].label);
            fits = start >= free;
            free = start + utf8_width(ticks[i].label) + 2;
        }
        if (fits)
            return count;
    }
    return ticks_of_range(chart->plan->left, chart->plan->right, 1, ticks);
}

static void draw_x_axis(struct drawing *drawing, const struct chart *chart)
{
    const struct glyph_set *glyphs = drawing->glyphs;
    struct tick ticks[TICKS_MAX];
    int count = choose_ticks(drawing, chart, ticks);
    drawing->failed = drawing->failed || count < 0;
    drawing_put(drawing, chart->gutter - 1, STYLE_AXIS, glyphs->corner);
    drawing_repeat(drawing, chart->gutter, STYLE_AXIS, glyphs->horizontal, chart->columns);
    for (int i = 0; i < count; i++) {
        int column = tick_column(chart, &ticks[i]);
        drawing_put(drawing, column, STYLE_AXIS, glyphs->tick_down);
        drawing->line++;
        drawing_put(drawing, label_start(drawing, column, ticks[i].label), STYLE_AXIS, ticks[i].label);
        drawing->line--;
    }
    drawing->line += 2;
    const char *axis = drawing_show(drawing, chart->plan->curve->x_axis);
    axis = drawing_shorten(drawing, axis, drawing->width);
    drawing_put(drawing, label_start(drawing, chart->gutter + chart->columns / 2, axis), STYLE_NOTE, axis);
    drawing->line++;
}

/* One entry of the legend. */
struct entry {
    const char *sign, *name, *remark;
    enum cell_style style;
};

/* Entries side by side in columns of equal width where they fit. A name that is too long loses its middle; on
 * a narrow screen the remark follows on a line of its own. */
static void draw_entries(struct drawing *drawing, const struct entry *entries, int count)
{
    int names = 1, remarks = 0;
    for (int i = 0; i < count; i++) {
        int name = utf8_width(entries[i].name), remark = utf8_width(entries[i].remark);
        names = name > names ? name : names;
        remarks = remark > remarks ? remark : remarks;
    }
    int room = drawing->width - 2 - 2 - remarks, limit = drawing->width / 3;
    bool below = room < limit && room < names; /* the remark would squeeze the names */
    int most = below ? drawing->width - 2 : room;
    names = names > most ? most : names;
    int wide = 2 + names + (below ? 0 : 2 + remarks);
    int across = below ? 1 : (drawing->width + LEGEND_GAP) / (wide + LEGEND_GAP);
    for (int i = 0; i < count && !drawing->failed; i++) {
        int left = i % across * (wide + LEGEND_GAP);
        drawing->line += i > 0 && i % across == 0;
        drawing_put(drawing, left, entries[i].style, entries[i].sign);
        drawing_put(drawing, left + 2, STYLE_NAME, drawing_shorten(drawing, entries[i].name, names));
        drawing->line += below;
        drawing_put(drawing, below ? 2 : left + 2 + names + 2, STYLE_NUMBER,
                    drawing_shorten(drawing, entries[i].remark, drawing->width - 2));
    }
    drawing->line++;
}

static void draw_legend(struct drawing *drawing, const struct chart *chart)
{
    const struct curve_plan *plan = chart->plan;
    bool ascii = drawing->canvas->ascii;
    int count = 0;
    struct entry *entries = drawing_alloc(drawing, (size_t)plan->curve->series + 2, sizeof *entries);
    if (!entries)
        return;
    for (int s = 0; s < plan->curve->series && !drawing->failed; s++)
        entries[count++] = (struct entry){curve_sign(s, ascii), drawing_show(drawing, plan->curve->names[s]),
                                          curve_remark(drawing, plan, s), style_of(s)};
    if (!isnan(plan->reference))
        entries[count++] = (struct entry){ascii ? "." : drawing->glyphs->dot, curve_reference(drawing, plan),
                                          curve_value(drawing, plan, plan->reference), STYLE_AXIS};
    if (chart->meeting)
        entries[count++] = (struct entry){"*", "several", "", STYLE_NUMBER};
    draw_entries(drawing, entries, count);
}

static bool chart_make(struct drawing *drawing, const struct curve_plan *plan, struct chart *chart)
{
    static const int lines_per_step[MOST_TICKS] = {0, 12, 7, 5, 3, 3, 2, 2};
    int steps = plan->tick_count - 1, label = 1;
    for (int t = 0; t < plan->tick_count; t++) {
        int width = utf8_width(curve_tick_label(drawing, plan, t));
        label = width > label ? width : label;
    }
    *chart = (struct chart){.plan = plan, .gutter = label + 2};
    chart->columns = drawing->width - chart->gutter;
    chart->columns = chart->columns < 1 ? 1 : chart->columns;
    chart->lines = steps > 0 ? steps * lines_per_step[steps] + 1 : PLAIN_LINES;
    chart->cells =
        drawing_alloc(drawing, (size_t)chart->lines * (size_t)chart->columns, sizeof *chart->cells);
    return !drawing->failed;
}

void draw_curve(struct drawing *drawing, const struct figure_curve *curve)
{
    struct curve_plan plan;
    struct chart chart;
    if (!curve_plan_make(drawing, curve, MOST_TICKS, &plan)) {
        drawing_paragraph(drawing, STYLE_NOTE, "(no point yet)");
        return;
    }
    if (!chart_make(drawing, &plan, &chart))
        return;
    fill_chart(&chart, drawing->canvas->ascii);
    drawing_paragraph(drawing, STYLE_NOTE, curve->y_axis);
    draw_plot(drawing, &chart);
    draw_x_axis(drawing, &chart);
    draw_legend(drawing, &chart);
}
