/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scoring: whether it takes a pass, and the pass. */
#include <string.h>

#include "base/digest.h"
#include "base/status.h"
#include "data/sampler.h"
#include "nn/engine/aim.h"
#include "score/criterion.h"
#include "score/criterion_options.h"
#include "score/score.h"
#include "session/board.h"
#include "session/board_internal.h"
#include "session/model.h"
#include "session/pass.h"
#include "session/pass_loss.h"
#include "session/words/choice.h"
#include "session/words/option.h"

static status pass_settings_of(const struct board_source *source, struct pass_settings *settings,
                               struct error *error)
{
    const struct options *options = source->options;
    *settings = (struct pass_settings){
        .real = options_precision(options),
        .kernel = options_kernel(options),
        .micro_batch = option_integer(options, OPTION_MICRO_BATCH),
        .memory = options_memory(options),
        .batch = option_integer(options, OPTION_BATCH),
        .training = options_training(options),
    };
    if (options_augmentation(options, &settings->augmentation, error) ||
        pass_loss_of(options, source->model, &settings->loss, error))
        return error->code;
    return options_sample(options, &settings->sample, error);
}

/* Run the pass over a new sample, in the place of next's. */
static status make_pass(const struct board_source *source, const struct pass_settings *settings,
                        const struct criterion_options *base, unsigned needs, struct pool *pool,
                        struct progress *progress, struct board *next, struct error *error)
{
    status code = pass_loss_fits(&settings->loss, source->model, source->dataset, error);
    if (code != STATUS_OK)
        return code;
    struct pass *pass = pass_new(source->dataset, settings);
    if (!pass)
        return error_memory(error);
    struct open_loss loss = {0};
    code = sample_draw(source->dataset, &settings->sample, &pass->sample, error);
    struct watched_pass watched = {source, next, pass, base};
    struct score_watch watch = board_watch(&watched);
    struct score_pass work = {
        .graph = source->model->graph,
        .layers = source->model->layers,
        .dataset = source->dataset,
        .sample = &pass->sample,
        .augmentation = &settings->augmentation,
        .augmentation_seed = settings->sample.seed,
        .needs = needs,
        .aim = &loss.aim,
        .real = settings->real,
        .kernel = settings->kernel,
        .micro_batch = settings->micro_batch,
        .memory = settings->memory,
        .batch = settings->batch,
        .training = settings->training,
        .pool = pool,
        .progress = progress,
        .watch = source->live ? &watch : NULL,
    };
    if (code == STATUS_OK)
        code = board_fill_from_weights(source, base, next, error);
    if (code == STATUS_OK)
        code = pass_loss_open(&settings->loss, source->recipe_program, progress, &loss, error);
    if (code == STATUS_OK)
        code = score_statistics_compute(&work, &pass->statistics, error);
    open_loss_close(&loss);
    if (code != STATUS_OK) {
        pass_free(pass);
        return code;
    }
    pass_subject(source->model, source->dataset, pass->subject);
    if (source->passes)
        passes_add(source->passes, pass);
    pass_free(next->pass);
    next->pass = pass;
    return STATUS_OK;
}

/* A pass from before that serves the needs of all. */
static struct pass *remembered_pass(const struct board_source *source, const struct pass_settings *settings,
                                    unsigned needs, bool batched)
{
    char subject[DIGEST_SIZE];
    if (!source->passes)
        return NULL;
    pass_subject(source->model, source->dataset, subject);
    return passes_find(source->passes, subject, settings, needs, batched ? settings->batch : 0);
}

/* Needs of the choices alone, and whether the last pass serves them all. */
static unsigned asked_needs(const struct board_source *source, const struct choice *choices, int count,
                            const struct criterion_options *base, bool *served)
{
    unsigned all = 0;
    *served = true;
    for (int i = 0; i < count; i++) {
        struct criterion_options own = choice_options(&choices[i], base);
        unsigned needs = choice_needs(&choices[i], base, source->model->layers);
        all |= needs;
        *served &= pass_serves(source->board->pass, &choices[i], &own, needs);
    }
    return all & PASS_NEEDS;
}

/* Does a criterion look at batches? */
static bool is_batched(const struct board *board, const struct criterion_options *base)
{
    for (int i = 0; i < board->count; i++) {
        const struct criterion_options own = choice_options(&board->entries[i].choice, base);
        if (choice_is_batched(&board->entries[i].choice, &own))
            return true;
    }
    return false;
}

/* Would a pass be the one that the board has? Another data set may have been opened since. */
static bool is_last(const struct board_source *source, const struct pass_settings *settings)
{
    const struct pass *last = source->board->pass;
    char subject[DIGEST_SIZE];
    if (!pass_settings_equal(settings, &last->settings))
        return false;
    if (source->dataset == last->dataset)
        return true;
    pass_subject(source->model, source->dataset, subject);
    return strcmp(subject, last->subject) == 0;
}

/* Give `next` a pass that serves the choices. */
static status bring_pass(const struct board_source *source, const struct choice *choices, int count,
                         struct pool *pool, struct progress *progress, struct board *next,
                         struct score_outcome *outcome, struct error *error)
{
    struct criterion_options base = options_criterion(source->options);
    struct pass_settings settings;
    bool served;
    unsigned needs = asked_needs(source, choices, count, &base, &served);
    if (!needs)
        return STATUS_OK;
    status code = pass_settings_of(source, &settings, error);
    if (code == STATUS_OK && settings.loss.kind == AIM_NONE && (needs & ~(unsigned)NEED_ANY_ACTIVATION))
        code = error_set(error, STATUS_STATE,
                         "the network %s does not classify: gradients need a loss. 'set loss sum', 'set loss "
                         "l2' or 'set loss FILE.lua' names one",
                         source->model->name);
    if (code != STATUS_OK)
        return code;
    if (!source->dataset)
        return error_set(error, STATUS_STATE,
                         "these criteria need gradients, and no data set is open: 'data shapes' or "
                         "'data KIND PATH' opens one");
    if (served && is_last(source, &settings)) {
        outcome->reused = true;
        return STATUS_OK;
    }
    /* What is held already comes along to the new sample, so that all scores belong to one. */
    for (int i = 0; i < next->count; i++)
        if (!criterion_is_retired(next->entries[i].choice.criterion))
            needs |= choice_needs(&next->entries[i].choice, &base, source->model->layers) & PASS_NEEDS;
    struct pass *pass = remembered_pass(source, &settings, needs, is_batched(next, &base));
    if (pass) {
        pass_retain(pass);
        pass_free(next->pass);
        next->pass = pass;
        outcome->reused = true;
        return STATUS_OK;
    }
    outcome->passed = true;
    return make_pass(source, &settings, &base, needs, pool, progress, next, error);
}

status board_score(const struct board_source *source, const struct choice *choices, int count,
                   struct pool *pool, struct progress *progress, struct board **next,
                   struct score_outcome *outcome, struct error *error)
{
    struct criterion_options base = options_criterion(source->options);
    *outcome = (struct score_outcome){0};
    struct board *made = board_copy(source->board);
    if (!made)
        return error_memory(error);
    status code = board_add_choices(made, choices, count, error);
    if (code == STATUS_OK)
        code = bring_pass(source, choices, count, pool, progress, made, outcome, error);
    if (code == STATUS_OK) {
        board_drop_unserved(source, &base, made);
        code = board_fill(source, &base, made, error);
    }
    if (code != STATUS_OK) {
        board_free(made);
        return code;
    }
    board_hand_over(made, source->board, next);
    return STATUS_OK;
}
