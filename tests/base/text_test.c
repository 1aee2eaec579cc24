/* SPDX-License-Identifier: GPL-3.0-or-later */
/* UTF-8, escaping, numbers, patterns, nearest words. */
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/progress.h"
#include "base/random.h"
#include "base/text.h"
#include "support/skip.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* --- text ----------------------------------------------------------------------------------------------- */

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

/* --- numbers -------------------------------------------------------------------------------------------- */

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
        skip_because("no locale with a decimal comma is installed");
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

/* --- patterns and nearest words ------------------------------------------------------------------------- */

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

int main(void)
{
    const struct CMUnitTest tests[] = {
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
