/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From labels to classes, blocks and groups. */
#include "prune/coupling_internal.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/status.h"
#include "prune/coupling.h"
#include "prune/label.h"
#include "prune/operator_rules.h"
#include "score/layer.h"

/* --- lists by bucket ------------------------------------------------------------------------------------ */

/* Items sorted into buckets: those of bucket i are items[start[i]] .. items[start[i + 1] - 1], ascending. */
struct buckets {
    int *start, *items;
};

/* bucket_of: per item, -1 for none. Memory from the arena. */
static bool buckets_fill(struct arena *arena, const int *bucket_of, int item_count, int bucket_count,
                         struct buckets *buckets)
{
    int *start = arena_alloc(arena, (size_t)bucket_count + 2, sizeof *start);
    int *items = arena_alloc(arena, (size_t)item_count + 1, sizeof *items);
    if (start == NULL || items == NULL)
        return false;
    /* start[i + 2] counts bucket i, then start[i + 1] is where its next item goes. */
    for (int i = 0; i < item_count; i++)
        if (bucket_of[i] >= 0)
            start[bucket_of[i] + 2]++;
    for (int i = 2; i < bucket_count + 2; i++)
        start[i] += start[i - 1];
    for (int i = 0; i < item_count; i++)
        if (bucket_of[i] >= 0)
            items[start[bucket_of[i] + 1]++] = i;
    *buckets = (struct buckets){start, items};
    return true;
}

static int bucket_size(const struct buckets *buckets, int bucket)
{
    return buckets->start[bucket + 1] - buckets->start[bucket];
}

static const int *bucket_items(const struct buckets *buckets, int bucket)
{
    return buckets->items + buckets->start[bucket];
}

/* --- classes -------------------------------------------------------------------------------------------- */

static int layer_label(const struct coupling *c, int layer, int64_t channel)
{
    const struct layer *item = &c->layers->items[layer];
    const struct label_map *map = &c->maps[item->linear];
    return label_map_along(map, layer_axis(item, map->shape.rank), channel);
}

/* Number the classes in the order of layers and channels, and list the channels: their class and place. */
static bool number_classes(struct builder *b, struct channel_member *places, int *classes)
{
    struct coupling *c = b->coupling;
    int place = 0;
    for (int label = 0; label < c->label_count; label++)
        c->class_of[label] = -1;
    for (int layer = 0; layer < c->layers->count; layer++) {
        int64_t channels = c->layers->items[layer].channels;
        c->layer_classes[layer] = arena_alloc(c->arena, (size_t)channels, sizeof(int));
        if (c->layer_classes[layer] == NULL)
            return false;
        int *own = (int *)c->layer_classes[layer];
        for (int64_t channel = 0; channel < channels; channel++, place++) {
            int root = forest_find(&b->forest, layer_label(c, layer, channel));
            if (c->class_of[root] < 0)
                c->class_of[root] = c->class_count++;
            own[channel] = classes[place] = c->class_of[root];
            places[place] = (struct channel_member){layer, channel};
        }
    }
    for (int label = 0; label < c->label_count; label++)
        c->class_of[label] = c->class_of[forest_find(&b->forest, label)];
    return true;
}

/* Members of all classes in one array, class after class. */
static bool fill_classes(struct builder *b, const struct channel_member *places, const int *classes,
                         int count, struct arena *scratch)
{
    struct coupling *c = b->coupling;
    struct buckets buckets;
    struct channel_member *members = arena_alloc(c->arena, (size_t)count + 1, sizeof *members);
    c->classes = arena_alloc(c->arena, (size_t)c->class_count + 1, sizeof *c->classes);
    if (members == NULL || c->classes == NULL ||
        !buckets_fill(scratch, classes, count, c->class_count, &buckets))
        return false;
    for (int i = 0; i < count; i++)
        members[i] = places[buckets.items[i]];
    for (int i = 0; i < c->class_count; i++) {
        struct channel_class *item = &c->classes[i];
        item->members = members + buckets.start[i];
        item->member_count = bucket_size(&buckets, i);
        int label = layer_label(c, item->members[0].layer, item->members[0].channel);
        item->lock = b->forest.lock[forest_find(&b->forest, label)];
    }
    return true;
}

