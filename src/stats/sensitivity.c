/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sensitivity: the masks of the grid, all in one pass over the images. */
#include "stats/sensitivity.h"

#include <string.h>
#include "base/memory.h"
#include "base/status.h"
#include "stats/masked_pass.h"

struct sensitivity_state {
    struct masked_pass *pass;
    int *mask_of;     /* per point, -1 for those that mask nothing */
    int64_t *removed; /* per point: classes */
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

/* Masks from `first` on are those of the same row: another row's masks are others. */
static int find_mask(const struct sensitivity *s, int first, const struct selection *selection)
{
    for (int i = first; i < s->mask_count; i++)
        if (memcmp(masked_pass_removed(s->state->pass, i), selection->removed,
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
        code = masked_pass_add(s->state->pass, selection.removed, error);
        selection.removed = NULL;
        s->mask_count = s->state->pass->mask_count;
    }
    s->state->mask_of[point] = mask;
    s->state->removed[point] = selection.count;
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
    const struct masked_pass *pass = s->state->pass;
    s->baseline = point_of(&pass->base, 0);
    s->measure = quality_kind_of(&pass->base);
    s->done = pass->done;
    for (int i = 0; i < s->row_count * s->ratio_count; i++) {
        int mask = s->state->mask_of[i];
        s->points[i] =
            mask >= 0 ? point_of(masked_pass_quality(pass, mask), s->state->removed[i]) : s->baseline;
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

static status make_pass(struct sensitivity *s, const struct sensitivity_settings *settings,
                        struct error *error)
{
    const struct masked_pass_settings pass = {
        .coupling = settings->coupling,
        .dataset = settings->dataset,
        .sample = settings->sample,
        .real = settings->real,
        .kernel = settings->kernel,
        .micro_batch = settings->micro_batch,
        .mask_memory = settings->mask_memory,
    };
    status code = masked_pass_new(&pass, &s->state->pass, error);
    if (code == STATUS_OK)
        s->state->pass->title = "sensitivity";
    return code;
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
    status code = find_rows(s, settings, error);
    if (code != STATUS_OK)
        return code;
    size_t points;
    if (!size_multiply((size_t)s->row_count, (size_t)s->ratio_count, &points) || points > INT32_MAX)
        return error_set(error, STATUS_RANGE, "%d ratios for each of %d rows are too many", s->ratio_count,
                         s->row_count);
    s->points = mem_new(points, sizeof *s->points);
    state->mask_of = mem_new(points, sizeof *state->mask_of);
    state->removed = mem_new(points, sizeof *state->removed);
    if (s->points == NULL || state->mask_of == NULL || state->removed == NULL)
        return error_memory(error);
    code = make_pass(s, settings, error);
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
    if (s->state != NULL) {
        masked_pass_free(s->state->pass);
        mem_free(s->state->mask_of);
        mem_free(s->state->removed);
    }
    mem_free(s->state);
    mem_free(s->rows);
    mem_free(s->ratios);
    mem_free(s->points);
    mem_free(s);
}

static void pass_on(void *argument, const struct masked_pass *pass)
{
    struct sensitivity *s = argument;
    (void)pass;
    publish(s);
    s->watch(s->watch_argument, s);
}

status sensitivity_run(struct sensitivity *s, struct pool *pool, struct progress *progress,
                       struct error *error)
{
    struct masked_pass *pass = s->state->pass;
    if (s->done == s->images)
        return STATUS_OK;
    pass->memory = s->memory;
    pass->watch = s->watch ? pass_on : NULL;
    pass->watch_argument = s;
    status code = masked_pass_run(pass, pool, progress, error);
    s->seconds = pass->seconds;
    publish(s);
    return code;
}
