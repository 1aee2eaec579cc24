/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CSV and PNG: what is written reads back, and what cannot be written is refused. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/memory.h"
#include "base/random.h"
#include "support/csv_read.h"
#include "support/png_read.h"
#include "view/csv.h"
#include "view/picture/png.h"

static const char *const awkward[] = {"plain",      "",         "a,b",      "say \"yes\"", "\"",
                                      "two\nlines", "\r\n",     " blanks ", "#hash",       "tab\t",
                                      "a#b",        "μ ≥ 0, σ", ",",        "\"\""};
enum { AWKWARD = sizeof awkward / sizeof *awkward };

static const double numbers[] = {
    0.1, -0.0, 1e-300, 5e-324, 1.7976931348623157e308, 1.0 / 3, 12345678901234567.0};
enum { NUMBERS = sizeof numbers / sizeof *numbers };

static struct csv_table parse(const char *text)
{
    struct csv_table table;
    struct error error = {0};
    assert_int_equal(csv_read("t.csv", text, strlen(text), &table, &error), STATUS_OK);
    return table;
}

static void csv_round_trip(void **state)
{
    struct text text = {0};
    struct csv csv = {.out = &text};
    (void)state;
    csv_fact(&csv, "model", "resnet\nof mine");
    csv_fact(&csv, "seed", "1");
    for (int column = 0; column < 2; column++)
        for (int i = 0; i < AWKWARD; i++) {
            /* Each text in the first column and in the second. */
            csv_text(&csv, column ? "x" : awkward[i]);
            csv_text(&csv, column ? awkward[i] : "x");
            csv_end_row(&csv);
        }
    assert_false(text.failed);
    struct csv_table table = parse(text.data);
    assert_int_equal(table.fact_count, 2);
    assert_string_equal(table.facts[0], "model: resnet of mine");
    assert_string_equal(table.facts[1], "seed: 1");
    assert_int_equal(table.row_count, 2 * AWKWARD);
    for (size_t r = 0; r < table.row_count; r++) {
        assert_int_equal(table.starts[r + 1] - table.starts[r], 2);
        assert_string_equal(table.fields[table.starts[r] + r / AWKWARD], awkward[r % AWKWARD]);
    }
    csv_table_free(&table);
    text_free(&text);
}

static void csv_numbers_are_exact(void **state)
{
    struct text text = {0};
    struct csv csv = {.out = &text};
    (void)state;
    for (int i = 0; i < NUMBERS; i++)
        csv_number(&csv, numbers[i]);
    csv_integer(&csv, INT64_MIN);
    csv_end_row(&csv);
    struct csv_table table = parse(text.data);
    for (int i = 0; i < NUMBERS; i++) {
        double value;
        assert_true(text_to_double(table.fields[i], &value));
        assert_memory_equal(&value, &numbers[i], sizeof value);
    }
    assert_string_equal(table.fields[NUMBERS], "-9223372036854775808");
    csv_table_free(&table);
    text_clear(&text);
    csv_number(&csv, 0.1);
    csv_number(&csv, NAN);
    csv_number(&csv, -INFINITY);
    csv_end_row(&csv);
    assert_string_equal(text.data, "0.1,nan,-inf\n");
    text_free(&text);
}

static void csv_quotes_only_where_needed(void **state)
{
    struct text text = {0};
    struct csv csv = {.out = &text};
    (void)state;
    csv_text(&csv, "layer1.0.conv1");
    csv_text(&csv, "");
    csv_text(&csv, "a,\"b\"");
    csv_end_row(&csv);
    csv_text(&csv, "");
    csv_end_row(&csv);
    assert_string_equal(text.data, "layer1.0.conv1,,\"a,\"\"b\"\"\"\n\"\"\n");
    text_free(&text);
}

static void csv_reads_foreign_files(void **state)
{
    (void)state;
    struct csv_table table = parse("# a\r\n#b\r\n\r\nx,y\r\n\"1\r\n2\",3"); /* no line end at the end */
    assert_int_equal(table.fact_count, 2);
    assert_string_equal(table.facts[1], "b");
    assert_int_equal(table.row_count, 2);
    assert_string_equal(table.fields[2], "1\r\n2");
    assert_string_equal(table.fields[3], "3");
    csv_table_free(&table);
    table = parse("");
    assert_int_equal(table.row_count, 0);
    csv_table_free(&table);
}

