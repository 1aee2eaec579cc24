/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A figure of every kind, usual ones and others. */
#include "support/view_figures.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "view/figure.h"

struct figure *table_figure(void)
{
    static const char *const names[] = {"conv1", "layer1.0.conv1", "layer1.0.conv2",
                                        "model.backbone.stage3.blocks.17.attention.projection.conv2", "fc"};
    static const double costs[] = {0.4424, 13.18, 1217, -2.5, 0};
    struct figure *figure = figure_new(FIGURE_TABLE, "layers");
    figure_title(figure, "Layers of %s", "resnet56.onnx");
    figure_fact(figure, "model", "%s", "resnet56.onnx");
    figure_fact(figure, "seed", "%d", 1);
    table_column(figure, "layer", NULL, COLUMN_TEXT, 0);
    table_column(figure, "channels", NULL, COLUMN_INTEGER, 0);
    table_priority(figure, 5);
    table_column(figure, "parameters", NULL, COLUMN_INTEGER, 0);
    table_priority(figure, 4);
    table_column(figure, "cost", "M", COLUMN_REAL, 4);
    table_priority(figure, 3);
    table_column(figure, "share of cost", NULL, COLUMN_PERCENT, 1);
    table_priority(figure, 2);
    table_column(figure, "kept", NULL, COLUMN_BAR, 0);
    table_priority(figure, 6);
    table_column(figure, "tied to", NULL, COLUMN_TEXT, 0);
    for (int i = 0; i < 5; i++) {
        table_text(figure, names[i]);
        table_number(figure, 16 << i);
        table_number(figure, 853018.0 * i * i);
        table_number(figure, costs[i]);
        table_number(figure, 0.25 * i / 1.5);
        if (i == 3)
            table_missing(figure);
        else
            table_number(figure, 1 - i / 8.0 * 1.5);
        table_text(figure, i % 2 ? "layer1.0.conv2, layer1.1.conv2 (stream)" : NULL);
        if (i == 2)
            table_emphasize(figure);
    }
    figure_note(figure, "costs for 32 × 32 images");
    return figure;
}

static struct figure *histogram_figure(int series, int bins, bool log)
{
    static const char *const names[] = {"layer1.0.conv1", "layer2.4.conv1", "layer3.8.conv1",
                                        "layer3.8.conv2"};
    static const double powers[] = {1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2,
                                    5e-2, 1e-1, 2e-1, 5e-1, 1,    2,    5,    10,   20,   50};
    double edges[129], thresholds[4] = {0.25, NAN, 0.4, 5};
    int64_t counts[4 * 128];
    struct histogram_summary summaries[4];
    for (int b = 0; b <= bins; b++)
        edges[b] = log ? powers[b] : 1.5 * b / bins;
    for (int s = 0; s < series; s++) {
        summaries[s] =
            (struct histogram_summary){edges[0], s == 1 ? NAN : 0.5, edges[bins], s == 2 ? 26 : -1};
        if (log)
            thresholds[s] = 3e-4;
        for (int b = 0; b < bins; b++) {
            int64_t away = 2 * b > bins ? 2 * b - bins : bins - 2 * b, height = (bins - away) * (bins - away);
            counts[s * bins + b] = height * (40 << s) / (bins * bins) + (b * 7 + s) % 5 - (b % 3 == 0);
            if (counts[s * bins + b] < 0)
                counts[s * bins + b] = 0;
        }
    }
    struct figure *figure = figure_new(FIGURE_HISTOGRAM, "hist");
    figure_title(figure, "PROscore of %d layers (γ = 0.01, 2,500 images)", series);
    figure_fact(figure, "model", "resnet56.onnx");
    figure_set_histogram(figure, series, bins, log, names, edges, counts, thresholds, "PROscore", "filters");
    figure_set_summaries(figure, summaries);
    return figure;
}

static struct figure *matrix_figure(int rows, int columns, bool same)
{
    static char text[2][64][64];
    const char *names[2][64];
    double values[64 * 64];
    for (int i = 0; i < 64; i++) {
        snprintf(text[0][i], sizeof text[0][i], i == 1 ? "proscore γ=0.01" : "layer%d.%d.conv%d", i / 20 + 1,
                 i % 20 / 2, i % 2 + 1);
        snprintf(text[1][i], sizeof text[1][i], "%d%%", i);
        names[0][i] = text[0][i];
        names[1][i] = same ? text[0][i] : text[1][i];
    }
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < columns; c++)
            values[r * columns + c] = r == c ? 1 : ((r * 37 + c * 37) % 41 - 20) / 20.0;
    if (columns > 2)
        values[2] = NAN;
    struct figure *figure = figure_new(FIGURE_MATRIX, "corr");
    figure_title(figure, "Spearman correlation of %d criteria", rows);
    figure_set_matrix(figure, rows, columns, names[0], names[1], values, -1, 1, 3, "Spearman correlation");
    return figure;
}

