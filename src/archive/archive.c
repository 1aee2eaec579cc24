/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files inside tar and gzip files, over libarchive. Its gzip filter passes over the sum at the end, so what
 * is packed is unpacked by a reader of its own, summed here, and handed to the reader of tar. */
#include "archive/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include "archive/sum.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/progress.h"

enum { PIECE = 1 << 20, TRAILER = 8 };

struct members {
    char *path, *name; /* name: of the one file that is no tar file */
    int descriptor;
    size_t offset, size;
    unsigned char *piece;     /* of the file */
    struct archive *unpacker; /* NULL: the file is not packed */
    unsigned char *unpacked;  /* what it gave last */
    struct sum_table sums;
    uint32_t sum;
    uint64_t unpacked_bytes;
    struct archive *reader;
    struct error problem; /* of ours, within a call of libarchive's */
};

/* --- Errors --------------------------------------------------------------------------------------------- */

static status failure(struct members *members, struct archive *archive, struct error *error)
{
    if (members->problem.code != STATUS_OK) {
        *error = members->problem;
        return error->code;
    }
    if (members->unpacker && archive_errno(members->unpacker))
        archive = members->unpacker;
    const char *text = archive_error_string(archive);
    if (archive_errno(archive) == ENOMEM)
        return error_memory(error);
    return error_set(error, STATUS_FILE, "%s: %s", members->path, text ? text : "it is damaged");
}

/* --- From the file to the reader ------------------------------------------------------------------------ */

static la_ssize_t fail_inside(struct members *members, struct archive *archive)
{
    archive_set_error(archive, EIO, "%s", members->problem.message);
    return -1;
}

/* libarchive's callback: the next bytes of the file. */
static la_ssize_t file_bytes(struct archive *archive, void *data, const void **bytes)
{
    struct members *members = data;
    size_t left = members->size - members->offset, count = left < PIECE ? left : PIECE;
    *bytes = members->piece;
    if (progress_check(&members->problem) != STATUS_OK ||
        file_read_at(members->descriptor, members->path, members->offset, members->piece, count,
                     &members->problem) != STATUS_OK)
        return fail_inside(members, archive);
    members->offset += count;
    return (la_ssize_t)count;
}

/* The same: the next bytes that were packed. */
static la_ssize_t unpacked_bytes(struct archive *archive, void *data, const void **bytes)
{
    struct members *members = data;
    la_ssize_t got = archive_read_data(members->unpacker, members->unpacked, PIECE);
    *bytes = members->unpacked;
    if (got < 0) {
        failure(members, members->unpacker, &members->problem);
        return fail_inside(members, archive);
    }
    members->sum = sum_add(&members->sums, members->sum, members->unpacked, (size_t)got);
    members->unpacked_bytes += (size_t)got;
    return got;
}

/* The sum and the size of what was packed stand in the file's last eight bytes. */
static status check_trailer(struct members *members, struct error *error)
{
    unsigned char trailer[TRAILER];
    uint32_t values[2] = {0, 0};
    if (members->size < TRAILER)
        return error_set(error, STATUS_FILE, "%s: it ends too early", members->path);
    if (file_read_at(members->descriptor, members->path, members->size - TRAILER, trailer, TRAILER, error) !=
        STATUS_OK)
        return error->code;
    for (int i = TRAILER - 1; i >= 0; i--)
        values[i / 4] = values[i / 4] << 8 | trailer[i];
    if (values[0] != members->sum || values[1] != (uint32_t)members->unpacked_bytes)
        return error_set(error, STATUS_FILE,
                         "%s: its sum is wrong: it is damaged, or several gzip files were joined",
                         members->path);
    return STATUS_OK;
}

/* --- Opening -------------------------------------------------------------------------------------------- */

static bool begin(struct archive *archive, struct members *members, archive_read_callback *read)
{
    return archive_read_open2(archive, members, NULL, read, NULL, NULL) == ARCHIVE_OK;
}

static status open_unpacker(struct members *members, struct error *error)
{
    struct archive_entry *entry;
    members->unpacked = mem_new(PIECE, 1);
    members->unpacker = archive_read_new();
    if (!members->unpacked || !members->unpacker)
        return error_memory(error);
    sum_table_make(&members->sums);
    archive_read_support_filter_gzip(members->unpacker);
    archive_read_support_format_raw(members->unpacker);
    if (!begin(members->unpacker, members, file_bytes) ||
        archive_read_next_header(members->unpacker, &entry) != ARCHIVE_OK)
        return failure(members, members->unpacker, error);
    return STATUS_OK;
}

