/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What pixels become before a network sees them: (pixel / 255 - mean) / std, channel by channel. */
#ifndef IPPRO_DATA_NORMALIZATION_H
#define IPPRO_DATA_NORMALIZATION_H

#include "base/status.h"

/* Presets for help and completion: "none", "cifar", "imagenet". NULL past the end. */
const char *normalization_name_at(int index);
/* Parse a preset or numbers, for so many channels (at most DATASET_MAX_CHANNELS), into as many values of
 * `mean` and `std`. STATUS_USAGE with the presets named otherwise. */
status normalization_parse(const char *text, int channels, double *mean, double *std, struct error *error);

#endif
