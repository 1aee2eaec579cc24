/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that a training is taken up from: named fields of bytes, held together by a SHA-256.
 *
 * In order: a head (magic, format, a word that tells the byte order, bytes of the whole file, number of
 * fields), for each field its name, its size and its bytes, and at the end the SHA-256 of all before.
 * Numbers are as the machine has them: a file is taken up on machines of the same byte order only. */
#ifndef IPPRO_TRAIN_CHECKPOINT_H
#define IPPRO_TRAIN_CHECKPOINT_H

#include <stddef.h>
#include <stdint.h>
#include "base/digest.h"
#include "base/file.h"
#include "base/status.h"

enum { CHECKPOINT_FORMAT = 1, CHECKPOINT_NAME = 24, CHECKPOINT_FIELDS = 32 };

/* What is written: its bytes may lie in several pieces. */
struct checkpoint_field {
    char name[CHECKPOINT_NAME];
    const struct file_piece *pieces;
    int piece_count;
};

/* Replace the file in one step (file_replace_pieces): when that fails, on a full disk for instance, the old
 * one is as it was. At most CHECKPOINT_FIELDS fields. */
status training_checkpoint_write(const char *path, const struct checkpoint_field *fields, int count,
                                 struct error *error);

/* What was read. */
struct training_checkpoint {
    unsigned char *bytes; /* the whole file, owned */
    char digest[DIGEST_SIZE];
    int count;
    struct {
        const char *name;
        const void *data; /* not aligned */
        size_t size;
    } fields[CHECKPOINT_FIELDS];
};

/* Refused with the path and the reason (STATUS_FILE): what is no such file, another format, another byte
 * order, a file that was cut short, one whose bytes are not those that were written. */
status training_checkpoint_read(const char *path, struct training_checkpoint *checkpoint,
                                struct error *error);
void training_checkpoint_free(struct training_checkpoint *checkpoint);
/* The bytes of a field of `size` bytes; NULL when it is not there or has another size. */
const void *training_checkpoint_field(const struct training_checkpoint *checkpoint, const char *name,
                                      size_t size);
/* A field that is a text, with a NUL at its end; NULL when there is none. */
const char *training_checkpoint_text(const struct training_checkpoint *checkpoint, const char *name);

#endif
