/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The floor everything stands on: errors, memory, text, numbers, patterns, random numbers, threads, files. */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/pool.h"
#include "base/progress.h"
#include "base/random.h"
#include "base/status.h"
#include "base/text.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- status ---- */

static void test_status_table(void **state)
{
    (void)state;
    assert_int_equal(status_exit_code(STATUS_OK), 0);
    assert_int_equal(status_exit_code(STATUS_FILE), 3);
    assert_int_equal(status_exit_code(STATUS_CANCELLED), 130);
    assert_string_equal(status_text(STATUS_MEMORY), "out of memory");
    assert_int_equal(status_exit_code((status)1000), 1);
    assert_non_null(status_text((status)1000));
}

static bool is_clean(const char *message)
{
    for (const char *at = message; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7F)
            return false;
    return utf8_valid(message, strlen(message));
}

static void test_error_escapes(void **state)
{
    (void)state;
    struct error error = {0};
    assert_int_equal(error_set(&error, STATUS_FILE, "name '%s'", "a\033[2Jb\n\xff\xC2\x9B\xE2\x80\xAE%n"),
                     STATUS_FILE);
    assert_string_equal(error.message, "name 'a\\x1b[2Jb\\x0a\\xff\\u{009b}\\u{202e}%n'");
    error_prefix(&error, "file\t%d: ", 7);
    assert_string_equal(error.message, "file\\x097: name 'a\\x1b[2Jb\\x0a\\xff\\u{009b}\\u{202e}%n'");
    assert_int_equal(error.code, STATUS_FILE);
}

static void test_error_overlap(void **state)
{
    (void)state;
    struct error error = {0};
    error_set(&error, STATUS_RANGE, "inner");
    error_set(&error, error.code, "[%s]", error.message);
    assert_string_equal(error.message, "[inner]");
    error_prefix(&error, "%s before ", error.message);
    assert_string_equal(error.message, "[inner] before [inner]");
    struct error silent = {.code = STATUS_NAN};
    error_prefix(&silent, "layer x: ");
    assert_string_equal(silent.message, "layer x: a value is not a number");
}

static void test_error_long(void **state)
{
    (void)state;
    static char name[20001];
    struct error error = {0};
    for (size_t length = 1; length < sizeof name; length = length * 3 + 1) {
        for (size_t i = 0; i < length; i++)
            name[i] = "\xE2\x82\xAC"[i % 3]; /* euro signs, the last one cut anywhere */
        name[length] = '\0';
        error_set(&error, STATUS_FILE, "layer %s", name);
        assert_true(is_clean(error.message));
        error_prefix(&error, "%s: ", name);
        assert_true(is_clean(error.message));
        assert_true(strlen(error.message) < ERROR_MESSAGE_SIZE);
    }
    memset(name, 'n', 10000);
    strcpy(name + 10000, ""); /* a 10 KB name must not hide what is wrong */
    error_set(&error, STATUS_FILE, "node %s: operator Foo is not supported", name);
    assert_int_equal(strlen(error.message), ERROR_MESSAGE_SIZE - 1);
    assert_int_equal(strncmp(error.message, "node nnn", 8), 0);
    assert_non_null(strstr(error.message, "n…n"));
    assert_non_null(strstr(error.message, ": operator Foo is not supported"));
    memset(name, '\033', 10000);
    error_set(&error, STATUS_FILE, "%s", name);
    assert_true(is_clean(error.message));
}

/* ---- memory ---- */

static void test_size_overflow(void **state)
{
    (void)state;
    size_t product;
    volatile size_t huge = SIZE_MAX; /* volatile: the compiler would warn about what is tested here */
    assert_true(size_multiply(3, 4, &product));
    assert_int_equal(product, 12);
    assert_false(size_multiply(huge / 2 + 1, 2, &product));
    assert_null(mem_new(huge / 2 + 1, 2));
    assert_null(mem_new(huge, 1));
    assert_null(mem_new((size_t)1 << 41, 1));
    assert_null(mem_aligned(huge - 8, 1));
    void *memory = mem_new(4, 4);
    assert_null(mem_resize(memory, huge / 4 + 1, 4));
    mem_free(memory);
    mem_free(NULL);
}

