/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arrays as inputs of a network: as they are, or as images whose pixels are normalised. */
#ifndef IPPRO_SESSION_COMMANDS_FORWARD_INPUT_H
#define IPPRO_SESSION_COMMANDS_FORWARD_INPUT_H

#include "data/dataset.h"
#include "data/npy.h"
#include "session/language/command.h"

struct forward_input {
    const struct npy *array; /* borrowed */
    int64_t count;           /* inputs */
    int64_t elements;        /* of each */
    bool pixels;             /* bytes that are normalised, */
    bool channels_last;      /* height x width x channels, */
    int channels;
    double mean[DATASET_MAX_CHANNELS], std[DATASET_MAX_CHANNELS];
    const char *normalization; /* under this name, borrowed from the call; NULL: taken as they are */
};

/* Do the array's elements fit the network's input? N x input, or one input without N; images of uint8 may
 * also be N x height x width x channels. Pixels are normalised as normalize= of the call, the session or the
 * data set says. STATUS_SHAPE with both shapes otherwise, STATUS_STATE where no normalisation is known. */
status forward_input_init(const struct call *call, const struct npy *array, struct forward_input *input,
                          struct error *error);
/* The `fetch` of nn/engine/run.h with a struct forward_input as its argument. */
status forward_input_fetch(void *argument, int64_t position, enum element_type real, void *out,
                           int64_t *label, struct error *error);

#endif
