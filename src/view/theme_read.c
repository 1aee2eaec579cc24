/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading a theme file, strictly: the format is in theme.h. */
#include "view/theme.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "view/style.h"

enum { LARGEST_FILE = 64 * 1024, MOST_WORDS = 32, MOST_RAMP = 16 };

static const char *const color_names[] = {
    "black",        "red",           "green",       "yellow",         "blue",
    "magenta",      "cyan",          "white",       "bright-black",   "bright-red",
    "bright-green", "bright-yellow", "bright-blue", "bright-magenta", "bright-cyan",
    "bright-white", "default",
};
enum { COLOR_NAMES = sizeof color_names / sizeof *color_names, DEFAULT_NAME = COLOR_NAMES - 1 };

/* The words of a style that are no colours, with the place they have in it. */
static const struct {
    const char *word;
    size_t offset;
} attributes[] = {
    {"bold", offsetof(struct theme_style, bold)},
    {"dim", offsetof(struct theme_style, dim)},
    {"underline", offsetof(struct theme_style, underline)},
    {"reverse", offsetof(struct theme_style, reverse)},
};
enum { ATTRIBUTES = sizeof attributes / sizeof *attributes };

/* Names of settings: the styles, then the others. */
static const char *const settings[] = {
#define STYLE_NAME_ROW(code, name) name,
    STYLE_LIST(STYLE_NAME_ROW)
#undef STYLE_NAME_ROW
        "ramp",
    "ramp16", "glyphs", "background"};
enum {
    SETTINGS = sizeof settings / sizeof *settings,
    SETTING_RAMP = STYLE_COUNT,
    SETTING_RAMP16,
    SETTING_GLYPHS,
    SETTING_BACKGROUND
};

struct reader {
    const char *path;
    int line;
    int set_at[SETTINGS]; /* line of each setting, 0: not made yet */
    struct theme *theme;
    char *words[MOST_WORDS];
    int count;
    struct error *error;
};

