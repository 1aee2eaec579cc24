/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What CIFAR's files are like: the records (cifar.c), the archive they come in, those that are pickles, and
 * names of classes. Private to the kinds cifar10 and cifar100. */
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
    CIFAR_LARGEST_NAMES = 64 * 1024, /* bytes of the file with names of classes */
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

/* The files of the data set's split: NULL-terminated. */
const char *const *cifar_files_of(const char *split, const struct cifar_layout *layout);
/* Is there something of that name, readable or not? */
bool cifar_exists(const char *path);
/* Add the images of a file, records or a pickle, whose bytes are at hand; they stay in the open file, or in
 * memory with a descriptor of -1. Both pass to the data set, also on failure. */
status cifar_add_bytes(struct dataset *dataset, const char *path, const struct cifar_layout *layout,
                       unsigned char *bytes, size_t size, int descriptor, struct error *error);
/* Note for the user when fewer files were found than the split has. */
status cifar_note_missing(struct dataset *dataset, int found, int expected, struct error *error);

/* By its name: a tar file, compressed or not. */
bool cifar_is_archive(const char *path);
/* The images of the split and the names of classes that are in an archive. */
status cifar_add_archive(struct dataset *dataset, const char *path, const struct cifar_layout *layout,
                         struct error *error);

/* Class names from what the names file holds, whose bytes pass to us; numbers when there is none (NULL), or
 * not enough of them in it. */
status cifar_name_classes(struct dataset *dataset, const struct cifar_layout *layout, unsigned char *bytes,
                          size_t size, bool pickled, struct error *error);
/* The same from the names file in the folder of the records. */
status cifar_name_from_folder(struct dataset *dataset, const char *folder, const struct cifar_layout *layout,
                              struct error *error);

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
