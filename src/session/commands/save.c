/* SPDX-License-Identifier: GPL-3.0-or-later */
/* save: the network, or lists of what was cut, as a file. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "data/dataset.h"
#include "nn/graph/graph.h"
#include "onnx/onnx_write.h"
#include "session/commands/document.h"
#include "session/commands/save_program.h"
#include "session/commands/save_weights.h"
#include "session/kept_channels.h"
#include "session/language/command.h"
#include "session/model.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/shown.h"
#include "session/version.h"
#include "session/what_if.h"
#include "session/words/value.h"
#include "view/style.h"
#include "view/figure.h"
#include "view/write/write.h"

static const char metadata_key[] = "ippro-explore";

/* --- what was done, in words ---------------------------------------------------------------------------- */

static void add_line(struct text *text, const char *key, const char *value)
{
    text_add_format(text, "%s: %s\n", key, value);
}

/* One fact a line: what the network came from and every step since. */
static void add_story(struct text *text, const struct session *session)
{
    const struct model *model = session->state.model;
    add_line(text, "program", PROGRAM_NAME " " PROGRAM_VERSION);
    add_line(text, "model", model_original(model)->name);
    add_line(text, "model_hash", model->digest);
    if (model_dropped(model))
        add_line(text, "left_out", model_dropped(model));
    for (const char *line = model->made; line;) {
        size_t length = strcspn(line, "\n");
        text_add_bytes(text, line, length);
        text_add(text, "\n");
        line = line[length] ? line + length + 1 : NULL;
    }
    if (session->state.pruning->how)
        text_add_selection(text, "mask", session->state.model, session->state.pruning);
    if (session->state.dataset) {
        text_add_format(text, "data: %s %s\n", session->state.dataset->kind->name,
                        session->state.dataset->split);
        add_line(text, "data_hash", dataset_digest(session->state.dataset));
    }
}

/* A key that the file does not have yet: what was done in an earlier session stays in it. */
static void free_key(const struct graph *graph, char *key, size_t size)
{
    for (int number = 1;; number++) {
        bool taken = false;
        if (number == 1)
            snprintf(key, size, "%s", metadata_key);
        else
            snprintf(key, size, "%s.%d", metadata_key, number);
        for (int i = 0; i < graph->metadata_count; i++)
            taken |= strcmp(graph->metadata[i].key, key) == 0;
        if (!taken)
            return;
    }
}

/* --- the network ---------------------------------------------------------------------------------------- */

/* The network as it is to be written. */
static status graph_to_save(const struct call *call, const struct graph **graph, struct error *error)
{
    struct session *session = call->session;
    struct setting_value masked;
    if (call_value(call, "masked", &masked, error) != STATUS_OK)
        return error->code;
    if (session->state.pruning->removed_count && !masked.integer)
        return error_set(error, STATUS_STATE,
                         "%lld channels are selected and not removed yet: 'apply' removes them, masked=yes "
                         "writes the network as it is, with their weights at zero",
                         (long long)session->state.pruning->removed_count);
    return session_graph(session, graph, error);
}

static status save_onnx(struct call *call, const char *path, struct error *error)
{
    struct session *session = call->session;
    const struct graph *graph;
    if (graph_to_save(call, &graph, error) != STATUS_OK)
        return error->code;
    struct text story = {0};
    char key[64];
    add_story(&story, session);
    free_key(graph, key, sizeof key);
    struct metadata metadata = {key, text_data(&story)};
    status code = story.failed ? error_memory(error) : onnx_write(path, graph, &metadata, 1, error);
    text_free(&story);
    if (code == STATUS_OK)
        reply_add(call->reply, STYLE_NOTE, "%s written to %s", session->state.model->name, path);
    if (code == STATUS_OK && model_dropped(session->state.model))
        reply_add(call->reply, STYLE_NOTE, "without the outputs that were left out: %s",
                  model_dropped(session->state.model));
    const char *lacks = model_original(session->state.model)->lacks;
    if (code == STATUS_OK && lacks)
        reply_add(call->reply, STYLE_NOTE, "it lacks the end of the file that was loaded: %s", lacks);
    return code;
}

