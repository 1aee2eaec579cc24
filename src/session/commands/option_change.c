/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a change of options did. */
#include "session/commands/option_change.h"

#include <string.h>

#include "base/status.h"
#include "base/text.h"
#include "data/sampler.h"
#include "session/board.h"
#include "session/pass.h"
#include "session/pruning.h"
#include "session/ratio.h"
#include "session/reply.h"
#include "session/scored_images.h"
#include "session/session.h"
#include "session/state.h"
#include "session/words/option.h"
#include "view/style.h"

/* The session as it was before, its parts counted. */
struct option_change {
    struct call *call;
    struct state before;
};

static bool changed(const struct option_change *change, int id)
{
    return strcmp(option_text(change->before.options, (enum option_id)id),
                  option_text(change->call->session->state.options, (enum option_id)id)) != 0;
}

/* "ratio 0.6, was 0.4; bins 20, was auto" of the options whose change is not seen or, with `display`, of all.
 */
static void add_changes(const struct option_change *change, bool display, struct text *text)
{
    for (int i = 0; option_at(i); i++) {
        if (!changed(change, i) || (option_at(i)->group->seen && !display))
            continue;
        text_add_format(text, "%s%s %s, was %s", text->length ? "; " : "", option_name(i),
                        option_text(change->call->session->state.options, (enum option_id)i),
                        option_text(change->before.options, (enum option_id)i));
    }
}

/* Scores that are others than before, or, with `dropped`, that are gone. */
static void add_scores(const struct option_change *change, bool dropped, struct text *text)
{
    const struct board *before = change->before.board;
    for (int i = 0; i < before->count; i++) {
        const struct score_entry *now = session_entry(change->call->session, before->entries[i].choice.label);
        if (dropped ? !now : now && now->scores != before->entries[i].scores)
            text_add_format(text, "%s%s", text->length ? ", " : "", before->entries[i].choice.label);
    }
}

static void tell_selection(const struct option_change *change)
{
    const struct session *session = change->call->session;
    const struct pruning *pruning = session->state.pruning;
    if (session->state.model != change->before.model && change->before.pruning->how)
        reply_add(change->call->reply, STYLE_NOTE,
                  "what was selected is dropped, for channels go together in another way now");
    if (!pruning || !pruning->how)
        return;
    const struct score_entry *before = board_entry(change->before.board, pruning->rule.criterion);
    const struct score_entry *now = session_entry(session, pruning->rule.criterion);
    if (before && (!now || now->scores != before->scores))
        reply_add(change->call->reply, STYLE_NOTE,
                  "what is selected was chosen by the scores of %s before: prune selects anew",
                  pruning->rule.criterion);
}

/* Scores of a sample that the options do not describe any more. */
static bool sample_is_old(const struct session *session)
{
    struct pass_settings wanted;
    struct error ignored = {0};
    const struct pass *pass = session->state.board->pass;
    return session->state.board->count && pass &&
           options_sample(session->state.options, &wanted.sample, &ignored) == STATUS_OK &&
           options_augmentation(session->state.options, &wanted.augmentation, &ignored) == STATUS_OK &&
           (!scored_images_are(pass->dataset, session->state.options) ||
            !pass_images_equal(&wanted, &pass->settings) ||
            options_training(session->state.options) != pass->settings.training);
}

static void tell_waiting(const struct option_change *change)
{
    static const enum option_id of_sample[] = {OPTION_ON,      OPTION_SAMPLES, OPTION_BALANCED, OPTION_ORDER,
                                               OPTION_AUGMENT, OPTION_MODE,    OPTION_SEED};
    const struct session *session = change->call->session;
    struct reply *reply = change->call->reply;
    bool sample = false;
    for (size_t i = 0; i < sizeof of_sample / sizeof *of_sample; i++)
        sample |= changed(change, of_sample[i]);
    if (sample && sample_is_old(session))
        reply_add(reply, STYLE_NOTE, "the scores stay those of the sample before, until the next score");
    if (changed(change, OPTION_NORMALIZE) && session->state.dataset)
        reply_add(reply, STYLE_NOTE, "the data set stays as it was opened, until the next data");
    int own = changed(change, OPTION_RATIO) ? own_ratios(&session->state) : 0;
    if (own)
        reply_add(reply, STYLE_NOTE, "%d %s a ratio of %s own, which counts there", own,
                  own == 1 ? "block has" : "blocks have", own == 1 ? "its" : "their");
}

static void tell_change(const struct option_change *change)
{
    struct reply *reply = change->call->reply;
    struct text text = {0}, anew = {0}, dropped = {0};
    add_changes(change, true, &text);
    bool none = !text.length;
    text_clear(&text);
    add_changes(change, false, &text);
    if (text.length || none)
        reply_line(reply, "%s", none ? "nothing changes" : reply_text(reply, &text));
    add_scores(change, false, &anew);
    if (anew.length)
        reply_add(reply, STYLE_NOTE, "computed anew: %s", reply_text(reply, &anew));
    add_scores(change, true, &dropped);
    if (dropped.length)
        reply_add(reply, STYLE_NOTE, "dropped, for want of another pass: %s; 'score' scores again",
                  reply_text(reply, &dropped));
    text_clear(&text);
    add_changes(change, true, &text);
    if (none)
        text_add(&text, "nothing changes");
    if (anew.length)
        text_add_format(&text, "; computed anew: %s", text_data(&anew));
    if (dropped.length)
        text_add_format(&text, "; dropped: %s", text_data(&dropped));
    reply_result(reply, &text);
    text_free(&text);
    text_free(&anew);
    text_free(&dropped);
    tell_waiting(change);
    tell_selection(change);
}

status change_options(struct call *call, struct error *error)
{
    struct option_change change = {call, state_retain(&call->session->state)};
    status code = session_set_options(call->session, &call->options, error);
    if (code == STATUS_OK)
        tell_change(&change);
    state_free(&change.before);
    return code;
}
