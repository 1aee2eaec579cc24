/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/pictures.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/inputs.h"
#include "base/memory.h"
#include "base/pool.h"
#include "base/progress.h"
#include "base/status.h"
#include "data/fitting.h"
#include "image/image.h"

enum { DEEPEST = 16, LISTED_UNCHECKED = 256 };

status pictures_begin(struct dataset *dataset, const struct dataset_options *options, struct error *error)
{
    struct picture_store *store = mem_new(1, sizeof *store);
    if (!store)
        return error_memory(error);
    dataset->store = store;
    return fitting_parse(&options->fitting, true, &dataset->fitting, error);
}

status pictures_folder(struct dataset *dataset, const char *path, uint32_t *folder, struct error *error)
{
    struct picture_store *store = dataset->store;
    char *copy = mem_string(path);
    if (!copy || !mem_grow(&store->folders, &store->folder_capacity, store->folder_count + 1,
                           sizeof *store->folders)) {
        mem_free(copy);
        return error_memory(error);
    }
    if (store->folder_count == UINT32_MAX) {
        mem_free(copy);
        return error_set(error, STATUS_FILE, "%s: too many folders", path);
    }
    *folder = (uint32_t)store->folder_count;
    store->folders[store->folder_count++] = copy;
    return STATUS_OK;
}

status pictures_add(struct dataset *dataset, uint32_t folder, const char *name, int64_t size, int32_t label,
                    struct error *error)
{
    struct picture_store *store = dataset->store;
    const size_t at = store->names.length;
    if (dataset->count % LISTED_UNCHECKED == 0 && progress_check(error))
        return error->code;
    text_add_bytes(&store->names, name, strlen(name) + 1);
    if (store->names.failed ||
        !mem_grow(&store->pictures, &store->capacity, (size_t)dataset->count + 1, sizeof *store->pictures))
        return error_memory(error);
    store->pictures[dataset->count++] = (struct picture){at, size, folder, label};
    return STATUS_OK;
}

static status add_tree(struct dataset *dataset, const char *path, int32_t label, int depth,
                       struct error *error)
{
    struct picture_store *store = dataset->store;
    struct listing listing;
    uint32_t folder;
    if (depth == DEEPEST)
        return error_set(error, STATUS_FILE, "%s: folders more than %d deep", path, DEEPEST);
    if (listing_read(path, &listing, error))
        return error->code;
    status code = pictures_folder(dataset, path, &folder, error);
    for (size_t i = 0; i < listing.count && code == STATUS_OK; i++) {
        const struct listing_entry *entry = &listing.entries[i];
        if (!entry->folder && image_is_name(entry->name))
            code = pictures_add(dataset, folder, entry->name, entry->size, label, error);
        else
            store->passed_over += !entry->folder;
    }
    for (size_t i = 0; i < listing.count && code == STATUS_OK; i++) {
        char *below = listing.entries[i].folder ? path_join(path, listing.entries[i].name) : NULL;
        if (below)
            code = add_tree(dataset, below, label, depth + 1, error);
        else if (listing.entries[i].folder)
            code = error_memory(error);
        mem_free(below);
    }
    listing_free(&listing);
    return code;
}

status pictures_add_folder(struct dataset *dataset, const char *path, int32_t label, struct error *error)
{
    return add_tree(dataset, path, label, 0, error);
}

status pictures_name_classes(struct dataset *dataset, const struct classes *classes, struct error *error)
{
    return dataset_name_classes(dataset, classes->shown, classes->count, error);
}

status dataset_add_note(struct dataset *dataset, const char *format, struct error *error, ...)
{
    struct text text = {0};
    char line[1024];
    va_list values;
    va_start(values, error);
    vsnprintf(line, sizeof line, format, values);
    va_end(values);
    if (dataset->note)
        text_add_format(&text, "%s; ", dataset->note);
    text_add_escaped(&text, line, 0);
    char *note = text.failed ? NULL : mem_string(text_data(&text));
    text_free(&text);
    if (!note)
        return error_memory(error);
    mem_free(dataset->note);
    dataset->note = note;
    return STATUS_OK;
}

