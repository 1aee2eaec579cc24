/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What CIFAR's files are like, and those of them that are pickles. Private to the kinds cifar10 and cifar100.
 */
#ifndef IPPRO_DATA_CIFAR_H
#define IPPRO_DATA_CIFAR_H

#include "base/memory.h"
#include "data/arrays.h"

enum {
    CIFAR_CHANNELS = 3,
    CIFAR_SIDE = 32,
    CIFAR_PIXELS = CIFAR_CHANNELS * CIFAR_SIDE * CIFAR_SIDE,
    CIFAR_FILES = 5, /* of a split, at most */
    CIFAR_PLACES = 2,
    CIFAR_MOST_CLASSES = 100,
};

struct cifar_layout {
    const char *train[CIFAR_FILES + 1], *test[CIFAR_FILES + 1]; /* NULL-terminated, without .bin */
    const char *names_file;                                     /* of classes: a text */
    const char *meta, *meta_key;                                /* or a pickle, and where in it they are */
    const char *label_keys[2];                                  /* in a pickle, per label byte */
    const char *folders[CIFAR_PLACES], *archives[CIFAR_PLACES]; /* as they are given away */
    int label_bytes, classes;
    int limits[2]; /* number of values of each label byte */
};

/* Refuses a label out of range; `place` is that of its byte. */
status cifar_check_label(const char *path, const struct cifar_layout *layout, size_t record, int place,
                         int64_t label, struct error *error);

/* Does it begin as the pickles of these sets do? */
bool cifar_is_pickle(const unsigned char *bytes, size_t size);
/* Add the images of a pickled batch; they stay in the file where its descriptor is given (-1: none). Bytes
 * and descriptor pass to the data set. */
status cifar_add_pickle(struct dataset *dataset, const char *path, const struct cifar_layout *layout,
                        unsigned char *bytes, size_t size, int descriptor, struct error *error);
/* Names of classes in the pickle beside the batches: at most layout->classes of them, and how many there are.
 * They are in the arena. */
status cifar_pickled_names(struct arena *arena, const struct cifar_layout *layout, const unsigned char *bytes,
                           size_t size, const char **names, int *count, struct error *error);

#endif
