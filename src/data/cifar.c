/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CIFAR-10 and CIFAR-100 (Krizhevsky 2009) as their authors give them away: binary files, which are records
 * of one label byte (CIFAR-10) or a coarse and a fine one (CIFAR-100) and 3072 pixels; and pickles of Python
 * (cifar_python.c); in a folder, one by one, or in the .tar.gz that is downloaded. The digest is of the
 * records, however they come. */
#include "data/cifar.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "data/dataset.h"
#include "data/kinds.h"
#include "data/listing.h"

/* No file of these sets is near this, but one made of several may be. */
static const size_t largest_file = (size_t)1 << 30;

static const struct cifar_layout cifar10 =
                                     {
                                         .train = {"data_batch_1", "data_batch_2", "data_batch_3",
                                                   "data_batch_4", "data_batch_5"},
                                         .test = {"test_batch"},
                                         .names_file = "batches.meta.txt",
                                         .meta = "batches.meta",
                                         .meta_key = "label_names",
                                         .label_keys = {"labels"},
                                         .folders = {"cifar-10-batches-bin", "cifar-10-batches-py"},
                                         .archives = {"cifar-10-binary.tar.gz", "cifar-10-python.tar.gz"},
                                         .label_bytes = 1,
                                         .classes = 10,
                                         .limits = {10},
},
                                 cifar100 = {
                                     .train = {"train"},
                                     .test = {"test"},
                                     .names_file = "fine_label_names.txt",
                                     .meta = "meta",
                                     .meta_key = "fine_label_names",
                                     .label_keys = {"coarse_labels", "fine_labels"},
                                     .folders = {"cifar-100-binary", "cifar-100-python"},
                                     .archives = {"cifar-100-binary.tar.gz", "cifar-100-python.tar.gz"},
                                     .label_bytes = 2,
                                     .classes = 100,
                                     .limits = {20, 100},
};

status cifar_check_label(const char *path, const struct cifar_layout *layout, size_t record, int place,
                         int64_t label, struct error *error)
{
    if (label >= 0 && label < layout->limits[place])
        return STATUS_OK;
    return error_set(error, STATUS_FILE, "%s: record %zu has label %lld, but labels are 0 to %d", path,
                     record, (long long)label, layout->limits[place] - 1);
}

/* The labels of binary records, checked, behind those that there are. */
static status take_labels(struct dataset *dataset, const char *path, const struct cifar_layout *layout,
                          const uint8_t *records, size_t count, struct error *error)
{
    const size_t record_size = (size_t)layout->label_bytes + CIFAR_PIXELS;
    int32_t *labels = arrays_labels(dataset, (int64_t)count);
    if (!labels)
        return error_memory(error);
    for (size_t i = 0; i < count; i++)
        for (int k = 0; k < layout->label_bytes; k++) {
            labels[i] = records[i * record_size + (size_t)k];
            if (cifar_check_label(path, layout, i, k, labels[i], error))
                return error->code;
        }
    return STATUS_OK;
}

/* Records at hand, that stay in the open file, or in memory with a descriptor of -1. Both pass to the data
 * set. */
static status add_binary(struct dataset *dataset, const char *path, const struct cifar_layout *layout,
                         uint8_t *bytes, size_t size, int descriptor, struct error *error)
{
    const size_t record_size = (size_t)layout->label_bytes + CIFAR_PIXELS, count = size / record_size;
    struct array_part part = {
        .path = (char *)path,
        .descriptor = descriptor,
        .bytes = descriptor < 0 ? bytes : NULL,
        .offset = (size_t)layout->label_bytes,
        .stride = record_size,
        .count = (int64_t)count,
    };
    status code = STATUS_OK;
    if (size % record_size != 0)
        code = error_set(error, STATUS_FILE, "%s: %zu bytes is no multiple of the %zu-byte record", path,
                         size, record_size);
    if (code == STATUS_OK)
        code = take_labels(dataset, path, layout, bytes, count, error);
    if (code == STATUS_OK) {
        arrays_digest_add(dataset, bytes, size);
        code = arrays_add(dataset, &part, error);
        if (descriptor >= 0)
            mem_free(bytes);
        return code;
    }
    if (descriptor >= 0)
        close(descriptor);
    mem_free(bytes);
    return code;
}

status cifar_add_bytes(struct dataset *dataset, const char *path, const struct cifar_layout *layout,
                       unsigned char *bytes, size_t size, int descriptor, struct error *error)
{
    if (strcasecmp(path_extension(path), "bin") != 0 && cifar_is_pickle(bytes, size))
        return cifar_add_pickle(dataset, path, layout, bytes, size, descriptor, error);
    return add_binary(dataset, path, layout, bytes, size, descriptor, error);
}

