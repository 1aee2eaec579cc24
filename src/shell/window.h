/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The window around the terminal: its title says what is explored and what runs, its bell rings when long
 * work has ended. There is one, of the front end's thread. While it is not open, as in pipes and with
 * --plain, nothing here does anything. */
#ifndef IPPRO_SHELL_WINDOW_H
#define IPPRO_SHELL_WINDOW_H

#include <stdint.h>

struct session;

/* On a terminal; `descriptor` is copied. */
void window_open(int descriptor);
/* Give the title back as it was, where the terminal can keep titles. */
void window_close(void);
/* The bytes that do so, for whoever cannot call anything any more; "" where there is nothing to give back. */
const char *window_end(void);
/* Around a stop of the program. */
void window_leave(void);
void window_return(void);

/* At rest: "ippro: resnet56.onnx". Remembers the options title and bell and the network for the work that
 * follows, during which the session belongs to somebody else. */
void window_idle(const struct session *session);
/* "ippro: score 45 % - resnet56.onnx"; total 0: not known. */
void window_work(const char *command, int64_t done, int64_t total);
/* Work that took so long has ended: ring, where the option bell says so. */
void window_ring(double seconds);

#endif
