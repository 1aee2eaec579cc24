/* SPDX-License-Identifier: GPL-3.0-or-later */
/* search: from what was found to a selection, a recipe, and a measurement that need not be made again. */
#include "session/commands/search_internal.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "nn/engine/quality.h"
#include "search/search.h"
#include "session/commands/grouping.h"
#include "session/language/command.h"
#include "session/measurement.h"
#include "session/model.h"
#include "session/pruning.h"
#include "session/recipe.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/what_if.h"

/* The ratios found, and how `prune` comes from them to a selection. */
static status found_ratios(const struct search_call *work, struct pruning **pruning, struct error *error)
{
    const struct state *state = &work->call->session->state;
    status code = pruning_new(state->model, pruning, error);
    if (code != STATUS_OK)
        return code;
    struct pruning *made = *pruning;
    search_ratios(work->search, work->outcome.found, made->ratio);
    for (int b = 0; b < made->block_count; b++) {
        made->excluded[b] = state->pruning->excluded[b];
        made->chosen[b] = made->excluded[b] || made->ratio[b] > 0;
    }
    snprintf(made->rule.criterion, sizeof made->rule.criterion, "%s", work->label);
    made->rule.grouping = work->sweep.grouping;
    made->rule.options = work->sweep.select;
    made->rule.options.cap = 1; /* the ratios keep to it */
    return STATUS_OK;
}

/* `made` becomes what its own recipe makes, and the session file gets that: opening it searches nothing.
 * Where no recipe can say it, it stays as it is. */
static status through_recipe(const struct search_call *work, struct pruning **made, struct text *lines,
                             struct error *error)
{
    const struct model *model = work->call->session->state.model;
    struct recipe recipe = {.model = model};
    struct text log = {0};
    status code = recipe_lines(model, *made, lines, error);
    if (code == STATUS_STATE) {
        text_clear(lines);
        return STATUS_OK;
    }
    if (code == STATUS_OK)
        code = pruning_new(model, &recipe.pruning, error);
    if (code != STATUS_OK)
        return code;
    code = recipe_read_lines(&recipe, text_data(lines), error);
    recipe_log(&recipe, &log);
    text_add(&log, "prune\n");
    work->call->reply->log = log.failed ? NULL : mem_string(text_data(&log));
    if (code == STATUS_OK && !work->call->reply->log)
        code = error_memory(error);
    text_free(&log);
    recipe_end(&recipe);
    pruning_free(code == STATUS_OK ? *made : recipe.pruning);
    if (code == STATUS_OK)
        *made = recipe.pruning;
    return code;
}

static status write_recipe(const struct search_call *work, const struct text *lines, struct error *error)
{
    const struct setting *path = call_setting(work->call, "recipe");
    struct text file = {0}, found = {0};
    if (!path)
        return STATUS_OK;
    if (!lines->length)
        return error_set(
            error, STATUS_STATE,
            "recipe=%s: no recipe can hold these ratios: some channels are of no layer of their own",
            path->text);
    text_add_search_found(&found, work);
    text_add_format(&file, "# search by %s, %s: %s\n%s", work->label, search_method_name(work->goal.method),
                    text_data(&found), text_data(lines));
    status code = file.failed || found.failed
                      ? error_memory(error)
                      : file_replace(path->text, text_data(&file), file.length, error);
    text_free(&file);
    text_free(&found);
    return code;
}

status search_select_found(const struct search_call *work, struct pruning **next, struct error *error)
{
    const struct session *session = work->call->session;
    struct text lines = {0};
    status code = found_ratios(work, next, error);
    if (code != STATUS_OK)
        return code;
    const struct score_entry *entry = session_entry(session, work->label);
    code = through_recipe(work, next, &lines, error);
    if (code == STATUS_OK)
        code = pruning_select(*next, session->state.model, entry->scores, entry_statistics(session, entry),
                              error);
    if (code == STATUS_OK)
        code = keep_rule_text(session, *next, error);
    if (code == STATUS_OK)
        code = write_recipe(work, &lines, error);
    text_free(&lines);
    if (code != STATUS_OK)
        pruning_free(*next);
    return code;
}

/* The accuracy was measured: it need not be again. What is known already is not replaced, it knows more. */
status search_keep_measured(const struct search_call *work, int candidate, const char *network,
                            struct error *error)
{
    struct session *session = work->call->session;
    const struct search_candidate *found = &work->search->candidates[candidate];
    if (!found->judged || work->search->measure != QUALITY_ACCURACY)
        return STATUS_OK;
    struct measurement measurement = {.on = measured_on(session->state.dataset, &work->sweep.sample.options),
                                      .measure = work->search->measure,
                                      .images = work->search->images,
                                      .top1 = found->right,
                                      .top5 = found->first_five,
                                      .unanswered = found->unanswered,
                                      .loss = found->loss};
    if (measurements_find(&session->measurements, network, &measurement.on))
        return STATUS_OK;
    memcpy(measurement.network, network, sizeof measurement.network);
    measurement_count(&measurement);
    return measurements_add(&session->measurements, &measurement, error);
}
