/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scores of one criterion by its label: those that are held, else computed now where weights suffice.
 * Refused where they take a pass. */
#ifndef IPPRO_SESSION_COMMANDS_SCORES_FOR_H
#define IPPRO_SESSION_COMMANDS_SCORES_FOR_H

#include "session/language/command.h"

/* For commands that change the session: new scores are held from now on. */
status bring_scores(struct call *call, const char *label, const struct score_entry **entry,
                    struct error *error);
/* For commands that only look, counted: nothing of the session changes. `seed_shift` is added to the seed (of
 * the criterion random). */
status scores_for(const struct call *call, const char *label, int seed_shift, struct scores **scores,
                  struct error *error);

#endif
