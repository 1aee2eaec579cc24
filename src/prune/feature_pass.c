/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Watched values of the engine, image by image, into sums. */
#include "prune/feature_pass.h"

status feature_pass_init(struct feature_pass *pass, const struct plan *plan, const int *values, int count,
                         unsigned needs, struct error *error)
{
    int64_t most = 0, largest = 0;
    *pass = (struct feature_pass){.layers = mem_new((size_t)count, sizeof *pass->layers)};
    bool complete = pass->layers != NULL;
    for (int i = 0; complete && i < count; i++) {
        const struct shape *shape = &plan->values[values[i]].shape;
        struct feature_layer *layer = &pass->layers[i];
        layer->channels = shape->dim[1];
        layer->height = shape->rank > 2 ? shape->dim[2] : 1;
        layer->width = shape->rank > 3 ? shape_product(shape, 3, shape->rank) : 1;
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
    return pass->maps && pass->map ? STATUS_OK : error_memory(error);
}

void feature_pass_free(struct feature_pass *pass)
{
    for (int i = 0; i < pass->count; i++) {
        activation_free(&pass->layers[i].sums);
    }
    mem_free(pass->layers);
    mem_free(pass->maps);
    mem_free(pass->map);
    *pass = (struct feature_pass){0};
}

void feature_pass_add(struct feature_pass *pass, const struct engine *engine, int64_t images)
{
    for (int i = 0; i < pass->count; i++) {
        struct feature_layer *layer = &pass->layers[i];
        const struct feature_maps maps = {pass->maps, layer->channels, layer->height, layer->width};
        for (int64_t n = 0; n < images; n++) {
            engine_watched_image(engine, i, n, pass->maps);
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
