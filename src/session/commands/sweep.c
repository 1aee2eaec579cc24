/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Preparing sweeps over ratios. */
#include "session/commands/sweep.h"

#include <math.h>
#include <string.h>

#include "base/digest.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "data/dataset.h"
#include "prune/group_score.h"
#include "prune/selection.h"
#include "score/criterion.h"
#include "session/board.h"
#include "session/commands/chosen.h"
#include "session/commands/scores_for.h"
#include "session/judgement.h"
#include "session/lacking.h"
#include "session/measurement.h"
#include "session/model.h"
#include "session/session.h"
#include "session/shown.h"
#include "session/target.h"
#include "session/words/option.h"
#include "session/words/value.h"
#include "view/figure.h"

const int sweep_options[] = {OPTION_ROUND,       OPTION_ORDER,     OPTION_BALANCED,
                             OPTION_SEED,        OPTION_PRECISION, OPTION_KERNEL,
                             OPTION_MICRO_BATCH, OPTION_MEMORY,    OPTION_NONE};

static status read_ratios(const struct call *call, struct sweep *sweep, struct error *error)
{
    const struct setting *given = call_setting(call, "ratios");
    int option;
    const char *text =
        given ? given->value.text : command_parameter(call->invocation->command, "ratios", &option)->initial;
    if (strlen(text) >= VALUE_TEXT_SIZE - 1)
        return error_set(error, STATUS_RANGE, "ratios: the list is too long");
    status code = ratio_list_parse(text, sweep->ratios, &sweep->ratio_count, error);
    return code == STATUS_OK ? code : error_prefix(error, "ratios: ");
}

/* Free blocks of the target; words pass by what is to be left alone. */
static status read_blocks(const struct call *call, struct sweep *sweep, struct error *error)
{
    const struct session *session = call->session;
    struct setting_value where;
    struct target target;
    status code = call_value(call, "where", &where, error);
    if (code == STATUS_OK)
        code = target_find(session->state.model, where.text, &target, error);
    if (code != STATUS_OK)
        return code;
    bool any = false;
    for (int i = 0; i < session->state.pruning->block_count; i++) {
        target.blocks[i] &=
            !target_is_word(session->state.model->layers, where.text) || !session->state.pruning->excluded[i];
        any |= target.blocks[i];
    }
    sweep->included = target.blocks;
    return any ? STATUS_OK
               : error_set(error, STATUS_STATE, "every block of '%s' is to be left alone", where.text);
}

static status read_rule(const struct call *call, struct sweep *sweep, struct error *error)
{
    struct setting_value round_to, minimum;
    status code = call_value(call, "round_to", &round_to, error);
    if (code == STATUS_OK)
        code = call_value(call, "min", &minimum, error);
    if (code != STATUS_OK)
        return code;
    sweep->select =
        (struct select_options){.rounding = (enum rounding)option_integer(&call->options, OPTION_ROUND),
                                .round_to = round_to.integer,
                                .minimum = minimum.integer,
                                .cap = 1};
    sweep->grouping = call_grouping(call, NULL, 0);
    sweep->real = options_precision(&call->options);
    sweep->kernel = options_kernel(&call->options);
    sweep->micro_batch = option_integer(&call->options, OPTION_MICRO_BATCH);
    sweep->memory = options_memory(&call->options);
    return STATUS_OK;
}

status sweep_prepare_blocks(const struct call *call, struct sweep *sweep, struct error *error)
{
    status code = read_blocks(call, sweep, error);
    return code == STATUS_OK ? read_rule(call, sweep, error) : code;
}

status sweep_prepare_prunes(struct call *call, struct sweep *sweep, struct error *error)
{
    *sweep = (struct sweep){0};
    status code = model_fits(call->session->state.model, call->session->state.dataset, error);
    if (code == STATUS_OK)
        code = read_ratios(call, sweep, error);
    return code == STATUS_OK ? sweep_prepare_blocks(call, sweep, error) : code;
}

status sweep_prepare(struct call *call, struct sweep *sweep, struct error *error)
{
    status code = sweep_prepare_prunes(call, sweep, error);
    return code == STATUS_OK ? call_sample(call, &sweep->sample, error) : code;
}

