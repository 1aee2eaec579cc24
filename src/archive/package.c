/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Members of zip files, over libzip, which checks headers against each other and sums. */
#include "archive/package.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zip.h>
#include "base/file.h"
#include "base/memory.h"
#include "base/progress.h"

enum { MOST_RATIO = 1032, MOST_TOTAL_RATIO = 256, FREE_BYTES = 64 << 20 };
/* Bytes unpacked between two looks whether the work is cancelled. */
enum { PIECE = 8 << 20 };

struct entry {
    const char *name; /* the archive's own */
    size_t size;
};

struct package {
    zip_t *zip;
    char *path;
    struct entry *entries;
    int count;
};

struct package_member {
    struct package *package;
    zip_file_t *file;
    int index;
    size_t left;
};

/* --- Errors --------------------------------------------------------------------------------------------- */

static status zip_failure(struct error *error, zip_error_t *problem)
{
    static const struct {
        int code;
        const char *message;
    } plain[] = {
        {ZIP_ER_CRC, "its sum is wrong"},
        {ZIP_ER_EOF, "it ends too early"},
        {ZIP_ER_INCONS, "the headers of its members contradict each other"},
        {ZIP_ER_NOZIP, "it has no directory of members: it is damaged or cut short"},
        {ZIP_ER_EXISTS, "two of its members have the same name"},
        {ZIP_ER_MULTIDISK, "it is one part of several"},
    };
    int code = zip_error_code_zip(problem);
    if (code == ZIP_ER_MEMORY)
        return error_memory(error);
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (plain[i].code == code)
            return error_set(error, STATUS_FILE, "%s", plain[i].message);
    return error_set(error, STATUS_FILE, "%s", zip_error_strerror(problem));
}

/* "FILE: " before what is wrong, where the file has a name. */
static status blame_file(const char *path, struct error *error)
{
    bool file = error->code != STATUS_MEMORY && error->code != STATUS_CANCELLED;
    return file && path ? error_prefix(error, "%s: ", path) : error->code;
}

/* "FILE: member NAME: ". */
static status blame(const struct package *package, int index, struct error *error)
{
    if (error->code != STATUS_MEMORY && error->code != STATUS_CANCELLED)
        error_prefix(error, "member %s: ", package->entries[index].name);
    return blame_file(package->path, error);
}

/* --- Opening -------------------------------------------------------------------------------------------- */

static status check_entry(const zip_stat_t *about, struct error *error)
{
    const zip_uint64_t needed =
        ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    if ((about->valid & needed) != needed)
        return error_set(error, STATUS_FILE, "it does not say how large it is");
    if (about->encryption_method != ZIP_EM_NONE)
        return error_set(error, STATUS_UNSUPPORTED, "it is encrypted");
    if (about->comp_method != ZIP_CM_STORE && about->comp_method != ZIP_CM_DEFLATE)
        return error_set(error, STATUS_UNSUPPORTED, "compression method %d is not supported",
                         about->comp_method);
    if (about->comp_method == ZIP_CM_STORE && about->size != about->comp_size)
        return error_set(error, STATUS_FILE, "it is stored as it is, yet has two sizes, %llu and %llu bytes",
                         (unsigned long long)about->size, (unsigned long long)about->comp_size);
    if (about->size / MOST_RATIO > about->comp_size)
        return error_set(error, STATUS_FILE, "%llu bytes cannot unpack to %llu",
                         (unsigned long long)about->comp_size, (unsigned long long)about->size);
    return STATUS_OK;
}

