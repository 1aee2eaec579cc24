/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sample of the open data set that a command looks at activations on. */
#ifndef IPPRO_SESSION_COMMANDS_SAMPLED_CALL_H
#define IPPRO_SESSION_COMMANDS_SAMPLED_CALL_H

#include "prune/sampled.h"
#include "session/language/command.h"

/* The options that say which images are looked at, and how. */
#define OPTIONS_OF_SAMPLED                                                                                   \
    OPTION_SAMPLES, OPTION_BALANCED, OPTION_ORDER, OPTION_SEED, OPTION_PRECISION, OPTION_KERNEL,             \
        OPTION_MICRO_BATCH, OPTION_MEMORY

/* Draw it; `sample` is to be freed, also on failure. Refused without a data set, or with one that does not
 * fit. */
status call_sampled(struct call *call, struct sample *sample, struct sampled *sampled, struct error *error);

/* "500 of 10,000 images (cifar10 test, seed 1)" */
void text_add_sampled(struct text *text, const struct sampled *sampled);

/* The name of a network made by `what` ("repair: ...", one line that has all settings) with the sample. */
status sampled_network_name(const struct call *call, const struct sampled *sampled, const struct text *what,
                            char network[DIGEST_SIZE], struct error *error);

#endif
