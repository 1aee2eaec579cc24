/* SPDX-License-Identifier: GPL-3.0-or-later */
/* curve: accuracy against the pruning ratio, without fine-tuning. */
#include <math.h>
#include <string.h>

#include "base/digest.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "nn/engine/quality.h"
#include "session/commands/advice.h"
#include "session/commands/sweep.h"
#include "session/judgement.h"
#include "session/language/command.h"
#include "session/live.h"
#include "session/model.h"
#include "session/noise.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/shown.h"
#include "session/words/choice.h"
#include "session/words/option.h"
#include "session/words/value.h"
#include "stats/curve.h"
#include "view/figure.h"

enum { VECTORS_MAX = 1024 };

/* One line of the figure: a criterion, and its scores, several of random. */
struct line {
    char label[CHOICE_LABEL_SIZE];
    int first, count; /* of the score vectors */
};

struct curve_call {
    struct call *call;
    struct sweep sweep;
    struct line lines[CHOICES_MAX];
    int line_count;
    double *scores[VECTORS_MAX];
    int score_count;
    bool global;
};

static void curve_call_free(struct curve_call *work)
{
    for (int i = 0; i < work->score_count; i++)
        mem_free(work->scores[i]);
    sweep_free(&work->sweep);
}

/* --- preparing ------------------------------------------------------------------------------------------ */

static status add_line(struct curve_call *work, const struct choice *choice, int seeds, struct error *error)
{
    struct line *line = &work->lines[work->line_count++];
    memcpy(line->label, choice->label, sizeof line->label);
    line->first = work->score_count;
    line->count = choice->criterion->seeded ? seeds : 1;
    if (work->score_count + line->count > VECTORS_MAX)
        return error_set(error, STATUS_RANGE, "more than %d score vectors", VECTORS_MAX);
    status code = STATUS_OK;
    for (int i = 0; code == STATUS_OK && i < line->count; i++) {
        code =
            sweep_scores(work->call, &work->sweep, line->label, i, &work->scores[work->score_count], error);
        if (code == STATUS_OK)
            work->score_count++;
    }
    return code;
}

static status prepare(struct curve_call *work, struct error *error)
{
    struct choice choices[CHOICES_MAX];
    struct setting_value seeds, global;
    int count = 0;
    status code = sweep_prepare(work->call, &work->sweep, error);
    for (int i = 0; code == STATUS_OK && call_argument(work->call, i); i++)
        code = choices_parse(call_argument(work->call, i), choices, &count, error);
    if (code == STATUS_OK)
        code = call_value(work->call, "seeds", &seeds, error);
    if (code == STATUS_OK)
        code = call_value(work->call, "global", &global, error);
    work->global = code == STATUS_OK && global.integer;
    for (int i = 0; code == STATUS_OK && i < count; i++)
        code = add_line(work, &choices[i], (int)seeds.integer, error);
    return code;
}

static status curve_key(const struct curve_call *work, char key[DIGEST_SIZE], struct error *error)
{
    struct text bytes = {0};
    sweep_add_key(&work->sweep, work->call->session, &bytes);
    key_add_number(&bytes, work->global);
    for (int i = 0; i < work->line_count; i++) {
        key_add(&bytes, work->lines[i].label, strlen(work->lines[i].label) + 1);
        key_add_number(&bytes, work->lines[i].count);
    }
    for (int i = 0; i < work->score_count; i++)
        key_add(&bytes, work->scores[i],
                (size_t)work->call->session->state.model->coupling->class_count * sizeof(double));
    return key_finish(&bytes, key, error);
}

