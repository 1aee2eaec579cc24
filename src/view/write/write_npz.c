/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The numbers of several figures as arrays of NumPy in one file; what is written is described in write.h. */
#include <stdio.h>
#include <string.h>

#include "archive/package_write.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "view/figure.h"
#include "view/write/write.h"

static const char *array_name(const struct figure *figure)
{
    return figure->array.values && figure->array.name ? figure->array.name : figure->name;
}

/* NAME.npy of figure `index`, in the arena; NULL without memory. Names are of a file's making: a slash would
 * be a folder. */
static const char *member_name(const struct figure *const *figures, int index, struct arena *arena)
{
    struct text name = {0};
    int before = 0;
    text_add_escaped(&name, array_name(figures[index]), 0);
    for (int i = 0; i < index; i++)
        before += strcmp(array_name(figures[i]), array_name(figures[index])) == 0;
    if (before > 0)
        text_add_format(&name, "_%d", before + 1);
    text_add(&name, ".npy");
    char *copy = name.failed ? NULL : arena_string(arena, text_data(&name));
    for (char *c = copy; c && *c; c++)
        *c = *c == '/' || (unsigned char)*c >= 0x7f ? '_' : *c;
    text_free(&name);
    return copy;
}

static void fill(const void *argument, unsigned char *out)
{
    const struct text *bytes = argument;
    memcpy(out, bytes->data, bytes->length);
}

static status write_members(const struct figure *const *figures, int count, struct text *bytes,
                            struct package_source *members, struct arena *arena, struct text *out,
                            struct error *error)
{
    unsigned char *package;
    size_t size;
    for (int i = 0; i < count; i++) {
        if (write_npy(&figures[i], 1, &bytes[i], error) != STATUS_OK)
            return error->code;
        members[i] = (struct package_source){.name = member_name(figures, i, arena),
                                             .size = bytes[i].length,
                                             .fill = fill,
                                             .argument = &bytes[i]};
        if (!members[i].name)
            return error_memory(error);
    }
    if (package_bytes("the arrays", members, (size_t)count, &package, &size, error) != STATUS_OK)
        return error->code;
    text_add_bytes(out, (const char *)package, size);
    mem_free(package);
    return out->failed ? error_memory(error) : STATUS_OK;
}

status write_npz(const struct figure *const *figures, int count, struct text *out, struct error *error)
{
    struct arena *arena = arena_new();
    struct text *bytes = arena ? arena_alloc(arena, (size_t)count + 1, sizeof *bytes) : NULL;
    struct package_source *members = arena ? arena_alloc(arena, (size_t)count + 1, sizeof *members) : NULL;
    status code = bytes && members ? write_members(figures, count, bytes, members, arena, out, error)
                                   : error_memory(error);
    for (int i = 0; bytes && i < count; i++)
        text_free(&bytes[i]);
    arena_free(arena);
    return code;
}
