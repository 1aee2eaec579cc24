/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arrays of NumPy as a data set: images as bytes, (N,H,W,C), (N,C,H,W) or (N,H,W), or finished tensors
 * (N,C,H,W) as floats, which the network gets as they are; and an array of N labels. In one .npz, or in two
 * files. Arrays in .npy files stay there. */
#include <string.h>
#include <strings.h>

#include "archive/package.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/text.h"
#include "data/classes.h"
#include "data/dataset.h"
#include "data/kinds.h"
#include "data/listing.h"
#include "data/npy.h"
#include "nn/graph/tensor.h"

enum { MOST_NPY_SIDE = 16384, PIECE = 1 << 20 };
/* Of larger arrays the digest takes the first and the last so many bytes, and the size. */
static const int64_t hashed_whole = (int64_t)256 << 20, hashed_end = (int64_t)8 << 20;

struct npy_store {
    struct npy *images;
    bool channels_last;
    int64_t *labels; /* owned */
    char digest[DIGEST_SIZE];
};

/* --- the two arrays ------------------------------------------------------------------------------------- */

static const char *const image_names[] = {"images", "x",      "data",  "x_test",     "test_images",
                                          "arr_0",  "inputs", "x_val", "val_images", NULL};
static const char *const label_names[] = {"labels", "y",     "targets", "y_test",     "test_labels",
                                          "arr_1",  "label", "y_val",   "val_labels", NULL};

/* The member of that name, in any case, with .npy behind it; -1: none. */
static int find_member(const struct package *package, const char *const *names)
{
    for (; *names; names++)
        for (int i = 0; i < package_count(package); i++) {
            const char *name = package_name(package, i);
            size_t length = strlen(*names);
            if (strncasecmp(name, *names, length) == 0 && strcmp(name + length, ".npy") == 0)
                return i;
        }
    return -1;
}

static status read_member(struct package *package, const char *path, int index, struct npy **array,
                          struct error *error)
{
    unsigned char *bytes;
    size_t size;
    if (package_read_new(package, index, &bytes, &size, error))
        return error->code;
    char *name = mem_format("%s: %s", path, package_name(package, index));
    status code = name ? npy_from_bytes(name, bytes, size, array, error) : error_memory(error);
    mem_free(name);
    mem_free(bytes);
    return code;
}

/* Images of an .npz, and its labels where it has some. */
static status open_npz(const char *path, struct npy **images, struct npy **labels, struct error *error)
{
    struct package *package;
    if (package_open(path, &package, error))
        return error->code;
    const int image = find_member(package, image_names), label = find_member(package, label_names);
    status code = STATUS_OK;
    if (image < 0)
        code = error_set(error, STATUS_FILE,
                         "%s: no array of images is in it: none is called images, x or data", path);
    if (code == STATUS_OK)
        code = read_member(package, path, image, images, error);
    if (code == STATUS_OK && label >= 0 && labels)
        code = read_member(package, path, label, labels, error);
    package_close(package);
    return code;
}

static bool is_npz(const char *path)
{
    return strcasecmp(path_extension(path), "npz") == 0;
}

/* The label array beside an array of images, as people call them; owned by the caller, NULL when there is
 * none. */
static status look_for_labels(const char *path, char **labels, struct error *error)
{
    static const char *const pairs[][2] = {
        {"images", "labels"}, {"data", "labels"}, {"data", "targets"}, {"inputs", "labels"},
        {"x", "y"},           {"X", "y"},         {"X", "Y"}};
    const char *base = path_base(path);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const char *at = strstr(base, pairs[i][0]);
        if (!at)
            continue;
        *labels = mem_format("%.*s%s%s", (int)(at - path), path, pairs[i][1], at + strlen(pairs[i][0]));
        if (!*labels)
            return error_memory(error);
        if (path_is_file(*labels))
            return STATUS_OK;
        mem_free(*labels);
    }
    *labels =
        mem_format("%.*s/labels.npy", base == path ? 1 : (int)(base - path) - 1, base == path ? "." : path);
    if (!*labels)
        return error_memory(error);
    if (path_is_file(*labels) && strcmp(*labels, path) != 0)
        return STATUS_OK;
    mem_free(*labels);
    *labels = NULL;
    return STATUS_OK;
}

