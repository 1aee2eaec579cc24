/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rescale: the scale attack. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/digest.h"
#include "base/memory.h"
#include "base/order.h"
#include "base/status.h"
#include "base/text.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "prune/rescale.h"
#include "score/criterion.h"
#include "score/criterion_options.h"
#include "score/layer.h"
#include "session/board.h"
#include "session/commands/logits.h"
#include "session/lacking.h"
#include "session/language/command.h"
#include "session/model.h"
#include "session/pruning.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/shown.h"
#include "session/summary.h"
#include "session/words/choice.h"
#include "session/words/option.h"
#include "session/words/value.h"
#include "view/figure.h"

enum { ROUNDINGS = 16 }; /* that one layer may add to the error of the logits */

/* --- what a criterion thinks of a layer ----------------------------------------------------------------- */

struct opinion {
    double median; /* of the layer's scores */
    double rank;   /* mean place of its filters among all filters of the network, 0..1 */
    int64_t cut;   /* of them, when all filters are ranked together and the lowest share goes */
};

static status gather(const struct layers *layers, const struct scores *scores, double **all, int64_t *count,
                     struct error *error)
{
    *count = 0;
    for (int i = 0; i < layers->count; i++)
        *count += scores->layer[i] ? layers->items[i].channels : 0;
    *all = mem_new((size_t)*count + 1, sizeof **all);
    if (!*all)
        return error_memory(error);
    int64_t filled = 0;
    for (int i = 0; i < layers->count; i++) {
        if (!scores->layer[i])
            continue;
        memcpy(*all + filled, scores->layer[i], (size_t)layers->items[i].channels * sizeof **all);
        filled += layers->items[i].channels;
    }
    sort_ascending(*all, *count);
    return STATUS_OK;
}

