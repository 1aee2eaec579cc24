/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Folders of pictures: a folder per class (as Torchvision's ImageFolder takes them), for each split or alone,
 * or one folder without classes beside a file of labels (as the validation pictures of ImageNet come). */
#include <inttypes.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "data/classes.h"
#include "data/dataset.h"
#include "data/kinds.h"
#include "data/labelled.h"
#include "data/listing.h"
#include "data/pictures.h"
#include "image/image.h"

enum { SPLIT_NAMES = 4 };

/* A split's folders, the first that is there. */
static const struct split_folders {
    const char *split, *folders[SPLIT_NAMES];
} split_folders[] = {
    {"train", {"train", "training"}},
    {"val", {"val", "valid", "validation"}},
    {"test", {"test", "testing"}},
};
enum { SPLITS = sizeof split_folders / sizeof *split_folders };
static const char split_all[] = "all";

/* The folder of a split below `path`, owned by the caller; NULL when there is none, or memory is out. */
static char *find_split(const char *path, const struct split_folders *split)
{
    for (int i = 0; i < SPLIT_NAMES && split->folders[i]; i++) {
        char *folder = path_join(path, split->folders[i]);
        if (folder && path_is_folder(folder))
            return folder;
        mem_free(folder);
    }
    return NULL;
}

static const struct split_folders *split_named(const char *name)
{
    for (int i = 0; i < SPLITS; i++)
        if (strcmp(split_folders[i].split, name) == 0)
            return &split_folders[i];
    return NULL;
}

static status set_split(struct dataset *dataset, const char *split, struct error *error)
{
    char *copy = mem_string(split);
    if (!copy)
        return error_memory(error);
    mem_free(dataset->split);
    dataset->split = copy;
    return STATUS_OK;
}

/* The split that a folder is by its own name: "train" of "/data/train"; "all" for any other. */
static const char *own_split(const char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    size_t begin = length;
    while (begin > 0 && path[begin - 1] != '/')
        begin--;
    for (int i = 0; i < SPLITS; i++)
        for (int k = 0; k < SPLIT_NAMES && split_folders[i].folders[k]; k++)
            if (strlen(split_folders[i].folders[k]) == length - begin &&
                strncmp(path + begin, split_folders[i].folders[k], length - begin) == 0)
                return split_folders[i].split;
    return split_all;
}

/* The folder that is asked for: of the split where one is asked for; else of the first split of the kind that
 * there is; else the folder itself. *root is owned by the caller. */
static status find_root(struct dataset *dataset, const char *asked, char **root, struct error *error)
{
    const char *own = own_split(dataset->path);
    *root = NULL;
    for (int i = 0; dataset->kind->splits[i] && !*root; i++) {
        const struct split_folders *split = split_named(asked ? asked : dataset->kind->splits[i]);
        *root = split ? find_split(dataset->path, split) : NULL;
        if (*root)
            return set_split(dataset, split->split, error);
        if (asked)
            break;
    }
    if (asked && strcmp(asked, own) != 0 && strcmp(asked, split_all) != 0)
        return error_set(error, STATUS_FILE, "%s: no folder %s is there", dataset->path,
                         split_named(asked)->folders[0]);
    *root = mem_string(dataset->path);
    return *root ? set_split(dataset, own, error) : error_memory(error);
}

/* --- a folder per class --------------------------------------------------------------------------------- */

/* Labels of the folders: as the list of classes has their names, where it has all of them; else in their
 * order. Where a list has as many lines as there are folders, they are what the classes are called. */
static status label_folders(struct dataset *dataset, const struct listing *listing, struct classes *list,
                            struct classes *folders, bool *listed, struct error *error)
{
    const char **names = mem_new(listing->count, sizeof *names);
    size_t count = 0, found = 0;
    if (!names)
        return error_memory(error);
    for (size_t i = 0; i < listing->count; i++)
        if (listing->entries[i].folder) {
            names[count++] = listing->entries[i].name;
            found += classes_find(list, listing->entries[i].name) >= 0;
        }
    status code = classes_of_names(names, count, folders, error);
    mem_free(names);
    if (code != STATUS_OK)
        return code;
    *listed = found == count;
    if (!*listed && list->count > 0 && list->count != (int)count)
        code = dataset_add_note(dataset, "%s names %d classes, but not these %zu folders: it is not used",
                                error, list->source, list->count, count);
    if (code == STATUS_OK)
        code = pictures_name_classes(dataset, *listed || list->count == (int)count ? list : folders, error);
    return code;
}

static status add_classes(struct dataset *dataset, const char *root, const struct listing *listing,
                          const struct dataset_options *options, struct error *error)
{
    struct classes list = {0}, folders = {0};
    bool listed = false;
    size_t empty = 0, done = 0, total = listing_folders(listing);
    status code = classes_look(root, &list, error);
    if (code == STATUS_OK)
        code = label_folders(dataset, listing, &list, &folders, &listed, error);
    for (size_t i = 0; i < listing->count && code == STATUS_OK; i++) {
        const struct listing_entry *entry = &listing->entries[i];
        if (!entry->folder)
            continue;
        const int64_t before = dataset->count;
        char *path = path_join(root, entry->name);
        code = path ? pictures_add_folder(dataset, path, classes_find(listed ? &list : &folders, entry->name),
                                          error)
                    : error_memory(error);
        mem_free(path);
        empty += dataset->count == before;
        progress_report(options->progress, "listing pictures", "classes", (int64_t)++done, (int64_t)total);
    }
    if (code == STATUS_OK && empty > 0)
        code = dataset_add_note(dataset, "%zu of %zu folders have no pictures", error, empty, total);
    classes_free(&list);
    classes_free(&folders);
    return code;
}

/* --- pictures beside a file of labels ------------------------------------------------------------------- */

/* The first of the usual files that is there: in the folder, or in the one above. *path is owned by the
 * caller, NULL when there is none. */
static status look_for_labels(const char *root, char **path, struct error *error)
{
    static const char *const names[] = {
        "val.txt",
        "val_labels.txt",
        "labels.csv",
        "val.csv",
        "val.tsv",
        "val_annotations.txt",
        "LOC_val_solution.csv",
        "val_map.txt",
        "valprep.txt",
        "labels.txt",
        "test.txt",
        "test.csv",
        "val_label.txt",
        "imagenet_2012_validation_synset_labels.txt",
        "ILSVRC2012_validation_ground_truth.txt",
    };
    static const char *const places[] = {"", "/.."};
    for (size_t p = 0; p < sizeof places / sizeof *places; p++)
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            *path = mem_format("%s%s/%s", root, places[p], names[i]);
            if (!*path)
                return error_memory(error);
            if (path_is_file(*path))
                return STATUS_OK;
            mem_free(*path);
        }
    *path = NULL;
    return STATUS_OK;
}

