/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the shell runs commands and shows what comes of them while the panes are open. */
#ifndef IPPRO_TUI_EXPLORER_FACE_H
#define IPPRO_TUI_EXPLORER_FACE_H

#include "tui/explorer.h"

void explorer_face(struct explorer *explorer, struct shell_face *face);

#endif
