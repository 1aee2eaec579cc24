/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The signs that figures, panes and progress are drawn with, in two sets: Unicode, and printable ASCII for
 * terminals and files that have nothing else. A sign of either set takes one column, but for the ellipsis. */
#ifndef IPPRO_VIEW_GLYPHS_H
#define IPPRO_VIEW_GLYPHS_H

#include <stdbool.h>
#include "base/text.h"

enum { GLYPH_SHAPES = 8, GLYPH_MARKS = 4 };

struct glyph_set {
    bool ascii;
    const char *column[9];               /* bars upwards, 0 to 8 eighths */
    const char *row[9];                  /* bars to the right */
    const char *cut[9];                  /* the same of what would be pruned: told apart without colour */
    const char *track, *shade;           /* the part of a bar to the right that is empty; where it is gone */
    const char *kept, *gone, *gone_half; /* a line of which a part goes; half a sign at its beginning */
    const char *vertical, *horizontal, *tick_left, *tick_down, *corner, *origin, *cut_axis;
    const char *threshold, *threshold_line, *ellipsis, *dot;
    const char *marker;              /* what is meant: the pane in focus, a row */
    const char *opened, *closed;     /* of a tree */
    const char *tied;                /* a layer whose channels are part of a stream */
    const char *rising, *falling;    /* the order of a column */
    const char *up, *down;           /* there is more that way */
    const char *typed;               /* in front of a line that was typed */
    const char *shape[GLYPH_SHAPES]; /* points of curves */
    const char *mark[GLYPH_MARKS];   /* points of a scatter: kept, cut by x, by y, by both */
};

const struct glyph_set *glyph_set(bool ascii);

/* A bar of `width` columns, the share (0 to 1) of it full; the rest is made of `empty`. */
void text_add_bar(struct text *text, const struct glyph_set *glyphs, double share, int width,
                  const char *empty);

#endif
