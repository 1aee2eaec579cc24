/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Watched values of the engine, image by image, into sums. */
#include "score/feature_pass.h"

#include <string.h>
#include "base/memory.h"
#include "base/status.h"
#include "nn/engine/engine.h"
#include "nn/graph/tensor.h"
#include "score/nuclear.h"
#include "score/score.h"

/* shape: of one image. A map's height is the first dimension beside the channels, its width are the others; a
 * first one of length 1 counts images. */
static void take_geometry(struct feature_layer *layer, const struct shape *shape, int axis)
{
    int64_t sides[TENSOR_MAX_RANK] = {1, 1};
    int count = 0;
    for (int i = 0; i < shape->rank; i++)
        if (i != axis && (i > 0 || shape->dim[i] > 1))
            sides[count++] = shape->dim[i];
    layer->channels = shape->dim[axis];
    layer->height = sides[0];
    layer->before = shape_product(shape, 0, axis);
    layer->behind = shape_product(shape, axis + 1, shape->rank);
    layer->width = layer->before * layer->behind / layer->height;
}

status feature_pass_init(struct feature_pass *pass, const struct plan *plan, const struct probe *probes,
                         int count, unsigned needs, struct error *error)
{
    int64_t most = 0, largest = 0;
    bool turned = false;
    *pass = (struct feature_pass){.layers = mem_new((size_t)count, sizeof *pass->layers)};
    bool complete = pass->layers != NULL;
    for (int i = 0; complete && i < count; i++) {
        const struct shape *shape = &plan->values[probes[i].activated].shape;
        struct feature_layer *layer = &pass->layers[i];
        take_geometry(layer, shape, probes[i].channels_last ? shape->rank - 1 : 1);
        turned |= layer->before > 1;
        int64_t map = layer->height * layer->width, all = shape_elements(shape);
        largest = map > largest ? map : largest;
        most = all > most ? all : most;
        complete = activation_init(&layer->half[0], needs & ~(unsigned)NEED_FEATURE_GRAM, layer->channels) &&
                   activation_init(&layer->half[1], needs & ~(unsigned)NEED_FEATURE_GRAM, layer->channels) &&
                   activation_init(&layer->whole, needs & NEED_FEATURE_GRAM, layer->channels);
        if (complete && (needs & NEED_INDEPENDENCE))
            complete = nuclear_init(&layer->nuclear, layer->channels, map);
        pass->count++;
    }
    if (complete) {
        pass->maps = mem_new((size_t)most, sizeof *pass->maps);
        pass->map = mem_new((size_t)largest, sizeof *pass->map);
    }
    if (complete && turned) {
        pass->raw = mem_new((size_t)most, sizeof *pass->raw);
    }
    return pass->maps && pass->map && !pass->raw == !turned ? STATUS_OK : error_memory(error);
}

void feature_pass_free(struct feature_pass *pass)
{
    for (int i = 0; i < pass->count; i++) {
        activation_free(&pass->layers[i].half[0]);
        activation_free(&pass->layers[i].half[1]);
        activation_free(&pass->layers[i].whole);
        nuclear_free(&pass->layers[i].nuclear);
    }
    mem_free(pass->layers);
    mem_free(pass->maps);
    mem_free(pass->map);
    mem_free(pass->raw);
    *pass = (struct feature_pass){0};
}

static void channels_first(const struct feature_layer *layer, const double *from, double *to)
{
    for (int64_t p = 0; p < layer->before; p++) {
        for (int64_t c = 0; c < layer->channels; c++, from += layer->behind) {
            memcpy(to + (c * layer->before + p) * layer->behind, from, (size_t)layer->behind * sizeof *to);
        }
    }
}

void feature_pass_add(struct feature_pass *pass, const struct engine *engine, int64_t n, int half)
{
    for (int i = 0; i < pass->count; i++) {
        struct feature_layer *layer = &pass->layers[i];
        const struct feature_maps maps = {pass->maps, layer->channels, layer->height, layer->width};
        engine_watched_image(engine, i, n, layer->before > 1 ? pass->raw : pass->maps);
        if (layer->before > 1) {
            channels_first(layer, pass->raw, pass->maps);
        }
        activation_add(&layer->half[half], &maps, pass->map, &layer->nuclear);
        activation_add(&layer->whole, &maps, pass->map, NULL);
    }
}

bool feature_pass_copy(const struct feature_pass *pass, int layer, int half,
                       struct activation_statistics *sums)
{
    const struct feature_layer *from = &pass->layers[layer];
    return activation_add_sums(sums, &from->half[half], from->channels);
}

int64_t feature_pass_positions(const struct feature_pass *pass, int layer)
{
    return pass->layers[layer].height * pass->layers[layer].width;
}

double *feature_pass_take_gram(struct feature_pass *pass, int layer)
{
    struct activation_statistics *sums = &pass->layers[layer].whole;
    double *gram = sums->gram;
    activation_finish(sums, pass->layers[layer].channels);
    sums->gram = NULL;
    return gram;
}
