/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Training: what the session has, learns; the best network of it (or the last) takes the place of the one
 * before. */
#include "session/commands/training.h"

#include <math.h>
#include <string.h>

#include "base/digest.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/text.h"
#include "data/augment.h"
#include "data/dataset.h"
#include "data/sampler.h"
#include "nn/engine/quality.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "session/commands/chosen.h"
#include "session/commands/measured.h"
#include "session/commands/other_weights.h"
#include "session/commands/training_internal.h"
#include "session/judgement.h"
#include "session/live.h"
#include "session/measurement.h"
#include "session/model.h"
#include "session/pruning.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/shown.h"
#include "session/training_hooks.h"
#include "session/version.h"
#include "session/what_if.h"
#include "session/words/option.h"
#include "stats/evaluate.h"
#include "train/trainer.h"
#include "view/style.h"

/* --- while it runs -------------------------------------------------------------------------------------- */

static bool watch_due(void *argument)
{
    struct training_work *work = argument;
    work->due = live_due(work->call->session->live);
    return work->due;
}

/* A script hears of every epoch, and may end it. */
static void tell_epochs(struct training_work *work, const struct training_view *view)
{
    const struct training_hooks *hooks = work->call->session->hooks;
    for (; work->records < view->record_count; work->records++) {
        if (!hooks || !hooks->epoch || work->trouble.code != STATUS_OK)
            continue;
        if (hooks->epoch(hooks->argument, &view->records[work->records], &work->stop, &work->trouble) !=
            STATUS_OK)
            work->stop = true;
    }
}

static void watch(void *argument, const struct training_view *view)
{
    struct training_work *work = argument;
    tell_epochs(work, view);
    if (work->due && view->step < view->steps)
        training_show(work, view);
    work->due = false;
}

static bool stop(void *argument, int64_t step)
{
    const struct training_work *work = argument;
    return work->stop || (work->plan.steps > 0 && step >= work->plan.steps);
}

/* A checkpoint that cannot be written takes nothing from the training, which goes on. */
static status run_through(struct training_work *work, struct error *error)
{
    for (;;) {
        const int64_t before = trainer_view(work->trainer).step;
        struct error now = {0};
        status code = trainer_run(work->trainer, &now);
        const struct training_view view = trainer_view(work->trainer);
        if (code == STATUS_OK || code == STATUS_CANCELLED || code == STATUS_NAN || !work->plan.checkpoint) {
            if (code != STATUS_OK)
                *error = now;
            return code;
        }
        const bool cancelled = trainer_end(work->trainer) == TRAINING_CANCELLED;
        if (view.step == before && view.step < view.steps && !cancelled) {
            *error = now;
            return code;
        }
        work->unwritten = now;
        if (cancelled || view.step == view.steps)
            return cancelled ? STATUS_CANCELLED : STATUS_OK;
    }
}

/* --- what to train -------------------------------------------------------------------------------------- */

static status check_session(const struct session *session, struct error *error)
{
    if (other_weights_allowed(session, error))
        return error->code;
    return model_fits(session->state.model, session->state.dataset, error);
}

static status refuse_scripts(const struct training_work *work, struct error *error)
{
    const struct training_hooks *hooks = work->call->session->hooks;
    if (work->plan.penalised && !training_hooks_change(hooks))
        return error_set(error, STATUS_STATE,
                         "a script's function was part of this training: only the script can do it again");
    return STATUS_OK;
}

static status make_trainer(struct training_work *work, struct error *error)
{
    struct session *session = work->call->session;
    const struct training_hooks *hooks = session->hooks;
    struct training training = {
        .graph = session->state.model->graph,
        .digest = session->state.pruning->network,
        .program = PROGRAM_NAME " " PROGRAM_VERSION,
        .dataset = session->state.dataset,
        .sample = &work->sample,
        .augmentation = &work->plan.augmentation,
        .teacher = work->plan.teacher ? model_original(session->state.model)->graph : NULL,
        .options = work->plan.options,
        .progress = work->call->progress,
        .judge = work->judge.dataset ? training_judge : NULL,
        .judge_argument = work,
        .watch = watch,
        .watch_due = session->live ? watch_due : NULL,
        .watch_argument = work,
        .stop = stop,
        .stop_argument = work,
        .checkpoint = work->plan.checkpoint,
    };
    training.options.judge_start = work->judge.dataset != NULL;
    if (!session->live && !(hooks && hooks->epoch))
        training.watch = NULL;
    if (work->plan.l1_scale > 0 || work->plan.group_lasso > 0 || (hooks && hooks->penalty)) {
        training.penalty = training_penalty;
        training.penalty_argument = work;
    }
    if (hooks && hooks->mask) {
        training.epoch_end = training_mask;
        training.epoch_end_argument = work;
    }
    status code = session_pool(session, &training.pool, error);
    if (code == STATUS_OK)
        code = trainer_new(&training, &work->trainer, error);
    if (code == STATUS_OK && work->plan.resume)
        code = trainer_resume(work->trainer, work->plan.resume, error);
    if (code != STATUS_OK)
        return code;
    const struct training_view view = trainer_view(work->trainer);
    work->resumed = view.step;
    work->records = view.record_count;
    return STATUS_OK;
}

