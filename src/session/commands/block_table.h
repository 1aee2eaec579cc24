/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks in a table: their layers, kind, channels, ratio, how many are selected, and why they are locked or
 * left alone. */
#ifndef IPPRO_SESSION_COMMANDS_BLOCK_TABLE_H
#define IPPRO_SESSION_COMMANDS_BLOCK_TABLE_H

#include "session/session.h"
#include "view/figure.h"

void block_columns(struct figure *figure);
/* `index` of the coupling's blocks. */
void block_row(const struct session *session, int index, struct figure *figure);

#endif