static void test_memory(void **state)
{
    (void)state;
    void *nothing = mem_new(0, 8);
    assert_non_null(nothing);
    mem_free(nothing);
    for (size_t size = 0; size < 200; size += 7) {
        unsigned char *aligned = mem_aligned(size, 1);
        assert_non_null(aligned);
        assert_int_equal((uintptr_t)aligned % 64, 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(aligned[i], 0);
        mem_free(aligned);
    }
    char *text = mem_format("%s-%d", "conv", 3);
    assert_string_equal(text, "conv-3");
    mem_free(text);
    int *numbers = NULL;
    size_t capacity = 0;
    for (int i = 0; i < 1000; i++) {
        assert_true(mem_grow(&numbers, &capacity, (size_t)i + 1, sizeof *numbers));
        numbers[i] = i;
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(numbers[i], i);
    assert_true(capacity < 2048);
    mem_fail_at(1);
    size_t before = capacity;
    int *kept = numbers;
    assert_false(mem_grow(&numbers, &capacity, capacity + 1, sizeof *numbers));
    assert_ptr_equal(numbers, kept);
    assert_int_equal(capacity, before);
    mem_free(numbers);
}

static void test_fail_at(void **state)
{
    (void)state;
    mem_fail_at(3);
    void *first = mem_new(1, 1), *second = mem_string("x"), *third = mem_new(1, 1),
         *fourth = mem_aligned(1, 1);
    assert_non_null(first);
    assert_non_null(second);
    assert_null(third);
    assert_non_null(fourth); /* one failure, then it is off */
    mem_free(first);
    mem_free(second);
    mem_free(fourth);
    mem_fail_at(1);
    mem_fail_at(0);
    first = mem_new(1, 1);
    assert_non_null(first);
    mem_free(first);
}

static void test_arena(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    unsigned char *pieces[400];
    for (size_t i = 0; i < COUNT(pieces); i++) {
        size_t size = i % 50 == 49 ? 100000 : i * 3;
        pieces[i] = arena_alloc(arena, size, 1);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % 16, 0);
        for (size_t k = 0; k < size; k++)
            assert_int_equal(pieces[i][k], 0);
        memset(pieces[i], (int)(i & 0xFF), size);
    }
    for (size_t i = 0; i < COUNT(pieces); i++) /* nothing overlaps */
        for (size_t k = 0, size = i % 50 == 49 ? 100000 : i * 3; k < size; k++)
            assert_int_equal(pieces[i][k], i & 0xFF);
    assert_string_equal(arena_string(arena, "layer1"), "layer1");
    assert_string_equal(arena_format(arena, "%d.%s", 3, "conv1"), "3.conv1");
    volatile size_t huge = SIZE_MAX;
    assert_null(arena_alloc(arena, huge, 2));
    assert_null(arena_alloc(arena, huge - 4, 1));
    mem_fail_at(1);
    assert_null(arena_alloc(arena, 1, 1));
    assert_non_null(arena_alloc(arena, 1, 1));
    arena_free(arena);
    arena_free(NULL);
}

/* ---- text ---- */

static void expect_escaped(const char *input, int width, const char *expected)
{
    struct text text = {0};
    text_add_escaped(&text, input, width);
    assert_string_equal(text_data(&text), expected);
    assert_true(utf8_valid(text_data(&text), strlen(text_data(&text))));
    if (width > 0)
        assert_true(utf8_width(text_data(&text)) <= width);
    text_free(&text);
}

static void test_utf8_decode(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        int used;
        int32_t code;
    } rows[] = {
        {"", 0, 0},
        {"A", 1, 'A'},
        {"\x7F", 1, 0x7F},
        {"\xC2\x80", 2, 0x80},
        {"\xDF\xBF", 2, 0x7FF},
        {"\xE0\xA0\x80", 3, 0x800},
        {"\xEF\xBF\xBF", 3, 0xFFFF},
        {"\xF0\x90\x80\x80", 4, 0x10000},
        {"\xF4\x8F\xBF\xBF", 4, 0x10FFFF},
        /* refused: lone continuation, overlong, surrogates, beyond the last, cut short, impossible bytes */
        {"\x80", 1, -1},
        {"\xC0\xAF", 1, -1},
        {"\xC1\xBF", 1, -1},
        {"\xE0\x9F\xBF", 1, -1},
        {"\xF0\x8F\xBF\xBF", 1, -1},
        {"\xED\xA0\x80", 1, -1},
        {"\xED\xBF\xBF", 1, -1},
        {"\xF4\x90\x80\x80", 1, -1},
        {"\xE2\x82", 1, -1},
        {"\xC3", 1, -1},
        {"\xC3(", 1, -1},
        {"\xF8\x88\x80\x80\x80", 1, -1},
        {"\xFE", 1, -1},
        {"\xFF", 1, -1},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        int32_t code = 99;
        assert_int_equal(utf8_decode(rows[i].bytes, &code), rows[i].used);
        assert_int_equal(code, rows[i].code);
        assert_int_equal(utf8_valid(rows[i].bytes, strlen(rows[i].bytes)), rows[i].code >= 0);
    }
    assert_false(utf8_valid("ab\xE2\x82\xAC", 4)); /* the count cuts a character */
    assert_true(utf8_valid("ab\xE2\x82\xAC", 5));
    assert_true(utf8_valid("a\0b", 3));
}

static void test_utf8_round_trip(void **state)
{
    (void)state;
    for (int32_t code = 1; code <= 0x10FFFF; code += code < 0x3000 ? 1 : 37) {
        char bytes[5];
        int32_t back;
        int length = utf8_encode(code, bytes);
        if (code >= 0xD800 && code <= 0xDFFF)
            continue;
        assert_int_equal(utf8_decode(bytes, &back), length);
        assert_int_equal(back, code);
        assert_int_equal(bytes[length], '\0');
    }
    char bytes[5];
    assert_int_equal(utf8_encode(0xD800, bytes), 3);
    assert_string_equal(bytes, "\xEF\xBF\xBD");
    utf8_encode(-1, bytes);
    assert_string_equal(bytes, "\xEF\xBF\xBD");
}

