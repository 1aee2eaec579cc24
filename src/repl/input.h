/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bytes that Readline reads at the plain prompt: what was typed ahead, then the terminal's. A paste is
 * lines like typed ones, Esc alone is no key's beginning, and what the terminal answers was not typed. */
#ifndef IPPRO_REPL_INPUT_H
#define IPPRO_REPL_INPUT_H

#include <stdbool.h>
#include "base/text.h"

/* Once Readline is initialised. `typed`: what was typed already, read first; borrowed for good, and may get
 * more between lines, behind repl_input_settle. */
void repl_input_open(struct text *typed);
/* A line is complete: what was read of `typed` goes. */
void repl_input_settle(void);
/* Wait at most so many milliseconds for something that rl_callback_read_char can read. False when there is
 * nothing; *failed when there will never be. */
bool repl_input_wait(int milliseconds, bool *failed);

#endif
