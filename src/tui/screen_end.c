/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Capabilities of terminfo without their padding. */
#include "tui/screen_end.h"

#include <string.h>

#include "shell/paste.h"

/* clang-format off: term.h needs curses.h before it */
#include <curses.h>
#include <term.h>
/* clang-format on */

/* A capability without its padding ("$<5>"). */
static void add_capability(struct text *text, const char *name)
{
    const char *value = tigetstr(name);
    if (!value || value == (char *)-1)
        return;
    while (*value) {
        const char *end = value[0] == '$' && value[1] == '<' ? strchr(value, '>') : NULL;
        if (!end)
            text_add_bytes(text, value, 1);
        value = end ? end + 1 : value + 1;
    }
}

void text_add_screen_end(struct text *text, int terminal)
{
    int state;
    TERMINAL *before = set_curterm(NULL);
    if (setupterm(NULL, terminal, &state) == OK) {
        const char *mouse = tigetstr("kmous");
        if (mouse && mouse != (char *)-1)
            text_add(text, "\033[?1006l\033[?1000l");
        text_add(text, PASTE_OFF);
        add_capability(text, "sgr0");
        add_capability(text, "cnorm");
        add_capability(text, "rmcup");
        text_add(text, "\r\n");
    }
    TERMINAL *mine = set_curterm(before);
    if (mine)
        del_curterm(mine);
}
