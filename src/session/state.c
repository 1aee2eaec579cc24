/* SPDX-License-Identifier: GPL-3.0-or-later */
/* States: owners of counted parts. */
#include "session/state.h"

#include "base/memory.h"
#include "base/share.h"

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

void options_release(struct options *options)
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

void state_release(struct state *state)
{
    pruning_free(state->pruning);
    theme_free(state->theme);
    options_release(state->options);
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
