/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Weights before any training: drawn at random, for every parameter of an architecture. */
#ifndef IPPRO_ARCHITECTURE_FRESH_H
#define IPPRO_ARCHITECTURE_FRESH_H

#include "architecture/architecture.h"
#include "checkpoint/checkpoint.h"

/* A way to draw them. Scales and variances are 1, shifts and means 0 in each. */
struct initialisation;
const struct initialisation *initialisation_at(int index); /* NULL past the end; the first is the default */
const char *initialisation_name(int index);                /* likewise */

/* A checkpoint of all parameters of the architecture under its own names, in float. The same seed gives the
 * same bits on every machine. Asks progress_check. Owned by the caller. */
status fresh_checkpoint(const struct architecture *architecture, const struct initialisation *initialisation,
                        uint64_t seed, struct checkpoint **checkpoint, struct error *error);

#endif
