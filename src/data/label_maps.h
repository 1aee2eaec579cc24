/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures whose every pixel has a label, in a second picture: what the kinds of such data sets share.
 *
 * A label map is a PNG of numbers (palette or grey). It is scaled and cropped with its image, by the nearest
 * pixel, and what a crop adds has no label. Only the paths of the images are held: that of a map follows from
 * its image's. */
#ifndef IPPRO_DATA_LABEL_MAPS_H
#define IPPRO_DATA_LABEL_MAPS_H

#include "base/digest.h"
#include "data/pictures.h"

/* What a number in a map stands for, beside a class: 255 itself always does. */
enum { MAP_VOID = 255 };

struct label_map_form {
    const uint8_t *classes; /* of the numbers 0..count-1: the class, or MAP_VOID */
    int count;
};

struct label_map_layout {
    /* The path of the map that belongs to an image, owned by the caller; NULL when memory is out. `form`:
     * there may be several forms of maps, of which the first that is there is taken. */
    char *(*map_path)(const char *image, int form);
    int count;
    const struct label_map_form *forms;
};

struct label_map_list {
    struct dataset *dataset;
    const struct label_map_layout *layout;
    struct digest_state state; /* of the maps' sizes */
    int64_t without;           /* images that have no map */
};

/* As pictures_begin, for a data set of label maps with these classes. Where nothing is said of scale, the
 * shorter side is scaled to that of the crop. corrupt= is refused. */
status label_maps_begin(struct dataset *dataset, const struct dataset_options *options,
                        const struct label_map_layout *layout, const char *const *classes, int class_count,
                        struct label_map_list *list, struct error *error);
/* An image, when it has a map; others are counted. */
status label_maps_add(struct label_map_list *list, uint32_t folder, const char *folder_path, const char *name,
                      int64_t size, struct error *error);
/* As pictures_end, with a note when images were without a map. */
status label_maps_end(struct label_map_list *list, const struct dataset_options *options, const char *path,
                      struct error *error);
/* The `read` of such a kind. Errors name the map, and of a label that there is not its place in it. */
status label_maps_read(const struct dataset *dataset, const struct label_map_layout *layout, int64_t index,
                       uint8_t *pixels, int64_t *labels, struct error *error);

#endif
