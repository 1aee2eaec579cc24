/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files inside a stream, one after another: of .tar and .tar.gz, and the one file inside a .gz.
 *
 * A file that is neither packed nor a tar file is a stream of itself, so that `train-images-idx3-ubyte` is
 * read like `train-images-idx3-ubyte.gz`. Only regular files are told of: folders, links and devices are
 * passed over. Names are as the archive has them and lead nowhere: nothing is written to a disk. Memory is
 * bounded whatever a file claims. Errors name the file: STATUS_FILE for damage; the sum of a gzip file is
 * checked when its end is reached. */
#ifndef IPPRO_ARCHIVE_ARCHIVE_H
#define IPPRO_ARCHIVE_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include "base/status.h"

struct members;

status members_open(const char *path, struct members **members, struct error *error);
void members_close(struct members *members); /* NULL is fine */

/* Go to the next file; what was not read of the one before is passed over. *name, valid until the next call,
 * is NULL behind the last: only then the whole file is known to be sound. The name of the one file in a .gz
 * is the path's without its folders and ".gz". */
status members_next(struct members *members, const char **name, struct error *error);
/* Up to `count` bytes of this file; *got is less only at its end. */
status members_read(struct members *members, void *data, size_t count, size_t *got, struct error *error);
/* The rest of this file, at most `limit` bytes (STATUS_FILE beyond), with a NUL behind it; owned by the
 * caller (mem_free). */
status members_read_all(struct members *members, size_t limit, unsigned char **data, size_t *size,
                        struct error *error);

#endif
