/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Augmentation: its words, what is drawn, and how images are changed. */
#include "data/augment.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "base/status.h"
#include "base/text.h"
#include "data/dataset.h"
#include "data/fitting.h"
#include "image/image.h"
#include "nn/graph/tensor.h"

/* --- words ---------------------------------------------------------------------------------------------- */

static void add_crop(struct augmentation *augmentation, int padding)
{
    augmentation->padding = padding;
}

static void add_flip(struct augmentation *augmentation, int padding)
{
    (void)padding;
    augmentation->flip = true;
}

static void add_resized_crop(struct augmentation *augmentation, int padding)
{
    (void)padding;
    augmentation->resized_crop = true;
}

static const struct augmentation_word {
    const char *name;
    bool has_padding;                                            /* may be followed by ":N" */
    void (*add)(struct augmentation *augmentation, int padding); /* NULL: stands alone, nothing is done */
} words[] = {
    {"none", false, NULL},
    {"crop", true, add_crop},
    {"flip", false, add_flip},
    {"resized-crop", false, add_resized_crop},
};
enum { WORD_COUNT = sizeof words / sizeof *words, WORD_SIZE = 64 };

const char *augmentation_word_at(int index)
{
    return index >= 0 && index < WORD_COUNT ? words[index].name : NULL;
}

