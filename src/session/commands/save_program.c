/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which positions of every parameter stay, as a program for Python: data here, functions in
 * save_program_text.c. */
#include "session/commands/save_program.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/text.h"
#include "checkpoint/checkpoint.h"
#include "nn/engine/engine.h"
#include "nn/execution/options.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "prune/trace.h"
#include "session/commands/channel_zeros.h"
#include "session/kept_channels.h"
#include "session/model.h"
#include "session/parameters.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/version.h"
#include "view/style.h"

/* --- what goes ------------------------------------------------------------------------------------------ */

/* A module of somebody else's program is not made to leave out a whole block. */
static status refuse_whole_blocks(const struct kept_channels *kept, struct error *error)
{
    for (int i = 0; i < kept->count; i++) {
        int64_t stays = 0;
        for (int64_t c = 0; c < kept->layers[i].channels; c++)
            stays += kept->layers[i].kept[c];
        if (stays == 0)
            return error_set(error, STATUS_UNSUPPORTED,
                             "nothing is left of layer %s, whose block went whole: a program that cuts "
                             "parameters cannot do that; save the network as .onnx",
                             kept->layers[i].name);
    }
    return STATUS_OK;
}

/* The classes of the network as loaded that are gone, of which all channels must be. */
static status removed_classes(const struct model *original, const struct kept_channels *kept, bool *removed,
                              struct error *error)
{
    const struct coupling *coupling = original->coupling;
    for (int i = 0; i < coupling->class_count; i++) {
        const struct channel_class *item = &coupling->classes[i];
        for (int k = 0; k < item->member_count; k++) {
            const struct channel_member *member = &item->members[k];
            bool gone = !kept->layers[member->layer].kept[member->channel];
            if (k > 0 && gone != removed[i])
                return error_set(error, STATUS_STATE,
                                 "channel %" PRId64
                                 " of layer %s is not removed together with what it is tied to",
                                 member->channel, kept->layers[member->layer].name);
            removed[i] = gone;
        }
    }
    return STATUS_OK;
}

static status trace_model(const struct call *call, struct trace *trace, struct error *error)
{
    const struct state *state = &call->session->state;
    const struct model *original = model_original(state->model);
    struct kept_channels kept;
    bool *wanted = NULL, *removed = mem_new((size_t)original->coupling->class_count + 1, sizeof *removed);
    if (!removed)
        return error_memory(error);
    status code = kept_channels_find(state->model, state->pruning, &kept, error);
    if (code == STATUS_OK) {
        code = refuse_whole_blocks(&kept, error);
        if (code == STATUS_OK)
            code = removed_classes(original, &kept, removed, error);
        kept_channels_free(&kept);
    }
    if (code == STATUS_OK)
        code = model_parameters(original, &wanted, error);
    if (code == STATUS_OK)
        code = trace_cut(original->coupling, removed, wanted, trace, error);
    mem_free(wanted);
    mem_free(removed);
    return code;
}

/* --- lists of channels ---------------------------------------------------------------------------------- */

static void add_list(struct text *out, const int64_t *numbers, int64_t count)
{
    text_add(out, "[");
    for (int64_t i = 0; i < count; i++)
        text_add_format(out, "%s%" PRId64, i ? ", " : "", numbers[i]);
    text_add(out, "]");
}

/* Lists that stand in several places have a name: that of the first parameter that has it. */
static const int64_t *first_like(const struct trace *trace, const int64_t *numbers, int64_t count,
                                 int *number)
{
    *number = 0;
    for (int i = 0; i < trace->parameter_count; i++) {
        for (int axis = 0; axis < TRACE_AXES; axis++) {
            const struct traced_parameter *parameter = &trace->parameters[i];
            const int64_t *list = parameter->kept[axis];
            if (!list)
                continue;
            if (parameter->after.dim[axis] == count &&
                memcmp(list, numbers, (size_t)count * sizeof *list) == 0)
                return list;
            ++*number;
        }
    }
    return numbers;
}

