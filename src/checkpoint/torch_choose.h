/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which of all that a file holds are the weights. */
#ifndef IPPRO_CHECKPOINT_TORCH_CHOOSE_H
#define IPPRO_CHECKPOINT_TORCH_CHOOSE_H

#include "base/status.h"
#include "checkpoint/notes.h"
#include "checkpoint/torch.h"
#include "checkpoint/torch_module.h"

/* The dict or module with the most tensors that have names; of several, the one that lies less deep, then the
 * first. Its tensors are added to `weights`, *place says where it lies, and notes what else there was: others
 * like it, entries that are no tensors, classes that are not known here. STATUS_FILE where there is none. */
status torch_choose(const struct torch_file *file, struct torch_weights *weights, const char **place,
                    struct notes *notes, struct error *error);

#endif
