/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Zip files out. libzip chooses places itself, so that headers are written here. */
#include "archive/package_write.h"

#include <stdint.h>
#include <string.h>
#include "archive/sum.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/progress.h"

enum { LOCAL_SIZE = 30, CENTRAL_SIZE = 46, END_SIZE = 22, EXTRA_SIZE = 4, MOST_MEMBERS = 65535 };
enum { VERSION = 20, FIRST_DAY = 0x21 /* 1 January 1980 */, PADDING_ID = 0x4246 };

struct writer {
    unsigned char *bytes;
    size_t at;
    struct sum_table sums;
};

/* Where a member is, and its sum. */
struct placed {
    size_t header, data;
    uint32_t sum;
};

static void put(struct writer *writer, uint32_t value, int width)
{
    for (int i = 0; i < width; i++)
        writer->bytes[writer->at++] = (unsigned char)(value >> 8 * i);
}

static void put_bytes(struct writer *writer, const void *bytes, size_t count)
{
    memcpy(writer->bytes + writer->at, bytes, count);
    writer->at += count;
}

/* Places for all members; the size of the file. */
static uint64_t lay_out(const struct package_source *members, size_t count, struct placed *placed)
{
    uint64_t at = 0, directory = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t data = at + LOCAL_SIZE + strlen(members[i].name) + EXTRA_SIZE;
        data = (data + PACKAGE_ALIGNMENT - 1) / PACKAGE_ALIGNMENT * PACKAGE_ALIGNMENT;
        placed[i] = (struct placed){.header = (size_t)at, .data = (size_t)data};
        at = data + members[i].size;
        directory += CENTRAL_SIZE + strlen(members[i].name);
        if (at > UINT32_MAX)
            return at;
    }
    return at + directory + END_SIZE;
}

/* What both headers of a member say. */
static void put_common(struct writer *writer, const struct package_source *member, uint32_t sum, size_t extra)
{
    put(writer, VERSION, 2);
    put(writer, 0, 2); /* flags */
    put(writer, 0, 2); /* stored as it is */
    put(writer, 0, 2); /* midnight */
    put(writer, FIRST_DAY, 2);
    put(writer, sum, 4);
    put(writer, (uint32_t)member->size, 4);
    put(writer, (uint32_t)member->size, 4);
    put(writer, (uint32_t)strlen(member->name), 2);
    put(writer, (uint32_t)extra, 2);
}

/* The bytes first: the header in front of them has their sum. */
static void put_member(struct writer *writer, const struct package_source *member, struct placed *placed)
{
    size_t extra = placed->data - placed->header - LOCAL_SIZE - strlen(member->name);
    member->fill(member->argument, writer->bytes + placed->data);
    placed->sum = sum_add(&writer->sums, 0, writer->bytes + placed->data, member->size);
    writer->at = placed->header;
    put(writer, 0x04034b50, 4);
    put_common(writer, member, placed->sum, extra);
    put_bytes(writer, member->name, strlen(member->name));
    put(writer, PADDING_ID, 2);
    put(writer, (uint32_t)(extra - EXTRA_SIZE), 2);
    memset(writer->bytes + writer->at, 'Z', extra - EXTRA_SIZE);
    writer->at = placed->data + member->size;
}

static void put_directory(struct writer *writer, const struct package_source *members, size_t count,
                          const struct placed *placed)
{
    size_t start = writer->at;
    for (size_t i = 0; i < count; i++) {
        put(writer, 0x02014b50, 4);
        put(writer, VERSION, 2);
        put_common(writer, &members[i], placed[i].sum, 0);
        put(writer, 0, 2); /* comment */
        put(writer, 0, 2); /* disk */
        put(writer, 0, 2); /* attributes, two kinds */
        put(writer, 0, 4);
        put(writer, (uint32_t)placed[i].header, 4);
        put_bytes(writer, members[i].name, strlen(members[i].name));
    }
    size_t size = writer->at - start;
    put(writer, 0x06054b50, 4);
    put(writer, 0, 2);
    put(writer, 0, 2);
    put(writer, (uint32_t)count, 2);
    put(writer, (uint32_t)count, 2);
    put(writer, (uint32_t)size, 4);
    put(writer, (uint32_t)start, 4);
    put(writer, 0, 2);
}

static status fill_laid_out(const struct package_source *members, size_t count, struct placed *placed,
                            size_t size, unsigned char **bytes, struct error *error)
{
    struct writer writer = {.bytes = mem_aligned_raw(size, 1)};
    status code = writer.bytes ? STATUS_OK : error_memory(error);
    sum_table_make(&writer.sums);
    for (size_t i = 0; i < count && code == STATUS_OK; i++)
        if ((code = progress_check(error)) == STATUS_OK)
            put_member(&writer, &members[i], &placed[i]);
    if (code == STATUS_OK)
        put_directory(&writer, members, count, placed);
    else
        mem_free(writer.bytes);
    *bytes = code == STATUS_OK ? writer.bytes : NULL;
    return code;
}

status package_bytes(const char *name, const struct package_source *members, size_t count,
                     unsigned char **bytes, size_t *size, struct error *error)
{
    struct placed *placed = mem_new(count, sizeof *placed);
    if (!placed)
        return error_memory(error);
    const uint64_t whole = lay_out(members, count, placed);
    status code;
    if (count > MOST_MEMBERS || whole > UINT32_MAX)
        code =
            error_set(error, STATUS_UNSUPPORTED,
                      "%s: zip files of more than 4 GiB or %d members are not written", name, MOST_MEMBERS);
    else
        code = fill_laid_out(members, count, placed, *size = (size_t)whole, bytes, error);
    mem_free(placed);
    return code;
}

status package_write(const char *path, const struct package_source *members, size_t count,
                     struct error *error)
{
    unsigned char *bytes;
    size_t size;
    status code = package_bytes(path, members, count, &bytes, &size, error);
    if (code != STATUS_OK)
        return code;
    code = file_replace(path, bytes, size, error);
    mem_free(bytes);
    return code;
}
