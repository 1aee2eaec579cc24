/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pruning part of a state. */
#include "session/pruning.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/share.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "prune/branch.h"
#include "prune/cost.h"
#include "prune/selection.h"
#include "prune/surgery.h"
#include "score/criterion.h"
#include "session/target.h"

static status allocate(int blocks, int classes, struct pruning **result, struct error *error)
{
    struct pruning *made = mem_new(1, sizeof *made);
    if (!made)
        return error_memory(error);
    made->ratio = mem_new((size_t)blocks + 1, sizeof *made->ratio);
    made->chosen = mem_new((size_t)blocks + 1, sizeof *made->chosen);
    made->excluded = mem_new((size_t)blocks + 1, sizeof *made->excluded);
    made->removed = mem_new((size_t)classes + 1, sizeof *made->removed);
    made->block_count = blocks;
    made->class_count = classes;
    if (!made->ratio || !made->chosen || !made->excluded || !made->removed) {
        pruning_free(made);
        return error_memory(error);
    }
    *result = made;
    return STATUS_OK;
}

status pruning_new(const struct model *model, struct pruning **pruning, struct error *error)
{
    status code = allocate(model->coupling->block_count, model->coupling->class_count, pruning, error);
    if (code == STATUS_OK) {
        (*pruning)->rule.options =
            (struct select_options){.rounding = ROUND_FLOOR, .round_to = 1, .minimum = 1, .cap = 1};
        memcpy((*pruning)->network, model->network, sizeof model->network);
    }
    return code;
}

status pruning_copy(const struct pruning *pruning, struct pruning **copy, struct error *error)
{
    struct pruning *made;
    status code = allocate(pruning->block_count, pruning->class_count, &made, error);
    if (code != STATUS_OK)
        return code;
    memcpy(made->ratio, pruning->ratio, (size_t)pruning->block_count * sizeof *made->ratio);
    memcpy(made->chosen, pruning->chosen, (size_t)pruning->block_count * sizeof *made->chosen);
    memcpy(made->excluded, pruning->excluded, (size_t)pruning->block_count * sizeof *made->excluded);
    memcpy(made->removed, pruning->removed, (size_t)pruning->class_count * sizeof *made->removed);
    made->rule = pruning->rule;
    made->fixed = pruning->fixed;
    made->removed_count = pruning->removed_count;
    memcpy(made->scored_on, pruning->scored_on, sizeof made->scored_on);
    if (pruning->how && !(made->how = mem_string(pruning->how))) {
        pruning_free(made);
        return error_memory(error);
    }
    *copy = made;
    return STATUS_OK;
}

struct pruning *pruning_retain(struct pruning *pruning)
{
    if (pruning)
        share_add(&pruning->shares);
    return pruning;
}

void pruning_free(struct pruning *pruning)
{
    if (!pruning || !share_drop(&pruning->shares))
        return;
    graph_free(pruning->masked);
    cost_free(&pruning->cost);
    mem_free(pruning->warnings);
    mem_free(pruning->how);
    mem_free(pruning->removed);
    mem_free(pruning->excluded);
    mem_free(pruning->chosen);
    mem_free(pruning->ratio);
    mem_free(pruning);
}

int pruning_set_ratio(struct pruning *pruning, const struct target *target, double ratio, bool excluded,
                      bool gently)
{
    int passed = 0;
    for (int i = 0; i < pruning->block_count; i++) {
        if (!target->blocks[i])
            continue;
        if (gently && !excluded && pruning->excluded[i]) {
            passed++;
            continue;
        }
        pruning->ratio[i] = excluded ? 0 : ratio;
        pruning->chosen[i] = true;
        pruning->excluded[i] = excluded;
    }
    return passed;
}

bool pruning_has_ratio(const struct pruning *pruning)
{
    for (int i = 0; i < pruning->block_count; i++)
        if (pruning->ratio[i] > 0)
            return true;
    return false;
}

/* --- selecting ------------------------------------------------------------------------------------------ */

static bool goes_whole(const struct coupling *coupling, int block, const bool *whole)
{
    return whole[coupling->blocks[block].classes[0]];
}

