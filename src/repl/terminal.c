/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Terminal capabilities from terminfo, the environment and the kernel. */
#include "repl/terminal.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* clang-format off: term.h needs curses.h before it */
#include <curses.h>
#include <term.h>
/* clang-format on */

int terminal_colors(int descriptor)
{
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    int ignored;
    if (!isatty(descriptor) || !term || !*term || strcmp(term, "dumb") == 0)
        return -1;
    if (setupterm(NULL, descriptor, &ignored) != OK)
        return -1;
    int colors = tigetnum("colors");
    /* A terminal that cannot even reset its attributes gets plain text. */
    char *reset = tigetstr("sgr0");
    if (!reset || reset == (char *)-1)
        return -1;
    if (no_color && *no_color)
        return 0;
    return colors >= 256 ? 256 : colors >= 16 ? 16 : colors >= 8 ? 8 : 0;
}

int terminal_columns(int descriptor)
{
    struct winsize size;
    if (!isatty(descriptor) || ioctl(descriptor, TIOCGWINSZ, &size) != 0)
        return 0;
    return size.ws_col ? size.ws_col : 80;
}

bool terminal_utf8(void)
{
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}
