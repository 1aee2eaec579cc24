/* SPDX-License-Identifier: GPL-3.0-or-later */
/* repair: the weights of a pruned network by least squares. */
#include "prune/repair.h"

#include <inttypes.h>
#include <math.h>

#include "base/digest.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "data/sampler.h"
#include "nn/graph/graph.h"
#include "prune/sampled.h"
#include "score/layer.h"
#include "session/commands/other_weights.h"
#include "session/commands/sampled_call.h"
#include "session/language/command.h"
#include "session/model.h"
#include "session/pruning.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/shown.h"
#include "session/words/option.h"
#include "session/words/value.h"
#include "view/figure.h"
#include "view/style.h"

struct repair_work {
    struct call *call;
    struct repair repair;
    struct sample sample;
    struct sampled sampled;
    struct repaired_layer *done; /* per layer */
    int *original_layer;
    int counts[REPAIR_TOO_LARGE + 1];
    double before, after; /* mean errors of layers that were fitted */
};

/* Of the sum of squares around the mean; 0 where there is nothing to explain. */
static double share(const struct least_squares_fit *fit, double squares)
{
    return fit->total > 0 ? squares / fit->total : 0;
}

/* --- what is asked for ---------------------------------------------------------------------------------- */

static status check(const struct session *session, struct error *error)
{
    if (other_weights_allowed(session, error))
        return error->code;
    if (session->state.model->original == NULL)
        return error_set(error, STATUS_STATE,
                         "the network is as it was loaded: there is nothing to repair before 'prune' and "
                         "'apply'");
    return STATUS_OK;
}

static struct repair_network network_of(const struct model *model)
{
    return (struct repair_network){model->graph, model->layers, model->coupling->plan};
}

static status prepare(struct repair_work *work, struct error *error)
{
    const struct session *session = work->call->session;
    const struct model *model = session->state.model;
    const size_t layers = (size_t)model->layers->count;
    struct setting_value positions, ridge;
    status code = call_value(work->call, "positions", &positions, error);
    if (code == STATUS_OK)
        code = call_value(work->call, "ridge", &ridge, error);
    if (code == STATUS_OK)
        code = call_sampled(work->call, &work->sample, &work->sampled, error);
    if (code != STATUS_OK)
        return code;
    work->done = mem_new(layers, sizeof *work->done);
    work->original_layer = mem_new(layers, sizeof *work->original_layer);
    if (work->done == NULL || work->original_layer == NULL)
        return error_memory(error);
    for (int i = 0; i < model->layers->count; i++)
        work->original_layer[i] = model_original_layer(model, i);
    work->repair = (struct repair){
        .pruned = network_of(model),
        .original = network_of(model->original),
        .original_layer = work->original_layer,
        .channels = (const int64_t *const *)model->channels,
        .sampled = &work->sampled,
        .positions = positions.integer,
        .ridge = ridge.real,
        .seed = (uint64_t)option_integer(&work->call->options, OPTION_SEED),
    };
    return STATUS_OK;
}

/* --- what came out -------------------------------------------------------------------------------------- */

static void repair_row(struct figure *figure, const struct layer *layer, const struct repaired_layer *done)
{
    static const char *const words[] = {"as loaded", "as loaded again", "fitted",
                                        "left alone: not in the network as loaded", "left alone: too large"};
    table_text(figure, layer->name);
    table_text(figure, words[done->outcome]);
    if (done->outcome != REPAIR_FITTED) {
        for (int i = 0; i < 4; i++)
            table_missing(figure);
        return;
    }
    table_number(figure, (double)done->fit.rows);
    table_number(figure, (double)done->unknowns);
    table_number(figure, share(&done->fit, done->fit.before));
    table_number(figure, share(&done->fit, done->fit.after));
}

static void count_layers(struct repair_work *work)
{
    const struct layers *layers = work->repair.pruned.layers;
    for (int i = 0; i < layers->count; i++) {
        const struct repaired_layer *done = &work->done[i];
        work->counts[done->outcome]++;
        if (done->outcome != REPAIR_FITTED)
            continue;
        work->before += share(&done->fit, done->fit.before);
        work->after += share(&done->fit, done->fit.after);
    }
    const int fitted = work->counts[REPAIR_FITTED];
    work->before /= fitted > 0 ? fitted : 1;
    work->after /= fitted > 0 ? fitted : 1;
}

static status repair_table(const struct repair_work *work, struct error *error)
{
    const struct layers *layers = work->repair.pruned.layers;
    struct figure *figure = shown_figure(work->call->session, FIGURE_TABLE, "repair");
    struct text text = {0};
    if (figure == NULL)
        return error_memory(error);
    text_add_sampled(&text, &work->sampled);
    figure_title(figure, "Repair of %s on %s", model_title(work->call->session->state.model),
                 shown_words(figure, &text));
    text_free(&text);
    table_column(figure, "layer", NULL, COLUMN_TEXT, 0);
    table_column(figure, "outcome", NULL, COLUMN_TEXT, 0);
    table_column(figure, "rows", NULL, COLUMN_INTEGER, 0);
    table_priority(figure, 1);
    table_column(figure, "unknowns", NULL, COLUMN_INTEGER, 0);
    table_priority(figure, 2);
    table_column(figure, "error before", NULL, COLUMN_PERCENT, 2);
    table_column(figure, "error after", NULL, COLUMN_PERCENT, 2);
    for (int i = 0; i < layers->count; i++)
        repair_row(figure, &layers->items[i], &work->done[i]);
    figure_note(figure, "error: squared distance from what the layer gave in the network as loaded, of the "
                        "variance of that; before: with the weights as they were, on inputs that are "
                        "repaired already");
    return reply_figure(work->call->reply, figure, error);
}

