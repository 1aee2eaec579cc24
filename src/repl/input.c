/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "repl/input.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <readline/readline.h>

#include "shell/escape.h"
#include "shell/paste.h"

enum {
    SOON_MILLISECONDS = 100,
    PASTE_MILLISECONDS = 1000 /* in which more of a paste comes */
};

static struct text *typed;
static size_t taken; /* bytes of it */

/* --- bytes ---------------------------------------------------------------------------------------------- */

static bool terminal_has(int milliseconds)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    return poll(&input, 1, milliseconds) > 0;
}

static int next_byte(FILE *file)
{
    return taken < typed->length ? (unsigned char)typed->data[taken++] : rl_getc(file);
}

static int bytes_wait(void)
{
    return taken < typed->length || terminal_has(0);
}

/* The next byte, -1 when none comes soon. */
static int byte_soon(int milliseconds)
{
    return taken < typed->length || terminal_has(milliseconds) ? rl_read_key() : -1;
}

bool repl_input_wait(int milliseconds, bool *failed)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    char byte;
    *failed = false;
    if (taken < typed->length)
        return true;
    int ready = poll(&input, 1, milliseconds);
    *failed = ready < 0 && errno != EINTR;
    if (ready <= 0)
        return false;
    if (read(STDIN_FILENO, &byte, 1) != 1)
        return true; /* Readline finds the end itself */
    if (byte == ESC && !escape_is_read() && !terminal_has(ESCAPE_MILLISECONDS))
        return false;
    text_add_bytes(typed, &byte, 1);
    return true;
}

void repl_input_settle(void)
{
    if (taken)
        memmove(typed->data, typed->data + taken, typed->length - taken + 1); /* with the NUL */
    typed->length -= taken;
    taken = 0;
}

/* --- what begins with Esc and is no key ----------------------------------------------------------------- */

/* The terminal's late answer to what it was asked at the start (shell/background.h) is nothing that was
 * typed. It begins with ESC ] and ends with BEL or ESC \, */
static int drop_color(int count, int key)
{
    int byte;
    (void)count;
    (void)key;
    while ((byte = byte_soon(SOON_MILLISECONDS)) >= ' ')
        ;
    if (byte == ESC)
        byte_soon(SOON_MILLISECONDS);
    return 0;
}

/* or begins with ESC [ ? and ends with a letter. */
static int drop_attributes(int count, int key)
{
    int byte;
    (void)count;
    (void)key;
    while ((byte = byte_soon(SOON_MILLISECONDS)) >= ' ' && byte < '@')
        ;
    return 0;
}

/* Its lines come before what was typed behind it. */
static int take_paste(int count, int key)
{
    struct paste paste = {0};
    int next;
    (void)count;
    (void)key;
    paste_begin(&paste);
    while (paste.open && (next = byte_soon(PASTE_MILLISECONDS)) >= 0) {
        unsigned char byte = (unsigned char)next;
        paste_take(&paste, &byte, 1);
    }
    repl_input_settle();
    text_add_bytes(&paste.text, text_data(typed), typed->length);
    if (!paste.text.failed) {
        struct text before = *typed;
        *typed = paste.text;
        paste.text = before;
    }
    paste_free(&paste);
    return 0;
}

void repl_input_open(struct text *text)
{
    typed = text;
    rl_getc_function = next_byte;
    rl_input_available_hook = bytes_wait;
    rl_bind_keyseq("\\e]", drop_color);
    rl_bind_keyseq("\\e[?", drop_attributes);
    rl_bind_keyseq("\\e[200~", take_paste);
}
