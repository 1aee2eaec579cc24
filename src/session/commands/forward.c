/* SPDX-License-Identifier: GPL-3.0-or-later */
/* forward: what the network gives for inputs that are at hand as an array. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/text.h"
#include "data/npy.h"
#include "nn/engine/aim.h"
#include "nn/engine/engine.h"
#include "nn/engine/network_end.h"
#include "nn/engine/run.h"
#include "nn/graph/tensor.h"
#include "session/commands/forward_input.h"
#include "session/language/command.h"
#include "session/model.h"
#include "session/network_outputs.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/shown.h"
#include "session/words/option.h"
#include "session/words/value.h"
#include "view/figure.h"

enum { BEST = 5 };

/* --- running -------------------------------------------------------------------------------------------- */

struct forward_work {
    struct call *call;
    struct forward_input input;
    enum element_type real;
    struct shape shape;     /* of the outputs, of all inputs; rank 0 until the first are there */
    char *outputs;          /* owned; of a network with several outputs a row of all for each input */
    struct aim_part *parts; /* which they are, owned; names are the graph's */
    int part_count;
    const char *output; /* the name of one of several, of which this is; else NULL */
};

/* The first outputs say how large all of them are. */
static status make_room(struct forward_work *work, const struct operand *output, struct error *error)
{
    const struct shape *shape = &output->shape;
    size_t bytes;
    if (work->outputs)
        return STATUS_OK;
    work->shape = *shape;
    work->shape.dim[0] = work->input.count;
    int64_t elements = shape_elements(&work->shape);
    if (elements < 0 || !size_multiply((size_t)elements, element_size(output->type), &bytes))
        return error_set(error, STATUS_RANGE, "the outputs of %" PRId64 " inputs are too large",
                         work->input.count);
    work->outputs = mem_aligned_raw(bytes ? bytes : 1, 1);
    return work->outputs ? STATUS_OK : error_memory(error);
}

static status find_parts(struct forward_work *work, const struct engine *engine, struct error *error)
{
    if (work->parts)
        return STATUS_OK;
    work->part_count = engine_part_count(engine);
    work->parts = mem_new((size_t)work->part_count, sizeof *work->parts);
    if (!work->parts)
        return error_memory(error);
    aim_parts(engine, work->parts);
    return STATUS_OK;
}

static status keep_outputs(void *argument, const struct engine *engine, const struct loss *losses,
                           const int64_t *labels, int64_t first, int64_t count, struct error *error)
{
    struct forward_work *work = argument;
    const struct operand *output = engine_output(engine);
    (void)losses;
    (void)labels;
    if (make_room(work, output, error) != STATUS_OK || find_parts(work, engine, error) != STATUS_OK)
        return error->code;
    size_t each =
        (size_t)(shape_elements(&output->shape) / output->shape.dim[0]) * element_size(output->type);
    memcpy(work->outputs + (size_t)first * each, output->data, (size_t)count * each);
    return STATUS_OK;
}

/* The network gives one output for each image. */
static status check_model(const struct model *model, struct error *error)
{
    if (model->output.rank >= 1 && model->output.dim[0] == model->input.dim[0])
        return STATUS_OK;
    struct text shape = {0};
    shape_text(&model->output, &shape);
    error_set(error, STATUS_UNSUPPORTED,
              "for one input the network's output is %s: it does not follow its batch", text_data(&shape));
    text_free(&shape);
    return error->code;
}

static status run_inputs(struct forward_work *work, struct error *error)
{
    struct call *call = work->call;
    struct run run = {
        .engine = {.batch = option_integer(&call->options, OPTION_MICRO_BATCH),
                   .real = work->real,
                   .kernel = options_kernel(&call->options)},
        .memory = options_memory(&call->options),
        .images = work->input.count,
        .fetch = forward_input_fetch,
        .fetch_argument = &work->input,
        .commit = keep_outputs,
        .commit_argument = work,
        .outputs_only = true,
        .title = "running",
        .progress = call->progress,
    };
    status code = session_graph(call->session, &run.graph, error);
    if (code == STATUS_OK)
        code = session_pool(call->session, &run.pool, error);
    return code == STATUS_OK ? run_images(&run, error) : code;
}

