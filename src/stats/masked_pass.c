/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Masks are replaced operands of the base network, all in one pass over the images. */
#include "stats/masked_pass.h"

#include <string.h>
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "data/dataset.h"
#include "nn/engine/engine.h"
#include "nn/engine/loss.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "prune/surgery.h"

/* What goes beyond is made again whenever it is needed, which costs little beside the convolutions. */
static const size_t MASK_BYTES = (size_t)256 << 20;

struct mask {
    bool *removed; /* per class */
    struct masked_operands masked;
    bool kept; /* masked is there */
    struct quality quality;
};

struct masked_pass_state {
    struct masked_pass_settings settings; /* base and sample are not used after masked_pass_new */
    struct sample sample;                 /* owned copy */
    struct graph *graph;                  /* the base network; NULL: the coupling's own */
    struct masked_operands base;          /* what it has in the place of the coupling's constants */
    struct mask *masks;
    size_t mask_capacity, first_capacity;
    int *first_node;   /* per mask */
    size_t mask_bytes; /* of masks that are kept */
};

/* --- what a mask has in other places than the base --------------------------------------------------------
 */

static int compare_places(const struct masked_operand *a, const struct masked_operand *b)
{
    return a->node != b->node ? (a->node > b->node) - (a->node < b->node)
                              : (a->input > b->input) - (a->input < b->input);
}

static bool same_tensor(const struct tensor *a, const struct tensor *b)
{
    return memcmp(a->data, b->data, (size_t)shape_elements(&a->shape) * element_size(a->type)) == 0;
}

/* The constant that the network as loaded has in this place. */
static struct tensor *original_operand(const struct graph *graph, const struct masked_operand *place)
{
    return tensor_retain(graph->values[graph->nodes[place->node].inputs[place->input]].constant);
}

/* Both lists are by node and input. A place that only the base masks gets its constant back. */
static status subtract_base(const struct masked_pass_state *state, struct masked_operands *masked,
                            struct error *error)
{
    const struct masked_operands *base = &state->base;
    const struct graph *graph = state->settings.coupling->graph;
    struct masked_operand *items = mem_new((size_t)(base->count + masked->count) + 1, sizeof *items);
    if (items == NULL) {
        masked_operands_free(masked);
        return error_memory(error);
    }
    int count = 0, b = 0;
    for (int i = 0; i <= masked->count; i++) {
        struct masked_operand *item = i < masked->count ? &masked->items[i] : NULL;
        for (; b < base->count && (item == NULL || compare_places(&base->items[b], item) < 0); b++) {
            items[count] = base->items[b];
            items[count++].tensor = original_operand(graph, &base->items[b]);
        }
        if (item == NULL)
            break;
        bool shared = b < base->count && compare_places(&base->items[b], item) == 0;
        if (shared && same_tensor(base->items[b].tensor, item->tensor))
            tensor_free(item->tensor);
        else
            items[count++] = *item;
        b += shared;
    }
    mem_free(masked->items);
    *masked = (struct masked_operands){items, count, count > 0 ? items[0].node : -1};
    return STATUS_OK;
}

/* The constants of a mask in the type that the engines compute in, so that they take them as they are. */
static status make_mask(const struct masked_pass_state *state, const bool *removed,
                        struct masked_operands *masked, struct error *error)
{
    status code = mask_operands(state->settings.coupling, removed, masked, error);
    if (code == STATUS_OK)
        code = subtract_base(state, masked, error);
    for (int i = 0; code == STATUS_OK && i < masked->count; i++) {
        struct tensor *converted = tensor_convert(masked->items[i].tensor, state->settings.real);
        if (converted == NULL) {
            masked_operands_free(masked);
            return error_memory(error);
        }
        tensor_free(masked->items[i].tensor);
        masked->items[i].tensor = converted;
    }
    return code;
}

static size_t mask_size(const struct masked_operands *masked)
{
    size_t bytes = 0;
    for (int i = 0; i < masked->count; i++)
        bytes += (size_t)shape_elements(&masked->items[i].tensor->shape) *
                 element_size(masked->items[i].tensor->type);
    return bytes;
}

/* A mask that changes nothing begins behind the last node. */
static int begins_at(const struct masked_pass_state *state, const struct masked_operands *masked)
{
    return masked->count > 0 ? masked->first_node : state->settings.coupling->graph->node_count - 1;
}

status masked_pass_add(struct masked_pass *pass, bool *removed, struct error *error)
{
    struct masked_pass_state *state = pass->state;
    struct masked_operands masked;
    size_t count = (size_t)pass->mask_count + 1;
    status code = STATUS_OK;
    if (!mem_grow(&state->masks, &state->mask_capacity, count, sizeof *state->masks) ||
        !mem_grow(&state->first_node, &state->first_capacity, count, sizeof *state->first_node))
        code = error_memory(error);
    if (code == STATUS_OK)
        code = make_mask(state, removed, &masked, error);
    if (code != STATUS_OK) {
        mem_free(removed);
        return code;
    }
    struct mask *mask = &state->masks[pass->mask_count];
    *mask = (struct mask){.removed = removed};
    state->first_node[pass->mask_count++] = begins_at(state, &masked);
    size_t bytes = mask_size(&masked);
    if (bytes <= state->settings.mask_memory - state->mask_bytes) {
        mask->masked = masked;
        mask->kept = true;
        state->mask_bytes += bytes;
    } else {
        masked_operands_free(&masked);
    }
    return quality_init(&mask->quality, dataset_map_classes(state->settings.dataset), error);
}

