/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drawing figures into cells, printing cells, themes. What figures look like is kept in
 * tests/view/golden/view-*.txt: after a change that is meant, run this program with UPDATE_GOLDEN=1 and look
 * at what git diff shows. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "view/cells/bar.h"
#include "view/cells/canvas.h"
#include "view/contrast.h"
#include "view/cells/curve.h"
#include "view/cells/draw.h"
#include "view/cells/names.h"
#include "view/figure_kind.h"
#include "view/theme.h"
#include "support/view_figures.h"
#include "view/style.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void draw(struct canvas *canvas, struct figure *figure)
{
    struct error error = {0};
    if (canvas_figure(canvas, figure, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    figure_free(figure);
}

static struct theme *load(const char *name)
{
    struct theme *theme = NULL;
    struct error error = {0};
    if (theme_load(name, &theme, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    return theme;
}

/* --- how figures look ----------------------------------------------------------------------------------- */

static void compare_golden(const char *name, const struct text *text)
{
    const char *source = getenv("SRCDIR");
    char *path = mem_format("%s/tests/view/golden/view-%s.txt", source ? source : ".", name);
    struct error error = {0};
    unsigned char *data = NULL;
    size_t size = 0;
    assert_non_null(path);
    if (getenv("UPDATE_GOLDEN"))
        assert_int_equal(file_replace(path, text_data(text), text->length, &error), STATUS_OK);
    if (file_read(path, 1 << 24, &data, &size, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    if (size != text->length || memcmp(data, text_data(text), size) != 0)
        fail_msg("%s differs from what is drawn now:\n%s", path, text_data(text));
    mem_free(data);
    mem_free(path);
}

static void test_golden(void **state)
{
    static const struct {
        const char *name;
        int width;
        bool ascii;
        const char *theme;
        int colors;
    } looks[] = {
        {"40", 40, false, NULL, 0},
        {"80", 80, false, NULL, 0},
        {"80-ascii", 80, true, NULL, 0},
        {"200", 200, false, NULL, 0},
        {"200-ascii", 200, true, NULL, 0},
        {"80-dark-256", 80, false, "dark", 256},
        {"80-light-16", 80, false, "light", 16},
        {"80-mono", 80, false, "mono", 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(looks); i++) {
        struct canvas canvas;
        struct text text = {0};
        struct theme *theme = looks[i].theme ? load(looks[i].theme) : NULL;
        canvas_init(&canvas, looks[i].width, looks[i].ascii);
        for (int f = 0; f < FIGURE_MAKERS; f++)
            draw(&canvas, figure_makers[f]());
        canvas_print(&canvas, theme, looks[i].colors, &text);
        compare_golden(looks[i].name, &text);
        text_free(&text);
        theme_free(theme);
        canvas_free(&canvas);
    }
}

/* Every line as wide as its cells say, and no wider than the canvas. */
static void check_cells(const struct canvas *canvas)
{
    for (int line = 0; line < canvas->height; line++) {
        const struct canvas_cell *row = canvas->cells + (size_t)line * (size_t)canvas->width;
        int width = 0;
        for (int c = 0; c < canvas->width; c++) {
            int columns = row[c].glyph[0] ? utf8_width(row[c].glyph) : 0;
            assert_true(columns <= 2 && (columns > 0 || row[c].glyph[0] == '\0'));
            if (row[c].glyph[0] == '\0')
                assert_true(c > 0 && utf8_width(row[c - 1].glyph) == 2);
            width += columns;
        }
        assert_int_equal(width, canvas->width);
    }
}

static void check_bytes(const struct text *text, bool ascii, int width)
{
    assert_true(utf8_valid(text_data(text), text->length));
    const char *at = text_data(text);
    while (*at) {
        size_t length = strcspn(at, "\n");
        char *line = mem_format("%.*s", (int)length, at);
        assert_non_null(line);
        assert_true(utf8_width(line) <= width);
        for (const char *byte = line; *byte; byte++) {
            assert_true((unsigned char)*byte >= 0x20 && *byte != 0x7F);
            assert_true(!ascii || !(*byte & 0x80));
        }
        assert_true(length == 0 || line[length - 1] != ' '); /* trailing blanks are cut */
        mem_free(line);
        at += length + 1;
    }
}

static void check_drawing(struct figure *figure, int width, bool ascii)
{
    struct canvas canvas;
    struct text text = {0};
    canvas_init(&canvas, width, ascii);
    draw(&canvas, figure);
    check_cells(&canvas);
    canvas_print(&canvas, NULL, 256, &text);
    check_bytes(&text, ascii, width);
    text_free(&text);
    canvas_free(&canvas);
}

static void test_every_width(void **state)
{
    (void)state;
    for (int width = 20; width <= 300; width += width < 130 ? 1 : 7)
        for (int f = 0; f < FIGURE_MAKERS; f++)
            check_drawing(figure_makers[f](), width, width % 2);
}

/* A kind whose row lacks a function would crash where that is asked for first. */
static void test_kinds_are_complete(void **state)
{
    (void)state;
    for (enum figure_kind kind = 0; kind < FIGURE_KINDS; kind++) {
        const struct figure_kind_row *row = figure_kind_row(kind);
        assert_non_null(row);
        assert_non_null(row->draw);
        assert_non_null(row->csv);
        assert_non_null(row->json);
        assert_non_null(row->plot);
        assert_true(!row->decimals || row->rows); /* decimals are left out of rows only */
        assert_string_equal(figure_kind_name(kind), row->name);
        for (enum figure_kind other = 0; other < kind; other++)
            assert_string_not_equal(figure_kind_name(other), row->name);
    }
}

static void test_hostile_names(void **state)
{
    static const int widths[] = {20, 33, 80, 300};
    (void)state;
    for (enum figure_kind kind = 0; kind < FIGURE_KINDS; kind++)
        for (size_t i = 0; i < COUNT(widths); i++)
            for (int ascii = 0; ascii < 2; ascii++)
                check_drawing(hostile_figure(kind), widths[i], ascii);
}

/* Text of one line of a canvas. */
static char *line_of(const struct canvas *canvas, int line)
{
    struct canvas one = *canvas;
    struct text text = {0};
    one.cells += (size_t)line * (size_t)canvas->width;
    one.height = 1;
    canvas_print(&one, NULL, 0, &text);
    assert_false(text.failed);
    return text.data;
}

static bool has_line(const struct canvas *canvas, const char *part)
{
    bool found = false;
    for (int line = 0; line < canvas->height && !found; line++) {
        char *text = line_of(canvas, line);
        found = strstr(text, part) != NULL;
        mem_free(text);
    }
    return found;
}

/* The same with runs of blanks taken for one. */
static bool has_squeezed(const struct canvas *canvas, const char *part)
{
    bool found = false;
    for (int line = 0; line < canvas->height && !found; line++) {
        char *text = line_of(canvas, line), *to = text;
        for (const char *from = text; *from; from++) {
            if (*from != ' ' || (to > text && to[-1] != ' '))
                *to++ = *from;
        }
        *to = '\0';
        found = strstr(text, part) != NULL;
        mem_free(text);
    }
    return found;
}

/* Names that differ in front, in the middle, at the end, and in one letter deep inside. */
static void test_shortened_names_differ(void **state)
{
    enum { NAMES = 36, NARROWEST = 5, WIDEST = 40 };
    const char *names[NAMES], *shown[NAMES];
    char bytes[NAMES][64];
    (void)state;
    for (int i = 0; i < NAMES; i++) {
        snprintf(bytes[i], sizeof bytes[i],
                 i < 27   ? "layer%d.%d.conv%d"
                 : i < 32 ? "features.%d%d.depthwise.%d.weight"
                          : "%d%dlongwithoutadot%dquantized_convolution",
                 1 + i / 9, i / 3 % 3, i % 3);
        names[i] = bytes[i];
    }
    names[NAMES - 1] = names[0]; /* equal names stay equal */
    for (int width = NARROWEST; width <= WIDEST; width++) {
        struct canvas canvas;
        struct drawing drawing;
        struct error error;
        canvas_init(&canvas, 80, width % 2);
        assert_int_equal(drawing_open(&drawing, &canvas, &error), STATUS_OK);
        drawing_shorten_names(&drawing, names, NAMES, width, shown);
        for (int i = 0; i < NAMES; i++) {
            assert_true(utf8_width(shown[i]) <= width);
            for (int k = 0; k < i; k++)
                assert_int_equal(strcmp(shown[i], shown[k]) == 0, strcmp(names[i], names[k]) == 0);
        }
        drawing_close(&drawing);
        canvas_free(&canvas);
    }
}

static void draw_lines_of(const struct figure *figure, bool compact, struct canvas *canvas)
{
    struct error error;
    canvas_init(canvas, 60, false);
    assert_int_equal((compact ? canvas_figure_compact : canvas_figure)(canvas, figure, &error), STATUS_OK);
}

/* Rows of a stage become one where few lines are wanted: the mean or the lowest of what is defined. A row for
 * itself keeps its name, and the figure its rows. */
static void test_folded_rows(void **state)
{
    static const char *const rows[] = {"conv1", "layer1.0", "layer2.0", "layer1.1", "layer2.1", "fc"};
    static const char *const columns[] = {"a", "b"}, *const stages[] = {"", "layer1", "layer2", ""};
    static const int fold[] = {0, 1, 2, 1, 2, 3};
    const double values[] = {0.5, NAN, 0.25, 0.5, 1, NAN, 0.75, 1, 0.5, NAN, 0.125, 0.25};
    static const struct {
        enum fold_rule rule;
        const char *first, *second;
    } cases[] = {{FOLD_MEAN, "layer1 (2) 0.500 0.750", "layer2 (2) 0.750 –"},
                 {FOLD_LOWEST, "layer1 (2) 0.250 0.500", "layer2 (2) 0.500 –"}};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct canvas whole, folded;
        struct figure *figure = figure_new(FIGURE_MATRIX, "map");
        figure_set_matrix(figure, 6, 2, rows, columns, values, 0, 1, 3, "share");
        figure_set_fold(figure, 4, stages, fold, cases[i].rule);
        draw_lines_of(figure, false, &whole);
        draw_lines_of(figure, true, &folded);
        assert_true(has_line(&whole, "layer1.1"));
        assert_false(has_line(&folded, "layer1.1"));
        assert_true(has_squeezed(&folded, cases[i].first));
        assert_true(has_squeezed(&folded, cases[i].second));
        assert_true(has_line(&folded, "conv1") && has_line(&folded, "fc"));
        assert_true(has_line(&folded, "stages are folded"));
        assert_int_equal(figure->matrix.rows, 6);
        canvas_free(&whole);
        canvas_free(&folded);
        figure_fold(figure);
        assert_int_equal(figure->matrix.rows, 4);
        figure_fold(figure);
        assert_int_equal(figure->note_count, 1);
        figure_free(figure);
    }
}

/* Two halves side by side say what one column of rows says; bars may go for it, numbers may not. */
static void test_halves_of_tables(void **state)
{
    (void)state;
    for (int wide = 0; wide < 2; wide++) {
        struct figure *figure = figure_new(FIGURE_TABLE, "classes");
        struct canvas whole, compact;
        table_column(figure, wide ? "the name of the class of image" : "class", NULL, COLUMN_TEXT, 0);
        table_column(figure, "images", NULL, COLUMN_INTEGER, 0);
        table_column(figure, "", NULL, COLUMN_BAR, 0);
        for (int i = 0; i < 7; i++) {
            char name[] = {'n', (char)('0' + i), '\0'};
            table_text(figure, name);
            table_number(figure, 1000 + i);
            table_number(figure, 0.5);
        }
        draw_lines_of(figure, false, &whole);
        draw_lines_of(figure, true, &compact);
        assert_int_equal(whole.height, 9);
        assert_int_equal(compact.height, wide ? 9 : 6);
        assert_int_equal(has_squeezed(&compact, "n0 1,000 n4 1,004"), !wide);
        assert_true(has_squeezed(&compact, "n3 1,003"));
        canvas_free(&whole);
        canvas_free(&compact);
        figure_free(figure);
    }
}

/* A thousand names that differ in their middle alone, with long equal ends: each begins with the number of
 * the first that is equal to it. */
static void test_names_by_number(void **state)
{
    enum { NAMES = 1000, END = 1000, WIDTH = 14 };
    const char *names[NAMES], *shown[NAMES];
    char *bytes = mem_new(NAMES, 2 * END + 8), number[16];
    struct canvas canvas;
    struct drawing drawing;
    struct error error;
    (void)state;
    assert_non_null(bytes);
    for (int i = 0; i < NAMES; i++) {
        char *name = bytes + (size_t)i * (2 * END + 8);
        memset(name, 'a', 2 * END + 4);
        snprintf(number, sizeof number, "%04d", i % 3 ? NAMES - i : NAMES - i / 2);
        memcpy(name + END, number, 4);
        *name = number[3]; /* they have no beginning in common */
        names[i] = name;
    }
    canvas_init(&canvas, 80, true);
    assert_int_equal(drawing_open(&drawing, &canvas, &error), STATUS_OK);
    drawing_shorten_names(&drawing, names, NAMES, WIDTH, shown);
    assert_false(drawing.failed);
    for (int i = 0; i < NAMES; i++) {
        int first = 0;
        while (memcmp(names[first] + END, names[i] + END, 4) != 0)
            first++;
        snprintf(number, sizeof number, "%d:", first + 1);
        assert_int_equal(strncmp(shown[i], number, strlen(number)), 0);
        assert_true(utf8_width(shown[i]) <= WIDTH);
    }
    drawing_close(&drawing);
    canvas_free(&canvas);
    mem_free(bytes);
}

/* Points that differ by less than is said to mean something do not reach from the bottom to the top. */
static void test_noise_is_no_cliff(void **state)
{
    const double x[] = {0, 1}, y[] = {0.995, 0.992};
    const char *names[] = {"l1"};
    struct figure *figure = figure_new(FIGURE_CURVE, "curve");
    struct curve_plan plan;
    struct canvas canvas;
    struct drawing drawing;
    struct error error;
    (void)state;
    figure_set_curves(figure, 1, 2, names, x, y, NULL, "x", "y", true, NAN, NULL);
    canvas_init(&canvas, 80, false);
    assert_int_equal(drawing_open(&drawing, &canvas, &error), STATUS_OK);
    assert_true(curve_plan_make(&drawing, &figure->curve, 8, &plan));
    assert_true(plan.high - plan.low >= 1); /* a point of percent */
    assert_true(plan.high <= 100);
    figure_set_least_span(figure, 0.05, 0, 1);
    assert_true(curve_plan_make(&drawing, &figure->curve, 8, &plan));
    assert_true(plan.high - plan.low >= 5 && plan.high <= 100);
    drawing_close(&drawing);
    canvas_free(&canvas);
    figure_free(figure);
}

static void test_nothing_left_out_silently(void **state)
{
    struct canvas canvas;
    (void)state;
    canvas_init(&canvas, 40, false);
    draw(&canvas, table_figure());
    assert_true(has_line(&canvas, "too narrow to show:"));
    assert_true(has_line(&canvas, "tied to"));        /* the lowest priority */
    assert_true(has_line(&canvas, "channels  kept")); /* the highest stay */
    assert_true(has_line(&canvas, "conv2"));          /* the end of a shortened name */
    canvas_free(&canvas);
    canvas_init(&canvas, 200, false);
    draw(&canvas, table_figure());
    assert_false(has_line(&canvas, "too narrow"));
    assert_true(has_line(&canvas, "model.backbone.stage3.blocks.17.attention.projection.conv2"));
    canvas_free(&canvas);
    canvas_init(&canvas, 60, false);
    draw(&canvas, many_bins());
    assert_true(has_line(&canvas, "one column shows 3 bins"));
    draw(&canvas, numbered_matrix());
    assert_true(has_line(&canvas, "columns 1 to "));
    assert_true(has_line(&canvas, "29 28%, 30 29%"));
    canvas_free(&canvas);
}

/* The bars of a histogram have the heights of its counts, and those below the threshold another sign. */
static void test_bars_are_counts(void **state)
{
    const char *name = "layer";
    const double edges[] = {0, 1, 2, 3, 4, 5, 6}, threshold = 2;
    const int64_t counts[] = {1, 10, 0, 5, 10, 3};
    struct canvas canvas;
    (void)state;
    struct figure *figure = figure_new(FIGURE_HISTOGRAM, "hist");
    figure_set_histogram(figure, 1, 6, false, &name, edges, counts, &threshold, "value", "filters");
    canvas_init(&canvas, 80, false);
    draw(&canvas, figure);
    /* Name, total and threshold above; the axis of 10 filters has 10 lines, so a line is a filter. */
    for (int b = 0; b < 6; b++) {
        int bars = 0;
        for (int line = 3; line < 13; line++) {
            const struct canvas_cell *cell = &canvas.cells[line * 80 + 4 + 8 * b + 4];
            bool cut = edges[b] < threshold;
            if (strcmp(cell->glyph, cut ? "▒" : "█") == 0) {
                assert_int_equal(cell->style, cut ? STYLE_CUT : STYLE_BAR);
                bars++;
            }
        }
        assert_int_equal(bars, counts[b]);
    }
    assert_true(has_line(&canvas, "29 filters"));
    assert_true(has_line(&canvas, "▒ cut below 2"));
    canvas_free(&canvas);
}

/* Where there is no threshold in common the lower lines of a bar are what would be cut of it. */
static void test_bars_are_cut_in_part(void **state)
{
    const char *name = "pool";
    const double edges[] = {0, 1, 2, 3, 4, 5, 6};
    const int64_t counts[] = {1, 10, 0, 5, 10, 3}, cut[] = {1, 9, 0, 2, 1, 0};
    struct canvas canvas;
    (void)state;
    struct figure *figure = figure_new(FIGURE_HISTOGRAM, "hist");
    figure_set_histogram(figure, 1, 6, false, &name, edges, counts, NULL, "value", "filters");
    figure_set_cut(figure, cut);
    canvas_init(&canvas, 80, false);
    draw(&canvas, figure);
    for (int b = 0; b < 6; b++) {
        int bars[2] = {0};
        for (int line = 2; line < 12; line++) {
            const struct canvas_cell *cell = &canvas.cells[line * 80 + 4 + 8 * b + 4];
            bars[0] += strcmp(cell->glyph, "█") == 0;
            bars[1] += strcmp(cell->glyph, "▒") == 0;
            if (strcmp(cell->glyph, "█") == 0)
                assert_int_equal(bars[1], 0); /* what is kept lies on what is cut */
        }
        assert_int_equal(bars[1], cut[b]);
        assert_int_equal(bars[0], counts[b] - cut[b]);
    }
    canvas_free(&canvas);
    assert_int_equal(bar_cut_cells(100, 1, 16), 1);
    assert_int_equal(bar_cut_cells(100, 99, 16), 1);
    assert_int_equal(bar_cut_cells(100, 100, 16), 2);
    assert_int_equal(bar_cut_cells(100, 0, 16), 0);
    assert_int_equal(bar_cut_cells(3, 1, 5), 0);
    assert_int_equal(bar_cut_cells(3, 2, 5), 1);
}

/* The column of a sign in a line of the canvas, -1 when it is not there. */
static int sign_column(const struct canvas *canvas, int line, const char *sign, enum cell_style style)
{
    for (int c = 0; c < canvas->width; c++) {
        const struct canvas_cell *cell = &canvas->cells[line * canvas->width + c];
        if (strcmp(cell->glyph, sign) == 0 && cell->style == style)
            return c;
    }
    return -1;
}

/* An axis from 0 to 100 % by 20 has 3 lines a tick: a line is 100 / 15 %. x from 0 to 1 over the columns but
 * the outermost. */
static void test_points_are_where_they_belong(void **state)
{
    static const char *const names[] = {"a", "b"}, *const signs[] = {"●", "▲"};
    const double x[] = {0, 0.5, 1, 0, 0.5, 1}, y[] = {1, 0.6, 0.2, 0.8, NAN, 0};
    enum { WIDTH = 67, GUTTER = 6, TOP = 1, COLUMNS = WIDTH - GUTTER - 2 };
    struct canvas canvas;
    (void)state;
    for (int ascii = 0; ascii < 2; ascii++) {
        struct figure *figure = figure_new(FIGURE_CURVE, "curve");
        figure_set_curves(figure, 2, 3, names, x, y, NULL, "ratio", "accuracy", true, 0.4, "chance");
        canvas_init(&canvas, WIDTH, ascii);
        draw(&canvas, figure);
        for (int i = 0; i < 6; i++) {
            const char *sign = ascii ? i < 3 ? "o" : "x" : signs[i / 3];
            if (isnan(y[i]))
                continue;
            int line = TOP + (int)lround((1 - y[i]) * 15);
            int column = GUTTER + 1 + (int)lround(x[i] * (COLUMNS - 1));
            assert_int_equal(sign_column(&canvas, line, sign, STYLE_SERIES1 + i / 3), column);
        }
        /* The line of the first series is there at a quarter of the way; the second has a gap, no line. */
        const struct canvas_cell *cell = &canvas.cells[(TOP + 3) * WIDTH + GUTTER + 1 + (COLUMNS - 1) / 4];
        assert_true((cell->style == STYLE_SERIES1) == !ascii);
        for (int i = WIDTH * (TOP + 4); i < WIDTH * (TOP + 15); i++)
            assert_int_not_equal(canvas.cells[i].style, STYLE_SERIES2);
        assert_true(has_line(&canvas, " 40%")); /* and the reference beside it */
        assert_int_equal(sign_column(&canvas, TOP + 9, ascii ? "." : "⠂", STYLE_AXIS), GUTTER);
        assert_true(has_line(&canvas, ascii ? "o a       20.00% at 1" : "● a       20.00% at 1"));
        assert_true(has_line(&canvas, "0.00% at 1, 2 of 3 points"));
        assert_true(has_line(&canvas, "chance  40.00%"));
        assert_false(has_line(&canvas, "several"));
        canvas_free(&canvas);
    }
    canvas_init(&canvas, 100, false);
    draw(&canvas, many_curves());
    assert_true(has_line(&canvas, "* several"));
    assert_true(has_line(&canvas, "D twelve "));
    assert_true(sign_column(&canvas, 12, "□", STYLE_SERIES1) > 0); /* colours begin again, signs do not */
    canvas_free(&canvas);
}

static void test_odd_curves(void **state)
{
    static const double odd[] = {NAN, INFINITY, -INFINITY, 1e308, -1e308, 1e-320, 0, 1e15, 1e15 + 1, 0.1};
    static const double equal[] = {0.5, 0.5, 0.5, 0.5}, none[] = {NAN, NAN, INFINITY, -INFINITY};
    const char *name = "l1";
    struct canvas canvas;
    (void)state;
    for (size_t i = 0; i < COUNT(odd); i++) {
        for (size_t j = 0; j < COUNT(odd); j++) {
            const double x[] = {odd[i], odd[j], odd[(i + 1) % COUNT(odd)]}, y[] = {odd[j], odd[i], odd[j]};
            for (int count = 0; count <= 3; count++)
                check_drawing(curve_of(count, x, y, (i + j) % 2), 20 + (int)(i * 7 + j), count % 2);
        }
    }
    check_drawing(curve_of(4, equal, equal, true), 80, false);
    canvas_init(&canvas, 80, false);
    draw(&canvas, curve_of(4, equal, none, true));
    assert_true(has_line(&canvas, "(no point yet)"));
    draw(&canvas, curve_of(4, none, equal, true));
    assert_int_equal(canvas.height, 3);
    /* With a reference and places on the x axis the axes can stand already. */
    struct figure *figure = figure_new(FIGURE_CURVE, "begun");
    figure_set_curves(figure, 1, 4, &name, equal, none, NULL, "x", "y", true, 0.9, "before");
    draw(&canvas, figure);
    assert_true(has_line(&canvas, "no point yet"));
    assert_true(has_line(&canvas, "before  90.00%"));
    canvas_free(&canvas);
}

/* Scales of one sign are coloured from the middle of the ramp on, missing values not at all. */
static void test_matrix_levels(void **state)
{
    const char *names[] = {"a", "b", "c"};
    const double values[] = {0.1, 0.9, NAN};
    struct canvas canvas;
    (void)state;
    for (int both = 0; both < 2; both++) {
        const double low = both ? -0.1 : 0.1;
        struct figure *figure = figure_new(FIGURE_MATRIX, "one");
        figure_set_matrix(figure, 1, 3, names, names, values, low, 0.9, 1, "accuracy");
        figure_set_percent(figure);
        canvas_init(&canvas, 80, false);
        draw(&canvas, figure);
        assert_true(has_line(&canvas, both ? "accuracy in percent, scale from -10% to 90%"
                                           : "accuracy in percent, scale from 10% to 90%"));
        assert_true(has_line(&canvas, "10.0"));
        const struct canvas_cell *row = canvas.cells + 80;
        unsigned char least = 255, most = 0;
        for (int c = 0; c < 80; c++) {
            least = row[c].level && row[c].level < least ? row[c].level : least;
            most = row[c].level > most ? row[c].level : most;
            if (strcmp(row[c].glyph, "–") == 0)
                assert_int_equal(row[c].level, 0);
        }
        assert_int_equal(least, both ? 52 : 128);
        assert_int_equal(most, 255);
        canvas_free(&canvas);
    }
}

static void test_numbers_line_up(void **state)
{
    struct canvas canvas;
    (void)state;
    struct figure *figure = figure_new(FIGURE_TABLE, "numbers");
    table_column(figure, "value", NULL, COLUMN_REAL, 4);
    table_column(figure, "count", NULL, COLUMN_INTEGER, 0);
    const double values[] = {0.5, 123.4, -7, 1e-7};
    for (size_t i = 0; i < COUNT(values); i++) {
        table_number(figure, values[i]);
        table_number(figure, 1000000 * floor(values[i]));
    }
    canvas_init(&canvas, 80, true);
    draw(&canvas, figure);
    assert_true(has_line(&canvas, "  0.5000              0"));
    assert_true(has_line(&canvas, "123.4       123,000,000"));
    assert_true(has_line(&canvas, " -7.000      -7,000,000"));
    assert_true(has_line(&canvas, "  1.000e-7"));
    canvas_free(&canvas);
}

static void test_wide_characters(void **state)
{
    struct canvas canvas;
    (void)state;
    canvas_init(&canvas, 20, false);
    assert_int_equal(canvas_text(&canvas, 0, 0, STYLE_PLAIN, "漢字e\xcc\x81x"), 6);
    assert_int_equal(canvas_width_of("漢字e\xcc\x81x"), 6);
    assert_int_equal(canvas_width_of("\033\xff"), 8);
    canvas_text(&canvas, 0, 1, STYLE_PLAIN, "|"); /* over the right half of the first */
    char *line = line_of(&canvas, 0);
    assert_string_equal(line, " |字e\xcc\x81x\n");
    mem_free(line);
    assert_int_equal(canvas_text(&canvas, 1, 18, STYLE_PLAIN, "a漢"), 19); /* no room for half a character */
    assert_int_equal(canvas_text(&canvas, 1, 25, STYLE_PLAIN, "beyond"), 25);
    check_cells(&canvas);
    canvas_free(&canvas);
    canvas_init(&canvas, 100000, true);
    assert_int_equal(canvas.width, 1000);
    canvas_text(&canvas, 0, 0, STYLE_PLAIN, "γ≤1…\u00e9漢");
    line = line_of(&canvas, 0);
    assert_string_equal(line, "gamma<=1...\\u{00e9}\\u{6f22}\n");
    mem_free(line);
    canvas_free(&canvas);
}

/* --- panes ---------------------------------------------------------------------------------------------- */

static void fit(struct canvas *canvas, struct figure *figure, int width, int height)
{
    struct error error = {0};
    if (canvas_figure_fit(canvas, figure, width, height, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    figure_free(figure);
}

/* No figure is ever larger than its pane, whatever the pane. */
static void test_fit_sizes(void **state)
{
    static const int sizes[][2] = {{0, 0},  {1, 1},   {5, 3},    {15, 40},  {16, 1},  {20, 2},
                                   {20, 4}, {24, 6},  {30, 9},   {40, 12},  {60, 15}, {80, 24},
                                   {80, 3}, {120, 8}, {100, 60}, {300, 100}};
    (void)state;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        for (int f = 0; f < FIGURE_MAKERS; f++) {
            struct canvas canvas;
            canvas_init(&canvas, sizes[i][0], f % 2);
            fit(&canvas, figure_makers[f](), sizes[i][0], sizes[i][1]);
            if (canvas.height > sizes[i][1])
                fail_msg("figure %d takes %d lines of %d", f, canvas.height, sizes[i][1]);
            assert_true((canvas.height > 0) == (sizes[i][1] > 0));
            for (int line = 0; line < canvas.height; line++)
                for (int c = sizes[i][0]; c < canvas.width; c++)
                    assert_string_equal(canvas.cells[line * canvas.width + c].glyph, " ");
            check_cells(&canvas);
            canvas_free(&canvas);
        }
    }
}

static void test_fit_golden(void **state)
{
    static const int sizes[][2] = {{100, 30}, {60, 14}, {40, 9}, {24, 5}, {24, 1}};
    static figure_maker *const makers[] = {table_figure, panels_histogram, small_matrix, small_curves,
                                           small_scatter};
    (void)state;
    for (int ascii = 0; ascii < 2; ascii++) {
        struct text text = {0};
        for (size_t i = 0; i < COUNT(sizes); i++) {
            for (size_t f = 0; f < COUNT(makers); f++) {
                struct canvas canvas;
                canvas_init(&canvas, sizes[i][0], ascii);
                fit(&canvas, makers[f](), sizes[i][0], sizes[i][1]);
                text_add_format(&text, "==== %d x %d ====\n", sizes[i][0], sizes[i][1]);
                canvas_print(&canvas, NULL, 0, &text);
                canvas_free(&canvas);
            }
        }
        compare_golden(ascii ? "fit-ascii" : "fit", &text);
        text_free(&text);
    }
}

/* What fits is drawn below what is there, and again in the same place without a trace of larger attempts. */
static void test_fit_below(void **state)
{
    struct canvas canvas;
    (void)state;
    canvas_init(&canvas, 60, false);
    canvas_text(&canvas, 0, 0, STYLE_PLAIN, "above");
    fit(&canvas, small_curves(), 60, 10);
    assert_true(canvas.height <= 11 && strcmp(canvas.cells[0].glyph, "a") == 0);
    canvas_free(&canvas);
}

/* --- themes --------------------------------------------------------------------------------------------- */

static void test_few_escapes(void **state)
{
    struct canvas canvas;
    struct text text = {0};
    struct theme *theme = load("dark");
    (void)state;
    canvas_init(&canvas, 20, false);
    canvas_text(&canvas, 0, 0, STYLE_TITLE, "one");
    canvas_text(&canvas, 0, 4, STYLE_TITLE, "two");
    canvas_text(&canvas, 0, 8, STYLE_NUMBER, "3");
    canvas_print(&canvas, theme, 256, &text);
    assert_string_equal(text_data(&text), "\033[1;38;5;231mone two \033[m3\n");
    text_clear(&text);
    canvas_print(&canvas, theme, 0, &text);
    assert_string_equal(text_data(&text), "\033[1mone two \033[m3\n");
    text_clear(&text);
    canvas_print(&canvas, theme, 8, &text);
    assert_string_equal(text_data(&text), "\033[1;37mone two \033[m3\n");
    text_clear(&text);
    canvas_print(&canvas, NULL, 256, &text);
    assert_string_equal(text_data(&text), "one two 3\n");
    text_free(&text);
    theme_free(theme);
    canvas_free(&canvas);
}

static void test_installed_themes(void **state)
{
    static const char *const names[] = {
        "ascii", "colour-blind", "colour-blind-light", "dark", "high-contrast", "light", "mono", "neutral"};
    char **list = NULL;
    size_t count = 0;
    struct error error = {0};
    (void)state;
    unsetenv("XDG_CONFIG_HOME");
    setenv("HOME", "/nonexistent", 1);
    assert_int_equal(theme_list(&list, &count, &error), STATUS_OK);
    assert_int_equal(count, COUNT(names));
    for (size_t i = 0; i < COUNT(names); i++) {
        struct theme *theme = load(names[i]);
        assert_string_equal(list[i], names[i]);
        assert_string_equal(theme->name, names[i]);
        const bool ascii = strcmp(names[i], "ascii") == 0, mono = ascii || strcmp(names[i], "mono") == 0;
        assert_int_equal(theme->ascii, ascii);
        assert_true(mono == (theme->ramp_count == 0) && mono == (theme->ramp16_count == 0));
        for (int s = 0; s < STYLE_COUNT; s++)
            assert_true(theme->style[s].foreground16 < 16 && (!mono || theme->style[s].foreground < 0));
        const bool colored = !mono && strcmp(names[i], "neutral") != 0;
        for (int s = 0; s < SERIES_STYLES && colored; s++)
            for (int k = 0; k < s; k++) {
                const struct theme_style *one = &theme->style[STYLE_SERIES1 + s];
                const struct theme_style *other = &theme->style[STYLE_SERIES1 + k];
                /* 16 colours have but three dark ones: there, lines may also differ by being underlined. */
                assert_true(one->foreground != other->foreground);
                assert_true(one->foreground16 != other->foreground16 || one->underline != other->underline);
            }
        theme_free(theme);
    }
    theme_list_free(list, count);
}

static void test_unknown_theme(void **state)
{
    static const char *const names[] = {"", "../dark", "/etc/passwd", ".dark", "none-such-theme", "darl"};
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        struct error error = {0};
        struct theme *theme = (struct theme *)&error;
        assert_int_equal(theme_load(names[i], &theme, &error), STATUS_NOT_FOUND);
        assert_null(theme);
        assert_non_null(strstr(error.message, "high-contrast"));
        if (strcmp(names[i], "darl") == 0)
            assert_non_null(strstr(error.message, "did you mean 'dark'?"));
    }
}

/* A folder of the test's own below TMPDIR. */
static char *make_folder(void)
{
    const char *where = getenv("TMPDIR");
    char *folder = mem_format("%s/ippro-view-XXXXXX", where ? where : "/tmp");
    assert_non_null(folder);
    assert_non_null(mkdtemp(folder));
    return folder;
}

static void test_theme_errors(void **state)
{
    static const struct {
        const char *lines, *message;
    } cases[] = {
        {"title = bold\ntitel = red\n", ":2: 'titel' is not a setting; did you mean 'title'?"},
        {"\n# x\nbar = bleu\n", ":3: 'bleu' is not a colour, 'on', 'bold', 'dim', 'underline' or 'reverse'"},
        {"bar = bleu\n", "did you mean 'blue'?"},
        {"bar = blod\n", "did you mean 'bold'?"},
        {"bar = 256\n", ":1: colour 256 is not between 0 and 255"},
        {"bar = -1\n", ":1: colour -1 is not between 0 and 255"},
        {"bar = red green\n", ":1: a second text colour, 'green'"},
        {"bar = on red on green\n", ":1: a second background colour, 'green'"},
        {"bar = on\n", ":1: a colour is missing after 'on'"},
        {"bar = bold bold\n", ":1: 'bold' stands there twice"},
        {"bar = 12 / 17\n", ":1: colour 17 is not one of the 16"},
        {"bar = 12 / red / red\n", ":1: '/' is not a colour"},
        {"bar = 12 / red bold\n", ":1: 'bold' is not a colour"},
        {"bar red\n", ":1: expected 'STYLE = ...'"},
        {"a bar = red\n", ":1: expected one word before '='"},
        {"= red\n", ":1: expected one word before '='"},
        {"bar = red\ncut = red\nbar = red\n", ":3: 'bar' is already set in line 1"},
        {"ramp = 1\n", ":1: a ramp has 2 to 16 colours, not 1"},
        {"ramp = 1 2 x\n", ":1: 'x' is not a colour"},
        {"ramp16 = 1 16\n", ":1: colour 16 is not one of the 16"},
        {"bar = a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a\n", ":1: too many words"},
        {"glyphs = utf8\n", ":1: 'utf8' is not unicode or ascii"},
        {"glyphs = asci\n", "did you mean 'ascii'?"},
        {"glyphs = ascii unicode\n", ":1: glyphs are unicode or ascii: one word"},
        {"glyphs = ascii\nglyphs = ascii\n", ":2: 'glyphs' is already set in line 1"},
        {"bar = \xff\n", ": not a text file"},
    };
    char *folder = make_folder(), *path = path_join(folder, "own.theme");
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error error = {0};
        struct theme *theme = NULL;
        assert_int_equal(file_replace(path, cases[i].lines, strlen(cases[i].lines), &error), STATUS_OK);
        assert_int_equal(theme_read(path, &theme, &error), STATUS_FILE);
        assert_null(theme);
        if (!strstr(error.message, cases[i].message) || strncmp(error.message, path, strlen(path)) != 0)
            fail_msg("expected '%s', got '%s'", cases[i].message, error.message);
    }
    assert_int_equal(remove(path), 0);
    struct error error = {0};
    struct theme *theme = NULL;
    assert_int_equal(theme_read(path, &theme, &error), STATUS_FILE);
    assert_int_equal(theme_read(folder, &theme, &error), STATUS_FILE);
    assert_int_equal(rmdir(folder), 0);
    mem_free(path);
    mem_free(folder);
}

static void test_own_theme(void **state)
{
    static const char lines[] =
        "# mine\r\n\r\n  bar=196 on 17 bold / red\n\ncut = on bright-red dim\nseries3 = 99\nramp = 16 231\nglyphs = ascii";
    char *home = make_folder(), *config = path_join(home, "ippro-explore"),
         *themes = path_join(config, "themes");
    char *path = path_join(themes, "own.theme");
    struct error error = {0};
    (void)state;
    assert_int_equal(mkdir(config, 0700) | mkdir(themes, 0700), 0);
    assert_int_equal(file_replace(path, lines, strlen(lines), &error), STATUS_OK);
    setenv("XDG_CONFIG_HOME", home, 1);
    struct theme *theme = load("own");
    const struct theme_style *bar = &theme->style[STYLE_BAR], *cut = &theme->style[STYLE_CUT];
    assert_true(bar->foreground == 196 && bar->background == 17 && bar->bold && !bar->dim);
    assert_true(bar->foreground16 == 1 && bar->background16 == -1);
    assert_true(cut->foreground == -1 && cut->background == 9 && cut->dim && cut->background16 == 9);
    assert_true(theme->ascii);
    assert_true(theme->ramp_count == 2 && theme->ramp16_count == 2);
    assert_true(theme->ramp16[0] == 0 && theme->ramp16[1] == 15);
    assert_int_equal(theme->style[STYLE_TITLE].foreground, -1);
    /* Series that a theme does not know look like other things; the one it sets is its own. */
    assert_memory_equal(&theme->style[STYLE_SERIES1], bar, sizeof *bar);
    assert_memory_equal(&theme->style[STYLE_SERIES2], cut, sizeof *cut);
    assert_int_equal(theme->style[STYLE_SERIES3].foreground, 99);
    theme_free(theme);
    char **names = NULL;
    size_t count = 0;
    assert_int_equal(theme_list(&names, &count, &error), STATUS_OK);
    assert_int_equal(count, 9);
    assert_string_equal(names[8], "own");
    theme_list_free(names, count);
    unsetenv("XDG_CONFIG_HOME");
    assert_int_equal(remove(path) | rmdir(themes) | rmdir(config) | rmdir(home), 0);
    mem_free(path);
    mem_free(themes);
    mem_free(config);
    mem_free(home);
}

/* --- builders ------------------------------------------------------------------------------------------- */

static void test_incomplete_figures(void **state)
{
    struct error error = {0};
    (void)state;
    assert_int_equal(figure_check(NULL, &error), STATUS_MEMORY);
    struct figure *figure = figure_new(FIGURE_TABLE, "half");
    table_column(figure, "a", NULL, COLUMN_TEXT, 0);
    table_column(figure, "b", NULL, COLUMN_TEXT, 0);
    table_text(figure, "x");
    assert_int_equal(figure_check(figure, &error), STATUS_FAILED);
    assert_non_null(strstr(error.message, "half"));
    struct canvas canvas;
    canvas_init(&canvas, 80, false);
    assert_int_equal(canvas_figure(&canvas, figure, &error), STATUS_FAILED);
    assert_int_equal(canvas.height, 0);
    table_missing(figure);
    assert_int_equal(figure_check(figure, &error), STATUS_OK);
    figure_free(figure);
    figure_title(NULL, "nothing");
    figure_note(NULL, "nothing");
    figure_fact(NULL, "nothing", "nothing");
    table_column(NULL, "nothing", NULL, COLUMN_TEXT, 0);
    table_text(NULL, "nothing");
    table_number(NULL, 1);
    table_emphasize(NULL);
    figure_set_percent(NULL);
    figure_set_curves(NULL, 0, 0, NULL, NULL, NULL, NULL, "", "", false, NAN, NULL);
    figure_free(NULL);
    canvas_free(&canvas);
}

/* --- memory runs out ------------------------------------------------------------------------------------ */

static status build_and_draw(figure_maker *maker, struct canvas *canvas, struct text *text)
{
    struct error error = {0};
    struct figure *figure = maker();
    status code = canvas_figure(canvas, figure, &error);
    figure_free(figure);
    if (code == STATUS_OK) {
        canvas_print(canvas, NULL, 0, text);
        code = text->failed ? STATUS_MEMORY : STATUS_OK;
    }
    return code;
}

/* The Nth allocation fails, for every N: the drawing fails as a whole and leaves the canvas as it was, or it
 * is what it should be. */
static void test_drawing_without_memory(void **state)
{
    static figure_maker *const makers[] = {table_figure,    log_histogram, small_matrix,
                                           numbered_matrix, small_curves,  sensitivity_matrix};
    (void)state;
    for (size_t m = 0; m < COUNT(makers); m++) {
        struct canvas canvas;
        struct text expected = {0};
        canvas_init(&canvas, 60, m % 2);
        canvas_text(&canvas, 0, 0, STYLE_PLAIN, "before");
        assert_int_equal(build_and_draw(makers[m], &canvas, &expected), STATUS_OK);
        int in_a_row = 0;
        for (long n = 1; in_a_row < 20; n++) {
            assert_true(n < 100000);
            struct text text = {0};
            canvas.height = 1;
            mem_fail_at(n);
            status code = build_and_draw(makers[m], &canvas, &text);
            mem_fail_at(0);
            in_a_row = code == STATUS_OK ? in_a_row + 1 : 0;
            if (code == STATUS_OK)
                assert_string_equal(text_data(&text), text_data(&expected));
            else
                assert_int_equal(code, STATUS_MEMORY);
            assert_false(canvas.failed);
            text_free(&text);
        }
        text_free(&expected);
        canvas_free(&canvas);
    }
}

static void test_themes_without_memory(void **state)
{
    (void)state;
    int in_a_row = 0;
    for (long n = 1; in_a_row < 5; n++) {
        assert_true(n < 10000);
        struct error error = {0};
        struct theme *theme = NULL;
        mem_fail_at(n);
        status code = theme_load("dark", &theme, &error);
        mem_fail_at(0);
        assert_true(code == STATUS_OK ? theme != NULL && theme->ramp_count > 0 : theme == NULL);
        in_a_row = code == STATUS_OK ? in_a_row + 1 : 0;
        theme_free(theme);
        char **names = NULL;
        size_t count = 0;
        mem_fail_at(n);
        code = theme_list(&names, &count, &error);
        mem_fail_at(0);
        in_a_row = code == STATUS_OK ? in_a_row : 0;
        if (code == STATUS_OK)
            theme_list_free(names, count);
    }
}

/* A cell shows two pixels one above the other, in colours that all terminals of 256 agree on. */
static void test_strip_paints(void **state)
{
    (void)state;
    struct canvas canvas;
    struct figure *figure = small_strip();
    struct error error = {0};
    int painted = 0;
    canvas_init(&canvas, 50, false);
    canvas.paint = true;
    assert_int_equal(canvas_figure(&canvas, figure, &error), STATUS_OK);
    for (int i = 0; i < canvas.width * canvas.height; i++) {
        const struct canvas_cell *cell = &canvas.cells[i];
        if (!cell->upper)
            continue;
        assert_string_equal(cell->glyph, "\u2580");
        assert_true(cell->upper >= 16 && cell->lower >= 16);
        painted++;
    }
    /* Three pictures of 15 x 4 cells in each row, and the squares of the legend. */
    assert_int_equal(painted, 2 * 3 * 15 * 4 + 2 * 2);
    canvas_free(&canvas);
    figure_free(figure);
    assert_int_equal(palette_nearest((const uint8_t[]){0, 0, 0}), 16);
    assert_int_equal(palette_nearest((const uint8_t[]){255, 255, 255}), 231);
    assert_int_equal(palette_nearest((const uint8_t[]){255, 0, 0}), 196);
    assert_int_equal(palette_nearest((const uint8_t[]){128, 128, 128}), 244);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strip_paints),
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_every_width),
        cmocka_unit_test(test_hostile_names),
        cmocka_unit_test(test_kinds_are_complete),
        cmocka_unit_test(test_shortened_names_differ),
        cmocka_unit_test(test_folded_rows),
        cmocka_unit_test(test_halves_of_tables),
        cmocka_unit_test(test_names_by_number),
        cmocka_unit_test(test_noise_is_no_cliff),
        cmocka_unit_test(test_nothing_left_out_silently),
        cmocka_unit_test(test_bars_are_counts),
        cmocka_unit_test(test_bars_are_cut_in_part),
        cmocka_unit_test(test_points_are_where_they_belong),
        cmocka_unit_test(test_odd_curves),
        cmocka_unit_test(test_matrix_levels),
        cmocka_unit_test(test_numbers_line_up),
        cmocka_unit_test(test_wide_characters),
        cmocka_unit_test(test_few_escapes),
        cmocka_unit_test(test_fit_sizes),
        cmocka_unit_test(test_fit_golden),
        cmocka_unit_test(test_fit_below),
        cmocka_unit_test(test_installed_themes),
        cmocka_unit_test(test_unknown_theme),
        cmocka_unit_test(test_theme_errors),
        cmocka_unit_test(test_own_theme),
        cmocka_unit_test(test_incomplete_figures),
        cmocka_unit_test(test_drawing_without_memory),
        cmocka_unit_test(test_themes_without_memory),
    };
    return cmocka_run_group_tests_name("view", tests, NULL, NULL);
}
