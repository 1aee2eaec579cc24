/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How good a network is while it learns: on another split of the data set. */
#include <math.h>
#include <string.h>

#include "base/status.h"
#include "base/text.h"
#include "data/dataset.h"
#include "data/sampler.h"
#include "session/commands/measured.h"
#include "session/commands/training_internal.h"
#include "session/language/command.h"
#include "session/measurement.h"
#include "session/model.h"
#include "session/pruning.h"
#include "session/session.h"
#include "session/shown.h"
#include "session/words/option.h"
#include "session/words/value.h"
#include "stats/evaluate.h"
#include "train/trainer.h"

/* --- which images --------------------------------------------------------------------------------------- */

static status open_split(const struct training_work *work, const char *split, struct dataset **dataset,
                         struct error *error)
{
    struct session *session = work->call->session;
    struct pool *pool;
    status code = session_pool(session, &pool, error);
    if (code == STATUS_OK)
        code = dataset_open_split(session->state.dataset, split, pool, work->call->progress, dataset, error);
    if (code != STATUS_OK)
        return code;
    code = model_fits(session->state.model, *dataset, error);
    if (code != STATUS_OK)
        dataset_free(*dataset);
    return code;
}

/* Of data that are learnt from, the first split that is meant for judging, is there and has other images;
 * else the very same images. */
static status choose_split(struct training_work *work, struct error *error)
{
    static const char *const candidates[] = {"val", "test"};
    struct training_judge *judge = &work->judge;
    struct dataset *own = work->call->session->state.dataset;
    for (size_t i = 0; dataset_is_training(own) && i < sizeof candidates / sizeof *candidates; i++) {
        struct error ignored = {0};
        status code = open_split(work, candidates[i], &judge->dataset, &ignored);
        if (code == STATUS_CANCELLED || code == STATUS_MEMORY) {
            *error = ignored;
            return code;
        }
        if (code == STATUS_OK && strcmp(dataset_digest(judge->dataset), dataset_digest(own)) != 0)
            return STATUS_OK;
        if (code == STATUS_OK)
            dataset_free(judge->dataset);
    }
    judge->dataset = dataset_retain(own);
    judge->same = true;
    return STATUS_OK;
}

static status find_split(struct training_work *work, struct error *error)
{
    struct training_judge *judge = &work->judge;
    struct dataset *own = work->call->session->state.dataset;
    struct setting_value on;
    status code = call_value(work->call, "on", &on, error);
    if (code != STATUS_OK || strcmp(on.text, "none") == 0)
        return code;
    if (strcmp(on.text, "auto") == 0)
        return choose_split(work, error);
    judge->same = strcmp(on.text, own->split) == 0;
    if (judge->same)
        judge->dataset = dataset_retain(own);
    else
        code = open_split(work, on.text, &judge->dataset, error);
    if (code != STATUS_OK) {
        judge->dataset = NULL;
        error_prefix(error, "on=%s: ", on.text);
    }
    return code;
}

status training_judge_open(struct training_work *work, struct error *error)
{
    struct training_judge *judge = &work->judge;
    struct sample_options options;
    struct setting_value size;
    status code = find_split(work, error);
    if (code == STATUS_OK)
        code = call_value(work->call, "judge", &size, error);
    if (code != STATUS_OK || !judge->dataset)
        return code;
    code = options_sample(&work->call->options, &options, error);
    if (code != STATUS_OK)
        return code;
    options.count = 0;
    options.fraction = 0;
    options.balanced = false;
    code = sample_parse_size(size.text, &options, error);
    if (code == STATUS_OK)
        code = sample_draw(judge->dataset, &options, &judge->sample, error);
    if (code != STATUS_OK)
        error_prefix(error, "judge=%s: ", size.text);
    return code;
}

void training_judge_free(struct training_judge *judge)
{
    sample_free(&judge->sample);
    dataset_free(judge->dataset);
    measurement_free(&judge->best);
}

void text_add_judged(struct text *text, const struct training_work *work)
{
    text_add_images(text, work->judge.sample.count, work->judge.dataset->split);
}

/* --- how good ------------------------------------------------------------------------------------------- */

static void score_of(const struct measurement *measurement, struct training_score *score)
{
    *score = (struct training_score){measurement->value, measurement->loss};
}

/* What is known of the network before stays known, whatever becomes of the training. */
static status judge_start(struct training_work *work, const struct measuring *measuring,
                          const struct graph *graph, struct error *error)
{
    struct session *session = work->call->session;
    const char *network = session->state.pruning->network;
    const struct measurement *known = measured(measuring, network);
    status code = STATUS_OK;
    if (!known) {
        struct evaluation evaluation = {0};
        code = measure_network(measuring, graph, network, &evaluation, error);
        evaluation_free(&evaluation);
        known = code == STATUS_OK ? measured(measuring, network) : NULL;
    }
    if (!known)
        return code;
    work->judge.start = *known;
    work->judge.start.correct = NULL;
    work->judge.start.answers = NULL;
    work->judge.start.credit = NULL;
    work->judge.start.confusion = NULL;
    work->judge.knows_start = true;
    return STATUS_OK;
}

/* As the trainer does: the highest value, of equals the first. */
static bool is_better(const struct training_judge *judge, const struct measurement *found)
{
    const double best = judge->has_best ? judge->best.value : judge->knows_start ? judge->start.value : NAN;
    return !isnan(found->value) &&
           (isnan(best) || found->value > best || (!judge->has_best && !judge->knows_start));
}

status training_judge(void *argument, const struct graph *graph, struct training_score *score,
                      struct error *error)
{
    struct training_work *work = argument;
    struct training_judge *judge = &work->judge;
    const struct measuring measuring = {
        .call = work->call, .sample = &judge->sample, .dataset = judge->dataset, .title = "judging"};
    struct evaluation evaluation = {0};
    struct measurement found;
    if (!judge->knows_start && !work->resumed) {
        status code = judge_start(work, &measuring, graph, error);
        score_of(&judge->start, score);
        return code;
    }
    status code = measure_graph(&measuring, graph, &evaluation, &found, error);
    evaluation_free(&evaluation);
    if (code != STATUS_OK)
        return code;
    score_of(&found, score);
    if (!is_better(judge, &found)) {
        measurement_free(&found);
        return STATUS_OK;
    }
    measurement_free(&judge->best);
    judge->best = found;
    judge->has_best = true;
    return STATUS_OK;
}