static void csv_refuses_damage(void **state)
{
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"a,b\n1\n", "t.csv: line 2: 1 fields where the first row has 2"},
        {"a\n\"b\n", "t.csv: line 3: a quote is not closed"},
        {"a\"b\n", "t.csv: line 1: a quote stands within a field"},
        {"\"a\"b\n", "t.csv: line 1: text follows a closing quote"},
        {"\"a\nb\"\nc,d\n", "t.csv: line 3: 2 fields where the first row has 1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct csv_table table;
        struct error error = {0};
        status result = csv_read("t.csv", rows[i].text, strlen(rows[i].text), &table, &error);
        assert_int_equal(result, STATUS_FILE);
        assert_string_equal(error.message, rows[i].message);
        assert_null(table.arena);
    }
    struct csv_table table;
    struct error error = {0};
    assert_int_equal(csv_read("t.csv", "a\0b", 3, &table, &error), STATUS_FILE);
}

static void csv_survives_failing_memory(void **state)
{
    static const char text[] = "# fact\na,b\n\"1,\",2\n";
    struct csv_table table;
    status result = STATUS_MEMORY;
    long n;
    (void)state;
    for (n = 1; result; n++) {
        struct error error = {0};
        mem_fail_at(n);
        result = csv_read("t.csv", text, strlen(text), &table, &error);
        mem_fail_at(0);
        assert_true(result == STATUS_OK || result == STATUS_MEMORY);
    }
    assert_true(n > 3);
    csv_table_free(&table);
}

/* --- PNG ------------------------------------------------------------------------------------------------ */

static void make_image(uint8_t *rgb, size_t bytes)
{
    struct random_state random;
    random_seed(&random, 1, 0);
    for (size_t i = 0; i < bytes; i++)
        rgb[i] = (uint8_t)(i % 7 ? i : random_next(&random));
}

static void png_round_trip(void **state)
{
    static const int sizes[][2] = {{1, 1}, {7, 3}, {3, 200}, {640, 480}};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t bytes = (size_t)sizes[i][0] * (size_t)sizes[i][1] * 3;
        uint8_t *rgb = malloc(bytes), *back;
        int width, height;
        struct text file = {0};
        struct error error = {0};
        make_image(rgb, bytes);
        text_add(&file, "kept");
        assert_int_equal(png_encode(rgb, sizes[i][0], sizes[i][1], &file, &error), STATUS_OK);
        assert_memory_equal(file.data, "kept", 4);
        assert_int_equal(png_read(file.data + 4, file.length - 4, &back, &width, &height, &error), STATUS_OK);
        assert_int_equal(width, sizes[i][0]);
        assert_int_equal(height, sizes[i][1]);
        assert_memory_equal(back, rgb, bytes);
        mem_free(back);
        free(rgb);
        text_free(&file);
    }
}

static void png_refuses_sizes(void **state)
{
    static const int sizes[][2] = {{0, 1}, {1, 0}, {-1, 5}, {PNG_MAX_SIDE + 1, 1}};
    uint8_t rgb[3] = {0};
    struct text file = {0};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct error error = {0};
        assert_int_equal(png_encode(rgb, sizes[i][0], sizes[i][1], &file, &error), STATUS_RANGE);
        assert_int_equal(file.length, 0);
    }
    text_free(&file);
}

static void png_survives_failing_memory(void **state)
{
    uint8_t rgb[9 * 5 * 3], *back;
    int width, height;
    struct text file = {0};
    status result = STATUS_MEMORY;
    (void)state;
    make_image(rgb, sizeof rgb);
    for (long n = 1; result; n++) {
        struct error error = {0};
        text_free(&file);
        file = (struct text){0};
        mem_fail_at(n);
        result = png_encode(rgb, 9, 5, &file, &error);
        mem_fail_at(0);
        assert_true(result == STATUS_OK || result == STATUS_MEMORY);
    }
    struct error error = {0};
    assert_int_equal(png_read(file.data, file.length, &back, &width, &height, &error), STATUS_OK);
    assert_memory_equal(back, rgb, sizeof rgb);
    mem_free(back);
    text_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_round_trip),
        cmocka_unit_test(csv_numbers_are_exact),
        cmocka_unit_test(csv_quotes_only_where_needed),
        cmocka_unit_test(csv_reads_foreign_files),
        cmocka_unit_test(csv_refuses_damage),
        cmocka_unit_test(csv_survives_failing_memory),
        cmocka_unit_test(png_round_trip),
        cmocka_unit_test(png_refuses_sizes),
        cmocka_unit_test(png_survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
