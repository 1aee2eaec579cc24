/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cityscapes (Cordts et al. 2016): leftImg8bit/SPLIT/CITY/NAME_leftImg8bit.png, and the fine annotations
 * gtFine/SPLIT/CITY/NAME_gtFine_labelIds.png, or with the 19 classes that are evaluated already as
 * NAME_gtFine_labelTrainIds.png. All other labels do not count. */
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "data/kinds.h"
#include "data/label_maps.h"
#include "data/listing.h"
#include "data/pictures.h"

enum { CLASSES = 19 };

static const char *const class_names[CLASSES] = {
    "road",         "sidewalk",   "building", "wall",       "fence",   "pole",  "traffic light",
    "traffic sign", "vegetation", "terrain",  "sky",        "person",  "rider", "car",
    "truck",        "bus",        "train",    "motorcycle", "bicycle",
};

static const uint8_t palette[CLASSES][3] = {
    {128, 64, 128},  {244, 35, 232}, {70, 70, 70},  {102, 102, 156}, {190, 153, 153},
    {153, 153, 153}, {250, 170, 30}, {220, 220, 0}, {107, 142, 35},  {152, 251, 152},
    {70, 130, 180},  {220, 20, 60},  {255, 0, 0},   {0, 0, 142},     {0, 0, 70},
    {0, 60, 100},    {0, 80, 100},   {0, 0, 230},   {119, 11, 32},
};

enum { LABEL_IDS, TRAIN_IDS, FORMS };
static const char *const map_endings[FORMS] = {"_gtFine_labelIds.png", "_gtFine_labelTrainIds.png"};
static const char image_ending[] = "_leftImg8bit.png", image_folder[] = "leftImg8bit",
                  map_folder[] = "gtFine";

/* Labels are 0 to 33, and 255 is what was -1 (license plates). */
#define VOID MAP_VOID
static const uint8_t classes_of_ids[] = {
    VOID, VOID, VOID, VOID, VOID, VOID, VOID, 0,  1,  VOID, VOID, 2,  3,    4,    VOID, VOID, VOID,
    5,    VOID, 6,    7,    8,    9,    10,   11, 12, 13,   14,   15, VOID, VOID, 16,   17,   18,
};
static const uint8_t train_ids[CLASSES] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18};
static const struct label_map_form forms[FORMS] = {
    [LABEL_IDS] = {classes_of_ids, sizeof classes_of_ids},
    [TRAIN_IDS] = {train_ids, CLASSES},
};

/* ROOT/leftImg8bit/SPLIT/CITY/NAME_leftImg8bit.png: the last folder of that name is the one. */
static char *map_path(const char *image, int form)
{
    const size_t length = strlen(image), ending = sizeof image_ending - 1;
    const char *folder = NULL;
    int slashes = 0;
    for (const char *at = image + length; at > image && slashes < 4; at--)
        if (at[-1] == '/' && ++slashes == 3)
            folder = at;
    size_t begin = folder ? (size_t)(folder - image) : 0; /* "SPLIT/CITY/NAME..." */
    const size_t root = begin - (begin ? sizeof image_folder : 0);
    return mem_format("%.*s%s/%.*s%s", (int)root, image, map_folder, (int)(length - ending - begin),
                      image + begin, map_endings[form]);
}

static const struct label_map_layout layout = {map_path, FORMS, forms};

static bool has_ending(const char *name)
{
    const size_t length = strlen(name), ending = sizeof image_ending - 1;
    return length > ending && strcmp(name + length - ending, image_ending) == 0;
}

static status add_city(struct label_map_list *list, const char *path, struct error *error)
{
    struct listing listing;
    uint32_t folder;
    if (listing_read(path, &listing, error))
        return error->code;
    status code = pictures_folder(list->dataset, path, &folder, error);
    for (size_t i = 0; i < listing.count && code == STATUS_OK; i++)
        if (!listing.entries[i].folder && has_ending(listing.entries[i].name))
            code =
                label_maps_add(list, folder, path, listing.entries[i].name, listing.entries[i].size, error);
    listing_free(&listing);
    return code;
}

static status add_cities(struct label_map_list *list, const char *split,
                         const struct dataset_options *options, struct error *error)
{
    struct listing listing;
    int64_t done = 0;
    if (listing_read(split, &listing, error))
        return error->code;
    const int64_t cities = (int64_t)listing_folders(&listing);
    status code = STATUS_OK;
    for (size_t i = 0; i < listing.count && code == STATUS_OK; i++) {
        if (!listing.entries[i].folder)
            continue;
        char *city = path_join(split, listing.entries[i].name);
        code = city ? add_city(list, city, error) : error_memory(error);
        mem_free(city);
        progress_report(options->progress, "listing pictures", "cities", ++done, cities);
    }
    listing_free(&listing);
    return code == STATUS_OK ? label_maps_end(list, options, split, error) : code;
}

static char *cityscapes_find_split(const struct dataset *dataset, const char *split)
{
    char *folder = mem_format("%s/%s/%s", dataset->path, image_folder, split);
    if (folder && path_is_folder(folder))
        return folder;
    mem_free(folder);
    return NULL;
}

static status cityscapes_open(struct dataset *dataset, const struct dataset_options *options,
                              struct error *error)
{
    struct label_map_list list;
    dataset->palette = palette;
    if (label_maps_begin(dataset, options, &layout, class_names, CLASSES, &list, error))
        return error->code;
    char *split = mem_format("%s/%s/%s", dataset->path, image_folder, dataset->split);
    status code = split ? add_cities(&list, split, options, error) : error_memory(error);
    mem_free(split);
    return code;
}

static status cityscapes_read(const struct dataset *dataset, int64_t index, uint8_t *pixels, int64_t *labels,
                              struct error *error)
{
    return label_maps_read(dataset, &layout, index, pixels, labels, error);
}

static bool cityscapes_recognise(const char *path)
{
    char *images = path_join(path, image_folder), *maps = path_join(path, map_folder);
    bool both = images && maps && path_is_folder(images) && path_is_folder(maps);
    mem_free(images);
    mem_free(maps);
    return both;
}

static const char *const splits[] = {"val", "train", "test", NULL};

const struct dataset_kind dataset_cityscapes = {
    .name = "cityscapes",
    .help =
        "Cityscapes: the folder with leftImg8bit and gtFine; 19 classes per pixel; normalised by imagenet",
    .extensions = {"/"},
    .needs_path = true,
    .has_pictures = true,
    .splits = splits,
    .find_split = cityscapes_find_split,
    .open = cityscapes_open,
    .recognise = cityscapes_recognise,
    .read = cityscapes_read,
    .digest = pictures_digest,
    .memory = pictures_memory,
    .close = pictures_close,
};