static status prepare(struct training_work *work, struct error *error)
{
    struct session *session = work->call->session;
    status code = check_session(session, error);
    if (code == STATUS_OK)
        code = training_plan_read(work->call, &work->plan, error);
    if (code == STATUS_OK)
        code = refuse_scripts(work, error);
    if (code == STATUS_OK)
        code = augmentation_check(&work->plan.augmentation, session->state.dataset, error);
    if (code == STATUS_OK)
        code = call_sample(work->call, &work->sample, error);
    if (code == STATUS_OK)
        code = training_judge_open(work, error);
    return code == STATUS_OK ? make_trainer(work, error) : code;
}

/* --- what came of it ------------------------------------------------------------------------------------ */

static const struct training_record *best_record(const struct training_view *view)
{
    return view->best >= 0 ? &view->records[view->best] : NULL;
}

/* Whole epochs that ended. */
static int64_t epochs_done(const struct training_view *view)
{
    return view->record_count ? view->records[view->record_count - 1].epoch : 0;
}

/* Of the network that is left; NULL: it was not judged. */
static const struct training_record *kept_record(const struct training_work *work,
                                                 const struct training_view *view)
{
    if (!work->plan.keep_last)
        return best_record(view);
    const bool between = view->step == epochs_done(view) * view->epoch_steps;
    return view->record_count && between ? &view->records[view->record_count - 1] : NULL;
}

static bool is_complete(const struct training_work *work)
{
    return trainer_end(work->trainer) != TRAINING_CANCELLED;
}

/* Steps after which the same network would be there again; 0: all. Behind the last epoch that was judged
 * there is nothing that counts, where the best is kept. */
static int64_t steps_for(const struct training_work *work, const struct training_view *view)
{
    if (is_complete(work))
        return 0;
    return epochs_done(view) && !work->plan.keep_last ? epochs_done(view) * view->epoch_steps : view->step;
}

static status weights_digest(const struct graph *graph, struct text *key, struct error *error)
{
    struct digest_state state;
    char digest[DIGEST_SIZE];
    digest_begin(&state);
    for (int i = 0; i < graph->value_count; i++) {
        const struct tensor *tensor = graph->values[i].constant;
        if (tensor)
            digest_add(&state, tensor->data,
                       (size_t)shape_elements(&tensor->shape) * element_size(tensor->type));
    }
    digest_end(&state, digest);
    text_add(key, digest);
    return key->failed ? error_memory(error) : STATUS_OK;
}

/* What names the network is what was done to the one before, on which images; of a training that a script's
 * function had a part in, the weights that came out. */
static status name_network(const struct training_work *work, const struct training_view *view,
                           const struct graph *graph, char network[DIGEST_SIZE], struct error *error)
{
    const struct session *session = work->call->session;
    const struct training_hooks *hooks = session->hooks;
    const struct measured_on on = measured_on(session->state.dataset, &work->sample.options);
    struct text key = {0};
    status code = STATUS_OK;
    text_add_training_line(&key, work->call, steps_for(work, view), false);
    text_add_format(&key, "\n%s %s %llu %d %d\n", on.data, on.normalization,
                    (unsigned long long)work->plan.options.seed, (int)work->plan.options.real,
                    (int)work->sample.options.order);
    if (work->judge.dataset)
        text_add(&key, dataset_digest(work->judge.dataset));
    if (training_hooks_change(hooks))
        code = weights_digest(graph, &key, error);
    if (code == STATUS_OK)
        code = key.failed ? error_memory(error)
                          : network_name(session->state.pruning->network, text_data(&key), key.length,
                                         network, error);
    text_free(&key);
    return code;
}

