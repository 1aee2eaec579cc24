/* SPDX-License-Identifier: GPL-3.0-or-later */
/* IDX, the format of MNIST and its kin (LeCun, Cortes, Burges): two zero bytes, the type of elements (8:
 * bytes), the number of dimensions, these as big-endian 32-bit numbers, and the elements. Images and labels
 * are files of their own, packed by gzip or not. */
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "archive/archive.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "data/arrays.h"
#include "data/classes.h"
#include "data/dataset.h"
#include "data/kinds.h"
#include "data/listing.h"

enum { MAGIC_SIZE = 4, TYPE_BYTES = 8, MOST_DIMENSIONS = 4, LABEL_VALUES = 256, MOST_IDX_SIDE = 4096 };
static const size_t largest_file = (size_t)2 << 30;

/* A file in memory; `descriptor` is -1 where it was packed. */
struct idx {
    unsigned char *bytes;
    size_t size, offset; /* of the elements */
    int descriptor, rank;
    int64_t dim[MOST_DIMENSIONS];
};

static void idx_free(struct idx *idx)
{
    mem_free(idx->bytes);
    if (idx->descriptor >= 0)
        close(idx->descriptor);
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcasecmp(text + length - tail, end) == 0;
}

/* The one file in a gzip file, all of it, so that its sum is checked. */
static status unpack(const char *path, struct idx *idx, struct error *error)
{
    struct members *members;
    const char *name = NULL;
    if (members_open(path, &members, error))
        return error->code;
    status code = members_next(members, &name, error);
    if (code == STATUS_OK && !name)
        code = error_set(error, STATUS_FILE, "%s: nothing is in it", path);
    if (code == STATUS_OK)
        code = members_read_all(members, largest_file, &idx->bytes, &idx->size, error);
    if (code == STATUS_OK)
        code = members_next(members, &name, error);
    members_close(members);
    return code;
}

static status parse_header(const char *path, struct idx *idx, int rank, struct error *error)
{
    const unsigned char *bytes = idx->bytes;
    if (idx->size < MAGIC_SIZE || bytes[0] != 0 || bytes[1] != 0)
        return error_set(error, STATUS_FILE, "%s: byte 0: this is no IDX file", path);
    if (bytes[2] != TYPE_BYTES)
        return error_set(error, STATUS_UNSUPPORTED,
                         "%s: byte 2: elements of type 0x%02x, only bytes (0x08) are read", path, bytes[2]);
    idx->rank = bytes[3];
    if (idx->rank != rank && !(rank == 3 && idx->rank == 4))
        return error_set(error, STATUS_FILE, "%s: byte 3: %d dimensions, expected %d", path, idx->rank, rank);
    idx->offset = MAGIC_SIZE + 4 * (size_t)idx->rank;
    if (idx->size < idx->offset)
        return error_set(error, STATUS_FILE, "%s: the file is truncated: it ends at byte %zu, in its header",
                         path, idx->size);
    size_t elements = 1;
    for (int i = 0; i < idx->rank; i++) {
        const unsigned char *at = bytes + MAGIC_SIZE + 4 * i;
        idx->dim[i] = (int64_t)((uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]);
        if (!size_multiply(elements, (size_t)idx->dim[i], &elements))
            return error_set(error, STATUS_FILE, "%s: its dimensions are too large", path);
    }
    if (elements != idx->size - idx->offset)
        return error_set(error, STATUS_FILE,
                         "%s: its dimensions ask for %zu bytes behind the header, %zu are there", path,
                         elements, idx->size - idx->offset);
    return STATUS_OK;
}

static status idx_read(const char *path, int rank, struct idx *idx, struct error *error)
{
    *idx = (struct idx){.descriptor = -1};
    status code = ends_with(path, ".gz")
                      ? unpack(path, idx, error)
                      : file_read_open(path, largest_file, &idx->bytes, &idx->size, &idx->descriptor, error);
    if (code == STATUS_OK)
        code = parse_header(path, idx, rank, error);
    if (code != STATUS_OK)
        idx_free(idx);
    return code;
}

/* (N,H,W), (N,C,H,W) or (N,H,W,C). */
static status set_shape(struct dataset *dataset, const char *path, const struct idx *images,
                        struct error *error)
{
    struct array_store *store = dataset->store;
    const int64_t *dim = images->dim;
    store->channels_last = images->rank == 4 && dim[1] > DATASET_MAX_CHANNELS;
    const int64_t channels = images->rank == 3 ? 1 : store->channels_last ? dim[3] : dim[1];
    const int64_t height = images->rank == 3 || store->channels_last ? dim[1] : dim[2];
    const int64_t width = images->rank == 3 || store->channels_last ? dim[2] : dim[3];
    if (channels < 1 || channels > DATASET_MAX_CHANNELS || height < 1 || width < 1 ||
        height > MOST_IDX_SIDE || width > MOST_IDX_SIDE)
        return error_set(error, STATUS_FILE,
                         "%s: images of %lldx%lldx%lld: sides of 1 to %d and 1 to %d channels are read", path,
                         (long long)channels, (long long)height, (long long)width, MOST_IDX_SIDE,
                         DATASET_MAX_CHANNELS);
    if (dim[0] < 1)
        return error_set(error, STATUS_FILE, "%s: no images are in it", path);
    dataset->channels = (int)channels;
    dataset->height = (int)height;
    dataset->width = (int)width;
    return STATUS_OK;
}

