/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shell/terminal_signals.h"

static const int caught[] = {SIGWINCH, SIGTSTP, SIGTERM, SIGHUP};
enum { CAUGHT = sizeof caught / sizeof *caught };

struct terminal_signals terminal_signals;
static struct sigaction before[CAUGHT];

static void note(int number)
{
    if (number == SIGWINCH)
        terminal_signals.resized = 1;
    else if (number == SIGTSTP)
        terminal_signals.stopped = 1;
    else
        terminal_signals.ending = number;
}

void terminal_signals_catch(void)
{
    struct sigaction action = {.sa_handler = note};
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < CAUGHT; i++)
        sigaction(caught[i], &action, &before[i]);
}

void terminal_signals_release(void)
{
    for (int i = 0; i < CAUGHT; i++)
        sigaction(caught[i], &before[i], NULL);
}
