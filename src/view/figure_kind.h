/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a kind of figure is: one row, which says how figures of the kind are drawn and written. Private to
 * this room. The row of each kind stands in kinds/NAME.c, beside what builds such figures; the list of kinds
 * is FIGURE_KIND_LIST. A figure has passed figure_check wherever a function of its row is called, `check`
 * apart. */
#ifndef IPPRO_VIEW_FIGURE_KIND_H
#define IPPRO_VIEW_FIGURE_KIND_H

#include "view/figure.h"

struct csv;
struct drawing;
struct field_builder;
struct json;
struct json_t;
struct plot;

struct figure_kind_row {
    const char *name; /* in JSON and in scripts */
    /* Is the content whole? NULL: it always is. */
    status (*check)(const struct figure *figure, struct error *error);

    /* Cells (cells/draw.h), without title and notes: draw at drawing->line and move it on. */
    void (*draw)(struct drawing *drawing, const struct figure *figure);
    /* In at most `height` lines where there is no room for `draw`; false: nothing, the title is drawn
     * instead. NULL: always the title. */
    bool (*draw_least)(struct drawing *drawing, const struct figure *figure, int height);
    /* The width at which nothing is left out; NULL: any width will do. */
    int (*natural_width)(struct drawing *drawing, const struct figure *figure);
    /* Rows, of which a low pane shows the first ones; NULL: a plot, which takes the height there is. */
    int *(*rows)(struct figure *figure);
    /* Several plots of one height each: a pane scrolls them where they are more than it has lines. */
    bool tall;
    /* Decimals, of which a narrow pane shows fewer; NULL: none to leave out. */
    int *(*decimals)(struct figure *figure);

    /* Files (write/write.h): rows behind the comment lines of facts; members of the figure's object. */
    void (*csv)(struct csv *csv, const struct figure *figure);
    void (*json)(struct json *json, struct json_t *object, const struct figure *figure);
    /* Its numbers as an array of doubles: rank and dims are written where there are any, and values, which
     * are the caller's, where memory was had. NULL: it is no array. */
    void (*array)(const struct figure *figure, struct figure_array *array);

    /* Scripts (fields.h): fields of the figure beside its name, title, facts and notes. */
    void (*fields)(struct field_builder *builder, const struct figure *figure);

    /* Pictures (picture/plot.h): draw at plot->y and move it on. */
    void (*plot)(struct plot *plot, const struct figure *figure);
    /* Pixels of width that it needs without margins; NULL: any width will do. */
    int (*plot_width)(struct plot *plot, const struct figure *figure);
    /* Pixels of height that it takes at least, so that a picture that is too large is refused before it is
     * drawn; NULL: those of one plot. */
    double (*plot_least_height)(const struct figure *figure);
};

const struct figure_kind_row *figure_kind_row(enum figure_kind kind);

#endif
