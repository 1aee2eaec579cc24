/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/glyphs.h"

static const struct glyph_set unicode = {
    .column = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
    .row = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"},
    .cut = {" ", "░", "░", "░", "░", "▒", "▒", "▒", "▒"},
    .track = "·",
    .shade = "░",
    .kept = "─",
    .gone = "█",
    .gone_half = "▐",
    .vertical = "│",
    .horizontal = "─",
    .tick_left = "┤",
    .tick_down = "┬",
    .corner = "└",
    .origin = "┼",
    .cut_axis = "╌",
    .threshold = "▲",
    .threshold_line = "┊",
    .ellipsis = "…",
    .dot = "·",
    .marker = "▸",
    .opened = "▾",
    .closed = "▸",
    .tied = "≈",
    .rising = "▲",
    .falling = "▼",
    .up = "↑",
    .down = "↓",
    .typed = "›",
    .shape = {"●", "▲", "■", "◆", "○", "△", "□", "◇"},
    .mark = {"⠿", "▸", "▴", "▒"},
};

static const struct glyph_set plain = {
    .ascii = true,
    .column = {" ", ".", ".", ".", ":", ":", ":", "#", "#"},
    .row = {"", ".", ".", "-", "-", "-", "=", "#", "#"},
    .cut = {" ", ",", ",", ",", ";", ";", ";", "x", "x"},
    .track = ".",
    .shade = ".",
    .kept = "-",
    .gone = "#",
    .gone_half = "#",
    .vertical = "|",
    .horizontal = "-",
    .tick_left = "+",
    .tick_down = "+",
    .corner = "+",
    .origin = "+",
    .cut_axis = "~",
    .threshold = "^",
    .threshold_line = "!",
    .ellipsis = "...",
    .dot = "|",
    .marker = ">",
    .opened = "-",
    .closed = "+",
    .tied = "~",
    .rising = "^",
    .falling = "v",
    .up = "^",
    .down = "v",
    .typed = ">",
    .shape = {"o", "x", "+", "#", "@", "v", "=", "s"},
    .mark = {":", ">", "^", "x"},
};

const struct glyph_set *glyph_set(bool ascii)
{
    return ascii ? &plain : &unicode;
}

void text_add_bar(struct text *text, const struct glyph_set *glyphs, double share, int width,
                  const char *empty)
{
    share = share < 0 ? 0 : share > 1 ? 1 : share;
    int parts = (int)(share * width * 8), full = parts / 8, rest = glyphs->ascii ? 0 : parts % 8;
    text_add_repeated(text, glyphs->row[8], full);
    text_add(text, glyphs->row[rest]);
    text_add_repeated(text, empty, width - full - (rest > 0));
}
