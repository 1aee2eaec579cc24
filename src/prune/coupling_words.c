/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The coupling in words: what is tied to what, what is locked and why. */
#include "prune/coupling.h"

#include "base/text.h"
#include "nn/graph/graph.h"
#include "nn/operator/operator.h"
#include "prune/label.h"
#include "prune/operator_rules.h"
#include "score/layer.h"

const char *lock_reason_text(enum lock_reason reason)
{
    static const char *const text[] = {
#define LOCK_TEXT(code, words) words,
        LOCK_LIST(LOCK_TEXT)
#undef LOCK_TEXT
    };
    return text[reason];
}

const char *lock_text(const struct coupling *c, const struct lock *lock)
{
    const char *own = lock->reason == LOCK_OPERATOR ? c->rules[lock->node]->locks : NULL;
    return own != NULL ? own : lock_reason_text(lock->reason);
}

static void describe_layers(const struct coupling *c, const int *layers, int count, struct text *text)
{
    for (int i = 0; i < count; i++) {
        text_add(text, i == 0 ? "" : i + 1 == count ? " and " : ", ");
        text_add_escaped(text, c->layers->items[layers[i]].name, 0);
    }
}

static void describe_node(const struct coupling *c, int node, struct text *text)
{
    text_add_format(text, "%s ", c->graph->nodes[node].op->name);
    text_add_escaped(text, c->graph->nodes[node].name, 0);
}

int64_t class_width(const struct channel_class *item, int layer)
{
    int64_t width = 0;
    for (int i = 0; i < item->member_count; i++)
        width += item->members[i].layer == layer;
    return width;
}

int64_t block_channels(const struct coupling *c, const struct block *block)
{
    int64_t channels = 0;
    for (int i = 0; i < block->class_count; i++)
        channels += class_width(&c->classes[block->classes[i]], block->layers[0]);
    return channels;
}

/* How many channels of a layer each class of the block has; 0: they differ. */
static int64_t common_width(const struct coupling *c, const struct block *block, int layer)
{
    int64_t width = class_width(&c->classes[block->classes[0]], layer);
    for (int i = 1; i < block->class_count; i++)
        if (class_width(&c->classes[block->classes[i]], layer) != width)
            return 0;
    return width;
}

/* The same number for all its layers; 0: there is none. */
static int64_t block_width(const struct coupling *c, const struct block *block)
{
    int64_t width = common_width(c, block, block->layers[0]);
    for (int i = 1; i < block->layer_count; i++)
        if (common_width(c, block, block->layers[i]) != width)
            return 0;
    return width;
}

void text_add_classes(struct text *text, const struct coupling *c, const struct block *block)
{
    int64_t width = block_width(c, block);
    if (width == 1)
        return;
    bool heads = c->classes[block->classes[0]].head == HEAD_WHOLE;
    text_add_format(text, "%d %s", block->class_count,
                    heads                     ? block->class_count == 1 ? "head" : "heads"
                    : block->class_count == 1 ? "class"
                                              : "classes");
    if (width > 0)
        text_add_format(text, " of %lld", (long long)width);
}

/* "1 of stem.conv and 2 of dw": channels of one class, where all classes of the block have as many. */
static void describe_widths(const struct coupling *c, const struct block *block, struct text *text)
{
    bool common = true;
    for (int i = 0; i < block->layer_count; i++)
        common = common && common_width(c, block, block->layers[i]) > 0;
    for (int i = 0; common && i < block->layer_count; i++) {
        text_add(text, i == 0 ? ", each with " : i + 1 == block->layer_count ? " and " : ", ");
        text_add_format(text, "%lld of ", (long long)common_width(c, block, block->layers[i]));
        text_add_escaped(text, c->layers->items[block->layers[i]].name, 0);
    }
}

/* Features that a layer reads of a class. */
static int64_t class_reads(const struct coupling *c, const struct layer *layer, int item)
{
    const struct label_map *map = &c->maps[c->graph->nodes[layer->node].inputs[0]];
    int axis = layer->kind == LAYER_LINEAR ? map->shape.rank - 1 : 1;
    int64_t reads = 0;
    for (int64_t i = 0; map->labels != NULL && i < map->extent.dim[axis]; i++)
        reads += c->class_of[label_map_along(map, axis, i)] == item;
    return reads;
}

/* "with 6 columns of proj": what reads the first class of a block of heads. */
static void describe_readers(const struct coupling *c, const struct block *block, struct text *text)
{
    for (int i = 0; i < c->layers->count; i++) {
        int64_t reads = class_reads(c, &c->layers->items[i], block->classes[0]);
        if (reads == 0)
            continue;
        text_add_format(text, ", with %lld %s of ", (long long)reads, reads == 1 ? "column" : "columns");
        text_add_escaped(text, c->layers->items[i].name, 0);
    }
}

static void describe_heads(const struct coupling *c, const struct block *block, struct text *text)
{
    bool whole = c->classes[block->classes[0]].head == HEAD_WHOLE;
    text_add(text, whole ? ": a head is kept or removed whole" : ": a class is the same part of every head");
    describe_readers(c, block, text);
}

/* "together" only where a class has several members: layers may lie in one block with a channel each. */
static void describe_block(const struct coupling *c, const struct block *block, struct text *text)
{
    const struct channel_class *first = &c->classes[block->classes[0]];
    const int64_t channels = block_channels(c, block), width = block_width(c, block);
    if (width == 0) {
        text_add_format(text, "  %d %s of channels of ", block->class_count,
                        block->class_count == 1 ? "class" : "classes");
        describe_layers(c, block->layers, block->layer_count, text);
        describe_widths(c, block, text);
    } else {
        text_add_format(text, "  %lld %s of ", (long long)channels, channels == 1 ? "channel" : "channels");
        describe_layers(c, block->layers, block->layer_count, text);
    }
    if (width > 1) {
        text_add(text, ", in ");
        text_add_classes(text, c, block);
    }
    if (block->locked) {
        const struct lock *lock = &c->locks[first->lock];
        text_add_format(text, ": locked, %s", lock_text(c, lock));
        if (lock->node >= 0) {
            text_add(text, " (");
            describe_node(c, lock->node, text);
            text_add(text, ")");
        }
    } else if (first->head != HEAD_NONE) {
        describe_heads(c, block, text);
    } else if (width == 1) {
        text_add(text, first->member_count > 1 ? ": kept or removed together" : ": free, one by one");
    } else {
        text_add(text, ": a class is kept or removed whole");
    }
    text_add(text, "\n");
}

void group_describe(const struct coupling *c, int index, struct text *text)
{
    const struct group *group = &c->groups[index];
    text_add(text, group->stream ? "Residual stream of " : "Channels of ");
    text_add_format(text, "%d %s: ", group->layer_count, group->layer_count == 1 ? "layer" : "layers");
    describe_layers(c, group->layers, group->layer_count, text);
    text_add(text, "\n");
    for (int i = 0; i < group->block_count; i++)
        describe_block(c, &c->blocks[group->blocks[i]], text);
    for (int i = 0; i < group->tie_count; i++) {
        text_add(text, "  tied by ");
        describe_node(c, group->ties[i], text);
        text_add(text, "\n");
    }
}
