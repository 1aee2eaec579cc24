/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text that a terminal brackets as pasted (ESC [200~ ... ESC [201~): lines, never keys. */
#ifndef IPPRO_SHELL_PASTE_H
#define IPPRO_SHELL_PASTE_H

#include <stdbool.h>
#include <stddef.h>
#include "base/text.h"

#define PASTE_ON  "\033[?2004h" /* asks the terminal for the brackets */
#define PASTE_OFF "\033[?2004l"

struct paste {
    bool open;   /* its end did not come yet */
    bool ended;  /* the last byte was a carriage return: a line feed behind it is the same end of a line */
    int matched; /* bytes of the end that came */
    struct text text; /* what came: '\n' ends lines, tabs are blanks, other control characters are left out */
};

/* Behind the bracket that opens. */
void paste_begin(struct paste *paste);
/* Take bytes up to the bracket that closes; returns how many those are. */
size_t paste_take(struct paste *paste, const unsigned char *bytes, size_t count);
void paste_free(struct paste *paste);

#endif
