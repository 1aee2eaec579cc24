/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether a figure would be the same if its command ran now. */
#ifndef IPPRO_TUI_FRESHNESS_H
#define IPPRO_TUI_FRESHNESS_H

#include "session/state.h"

/* What has changed of all that the command of the line reads, between the state that it showed and the
 * present one: "network", "data", "scores", "ratios", or an option by its name; several are joined. Nothing
 * is added where nothing has. A figure of a command that reads no session stays as it is. */
struct text;
void text_add_stale(struct text *text, const char *line, const struct state *shown, const struct state *now);

#endif
