/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ctrl-C: cancels running work; a second one within a second is remembered as a wish to quit. */
#ifndef IPPRO_REPL_INTERRUPT_H
#define IPPRO_REPL_INTERRUPT_H

#include <stdbool.h>
#include "base/progress.h"

/* Catch SIGINT from now on. */
void interrupt_install(void);
/* Work that an interrupt cancels, NULL for none. An interrupt that is pending cancels it at once. */
void interrupt_watch(struct progress *progress);
/* Was there an interrupt since interrupt_clear? Were there two within a second? */
bool interrupt_seen(void);
bool interrupt_twice(void);
void interrupt_clear(void);

#endif
