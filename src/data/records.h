/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records of equal length: what the CIFAR files hold, which stay files and are read record by record, and
 * what `shapes` generates in memory. A record is one or two label bytes followed by the pixels, channel by
 * channel. Also the table of data set kinds. */
#ifndef IPPRO_DATA_RECORDS_H
#define IPPRO_DATA_RECORDS_H

#include <time.h>
#include "base/file.h"
#include "data/dataset.h"

enum { RECORD_CHANNELS = 3, RECORD_SIDE = 32, RECORD_PIXELS = RECORD_CHANNELS * RECORD_SIDE * RECORD_SIDE };
enum { RECORD_FILES = 5 }; /* at most, in one set */

/* An open file of records. */
struct record_file {
    char *path;
    int descriptor;
    int64_t count;
    struct timespec changed; /* when it was opened: a later change is refused */
};

struct record_store {
    uint8_t *bytes; /* count records of record_size bytes, owned; NULL where they are in files */
    struct record_file files[RECORD_FILES];
    int file_count;
    struct digest *digest; /* of the files' records so far */
    size_t record_size;
    size_t label_at; /* byte of the record that is its label; the pixels are its last RECORD_PIXELS bytes */
};

/* Set the shape of the data set to 32x32 RGB and hang an empty store on it. STATUS_MEMORY. */
status records_begin(struct dataset *dataset, size_t label_bytes, struct error *error);
/* Memory for `more` records behind dataset->count; NULL when memory is out. The caller raises the count. */
uint8_t *records_extend(struct dataset *dataset, int64_t more);
/* Add `count` records that stay in the open file; `bytes` is their content, borrowed, for the digest. The
 * descriptor passes to the store, also on failure. */
status records_add_file(struct dataset *dataset, const char *path, int descriptor, const uint8_t *bytes,
                        int64_t count, struct error *error);
/* Compute the digest over all records. */
void records_end(struct dataset *dataset);

/* The `read` and `close` of a kind that keeps its records here. Reading may be done by several threads. */
status records_read(const struct dataset *dataset, int64_t index, uint8_t *pixels, int64_t *label,
                    struct error *error);
void records_close(struct dataset *dataset);

/* Copy `names` (count of them) as the class names, or number the classes when names is NULL. */
status records_name_classes(struct dataset *dataset, const char *const *names, int count,
                            struct error *error);

extern const struct dataset_kind dataset_cifar10, dataset_cifar100, dataset_shapes;

#endif