static status open_labels(const char *path, const char *asked, struct npy **labels, struct error *error)
{
    char *found = NULL;
    status code = STATUS_OK;
    if (asked)
        code = (found = path_expand(asked)) ? STATUS_OK : error_memory(error);
    else
        code = look_for_labels(path, &found, error);
    if (code == STATUS_OK && !found)
        code = error_set(
            error, STATUS_FILE,
            "%s: no labels are beside it: labels=FILE names the array that has one for each image", path);
    if (code == STATUS_OK)
        code = npy_open(found, labels, error);
    mem_free(found);
    return code;
}

/* --- what they mean ------------------------------------------------------------------------------------- */

static status refuse_shape(const struct npy *images, struct error *error)
{
    struct text shape = {0};
    shape_text(&images->header.shape, &shape);
    error_set(
        error, STATUS_FILE,
        "%s: an array of %s %s: expected bytes (uint8) as images x height x width x channels, or floats as images "
        "x channels x height x width",
        images->name, npy_type_name(&images->header), text_data(&shape));
    text_free(&shape);
    return error->code;
}

/* Bytes may have their channels last, floats have them first. */
static status set_shape(struct dataset *dataset, const struct npy *images, struct error *error)
{
    struct npy_store *store = dataset->store;
    const int64_t *dim = images->header.shape.dim;
    const int rank = images->header.shape.rank;
    const bool bytes = images->header.kind == NPY_UNSIGNED && images->header.width == 1;
    dataset->finished = images->header.kind == NPY_FLOAT;
    if ((!bytes && !dataset->finished) || (rank != 4 && !(rank == 3 && bytes)))
        return refuse_shape(images, error);
    store->channels_last =
        bytes && rank == 4 && dim[3] <= DATASET_MAX_CHANNELS && dim[1] > DATASET_MAX_CHANNELS;
    const int64_t channels = rank == 3 ? 1 : store->channels_last ? dim[3] : dim[1];
    const int64_t height = rank == 3 || store->channels_last ? dim[1] : dim[2];
    const int64_t width = rank == 3 || store->channels_last ? dim[2] : dim[3];
    if (channels < 1 || channels > DATASET_MAX_CHANNELS || height < 1 || height > MOST_NPY_SIDE ||
        width < 1 || width > MOST_NPY_SIDE)
        return refuse_shape(images, error);
    if (dim[0] < 1)
        return error_set(error, STATUS_FILE, "%s: no images are in it", images->name);
    dataset->count = dim[0];
    dataset->channels = (int)channels;
    dataset->height = (int)height;
    dataset->width = (int)width;
    return STATUS_OK;
}

static status read_labels(struct dataset *dataset, const struct npy *labels, int64_t *most,
                          struct error *error)
{
    struct npy_store *store = dataset->store;
    const struct npy_header *header = &labels->header;
    const bool column = header->shape.rank == 2 && header->shape.dim[1] == 1;
    if (header->kind == NPY_FLOAT || (header->shape.rank != 1 && !column))
        return error_set(error, STATUS_FILE,
                         "%s: an array of %s in %d dimensions: expected a list of whole numbers",
                         labels->name, npy_type_name(header), header->shape.rank);
    if (header->count != dataset->count)
        return error_set(error, STATUS_FILE, "%s: %lld labels for the %lld images of %s", labels->name,
                         (long long)header->count, (long long)dataset->count, path_base(dataset->path));
    store->labels = mem_new((size_t)dataset->count, sizeof *store->labels);
    if (!store->labels)
        return error_memory(error);
    if (npy_read(labels, 0, dataset->count, ELEMENT_INT64, store->labels, error))
        return error->code;
    *most = 0;
    for (int64_t i = 0; i < dataset->count; i++) {
        int64_t label = store->labels[i];
        if (label < 0 || label >= MOST_CLASSES)
            return error_set(error, STATUS_FILE, "%s: label %lld of image %lld: labels are 0 to %d",
                             labels->name, (long long)label, (long long)i, MOST_CLASSES - 1);
        *most = label > *most ? label : *most;
    }
    return STATUS_OK;
}

