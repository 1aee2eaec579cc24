/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Figures as files carry the numbers of the figure: CSV and JSON are read back bit for bit, pictures are
 * measured. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <locale.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>
#include <math.h>

#include "archive/package.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "view/cells/canvas.h"
#include "view/picture/plot.h"
#include "view/write/write.h"
#include "support/csv_read.h"
#include "support/png_read.h"
#include "support/skip.h"
#include "support/view_figures.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void write_figure(const char *extension, const struct figure *figure, struct text *out)
{
    struct error error = {0};
    const struct figure_format *format = figure_format_find(extension);
    assert_non_null(format);
    if (format->write(&figure, 1, out, &error) != STATUS_OK)
        fail_msg("%s", error.message);
}

/* --- CSV ------------------------------------------------------------------------------------------------ */

struct table_read {
    struct csv_table csv;
    size_t columns;
};

static struct table_read read_back(const struct figure *figure)
{
    struct table_read read = {0};
    struct text text = {0};
    struct error error = {0};
    write_figure("csv", figure, &text);
    if (csv_read("written", text_data(&text), text.length, &read.csv, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    read.columns = read.csv.starts[1] - read.csv.starts[0];
    text_free(&text);
    return read;
}

static const char *field(const struct table_read *read, size_t row, size_t column)
{
    assert_true(row < read->csv.row_count && column < read->columns);
    return read->csv.fields[read->csv.starts[row] + column];
}

static void assert_same_double(double a, double b)
{
    if (isnan(a) && isnan(b))
        return;
    assert_memory_equal(&a, &b, sizeof a);
}

static void test_csv_table(void **state)
{
    static figure_maker *const makers[] = {table_figure, odd_table, empty_table};
    (void)state;
    for (size_t m = 0; m < COUNT(makers); m++) {
        struct figure *figure = makers[m]();
        const struct figure_table *table = &figure->table;
        struct table_read read = read_back(figure);
        assert_int_equal(read.columns, table->columns);
        assert_int_equal(read.csv.row_count, table->rows + 1);
        for (int i = 0; i < table->rows * table->columns; i++) {
            const struct figure_cell *cell = &table->cells[i];
            const char *text = field(&read, (size_t)(i / table->columns) + 1, (size_t)(i % table->columns));
            if (cell->missing)
                assert_string_equal(text, "");
            else if (cell->text)
                assert_string_equal(text, cell->text);
            else
                assert_same_double(strtod(text, NULL), cell->number);
        }
        csv_table_free(&read.csv);
        figure_free(figure);
    }
}

static void test_csv_head(void **state)
{
    static const char *const facts[] = {"figure: layers", "title: Layers of resnet56.onnx",
                                        "model: resnet56.onnx", "seed: 1", "note: costs for 32 × 32 images"};
    (void)state;
    struct figure *figure = table_figure();
    struct table_read read = read_back(figure);
    assert_int_equal(read.csv.fact_count, COUNT(facts));
    for (size_t i = 0; i < COUNT(facts); i++)
        assert_string_equal(read.csv.facts[i], facts[i]);
    assert_string_equal(field(&read, 0, 3), "cost (M)");
    csv_table_free(&read.csv);
    figure_free(figure);
}

static void test_csv_histogram(void **state)
{
    (void)state;
    struct figure *figure = panels_histogram();
    const struct figure_histogram *histogram = &figure->histogram;
    struct table_read read = read_back(figure);
    assert_int_equal(read.csv.row_count, histogram->series * histogram->bins + 1);
    assert_string_equal(field(&read, 0, 5), "cut");
    size_t row = 1;
    for (int s = 0; s < histogram->series; s++) {
        double threshold = histogram->threshold[s];
        for (int b = 0; b < histogram->bins; b++, row++) {
            double low = strtod(field(&read, row, 1), NULL), high = strtod(field(&read, row, 2), NULL);
            assert_string_equal(field(&read, row, 0), histogram->names[s]);
            assert_same_double(low, histogram->edges[b]);
            assert_same_double(high, histogram->edges[b + 1]);
            assert_int_equal(strtoll(field(&read, row, 3), NULL, 10),
                             histogram->counts[s * histogram->bins + b]);
            const char *cut = high <= threshold ? "yes" : low < threshold ? "part" : "no";
            assert_string_equal(field(&read, row, 5), cut);
            if (isnan(threshold))
                assert_string_equal(field(&read, row, 4), "");
            else
                assert_same_double(strtod(field(&read, row, 4), NULL), threshold);
        }
    }
    bool below = false;
    for (size_t i = 0; i < read.csv.fact_count; i++)
        below = below || strcmp(read.csv.facts[i], "layer3.8.conv1 below: 26") == 0;
    assert_true(below);
    csv_table_free(&read.csv);
    figure_free(figure);
}

static void test_csv_matrix(void **state)
{
    (void)state;
    struct figure *figure = numbered_matrix();
    const struct figure_matrix *matrix = &figure->matrix;
    struct table_read read = read_back(figure);
    assert_int_equal(read.csv.row_count, matrix->rows * matrix->columns + 1);
    for (int i = 0; i < matrix->rows * matrix->columns; i++) {
        size_t row = (size_t)i + 1;
        assert_string_equal(field(&read, row, 0), matrix->row_names[i / matrix->columns]);
        assert_string_equal(field(&read, row, 1), matrix->column_names[i % matrix->columns]);
        assert_same_double(strtod(field(&read, row, 2), NULL), matrix->values[i]);
    }
    csv_table_free(&read.csv);
    figure_free(figure);
}

static void test_csv_curve(void **state)
{
    static figure_maker *const makers[] = {small_curves, plain_curves};
    (void)state;
    for (size_t m = 0; m < COUNT(makers); m++) {
        struct figure *figure = makers[m]();
        const struct figure_curve *curve = &figure->curve;
        struct table_read read = read_back(figure);
        assert_int_equal(read.columns, 4);
        assert_int_equal(read.csv.row_count, curve->series * curve->points + 1);
        for (int i = 0; i < curve->series * curve->points; i++) {
            size_t row = (size_t)i + 1;
            assert_string_equal(field(&read, row, 0), curve->names[i / curve->points]);
            assert_same_double(strtod(field(&read, row, 1), NULL), curve->x[i]);
            assert_same_double(strtod(field(&read, row, 2), NULL), curve->y[i]);
            if (curve->spread)
                assert_same_double(strtod(field(&read, row, 3), NULL), curve->spread[i]);
            else
                assert_string_equal(field(&read, row, 3), "");
        }
        int reference = 0;
        for (size_t i = 0; i < read.csv.fact_count; i++)
            reference += strcmp(read.csv.facts[i], "reference: 0.9353") == 0 ||
                         strcmp(read.csv.facts[i], "reference is: before pruning") == 0;
        assert_int_equal(reference, m == 0 ? 2 : 0);
        csv_table_free(&read.csv);
        figure_free(figure);
    }
}

/* --- JSON ----------------------------------------------------------------------------------------------- */

static json_t *json_back(const struct figure *figure, json_t **root)
{
    struct text text = {0};
    json_error_t error;
    write_figure("json", figure, &text);
    for (size_t i = 0; i < text.length; i++) /* ASCII: nothing a terminal could take offence at */
        assert_true((text.data[i] >= 0x20 && text.data[i] < 0x7F) || text.data[i] == '\n');
    *root = json_loadb(text_data(&text), text.length, JSON_REJECT_DUPLICATES, &error);
    if (!*root)
        fail_msg("%s", error.text);
    text_free(&text);
    json_t *list = json_object_get(*root, "figures");
    assert_int_equal(json_array_size(list), 1);
    return json_array_get(list, 0);
}

static void assert_json_number(const json_t *value, double number)
{
    if (isnan(number))
        assert_string_equal(json_string_value(value), "nan");
    else if (isinf(number))
        assert_string_equal(json_string_value(value), number < 0 ? "-inf" : "inf");
    else if (json_is_integer(value))
        assert_same_double((double)json_integer_value(value), number);
    else
        assert_same_double(json_real_value(value), number);
}

static void test_json_table(void **state)
{
    static figure_maker *const makers[] = {table_figure, odd_table, empty_table};
    (void)state;
    for (size_t m = 0; m < COUNT(makers); m++) {
        json_t *root;
        struct figure *figure = makers[m]();
        const struct figure_table *table = &figure->table;
        const json_t *object = json_back(figure, &root), *rows = json_object_get(object, "rows");
        assert_string_equal(json_string_value(json_object_get(object, "kind")), "table");
        assert_int_equal(json_array_size(json_object_get(object, "columns")), table->columns);
        assert_int_equal(json_array_size(rows), table->rows);
        for (int i = 0; i < table->rows * table->columns; i++) {
            const struct figure_cell *cell = &table->cells[i];
            const json_t *value = json_array_get(json_array_get(rows, (size_t)(i / table->columns)),
                                                 (size_t)(i % table->columns));
            assert_non_null(value);
            if (cell->missing)
                assert_true(json_is_null(value));
            else if (cell->text)
                assert_string_equal(json_string_value(value), cell->text);
            else
                assert_json_number(value, cell->number);
        }
        json_decref(root);
        figure_free(figure);
    }
}

static void test_json_histogram(void **state)
{
    json_t *root;
    (void)state;
    struct figure *figure = panels_histogram();
    const struct figure_histogram *histogram = &figure->histogram;
    const json_t *object = json_back(figure, &root), *edges = json_object_get(object, "edges");
    assert_string_equal(json_string_value(json_object_get(json_object_get(object, "facts"), "model")),
                        "resnet56.onnx");
    assert_string_equal(json_string_value(json_object_get(object, "title")), figure->title);
    assert_int_equal(json_array_size(edges), histogram->bins + 1);
    for (int b = 0; b <= histogram->bins; b++)
        assert_json_number(json_array_get(edges, (size_t)b), histogram->edges[b]);
    for (int s = 0; s < histogram->series; s++) {
        const json_t *series = json_array_get(json_object_get(object, "series"), (size_t)s);
        assert_string_equal(json_string_value(json_object_get(series, "name")), histogram->names[s]);
        for (int b = 0; b < histogram->bins; b++)
            assert_int_equal(json_integer_value(json_array_get(json_object_get(series, "counts"), (size_t)b)),
                             histogram->counts[s * histogram->bins + b]);
        const json_t *threshold = json_object_get(series, "threshold");
        if (isnan(histogram->threshold[s]))
            assert_true(json_is_null(threshold));
        else
            assert_json_number(threshold, histogram->threshold[s]);
        assert_true((json_object_get(series, "median") == NULL) == isnan(histogram->summary[s].median));
        assert_true((json_object_get(series, "below") == NULL) == (histogram->summary[s].below < 0));
    }
    json_decref(root);
    figure_free(figure);
}

static void test_json_matrix(void **state)
{
    json_t *root;
    (void)state;
    struct figure *figure = numbered_matrix();
    const struct figure_matrix *matrix = &figure->matrix;
    const json_t *object = json_back(figure, &root), *values = json_object_get(object, "values");
    for (int i = 0; i < matrix->rows * matrix->columns; i++)
        assert_json_number(json_array_get(json_array_get(values, (size_t)(i / matrix->columns)),
                                          (size_t)(i % matrix->columns)),
                           matrix->values[i]);
    const json_t *names = json_object_get(object, "row_names");
    assert_string_equal(json_string_value(json_array_get(names, 1)), matrix->row_names[1]);
    json_decref(root);
    figure_free(figure);
}

static void test_json_curve(void **state)
{
    static figure_maker *const makers[] = {small_curves, plain_curves};
    (void)state;
    for (size_t m = 0; m < COUNT(makers); m++) {
        json_t *root;
        struct figure *figure = makers[m]();
        const struct figure_curve *curve = &figure->curve;
        const json_t *object = json_back(figure, &root), *list = json_object_get(object, "series");
        const json_t *reference = json_object_get(object, "reference");
        assert_string_equal(json_string_value(json_object_get(object, "kind")), "curve");
        assert_string_equal(json_string_value(json_object_get(object, "x_axis")), curve->x_axis);
        assert_true(json_is_true(json_object_get(object, "percent")) == curve->percent);
        assert_int_equal(json_array_size(list), curve->series);
        for (int i = 0; i < curve->series * curve->points; i++) {
            const json_t *series = json_array_get(list, (size_t)(i / curve->points));
            const json_t *spread = json_object_get(series, "spread");
            size_t point = (size_t)(i % curve->points);
            assert_json_number(json_array_get(json_object_get(series, "x"), point), curve->x[i]);
            assert_json_number(json_array_get(json_object_get(series, "y"), point), curve->y[i]);
            if (curve->spread)
                assert_json_number(json_array_get(spread, point), curve->spread[i]);
            else
                assert_true(json_is_null(spread));
        }
        if (isnan(curve->reference))
            assert_true(json_is_null(reference));
        else
            assert_json_number(reference, curve->reference);
        json_decref(root);
        figure_free(figure);
    }
}

/* --- PNG ------------------------------------------------------------------------------------------------ */

struct picture {
    uint8_t *rgb;
    int width, height;
};

static struct picture picture_of(const struct figure *const *figures, int count)
{
    struct picture picture;
    struct text text = {0};
    struct error error = {0};
    if (figure_format_find("png")->write(figures, count, &text, &error) != STATUS_OK ||
        png_read(text_data(&text), text.length, &picture.rgb, &picture.width, &picture.height, &error) !=
            STATUS_OK)
        fail_msg("%s", error.message);
    text_free(&text);
    assert_true(picture.width >= PLOT_WIDTH);
    return picture;
}

static bool pixel_is(const struct picture *picture, int x, int y, struct color color)
{
    const uint8_t *pixel = picture->rgb + ((size_t)y * (size_t)picture->width + (size_t)x) * 3;
    return pixel[0] == color.red && pixel[1] == color.green && pixel[2] == color.blue;
}

/* Pixels of a column from its lowest bar pixel upwards; the legend above is not reached. */
static int bar_height(const struct picture *picture, int x, bool cut)
{
    int y = picture->height - 1, height = 0;
    for (; y >= 0; y--) {
        bool bar = cut ? pixel_is(picture, x, y, PLOT_CUT) || pixel_is(picture, x, y, PLOT_CUT_STRIPE)
                       : pixel_is(picture, x, y, PLOT_BAR);
        if (bar)
            height++;
        else if (height > 0)
            break;
    }
    return height;
}

static void test_png_histogram(void **state)
{
    const char *name = "layer";
    const double edges[] = {0, 1, 2, 3, 4, 5, 6, 7, 8}, threshold = 2.5;
    const int64_t counts[] = {1, 10, 5, 0, 7, 10, 3, 2};
    enum { BINS = 8, HEIGHT = 400, TOP = 10 };
    (void)state;
    for (int threshold_given = 0; threshold_given < 2; threshold_given++) {
        struct figure *figure = figure_new(FIGURE_HISTOGRAM, "hist");
        figure_title(figure, "title");
        figure_set_histogram(figure, 1, BINS, false, &name, edges, counts,
                             threshold_given ? &threshold : NULL, "value", "filters");
        struct picture picture = picture_of((const struct figure *const *)&figure, 1);
        assert_int_equal(picture.width, PLOT_WIDTH);
        /* The bars begin and end with the axis, because the first and the last bin are not empty. */
        int left = picture.width, right = 0;
        for (int x = 100; x < picture.width; x++) {
            if (bar_height(&picture, x, false) > 0)
                right = x + 1;
        }
        for (int x = picture.width - 1; x >= PLOT_MARGIN + 3 * PLOT_CELL; x--)
            if (bar_height(&picture, x, threshold_given) > 0)
                left = x;
        if (threshold_given)
            left = PLOT_MARGIN + 2 * PLOT_CELL + 14; /* the gutter of "10", a tick and some air */
        double bin = (right + 1 - left) / (double)BINS;
        for (int b = 0; b < BINS; b++) {
            int x = left + (int)((b + 0.25) * bin), later = left + (int)((b + 0.75) * bin);
            int expected = (int)lround((double)counts[b] / TOP * HEIGHT);
            bool cut = threshold_given && b + 0.25 < threshold,
                 later_cut = threshold_given && b + 0.75 < threshold;
            assert_int_equal(bar_height(&picture, x, cut), expected);
            assert_int_equal(bar_height(&picture, later, later_cut), expected);
            if (cut)
                assert_int_equal(bar_height(&picture, x, false), 0);
        }
        mem_free(picture.rgb);
        figure_free(figure);
    }
}

static int count_color(const struct picture *picture, struct color color)
{
    int count = 0;
    for (int y = 0; y < picture->height; y++)
        for (int x = 0; x < picture->width; x++)
            count += pixel_is(picture, x, y, color);
    return count;
}

static void test_png_matrix(void **state)
{
    const char *names[] = {"a", "b"};
    const double values[] = {1, -1, 0, NAN};
    (void)state;
    struct figure *figure = figure_new(FIGURE_MATRIX, "corr");
    figure_set_matrix(figure, 2, 2, names, names, values, -1, 1, 2, "correlation");
    struct picture picture = picture_of((const struct figure *const *)&figure, 1);
    /* Each cell is a rectangle of the colour of its value, minus the digits on it. */
    const struct color high = {0xB3, 0x58, 0x06}, low = {0x1F, 0x5A, 0x9E}, middle = {0xF7, 0xF7, 0xF7},
                       undefined = {0xF2, 0xF2, 0xF2};
    const struct color all[] = {high, low, middle, undefined};
    for (size_t i = 0; i < COUNT(all); i++)
        assert_in_range(count_color(&picture, all[i]), 1500, 7 * 14 * 40);
    mem_free(picture.rgb);
    figure_free(figure);
}

/* The middle of all pixels of a colour right of the axis and above the legend. */
static void middle_of(const struct picture *picture, struct color color, int below, double *x, double *y)
{
    double count = 0;
    *x = *y = 0;
    for (int j = 0; j < below; j++) {
        for (int i = 100; i < picture->width; i++) {
            if (pixel_is(picture, i, j, color)) {
                *x += i;
                *y += j;
                count++;
            }
        }
    }
    assert_true(count > 100);
    *x /= count;
    *y /= count;
}

/* Single points of different shapes: their middles lie at their values. */
static void test_png_curve(void **state)
{
    const char *names[] = {"a", "b", "c"};
    const double x[] = {0, 0.5, 1}, y[] = {1, 0.5, 0};
    const struct color colors[] = {{0x00, 0x62, 0xA8}, {0xD5, 0x5E, 0x00}, {0x00, 0x8F, 0x68}};
    /* The axes begin behind "100%", a tick and some air; the y axis ends half a line below its title. */
    enum { HEIGHT = 520, TOP = PLOT_MARGIN + PLOT_LINE * 3 / 2, AXIS = PLOT_MARGIN + 4 * PLOT_CELL + 14 };
    const int left = AXIS + 24, right = PLOT_WIDTH - PLOT_MARGIN - 24;
    (void)state;
    struct figure *figure = figure_new(FIGURE_CURVE, "curve");
    figure_set_curves(figure, 3, 1, names, x, y, NULL, "ratio", "accuracy", true, NAN, NULL);
    struct picture picture = picture_of((const struct figure *const *)&figure, 1);
    assert_int_equal(picture.width, PLOT_WIDTH);
    for (int s = 0; s < 3; s++) {
        double across, down;
        middle_of(&picture, colors[s], TOP + HEIGHT + 20, &across, &down);
        assert_true(fabs(across - (left + x[s] * (right - left))) < 1.5);
        assert_true(fabs(down - (TOP + (1 - y[s]) * HEIGHT)) < 1.5);
    }
    mem_free(picture.rgb);
    figure_free(figure);
}

static void test_odd_curves(void **state)
{
    static const double odd[] = {NAN, INFINITY, -INFINITY, 1e308, -1e308, 1e-320, 0, 1e15, 0.1};
    static const char *const extensions[] = {"csv", "json", "txt"};
    (void)state;
    for (size_t i = 0; i < COUNT(odd); i++) {
        const double x[] = {odd[i], 1, odd[(i + 1) % COUNT(odd)]},
                     y[] = {1, odd[i], odd[(i + 4) % COUNT(odd)]};
        struct figure *figure = curve_of(3, x, y, i % 2);
        for (size_t e = 0; e < COUNT(extensions); e++) {
            struct text text = {0};
            write_figure(extensions[e], figure, &text);
            text_free(&text);
        }
        struct picture picture = picture_of((const struct figure *const *)&figure, 1);
        mem_free(picture.rgb);
        figure_free(figure);
    }
}

static void test_png_sizes(void **state)
{
    const struct figure *figures[FIGURE_MAKERS];
    int heights = 0;
    (void)state;
    for (int f = 0; f < FIGURE_MAKERS; f++) {
        figures[f] = figure_makers[f]();
        struct picture picture = picture_of(&figures[f], 1);
        heights += picture.height - 2 * PLOT_MARGIN;
        mem_free(picture.rgb);
    }
    struct picture picture = picture_of(figures, FIGURE_MAKERS);
    assert_true(picture.height >= heights); /* one below the other */
    mem_free(picture.rgb);
    for (int f = 0; f < FIGURE_MAKERS; f++)
        figure_free((struct figure *)figures[f]);
    for (enum figure_kind kind = 0; kind < FIGURE_KINDS; kind++) {
        struct figure *figure = hostile_figure(kind);
        struct text text = {0};
        struct error error = {0};
        status code =
            figure_format_find("png")->write((const struct figure *const *)&figure, 1, &text, &error);
        assert_true(code == STATUS_OK || (code == STATUS_RANGE && text.length == 0));
        text_free(&text);
        figure_free(figure);
    }
    struct figure *figure = figure_new(FIGURE_TABLE, "long");
    table_column(figure, "a", NULL, COLUMN_INTEGER, 0);
    for (int i = 0; i < 20000; i++)
        table_number(figure, i);
    struct text text = {0};
    struct error error = {0};
    assert_int_equal(
        figure_format_find("png")->write((const struct figure *const *)&figure, 1, &text, &error),
        STATUS_RANGE);
    assert_non_null(strstr(error.message, "too large"));
    text_free(&text);
    figure_free(figure);
}

static void test_picture_sizes(void **state)
{
    static const struct {
        const char *text;
        int width, height; /* 0, 0: refused */
    } cases[] = {{"1200x800", 1200, 800},
                 {"480x160", 480, 160},
                 {"1200x", 1200, 0},
                 {"x800", 0, 0},
                 {"1200", 0, 0},
                 {"1200x800x2", 0, 0},
                 {"", 0, 0},
                 {"99999x800", 0, 0},
                 {"-800x800", 0, 0},
                 {"800x-1", 0, 0},
                 {"800x0", 0, 0},
                 {"8e2x800", 0, 0},
                 {"12000000000000000000000x1", 0, 0}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct picture_size size = {0, 0};
        struct error error = {0};
        status code = picture_size_parse(cases[i].text, &size, &error);
        assert_true((code == STATUS_OK) == (cases[i].width > 0));
        assert_true(size.width == cases[i].width && size.height == cases[i].height);
    }
}

/* The picture has the size that was asked for, with the plot filling it; what does not fit is refused. */
static void test_png_at_a_size(void **state)
{
    static const struct picture_size sizes[] = {{1200, 800}, {900, 600}, {2400, 1600}, {1000, 0}};
    static figure_maker *const makers[] = {small_histogram, panels_histogram, small_curves, small_scatter};
    (void)state;
    for (size_t f = 0; f < COUNT(makers); f++) {
        const struct figure *figure = makers[f]();
        struct error error = {0};
        for (size_t i = 0; i < COUNT(sizes); i++) {
            struct text text = {0};
            struct picture picture;
            if (f == 1 && sizes[i].height == 600)
                continue; /* four panels need more */
            if (write_picture(&figure, 1, &sizes[i], &text, &error) != STATUS_OK ||
                png_read(text_data(&text), text.length, &picture.rgb, &picture.width, &picture.height,
                         &error) != STATUS_OK)
                fail_msg("%s", error.message);
            assert_int_equal(picture.width, sizes[i].width);
            assert_true(sizes[i].height == 0 || picture.height == sizes[i].height);
            bool low = false; /* something is drawn near the lower edge */
            for (int x = 0; x < picture.width; x++)
                for (int y = picture.height - 100; y < picture.height; y++)
                    low |= !pixel_is(&picture, x, y, (struct color){255, 255, 255});
            assert_true(low);
            mem_free(picture.rgb);
            text_free(&text);
        }
        struct text text = {0};
        const struct picture_size small = {480, 160};
        assert_int_equal(write_picture(&figure, 1, &small, &text, &error), STATUS_RANGE);
        assert_non_null(strstr(error.message, "needs"));
        assert_true(text.length == 0);
        figure_free((struct figure *)figure);
    }
}

/* --- scatters ------------------------------------------------------------------------------------------- */

static void test_csv_scatter(void **state)
{
    static const char *const cut[] = {"none", "l1", "proscore", "both"};
    struct figure *figure = small_scatter();
    struct table_read read = read_back(figure);
    (void)state;
    assert_int_equal(read.csv.row_count, figure->scatter.points + 1);
    for (int p = 0; p < figure->scatter.points; p++) {
        double x, y;
        assert_string_equal(field(&read, (size_t)p + 1, 0), figure->scatter.names[figure->scatter.member[p]]);
        assert_string_equal(field(&read, (size_t)p + 1, 1), figure->scatter.labels[p]);
        assert_true(text_to_double(field(&read, (size_t)p + 1, 2), &x) && x == figure->scatter.x[p]);
        assert_true(text_to_double(field(&read, (size_t)p + 1, 3), &y) && y == figure->scatter.y[p]);
        assert_string_equal(field(&read, (size_t)p + 1, 4), cut[figure->scatter.mark[p]]);
    }
    csv_table_free(&read.csv);
    figure_free(figure);
}

static void test_json_scatter(void **state)
{
    struct figure *figure = small_scatter();
    json_t *root;
    const json_t *object = json_back(figure, &root), *points = json_object_get(object, "points");
    (void)state;
    assert_string_equal(json_string_value(json_object_get(object, "kind")), "scatter");
    assert_int_equal(json_array_size(points), figure->scatter.points);
    const json_t *first = json_array_get(points, 0), *last = json_array_get(points, 47);
    assert_true(json_number_value(json_object_get(first, "x")) == figure->scatter.x[0]);
    assert_string_equal(json_string_value(json_object_get(first, "cut")), "both");
    assert_string_equal(json_string_value(json_object_get(last, "y")), "inf");
    json_decref(root);
    figure_free(figure);
}

/* --- all formats ---------------------------------------------------------------------------------------- */

static void test_hostile_files(void **state)
{
    static const char *const extensions[] = {"csv", "json", "txt"};
    (void)state;
    for (enum figure_kind kind = 0; kind < FIGURE_KINDS; kind++) {
        struct figure *figure = hostile_figure(kind);
        for (size_t i = 0; i < COUNT(extensions); i++) {
            struct text text = {0};
            write_figure(extensions[i], figure, &text);
            assert_true(utf8_valid(text_data(&text), text.length));
            assert_null(strstr(text_data(&text), "\xe2\x80\xae"));
            for (size_t at = 0; at < text.length; at++)
                assert_true((unsigned char)text.data[at] >= 0x20 || text.data[at] == '\n');
            text_free(&text);
        }
        json_t *root;
        const json_t *facts = json_object_get(json_back(figure, &root), "facts");
        assert_int_equal(json_object_size(facts), 1);
        json_decref(root);
        if (kind == FIGURE_MATRIX) {
            struct table_read read = read_back(figure);
            assert_string_equal(field(&read, 4, 0), figure->matrix.row_names[1]);
            csv_table_free(&read.csv);
        }
        figure_free(figure);
    }
}

static void test_txt_is_the_screen(void **state)
{
    (void)state;
    struct figure *figure = table_figure();
    struct text text = {0}, drawn = {0};
    struct canvas canvas;
    struct error error = {0};
    write_figure("txt", figure, &text);
    canvas_init(&canvas, 1000, false);
    assert_int_equal(canvas_figure(&canvas, figure, &error), STATUS_OK);
    canvas_print(&canvas, NULL, 0, &drawn);
    assert_string_equal(text_data(&text), text_data(&drawn)); /* wide enough for everything */
    canvas_free(&canvas);
    text_free(&text);
    text_free(&drawn);
    figure_free(figure);
}

static void test_several_figures(void **state)
{
    (void)state;
    struct figure *figures[] = {table_figure(), small_matrix()};
    struct text text = {0};
    struct error error = {0};
    assert_int_equal(
        figure_format_find("csv")->write((const struct figure *const *)figures, 2, &text, &error), STATUS_OK);
    assert_non_null(strstr(text_data(&text), "\n\n# figure: corr\n"));
    text_clear(&text);
    assert_int_equal(
        figure_format_find("JSON")->write((const struct figure *const *)figures, 2, &text, &error),
        STATUS_OK);
    assert_non_null(strstr(text_data(&text), "\"figure\": \"corr\""));
    text_free(&text);
    figure_free(figures[0]);
    figure_free(figures[1]);
}

/* A .npz: arrays by the figures' names, each as its .npy is; an equal name gets a number. */
static void test_arrays(void **state)
{
    (void)state;
    struct figure *figures[] = {table_figure(), small_matrix(), small_matrix()};
    static const char *const names[] = {"layers.npy", "corr.npy", "corr_2.npy"};
    struct text text = {0}, single = {0};
    struct error error = {0};
    struct package *package;
    assert_int_equal(
        figure_format_find("npz")->write((const struct figure *const *)figures, 3, &text, &error), STATUS_OK);
    assert_int_equal(package_open_bytes("a.npz", text_data(&text), text.length, &package, &error), STATUS_OK);
    assert_int_equal(package_count(package), 3);
    for (int i = 0; i < 3; i++) {
        unsigned char *data;
        size_t size;
        assert_string_equal(package_name(package, i), names[i]);
        assert_int_equal(package_read_new(package, i, &data, &size, &error), STATUS_OK);
        text_clear(&single);
        write_figure("npy", figures[i], &single);
        assert_int_equal(size, single.length);
        assert_memory_equal(data, text_data(&single), size);
        mem_free(data);
        figure_free(figures[i]);
    }
    package_close(package);
    text_free(&single);
    text_free(&text);
}

static void test_save(void **state)
{
    static const char *const extensions[] = {"csv", "json", "npy", "npz", "png", "txt"};
    const char *where = getenv("TMPDIR");
    char *folder = mem_format("%s/ippro-view-XXXXXX", where ? where : "/tmp");
    struct error error = {0};
    (void)state;
    assert_non_null(folder);
    assert_non_null(mkdtemp(folder));
    struct figure *figure = small_matrix();
    const struct figure *const one = figure;
    for (size_t i = 0; i < COUNT(extensions); i++) {
        char *path = mem_format("%s/figure.%s", folder, extensions[i]);
        unsigned char *data = NULL;
        size_t size = 0;
        struct text text = {0};
        assert_string_equal(figure_format_at((int)i)->extension, extensions[i]);
        assert_int_equal(figures_save(&one, 1, path, &error), STATUS_OK);
        assert_int_equal(file_read(path, 1 << 24, &data, &size, &error), STATUS_OK);
        write_figure(extensions[i], figure, &text);
        assert_int_equal(size, text.length);
        assert_memory_equal(data, text_data(&text), size);
        mem_free(data);
        text_free(&text);
        assert_int_equal(remove(path), 0);
        mem_free(path);
    }
    assert_null(figure_format_at(COUNT(extensions)));
    assert_int_equal(figures_save(&one, 1, "figure.pdf", &error), STATUS_USAGE);
    assert_non_null(strstr(error.message, ".csv, .json, .npy, .npz, .png or .txt"));
    assert_int_equal(figures_save(&one, 1, "/nonexistent/figure.csv", &error), STATUS_FILE);
    assert_int_equal(rmdir(folder), 0);
    figure_free(figure);
    mem_free(folder);
}

static void write_all(const struct figure *figure, struct text *out)
{
    write_figure("json", figure, out);
    write_figure("csv", figure, out);
    write_figure("txt", figure, out);
}

static void test_any_locale(void **state)
{
    static const char *const locales[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE"};
    struct figure *const figures[] = {table_figure(), small_curves()};
    struct text before = {0}, after = {0};
    bool found = false;
    (void)state;
    for (size_t f = 0; f < COUNT(figures); f++)
        write_all(figures[f], &before);
    for (size_t i = 0; i < COUNT(locales) && !found; i++)
        found = setlocale(LC_NUMERIC, locales[i]) != NULL;
    for (size_t f = 0; f < COUNT(figures); f++)
        write_all(figures[f], &after);
    setlocale(LC_NUMERIC, "C");
    assert_string_equal(text_data(&before), text_data(&after));
    text_free(&before);
    text_free(&after);
    for (size_t f = 0; f < COUNT(figures); f++)
        figure_free(figures[f]);
    if (!found)
        skip_because("no locale with a decimal comma is installed");
}

/* The Nth allocation fails, for every N: nothing is written, or what should be. */
static void without_memory(const char *extension, figure_maker *maker, long step)
{
    const struct figure *figure = maker();
    const struct figure_format *format = figure_format_find(extension);
    struct text expected = {0};
    write_figure(extension, figure, &expected);
    int in_a_row = 0;
    for (long n = 1; in_a_row < 3; n += step) {
        struct text text = {0};
        struct error error = {0};
        assert_true(n < 1000000);
        text_add(&text, "before");
        mem_fail_at(n);
        status code = format->write(&figure, 1, &text, &error);
        mem_fail_at(0);
        in_a_row = code == STATUS_OK ? in_a_row + 1 : 0;
        if (code == STATUS_OK) {
            assert_int_equal(text.length, expected.length + 6);
            assert_memory_equal(text.data + 6, expected.data, expected.length);
        } else {
            assert_int_equal(code, STATUS_MEMORY);
            assert_string_equal(text_data(&text), "before");
        }
        text_free(&text);
    }
    text_free(&expected);
    figure_free((struct figure *)figure);
}

static void test_writing_without_memory(void **state)
{
    static figure_maker *const makers[] = {table_figure, log_histogram, small_matrix, small_curves};
    (void)state;
    for (size_t m = 0; m < COUNT(makers); m++) {
        without_memory("csv", makers[m], 1);
        without_memory("json", makers[m], 1);
        without_memory("npy", makers[m], 1);
        without_memory("npz", makers[m], 1);
        without_memory("txt", makers[m], 1);
        without_memory("png", makers[m], 5); /* slower */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv_table),
        cmocka_unit_test(test_csv_head),
        cmocka_unit_test(test_csv_histogram),
        cmocka_unit_test(test_csv_matrix),
        cmocka_unit_test(test_json_table),
        cmocka_unit_test(test_json_histogram),
        cmocka_unit_test(test_json_matrix),
        cmocka_unit_test(test_png_histogram),
        cmocka_unit_test(test_png_matrix),
        cmocka_unit_test(test_png_sizes),
        cmocka_unit_test(test_hostile_files),
        cmocka_unit_test(test_txt_is_the_screen),
        cmocka_unit_test(test_several_figures),
        cmocka_unit_test(test_arrays),
        cmocka_unit_test(test_save),
        cmocka_unit_test(test_any_locale),
        cmocka_unit_test(test_writing_without_memory),
        cmocka_unit_test(test_picture_sizes),
        cmocka_unit_test(test_png_at_a_size),
        cmocka_unit_test(test_csv_scatter),
        cmocka_unit_test(test_json_scatter),
        cmocka_unit_test(test_csv_curve),
        cmocka_unit_test(test_json_curve),
        cmocka_unit_test(test_png_curve),
        cmocka_unit_test(test_odd_curves),
    };
    return cmocka_run_group_tests_name("view files", tests, NULL, NULL);
}
