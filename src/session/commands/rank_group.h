/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rank unit=group: the channels of a layer by the scores of all that goes with them. */
#ifndef IPPRO_SESSION_COMMANDS_RANK_GROUP_H
#define IPPRO_SESSION_COMMANDS_RANK_GROUP_H

#include "session/board.h"
#include "session/language/command.h"

/* `count` rows, 0: all. Refused: a layer that is locked, one of whose group nothing can be scored. */
status rank_group(struct call *call, int layer, const struct score_entry *entry, int64_t count,
                  struct error *error);

#endif
