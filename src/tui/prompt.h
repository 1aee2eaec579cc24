/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Readline as the editor of the explorer's line: it gets bytes one by one and draws nothing itself. */
#ifndef IPPRO_TUI_PROMPT_H
#define IPPRO_TUI_PROMPT_H

#include <stdbool.h>
#include <stddef.h>
#include "tui/explorer.h"

void prompt_open(struct explorer *explorer);
void prompt_close(void);
/* Bytes of keys that are the line's. */
void prompt_feed(const unsigned char *bytes, size_t count);
/* Text as it is, without control characters, at the cursor. */
void prompt_insert(const char *text);
/* Text in front of the line; the cursor stays where it is in it. */
void prompt_put_front(const char *text);
/* A line that was entered since the last call: owned by the caller (free). `end` becomes true when instead
 * the end of the input was. NULL when neither. */
char *prompt_take(bool *end);
/* Keep a line in the history. */
void prompt_keep(const char *line);
/* Ask what explorer->line says; what was being typed comes back afterwards. */
void prompt_question(void);
/* Back to commands: another prompt where code is unfinished. A question that is open stays. */
void prompt_command(void);
void prompt_clear(void); /* an empty line */
/* Put the line as it is now into explorer->line. */
void prompt_show(void);

#endif
