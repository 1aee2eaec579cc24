/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the images of a batch lie in the values of a network.
 *
 * Mostly dimension 0 counts them. Where a network turns its values about (tokens x images x channels) or cuts
 * images into windows (images * windows x tokens x channels) they lie otherwise, yet still evenly: in
 * row-major order runs of as many elements belong to image 0, 1, ... and begin anew behind the last one.
 * Element e of a value belongs to image e / run % batch, and the run is the same for every batch. */
#ifndef IPPRO_NN_EXECUTION_IMAGES_H
#define IPPRO_NN_EXECUTION_IMAGES_H

#include "base/memory.h"
#include "nn/graph/graph.h"

/* *runs: per value of the graph, from the arena; 0 where the images cannot be told apart, and of constants.
 * The graph (one input) is planned at two batch sizes and what follows the batch is compared; one that runs
 * at its own batch only has its images in dimension 0. Errors are those of planning. */
status images_find(const struct graph *graph, struct arena *arena, int64_t **runs, struct error *error);

#endif