static status save_state_dict(struct call *call, const char *path, struct error *error)
{
    const struct graph *graph;
    struct setting_value prefix;
    if (call_value(call, "prefix", &prefix, error) != STATUS_OK ||
        graph_to_save(call, &graph, error) != STATUS_OK)
        return error->code;
    return save_weights(call, path, graph, prefix.integer != 0, error);
}

/* --- lists of channels ---------------------------------------------------------------------------------- */

/* One row for each channel of the network as loaded. */
static status add_rows(struct call *call, const char *path, const struct kept_channels *kept,
                       struct error *error)
{
    struct figure *figure = shown_figure(call->session, FIGURE_TABLE, "channels");
    if (!figure)
        return error_memory(error);
    table_column(figure, "layer", NULL, COLUMN_TEXT, 0);
    table_column(figure, "channel", NULL, COLUMN_INTEGER, 0);
    table_column(figure, "kept", NULL, COLUMN_INTEGER, 0);
    for (int i = 0; i < kept->count; i++) {
        for (int64_t k = 0; k < kept->layers[i].channels; k++) {
            table_text(figure, kept->layers[i].name);
            table_number(figure, (double)k);
            table_number(figure, kept->layers[i].kept[k]);
        }
    }
    const struct figure *const figures[] = {figure};
    status code = figures_save(figures, 1, path, error);
    figure_free(figure);
    return code;
}

static json_t *channel_list(struct document *document, const struct kept_layer *layer, bool kept)
{
    json_t *list = json_array();
    for (int64_t i = 0; list && i < layer->channels; i++) {
        if (layer->kept[i] == kept)
            document_append(document, list, json_integer(i));
    }
    return list;
}

static json_t *layer_object(struct document *document, const struct kept_layer *layer)
{
    json_t *object = json_object();
    document_set(document, object, "layer", document_string(layer->name));
    document_set(document, object, "channels", json_integer(layer->channels));
    document_set(document, object, "kept", channel_list(document, layer, true));
    document_set(document, object, "cut", channel_list(document, layer, false));
    return object;
}

static json_t *story_list(struct document *document, const struct session *session)
{
    struct text story = {0};
    json_t *list = json_array();
    add_story(&story, session);
    document->failed |= story.failed;
    char *rest = story.failed ? NULL : story.data;
    for (char *line; rest && (line = strsep(&rest, "\n"));) {
        if (*line)
            document_append(document, list, document_string(line));
    }
    text_free(&story);
    return list;
}

static status add_object(struct call *call, const char *path, const struct kept_channels *kept,
                         struct error *error)
{
    struct document document;
    document_begin(&document);
    json_t *layers = json_array();
    document_set(&document, document.root, "format", json_string("ippro-explore channels 1"));
    document_set(&document, document.root, "story", story_list(&document, call->session));
    for (int i = 0; i < kept->count; i++)
        document_append(&document, layers, layer_object(&document, &kept->layers[i]));
    document_set(&document, document.root, "layers", layers);
    status code = document_write(&document, path, false, error);
    document_end(&document);
    return code;
}

static status save_channels(struct call *call, const char *path,
                            status (*save)(struct call *, const char *, const struct kept_channels *,
                                           struct error *),
                            struct error *error)
{
    struct kept_channels kept;
    status code = kept_channels_find(call->session->state.model, call->session->state.pruning, &kept, error);
    if (code != STATUS_OK)
        return code;
    code = save(call, path, &kept, error);
    kept_channels_free(&kept);
    if (code == STATUS_OK)
        reply_add(call->reply, STYLE_NOTE, "kept and cut channels written to %s", path);
    return code;
}

static status save_csv(struct call *call, const char *path, struct error *error)
{
    return save_channels(call, path, add_rows, error);
}

static status save_json(struct call *call, const char *path, struct error *error)
{
    return save_channels(call, path, add_object, error);
}

/* --- the command ---------------------------------------------------------------------------------------- */