static struct figure *curves_figure(int series, int points)
{
    static const char *const names[] = {"l1",    "geomedian", "random",   "proscore", "taylor", "bn",
                                        "hrank", "entropy",   "activity", "fpgm",     "sample", "twelve"};
    double x[12 * 16], y[12 * 16], spread[12 * 16];
    for (int s = 0; s < series; s++) {
        for (int p = 0; p < points; p++) {
            int at = s * points + p;
            x[at] = 0.1 * p;
            y[at] = 0.9353 - 0.01 * p * p * (1 + s % 5) / 2 - 0.003 * p * s;
            y[at] = y[at] < 0.1 ? 0.1 : y[at];
            spread[at] = s == 2 && p > 0 ? 0.015 * p : s == 2 ? 0 : NAN;
            if (s == 1 && p + 3 >= points && points > 3)
                y[at] = NAN;
        }
    }
    struct figure *figure = figure_new(FIGURE_CURVE, "curve");
    figure_title(figure, "Accuracy of %s without fine-tuning", "resnet56.onnx");
    figure_fact(figure, "model", "resnet56.onnx");
    figure_set_curves(figure, series, points, names, x, y, spread, "ratio of channels removed",
                      "top-1 accuracy of 1,000 images", true, 0.9353, "before pruning");
    figure_note(figure, "random: mean of 5 seeds ± standard deviation");
    return figure;
}

struct figure *small_curves(void)
{
    return curves_figure(3, 8);
}

struct figure *many_curves(void)
{
    return curves_figure(12, 8);
}

struct figure *plain_curves(void)
{
    static const char *const names[] = {"loss of l1", "loss of taylor"};
    const double x[] = {0.2, 0.126, 0.05, 0.09, 0.21, 0.04, 0.16, 0.07},
                 y[] = {0.25, 0.5, 3.5, 1, 0.25, 2, 0.375, NAN};
    struct figure *figure = figure_new(FIGURE_CURVE, "loss");
    figure_set_curves(figure, 2, 4, names, x, y, NULL, "G multiply-adds left", "mean loss", false, NAN, NULL);
    return figure;
}

static struct figure *one_point(void)
{
    const char *name = "l1";
    const double x = 0.4, y = 0.696;
    struct figure *figure = figure_new(FIGURE_CURVE, "point");
    figure_set_curves(figure, 1, 1, &name, &x, &y, NULL, "ratio", "accuracy", true, NAN, NULL);
    return figure;
}

struct figure *curve_of(int count, const double *x, const double *y, bool percent)
{
    const char *name = "odd";
    struct figure *figure = figure_new(FIGURE_CURVE, "odd");
    figure_set_curves(figure, 1, count, &name, x, y, y, "x", "y", percent, NAN, NULL);
    return figure;
}

struct figure *sensitivity_matrix(void)
{
    enum { ROWS = 30, COLUMNS = 10 };
    char text[ROWS + COLUMNS][32];
    const char *names[ROWS + COLUMNS];
    double values[ROWS * COLUMNS];
    for (int i = 0; i < ROWS + COLUMNS; i++) {
        if (i < ROWS)
            snprintf(text[i], sizeof text[i], "layer%d.%d.conv1", i / 10 + 1, i % 10);
        else
            snprintf(text[i], sizeof text[i], "%d%%", 10 * (i - ROWS));
        names[i] = text[i];
    }
    for (int i = 0; i < ROWS * COLUMNS; i++) {
        int row = i / COLUMNS, column = i % COLUMNS;
        values[i] = row >= 28 ? NAN : 0.9353 - 0.0001 * column * column * (row * 17 % 30 + 60);
    }
    struct figure *figure = figure_new(FIGURE_MATRIX, "sensitivity");
    figure_title(figure, "Accuracy when one layer alone is pruned");
    figure_set_matrix(figure, ROWS, COLUMNS, names, names + ROWS, values, 0.1, 0.9353, 1, "top-1 accuracy");
    figure_set_percent(figure);
    return figure;
}

struct figure *small_histogram(void)
{
    return histogram_figure(1, 24, false);
}

