/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Results before the work is done (session/live.h): scores go to the mirror, figures to the figure pane. */
#ifndef IPPRO_TUI_EXPLORER_LIVE_H
#define IPPRO_TUI_EXPLORER_LIVE_H

#include "tui/explorer.h"

/* Take what the running command has so far, a few times a second at most. */
void explorer_live_take(struct explorer *explorer);
void explorer_live_end(struct explorer *explorer); /* the command is over */
/* What the status line says of running work: how far it is, how fast, and how much its ranking still moves.
 * `wide`: with a bar. */
void text_add_activity(struct text *text, struct explorer *explorer, bool wide);

#endif
