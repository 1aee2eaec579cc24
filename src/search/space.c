/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many classes of each block may go. */
#include "search/internal.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/status.h"
#include "prune/selection.h"

static status rank_block(struct search_state *state, const struct block *block, const double *class_score,
                         struct room *room, struct error *error)
{
    struct ranked_class *ranked = mem_new((size_t)block->class_count + 1, sizeof *ranked);
    int *order = arena_alloc(state->arena, (size_t)block->class_count + 1, sizeof *order);
    if (ranked == NULL || order == NULL) {
        mem_free(ranked);
        return error_memory(error);
    }
    for (int i = 0; i < block->class_count; i++)
        if (!isnan(class_score[block->classes[i]]))
            ranked[room->scored++] = (struct ranked_class){class_score[block->classes[i]], block->classes[i]};
    qsort(ranked, (size_t)room->scored, sizeof *ranked, ranked_class_compare);
    for (int i = 0; i < room->scored; i++)
        order[i] = ranked[i].class_index;
    room->order = order;
    mem_free(ranked);
    return STATUS_OK;
}

int space_at_most(const struct search *search, int block, int asked)
{
    const struct search_state *state = search->state;
    const struct room *room = &state->rooms[block];
    int classes = state->settings.coupling->blocks[block].class_count;
    return (int)select_allowed(classes, asked < room->most ? asked : room->most, &state->settings.select);
}

int space_more(const struct search *search, int block, int count, int step)
{
    int most = search->state->rooms[block].most, found = count;
    for (int asked = count + step; found <= count && asked <= most; asked++)
        found = space_at_most(search, block, asked);
    int last = space_at_most(search, block, most);
    return found > count ? found : last > count ? last : count;
}

int space_less(const struct search *search, int block, int count, int step)
{
    return count > step ? space_at_most(search, block, count - step) : 0;
}

int space_step(const struct search *search, int block, double share)
{
    int classes = search->state->settings.coupling->blocks[block].class_count;
    int step = (int)floor(share * classes + 0.5);
    return step > 1 ? step : 1;
}

static status make_room(struct search *search, const struct search_settings *settings, int index,
                        struct error *error)
{
    struct search_state *state = search->state;
    const struct block *block = &settings->coupling->blocks[index];
    struct room *room = &state->rooms[index];
    if (block->locked || (settings->included != NULL && !settings->included[index]))
        return STATUS_OK;
    status code = rank_block(state, block, settings->class_score, room, error);
    if (code != STATUS_OK)
        return code;
    int capped = (int)floor(block->class_count * settings->select.cap + 1e-9);
    room->most = room->scored < capped ? room->scored : capped;
    room->most = space_at_most(search, index, room->most);
    state->included[index] = room->most > 0;
    return STATUS_OK;
}

status space_new(struct search *search, const struct search_settings *settings, struct error *error)
{
    struct search_state *state = search->state;
    const struct coupling *c = settings->coupling;
    state->rooms = arena_alloc(state->arena, (size_t)c->block_count + 1, sizeof *state->rooms);
    state->included = arena_alloc(state->arena, (size_t)c->block_count + 1, sizeof *state->included);
    state->class_score = arena_alloc(state->arena, (size_t)c->class_count + 1, sizeof *state->class_score);
    state->removed = arena_alloc(state->arena, (size_t)c->class_count + 1, sizeof *state->removed);
    if (state->rooms == NULL || state->included == NULL || state->class_score == NULL ||
        state->removed == NULL)
        return error_memory(error);
    for (int i = 0; i < c->class_count; i++)
        state->class_score[i] = settings->class_score[i];
    bool any = false;
    status code = STATUS_OK;
    for (int i = 0; i < c->block_count && code == STATUS_OK; i++) {
        code = make_room(search, settings, i, error);
        any |= state->included[i];
    }
    if (code == STATUS_OK && !any)
        return error_set(error, STATUS_RANGE,
                         "there is nothing to prune: every layer is locked, left out or without scores, or "
                         "may lose no channel (min, cap, round_to)");
    return code;
}