static void add_lists(const struct trace *trace, struct text *out)
{
    for (int i = 0; i < trace->parameter_count; i++) {
        for (int axis = 0; axis < TRACE_AXES; axis++) {
            const struct traced_parameter *parameter = &trace->parameters[i];
            const int64_t *list = parameter->kept[axis];
            int64_t count = parameter->after.dim[axis];
            int number;
            if (!list || first_like(trace, list, count, &number) != list)
                continue;
            text_add_format(out, "C%d = ", number);
            add_list(out, list, count);
            text_add(out, "\n");
        }
    }
}

static void add_axis(const struct trace *trace, const struct traced_parameter *parameter, int axis,
                     struct text *out)
{
    const int64_t *list = parameter->kept[axis];
    int64_t count = axis < parameter->after.rank ? parameter->after.dim[axis] : 0;
    int number;
    if (!list) {
        text_add(out, "None");
    } else {
        first_like(trace, list, count, &number);
        text_add_format(out, "C%d", number);
    }
}

static void add_tuple(struct text *out, const struct shape *shape)
{
    text_add(out, "(");
    for (int i = 0; i < shape->rank; i++)
        text_add_format(out, "%" PRId64 ", ", shape->dim[i]);
    text_add(out, ")");
}

/* A text between quotation marks, in ASCII. */
static void add_quoted(struct text *out, const char *text)
{
    text_add(out, "\"");
    for (int32_t code; *text;) {
        text += utf8_decode(text, &code);
        if (code < 0)
            code = (unsigned char)text[-1];
        if (code < ' ' || code > '~' || code == '"' || code == '\\')
            text_add_format(out, "\\U%08x", (unsigned)code);
        else
            text_add_format(out, "%c", (char)code);
    }
    text_add(out, "\"");
}

static void add_parameters(const struct trace *trace, struct text *out)
{
    text_add(
        out,
        "\n# Parameter: its shape before and after, what stays along the first axis and the second; None: "
        "all.\nKEEP = {\n");
    for (int i = 0; i < trace->parameter_count; i++) {
        const struct traced_parameter *parameter = &trace->parameters[i];
        text_add(out, "    ");
        add_quoted(out, parameter->name);
        text_add(out, ": (");
        add_tuple(out, &parameter->before);
        text_add(out, ", ");
        add_tuple(out, &parameter->after);
        text_add(out, ", ");
        add_axis(trace, parameter, 0, out);
        text_add(out, ", ");
        add_axis(trace, parameter, 1, out);
        text_add(out, "),\n");
    }
    text_add(out, "}\n");
}

/* --- what has channels but no parameters ---------------------------------------------------------------- */

/* Of a node's parts of the program, while it is written. */
struct written_nodes {
    const struct trace *trace;
    struct text groups, zeros;
};

static const char *weight_name(const struct trace *trace, const struct graph *before, const struct node *node)
{
    (void)trace;
    return node->input_count > 1 && node->inputs[1] != VALUE_NONE ? before->values[node->inputs[1]].name : "";
}

static status write_group(struct written_nodes *written, const struct graph *before,
                          const struct traced_node *node, struct error *error)
{
    (void)error;
    text_add(&written->groups, "    ");
    add_quoted(&written->groups, weight_name(written->trace, before, node->before));
    text_add_format(&written->groups, ": %" PRId64 ",\n", node_integer(node->after, "group", 1));
    return STATUS_OK;
}

/* Channels of zeros around others, as in shortcuts of option A: so many of them go in front and behind. */
static status write_zeros(struct written_nodes *written, const struct graph *before,
                          const struct traced_node *node, struct error *error)
{
    const int64_t *old = channel_zeros_pads(before, node->before),
                  *new = channel_zeros_pads(written->trace->cut, node->after);
    if (!old || !new || old[PADS_FRONT] < new[PADS_FRONT] || old[PADS_BEHIND] < new[PADS_BEHIND])
        return error_set(error, STATUS_UNSUPPORTED, "its channels cannot be followed");
    text_add_format(&written->zeros, "    (%" PRId64 ", %" PRId64 "),\n", old[PADS_FRONT] - new[PADS_FRONT],
                    old[PADS_BEHIND] - new[PADS_BEHIND]);
    return STATUS_OK;
}