/* The classes of pictures that have no folders of their own: a list, else the folders of the training split
 * beside. */
static status find_classes(const struct dataset *dataset, const char *root, struct classes *classes,
                           struct error *error)
{
    if (classes_look(root, classes, error))
        return error->code;
    char *train = classes->count > 0 ? NULL : find_split(dataset->path, &split_folders[0]);
    struct listing listing = {0};
    status code = train ? listing_read(train, &listing, error) : STATUS_OK;
    const char **names = listing.count > 0 ? mem_new(listing.count, sizeof *names) : NULL;
    size_t count = 0;
    for (size_t i = 0; names && i < listing.count; i++)
        if (listing.entries[i].folder)
            names[count++] = listing.entries[i].name;
    if (listing.count > 0 && !names)
        code = error_memory(error);
    if (code == STATUS_OK && count > 0)
        code = classes_of_names(names, count, classes, error);
    mem_free(names);
    listing_free(&listing);
    mem_free(train);
    return code;
}

static status add_flat(struct dataset *dataset, const char *root, const struct dataset_options *options,
                       struct error *error)
{
    struct classes classes = {0};
    char *path = NULL;
    status code = STATUS_OK;
    if (options->labels)
        path = path_expand(options->labels);
    else
        code = look_for_labels(root, &path, error);
    if (code == STATUS_OK && !path && options->labels)
        code = error_memory(error);
    if (code == STATUS_OK && !path)
        code = error_set(
            error, STATUS_FILE,
            "%s: no folder per class is there, and no file that says what the pictures show: labels=FILE "
            "names one, with a path and a label in each line",
            root);
    if (code == STATUS_OK)
        code = find_classes(dataset, root, &classes, error);
    if (code == STATUS_OK)
        code = labelled_add(dataset, root, path, &classes, options->skip_corrupt, error);
    classes_free(&classes);
    mem_free(path);
    return code;
}

/* All pictures that there are, whatever they show. */
static status add_unlabelled(struct dataset *dataset, const char *root, struct error *error)
{
    static const char *const names[] = {UNKNOWN_CLASS};
    struct classes classes = {0};
    status code = classes_of_names((const char **)names, 1, &classes, error);
    if (code == STATUS_OK)
        code = pictures_name_classes(dataset, &classes, error);
    if (code == STATUS_OK)
        code = pictures_add_folder(dataset, root, 0, error);
    classes_free(&classes);
    return code;
}

