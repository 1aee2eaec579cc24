/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Themes: how styles look, read from data files (themes/NAME.theme).
 *
 * A theme is UTF-8 text, one setting a line; '#' starts a comment line, blank lines are ignored:
 *
 *     STYLE  = [COLOUR] [on COLOUR] [bold] [dim] [underline] [reverse] [/ [COLOUR] [on COLOUR]]
 *     ramp   = COLOUR COLOUR ...      2 to 16 colours, from the low end of a matrix's scale to the high end;
 *                                     scales with one sign have the upper half
 *     ramp16 = COLOUR COLOUR ...      the same for terminals of 16 colours
 *     glyphs = unicode | ascii        which signs (glyphs.h) are drawn with
 *     background = dark | light | any which terminals it is made for
 *
 * STYLE is a name of STYLE_LIST (style.h). COLOUR is a number of the 256-colour palette or one of
 * default, black, red, green, yellow, blue, magenta, cyan, white and bright-black ... bright-white. What
 * follows "/" is for terminals of 16 colours; without it the nearest of the 16 is taken. Styles that are not
 * set are plain, and series1 to series6 like other styles of the theme; a word may not be repeated, a setting
 * not be made twice. Errors name file and line and the nearest word. */
#ifndef IPPRO_VIEW_THEME_H
#define IPPRO_VIEW_THEME_H

#include <stdbool.h>
#include <stddef.h>
#include "base/status.h"
#include "view/style.h"

struct theme_style {
    short foreground, background;     /* 0..255, -1: the terminal's own */
    short foreground16, background16; /* the same for 16 colours: 0..15, -1 */
    bool bold, dim, underline, reverse;
};

/* Of a terminal; unknown also when it is neither. */
enum background { BACKGROUND_UNKNOWN, BACKGROUND_DARK, BACKGROUND_LIGHT };
enum { BACKGROUNDS = BACKGROUND_LIGHT + 1 };

struct theme {
    char *name;
    enum background background; /* of the terminals it is made for; unknown: any */
    struct theme_style style[STYLE_COUNT];
    short ramp[16]; /* colour numbers from low to high */
    int ramp_count; /* 0: no ramp */
    short ramp16[16];
    int ramp16_count;
    bool ascii; /* glyphs of ASCII, also where the terminal has more */
    int shares; /* owners beside the first */
};

/* Errors name the file and line. */
status theme_read(const char *path, struct theme **theme, struct error *error);
/* By name: from the user's themes folder, then from the program's. Unknown names list the nearest. */
status theme_load(const char *name, struct theme **theme, struct error *error);
/* One more owner; each calls theme_free once. */
struct theme *theme_retain(struct theme *theme); /* NULL is fine */
void theme_free(struct theme *theme);            /* NULL is fine */

/* Names that theme_load knows, sorted, each once. Owned by the caller. */
status theme_list(char ***names, size_t *count, struct error *error);
void theme_list_free(char **names, size_t count);

/* Red, green and blue of a colour of the usual 256-colour palette. */
void theme_palette(int color, unsigned char rgb[3]);

#endif
