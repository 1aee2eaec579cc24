/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A network that learns: its parameters, and the passes of one batch through it.
 *
 * A batch is cut into parts that depend on the network's shapes and the batch's size alone; each part has an
 * engine, and worker threads take the parts through the network side by side. In training mode
 * BatchNormalization takes mean and variance of the whole batch, over all parts, as PyTorch does. What is
 * summed over parts is added in double in their order: any number of threads gives the same bits.
 *
 * Ranks (base/ranks.h) share the parts of each batch, and have engines for their share alone. What a pass
 * gives is the same on all of them, bit for bit that of one process. A pass is collective: every rank has
 * made its network when one begins, and its callbacks see the images of this rank only. */
#ifndef IPPRO_TRAIN_NETWORK_H
#define IPPRO_TRAIN_NETWORK_H

#include <stdbool.h>
#include <stdint.h>
#include "base/pool.h"
#include "base/progress.h"
#include "base/status.h"
#include "nn/engine/loss.h"
#include "nn/graph/graph.h"
#include "nn/operator/operator.h"

struct step_times;
struct training_network;

struct training_options {
    enum element_type real; /* ELEMENT_FLOAT or ELEMENT_DOUBLE: of parameters, gradients and passes */
    enum kernel_choice kernel;
    int64_t batch;     /* images of a whole batch, >= 1 */
    bool frozen_norms; /* BatchNormalization stays in inference mode; scale and shift learn all the same */
    /* Of the running statistics: new = (1 - m) old + m batch; negative: what the network's file says
     * (PyTorch's default is 0.1). */
    double norm_momentum;
    bool forward_only;         /* only passes without gradients will be made: no room for them is taken */
    struct pool *pool;         /* borrowed; NULL: the calling thread */
    struct progress *progress; /* borrowed, polled between steps; NULL: cannot be cancelled */
    struct step_times *times; /* borrowed, told what each step of a pass took when the network is freed; NULL:
                                 nobody */
};

enum parameter_kind {
    PARAMETER_WEIGHT,
    PARAMETER_BIAS,
    PARAMETER_NORM_SCALE,
    PARAMETER_NORM_SHIFT,
    PARAMETER_KINDS
};

/* What is learnt, in memory of the network's own. */
struct training_parameter {
    enum parameter_kind kind;
    int value; /* of the network's own graph */
    int given; /* that of the graph that training_network_new was given: values have other numbers there */
    const char *name; /* its name in both */
    struct shape shape;
    int64_t elements;
    enum element_type real;
    void *data;     /* elements of the real type; whoever writes them calls training_network_changed */
    void *gradient; /* the same: of the mean loss of the last batch, without any decay */
};

/* Running statistics of a BatchNormalization, in the real type; a pass in training mode brings them up to
 * date. */
struct running_statistics {
    int node;         /* of the graph */
    const char *name; /* of the running mean there */
    int64_t channels;
    void *mean, *variance; /* per channel; the variance is the unbiased one */
};

/* The graph (simplified, one float input, one output of class scores) is borrowed and stays as it is: the
 * parameters are copies. STATUS_UNSUPPORTED, with the reason, for a network without anything to learn. */
status training_network_new(const struct graph *graph, const struct training_options *options,
                            struct training_network **network, struct error *error);
void training_network_free(struct training_network *network); /* NULL is fine */

int training_parameter_count(const struct training_network *network);
const struct training_parameter *training_parameter(const struct training_network *network, int index);
int training_running_count(const struct training_network *network);
const struct running_statistics *training_running(const struct training_network *network, int index);
/* Parameters or running statistics were written from outside: what is packed from them is made anew. */
void training_network_changed(struct training_network *network);

/* One batch. Called from worker threads; must be thread safe. */
struct training_batch {
    int64_t images;           /* 1 to the network's batch */
    int64_t labels_per_image; /* as in nn/engine/run.h; 0: 1 */
    /* Image number `position` of the batch, and its labels, as in nn/engine/run.h. */
    status (*fetch)(void *argument, int64_t position, enum element_type real, void *image, int64_t *labels,
                    struct error *error);
    void *fetch_argument;
    /* Losses of images first, first + 1, ... (count of them), whose class scores (and labels) stand one after
     * the other at `logits`, and, where gradient is not NULL, d loss of each / d its logits there (not
     * averaged). images: what was fetched for them. NULL: cross-entropy (nn/engine/loss.h). `worker` is less
     * than the pool's threads. */
    status (*losses)(void *argument, const void *images, const struct operand *output, int64_t first,
                     int64_t count, const int64_t *labels, struct loss *losses, void *gradient, int worker,
                     struct error *error);
    void *losses_argument;
    double *loss;      /* images: of each, other ranks' too; NULL: not wanted */
    bool forward_only; /* no gradients: to bring running statistics up to date (calibration) */
};

struct training_result {
    double loss;     /* mean over the batch */
    int64_t correct; /* images whose class came first */
    int64_t images;
};

/* Forward in training mode, loss, backward. Gradients and running statistics are there afterwards; parameters
 * stay. When it fails or is cancelled (STATUS_CANCELLED), on any rank, running statistics and parameters are
 * as before, gradients are undefined. A batch in which a BatchNormalization sees one value per channel is
 * refused (STATUS_RANGE), as PyTorch does. */
status training_network_pass(struct training_network *network, const struct training_batch *batch,
                             struct training_result *result, struct error *error);

/* The network with the present parameters and running statistics, in float, as a graph of its own. */
status training_network_graph(const struct training_network *network, struct graph **graph,
                              struct error *error);
size_t training_network_memory(const struct training_network *network); /* bytes held */

#endif