static status start(const struct curve_call *work, struct curve **curve, struct error *error)
{
    struct session *session = work->call->session;
    const struct sweep *sweep = &work->sweep;
    struct curve_line lines[CHOICES_MAX];
    for (int i = 0; i < work->line_count; i++)
        lines[i] = (struct curve_line){(const double *const *)work->scores + work->lines[i].first,
                                       work->lines[i].count};
    struct curve_settings settings = {
        .coupling = session->state.model->coupling,
        .dataset = session->state.dataset,
        .sample = &sweep->sample,
        .included = sweep->included,
        .lines = lines,
        .line_count = work->line_count,
        .ratios = sweep->ratios,
        .ratio_count = sweep->ratio_count,
        .global = work->global,
        .select = sweep->select,
        .real = sweep->real,
        .kernel = sweep->kernel,
        .micro_batch = sweep->micro_batch,
    };
    return curve_new(&settings, curve, error);
}

/* The held curve when it is this one, else a new one in its place. */
static status take_up(const struct curve_call *work, struct error *error)
{
    struct session *session = work->call->session;
    struct judgement *held = &session->curve;
    char key[DIGEST_SIZE];
    struct curve *curve;
    status code = curve_key(work, key, error);
    if (code != STATUS_OK || (held->curve && strcmp(held->key, key) == 0))
        return code;
    code = start(work, &curve, error);
    if (code != STATUS_OK)
        return code;
    judgement_hold(held, (struct judgement){.curve = curve}, key, session->state.model,
                   session->state.dataset);
    return STATUS_OK;
}

/* --- showing -------------------------------------------------------------------------------------------- */

static const struct quality_words *measure_of(const struct curve_call *work)
{
    return quality_words(model_measure(work->call->session->state.model));
}

static void curve_title(const struct curve_call *work, struct figure *figure)
{
    const struct session *session = work->call->session;
    struct setting_value where;
    struct error ignored = {0};
    struct text sample = {0};
    bool known = call_value(work->call, "where", &where, &ignored) == STATUS_OK;
    text_add_sweep_sample(&sample, &work->sweep, session);
    figure_title(figure, "%s of %s without fine-tuning, pruned %s (%s): %s", measure_of(work)->title,
                 model_title(session->state.model), work->global ? "globally" : "at one ratio",
                 known ? where.text : "all", shown_words(figure, &sample));
    text_free(&sample);
}

static double unpruned_accuracy(const struct curve_call *work, const struct curve *curve)
{
    for (int i = 0; i < curve->ratio_count; i++) {
        if (curve->ratios[i] == 0)
            return curve->points[i].accuracy;
    }
    return sweep_baseline(&work->sweep, work->call->session);
}

static void curve_notes(const struct curve_call *work, const struct curve *curve, bool again,
                        struct figure *figure)
{
    struct text text = {0};
    bool told = false;
    int touched = 0;
    for (int i = 0; i < work->line_count; i++) {
        told = told || note_scored_on(figure, work->call->session, work->lines[i].label);
        if (work->lines[i].count > 1)
            figure_note(figure, "%s: mean over %d seeds", work->lines[i].label, work->lines[i].count);
    }
    for (int i = 0; i < curve->line_count * curve->ratio_count; i++)
        touched += curve->points[i].unanswered > 0;
    note_unanswered_points(figure, touched, curve->line_count * curve->ratio_count);
    note_training_split(figure, work->call->session->state.dataset);
    if (again) {
        figure_note(figure, "computed before: nothing was run");
    } else if (curve->evaluated == curve->evaluations && option_flag(&work->call->options, OPTION_TIMING)) {
        text_add_format(&text, "%d networks evaluated in ", curve->evaluated);
        text_add_rounded(&text, curve->seconds, 3);
        text_add(&text, " s");
        figure_note(figure, "%s", shown_words(figure, &text));
    }
    text_free(&text);
}

