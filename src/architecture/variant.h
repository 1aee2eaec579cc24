/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An architecture of another size: as described, but for other classes, images and widths. */
#ifndef IPPRO_ARCHITECTURE_VARIANT_H
#define IPPRO_ARCHITECTURE_VARIANT_H

#include "architecture/architecture.h"

struct variant {
    int64_t classes;  /* 0: as described */
    int64_t channels; /* of images, likewise */
    int64_t size[2];  /* height and width of images, likewise */
    double
        width; /* times as many channels, rounded, in every layer but that of the classes; 1: as described */
};

/* A finished architecture of the same name; owned by the caller. STATUS_SHAPE and STATUS_RANGE where such
 * layers do not go together, with the layer; STATUS_UNSUPPORTED where classes are asked for and no layer
 * makes them. */
status architecture_variant(const struct architecture *architecture, const struct variant *variant,
                            struct architecture **result, struct error *error);

#endif
