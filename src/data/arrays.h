/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Data sets of images of one size that lie behind one another in files, or were unpacked into memory: what
 * CIFAR's files, IDX and packed sets hold. Labels are in memory; images that lie in a file stay there and are
 * read one by one. */
#ifndef IPPRO_DATA_ARRAYS_H
#define IPPRO_DATA_ARRAYS_H

#include <time.h>
#include "base/digest.h"
#include "data/dataset.h"

enum { ARRAY_PARTS = 8 }; /* at most, in one set */

/* Images at bytes offset + i * stride. */
struct array_part {
    char *path;     /* owned; of the file, or where the bytes came from */
    int descriptor; /* -1: in memory */
    uint8_t *bytes; /* owned; NULL: in the file */
    size_t offset, stride;
    int64_t count;
    struct timespec changed; /* of the file, when it was opened: a later change is refused */
};

struct array_store {
    struct array_part parts[ARRAY_PARTS];
    int part_count;
    bool channels_last; /* (H,W,C) in the files */
    int32_t *labels;    /* owned */
    size_t label_capacity;
    struct digest_state state; /* of all that arrays_digest_add had */
    char digest[DIGEST_SIZE];
};

/* Hang an empty store on the data set, for images of its channels, height and width. STATUS_MEMORY. */
status arrays_begin(struct dataset *dataset, struct error *error);
/* Room for the labels of `more` images behind those that are there, to be filled by the caller. */
int32_t *arrays_labels(struct dataset *dataset, int64_t more);
/* Add `part`, whose path is copied. Descriptor and bytes pass to the store, also on failure. The count of the
 * data set grows; labels are there already. STATUS_FILE where there are too many parts. */
status arrays_add(struct dataset *dataset, const struct array_part *part, struct error *error);
/* What the digest is of, in order. */
void arrays_digest_add(struct dataset *dataset, const void *bytes, size_t size);
void arrays_end(struct dataset *dataset);

/* The columns of rows of a kind whose images are here. */
status arrays_read(const struct dataset *dataset, int64_t index, uint8_t *pixels, int64_t *label,
                   struct error *error);
status arrays_label(const struct dataset *dataset, int64_t index, int64_t *label, struct error *error);
const char *arrays_digest(const struct dataset *dataset);
size_t arrays_memory(const struct dataset *dataset); /* of images, not of labels */
void arrays_close(struct dataset *dataset);

#endif
