/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ctrl-C: cancels running work; a second one within a second is remembered as a wish to quit. */
#ifndef IPPRO_SHELL_INTERRUPT_H
#define IPPRO_SHELL_INTERRUPT_H

#include <stdbool.h>
#include "base/progress.h"

/* Catch SIGINT from now on. */
void interrupt_install(void);
/* From now on the third interrupt ends the program at once with this exit status, whatever it is doing: where
 * nobody can go on afterwards. */
void interrupt_end_at_third(int exit_status);
/* Work that an interrupt cancels, NULL for none. An interrupt that is pending cancels it at once. */
void interrupt_watch(struct progress *progress);
bool interrupt_seen(void);  /* since interrupt_clear */
bool interrupt_twice(void); /* since interrupt_forget: one within a second of another that cancelled work */
/* Pressed three times or more: what was to stop is to be given up. */
bool interrupt_urgent(void);
/* As if one came now. */
void interrupt_request(void);
void interrupt_clear(void);
/* A new command was entered or the wish to quit was answered: interrupts before do not count any more. */
void interrupt_forget(void);

#endif
