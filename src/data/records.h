/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records of equal length in memory: what the CIFAR files hold and what `shapes` generates. A record is one
 * or two label bytes followed by the pixels, channel by channel. Also the table of data set kinds. */
#ifndef IPPRO_DATA_RECORDS_H
#define IPPRO_DATA_RECORDS_H

#include "data/dataset.h"

enum { RECORD_CHANNELS = 3, RECORD_SIDE = 32, RECORD_PIXELS = RECORD_CHANNELS * RECORD_SIDE * RECORD_SIDE };

struct record_store {
    uint8_t *bytes; /* count records of record_size bytes, owned */
    size_t record_size;
    size_t label_at; /* byte of the record that is its label; the pixels are its last RECORD_PIXELS bytes */
};

/* Set the shape of the data set to 32x32 RGB and hang an empty store on it. STATUS_MEMORY. */
status records_begin(struct dataset *dataset, size_t label_bytes, struct error *error);
/* Room for `more` records behind dataset->count; NULL when memory is out. The caller raises the count. */
uint8_t *records_extend(struct dataset *dataset, int64_t more);
/* Make the first records of the set's memory, without a copy; false (and the bytes stay the caller's) when
 * there are some already. */
bool records_adopt(struct dataset *dataset, uint8_t *bytes, int64_t count);
/* Compute the digest over all records. */
void records_end(struct dataset *dataset);

/* The `read` and `close` of a kind that keeps its records here. */
status records_read(const struct dataset *dataset, int64_t index, uint8_t *pixels, int64_t *label,
                    struct error *error);
void records_close(struct dataset *dataset);

/* Copy `names` (count of them) as the class names, or number the classes when names is NULL. */
status records_name_classes(struct dataset *dataset, const char *const *names, int count,
                            struct error *error);

extern const struct dataset_kind dataset_cifar10, dataset_cifar100, dataset_shapes;

#endif