static bool build_classes(struct builder *b, struct arena *scratch)
{
    struct coupling *c = b->coupling;
    int64_t channels = 0;
    for (int layer = 0; layer < c->layers->count; layer++)
        channels += c->layers->items[layer].channels;
    if (channels >= INT32_MAX)
        return false;
    c->label_count = b->forest.count;
    c->class_of = arena_alloc(c->arena, (size_t)c->label_count + 1, sizeof *c->class_of);
    c->layer_classes = arena_alloc(c->arena, (size_t)c->layers->count + 1, sizeof *c->layer_classes);
    struct channel_member *places = arena_alloc(scratch, (size_t)channels + 1, sizeof *places);
    int *classes = arena_alloc(scratch, (size_t)channels + 1, sizeof *classes);
    return c->class_of != NULL && c->layer_classes != NULL && places != NULL && classes != NULL &&
           number_classes(b, places, classes) && fill_classes(b, places, classes, (int)channels, scratch);
}

/* --- blocks: classes over the same layers, with one lock or none ---------------------------------------- */

static bool same_block(const struct channel_class *a, const struct channel_class *b)
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
    return i == a->member_count && j == b->member_count && a->lock == b->lock;
}

static uint64_t block_hash(const struct channel_class *item)
{
    uint64_t hash = (uint64_t)(item->lock + 2);
    int last = -1;
    for (int i = 0; i < item->member_count; i++)
        if (item->members[i].layer != last) {
            last = item->members[i].layer;
            hash = (hash ^ (uint64_t)(last + 1)) * 0x9E3779B97F4A7C15u;
            hash ^= hash >> 29;
        }
    return hash;
}

/* Give every class its block, through a hash table of one class per block. */
static bool number_blocks(struct coupling *c, struct arena *scratch)
{
    size_t slots = 64;
    while (slots < 2 * (size_t)c->class_count)
        slots *= 2;
    int *table = arena_alloc(scratch, slots, sizeof *table); /* class + 1 */
    if (table == NULL)
        return false;
    for (int i = 0; i < c->class_count; i++) {
        size_t slot = block_hash(&c->classes[i]) & (slots - 1);
        while (table[slot] != 0 && !same_block(&c->classes[table[slot] - 1], &c->classes[i]))
            slot = (slot + 1) & (slots - 1);
        if (table[slot] == 0) {
            table[slot] = i + 1;
            c->classes[i].block = c->block_count++;
        } else {
            c->classes[i].block = c->classes[table[slot] - 1].block;
        }
    }
    return true;
}

static bool block_layers(struct coupling *c, struct block *block)
{
    const struct channel_class *item = &c->classes[block->classes[0]];
    int *layers = arena_alloc(c->arena, (size_t)item->member_count, sizeof *layers);
    if (layers == NULL)
        return false;
    for (int i = 0; i < item->member_count; i++)
        if (block->layer_count == 0 || layers[block->layer_count - 1] != item->members[i].layer)
            layers[block->layer_count++] = item->members[i].layer;
    block->layers = layers;
    block->locked = item->lock >= 0;
    return true;
}

static bool build_blocks(struct coupling *c, struct arena *scratch)
{
    struct buckets buckets;
    int *block_of = arena_alloc(scratch, (size_t)c->class_count + 1, sizeof *block_of);
    if (block_of == NULL || !number_blocks(c, scratch))
        return false;
    for (int i = 0; i < c->class_count; i++)
        block_of[i] = c->classes[i].block;
    c->blocks = arena_alloc(c->arena, (size_t)c->block_count + 1, sizeof *c->blocks);
    if (c->blocks == NULL || !buckets_fill(c->arena, block_of, c->class_count, c->block_count, &buckets))
        return false;
    for (int i = 0; i < c->block_count; i++) {
        c->blocks[i].classes = bucket_items(&buckets, i);
        c->blocks[i].class_count = bucket_size(&buckets, i);
        if (!block_layers(c, &c->blocks[i]))
            return false;
    }
    return true;
}

/* --- groups: blocks that share layers ------------------------------------------------------------------- */

