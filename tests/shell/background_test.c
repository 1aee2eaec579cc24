/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The terminal's answers about its background, what they mean, and what was typed between them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shell/background.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Take the answers out of `bytes`; what is left goes to `left`. */
static struct background_reply take(const char *bytes, char left[256])
{
    struct background_reply reply = {0};
    size_t count = strlen(bytes);
    memcpy(left, bytes, count + 1);
    left[background_take((unsigned char *)left, count, &reply)] = '\0';
    return reply;
}

static void test_colors(void **state)
{
    static const struct {
        const char *bytes;
        double color[3];
    } rows[] = {
        {"\033]11;rgb:ffff/8000/0000\033\\", {1, 32768 / 65535.0, 0}},
        {"\033]11;rgb:ffff/8000/0000\a", {1, 32768 / 65535.0, 0}},
        {"\033]11;rgb:ff/80/00\a", {1, 128 / 255.0, 0}},
        {"\033]11;rgb:f/8/0\a", {1, 8 / 15.0, 0}},
        {"\033]11;rgb:FFF/800/000\a", {1, 2048 / 4095.0, 0}},
        {"\033]11;rgba:0000/0000/0000/cccc\033\\", {0, 0, 0}},
        {"\033]11;#ff8000\033\\", {1, 128 / 255.0, 0}},
        {"\033]11;#ffff80000000\033\\", {1, 32768 / 65535.0, 0}},
        /* the second byte of the end is missing, and the next answer follows */
        {"\033]11;rgb:ffff/ffff/ffff\033\033[?1;2c", {1, 1, 1}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char left[256];
        struct background_reply reply = take(rows[i].bytes, left);
        assert_true(reply.colored);
        for (int c = 0; c < 3; c++)
            assert_true(fabs(reply.color[c] - rows[i].color[c]) < 1e-12);
        assert_string_equal(left, "");
    }
}

/* What is no colour is taken away as well, and says nothing. */
static void test_broken(void **state)
{
    static const char *const rows[] = {
        "\033]11;\a",
        "\033]11;rgb:\a",
        "\033]11;rgb:ffff/ffff\a",
        "\033]11;rgb:fffff/ffff/ffff\a",
        "\033]11;rgb:gg/00/00\a",
        "\033]11;rgb:ff/00/00x\a",
        "\033]11;#12\a",
        "\033]11;#1234567\a",
        "\033]11;white\033\\",
        "\033]11;?\033\\",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char left[256];
        struct background_reply reply = take(rows[i], left);
        assert_false(reply.colored);
        assert_string_equal(left, "");
    }
}

static void test_typed(void **state)
{
    char left[256];
    (void)state;
    struct background_reply reply = take("sco\033]11;rgb:00/00/00\033\\re \033[?62;22cl1\r", left);
    assert_true(reply.colored && reply.ended);
    assert_string_equal(left, "score l1\r");
    /* Keys are no answers. */
    reply = take("\033[A\033OP\033x\033]12;rgb:00/00/00\a\033[1;5D\033[?1h", left);
    assert_true(!reply.colored && !reply.ended);
    assert_string_equal(left, "\033[A\033OP\033x\033]12;rgb:00/00/00\a\033[1;5D\033[?1h");
}

/* Cut anywhere, an answer is left as it is until its end is there; byte by byte gives the same. */
static void test_pieces(void **state)
{
    static const char bytes[] = "a\033]11;rgb:1e1e/1e1e/1e1e\033\\\033[?65;1;9cb";
    unsigned char kept[256];
    size_t count = 0;
    struct background_reply reply = {0};
    (void)state;
    for (size_t i = 0; i < sizeof bytes - 1; i++) {
        kept[count++] = (unsigned char)bytes[i];
        count = background_take(kept, count, &reply);
        bool inside = i > 0 && i < sizeof bytes - 3 && bytes[i] != '\\';
        assert_int_equal(background_unfinished(kept, count), inside);
    }
    assert_true(reply.colored && reply.ended);
    assert_int_equal(count, 2);
    assert_memory_equal(kept, "ab", 2);
    assert_true(fabs(reply.color[2] - 30 / 255.0) < 1e-12);
}

/* Without an end there is a limit to what is taken for an answer. */
static void test_endless(void **state)
{
    unsigned char bytes[1024];
    struct background_reply reply = {0};
    (void)state;
    memset(bytes, 'f', sizeof bytes);
    memcpy(bytes, "\033]11;", 5);
    assert_int_equal(background_take(bytes, sizeof bytes, &reply), sizeof bytes);
    assert_false(background_unfinished(bytes, sizeof bytes));
    assert_false(reply.colored);
}

static void test_meaning(void **state)
{
    static const struct {
        unsigned char rgb[3];
        enum background background;
    } rows[] = {
        {{0, 0, 0}, BACKGROUND_DARK},
        {{0x1e, 0x1e, 0x1e}, BACKGROUND_DARK},
        {{0, 0x2b, 0x36}, BACKGROUND_DARK},
        {{0x3f, 0x3f, 0x3f}, BACKGROUND_DARK},
        {{0, 0, 0x8b}, BACKGROUND_DARK},
        {{255, 255, 255}, BACKGROUND_LIGHT},
        {{0xfd, 0xf6, 0xe3}, BACKGROUND_LIGHT},
        {{0xd0, 0xd0, 0xd0}, BACKGROUND_LIGHT},
        {{0x80, 0x80, 0x80}, BACKGROUND_UNKNOWN},
        {{0xcc, 0, 0}, BACKGROUND_UNKNOWN},
    };
    static const struct {
        const char *value;
        enum background background;
    } variables[] = {
        {NULL, BACKGROUND_UNKNOWN},   {"", BACKGROUND_UNKNOWN},           {"15;0", BACKGROUND_DARK},
        {"0;15", BACKGROUND_LIGHT},   {"0;default;15", BACKGROUND_LIGHT}, {"7;8", BACKGROUND_DARK},
        {"0;7", BACKGROUND_LIGHT},    {"15;default", BACKGROUND_UNKNOWN}, {"0;16", BACKGROUND_UNKNOWN},
        {"0;-1", BACKGROUND_UNKNOWN}, {"15", BACKGROUND_UNKNOWN},         {";;", BACKGROUND_UNKNOWN},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const double color[3] = {rows[i].rgb[0] / 255.0, rows[i].rgb[1] / 255.0, rows[i].rgb[2] / 255.0};
        assert_int_equal(background_of_color(color), rows[i].background);
    }
    for (size_t i = 0; i < COUNT(variables); i++)
        assert_int_equal(background_of_variable(variables[i].value), variables[i].background);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_colors), cmocka_unit_test(test_broken),  cmocka_unit_test(test_typed),
        cmocka_unit_test(test_pieces), cmocka_unit_test(test_endless), cmocka_unit_test(test_meaning),
    };
    return cmocka_run_group_tests_name("background", tests, NULL, NULL);
}