static status set_labels(struct dataset *dataset, const struct idx *labels, const char *folder,
                         struct error *error)
{
    struct classes classes;
    int most = 0;
    int32_t *numbers = arrays_labels(dataset, labels->dim[0]);
    if (!numbers)
        return error_memory(error);
    for (int64_t i = 0; i < labels->dim[0]; i++) {
        numbers[i] = labels->bytes[labels->offset + (size_t)i];
        most = numbers[i] > most ? numbers[i] : most;
    }
    status code = classes_look(folder, &classes, error);
    if (code == STATUS_OK)
        code = dataset_name_classes(dataset, classes.count > most ? classes.shown : NULL,
                                    classes.count > most ? classes.count : most + 1, error);
    classes_free(&classes);
    return code;
}

/* The image file's bytes go where they are kept. */
static status add_images(struct dataset *dataset, const char *path, struct idx *images, struct error *error)
{
    struct array_part part = {
        .path = (char *)path, .descriptor = -1, .offset = images->offset, .count = images->dim[0]};
    if (images->descriptor >= 0)
        part.descriptor = images->descriptor;
    else
        part.bytes = images->bytes;
    arrays_digest_add(dataset, images->bytes, images->size);
    if (images->descriptor < 0)
        images->bytes = NULL;
    images->descriptor = -1;
    return arrays_add(dataset, &part, error);
}

static status open_pair(struct dataset *dataset, const char *image_path, const char *label_path,
                        const char *folder, struct error *error)
{
    struct idx images, labels;
    if (idx_read(image_path, 3, &images, error))
        return error->code;
    if (idx_read(label_path, 1, &labels, error)) {
        idx_free(&images);
        return error->code;
    }
    status code = arrays_begin(dataset, error);
    if (code == STATUS_OK)
        code = set_shape(dataset, image_path, &images, error);
    if (code == STATUS_OK && labels.dim[0] != images.dim[0])
        code = error_set(error, STATUS_FILE, "%s: %lld labels for the %lld images of %s", label_path,
                         (long long)labels.dim[0], (long long)images.dim[0], path_base(image_path));
    if (code == STATUS_OK)
        code = set_labels(dataset, &labels, folder, error);
    if (code == STATUS_OK) {
        arrays_digest_add(dataset, labels.bytes, labels.size);
        code = add_images(dataset, image_path, &images, error);
    }
    if (code == STATUS_OK)
        arrays_end(dataset);
    idx_free(&images);
    idx_free(&labels);
    return code;
}

/* --- which files ---------------------------------------------------------------------------------------- */

static bool is_images(const char *name)
{
    return strstr(name, "images") && strstr(name, "idx");
}

static const char *split_of(const char *name)
{
    return strstr(name, "train") ? "train" : strstr(name, "t10k") || strstr(name, "test") ? "test" : NULL;
}

/* The path with the first `from` of its last part replaced; owned by the caller. */
static char *replace_in_name(const char *path, const char *from, const char *to)
{
    const char *at = strstr(path_base(path), from);
    return at ? mem_format("%.*s%s%s", (int)(at - path), path, to, at + strlen(from)) : mem_string(path);
}

/* The labels beside the images: images becomes labels, idx3 becomes idx1; packed or not. Owned by the caller.
 */
static status find_labels(const char *images, char **labels, struct error *error)
{
    char *named = replace_in_name(images, "images", "labels");
    char *path =
        named ? replace_in_name(named, strstr(path_base(named), "idx4") ? "idx4" : "idx3", "idx1") : NULL;
    mem_free(named);
    if (path && !path_is_file(path)) {
        bool packed = ends_with(path, ".gz");
        char *other = packed ? mem_format("%.*s", (int)strlen(path) - 3, path) : mem_format("%s.gz", path);
        if (!other || path_is_file(other)) {
            mem_free(path);
            path = other;
        } else {
            mem_free(other);
        }
    }
    *labels = path;
    return path ? STATUS_OK : error_memory(error);
}

/* The image file of the split in a folder, not packed where there are both; NULL when there is none, or (with
 * an error) several. */
