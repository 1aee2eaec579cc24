/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Members of zip files, by their place or their name: PyTorch's checkpoints, NumPy's .npz.
 *
 * Files are read strictly. Opening one refuses damage in its directory, members whose two headers differ,
 * that are encrypted, share a name or are compressed in other ways than deflate, and bombs: a member may
 * unpack to at most 1032 times its size, the most that deflate can mean, and all of them to 256 times the
 * file's size and 64 MiB. Reading one to its end checks its sum. Errors name the file and the member:
 * STATUS_FILE, STATUS_UNSUPPORTED for what is valid but not read here. One thread at a time. */
#ifndef IPPRO_ARCHIVE_PACKAGE_H
#define IPPRO_ARCHIVE_PACKAGE_H

#include <stddef.h>
#include "base/status.h"

struct package;

/* A file, which stays open; its bytes are read when members are. */
status package_open(const char *path, struct package **package, struct error *error);
/* Bytes at hand, borrowed until package_close. Errors name them so; with NULL they begin with the member. */
status package_open_bytes(const char *name, const void *bytes, size_t size, struct package **package,
                          struct error *error);
void package_close(struct package *package); /* NULL is fine */

int package_count(const struct package *package);
/* Of a member: its whole name with folders, and its size when unpacked. */
const char *package_name(const struct package *package, int index);
size_t package_size(const struct package *package, int index);
/* The place of a name; -1 when there is none. */
int package_find(const struct package *package, const char *name);

/* A whole member into room for package_size bytes. */
status package_read(struct package *package, int index, void *data, struct error *error);
/* The same into new memory, with a NUL behind it; owned by the caller (mem_free). */
status package_read_new(struct package *package, int index, unsigned char **data, size_t *size,
                        struct error *error);

/* One member piece by piece; several may be open. */
struct package_member;
status package_member_open(struct package *package, int index, struct package_member **member,
                           struct error *error);
/* The next `count` bytes, exactly. The last of them check the sum. */
status package_member_read(struct package_member *member, void *data, size_t count, struct error *error);
void package_member_close(struct package_member *member); /* NULL is fine; before package_close */

#endif
