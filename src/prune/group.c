/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From labels to classes, blocks and groups, and groups in words. */
#include "prune/coupling_internal.h"

#include <string.h>

/* ---- classes ------------------------------------------------------------------------------------------- */

static int layer_label(const struct coupling *c, int layer, int64_t channel)
{
    const struct layer *item = &c->layers->items[layer];
    const struct label_map *map = &c->maps[item->linear];
    int axis = item->kind == LAYER_LINEAR ? map->shape.rank - 1 : 1;
    int64_t index[TENSOR_MAX_RANK] = {0};
    index[axis] = channel;
    return label_map_at(map, index);
}

/* Number the classes in the order of layers and channels, and count their members. */
static bool number_classes(struct builder *b, int *members)
{
    struct coupling *c = b->coupling;
    for (int label = 0; label < c->label_count; label++)
        c->class_of[label] = -1;
    for (int layer = 0; layer < c->layers->count; layer++) {
        int64_t channels = c->layers->items[layer].channels;
        int *classes = arena_alloc(c->arena, (size_t)channels, sizeof *classes);
        if (classes == NULL)
            return false;
        c->layer_classes[layer] = classes;
        for (int64_t channel = 0; channel < channels; channel++) {
            int root = forest_find(&b->forest, layer_label(c, layer, channel));
            if (c->class_of[root] < 0)
                c->class_of[root] = c->class_count++;
            classes[channel] = c->class_of[root];
            members[classes[channel]]++;
        }
    }
    for (int label = 0; label < c->label_count; label++)
        c->class_of[label] = c->class_of[forest_find(&b->forest, label)];
    return true;
}

static bool fill_classes(struct builder *b, const int *members)
{
    struct coupling *c = b->coupling;
    c->classes = arena_alloc(c->arena, (size_t)c->class_count + 1, sizeof *c->classes);
    if (c->classes == NULL)
        return false;
    for (int i = 0; i < c->class_count; i++) {
        c->classes[i].members = arena_alloc(c->arena, (size_t)members[i], sizeof(struct channel_member));
        if (c->classes[i].members == NULL)
            return false;
    }
    for (int layer = 0; layer < c->layers->count; layer++)
        for (int64_t channel = 0; channel < c->layers->items[layer].channels; channel++) {
            struct channel_class *class = &c->classes[c->layer_classes[layer][channel]];
            struct channel_member *list = (struct channel_member *)class->members;
            list[class->member_count++] = (struct channel_member){layer, channel};
            class->lock = b->forest.lock[forest_find(&b->forest, layer_label(c, layer, channel))];
        }
    return true;
}

static bool build_classes(struct builder *b)
{
    struct coupling *c = b->coupling;
    int64_t channels = 0;
    for (int layer = 0; layer < c->layers->count; layer++)
        channels += c->layers->items[layer].channels;
    c->label_count = b->forest.count;
    c->class_of = arena_alloc(c->arena, (size_t)c->label_count + 1, sizeof *c->class_of);
    c->layer_classes = arena_alloc(c->arena, (size_t)c->layers->count + 1, sizeof *c->layer_classes);
    int *members = mem_new((size_t)channels + 1, sizeof *members);
    bool built = c->class_of != NULL && c->layer_classes != NULL && members != NULL &&
                 number_classes(b, members) && fill_classes(b, members);
    mem_free(members);
    return built;
}

/* ---- blocks: classes over the same layers ---------------------------------------------------------------
 */

static bool same_layers(const struct channel_class *a, const struct channel_class *b)
{
    int i = 0, j = 0;
    while (i < a->member_count && j < b->member_count) {
        int layer = a->members[i].layer;
        if (layer != b->members[j].layer)
            return false;
        while (i < a->member_count && a->members[i].layer == layer)
            i++;
        while (j < b->member_count && b->members[j].layer == layer)
            j++;
    }
    return i == a->member_count && j == b->member_count && (a->lock >= 0) == (b->lock >= 0);
}

static uint64_t layers_hash(const struct channel_class *class)
{
    uint64_t hash = class->lock >= 0 ? 99991 : 7;
    int last = -1;
    for (int i = 0; i < class->member_count; i++)
        if (class->members[i].layer != last) {
            last = class->members[i].layer;
            hash = (hash ^ (uint64_t)(last + 1)) * 0x9E3779B97F4A7C15u;
            hash ^= hash >> 29;
        }
    return hash;
}