/* --- the best classes ----------------------------------------------------------------------------------- */

static double output_at(const struct forward_work *work, int64_t index)
{
    return work->real == ELEMENT_FLOAT ? (double)((const float *)work->outputs)[index]
                                       : ((const double *)work->outputs)[index];
}

/* Numbers of the largest outputs, the first of equal ones first; how many there are. What is not a number is
 * never among them. */
static int find_best(const struct forward_work *work, int64_t from, int64_t classes, int64_t best[BEST])
{
    int found = 0;
    for (int64_t i = 0; i < classes; i++) {
        double value = output_at(work, from + i);
        if (isnan(value))
            continue;
        int place = found;
        while (place > 0 && output_at(work, from + best[place - 1]) < value)
            place--;
        if (place == BEST)
            continue;
        found += found < BEST;
        memmove(best + place + 1, best + place, (size_t)(found - place - 1) * sizeof *best);
        best[place] = i;
    }
    return found;
}

/* How sure the network is of its first guess: the softmax of the outputs, where it has not been taken. */
static double confidence(const struct forward_work *work, int64_t from, int64_t classes, int64_t best)
{
    const struct model *model = work->call->session->state.model;
    double sum = 0, top = output_at(work, from + best);
    if (model->end == NETWORK_END_SOFTMAX || model->end == NETWORK_END_SIGMOID)
        return top;
    for (int64_t i = 0; i < classes; i++)
        sum += exp(output_at(work, from + i) - top);
    return 1 / sum;
}

static void class_cell(struct figure *figure, const struct dataset *dataset, int64_t classes, int64_t number)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRId64, number);
    table_text(figure, dataset && dataset->classes == classes ? dataset->class_names[number] : digits);
}

static void best_row(struct figure *figure, const struct forward_work *work, int64_t index, int64_t classes)
{
    int64_t best[BEST + 1], from = index * classes;
    int found = find_best(work, from, classes, best);
    table_number(figure, (double)index);
    for (int k = 0; k < BEST && k < classes; k++) {
        if (k < found) {
            class_cell(figure, work->call->session->state.dataset, classes, best[k]);
            table_number(figure, output_at(work, from + best[k]));
        } else {
            table_missing(figure);
            table_missing(figure);
        }
        if (k == 0)
            number_cell(figure, found ? confidence(work, from, classes, best[0]) : NAN);
    }
}

static status best_table(struct figure *figure, const struct forward_work *work, int64_t classes,
                         struct error *error)
{
    static const char *const places[BEST][2] = {{"best", "output"},
                                                {"2nd", "2nd output"},
                                                {"3rd", "3rd output"},
                                                {"4th", "4th output"},
                                                {"5th", "5th output"}};
    table_column(figure, "input", NULL, COLUMN_INTEGER, 0);
    for (int k = 0; k < BEST && k < classes; k++) {
        table_column(figure, places[k][0], NULL, COLUMN_TEXT, 0);
        table_priority(figure, 2 * (BEST - k) + 1);
        table_column(figure, places[k][1], NULL, COLUMN_REAL, 4);
        table_priority(figure, 2 * (BEST - k));
        if (k == 0) {
            table_column(figure, "confidence", NULL, COLUMN_PERCENT, 1);
            table_priority(figure, 2 * BEST);
        }
    }
    for (int64_t i = 0; i < work->input.count; i++) {
        if (progress_check(error) != STATUS_OK)
            return error->code;
        best_row(figure, work, i, classes);
    }
    return STATUS_OK;
}

/* --- what is shown -------------------------------------------------------------------------------------- */

