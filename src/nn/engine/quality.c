/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accuracy and mIoU of many images. */
#include "nn/engine/quality.h"

#include <math.h>

#include "base/memory.h"

const struct quality_words *quality_words(enum quality_kind measure)
{
    static const struct quality_words words[] = {
        [QUALITY_ACCURACY] = {"top-1 accuracy", "top-1", "Accuracy", "accuracy"},
        [QUALITY_MEAN_IOU] = {"mIoU", "mIoU", "mIoU", "mIoU"},
        [QUALITY_LOSS] = {"mean loss", "loss", "Mean loss", "loss"},
    };
    return &words[measure];
}

status quality_init(struct quality *quality, int64_t map_classes, struct error *error)
{
    *quality = (struct quality){.classes = map_classes};
    if (map_classes == 0)
        return STATUS_OK;
    quality->pixels = mem_new((size_t)map_classes, sizeof *quality->pixels);
    return quality->pixels ? STATUS_OK : error_memory(error);
}

void quality_free(struct quality *quality)
{
    mem_free(quality->pixels);
    *quality = (struct quality){0};
}

status quality_copy(const struct quality *quality, struct quality *copy, struct error *error)
{
    *copy = *quality;
    if (!quality->pixels)
        return STATUS_OK;
    copy->pixels = mem_copy(quality->pixels, (size_t)quality->classes * sizeof *quality->pixels);
    return copy->pixels ? STATUS_OK : error_memory(error);
}

static void add_pixels(struct quality *quality, const struct loss *loss)
{
    for (int64_t c = 0; c < quality->classes && c < loss->classes; c++) {
        quality->pixels[c].truth += loss->pixels[c].truth;
        quality->pixels[c].predicted += loss->pixels[c].predicted;
        quality->pixels[c].both += loss->pixels[c].both;
    }
}

void quality_add(struct quality *quality, const struct loss *loss)
{
    quality->images++;
    if (loss_exists(loss))
        quality->loss += loss->loss;
    else if (loss->unlabelled)
        quality->unlabelled++;
    else
        quality->unanswered++;
    quality->probabilities += loss->probabilities;
    quality->bare += loss->bare;
    if (quality->pixels) {
        add_pixels(quality, loss);
        return;
    }
    quality->right += loss->rank == 0;
    quality->first_five += loss->rank < 5;
}

enum quality_kind quality_kind_of(const struct quality *quality)
{
    if (quality->bare > 0)
        return QUALITY_LOSS;
    return quality->pixels ? QUALITY_MEAN_IOU : QUALITY_ACCURACY;
}

static int64_t either(const struct class_pixels *pixels)
{
    return pixels->truth + pixels->predicted - pixels->both;
}

double class_iou(const struct class_pixels *pixels)
{
    const int64_t all = either(pixels);
    return all > 0 ? (double)pixels->both / (double)all : NAN;
}

static double mean_iou(const struct quality *quality)
{
    double sum = 0;
    int64_t present = 0;
    for (int64_t c = 0; c < quality->classes; c++) {
        const double iou = class_iou(&quality->pixels[c]);
        if (isnan(iou))
            continue;
        sum += iou;
        present++;
    }
    return present > 0 ? sum / (double)present : NAN;
}

double quality_value(const struct quality *quality)
{
    if (quality->bare > 0)
        return NAN;
    if (!quality->pixels)
        return right_share(quality->right, quality->unanswered, quality->images);
    return quality->unanswered + quality->unlabelled < quality->images ? mean_iou(quality) : NAN;
}

double quality_loss(const struct quality *quality)
{
    return mean_loss(quality->loss, quality->unanswered + quality->unlabelled, quality->images);
}

double quality_pixel_accuracy(const struct quality *quality)
{
    int64_t right = 0, labelled = 0;
    for (int64_t c = 0; c < quality->classes; c++) {
        right += quality->pixels[c].both;
        labelled += quality->pixels[c].truth;
    }
    return labelled > 0 ? (double)right / (double)labelled : NAN;
}

double quality_credit(const struct quality *quality, const struct class_pixels *image)
{
    double sum = 0, change = 0;
    int64_t present = 0;
    for (int64_t c = 0; c < quality->classes; c++) {
        const double iou = class_iou(&quality->pixels[c]);
        if (isnan(iou))
            continue;
        sum += iou;
        change +=
            ((double)image[c].both - iou * (double)either(&image[c])) / (double)either(&quality->pixels[c]);
        present++;
    }
    return present > 0 ? (sum + (double)quality->images * change) / (double)present : NAN;
}