void sweep_free(struct sweep *sweep)
{
    mem_free(sweep->included);
    sample_free(&sweep->sample);
    *sweep = (struct sweep){0};
}

void sweep_add_key(const struct sweep *sweep, const struct session *session, struct text *key)
{
    const double numbers[] = {sweep->select.rounding,
                              (double)sweep->select.round_to,
                              (double)sweep->select.minimum,
                              sweep->grouping.combine,
                              sweep->grouping.compat,
                              sweep->grouping.members,
                              sweep->grouping.normaliser,
                              sweep->real,
                              sweep->kernel,
                              (double)sweep->micro_batch};
    const struct dataset *dataset = session->state.dataset;
    const char *digest = dataset ? dataset_digest(dataset) : "";
    key_add(key, session->state.model->network, DIGEST_SIZE);
    key_add(key, digest, strlen(digest) + 1); /* a kind of its own may name its data as it likes */
    if (dataset)
        text_add(key, dataset->normalization);
    key_add(key, sweep->ratios, (size_t)sweep->ratio_count * sizeof *sweep->ratios);
    key_add(key, sweep->included, (size_t)session->state.pruning->block_count * sizeof *sweep->included);
    key_add(key, sweep->sample.records, (size_t)sweep->sample.count * sizeof *sweep->sample.records);
    key_add(key, numbers, sizeof numbers);
}

status sweep_scores(const struct call *call, const struct sweep *sweep, const char *label, int seed_shift,
                    double **class_score, struct error *error)
{
    const struct model *model = call->session->state.model;
    struct scores *scores;
    status code = scores_for(call, label, seed_shift, &scores, error);
    if (code != STATUS_OK)
        return code;
    *class_score = mem_new((size_t)model->coupling->class_count + 1, sizeof **class_score);
    const struct score_entry *entry = session_entry(call->session, label);
    code = *class_score ? group_scores(model->coupling, scores, entry_statistics(call->session, entry),
                                       &sweep->grouping, *class_score, error)
                        : error_memory(error);
    if (code == STATUS_OK && seed_shift == 0)
        reply_filters_alone(call->reply, label, scores, &sweep->grouping);
    if (code == STATUS_OK && seed_shift == 0)
        reply_lacking(call->session, call->reply, label, scores);
    scores_free(scores);
    if (code != STATUS_OK) {
        mem_free(*class_score);
        *class_score = NULL;
    }
    return code;
}

double sweep_baseline(const struct sweep *sweep, const struct session *session)
{
    struct measured_on on = measured_on(session->state.dataset, &sweep->sample.options);
    const struct measurement *found =
        measurements_find(&session->measurements, session->state.model->network, &on);
    return found ? found->value : NAN;
}

double sweep_noise(const struct sweep *sweep, double baseline)
{
    const double least = 0.01, images = (double)sweep->sample.count;
    double share = isnan(baseline) ? 0.5 : baseline;
    return fmax(least, 2 * sqrt(share * (1 - share) / images));
}

void text_add_sweep_sample(struct text *text, const struct sweep *sweep, const struct session *session)
{
    const struct sample_options *options = &sweep->sample.options;
    text_add_thousands(text, sweep->sample.count);
    text_add_format(text, " images (%s %s", session->state.dataset->kind->name,
                    session->state.dataset->split);
    if (options->order == SAMPLE_FIRST)
        text_add(text, ", the first");
    else if (sweep->sample.count < session->state.dataset->count)
        text_add_format(text, ", seed %llu", (unsigned long long)options->seed);
    text_add(text, ")");
}

void note_unanswered_points(struct figure *figure, int touched, int points)
{
    if (touched)
        figure_note(
            figure,
            "%d of %d points have images whose logits are not numbers: those count as wrong, and where "
            "there are no others the point has no accuracy",
            touched, points);
}

bool note_scored_on(struct figure *figure, const struct session *session, const char *label)
{
    const struct score_entry *entry = session_entry(session, label);
    if (!entry || !(entry->needs & PASS_NEEDS) ||
        session->state.board->pass->dataset == session->state.dataset)
        return false;
    struct text sample = {0};
    text_add_sample(&sample, session);
    figure_note(figure, "scored on %s", shown_words(figure, &sample));
    text_free(&sample);
    return true;
}