/* Sizes that name the channels beside height and width: a model of PyTorch names the latter only. */
static status write_nothing(struct written_nodes *written, const struct graph *before,
                            const struct traced_node *node, struct error *error)
{
    (void)written;
    (void)before;
    (void)node;
    (void)error;
    return STATUS_OK;
}

static const struct {
    const char *op;
    status (*write)(struct written_nodes *written, const struct graph *before, const struct traced_node *node,
                    struct error *error);
} writers[] = {
    {"Conv", write_group}, {"ConvTranspose", write_group}, {"Pad", write_zeros}, {"Resize", write_nothing}};

static status write_node(struct written_nodes *written, const struct graph *before,
                         const struct traced_node *node, struct error *error)
{
    for (size_t i = 0; node->before->op == node->after->op && i < sizeof writers / sizeof *writers; i++) {
        if (strcmp(node->before->op->name, writers[i].op) != 0)
            continue;
        if (writers[i].write(written, before, node, error) == STATUS_OK)
            return STATUS_OK;
        return error_prefix(error, "node %s (%s): ", node->before->name, node->before->op->name);
    }
    return error_set(
        error, STATUS_UNSUPPORTED,
        "node %s (%s) has numbers of channels that a model of PyTorch has in its own program, where "
        "they cannot be changed from outside: save .pth, and write the model for these widths",
        node->before->name, node->before->op->name);
}

static status add_nodes(const struct trace *trace, const struct graph *before, struct text *out,
                        struct error *error)
{
    struct written_nodes written = {.trace = trace};
    status code = STATUS_OK;
    for (int i = 0; code == STATUS_OK && i < trace->node_count; i++)
        code = write_node(&written, before, &trace->nodes[i], error);
    text_add_format(
        out,
        "\n# Groups of convolutions that have others now, by their weights.\nGROUPS = {\n%s}\n\n"
        "# Modules without parameters that add channels of zeros, in the order of the network: so many "
        "go in\n# front and behind.\nZEROS = [\n%s]\n",
        text_data(&written.groups), text_data(&written.zeros));
    out->failed |= written.groups.failed || written.zeros.failed;
    text_free(&written.groups);
    text_free(&written.zeros);
    return code;
}

/* --- the check ------------------------------------------------------------------------------------------ */

/* The same input as in the program: a sine. */
static void fill_input(double *input, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        input[i] = sin(0.37 * (double)i);
}

static void add_outputs(struct text *out, const struct model *model, const struct operand *output)
{
    enum { MOST = 1024, WIDTH = 5 };
    int64_t count = shape_elements(&output->shape);
    text_add(
        out,
        "\n# What the smaller network gives for the input that check() makes, computed in double: the first "
        "numbers.\nINPUT = ");
    add_tuple(out, &model->input);
    text_add(out, "\nOUTPUT_SHAPE = ");
    add_tuple(out, &output->shape);
    text_add(out, "\nOUTPUTS = [");
    for (int64_t i = 0; i < count && i < MOST; i++) {
        text_add(out, i % WIDTH ? ", " : i ? ",\n    " : "\n    ");
        if (isfinite(((const double *)output->data)[i]))
            text_add_double(out, ((const double *)output->data)[i]);
        else
            text_add(out, "float(\"nan\")");
    }
    text_add(out, "\n]\n");
}

static status add_check(const struct call *call, struct text *out, struct error *error)
{
    const struct graph *graph;
    struct engine *engine;
    struct engine_options options = {.batch = 1, .real = ELEMENT_DOUBLE, .progress = progress_current()};
    status code = session_graph(call->session, &graph, error);
    if (code == STATUS_OK)
        code = engine_new(graph, &options, &engine, error);
    if (code != STATUS_OK)
        return code;
    fill_input(engine_input(engine), engine_input_elements(engine));
    code = engine_forward(engine, error);
    if (code == STATUS_OK)
        add_outputs(out, call->session->state.model, engine_output(engine));
    engine_free(engine);
    return code;
}

/* --- the program ---------------------------------------------------------------------------------------- */

