/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rankings that owe more to the choice of images than to the network, and the words for it: the same wherever
 * scores are shown, compared or pruned by. */
#ifndef IPPRO_SESSION_NOISE_H
#define IPPRO_SESSION_NOISE_H

#include "session/shown.h"

/* "proscore's ranking is mostly noise on these 200 images (halves agree 0.04): try samples=2000", where the
 * rankings of the two halves of the sample agree (board_agreement) by less than a fifth; else nothing, and
 * nothing for NaN. */
void note_noise(struct figure *figure, const struct session *session, const struct score_entry *entry,
                double agreement);
/* The same for each of the shown criteria that looks at images, whose halves are scored for it. */
status note_all_noise(struct figure *figure, const struct session *session, const struct shown_scores *shown,
                      struct error *error);

#endif
