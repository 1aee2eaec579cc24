/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/listing.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"

enum { NAMES_UNCHECKED = 256 };

static int compare_entries(const void *a, const void *b)
{
    const struct listing_entry *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static status add_entry(struct listing *listing, int folder, const char *name, struct error *error)
{
    struct stat about;
    if (name[0] == '.' || fstatat(folder, name, &about, 0) != 0 ||
        !(S_ISDIR(about.st_mode) || S_ISREG(about.st_mode)))
        return STATUS_OK;
    char *copy = mem_string(name);
    if (!copy ||
        !mem_grow(&listing->entries, &listing->capacity, listing->count + 1, sizeof *listing->entries)) {
        mem_free(copy);
        return error_memory(error);
    }
    listing->entries[listing->count++] = (struct listing_entry){copy, S_ISDIR(about.st_mode), about.st_size};
    return STATUS_OK;
}

static status read_entries(DIR *stream, const char *path, struct listing *listing, struct error *error)
{
    status code = STATUS_OK;
    for (size_t i = 0; code == STATUS_OK; i++) {
        errno = 0;
        const struct dirent *entry = readdir(stream);
        if (!entry)
            return errno ? file_error(error, path, errno) : STATUS_OK;
        code = add_entry(listing, dirfd(stream), entry->d_name, error);
        if (code == STATUS_OK && i % NAMES_UNCHECKED == 0)
            code = progress_check(error);
    }
    return code;
}

status listing_read(const char *path, struct listing *listing, struct error *error)
{
    int descriptor;
    struct listing made = {0};
    *listing = made;
    if (file_open_folder(path, &descriptor, error))
        return error->code;
    DIR *stream = fdopendir(descriptor);
    if (!stream) {
        close(descriptor);
        return error_memory(error);
    }
    status code = read_entries(stream, path, &made, error);
    closedir(stream);
    if (code != STATUS_OK) {
        listing_free(&made);
        return code;
    }
    if (made.count > 0)
        qsort(made.entries, made.count, sizeof *made.entries, compare_entries);
    *listing = made;
    return STATUS_OK;
}

void listing_free(struct listing *listing)
{
    for (size_t i = 0; i < listing->count; i++)
        mem_free(listing->entries[i].name);
    mem_free(listing->entries);
    *listing = (struct listing){0};
}

const struct listing_entry *listing_find(const struct listing *listing, const char *name)
{
    if (listing->count == 0)
        return NULL;
    const struct listing_entry wanted = {.name = (char *)name};
    return bsearch(&wanted, listing->entries, listing->count, sizeof *listing->entries, compare_entries);
}

size_t listing_folders(const struct listing *listing)
{
    size_t folders = 0;
    for (size_t i = 0; i < listing->count; i++)
        folders += listing->entries[i].folder;
    return folders;
}

bool path_is_folder(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

bool path_is_file(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISREG(about.st_mode);
}
