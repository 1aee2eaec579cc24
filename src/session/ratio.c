/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which share of a layer counts as pruned. */
#include "session/ratio.h"

#include <math.h>

#include "prune/coupling.h"
#include "session/model.h"
#include "session/pruning.h"
#include "session/words/option.h"

bool block_has_ratio(const struct state *state, int block)
{
    return !state->model->coupling->blocks[block].locked &&
           (state->pruning->chosen[block] || state->pruning->excluded[block]);
}

double block_ratio(const struct state *state, int block)
{
    return block_has_ratio(state, block) ? state->pruning->ratio[block]
                                         : option_real(state->options, OPTION_RATIO);
}

int own_ratios(const struct state *state)
{
    int count = 0;
    for (int i = 0; state->model && i < state->model->coupling->block_count; i++)
        count += block_has_ratio(state, i);
    return count;
}

/* Channels of the layer that lie in the block. */
static int64_t channels_in(const struct coupling *coupling, const struct block *block, int layer)
{
    int64_t channels = 0;
    for (int i = 0; i < block->class_count; i++)
        channels += class_width(&coupling->classes[block->classes[i]], layer);
    return channels;
}

/* A layer's channels by ratio: the mean ratio, and how many go. */
struct layer_share {
    double ratio;
    int64_t pruned;
};

static struct layer_share share_of(const struct state *state, int layer, enum rounding rounding)
{
    const struct coupling *coupling = state->model->coupling;
    const struct group *group = &coupling->groups[coupling->layer_group[layer]];
    int64_t all = coupling->layers->items[layer].channels, same = 0, pruned = 0;
    double first = 0, sum = 0;
    for (int i = 0; i < group->block_count; i++) {
        int64_t channels = channels_in(coupling, &coupling->blocks[group->blocks[i]], layer);
        if (!channels)
            continue;
        double ratio = block_ratio(state, group->blocks[i]);
        first = same ? first : ratio;
        same += ratio == first ? channels : 0;
        sum += ratio * (double)channels;
        pruned += pruned_count(channels, ratio, rounding);
    }
    if (same == all)
        return (struct layer_share){first, pruned_count(all, first, rounding)};
    /* A mean is shown to people: without the last bits of its sum. */
    return (struct layer_share){round(sum / (double)all * 1e9) / 1e9, pruned};
}

double layer_ratio(const struct state *state, int layer)
{
    return share_of(state, layer, ROUND_FLOOR).ratio;
}

int64_t layer_pruned(const struct state *state, int layer, enum rounding rounding)
{
    return share_of(state, layer, rounding).pruned;
}
