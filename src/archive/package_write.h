/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Zip files out: members stored as they are, each beginning at a multiple of 64 bytes, as PyTorch writes them
 * to map them into memory. The same members always give the same bytes. */
#ifndef IPPRO_ARCHIVE_PACKAGE_WRITE_H
#define IPPRO_ARCHIVE_PACKAGE_WRITE_H

#include <stddef.h>
#include "base/status.h"

enum { PACKAGE_ALIGNMENT = 64 };

/* A member to be: what fills its bytes is called once, in the order of the members. */
struct package_source {
    const char *name; /* ASCII */
    size_t size;
    void (*fill)(const void *argument, unsigned char *out);
    const void *argument;
};

/* The bytes of such a file, which the caller owns (mem_free). `name` is what errors begin with. */
status package_bytes(const char *name, const struct package_source *members, size_t count,
                     unsigned char **bytes, size_t *size, struct error *error);
/* The file is replaced when the new one is whole (base/file.h). STATUS_UNSUPPORTED beyond 4 GiB or 65535
 * members. */
status package_write(const char *path, const struct package_source *members, size_t count,
                     struct error *error);

#endif
