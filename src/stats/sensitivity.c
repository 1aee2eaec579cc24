/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sensitivity: every mask of the grid replaces operands of the network, all in one pass over the images. */
#include "stats/sensitivity.h"

#include <string.h>
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "data/dataset.h"
#include "nn/engine/engine.h"
#include "nn/engine/loss.h"
#include "nn/graph/tensor.h"
#include "prune/surgery.h"

/* What goes beyond is made again whenever it is needed, which costs little beside the convolutions. */
static const size_t MASK_BYTES = (size_t)256 << 20;

struct mask {
    bool *removed; /* per class */
    struct masked_operands masked;
    bool kept; /* masked is there */
    int64_t removed_count;
    struct quality quality;
};

struct sensitivity_state {
    struct sensitivity_settings settings; /* pointers to caller's arrays are not used after sensitivity_new */
    struct sample sample;                 /* owned copy */
    struct mask *masks;
    size_t mask_capacity;
    int *first_node;   /* per mask */
    int *mask_of;      /* per point, -1 for those that mask nothing */
    size_t mask_bytes; /* of masks that are kept */
    struct quality baseline;
};

const char *sensitivity_unit_name(int index)
{
    static const char *const names[] = {"blocks", "groups"};
    return index >= 0 && index < 2 ? names[index] : NULL;
}

/* --- choosing the masks --------------------------------------------------------------------------------- */

static bool block_counts(const struct sensitivity_settings *settings, int block)
{
    return !settings->coupling->blocks[block].locked &&
           (settings->included == NULL || settings->included[block]);
}

static int block_unit(const struct sensitivity_settings *settings, int block)
{
    return settings->unit == SENSITIVITY_GROUPS ? settings->coupling->blocks[block].group : block;
}

/* Rows are the blocks, or the groups, with something to prune. */
static status find_rows(struct sensitivity *s, const struct sensitivity_settings *settings,
                        struct error *error)
{
    const struct coupling *c = settings->coupling;
    int units = settings->unit == SENSITIVITY_GROUPS ? c->group_count : c->block_count;
    bool *any = mem_new((size_t)units + 1, sizeof *any);
    s->rows = mem_new((size_t)units + 1, sizeof *s->rows);
    if (any == NULL || s->rows == NULL) {
        mem_free(any);
        return error_memory(error);
    }
    for (int b = 0; b < c->block_count; b++)
        if (block_counts(settings, b))
            any[block_unit(settings, b)] = true;
    for (int u = 0; u < units; u++)
        if (any[u])
            s->rows[s->row_count++] = u;
    mem_free(any);
    if (s->row_count == 0)
        return error_set(error, STATUS_RANGE,
                         "there is nothing to examine: every layer is locked or left out");
    return STATUS_OK;
}