/* Give every class its block, through a hash table of one class per block. */
static bool number_blocks(struct coupling *c)
{
    size_t slots = 64;
    while (slots < 2 * (size_t)c->class_count)
        slots *= 2;
    int *table = mem_new(slots, sizeof *table); /* class + 1 */
    if (table == NULL)
        return false;
    for (int i = 0; i < c->class_count; i++) {
        size_t slot = layers_hash(&c->classes[i]) & (slots - 1);
        while (table[slot] != 0 && !same_layers(&c->classes[table[slot] - 1], &c->classes[i]))
            slot = (slot + 1) & (slots - 1);
        if (table[slot] == 0) {
            table[slot] = i + 1;
            c->classes[i].block = c->block_count++;
        } else {
            c->classes[i].block = c->classes[table[slot] - 1].block;
        }
    }
    mem_free(table);
    return true;
}

static bool block_layers(struct coupling *c, struct block *block)
{
    const struct channel_class *class = &c->classes[block->classes[0]];
    int *layers = arena_alloc(c->arena, (size_t) class->member_count, sizeof *layers);
    if (layers == NULL)
        return false;
    for (int i = 0; i < class->member_count; i++)
        if (block->layer_count == 0 || layers[block->layer_count - 1] != class->members[i].layer)
            layers[block->layer_count++] = class->members[i].layer;
    block->layers = layers;
    block->locked = class->lock >= 0;
    return true;
}

static bool build_blocks(struct coupling *c)
{
    if (!number_blocks(c))
        return false;
    c->blocks = arena_alloc(c->arena, (size_t)c->block_count + 1, sizeof *c->blocks);
    if (c->blocks == NULL)
        return false;
    for (int i = 0; i < c->class_count; i++)
        c->blocks[c->classes[i].block].class_count++;
    for (int i = 0; i < c->block_count; i++) {
        c->blocks[i].classes = arena_alloc(c->arena, (size_t)c->blocks[i].class_count, sizeof(int));
        if (c->blocks[i].classes == NULL)
            return false;
        c->blocks[i].class_count = 0;
    }
    for (int i = 0; i < c->class_count; i++) {
        struct block *block = &c->blocks[c->classes[i].block];
        ((int *)block->classes)[block->class_count++] = i;
    }
    for (int i = 0; i < c->block_count; i++)
        if (!block_layers(c, &c->blocks[i]))
            return false;
    return true;
}

/* ---- groups: blocks that share layers -------------------------------------------------------------------
 */

/* Layers united through their blocks; returns the forest over layers. */
static bool unite_layers(const struct coupling *c, struct label_forest *forest)
{
    if (forest_add(forest, c->layers->count) < 0)
        return false;
    for (int i = 0; i < c->block_count; i++)
        for (int k = 1; k < c->blocks[i].layer_count; k++)
            forest_unite(forest, c->blocks[i].layers[0], c->blocks[i].layers[k]);
    return true;
}

static int full_layers(const struct coupling *c, const struct group *group)
{
    int full = 0;
    for (int i = 0; i < group->layer_count; i++)
        full += c->layers->items[group->layers[i]].kind != LAYER_DEPTHWISE;
    return full;
}

/* The group of what a node makes, -1 when nothing of it is a layer's channel. */
static int node_group(const struct coupling *c, int node)
{
    const struct node *item = &c->graph->nodes[node];
    for (int i = 0; i < item->output_count; i++) {
        if (item->outputs[i] == VALUE_NONE || c->maps[item->outputs[i]].labels == NULL)
            continue;
        const struct label_map *map = &c->maps[item->outputs[i]];
        int64_t elements = label_map_elements(map);
        for (int64_t k = 0; k < elements; k++)
            if (c->class_of[map->labels[k]] >= 0)
                return c->blocks[c->classes[c->class_of[map->labels[k]]].block].group;
    }
    return -1;
}

/* One list of integers per group, from a function that gives item -> group (-1: none). */
static bool group_lists(struct coupling *c, int items, const int *group_of, size_t list_offset,
                        size_t count_offset)
{
    for (int pass = 0; pass < 2; pass++) {
        for (int item = 0; item < items; item++) {
            if (group_of[item] < 0)
                continue;
            char *group = (char *)&c->groups[group_of[item]];
            int *count = (int *)(group + count_offset);
            if (pass == 1)
                (*(int **)(group + list_offset))[*count] = item;
            ++*count;
        }
        for (int i = 0; i < c->group_count && pass == 0; i++) {
            char *group = (char *)&c->groups[i];
            int *count = (int *)(group + count_offset);
            int *list = arena_alloc(c->arena, (size_t)*count + 1, sizeof *list);
            if (list == NULL)
                return false;
            *(int **)(group + list_offset) = list;
            *count = 0;
        }
    }
    return true;
}

