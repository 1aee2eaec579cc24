/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stages: layers that have the first parts of their names in common. Parts end at '.' or '/', of which those
 * at the beginning do not count: layer1.0.conv1 is in the stages layer1 and layer1.0. */
#ifndef IPPRO_SCORE_LAYER_STAGE_H
#define IPPRO_SCORE_LAYER_STAGE_H

#include <stdbool.h>
#include <stddef.h>

struct layers;

/* Bytes of the name's first part, the stage by which layers are listed; all of it where there is one part. */
size_t layer_stage_length(const char *name);
/* Are the first parts of the name this word? */
bool layer_in_stage(const char *name, const char *word);
/* How many layers are in the stage of that name. */
int layers_below(const struct layers *layers, const char *word);
/* How many layers are in the stage of that name; 0 where a layer has the name itself: then the word means
 * that layer. */
int layers_in_stage(const struct layers *layers, const char *word);

#endif
