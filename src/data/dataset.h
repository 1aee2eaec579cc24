/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Data sets of labelled images: a table of kinds, each with a reader; normalisation.
 *
 * Images are bytes, channel-major (C,H,W); a network sees (pixel / 255 - mean[c]) / std[c], computed in
 * double and rounded once to the asked type. Finished tensors are seen as they are. Before that, images are
 * scaled and cropped where that is asked for (data/fitting.h); pictures from files are decoded when they are
 * read. Reading is thread safe, and no kind holds images of files in memory. */
#ifndef IPPRO_DATA_DATASET_H
#define IPPRO_DATA_DATASET_H

#include <stdbool.h>
#include <stdint.h>
#include "base/file.h"
#include "base/pool.h"
#include "base/status.h"
#include "data/fitting.h"
#include "nn/graph/tensor.h"

enum { DATASET_MAX_CHANNELS = 4, DATASET_EXTENSIONS = 4 };
enum { LABEL_IGNORED = -1 }; /* of a pixel that no class is right or wrong for */

struct dataset;

struct dataset_options {
    const char *split;         /* "train", "test", "val"; NULL: the kind's default */
    const char *normalization; /* preset name, or "m1,m2,m3/s1,s2,s3"; NULL: "none" for files, the example's
                                  own for shapes */
    int64_t images;            /* shapes only: how many to make, 0 for the default */
    uint64_t seed;             /* shapes only */
    const char *labels;        /* the file of the labels, where the kind takes one; NULL: looked for;
                                  WITHOUT_LABELS: there are none */
    struct fitting_options fitting;
    bool skip_corrupt; /* pictures only: those that cannot be read are left out, all being read to find them;
                          otherwise reading such a picture fails */
    struct pool *pool; /* for that; NULL: this thread alone */
    struct progress *progress;
};

/* A row per kind. */
struct dataset_kind {
    const char *name, *help;
    const char *extensions[DATASET_EXTENSIONS + 1]; /* of its files, ended by NULL; none: it is in folders */
    bool needs_path;
    bool has_labels;           /* takes options->labels */
    bool has_pictures;         /* files of their own: takes options->skip_corrupt and .upright */
    const char *const *splits; /* NULL-terminated, the default first */
    const char *made_for;      /* the name of the one network that these images were made for; NULL: any */
    status (*open)(struct dataset *dataset, const struct dataset_options *options, struct error *error);
    /* The file or folder of a split of dataset->path, owned by the caller; NULL: it is not there, or memory
     * is out. Left out by kinds that have no files for each split. */
    char *(*find_split)(const struct dataset *dataset, const char *split);
    /* Is this plainly the path of such a data set, by what is there? NULL: never. */
    bool (*recognise)(const char *path);
    bool recognised_last; /* sets of other kinds look like it, too */
    /* Write stored channels*height*width bytes and the labels of one record (dataset_labels_per_image). */
    status (*read)(const struct dataset *dataset, int64_t index, uint8_t *pixels, int64_t *labels,
                   struct error *error);
    /* Of pictures in files with one label: the picture as decoded, before it is fitted, for the caller to
     * free, and its label. NULL: what `read` writes is all there is. */
    status (*picture)(const struct dataset *dataset, int64_t index, struct image *image, int64_t *label,
                      struct error *error);
    /* The label alone; NULL: `read` is as fast. */
    status (*label)(const struct dataset *dataset, int64_t index, int64_t *label, struct error *error);
    /* Of a finished data set, instead of `read`: the values themselves. */
    status (*values)(const struct dataset *dataset, int64_t index, enum element_type real, void *image,
                     int64_t *label, struct error *error);
    /* As dataset_digest, of what is stored. */
    const char *(*digest)(const struct dataset *dataset);
    size_t (*memory)(const struct dataset *dataset); /* as dataset_memory; NULL: nothing to speak of */
    void (*close)(struct dataset *dataset);
};

#define WITHOUT_LABELS "none"
/* The name of their only class. */
#define UNKNOWN_CLASS "unknown"

/* Options that a data set was opened with, as a plain value. */
enum { DATASET_WORD = 64 };
struct dataset_origin {
    char resize[DATASET_WORD], crop[DATASET_WORD]; /* "": none was given */
    struct fitting_options fitting;                /* without these words */
    int64_t images;
    uint64_t seed;
    bool skip_corrupt;
};

