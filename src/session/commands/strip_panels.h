/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The panels of a strip: images, their labels, and what networks make of them, as a figure. */
#ifndef IPPRO_SESSION_COMMANDS_STRIP_PANELS_H
#define IPPRO_SESSION_COMMANDS_STRIP_PANELS_H

#include "data/sampler.h"
#include "stats/evaluate.h"
#include "view/figure.h"

/* Column 0 is the image, 1 its labels; the networks follow. */
enum { STRIP_NETWORKS = 2 };

struct strip_panels {
    const struct dataset *dataset;
    const struct sample *sample; /* the images, one per row */
    struct arena *arena;
    struct figure_strip strip; /* what was found so far; arrays in the arena */
    /* The same arrays, to be written. */
    const char **names, **captions;
    double *values;
    uint8_t *rgb;
    bool *present; /* per class: it is in some picture */
    /* What an evaluation writes (evaluate.h), for the sample. */
    uint8_t *maps;
    struct class_pixels *pixels;
    int *predicted;
};

/* Room for so many networks, and the images with their labels. To be freed after a failure too. Refuses
 * pictures that would not fit into a file (STATUS_RANGE). */
status strip_panels_begin(struct strip_panels *panels, const struct dataset *dataset,
                          const struct sample *sample, int networks, struct error *error);
/* What network number `network` made of the images: maps, pixels or predicted were written by its evaluation.
 */
status strip_panels_add(struct strip_panels *panels, int network, const char *name, struct error *error);
/* Into a figure of kind FIGURE_STRIP. */
status strip_panels_give(struct strip_panels *panels, struct figure *figure, struct error *error);
void strip_panels_free(struct strip_panels *panels);

#endif