/* Where there is more than a row of numbers for each input. */
static status spread_row(struct figure *figure, const struct forward_work *work, int64_t index,
                         int64_t elements, struct error *error)
{
    enum { PIECE = 1 << 20 };
    double least = INFINITY, largest = -INFINITY, sum = 0;
    for (int64_t k = 0; k < elements; k++) {
        if (k % PIECE == 0 && progress_check(error) != STATUS_OK)
            return error->code;
        double value = output_at(work, index * elements + k);
        least = value < least ? value : least;
        largest = value > largest ? value : largest;
        sum += value;
    }
    table_number(figure, (double)index);
    table_number(figure, least);
    table_number(figure, sum / (double)elements);
    table_number(figure, largest);
    return STATUS_OK;
}

static status spread_table(struct figure *figure, const struct forward_work *work, int64_t elements,
                           struct error *error)
{
    static const char *const names[] = {"least", "mean", "largest"};
    table_column(figure, "input", NULL, COLUMN_INTEGER, 0);
    for (int i = 0; i < 3; i++)
        table_column(figure, names[i], NULL, COLUMN_REAL, 4);
    status code = STATUS_OK;
    for (int64_t i = 0; i < work->input.count && code == STATUS_OK; i++)
        code = spread_row(figure, work, i, elements, error);
    return code;
}

/* Its title, and what the inputs were. */
static struct figure *begin_figure(const struct forward_work *work)
{
    const struct session *session = work->call->session;
    struct figure *figure = shown_figure(session, FIGURE_TABLE, "forward");
    struct text shape = {0};
    if (!figure)
        return NULL;
    if (work->output) {
        text_add_escaped(&shape, work->output, 0);
        text_add(&shape, " ");
        figure_fact(figure, "output", "%s", work->output);
    }
    shape_text(&work->shape, &shape);
    figure_title(figure, "Outputs %s of %s%s for %s", shown_words(figure, &shape),
                 model_title(session->state.model), session->state.pruning->removed_count ? ", masked," : "",
                 work->input.array->name);
    figure_fact(figure, "inputs", "%s", work->input.array->name);
    if (work->input.normalization)
        figure_note(figure, "pixels are normalised by %s", work->input.normalization);
    text_free(&shape);
    return figure;
}

static status show_outputs(struct forward_work *work, struct error *error)
{
    struct figure *figure = begin_figure(work);
    if (!figure)
        return error_memory(error);
    const int64_t elements = shape_elements(&work->shape) / work->input.count;
    status code = work->shape.rank == 2 ? best_table(figure, work, elements, error)
                                        : spread_table(figure, work, elements, error);
    if (code != STATUS_OK) {
        figure_free(figure);
        return code;
    }
    struct figure_array array = {.rank = work->shape.rank,
                                 .single = work->real == ELEMENT_FLOAT,
                                 .values = work->outputs,
                                 .name = work->output};
    memcpy(array.dims, work->shape.dim, sizeof array.dims);
    work->outputs = NULL;
    figure_set_array(figure, &array);
    return reply_figure(work->call->reply, figure, error);
}

/* One of several outputs, as if it were the only one. */
static status show_part(const struct forward_work *work, const struct aim_part *part, struct error *error)
{
    struct forward_work alone = *work;
    const size_t size = element_size(work->real);
    const size_t row = (size_t)work->shape.dim[1] * size, bytes = (size_t)part->elements * size;
    alone.output = part->name;
    alone.shape = part->shape;
    alone.shape.dim[0] = work->input.count;
    alone.outputs = mem_new((size_t)work->input.count, bytes);
    if (!alone.outputs)
        return error_memory(error);
    for (int64_t i = 0; i < work->input.count; i++)
        memcpy(alone.outputs + (size_t)i * bytes,
               work->outputs + (size_t)i * row + (size_t)part->first * size, bytes);
    status code = show_outputs(&alone, error);
    mem_free(alone.outputs);
    return code;
}