static void text_add_quality(struct text *text, double value)
{
    if (isnan(value))
        text_add(text, "–");
    else
        text_add_rounded(text, 100 * value, 4);
}

static const char *kept_word(const struct training_work *work)
{
    return work->plan.keep_last ? "last" : "best";
}

/* "top-1 61.2 to 90.4 % on 10,000 test images" */
static void add_change(struct text *text, const struct training_work *work, const struct training_view *view)
{
    const struct training_record *kept = kept_record(work, view);
    if (!work->judge.dataset || !kept || isnan(kept->score.value)) {
        text_add(text, "trained");
        return;
    }
    text_add_format(text, "%s ", quality_words(model_measure(work->call->session->state.model))->brief);
    if (kept->epoch > 0 && view->records[0].epoch == 0) {
        text_add_quality(text, view->records[0].score.value);
        text_add(text, " to ");
    }
    text_add_quality(text, kept->score.value);
    text_add(text, " % on ");
    text_add_judged(text, work);
}

static void tell_result(struct training_work *work, const struct training_view *view)
{
    const struct training_record *kept = kept_record(work, view);
    const int64_t epochs = epochs_done(view);
    struct text text = {0};
    add_change(&text, work, view);
    text_add_format(&text, " in %lld %s", (long long)epochs, epochs == 1 ? "epoch" : "epochs");
    if (kept && epochs)
        text_add_format(&text, ", %s epoch %lld", kept_word(work), (long long)kept->epoch);
    if (option_flag(&work->call->options, OPTION_TIMING)) {
        text_add(&text, ", ");
        text_add_rounded(&text, view->seconds, 3);
        text_add(&text, " s");
    }
    reply_line(work->call->reply, "%s", reply_text(work->call->reply, &text));
    text_free(&text);
}

/* How it ended, where that is not as asked for. */
static void tell_end(struct training_work *work, const struct training_view *view)
{
    struct reply *reply = work->call->reply;
    struct text text = {0};
    text_add_thousands(&text, view->step);
    text_add(&text, " of ");
    text_add_thousands(&text, view->steps);
    if (trainer_end(work->trainer) == TRAINING_CANCELLED)
        reply_add(reply, STYLE_NOTE, "stopped after %s steps: %s", reply_text(reply, &text),
                  epochs_done(view) && !work->plan.keep_last ? "the network of the best epoch so far is kept"
                  : kept_record(work, view)                  ? "the network as it was then is kept"
                                            : "the network as it was then is kept; it is not judged");
    if (trainer_end(work->trainer) == TRAINING_PATIENCE)
        reply_add(reply, STYLE_NOTE, "no better epoch in %lld: stopped after epoch %lld",
                  (long long)work->plan.options.patience, (long long)epochs_done(view));
    if (work->unwritten.code != STATUS_OK)
        reply_add(reply, STYLE_ERROR, "the checkpoint is not that of the end: %s", work->unwritten.message);
    text_free(&text);
}

/* What was measured of the network that is kept, under its name. It may not be known: of the last, or when
 * the training was resumed. */
static status remember(struct training_work *work, const struct training_view *view,
                       const struct graph *graph, const char *network, struct error *error)
{
    struct training_judge *judge = &work->judge;
    const struct training_record *kept = kept_record(work, view);
    if (!judge->dataset || !kept || !epochs_done(view))
        return STATUS_OK;
    if (!judge->has_best || judge->best.value != kept->score.value || judge->best.loss != kept->score.loss) {
        const struct measuring measuring = {
            .call = work->call, .sample = &judge->sample, .dataset = judge->dataset, .title = "judging"};
        struct evaluation evaluation = {0};
        status code = measure_network(&measuring, graph, network, &evaluation, error);
        evaluation_free(&evaluation);
        return code == STATUS_CANCELLED ? STATUS_OK : code;
    }
    memcpy(judge->best.network, network, sizeof judge->best.network);
    status code = measurements_add(&work->call->session->measurements, &judge->best, error);
    if (code == STATUS_OK)
        judge->best = (struct measurement){.value = NAN};
    return code;
}

