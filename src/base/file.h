/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files: reading whole regular files safely, replacing files atomically, paths. */
#ifndef IPPRO_BASE_FILE_H
#define IPPRO_BASE_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/digest.h"
#include "base/status.h"

/* Read a whole regular file of at most `limit` bytes. Directories, FIFOs, devices, missing, unreadable and
 * empty files are refused with the path and the reason (STATUS_FILE). *data is NUL-terminated beyond *size
 * and owned by the caller (mem_free). "~/" is expanded. What was read is an input from then on
 * (base/inputs.h). */
status file_read(const char *path, size_t limit, unsigned char **data, size_t *size, struct error *error);

/* The same, and the file stays open for file_read_at. *descriptor is the caller's to close. */
status file_read_open(const char *path, size_t limit, unsigned char **data, size_t *size, int *descriptor,
                      struct error *error);
/* The same without reading: what is read piece by piece, by file_read_at. */
status file_open(const char *path, size_t limit, int *descriptor, size_t *size, struct error *error);
/* The same as file_read of one file among many, which is no input by itself: whoever reads them notes their
 * folder (inputs_note_folder). */
status file_read_unnoted(const char *path, size_t limit, unsigned char **data, size_t *size,
                         struct error *error);
/* The same of a file beneath a folder that another file names: `name` is a relative path without "..", and no
 * symbolic link on it is followed. */
status file_open_beneath(const char *folder, const char *name, size_t limit, int *descriptor, size_t *size,
                         struct error *error);
/* Exactly `count` bytes from an offset of an open file; may be called from several threads. `path` is for the
 * message. */
status file_read_at(int descriptor, const char *path, size_t offset, void *data, size_t count,
                    struct error *error);

/* The first bytes of such a file, `size` - 1 at most, with a NUL behind them: what it says of itself. It is
 * no input for that, and "~/" is not expanded. */
status file_peek(const char *path, char *data, size_t size, struct error *error);

/* Open a folder to list it. *descriptor is the caller's to close. */
status file_open_folder(const char *path, int *descriptor, struct error *error);

/* Could the file be read: is it there, regular, not empty, not too large, and open to us? */
status file_check(const char *path, size_t limit, struct error *error);

/* Replace (or create) the file in one step: temporary file beside it, fsync, rename. On failure the old file
 * is as it was and nothing is left behind. Temporary files that killed programs left in the folder go.
 * Whether the file may be replaced is the caller's matter (inputs_protect). Of several ranks (base/ranks.h)
 * the first alone does it, the others behave as if; so it is with file_append_open. */
status file_replace(const char *path, const void *data, size_t size, struct error *error);
/* The same of contents in several pieces, one after the other. */
struct file_piece {
    const void *data;
    size_t size;
};
status file_replace_pieces(const char *path, const struct file_piece *pieces, size_t count,
                           struct error *error);

/* Could the file be replaced or made, as far as can be said before there is something to write? A rank that
 * writes no files does not look. */
status file_replace_check(const char *path, struct error *error);

/* Open a regular file to add to its end; it is made where there is none. What was read here is refused, for a
 * text at its end would spoil it. *descriptor is the caller's to close. */
status file_append_open(const char *path, int *descriptor, struct error *error);

/* For those who open files themselves: all bytes written, or why not; errors in the words of this module. */
status file_write_all(int descriptor, const char *path, const void *data, size_t size, struct error *error);
status file_error(struct error *error, const char *path, int number); /* number: an errno */
status file_irregular(struct error *error, const char *path, mode_t mode);

/* Path with a leading "~/" replaced by $HOME; owned by the caller. NULL when memory is out. */
char *path_expand(const char *path);
/* The same, and a path that is there from the root on, so that it means the same from any folder. Owned by
 * the caller. */
char *path_whole(const char *path);
/* SHA-256 of a whole regular file of at most `limit` bytes; fails as file_read does. */
status file_digest(const char *path, size_t limit, char digest[DIGEST_SIZE], struct error *error);
const char *path_base(const char *path);      /* part after the last '/' */
const char *path_extension(const char *path); /* "csv" for a/b.csv, "" without one */
/* dir + "/" + name, owned by the caller. */
char *path_join(const char *directory, const char *name);

/* From now on files are read and replaced beneath this folder only, wherever a symbolic link leads, and
 * besides the program's own data are read, and files admitted before or later. All else is refused as
 * STATUS_FILE. A symbolic link in the place of a file to be replaced is replaced itself. Once, before there
 * are other threads that open files; STATUS_FILE when it is no folder. */
status file_confine(const char *folder, struct error *error);
/* A single file that may be read although it lies elsewhere: the user named it. */
void file_admit(const char *path);

/* XDG directory for this program, e.g. file_user_directory("XDG_STATE_HOME", ".local/state") gives
 * ~/.local/state/ippro-explore; created (0700) when `create`. Owned by the caller; NULL when there is none.
 */
char *file_user_directory(const char *variable, const char *fallback, int create);

/* The folders of the program's data in the order in which they are looked at: $IPPRO_DATADIR, then the
 * installed pkgdatadir. NULL past the end. */
const char *file_program_folder(int index);
/* A read-only data file of the program ("examples/shapes-resnet.onnx", "themes/dark.theme"): looked for in
 * these folders. Owned by the caller; STATUS_NOT_FOUND otherwise. */
status file_program_data(const char *name, char **path, struct error *error);

#endif