static status read_entries(struct package *package, size_t file_size, struct error *error)
{
    uint64_t total = 0;
    uint64_t most = (uint64_t)file_size * MOST_TOTAL_RATIO + FREE_BYTES; /* of files below 2^48 bytes */
    for (int i = 0; i < package->count; i++) {
        zip_stat_t about;
        struct entry *entry = &package->entries[i];
        *entry = (struct entry){.name = "?"};
        if (zip_stat_index(package->zip, (zip_uint64_t)i, ZIP_FL_ENC_RAW, &about) != 0) {
            zip_failure(error, zip_get_error(package->zip));
            return blame(package, i, error);
        }
        entry->name = about.name ? about.name : "";
        entry->size = (size_t)about.size;
        if (check_entry(&about, error) != STATUS_OK)
            return blame(package, i, error);
        if (about.size > most || (total += about.size) > most) {
            error_set(error, STATUS_FILE, "its members would unpack to more than %d times its size",
                      MOST_TOTAL_RATIO);
            return blame_file(package->path, error);
        }
    }
    return STATUS_OK;
}

static status fill(struct package *package, size_t file_size, struct error *error)
{
    zip_int64_t count = zip_get_num_entries(package->zip, 0);
    if (count < 0 || count > INT32_MAX) {
        error_set(error, STATUS_FILE, "it has too many members");
        return blame_file(package->path, error);
    }
    package->count = (int)count;
    package->entries = mem_new((size_t)count, sizeof *package->entries);
    return package->entries ? read_entries(package, file_size, error) : error_memory(error);
}

/* Takes the source, whatever happens. */
static status open_source(zip_source_t *source, const char *path, size_t size, struct package **package,
                          struct error *error)
{
    zip_error_t problem;
    struct package *made = mem_new(1, sizeof *made);
    if (!made || (path && !(made->path = mem_string(path)))) {
        zip_source_free(source);
        package_close(made);
        return error_memory(error);
    }
    zip_error_init(&problem);
    made->zip = zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &problem);
    status code = STATUS_OK;
    if (!made->zip) {
        zip_source_free(source);
        zip_failure(error, &problem);
        code = blame_file(path, error);
    }
    zip_error_fini(&problem);
    if (code == STATUS_OK)
        code = fill(made, size, error);
    if (code != STATUS_OK)
        package_close(made);
    else
        *package = made;
    return code;
}

/* What stands in front of the first member is read by some programs and passed over by others. */
static status check_beginning(const char *path, const void *bytes, size_t size, struct error *error)
{
    if (size >= 4 && (memcmp(bytes, "PK\3\4", 4) == 0 || memcmp(bytes, "PK\5\6", 4) == 0))
        return STATUS_OK;
    error_set(error, STATUS_FILE, "it does not begin as a zip file");
    return blame_file(path, error);
}

status package_open_bytes(const char *name, const void *bytes, size_t size, struct package **package,
                          struct error *error)
{
    zip_error_t problem;
    *package = NULL;
    if (check_beginning(name, bytes, size, error) != STATUS_OK)
        return error->code;
    zip_error_init(&problem);
    zip_source_t *source = zip_source_buffer_create(bytes, size, 0, &problem);
    zip_error_fini(&problem);
    return source ? open_source(source, name, size, package, error) : error_memory(error);
}

/* The stream takes the descriptor, the source the stream. */
static zip_source_t *source_of(int descriptor)
{
    zip_error_t problem;
    FILE *stream = fdopen(descriptor, "rb");
    if (!stream) {
        close(descriptor);
        return NULL;
    }
    zip_error_init(&problem);
    zip_source_t *source = zip_source_filep_create(stream, 0, -1, &problem);
    zip_error_fini(&problem);
    if (!source)
        fclose(stream);
    return source;
}

status package_open(const char *path, struct package **package, struct error *error)
{
    int descriptor;
    size_t size;
    char beginning[4] = "";
    *package = NULL;
    status code = file_open(path, (size_t)1 << 48, &descriptor, &size, error);
    if (code != STATUS_OK)
        return code;
    code = file_read_at(descriptor, path, 0, beginning, size < sizeof beginning ? size : sizeof beginning,
                        error);
    if (code == STATUS_OK)
        code = check_beginning(path, beginning, size, error);
    if (code != STATUS_OK) {
        close(descriptor);
        return code;
    }
    zip_source_t *source = source_of(descriptor);
    return source ? open_source(source, path, size, package, error) : error_memory(error);
}