static status add_file(struct dataset *dataset, const char *path, const struct cifar_layout *layout,
                       struct error *error)
{
    unsigned char *bytes;
    size_t size;
    int descriptor;
    if (file_read_open(path, largest_file, &bytes, &size, &descriptor, error))
        return error->code;
    return cifar_add_bytes(dataset, path, layout, bytes, size, descriptor, error);
}

bool cifar_exists(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 ||
           errno != ENOENT; /* what is there but refused gets its own message later */
}

const char *const *cifar_files_of(const char *split, const struct cifar_layout *layout)
{
    return strcmp(split, "test") == 0 ? layout->test : layout->train;
}

/* A file of the set in a folder: binary, else a pickle. Owned by the caller; NULL with STATUS_OK when it is
 * not there. */
static status find_file(const char *folder, const char *name, char **path, struct error *error)
{
    static const char *const endings[] = {".bin", ""};
    *path = NULL;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        *path = mem_format("%s/%s%s", folder, name, endings[i]);
        if (!*path)
            return error_memory(error);
        if (cifar_exists(*path))
            return STATUS_OK;
        mem_free(*path);
        *path = NULL;
    }
    return STATUS_OK;
}

status cifar_note_missing(struct dataset *dataset, int found, int expected, struct error *error)
{
    if (found >= expected)
        return STATUS_OK;
    dataset->note = mem_format("%d of %d %s files found", found, expected, dataset->split);
    return dataset->note ? STATUS_OK : error_memory(error);
}

/* Add those of the split's files that are in the folder; how many. */
static status add_directory(struct dataset *dataset, const char *folder, const struct cifar_layout *layout,
                            int *found, struct error *error)
{
    const char *const *names = cifar_files_of(dataset->split, layout);
    *found = 0;
    for (int i = 0; names[i]; i++) {
        char *path;
        if (find_file(folder, names[i], &path, error))
            return error->code;
        status code = path ? add_file(dataset, path, layout, error) : STATUS_OK;
        *found += path != NULL;
        mem_free(path);
        if (code != STATUS_OK)
            return code;
    }
    return STATUS_OK;
}

/* A single file belongs to the split its name says, whatever was asked for. */
static status add_single(struct dataset *dataset, const struct cifar_layout *layout, const char *asked,
                         struct error *error)
{
    status code = add_file(dataset, dataset->path, layout, error);
    if (code != STATUS_OK)
        return code;
    const char *split = strncmp(path_base(dataset->path), "test", 4) == 0 ? "test" : "train";
    if (asked && strcmp(asked, split) != 0) {
        dataset->note = mem_format("a single file was named: it is used as the %s split", split);
        if (!dataset->note)
            return error_memory(error);
    }
    char *copy = mem_string(split);
    if (!copy)
        return error_memory(error);
    mem_free(dataset->split);
    dataset->split = copy;
    return STATUS_OK;
}

/* --- where they are ------------------------------------------------------------------------------------- */

/* In the folder itself, or in one of those that the archives unpack to. */
static status open_folder(struct dataset *dataset, const struct cifar_layout *layout, struct error *error)
{
    const char *const *names = cifar_files_of(dataset->split, layout);
    int expected = 0, found = 0;
    while (names[expected])
        expected++;
    for (int i = -1; i < CIFAR_PLACES && found == 0; i++) {
        char *folder = i < 0 ? mem_string(dataset->path) : path_join(dataset->path, layout->folders[i]);
        if (!folder)
            return error_memory(error);
        status code = i < 0 || path_is_folder(folder) ? add_directory(dataset, folder, layout, &found, error)
                                                      : STATUS_OK;
        if (code == STATUS_OK && found > 0)
            code = cifar_note_missing(dataset, found, expected, error);
        if (code == STATUS_OK && found > 0)
            code = cifar_name_from_folder(dataset, folder, layout, error);
        mem_free(folder);
        if (code != STATUS_OK)
            return code;
    }
    for (int i = 0; i < CIFAR_PLACES && found == 0; i++) {
        char *path = path_join(dataset->path, layout->archives[i]);
        status code = !path ? error_memory(error) : STATUS_OK;
        bool there = path && path_is_file(path);
        if (there)
            code = cifar_add_archive(dataset, path, layout, error);
        mem_free(path);
        if (there || code != STATUS_OK)
            return code;
    }
    if (found > 0)
        return STATUS_OK;
    return error_set(error, STATUS_FILE, "%s: no %s.bin%s%s%s is in this folder", dataset->path, names[0],
                     expected > 1 ? " to " : "", expected > 1 ? names[expected - 1] : "",
                     expected > 1 ? ".bin" : "");
}