/* Names from a list beside the array, where it has enough of them. */
static status name_classes(struct dataset *dataset, int64_t most, struct error *error)
{
    struct classes classes = {0};
    char *folder = mem_format("%.*s.", (int)(path_base(dataset->path) - dataset->path), dataset->path);
    status code = folder ? classes_look(folder, &classes, error) : error_memory(error);
    if (code == STATUS_OK)
        code = dataset_name_classes(dataset, classes.count > most ? classes.shown : NULL,
                                    classes.count > most ? classes.count : (int)most + 1, error);
    classes_free(&classes);
    mem_free(folder);
    return code;
}

/* --- the digest ----------------------------------------------------------------------------------------- */

static status add_bytes(const struct npy *array, int64_t first, int64_t end, struct digest_state *state,
                        struct error *error)
{
    unsigned char *piece = mem_new(PIECE, 1);
    status code = piece ? STATUS_OK : error_memory(error);
    for (int64_t at = first; at < end && code == STATUS_OK; at += PIECE) {
        size_t size = end - at < PIECE ? (size_t)(end - at) : PIECE;
        code = progress_check(error);
        if (code == STATUS_OK && array->bytes)
            memcpy(piece, array->bytes + at, size);
        else if (code == STATUS_OK)
            code = file_read_at(array->descriptor, array->name, array->header.offset + (size_t)at, piece,
                                size, error);
        if (code == STATUS_OK)
            digest_add(state, piece, size);
    }
    mem_free(piece);
    return code;
}

static status make_digest(struct dataset *dataset, struct error *error)
{
    struct npy_store *store = dataset->store;
    const struct npy *images = store->images;
    struct digest_state state;
    struct text shape = {0};
    const int64_t size = images->header.count * images->header.width;
    text_add_format(&shape, "%s %d ", npy_type_name(&images->header), images->header.big_endian);
    shape_text(&images->header.shape, &shape);
    digest_begin(&state);
    digest_add(&state, text_data(&shape), shape.length);
    digest_add(&state, store->labels, (size_t)dataset->count * sizeof *store->labels);
    status code = shape.failed ? error_memory(error) : STATUS_OK;
    text_free(&shape);
    if (code == STATUS_OK && size <= hashed_whole)
        code = add_bytes(images, 0, size, &state, error);
    else if (code == STATUS_OK && !add_bytes(images, 0, hashed_end, &state, error))
        code = add_bytes(images, size - hashed_end, size, &state, error);
    else if (code == STATUS_OK)
        code = error->code;
    digest_end(&state, store->digest);
    return code;
}

/* --- the kind ------------------------------------------------------------------------------------------- */

/* Without labels. */
static status fill_images(struct dataset *dataset, bool packed, struct error *error)
{
    static const char *const names[] = {UNKNOWN_CLASS};
    struct npy_store *store = dataset->store;
    status code = packed ? open_npz(dataset->path, &store->images, NULL, error)
                         : npy_open(dataset->path, &store->images, error);
    if (code == STATUS_OK)
        code = set_shape(dataset, store->images, error);
    if (code == STATUS_OK) {
        store->labels = mem_new((size_t)dataset->count, sizeof *store->labels);
        code = store->labels ? dataset_name_classes(dataset, names, 1, error) : error_memory(error);
    }
    return code == STATUS_OK ? make_digest(dataset, error) : code;
}

