/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What ends the full screen, as bytes: for a handler that can only write. */
#ifndef IPPRO_TUI_SCREEN_END_H
#define IPPRO_TUI_SCREEN_END_H

#include "base/text.h"

/* Mouse reports off, attributes off, the cursor seen, the screen as it was, a new line. Calls setupterm. */
void text_add_screen_end(struct text *text, int terminal);

#endif
