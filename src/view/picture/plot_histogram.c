/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Histograms as pictures: one panel per series, two side by side, on shared bins. */
#include <math.h>
#include "base/text.h"
#include "view/style.h"
#include "view/cells/draw.h"
#include "view/numbers.h"
#include "view/cells/bar.h"
#include "view/picture/plot.h"
#include "view/picture/raster.h"

enum {
    PANEL_GAP = 50,
    PLOT_HEIGHT = 400,        /* of the bars of one panel alone in its row */
    PLOT_HEIGHT_SMALL = 280,  /* of panels side by side */
    PANEL_LEAST_HEIGHT = 200, /* on average, with its head */
    TICK = 8,
    LEAST_BAR = 2,
    FEWEST_TICKS = 3,
    MOST_TICKS = 5,
};

/* The rectangle of the bars of one panel, and its axes. */
struct area {
    const struct figure_histogram *histogram;
    int series;
    int left, top, width, height;
    struct count_axis axis;
};

static int64_t count_of(const struct figure_histogram *histogram, int series, int bin)
{
    return histogram->counts[(size_t)series * (size_t)histogram->bins + (size_t)bin];
}

static int64_t highest_of(const struct figure_histogram *histogram, int series)
{
    int64_t highest = 0;
    for (int b = 0; b < histogram->bins; b++)
        highest = count_of(histogram, series, b) > highest ? count_of(histogram, series, b) : highest;
    return highest;
}

/* The highest count of all series; false when a shared axis would make the smallest one lie flat. */
static bool shared_highest(const struct figure_histogram *histogram, int64_t *highest)
{
    int64_t lowest = INT64_MAX;
    *highest = 0;
    for (int s = 0; s < histogram->series; s++) {
        int64_t here = highest_of(histogram, s);
        *highest = here > *highest ? here : *highest;
        lowest = here > 0 && here < lowest ? here : lowest;
    }
    return *highest / COUNTS_FLAT <= lowest;
}

/* Pixel column of a position in bins. */
static int column_of(const struct area *area, double bins)
{
    double place = bins / area->histogram->bins;
    place = place < 0 ? 0 : place > 1 ? 1 : place;
    return area->left + (int)lround(place * area->width);
}

/* Pixel column of the threshold; the left edge when nothing is cut. */
static int threshold_column(const struct area *area)
{
    double threshold = area->histogram->threshold[area->series];
    if (isnan(threshold))
        return area->left;
    return column_of(area, axis_position(area->histogram, threshold));
}

static int height_of(const struct area *area, int64_t count)
{
    int height = (int)lround((double)count / (double)area->axis.top * area->height);
    return count > 0 && height < LEAST_BAR ? LEAST_BAR : height;
}

/* A bar whose lower part would go, for want of a threshold. */
static void plot_upwards(struct plot *plot, const struct area *area, int bin, int left, int right, int height)
{
    int64_t count = count_of(area->histogram, area->series, bin),
            cut = histogram_cut(area->histogram, area->series, bin, 1);
    int bottom = area->top + area->height;
    int part = count ? (int)lround((double)cut / (double)count * height) : 0;
    raster_rectangle(plot->raster, left, bottom - part, right - left, part, PLOT_CUT);
    raster_hatch(plot->raster, left, bottom - part, right - left, part, 9, PLOT_CUT_STRIPE);
    raster_rectangle(plot->raster, left, bottom - height, right - left, height - part, PLOT_BAR);
}

static void plot_bars(struct plot *plot, const struct area *area)
{
    int bottom = area->top + area->height, cut = threshold_column(area);
    bool upwards = area->histogram->cut && isnan(area->histogram->threshold[area->series]);
    for (int b = 0; b < area->histogram->bins; b++) {
        int left = column_of(area, b), right = column_of(area, b + 1);
        int height = height_of(area, count_of(area->histogram, area->series, b));
        if (right - left > 6)
            right--; /* a white line between bars */
        if (upwards) {
            plot_upwards(plot, area, b, left, right, height);
            continue;
        }
        int middle = cut < left ? left : cut > right ? right : cut;
        raster_rectangle(plot->raster, left, bottom - height, middle - left, height, PLOT_CUT);
        raster_hatch(plot->raster, left, bottom - height, middle - left, height, 9, PLOT_CUT_STRIPE);
        raster_rectangle(plot->raster, middle, bottom - height, right - middle, height, PLOT_BAR);
    }
}

