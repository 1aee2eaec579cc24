/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cells as a terminal's lines: SGR escape sequences only where the look changes. */
#include "view/cells/canvas.h"

#include <string.h>
#include "base/text.h"
#include "view/cells/look.h"
#include "view/theme.h"

static bool same_look(const struct look *a, const struct look *b)
{
    return a->foreground == b->foreground && a->background == b->background && a->bold == b->bold &&
           a->dim == b->dim && a->underline == b->underline && a->reverse == b->reverse;
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