static bool is_keyword(const char *name, size_t length)
{
    static const char *const keywords[] = {
        "False", "None",     "True",  "and",    "as",   "assert", "async",  "await",    "break",
        "class", "continue", "def",   "del",    "elif", "else",   "except", "finally",  "for",
        "from",  "global",   "if",    "import", "in",   "is",     "lambda", "nonlocal", "not",
        "or",    "pass",     "raise", "return", "try",  "while",  "with",   "yield"};
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++) {
        if (strlen(keywords[i]) == length && memcmp(keywords[i], name, length) == 0)
            return true;
    }
    return false;
}

/* Can Python import a file of this name (without .py)? Letters beyond ASCII are not tried. */
static bool is_identifier(const char *name, size_t length)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
    return length > 0 && strspn(name, letters) >= length && (*name < '0' || *name > '9') &&
           !is_keyword(name, length);
}

/* How a program gets at this one, as a part of the text USAGE, in which backslashes are doubled: by its name,
 * or by its path where Python has no such name. */
static void add_import(struct text *out, const char *name)
{
    const size_t length = strlen(name) - strlen(".py");
    struct text quoted = {0};
    if (is_identifier(name, length)) {
        text_add_format(out, "    from %.*s import prune, check\n\n", (int)length, name);
        return;
    }
    add_quoted(&quoted, name);
    text_add(out, "    import importlib.util\n"
                  "    spec = importlib.util.spec_from_file_location(\"pruning\", ");
    for (const char *at = text_data(&quoted); *at; at++)
        text_add_format(out, "%s%c", *at == '\\' ? "\\" : "", *at);
    text_add(out, ")\n"
                  "    pruning = importlib.util.module_from_spec(spec)\n"
                  "    spec.loader.exec_module(pruning)\n"
                  "    prune, check = pruning.prune, pruning.check\n\n");
    out->failed |= quoted.failed;
    text_free(&quoted);
}

static void add_head(const struct call *call, const char *path, struct text *out)
{
    const struct model *original = model_original(call->session->state.model);
    const char *name = path_base(path);
    struct text model = {0};
    text_add_escaped(&model, original->name, 0);
    text_add_format(out, "#!/usr/bin/env python3\n# Written by " PROGRAM_NAME " " PROGRAM_VERSION
                         " for the network ");
    text_add(out, text_data(&model));
    text_add_format(out, "\n# (SHA-256 %s).\n", original->digest);
    text_add(out, "import sys\n\nimport torch\n\nUSAGE = \"\"\"This file prunes a model of PyTorch. In a "
                  "program:\n\n");
    add_import(out, name);
    text_add(out, "    prune(model)    # the model with its weights; changed in place\n"
                  "    check(model)    # are its shapes and outputs those of the pruned network?\n"
                  "    torch.save(model.state_dict(), \"pruned.pth\")\n\"\"\"\n\n");
    out->failed |= model.failed;
    text_free(&model);
}

static status write_program(const struct call *call, const struct trace *trace, const char *path,
                            struct text *out, struct error *error)
{
    const struct model *original = model_original(call->session->state.model);
    add_head(call, path, out);
    text_add(out, "PREFIXES = (\"\", \"module.\", ");
    add_quoted(out, original->weights ? original->weights->prefix : "");
    text_add(out, ")\n\n# Channels that stay, in the numbers of the whole network.\n");
    add_lists(trace, out);
    add_parameters(trace, out);
    status code = add_nodes(trace, original->graph, out, error);
    if (code == STATUS_OK)
        code = add_check(call, out, error);
    text_add(out, save_program_functions);
    if (code == STATUS_OK && out->failed)
        code = error_memory(error);
    return code;
}

status save_program(struct call *call, const char *path, struct error *error)
{
    struct trace trace = {0};
    struct text out = {0};
    status code = trace_model(call, &trace, error);
    if (code == STATUS_OK)
        code = write_program(call, &trace, path, &out, error);
    if (code == STATUS_OK)
        code = file_replace(path, text_data(&out), out.length, error);
    if (code == STATUS_OK)
        reply_add(call->reply, STYLE_NOTE,
                  "a program that prunes the model in PyTorch written to %s: prune(model), "
                  "check(model)",
                  path);
    text_free(&out);
    trace_free(&trace);
    return code;
}
