/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sensitivity: accuracy when one part alone is pruned. */
#include <math.h>
#include <string.h>

#include "base/digest.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "nn/engine/quality.h"
#include "session/commands/advice.h"
#include "session/commands/stages.h"
#include "session/commands/sweep.h"
#include "session/judgement.h"
#include "session/language/command.h"
#include "session/live.h"
#include "session/model.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/shown.h"
#include "session/target.h"
#include "session/words/option.h"
#include "session/words/value.h"
#include "stats/sensitivity.h"
#include "view/figure.h"

struct sensitivity_call {
    struct call *call;
    struct sweep sweep;
    double *class_score;
    enum sensitivity_unit unit;
};

/* A block without a score would stay whole at every ratio, which says nothing about it. */
static void leave_out_unscored(struct sensitivity_call *work)
{
    const struct coupling *coupling = work->call->session->state.model->coupling;
    for (int b = 0; b < coupling->block_count; b++) {
        const struct block *block = &coupling->blocks[b];
        bool any = false;
        for (int i = 0; i < block->class_count; i++)
            any |= !isnan(work->class_score[block->classes[i]]);
        work->sweep.included[b] &= any;
    }
}

static status prepare(struct sensitivity_call *work, struct error *error)
{
    struct setting_value unit;
    status code = sweep_prepare(work->call, &work->sweep, error);
    if (code == STATUS_OK)
        code = call_value(work->call, "unit", &unit, error);
    if (code != STATUS_OK)
        return code;
    work->unit = (enum sensitivity_unit)unit.integer;
    code = sweep_scores(work->call, &work->sweep, call_argument(work->call, 0), 0, &work->class_score, error);
    if (code == STATUS_OK)
        leave_out_unscored(work);
    return code;
}

static status sensitivity_key(const struct sensitivity_call *work, char key[DIGEST_SIZE], struct error *error)
{
    struct text bytes = {0};
    sweep_add_key(&work->sweep, work->call->session, &bytes);
    key_add_number(&bytes, work->unit);
    key_add(&bytes, work->class_score,
            (size_t)work->call->session->state.model->coupling->class_count * sizeof *work->class_score);
    return key_finish(&bytes, key, error);
}

static status start(const struct sensitivity_call *work, struct sensitivity **sensitivity,
                    struct error *error)
{
    const struct session *session = work->call->session;
    const struct sweep *sweep = &work->sweep;
    struct sensitivity_settings settings = {
        .coupling = session->state.model->coupling,
        .dataset = session->state.dataset,
        .sample = &sweep->sample,
        .class_score = work->class_score,
        .unit = work->unit,
        .included = sweep->included,
        .ratios = sweep->ratios,
        .ratio_count = sweep->ratio_count,
        .select = sweep->select,
        .real = sweep->real,
        .kernel = sweep->kernel,
        .micro_batch = sweep->micro_batch,
    };
    return sensitivity_new(&settings, sensitivity, error);
}

/* The held map when it is this one, else a new one in its place. */
static status take_up(const struct sensitivity_call *work, struct error *error)
{
    struct session *session = work->call->session;
    struct judgement *held = &session->sensitivity;
    char key[DIGEST_SIZE];
    struct sensitivity *sensitivity;
    status code = sensitivity_key(work, key, error);
    if (code != STATUS_OK || (held->sensitivity && strcmp(held->key, key) == 0))
        return code;
    code = start(work, &sensitivity, error);
    if (code != STATUS_OK)
        return code;
    judgement_hold(held, (struct judgement){.sensitivity = sensitivity}, key, session->state.model,
                   session->state.dataset);
    return STATUS_OK;
}

/* --- showing -------------------------------------------------------------------------------------------- */

struct map_words {
    struct arena *arena;
    const char **rows, **columns;
    const char **layers; /* per row: the layer whose stage it is in; NULL: it stays for itself */
};

/* Residual streams run through stages; all else is in that of its first layer. */
static const char *stage_layer(const struct sensitivity_call *work, int row)
{
    const struct model *model = work->call->session->state.model;
    const struct coupling *coupling = model->coupling;
    int group = work->unit == SENSITIVITY_GROUPS ? row : coupling->blocks[row].group;
    int layer =
        work->unit == SENSITIVITY_GROUPS ? coupling->groups[row].layers[0] : coupling->blocks[row].layers[0];
    return coupling->groups[group].stream ? NULL : model->layers->items[layer].name;
}