static status find_images(const char *folder, const char *asked, char **images, struct error *error)
{
    struct listing listing;
    const char *found = NULL;
    *images = NULL;
    if (listing_read(folder, &listing, error))
        return error->code;
    status code = STATUS_OK;
    for (size_t i = 0; i < listing.count && code == STATUS_OK; i++) {
        const char *name = listing.entries[i].name, *split = split_of(name);
        if (listing.entries[i].folder || !is_images(name) || !split || strcmp(split, asked) != 0)
            continue;
        bool same = found && strncmp(name, found, strlen(found)) == 0; /* name.gz sorts behind name */
        if (found && !same)
            code = error_set(error, STATUS_FILE,
                             "%s: several sets are there (%s, %s): name the file of the images", folder,
                             found, name);
        found = found ? found : name;
    }
    if (code == STATUS_OK && found && !(*images = path_join(folder, found)))
        code = error_memory(error);
    listing_free(&listing);
    return code;
}

/* In the folder, or where Torchvision puts them. *folder is owned by the caller, with the images; NULL when
 * there are none. */
static status look_for_images(const char *path, const char *split, char **folder, char **images,
                              struct error *error)
{
    static const char *const places[] = {"", "/raw", "/MNIST/raw", "/FashionMNIST/raw", "/KMNIST/raw"};
    *images = *folder = NULL;
    for (size_t i = 0; i < sizeof places / sizeof *places && !*images; i++) {
        mem_free(*folder);
        *folder = mem_format("%s%s", path, places[i]);
        if (!*folder)
            return error_memory(error);
        if ((i == 0 || path_is_folder(*folder)) && find_images(*folder, split, images, error))
            return error->code;
    }
    return STATUS_OK;
}

static status find_in_folder(const struct dataset *dataset, char **folder, char **images, struct error *error)
{
    const char *name = strcmp(dataset->split, "train") == 0 ? "train" : "t10k";
    if (look_for_images(dataset->path, dataset->split, folder, images, error) || *images)
        return error->code;
    return error_set(
        error, STATUS_FILE,
        "%s: no %s-images-idx3-ubyte (or .gz), which goes with %s-labels-idx1-ubyte, is in this folder",
        dataset->path, name, name);
}

static char *idx_find_split(const struct dataset *dataset, const char *split)
{
    struct error ignored = {0};
    char *folder, *images;
    (void)look_for_images(dataset->path, split, &folder, &images, &ignored);
    mem_free(folder);
    return images;
}

/* A single file belongs to the split that its name says. */
static status name_single(struct dataset *dataset, char **folder, char **images, struct error *error)
{
    const char *split = split_of(path_base(dataset->path));
    *images = mem_string(dataset->path);
    *folder = mem_format("%.*s.", (int)(path_base(dataset->path) - dataset->path), dataset->path);
    char *copy = mem_string(split ? split : dataset->split);
    if (!*images || !*folder || !copy) {
        mem_free(copy);
        return error_memory(error);
    }
    mem_free(dataset->split);
    dataset->split = copy;
    return STATUS_OK;
}

static status idx_open(struct dataset *dataset, const struct dataset_options *options, struct error *error)
{
    char *folder = NULL, *images = NULL, *labels = NULL;
    status code = path_is_folder(dataset->path) ? find_in_folder(dataset, &folder, &images, error)
                                                : name_single(dataset, &folder, &images, error);
    if (code == STATUS_OK && options->labels)
        code = (labels = path_expand(options->labels)) ? STATUS_OK : error_memory(error);
    else if (code == STATUS_OK)
        code = find_labels(images, &labels, error);
    if (code == STATUS_OK && strcmp(images, labels) == 0)
        code = error_set(error, STATUS_FILE,
                         "%s: its name has no 'images' that could become 'labels': labels=FILE names them",
                         images);
    if (code == STATUS_OK)
        code = open_pair(dataset, images, labels, folder, error);
    mem_free(folder);
    mem_free(images);
    mem_free(labels);
    return code;
}

static bool idx_recognise(const char *path)
{
    struct listing listing;
    struct error ignored = {0};
    if (!path_is_folder(path))
        return path_is_file(path) && is_images(path_base(path));
    bool found = false;
    if (listing_read(path, &listing, &ignored) != STATUS_OK)
        return false;
    for (size_t i = 0; i < listing.count && !found; i++)
        found = !listing.entries[i].folder && is_images(listing.entries[i].name);
    listing_free(&listing);
    return found;
}

static const char *const splits[] = {"train", "test", NULL};

const struct dataset_kind dataset_idx = {
    .name = "idx",
    .help =
        "MNIST, Fashion-MNIST and their kin: the folder with train-images-idx3-ubyte ... or the file of the "
        "images, packed (.gz) or not",
    .extensions = {"ubyte", ".gz"},
    .needs_path = true,
    .has_labels = true,
    .splits = splits,
    .find_split = idx_find_split,
    .open = idx_open,
    .recognise = idx_recognise,
    .read = arrays_read,
    .label = arrays_label,
    .digest = arrays_digest,
    .memory = arrays_memory,
    .close = arrays_close,
};
