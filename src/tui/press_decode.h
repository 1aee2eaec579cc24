/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes from a terminal as key presses and mouse events. */
#ifndef IPPRO_TUI_PRESS_DECODE_H
#define IPPRO_TUI_PRESS_DECODE_H

#include <stdbool.h>

struct press_event {
    bool answer; /* of the terminal to a question (shell/background.h), nothing that was typed; press is 0 */
    int press;   /* session/words/press.h; 0: something that no name is known for */
    int button, line, column; /* PRESS_MOUSE: 0 the left button, 64 and 65 the wheel, -1 a release; from 0 */
};

/* A sequence that the terminal's description gives for a key. `bytes` is borrowed. */
struct press_sequence {
    const char *bytes;
    int press;
};

/* The first press in `count` bytes; known sequences (ended by a row without bytes) come before those that all
 * terminals share. Returns the bytes it took; 0 when there are too few to tell, which with `complete`
 * (nothing came for a while) cannot be. */
int press_decode(const unsigned char *bytes, int count, bool complete, const struct press_sequence *known,
                 struct press_event *event);

#endif
