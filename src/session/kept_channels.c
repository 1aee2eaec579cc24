/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Back to the original numbers. */
#include "session/kept_channels.h"

#include "base/memory.h"
#include "base/status.h"
#include "session/model.h"

void kept_channels_free(struct kept_channels *kept)
{
    for (int i = 0; kept->layers && i < kept->count; i++)
        mem_free(kept->layers[i].kept);
    mem_free(kept->layers);
    *kept = (struct kept_channels){0};
}

static void mark_layer(const struct model *model, const struct pruning *pruning, int layer,
                       struct kept_channels *kept)
{
    int original = model_original_layer(model, layer);
    for (int64_t i = 0; original >= 0 && i < model->layers->items[layer].channels; i++) {
        if (!pruning_removes(pruning, model, layer, i))
            kept->layers[original].kept[model_original_channel(model, layer, i)] = true;
    }
}

status kept_channels_find(const struct model *model, const struct pruning *pruning,
                          struct kept_channels *kept, struct error *error)
{
    const struct layers *layers = model_original(model)->layers;
    *kept = (struct kept_channels){.layers = mem_new((size_t)layers->count, sizeof *kept->layers),
                                   .count = layers->count};
    bool complete = kept->layers != NULL;
    for (int i = 0; complete && i < layers->count; i++) {
        kept->layers[i] = (struct kept_layer){layers->items[i].name, layers->items[i].channels,
                                              mem_new((size_t)layers->items[i].channels, sizeof(bool))};
        complete = kept->layers[i].kept != NULL;
    }
    if (!complete) {
        kept_channels_free(kept);
        return error_memory(error);
    }
    for (int i = 0; i < model->layers->count; i++)
        mark_layer(model, pruning, i, kept);
    return STATUS_OK;
}
