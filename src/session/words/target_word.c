/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of words for kinds of blocks. */
#include "session/words/target_word.h"

#include <stddef.h>
#include <string.h>

static const char *const words[] = {
    [TARGET_STREAMS] = "streams",
    [TARGET_INNER] = "inner",
    [TARGET_ALL] = "all",
};
enum { WORDS = sizeof words / sizeof *words };

const char *target_word_at(int index)
{
    return index >= 0 && index < WORDS ? words[index] : NULL;
}

enum target_word target_word_find(const char *text)
{
    for (int i = 0; i < WORDS; i++) {
        if (strcmp(words[i], text) == 0)
            return (enum target_word)i;
    }
    return TARGET_NONE;
}