static void test_width(void **state)
{
    (void)state;
    assert_int_equal(utf8_width(""), 0);
    assert_int_equal(utf8_width("layer1"), 6);
    assert_int_equal(utf8_width("Größe"), 5);
    assert_int_equal(utf8_width("e\xCC\x81"), 1); /* combining acute */
    assert_int_equal(utf8_width("日本"), 4);
    assert_int_equal(utf8_width("▁▂█"), 3);
    assert_int_equal(utf8_width("😀"), 2);
    assert_int_equal(utf8_width("\xFF\xFE"), 2);
}

static void test_escaping(void **state)
{
    (void)state;
    expect_escaped("", 0, "");
    expect_escaped("layer1.0.conv1", 0, "layer1.0.conv1");
    expect_escaped("a\033]0;title\007b\r\n\t\x7F", 0, "a\\x1b]0;title\\x07b\\x0d\\x0a\\x09\\x7f");
    expect_escaped("Größe 日本", 0, "Größe 日本");
    expect_escaped("\xC2\x9B"
                   "31m\xC2\x85",
                   0, "\\u{009b}31m\\u{0085}");
    expect_escaped("x\x9B"
                   "31m",
                   0, "x\\x9b31m");
    expect_escaped("\xC0\xAF\xED\xA0\x80", 0, "\\xc0\\xaf\\xed\\xa0\\x80");
    expect_escaped("\xE2\x80", 0, "\\xe2\\x80");
    expect_escaped("\xEF\xBB\xBF\xE2\x80\xA8\xF3\xA0\x81\x81", 0, "\\u{feff}\\u{2028}\\u{e0041}");
    for (int32_t code = 0x202A; code <= 0x2069; code++) {
        char bytes[5], expected[16];
        if (code == 0x202F)
            code = 0x2066;
        utf8_encode(code, bytes);
        snprintf(expected, sizeof expected, "\\u{%04x}", (unsigned)code);
        expect_escaped(bytes, 0, expected);
    }
}

static void test_cutting(void **state)
{
    (void)state;
    expect_escaped("abcdef", 6, "abcdef");
    expect_escaped("abcdef", 5, "abcd…");
    expect_escaped("abcdef", 1, "…");
    expect_escaped("日本語", 6, "日本語");
    expect_escaped("日本語", 5, "日本…");
    expect_escaped("日本語", 4, "日…");
    expect_escaped("a\033b", 5, "a…"); /* an escape is not cut in two */
    expect_escaped("a\033", 5, "a\\x1b");
    char *name = mem_new(10241, 1);
    memset(name, 'n', 10240);
    expect_escaped(name, 12, "nnnnnnnnnnn…");
    memset(name, '\033', 10240);
    expect_escaped(name, 10, "\\x1b\\x1b…");
    mem_free(name);
    struct text text = {0}; /* what was there before is not counted */
    text_add(&text, "before ");
    text_add_escaped(&text, "abcdef", 3);
    assert_string_equal(text_data(&text), "before ab…");
    text_free(&text);
}

static void test_text(void **state)
{
    (void)state;
    struct text text = {0};
    assert_string_equal(text_data(&text), "");
    text_add_format(&text, "%d|", 7);
    text_add_repeated(&text, "█", 3);
    text_add_repeated(&text, "x", 0);
    text_add_repeated(&text, "x", -4);
    text_add_bytes(&text, "abcdef", 2);
    assert_string_equal(text_data(&text), "7|███ab");
    assert_int_equal(text.length, strlen(text.data));
    text_clear(&text);
    assert_string_equal(text_data(&text), "");
    mem_fail_at(1);
    text_add_repeated(&text, "0123456789", 1000);
    assert_true(text.failed);
    text_add(&text, "later");
    assert_string_equal(text_data(&text), "");
    text_free(&text);
    assert_false(text.failed);
}

/* ---- numbers ---- */

static void expect_double(double value, const char *expected)
{
    struct text text = {0};
    text_add_double(&text, value);
    assert_string_equal(text_data(&text), expected);
    text_free(&text);
}

static void round_trip(double value)
{
    struct text text = {0};
    double back = 0;
    text_add_double(&text, value);
    assert_true(text_to_double(text_data(&text), &back));
    assert_memory_equal(&back, &value, sizeof value);
    assert_null(strchr(text_data(&text), ','));
    text_free(&text);
}

static void check_numbers(void)
{
    static const double special[] = {0.0,
                                     -0.0,
                                     0.1,
                                     1.0 / 3,
                                     1e-300,
                                     5e-324,
                                     2.2250738585072014e-308,
                                     1.7976931348623157e308,
                                     123456789.125,
                                     -1e22,
                                     9007199254740993.0};
    for (size_t i = 0; i < COUNT(special); i++)
        round_trip(special[i]);
    struct random_state random;
    random_seed(&random, 1, 1);
    for (int i = 0; i < 3000; i++) {
        uint64_t bits = random_next(&random);
        double value;
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value))
            round_trip(value);
    }
    expect_double(0.1, "0.1");
    expect_double(100, "100");
    expect_double(1e-300, "1e-300");
    expect_double(5e-324, "5e-324");
    expect_double(0.1 + 0.2, "0.30000000000000004");
    expect_double(NAN, "nan");
    expect_double(-NAN, "nan");
    expect_double(INFINITY, "inf");
    expect_double(-INFINITY, "-inf");
}