static status open_file(struct dataset *dataset, const struct dataset_options *options,
                        const struct cifar_layout *layout, struct error *error)
{
    if (cifar_is_archive(dataset->path))
        return cifar_add_archive(dataset, dataset->path, layout, error);
    char *folder = mem_format("%.*s.", (int)(path_base(dataset->path) - dataset->path), dataset->path);
    status code = folder ? add_single(dataset, layout, options->split, error) : error_memory(error);
    if (code == STATUS_OK)
        code = cifar_name_from_folder(dataset, folder, layout, error);
    mem_free(folder);
    return code;
}

static status cifar_open(struct dataset *dataset, const struct dataset_options *options,
                         const struct cifar_layout *layout, struct error *error)
{
    dataset->channels = CIFAR_CHANNELS;
    dataset->height = dataset->width = CIFAR_SIDE;
    status code = arrays_begin(dataset, error);
    if (code == STATUS_OK)
        code = path_is_folder(dataset->path) ? open_folder(dataset, layout, error)
                                             : open_file(dataset, options, layout, error);
    if (code == STATUS_OK)
        arrays_end(dataset);
    return code;
}

static status cifar10_open(struct dataset *dataset, const struct dataset_options *options,
                           struct error *error)
{
    return cifar_open(dataset, options, &cifar10, error);
}

static status cifar100_open(struct dataset *dataset, const struct dataset_options *options,
                            struct error *error)
{
    return cifar_open(dataset, options, &cifar100, error);
}

/* The first of the split's files, in the folder or in one of those that the archives unpack to. */
static char *find_split(const struct dataset *dataset, const char *split, const struct cifar_layout *layout)
{
    const char *const *names = cifar_files_of(split, layout);
    struct error ignored = {0};
    char *found = NULL;
    for (int i = -1; i < CIFAR_PLACES && !found; i++) {
        char *folder = i < 0 ? mem_string(dataset->path) : path_join(dataset->path, layout->folders[i]);
        for (int k = 0; folder && names[k] && !found; k++)
            (void)find_file(folder, names[k], &found, &ignored);
        mem_free(folder);
    }
    return found;
}

static char *cifar10_find_split(const struct dataset *dataset, const char *split)
{
    return find_split(dataset, split, &cifar10);
}

static char *cifar100_find_split(const struct dataset *dataset, const char *split)
{
    return find_split(dataset, split, &cifar100);
}

static bool recognise(const char *path, const struct cifar_layout *layout)
{
    struct error ignored = {0};
    bool found = false;
    if (!path_is_folder(path))
        return path_is_file(path) && (strcmp(path_base(path), layout->archives[0]) == 0 ||
                                      strcmp(path_base(path), layout->archives[1]) == 0);
    const char *const names[] = {layout->names_file, layout->meta,        layout->folders[0],
                                 layout->folders[1], layout->archives[0], layout->archives[1],
                                 layout->test[0]};
    for (size_t i = 0; i < sizeof names / sizeof *names && !found; i++) {
        char *inside = NULL;
        if (i + 1 == sizeof names / sizeof *names)
            (void)find_file(path, names[i], &inside, &ignored);
        else
            inside = path_join(path, names[i]);
        found = inside && cifar_exists(inside) && (i != 6 || path_is_file(inside));
        mem_free(inside);
    }
    return found;
}

static bool cifar10_recognise(const char *path)
{
    return recognise(path, &cifar10);
}

static bool cifar100_recognise(const char *path)
{
    return recognise(path, &cifar100);
}

static const char *const splits[] = {"train", "test", NULL};

const struct dataset_kind dataset_cifar10 = {
    .name = "cifar10",
    .help =
        "CIFAR-10, binary or Python version: the folder with data_batch_1.bin ... test_batch.bin, the .tar.gz, or "
        "one such file",
    .extensions = {".bin", ".gz", "_batch"},
    .needs_path = true,
    .splits = splits,
    .find_split = cifar10_find_split,
    .open = cifar10_open,
    .recognise = cifar10_recognise,
    .read = arrays_read,
    .label = arrays_label,
    .digest = arrays_digest,
    .memory = arrays_memory,
    .close = arrays_close,
};

const struct dataset_kind dataset_cifar100 = {
    .name = "cifar100",
    .help =
        "CIFAR-100, binary or Python version, fine labels: the folder with train and test, the .tar.gz, or one "
        "such file",
    .extensions = {".bin", ".gz"},
    .needs_path = true,
    .splits = splits,
    .find_split = cifar100_find_split,
    .open = cifar100_open,
    .recognise = cifar100_recognise,
    .read = arrays_read,
    .label = arrays_label,
    .digest = arrays_digest,
    .memory = arrays_memory,
    .close = arrays_close,
};
