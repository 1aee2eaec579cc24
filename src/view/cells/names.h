/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names that stand in a list and do not fit: shortened so that each can still be told from the others. */
#ifndef IPPRO_VIEW_CELLS_NAMES_H
#define IPPRO_VIEW_CELLS_NAMES_H

#include "view/cells/draw.h"

/* Shown forms of `names` (shown ones, of which some may be equal), none wider than `width`, in `shown`, count
 * each. Names that differ look different, whatever has to go for it: what all names begin with, up to a
 * number ("…1.0.conv1", "…1.0.conv2" of layer1.0.conv1 and layer1.0.conv2); else the middle, as in
 * drawing_shorten; else more of one end than of the other. Where nothing helps they begin with their number
 * in the list. In less than about four columns they may be equal all the same. */
void drawing_shorten_names(struct drawing *drawing, const char *const *names, int count, int width,
                           const char **shown);

#endif
