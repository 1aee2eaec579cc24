/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CIFAR in the archive that is downloaded. */
#include <string.h>
#include <strings.h>

#include "archive/archive.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "data/cifar.h"
#include "data/dataset.h"

static const size_t largest_member = (size_t)256 << 20;

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcasecmp(text + length - tail, end) == 0;
}

bool cifar_is_archive(const char *path)
{
    return ends_with(path, ".tar.gz") || ends_with(path, ".tgz") || ends_with(path, ".tar");
}

/* What an archive's members become, until all are seen: images must come in the order of the files, not in
 * that of the archive. */
struct unpacked {
    unsigned char *bytes[CIFAR_FILES], *names;
    size_t size[CIFAR_FILES], names_size;
    bool pickled_names;
    bool other; /* something of the other split is there */
};

/* The place of a member among the split's files, -1: it is none. */
static int place_of(const char *const *names, const char *base)
{
    for (int i = 0; names[i]; i++) {
        size_t length = strlen(names[i]);
        if (strncmp(base, names[i], length) == 0 && (!base[length] || strcmp(base + length, ".bin") == 0))
            return i;
    }
    return -1;
}

static const char *other_split(const struct dataset *dataset)
{
    return strcmp(dataset->split, "test") == 0 ? "train" : "test";
}

static status take_member(struct members *members, const char *const *names, const char *base,
                          const struct cifar_layout *layout, struct unpacked *unpacked, struct error *error)
{
    int place = place_of(names, base);
    bool pickled = strcmp(base, layout->meta) == 0, named = pickled || strcmp(base, layout->names_file) == 0;
    if (place >= 0 && !unpacked->bytes[place])
        return members_read_all(members, largest_member, &unpacked->bytes[place], &unpacked->size[place],
                                error);
    if (!named || unpacked->names)
        return STATUS_OK;
    unpacked->pickled_names = pickled;
    return members_read_all(members, CIFAR_LARGEST_NAMES, &unpacked->names, &unpacked->names_size, error);
}

static status unpack(struct dataset *dataset, const char *path, const struct cifar_layout *layout,
                     struct unpacked *unpacked, struct error *error)
{
    struct members *members;
    const char *name = NULL;
    if (members_open(path, &members, error))
        return error->code;
    status code = members_next(members, &name, error);
    while (code == STATUS_OK && name) {
        unpacked->other |= place_of(cifar_files_of(other_split(dataset), layout), path_base(name)) >= 0;
        code = take_member(members, cifar_files_of(dataset->split, layout), path_base(name), layout, unpacked,
                           error);
        if (code == STATUS_OK)
            code = members_next(members, &name, error);
    }
    members_close(members);
    return code;
}

static status add_unpacked(struct dataset *dataset, const char *path, const struct cifar_layout *layout,
                           struct unpacked *unpacked, struct error *error)
{
    const char *const *names = cifar_files_of(dataset->split, layout);
    int found = 0, expected = 0;
    status code = STATUS_OK;
    for (; names[expected] && code == STATUS_OK; expected++) {
        unsigned char *bytes = unpacked->bytes[expected];
        if (!bytes)
            continue;
        found++;
        char *inside = mem_format("%s: %s", path, names[expected]);
        unpacked->bytes[expected] = NULL;
        if (!inside) {
            mem_free(bytes);
            return error_memory(error);
        }
        const size_t size = unpacked->size[expected];
        code = cifar_add_bytes(dataset, inside, layout, bytes, size, -1, error);
        mem_free(inside);
    }
    if (code == STATUS_OK && found == 0)
        code = error_set(error, STATUS_FILE, "%s: no %s is in it%s%s%s", path, names[0],
                         unpacked->other ? "; split=" : "", unpacked->other ? other_split(dataset) : "",
                         unpacked->other ? " would read what is" : "");
    return code == STATUS_OK ? cifar_note_missing(dataset, found, expected, error) : code;
}

status cifar_add_archive(struct dataset *dataset, const char *path, const struct cifar_layout *layout,
                         struct error *error)
{
    struct unpacked unpacked = {0};
    status code = unpack(dataset, path, layout, &unpacked, error);
    if (code == STATUS_OK)
        code = add_unpacked(dataset, path, layout, &unpacked, error);
    if (code == STATUS_OK)
        code = cifar_name_classes(dataset, layout, unpacked.names, unpacked.names_size,
                                  unpacked.pickled_names, error);
    else
        mem_free(unpacked.names);
    for (int i = 0; i < CIFAR_FILES; i++)
        mem_free(unpacked.bytes[i]);
    return code;
}