__attribute__((format(printf, 2, 3), cold)) static status complain(struct reader *reader, const char *format,
                                                                   ...)
{
    char message[ERROR_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return error_set(reader->error, STATUS_FILE, "%s:%d: %s", reader->path, reader->line, message);
}

/* " (did you mean 'x'?)" or nothing. */
static const char *hint(char out[64], const char *word, const char *const *words, size_t count)
{
    const char *near = nearest_word(word, words, count);
    out[0] = '\0';
    if (near)
        snprintf(out, 64, "; did you mean '%s'?", near);
    return out;
}

static bool color_of(const char *word, short *color)
{
    int64_t number;
    for (int i = 0; i < COLOR_NAMES; i++) {
        if (strcmp(word, color_names[i]) == 0) {
            *color = (short)(i == DEFAULT_NAME ? -1 : i);
            return true;
        }
    }
    if (!text_to_integer(word, &number) || number < 0 || number > 255)
        return false;
    *color = (short)number;
    return true;
}

static status unknown_word(struct reader *reader, const char *word, const char *expected)
{
    const char *words[COLOR_NAMES + ATTRIBUTES + 2];
    char near[64];
    size_t count = 0;
    int64_t number;
    if (text_to_integer(word, &number))
        return complain(reader, "colour %s is not between 0 and 255", word);
    for (; count < COLOR_NAMES; count++)
        words[count] = color_names[count];
    for (int i = 0; i < ATTRIBUTES; i++)
        words[count++] = attributes[i].word;
    words[count++] = "on";
    return complain(reader, "'%s' is not %s%s", word, expected, hint(near, word, words, count));
}

/* The nearest of the 16 colours, by the squared distance of red, green and blue. */
static short nearest_of_16(short color)
{
    unsigned char wanted[3], rgb[3];
    short best = 0;
    int least = INT_MAX;
    if (color < 16)
        return color;
    theme_palette(color, wanted);
    for (short candidate = 0; candidate < 16; candidate++) {
        theme_palette(candidate, rgb);
        int distance = 0;
        for (int i = 0; i < 3; i++)
            distance += (rgb[i] - wanted[i]) * (rgb[i] - wanted[i]);
        if (distance < least) {
            least = distance;
            best = candidate;
        }
    }
    return best;
}

/* One half of a style: before or after the "/". */
struct colors {
    short foreground, background;
    bool has_foreground, has_background;
};

static status read_color(struct reader *reader, int *at, struct colors *colors, int most,
                         const char *expected)
{
    bool on = strcmp(reader->words[*at], "on") == 0;
    short color;
    if (on && ++*at >= reader->count)
        return complain(reader, "a colour is missing after 'on'");
    const char *word = reader->words[*at];
    if (!color_of(word, &color))
        return unknown_word(reader, word, on ? "a colour" : expected);
    if (color > most)
        return complain(reader, "colour %s is not one of the 16", word);
    if (on ? colors->has_background : colors->has_foreground)
        return complain(reader, "a second %s colour, '%s'", on ? "background" : "text", word);
    if (on) {
        colors->background = color;
        colors->has_background = true;
    } else {
        colors->foreground = color;
        colors->has_foreground = true;
    }
    ++*at;
    return STATUS_OK;
}

/* 1 when the word was an attribute, 0 when not, -1 when it stood there already. */
static int take_attribute(struct theme_style *style, const char *word)
{
    for (int i = 0; i < ATTRIBUTES; i++) {
        bool *flag = (bool *)((char *)style + attributes[i].offset);
        if (strcmp(word, attributes[i].word) != 0)
            continue;
        if (*flag)
            return -1;
        *flag = true;
        return 1;
    }
    return 0;
}

static status read_style(struct reader *reader, struct theme_style *style)
{
    struct colors many = {-1, -1, false, false}, few = many;
    bool fallback = false;
    for (int at = 0; at < reader->count;) {
        const char *word = reader->words[at];
        status code = STATUS_OK;
        int attribute = fallback ? 0 : take_attribute(style, word);
        if (attribute < 0)
            return complain(reader, "'%s' stands there twice", word);
        if (attribute > 0) {
            at++;
        } else if (strcmp(word, "/") == 0 && !fallback) {
            fallback = true;
            at++;
        } else if (fallback) {
            code = read_color(reader, &at, &few, 15, "a colour");
        } else {
            code = read_color(reader, &at, &many, 255,
                              "a colour, 'on', 'bold', 'dim', 'underline' or 'reverse'");
        }
        if (code != STATUS_OK)
            return code;
    }
    style->foreground = many.foreground;
    style->background = many.background;
    style->foreground16 = fallback ? few.foreground : nearest_of_16(many.foreground);
    style->background16 = fallback ? few.background : nearest_of_16(many.background);
    return STATUS_OK;
}

static status read_ramp(struct reader *reader, short *ramp, int *count, int most)
{
    if (reader->count < 2 || reader->count > MOST_RAMP)
        return complain(reader, "a ramp has 2 to %d colours, not %d", MOST_RAMP, reader->count);
    for (int i = 0; i < reader->count; i++) {
        if (!color_of(reader->words[i], &ramp[i]))
            return unknown_word(reader, reader->words[i], "a colour");
        if (ramp[i] > most)
            return complain(reader, "colour %s is not one of the 16", reader->words[i]);
    }
    *count = reader->count;
    return STATUS_OK;
}

static status read_glyphs(struct reader *reader, bool *ascii)
{
    static const char *const sets[] = {"unicode", "ascii"};
    char near[64];
    if (reader->count != 1)
        return complain(reader, "glyphs are unicode or ascii: one word");
    *ascii = strcmp(reader->words[0], sets[1]) == 0;
    if (!*ascii && strcmp(reader->words[0], sets[0]) != 0)
        return complain(reader, "'%s' is not unicode or ascii%s", reader->words[0],
                        hint(near, reader->words[0], sets, 2));
    return STATUS_OK;
}

static status read_background(struct reader *reader, enum background *background)
{
    static const char *const words[BACKGROUNDS] = {"any", "dark", "light"};
    char near[64];
    if (reader->count != 1)
        return complain(reader, "background is dark, light or any: one word");
    for (int i = 0; i < BACKGROUNDS; i++) {
        *background = (enum background)i;
        if (strcmp(reader->words[0], words[i]) == 0)
            return STATUS_OK;
    }
    return complain(reader, "'%s' is not dark, light or any%s", reader->words[0],
                    hint(near, reader->words[0], words, BACKGROUNDS));
}

static status split_words(struct reader *reader, char *value)
{
    char *rest = NULL;
    reader->count = 0;
    for (char *word = strtok_r(value, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest)) {
        if (reader->count == MOST_WORDS)
            return complain(reader, "too many words");
        reader->words[reader->count++] = word;
    }
    return STATUS_OK;
}

static status read_line(struct reader *reader, char *line)
{
    char near[64], *rest = NULL;
    line += strspn(line, " \t");
    if (!*line || *line == '#')
        return STATUS_OK;
    char *equals = strchr(line, '=');
    if (!equals)
        return complain(reader, "expected 'STYLE = ...'");
    *equals = '\0';
    const char *name = strtok_r(line, " \t", &rest);
    if (!name || strtok_r(NULL, " \t", &rest))
        return complain(reader, "expected one word before '='");
    int setting = 0;
    while (setting < SETTINGS && strcmp(name, settings[setting]) != 0)
        setting++;
    if (setting == SETTINGS)
        return complain(reader, "'%s' is not a setting%s", name, hint(near, name, settings, SETTINGS));
    if (reader->set_at[setting])
        return complain(reader, "'%s' is already set in line %d", name, reader->set_at[setting]);
    reader->set_at[setting] = reader->line;
    status code = split_words(reader, equals + 1);
    if (code != STATUS_OK)
        return code;
    struct theme *theme = reader->theme;
    if (setting == SETTING_RAMP)
        return read_ramp(reader, theme->ramp, &theme->ramp_count, 255);
    if (setting == SETTING_RAMP16)
        return read_ramp(reader, theme->ramp16, &theme->ramp16_count, 15);
    if (setting == SETTING_GLYPHS)
        return read_glyphs(reader, &theme->ascii);
    if (setting == SETTING_BACKGROUND)
        return read_background(reader, &theme->background);
    return read_style(reader, &theme->style[setting]);
}

static status read_lines(struct reader *reader, char *data, size_t size)
{
    if (strlen(data) != size || !utf8_valid(data, size))
        return error_set(reader->error, STATUS_FILE, "%s: not a text file", reader->path);
    status code = STATUS_OK;
    for (char *line = data; line && code == STATUS_OK;) {
        char *end = strchr(line, '\n');
        if (end)
            *end = '\0';
        size_t length = strlen(line);
        if (length > 0 && line[length - 1] == '\r')
            line[length - 1] = '\0';
        reader->line++;
        code = read_line(reader, line);
        line = end ? end + 1 : NULL;
    }
    return code;
}

/* Lines of curves look like other things in themes that know nothing of curves. */
static void complete_series(const struct reader *reader)
{
    static const enum cell_style instead[SERIES_STYLES] = {STYLE_BAR,      STYLE_CUT,  STYLE_POSITIVE,
                                                           STYLE_NEGATIVE, STYLE_NAME, STYLE_HEADER};
    for (int i = 0; i < SERIES_STYLES; i++)
        if (!reader->set_at[STYLE_SERIES1 + i])
            reader->theme->style[STYLE_SERIES1 + i] = reader->theme->style[instead[i]];
}

/* Likewise what only the full screen has. */
static void complete_screen(const struct reader *reader)
{
    static const struct {
        enum cell_style style, instead;
        bool reverse;
    } rows[] = {
        {STYLE_CURSOR, STYLE_PLAIN, true}, {STYLE_CURSOR_PALE, STYLE_TITLE, false},
        {STYLE_BORDER, STYLE_AXIS, false}, {STYLE_FOCUS, STYLE_PROMPT, false},
        {STYLE_STATUS, STYLE_PLAIN, true}, {STYLE_KEY, STYLE_HEADER, false},
        {STYLE_POPUP, STYLE_PLAIN, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (reader->set_at[rows[i].style])
            continue;
        reader->theme->style[rows[i].style] = reader->theme->style[rows[i].instead];
        reader->theme->style[rows[i].style].reverse |= rows[i].reverse;
    }
}

/* "dark" of ".../dark.theme". */
static char *name_of(const char *path)
{
    const char *base = path_base(path), *dot = strrchr(base, '.');
    return mem_format("%.*s", dot ? (int)(dot - base) : (int)strlen(base), base);
}

status theme_read(const char *path, struct theme **theme, struct error *error)
{
    unsigned char *data = NULL;
    size_t size = 0;
    *theme = NULL;
    status code = file_read(path, LARGEST_FILE, &data, &size, error);
    if (code != STATUS_OK)
        return code;
    struct theme *made = mem_new(1, sizeof *made);
    if (made)
        made->name = name_of(path);
    if (!made || !made->name) {
        code = error_memory(error);
    } else {
        for (int i = 0; i < STYLE_COUNT; i++)
            made->style[i] = (struct theme_style){-1, -1, -1, -1, false, false, false, false};
        struct reader reader = {.path = path, .theme = made, .error = error};
        code = read_lines(&reader, (char *)data, size);
        complete_series(&reader);
        complete_screen(&reader);
        if (code == STATUS_OK && made->ramp_count > 0 && made->ramp16_count == 0) {
            for (int i = 0; i < made->ramp_count; i++)
                made->ramp16[i] = nearest_of_16(made->ramp[i]);
            made->ramp16_count = made->ramp_count;
        }
    }
    mem_free(data);
    if (code == STATUS_OK)
        *theme = made;
    else
        theme_free(made);
    return code;
}