static status show_parts(struct forward_work *work, struct error *error)
{
    const struct setting *asked = call_setting(work->call, "output");
    status code = STATUS_OK;
    bool shown = false;
    for (int i = 0; code == STATUS_OK && i < work->part_count; i++) {
        const struct aim_part *part = &work->parts[i];
        if (asked && strcmp(asked->value.text, part->name) != 0)
            continue;
        code = work->part_count == 1 ? show_outputs(work, error) : show_part(work, part, error);
        shown = true;
    }
    if (code != STATUS_OK || shown)
        return code;
    struct text there = {0};
    outputs_add_names(work->call->session->state.model->graph, OUTPUTS_ALL, &there);
    error_set(error, STATUS_NOT_FOUND, "the network has no output '%s': it has %s", asked->value.text,
              text_data(&there));
    text_free(&there);
    return error->code;
}

static void tell_outputs(struct call *call, const struct forward_work *work)
{
    struct text text = {0};
    text_add_thousands(&text, work->input.count);
    text_add_format(&text, " input%s, outputs ", work->input.count == 1 ? "" : "s");
    shape_text(&work->shape, &text);
    reply_result(call->reply, &text);
    text_free(&text);
}

static status forward_array(struct call *call, const struct npy *array, struct error *error)
{
    struct forward_work work = {.call = call, .real = options_precision(&call->options)};
    status code = check_model(call->session->state.model, error);
    if (code == STATUS_OK)
        code = forward_input_init(call, array, &work.input, error);
    if (code == STATUS_OK)
        code = run_inputs(&work, error);
    if (code == STATUS_OK)
        code = show_parts(&work, error);
    if (code == STATUS_OK)
        tell_outputs(call, &work);
    mem_free(work.outputs);
    mem_free(work.parts);
    return code;
}

static status run_forward(struct call *call, struct error *error)
{
    struct npy *array;
    if (call->session->given)
        return forward_array(call, call->session->given, error);
    if (npy_open(call_argument(call, 0), &array, error) != STATUS_OK)
        return error->code;
    status code = forward_array(call, array, error);
    npy_free(array);
    return code;
}

static const struct parameter forward_arguments[] = {
    {"INPUT", VALUE_ARRAY, 0, 0, 0, NULL, NULL,
     "the inputs, as an array of NumPy: a .npy file, or FILE.npz:MEMBER"},
    PARAMETER_END,
};
static const struct parameter forward_parameters[] = {
    {"output", VALUE_WORD, 0, 0, 0, NULL, NULL, "of several outputs: the one to show"},
    PARAMETER_END,
};
static const int forward_options[] = {OPTION_NORMALIZE,   OPTION_PRECISION, OPTION_KERNEL,
                                      OPTION_MICRO_BATCH, OPTION_MEMORY,    OPTION_NONE};
static const struct example forward_examples[] = {
    {"forward images.npy > logits.npy", "writes the outputs for numpy.load", true},
    {"forward images.npy normalize=imagenet precision=double", "shows the best five classes of uint8 images",
     true},
    EXAMPLE_END,
};

const struct command command_forward = {
    .name = "forward",
    .arguments = forward_arguments,
    .parameters = forward_parameters,
    .options = forward_options,
    .flags = COMMAND_MODEL | COMMAND_LONG | COMMAND_FIGURES,
    .help = "give the network's outputs for an array of inputs",
    .text =
        "Takes inputs N x channels x height x width (or one without N) through the network as it is, masked "
        "channels at zero, and gives its outputs: of a classifier the logits, or what its file ends in. "
        "Numbers are taken as they are, without any normalisation, so that the same array can go through "
        "another framework. Arrays of uint8 are images, channels first or last: their pixels are normalised "
        "as normalize= says, or as the data set is.\n\n"
        "Shown are the five largest outputs of each input and the softmax of the first. > FILE.npy writes all "
        "outputs as an array: float32, or float64 with precision=double; of several outputs, > FILE.npz writes an array each, by their names.",
    .examples = forward_examples,
    .run = run_forward,
};