/* whole: per class, what goes with whole blocks and is not looked at here. */
static status select_classes(const struct pruning *pruning, const struct model *model,
                             const double *class_score, const bool *whole, struct selection *selection,
                             struct error *error)
{
    const struct coupling *coupling = model->coupling;
    const struct pruning_rule *rule = &pruning->rule;
    bool *included = mem_new((size_t)coupling->block_count + 1, sizeof *included);
    double *ratio = mem_new((size_t)coupling->block_count + 1, sizeof *ratio);
    status code = included && ratio ? STATUS_OK : error_memory(error);
    for (int i = 0; code == STATUS_OK && i < coupling->block_count; i++) {
        const bool goes = goes_whole(coupling, i, whole);
        included[i] = !coupling->blocks[i].locked && !pruning->excluded[i] && !goes;
        ratio[i] = goes ? 0 : pruning->ratio[i];
    }
    if (code == STATUS_OK)
        code = rule->global ? select_global(coupling, class_score, rule->ratio, included, &rule->options,
                                            selection, error)
                            : select_by_ratio(coupling, class_score, ratio, &rule->options, selection, error);
    mem_free(included);
    mem_free(ratio);
    return code;
}

static status too_many_blocks(int64_t asked, int64_t can_go, int sums, struct error *error)
{
    if (sums == 0)
        return error_set(error, STATUS_STATE,
                         "the network has no residual blocks: nowhere is a branch added to a shortcut");
    return error_set(error, STATUS_RANGE, "%lld block%s cannot go: %lld of %d sums have a branch that can",
                     (long long)asked, asked == 1 ? "" : "s", (long long)can_go, sums);
}

/* Marks the classes of the blocks with the lowest scores, ties by their order in the network. */
static status mark_whole(const struct pruning *pruning, const struct coupling *coupling,
                         const struct scores *scores, double *branch_score, bool *whole, struct error *error)
{
    int64_t can_go = 0;
    status code = branch_scores(coupling, scores, (int)pruning->rule.grouping.combine, branch_score, error);
    if (code != STATUS_OK)
        return code;
    for (int b = 0; b < coupling->branch_count; b++)
        can_go += !isnan(branch_score[b]);
    if (pruning->rule.blocks > can_go)
        return too_many_blocks(pruning->rule.blocks, can_go, coupling->branch_count + coupling->projections,
                               error);
    for (int64_t k = 0; k < pruning->rule.blocks; k++) {
        int lowest = -1;
        for (int b = 0; b < coupling->branch_count; b++)
            if (!isnan(branch_score[b]) && (lowest < 0 || branch_score[b] < branch_score[lowest]))
                lowest = b;
        branch_remove(&coupling->branches[lowest], whole);
        branch_score[lowest] = NAN;
    }
    return STATUS_OK;
}

static status choose_whole(const struct pruning *pruning, const struct coupling *coupling,
                           const struct scores *scores, bool *whole, struct error *error)
{
    if (pruning->rule.blocks == 0)
        return STATUS_OK;
    double *branch_score = mem_new((size_t)coupling->branch_count + 1, sizeof *branch_score);
    if (!branch_score)
        return error_memory(error);
    status code = mark_whole(pruning, coupling, scores, branch_score, whole, error);
    mem_free(branch_score);
    return code;
}

status pruning_select(struct pruning *pruning, const struct model *model, const struct scores *scores,
                      const struct score_statistics *statistics, struct error *error)
{
    struct selection selection = {0};
    double *class_score = mem_new((size_t)pruning->class_count + 1, sizeof *class_score);
    bool *whole = mem_new((size_t)pruning->class_count + 1, sizeof *whole);
    status code = class_score && whole ? group_scores(model->coupling, scores, statistics,
                                                      &pruning->rule.grouping, class_score, error)
                                       : error_memory(error);
    if (code == STATUS_OK)
        code = choose_whole(pruning, model->coupling, scores, whole, error);
    if (code == STATUS_OK)
        code = select_classes(pruning, model, class_score, whole, &selection, error);
    for (int i = 0; code == STATUS_OK && i < pruning->class_count; i++)
        pruning->removed[i] = selection.removed[i] || whole[i];
    mem_free(class_score);
    mem_free(whole);
    if (code != STATUS_OK)
        return code;
    mem_free(pruning->warnings);
    pruning->warnings = selection.warnings;
    pruning->warning_count = selection.warning_count;
    selection.warnings = NULL;
    selection_free(&selection);
    return pruning_settle(pruning, model, error);
}

/* Scores of zero for every channel that could be scored. */
static status equal_scores(const struct model *model, double *class_score, struct error *error)
{
    const struct layers *layers = model->layers;
    int64_t most = 0;
    for (int i = 0; i < layers->count; i++)
        most = layers->items[i].channels > most ? layers->items[i].channels : most;
    double *zeros = mem_new((size_t)most + 1, sizeof *zeros);
    struct scores equal = {.layer_count = layers->count,
                           .layer = mem_new((size_t)layers->count + 1, sizeof *equal.layer)};
    status code = zeros && equal.layer ? STATUS_OK : error_memory(error);
    for (int i = 0; code == STATUS_OK && i < layers->count; i++)
        equal.layer[i] = layers->items[i].output_layer ? NULL : zeros;
    if (code == STATUS_OK)
        code = class_scores(model->coupling, &equal, COMBINE_MEAN, class_score, error);
    mem_free(equal.layer);
    mem_free(zeros);
    return code;
}

