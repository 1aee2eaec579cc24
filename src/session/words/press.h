/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Key presses and their names, for bindings: "a", "+", "F5", "Alt-Left", "Ctrl-L", "Space", "PageUp". */
#ifndef IPPRO_SESSION_WORDS_PRESS_H
#define IPPRO_SESSION_WORDS_PRESS_H

#include <stdbool.h>
#include "base/text.h"

/* A press is a character's code, or one of these, with modifiers added. */
enum press_code {
    PRESS_UP = 0x110000,
    PRESS_DOWN,
    PRESS_LEFT,
    PRESS_RIGHT,
    PRESS_HOME,
    PRESS_END,
    PRESS_PAGE_UP,
    PRESS_PAGE_DOWN,
    PRESS_INSERT,
    PRESS_DELETE,
    PRESS_BACKSPACE,
    PRESS_ENTER,
    PRESS_TAB,
    PRESS_ESCAPE,
    PRESS_F1, /* F2 to F12 follow */
    PRESS_F12 = PRESS_F1 + 11,
    PRESS_MOUSE, /* never bound */
    PRESS_PASTE, /* likewise: pasted text follows (shell/paste.h) */

    PRESS_ALT = 1 << 24,
    PRESS_CTRL = 1 << 25,
    PRESS_SHIFT = 1 << 26, /* of keys that are no characters */
    PRESS_MODIFIERS = PRESS_ALT | PRESS_CTRL | PRESS_SHIFT,
};

/* False for what names no key. Names are read in any case, characters as they are. */
bool press_parse(const char *name, int *press);
void text_add_press(struct text *text, int press);
/* Does the press mean something at a prompt: a character, or a key of line editing? All do but function keys,
 * and arrows and pages with a modifier. */
bool press_edits(int press);

#endif
