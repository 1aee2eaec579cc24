/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random scores: what every other criterion must beat. They follow from the seed, so that a session can be
 * repeated; another seed (random:2) draws anew. */
#include "base/random.h"
#include "base/status.h"
#include "score/criteria.h"
#include "score/score.h"

/* FNV-1a: a layer keeps its numbers when another one is added or left out. */
static uint64_t name_hash(const char *name)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (; *name; name++) {
        hash = (hash ^ (unsigned char)*name) * UINT64_C(1099511628211);
    }
    return hash;
}

static status score_random(const struct criterion_input *input, double *scores,
                           struct criterion_report *report, struct error *error)
{
    (void)report;
    (void)error;
    struct random_state state;
    random_seed(&state, input->options->seed, name_hash(input->layer->name));
    for (int64_t c = 0; c < input->layer->channels; c++) {
        scores[c] = random_uniform(&state);
    }
    return STATUS_OK;
}

static const struct criterion_variant variants[] = {
    {.option = CRITERION_SEED, .what = "a seed", .number = "SEED", .whole = true},
    {0},
};

const struct criterion criterion_random = {
    .name = "random",
    .title = "Random",
    .help = "uniform random numbers from the seed and the layer's name: the same again each time; random:2, "
            "random:3 and so on draw anew",
    .seeded = true,
    .options = CRITERION_SEED,
    .variants = variants,
    .fixed_needs = NEED_WEIGHTS,
    .score = score_random,
};