/* How many of the ascending values are below. */
static int64_t below(const double *sorted, int64_t count, double value)
{
    int64_t low = 0, high = count;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (sorted[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static status form_opinion(const struct layers *layers, const struct scores *scores, int layer, double ratio,
                           struct opinion *opinion, struct error *error)
{
    double *all;
    int64_t count, channels = layers->items[layer].channels;
    struct summary summary;
    status code = summary_of(layers, scores, &layer, 1, &summary, error);
    if (code == STATUS_OK)
        code = gather(layers, scores, &all, &count, error);
    if (code != STATUS_OK)
        return code;
    *opinion = (struct opinion){.median = summary.median};
    int64_t share = (int64_t)(ratio * (double)count);
    for (int64_t i = 0; i < channels; i++) {
        int64_t place = below(all, count, scores->layer[layer][i]);
        opinion->rank += (double)place / (double)count / (double)channels;
        opinion->cut += place < share;
    }
    mem_free(all);
    return STATUS_OK;
}

/* --- before and after ----------------------------------------------------------------------------------- */

/* Everything that is scored, and what weights alone give. */
static status choose(const struct session *session, struct choice *choices, int *count, struct error *error)
{
    const struct layers *layers = session->state.model->layers;
    const struct criterion_options base = options_criterion(session->state.options);
    const struct criterion *criterion;
    status code = STATUS_OK;
    int lacking;
    *count = 0;
    for (int i = 0; i < session->state.board->count; i++)
        choices[(*count)++] = session->state.board->entries[i].choice;
    for (int i = 0; code == STATUS_OK && (criterion = criterion_at(i)); i++) {
        if (!criterion->owner && !criterion->seeded &&
            !(criterion_needs(layers, criterion, &base) & PASS_NEEDS) &&
            !criterion_lack(criterion, layers, &lacking))
            code = choices_parse(criterion->name, choices, count, error);
    }
    return code;
}

struct attack {
    struct call *call;
    int layer;
    double factor;
    struct model *model; /* the scaled network; passes to the session */
    struct board *before, *after;
    struct logits_difference difference;
};

static void attack_columns(struct figure *figure)
{
    static const struct {
        const char *name;
        enum column_kind kind;
        int digits, priority;
    } columns[] = {
        {"criterion", COLUMN_TEXT, 0, 9},     {"median", COLUMN_REAL, 4, 7},
        {"median after", COLUMN_REAL, 4, 8},  {"rank", COLUMN_PERCENT, 1, 5},
        {"rank after", COLUMN_PERCENT, 1, 6}, {"cut", COLUMN_INTEGER, 0, 3},
        {"cut after", COLUMN_INTEGER, 0, 4},  {"verdict", COLUMN_TEXT, 0, 2},
    };
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        table_column(figure, columns[i].name, NULL, columns[i].kind, columns[i].digits);
        table_priority(figure, columns[i].priority);
    }
}

/* result: the criteria that stay, and those that were moved. */
static status attack_row(const struct attack *attack, int index, struct figure *figure, struct text *result,
                         struct error *error)
{
    const struct score_entry *after = &attack->after->entries[index];
    const struct score_entry *before = board_entry(attack->before, after->choice.label);
    double ratio = option_real(&attack->call->options, OPTION_RATIO);
    struct opinion one, two;
    if (!before->scores->layer[attack->layer] || !after->scores->layer[attack->layer]) {
        note_lacking(figure, attack->call->session, after);
        return STATUS_OK;
    }
    status code = form_opinion(attack->call->session->state.model->layers, before->scores, attack->layer,
                               ratio, &one, error);
    if (code == STATUS_OK)
        code = form_opinion(attack->model->layers, after->scores, attack->layer, ratio, &two, error);
    if (code != STATUS_OK)
        return code;
    struct text name = {0};
    text_add_label(&name, after);
    table_text(figure, shown_words(figure, &name));
    text_free(&name);
    table_number(figure, one.median);
    table_number(figure, two.median);
    table_number(figure, one.rank);
    table_number(figure, two.rank);
    table_number(figure, (double)one.cut);
    table_number(figure, (double)two.cut);
    bool moved = fabs(one.rank - two.rank) > 0.005;
    table_text(figure, moved ? "moved" : "stays");
    text_add_format(&result[moved], "%s%s", result[moved].length ? ", " : "", after->choice.label);
    return STATUS_OK;
}

/* Takes over the texts. */
static void tell_attack(const struct attack *attack, struct text *result)
{
    struct text text = {0};
    text_add_format(&text, "moved: %s; stay: %s", result[1].length ? text_data(&result[1]) : "none",
                    result[0].length ? text_data(&result[0]) : "none");
    reply_result(attack->call->reply, &text);
    text_free(&text);
    text_free(&result[0]);
    text_free(&result[1]);
}

static status attack_table(const struct attack *attack, struct error *error)
{
    const struct session *session = attack->call->session;
    const struct layer *layer = &session->state.model->layers->items[attack->layer];
    struct figure *figure = shown_figure(session, FIGURE_TABLE, "rescale");
    if (!figure)
        return error_memory(error);
    struct text text = {0}, result[2] = {{0}, {0}};
    text_add_double(&text, attack->factor);
    figure_title(figure, "Layer %s of %s times %s: what the criteria make of it", layer->name,
                 model_title(session->state.model), shown_words(figure, &text));
    figure_fact(figure, "factor", "%s", shown_words(figure, &text));
    attack_columns(figure);
    status code = STATUS_OK;
    for (int i = 0; code == STATUS_OK && i < attack->after->count; i++)
        code = attack_row(attack, i, figure, result, error);
    tell_attack(attack, result);
    text_clear(&text);
    text_add_logits(&text, &attack->difference);
    figure_note(figure, "the network is the same: its logits differ by at most %s",
                shown_words(figure, &text));
    figure_note(figure,
                "rank: mean place of the layer's filters among all of the network, from the least important; "
                "cut: how many of its %lld go when all are ranked together, at ratio %s",
                (long long)layer->channels, option_text(&attack->call->options, OPTION_RATIO));
    text_free(&text);
    if (code != STATUS_OK) {
        figure_free(figure);
        return code;
    }
    return reply_figure(attack->call->reply, figure, error);
}

/* --- the command ---------------------------------------------------------------------------------------- */

static status scale_model(struct attack *attack, enum rescale_part part, struct error *error)
{
    struct session *session = attack->call->session;
    struct graph *graph;
    struct text made = {0};
    char network[DIGEST_SIZE];
    status code =
        rescale_apply(session->state.model->coupling, attack->layer, attack->factor, part, &graph, error);
    if (code != STATUS_OK)
        return code;
    text_add_format(&made, "rescale: %s ", session->state.model->layers->items[attack->layer].name);
    text_add_double(&made, attack->factor);
    text_add_format(&made, " (%s)", rescale_part_name((int)part));
    code = made.failed ? error_memory(error)
                       : network_name(session->state.model->network, made.data, made.length, network, error);
    if (code == STATUS_OK) {
        struct derivation derivation = {session->state.model, graph, NULL, network, text_data(&made), false};
        code = model_derive(&derivation, &attack->model, error);
    } else {
        graph_free(graph);
    }
    text_free(&made);
    return code;
}

/* Between 1 and the next number, in what is computed with or in what the weights are kept in: the coarser. */
static double rounding(const struct session *session, int layer)
{
    const struct model *model = session->state.model;
    enum element_type weights = model->graph->values[model->layers->items[layer].weight].constant->type;
    bool fine = options_precision(session->state.options) == ELEMENT_DOUBLE && weights == ELEMENT_DOUBLE;
    return fine ? DBL_EPSILON : (double)FLT_EPSILON;
}

/* How far roundings alone can move a logit. In exact arithmetic none would move. The factor changes how the
 * scaled layer, the weights behind it and their sums are rounded, a few roundings of what they are; every
 * layer behind passes such an error on and adds its own, which are independent, so that together they grow
 * with the root of the number of layers. All are in proportion to the numbers that run through the network,
 * for which the largest logit stands. A factor that was lost on the way moves logits by a share of their
 * size: thousands of roundings. */
static double allowed(const struct attack *attack)
{
    const struct session *session = attack->call->session;
    double layers = session->state.model->layers->count;
    return ROUNDINGS * sqrt(layers) * rounding(session, attack->layer) * attack->difference.largest;
}

static status prove(struct attack *attack, struct error *error)
{
    const struct session *session = attack->call->session;
    status code = logits_compare(session, session->state.model->graph, attack->model->graph,
                                 &attack->difference, error);
    if (code != STATUS_OK)
        return code;
    if (logits_agree(&attack->difference, allowed(attack)))
        return STATUS_OK;
    struct text text = {0};
    text_add_logits(&text, &attack->difference);
    code = error_set(error, STATUS_FAILED,
                     "the network would not stay the same in this precision: its logits move by %s",
                     text_data(&text));
    text_free(&text);
    return code;
}

/* Scores of the layer as it was and as it is: gradients, where they are held, by a pass over the same sample.
 */
static status score_both(struct attack *attack, struct error *error)
{
    struct call *call = attack->call;
    struct session *session = call->session;
    struct choice choices[CHOICES_MAX];
    struct score_outcome outcome;
    struct pool *pool = NULL;
    int count;
    struct board *empty = board_new();
    status code = empty ? choose(session, choices, &count, error) : error_memory(error);
    if (code == STATUS_OK)
        code = session_pool(session, &pool, error);
    struct board_source source = {.board = session->state.board,
                                  .model = session->state.model,
                                  .dataset = session->state.dataset,
                                  .options = session->state.options,
                                  .live = session->live,
                                  .passes = &session->passes,
                                  .pool = pool};
    if (code == STATUS_OK)
        code = board_score(&source, choices, count, pool, call->progress, &attack->before, &outcome, error);
    source.board = empty;
    source.model = attack->model;
    if (code == STATUS_OK)
        code = board_score(&source, choices, count, pool, call->progress, &attack->after, &outcome, error);
    board_free(empty);
    return code;
}

/* The selection and the ratios hold for the scaled network too: it has the same channels. */
static status take_over(struct attack *attack, struct error *error)
{
    struct session *session = attack->call->session;
    struct pruning *pruning;
    status code = pruning_copy(session->state.pruning, &pruning, error);
    if (code != STATUS_OK)
        return code;
    code = pruning_settle(pruning, attack->model, error);
    if (code == STATUS_OK)
        code = session_set_model(session, model_retain(attack->model), error);
    if (code != STATUS_OK) {
        pruning_free(pruning);
        return code;
    }
    session_set_pruning(session, pruning);
    session_set_board(session, board_retain(attack->after));
    return STATUS_OK;
}

static status run_rescale(struct call *call, struct error *error)
{
    const struct model *model = call->session->state.model;
    struct attack attack = {.call = call, .layer = layers_index(model->layers, call_argument(call, 0))};
    struct setting_value part;
    status code = call_value(call, "what", &part, error);
    if (code != STATUS_OK)
        return code;
    if (!text_to_double(call_argument(call, 1), &attack.factor))
        return error_set(error, STATUS_RANGE, "'%s' is no number", call_argument(call, 1));
    if (model->layers->items[attack.layer].output_layer)
        return error_set(error, STATUS_STATE, "layer '%s' makes the network's outputs: it has no scores",
                         model->layers->items[attack.layer].name);
    code = scale_model(&attack, (enum rescale_part)part.integer, error);
    if (code == STATUS_OK)
        code = prove(&attack, error);
    if (code == STATUS_OK)
        code = score_both(&attack, error);
    if (code == STATUS_OK)
        code = attack_table(&attack, error);
    if (code == STATUS_OK)
        code = take_over(&attack, error);
    board_free(attack.before);
    board_free(attack.after);
    model_free(attack.model);
    return code;
}

static const struct parameter rescale_arguments[] = {
    {"LAYER", VALUE_LAYER, 0, 0, 0, NULL, NULL, "a layer by its name"},
    {"C", VALUE_REAL, PARAMETER_OPEN_LOW, 0, 1e15, NULL, NULL, "the factor, over 0"},
    PARAMETER_END,
};
static const struct parameter rescale_parameters[] = {
    {"what", VALUE_CHOICE, 0, 0, 0, rescale_part_name, "layer",
     "what is scaled: everything that the layer has, its filters, or its BatchNorm"},
    PARAMETER_END,
};
static const int rescale_options[] = {OPTION_RATIO, OPTION_NONE};
static const struct example rescale_examples[] = {
    {"rescale layer1.0.conv1 10", "makes a layer ten times as large and the next a tenth", false},
    {"rescale conv1 0.1 what=filters", "scales filters alone: the BatchNorm behind them makes up for it",
     false},
    EXAMPLE_END,
};

const struct command command_rescale = {
    .name = "rescale",
    .arguments = rescale_arguments,
    .parameters = rescale_parameters,
    .options = rescale_options,
    .flags =
        COMMAND_MODEL | COMMAND_LONG | COMMAND_CHANGES | COMMAND_FIGURES | COMMAND_QUIET | COMMAND_OF_MODEL,
    .help = "scale a layer, and see who notices",
    .text = "The scale attack. A factor passes through ReLU and can be taken out again by the weights "
            "behind it, so the same network can be written with one layer C times as large. Does a "
            "criterion rate the layer by what it does, or by the size of its numbers? Shows, for every "
            "criterion that is scored and for those that need weights alone, the layer's median score and "
            "the mean place of its filters among all filters of the network, before and after.\n\n"
            "With what=layer filters and bias are multiplied by C, the running mean by C and the variance "
            "by C*C (the epsilon is accounted for), BatchNorm's scale and shift by C; the weights of all "
            "layers that read the channels are divided by C. With what=norm only scale, shift and the "
            "weights behind are changed. With what=filters only the filters, the bias and the running "
            "statistics, so that BatchNorm gives what it gave and no other layer is touched; without a "
            "BatchNorm the weights behind are divided.\n\n"
            "Refused, by the operator's name, where the factor would meet something that does not pass it "
            "on (Clip, Sigmoid), an addition to channels that are not scaled, a mean over such and others, "
            "or the network's output. The network is run before and after on a few images; the largest "
            "difference of the logits is shown, and more than roundings of the precision is an error.",
    .examples = rescale_examples,
    .run = run_rescale,
};
