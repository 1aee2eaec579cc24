/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A training in figures: a table of epochs, curves of accuracy and loss by step. */
#include <math.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "data/dataset.h"
#include "nn/engine/quality.h"
#include "session/commands/training_internal.h"
#include "session/commands/training_plan.h"
#include "session/live.h"
#include "session/model.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/shown.h"
#include "session/words/option.h"
#include "train/optimizer.h"
#include "train/trainer.h"
#include "view/figure.h"

static bool timed(const struct training_work *work)
{
    return option_flag(&work->call->options, OPTION_TIMING);
}

static bool judged(const struct training_work *work)
{
    return work->judge.dataset != NULL;
}

static const struct quality_words *words_of(const struct training_work *work)
{
    return quality_words(model_measure(work->call->session->state.model));
}

/* --- the table ------------------------------------------------------------------------------------------ */

static void columns(const struct training_work *work, struct figure *figure)
{
    table_column(figure, "epoch", NULL, COLUMN_INTEGER, 0);
    table_priority(figure, 9);
    table_column(figure, "rate", NULL, COLUMN_REAL, 3);
    table_priority(figure, 3);
    table_column(figure, "loss learnt", NULL, COLUMN_REAL, 4);
    table_priority(figure, 5);
    table_column(figure, "top-1 learnt", NULL, COLUMN_PERCENT, 2);
    table_priority(figure, 4);
    if (judged(work)) {
        table_column(figure, "loss judged", NULL, COLUMN_REAL, 4);
        table_priority(figure, 7);
        table_column(figure, words_of(work)->brief, NULL, COLUMN_PERCENT, 2);
        table_priority(figure, 8);
    }
    if (timed(work)) {
        table_column(figure, "seconds", NULL, COLUMN_REAL, 4);
        table_priority(figure, 2);
    }
    table_column(figure, "best", NULL, COLUMN_TEXT, 0);
    table_priority(figure, 6);
}

static void row(const struct training_work *work, const struct training_record *record, bool best,
                struct figure *figure)
{
    table_number(figure, (double)record->epoch);
    number_cell(figure, record->epoch ? record->rate : NAN);
    number_cell(figure, record->epoch ? record->loss : NAN);
    number_cell(figure, record->epoch ? record->accuracy : NAN);
    if (judged(work)) {
        number_cell(figure, record->score.loss);
        number_cell(figure, record->score.value);
    }
    if (timed(work))
        number_cell(figure, record->seconds);
    table_text(figure, best ? "best" : "");
    if (best)
        table_emphasize(figure);
}

static void notes(const struct training_work *work, struct figure *figure)
{
    struct text text = {0};
    const char *note = trainer_note(work->trainer);
    if (judged(work)) {
        text_add_judged(&text, work);
        figure_note(figure, "judged on %s%s", shown_words(figure, &text),
                    work->judge.same ? ", which are of the split that it learns: on=SPLIT names others" : "");
    } else {
        figure_note(figure, "nothing judges it: the best epoch is that of the lowest loss");
    }
    if (work->judge.dataset != NULL && !dataset_is_training(work->call->session->state.dataset))
        figure_note(figure,
                    "these images are of the split %s, which are meant to judge networks, not to learn from",
                    work->call->session->state.dataset->split);
    if (note)
        figure_note(figure, "%s", note);
    text_free(&text);
}

static struct figure *epochs_table(const struct training_work *work, const struct training_view *view)
{
    const struct session *session = work->call->session;
    const struct training_plan *plan = &work->plan;
    struct figure *figure = shown_figure(session, FIGURE_TABLE, work->call->invocation->command->name);
    if (!figure)
        return NULL;
    struct text text = {0};
    text_add_images(&text, work->sample.count, session->state.dataset->split);
    figure_title(figure, "%s learns %s of %s, batch %lld, %s", model_title(session->state.model),
                 shown_words(figure, &text), session->state.dataset->kind->name,
                 (long long)plan->options.batch, optimizer_row(plan->options.optimizer.kind)->name);
    text_clear(&text);
    text_add_training_line(&text, work->call, 0, false);
    figure_fact(figure, "training", "%s", shown_words(figure, &text));
    text_free(&text);
    columns(work, figure);
    for (int i = 0; i < view->record_count; i++)
        row(work, &view->records[i], i == view->best, figure);
    notes(work, figure);
    return figure;
}

/* --- curves --------------------------------------------------------------------------------------------- */

enum { LEARNT, JUDGED, LINES };

struct lines {
    double *x, *y; /* LINES x points */
    int points;
};

/* Steps of one batch each are noise: neighbours are put together until there are few enough to see a line. */
enum { POINTS_SHOWN = 60 };

