/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks by what their channels go through. */
#include "prune/isomorphic.h"

#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/operator/operator.h"
#include "prune/label.h"

/* What a node has to do with a block's channels, or-ed. */
enum role { ROLE_NONE = 0, ROLE_READS = 1, ROLE_MAKES = 2 };

/* FNV-1a of 64 bits: one number stands for all that a block's channels have gone through. */
static uint64_t mix(uint64_t hash, unsigned char byte)
{
    return (hash ^ byte) * UINT64_C(1099511628211);
}

/* Blocks of one node, each once. */
struct touched {
    const struct coupling *coupling;
    unsigned char *role; /* per block */
    int *blocks;
    int count;
};

static void touch(struct touched *touched, int value, enum role role)
{
    const struct coupling *c = touched->coupling;
    const struct label_map *map = value >= 0 ? &c->maps[value] : NULL;
    const int64_t elements = map && map->labels ? label_map_elements(map) : 0;
    for (int64_t i = 0; i < elements; i++) {
        const int class_index = c->class_of[map->labels[i]];
        if (class_index < 0)
            continue;
        const int block = c->classes[class_index].block;
        if (touched->role[block] == ROLE_NONE)
            touched->blocks[touched->count++] = block;
        touched->role[block] |= (unsigned char)role;
    }
}

/* Add the node to what its blocks have gone through. */
static void pass_node(struct touched *touched, const struct node *node, uint64_t *hash)
{
    touched->count = 0;
    for (int i = 0; i < node->input_count; i++)
        touch(touched, node->inputs[i], ROLE_READS);
    for (int i = 0; i < node->output_count; i++)
        touch(touched, node->outputs[i], ROLE_MAKES);
    for (int i = 0; i < touched->count; i++) {
        const int block = touched->blocks[i];
        for (const char *letter = node->op->name; *letter; letter++)
            hash[block] = mix(hash[block], (unsigned char)*letter);
        hash[block] = mix(hash[block], touched->role[block]);
        touched->role[block] = ROLE_NONE;
    }
}

static void name_alike(const uint64_t *hash, int count, int *alike)
{
    for (int i = 0; i < count; i++) {
        alike[i] = 0;
        while (hash[alike[i]] != hash[i])
            alike[i]++;
    }
}

status isomorphic_blocks(const struct coupling *c, int *alike, struct error *error)
{
    const size_t count = (size_t)c->block_count + 1;
    struct touched touched = {.coupling = c,
                              .role = mem_new(count, sizeof *touched.role),
                              .blocks = mem_new(count, sizeof *touched.blocks)};
    uint64_t *hash = mem_new(count, sizeof *hash);
    const bool complete = touched.role && touched.blocks && hash;
    for (int i = 0; complete && i < c->block_count; i++)
        hash[i] = UINT64_C(14695981039346656037);
    for (int i = 0; complete && i < c->graph->node_count; i++)
        pass_node(&touched, &c->graph->nodes[i], hash);
    if (complete)
        name_alike(hash, c->block_count, alike);
    mem_free(touched.role);
    mem_free(touched.blocks);
    mem_free(hash);
    return complete ? STATUS_OK : error_memory(error);
}
