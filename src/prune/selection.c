/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From ratios to counts, from scores to the classes that go. */
#include "prune/selection.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/status.h"
#include "prune/isomorphic.h"
#include "prune/label.h"
#include "score/layer.h"

/* Channels that a ratio asks for, by the rule alone. 1e-9 lets a product that should be whole, as 10 * (1 -
 * 0.7), be whole. */
static int64_t asked_count(int64_t channels, double ratio, enum rounding rounding)
{
    double total = (double)channels, share = ratio < 1.0 ? ratio : 1.0;
    if (!(ratio > 0.0))
        return 0;
    return (int64_t)(rounding == ROUND_FLOOR ? total - floor(total * (1.0 - share) + 1e-9)
                                             : floor(total * share + 1e-9));
}

int64_t pruned_count(int64_t channels, double ratio, enum rounding rounding)
{
    int64_t count = asked_count(channels, ratio, rounding);
    return count < channels || count == 0 ? count : channels - 1;
}

const char *rounding_name(int index)
{
    static const char *const names[] = {"floor", "prune-floor"};
    return index >= 0 && index < 2 ? names[index] : NULL;
}

const char *combination_name(int index)
{
    static const char *const names[] = {"mean", "sum", "max", "min", "first"};
    return index >= 0 && index < (int)(sizeof names / sizeof *names) ? names[index] : NULL;
}

/* NaN without scored members; *refused is the member whose score is NaN, else NULL. */
static double combine_scores(const struct coupling *c, const struct scores *scores,
                             const struct channel_class *item, enum combination combine,
                             const struct channel_member **refused)
{
    double sum = 0, high = -INFINITY, low = INFINITY, first = NAN;
    int64_t count = 0;
    *refused = NULL;
    for (int i = 0; i < item->member_count; i++) {
        const struct channel_member *member = &item->members[i];
        if (scores->layer[member->layer] == NULL || c->layers->items[member->layer].kind == LAYER_DEPTHWISE)
            continue;
        double score = scores->layer[member->layer][member->channel];
        if (isnan(score))
            *refused = member;
        first = count == 0 ? score : first;
        sum += score;
        high = score > high ? score : high;
        low = score < low ? score : low;
        count++;
    }
    const double value[] = {sum / (double)count, sum, high, low, first};
    return count == 0 ? NAN : value[combine];
}

status class_scores(const struct coupling *c, const struct scores *scores, enum combination combine,
                    double *class_score, struct error *error)
{
    for (int i = 0; i < c->class_count; i++) {
        const struct channel_member *refused = NULL;
        class_score[i] = NAN;
        if (c->classes[i].lock < 0)
            class_score[i] = combine_scores(c, scores, &c->classes[i], combine, &refused);
        if (refused != NULL)
            return error_set(error, STATUS_NAN, "layer %s: the %s score of channel %lld is not a number",
                             c->layers->items[refused->layer].name, scores->criterion->name,
                             (long long)refused->channel);
    }
    return STATUS_OK;
}

const char *rank_scope_name(int index)
{
    static const char *const names[] = {"network", "isomorphic"};
    return index >= 0 && index < 2 ? names[index] : NULL;
}

void selection_free(struct selection *selection)
{
    mem_free(selection->removed);
    mem_free(selection->warnings);
    *selection = (struct selection){0};
}

static status selection_init(const struct coupling *c, struct selection *selection, struct error *error)
{
    *selection = (struct selection){.class_count = c->class_count};
    selection->removed = mem_new((size_t)c->class_count + 1, sizeof *selection->removed);
    return selection->removed == NULL ? error_memory(error) : STATUS_OK;
}

static bool warn(struct selection *selection, int block, int64_t asked, int64_t done, const char *why)
{
    if (!mem_grow(&selection->warnings, &selection->warning_capacity, selection->warning_count + 1,
                  sizeof *selection->warnings))
        return false;
    selection->warnings[selection->warning_count++] = (struct select_warning){block, asked, done, why};
    return true;
}

int ranked_class_compare(const void *a, const void *b)
{
    const struct ranked_class *x = a, *y = b;
    if (x->score != y->score)
        return x->score < y->score ? -1 : 1;
    return (x->class_index > y->class_index) - (x->class_index < y->class_index);
}

/* The fewest classes that may stay of a block. */
static int64_t least_kept(int64_t classes, const struct select_options *options)
{
    int64_t keep = options->minimum < 1 ? 1 : options->minimum < classes ? options->minimum : classes;
    if (options->round_to > 1 && keep % options->round_to != 0)
        keep += options->round_to - keep % options->round_to;
    return keep < classes ? keep : classes;
}

/* How many of a block may go when `asked` are wanted; *why tells what held it back. */
static int64_t allowed_count(int64_t classes, int64_t asked, const struct select_options *options,
                             const char **why)
{
    int64_t keep = classes - asked, least = least_kept(classes, options);
    *why = NULL;
    if (asked == 0)
        return 0;
    if (options->round_to > 1 && keep % options->round_to != 0) {
        keep += options->round_to - keep % options->round_to;
        *why = "kept channels are rounded up to a multiple";
    }
    if (keep < least) {
        keep = least;
        *why = "the smallest number of channels is reached";
    }
    return keep < classes ? classes - keep : 0;
}

