/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From ratios to counts, from scores to the classes that go. */
#include "prune/selection.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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
    static const char *const names[] = {"mean", "sum", "max", "min"};
    return index >= 0 && index < 4 ? names[index] : NULL;
}

static double combine_scores(const struct coupling *c, const struct scores *scores,
                             const struct channel_class *class, enum combination combine)
{
    double sum = 0, high = -INFINITY, low = INFINITY;
    int64_t count = 0;
    for (int i = 0; i < class->member_count; i++) {
        const struct channel_member *member = &class->members[i];
        if (scores->layer[member->layer] == NULL || c->layers->items[member->layer].kind == LAYER_DEPTHWISE)
            continue;
        double score = scores->layer[member->layer][member->channel];
        sum += score;
        high = score > high ? score : high;
        low = score < low ? score : low;
        count++;
    }
    const double value[] = {sum / (double)count, sum, high, low};
    return count == 0 ? NAN : value[combine];
}

status class_scores(const struct coupling *c, const struct scores *scores, enum combination combine,
                    double *class_score, struct error *error)
{
    for (int i = 0; i < c->class_count; i++) {
        const struct channel_class *class = &c->classes[i];
        class_score[i] = class->lock >= 0 ? NAN : combine_scores(c, scores, class, combine);
        if (class->lock < 0 && isnan(class_score[i]))
            return error_set(error, STATUS_NAN, "layer %s: the %s score of channel %lld is not a number",
                             c->layers->items[class->members[0].layer].name, scores->criterion->name,
                             (long long)class->members[0].channel);
    }
    return STATUS_OK;
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

struct ranked {
    double score;
    int class;
};

static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->score != y->score)
        return x->score < y->score ? -1 : 1;
    return (x->class > y->class) - (x->class < y->class);
}

/* How many of a block may go when `asked` are wanted; *why tells what held it back. */
static int64_t allowed_count(int64_t classes, int64_t asked, const struct select_options *options,
                             const char **why)
{
    int64_t minimum = options->minimum < 1 ? 1 : options->minimum;
    int64_t keep = classes - asked;
    *why = NULL;
    if (options->round_to > 1 && keep % options->round_to != 0) {
        keep += options->round_to - keep % options->round_to;
        *why = "kept channels are rounded up to a multiple";
    }
    if (keep < minimum) {
        keep = minimum;
        *why = "the smallest number of channels is reached";
    }
    if (keep > classes)
        keep = classes;
    return classes - keep;
}

static status cut_block(const struct coupling *c, int index, const double *class_score, double ratio,
                        const struct select_options *options, struct ranked *ranked,
                        struct selection *selection, struct error *error)
{
    const struct block *block = &c->blocks[index];
    if (!(ratio >= 0 && ratio <= 1))
        return error_set(error, STATUS_RANGE, "layer %s: ratio %g is not between 0 and 1",
                         c->layers->items[block->layers[0]].name, ratio);
    if (ratio == 0)
        return STATUS_OK;
    if (block->locked)
        return error_set(error, STATUS_STATE, "layer %s is locked: %s",
                         c->layers->items[block->layers[0]].name,
                         lock_reason_text(c->locks[c->classes[block->classes[0]].lock].reason));
    const char *why;
    int64_t asked = asked_count(block->class_count, ratio, options->rounding);
    int64_t count = allowed_count(block->class_count, asked, options, &why);
    if (count != asked && !warn(selection, index, asked, count, why))
        return error_memory(error);
    for (int i = 0; i < block->class_count; i++)
        ranked[i] = (struct ranked){class_score[block->classes[i]], block->classes[i]};
    qsort(ranked, (size_t)block->class_count, sizeof *ranked, compare_ranked);
    for (int64_t i = 0; i < count; i++)
        selection->removed[ranked[i].class] = true;
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
            int class = c->class_of[map->labels[i]];
            if (class < 0 || !removed[class]) {
                best = -1;
                break;
            }
            if (best < 0 || (class_score != NULL && class_score[class] > class_score[best]))
                best = class;
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
    struct ranked *ranked = mem_new((size_t)c->class_count + 1, sizeof *ranked);
    status code = ranked == NULL ? error_memory(error) : selection_init(c, selection, error);
    for (int i = 0; i < c->block_count && code == STATUS_OK; i++)
        code = cut_block(c, i, class_score, ratio[i], options, ranked, selection, error);
    if (code == STATUS_OK)
        code = keep_alive(c, class_score, selection, error);
    if (code != STATUS_OK && ranked != NULL)
        selection_free(selection);
    mem_free(ranked);
    return code;
}

