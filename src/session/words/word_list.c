/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of words. */
#include "session/words/word_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

void word_list_add(struct word_list *list, const char *word)
{
    if (list->failed)
        return;
    if (!list->arena)
        list->arena = arena_new();
    char *copy = list->arena ? arena_string(list->arena, word) : NULL;
    if (!copy || !mem_grow(&list->items, &list->capacity, list->count + 1, sizeof *list->items)) {
        list->failed = true;
        return;
    }
    list->items[list->count++] = copy;
}

void word_list_free(struct word_list *list)
{
    arena_free(list->arena);
    mem_free(list->items);
    *list = (struct word_list){0};
}

bool word_list_has(const struct word_list *list, const char *word)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i], word) == 0)
            return true;
    }
    return false;
}

const char *word_list_hint(struct word_list *list, const char *word)
{
    const char *near = list->count ? nearest_word(word, list->items, list->count) : NULL;
    if (!near)
        return "";
    const char *hint = arena_format(list->arena, ": did you mean '%s'?", near);
    return hint ? hint : "";
}

static int compare_words(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void word_list_sort(struct word_list *list)
{
    if (list->count)
        qsort(list->items, list->count, sizeof *list->items, compare_words);
}
