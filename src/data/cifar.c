/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The binary files of CIFAR-10 and CIFAR-100 (Krizhevsky 2009): records of one label byte (CIFAR-10) or a
 * coarse and a fine one (CIFAR-100), then 3072 pixels. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "data/kinds.h"
#include "data/records.h"

/* No file of these sets is near this, but one made of several may be. */
static const size_t largest_file = (size_t)1 << 30;
static const size_t largest_names_file = 64 * 1024;

enum { MOST_FILES = 5 };

static const struct layout {
    const char *train[MOST_FILES + 1], *test[MOST_FILES + 1]; /* NULL-terminated file names */
    const char *names_file;
    int label_bytes, classes;
    int limits[2]; /* number of values of each label byte */
} cifar10 =
    {
        .train = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
                  "data_batch_5.bin"},
        .test = {"test_batch.bin"},
        .names_file = "batches.meta.txt",
        .label_bytes = 1,
        .classes = 10,
        .limits = {10},
},
  cifar100 = {
      .train = {"train.bin"},
      .test = {"test.bin"},
      .names_file = "fine_label_names.txt",
      .label_bytes = 2,
      .classes = 100,
      .limits = {20, 100},
};

static status check_labels(const char *path, const struct layout *layout, const uint8_t *records,
                           size_t count, struct error *error)
{
    const size_t record_size = (size_t)layout->label_bytes + RECORD_PIXELS;
    for (size_t i = 0; i < count; i++)
        for (int k = 0; k < layout->label_bytes; k++) {
            int label = records[i * record_size + (size_t)k];
            if (label >= layout->limits[k])
                return error_set(error, STATUS_FILE, "%s: record %zu has label %d, but labels are 0 to %d",
                                 path, i, label, layout->limits[k] - 1);
        }
    return STATUS_OK;
}

/* Append the records of one file. Labels are checked and the digest is taken now; images are read when they
 * are wanted. */
static status add_file(struct dataset *dataset, const char *path, const struct layout *layout,
                       struct error *error)
{
    const size_t record_size = (size_t)layout->label_bytes + RECORD_PIXELS;
    unsigned char *bytes;
    size_t size;
    int descriptor;
    status code = file_read_open(path, largest_file, &bytes, &size, &descriptor, error);
    if (code != STATUS_OK)
        return code;
    size_t count = size / record_size;
    if (size % record_size != 0)
        code = error_set(error, STATUS_FILE, "%s: %zu bytes is no multiple of the %zu-byte record", path,
                         size, record_size);
    else
        code = check_labels(path, layout, bytes, count, error);
    if (code == STATUS_OK)
        code = records_add_file(dataset, path, descriptor, bytes, (int64_t)count, error);
    else
        close(descriptor);
    mem_free(bytes);
    return code;
}

static bool exists(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 ||
           errno != ENOENT; /* what is there but refused gets its own message later */
}

/* Add those of the split's files that are in the folder, and note when some are not. */
static status add_directory(struct dataset *dataset, const struct layout *layout, struct error *error)
{
    const char *const *names = strcmp(dataset->split, "test") == 0 ? layout->test : layout->train;
    int expected = 0, found = 0;
    for (; names[expected]; expected++) {
        char *path = path_join(dataset->path, names[expected]);
        if (!path)
            return error_memory(error);
        bool present = exists(path);
        status code = present ? add_file(dataset, path, layout, error) : STATUS_OK;
        mem_free(path);
        if (code != STATUS_OK)
            return code;
        found += present;
    }
    if (found == 0)
        return error_set(error, STATUS_FILE, "%s: no %s%s%s is in this folder", dataset->path, names[0],
                         expected > 1 ? " to " : "", expected > 1 ? names[expected - 1] : "");
    if (found < expected) {
        dataset->note = mem_format("%d of %d %s files found", found, expected, dataset->split);
        if (!dataset->note)
            return error_memory(error);
    }
    return STATUS_OK;
}

/* A single file belongs to the split its name says, whatever was asked for. */
static status add_single(struct dataset *dataset, const struct layout *layout, const char *asked,
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

/* Cut the text of a names file into its first `wanted` lines, without carriage returns; the number found. */
static int split_lines(char *text, const char **lines, int wanted)
{
    int count = 0;
    for (char *rest = text, *line; count < wanted && (line = strsep(&rest, "\n"));) {
        line[strcspn(line, "\r")] = '\0';
        if (line[0])
            lines[count++] = line;
    }
    return count;
}

/* Class names from the file beside the records; numbers when there is none, or not enough of them in it. */
static status name_classes(struct dataset *dataset, const char *path, const struct layout *layout,
                           struct error *error)
{
    unsigned char *text = NULL;
    size_t size;
    const char *lines[100];
    int found = 0;
    if (exists(path)) {
        status code = file_read(path, largest_names_file, &text, &size, error);
        if (code != STATUS_OK)
            return code;
        found = split_lines((char *)text, lines, layout->classes);
    }
    const bool usable = found == layout->classes;
    status code = dataset_name_classes(dataset, usable ? lines : NULL, layout->classes, error);
    mem_free(text);
    if (code == STATUS_OK && found > 0 && !usable && !dataset->note) {
        dataset->note = mem_format("%s has %d names for %d classes: they are numbered instead",
                                   layout->names_file, found, layout->classes);
        if (!dataset->note)
            return error_memory(error);
    }
    return code;
}

/* The names file: in the folder, or beside the single file. Owned by the caller. */
static char *names_path(const struct dataset *dataset, const struct layout *layout, bool is_directory)
{
    if (is_directory)
        return path_join(dataset->path, layout->names_file);
    int folder = (int)(path_base(dataset->path) - dataset->path);
    return mem_format("%.*s%s", folder, dataset->path, layout->names_file);
}

static status cifar_open(struct dataset *dataset, const struct dataset_options *options,
                         const struct layout *layout, struct error *error)
{
    struct stat about;
    bool is_directory = stat(dataset->path, &about) == 0 && S_ISDIR(about.st_mode);
    status code = records_begin(dataset, (size_t)layout->label_bytes, error);
    if (code == STATUS_OK)
        code = is_directory ? add_directory(dataset, layout, error)
                            : add_single(dataset, layout, options->split, error);
    if (code != STATUS_OK)
        return code;
    char *path = names_path(dataset, layout, is_directory);
    if (!path)
        return error_memory(error);
    code = name_classes(dataset, path, layout, error);
    mem_free(path);
    return code == STATUS_OK ? records_end(dataset, error) : code;
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

static const char *const splits[] = {"train", "test", NULL};

const struct dataset_kind dataset_cifar10 = {
    .name = "cifar10",
    .help = "CIFAR-10, binary version: the folder with data_batch_1.bin ... test_batch.bin, or one such file",
    .extensions = {".bin", ".gz"},
    .needs_path = true,
    .splits = splits,
    .open = cifar10_open,
    .read = records_read,
    .digest = records_digest,
    .memory = records_memory,
    .close = records_close,
};

const struct dataset_kind dataset_cifar100 = {
    .name = "cifar100",
    .help =
        "CIFAR-100, binary version, fine labels: the folder with train.bin and test.bin, or one such file",
    .extensions = {".bin", ".gz"},
    .needs_path = true,
    .splits = splits,
    .open = cifar100_open,
    .read = records_read,
    .digest = records_digest,
    .memory = records_memory,
    .close = records_close,
};
