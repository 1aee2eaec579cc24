/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PyTorch's files as checkpoints. */
#ifndef IPPRO_CHECKPOINT_TORCH_READ_H
#define IPPRO_CHECKPOINT_TORCH_READ_H

#include <stddef.h>
#include "base/status.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/notes.h"

/* Fill format, place, weights and count; names are as in the file. What is there after a failure is freed
 * with the checkpoint. Errors do not name the file. */
status torch_read_zip(const unsigned char *bytes, size_t size, struct checkpoint *checkpoint,
                      struct notes *notes, struct error *error);
status torch_read_legacy(const unsigned char *bytes, size_t size, struct checkpoint *checkpoint,
                         struct notes *notes, struct error *error);

#endif
