/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words in quotes. */
#include "session/words/quote.h"

#include <string.h>

#include "base/text.h"

void text_add_word(struct text *text, const char *word)
{
    bool plain = *word && *word != '#' && !strpbrk(word, " \t\r\n;>\"'\\=");
    if (plain) {
        text_add(text, word);
        return;
    }
    text_add(text, "\"");
    for (; *word; word++) {
        if (*word == '"' || *word == '\\')
            text_add(text, "\\");
        text_add_bytes(text, word, 1);
    }
    text_add(text, "\"");
}
