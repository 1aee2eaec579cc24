/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rankings that owe more to the choice of images than to the network, and the words for it: the same wherever
 * scores are shown, compared or pruned by. */
#ifndef IPPRO_SESSION_NOISE_H
#define IPPRO_SESSION_NOISE_H

#include "session/shown.h"

/* "proscore's ranking is mostly noise on these 200 images (halves agree 0.04): try samples=2000", where the
 * rankings of the two halves of the sample agree (board_agreement) by less than a fifth; else nothing, and
 * nothing for NaN. Where there is next to no loss on the images (note_little_loss) that is said too, with
 * what is advised there. Returns whether it said anything. */
bool note_noise(struct figure *figure, const struct session *session, const struct score_entry *entry,
                double agreement);
/* "next to no loss on these 500 images (mean 0.0016): few of them make nearly all of the gradients, and what
 * their signs decide is noise; try images that the network has not learnt (on=test), these seen in another
 * way (augment=resized-crop,flip), statistics of batches (mode=train)", where the mean loss of the sample is
 * below 0.02 and a shown criterion needs gradients; else nothing. For where note_noise had nothing to say. */
void note_little_loss(struct figure *figure, const struct session *session, const struct shown_scores *shown);
/* The same for each of the shown criteria that looks at images, whose halves are scored for it. */
status note_all_noise(struct figure *figure, const struct session *session, const struct shown_scores *shown,
                      struct error *error);

#endif