/* One line for the record of what was done to the network. */
static void describe(const struct training_work *work, const struct training_view *view, struct text *made)
{
    const struct session *session = work->call->session;
    const struct training_record *kept = kept_record(work, view);
    text_add_format(made, "%s:", work->call->invocation->command->name);
    text_add_training_settings(made, work->call, steps_for(work, view));
    text_add_format(made, " seed %llu, on ", (unsigned long long)work->plan.options.seed);
    text_add_images(made, work->sample.count, session->state.dataset->split);
    text_add_format(made, " of %s (%.16s)", session->state.dataset->kind->name,
                    dataset_digest(session->state.dataset));
    if (kept && epochs_done(view))
        text_add_format(made, ", %s epoch %lld", kept_word(work), (long long)kept->epoch);
}

/* Ownership of the graph passes. */
static status derive(const struct training_work *work, const struct training_view *view, struct graph *graph,
                     const char *network, struct model **model, struct error *error)
{
    struct text made = {0};
    describe(work, view, &made);
    if (made.failed) {
        graph_free(graph);
        text_free(&made);
        return error_memory(error);
    }
    struct derivation derivation = {
        work->call->session->state.model, graph, NULL, network, text_data(&made), false};
    status code = model_derive(&derivation, model, error);
    text_free(&made);
    return code;
}

static status log_line(const struct training_work *work, const struct training_view *view,
                       struct error *error)
{
    const struct training_hooks *hooks = work->call->session->hooks;
    struct text line = {0};
    text_add_training_line(&line, work->call, steps_for(work, view), training_hooks_change(hooks));
    work->call->reply->log = line.failed ? NULL : mem_string(text_data(&line));
    text_free(&line);
    return work->call->reply->log ? STATUS_OK : error_memory(error);
}

static status change_network(struct training_work *work, const struct training_view *view,
                             struct error *error)
{
    struct session *session = work->call->session;
    const bool scored = session->state.board->count > 0;
    struct graph *graph;
    struct model *model;
    char network[DIGEST_SIZE];
    status code = work->plan.keep_last ? trainer_graph_last(work->trainer, &graph, error)
                                       : trainer_graph_best(work->trainer, &graph, error);
    if (code != STATUS_OK)
        return code;
    code = name_network(work, view, graph, network, error);
    if (code == STATUS_OK)
        code = remember(work, view, graph, network, error);
    if (code != STATUS_OK) {
        graph_free(graph);
        return code;
    }
    code = derive(work, view, graph, network, &model, error);
    if (code == STATUS_OK)
        code = other_weights_put(session, model, error);
    if (code == STATUS_OK)
        code = log_line(work, view, error);
    if (code == STATUS_OK && scored)
        reply_add(work->call->reply, STYLE_NOTE, "the scores of the network before were dropped");
    return code;
}

static status finish(struct training_work *work, struct error *error)
{
    const struct training_view view = trainer_view(work->trainer);
    const struct training_record *best = best_record(&view);
    const bool stays = !work->plan.keep_last && best && best->epoch == 0 && epochs_done(&view) > 0;
    if (view.step == 0)
        return error_set(error, STATUS_CANCELLED, "cancelled before the first step");
    status code = training_reply(work, &view, error);
    if (code == STATUS_OK && !stays)
        code = change_network(work, &view, error);
    if (code != STATUS_OK)
        return code;
    tell_result(work, &view);
    tell_end(work, &view);
    if (stays)
        reply_add(work->call->reply, STYLE_NOTE,
                  "no epoch was better than the network before, which stays as it was");
    return STATUS_OK;
}

static void free_work(struct training_work *work)
{
    trainer_free(work->trainer);
    training_judge_free(&work->judge);
    sample_free(&work->sample);
    mem_free(work);
}

status run_training(struct call *call, struct error *error)
{
    struct training_work *work = mem_new(1, sizeof *work);
    if (!work)
        return error_memory(error);
    work->call = call;
    status code = prepare(work, error);
    if (code == STATUS_OK)
        code = run_through(work, error);
    if (work->trouble.code != STATUS_OK) {
        *error = work->trouble;
        code = error->code;
    } else if (code == STATUS_OK || code == STATUS_CANCELLED) {
        /* What was reached is put in its place whether or not Ctrl-C was pressed. */
        struct progress *outer = work->trainer ? progress_set_current(NULL) : NULL;
        if (work->trainer)
            code = finish(work, error);
        if (work->trainer)
            progress_set_current(outer);
    }
    free_work(work);
    return code;
}