/* Layer channels that go with a class. */
static int64_t class_channels(const struct coupling *c, int class)
{
    return c->classes[class].member_count;
}

static int64_t rank_included(const struct coupling *c, const double *class_score, const bool *included,
                             struct ranked *ranked, int64_t *channels)
{
    int64_t count = 0;
    *channels = 0;
    for (int i = 0; i < c->class_count; i++) {
        if (c->classes[i].lock >= 0 || !included[c->classes[i].block])
            continue;
        ranked[count++] = (struct ranked){class_score[i], i};
        *channels += class_channels(c, i);
    }
    qsort(ranked, (size_t)count, sizeof *ranked, compare_ranked);
    return count;
}

/* Bring every block back to a multiple of round_to: the best of its removed classes return. `ranked`
 * ascending. */
static void round_blocks(const struct coupling *c, const struct ranked *ranked, int64_t count,
                         const struct select_options *options, const int64_t *gone,
                         struct selection *selection, int64_t *back)
{
    const char *why;
    for (int i = 0; i < c->block_count; i++)
        back[i] = gone[i] - allowed_count(c->blocks[i].class_count, gone[i], options, &why);
    for (int64_t i = count - 1; i >= 0; i--) {
        int class = ranked[i].class;
        if (selection->removed[class] && back[c->classes[class].block] > 0) {
            selection->removed[class] = false;
            selection->count--;
            back[c->classes[class].block]--;
        }
    }
}

static status cut_globally(const struct coupling *c, double ratio, const struct ranked *ranked, int64_t count,
                           int64_t channels, const struct select_options *options,
                           struct selection *selection, struct error *error)
{
    int64_t *gone = mem_new((size_t)c->block_count + 1, sizeof *gone);
    int64_t *back = mem_new((size_t)c->block_count + 1, sizeof *back);
    if (gone == NULL || back == NULL) {
        mem_free(gone);
        mem_free(back);
        return error_memory(error);
    }
    int64_t minimum = options->minimum < 1 ? 1 : options->minimum, done = 0;
    int64_t asked = asked_count(channels, ratio, options->rounding);
    for (int64_t i = 0; i < count && done < asked; i++) {
        int class = ranked[i].class, block = c->classes[class].block;
        int64_t size = c->blocks[block].class_count,
                most = (int64_t)floor((double)size * options->cap + 1e-9);
        /* A class of several channels goes only when it does not overshoot what was asked. */
        if (gone[block] >= size - minimum || gone[block] >= most || done + class_channels(c, class) > asked)
            continue;
        selection->removed[class] = true;
        selection->count++;
        gone[block]++;
        done += class_channels(c, class);
    }
    bool noted = done == asked || warn(selection, -1, asked, done,
                                       "caps, smallest numbers of channels and coupling hold it back");
    if (options->round_to > 1)
        round_blocks(c, ranked, count, options, gone, selection, back);
    mem_free(gone);
    mem_free(back);
    return noted ? STATUS_OK : error_memory(error);
}

status select_global(const struct coupling *c, const double *class_score, double ratio, const bool *included,
                     const struct select_options *options, struct selection *selection, struct error *error)
{
    if (!(ratio >= 0 && ratio <= 1))
        return error_set(error, STATUS_RANGE, "ratio %g is not between 0 and 1", ratio);
    struct ranked *ranked = mem_new((size_t)c->class_count + 1, sizeof *ranked);
    status code = ranked == NULL ? error_memory(error) : selection_init(c, selection, error);
    if (code == STATUS_OK) {
        int64_t channels, count = rank_included(c, class_score, included, ranked, &channels);
        code = cut_globally(c, ratio, ranked, count, channels, options, selection, error);
        if (code == STATUS_OK)
            code = keep_alive(c, class_score, selection, error);
        if (code != STATUS_OK)
            selection_free(selection);
    }
    mem_free(ranked);
    return code;
}
