/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Figures as files. All of them carry the numbers that the screen shows, CSV and JSON with every digit.
 *
 * CSV (RFC 4180 with comment lines; pandas.read_csv(..., comment='#') reads a file of one figure). Several
 * figures follow one another with an empty line between. Each begins with comment lines
 *
 *     # figure: hist
 *     # title: ...
 *     # KEY: VALUE          facts: model, data, seed ...
 *     # note: ...
 *
 * and goes on with a header and rows, in long form where that is easier to read back. NaN and infinity are
 * nan, inf, -inf. Names are written as the screen shows them: control characters and invalid bytes as
 * escapes.
 *
 * JSON: {"figures": [...]}, each {"figure", "kind", "title", "facts": {...}, "notes": [...]} and what its
 * kind adds.
 *
 * The columns and members of each kind of figure are described in kinds/NAME.c; a member "percent" says that
 * the values are fractions which people see as percent; the file has the fractions. Reals have 17 digits; NaN
 * (also: not computed yet) and the infinities, which JSON does not have, are the strings "nan", "inf",
 * "-inf". The file is ASCII (other characters as \u escapes), so names are exact and cannot harm a terminal;
 * only invalid UTF-8 is replaced by escapes.
 *
 * NPY: one array, of one figure: the array that it is about, in its own type, or what `array` of its kind
 * says, in float64.
 *
 * NPZ: the same of several figures, a member each: NAME.npy, after the array's name or else the figure's; of
 * figures with equal names the later ones are NAME_2, NAME_3 and so on.
 *
 * TXT: the lines of the screen in UTF-8 without escape sequences, as wide as the figure needs.
 *
 * PNG: pictures one below the other, see picture/plot.h. */
#ifndef IPPRO_VIEW_WRITE_WRITE_H
#define IPPRO_VIEW_WRITE_WRITE_H

#include "base/status.h"
#include "base/text.h"
#include "view/figure.h"

/* One file format: a row in the table of formats. */
struct figure_format {
    const char *extension, *help;
    /* All of the figures of one command, in order, as one file's bytes (PNG: one picture below the other). */
    status (*write)(const struct figure *const *figures, int count, struct text *out, struct error *error);
    bool picture; /* has a size in pixels */
};
/* A size in pixels; 0: what the figures need. Plots take the height there is. */
struct picture_size {
    int width, height;
};
/* "1200x800", or "1200x" for a height that follows. STATUS_USAGE otherwise, STATUS_RANGE beyond what can be
 * drawn. */
status picture_size_parse(const char *text, struct picture_size *size, struct error *error);
const struct figure_format *
figure_format_find(const char *extension);               /* in any case: "CSV"; NULL when unknown */
const struct figure_format *figure_format_at(int index); /* csv json npy npz png txt; NULL past the end */
/* Write to a file by its extension, replacing it atomically. Unknown extensions name the known ones
 * (STATUS_USAGE). */
status figures_save(const struct figure *const *figures, int count, const char *path, struct error *error);
/* The same with a size for pictures; one that the figures do not fit into is refused with what they need
 * (STATUS_RANGE). */
status figures_save_sized(const struct figure *const *figures, int count, const char *path,
                          const struct picture_size *size, struct error *error);

/* The writers. They append to `out`, which keeps its old content on failure. */
status write_csv(const struct figure *const *figures, int count, struct text *out, struct error *error);
status write_json(const struct figure *const *figures, int count, struct text *out, struct error *error);
status write_npy(const struct figure *const *figures, int count, struct text *out, struct error *error);
status write_npz(const struct figure *const *figures, int count, struct text *out, struct error *error);
status write_png(const struct figure *const *figures, int count, struct text *out, struct error *error);
/* A PNG of a given size. */
status write_picture(const struct figure *const *figures, int count, const struct picture_size *size,
                     struct text *out, struct error *error);
status write_txt(const struct figure *const *figures, int count, struct text *out, struct error *error);

#endif
