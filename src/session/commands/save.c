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

static status save_onnx(struct call *call, const char *path, bool masked, struct error *error)
{
    struct session *session = call->session;
    const struct graph *graph;
    if (session->state.pruning->removed_count && !masked)
        return error_set(error, STATUS_STATE,
                         "%lld channels are selected and not removed yet: 'apply' removes them, masked=yes "
                         "writes the network as it is, with their weights at zero",
                         (long long)session->state.pruning->removed_count);
    status code = session_graph(session, &graph, error);
    if (code != STATUS_OK)
        return code;
    struct text story = {0};
    char key[64];
    add_story(&story, session);
    free_key(graph, key, sizeof key);
    struct metadata metadata = {key, text_data(&story)};
    code = story.failed ? error_memory(error) : onnx_write(path, graph, &metadata, 1, error);
    text_free(&story);
    if (code == STATUS_OK)
        reply_add(call->reply, STYLE_NOTE, "%s written to %s", session->state.model->name, path);
    return code;
}

/* --- lists of channels ---------------------------------------------------------------------------------- */

/* One row for each channel of the network as loaded. */
static status save_csv(struct call *call, const char *path, const struct kept_channels *kept,
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

static status save_json(struct call *call, const char *path, const struct kept_channels *kept,
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

/* --- the command ---------------------------------------------------------------------------------------- */

static status run_save(struct call *call, struct error *error)
{
    const char *extension = path_extension(call_argument(call, 0));
    struct setting_value masked;
    status code = call_value(call, "masked", &masked, error);
    if (code != STATUS_OK)
        return code;
    char *path = path_expand(call_argument(call, 0));
    if (!path)
        return error_memory(error);
    code = call_may_write(call, path, error);
    if (code != STATUS_OK)
        ;
    else if (strcmp(extension, "onnx") == 0)
        code = save_onnx(call, path, masked.integer != 0, error);
    else if (strcmp(extension, "csv") == 0)
        code = save_channels(call, path, save_csv, error);
    else if (strcmp(extension, "json") == 0)
        code = save_channels(call, path, save_json, error);
    else
        code = error_set(error, STATUS_USAGE, "cannot write '%s': the name must end in .onnx, .csv or .json",
                         call_argument(call, 0));
    mem_free(path);
    if (code == STATUS_OK)
        call->reply->kept = KEPT_NETWORK;
    return code;
}

static const struct parameter save_arguments[] = {
    {"FILE", VALUE_FILE, 0, 0, 0, NULL, NULL, "where to: its name ends in .onnx, .csv or .json"},
    PARAMETER_END,
};
static const struct parameter save_parameters[] = {
    {"masked", VALUE_BOOLEAN, 0, 0, 0, NULL, "no",
     "write a network whose channels are only selected, with their weights at zero"},
    OVERWRITE_PARAMETER,
    PARAMETER_END,
};
static const struct example save_examples[] = {
    {"prune l1 0.4; apply; save smaller.onnx", "writes the smaller network", false},
    {"save channels.json", "writes which channels were kept and which cut", false},
    EXAMPLE_END,
};

const struct command command_save = {
    .name = "save",
    .arguments = save_arguments,
    .parameters = save_parameters,
    .flags = COMMAND_MODEL | COMMAND_LONG | COMMAND_OF_MODEL,
    .help = "write the network, or what was cut",
    .text = "A file that ends in .onnx gets the network, with the names, the opset and the metadata of the "
            "file that it came from; an entry ippro-explore in the metadata tells what was done, one fact a "
            "line: the file and its hash, every selection with its criterion, ratios and sample, every "
            "rescale. Channels that are only selected must be removed by apply first; masked=yes writes "
            "them with weights at zero instead.\n\n"
            "A .csv has a row for each channel of the network as loaded, a .json lists of the kept and the "
            "cut channels of each layer: always in the original numbers, however often the network was "
            "pruned. A file that exists is replaced in one step: when writing fails, the old one is still "
            "there. The file that the network was loaded from, and every other that was read here, is only "
            "replaced with overwrite=yes.",
    .examples = save_examples,
    .run = run_save,
};