static void tell_repaired(struct repair_work *work)
{
    struct text text = {0};
    const int fitted = work->counts[REPAIR_FITTED], restored = work->counts[REPAIR_RESTORED];
    text_add_format(&text, "%d layer%s fitted", fitted, fitted == 1 ? "" : "s");
    if (restored > 0)
        text_add_format(&text, ", %d as loaded again", restored);
    if (work->counts[REPAIR_UNKNOWN] + work->counts[REPAIR_TOO_LARGE] > 0)
        text_add_format(&text, ", %d left alone",
                        work->counts[REPAIR_UNKNOWN] + work->counts[REPAIR_TOO_LARGE]);
    if (fitted > 0)
        text_add_format(&text, "; mean error %.2f %% before, %.2f %% after", 100 * work->before,
                        100 * work->after);
    reply_result(work->call->reply, &text);
    text_free(&text);
}

/* --- the command ---------------------------------------------------------------------------------------- */

static status repaired_model(struct repair_work *work, struct graph *graph, struct model **model,
                             struct error *error)
{
    char network[DIGEST_SIZE];
    struct text made = {0};
    text_add(&made, "repair: ");
    text_add_sampled(&made, &work->sampled);
    text_add_format(&made, ", positions %" PRId64 ", ridge ", work->repair.positions);
    text_add_double(&made, work->repair.ridge);
    status code = sampled_network_name(work->call, &work->sampled, &made, network, error);
    if (code == STATUS_OK) {
        struct derivation derivation = {
            work->call->session->state.model, graph, NULL, network, text_data(&made), false};
        code = model_derive(&derivation, model, error);
    } else {
        graph_free(graph);
    }
    text_free(&made);
    return code;
}

static status repair(struct repair_work *work, struct error *error)
{
    struct session *session = work->call->session;
    struct graph *graph;
    struct model *model;
    const bool scored = session->state.board->count > 0;
    status code = repair_apply(&work->repair, work->done, &graph, error);
    if (code == STATUS_OK)
        code = repaired_model(work, graph, &model, error);
    if (code != STATUS_OK)
        return code;
    count_layers(work);
    code = repair_table(work, error);
    tell_repaired(work);
    if (code != STATUS_OK) {
        model_free(model);
        return code;
    }
    code = other_weights_put(session, model, error);
    if (code == STATUS_OK && scored)
        reply_add(work->call->reply, STYLE_NOTE, "the scores of the network before were dropped");
    return code;
}

static status run_repair(struct call *call, struct error *error)
{
    struct repair_work work = {.call = call};
    status code = check(call->session, error);
    if (code == STATUS_OK)
        code = prepare(&work, error);
    if (code == STATUS_OK)
        code = repair(&work, error);
    mem_free(work.done);
    mem_free(work.original_layer);
    sample_free(&work.sample);
    return code;
}

static const struct parameter repair_parameters[] = {
    {"positions", VALUE_INTEGER, 0, 1, 10000, NULL, "10",
     "places of a feature map to look at in each image, by chance"},
    {"ridge", VALUE_REAL, 0, 0, 1e6, NULL, "0.001",
     "how much holds the weights where they are, of the mean square of the inputs"},
    PARAMETER_END,
};
static const int repair_options[] = {OPTIONS_OF_SAMPLED, OPTION_NONE};
static const struct example repair_examples[] = {
    {"repair samples=100", "fits the weights that are left, on 100 images", false},
    EXAMPLE_END,
};

const struct command command_repair = {
    .name = "repair",
    .parameters = repair_parameters,
    .options = repair_options,
    .flags = COMMAND_MODEL | COMMAND_DATA | COMMAND_LONG | COMMAND_CHANGES | COMMAND_FIGURES | COMMAND_QUIET |
             COMMAND_OF_MODEL,
    .help = "fit a pruned network's weights by least squares",
    .text = "Goes through the pruned network from its input on and gives each convolution and linear layer "
            "that has lost inputs, or whose inputs have changed, the weights and the constant with which it "
            "comes nearest to what it answered in the network as loaded, in the sense of least squares over "
            "a sample of the data set that is open (He et al. 2017). Its input is that of the pruned "
            "network, in which all layers before are repaired already. Takes seconds to minutes where "
            "training takes epochs; no labels are used.\n\n"
            "For each image some positions of the feature map are looked at, drawn by the seed. The ridge "
            "holds weights at what they are, so that few images do not lead far away; with 0 the fit is "
            "free, and refused where it is not unique. A layer has as many unknowns for each of its filters "
            "as weights; there should be many more rows (images times positions) than that.\n\n"
            "The constant goes into the bias, or into the running mean of a BatchNorm that follows; its "
            "other parameters become those of the network as loaded. A layer whose input is what it was is "
            "not fitted: it becomes what it was in the network as loaded. So what was trained since, or "
            "scaled, is gone.\n\n"
            "Memory: up to 256 MB for answers of the network as loaded, the normal equations of one layer "
            "(8 bytes times the square of its unknowns; layers over 1 GB are left alone) and what the runs "
            "take, for which memory= is the bound. Scores are dropped.",
    .examples = repair_examples,
    .run = run_repair,
};
