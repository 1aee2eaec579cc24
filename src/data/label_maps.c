/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/label_maps.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "data/dataset.h"
#include "image/image.h"
#include "image/prepare.h"
#include "image/resize.h"

static bool is_auto(const char *text)
{
    return !text || strcmp(text, "auto") == 0;
}

status label_maps_begin(struct dataset *dataset, const struct dataset_options *options,
                        const struct label_map_layout *layout, const char *const *classes, int class_count,
                        struct label_map_list *list, struct error *error)
{
    *list = (struct label_map_list){.dataset = dataset, .layout = layout};
    digest_begin(&list->state);
    if (options->skip_corrupt)
        return error_set(error, STATUS_USAGE, "corrupt= is for pictures without label maps, not for %s",
                         dataset->kind->name);
    if (pictures_begin(dataset, options, error))
        return error->code;
    struct preparation *how = &dataset->fitting.how;
    if (is_auto(options->fitting.resize))
        how->shorter = how->crop_height < how->crop_width ? how->crop_height : how->crop_width;
    dataset->label_map = true;
    dataset->normalization = mem_string("imagenet");
    if (!dataset->normalization)
        return error_memory(error);
    return dataset_name_classes(dataset, classes, class_count, error);
}

/* Which form of map an image has; -1: none. STATUS_MEMORY. */
static status find_form(const struct label_map_list *list, const char *image, int *form, int64_t *size,
                        struct error *error)
{
    struct stat about;
    bool found = false;
    for (*form = 0; *form < list->layout->count && !found; ++*form) {
        char *path = list->layout->map_path(image, *form);
        if (!path)
            return error_memory(error);
        found = stat(path, &about) == 0 && S_ISREG(about.st_mode);
        mem_free(path);
    }
    *form = found ? *form - 1 : -1;
    *size = found ? (int64_t)about.st_size : 0;
    return STATUS_OK;
}

status label_maps_add(struct label_map_list *list, uint32_t folder, const char *folder_path, const char *name,
                      int64_t size, struct error *error)
{
    int form = -1;
    int64_t map_size = 0;
    char *image = path_join(folder_path, name);
    status code = image ? find_form(list, image, &form, &map_size, error) : error_memory(error);
    mem_free(image);
    if (code != STATUS_OK)
        return code;
    list->without += form < 0;
    if (form < 0)
        return STATUS_OK;
    digest_add(&list->state, &map_size, sizeof map_size);
    return pictures_add(list->dataset, folder, name, size, form, error);
}

status label_maps_end(struct label_map_list *list, const struct dataset_options *options, const char *path,
                      struct error *error)
{
    struct dataset *dataset = list->dataset;
    if (dataset->count == 0 && list->without > 0)
        return error_set(error, STATUS_FILE, "%s: none of %" PRId64 " images has a label map", path,
                         list->without);
    status code = pictures_end(dataset, options, path, error);
    if (code == STATUS_OK && list->without > 0)
        code = dataset_add_note(dataset, "%" PRId64 "%s left out", error, list->without,
                                list->without == 1 ? " image has no label map and is"
                                                   : " images have no label map and are");
    if (code != STATUS_OK)
        return code;
    struct picture_store *store = dataset->store;
    digest_add(&list->state, store->digest, strlen(store->digest));
    digest_end(&list->state, store->digest);
    return STATUS_OK;
}

/* --- reading -------------------------------------------------------------------------------------------- */

static status check_map(const char *path, const char *image_path, const struct image *map,
                        const struct label_map_form *form, struct error *error)
{
    struct image_facts facts;
    if (image_read_facts(image_path, &facts, error))
        return error->code;
    if (facts.width != map->width || facts.height != map->height)
        return error_set(error, STATUS_FILE, "%s: %dx%d labels, but the image has %dx%d pixels", path,
                         map->height, map->width, facts.height, facts.width);
    for (int y = 0; y < map->height; y++)
        for (int x = 0; x < map->width; x++) {
            const int number = map->pixels[(size_t)y * (size_t)map->width + (size_t)x];
            if (number >= form->count && number != MAP_VOID)
                return error_set(error, STATUS_FILE, "%s: %d in row %d, column %d is no label", path, number,
                                 y, x);
        }
    return STATUS_OK;
}

static status fit_map(const struct dataset *dataset, const struct image *map,
                      const struct label_map_form *form, int64_t *labels, struct error *error)
{
    struct preparation how = dataset->fitting.how;
    struct image ready;
    how.filter = IMAGE_NEAREST;
    how.fill = MAP_VOID;
    if (image_prepare(map, &how, &ready, error))
        return error->code;
    const size_t pixels = (size_t)ready.width * (size_t)ready.height;
    for (size_t i = 0; i < pixels; i++) {
        const uint8_t number = ready.pixels[i], label = number == MAP_VOID ? MAP_VOID : form->classes[number];
        labels[i] = label == MAP_VOID ? LABEL_IGNORED : label;
    }
    image_free(&ready);
    return STATUS_OK;
}

static status read_map(const struct dataset *dataset, const char *image_path, const char *path,
                       const struct label_map_form *form, int64_t *labels, struct error *error)
{
    const struct image_decoding decoding = {IMAGE_VALUES, false};
    struct image map;
    if (image_read(path, &decoding, &map, NULL, error))
        return error->code;
    status code = check_map(path, image_path, &map, form, error);
    if (code == STATUS_OK)
        code = fit_map(dataset, &map, form, labels, error);
    image_free(&map);
    return code;
}

status label_maps_read(const struct dataset *dataset, const struct label_map_layout *layout, int64_t index,
                       uint8_t *pixels, int64_t *labels, struct error *error)
{
    int64_t form;
    if (pictures_read(dataset, index, pixels, &form, error))
        return error->code;
    char *image = pictures_path(dataset, index), *path = image ? layout->map_path(image, (int)form) : NULL;
    status code =
        path ? read_map(dataset, image, path, &layout->forms[form], labels, error) : error_memory(error);
    mem_free(image);
    mem_free(path);
    return code == STATUS_OK ? code : error_refuse_file(error);
}
