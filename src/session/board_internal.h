/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files that make boards share. */
#ifndef IPPRO_SESSION_BOARD_INTERNAL_H
#define IPPRO_SESSION_BOARD_INTERNAL_H

#include "session/board.h"

/* Does this pass (NULL: none) have what the criterion asks for? Taylor's gate-batch was summed with one batch
 * size. */
bool pass_serves(const struct pass *pass, const struct choice *choice,
                 const struct criterion_options *options, unsigned needs);

/* Boards under construction. A copy has all that `board` has; choices that it does not have are added without
 * scores; scores are then kept where they still hold, else computed. */
struct board *board_copy(const struct board *board); /* NULL when memory is out */
status board_add_choices(struct board *next, const struct choice *choices, int count, struct error *error);
status board_fill_entry(const struct board_source *source, const struct criterion_options *base,
                        struct board *next, int index, struct error *error);
status board_fill(const struct board_source *source, const struct criterion_options *base, struct board *next,
                  struct error *error);
/* Those that need no pass: before it, so that what is refused is refused at once. */
status board_fill_from_weights(const struct board_source *source, const struct criterion_options *base,
                               struct board *next, struct error *error);
/* Take out entries that the board's pass does not serve under these options. */
void board_drop_unserved(const struct board_source *source, const struct criterion_options *base,
                         struct board *next);
/* A finished board; the present one in its place when both are the same. Ownership of `made` passes. */
void board_hand_over(struct board *made, struct board *present, struct board **next);

/* Whoever watches a pass, and the board that it is for. */
struct watched_pass {
    const struct board_source *source;
    const struct board *next;
    const struct pass *pass;
    const struct criterion_options *base;
};
/* What watches it; `watched` lives as long as the pass. */
struct score_watch board_watch(struct watched_pass *watched);

#endif
