/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "architecture/table.h"

#include <pthread.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"

enum { TABLE_MAX = 1024, NAME_LENGTH = 63 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct architecture *table[TABLE_MAX];
static int own_count, count; /* own ones stand in front */

static int place_of(const char *name)
{
    int place = 0;
    while (place < count && strcmp(table[place]->name, name) != 0)
        place++;
    return place;
}

static void take_out(int place)
{
    architecture_free(table[place]);
    memmove(&table[place], &table[place + 1], (size_t)(count - place - 1) * sizeof *table);
    count--;
    own_count -= place < own_count;
}

static void put_in(struct architecture *architecture, bool own)
{
    const int place = own ? own_count : count;
    memmove(&table[place + 1], &table[place], (size_t)(count - place) * sizeof *table);
    table[place] = architecture;
    count++;
    own_count += own;
}

static status check_name(const char *name, struct error *error)
{
    const size_t length = strlen(name);
    if (length > 0 && length <= NAME_LENGTH && *name >= 'a' && *name <= 'z' &&
        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == length)
        return STATUS_OK;
    return error_set(error, STATUS_USAGE,
                     "a network's name is a word of at most %d small letters, digits, hyphens, dots and "
                     "underscores",
                     NAME_LENGTH);
}

status architecture_table_add(struct architecture *architecture, bool own, struct error *error)
{
    status code = check_name(architecture->name, error);
    if (code != STATUS_OK)
        return code;
    pthread_mutex_lock(&lock);
    const int place = place_of(architecture->name);
    if (place < own_count && !own) {
        /* the user's own stays */
    } else if (place == count && count == TABLE_MAX) {
        code = error_set(error, STATUS_RANGE, "more than %d networks are described", TABLE_MAX);
    } else if (place < count && (place < own_count) == own) {
        architecture_free(table[place]);
        table[place] = architecture_retain(architecture);
    } else {
        if (place < count)
            take_out(place);
        put_in(architecture_retain(architecture), own);
    }
    pthread_mutex_unlock(&lock);
    return code;
}

struct architecture *architecture_table_find(const char *name)
{
    pthread_mutex_lock(&lock);
    const int place = place_of(name);
    struct architecture *found = place < count ? architecture_retain(table[place]) : NULL;
    pthread_mutex_unlock(&lock);
    return found;
}

status architecture_list_all(struct architecture_list *list, struct error *error)
{
    pthread_mutex_lock(&lock);
    list->items = mem_new((size_t)count, sizeof(struct architecture *));
    list->count = list->items ? count : 0;
    for (int i = 0; i < list->count; i++)
        list->items[i] = architecture_retain(table[i]);
    pthread_mutex_unlock(&lock);
    return list->items ? STATUS_OK : error_memory(error);
}

void architecture_list_free(struct architecture_list *list)
{
    for (int i = 0; i < list->count; i++)
        architecture_free(list->items[i]);
    mem_free(list->items);
    *list = (struct architecture_list){0};
}