/* Per block: the share that is selected, else the ratio that is set. What goes whole has none. */
static void shares_of(const struct pruning *pruning, const struct model *model, double *share)
{
    for (int b = 0; b < pruning->block_count; b++) {
        const struct block *block = &model->coupling->blocks[b];
        int gone = 0;
        for (int i = 0; i < block->class_count; i++)
            gone += pruning->removed[block->classes[i]];
        share[b] = !pruning->removed_count     ? pruning->ratio[b]
                   : gone < block->class_count ? (double)gone / block->class_count
                                               : 0;
    }
}

/* `share`: per block. */
static status choose_any(const struct pruning *pruning, const struct model *model, const double *share,
                         const struct select_options *options, bool *removed, struct error *error)
{
    struct selection selection = {0};
    double *class_score = mem_new((size_t)pruning->class_count + 1, sizeof *class_score);
    status code = class_score ? equal_scores(model, class_score, error) : error_memory(error);
    if (code == STATUS_OK)
        code = select_by_ratio(model->coupling, class_score, share, options, &selection, error);
    if (code == STATUS_OK)
        memcpy(removed, selection.removed, (size_t)pruning->class_count * sizeof *removed);
    selection_free(&selection);
    mem_free(class_score);
    return code;
}

status pruning_choose_any(const struct pruning *pruning, const struct model *model,
                          const struct select_options *options, bool *removed, struct error *error)
{
    double *share = mem_new((size_t)pruning->block_count + 1, sizeof *share);
    if (!share)
        return error_memory(error);
    shares_of(pruning, model, share);
    status code = choose_any(pruning, model, share, options, removed, error);
    for (int b = 0; code == STATUS_OK && b < model->coupling->branch_count; b++)
        if (branch_is_gone(&model->coupling->branches[b], pruning->removed))
            branch_remove(&model->coupling->branches[b], removed);
    mem_free(share);
    return code;
}

status pruning_plan(const struct pruning *pruning, const struct model *model, struct cost *cost,
                    struct error *error)
{
    bool *removed = mem_new((size_t)pruning->class_count + 1, sizeof *removed);
    if (!removed)
        return error_memory(error);
    status code = choose_any(pruning, model, pruning->ratio, &pruning->rule.options, removed, error);
    if (code == STATUS_OK)
        code = cost_compute(model->coupling, removed, COST_MACS, cost, error);
    mem_free(removed);
    return code;
}

status pruning_settle(struct pruning *pruning, const struct model *model, struct error *error)
{
    pruning->removed_count = 0;
    for (int i = 0; i < pruning->class_count; i++)
        pruning->removed_count += pruning->removed[i];
    cost_free(&pruning->cost);
    graph_free(pruning->masked);
    pruning->masked = NULL;
    if (!pruning->removed_count) {
        mem_free(pruning->how);
        pruning->how = NULL;
        pruning->scored_on[0] = '\0';
        memcpy(pruning->network, model->network, sizeof model->network);
        return STATUS_OK;
    }
    status code =
        network_name(model->network, pruning->removed, (size_t)pruning->class_count, pruning->network, error);
    return code == STATUS_OK
               ? cost_compute(model->coupling, pruning->removed, COST_MACS, &pruning->cost, error)
               : code;
}

/* --- questions ------------------------------------------------------------------------------------------ */

status pruning_graph(struct pruning *pruning, const struct model *model, const struct graph **graph,
                     struct error *error)
{
    status code = STATUS_OK;
    if (!pruning->removed_count) {
        *graph = model->graph;
        return STATUS_OK;
    }
    if (!pruning->masked)
        code = mask_apply(model->coupling, pruning->removed, &pruning->masked, error);
    if (code == STATUS_OK)
        *graph = pruning->masked;
    return code;
}

void pruning_forget(struct pruning *pruning)
{
    if (!pruning)
        return;
    graph_free(pruning->masked);
    pruning->masked = NULL;
}

const struct cost *pruning_cost(const struct pruning *pruning, const struct model *model)
{
    return pruning->removed_count ? &pruning->cost : &model->cost;
}

bool pruning_removes(const struct pruning *pruning, const struct model *model, int layer, int64_t channel)
{
    return pruning->removed[model->coupling->layer_classes[layer][channel]] ||
           pruning_kept(pruning, model, layer) == 0;
}

int64_t pruning_kept(const struct pruning *pruning, const struct model *model, int layer)
{
    return pruning_cost(pruning, model)->layers[layer].channels;
}