static void test_numbers(void **state)
{
    (void)state;
    check_numbers();
}

static void test_numbers_other_locale(void **state)
{
    (void)state;
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8",  "fr_FR.UTF-8", "fr_FR.utf8",
                                        "nl_NL.UTF-8", "ru_RU.UTF-8", "de_AT.UTF-8", "pt_BR.UTF-8"};
    bool found = false;
    for (size_t i = 0; i < COUNT(names) && !found; i++)
        found = setlocale(LC_NUMERIC, names[i]) && localeconv()->decimal_point[0] == ',';
    if (!found) {
        setlocale(LC_NUMERIC, "C");
        print_message("no locale with a decimal comma is installed\n");
        skip();
    }
    check_numbers();
    struct text text = {0};
    text_add_rounded(&text, 1.5, 3);
    text_add_si(&text, 1500, 2);
    setlocale(LC_NUMERIC, "C");
    assert_string_equal(text_data(&text), "1.501.5 k");
    text_free(&text);
}

static void test_parse_double(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value;
    } good[] = {{"1e-3", 1e-3}, {"10%", 0.10},     {"-2.5", -2.5},      {"+7", 7},     {".5", 0.5},
                {"5.", 5},      {"inf", INFINITY}, {"-inf", -INFINITY}, {"1e-400", 0}, {"0", 0}};
    static const char *const bad[] = {"",     " 1",    "1 ",     "abc",    "1,5", "nan", "NAN", "0x10",
                                      "1e",   "1e999", "-1e999", "1e999%", "--1", "1%%", "%",   "1e3x",
                                      "inf%", "infi",  ".",      "-",      "e5",  "1\n"};
    for (size_t i = 0; i < COUNT(good); i++) {
        double value = 99;
        assert_true(text_to_double(good[i].text, &value));
        assert_true(value == good[i].value);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        double value = 99;
        if (text_to_double(bad[i], &value))
            fail_msg("'%s' was read as %g", bad[i], value);
        assert_true(value == 99);
    }
}

static void test_parse_integer(void **state)
{
    (void)state;
    static const char *const bad[] = {"",  " 1",  "1 ",   "1.0", "1e3", "0x1", "9223372036854775808",
                                      "-", "+-1", "1,000"};
    int64_t value = 0;
    assert_true(text_to_integer("-9223372036854775808", &value));
    assert_true(value == INT64_MIN);
    assert_true(text_to_integer("+12", &value));
    assert_int_equal(value, 12);
    for (size_t i = 0; i < COUNT(bad); i++) {
        if (text_to_integer(bad[i], &value))
            fail_msg("'%s' was read as %lld", bad[i], (long long)value);
        assert_int_equal(value, 12);
    }
}

static void test_number_formats(void **state)
{
    (void)state;
    struct text text = {0};
#define EXPECT(call, expected)                                                                               \
    do {                                                                                                     \
        text_clear(&text);                                                                                   \
        call;                                                                                                \
        assert_string_equal(text_data(&text), expected);                                                     \
    } while (0)
    EXPECT(text_add_rounded(&text, 1, 4), "1.000");
    EXPECT(text_add_rounded(&text, 512, 3), "512");
    EXPECT(text_add_rounded(&text, -0.00123456, 3), "-0.00123");
    EXPECT(text_add_rounded(&text, 123456, 3), "1.23e+05");
    EXPECT(text_add_rounded(&text, 1e9, 1), "1e+09");
    EXPECT(text_add_rounded(&text, NAN, 3), "nan");
    EXPECT(text_add_thousands(&text, 0), "0");
    EXPECT(text_add_thousands(&text, 999), "999");
    EXPECT(text_add_thousands(&text, 853018), "853,018");
    EXPECT(text_add_thousands(&text, -1234567), "-1,234,567");
    EXPECT(text_add_thousands(&text, INT64_MIN), "-9,223,372,036,854,775,808");
    EXPECT(text_add_si(&text, 125.49e6, 5), "125.49 M");
    EXPECT(text_add_si(&text, 4.089e9, 4), "4.089 G");
    EXPECT(text_add_si(&text, 512, 4), "512");
    EXPECT(text_add_si(&text, 999.9996e3, 4), "1.000 M");
    EXPECT(text_add_si(&text, -2500, 2), "-2.5 k");
    EXPECT(text_add_si(&text, 0.125, 3), "0.12");
    EXPECT(text_add_si(&text, 5e25, 3), "50000000 E");
    EXPECT(text_add_duration(&text, 7.2), "0:07");
    EXPECT(text_add_duration(&text, 754), "12:34");
    EXPECT(text_add_duration(&text, 3723), "1:02:03");
    EXPECT(text_add_duration(&text, 59.7), "1:00");
    EXPECT(text_add_duration(&text, NAN), "-:--");
    EXPECT(text_add_duration(&text, -1), "-:--");
#undef EXPECT
    text_free(&text);
}

/* ---- patterns and nearest words ---- */