void package_close(struct package *package)
{
    if (!package)
        return;
    if (package->zip)
        zip_discard(package->zip);
    mem_free(package->entries);
    mem_free(package->path);
    mem_free(package);
}

/* --- What is in it -------------------------------------------------------------------------------------- */

int package_count(const struct package *package)
{
    return package->count;
}

const char *package_name(const struct package *package, int index)
{
    return package->entries[index].name;
}

size_t package_size(const struct package *package, int index)
{
    return package->entries[index].size;
}

int package_find(const struct package *package, const char *name)
{
    return (int)zip_name_locate(package->zip, name, ZIP_FL_ENC_RAW);
}

/* --- Reading -------------------------------------------------------------------------------------------- */

status package_member_open(struct package *package, int index, struct package_member **member,
                           struct error *error)
{
    struct package_member *made = mem_new(1, sizeof *made);
    *member = NULL;
    if (!made)
        return error_memory(error);
    made->package = package;
    made->index = index;
    made->left = package->entries[index].size;
    made->file = zip_fopen_index(package->zip, (zip_uint64_t)index, 0);
    if (!made->file) {
        mem_free(made);
        zip_failure(error, zip_get_error(package->zip));
        return blame(package, index, error);
    }
    *member = made;
    return STATUS_OK;
}

/* Behind the last byte libzip compares the sum; more bytes than were promised are as wrong. */
static status check_end(struct package_member *member, struct error *error)
{
    char beyond;
    zip_int64_t got = zip_fread(member->file, &beyond, 1);
    if (got < 0)
        return zip_failure(error, zip_file_get_error(member->file));
    return got == 0 ? STATUS_OK : error_set(error, STATUS_FILE, "it unpacks to more than it says");
}

static status read_exactly(struct package_member *member, unsigned char *data, size_t count,
                           struct error *error)
{
    if (count > member->left)
        return error_set(error, STATUS_FILE, "%zu bytes are left where %zu are needed", member->left, count);
    for (size_t at = 0; at < count;) {
        if (progress_check(error) != STATUS_OK)
            return error->code;
        zip_int64_t got = zip_fread(member->file, data + at, count - at < PIECE ? count - at : PIECE);
        if (got < 0)
            return zip_failure(error, zip_file_get_error(member->file));
        if (got == 0)
            return error_set(error, STATUS_FILE, "it ends too early");
        at += (size_t)got;
        member->left -= (size_t)got;
    }
    return member->left ? STATUS_OK : check_end(member, error);
}

status package_member_read(struct package_member *member, void *data, size_t count, struct error *error)
{
    status code = read_exactly(member, data, count, error);
    return code ? blame(member->package, member->index, error) : STATUS_OK;
}

void package_member_close(struct package_member *member)
{
    if (!member)
        return;
    zip_fclose(member->file);
    mem_free(member);
}

status package_read(struct package *package, int index, void *data, struct error *error)
{
    struct package_member *member;
    status code = package_member_open(package, index, &member, error);
    if (code != STATUS_OK)
        return code;
    code = package_member_read(member, data, package->entries[index].size, error);
    package_member_close(member);
    return code;
}

status package_read_new(struct package *package, int index, unsigned char **data, size_t *size,
                        struct error *error)
{
    size_t bytes = package->entries[index].size;
    unsigned char *made = bytes < SIZE_MAX ? mem_aligned_raw(bytes + 1, 1) : NULL;
    *data = NULL;
    if (!made)
        return error_memory(error);
    status code = package_read(package, index, made, error);
    if (code != STATUS_OK) {
        mem_free(made);
        return code;
    }
    made[bytes] = '\0';
    *data = made;
    *size = bytes;
    return STATUS_OK;
}
