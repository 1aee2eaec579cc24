/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/labelled.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "data/label_file.h"

/* Where names are looked for and what they may lack, the last that was right first. */
static const char *const folders[] = {"", "images/"};
static const char *const endings[] = {"", ".JPEG", ".jpg", ".jpeg", ".png", ".JPG", ".PNG"};
enum { FOLDERS = sizeof folders / sizeof *folders, ENDINGS = sizeof endings / sizeof *endings };

/* A folder of the data set by its path; kept in the order of paths. */
struct known_folder {
    char *path;
    uint32_t number;
};

struct search {
    struct dataset *dataset;
    const char *root;
    int guess; /* folder * ENDINGS + ending */
    struct known_folder *known;
    size_t count, capacity;
};

static char *candidate(const struct search *search, const char *name, int guess)
{
    const char *folder = name[0] == '/' ? "" : folders[guess / ENDINGS], *ending = endings[guess % ENDINGS];
    if (name[0] == '/')
        return mem_format("%s%s", name, ending);
    return mem_format("%s/%s%s%s", search->root, folder, name, ending);
}

static int64_t file_size(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISREG(about.st_mode) ? about.st_size : -1;
}

/* The path of a picture and its size, -1 when it is nowhere; *path is owned by the caller. */
static status find_picture(struct search *search, const char *name, char **path, int64_t *size,
                           struct error *error)
{
    for (int i = -1; i < FOLDERS * ENDINGS; i++) {
        int guess = i < 0 ? search->guess : i;
        *path = candidate(search, name, guess);
        if (!*path)
            return error_memory(error);
        *size = file_size(*path);
        if (*size >= 0) {
            search->guess = guess;
            return STATUS_OK;
        }
        mem_free(*path);
    }
    *path = candidate(search, name, 0);
    return *path ? STATUS_OK : error_memory(error);
}

/* The number of the folder that `path` (with its last slash cut off) is. */
static status folder_number(struct search *search, const char *path, uint32_t *number, struct error *error)
{
    size_t low = 0, high = search->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(search->known[middle].path, path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < search->count && strcmp(search->known[low].path, path) == 0) {
        *number = search->known[low].number;
        return STATUS_OK;
    }
    char *copy = mem_string(path);
    if (!copy || !mem_grow(&search->known, &search->capacity, search->count + 1, sizeof *search->known)) {
        mem_free(copy);
        return error_memory(error);
    }
    memmove(&search->known[low + 1], &search->known[low], (search->count - low) * sizeof *search->known);
    search->known[low].path = copy;
    search->count++;
    status code = pictures_folder(search->dataset, path, number, error);
    search->known[low].number = *number;
    return code;
}

static status add_found(struct search *search, char *path, int64_t size, int32_t label, struct error *error)
{
    char *slash = strrchr(path, '/'); /* candidates have one */
    uint32_t folder = 0;
    *slash = '\0';
    if (folder_number(search, slash == path ? "/" : path, &folder, error))
        return error->code;
    return pictures_add(search->dataset, folder, slash + 1, size, label, error);
}

static status add_row(struct search *search, const struct label_file *file, const struct label_row *row,
                      bool skip, struct error *error)
{
    char *path;
    int64_t size = -1;
    if (find_picture(search, row->name, &path, &size, error))
        return error->code;
    status code = size < 0 && !skip ? error_set(error, STATUS_FILE, "%s: line %d: %s: no such file",
                                                file->path, row->line, path)
                                    : add_found(search, path, size, row->number, error);
    mem_free(path);
    return code;
}

static status add_named(struct dataset *dataset, const char *root, const struct label_file *file, bool skip,
                        struct error *error)
{
    struct search search = {.dataset = dataset, .root = root};
    status code = STATUS_OK;
    for (size_t i = 0; i < file->count && code == STATUS_OK; i++)
        code = add_row(&search, file, &file->rows[i], skip, error);
    for (size_t i = 0; i < search.count; i++)
        mem_free(search.known[i].path);
    mem_free(search.known);
    return code;
}

/* One label for each picture, in the order of names. */
static status add_in_order(struct dataset *dataset, const char *root, const struct label_file *file,
                           struct error *error)
{
    struct picture_store *store = dataset->store;
    const int64_t before = dataset->count;
    if (pictures_add_folder(dataset, root, 0, error))
        return error->code;
    if ((uint64_t)(dataset->count - before) != file->count)
        return error_set(error, STATUS_FILE, "%s: %zu labels for the %" PRId64 " pictures of %s", file->path,
                         file->count, dataset->count - before, root);
    for (size_t i = 0; i < file->count; i++)
        store->pictures[before + (int64_t)i].label = file->rows[i].number;
    return STATUS_OK;
}

status labelled_add(struct dataset *dataset, const char *root, const char *label_path,
                    struct classes *classes, bool skip, struct error *error)
{
    struct label_file file;
    if (label_file_read(label_path, &file, error))
        return error->code;
    status code = STATUS_OK;
    if (strstr(path_base(label_path), "ground_truth"))
        code = error_set(
            error, STATUS_FILE,
            "%s: these are numbers of ILSVRC's development kit, from 1 on and in an order of its own: a "
            "file that has pictures with names of classes is needed",
            label_path);
    if (code == STATUS_OK)
        code = label_file_resolve(&file, classes, error);
    if (code == STATUS_OK)
        code = file.named ? add_named(dataset, root, &file, skip, error)
                          : add_in_order(dataset, root, &file, error);
    if (code == STATUS_OK)
        code = pictures_name_classes(dataset, classes, error);
    label_file_free(&file);
    return code;
}
