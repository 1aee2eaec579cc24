/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records of equal length that are generated in memory: what `shapes` and `shape-maps` hold. A record is one
 * or two label bytes, or one for each pixel, followed by the pixels, channel by channel.
 *
 * What takes long is done behind the user's back: a thread makes the records that are generated, in order,
 * and the digest of all of them. Whoever wants a record that is not made yet makes it himself; whoever wants
 * the digest waits. */
#ifndef IPPRO_DATA_RECORDS_H
#define IPPRO_DATA_RECORDS_H

#include <stdatomic.h>
#include "base/digest.h"
#include "data/dataset.h"

enum { RECORD_CHANNELS = 3, RECORD_SIDE = 32, RECORD_PIXELS = RECORD_CHANNELS * RECORD_SIDE * RECORD_SIDE };
enum { RECORD_MAP = RECORD_SIDE * RECORD_SIDE, RECORD_VOID = 255 };

struct record_store {
    uint8_t *bytes; /* count records of record_size bytes, owned */
    size_t record_size;
    size_t label_at; /* byte of the record that is its label, of label maps the first; the pixels are its last
                        RECORD_PIXELS bytes */
    int64_t count;
    /* Generated records: writes one, the same for the same index; NULL where all are there. */
    void (*make)(const struct record_store *store, int64_t index, uint8_t *record);
    uint64_t seed; /* for `make` */
    int split;
    _Atomic uint8_t *made; /* per record, owned: nonzero when it stands in `bytes`; NULL without `make` */
    pthread_mutex_t lock;  /* held while a record is put into `bytes` */
    pthread_t thread;
    bool running; /* the thread was started and not joined yet; under digest_lock once records_end is done */
    atomic_bool end; /* the thread shall stop */
    pthread_mutex_t digest_lock;
    char digest[DIGEST_SIZE]; /* empty until it is known */
};

/* Set the shape of the data set to 32x32 RGB and hang an empty store on it. The label is the last of the
 * label bytes; a data set of label maps has RECORD_MAP of them, where RECORD_VOID is a pixel that has none.
 * STATUS_MEMORY. */
status records_begin(struct dataset *dataset, size_t label_bytes, struct error *error);
/* Memory for `more` records behind dataset->count; NULL when memory is out. The caller raises the count. */
uint8_t *records_extend(struct dataset *dataset, int64_t more);
/* All records are there, or will be made by store->make: nothing about them changes from here on. Starts the
 * thread where there is something to make. STATUS_MEMORY. */
status records_end(struct dataset *dataset, struct error *error);

/* The `read`, `digest` and `close` of a kind that keeps its records here. Reading may be done by several
 * threads. */
status records_read(const struct dataset *dataset, int64_t index, uint8_t *pixels, int64_t *label,
                    struct error *error);
const char *records_digest(const struct dataset *dataset);
void records_close(struct dataset *dataset);
/* Bytes of images that are held in memory. */
size_t records_memory(const struct dataset *dataset);

#endif
