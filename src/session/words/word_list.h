/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of words, for completion and for the word that is nearest to a wrong one. */
#ifndef IPPRO_SESSION_WORDS_WORD_LIST_H
#define IPPRO_SESSION_WORDS_WORD_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* A growing list of words in an arena of its own. `failed` when memory ran out. */
struct word_list {
    struct arena *arena;
    const char **items;
    size_t count, capacity;
    bool failed;
};
void word_list_add(struct word_list *list, const char *word); /* copied */
void word_list_sort(struct word_list *list);                  /* by bytes */
void word_list_free(struct word_list *list);
bool word_list_has(const struct word_list *list, const char *word);
/* ": did you mean 'x'?", or "" where no word of the list is near. The text lives in the list's arena. */
const char *word_list_hint(struct word_list *list, const char *word);

#endif