int64_t select_allowed(int64_t classes, int64_t asked, const struct select_options *options)
{
    const char *why;
    return allowed_count(classes, asked, options, &why);
}

static status check_block(const struct coupling *c, int index, double ratio, struct error *error)
{
    const struct block *block = &c->blocks[index];
    const char *layer = c->layers->items[block->layers[0]].name;
    if (!(ratio >= 0 && ratio <= 1))
        return error_set(error, STATUS_RANGE, "layer %s: ratio %g is not between 0 and 1", layer, ratio);
    if (ratio > 0 && block->locked)
        return error_set(error, STATUS_STATE, "layer %s is locked: %s", layer,
                         lock_text(c, &c->locks[c->classes[block->classes[0]].lock]));
    return STATUS_OK;
}

static status cut_block(const struct coupling *c, int index, const double *class_score, double ratio,
                        const struct select_options *options, struct ranked_class *ranked,
                        struct selection *selection, struct error *error)
{
    const struct block *block = &c->blocks[index];
    const char *why;
    int64_t scored = 0;
    if (check_block(c, index, ratio, error) != STATUS_OK)
        return error->code;
    int64_t asked = asked_count(block->class_count, ratio, options->rounding);
    int64_t count = allowed_count(block->class_count, asked, options, &why);
    for (int i = 0; i < block->class_count && count > 0; i++)
        if (!isnan(class_score[block->classes[i]]))
            ranked[scored++] = (struct ranked_class){class_score[block->classes[i]], block->classes[i]};
    if (count > scored) {
        count = scored;
        why = "channels without a score stay";
    }
    if (count != asked && !warn(selection, index, asked, count, why))
        return error_memory(error);
    qsort(ranked, (size_t)scored, sizeof *ranked, ranked_class_compare);
    for (int64_t i = 0; i < count; i++)
        selection->removed[ranked[i].class_index] = true;
    selection->count += count;
    return STATUS_OK;
}

int64_t selection_keep_alive(const struct coupling *c, const double *class_score, bool *removed)
{
    int64_t returned = 0;
    for (int value = 0; value < c->graph->value_count; value++) {
        const struct label_map *map = &c->maps[value];
        int64_t elements = map->labels != NULL ? label_map_elements(map) : 0;
        int best = -1;
        for (int64_t i = 0; i < elements; i++) {
            int class_index = c->class_of[map->labels[i]];
            if (class_index < 0 || !removed[class_index]) {
                best = -1;
                break;
            }
            if (best < 0 || (class_score != NULL && class_score[class_index] > class_score[best]))
                best = class_index;
        }
        if (best >= 0) {
            removed[best] = false;
            returned++;
        }
    }
    return returned;
}

static status keep_alive(const struct coupling *c, const double *class_score, struct selection *selection,
                         struct error *error)
{
    int64_t returned = selection_keep_alive(c, class_score, selection->removed), asked = selection->count;
    selection->count -= returned;
    if (returned > 0 &&
        !warn(selection, -1, asked, selection->count, "a branch would have had nothing left to read"))
        return error_memory(error);
    return STATUS_OK;
}

status select_by_ratio(const struct coupling *c, const double *class_score, const double *ratio,
                       const struct select_options *options, struct selection *selection, struct error *error)
{
    struct selection made;
    struct ranked_class *ranked = mem_new((size_t)c->class_count + 1, sizeof *ranked);
    status code = selection_init(c, &made, error);
    if (code == STATUS_OK && ranked == NULL)
        code = error_memory(error);
    for (int i = 0; i < c->block_count && code == STATUS_OK; i++)
        code = cut_block(c, i, class_score, ratio[i], options, ranked, &made, error);
    if (code == STATUS_OK)
        code = keep_alive(c, class_score, &made, error);
    if (code == STATUS_OK)
        *selection = made;
    else
        selection_free(&made);
    mem_free(ranked);
    return code;
}

/* --- all blocks together -------------------------------------------------------------------------------- */

struct ranking {
    struct ranked_class *items; /* ascending */
    int64_t count;
    int64_t channels; /* of layers, in all items */
    int64_t *gone;    /* per block: classes removed */
    int64_t *most;    /* per block: classes that may go */
};

/* Layer channels that go with a class. */
static int64_t class_channels(const struct coupling *c, int class_index)
{
    return c->classes[class_index].member_count;
}

static void ranking_free(struct ranking *ranking)
{
    mem_free(ranking->items);
    mem_free(ranking->gone);
    mem_free(ranking->most);
}

