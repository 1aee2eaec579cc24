/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Themes: how styles look, read from data files (themes/NAME.theme). */
#ifndef IPPRO_VIEW_THEME_H
#define IPPRO_VIEW_THEME_H

#include <stdbool.h>
#include "base/status.h"
#include "view/canvas.h"

struct theme_style {
    short foreground, background; /* 0..255, -1: the terminal's own */
    short foreground16, background16; /* fallback for 16 colours, -1 */
    bool bold, dim, underline, reverse;
};

struct theme {
    char *name;
    struct theme_style style[STYLE_COUNT];
    short ramp[16]; /* colour numbers from low to high */
    int ramp_count; /* 0: no ramp */
};

/* Errors name the file and line. */
status theme_read(const char *path, struct theme **theme, struct error *error);
/* By name: from the user's themes folder, then from the program's. Unknown names list the nearest. */
status theme_load(const char *name, struct theme **theme, struct error *error);
void theme_free(struct theme *theme);

#endif
