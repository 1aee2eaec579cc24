/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is left of every layer of the network as loaded, in its own numbering: after selections, after
 * surgery, after several. */
#ifndef IPPRO_SESSION_KEPT_CHANNELS_H
#define IPPRO_SESSION_KEPT_CHANNELS_H

#include "session/pruning.h"

struct kept_layer {
    const char *name; /* borrowed from the model */
    int64_t channels;
    bool *kept; /* per channel */
};

struct kept_channels {
    struct kept_layer *layers; /* those of the original network, in its order */
    int count;
};

/* Of a model and what is selected of it. A layer that is gone keeps nothing. */
status kept_channels_find(const struct model *model, const struct pruning *pruning,
                          struct kept_channels *kept, struct error *error);
void kept_channels_free(struct kept_channels *kept);

#endif