struct figure *panels_histogram(void)
{
    return histogram_figure(4, 20, false);
}

struct figure *log_histogram(void)
{
    return histogram_figure(2, 20, true);
}

struct figure *many_bins(void)
{
    return histogram_figure(1, 128, false);
}

struct figure *small_matrix(void)
{
    return matrix_figure(4, 4, true);
}

static struct figure *wide_matrix(void)
{
    return matrix_figure(12, 12, true);
}

struct figure *numbered_matrix(void)
{
    return matrix_figure(3, 30, false);
}

struct figure *empty_table(void)
{
    struct figure *figure = figure_new(FIGURE_TABLE, "empty");
    table_column(figure, "layer", NULL, COLUMN_TEXT, 0);
    table_column(figure, "channels", NULL, COLUMN_INTEGER, 0);
    return figure;
}

struct figure *odd_table(void)
{
    static const double numbers[] = {NAN, INFINITY, -INFINITY, 1e300, -1e-300, 0.1, 9007199254740992.0};
    struct figure *figure = figure_new(FIGURE_TABLE, "odd");
    figure_title(figure, "Odd numbers");
    table_column(figure, "real", NULL, COLUMN_REAL, 3);
    table_column(figure, "integer", NULL, COLUMN_INTEGER, 0);
    table_column(figure, "percent", NULL, COLUMN_PERCENT, 2);
    table_column(figure, "bar", NULL, COLUMN_BAR, 0);
    table_column(figure, "text", NULL, COLUMN_TEXT, 0);
    for (int i = 0; i < 7; i++)
        for (int c = 0; c < 5; c++)
            table_number(figure, numbers[i]);
    for (int c = 0; c < 5; c++)
        table_text(figure, "a remark");
    return figure;
}

static struct figure *scatter_figure(int points, bool marked)
{
    enum { MOST = 2048 };
    static const char *const stages[] = {"stem", "layer1", "layer2"};
    static char label[MOST][40];
    static const char *labels[MOST];
    static double x[MOST], y[MOST];
    static unsigned char mark[MOST];
    static int member[MOST];
    for (int p = 0; p < points; p++) {
        snprintf(label[p], sizeof label[p], "layer%d.conv1:%d", p * 3 / points, p);
        labels[p] = label[p];
        member[p] = p * 3 / points;
        x[p] = (p * 7 % points) / (double)points;
        y[p] = x[p] + ((p * 37 % 41) - 20) * 0.012;
        mark[p] = (unsigned char)((x[p] < 0.3 ? MARK_X : 0) | (y[p] < 0.3 ? MARK_Y : 0));
    }
    y[points - 1] = INFINITY;
    struct figure *figure = figure_new(FIGURE_SCATTER, "scatter");
    figure_title(figure, "log proscore (γ = 0.01) against l1 over %d filters", points);
    figure_set_scatter(figure, points, labels, x, y, marked ? mark : NULL, "rank by l1",
                       "rank by log proscore");
    figure_set_members(figure, 3, stages, member, "l1", "proscore");
    figure_note(figure, "Spearman's coefficient 0.91");
    return figure;
}

struct figure *small_scatter(void)
{
    return scatter_figure(48, true);
}

static struct figure *large_scatter(void)
{
    return scatter_figure(2000, false);
}

struct figure *small_strip(void)
{
    enum { ROWS = 2, COLUMNS = 3, WIDTH = 4, HEIGHT = 2, MEASURES = 2 };
    static uint8_t rgb[ROWS * COLUMNS * WIDTH * HEIGHT * 3];
    static const double values[ROWS * COLUMNS * MEASURES] = {NAN, NAN, NAN, NAN, 0.5,  0.25,
                                                             NAN, NAN, NAN, NAN, 0.75, NAN};
    static const char *const rows[] = {"image 0", "image 7"}, *const columns[] = {"image", "truth",
                                                                                  "unpruned"};
    static const char *const captions[] = {"", "", "mIoU 50.0 %", "", "", "mIoU 75.0 %"};
    static const char *const measures[] = {"mIoU", "road"};
    static const struct strip_class legend[] = {{"road", {128, 64, 128}}, {"sky", {70, 130, 180}}};
    for (size_t i = 0; i < sizeof rgb; i++)
        rgb[i] = legend[i / 3 % 5 / 3].color[i % 3];
    const struct figure_strip strip = {.rows = ROWS,
                                       .columns = COLUMNS,
                                       .pictures = COLUMNS,
                                       .width = WIDTH,
                                       .height = HEIGHT,
                                       .measures = MEASURES,
                                       .classes = 2,
                                       .row_names = rows,
                                       .column_names = columns,
                                       .captions = captions,
                                       .measure_names = measures,
                                       .values = values,
                                       .rgb = rgb,
                                       .legend = legend};
    struct figure *figure = figure_new(FIGURE_STRIP, "strip");
    figure_title(figure, "Two images");
    figure_set_strip(figure, &strip);
    return figure;
}

