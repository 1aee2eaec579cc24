/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scores of classes over all their members. */
#include "prune/group_score.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/order.h"
#include "base/progress.h"
#include "base/status.h"
#include "prune/members.h"
#include "score/criterion.h"
#include "score/part.h"
#include "score/score.h"

/* --- the programs --------------------------------------------------------------------------------------- */

static const struct compat_row {
    const char *name;
    enum member_set members;
    enum combination combine;
    enum normaliser normaliser;
    enum member_order order;
    bool powers; /* no roots of sums of squares; distances of squared weights */
    bool scales; /* BatchNorm's scales count where the criterion looks at gradients */
    bool apart;  /* the columns of one channel in one layer are scored each by itself */
    bool plain;  /* what a filter alone scores is what the criterion says */
} table[] = {
    [COMPAT_PAPER] = {"paper", MEMBERS_MAKERS, COMBINE_MEAN, NORMALISE_NONE, ORDER_NETWORK, false, true,
                      false, true},
    [COMPAT_TORCH_PRUNING] = {"torch-pruning", MEMBERS_ALL, COMBINE_MEAN, NORMALISE_MEAN, ORDER_FROM_OUTPUT,
                              true, false, true, false},
    [COMPAT_NNI] = {"nni", MEMBERS_MAKERS, COMBINE_SUM, NORMALISE_NONE, ORDER_NETWORK, false, true, false,
                    true},
};

const char *compat_name(int index)
{
    return index >= 0 && index < (int)(sizeof table / sizeof *table) ? table[index].name : NULL;
}

const char *member_set_name(int index)
{
    static const char *const names[] = {"makers", "all"};
    return index >= 0 && index < (int)(sizeof names / sizeof *names) ? names[index] : NULL;
}

const char *normaliser_name(int index)
{
    static const char *const names[] = {"none", "mean", "max", "sum", "lamp"};
    return index >= 0 && index < (int)(sizeof names / sizeof *names) ? names[index] : NULL;
}

struct group_rule group_rule_of(enum compat compat)
{
    const struct compat_row *row = &table[compat];
    return (struct group_rule){compat, row->members, row->combine, row->normaliser};
}

enum member_order group_order(enum compat compat)
{
    return table[compat].order;
}

/* --- which members -------------------------------------------------------------------------------------- */

static struct part_measure measure_of(const struct scores *scores)
{
    return criterion_part(scores->criterion, &scores->options);
}

/* Parts that the rule asks for and the criterion knows; none: it scores filters as a whole. */
static unsigned kinds_of(const struct part_measure *measure, const struct group_rule *rule)
{
    const struct compat_row *row = &table[rule->compat];
    unsigned kinds = measure->kinds;
    if (rule->members == MEMBERS_MAKERS)
        return row->plain ? 0 : kinds & PART_FILTERS;
    return part_needs_gradients(measure) && !row->scales ? kinds & ~(unsigned)PART_SCALES : kinds;
}

unsigned group_kinds(const struct scores *scores, const struct group_rule *rule)
{
    const struct part_measure measure = measure_of(scores);
    const unsigned kinds = kinds_of(&measure, rule);
    return kinds != 0 ? kinds : PART_FILTERS;
}

bool group_takes_filters(const struct scores *scores, const struct group_rule *rule)
{
    return rule->members == MEMBERS_ALL && measure_of(scores).kinds == 0;
}

/* --- adding up ------------------------------------------------------------------------------------------ */

/* What is known of a class so far. */
struct reduced {
    double sum, high, low, first;
    int64_t count;
};

struct reducing {
    const struct coupling *coupling;
    const struct scores *scores;
    const struct score_statistics *statistics;
    const struct compat_row *row;
    enum combination combine;
    struct part_measure measure;
    struct reduced *classes; /* per class */
    double *folded;          /* per class: what the columns of one layer come to */
    bool *touched;           /* per class: has the layer such columns? */
};

static void add_score(struct reduced *reduced, double score)
{
    reduced->first = reduced->count == 0 ? score : reduced->first;
    reduced->high = reduced->count == 0 || score > reduced->high ? score : reduced->high;
    reduced->low = reduced->count == 0 || score < reduced->low ? score : reduced->low;
    reduced->sum += score;
    reduced->count++;
}

static double reduce(const struct reduced *reduced, enum combination combine)
{
    const double value[] = {reduced->sum / (double)reduced->count, reduced->sum, reduced->high, reduced->low,
                            reduced->first};
    return reduced->count == 0 ? NAN : value[combine];
}