static status open_reader(struct members *members, struct error *error)
{
    members->reader = archive_read_new();
    if (!members->reader)
        return error_memory(error);
    archive_read_support_format_tar(members->reader);
    archive_read_support_format_raw(members->reader);
    if (!begin(members->reader, members, members->unpacker ? unpacked_bytes : file_bytes))
        return failure(members, members->reader, error);
    return STATUS_OK;
}

static status open_readers(struct members *members, struct error *error)
{
    unsigned char magic[2] = {0, 0};
    size_t count = members->size < sizeof magic ? members->size : sizeof magic;
    status code = file_read_at(members->descriptor, members->path, 0, magic, count, error);
    if (code == STATUS_OK && magic[0] == 0x1f && magic[1] == 0x8b)
        code = open_unpacker(members, error);
    if (code != STATUS_OK)
        return code;
    size_t length = strlen(members->name);
    if (members->unpacker && length > 3 && strcmp(members->name + length - 3, ".gz") == 0)
        members->name[length - 3] = '\0';
    return open_reader(members, error);
}

status members_open(const char *path, struct members **members, struct error *error)
{
    struct members *made = mem_new(1, sizeof *made);
    *members = NULL;
    if (!made)
        return error_memory(error);
    made->descriptor = -1;
    made->path = mem_string(path);
    made->name = mem_string(path_base(path));
    made->piece = mem_new(PIECE, 1);
    status code = made->path && made->name && made->piece
                      ? file_open(path, (size_t)1 << 48, &made->descriptor, &made->size, error)
                      : error_memory(error);
    if (code == STATUS_OK)
        code = open_readers(made, error);
    if (code != STATUS_OK)
        members_close(made);
    else
        *members = made;
    return code;
}

void members_close(struct members *members)
{
    if (!members)
        return;
    archive_read_free(members->reader);
    archive_read_free(members->unpacker);
    if (members->descriptor >= 0)
        close(members->descriptor);
    mem_free(members->unpacked);
    mem_free(members->piece);
    mem_free(members->name);
    mem_free(members->path);
    mem_free(members);
}

/* --- Reading -------------------------------------------------------------------------------------------- */

/* Behind the last member: what is packed must be sound to its end. */
static status finish(struct members *members, struct error *error)
{
    const void *rest;
    la_ssize_t got = 1;
    if (!members->unpacker)
        return STATUS_OK;
    while (got > 0)
        got = unpacked_bytes(members->reader, members, &rest);
    return got < 0 ? failure(members, members->reader, error) : check_trailer(members, error);
}

status members_next(struct members *members, const char **name, struct error *error)
{
    struct archive_entry *entry;
    int result;
    *name = NULL;
    do {
        if (progress_check(error) != STATUS_OK)
            return error->code;
        result = archive_read_next_header(members->reader, &entry);
        if (result == ARCHIVE_EOF)
            return finish(members, error);
        if (result != ARCHIVE_OK && result != ARCHIVE_WARN)
            return failure(members, members->reader, error);
    } while (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry));
    if (archive_format(members->reader) == ARCHIVE_FORMAT_RAW) {
        *name = members->name;
        return STATUS_OK;
    }
    *name = archive_entry_pathname(entry);
    if (!*name)
        *name = archive_entry_pathname_utf8(entry);
    return *name ? STATUS_OK
                 : error_set(error, STATUS_FILE, "%s: it has a member whose name cannot be read",
                             members->path);
}

status members_read(struct members *members, void *data, size_t count, size_t *got, struct error *error)
{
    unsigned char *bytes = data;
    *got = 0;
    while (*got < count) {
        size_t piece = count - *got < PIECE ? count - *got : PIECE;
        if (progress_check(error) != STATUS_OK)
            return error->code;
        la_ssize_t more = archive_read_data(members->reader, bytes + *got, piece);
        if (more < 0)
            return failure(members, members->reader, error);
        if (more == 0)
            break;
        *got += (size_t)more;
    }
    return STATUS_OK;
}

status members_read_all(struct members *members, size_t limit, unsigned char **data, size_t *size,
                        struct error *error)
{
    unsigned char *made = NULL;
    size_t capacity = 0, length = 0, got = PIECE;
    status code = STATUS_OK;
    *data = NULL;
    while (code == STATUS_OK && got == PIECE) {
        if (!mem_grow(&made, &capacity, length + PIECE + 1, 1))
            code = error_memory(error);
        else
            code = members_read(members, made + length, PIECE, &got, error);
        length += got;
        if (code == STATUS_OK && length > limit)
            code = error_set(error, STATUS_FILE, "%s: a file in it has more than %zu bytes", members->path,
                             limit);
    }
    if (code != STATUS_OK) {
        mem_free(made);
        return code;
    }
    made[length] = '\0';
    *data = made;
    *size = length;
    return STATUS_OK;
}
