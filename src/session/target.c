/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From words to blocks. */
#include "session/target.h"

#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "nn/graph/op.h"
#include "prune/coupling.h"
#include "score/layer.h"
#include "score/layer_stage.h"
#include "session/words/layer_words.h"
#include "session/words/target_word.h"

bool target_is_word(const struct layers *layers, const char *text)
{
    return target_word_find(text) != TARGET_NONE && layers_index(layers, text) < 0;
}

void target_free(struct target *target)
{
    mem_free(target->blocks);
    *target = (struct target){0};
}

/* --- words ---------------------------------------------------------------------------------------------- */

void text_add_target(struct text *text, const struct layers *layers, const char *word)
{
    int count = target_is_word(layers, word) ? 0 : layers_in_stage(layers, word);
    text_add_escaped(text, word, 0);
    if (count)
        text_add_format(text, " (%d %s)", count, count == 1 ? "layer" : "layers");
}

void text_add_block(struct text *text, const struct coupling *coupling, int index)
{
    const struct block *block = &coupling->blocks[index];
    text_add_escaped(text, coupling->layers->items[block->layers[0]].name, 0);
    if (block->layer_count == 2) {
        text_add(text, " and ");
        text_add_escaped(text, coupling->layers->items[block->layers[1]].name, 0);
    } else if (block->layer_count > 2) {
        text_add_format(text, " and %d more", block->layer_count - 1);
    }
}

void text_add_lock(struct text *text, const struct coupling *coupling, int index)
{
    const struct block *block = &coupling->blocks[index];
    const struct lock *lock = &coupling->locks[coupling->classes[block->classes[0]].lock];
    text_add(text, lock_text(coupling, lock));
    if (lock->node >= 0) {
        const struct node *node = &coupling->graph->nodes[lock->node];
        text_add_format(text, " (%s ", node->op->name);
        text_add_escaped(text, node->name, 0);
        text_add(text, ")");
    }
}

/* --- finding -------------------------------------------------------------------------------------------- */

static void add_block(const struct coupling *coupling, int block, bool *seen, struct target *target)
{
    if (seen[block])
        return;
    seen[block] = true;
    if (coupling->blocks[block].locked) {
        target->locked++;
    } else {
        target->blocks[block] = true;
        target->count++;
    }
}

static void add_layer(const struct coupling *coupling, int layer, bool *seen, struct target *target)
{
    for (int64_t i = 0; i < coupling->layers->items[layer].channels; i++)
        add_block(coupling, coupling->classes[coupling->layer_classes[layer][i]].block, seen, target);
}

static void add_kind(const struct coupling *coupling, enum target_word word, bool *seen,
                     struct target *target)
{
    for (int i = 0; i < coupling->block_count; i++) {
        bool stream = coupling->groups[coupling->blocks[i].group].stream;
        if (word == TARGET_ALL || stream == (word == TARGET_STREAMS))
            add_block(coupling, i, seen, target);
    }
}

static void add_layers(const struct coupling *coupling, const char *pattern, bool *seen,
                       struct target *target)
{
    for (int i = 0; i < coupling->layers->count; i++) {
        if (layers_match(coupling->layers, pattern, i))
            add_layer(coupling, i, seen, target);
    }
}

/* Everything that was meant is locked, or nothing was. */
static status nothing_free(const struct coupling *coupling, const char *text, const bool *seen,
                           struct error *error)
{
    for (int i = 0; i < coupling->block_count; i++) {
        if (!seen[i])
            continue;
        struct text why = {0};
        text_add_lock(&why, coupling, i);
        status code = error_set(error, STATUS_STATE, "'%s' is locked: %s ('group %s' tells more)", text,
                                text_data(&why), coupling->layers->items[coupling->blocks[i].layers[0]].name);
        text_free(&why);
        return code;
    }
    if (target_is_word(coupling->layers, text))
        return error_set(error, STATUS_NOT_FOUND, "the network has no %s that could be pruned",
                         strcmp(text, "all") == 0 ? "channels" : text);
    return layer_unknown(coupling->layers, text, true, error);
}

status target_find(const struct model *model, const char *text, struct target *target, struct error *error)
{
    const struct coupling *coupling = model->coupling;
    bool *seen = mem_new((size_t)coupling->block_count + 1, sizeof *seen);
    struct target found = {.blocks = mem_new((size_t)coupling->block_count + 1, sizeof(bool))};
    status code = seen && found.blocks ? STATUS_OK : error_memory(error);
    if (code == STATUS_OK) {
        if (target_is_word(coupling->layers, text))
            add_kind(coupling, target_word_find(text), seen, &found);
        else
            add_layers(coupling, text, seen, &found);
        if (!found.count)
            code = nothing_free(coupling, text, seen, error);
    }
    mem_free(seen);
    if (code != STATUS_OK)
        target_free(&found);
    else
        *target = found;
    return code;
}
