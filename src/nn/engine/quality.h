/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How well a network does on a number of images, added up from the losses of each: the one place that decides
 * what that is called and how it is computed.
 *
 * A network that gives one row of class scores per image is measured by its accuracy, the share of images
 * whose first guess is right. One that gives class scores for every pixel is measured by mIoU, the mean over
 * classes of intersection over union: of each class the pixels that are labelled and predicted so, divided by
 * those that are either, counted over all images together. Pixels without a label do not count. A class that
 * is neither labelled nor predicted anywhere has no IoU and is left out of the mean, as the Cityscapes
 * benchmark's own script does. */
#ifndef IPPRO_NN_ENGINE_QUALITY_H
#define IPPRO_NN_ENGINE_QUALITY_H

#include "base/status.h"
#include "nn/engine/loss.h"

enum quality_kind {
    QUALITY_ACCURACY,
    QUALITY_MEAN_IOU,
    QUALITY_LOSS, /* the loss looks at no labels: there is no measure but its mean */
};

struct quality_words {
    const char *name;  /* of the number in full: "top-1 accuracy" */
    const char *brief; /* before a number: "top-1" */
    const char *title; /* begins a title: "Accuracy" */
    const char *card;  /* the label of a row: "accuracy" */
};
const struct quality_words *quality_words(enum quality_kind measure);

struct quality {
    int64_t images, right, first_five; /* right: the first guess; first_five: one of the first five */
    int64_t unanswered;                /* images with logits that are not numbers (nn/engine/loss.h) */
    int64_t unlabelled;                /* images none of whose pixels is labelled */
    int64_t bare;                      /* images of whose loss no label was a part */
    int64_t probabilities;             /* images whose logits look like probabilities */
    double loss;                       /* sum over the other ones */
    int64_t classes;                   /* of label maps, the data set's; 0: images have one label */
    struct class_pixels *pixels;       /* per class, owned; NULL likewise */
};

/* Nothing added yet. map_classes: 0 where images have one label. STATUS_MEMORY. */
status quality_init(struct quality *quality, int64_t map_classes, struct error *error);
void quality_free(struct quality *quality);
void quality_add(struct quality *quality, const struct loss *loss);
/* A copy with pixels of its own. */
status quality_copy(const struct quality *quality, struct quality *copy, struct error *error);

enum quality_kind quality_kind_of(const struct quality *quality);
/* Accuracy or mIoU, 0..1; NaN where no image has an answer, no pixel a label, or no label was looked at. */
double quality_value(const struct quality *quality);
/* Mean over the images that have a loss, NaN where none has. */
double quality_loss(const struct quality *quality);
/* Share of labelled pixels that are predicted right; NaN where there are none. */
double quality_pixel_accuracy(const struct quality *quality);
/* NaN where the class is neither labelled nor predicted. */
double class_iou(const struct class_pixels *pixels);
/* What an image contributes to mIoU, to first order: mean over classes c that have an IoU of
 * (both_i - IoU_c * either_i) / either_c, times the number of images, plus the mIoU, where either is the
 * union. The mean over all images is the mIoU, and their standard deviation that of a mean over independent
 * images (the linearised ratio estimator), so that mIoU has a margin of error as accuracy has. image: per
 * class. */
double quality_credit(const struct quality *quality, const struct class_pixels *image);

#endif
