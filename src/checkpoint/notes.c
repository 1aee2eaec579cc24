/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines about a checkpoint. */
#include "checkpoint/notes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/text.h"

enum { LINE_SIZE = 512, MOST_COLUMNS = 200 };

status notes_add(struct notes *notes, struct error *error, const char *format, ...)
{
    char raw[LINE_SIZE];
    struct text line = {0};
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(raw, sizeof raw, format, arguments);
    va_end(arguments);
    if (length < 0)
        return STATUS_OK;
    text_add_escaped(&line, raw, MOST_COLUMNS);
    bool known = false;
    for (int i = 0; i < notes->count && !line.failed; i++)
        known = known || strcmp(notes->lines[i], line.data) == 0;
    if (!known && notes->count == MOST_NOTES)
        notes->passed_over++;
    else if (!known && !line.failed &&
             !(notes->lines[notes->count++] = arena_string(notes->arena, line.data)))
        line.failed = true;
    bool failed = line.failed;
    text_free(&line);
    return failed ? error_memory(error) : STATUS_OK;
}

status notes_end(struct notes *notes, struct error *error)
{
    if (notes->passed_over == 0)
        return STATUS_OK;
    const char *line = arena_format(notes->arena, "and %d more", notes->passed_over);
    if (!line)
        return error_memory(error);
    notes->lines[notes->count++] = line;
    return STATUS_OK;
}
