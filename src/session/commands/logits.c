/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Comparing two networks on a few images. */
#include "session/commands/logits.h"

#include <math.h>

#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/text.h"
#include "data/dataset.h"
#include "nn/engine/engine.h"
#include "nn/engine/network_end.h"
#include "nn/engine/noise.h"
#include "nn/execution/options.h"
#include "nn/graph/tensor.h"
#include "session/model.h"
#include "session/words/option.h"

enum { IMAGES = 4 };

static status fill_images(const struct session *session, struct engine *engine, enum element_type real,
                          const struct logits_difference *setting, struct error *error)
{
    int64_t elements = engine_input_elements(engine);
    char *input = engine_input(engine);
    if (!setting->data) {
        engine_input_noise(engine, setting->images, real, 2);
        return STATUS_OK;
    }
    const struct dataset *dataset = session->state.dataset;
    int64_t *labels = mem_new((size_t)dataset_labels_per_image(dataset), sizeof *labels);
    status code = labels ? STATUS_OK : error_memory(error);
    for (int i = 0; code == STATUS_OK && i < setting->images; i++)
        code = dataset_image(dataset, i, real, input + (size_t)i * (size_t)elements * element_size(real),
                             labels, error);
    mem_free(labels);
    return code;
}

/* The logits as doubles, owned by the caller. */
static status run_judged(const struct session *session, const struct graph *graph,
                         const struct logits_difference *setting, double **logits, int64_t *count,
                         struct error *error)
{
    struct engine *engine;
    struct engine_options options = {.batch = setting->images,
                                     .real = options_precision(session->state.options),
                                     .kernel = options_kernel(session->state.options),
                                     .progress = progress_current()};
    status code = engine_new(graph, &options, &engine, error);
    if (code != STATUS_OK)
        return code;
    code = fill_images(session, engine, options.real, setting, error);
    if (code == STATUS_OK)
        code = engine_forward(engine, error);
    if (code == STATUS_OK) {
        const struct operand *output = engine_output(engine);
        *count = shape_elements(&output->shape);
        *logits = mem_new((size_t)*count, sizeof **logits);
        for (int64_t i = 0; *logits && i < *count; i++)
            (*logits)[i] = output->type == ELEMENT_FLOAT ? (double)((const float *)output->data)[i]
                                                         : ((const double *)output->data)[i];
        code = *logits ? STATUS_OK : error_memory(error);
    }
    engine_free(engine);
    return code;
}

static status run_network(const struct session *session, const struct graph *graph,
                          const struct logits_difference *setting, double **logits, int64_t *count,
                          struct error *error)
{
    struct judged_graph judged;
    status code = judged_graph_init(&judged, graph, error);
    if (code != STATUS_OK)
        return code;
    code = run_judged(session, &judged.graph, setting, logits, count, error);
    judged_graph_free(&judged);
    return code;
}

static bool has_numbers(const double *logits, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        if (isnan(logits[i]) || logits[i] == INFINITY)
            return false;
    return true;
}

/* `count` logits of one image in each network. */
static void compare_image(const double *one, const double *two, int64_t count,
                          struct logits_difference *found)
{
    const bool numbers[2] = {has_numbers(one, count), has_numbers(two, count)};
    found->without[0] += !numbers[0];
    found->without[1] += !numbers[1];
    if (!numbers[0] || !numbers[1])
        return;
    found->compared++;
    for (int64_t i = 0; i < count; i++) {
        found->difference = fmax(found->difference, one[i] == two[i] ? 0 : fabs(one[i] - two[i]));
        found->largest = fmax(found->largest, fabs(one[i]));
    }
}

status logits_compare(const struct session *session, const struct graph *a, const struct graph *b,
                      struct logits_difference *difference, struct error *error)
{
    struct logits_difference found = {.images = a->batch > 0 ? (int)a->batch : 1};
    struct error ignored = {0};
    double *one = NULL, *two = NULL;
    int64_t count, other;
    if (session->state.dataset &&
        model_takes(session->state.model, session->state.dataset, &ignored) == STATUS_OK) {
        const int64_t images = session->state.dataset->count;
        found.data = a->batch <= images;
        if (a->batch == 0)
            found.images = images < IMAGES ? (int)images : IMAGES;
    }
    status code = run_network(session, a, &found, &one, &count, error);
    if (code == STATUS_OK)
        code = run_network(session, b, &found, &two, &other, error);
    if (code == STATUS_OK && count != other)
        code = error_set(error, STATUS_SHAPE, "the networks have %lld and %lld logits", (long long)count,
                         (long long)other);
    for (int i = 0; code == STATUS_OK && i < found.images; i++) {
        int64_t each = count / found.images;
        compare_image(one + i * each, two + i * each, each, &found);
    }
    mem_free(one);
    mem_free(two);
    if (code == STATUS_OK)
        *difference = found;
    return code;
}

bool logits_agree(const struct logits_difference *difference, double allowed)
{
    return difference->without[0] == difference->without[1] && difference->difference <= allowed;
}

void text_add_logits(struct text *text, const struct logits_difference *difference)
{
    if (difference->compared == 0)
        text_add(text, "not known");
    else if (difference->difference < 1e-12) /* rounding in double, which is nobody's interest */
        text_add(text, "less than 1e-12");
    else
        text_add_rounded(text, difference->difference, 2);
    if (difference->data)
        text_add_format(text, " on %d images", difference->images);
    else
        text_add(text, " on an image of noise");
    if (difference->compared > 0) {
        text_add(text, " (the largest logit is ");
        text_add_rounded(text, difference->largest, 3);
        text_add(text, ")");
    }
    if (difference->without[0] || difference->without[1])
        text_add_format(text, "; the logits of %d of %d images are not numbers before, of %d after",
                        difference->without[0], difference->images, difference->without[1]);
}