static void test_glob(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *name;
        bool matches;
    } rows[] = {
        {"layer1.*", "layer1.0.conv1", true},
        {"layer1.*", "layer10.conv1", false},
        {"*.conv1", "layer1.0.conv1", true},
        {"*.conv1", "layer1.0.conv10", false},
        {"layer?.0.*", "layer2.0.bn1", true},
        {"layer?.0.*", "layer12.0.bn1", false},
        {"layer[12].*", "layer2.x", true},
        {"layer[12].*", "layer3.x", false},
        {"layer[1-3].*", "layer3.x", true},
        {"layer[!1-3].*", "layer3.x", false},
        {"layer[^1-3].*", "layer4.x", true},
        {"[]]", "]", true},
        {"[a-]", "-", true},
        {"[z-a]", "m", false},
        {"[", "[", true},
        {"[abc", "[abc", true},
        {"a?c", "aßc", true},
        {"a[ßä]c", "aßc", true},
        {"?", "", false},
        {"*", "", true},
        {"", "", true},
        {"", "a", false},
        {"**", "a.b", true},
        {"*a*b*", "xxaxxbxx", true},
        {"*a*b*", "xxbxxaxx", false},
        {"conv1", "conv1", true},
        {"a*a", "a", false},
        {"?", "\xFF", true},
        {"*\xFF", "x\xFF", true},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        if (glob_match(rows[i].pattern, rows[i].name) != rows[i].matches)
            fail_msg("'%s' against '%s' should be %d", rows[i].pattern, rows[i].name, rows[i].matches);
    assert_true(glob_is_pattern("layer*"));
    assert_true(glob_is_pattern("a?"));
    assert_true(glob_is_pattern("[a]"));
    assert_false(glob_is_pattern("layer1.0.conv1"));
}

static void test_glob_pathological(void **state)
{
    (void)state;
    enum { STARS = 2000, LENGTH = 10000 };
    char *pattern = mem_new(2 * STARS + 2, 1), *name = mem_new(LENGTH + 1, 1), *sets = mem_new(LENGTH + 1, 1);
    for (int i = 0; i < STARS; i++)
        memcpy(pattern + 2 * i, "*a", 2);
    pattern[2 * STARS] = 'b';
    memset(name, 'a', LENGTH);
    memset(sets, '[', LENGTH);
    double start = clock_seconds();
    assert_false(glob_match(pattern, name));
    assert_true(glob_match("*a*a*a*a*a*a*a*a*", name));
    assert_false(glob_match(sets, name));
    sets[0] = '*';
    assert_false(glob_match(sets, name));
    assert_true(clock_seconds() - start < 5);
    mem_free(pattern);
    mem_free(name);
    mem_free(sets);
}

