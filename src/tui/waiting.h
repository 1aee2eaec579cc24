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
    size_t taken; /* before them, ever: line i is the one number taken + i */
};

/* False when memory is out. The line is copied. */
bool waiting_add(struct waiting *waiting, const char *line);
/* The first: the caller's (mem_free); NULL when none waits. */
char *waiting_take(struct waiting *waiting);
/* The last; NULL when none waits. Borrowed. */
const char *waiting_last(const struct waiting *waiting);
/* Let those go whose number is `number` or more. Returns how many they were. */
size_t waiting_cut(struct waiting *waiting, size_t number);
/* Let all go. `text` gets them, separated by "; ". */
void waiting_drop(struct waiting *waiting, struct text *text);
void waiting_free(struct waiting *waiting);

#endif
