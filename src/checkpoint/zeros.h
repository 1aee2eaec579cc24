/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What weights alone do not say of a pruned network: how many channels of zeros stand around the others where
 * a shortcut has no parameters (option A). This program records it beside the weights that it writes: in .pth
 * as a member of its own, which PyTorch passes over, in safetensors as an entry of the metadata. */
#ifndef IPPRO_CHECKPOINT_ZEROS_H
#define IPPRO_CHECKPOINT_ZEROS_H

#include <stddef.h>
#include "base/status.h"
#include "base/text.h"
#include "checkpoint/notes.h"

struct checkpoint;

#define ZEROS_MEMBER "ippro.json" /* beside data.pkl, or in __metadata__ */
enum { LONGEST_ZEROS = 1 << 20 }; /* bytes of a record that is read */

struct channel_zeros {
    int64_t front, behind; /* channels; not negative */
};

/* Of a network, in the order in which it is computed. */
struct zeros_record {
    const struct channel_zeros *list;
    int count;
};

/* The record as text: JSON on one line. */
void zeros_text(const struct zeros_record *record, struct text *text);
/* Fill the checkpoint's record. One that is not understood is noted and left out. */
status zeros_read(const char *text, size_t size, struct checkpoint *checkpoint, struct notes *notes,
                  struct error *error);

#endif