static void add_parts(struct reducing *r, const struct member *member, const double *sums, bool finished)
{
    for (int64_t i = 0; i < member->count; i++)
        if (member->classes[i] >= 0)
            add_score(&r->classes[member->classes[i]],
                      finished ? sums[i] : part_finished(&r->measure, r->row->powers, sums[i]));
}

/* The columns with which a layer reads one channel, many where it is flattened in front of a linear layer,
 * are one member. */
static void add_columns(struct reducing *r, const struct member *member, const double *sums)
{
    const bool apart = r->row->apart, last = apart && r->combine == COMBINE_MAX;
    for (int64_t i = 0; i < member->count; i++) {
        const int class_index = member->classes[i];
        if (class_index < 0)
            continue;
        const double score = apart ? part_finished(&r->measure, r->row->powers, sums[i]) : sums[i];
        const double before = r->touched[class_index] && !last ? r->folded[class_index] : 0;
        r->folded[class_index] = before + score;
        r->touched[class_index] = true;
    }
    for (int64_t i = 0; i < member->count; i++) {
        const int class_index = member->classes[i];
        if (class_index < 0 || !r->touched[class_index])
            continue;
        const double sum = r->folded[class_index];
        add_score(&r->classes[class_index], apart ? sum : part_finished(&r->measure, r->row->powers, sum));
        r->touched[class_index] = false;
    }
}

/* A layer that the criterion or the pass passed by has no voice. Gradients that no layer has are missed
 * later, with an error. */
static bool can_score(const struct reducing *r, const struct member *member)
{
    const struct layer_statistics *sums =
        r->statistics != NULL && member->layer >= 0 ? &r->statistics->layers[member->layer] : NULL;
    if (member->kind == PART_FILTER)
        return r->scores->layer[member->layer] != NULL;
    if (!part_needs_gradients(&r->measure))
        return true;
    if (member->kind == PART_SCALE)
        return sums != NULL && sums->delta_centered != NULL;
    return sums == NULL || !(r->statistics->needs & NEED_WEIGHT_GRADIENTS) || sums->columns.dot != NULL;
}

static status check_parts(const struct member *member, const double *sums, struct error *error)
{
    for (int64_t i = 0; i < member->count; i++)
        if (isnan(sums[i]))
            return error_set(error, STATUS_NAN, "the score of %s %lld is not a number",
                             part_kind_name(member->kind), (long long)i);
    return STATUS_OK;
}

static status add_measured(struct reducing *r, const struct member *member, struct error *error)
{
    const struct layer *layer = member->layer >= 0 ? &r->coupling->layers->items[member->layer] : NULL;
    const struct part_source source = {
        .graph = r->coupling->graph,
        .layer = layer,
        .scale = member->scale,
        .count = member->count,
        .statistics = r->statistics != NULL && layer != NULL ? &r->statistics->layers[member->layer] : NULL,
        .images = r->statistics != NULL ? r->statistics->images : 0};
    double *sums = mem_new((size_t)member->count, sizeof *sums);
    if (sums == NULL)
        return error_memory(error);
    status code = part_sums(&source, &r->measure, member->kind, r->row->powers, sums, error);
    if (code == STATUS_OK)
        code = check_parts(member, sums, error);
    if (code == STATUS_OK && member->kind == PART_COLUMN)
        add_columns(r, member, sums);
    else if (code == STATUS_OK)
        add_parts(r, member, sums, false);
    mem_free(sums);
    return code;
}

/* Filters' scores as the criterion has them; a layer that it cannot score has no voice. */
static status add_filters(struct reducing *r, const struct member *member, struct error *error)
{
    const double *scores = r->scores->layer[member->layer];
    status code = scores != NULL ? check_parts(member, scores, error) : STATUS_OK;
    if (code == STATUS_OK && scores != NULL)
        add_parts(r, member, scores, true);
    return code;
}

static status add_members(struct reducing *r, const struct members *members, unsigned kinds,
                          struct error *error)
{
    status code = STATUS_OK;
    for (int i = 0; i < members->count && code == STATUS_OK; i++) {
        const struct member *member = &members->items[i];
        if (!(kinds & 1u << member->kind) || !can_score(r, member))
            continue;
        const bool whole = member->kind == PART_FILTER && !(r->measure.kinds & PART_FILTERS);
        code = whole ? add_filters(r, member, error) : add_measured(r, member, error);
        if (code == STATUS_OK)
            code = progress_check(error);
        if (code != STATUS_OK && code != STATUS_CANCELLED)
            error_prefix(error, "%s: ", member->name);
    }
    return code;
}