/* Folders that hold classes, and not only the pictures of a flat set. */
static bool has_classes(const struct listing *listing)
{
    size_t folders = listing_folders(listing);
    return folders > 1 || (folders == 1 && !listing_find(listing, "images"));
}

static status open_root(struct dataset *dataset, const char *root, const struct dataset_options *options,
                        struct error *error)
{
    struct listing listing;
    if (pictures_begin(dataset, options, error) || listing_read(root, &listing, error))
        return error->code;
    status code = dataset->unlabelled ? add_unlabelled(dataset, root, error)
                  : !options->labels && has_classes(&listing)
                      ? add_classes(dataset, root, &listing, options, error)
                      : add_flat(dataset, root, options, error);
    listing_free(&listing);
    return code == STATUS_OK ? pictures_end(dataset, options, root, error) : code;
}

static status folder_open(struct dataset *dataset, const struct dataset_options *options, struct error *error)
{
    char *root;
    status code = find_root(dataset, options->split, &root, error);
    if (code == STATUS_OK)
        code = open_root(dataset, root, options, error);
    mem_free(root);
    return code;
}

static status imagenet_open(struct dataset *dataset, const struct dataset_options *options,
                            struct error *error)
{
    dataset->normalization = mem_string("imagenet");
    if (!dataset->normalization)
        return error_memory(error);
    return folder_open(dataset, options, error);
}

/* "all" has no folder of its own. */
static char *folder_find_split(const struct dataset *dataset, const char *name)
{
    const struct split_folders *split = split_named(name);
    return split ? find_split(dataset->path, split) : NULL;
}

/* --- recognising ---------------------------------------------------------------------------------------- */

/* Does a folder have a folder that has a picture, and are the names of folders those of synsets? */
static bool holds_classes(const char *path, bool *synsets)
{
    struct listing listing, below;
    struct error ignored = {0};
    bool found = false;
    if (listing_read(path, &listing, &ignored) != STATUS_OK)
        return false;
    for (size_t i = 0; i < listing.count && !found; i++) {
        char *folder = listing.entries[i].folder ? path_join(path, listing.entries[i].name) : NULL;
        if (folder && listing_read(folder, &below, &ignored) == STATUS_OK) {
            for (size_t k = 0; k < below.count && !found; k++)
                found = !below.entries[k].folder && image_is_name(below.entries[k].name);
            listing_free(&below);
        }
        const char *name = listing.entries[i].name;
        *synsets = name[0] == 'n' && strspn(name + 1, "0123456789") == 8 && strlen(name) == 9;
        mem_free(folder);
    }
    listing_free(&listing);
    return found;
}

static bool recognise(const char *path, bool *synsets)
{
    if (!path_is_folder(path))
        return false;
    for (int i = 0; i < SPLITS; i++) {
        char *folder = find_split(path, &split_folders[i]);
        bool found = folder && holds_classes(folder, synsets);
        mem_free(folder);
        if (found)
            return true;
    }
    return holds_classes(path, synsets);
}

static bool folder_recognise(const char *path)
{
    bool synsets = false;
    return recognise(path, &synsets) && !synsets;
}

static bool imagenet_recognise(const char *path)
{
    bool synsets = false;
    return recognise(path, &synsets) && synsets;
}

static const char *const imagenet_splits[] = {"val", "train", "test", "all", NULL};
static const char *const folder_splits[] = {"train", "val", "test", "all", NULL};

const struct dataset_kind dataset_imagenet = {
    .name = "imagenet",
    .help =
        "pictures in ImageNet's layout: train/ and val/ with a folder per class, or val/ with a file of labels; "
        "normalised by imagenet",
    .extensions = {"/"},
    .needs_path = true,
    .has_labels = true,
    .has_pictures = true,
    .splits = imagenet_splits,
    .find_split = folder_find_split,
    .open = imagenet_open,
    .recognise = imagenet_recognise,
    .recognised_last = true,
    .read = pictures_read,
    .picture = pictures_picture,
    .label = pictures_label,
    .digest = pictures_digest,
    .memory = pictures_memory,
    .close = pictures_close,
};

const struct dataset_kind dataset_folder = {
    .name = "folder",
    .help =
        "PNG and JPEG pictures in a folder per class, or beside a file of labels; below train/, val/ and test/ "
        "where these are there",
    .extensions = {"/"},
    .needs_path = true,
    .has_labels = true,
    .has_pictures = true,
    .splits = folder_splits,
    .find_split = folder_find_split,
    .open = folder_open,
    .recognise = folder_recognise,
    .recognised_last = true,
    .read = pictures_read,
    .picture = pictures_picture,
    .label = pictures_label,
    .digest = pictures_digest,
    .memory = pictures_memory,
    .close = pictures_close,
};
