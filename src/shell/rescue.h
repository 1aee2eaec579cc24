/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What gives the terminal back when the program crashes or is told to quit at once. */
#ifndef IPPRO_SHELL_RESCUE_H
#define IPPRO_SHELL_RESCUE_H

#include <stddef.h>
#include <termios.h>

/* From here to rescue_forget, a fatal signal (SIGSEGV and the like, SIGABRT, SIGQUIT) writes `bytes` to the
 * terminal, restores its modes and, where `error` is not -1, standard error and output, and is raised again:
 * the exit status and the core are those of the signal. `bytes`: at most RESCUE_BYTES, copied. Called again
 * before rescue_forget it replaces what is given back. Signals that are ignored stay so. */
enum { RESCUE_BYTES = 256 };
void rescue_prepare(int terminal, int error, const struct termios *modes, const char *bytes, size_t length);
/* Other modes to restore from now on. */
void rescue_modes(const struct termios *modes);
void rescue_forget(void);

#endif