static status reduce_classes(struct reducing *r, enum member_order order, unsigned kinds, double *class_score,
                             struct error *error)
{
    const struct coupling *c = r->coupling;
    struct members members = {0};
    const size_t classes = (size_t)c->class_count + 1;
    r->classes = mem_new(classes, sizeof *r->classes);
    r->folded = mem_new(classes, sizeof *r->folded);
    r->touched = mem_new(classes, sizeof *r->touched);
    status code = r->classes != NULL && r->folded != NULL && r->touched != NULL
                      ? members_find(c, order, &members, error)
                      : error_memory(error);
    if (code == STATUS_OK)
        code = add_members(r, &members, kinds, error);
    for (int i = 0; i < c->class_count && code == STATUS_OK; i++)
        class_score[i] = c->classes[i].lock < 0 ? reduce(&r->classes[i], r->combine) : NAN;
    members_free(&members);
    mem_free(r->classes);
    mem_free(r->folded);
    mem_free(r->touched);
    return code;
}

/* --- normalising ---------------------------------------------------------------------------------------- */

/* score / (sum of it and of all that are not smaller): LAMP's, over the classes of a block. */
static status normalise_lamp(double *values, int64_t count, struct error *error)
{
    int64_t *order = mem_new((size_t)count + 1, sizeof *order);
    status code = order != NULL ? order_of(values, count, order, error) : error_memory(error);
    double rest = 0;
    for (int64_t i = count - 1; code == STATUS_OK && i >= 0; i--) {
        rest += values[order[i]];
        values[order[i]] = rest != 0 ? values[order[i]] / rest : values[order[i]];
    }
    mem_free(order);
    return code;
}

static double divisor(const double *values, int64_t count, enum normaliser normaliser)
{
    double sum = 0, high = -INFINITY;
    for (int64_t i = 0; i < count; i++) {
        sum += values[i];
        high = values[i] > high ? values[i] : high;
    }
    const double by[] = {1, sum / (double)count, high, sum};
    return count > 0 && by[normaliser] != 0 ? by[normaliser] : 1;
}

static status normalise_block(const struct block *block, enum normaliser normaliser, double *class_score,
                              double *values, struct error *error)
{
    int64_t count = 0, next = 0;
    for (int i = 0; i < block->class_count; i++)
        if (!isnan(class_score[block->classes[i]]))
            values[count++] = class_score[block->classes[i]];
    if (normaliser == NORMALISE_LAMP) {
        if (normalise_lamp(values, count, error) != STATUS_OK)
            return error->code;
    } else {
        const double by = divisor(values, count, normaliser);
        for (int64_t i = 0; i < count; i++)
            values[i] /= by;
    }
    for (int i = 0; i < block->class_count; i++)
        if (!isnan(class_score[block->classes[i]]))
            class_score[block->classes[i]] = values[next++];
    return STATUS_OK;
}

static status normalise(const struct coupling *c, enum normaliser normaliser, double *class_score,
                        struct error *error)
{
    double *values = mem_new((size_t)c->class_count + 1, sizeof *values);
    status code = values != NULL ? STATUS_OK : error_memory(error);
    for (int i = 0; i < c->block_count && code == STATUS_OK; i++)
        code = normalise_block(&c->blocks[i], normaliser, class_score, values, error);
    mem_free(values);
    return code;
}

status group_scores(const struct coupling *coupling, const struct scores *scores,
                    const struct score_statistics *statistics, const struct group_rule *rule,
                    double *class_score, struct error *error)
{
    struct reducing reducing = {.coupling = coupling,
                                .scores = scores,
                                .statistics = statistics,
                                .row = &table[rule->compat],
                                .combine = rule->combine,
                                .measure = measure_of(scores)};
    const unsigned kinds = kinds_of(&reducing.measure, rule);
    const enum normaliser normaliser =
        kinds != 0 && reducing.measure.finish == PART_SHARE ? NORMALISE_LAMP : rule->normaliser;
    const bool plain = kinds == 0 && reducing.row->order == ORDER_NETWORK;
    status code = plain ? class_scores(coupling, scores, rule->combine, class_score, error)
                        : reduce_classes(&reducing, reducing.row->order, kinds != 0 ? kinds : PART_FILTERS,
                                         class_score, error);
    if (code == STATUS_OK && normaliser != NORMALISE_NONE)
        code = normalise(coupling, normaliser, class_score, error);
    return code;
}
