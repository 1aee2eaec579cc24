/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the arguments of a call choose. */
#include "session/commands/chosen.h"

#include <math.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "data/sampler.h"
#include "prune/selection.h"
#include "score/layer.h"
#include "session/ratio.h"
#include "session/words/option.h"
#include "session/words/value.h"

static bool wanted(const struct call *call, int first, int layer)
{
    if (!call_argument(call, first))
        return true;
    for (int i = first; call_argument(call, i); i++) {
        if (layers_match(call->session->state.model->layers, call_argument(call, i), layer))
            return true;
    }
    return false;
}

status call_layers(const struct call *call, int first, int **layers, int *count, struct error *error)
{
    const struct layers *all = call->session->state.model->layers;
    *layers = mem_new((size_t)all->count, sizeof **layers);
    if (!*layers)
        return error_memory(error);
    *count = 0;
    for (int i = 0; i < all->count; i++) {
        if (!all->items[i].output_layer && wanted(call, first, i))
            (*layers)[(*count)++] = i;
    }
    if (*count)
        return STATUS_OK;
    mem_free(*layers);
    *layers = NULL;
    return error_set(error, STATUS_NOT_FOUND,
                     "'%s' is an output layer: its channels are the network's outputs and have "
                     "no scores",
                     call_argument(call, first) ? call_argument(call, first) : "*");
}

const struct layer *call_layer(const struct call *call, int index)
{
    return &call->session->state.model->layers->items[index];
}

status call_scores(const struct call *call, struct shown_scores *scores, struct error *error)
{
    if (!call_argument(call, 0))
        return shown_scores(call->session, NULL, scores, error);
    scores->count = 0;
    status code = STATUS_OK;
    for (int i = 0; code == STATUS_OK && call_argument(call, i); i++)
        code = shown_scores_add(call->session, call_argument(call, i), scores, error);
    return code;
}

status call_entry(const struct call *call, int index, const struct score_entry **entry, struct error *error)
{
    struct shown_scores shown;
    status code = shown_scores(call->session, call_argument(call, index), &shown, error);
    if (code == STATUS_OK && shown.count != 1)
        code = error_set(error, STATUS_USAGE, "'%s' is not one criterion", call_argument(call, index));
    if (code == STATUS_OK)
        *entry = shown.entries[0];
    return code;
}

static bool supposed(const struct call *call)
{
    return call_setting(call, command_option(call->invocation->command, OPTION_RATIO)->name) != NULL;
}

double call_ratio(const struct call *call, int layer)
{
    return supposed(call) ? option_real(&call->options, OPTION_RATIO)
                          : layer_ratio(&call->session->state, layer);
}

double call_block_ratio(const struct call *call, int block)
{
    return supposed(call) ? option_real(&call->options, OPTION_RATIO)
                          : block_ratio(&call->session->state, block);
}

int64_t call_pruned(const struct call *call, int layer)
{
    enum rounding rounding = (enum rounding)option_integer(&call->options, OPTION_ROUND);
    return supposed(call) ? pruned_count(call_layer(call, layer)->channels,
                                         option_real(&call->options, OPTION_RATIO), rounding)
                          : layer_pruned(&call->session->state, layer, rounding);
}

void text_add_ratios(struct text *text, const struct call *call, const int *layers, int count)
{
    double low = INFINITY, high = -INFINITY;
    for (int i = 0; i < count; i++) {
        low = fmin(low, call_ratio(call, layers[i]));
        high = fmax(high, call_ratio(call, layers[i]));
    }
    text_add_double(text, low);
    if (high > low) {
        text_add(text, " to ");
        text_add_double(text, high);
    }
}

void text_add_network_ratios(struct text *text, const struct call *call)
{
    const struct layers *all = call->session->state.model->layers;
    int *layers = mem_new((size_t)all->count + 1, sizeof *layers), count = 0;
    for (int i = 0; layers && i < all->count; i++) {
        if (!all->items[i].output_layer)
            layers[count++] = i;
    }
    text->failed |= !layers;
    if (count)
        text_add_ratios(text, call, layers, count);
    mem_free(layers);
}

status call_sample(const struct call *call, struct sample *sample, struct error *error)
{
    struct setting_value size;
    struct sample_options options;
    status code = call_value(call, "samples", &size, error);
    if (code == STATUS_OK)
        code = options_sample(&call->options, &options, error);
    if (code == STATUS_OK) {
        options.count = 0;
        options.fraction = 0;
        code = sample_parse_size(size.text, &options, error);
    }
    /* Balance is for scoring; here it counts only when it was asked for. */
    options.balanced = call_setting(call, "balanced") && option_flag(&call->options, OPTION_BALANCED);
    return code == STATUS_OK ? sample_draw(call->session->state.dataset, &options, sample, error) : code;
}
