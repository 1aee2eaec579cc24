/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the keys do: the list that ? shows, and the bar at the bottom. */
#ifndef IPPRO_TUI_KEYS_HELP_H
#define IPPRO_TUI_KEYS_HELP_H

#include "tui/explorer.h"

/* All actions with the keys that are in force: everywhere, in the pane with the focus, in all panes, in the
 * other panes. */
void keys_help_draw(const struct explorer *explorer, struct canvas *canvas);
/* The few that matter where the focus is, in one line. */
void key_bar_draw(const struct explorer *explorer, struct canvas *grid, int line);
/* What the item of the bar at a column of the screen stands for; ACTION_NONE between them. */
enum action_id key_bar_action(const struct explorer *explorer, int column);

#endif