figure_maker *const figure_makers[] = {
    table_figure, small_histogram, panels_histogram,   log_histogram, many_bins,     small_matrix,
    wide_matrix,  numbered_matrix, empty_table,        odd_table,     small_curves,  many_curves,
    plain_curves, one_point,       sensitivity_matrix, small_scatter, large_scatter, small_strip,
};

/* Content for figures whose every name is hostile: `names` are three of them. */
static void hostile_table(struct figure *figure, const char *const *names)
{
    table_column(figure, names[0], HOSTILE_NAME, COLUMN_TEXT, 0);
    table_column(figure, HOSTILE_NAME, names[0], COLUMN_REAL, 3);
    for (int i = 0; i < 3; i++) {
        table_text(figure, names[i]);
        table_text(figure, i == 0 ? names[0] : HOSTILE_NAME);
    }
}

static void hostile_histogram(struct figure *figure, const char *const *names)
{
    const double edges[] = {0, 1, 2}, thresholds[] = {1, 0.5, NAN};
    const int64_t counts[] = {1, 2, 3, 4, 5, 6};
    figure_set_histogram(figure, 3, 2, false, names, edges, counts, thresholds, names[0], names[0]);
}

static void hostile_matrix(struct figure *figure, const char *const *names)
{
    const double values[9] = {0.5};
    figure_set_matrix(figure, 3, 3, names, names, values, -1, 1, 2, names[0]);
}

static void hostile_curve(struct figure *figure, const char *const *names)
{
    const double values[9] = {0.5};
    figure_set_curves(figure, 3, 3, names, values, values, values, names[0], names[0], true, 0.25, names[0]);
}

static void hostile_scatter(struct figure *figure, const char *const *names)
{
    const double x[] = {0, 1, 2}, y[] = {0.5, 0, 0};
    figure_set_scatter(figure, 3, names, x, y, NULL, names[0], names[0]);
    figure_set_members(figure, 3, names, (const int[]){0, 1, 2}, names[0], HOSTILE_NAME);
}

static void hostile_strip(struct figure *figure, const char *const *names)
{
    static const uint8_t rgb[2 * 2 * 3 * 2 * 3] = {10, 200, 30, 40, 50, 60, 255, 255, 255, 1};
    static const double values[2 * 3 * 1] = {NAN, 0.5, NAN, 1, NAN, 0};
    const char *const captions[] = {"", names[0], names[1], names[2], HOSTILE_NAME, ""};
    const struct strip_class legend[] = {{names[0], {1, 2, 3}}, {HOSTILE_NAME, {200, 30, 30}}};
    const struct figure_strip strip = {
        .rows = 2,
        .columns = 3,
        .pictures = 2,
        .width = 3,
        .height = 2,
        .measures = 1,
        .classes = 2,
        .row_names = names,
        .column_names = names,
        .captions = captions,
        .measure_names = names,
        .values = values,
        .rgb = rgb,
        .legend = legend,
    };
    figure_set_strip(figure, &strip);
}

struct figure *hostile_figure(enum figure_kind kind)
{
    static void (*const fill[FIGURE_KINDS])(struct figure *, const char *const *) = {
#define KIND_HOSTILE(code, kind) [code] = hostile_##kind,
        FIGURE_KIND_LIST(KIND_HOSTILE)
#undef KIND_HOSTILE
    };
    static char name[10240];
    for (size_t at = 0; at + sizeof HOSTILE_NAME <= sizeof name; at += sizeof HOSTILE_NAME - 1)
        memcpy(name + at, HOSTILE_NAME, sizeof HOSTILE_NAME);
    const char *names[] = {name, "漢字の名前・層", "e\xcc\x81\xcc\x82\xcc\x83\xcc\x84\xcc\x85\xcc\x86 marks"};
    struct figure *figure = figure_new(kind, "hostile");
    figure_title(figure, "%s", name);
    figure_note(figure, "%s", HOSTILE_NAME);
    figure_fact(figure, HOSTILE_NAME, "%s", HOSTILE_NAME);
    fill[kind](figure, names);
    return figure;
}