/* --- making --------------------------------------------------------------------------------------------- */

static status make_base(struct masked_pass_state *state, const bool *removed, struct error *error)
{
    const struct coupling *coupling = state->settings.coupling;
    status code = mask_operands(coupling, removed, &state->base, error);
    if (code == STATUS_OK)
        code = mask_apply(coupling, removed, &state->graph, error);
    if (code == STATUS_OK && state->graph->node_count != coupling->graph->node_count)
        code = error_set(error, STATUS_FAILED, "the network has nodes that nothing needs");
    return code;
}

static status build(struct masked_pass *pass, const struct masked_pass_settings *settings,
                    struct error *error)
{
    struct masked_pass_state *state = pass->state = mem_new(1, sizeof *state);
    if (state == NULL)
        return error_memory(error);
    state->settings = *settings;
    if (settings->mask_memory == 0)
        state->settings.mask_memory = MASK_BYTES;
    status code = sample_copy(settings->sample, &state->sample, error);
    if (code == STATUS_OK)
        code = quality_init(&pass->base, dataset_map_classes(settings->dataset), error);
    return code == STATUS_OK && settings->base != NULL ? make_base(state, settings->base, error) : code;
}

status masked_pass_new(const struct masked_pass_settings *settings, struct masked_pass **pass,
                       struct error *error)
{
    if (settings->sample->count < 1)
        return error_set(error, STATUS_RANGE, "there is not one image to judge by");
    struct masked_pass *made = mem_new(1, sizeof *made);
    if (made != NULL)
        *made = (struct masked_pass){.images = settings->sample->count, .title = "judging"};
    status code = made != NULL ? build(made, settings, error) : error_memory(error);
    if (code == STATUS_OK)
        *pass = made;
    else
        masked_pass_free(made);
    return code;
}

void masked_pass_free(struct masked_pass *pass)
{
    if (pass == NULL)
        return;
    struct masked_pass_state *state = pass->state;
    for (int i = 0; i < pass->mask_count; i++) {
        mem_free(state->masks[i].removed);
        masked_operands_free(&state->masks[i].masked);
        quality_free(&state->masks[i].quality);
    }
    if (state != NULL) {
        masked_operands_free(&state->base);
        graph_free(state->graph);
        sample_free(&state->sample);
        mem_free(state->masks);
        mem_free(state->first_node);
    }
    quality_free(&pass->base);
    mem_free(state);
    mem_free(pass);
}

const bool *masked_pass_removed(const struct masked_pass *pass, int mask)
{
    return pass->state->masks[mask].removed;
}

const struct quality *masked_pass_quality(const struct masked_pass *pass, int mask)
{
    return &pass->state->masks[mask].quality;
}

/* --- running -------------------------------------------------------------------------------------------- */

static status set_operands(struct engine *engine, const struct masked_operands *masked, struct error *error)
{
    status code = STATUS_OK;
    for (int i = 0; i < masked->count && code == STATUS_OK; i++)
        code = engine_set_operand(engine, masked->items[i].node, masked->items[i].input,
                                  masked->items[i].tensor, error);
    return code;
}

static status apply_mask(void *argument, struct engine *engine, int index, struct error *error)
{
    const struct masked_pass_state *state = argument;
    const struct mask *mask = &state->masks[index];
    if (mask->kept)
        return set_operands(engine, &mask->masked, error);
    struct masked_operands masked;
    status code = make_mask(state, mask->removed, &masked, error);
    if (code != STATUS_OK)
        return code;
    code = set_operands(engine, &masked, error);
    masked_operands_free(&masked);
    return code;
}

static void tally(struct quality *quality, const struct loss *losses, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        quality_add(quality, &losses[i]);
}

static status commit_images(void *argument, const struct engine *engine, const struct loss *losses,
                            const int64_t *labels, int64_t first, int64_t count, struct error *error)
{
    struct masked_pass *pass = argument;
    (void)engine;
    (void)labels;
    (void)error;
    tally(&pass->base, losses, count);
    for (int i = 0; i < pass->mask_count; i++)
        tally(&pass->state->masks[i].quality, losses + (i + 1) * count, count);
    pass->done = first + count;
    if (pass->watch)
        pass->watch(pass->watch_argument, pass);
    return STATUS_OK;
}

status masked_pass_run(struct masked_pass *pass, struct pool *pool, struct progress *progress,
                       struct error *error)
{
    if (pass->done == pass->images)
        return STATUS_OK;
    struct masked_pass_state *state = pass->state;
    const struct masked_pass_settings *settings = &state->settings;
    struct sample_feed feed = {.dataset = settings->dataset, .sample = &state->sample};
    const struct run_replacements replacements = {pass->mask_count, state->first_node, apply_mask, state};
    const struct run run = {
        .graph = state->graph != NULL ? state->graph : settings->coupling->graph,
        .engine = {.batch = settings->micro_batch, .real = settings->real, .kernel = settings->kernel},
        .memory = pass->memory,
        .pool = pool,
        .images = pass->images,
        .start = pass->done,
        .labels_per_image = dataset_labels_per_image(settings->dataset),
        .replacements = pass->mask_count > 0 ? &replacements : NULL,
        .fetch = sample_fetch,
        .fetch_argument = &feed,
        .commit = commit_images,
        .commit_argument = pass,
        .without_outputs = true,
        .title = pass->title,
        .progress = progress,
        .progress_before = pass->progress_before,
        .progress_total = pass->progress_total,
    };
    double start = clock_seconds();
    status code = run_images(&run, error);
    pass->seconds += clock_seconds() - start;
    return code;
}
