/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Styles and levels as colours and attributes, by the theme. */
#include "view/cells/look.h"

#include "view/cells/canvas.h"
#include "view/contrast.h"
#include "view/style.h"
#include "view/theme.h"

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
    if (cell->upper && colors >= 256)
        return (struct look){.foreground = cell->upper, .background = cell->lower};
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
