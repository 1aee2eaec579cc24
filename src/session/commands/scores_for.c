/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scores of a criterion by its label. */
#include "session/commands/scores_for.h"

#include "base/status.h"
#include "score/criterion.h"
#include "score/criterion_options.h"
#include "session/board.h"
#include "session/session.h"
#include "session/words/choice.h"
#include "session/words/option.h"

static status needs_pass(const char *label, struct error *error)
{
    return error_set(error, STATUS_STATE, "%s is not scored yet, and that takes a pass: 'score %s' scores it",
                     label, label);
}

status bring_scores(struct call *call, const char *label, const struct score_entry **entry,
                    struct error *error)
{
    struct session *session = call->session;
    struct choice choice;
    struct score_outcome outcome;
    *entry = session_entry(session, label);
    if (*entry)
        return STATUS_OK;
    status code = choice_parse(label, &choice, error);
    if (code != STATUS_OK)
        return code;
    struct criterion_options base = options_criterion(session->state.options);
    if (choice_needs(&choice, &base, session->state.model->layers) & PASS_NEEDS)
        return needs_pass(label, error);
    struct options options = *session->state.options;
    code = session_score(session, &choice, 1, &options, call->progress, &outcome, error);
    *entry = session_entry(session, label);
    return code;
}

status scores_for(const struct call *call, const char *label, int seed_shift, struct scores **scores,
                  struct error *error)
{
    struct session *session = call->session;
    const struct score_entry *entry = session_entry(session, label);
    struct choice choice;
    struct pool *pool;
    if (entry && !seed_shift) {
        *scores = scores_retain(entry->scores);
        return STATUS_OK;
    }
    status code = choice_parse(label, &choice, error);
    if (code != STATUS_OK)
        return code;
    struct criterion_options options = options_criterion(session->state.options);
    if (choice_needs(&choice, &options, session->state.model->layers) & PASS_NEEDS)
        return needs_pass(label, error);
    options = choice_options(&choice, &options);
    options.seed += (uint64_t)seed_shift;
    code = session_pool(session, &pool, error);
    if (code != STATUS_OK)
        return code;
    return scores_compute(session->state.model->graph, session->state.model->layers, choice.criterion,
                          &options, NULL, pool, scores, error);
}
