/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines that were entered while work ran and wait for their turn, in order. */
#ifndef IPPRO_TUI_WAITING_H
#define IPPRO_TUI_WAITING_H

#include <stdbool.h>
#include <stddef.h>
#include "base/text.h"

struct waiting {
    char **lines; /* owned */
    size_t count, capacity;
};

/* False when memory is out. The line is copied. */
bool waiting_add(struct waiting *waiting, const char *line);
/* The first: the caller's (mem_free); NULL when none waits. */
char *waiting_take(struct waiting *waiting);
/* Let all go. `text` gets them, separated by "; ". */
void waiting_drop(struct waiting *waiting, struct text *text);
void waiting_free(struct waiting *waiting);

#endif