static int points_of(const struct training_view *view, int *each)
{
    *each = (view->point_count + POINTS_SHOWN - 1) / POINTS_SHOWN;
    *each = *each > 0 ? *each : 1;
    return (view->point_count + *each - 1) / *each;
}

static void fill(const struct training_view *view, bool loss, struct lines *lines)
{
    const size_t points = (size_t)lines->points;
    int each;
    const int learnt = points_of(view, &each);
    for (size_t i = 0; i < LINES * points; i++)
        lines->x[i] = lines->y[i] = NAN;
    for (int i = 0; i < learnt; i++) {
        const int first = i * each, end = first + each < view->point_count ? first + each : view->point_count;
        double sum = 0;
        for (int k = first; k < end; k++)
            sum += loss ? view->points[k].loss : view->points[k].accuracy;
        lines->x[i] = (double)view->points[end - 1].step;
        lines->y[i] = sum / (end - first);
    }
    for (int i = 0; i < view->record_count; i++) {
        const struct training_record *record = &view->records[i];
        lines->x[points + (size_t)i] = (double)(record->epoch * view->epoch_steps);
        lines->y[points + (size_t)i] = loss ? record->score.loss : record->score.value;
    }
}

static void curve_title(const struct training_work *work, bool loss, struct figure *figure)
{
    const struct quality_words *words = words_of(work);
    figure_title(figure, "%s of %s while it learns", loss ? "Loss" : words->title,
                 model_title(work->call->session->state.model));
}

/* One of loss and accuracy by step; NULL also where there is nothing to draw yet. */
static struct figure *curves(const struct training_work *work, const struct training_view *view, bool loss)
{
    const char *const names[LINES] = {"learnt", judged(work) ? work->judge.dataset->split : "judged"};
    int each;
    const int learnt = points_of(view, &each);
    struct lines lines = {.points = learnt > view->record_count ? learnt : view->record_count};
    if (lines.points == 0)
        return NULL;
    const size_t room = LINES * (size_t)lines.points;
    lines.x = mem_new(2 * room, sizeof *lines.x);
    struct figure *figure = lines.x ? shown_figure(work->call->session, FIGURE_CURVE,
                                                   loss ? "training_loss" : "training_accuracy")
                                    : NULL;
    if (figure) {
        lines.y = lines.x + room;
        fill(view, loss, &lines);
        curve_title(work, loss, figure);
        figure_set_curves(figure, judged(work) ? LINES : 1, lines.points, names, lines.x, lines.y, NULL,
                          "step", loss ? "loss" : words_of(work)->name, !loss, NAN, NULL);
    }
    mem_free(lines.x);
    return figure;
}

/* Images of one label have an accuracy while they are learnt; of maps it is known where they are judged. */
static bool has_accuracy(const struct training_work *work)
{
    return judged(work) || !work->call->session->state.dataset->label_map;
}

/* --- so far, and at the end ----------------------------------------------------------------------------- */

static void note_time(const struct training_work *work, const struct training_view *view,
                      struct figure *figure)
{
    struct text text = {0};
    text_add_format(&text, "epoch %lld of %lld, loss ", (long long)view->epoch, (long long)view->epochs);
    text_add_rounded(&text, view->epoch_loss, 4);
    if (timed(work) && !isnan(view->images_per_second)) {
        text_add(&text, ", ");
        text_add_rounded(&text, view->images_per_second, 3);
        text_add(&text, " images/s");
    }
    if (timed(work) && !isnan(view->seconds_left)) {
        text_add(&text, ", ");
        text_add_duration(&text, view->seconds_left);
        text_add(&text, " left");
    }
    figure_note(figure, "%s", shown_words(figure, &text));
    text_free(&text);
}

void training_show(struct training_work *work, const struct training_view *view)
{
    struct figure *first = curves(work, view, !has_accuracy(work)), *second = NULL;
    if (!first)
        return;
    if (has_accuracy(work))
        second = curves(work, view, true);
    note_time(work, view, first);
    struct live_snapshot *snapshot = live_snapshot_new(LIVE_FIGURE, view->step, view->steps, "steps", first);
    if (snapshot)
        snapshot->second = second;
    else
        figure_free(second);
    live_publish(work->call->session->live, snapshot);
}

status training_reply(struct training_work *work, const struct training_view *view, struct error *error)
{
    status code = reply_figure(work->call->reply, epochs_table(work, view), error);
    if (code == STATUS_OK && has_accuracy(work) && view->point_count)
        code = reply_figure(work->call->reply, curves(work, view, false), error);
    if (code == STATUS_OK && view->point_count)
        code = reply_figure(work->call->reply, curves(work, view, true), error);
    return code;
}