/* Layers united through their blocks; the smallest of a set numbers its group. */
static bool number_groups(struct coupling *c)
{
    struct label_forest forest = {0};
    bool added = forest_add(&forest, c->layers->count) >= 0;
    for (int i = 0; added && i < c->block_count; i++)
        for (int k = 1; k < c->blocks[i].layer_count; k++)
            forest_unite(&forest, c->blocks[i].layers[0], c->blocks[i].layers[k]);
    for (int i = 0; added && i < c->layers->count; i++) {
        int root = forest_find(&forest, i);
        c->layer_group[i] = root == i ? c->group_count++ : c->layer_group[root];
    }
    for (int i = 0; added && i < c->block_count; i++)
        c->blocks[i].group = c->layer_group[c->blocks[i].layers[0]];
    forest_free(&forest);
    return added;
}

static int compare_integers(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

/* The nodes that tie the channels of a group, each once. */
static bool group_ties(struct builder *b, const struct buckets *ties, int index, struct group *group)
{
    int count = bucket_size(ties, index), unique = 0;
    int *nodes = arena_alloc(b->coupling->arena, (size_t)count + 1, sizeof *nodes);
    if (nodes == NULL)
        return false;
    for (int i = 0; i < count; i++)
        nodes[i] = b->ties[bucket_items(ties, index)[i]].node;
    qsort(nodes, (size_t)count, sizeof *nodes, compare_integers);
    for (int i = 0; i < count; i++)
        if (unique == 0 || nodes[i] != nodes[unique - 1])
            nodes[unique++] = nodes[i];
    group->ties = nodes;
    group->tie_count = unique;
    return true;
}

static bool is_stream(const struct coupling *c, const struct group *group)
{
    int full = 0, additions = 0;
    for (int i = 0; i < group->layer_count; i++)
        full += c->layers->items[group->layers[i]].kind != LAYER_DEPTHWISE;
    for (int i = 0; i < group->tie_count; i++)
        additions += c->rules[group->ties[i]]->adds;
    return full > 1 && additions > 0;
}

static bool fill_group(struct builder *b, int index, const struct buckets *layers,
                       const struct buckets *blocks, const struct buckets *ties)
{
    struct coupling *c = b->coupling;
    struct group *group = &c->groups[index];
    *group = (struct group){.layers = bucket_items(layers, index),
                            .layer_count = bucket_size(layers, index),
                            .blocks = bucket_items(blocks, index),
                            .block_count = bucket_size(blocks, index),
                            .locked = true};
    if (!group_ties(b, ties, index, group))
        return false;
    group->name = c->layers->items[group->layers[0]].name;
    group->stream = is_stream(c, group);
    for (int i = 0; i < group->block_count; i++)
        group->locked = group->locked && c->blocks[group->blocks[i]].locked;
    return true;
}

static bool build_groups(struct builder *b, struct arena *scratch)
{
    struct coupling *c = b->coupling;
    struct buckets layers, blocks, ties;
    int *block_group = arena_alloc(scratch, (size_t)c->block_count + 1, sizeof *block_group);
    int *tie_group = arena_alloc(scratch, (size_t)b->tie_count + 1, sizeof *tie_group);
    c->layer_group = arena_alloc(c->arena, (size_t)c->layers->count + 1, sizeof *c->layer_group);
    if (block_group == NULL || tie_group == NULL || c->layer_group == NULL || !number_groups(c))
        return false;
    for (int i = 0; i < c->block_count; i++)
        block_group[i] = c->blocks[i].group;
    for (int i = 0; i < b->tie_count; i++) {
        int item = c->class_of[b->ties[i].label];
        tie_group[i] = item >= 0 ? c->blocks[c->classes[item].block].group : -1;
    }
    c->groups = arena_alloc(c->arena, (size_t)c->group_count + 1, sizeof *c->groups);
    if (c->groups == NULL ||
        !buckets_fill(c->arena, c->layer_group, c->layers->count, c->group_count, &layers) ||
        !buckets_fill(c->arena, block_group, c->block_count, c->group_count, &blocks) ||
        !buckets_fill(scratch, tie_group, b->tie_count, c->group_count, &ties))
        return false;
    for (int i = 0; i < c->group_count; i++)
        if (!fill_group(b, i, &layers, &blocks, &ties))
            return false;
    return true;
}

status coupling_classify(struct builder *b, struct error *error)
{
    struct arena *scratch = arena_new();
    bool built = scratch != NULL && build_classes(b, scratch) && build_blocks(b->coupling, scratch) &&
                 build_groups(b, scratch);
    arena_free(scratch);
    return built ? STATUS_OK : error_memory(error);
}
