/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Data sets of pictures that are files of their own. Held in memory are names, sizes and labels; a picture is
 * decoded when it is read, by the thread that wants it. */
#ifndef IPPRO_DATA_PICTURES_H
#define IPPRO_DATA_PICTURES_H

#include "base/text.h"
#include "data/classes.h"
#include "data/dataset.h"
#include "data/listing.h"

struct picture {
    uint64_t name; /* where it begins in `names` */
    int64_t size;  /* of the file in bytes; -1: it is not there */
    uint32_t folder;
    int32_t label;
};

struct picture_store {
    char **folders; /* paths, owned */
    size_t folder_count, folder_capacity;
    struct text names; /* each with its NUL */
    struct picture *pictures;
    size_t capacity;     /* of dataset->count */
    int64_t passed_over; /* files that are no pictures by their names */
    char digest[DIGEST_SIZE];
};

/* Hang an empty store on the data set, with the fitting that the options ask for. */
status pictures_begin(struct dataset *dataset, const struct dataset_options *options, struct error *error);
/* The number of a folder, for pictures_add; the path is copied. */
status pictures_folder(struct dataset *dataset, const char *path, uint32_t *folder, struct error *error);
status pictures_add(struct dataset *dataset, uint32_t folder, const char *name, int64_t size, int32_t label,
                    struct error *error);
/* All pictures in a folder and, below them, in its folders, in the order of names. */
status pictures_add_folder(struct dataset *dataset, const char *path, int32_t label, struct error *error);
/* All are there. Finds out the size of images, leaves out what cannot be read where that is asked for (with a
 * note), and makes the digest. `path` is what is told where there are none. */
status pictures_end(struct dataset *dataset, const struct dataset_options *options, const char *path,
                    struct error *error);
/* Read every picture, and take those that cannot be read off the list, with a note that names some. */
status pictures_leave_out_corrupt(struct dataset *dataset, const struct dataset_options *options,
                                  struct error *error);
/* The classes' names: those of the list. */
status pictures_name_classes(struct dataset *dataset, const struct classes *classes, struct error *error);
/* Append to what the user should know. */
status dataset_add_note(struct dataset *dataset, const char *format, struct error *error, ...)
    __attribute__((format(printf, 2, 4)));

/* The columns of rows of a kind whose pictures are here. */
status pictures_read(const struct dataset *dataset, int64_t index, uint8_t *pixels, int64_t *label,
                     struct error *error);
status pictures_picture(const struct dataset *dataset, int64_t index, struct image *image, int64_t *label,
                        struct error *error);
status pictures_label(const struct dataset *dataset, int64_t index, int64_t *label, struct error *error);
/* In its folder, or a whole path. */
const char *pictures_name(const struct picture_store *store, const struct picture *picture);
/* Where a picture is, owned by the caller; NULL when memory is out. */
char *pictures_path(const struct dataset *dataset, int64_t index);
const char *pictures_digest(const struct dataset *dataset);
size_t pictures_memory(const struct dataset *dataset); /* of the list */
void pictures_close(struct dataset *dataset);

#endif