/* --- reading -------------------------------------------------------------------------------------------- */

const char *pictures_name(const struct picture_store *store, const struct picture *picture)
{
    return store->names.data + picture->name;
}

/* Owned by the caller; NULL when memory is out. */
static char *path_of(const struct picture_store *store, const struct picture *picture)
{
    const char *name = pictures_name(store, picture);
    return name[0] == '/' ? mem_string(name) : path_join(store->folders[picture->folder], name);
}

static status decode(const struct dataset *dataset, const struct picture *picture, const char *path,
                     struct image *image, struct error *error)
{
    const struct image_decoding decoding = {dataset->fitting.channels == 1 ? IMAGE_GREY : IMAGE_RGB,
                                            dataset->fitting.upright};
    size_t bytes;
    if (image_read(path, &decoding, image, &bytes, error))
        return error->code;
    if ((int64_t)bytes == picture->size)
        return STATUS_OK;
    image_free(image);
    return error_set(error, STATUS_FILE,
                     "%s: %zu bytes, but %" PRId64 " when the data set was opened: it has changed", path,
                     bytes, picture->size);
}

/* Without a crop, pictures must have one size already. */
static status check_fitted(const struct dataset *dataset, const char *path, const struct image *image,
                           struct error *error)
{
    int width, height;
    if (fitting_size(&dataset->fitting, image->width, image->height, &width, &height, error))
        return error_prefix(error, "%s: ", path);
    if (width == dataset->width && height == dataset->height)
        return STATUS_OK;
    struct text how = {0};
    text_add_fitting(&how, &dataset->fitting);
    error_set(error, STATUS_FILE,
              "%s: comes to %dx%d pixels with %s, but the first picture to %dx%d: crop= makes them equal",
              path, height, width, text_data(&how), dataset->height, dataset->width);
    text_free(&how);
    return error->code;
}

static status read_picture(const struct dataset *dataset, const struct picture *picture, uint8_t *pixels,
                           struct error *error)
{
    char *path = path_of(dataset->store, picture);
    struct image image;
    if (!path)
        return error_memory(error);
    status code = decode(dataset, picture, path, &image, error);
    if (code == STATUS_OK) {
        code = check_fitted(dataset, path, &image, error);
        if (code == STATUS_OK)
            code = fitting_write(&dataset->fitting, &image, pixels, error);
        else
            image_free(&image);
    }
    mem_free(path);
    return code;
}

status pictures_read(const struct dataset *dataset, int64_t index, uint8_t *pixels, int64_t *label,
                     struct error *error)
{
    const struct picture_store *store = dataset->store;
    *label = store->pictures[index].label;
    status code = read_picture(dataset, &store->pictures[index], pixels, error);
    return code == STATUS_OK ? code : error_refuse_file(error);
}

status pictures_picture(const struct dataset *dataset, int64_t index, struct image *image, int64_t *label,
                        struct error *error)
{
    const struct picture_store *store = dataset->store;
    char *path = path_of(store, &store->pictures[index]);
    if (!path)
        return error_memory(error);
    *label = store->pictures[index].label;
    status code = decode(dataset, &store->pictures[index], path, image, error);
    mem_free(path);
    return code == STATUS_OK ? code : error_refuse_file(error);
}

char *pictures_path(const struct dataset *dataset, int64_t index)
{
    const struct picture_store *store = dataset->store;
    return path_of(store, &store->pictures[index]);
}

status pictures_label(const struct dataset *dataset, int64_t index, int64_t *label, struct error *error)
{
    const struct picture_store *store = dataset->store;
    (void)error;
    *label = store->pictures[index].label;
    return STATUS_OK;
}

/* --- the end of the list -------------------------------------------------------------------------------- */

/* With a crop, or scaled to a given shape, all are alike; else the first picture that can be read says the
 * size. */
