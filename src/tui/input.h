/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is typed and pasted at the terminal, from its bytes to what they do. Acting on a key may begin work,
 * within which the event loop (tui.c) turns and asks for the next. */
#ifndef IPPRO_TUI_INPUT_H
#define IPPRO_TUI_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "shell/paste.h"

struct display;
struct explorer;

enum { INPUT_MOST = 1024 };

struct input {
    struct explorer *explorer;
    const struct display *display;
    /* Between two lines that wait: draw, and look at keys. */
    void (*turn)(void *argument);
    void *turn_argument;
    unsigned char bytes[INPUT_MOST]; /* not decoded yet */
    int count;
    size_t typed;       /* bytes of what was typed before the screen was there that are taken */
    int burst;          /* of `count`, what came at once and is more than one line */
    double heard;       /* when the last of them came, in seconds */
    struct paste paste; /* while it comes */
    bool interrupted;   /* what waited before the interrupt is dropped, what comes after it waits */
    size_t dropped;     /* lines, not told yet */
    bool ended;         /* the input is at its end */
};

/* There is something to read without the terminal. */
bool input_is_there(const struct input *input);
/* Read what came, which may be the end, and act on it. */
void input_read(struct input *input);
/* Act on what is there, also when it is the beginning of a key and nothing followed for a while. */
void input_act(struct input *input);
/* What waits is run in order; between two lines keys are looked at. */
void input_run_waiting(struct input *input);
/* Ctrl-C lets go what waits behind the work, once. */
void input_drop_waiting(struct input *input);
/* A new line: interrupts before it do not count any more. */
void input_forget_interrupts(struct input *input);
/* A question that is open gets no answer. */
void input_drop_question(struct input *input);
void input_ask_to_quit(struct input *input);

#endif