static struct figure *curve_figure(const struct curve_call *work, const struct curve *curve, bool again)
{
    size_t points = (size_t)curve->line_count * (size_t)curve->ratio_count;
    const char *names[CHOICES_MAX];
    double *values = mem_new(3 * points + 1, sizeof *values);
    struct figure *figure = values ? shown_figure(work->call->session, FIGURE_CURVE, "curve") : NULL;
    if (!figure) {
        mem_free(values);
        return NULL;
    }
    double *x = values, *y = values + points, *spread = values + 2 * points;
    bool spreads = false;
    for (size_t i = 0; i < points; i++) {
        x[i] = curve->ratios[i % (size_t)curve->ratio_count];
        y[i] = curve->points[i].accuracy;
        spread[i] = curve->points[i].runs > 1 ? curve->points[i].accuracy_deviation : NAN;
        spreads |= curve->points[i].runs > 1;
    }
    for (int i = 0; i < work->line_count; i++)
        names[i] = work->lines[i].label;
    curve_title(work, figure);
    figure_set_curves(figure, curve->line_count, curve->ratio_count, names, x, y, spreads ? spread : NULL,
                      "ratio of channels removed", measure_of(work)->name, true,
                      unpruned_accuracy(work, curve), "unpruned");
    figure_set_x_percent(figure);
    figure_set_least_span(figure, sweep_noise(&work->sweep, unpruned_accuracy(work, curve)), 0, 1);
    curve_notes(work, curve, again, figure);
    mem_free(values);
    return figure;
}

/* The same in numbers, with what is left of the network. */
static struct figure *points_table(const struct curve_call *work, const struct curve *curve)
{
    struct figure *figure = shown_figure(work->call->session, FIGURE_TABLE, "curve_points");
    if (!figure)
        return NULL;
    const struct cost *whole = &work->call->session->state.model->cost;
    figure_title(figure, "%s by ratio, and what is left (%s)", measure_of(work)->title, work->lines[0].label);
    table_column(figure, "ratio", NULL, COLUMN_REAL, 3);
    for (int i = 0; i < work->line_count; i++) {
        table_column(figure, work->lines[i].label, NULL, COLUMN_PERCENT, 1);
        table_priority(figure, 2);
    }
    table_column(figure, "parameters", NULL, COLUMN_PERCENT, 1);
    table_column(figure, "MACs", NULL, COLUMN_PERCENT, 1);
    for (int k = 0; k < curve->ratio_count; k++) {
        table_number(figure, curve->ratios[k]);
        for (int i = 0; i < curve->line_count; i++)
            number_cell(figure, curve->points[i * curve->ratio_count + k].accuracy);
        table_number(figure, curve->points[k].parameters / (double)whole->parameters);
        table_number(figure, curve->points[k].macs / whole->macs);
    }
    return figure;
}

/* All criteria at the mildest ratio that prunes, and at the harshest. */
static void tell_curve(const struct curve_call *work, const struct curve *curve)
{
    int mildest = -1, harshest = -1;
    for (int i = 0; i < curve->ratio_count; i++) {
        if (!(curve->ratios[i] > 0))
            continue;
        mildest = mildest < 0 || curve->ratios[i] < curve->ratios[mildest] ? i : mildest;
        harshest = harshest < 0 || curve->ratios[i] > curve->ratios[harshest] ? i : harshest;
    }
    struct text text = {0};
    const int places[] = {mildest, harshest};
    for (int k = 0; mildest >= 0 && k < (mildest == harshest ? 1 : 2); k++) {
        if (k == 0)
            text_add_format(&text, "%s at ", measure_of(work)->brief);
        else
            text_add(&text, "; at ");
        text_add_double(&text, curve->ratios[places[k]]);
        for (int i = 0; i < curve->line_count; i++) {
            text_add_format(&text, "%s %s ", i ? "," : ":", work->lines[i].label);
            text_add_rounded(&text, 100 * curve->points[i * curve->ratio_count + places[k]].accuracy, 4);
            text_add(&text, " %");
        }
    }
    if (mildest >= 0)
        reply_result(work->call->reply, &text);
    text_free(&text);
}

static void show_so_far(void *argument, const struct curve *curve)
{
    const struct curve_call *work = argument;
    struct live *live = work->call->session->live;
    if (curve->evaluated < curve->evaluations && live_due(live))
        live_publish_figure(live, LIVE_CURVE, curve->evaluated, curve->evaluations, "networks",
                            curve_figure(work, curve, false));
}

