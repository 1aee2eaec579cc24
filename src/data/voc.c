/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PASCAL VOC's segmentation (Everingham et al. 2010): JPEGImages/NAME.jpg, SegmentationClass/NAME.png with
 * the class as the number of the palette entry (255 at borders, which do not count), and the names of a split
 * in ImageSets/Segmentation/SPLIT.txt. Its colours are those that figures have for any classes. */
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "data/kinds.h"
#include "data/label_maps.h"
#include "data/listing.h"
#include "data/pictures.h"

enum { CLASSES = 21 };

static const size_t largest_list = (size_t)16 << 20;
static const char image_folder[] = "JPEGImages", map_folder[] = "SegmentationClass",
                  list_folder[] = "ImageSets/Segmentation";

static const char *const class_names[CLASSES] = {
    "background", "aeroplane", "bicycle",     "bird",  "boat",        "bottle", "bus",
    "car",        "cat",       "chair",       "cow",   "diningtable", "dog",    "horse",
    "motorbike",  "person",    "pottedplant", "sheep", "sofa",        "train",  "tvmonitor",
};

static const uint8_t numbers[CLASSES] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10,
                                         11, 12, 13, 14, 15, 16, 17, 18, 19, 20};
static const struct label_map_form form_of_all = {numbers, CLASSES};

/* ROOT/JPEGImages/NAME.jpg */
static char *map_path(const char *image, int form)
{
    const char *name = path_base(image), *dot = strrchr(name, '.');
    const size_t root = (size_t)(name - image) - sizeof image_folder;
    (void)form;
    return mem_format("%.*s%s/%.*s.png", (int)root, image, map_folder,
                      (int)(dot ? (size_t)(dot - name) : strlen(name)), name);
}

static const struct label_map_layout layout = {map_path, 1, &form_of_all};

/* One name of the list. Names must be names, not paths that lead elsewhere. */
static status add_name(struct label_map_list *list, const char *list_path, size_t line, uint32_t folder,
                       const char *folder_path, const char *name, struct error *error)
{
    struct stat about;
    if (strchr(name, '/') || name[0] == '.' || strlen(name) > 255)
        return error_set(error, STATUS_FILE, "%s: line %zu: '%.80s' is no name of an image", list_path, line,
                         name);
    char *file = mem_format("%s.jpg", name), *path = file ? path_join(folder_path, file) : NULL;
    status code = path ? STATUS_OK : error_memory(error);
    if (code == STATUS_OK && stat(path, &about) != 0)
        code = error_set(error, STATUS_FILE, "%s: line %zu: %s is not there", list_path, line, path);
    if (code == STATUS_OK)
        code = label_maps_add(list, folder, folder_path, file, (int64_t)about.st_size, error);
    mem_free(file);
    mem_free(path);
    return code;
}

static status add_names(struct label_map_list *list, const char *list_path, char *text,
                        const char *folder_path, struct error *error)
{
    uint32_t folder;
    size_t number = 0;
    status code = pictures_folder(list->dataset, folder_path, &folder, error);
    for (char *rest = text, *line; code == STATUS_OK && (line = strsep(&rest, "\n"));) {
        number++;
        line[strcspn(line, " \t\r")] = '\0';
        if (line[0])
            code = add_name(list, list_path, number, folder, folder_path, line, error);
    }
    return code;
}

static status add_split(struct label_map_list *list, const char *root, const struct dataset_options *options,
                        struct error *error)
{
    char *names = mem_format("%s/%s/%s.txt", root, list_folder, list->dataset->split);
    char *folder = path_join(root, image_folder);
    unsigned char *text = NULL;
    size_t size;
    status code = names && folder ? file_read(names, largest_list, &text, &size, error) : error_memory(error);
    if (code == STATUS_OK && strlen((const char *)text) != size)
        code = error_set(error, STATUS_FILE, "%s: byte %zu is 0: this is no text", names,
                         strlen((const char *)text));
    if (code == STATUS_OK)
        code = add_names(list, names, (char *)text, folder, error);
    if (code == STATUS_OK)
        code = label_maps_end(list, options, names, error);
    mem_free(text);
    mem_free(names);
    mem_free(folder);
    return code;
}

static bool is_root(const char *path)
{
    char *images = path_join(path, image_folder), *maps = path_join(path, map_folder);
    bool both = images && maps && path_is_folder(images) && path_is_folder(maps);
    mem_free(images);
    mem_free(maps);
    return both;
}

/* The folder itself, or the one in the archive's folders around it, of the newest year. *root is owned by the
 * caller; NULL when there is none. */
static status find_root(const char *path, char **root, struct error *error)
{
    enum { NEWEST = 2012, OLDEST = 2007 };
    static const char *const around[] = {"", "VOCdevkit/"};
    *root = NULL;
    if (is_root(path))
        return (*root = mem_string(path)) ? STATUS_OK : error_memory(error);
    for (int year = NEWEST; year >= OLDEST; year--)
        for (size_t i = 0; i < sizeof around / sizeof *around; i++) {
            *root = mem_format("%s/%sVOC%d", path, around[i], year);
            if (!*root)
                return error_memory(error);
            if (is_root(*root))
                return STATUS_OK;
            mem_free(*root);
            *root = NULL;
        }
    return STATUS_OK;
}

static char *voc_find_split(const struct dataset *dataset, const char *split)
{
    struct error ignored = {0};
    char *root;
    (void)find_root(dataset->path, &root, &ignored);
    char *names = root ? mem_format("%s/%s/%s.txt", root, list_folder, split) : NULL;
    mem_free(root);
    if (names && path_is_file(names))
        return names;
    mem_free(names);
    return NULL;
}

static status voc_open(struct dataset *dataset, const struct dataset_options *options, struct error *error)
{
    struct label_map_list list;
    if (label_maps_begin(dataset, options, &layout, class_names, CLASSES, &list, error))
        return error->code;
    char *root;
    status code = find_root(dataset->path, &root, error);
    if (code == STATUS_OK && !root)
        code = error_set(error, STATUS_FILE,
                         "%s: no folders JPEGImages and SegmentationClass are there, nor in VOC2012 or "
                         "VOCdevkit/VOC2012 (or of 2007 to 2011) below",
                         dataset->path);
    if (code == STATUS_OK)
        code = add_split(&list, root, options, error);
    mem_free(root);
    return code;
}

static status voc_read(const struct dataset *dataset, int64_t index, uint8_t *pixels, int64_t *labels,
                       struct error *error)
{
    return label_maps_read(dataset, &layout, index, pixels, labels, error);
}

static bool voc_recognise(const char *path)
{
    struct error ignored = {0};
    char *root;
    (void)find_root(path, &root, &ignored);
    const bool found = root != NULL;
    mem_free(root);
    return found;
}

static const char *const splits[] = {"val", "train", "trainval", NULL};

const struct dataset_kind dataset_voc = {
    .name = "voc",
    .help =
        "PASCAL VOC's segmentation: the folder with JPEGImages, SegmentationClass and ImageSets; 21 classes "
        "per pixel; normalised by imagenet",
    .extensions = {"/"},
    .needs_path = true,
    .has_pictures = true,
    .splits = splits,
    .find_split = voc_find_split,
    .open = voc_open,
    .recognise = voc_recognise,
    .read = voc_read,
    .digest = pictures_digest,
    .memory = pictures_memory,
    .close = pictures_close,
};
