/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Augmentation: images moved, mirrored and scaled at random, as networks see them while they learn.
 *
 * The operations are Torchvision's, on the bytes before they are normalised:
 *   crop[:N]      RandomCrop(size, padding=N): N black pixels on each side (4 unless said otherwise), then a
 *                 part of the image's own size at an even place
 *   flip          RandomHorizontalFlip(): left and right change places, for every second image
 *   resized-crop  RandomResizedCrop(size): a part of 0.08 to 1 of the area, its sides in a ratio of 3/4 to
 *                 4/3, scaled to the image's size; of a picture in a file, from all of the picture
 * A flip comes last. What is drawn depends on (seed, draw, record) alone: not on threads, not on the order
 * in which images are read, and, of each operation, not on whether others are there. */
#ifndef IPPRO_DATA_AUGMENT_H
#define IPPRO_DATA_AUGMENT_H

#include <stdbool.h>
#include <stdint.h>
#include "base/status.h"
#include "data/dataset.h"
#include "image/resize.h"

struct text;

/* What is done. Plain; zeroed, nothing is. */
struct augmentation {
    int padding; /* of a random crop, in pixels on each side; 0: no crop */
    bool flip, resized_crop;
};

enum { AUGMENTATION_PADDING = 4, AUGMENTATION_MOST_PADDING = 256 };

/* "none", or words with commas between them: "crop,flip", "crop:8,flip", "resized-crop,flip". STATUS_USAGE
 * with the word that is none and the nearest. *augmentation is written on success only. */
status augmentation_parse(const char *text, struct augmentation *augmentation, struct error *error);
/* The words of the list, "none" among them; NULL past the end. */
const char *augmentation_word_at(int index);
/* As a text that gives the same again, whatever the order it was typed in: "none", "crop,flip". */
void text_add_augmentation(struct text *text, const struct augmentation *augmentation);
bool augmentation_active(const struct augmentation *augmentation); /* does anything; NULL: false */
bool augmentation_equal(const struct augmentation *a, const struct augmentation *b);
/* Whether the data set's images can be augmented so: no scaling of finished tensors and of label maps, no
 * crop that may leave nothing of the image. STATUS_USAGE. NULL is fine. */
status augmentation_check(const struct augmentation *augmentation, const struct dataset *dataset,
                          struct error *error);

/* What is drawn for one image. */
struct augmentation_draw {
    int down,
        right; /* the crop begins so far below and to the right of the image's corner: -padding to padding */
    bool mirrored;
    struct image_box box; /* of the resized crop */
};
/* height, width: of what a resized crop is taken from; without one they do not matter. */
struct augmentation_draw augmentation_draw_for(const struct augmentation *augmentation, uint64_t seed,
                                               int64_t draw, int64_t record, int height, int width);

/* As dataset_image (data/dataset.h), augmented. `draw` tells apart what is drawn for one record again and
 * again: the epoch. Labels of pixels move with them; what a crop adds is LABEL_IGNORED, and black, or 0 in
 * finished tensors. A NULL or empty augmentation gives what dataset_image gives, bit for bit. Thread safe. */
status dataset_image_augmented(const struct dataset *dataset, int64_t index,
                               const struct augmentation *augmentation, uint64_t seed, int64_t draw,
                               enum element_type real, void *image, int64_t *labels, struct error *error);

#endif
