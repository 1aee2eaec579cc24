/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Watched values of the engine, image by image, into sums. */
#include "score/feature_pass.h"

#include "base/memory.h"
#include "base/status.h"
#include "nn/engine/engine.h"
#include "nn/graph/tensor.h"

static void take_geometry(struct feature_layer *layer, const struct shape *shape, bool channels_last)
{
    const int first = channels_last ? 1 : 2, end = channels_last ? shape->rank - 1 : shape->rank;
    layer->channels = shape->dim[channels_last ? shape->rank - 1 : 1];
    layer->height = end > first ? shape->dim[first] : 1;
    layer->width = end > first + 1 ? shape_product(shape, first + 1, end) : 1;
    layer->channels_last = channels_last;
}

status feature_pass_init(struct feature_pass *pass, const struct plan *plan, const struct probe *probes,
                         int count, unsigned needs, struct error *error)
{
    int64_t most = 0, largest = 0;
    bool last = false;
    *pass = (struct feature_pass){.layers = mem_new((size_t)count, sizeof *pass->layers)};
    bool complete = pass->layers != NULL;
    for (int i = 0; complete && i < count; i++) {
        const struct shape *shape = &plan->values[probes[i].activated].shape;
        struct feature_layer *layer = &pass->layers[i];
        take_geometry(layer, shape, probes[i].channels_last);
        last |= layer->channels_last;
        int64_t map = layer->height * layer->width, all = shape_elements(shape);
        largest = map > largest ? map : largest;
        most = all > most ? all : most;
        complete = activation_init(&layer->sums, needs, layer->channels);
        pass->count++;
    }
    if (complete) {
        pass->maps = mem_new((size_t)most, sizeof *pass->maps);
        pass->map = mem_new((size_t)largest, sizeof *pass->map);
    }
    if (complete && last) {
        pass->raw = mem_new((size_t)most, sizeof *pass->raw);
    }
    return pass->maps && pass->map && !pass->raw == !last ? STATUS_OK : error_memory(error);
}

void feature_pass_free(struct feature_pass *pass)
{
    for (int i = 0; i < pass->count; i++) {
        activation_free(&pass->layers[i].sums);
    }
    mem_free(pass->layers);
    mem_free(pass->maps);
    mem_free(pass->map);
    mem_free(pass->raw);
    *pass = (struct feature_pass){0};
}

static void channels_first(const struct feature_layer *layer, const double *from, double *to)
{
    const int64_t positions = layer->height * layer->width;
    for (int64_t p = 0; p < positions; p++) {
        for (int64_t c = 0; c < layer->channels; c++) {
            to[c * positions + p] = from[p * layer->channels + c];
        }
    }
}

void feature_pass_add(struct feature_pass *pass, const struct engine *engine, int64_t images)
{
    for (int i = 0; i < pass->count; i++) {
        struct feature_layer *layer = &pass->layers[i];
        const struct feature_maps maps = {pass->maps, layer->channels, layer->height, layer->width};
        for (int64_t n = 0; n < images; n++) {
            engine_watched_image(engine, i, n, layer->channels_last ? pass->raw : pass->maps);
            if (layer->channels_last) {
                channels_first(layer, pass->raw, pass->maps);
            }
            activation_add(&layer->sums, &maps, pass->map);
        }
    }
}

struct activation_statistics feature_pass_take(struct feature_pass *pass, int layer)
{
    struct activation_statistics sums = pass->layers[layer].sums;
    activation_finish(&sums, pass->layers[layer].channels);
    pass->layers[layer].sums = (struct activation_statistics){0};
    return sums;
}
