/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a network tells of an image, what it ends in, and where its loss is taken.
 *
 * A classifier gives one row of class scores per image, a segmentation network one per pixel: batch x classes
 * x height x width. Anything else has no classes.
 *
 * The loss is the cross-entropy of softmax(logits). A file may take the softmax itself: then its outputs are
 * probabilities, the logits are what goes into that Softmax, and -log p of the file's own output is the
 * cross-entropy of those. So a network is judged (loss, gradients, accuracy) at the Softmax's input, while
 * the network itself stays as the file has it. The Softmax need not be the last node: what only changes the
 * shape may follow, a logarithm, and a Clip that keeps it from zero. Exp(LogSoftmax(x)) and Exp(x) divided by
 * its sum are the same function. A LogSoftmax's outputs are logits of the same loss; it is passed over for
 * the sake of rounding.
 *
 * A softmax counts where it runs over all numbers that the network gives for an image, whichever axis that
 * is; of a segmentation network over all classes of a pixel. */
#ifndef IPPRO_NN_ENGINE_NETWORK_END_H
#define IPPRO_NN_ENGINE_NETWORK_END_H

#include "nn/graph/graph.h"

struct network_answer {
    int64_t classes;       /* 0: it does something else than classify */
    int64_t height, width; /* of the map of pixels that are classified; 1, 1: the image as a whole */
};

/* From the shape of the output for one image. */
struct network_answer network_answer_of(const struct shape *output);

enum network_end {
    NETWORK_END_LOGITS,      /* nothing that is known here: the outputs are taken for logits */
    NETWORK_END_SOFTMAX,     /* probabilities: judged at the Softmax's input */
    NETWORK_END_LOG_SOFTMAX, /* their logarithms: likewise */
    NETWORK_END_SIGMOID, /* numbers from 0 to 1, one by one: the outputs are taken for logits all the same */
};

/* Of a network with one output that can be planned for one image. */
status network_end_find(const struct graph *graph, enum network_end *end, struct error *error);

/* The network as it is judged: nodes and values have the numbers that they have in `graph`, and the output is
 * that of the same shape, but what stands between the logits and it hands its input on. */
struct judged_graph {
    struct graph graph; /* borrows all of the network's, apart from the nodes */
    struct node *nodes; /* owned; NULL: the network is judged as it is */
};

/* The graph must outlive the judged one. On failure nothing is to be freed. */
status judged_graph_init(struct judged_graph *judged, const struct graph *graph, struct error *error);
void judged_graph_free(struct judged_graph *judged);

#endif
