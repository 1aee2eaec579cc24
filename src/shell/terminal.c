/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Terminal capabilities from terminfo, the environment and the kernel. */
#include "shell/terminal.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* clang-format off: term.h needs curses.h before it */
#include <curses.h>
#include <term.h>
/* clang-format on */

/* Colours of the terminal TERM names, -1 when it is unknown or cannot even reset its attributes. Readline has
 * a terminal of its own in the same library, which is put back. */
static int look_up_colors(int descriptor)
{
    TERMINAL *before = set_curterm(NULL);
    int ignored, colors = -1;
    if (setupterm(NULL, descriptor, &ignored) == OK) {
        char *reset = tigetstr("sgr0");
        if (reset && reset != (char *)-1)
            colors = tigetnum("colors") > 0 ? tigetnum("colors") : 0;
    }
    TERMINAL *mine = set_curterm(before);
    if (mine)
        del_curterm(mine);
    return colors;
}

/* Of the terminal TERM names; looked up once. */
static int known_colors(void)
{
    static bool known;
    static int colors;
    const char *term = getenv("TERM");
    if (!term || !*term || strcmp(term, "dumb") == 0)
        return -1;
    if (!known)
        colors = look_up_colors(STDOUT_FILENO);
    known = true;
    return colors >= 256 ? 256 : colors >= 16 ? 16 : colors >= 8 ? 8 : colors < 0 ? -1 : 0;
}

int terminal_colors(int descriptor)
{
    const char *no_color = getenv("NO_COLOR");
    const int colors = isatty(descriptor) ? known_colors() : -1;
    return colors > 0 && no_color && *no_color ? 0 : colors;
}

int terminal_colors_named(void)
{
    const int colors = known_colors();
    return colors > 0 ? colors : 8;
}

bool terminal_is_of(const char *const *names)
{
    const char *term = getenv("TERM");
    for (; term && *names; names++) {
        if (strncmp(term, *names, strlen(*names)) == 0)
            return true;
    }
    return false;
}

bool terminal_in_background(int descriptor)
{
    const pid_t owner = tcgetpgrp(descriptor);
    return owner >= 0 && owner != getpgrp();
}

struct termios terminal_unseen(const struct termios *before)
{
    struct termios modes = *before;
    modes.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    modes.c_cc[VMIN] = 1;
    modes.c_cc[VTIME] = 0;
    return modes;
}

static const char *const xterms[] = {"xterm",   "rxvt",  "screen", "tmux",    "foot", "alacritty", "kitty",
                                     "konsole", "gnome", "vte",    "wezterm", "st-",  "mintty",    NULL};

static const char *capability(const char *name)
{
    const char *value = tigetstr(name);
    return value && value != (char *)-1 ? value : "";
}

void terminal_title(int descriptor, struct terminal_title *title)
{
    int state;
    TERMINAL *before = set_curterm(NULL);
    *title = (struct terminal_title){0};
    if (setupterm(NULL, descriptor, &state) == OK) {
        const char *begin = capability("tsl"), *end = capability("fsl");
        title->stacked = tigetflag("XT") > 0 || terminal_is_of(xterms);
        if (title->stacked) {
            text_add(&title->before, "\033]2;");
            text_add(&title->after, "\a");
        } else if (*begin && *end) {
            text_add(&title->before, tiparm(begin, 0));
            text_add(&title->after, end);
        }
    }
    TERMINAL *mine = set_curterm(before);
    if (mine)
        del_curterm(mine);
}

int terminal_columns(int descriptor)
{
    struct winsize size;
    if (!isatty(descriptor) || ioctl(descriptor, TIOCGWINSZ, &size) != 0)
        return 0;
    return size.ws_col ? size.ws_col : 80;
}

int terminal_lines(int descriptor)
{
    struct winsize size;
    return isatty(descriptor) && ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_row : 0;
}

bool terminal_utf8(void)
{
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}
