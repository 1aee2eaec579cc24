/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the terminal and the system tell a front end while it owns the terminal: noted by the handler, acted
 * on by the loop. The main thread only. */
#ifndef IPPRO_SHELL_TERMINAL_SIGNALS_H
#define IPPRO_SHELL_TERMINAL_SIGNALS_H

#include <signal.h>

/* Set by the handler, cleared by who acts on it. */
struct terminal_signals {
    volatile sig_atomic_t resized; /* SIGWINCH came */
    volatile sig_atomic_t stopped; /* SIGTSTP came: give the terminal back, then stop */
    volatile sig_atomic_t ending;  /* SIGTERM or SIGHUP: its number; stays */
};
extern struct terminal_signals terminal_signals;

/* Catch the signals (without restarting what they interrupt) until the release, which puts back what was
 * before. Not nested. */
void terminal_signals_catch(void);
void terminal_signals_release(void);
/* Those that end the program alone, for longer: the two above may stand between, and leave them as they are.
 * `cancel`: called by the handler, to stop what runs; only what is safe there. NULL: nothing. */
void terminal_signals_catch_ends(void (*cancel)(void));
void terminal_signals_release_ends(void);

#endif