/* The finished figure; a line drawn from a ranking that is noise is called that. */
static status reply_curve(const struct curve_call *work, const struct curve *curve, bool again,
                          struct error *error)
{
    struct shown_scores shown = {.count = 0};
    struct figure *figure = curve_figure(work, curve, again);
    for (int i = 0; i < work->line_count; i++) {
        const struct score_entry *entry = session_entry(work->call->session, work->lines[i].label);
        if (entry)
            shown.entries[shown.count++] = entry;
    }
    status code = figure ? note_all_noise(figure, work->call->session, &shown, error) : STATUS_OK;
    if (code == STATUS_OK)
        return reply_figure(work->call->reply, figure, error);
    figure_free(figure);
    return code;
}

static status run_held(struct curve_call *work, struct error *error)
{
    struct session *session = work->call->session;
    struct curve *curve = session->curve.curve;
    struct pool *pool;
    bool complete = curve->evaluated == curve->evaluations;
    status code = session_pool(session, &pool, error);
    curve->watch = session->live ? show_so_far : NULL;
    curve->watch_argument = work;
    curve->memory = work->sweep.memory;
    if (code == STATUS_OK && !complete)
        code = curve_run(curve, pool, work->call->progress, error);
    curve->watch = NULL;
    if (code == STATUS_CANCELLED)
        return error_set(error, code, "cancelled: %d of %d networks are evaluated; the same command goes on",
                         curve->evaluated, curve->evaluations);
    if (code == STATUS_OK)
        code = reply_curve(work, curve, complete, error);
    if (code == STATUS_OK)
        tell_curve(work, curve);
    return code == STATUS_OK ? reply_figure(work->call->reply, points_table(work, curve), error) : code;
}

static status run_curve(struct call *call, struct error *error)
{
    struct curve_call *work = mem_new(1, sizeof *work);
    if (!work)
        return error_memory(error);
    work->call = call;
    status code = prepare(work, error);
    if (code == STATUS_OK)
        code = take_up(work, error);
    if (code == STATUS_OK)
        code = run_held(work, error);
    curve_call_free(work);
    mem_free(work);
    return code;
}

static const struct parameter curve_arguments[] = {
    {"CRITERIA", VALUE_CRITERIA, PARAMETER_REPEATED, 0, 0, NULL, NULL,
     "all, every, or names with or without a variant: one line each"},
    PARAMETER_END,
};
static const struct parameter curve_parameters[] = {
    SWEEP_PARAMETERS("0:0.7:0.1"),
    {"seeds", VALUE_INTEGER, 0, 1, 100, NULL, "3", "random: seeds to average over"},
    {"global", VALUE_BOOLEAN, 0, 0, 0, NULL, "no", "rank all channels together at each ratio"},
    PARAMETER_END,
};
static const struct example curve_examples[] = {
    {"curve l1,geomedian,random where=inner samples=100", "compares criteria by what they leave standing",
     false},
    {"curve l1,l2 ratios=0.1:0.7:0.1 where=*.conv1 samples=100 > curve.png",
     "draws the curves into a picture", false},
    EXAMPLE_END,
};

const struct command command_curve = {
    .name = "curve",
    .arguments = curve_arguments,
    .parameters = curve_parameters,
    .options = sweep_options,
    .flags = COMMAND_MODEL | COMMAND_DATA | COMMAND_LONG | COMMAND_FIGURES,
    .help = "accuracy against the pruning ratio",
    .text =
        "Prunes the network at one ratio after the other and measures the top-1 accuracy (mIoU, where pixels are classified) on a sample, "
        "without fine-tuning, for several criteria in one figure. Every point is a real prune, as prune "
        "and apply would make it, from the network without its present selection. Points that come to "
        "the same selection are evaluated once. Criteria that need gradients must have been scored; "
        "random is drawn with several seeds, and its line is their mean, with the standard "
        "deviation.\n\n"
        "When it is cancelled, what was evaluated is kept, and the same command goes on from there. The "
        "last curve is kept when it is complete too: with a redirection the same command writes it to a "
        "file without computing it again.",
    .examples = curve_examples,
    .run = run_curve,
};