#define GROUP_LIST(c, items, group_of, list)                                                                 \
    group_lists(c, items, group_of, offsetof(struct group, list##s), offsetof(struct group, list##_count))

static bool fill_groups(struct builder *b, int *scratch)
{
    struct coupling *c = b->coupling;
    if (!GROUP_LIST(c, c->layers->count, c->layer_group, layer))
        return false;
    for (int i = 0; i < c->block_count; i++)
        scratch[i] = c->blocks[i].group;
    if (!GROUP_LIST(c, c->block_count, scratch, block))
        return false;
    for (int i = 0; i < c->graph->node_count; i++)
        scratch[i] = b->ties[i] ? node_group(c, i) : -1;
    if (!GROUP_LIST(c, c->graph->node_count, scratch, tie))
        return false;
    for (int i = 0; i < c->group_count; i++) {
        struct group *group = &c->groups[i];
        group->name = c->layers->items[group->layers[0]].name;
        group->stream = full_layers(c, group) > 1;
        group->locked = true;
        for (int k = 0; k < group->block_count; k++)
            group->locked = group->locked && c->blocks[group->blocks[k]].locked;
    }
    return true;
}

static bool build_groups(struct builder *b)
{
    struct coupling *c = b->coupling;
    struct label_forest forest = {0};
    int scratch_size = c->graph->node_count + c->block_count + 1;
    int *scratch = mem_new((size_t)scratch_size, sizeof *scratch);
    c->layer_group = arena_alloc(c->arena, (size_t)c->layers->count + 1, sizeof *c->layer_group);
    c->groups = arena_alloc(c->arena, (size_t)c->layers->count + 1, sizeof *c->groups);
    bool built = scratch != NULL && c->layer_group != NULL && c->groups != NULL && unite_layers(c, &forest);
    for (int i = 0; built && i < c->layers->count; i++) {
        int root = forest_find(&forest, i); /* the smallest layer of its set, so it was numbered before */
        c->layer_group[i] = root == i ? c->group_count++ : c->layer_group[root];
    }
    for (int i = 0; built && i < c->block_count; i++)
        c->blocks[i].group = c->layer_group[c->blocks[i].layers[0]];
    built = built && fill_groups(b, scratch);
    forest_free(&forest);
    mem_free(scratch);
    return built;
}

status coupling_classify(struct builder *b, struct error *error)
{
    if (!build_classes(b) || !build_blocks(b->coupling) || !build_groups(b))
        return error_memory(error);
    return STATUS_OK;
}

/* ---- in words ------------------------------------------------------------------------------------------ */

static void describe_layers(const struct coupling *c, const int *layers, int count, struct text *text)
{
    for (int i = 0; i < count; i++) {
        text_add(text, i == 0 ? "" : i + 1 == count ? " and " : ", ");
        text_add_escaped(text, c->layers->items[layers[i]].name, 0);
    }
}

static void describe_block(const struct coupling *c, const struct block *block, struct text *text)
{
    text_add_format(text, "  %d %s of ", block->class_count,
                    block->class_count == 1 ? "channel" : "channels");
    describe_layers(c, block->layers, block->layer_count, text);
    if (block->locked) {
        const struct lock *lock = &c->locks[c->classes[block->classes[0]].lock];
        text_add_format(text, ": locked, %s", lock_reason_text(lock->reason));
        if (lock->node >= 0) {
            text_add_format(text, " (%s ", c->graph->nodes[lock->node].op->name);
            text_add_escaped(text, c->graph->nodes[lock->node].name, 0);
            text_add(text, ")");
        }
    } else {
        text_add(text, block->layer_count > 1 ? ": kept or removed together" : ": free, one by one");
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
        const struct node *node = &c->graph->nodes[group->ties[i]];
        text_add_format(text, "  tied by %s ", node->op->name);
        text_add_escaped(text, node->name, 0);
        text_add(text, "\n");
    }
}