struct dataset {
    const struct dataset_kind *kind;
    char *path, *split;
    char *labels; /* the file that was named for labels, or NULL */
    char *note;   /* something the user should know ("1 of 5 training files found"), or NULL */
    int64_t count;
    int channels, height, width, classes; /* as a network sees them */
    struct {
        int channels, height, width;
    } stored;               /* what `read` writes */
    struct fitting fitting; /* from the one to the other, where the kind leaves that to dataset_image */
    bool finished;          /* tensors that are not normalised */
    char *prepared;  /* what is done to images, in the words of the options: "resize=256 crop=224"; NULL:
                        nothing */
    bool unlabelled; /* nobody knows what the images show: labels are 0 and mean nothing */
    bool label_map;  /* every pixel has a label: 0..classes-1 or LABEL_IGNORED; false: the image as a whole */
    const uint8_t (*palette)[3]; /* per class: the colour in which its pixels are drawn; NULL: any */
    char **class_names;          /* one per class, from the data set's own files where they have them */
    char *normalization;
    double mean[DATASET_MAX_CHANNELS], std[DATASET_MAX_CHANNELS];
    char fitted_digest[DIGEST_SIZE]; /* of digest and `prepared`, where something is done; else empty */
    void *store;                     /* the kind's own */
    struct dataset_origin origin;    /* how it was opened, for dataset_open_split */
    int shares;                      /* owners beside the first */
};

const struct dataset_kind *dataset_kind_find(const char *name);
const struct dataset_kind *dataset_kind_at(int index);
/* The kind that a path is plainly of. STATUS_NOT_FOUND with what was looked for. */
status dataset_kind_recognise(const char *path, const struct dataset_kind **kind, struct error *error);

/* Errors name the file, its size and the record length; labels out of range name the record. */
status dataset_open(const struct dataset_kind *kind, const char *path, const struct dataset_options *options,
                    struct dataset **dataset, struct error *error);
/* Another split of the same data set, opened and normalised as this one was; its labels are looked for, where
 * this one's were named. STATUS_NOT_FOUND where the kind has no split of that name, else as dataset_open. */
status dataset_open_split(const struct dataset *dataset, const char *split, struct pool *pool,
                          struct progress *progress, struct dataset **other, struct error *error);
/* The same images normalised in another way, to look at while the data set lives: a borrowed copy, which is
 * not freed and whose `normalization` names that of the data set. Refused as by normalization_parse. */
status dataset_view(const struct dataset *dataset, const char *normalization, struct dataset *view,
                    struct error *error);
bool dataset_is_raw(const struct dataset *dataset);      /* pixels from 0 to 1, not normalised at all */
bool dataset_is_training(const struct dataset *dataset); /* its images are those that networks learn */
/* One more owner; each calls dataset_free once. */
struct dataset *dataset_retain(struct dataset *dataset); /* NULL is fine */
void dataset_free(struct dataset *dataset);
/* SHA-256 that names the data in outputs and sessions; lives as long as the data set. Of all records and of
 * what is done to them; of pictures in files of the list of names, sizes and labels, for reading them all
 * takes too long. It may have to be waited for: up to half a second for 10,000 generated images. Thread safe.
 */
const char *dataset_digest(const struct dataset *dataset);
/* Bytes of images that the data set holds, which stay in memory as long as it does; 0 where they stay in
 * files. */
size_t dataset_memory(const struct dataset *dataset);
/* One, or height*width of a data set whose every pixel has a label. */
int64_t dataset_labels_per_image(const struct dataset *dataset);
/* Classes of label maps; 0 where an image has one label. */
int64_t dataset_map_classes(const struct dataset *dataset);
/* One normalised image (C,H,W) as float or double, and its labels. */
status dataset_image(const struct dataset *dataset, int64_t index, enum element_type real, void *image,
                     int64_t *labels, struct error *error);
/* What dataset_image is made of, for data/augment.c: whether there is such an image, its bytes as the network
 * sees them but for normalisation (channels*height*width; no finished tensors), and normalisation. */
enum { DATASET_SMALL_IMAGE = 4096 }; /* bytes: 32x32 RGB, without an allocation per image */
status dataset_check_image(const struct dataset *dataset, int64_t index, enum element_type real,
                           struct error *error);
status dataset_pixels(const struct dataset *dataset, int64_t index, uint8_t *pixels, int64_t *labels,
                      struct error *error);
void dataset_normalise(const struct dataset *dataset, const uint8_t *pixels, enum element_type real,
                       void *image);
/* Copy `names` (count of them) as the class names, or number the classes when names is NULL. For kinds. */
status dataset_name_classes(struct dataset *dataset, const char *const *names, int count,
                            struct error *error);
/* Labels of all records, owned by the caller (mem_free). Refused where every pixel has one (STATUS_USAGE). */
status dataset_labels(const struct dataset *dataset, int64_t **labels, struct error *error);

#endif