static status find_size(struct dataset *dataset, bool skip, struct error *error)
{
    const struct picture_store *store = dataset->store;
    const struct fitting *fitting = &dataset->fitting;
    dataset->channels = fitting->channels;
    if (fitting->how.crop_width > 0 || fitting->how.width > 0)
        return fitting_size(fitting, 1, 1, &dataset->width, &dataset->height, error);
    status code = STATUS_NOT_FOUND;
    for (int64_t i = 0; i < dataset->count && code != STATUS_OK && (i == 0 || skip); i++) {
        struct image image;
        char *path = path_of(store, &store->pictures[i]);
        if (!path)
            return error_memory(error);
        code = decode(dataset, &store->pictures[i], path, &image, error);
        mem_free(path);
        if (code == STATUS_MEMORY || code == STATUS_CANCELLED)
            return code;
        if (code == STATUS_OK) {
            code = fitting_size(fitting, image.width, image.height, &dataset->width, &dataset->height, error);
            image_free(&image);
        }
    }
    return code;
}

/* Of the list: for each picture its label, its size and its path below the folder that was opened. */
static void make_digest(const struct dataset *dataset)
{
    struct picture_store *store = dataset->store;
    struct digest_state state;
    const size_t root = dataset->path ? strlen(dataset->path) : 0;
    digest_begin(&state);
    for (int64_t i = 0; i < dataset->count; i++) {
        const struct picture *picture = &store->pictures[i];
        const char *folder = store->folders[picture->folder], *name = pictures_name(store, picture);
        char numbers[64];
        int length = snprintf(numbers, sizeof numbers, "%d %" PRId64 " ", (int)picture->label, picture->size);
        if (root > 0 && strncmp(folder, dataset->path, root) == 0)
            folder += root;
        digest_add(&state, numbers, (size_t)length);
        digest_add(&state, folder, strlen(folder));
        digest_add(&state, "/", 1);
        digest_add(&state, name, strlen(name) + 1);
    }
    digest_end(&state, store->digest);
}

static status note_inputs(const struct dataset *dataset, struct error *error)
{
    const struct picture_store *store = dataset->store;
    for (size_t i = 0; i < store->folder_count; i++)
        if (!inputs_note_folder(store->folders[i]))
            return error_memory(error);
    return STATUS_OK;
}

static status refuse_none(const struct dataset *dataset, const char *path, struct error *error)
{
    const struct picture_store *store = dataset->store;
    if (store->passed_over > 0)
        return error_set(error, STATUS_FILE,
                         "%s: no pictures are there: none of %" PRId64 " files ends in .png, .jpg or .jpeg",
                         path, store->passed_over);
    return error_set(error, STATUS_FILE, "%s: no pictures are there", path);
}

status pictures_end(struct dataset *dataset, const struct dataset_options *options, const char *path,
                    struct error *error)
{
    const struct picture_store *store = dataset->store;
    if (dataset->count == 0)
        return refuse_none(dataset, path, error);
    status code = find_size(dataset, options->skip_corrupt, error);
    if (code == STATUS_OK)
        code = note_inputs(dataset, error);
    if (code == STATUS_OK && options->skip_corrupt)
        code = pictures_leave_out_corrupt(dataset, options, error);
    if (code == STATUS_OK && dataset->count == 0)
        code = error_set(error, STATUS_FILE, "%s: no picture can be read", path);
    if (code == STATUS_OK && store->passed_over > 0)
        code =
            dataset_add_note(dataset, "%" PRId64 " files are no pictures by their names and are passed over",
                             error, store->passed_over);
    if (code != STATUS_OK)
        return code;
    make_digest(dataset);
    return STATUS_OK;
}

const char *pictures_digest(const struct dataset *dataset)
{
    const struct picture_store *store = dataset->store;
    return store->digest;
}

size_t pictures_memory(const struct dataset *dataset)
{
    const struct picture_store *store = dataset->store;
    return store ? store->names.capacity + store->capacity * sizeof *store->pictures : 0;
}

void pictures_close(struct dataset *dataset)
{
    struct picture_store *store = dataset->store;
    if (!store)
        return;
    for (size_t i = 0; i < store->folder_count; i++)
        mem_free(store->folders[i]);
    mem_free(store->folders);
    text_free(&store->names);
    mem_free(store->pictures);
    mem_free(store);
    dataset->store = NULL;
}
