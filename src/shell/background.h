/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether the terminal's background is dark or light: the terminal is asked for its colour (OSC 11, which
 * xterm and most others answer), else the variable COLORFGBG tells. */
#ifndef IPPRO_SHELL_BACKGROUND_H
#define IPPRO_SHELL_BACKGROUND_H

#include <stdbool.h>
#include <stddef.h>
#include "base/text.h"
#include "view/theme.h"

/* What a terminal has answered so far. */
struct background_reply {
    bool colored;    /* the colour is known */
    double color[3]; /* red, green, blue, 0..1 */
    bool ended;      /* the last question was answered: nothing more will come */
};

/* Take the answers (OSC 11 and device attributes) out of `bytes`; returns how many bytes are left, which are
 * what was typed meanwhile. An answer whose end is missing is left. */
size_t background_take(unsigned char *bytes, size_t count, struct background_reply *reply);
/* Does an answer whose end is missing begin somewhere in `bytes`? */
bool background_unfinished(const unsigned char *bytes, size_t count);

/* Dark and light where the themes' colours have enough contrast, unknown in between. color: each 0..1. */
enum background background_of_color(const double color[3]);
/* "15;0", "0;default;15": the last number is that of the background; NULL and what is no such number:
 * unknown. */
enum background background_of_variable(const char *value);

/* Without asking. */
enum background background_told(void);
/* Ask the terminal behind `input` and `output`, which nobody reads from meanwhile. A terminal that does not
 * answer costs a quarter of a second. What was typed meanwhile is appended to `typed`; a late answer is the
 * caller's. In the background, and on a terminal without colours or of a kind that does not take the
 * question, nothing is asked. */
enum background background_find(int input, int output, struct text *typed);

#endif
