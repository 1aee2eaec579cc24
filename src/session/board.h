/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The board of scores: building the next one from the last, sharing what has not changed.
 *
 * A board under construction borrows unchanged parts from the session's board; board_swap puts it in place
 * and frees what it replaced, board_discard frees only what was made anew. */
#ifndef IPPRO_SESSION_BOARD_H
#define IPPRO_SESSION_BOARD_H

#include "session/session.h"

void board_free(struct board *board);
/* Forget the pass and every score that came from it. */
void board_drop_pass(struct board *board);

/* The session's scores under other options, without a pass. Scores that need one are left out, and told. */
status board_refresh(const struct session *session, const struct options *options, struct board *next,
                     struct reply *reply, struct error *error);

/* Put `next` in the place of `board`. Cannot fail. */
void board_swap(struct board *board, struct board *next);
/* Free what `next` does not share with `board`. */
void board_discard(const struct board *board, struct board *next);

#endif