static bool name_map(const struct sensitivity_call *work, const struct sensitivity *map,
                     struct map_words *words)
{
    const struct coupling *coupling = work->call->session->state.model->coupling;
    bool complete = (words->arena = arena_new()) != NULL;
    words->rows = complete ? arena_alloc(words->arena, (size_t)map->row_count, sizeof *words->rows) : NULL;
    words->layers =
        complete ? arena_alloc(words->arena, (size_t)map->row_count, sizeof *words->layers) : NULL;
    words->columns =
        complete ? arena_alloc(words->arena, (size_t)map->ratio_count, sizeof *words->columns) : NULL;
    complete = words->rows && words->layers && words->columns;
    for (int i = 0; complete && i < map->row_count + map->ratio_count; i++) {
        struct text text = {0};
        bool row = i < map->row_count;
        if (!row)
            text_add_double(&text, map->ratios[i - map->row_count]);
        else if (work->unit == SENSITIVITY_GROUPS)
            text_add_format(&text, "%s%s", coupling->groups[map->rows[i]].name,
                            coupling->groups[map->rows[i]].stream ? " (stream)" : "");
        else
            text_add_block(&text, coupling, map->rows[i]);
        const char **place = row ? &words->rows[i] : &words->columns[i - map->row_count];
        if (row)
            words->layers[i] = stage_layer(work, map->rows[i]);
        *place = text.failed ? NULL : arena_string(words->arena, text_data(&text));
        complete = *place != NULL;
        text_free(&text);
    }
    return complete;
}

/* What is on both sides of the colours; NaN takes no part. */
static void widen(double value, double *low, double *high)
{
    *low = fmin(*low, value);
    *high = fmax(*high, value);
}

static void baseline_note(const struct sensitivity *map, struct figure *figure)
{
    const struct sensitivity_point *baseline = &map->baseline;
    const double accuracy = baseline->value;
    struct text text = {0};
    if (!isnan(accuracy)) {
        text_add_rounded(&text, 100 * accuracy, 4);
        text_add(&text, " %");
    }
    if (baseline->unanswered) {
        text_add(&text, text.length ? "; " : "");
        text_add_unanswered(&text, baseline->unanswered, map->done);
    }
    figure_note(figure, "unpruned: %s", shown_words(figure, &text));
    text_free(&text);
}

static void map_notes(const struct sensitivity_call *work, const struct sensitivity *map, bool again,
                      struct figure *figure)
{
    struct text text = {0};
    int touched = 0;
    baseline_note(map, figure);
    for (int i = 0; i < map->row_count * map->ratio_count; i++)
        touched += map->points[i].unanswered > 0;
    note_unanswered_points(figure, touched, map->row_count * map->ratio_count);
    note_training_split(figure, work->call->session->state.dataset);
    note_scored_on(figure, work->call->session, call_argument(work->call, 0));
    if (again) {
        figure_note(figure, "computed before: nothing was run");
    } else if (map->done == map->images && option_flag(&work->call->options, OPTION_TIMING)) {
        text_add_format(&text, "%d masks in ", map->mask_count);
        text_add_rounded(&text, map->seconds, 3);
        text_add(&text, " s");
        figure_note(figure, "%s", shown_words(figure, &text));
    }
    text_free(&text);
}

/* The rows that lose most and least at the harshest ratio. */
static void tell_sensitivity(const struct sensitivity_call *work, const struct sensitivity *map,
                             const struct map_words *words)
{
    int column = 0, most = -1, least = -1;
    for (int k = 1; k < map->ratio_count; k++)
        column = map->ratios[k] > map->ratios[column] ? k : column;
    double low = INFINITY, high = -INFINITY;
    for (int i = 0; i < map->row_count; i++) {
        double accuracy = map->points[i * map->ratio_count + column].value;
        if (accuracy < low) {
            low = accuracy;
            most = i;
        }
        if (accuracy > high) {
            high = accuracy;
            least = i;
        }
    }
    struct text text = {0};
    if (most < 0)
        return;
    text_add_format(&text, "%s ", quality_words(map->measure)->brief);
    text_add_rounded(&text, 100 * map->baseline.value, 4);
    text_add_format(&text, " %% unpruned; at %s most sensitive %s ", words->columns[column],
                    words->rows[most]);
    text_add_rounded(&text, 100 * low, 4);
    text_add_format(&text, " %%, least %s ", words->rows[least]);
    text_add_rounded(&text, 100 * high, 4);
    text_add(&text, " %");
    reply_result(work->call->reply, &text);
    text_free(&text);
}

