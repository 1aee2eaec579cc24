/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The board of scores: building the next one from the last, sharing what has not changed. Boards that share
 * parts are freed with a look at each other. */
#ifndef IPPRO_SESSION_BOARD_H
#define IPPRO_SESSION_BOARD_H

#include "session/session.h"

/* Free what `board` has and neither `keep` nor `other` has; either may be NULL. */
void board_release(struct board *board, const struct board *keep, const struct board *other);
/* What is left of a board without its pass: scores from weights. Shares them. */
struct board board_without_pass(const struct board *board);
/* Put `next` in the place of the session's board, which is released. */
void board_replace(struct session *session, const struct board *next);

/* The session's scores under other options, without a pass. Scores that need one are left out, and told. */
status board_refresh(const struct session *session, const struct options *options, struct board *next,
                     struct reply *reply, struct error *error);

#endif
