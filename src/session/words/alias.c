/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/words/alias.h"

#include <string.h>

#include "base/memory.h"
#include "base/share.h"
#include "base/status.h"

struct aliases *aliases_retain(struct aliases *aliases)
{
    if (aliases)
        share_add(&aliases->shares);
    return aliases;
}

void aliases_free(struct aliases *aliases)
{
    if (!aliases || !share_drop(&aliases->shares))
        return;
    for (int i = 0; i < aliases->count; i++) {
        mem_free(aliases->items[i].name);
        mem_free(aliases->items[i].line);
    }
    mem_free(aliases->items);
    mem_free(aliases);
}

const char *alias_line(const struct aliases *aliases, const char *name)
{
    for (int i = 0; aliases && i < aliases->count; i++) {
        if (strcmp(aliases->items[i].name, name) == 0)
            return aliases->items[i].line;
    }
    return NULL;
}

static bool add(struct aliases *aliases, const char *name, const char *line)
{
    struct alias *alias = &aliases->items[aliases->count++];
    alias->name = mem_string(name);
    alias->line = mem_string(line);
    return alias->name && alias->line;
}

status aliases_with(const struct aliases *aliases, const char *name, const char *line,
                    struct aliases **result, struct error *error)
{
    int count = aliases ? aliases->count : 0, i = 0;
    struct aliases *made = mem_new(1, sizeof *made);
    if (made)
        made->items = mem_new((size_t)count + 1, sizeof *made->items);
    bool good = made && made->items;
    for (; good && i < count && strcmp(aliases->items[i].name, name) < 0; i++)
        good = add(made, aliases->items[i].name, aliases->items[i].line);
    if (good && line)
        good = add(made, name, line);
    for (; good && i < count; i++) {
        if (strcmp(aliases->items[i].name, name) != 0)
            good = add(made, aliases->items[i].name, aliases->items[i].line);
    }
    if (!good) {
        aliases_free(made);
        return error_memory(error);
    }
    *result = made;
    return STATUS_OK;
}
