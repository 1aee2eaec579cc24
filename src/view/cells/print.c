/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cells as a terminal's lines: SGR escape sequences only where the look changes. */
#include "view/cells/canvas.h"

#include <string.h>
#include "base/text.h"
#include "view/contrast.h"
#include "view/look.h"
#include "view/theme.h"

static bool same_look(const struct look *a, const struct look *b)
{
    return a->foreground == b->foreground && a->background == b->background && a->bold == b->bold &&
           a->dim == b->dim && a->underline == b->underline && a->reverse == b->reverse;
}

/* Black or white text, whichever is easier to read on the colour. */
static short readable_on(short background, int colors)
{
    short white = colors >= 256 ? 231 : colors >= 16 ? 15 : 7, black = colors >= 256 ? 16 : 0;
    double luminance = theme_luminance(background);
    return luminance_contrast(luminance, theme_luminance(black)) >
                   luminance_contrast(luminance, theme_luminance(white))
               ? black
               : white;
}

/* The colour of a level 1..255 on a ramp of `count` colours. */
static short ramp_color(const short *ramp, int count, int level)
{
    int step = (level - 1) * count / 255;
    return ramp[step < count ? step : count - 1];
}

/* What a background marks needs an attribute where there are no colours, whatever the theme. */
static void mark_without_colors(enum cell_style style, struct look *look)
{
    if (style == STYLE_CURSOR || style == STYLE_STATUS || style == STYLE_POPUP)
        look->reverse = true;
    else if (style == STYLE_CURSOR_PALE)
        look->underline = true;
}

struct look look_of(const struct canvas_cell *cell, const struct theme *theme, int colors)
{
    const struct theme_style *style = &theme->style[cell->style < STYLE_COUNT ? cell->style : STYLE_PLAIN];
    struct look look = {-1, -1, style->bold, style->dim, style->underline, style->reverse};
    if (colors >= 256) {
        look.foreground = style->foreground;
        look.background = style->background;
    } else if (colors >= 8) {
        look.foreground = style->foreground16;
        look.background = style->background16;
    } else {
        mark_without_colors((enum cell_style)cell->style, &look);
    }
    const short *ramp = colors >= 256 ? theme->ramp : theme->ramp16;
    int count = colors >= 256 ? theme->ramp_count : colors >= 16 ? theme->ramp16_count : 0;
    short step = cell->level > 0 && count > 0 ? ramp_color(ramp, count, cell->level) : -1;
    if (step >= 0) {
        look = (struct look){.foreground = readable_on(step, colors), .background = step};
        look.underline = style->underline; /* bold might brighten the text, which has to be black */
    }
    if (colors >= 8 && colors < 16) {
        /* Eight colours: the bright ones are bold. */
        look.bold = look.bold || look.foreground >= 8;
        look.foreground = (short)(look.foreground >= 8 ? look.foreground - 8 : look.foreground);
        look.background = (short)(look.background >= 8 ? look.background - 8 : look.background);
    }
    return look;
}

static void add_color(struct text *out, short color, int colors, bool background)
{
    if (color < 0)
        return;
    if (colors >= 256 && color >= 16)
        text_add_format(out, ";%d;5;%d", background ? 48 : 38, color);
    else if (color >= 8)
        text_add_format(out, ";%d", (background ? 100 : 90) + color - 8);
    else
        text_add_format(out, ";%d", (background ? 40 : 30) + color);
}

/* Change from one look to another. Attributes can only be switched off all together in a way that every
 * terminal knows, so the sequence starts from nothing when one of them goes. */
static void change_look(struct text *out, const struct look *from, const struct look *to, int colors)
{
    static const struct look plain = {.foreground = -1, .background = -1};
    if (same_look(from, to))
        return;
    if (same_look(to, &plain)) {
        text_add(out, "\033[m");
        return;
    }
    bool goes = (from->bold && !to->bold) || (from->dim && !to->dim) || (from->underline && !to->underline) ||
                (from->reverse && !to->reverse) || (from->foreground >= 0 && to->foreground < 0) ||
                (from->background >= 0 && to->background < 0);
    if (goes)
        from = &plain;
    struct text codes = {0};
    text_add(&codes, goes ? ";0" : "");
    text_add(&codes, to->bold && !from->bold ? ";1" : "");
    text_add(&codes, to->dim && !from->dim ? ";2" : "");
    text_add(&codes, to->underline && !from->underline ? ";4" : "");
    text_add(&codes, to->reverse && !from->reverse ? ";7" : "");
    if (to->foreground != from->foreground)
        add_color(&codes, to->foreground, colors, false);
    if (to->background != from->background)
        add_color(&codes, to->background, colors, true);
    text_add_format(out, "\033[%sm", text_data(&codes) + (codes.length > 0));
    out->failed = out->failed || codes.failed;
    text_free(&codes);
}

static bool is_blank(const struct canvas_cell *cell, const struct look *look)
{
    return strcmp(cell->glyph, " ") == 0 && look->background < 0 && !look->reverse && !look->underline;
}

static void print_line(const struct canvas_cell *row, int width, const struct theme *theme, int colors,
                       struct text *out)
{
    static const struct look plain = {.foreground = -1, .background = -1};
    int end = 0;
    for (int i = 0; i < width; i++) {
        struct look look = theme ? look_of(&row[i], theme, colors) : plain;
        if (!is_blank(&row[i], &look))
            end = i + 1;
    }
    struct look current = plain;
    for (int i = 0; i < end; i++) {
        struct look look = theme ? look_of(&row[i], theme, colors) : plain;
        /* A blank shows no foreground: leave what is switched on. */
        if (!is_blank(&row[i], &look) || !is_blank(&row[i], &current))
            change_look(out, &current, &look, colors), current = look;
        text_add(out, row[i].glyph);
    }
    change_look(out, &current, &plain, colors);
    text_add(out, "\n");
}

void canvas_print(const struct canvas *canvas, const struct theme *theme, int colors, struct text *out)
{
    for (int line = 0; line < canvas->height && !out->failed; line++)
        print_line(canvas->cells + (size_t)line * (size_t)canvas->width, canvas->width, theme, colors, out);
}
