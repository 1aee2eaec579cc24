/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a ratio is set for: a layer, a stage, a pattern of layers, or a word for a kind of blocks. */
#ifndef IPPRO_SESSION_TARGET_H
#define IPPRO_SESSION_TARGET_H

#include "session/pruning.h"

/* Is the text a word for a kind of blocks (session/words/target_word.h)? Not where a layer has it for its
 * name: then it is that layer. */
bool target_is_word(const struct layers *layers, const char *text);

struct target {
    bool *blocks; /* per block: meant, and free; owned */
    int count;    /* of them */
    int locked;   /* blocks that are meant and locked */
};

/* Streams where there are none, patterns without a layer and layers that are locked (with the reason) are
 * refused. Of a pattern, locked blocks are left out. */
status target_find(const struct model *model, const char *text, struct target *target, struct error *error);
void target_free(struct target *target);

/* The word itself; a stage with the number of its layers: "layer1 (18 layers)". */
void text_add_target(struct text *text, const struct layers *layers, const char *word);
/* "conv1", or "conv1 and 9 more": the layers of a block. */
void text_add_block(struct text *text, const struct coupling *coupling, int block);
/* "it is the network's output", "... (Concat /features/Concat_3)": why a block is locked. */
void text_add_lock(struct text *text, const struct coupling *coupling, int block);

#endif
