/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shell/type_ahead.h"

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "shell/interrupt.h"
#include "shell/rescue.h"
#include "shell/terminal.h"
#include "shell/terminal_signals.h"
#include "shell/window.h"

static struct {
    struct text *typed; /* NULL: no prompt reads */
    struct termios before;
    bool begun;
    bool interrupted; /* what was typed before is gone, what comes is kept */
    size_t dropped;   /* lines */
} ahead;

static void arm_rescue(void)
{
    rescue_prepare(STDIN_FILENO, -1, &ahead.before, window_end(), strlen(window_end()));
}

void type_ahead_open(struct text *typed)
{
    ahead.typed = typed;
    ahead.interrupted = false;
    ahead.dropped = 0;
    if (tcgetattr(STDIN_FILENO, &ahead.before) == 0)
        arm_rescue();
}

/* A program in the background leaves the terminal alone. */
void type_ahead_begin(void)
{
    if (!ahead.typed || ahead.begun || tcgetpgrp(STDIN_FILENO) != getpgrp() ||
        tcgetattr(STDIN_FILENO, &ahead.before) != 0)
        return;
    ahead.begun = true;
    arm_rescue();
    terminal_signals_catch();
    struct termios modes = terminal_unseen(&ahead.before);
    tcsetattr(STDIN_FILENO, TCSADRAIN, &modes); /* nothing that was typed before is thrown away */
}

static void give_back(void)
{
    ahead.begun = false;
    tcsetattr(STDIN_FILENO, TCSADRAIN, &ahead.before);
    terminal_signals_release();
}

static size_t lines_of(const struct text *text)
{
    size_t lines = 0;
    for (size_t i = 0; i < text->length; i++)
        lines += text->data[i] == '\r' || text->data[i] == '\n';
    return lines;
}

static void drop_interrupted(void)
{
    if (ahead.interrupted || !interrupt_seen())
        return;
    ahead.interrupted = true;
    ahead.dropped = lines_of(ahead.typed);
    text_clear(ahead.typed);
}

/* Continued in the background the work goes on without the terminal; who runs it begins again in the
 * foreground. */
static void suspend(void)
{
    terminal_signals.stopped = 0;
    window_leave();
    give_back();
    rescue_forget();
    raise(SIGSTOP);
}

size_t type_ahead_look(void)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    char bytes[1024];
    ssize_t got;
    if (!ahead.begun)
        return 0;
    if (terminal_signals.stopped)
        suspend();
    drop_interrupted();
    while (ahead.begun && poll(&input, 1, 0) > 0 && (got = read(STDIN_FILENO, bytes, sizeof bytes)) > 0) {
        bool escape = got == 1 && bytes[0] == '\033'; /* alone it is no beginning of a key */
        text_add_bytes(ahead.typed, bytes, escape ? 0 : (size_t)got);
    }
    return lines_of(ahead.typed);
}

void type_ahead_end(void)
{
    if (!ahead.begun)
        return;
    type_ahead_look();
    if (ahead.begun)
        give_back();
}

size_t type_ahead_settle(void)
{
    if (ahead.typed)
        drop_interrupted();
    ahead.typed = NULL;
    rescue_forget();
    return ahead.dropped;
}
