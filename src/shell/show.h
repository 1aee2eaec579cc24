/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replies and errors on a plain terminal or in a pipe. */
#ifndef IPPRO_SHELL_SHOW_H
#define IPPRO_SHELL_SHOW_H

#include <stdbool.h>
#include <stdio.h>
#include "session/session.h"

struct canvas;

/* How the front end was started. */
struct show {
    bool plain;        /* never an escape sequence */
    bool ascii;        /* ASCII characters only, whatever the locale */
    bool piped_colors; /* colours also where there is no terminal, as long as the option color says yes */
    bool apart;        /* batch mode: an empty line between a command's figures and what was shown before */
    bool shown;        /* something was shown before */
    bool quiet;        /* results only: no notes, no progress */
    bool pages;        /* at the prompt: what is longer than the screen goes to a pager */
};

/* Whether to draw with ASCII alone: as the option ascii says; by itself where the terminal has no more, the
 * program was started so, or the theme wants it. */
bool show_ascii(const struct show *show, const struct session *session);
/* Colours to draw with on a descriptor (terminal_colors): what it has, as the option color and the program's
 * start say. */
int show_colors(const struct show *show, const struct session *session, int descriptor);
/* Colours to draw with where the terminal has so many (terminal_colors), as the option color says. */
int show_depth(const struct session *session, int colors);
/* Print the reply's paragraphs and figures to `file`, as wide as its terminal, 80 columns elsewhere, or as
 * the option width says. */
status show_reply(struct show *show, const struct session *session, const struct reply *reply, FILE *file,
                  struct error *error);
/* The same as text, without escape sequences and 80 columns wide where the option width says nothing, added
 * to `out`. */
status show_reply_text(const struct show *show, const struct session *session, const struct reply *reply,
                       struct text *out, struct error *error);
/* One paragraph of a reply below what the canvas holds, wrapped at `width` columns. */
void show_paragraph(struct canvas *canvas, int width, const struct reply_item *item);
/* One line on standard error, behind `where` ("tour.ippro:12", may be NULL). */
void show_error(const struct show *show, const struct session *session, const char *where,
                const struct error *error);

#endif
