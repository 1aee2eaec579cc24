/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every text of every theme can be read on the terminals that the theme is made for, in every number of
 * colours. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/status.h"
#include "view/contrast.h"
#include "view/cells/canvas.h"
#include "view/cells/look.h"
#include "view/theme.h"

#define ENOUGH       4.5 /* WCAG 2.1, 1.4.3 */
#define COUNT(array) (sizeof(array) / sizeof *(array))

static void test_luminance(void **state)
{
    static const double black[3] = {0, 0, 0}, white[3] = {1, 1, 1}, red[3] = {1, 0, 0};
    (void)state;
    assert_true(color_luminance(black) == 0);
    assert_true(fabs(color_luminance(white) - 1) < 1e-12);
    assert_true(fabs(color_luminance(red) - 0.2126) < 1e-12);
    assert_true(fabs(luminance_contrast(0, 1) - 21) < 1e-12);
    assert_true(luminance_contrast(0.3, 0.3) == 1);
    assert_true(luminance_contrast(0.2, 0.7) == luminance_contrast(0.7, 0.2));
    /* #767676 is the lightest grey that is allowed on white. */
    const double grey[3] = {0x76 / 255.0, 0x76 / 255.0, 0x76 / 255.0};
    assert_true(fabs(luminance_contrast(color_luminance(grey), 1) - 4.54) < 0.005);
    assert_true(theme_luminance(16) == 0 && fabs(theme_luminance(231) - 1) < 1e-12);
}

struct rgb {
    double channel[3];
};

static const struct terminal {
    const char *name;
    enum background background;
    struct rgb behind, text; /* its own colours */
} terminals[] = {
    {"black", BACKGROUND_DARK, {{0, 0, 0}}, {{229 / 255.0, 229 / 255.0, 229 / 255.0}}},
    {"#1e1e1e",
     BACKGROUND_DARK,
     {{30 / 255.0, 30 / 255.0, 30 / 255.0}},
     {{212 / 255.0, 212 / 255.0, 212 / 255.0}}},
    {"white", BACKGROUND_LIGHT, {{1, 1, 1}}, {{0, 0, 0}}},
    {"#fdf6e3", BACKGROUND_LIGHT, {{253 / 255.0, 246 / 255.0, 227 / 255.0}}, {{0, 0, 0}}},
};

static struct rgb rgb_of(int color, const struct rgb *own)
{
    unsigned char bytes[3];
    if (color < 0)
        return *own;
    theme_palette(color, bytes);
    return (struct rgb){{bytes[0] / 255.0, bytes[1] / 255.0, bytes[2] / 255.0}};
}

/* As terminals show attributes: reverse swaps, dim goes a third of the way to the background, and with few
 * colours bold makes one of the first eight bright, always (eight colours) or on many terminals (`brighter`).
 */
static double contrast_on(const struct terminal *terminal, const struct look *look, bool brighter)
{
    int color = look->foreground >= 0 && look->foreground < 8 && look->bold && brighter ? look->foreground + 8
                                                                                        : look->foreground;
    struct rgb text = rgb_of(color, &terminal->text);
    struct rgb behind = rgb_of(look->background, &terminal->behind);
    if (look->reverse) {
        struct rgb swapped = text;
        text = behind;
        behind = swapped;
    }
    for (int i = 0; i < 3 && look->dim; i++)
        text.channel[i] = (2 * text.channel[i] + behind.channel[i]) / 3;
    return luminance_contrast(color_luminance(text.channel), color_luminance(behind.channel));
}

static double least_contrast(const struct terminal *terminal, const struct look *look, int depth)
{
    double bright = contrast_on(terminal, look, true);
    double as_named = depth < 16 ? bright : contrast_on(terminal, look, false);
    return fmin(bright, as_named);
}

/* All pairs of one theme on one terminal; the number that are too alike. */
static int count_faint(const struct theme *theme, const struct terminal *terminal, int depth)
{
    int faint = 0;
    for (int style = 0; style < STYLE_COUNT; style++) {
        double least = INFINITY;
        int at = 0;
        for (int level = 0; level < 256; level++) {
            const struct canvas_cell cell = {
                .glyph = "x", .style = (unsigned char)style, .level = (unsigned char)level};
            const struct look look = look_of(&cell, theme, depth);
            double contrast = least_contrast(terminal, &look, depth);
            at = contrast < least ? level : at;
            least = fmin(least, contrast);
        }
        if (least >= ENOUGH)
            continue;
        faint++;
        print_message("# %s on %s, %d colours: style %d, level %d has a contrast of %.2f\n", theme->name,
                      terminal->name, depth, style, at, least);
    }
    return faint;
}

static void test_themes(void **state)
{
    static const int depths[] = {0, 8, 16, 256};
    struct error error = {0};
    char **names;
    size_t count;
    int faint = 0, suited[BACKGROUNDS] = {0};
    (void)state;
    assert_int_equal(theme_list(&names, &count, &error), STATUS_OK);
    for (size_t i = 0; i < count; i++) {
        struct theme *theme;
        assert_int_equal(theme_load(names[i], &theme, &error), STATUS_OK);
        suited[theme->background]++;
        for (size_t t = 0; t < COUNT(terminals); t++) {
            bool meant = !theme->background || theme->background == terminals[t].background;
            for (size_t d = 0; meant && d < COUNT(depths); d++)
                faint += count_faint(theme, &terminals[t], depths[d]);
        }
        theme_free(theme);
    }
    theme_list_free(names, count);
    assert_int_equal(faint, 0);
    assert_true(suited[BACKGROUND_UNKNOWN] >= 4 && suited[BACKGROUND_DARK] >= 2 &&
                suited[BACKGROUND_LIGHT] >= 2);
}

/* A theme on the terminals that it is not made for is told apart: else the test above would see nothing. */
static void test_test(void **state)
{
    struct error error = {0};
    struct theme *theme;
    (void)state;
    assert_int_equal(theme_load("dark", &theme, &error), STATUS_OK);
    int quiet = count_faint(theme, &terminals[0], 256);
    int before = theme->style[STYLE_NOTE].foreground;
    theme->style[STYLE_NOTE].foreground = 236;
    assert_int_equal(count_faint(theme, &terminals[0], 256), quiet + 1);
    theme->style[STYLE_NOTE].foreground = (short)before;
    assert_true(count_faint(theme, &terminals[2], 256) > 5);
    theme_free(theme);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_luminance),
        cmocka_unit_test(test_themes),
        cmocka_unit_test(test_test),
    };
    unsetenv("XDG_CONFIG_HOME");
    setenv("HOME", "/nonexistent", 1);
    return cmocka_run_group_tests_name("contrast", tests, NULL, NULL);
}