static const struct {
    const char *extension;
    status (*save)(struct call *call, const char *path, struct error *error);
} kinds[] = {
    {"onnx", save_onnx},  {"pth", save_state_dict}, {"pt", save_state_dict}, {"safetensors", save_state_dict},
    {"py", save_program}, {"csv", save_csv},        {"json", save_json},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static status save_as(struct call *call, const char *path, struct error *error)
{
    const char *extension = path_extension(call_argument(call, 0));
    struct text known = {0};
    for (int i = 0; i < KINDS; i++) {
        if (strcmp(extension, kinds[i].extension) == 0)
            return kinds[i].save(call, path, error);
    }
    for (int i = 0; i < KINDS; i++)
        text_add_format(&known, "%s.%s", i == 0 ? "" : i + 1 < KINDS ? ", " : " or ", kinds[i].extension);
    error_set(error, STATUS_USAGE, "cannot write '%s': the name must end in %s", call_argument(call, 0),
              text_data(&known));
    text_free(&known);
    return error->code;
}

static status run_save(struct call *call, struct error *error)
{
    char *path = path_expand(call_argument(call, 0));
    if (!path)
        return error_memory(error);
    status code = call_may_write(call, path, error);
    if (code == STATUS_OK)
        code = save_as(call, path, error);
    mem_free(path);
    if (code == STATUS_OK)
        call->reply->kept = KEPT_NETWORK;
    return code;
}

static const struct parameter save_arguments[] = {
    {"FILE", VALUE_FILE, 0, 0, 0, NULL, NULL,
     "where to: its name ends in .onnx, .pth, .pt, .safetensors, .py, .csv or .json"},
    PARAMETER_END,
};
static const struct parameter save_parameters[] = {
    {"masked", VALUE_BOOLEAN, 0, 0, 0, NULL, "no",
     "write a network whose channels are only selected, with their weights at zero"},
    {"prefix", VALUE_BOOLEAN, 0, 0, 0, NULL, "yes",
     "names in .pth, .pt and .safetensors begin as in the file that was loaded, with module. for instance"},
    OVERWRITE_PARAMETER,
    PARAMETER_END,
};
static const struct example save_examples[] = {
    {"prune l1 0.4; apply; save smaller.onnx", "writes the smaller network", false},
    {"save smaller.pth", "writes its weights as PyTorch's torch.save would", false},
    {"save prune_model.py", "writes a program that prunes the model in PyTorch", false},
    {"save channels.json", "writes which channels were kept and which cut", false},
    EXAMPLE_END,
};

const struct command command_save = {
    .name = "save",
    .arguments = save_arguments,
    .parameters = save_parameters,
    .flags = COMMAND_MODEL | COMMAND_LONG | COMMAND_OF_MODEL,
    .help = "write the network, or what was cut",
    .text =
        "A file that ends in .onnx gets the network, with the names, the opset and the metadata of the "
        "file that it came from; an entry ippro-explore in the metadata tells what was done, one fact a "
        "line: the file and its hash, every selection with its criterion, ratios and sample, every "
        "rescale. Channels that are only selected must be removed by apply first; masked=yes writes "
        "them with weights at zero instead.\n\n"
        "A .pth, .pt or .safetensors gets its weights as a flat state_dict: the names, the order and the types of "
        "the file that was loaded (of an ONNX file, those of its parameters), with what that had beside the "
        "network's parameters (heads for training alone only while no channels are cut). Where the network's own program puts zeros around channels, as in shortcuts of option A, "
        "weights alone do not say how many: the file records it beside them, for load (torch.load passes over "
        "it).\n\n"
        "A .py is a program that cuts the same channels out of the model in PyTorch, from its whole size and with "
        "whatever weights it has: prune(model) changes the model in place, check(model) compares its shapes, and "
        "its outputs for a fixed input with those of the network here. It needs torch alone. Channels that "
        "are selected count as cut. A model whose own program has numbers of channels in it (shuffles, splits, "
        "reshapes to fixed sizes) is refused by the node's name.\n\n"
        "A .csv has a row for each channel of the network as loaded, a .json lists of the kept and the "
        "cut channels of each layer: always in the original numbers, however often the network was "
        "pruned. A file that exists is replaced in one step: when writing fails, the old one is still "
        "there. The file that the network was loaded from, and every other that was read here, is only "
        "replaced with overwrite=yes.",
    .examples = save_examples,
    .run = run_save,
};