/* The constants of a mask in the type that the engines compute in, so that they take them as they are. */
static status make_mask(const struct sensitivity_state *state, const bool *removed,
                        struct masked_operands *masked, struct error *error)
{
    status code = mask_operands(state->settings.coupling, removed, masked, error);
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

/* A new mask from the classes that go; `removed` passes to it, also on failure. */
static status add_mask(struct sensitivity *s, bool *removed, int64_t count, struct error *error)
{
    struct sensitivity_state *state = s->state;
    struct masked_operands masked;
    status code = STATUS_OK;
    if (!mem_grow(&state->masks, &state->mask_capacity, (size_t)s->mask_count + 1, sizeof *state->masks))
        code = error_memory(error);
    if (code == STATUS_OK)
        code = make_mask(state, removed, &masked, error);
    if (code != STATUS_OK) {
        mem_free(removed);
        return code;
    }
    struct mask *mask = &state->masks[s->mask_count];
    *mask = (struct mask){.removed = removed, .removed_count = count};
    state->first_node[s->mask_count++] = masked.first_node;
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

/* Masks from `first` on are those of the same row: another row's masks are others. */
static int find_mask(const struct sensitivity *s, int first, const struct selection *selection)
{
    for (int i = first; i < s->mask_count; i++)
        if (memcmp(s->state->masks[i].removed, selection->removed,
                   (size_t)selection->class_count * sizeof *selection->removed) == 0)
            return i;
    return -1;
}

static status add_point(struct sensitivity *s, const struct sensitivity_settings *settings, double *ratio,
                        int first, int point, struct error *error)
{
    struct selection selection;
    s->state->mask_of[point] = -1;
    status code = select_by_ratio(settings->coupling, settings->class_score, ratio, &settings->select,
                                  &selection, error);
    if (code != STATUS_OK || selection.count == 0) {
        if (code == STATUS_OK)
            selection_free(&selection);
        return code;
    }
    int mask = find_mask(s, first, &selection);
    if (mask < 0) {
        mask = s->mask_count;
        code = add_mask(s, selection.removed, selection.count, error);
        selection.removed = NULL;
    }
    s->state->mask_of[point] = mask;
    selection_free(&selection);
    return code;
}

static status add_row(struct sensitivity *s, const struct sensitivity_settings *settings, int row,
                      double *ratio, struct error *error)
{
    int first = s->mask_count;
    status code = STATUS_OK;
    for (int k = 0; k < s->ratio_count && code == STATUS_OK; k++) {
        for (int b = 0; b < settings->coupling->block_count; b++) {
            bool here = block_counts(settings, b) && block_unit(settings, b) == s->rows[row];
            ratio[b] = here ? s->ratios[k] : 0;
        }
        code = add_point(s, settings, ratio, first, row * s->ratio_count + k, error);
    }
    return code;
}

static status add_rows(struct sensitivity *s, const struct sensitivity_settings *settings,
                       struct error *error)
{
    double *ratio = mem_new((size_t)settings->coupling->block_count + 1, sizeof *ratio);
    status code = ratio != NULL ? STATUS_OK : error_memory(error);
    for (int row = 0; row < s->row_count && code == STATUS_OK; row++)
        code = add_row(s, settings, row, ratio, error);
    mem_free(ratio);
    return code;
}

/* --- results -------------------------------------------------------------------------------------------- */

static struct sensitivity_point point_of(const struct quality *quality, int64_t removed)
{
    return (struct sensitivity_point){.removed = removed,
                                      .top1 = quality->right,
                                      .unanswered = quality->unanswered,
                                      .value = quality_value(quality),
                                      .loss = quality_loss(quality)};
}

static void publish(struct sensitivity *s)
{
    s->baseline = point_of(&s->state->baseline, 0);
    s->measure = quality_kind_of(&s->state->baseline);
    for (int i = 0; i < s->row_count * s->ratio_count; i++) {
        int mask = s->state->mask_of[i];
        s->points[i] = mask >= 0
                           ? point_of(&s->state->masks[mask].quality, s->state->masks[mask].removed_count)
                           : s->baseline;
    }
}

/* --- making and running --------------------------------------------------------------------------------- */

static status check_settings(const struct sensitivity_settings *settings, struct error *error)
{
    if (settings->sample->count < 1)
        return error_set(error, STATUS_RANGE, "sensitivity needs at least one image");
    if (settings->ratio_count < 1)
        return error_set(error, STATUS_RANGE, "sensitivity needs at least one ratio");
    return STATUS_OK;
}

static status build(struct sensitivity *s, const struct sensitivity_settings *settings, struct error *error)
{
    struct sensitivity_state *state = s->state = mem_new(1, sizeof *state);
    s->ratio_count = settings->ratio_count;
    s->ratios = mem_copy(settings->ratios, (size_t)settings->ratio_count * sizeof *s->ratios);
    s->unit = settings->unit;
    s->images = settings->sample->count;
    if (state == NULL || s->ratios == NULL)
        return error_memory(error);
    state->settings = *settings;
    if (settings->mask_memory == 0)
        state->settings.mask_memory = MASK_BYTES;
    status code = sample_copy(settings->sample, &state->sample, error);
    if (code == STATUS_OK)
        code = find_rows(s, settings, error);
    if (code != STATUS_OK)
        return code;
    size_t points;
    if (!size_multiply((size_t)s->row_count, (size_t)s->ratio_count, &points) || points > INT32_MAX)
        return error_set(error, STATUS_RANGE, "%d ratios for each of %d rows are too many", s->ratio_count,
                         s->row_count);
    s->points = mem_new(points, sizeof *s->points);
    state->mask_of = mem_new(points, sizeof *state->mask_of);
    state->first_node = mem_new(points, sizeof *state->first_node);
    if (s->points == NULL || state->mask_of == NULL || state->first_node == NULL)
        return error_memory(error);
    code = quality_init(&state->baseline, dataset_map_classes(settings->dataset), error);
    if (code == STATUS_OK)
        code = add_rows(s, settings, error);
    if (code == STATUS_OK)
        publish(s);
    return code;
}

status sensitivity_new(const struct sensitivity_settings *settings, struct sensitivity **sensitivity,
                       struct error *error)
{
    status code = check_settings(settings, error);
    if (code != STATUS_OK)
        return code;
    struct sensitivity *made = mem_new(1, sizeof *made);
    code = made != NULL ? build(made, settings, error) : error_memory(error);
    if (code == STATUS_OK)
        *sensitivity = made;
    else
        sensitivity_free(made);
    return code;
}

void sensitivity_free(struct sensitivity *s)
{
    if (s == NULL)
        return;
    struct sensitivity_state *state = s->state;
    for (int i = 0; i < s->mask_count; i++) {
        mem_free(state->masks[i].removed);
        masked_operands_free(&state->masks[i].masked);
        quality_free(&state->masks[i].quality);
    }
    if (state != NULL) {
        quality_free(&state->baseline);
        sample_free(&state->sample);
        mem_free(state->masks);
        mem_free(state->first_node);
        mem_free(state->mask_of);
    }
    mem_free(state);
    mem_free(s->rows);
    mem_free(s->ratios);
    mem_free(s->points);
    mem_free(s);
}

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
    const struct sensitivity_state *state = argument;
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
    struct sensitivity *s = argument;
    (void)engine;
    (void)labels;
    (void)error;
    tally(&s->state->baseline, losses, count);
    for (int i = 0; i < s->mask_count; i++)
        tally(&s->state->masks[i].quality, losses + (i + 1) * count, count);
    s->done = first + count;
    if (s->watch) {
        publish(s);
        s->watch(s->watch_argument, s);
    }
    return STATUS_OK;
}

status sensitivity_run(struct sensitivity *s, struct pool *pool, struct progress *progress,
                       struct error *error)
{
    if (s->done == s->images)
        return STATUS_OK;
    struct sensitivity_state *state = s->state;
    const struct sensitivity_settings *settings = &state->settings;
    struct sample_feed feed = {.dataset = settings->dataset, .sample = &state->sample};
    const struct run_replacements replacements = {s->mask_count, state->first_node, apply_mask, state};
    const struct run run = {
        .graph = settings->coupling->graph,
        .engine = {.batch = settings->micro_batch, .real = settings->real, .kernel = settings->kernel},
        .memory = s->memory,
        .pool = pool,
        .images = s->images,
        .start = s->done,
        .labels_per_image = dataset_labels_per_image(settings->dataset),
        .replacements = &replacements,
        .fetch = sample_fetch,
        .fetch_argument = &feed,
        .commit = commit_images,
        .commit_argument = s,
        .without_outputs = true,
        .title = "sensitivity",
        .progress = progress,
    };
    double start = clock_seconds();
    status code = run_images(&run, error);
    s->seconds += clock_seconds() - start;
    publish(s);
    return code;
}
