/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/waiting.h"

#include <string.h>

#include "base/memory.h"

bool waiting_add(struct waiting *waiting, const char *line)
{
    char *copy = mem_string(line);
    if (!copy || !mem_grow(&waiting->lines, &waiting->capacity, waiting->count + 1, sizeof *waiting->lines)) {
        mem_free(copy);
        return false;
    }
    waiting->lines[waiting->count++] = copy;
    return true;
}

char *waiting_take(struct waiting *waiting)
{
    if (!waiting->count)
        return NULL;
    char *line = waiting->lines[0];
    waiting->taken++;
    memmove(waiting->lines, waiting->lines + 1, --waiting->count * sizeof *waiting->lines);
    return line;
}

const char *waiting_last(const struct waiting *waiting)
{
    return waiting->count ? waiting->lines[waiting->count - 1] : NULL;
}

size_t waiting_cut(struct waiting *waiting, size_t number)
{
    size_t kept = number > waiting->taken ? number - waiting->taken : 0, gone = 0;
    while (waiting->count > kept) {
        mem_free(waiting->lines[--waiting->count]);
        gone++;
    }
    return gone;
}

void waiting_drop(struct waiting *waiting, struct text *text)
{
    for (size_t i = 0; i < waiting->count; i++) {
        text_add_format(text, "%s%s", i ? "; " : "", waiting->lines[i]);
        mem_free(waiting->lines[i]);
    }
    waiting->count = 0;
}

void waiting_free(struct waiting *waiting)
{
    struct text ignored = {0};
    waiting_drop(waiting, &ignored);
    text_free(&ignored);
    mem_free(waiting->lines);
    *waiting = (struct waiting){0};
}