static void plot_count_axis(struct plot *plot, const struct area *area)
{
    struct text label = {0};
    for (int t = 0; t <= area->axis.ticks; t++) {
        int y = area->top + area->height - height_of(area, t * area->axis.step);
        text_clear(&label);
        number_add_count(&label, t * area->axis.step);
        int width = raster_text_width(PLOT_SCALE, text_data(&label));
        if (t > 0)
            raster_rectangle(plot->raster, area->left, y, area->width, 1, PLOT_GRID);
        raster_rectangle(plot->raster, area->left - TICK, y, TICK, 2, PLOT_AXIS);
        raster_text(plot->raster, area->left - TICK - 4 - width, y - 5 * PLOT_SCALE, PLOT_SCALE, TEXT_PLAIN,
                    PLOT_TEXT, text_data(&label));
    }
    plot->text->failed = plot->text->failed || label.failed;
    text_free(&label);
}

/* As many ticks as there is room for with their labels a letter and a half apart. */
static int choose_ticks(const struct area *area, struct tick ticks[TICKS_MAX])
{
    for (int most = TICKS_MAX; most > 1; most--) {
        int count = ticks_of_axis(area->histogram, most, ticks), free = 0;
        bool fits = true;
        for (int i = 0; i < count && fits; i++) {
            int half = raster_text_width(PLOT_SCALE, ticks[i].label) / 2,
                x = column_of(area, ticks[i].position);
            fits = x - half >= free;
            free = x + half + PLOT_CELL * 3 / 2;
        }
        if (fits)
            return count;
    }
    return ticks_of_axis(area->histogram, 1, ticks);
}

static void plot_value_axis(struct plot *plot, const struct area *area)
{
    struct tick ticks[TICKS_MAX];
    int bottom = area->top + area->height, count = choose_ticks(area, ticks);
    plot->text->failed = plot->text->failed || count < 0;
    raster_rectangle(plot->raster, area->left - 2, bottom, area->width + 2, 2, PLOT_AXIS);
    raster_rectangle(plot->raster, area->left - 2, area->top, 2, area->height, PLOT_AXIS);
    for (int i = 0; i < count; i++) {
        int x = column_of(area, ticks[i].position), width = raster_text_width(PLOT_SCALE, ticks[i].label);
        raster_rectangle(plot->raster, x - 1, bottom, 2, TICK, PLOT_AXIS);
        raster_text(plot->raster, x - width / 2, bottom + TICK + 4, PLOT_SCALE, TEXT_PLAIN, PLOT_TEXT,
                    ticks[i].label);
    }
    const char *axis = drawing_show(plot->text, area->histogram->axis);
    axis = drawing_shorten(plot->text, axis, area->width / PLOT_CELL);
    raster_text(plot->raster, area->left + (area->width - raster_text_width(PLOT_SCALE, axis)) / 2,
                bottom + TICK + 4 + PLOT_LINE, PLOT_SCALE, TEXT_PLAIN, PLOT_NOTE, axis);
}

static void plot_threshold(struct plot *plot, const struct area *area)
{
    int x = threshold_column(area);
    if (!isnan(area->histogram->threshold[area->series]) && x > area->left && x < area->left + area->width)
        raster_dashes(plot->raster, x - 1, area->top, 2, area->height, 7, PLOT_CUT_STRIPE);
}

/* Name, summary and threshold above the bars. */
static void plot_head(struct plot *plot, const struct figure_histogram *histogram, int series, int left,
                      int width)
{
    struct panel_head head;
    panel_head_make(plot->text, histogram, series, width / PLOT_CELL, "  ", &head);
    int y = plot->y;
    for (int i = 0; i < head.count && !plot->text->failed; i++, y += PLOT_LINE) {
        bool name = head.style[i] == STYLE_HEADER;
        raster_text(plot->raster, left, y, PLOT_SCALE, name ? TEXT_BOLD : TEXT_PLAIN,
                    head.style[i] == STYLE_NOTE ? PLOT_NOTE : PLOT_TEXT, head.line[i]);
        if (head.style[i] != STYLE_CUT)
            continue;
        raster_rectangle(plot->raster, left, y + 4, 2 * PLOT_CELL, 16, PLOT_CUT);
        raster_hatch(plot->raster, left, y + 4, 2 * PLOT_CELL, 16, 9, PLOT_CUT_STRIPE);
    }
}

