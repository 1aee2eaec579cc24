/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A state_dict as a file of torch.save: the zip format, read by torch.load since PyTorch 1.6, with
 * weights_only too. */
#ifndef IPPRO_CHECKPOINT_TORCH_WRITE_H
#define IPPRO_CHECKPOINT_TORCH_WRITE_H

#include "base/status.h"
#include "checkpoint/checkpoint.h"

/* As checkpoint_write; `record` is a text beside the weights, NULL: none. Weights that share a tensor share a
 * storage. Integers of types that have no storage of their own become int64. */
status torch_write(const char *path, const char *prefix, const struct weight *weights, int count,
                   const char *record, struct error *error);

#endif
