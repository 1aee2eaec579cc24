/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where things stand, in the status line while nothing runs. */
#ifndef IPPRO_TUI_STANDING_H
#define IPPRO_TUI_STANDING_H

#include "base/text.h"
#include "tui/explorer.h"

/* "top-1 92.0 to 90.1 % · MACs -41.0 % · params -38.2 % · 120 cut by l1 · ratio 0.4 · example": what came of
 * the network, then what the next prune would take and what is loaded; as many of them, in this order, as fit
 * into `width` columns. The ratio is that of the row under the cursor. */
void text_add_standing(struct text *text, const struct explorer *explorer, int width);

#endif
