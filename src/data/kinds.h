/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kinds of data sets, each a row in a file of its own. */
#ifndef IPPRO_DATA_KINDS_H
#define IPPRO_DATA_KINDS_H

#include "data/dataset.h"

/* In the order in which help and completion name them. */
#define DATASET_KIND_LIST(X)                                                                                 \
    X(shapes)                                                                                                \
    X(shape_maps) X(cifar10) X(cifar100) X(imagenet) X(folder) X(csv) X(idx) X(npy) X(cityscapes) X(voc)

#define DATASET_KIND(name) extern const struct dataset_kind dataset_##name;
DATASET_KIND_LIST(DATASET_KIND)
#undef DATASET_KIND

#endif
