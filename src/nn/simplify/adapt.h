/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is changed in a graph that was just read, before it is made simple: files say some things otherwise
 * than the program has them. The graph is the caller's own, as a file gave it, and is changed in place where
 * nothing else is said. */
#ifndef IPPRO_NN_SIMPLIFY_ADAPT_H
#define IPPRO_NN_SIMPLIFY_ADAPT_H

#include "nn/graph/graph.h"

/* --- Training mode (adapt_training.c) ------------------------------------------------------------------- */

/* A BatchNormalization or Dropout that was exported in training mode by mistake is read as in evaluation.
 * *count: how many. Batch normalisations whose statistics somebody uses stay what they are. */
status adapt_training(struct graph *graph, int *count, struct error *error);

/* --- Quantised networks (adapt_quantised.c) ------------------------------------------------------------- */

struct quantised {
    int constants;  /* that are kept as integers and dequantised when they are folded */
    int pairs;      /* QuantizeLinear and DequantizeLinear around activations, passed over */
    int rectifiers; /* of the pairs: those that stood for a Relu as well, and became one */
};

/* Make a network in integers (QDQ) the network in floating point that it stands for: what quantises and
 * dequantises activations by the same numbers is passed over. Quantising cuts off what is out of range; where
 * that is all below 0, behind a layer, exporters leave the Relu out, so it comes back. */
status adapt_quantised(struct graph *graph, struct quantised *found, struct error *error);

/* --- Images (adapt_images.c) ---------------------------------------------------------------------------- */

struct image_size {
    int64_t height, width; /* 0: not said */
};

struct image_findings {
    bool open;     /* the file does not say their size */
    bool integers; /* the file takes integers */
};

/* Give the one input of rank 4 the height and width that the file leaves open, and channels where these
 * follow from the convolution behind it. Channels last (N x H x W x C) become first, with a Transpose behind
 * the new input, and graph->channels_last; integers become real numbers. Graphs with other inputs stay as
 * they are. STATUS_UNSUPPORTED where the size is said nowhere. */
status adapt_images(struct graph *graph, const struct image_size *size, struct image_findings *found,
                    struct error *error);

/* --- The end of a network (adapt_end.c) ----------------------------------------------------------------- */

struct cut_end {
    int nodes;           /* that were cut off: the first, and whatever needs one of them; 0: nothing was */
    struct error reason; /* why the first was, naming it */
};

/* Cut off what is not supported, and whatever needs it: what is left of the outputs and the real values that
 * were handed over at the cut are the outputs of *result, which is new and the caller's. NULL where nothing
 * had to be cut. STATUS_UNSUPPORTED with the reason of the first where nothing is left. */
status adapt_end(struct graph *graph, struct graph **result, struct cut_end *end, struct error *error);

#endif