static struct figure *map_figure(const struct sensitivity_call *work, const struct sensitivity *map,
                                 bool again)
{
    const struct session *session = work->call->session;
    size_t points = (size_t)map->row_count * (size_t)map->ratio_count;
    struct map_words words = {0};
    double *values = mem_new(points + 1, sizeof *values);
    struct figure *figure = NULL;
    if (values && name_map(work, map, &words) &&
        (figure = shown_figure(session, FIGURE_MATRIX, "sensitivity"))) {
        struct text sample = {0};
        double low = NAN, high = NAN;
        widen(map->baseline.value, &low, &high);
        for (size_t i = 0; i < points; i++) {
            values[i] = map->points[i].value;
            widen(values[i], &low, &high);
        }
        if (isnan(high))
            high = 1; /* nothing has a place on the scale */
        double span = sweep_noise(&work->sweep, map->baseline.value);
        low = fmin(isnan(low) ? high : low, fmax(0, high - span));
        text_add_sweep_sample(&sample, &work->sweep, session);
        figure_title(figure, "%s of %s when one row alone is pruned by %s: %s",
                     quality_words(map->measure)->title, model_title(session->state.model),
                     call_argument(work->call, 0), shown_words(figure, &sample));
        text_free(&sample);
        figure_set_matrix(figure, map->row_count, map->ratio_count, words.rows, words.columns, values, low,
                          high, 1, quality_words(map->measure)->name);
        figure_set_percent(figure);
        struct error ignored = {0};
        if (stages_fold(work->call, figure, words.layers, FOLD_LOWEST, &ignored) != STATUS_OK)
            figure->failed = true; /* for want of memory: nothing else fails */
        map_notes(work, map, again, figure);
        if (map->done == map->images)
            tell_sensitivity(work, map, &words);
    }
    arena_free(words.arena);
    mem_free(values);
    return figure;
}

static void show_so_far(void *argument, const struct sensitivity *map)
{
    const struct sensitivity_call *work = argument;
    struct live *live = work->call->session->live;
    if (map->done < map->images && live_due(live))
        live_publish_figure(live, LIVE_SENSITIVITY, map->done, map->images, "images",
                            map_figure(work, map, false));
}

static status run_held(struct sensitivity_call *work, struct error *error)
{
    struct session *session = work->call->session;
    struct sensitivity *map = session->sensitivity.sensitivity;
    struct pool *pool;
    bool complete = map->done == map->images;
    status code = session_pool(session, &pool, error);
    map->watch = session->live ? show_so_far : NULL;
    map->watch_argument = work;
    map->memory = work->sweep.memory;
    if (code == STATUS_OK && !complete)
        code = sensitivity_run(map, pool, work->call->progress, error);
    map->watch = NULL;
    if (code == STATUS_CANCELLED)
        return error_set(error, code, "cancelled: %lld of %lld images are done; the same command goes on",
                         (long long)map->done, (long long)map->images);
    return code == STATUS_OK ? reply_figure(work->call->reply, map_figure(work, map, complete), error) : code;
}

static status run_sensitivity(struct call *call, struct error *error)
{
    struct sensitivity_call work = {.call = call};
    status code = prepare(&work, error);
    if (code == STATUS_OK)
        code = take_up(&work, error);
    if (code == STATUS_OK)
        code = run_held(&work, error);
    sweep_free(&work.sweep);
    mem_free(work.class_score);
    return code;
}

static const struct parameter sensitivity_arguments[] = {
    {"CRITERION", VALUE_CRITERION, 0, 0, 0, NULL, NULL, "what to select by"},
    PARAMETER_END,
};
static const struct parameter sensitivity_parameters[] = {
    SWEEP_PARAMETERS("0.1:0.9:0.2"),
    {"unit", VALUE_CHOICE, 0, 0, 0, sensitivity_unit_name, "blocks", "what makes a row"},
    STAGES_PARAMETER,
    PARAMETER_END,
};
static const struct example sensitivity_examples[] = {
    {"sensitivity l1 ratios=0.25,0.5,0.75 samples=100", "finds out which layers bear pruning", false},
    EXAMPLE_END,
};

const struct command command_sensitivity = {
    .name = "sensitivity",
    .arguments = sensitivity_arguments,
    .parameters = sensitivity_parameters,
    .options = sweep_options,
    .flags = COMMAND_MODEL | COMMAND_DATA | COMMAND_LONG | COMMAND_FIGURES,
    .help = "accuracy when one block alone is pruned",
    .text = "A map of which parts of the network bear pruning: a row for each block (channels with one "
            "ratio) or group, a column for each ratio, and the top-1 accuracy (mIoU, where "
            "pixels are classified) when that part alone loses its lowest-scored channels, without "
            "fine-tuning. Each point equals a real prune of that part. "
            "All points share one pass over the images: what comes before the pruned part is computed "
            "once.\n\n"
            "When it is cancelled, the images done are kept, and the same command goes on from there; so it "
            "does with one that is complete, as curve.\n\n"
            "Where there are more rows than lines on the screen, those of a stage are folded into one, the "
            "lowest value of them; the name is followed by their number. Streams stay apart. rows=all "
            "shows each, and so does Enter in the pane.",
    .examples = sensitivity_examples,
    .run = run_sensitivity,
};
