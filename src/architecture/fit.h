/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does a checkpoint belong to an architecture? Names must be the same, in one of the namings; numbers of
 * channels may be others, if they go together: a network of fewer channels is a pruned one. The number of
 * classes and the channels of the images are the checkpoint's in any case. */
#ifndef IPPRO_ARCHITECTURE_FIT_H
#define IPPRO_ARCHITECTURE_FIT_H

#include "architecture/architecture.h"
#include "checkpoint/checkpoint.h"

struct graph;

enum fit_verdict {
    FIT_NONE,     /* names or shapes do not fit */
    FIT_CHANNELS, /* other numbers of channels than described, which go together */
    FIT_EXACT,
};

struct fit {
    struct architecture *architecture; /* counted */
    const struct naming *naming;       /* of it */
    struct checkpoint *checkpoint;     /* counted */
    int *weights;                      /* per parameter: its place in the checkpoint, -1: missing */
    enum fit_verdict verdict;
    struct feature_shape input, output; /* as the checkpoint has them; output only where it fits */
    int missing, unexpected, different; /* parameters; different: in shape, but for classes and images */
    bool narrower;                      /* no dimension is larger than described */
    bool recorded;    /* channels of zeros are as the checkpoint records them, not as described */
    int extras;       /* what the architecture knows of but does not use, such as heads for training */
    struct error why; /* names fit, shapes do not: the first place */
};

/* `input`: height and width of the images, 0 as described. */
status fit_new(struct architecture *architecture, int naming, struct checkpoint *checkpoint,
               const int64_t input[2], struct fit **fit, struct error *error);
void fit_free(struct fit *fit); /* NULL is fine */

/* The graph with the checkpoint's tensors, under the checkpoint's names; owned by the caller. */
status fit_graph(const struct fit *fit, struct graph **graph, struct error *error);

/* Every parameter that does not fit: first those missing, then unexpected ones, then different ones. */
enum difference_kind { PARAMETER_MISSING, PARAMETER_UNEXPECTED, PARAMETER_DIFFERENT, DIFFERENCE_KINDS };
struct difference {
    enum difference_kind kind;
    const char *name;                      /* borrowed from the fit */
    const struct shape *described, *given; /* NULL where there is none */
};
/* `visit` returns false to stop. */
void fit_differences(const struct fit *fit,
                     bool (*visit)(void *argument, const struct difference *difference), void *argument);
/* Is it what training programs keep beside parameters of every network, such as counts of batches? */
bool fit_is_counter(const char *name);
/* The first name of what the architecture knows but does not use, NULL for none. */
const char *fit_first_extra(const struct fit *fit);

#endif
