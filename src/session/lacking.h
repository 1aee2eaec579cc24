/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Layers that a criterion cannot score: how commands leave them out, and how they say so. */
#ifndef IPPRO_SESSION_LACKING_H
#define IPPRO_SESSION_LACKING_H

#include "session/shown.h"

/* Refuse a layer without scores of this criterion: "bn has no scores of layer 'fc': it has no BatchNorm". */
status entry_check(const struct session *session, const struct score_entry *entry, int layer,
                   struct error *error);
/* Drop layers for which not all of the criteria have scores. Refused when none is left. */
status layers_scored_by_all(const struct session *session, const struct shown_scores *shown, int *layers,
                            int *count, struct error *error);
/* One note for each reason why a criterion has no scores of some layers: "bn has no scores of 2 layers:
 * conv1, fc (it has no BatchNorm)". Nothing where it scores all. */
void note_lacking(struct figure *figure, const struct session *session, const struct score_entry *entry);
/* The same as a line of the reply, with what follows from it, for criteria that prune. `scores` of the model.
 */
void reply_lacking(const struct session *session, struct reply *reply, const char *label,
                   const struct scores *scores);
/* The same of all shown criteria. */
void note_all_lacking(struct figure *figure, const struct session *session, const struct shown_scores *shown);

#endif
