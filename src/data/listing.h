/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is in a folder, in the order of names (byte by byte, as Python sorts them). Hidden files are passed
 * over. */
#ifndef IPPRO_DATA_LISTING_H
#define IPPRO_DATA_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"

struct listing_entry {
    char *name;
    bool folder;  /* or a symbolic link to one */
    int64_t size; /* of a file, in bytes */
};

struct listing {
    struct listing_entry *entries;
    size_t count, capacity;
};

/* STATUS_FILE where it is no folder that can be read. Pipes and devices are left out. */
status listing_read(const char *path, struct listing *listing, struct error *error);
void listing_free(struct listing *listing); /* a zeroed one is fine */
/* The entry of that name, NULL when there is none. */
const struct listing_entry *listing_find(const struct listing *listing, const char *name);
size_t listing_folders(const struct listing *listing); /* how many of them are folders */

bool path_is_folder(const char *path);
bool path_is_file(const char *path);

#endif