static status ranking_new(const struct coupling *c, const double *class_score, const bool *included,
                          const struct select_options *options, struct ranking *ranking, struct error *error)
{
    *ranking = (struct ranking){.items = mem_new((size_t)c->class_count + 1, sizeof *ranking->items),
                                .gone = mem_new((size_t)c->block_count + 1, sizeof *ranking->gone),
                                .most = mem_new((size_t)c->block_count + 1, sizeof *ranking->most)};
    if (ranking->items == NULL || ranking->gone == NULL || ranking->most == NULL)
        return error_memory(error);
    for (int i = 0; i < c->class_count; i++) {
        if (c->classes[i].lock >= 0 || !included[c->classes[i].block] || isnan(class_score[i]))
            continue;
        ranking->items[ranking->count++] = (struct ranked_class){class_score[i], i};
        ranking->channels += class_channels(c, i);
    }
    qsort(ranking->items, (size_t)ranking->count, sizeof *ranking->items, ranked_class_compare);
    for (int i = 0; i < c->block_count; i++) {
        int64_t size = c->blocks[i].class_count, capped = (int64_t)floor((double)size * options->cap + 1e-9);
        int64_t most = size - least_kept(size, options);
        ranking->most[i] = capped < most ? capped : most;
    }
    return STATUS_OK;
}

/* Bring every block back to a multiple of round_to: the best of its removed classes return. Gives the layer
 * channels that do. */
static int64_t round_blocks(const struct coupling *c, struct ranking *ranking,
                            const struct select_options *options, struct selection *selection)
{
    int64_t returned = 0;
    const char *why;
    for (int i = 0; i < c->block_count; i++)
        ranking->most[i] = allowed_count(c->blocks[i].class_count, ranking->gone[i], options, &why);
    for (int64_t i = ranking->count - 1; i >= 0; i--) {
        int class_index = ranking->items[i].class_index, block = c->classes[class_index].block;
        if (!selection->removed[class_index] || ranking->gone[block] <= ranking->most[block])
            continue;
        selection->removed[class_index] = false;
        selection->count--;
        ranking->gone[block]--;
        returned += class_channels(c, class_index);
    }
    return returned;
}

static status cut_globally(const struct coupling *c, double ratio, struct ranking *ranking,
                           const struct select_options *options, struct selection *selection,
                           struct error *error)
{
    int64_t asked = asked_count(ranking->channels, ratio, options->rounding), done = 0;
    for (int64_t i = 0; i < ranking->count && done < asked; i++) {
        int class_index = ranking->items[i].class_index, block = c->classes[class_index].block;
        if (ranking->gone[block] >= ranking->most[block] || done + class_channels(c, class_index) > asked)
            continue;
        selection->removed[class_index] = true;
        selection->count++;
        ranking->gone[block]++;
        done += class_channels(c, class_index);
    }
    if (options->round_to > 1)
        done -= round_blocks(c, ranking, options, selection);
    if (done != asked && !warn(selection, -1, asked, done,
                               "caps, smallest numbers of channels, multiples and coupling hold it back"))
        return error_memory(error);
    return STATUS_OK;
}

/* One ranking of the included blocks. */
static status rank_together(const struct coupling *c, const double *class_score, double ratio,
                            const bool *included, const struct select_options *options,
                            struct selection *selection, struct error *error)
{
    struct ranking ranking = {0};
    status code = ranking_new(c, class_score, included, options, &ranking, error);
    if (code == STATUS_OK)
        code = cut_globally(c, ratio, &ranking, options, selection, error);
    ranking_free(&ranking);
    return code;
}

/* One for each kind of blocks. */
static status rank_alike(const struct coupling *c, const double *class_score, double ratio,
                         const bool *included, const struct select_options *options,
                         struct selection *selection, struct error *error)
{
    int *alike = mem_new((size_t)c->block_count + 1, sizeof *alike);
    bool *chosen = mem_new((size_t)c->block_count + 1, sizeof *chosen);
    status code = alike && chosen ? isomorphic_blocks(c, alike, error) : error_memory(error);
    for (int kind = 0; code == STATUS_OK && kind < c->block_count; kind++) {
        for (int i = 0; alike[kind] == kind && i < c->block_count; i++)
            chosen[i] = included[i] && alike[i] == kind;
        if (alike[kind] == kind)
            code = rank_together(c, class_score, ratio, chosen, options, selection, error);
    }
    mem_free(alike);
    mem_free(chosen);
    return code;
}

status select_global(const struct coupling *c, const double *class_score, double ratio, const bool *included,
                     const struct select_options *options, struct selection *selection, struct error *error)
{
    struct selection made;
    if (!(ratio >= 0 && ratio <= 1))
        return error_set(error, STATUS_RANGE, "ratio %g is not between 0 and 1", ratio);
    if (!(options->cap >= 0 && options->cap <= 1))
        return error_set(error, STATUS_RANGE, "cap %g is not between 0 and 1", options->cap);
    status code = selection_init(c, &made, error);
    if (code == STATUS_OK)
        code = (options->scope == RANK_ISOMORPHIC ? rank_alike : rank_together)(
            c, class_score, ratio, included, options, &made, error);
    if (code == STATUS_OK)
        code = keep_alive(c, class_score, &made, error);
    if (code == STATUS_OK)
        *selection = made;
    else
        selection_free(&made);
    return code;
}
