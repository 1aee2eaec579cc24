/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shell/paste.h"

static const char closing[] = "\033[201~";
enum { CLOSING = sizeof closing - 1, DELETE = 0x7f };

void paste_begin(struct paste *paste)
{
    text_clear(&paste->text);
    paste->open = true;
    paste->ended = false;
    paste->matched = 0;
}

static void add(struct paste *paste, char byte)
{
    bool again = paste->ended && byte == '\n';
    paste->ended = byte == '\r';
    if (again)
        return;
    if (byte == '\r' || byte == '\n')
        text_add(&paste->text, "\n");
    else if (byte == '\t')
        text_add(&paste->text, " ");
    else if ((unsigned char)byte >= ' ' && byte != DELETE)
        text_add_bytes(&paste->text, &byte, 1);
}

size_t paste_take(struct paste *paste, const unsigned char *bytes, size_t count)
{
    size_t used = 0;
    while (paste->open && used < count) {
        char byte = (char)bytes[used++];
        if (byte == closing[paste->matched]) {
            paste->open = ++paste->matched < CLOSING;
            continue;
        }
        for (int i = 0; i < paste->matched; i++)
            add(paste, closing[i]);
        paste->matched = byte == closing[0];
        if (!paste->matched)
            add(paste, byte);
    }
    return used;
}

void paste_free(struct paste *paste)
{
    text_free(&paste->text);
    *paste = (struct paste){0};
}