/* Lines of the tallest head. */
static int head_lines(struct plot *plot, const struct figure_histogram *histogram, int width)
{
    struct panel_head head;
    int most = 0;
    for (int s = 0; s < histogram->series && !plot->text->failed; s++) {
        panel_head_make(plot->text, histogram, s, width / PLOT_CELL, "  ", &head);
        most = head.count > most ? head.count : most;
    }
    return most;
}

static int gutter_of(struct plot *plot, struct count_axis axis)
{
    int widest = 0;
    struct text label = {0};
    for (int t = 0; t <= axis.ticks; t++) {
        text_clear(&label);
        number_add_count(&label, t * axis.step);
        int width = raster_text_width(PLOT_SCALE, text_data(&label));
        widest = width > widest ? width : widest;
    }
    plot->text->failed = plot->text->failed || label.failed;
    text_free(&label);
    return widest + TICK + 6;
}

/* The measures that all panels of a figure share. */
struct panels {
    int width, height; /* of a panel, of its bars */
    int head;          /* pixels from the top of a panel to its bars */
    int whole;         /* height of a panel with its axis */
};

static void plot_panel(struct plot *plot, const struct figure_histogram *histogram, int series,
                       const struct panels *panels, int left, int64_t highest)
{
    struct area area = {.histogram = histogram, .series = series, .height = panels->height};
    area.axis =
        highest <= 1 ? (struct count_axis){1, 1, 1} : count_axis_for(highest, FEWEST_TICKS, MOST_TICKS);
    int gutter = gutter_of(plot, area.axis);
    area.left = left + gutter;
    area.width = panels->width - gutter - 2 * PLOT_CELL; /* room for half a label at the right end */
    area.top = plot->y + panels->head;
    plot_head(plot, histogram, series, left, panels->width);
    plot_count_axis(plot, &area);
    plot_bars(plot, &area);
    plot_threshold(plot, &area);
    plot_value_axis(plot, &area);
}

void plot_histogram(struct plot *plot, const struct figure *figure)
{
    const struct figure_histogram *histogram = &figure->histogram;
    int64_t highest;
    bool shared = shared_highest(histogram, &highest);
    int across = histogram->series > 1 ? 2 : 1;
    struct panels panels = {0};
    if (histogram->series == 0 || histogram->bins == 0) {
        plot_paragraph(plot, TEXT_PLAIN, PLOT_NOTE, "(nothing to count)");
        return;
    }
    for (int s = 0; s < histogram->series; s += across)
        panels.height = plot_height(plot, across > 1 ? PLOT_HEIGHT_SMALL : PLOT_HEIGHT);
    panels.width = (plot->raster->width - 2 * PLOT_MARGIN - (across - 1) * PANEL_GAP) / across;
    panels.head = head_lines(plot, histogram, panels.width) * PLOT_LINE + PLOT_LINE / 2;
    panels.whole = panels.head + panels.height + TICK + 3 * PLOT_LINE;
    for (int s = 0; s < histogram->series && !plot->text->failed; s += across) {
        if (!raster_grow(plot->raster, plot->y + panels.whole))
            return;
        for (int i = s; i < s + across && i < histogram->series; i++)
            plot_panel(plot, histogram, i, &panels, PLOT_MARGIN + (i - s) * (panels.width + PANEL_GAP),
                       shared ? highest : highest_of(histogram, i));
        plot->y += panels.whole;
    }
    if (!shared)
        plot_paragraph(plot, TEXT_PLAIN, PLOT_NOTE, "each panel has its own count axis");
}

double plot_histogram_least_height(const struct figure *figure)
{
    return (double)figure->histogram.series * PANEL_LEAST_HEIGHT;
}
