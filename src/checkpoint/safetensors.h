/* SPDX-License-Identifier: GPL-3.0-or-later */
/* safetensors: eight bytes with the length of a header, the header as JSON, then the tensors' bytes. */
#ifndef IPPRO_CHECKPOINT_SAFETENSORS_H
#define IPPRO_CHECKPOINT_SAFETENSORS_H

#include <stdbool.h>
#include <stddef.h>
#include "base/status.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/notes.h"

/* Do the bytes begin as such a file? */
bool safetensors_is(const unsigned char *bytes, size_t size);
/* Fill format, weights and count; names are as in the file. The header must describe the whole rest of the
 * file, without gaps and overlaps. Errors do not name the file. */
status safetensors_read(const unsigned char *bytes, size_t size, struct checkpoint *checkpoint,
                        struct notes *notes, struct error *error);

/* As checkpoint_write; `record` is a text beside the weights, NULL: none. Names that are no UTF-8 cannot be
 * written; tied weights are written one by one. */
status safetensors_write(const char *path, const char *prefix, const struct weight *weights, int count,
                         const char *record, struct error *error);
/* "F32", of a type in nn/graph/file_type.h; NULL for what it cannot hold. */
const char *safetensors_dtype(int type);

#endif
