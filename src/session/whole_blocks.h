/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words about residual blocks that go whole (prune/branch.h). */
#ifndef IPPRO_SESSION_WHOLE_BLOCKS_H
#define IPPRO_SESSION_WHOLE_BLOCKS_H

#include "base/text.h"
#include "session/pruning.h"
#include "view/figure.h"

/* "layer1.0, layer2.4 and 3 more": the blocks that a selection takes whole, `most` of them by name; nothing
 * where there is none. Returns how many there are. */
int text_add_whole_blocks(struct text *text, const struct model *model, const struct pruning *pruning,
                          int most);
/* Which blocks go whole, and of those that cannot how many there are and why; nothing without any that goes.
 */
void note_whole_blocks(struct figure *figure, const struct model *model, const struct pruning *pruning);

#endif
