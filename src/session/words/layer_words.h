/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words for layers and their stages: which there are, and what is said of one that is none. */
#ifndef IPPRO_SESSION_WORDS_LAYER_WORDS_H
#define IPPRO_SESSION_WORDS_LAYER_WORDS_H

#include <stdbool.h>
#include "base/status.h"

struct layers;
struct word_list;

/* Names of layers, each with `suffix` behind it. Layers may be NULL: then there are none. */
void layer_words(const struct layers *layers, const char *suffix, struct word_list *list);
/* Names of the stages (score/layer_stage.h) by which layers are listed: those of several layers that stand
 * together. */
void stage_words(const struct layers *layers, struct word_list *list);
/* No layer is meant by the word (STATUS_NOT_FOUND), or a stage is where one layer is wanted (STATUS_USAGE).
 * `several`: a stage or a pattern would do. */
status layer_unknown(const struct layers *layers, const char *word, bool several, struct error *error);

#endif
