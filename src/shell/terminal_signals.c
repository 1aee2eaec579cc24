/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shell/terminal_signals.h"

#include <stddef.h>

enum { KINDS = 2 };
static const int screen[KINDS] = {SIGWINCH, SIGTSTP}, ends[KINDS] = {SIGTERM, SIGHUP};

struct terminal_signals terminal_signals;
static struct sigaction screen_before[KINDS], ends_before[KINDS];
static int holders; /* of the signals that end the program */
static void (*volatile cancel)(void);

static void note(int number)
{
    if (number == SIGWINCH)
        terminal_signals.resized = 1;
    else if (number == SIGTSTP)
        terminal_signals.stopped = 1;
    else
        terminal_signals.ending = number;
    if (terminal_signals.ending && cancel)
        cancel();
}

static void take(const int numbers[KINDS], struct sigaction before[KINDS])
{
    struct sigaction action = {.sa_handler = note};
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < KINDS; i++)
        sigaction(numbers[i], &action, &before[i]);
}

static void release(const int numbers[KINDS], const struct sigaction before[KINDS])
{
    for (int i = 0; i < KINDS; i++)
        sigaction(numbers[i], &before[i], NULL);
}

void terminal_signals_catch(void)
{
    take(screen, screen_before);
    terminal_signals_catch_ends(cancel);
}

void terminal_signals_release(void)
{
    terminal_signals_release_ends();
    release(screen, screen_before);
}

void terminal_signals_catch_ends(void (*function)(void))
{
    cancel = function;
    if (holders++ == 0)
        take(ends, ends_before);
}

void terminal_signals_release_ends(void)
{
    if (--holders > 0)
        return;
    release(ends, ends_before);
    cancel = NULL;
}
