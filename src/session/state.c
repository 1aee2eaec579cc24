/* SPDX-License-Identifier: GPL-3.0-or-later */
/* States: owners of counted parts. */
#include "session/state.h"

#include <stdio.h>

#include "base/memory.h"
#include "base/share.h"
#include "nn/graph/tensor.h"
#include "score/score.h"
#include "session/model.h"

/* Options are copied freely elsewhere, so their count stands beside them. */
struct shared_options {
    struct options options; /* first: a pointer to it is one to the whole */
    int shares;             /* owners beside the first */
};

struct options *options_share(const struct options *options)
{
    struct shared_options *shared = mem_new(1, sizeof *shared);
    if (!shared)
        return NULL;
    shared->options = *options;
    return &shared->options;
}

struct options *options_retain(struct options *options)
{
    if (options)
        share_add(&((struct shared_options *)options)->shares);
    return options;
}

void options_free(struct options *options)
{
    struct shared_options *shared = (struct shared_options *)options;
    if (shared && share_drop(&shared->shares))
        mem_free(shared);
}

struct state state_retain(const struct state *state)
{
    model_retain(state->model);
    dataset_retain(state->dataset);
    board_retain(state->board);
    options_retain(state->options);
    theme_retain(state->theme);
    pruning_retain(state->pruning);
    return *state;
}

void state_free(struct state *state)
{
    pruning_free(state->pruning);
    theme_free(state->theme);
    options_free(state->options);
    board_free(state->board);
    dataset_free(state->dataset);
    model_free(state->model);
    *state = (struct state){0};
}

bool state_equal(const struct state *a, const struct state *b)
{
    return a->model == b->model && a->dataset == b->dataset && a->board == b->board &&
           a->options == b->options && a->theme == b->theme && a->pruning == b->pruning;
}

void state_network_names(const struct state *state, struct state_names *names)
{
    *names = (struct state_names){0};
    if (!state->model)
        return;
    snprintf(names->model, sizeof names->model, "%s", state->model->digest);
    snprintf(names->network, sizeof names->network, "%s", state->pruning->network);
}

void state_names(const struct state *state, struct state_names *names)
{
    state_network_names(state, names);
    if (state->dataset)
        snprintf(names->data, sizeof names->data, "%s", dataset_digest(state->dataset));
}

/* --- what a state costs --------------------------------------------------------------------------------- */

static bool holds(const struct graph *graph, const struct tensor *tensor)
{
    for (int i = 0; i < graph->value_count; i++) {
        if (graph->values[i].constant == tensor)
            return true;
    }
    return false;
}

/* Of the constants that neither of the two others has. */
static size_t graph_bytes(const struct graph *graph, const struct graph *one, const struct graph *other)
{
    size_t bytes = 0;
    for (int i = 0; i < graph->value_count; i++) {
        const struct tensor *tensor = graph->values[i].constant;
        if (tensor && !(one && holds(one, tensor)) && !(other && holds(other, tensor)))
            bytes += (size_t)shape_elements(&tensor->shape) * element_size(tensor->type);
    }
    return bytes;
}

static size_t model_bytes(const struct model *model, const struct model *before)
{
    const struct graph *one = before ? before->graph : NULL;
    const struct graph *other = before && before->original ? before->original->graph : NULL;
    size_t bytes = graph_bytes(model->graph, one, other);
    if (model->original && model->original != before && !(before && model->original == before->original))
        bytes += graph_bytes(model->original->graph, one, model->graph);
    return bytes;
}

static size_t channels_of(const struct model *model)
{
    size_t channels = 0;
    for (int i = 0; model && i < model->layers->count; i++)
        channels += (size_t)model->layers->items[i].channels;
    return channels;
}

static bool has_scores(const struct board *board, const struct scores *scores)
{
    for (int i = 0; board && i < board->count; i++) {
        if (board->entries[i].scores == scores)
            return true;
    }
    return false;
}

static size_t board_bytes(const struct board *board, const struct board *before, size_t channels)
{
    enum { ARRAYS = sizeof(struct layer_statistics) / sizeof(double *), WHOLE_AND_HALVES = 3 };
    size_t bytes = sizeof *board;
    for (int i = 0; i < board->count; i++)
        bytes += has_scores(before, board->entries[i].scores) ? 0 : channels * sizeof(double);
    if (board->pass && !(before && board->pass == before->pass))
        bytes += channels * sizeof(double) * ARRAYS * WHOLE_AND_HALVES;
    return bytes;
}

static size_t pruning_bytes(const struct pruning *pruning)
{
    return sizeof *pruning + (size_t)pruning->class_count * sizeof *pruning->removed +
           (size_t)pruning->block_count *
               (sizeof *pruning->ratio + sizeof *pruning->chosen + sizeof *pruning->excluded) +
           (pruning->cost.layers ? (size_t)pruning->cost.layer_count * sizeof *pruning->cost.layers : 0);
}

size_t state_bytes(const struct state *state, const struct state *before)
{
    const struct state nothing = {0};
    size_t bytes = sizeof *state;
    before = before ? before : &nothing;
    if (state->model && state->model != before->model)
        bytes += model_bytes(state->model, before->model);
    if (state->dataset && state->dataset != before->dataset)
        bytes += dataset_memory(state->dataset);
    if (state->board && state->board != before->board)
        bytes += board_bytes(state->board, before->board, channels_of(state->model));
    if (state->pruning && state->pruning != before->pruning)
        bytes += pruning_bytes(state->pruning);
    if (state->options && state->options != before->options)
        bytes += sizeof *state->options;
    return bytes;
}