static status refuse_word(const char *word, struct error *error)
{
    const char *names[WORD_COUNT];
    for (int i = 0; i < WORD_COUNT; i++)
        names[i] = words[i].name;
    const char *nearest = nearest_word(word, names, WORD_COUNT);
    return error_set(error, STATUS_USAGE,
                     "no augmentation '%s' (known: none, crop, crop:N, flip, resized-crop)%s%s%s", word,
                     nearest ? ": did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
}

/* "crop:8": what is behind the colon. */
static status parse_padding(const char *name, const char *number, int *padding, struct error *error)
{
    int64_t value;
    if (!text_to_integer(number, &value) || value < 1 || value > AUGMENTATION_MOST_PADDING)
        return error_set(error, STATUS_USAGE, "%s:%s: expected a padding from 1 to %d pixels, as in %s:%d",
                         name, number, AUGMENTATION_MOST_PADDING, name, AUGMENTATION_PADDING);
    *padding = (int)value;
    return STATUS_OK;
}

/* One word of a list, which is used up. *index is which of the table it is. */
static status parse_word(char *word, struct augmentation *augmentation, int *index, struct error *error)
{
    int padding = AUGMENTATION_PADDING;
    char *colon = strchr(word, ':');
    if (colon)
        *colon = '\0';
    *index = 0;
    while (*index < WORD_COUNT && strcmp(words[*index].name, word) != 0)
        ++*index;
    if (*index == WORD_COUNT)
        return refuse_word(word, error);
    if (colon && !words[*index].has_padding)
        return error_set(error, STATUS_USAGE, "%s takes no number", word);
    if (colon && parse_padding(word, colon + 1, &padding, error))
        return error->code;
    if (words[*index].add)
        words[*index].add(augmentation, padding);
    return STATUS_OK;
}

status augmentation_parse(const char *text, struct augmentation *augmentation, struct error *error)
{
    struct augmentation made = {0};
    unsigned seen = 0;
    const char *rest = text;
    for (int count = 0;; count++) {
        char word[WORD_SIZE];
        const size_t length = strcspn(rest, ",");
        int index;
        if (length >= sizeof word)
            return error_set(error, STATUS_USAGE, "no augmentation '%.40s...'", rest);
        memcpy(word, rest, length);
        word[length] = '\0';
        if (parse_word(word, &made, &index, error))
            return error->code;
        if (seen & 1u << index)
            return error_set(error, STATUS_USAGE, "%s is named twice", words[index].name);
        seen |= 1u << index;
        rest += length;
        if ((!words[index].add && (count > 0 || *rest)) || (made.padding > 0 && made.resized_crop))
            return error_set(error, STATUS_USAGE, "%s",
                             words[index].add ? "crop and resized-crop are two ways to cut: take one"
                                              : "none stands alone");
        if (!*rest)
            break;
        rest++;
    }
    *augmentation = made;
    return STATUS_OK;
}

void text_add_augmentation(struct text *text, const struct augmentation *augmentation)
{
    const char *comma = "";
    if (!augmentation_active(augmentation)) {
        text_add(text, "none");
        return;
    }
    if (augmentation->padding == AUGMENTATION_PADDING)
        text_add(text, "crop");
    else if (augmentation->padding > 0)
        text_add_format(text, "crop:%d", augmentation->padding);
    if (augmentation->padding > 0)
        comma = ",";
    if (augmentation->resized_crop) {
        text_add_format(text, "%sresized-crop", comma);
        comma = ",";
    }
    if (augmentation->flip)
        text_add_format(text, "%sflip", comma);
}

bool augmentation_active(const struct augmentation *augmentation)
{
    return augmentation && (augmentation->padding > 0 || augmentation->flip || augmentation->resized_crop);
}

bool augmentation_equal(const struct augmentation *a, const struct augmentation *b)
{
    return a->padding == b->padding && a->flip == b->flip && a->resized_crop == b->resized_crop;
}

status augmentation_check(const struct augmentation *augmentation, const struct dataset *dataset,
                          struct error *error)
{
    if (!augmentation_active(augmentation))
        return STATUS_OK;
    if (augmentation->resized_crop && dataset->label_map)
        return error_set(
            error, STATUS_USAGE,
            "resized-crop is for images with one label: every pixel of %s has one; crop and flip "
            "move the labels too",
            dataset->kind->name);
    if (augmentation->resized_crop && dataset->finished)
        return error_set(error, STATUS_USAGE,
                         "resized-crop is for images of bytes, and these are finished tensors: crop and flip "
                         "are for both");
    if (augmentation->padding >= dataset->height || augmentation->padding >= dataset->width)
        return error_set(
            error, STATUS_USAGE,
            "crop:%d may leave nothing of images of %dx%d pixels: the padding must be less than a "
            "side",
            augmentation->padding, dataset->height, dataset->width);
    return STATUS_OK;
}

/* --- what is drawn -------------------------------------------------------------------------------------- */

enum { AUGMENTATION_STREAM = 0x41756731, BOX_TRIES = 10 }; /* tells it from other uses of the seed */
enum augmentation_use { USE_FLIP, USE_CROP, USE_BOX };

/* Each use has numbers of its own. */
static void seed_use(struct random_state *random, uint64_t seed, int64_t draw, int64_t record,
                     enum augmentation_use use)
{
    random_seed(random, seed, AUGMENTATION_STREAM + (uint64_t)use);
    random_seed(random, random_next(random), (uint64_t)draw);
    random_seed(random, random_next(random), (uint64_t)record);
}

/* Where none of the tries fits: as much of the middle as the ratio allows. */
static struct image_box middle_box(int height, int width, double low, double high)
{
    const double ratio = (double)width / height;
    struct image_box box = {0, 0, width, height};
    if (ratio < low)
        box.height = (int)rint(width / low);
    else if (ratio > high)
        box.width = (int)rint(height * high);
    box.top = (height - box.height) / 2;
    box.left = (width - box.width) / 2;
    return box;
}

/* As RandomResizedCrop.get_params with its defaults. */
static struct image_box draw_box(struct random_state *random, int height, int width)
{
    const double smallest = 0.08, low = 3.0 / 4, high = 4.0 / 3, area = (double)height * width;
    for (int i = 0; i < BOX_TRIES; i++) {
        const double part = area * random_between(random, smallest, 1);
        const double ratio = exp(random_between(random, log(low), log(high)));
        const int wide = (int)rint(sqrt(part * ratio)), high_side = (int)rint(sqrt(part / ratio));
        if (wide < 1 || wide > width || high_side < 1 || high_side > height)
            continue;
        struct image_box box = {.width = wide, .height = high_side};
        box.top = (int)random_below(random, (uint64_t)(height - high_side) + 1);
        box.left = (int)random_below(random, (uint64_t)(width - wide) + 1);
        return box;
    }
    return middle_box(height, width, low, high);
}

struct augmentation_draw augmentation_draw_for(const struct augmentation *augmentation, uint64_t seed,
                                               int64_t draw, int64_t record, int height, int width)
{
    struct augmentation_draw drawn = {.box = {0, 0, width, height}};
    struct random_state random;
    if (augmentation->flip) {
        seed_use(&random, seed, draw, record, USE_FLIP);
        drawn.mirrored = random_uniform(&random) < 0.5;
    }
    if (augmentation->padding > 0) {
        const uint64_t places = 2 * (uint64_t)augmentation->padding + 1;
        seed_use(&random, seed, draw, record, USE_CROP);
        drawn.down = (int)random_below(&random, places) - augmentation->padding;
        drawn.right = (int)random_below(&random, places) - augmentation->padding;
    }
    if (augmentation->resized_crop) {
        seed_use(&random, seed, draw, record, USE_BOX);
        drawn.box = draw_box(&random, height, width);
    }
    return drawn;
}

/* --- how images are changed ----------------------------------------------------------------------------- */

/* Rows of elements of any size, channel by channel. */
struct planes {
    void *data;
    size_t element; /* bytes, 1 to 8 */
    int channels, height, width;
    int fill; /* every byte of what is added: 0 is a zero of all types, 0xFF the integer -1 */
};

/* One row takes the place of another, or of itself, moved to the left by `right` elements. */
static void move_row(const struct planes *planes, unsigned char *to, const unsigned char *from, int right)
{
    const size_t row = (size_t)planes->width * planes->element;
    const size_t by = (size_t)abs(right) * planes->element;
    if (right >= 0) {
        memmove(to, from + by, row - by);
        memset(to + row - by, planes->fill, by);
    } else {
        memmove(to + by, from, row - by);
        memset(to, planes->fill, by);
    }
}

/* In place: rows are written in the order in which none is overwritten that is still to be read. Both
 * distances are less than the sides. */
static void move_planes(const struct planes *planes, int down, int right)
{
    const size_t row = (size_t)planes->width * planes->element;
    unsigned char *plane = planes->data;
    for (int c = 0; c < planes->channels; c++, plane += row * (size_t)planes->height)
        for (int i = 0; i < planes->height; i++) {
            const int y = down >= 0 ? i : planes->height - 1 - i, from = y + down;
            if (from >= 0 && from < planes->height)
                move_row(planes, plane + row * (size_t)y, plane + row * (size_t)from, right);
            else
                memset(plane + row * (size_t)y, planes->fill, row);
        }
}

static void mirror_planes(const struct planes *planes)
{
    const size_t element = planes->element, row = (size_t)planes->width * element;
    const size_t rows = (size_t)planes->channels * (size_t)planes->height;
    unsigned char *at = planes->data, kept[8];
    for (size_t i = 0; i < rows; i++, at += row)
        for (size_t left = 0, right = row - element; left < right; left += element, right -= element) {
            memcpy(kept, at + left, element);
            memcpy(at + left, at + right, element);
            memcpy(at + right, kept, element);
        }
}

static void change_planes(const struct planes *planes, const struct augmentation_draw *drawn)
{
    if (drawn->down != 0 || drawn->right != 0)
        move_planes(planes, drawn->down, drawn->right);
    if (drawn->mirrored)
        mirror_planes(planes);
}

/* The image as it is in the data set, before it is fitted; owned by the caller. */
static status read_whole(const struct dataset *dataset, int64_t index, struct image *image, int64_t *label,
                         struct error *error)
{
    if (dataset->kind->picture)
        return dataset->kind->picture(dataset, index, image, label, error);
    const int channels = dataset->stored.channels;
    const size_t plane = (size_t)dataset->stored.height * (size_t)dataset->stored.width;
    uint8_t *stored = mem_new(plane, (size_t)channels);
    if (!stored)
        return error_memory(error);
    status code = dataset->kind->read(dataset, index, stored, label, error);
    if (code == STATUS_OK)
        code = image_new(dataset->stored.width, dataset->stored.height, channels, image, error);
    for (int c = 0; code == STATUS_OK && c < channels; c++)
        for (size_t i = 0; i < plane; i++)
            image->pixels[i * (size_t)channels + (size_t)c] = stored[(size_t)c * plane + i];
    mem_free(stored);
    return code;
}

/* A part as a picture of its own: what is around it must not be averaged in. */
static status cut(const struct image *from, const struct image_box *box, struct image *part,
                  struct error *error)
{
    if (image_new(box->width, box->height, from->channels, part, error))
        return error->code;
    const size_t channels = (size_t)from->channels, bytes = (size_t)box->width * channels;
    for (int y = 0; y < box->height; y++)
        memcpy(part->pixels + (size_t)y * bytes,
               from->pixels + ((size_t)(box->top + y) * (size_t)from->width + (size_t)box->left) * channels,
               bytes);
    return STATUS_OK;
}

static status read_resized(const struct dataset *dataset, int64_t index,
                           const struct augmentation *augmentation, uint64_t seed, int64_t draw,
                           uint8_t *pixels, int64_t *label, struct error *error)
{
    const struct fitting fitting = {.how = {.width = dataset->width, .height = dataset->height},
                                    .channels = dataset->channels,
                                    .active = true};
    struct image whole = {0}, part = {0};
    status code = read_whole(dataset, index, &whole, label, error);
    if (code == STATUS_OK) {
        const struct augmentation_draw drawn =
            augmentation_draw_for(augmentation, seed, draw, index, whole.height, whole.width);
        code = cut(&whole, &drawn.box, &part, error);
    }
    image_free(&whole);
    return code == STATUS_OK ? fitting_write(&fitting, &part, pixels, error) : code;
}

static void move_labels(const struct dataset *dataset, const struct augmentation_draw *drawn, int64_t *labels)
{
    const struct planes planes = {labels, sizeof *labels, 1, dataset->height, dataset->width, 0xFF};
    _Static_assert(LABEL_IGNORED == -1, "the fill of label maps");
    if (dataset->label_map)
        change_planes(&planes, drawn);
}

static status read_tensor(const struct dataset *dataset, int64_t index, const struct augmentation_draw *drawn,
                          enum element_type real, void *image, int64_t *labels, struct error *error)
{
    const struct planes planes = {image,
                                  real == ELEMENT_DOUBLE ? sizeof(double) : sizeof(float),
                                  dataset->channels,
                                  dataset->height,
                                  dataset->width,
                                  0};
    if (dataset_image(dataset, index, real, image, labels, error))
        return error->code;
    change_planes(&planes, drawn);
    move_labels(dataset, drawn, labels);
    return STATUS_OK;
}

status dataset_image_augmented(const struct dataset *dataset, int64_t index,
                               const struct augmentation *augmentation, uint64_t seed, int64_t draw,
                               enum element_type real, void *image, int64_t *labels, struct error *error)
{
    if (!augmentation_active(augmentation))
        return dataset_image(dataset, index, real, image, labels, error);
    if (augmentation_check(augmentation, dataset, error) || dataset_check_image(dataset, index, real, error))
        return error->code;
    const struct augmentation_draw drawn =
        augmentation_draw_for(augmentation, seed, draw, index, dataset->height, dataset->width);
    if (dataset->finished)
        return read_tensor(dataset, index, &drawn, real, image, labels, error);
    uint8_t small[DATASET_SMALL_IMAGE];
    const size_t bytes = (size_t)dataset->channels * (size_t)dataset->height * (size_t)dataset->width;
    uint8_t *pixels = bytes <= sizeof small ? small : mem_new(bytes, 1);
    if (!pixels)
        return error_memory(error);
    const struct planes planes = {pixels, 1, dataset->channels, dataset->height, dataset->width, 0};
    status code = augmentation->resized_crop
                      ? read_resized(dataset, index, augmentation, seed, draw, pixels, labels, error)
                      : dataset_pixels(dataset, index, pixels, labels, error);
    if (code == STATUS_OK) {
        change_planes(&planes, &drawn);
        move_labels(dataset, &drawn, labels);
        dataset_normalise(dataset, pixels, real, image);
    }
    if (pixels != small)
        mem_free(pixels);
    return code;
}