static void test_nearest(void **state)
{
    (void)state;
    static const char *const words[] = {"score",  "hist",  "corr",      "overlap",
                                        "layers", "layer", "geomedian", "quit"};
    static const struct {
        const char *word, *nearest;
    } rows[] = {
        {"scroe", "score"},     {"hsit", "hist"},     {"histt", "hist"},
        {"overlpa", "overlap"}, {"layres", "layers"}, {"geo_median", "geomedian"},
        {"QUIT", "quit"},       {"x", NULL},          {"", NULL},
        {"frobnicate", NULL},   {"score", "score"},   {"ab", NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *found = nearest_word(rows[i].word, words, COUNT(words));
        if (!rows[i].nearest)
            assert_null(found);
        else
            assert_string_equal(found ? found : "(none)", rows[i].nearest);
    }
    char long_word[200];
    memset(long_word, 'w', sizeof long_word);
    long_word[128] = '\0';
    const char *list[] = {long_word};
    assert_ptr_equal(nearest_word(long_word, list, 1), long_word);
    long_word[128] = 'w';
    long_word[199] = '\0';
    assert_null(nearest_word(long_word, list, 1));
    assert_null(nearest_word("score", words, 0));
}

/* ---- random numbers ---- */

static void test_random_pinned(void **state)
{
    (void)state;
    struct random_state random = {{1, 2, 3, 4}};
    /* The first numbers of xoshiro256++ from this state, as its authors' code gives them. */
    static const uint64_t reference[] = {UINT64_C(41943041), UINT64_C(58720359), UINT64_C(3588806011781223),
                                         UINT64_C(3591011842654386), UINT64_C(9228616714210784205)};
    for (size_t i = 0; i < COUNT(reference); i++)
        assert_true(random_next(&random) == reference[i]);
    static const uint64_t pinned[] = {UINT64_C(8176807672137671501), UINT64_C(2324364867471716824),
                                      UINT64_C(16342879891757640560), UINT64_C(4313101422846440372)};
    random_seed(&random, 1, 0);
    for (size_t i = 0; i < COUNT(pinned); i++)
        assert_true(random_next(&random) == pinned[i]);
    int64_t items[8] = {0, 1, 2, 3, 4, 5, 6, 7};
    static const int64_t shuffled[8] = {4, 6, 5, 2, 3, 0, 1, 7};
    random_seed(&random, 7, 3);
    random_shuffle(&random, items, COUNT(items));
    assert_memory_equal(items, shuffled, sizeof items);
}

static void test_random_streams(void **state)
{
    (void)state;
    struct random_state a, b;
    for (uint64_t i = 0; i < 200; i++) {
        random_seed(&a, i, 0);
        random_seed(&b, 0, i + 1);
        assert_true(random_next(&a) != random_next(&b));
        random_seed(&a, i, 5);
        random_seed(&b, i + 1, 4);
        assert_true(random_next(&a) != random_next(&b));
        random_seed(&a, i, 5);
        random_seed(&b, i, 5);
        assert_true(random_next(&a) == random_next(&b));
    }
}

static void test_random_ranges(void **state)
{
    (void)state;
    struct random_state random;
    random_seed(&random, 3, 0);
    int counts[10] = {0};
    double sum = 0;
    for (int i = 0; i < 100000; i++) {
        counts[random_below(&random, 10)]++;
        double u = random_uniform(&random);
        assert_true(u >= 0 && u < 1);
        sum += u;
        double between = random_between(&random, -2, 3);
        assert_true(between >= -2 && between < 3);
        assert_true(random_below(&random, 1) == 0);
        assert_true(random_below(&random, UINT64_C(3) << 62) < UINT64_C(3) << 62);
    }
    for (int i = 0; i < 10; i++)
        assert_in_range(counts[i], 9500, 10500);
    assert_true(fabs(sum / 100000 - 0.5) < 0.01);
    random_shuffle(&random, NULL, 0);
}

/* ---- threads ---- */

struct loop {
    int threads;
    _Atomic int64_t sum;
    _Atomic int64_t last_started;
    _Atomic int misbehaved;
    _Atomic int running[8];
    _Atomic unsigned char done[1000];
};

static void loop_task(void *argument, int64_t task, int worker)
{
    struct loop *loop = argument;
    if (worker < 0 || worker >= loop->threads || atomic_fetch_add(&loop->running[worker], 1) != 0)
        atomic_fetch_add(&loop->misbehaved, 1);
    atomic_fetch_add(&loop->done[task], 1);
    atomic_fetch_add(&loop->sum, task);
    if (worker > 0) {
        sigset_t mask;
        pthread_sigmask(SIG_SETMASK, NULL, &mask);
        if (!sigismember(&mask, SIGINT) || !sigismember(&mask, SIGTERM))
            atomic_fetch_add(&loop->misbehaved, 1);
    }
    atomic_fetch_sub(&loop->running[worker], 1);
}

static void test_pool(void **state)
{
    (void)state;
    static const int64_t sizes[] = {0, 1, 2, 3, 1000};
    struct error error = {0};
    for (int threads = 1; threads <= 4; threads++) {
        struct pool *pool;
        assert_int_equal(pool_new(threads, &pool, &error), STATUS_OK);
        assert_int_equal(pool_threads(pool), threads);
        for (int round = 0; round < 100; round++) {
            int64_t tasks = sizes[round % COUNT(sizes)];
            static struct loop loop;
            memset(&loop, 0, sizeof loop);
            loop.threads = threads;
            pool_run(pool, tasks, loop_task, &loop);
            assert_int_equal(loop.sum, tasks * (tasks - 1) / 2);
            assert_int_equal(loop.misbehaved, 0);
            for (int64_t i = 0; i < tasks; i++)
                assert_int_equal(loop.done[i], 1);
        }
        pool_free(pool);
    }
    static struct loop serial = {.threads = 1};
    pool_run(NULL, 10, loop_task, &serial);
    assert_int_equal(serial.sum, 45);
    assert_int_equal(pool_threads(NULL), 1);
    pool_free(NULL);
}

static void test_pool_errors(void **state)
{
    (void)state;
    struct error error = {0};
    struct pool *pool = NULL;
    assert_int_equal(pool_new(-1, &pool, &error), STATUS_RANGE);
    assert_int_equal(pool_new(100000, &pool, &error), STATUS_RANGE);
    assert_null(pool);
    for (long nth = 1; nth <= 2; nth++) {
        mem_fail_at(nth);
        assert_int_equal(pool_new(2, &pool, &error), STATUS_MEMORY);
        assert_null(pool);
    }
    mem_fail_at(0);
    assert_int_equal(pool_new(0, &pool, &error), STATUS_OK);
    assert_true(pool_threads(pool) >= 1);
    pool_free(pool);
}

static void count_report(void *argument, const char *what, const char *unit, int64_t done, int64_t total)
{
    int64_t *seen = argument;
    assert_string_equal(what, "scoring");
    assert_string_equal(unit, "images");
    *seen += done;
    assert_int_equal(total, 10);
}

static void test_progress(void **state)
{
    (void)state;
    int64_t seen = 0;
    struct progress progress = {.report = count_report, .argument = &seen};
    progress_report(&progress, "scoring", "images", 4, 10);
    progress_report(NULL, "scoring", "images", 4, 10);
    assert_int_equal(seen, 4);
    assert_false(progress_cancelled(&progress));
    assert_false(progress_cancelled(NULL));
    progress_cancel(&progress);
    assert_true(progress_cancelled(&progress));
    progress.report = NULL;
    progress_report(&progress, "scoring", "images", 4, 10);
    double before = clock_seconds();
    assert_true(clock_seconds() >= before);
}

/* ---- files ---- */

static char folder[] = "/tmp/ippro-base-test-XXXXXX";

static char *place(const char *name)
{
    static char path[4][512];
    static int next;
    char *result = path[next++ % 4];
    snprintf(result, 512, "%s/%s", folder, name);
    return result;
}

static void put(const char *name, const char *content)
{
    FILE *file = fopen(place(name), "wb");
    assert_non_null(file);
    fputs(content, file);
    fclose(file);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[600];
    snprintf(command, sizeof command, "chmod -R u+rwx '%s' && rm -rf '%s'", folder, folder);
    return system(command);
}

static void expect_refused(const char *path, size_t limit, const char *reason)
{
    unsigned char *data = (unsigned char *)folder;
    size_t size = 77;
    struct error error = {0};
    assert_int_equal(file_read(path, limit, &data, &size, &error), STATUS_FILE);
    assert_ptr_equal(data, folder);
    assert_int_equal(size, 77);
    if (!strstr(error.message, reason) || strncmp(error.message, path, strlen(path)) != 0)
        fail_msg("%s: the message is \"%s\"", path, error.message);
}

static void test_file_read(void **state)
{
    (void)state;
    unsigned char *data;
    size_t size;
    struct error error = {0};
    put("plain", "hello");
    assert_int_equal(file_read(place("plain"), 5, &data, &size, &error), STATUS_OK);
    assert_int_equal(size, 5);
    assert_string_equal((char *)data, "hello");
    mem_free(data);
    expect_refused(place("plain"), 4, "5 bytes");
    put("empty", "");
    expect_refused(place("empty"), 100, "empty");
    expect_refused(place("missing"), 100, "No such file");
    expect_refused("", 100, "No such file");
    expect_refused(folder, 100, "a directory");
    expect_refused("/dev/zero", 100, "a device");
    assert_int_equal(mkfifo(place("pipe"), 0600), 0);
    alarm(5); /* would kill the test if opening the pipe waited for a writer */
    expect_refused(place("pipe"), 100, "a pipe");
    alarm(0);
    put("secret", "x");
    chmod(place("secret"), 0);
    if (geteuid() != 0)
        expect_refused(place("secret"), 100, "ermission");
    for (long nth = 1; nth <= 2; nth++) {
        mem_fail_at(nth);
        assert_int_equal(file_read(place("plain"), 5, &data, &size, &error), STATUS_MEMORY);
    }
    mem_fail_at(0);
}

static void expect_content(const char *path, const char *expected)
{
    unsigned char *data;
    size_t size;
    struct error error = {0};
    assert_int_equal(file_read(path, 1000, &data, &size, &error), STATUS_OK);
    assert_string_equal((char *)data, expected);
    mem_free(data);
}

static int files_in_folder(void)
{
    char command[600], answer[32] = "";
    snprintf(command, sizeof command, "ls -A '%s' | wc -l", folder);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    char *line = fgets(answer, sizeof answer, pipe);
    pclose(pipe);
    return line ? atoi(answer) : -1;
}

static void test_file_replace(void **state)
{
    (void)state;
    struct error error = {0};
    struct stat about;
    assert_int_equal(file_replace(place("new"), "first", 5, &error), STATUS_OK);
    expect_content(place("new"), "first");
    chmod(place("new"), 0640);
    assert_int_equal(file_replace(place("new"), "second", 6, &error), STATUS_OK);
    expect_content(place("new"), "second");
    assert_int_equal(stat(place("new"), &about), 0);
    assert_int_equal(about.st_mode & 0777, 0640);
    assert_int_equal(symlink("new", place("link")), 0);
    assert_int_equal(file_replace(place("link"), "third", 5, &error), STATUS_OK);
    expect_content(place("new"), "third");
    assert_int_equal(lstat(place("link"), &about), 0);
    assert_true(S_ISLNK(about.st_mode));
    assert_int_equal(file_replace(place("nowhere/x"), "x", 1, &error), STATUS_FILE);
    assert_non_null(strstr(error.message, "nowhere/x"));
    assert_int_equal(file_replace(folder, "x", 1, &error), STATUS_FILE);
    assert_int_equal(file_replace("/dev/null", "x", 1, &error), STATUS_FILE);
    assert_int_equal(file_replace("", "x", 1, &error), STATUS_FILE);
    assert_int_equal(file_replace(place("none"), NULL, 0, &error), STATUS_OK);
    assert_int_equal(stat(place("none"), &about), 0);
    assert_int_equal(about.st_size, 0);
}

/* Every way to fail leaves the old file whole and nothing beside it. */
static void test_file_replace_fails_whole(void **state)
{
    (void)state;
    struct error error = {0};
    assert_int_equal(file_replace(place("kept"), "old", 3, &error), STATUS_OK);
    const int files = files_in_folder();
    status code = STATUS_MEMORY;
    for (long nth = 1; code != STATUS_OK; nth++) {
        mem_fail_at(nth);
        code = file_replace(place("kept"), "new", 3, &error);
        mem_fail_at(0);
        assert_true(nth < 20);
        expect_content(place("kept"), code == STATUS_OK ? "new" : "old");
        assert_int_equal(files_in_folder(), files);
    }
    /* A disk that is full: no file may grow beyond 10 bytes. */
    struct rlimit before, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 10;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    code = file_replace(place("kept"), "much more than ten bytes", 24, &error);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(code, STATUS_FILE);
    expect_content(place("kept"), "new");
    assert_int_equal(files_in_folder(), files);
    if (geteuid() == 0)
        return; /* root writes to folders that forbid it */
    chmod(folder, 0500);
    code = file_replace(place("kept"), "x", 1, &error);
    chmod(folder, 0700);
    assert_int_equal(code, STATUS_FILE);
    expect_content(place("kept"), "new");
}

static void test_paths(void **state)
{
    (void)state;
    char *home = getenv("HOME") ? mem_string(getenv("HOME")) : NULL;
    setenv("HOME", "/home/someone", 1);
    static const char *const expansions[][2] = {{"~/a", "/home/someone/a"},
                                                {"~", "/home/someone"},
                                                {"~other/a", "~other/a"},
                                                {"/x/~/a", "/x/~/a"},
                                                {"", ""}};
    for (size_t i = 0; i < COUNT(expansions); i++) {
        char *expanded = path_expand(expansions[i][0]);
        assert_string_equal(expanded, expansions[i][1]);
        mem_free(expanded);
    }
    assert_string_equal(path_base("a/b.csv"), "b.csv");
    assert_string_equal(path_base("b"), "b");
    assert_string_equal(path_base("a/"), "");
    assert_string_equal(path_extension("a.b/c.csv"), "csv");
    assert_string_equal(path_extension("a.b/c"), "");
    assert_string_equal(path_extension("a/.hidden"), "");
    assert_string_equal(path_extension("x.tar.gz"), "gz");
    char *joined = path_join("a/", "b");
    assert_string_equal(joined, "a/b");
    mem_free(joined);
    setenv("HOME", folder, 1);
    unsetenv("XDG_STATE_HOME");
    char *directory = file_user_directory("XDG_STATE_HOME", ".local/state", 1);
    struct stat about;
    assert_string_equal(directory, place(".local/state/ippro-explore"));
    assert_int_equal(stat(directory, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0700);
    mem_free(directory);
    setenv("XDG_STATE_HOME", place("xdg"), 1);
    directory = file_user_directory("XDG_STATE_HOME", ".local/state", 0);
    assert_string_equal(directory, place("xdg/ippro-explore"));
    assert_int_not_equal(stat(directory, &about), 0);
    mem_free(directory);
    setenv("XDG_STATE_HOME", "/dev/null", 1);
    assert_null(file_user_directory("XDG_STATE_HOME", ".local/state", 1));
    unsetenv("XDG_STATE_HOME");
    unsetenv("HOME");
    assert_null(file_user_directory("XDG_STATE_HOME", ".local/state", 1));
    if (home)
        setenv("HOME", home, 1);
    mem_free(home);
}

static void test_program_data(void **state)
{
    (void)state;
    struct error error = {0};
    char *path = NULL, *old = getenv("IPPRO_DATADIR") ? mem_string(getenv("IPPRO_DATADIR")) : NULL;
    put("theme", "x");
    setenv("IPPRO_DATADIR", folder, 1);
    assert_int_equal(file_program_data("theme", &path, &error), STATUS_OK);
    assert_string_equal(path, place("theme"));
    mem_free(path);
    path = NULL;
    static const char *const missing[] = {"no-such-theme", "../etc/passwd", "/etc/passwd", "a/../../x", ""};
    for (size_t i = 0; i < COUNT(missing); i++) {
        assert_int_equal(file_program_data(missing[i], &path, &error), STATUS_NOT_FOUND);
        assert_null(path);
        assert_non_null(strstr(error.message, missing[i]));
    }
    mem_fail_at(1);
    assert_int_equal(file_program_data("theme", &path, &error), STATUS_MEMORY);
    if (old)
        setenv("IPPRO_DATADIR", old, 1);
    mem_free(old);
}

static void test_digest(void **state)
{
    (void)state;
    char digest[DIGEST_SIZE];
    digest_bytes("abc", 3, digest); /* FIPS 180-2, appendix B.1 */
    assert_string_equal(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digest_bytes("", 0, digest);
    assert_string_equal(digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status_table),
        cmocka_unit_test(test_error_escapes),
        cmocka_unit_test(test_error_overlap),
        cmocka_unit_test(test_error_long),
        cmocka_unit_test(test_size_overflow),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_fail_at),
        cmocka_unit_test(test_arena),
        cmocka_unit_test(test_utf8_decode),
        cmocka_unit_test(test_utf8_round_trip),
        cmocka_unit_test(test_width),
        cmocka_unit_test(test_escaping),
        cmocka_unit_test(test_cutting),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_numbers_other_locale),
        cmocka_unit_test(test_parse_double),
        cmocka_unit_test(test_parse_integer),
        cmocka_unit_test(test_number_formats),
        cmocka_unit_test(test_glob),
        cmocka_unit_test(test_glob_pathological),
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_random_pinned),
        cmocka_unit_test(test_random_streams),
        cmocka_unit_test(test_random_ranges),
        cmocka_unit_test(test_pool),
        cmocka_unit_test(test_pool_errors),
        cmocka_unit_test(test_progress),
        cmocka_unit_test(test_file_read),
        cmocka_unit_test(test_file_replace),
        cmocka_unit_test(test_file_replace_fails_whole),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_program_data),
        cmocka_unit_test(test_digest),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