static status fill(struct dataset *dataset, const struct dataset_options *options, struct npy **labels,
                   struct error *error)
{
    struct npy_store *store = dataset->store;
    const char *path = dataset->path;
    int64_t most = 0;
    bool packed = is_npz(path);
    if (dataset->unlabelled)
        return fill_images(dataset, packed, error);
    status code = packed ? open_npz(path, &store->images, options->labels ? NULL : labels, error)
                         : npy_open(path, &store->images, error);
    if (code == STATUS_OK && !*labels && packed && !options->labels)
        code = error_set(error, STATUS_FILE,
                         "%s: no array of labels is in it (labels, y, targets): labels=FILE names one", path);
    if (code == STATUS_OK && !*labels)
        code = open_labels(path, options->labels, labels, error);
    if (code == STATUS_OK)
        code = set_shape(dataset, store->images, error);
    if (code == STATUS_OK)
        code = read_labels(dataset, *labels, &most, error);
    if (code == STATUS_OK)
        code = name_classes(dataset, most, error);
    return code == STATUS_OK ? make_digest(dataset, error) : code;
}

static status npy_set_open(struct dataset *dataset, const struct dataset_options *options,
                           struct error *error)
{
    struct npy *labels = NULL;
    dataset->store = mem_new(1, sizeof(struct npy_store));
    if (!dataset->store)
        return error_memory(error);
    status code = fill(dataset, options, &labels, error);
    npy_free(labels);
    return code;
}

static status npy_set_read(const struct dataset *dataset, int64_t index, uint8_t *pixels, int64_t *label,
                           struct error *error)
{
    const struct npy_store *store = dataset->store;
    const size_t channels = (size_t)dataset->stored.channels;
    const size_t plane = (size_t)dataset->stored.height * (size_t)dataset->stored.width,
                 size = plane * channels;
    *label = store->labels[index];
    if (!store->channels_last || channels == 1)
        return npy_read_bytes(store->images, index * (int64_t)size, (int64_t)size, pixels, error);
    uint8_t *mixed = mem_new(size, 1);
    if (!mixed)
        return error_memory(error);
    status code = npy_read_bytes(store->images, index * (int64_t)size, (int64_t)size, mixed, error);
    for (size_t c = 0; c < channels && code == STATUS_OK; c++)
        for (size_t i = 0; i < plane; i++)
            pixels[c * plane + i] = mixed[i * channels + c];
    mem_free(mixed);
    return code;
}

static status npy_set_values(const struct dataset *dataset, int64_t index, enum element_type real,
                             void *image, int64_t *label, struct error *error)
{
    const struct npy_store *store = dataset->store;
    const int64_t size = (int64_t)dataset->channels * dataset->height * dataset->width;
    *label = store->labels[index];
    return npy_read(store->images, index * size, size, real, image, error);
}

static status npy_set_label(const struct dataset *dataset, int64_t index, int64_t *label, struct error *error)
{
    const struct npy_store *store = dataset->store;
    (void)error;
    *label = store->labels[index];
    return STATUS_OK;
}

static const char *npy_set_digest(const struct dataset *dataset)
{
    const struct npy_store *store = dataset->store;
    return store->digest;
}

static size_t npy_set_memory(const struct dataset *dataset)
{
    const struct npy_store *store = dataset->store;
    const struct npy *images = store ? store->images : NULL;
    return images && images->bytes ? (size_t)images->header.count * (size_t)images->header.width : 0;
}

static void npy_set_close(struct dataset *dataset)
{
    struct npy_store *store = dataset->store;
    if (!store)
        return;
    npy_free(store->images);
    mem_free(store->labels);
    mem_free(store);
    dataset->store = NULL;
}

static bool npy_set_recognise(const char *path)
{
    return path_is_file(path) && (is_npz(path) || strcasecmp(path_extension(path), "npy") == 0);
}

static const char *const splits[] = {"test", "train", "val", "all", NULL};

const struct dataset_kind dataset_npy = {
    .name = "npy",
    .help =
        "arrays of NumPy (.npy, .npz): images as bytes, or finished tensors as floats, which the network gets as "
        "they are; labels in the .npz, beside it, or by labels=",
    .extensions = {".npy", ".npz"},
    .needs_path = true,
    .has_labels = true,
    .splits = splits,
    .open = npy_set_open,
    .recognise = npy_set_recognise,
    .read = npy_set_read,
    .label = npy_set_label,
    .values = npy_set_values,
    .digest = npy_set_digest,
    .memory = npy_set_memory,
    .close = npy_set_close,
};
