/* SPDX-License-Identifier: GPL-3.0-or-later */
/* load: a network from a file. */
#include <string.h>

#include "base/status.h"
#include "base/text.h"
#include "checkpoint/checkpoint.h"
#include "data/dataset.h"
#include "nn/engine/quality.h"
#include "nn/simplify/adapt.h"
#include "session/commands/load_weights.h"
#include "session/commands/take_model.h"
#include "session/language/command.h"
#include "session/model.h"
#include "session/networks.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/shown.h"
#include "session/words/value.h"
#include "view/style.h"

/* What the user says, and the images that are there for a network that leaves their size open. */
static status read_wishes(const struct call *call, struct model_wishes *wishes, struct error *error)
{
    const struct setting *output = call_setting(call, "output"), *size = call_setting(call, "size"),
                         *partial = call_setting(call, "partial");
    const struct dataset *images = call->session->state.dataset;
    int64_t said[2] = {0, 0};
    if (size && image_size_parse(size->value.text, said, error) != STATUS_OK)
        return error->code;
    if (!size && images)
        wishes->size = (struct image_size){images->height, images->width};
    else
        wishes->size = (struct image_size){said[0], said[1]};
    wishes->size_is_said = size != NULL;
    wishes->partial = partial && partial->value.integer;
    wishes->output = output ? output->value.text : NULL;
    return STATUS_OK;
}

/* By what the file is, not by its name. */
static status read_model(struct call *call, struct model **model, struct error *error)
{
    const char *name = call_argument(call, 0);
    bool weights = false;
    struct model_wishes wishes = {0};
    if (strcmp(name, "example") != 0 && checkpoint_probe(name, &weights, error) != STATUS_OK)
        return error->code;
    if (weights &&
        (call_setting(call, "size") || call_setting(call, "partial") || call_setting(call, "output")))
        return error_set(error, STATUS_USAGE,
                         "%s: size=, partial= and output= are for ONNX files, and these are weights", name);
    if (weights)
        return load_weights(call, name, model, error);
    if (call_setting(call, "as") || call_setting(call, "input"))
        return error_set(error, STATUS_USAGE,
                         "%s: as= and input= are for weights without a graph, which this is not", name);
    if (read_wishes(call, &wishes, error) != STATUS_OK)
        return error->code;
    status code = model_load(name, &wishes, model, error);
    return code == STATUS_FILE ? checkpoint_refuse_named(name, error) : code;
}

static status run_load(struct call *call, struct error *error)
{
    struct model *model;
    status code = read_model(call, &model, error);
    if (code != STATUS_OK)
        return code;
    return take_model(call, model, error);
}

static const struct parameter load_arguments[] = {
    {"MODEL", VALUE_MODEL, 0, 0, 0, NULL, NULL, "an ONNX file, a file of weights, or example"},
    PARAMETER_END,
};
static const struct parameter load_parameters[] = {
    {"as", VALUE_NETWORK, 0, 0, 0, NULL, NULL, "of weights: the network that they are for"},
    {"input", VALUE_EXTENT, 0, 0, 0, NULL, NULL, "of weights: height and width of the images"},
    {"size", VALUE_EXTENT, 0, 0, 0, NULL, NULL,
     "of an ONNX file that leaves it open: height and width of the images"},
    {"partial", VALUE_BOOLEAN, 0, 0, 0, NULL, "no",
     "of an ONNX file: cut off what is not supported, and take the rest"},
    {"output", VALUE_WORD, 0, 0, 0, NULL, NULL, "of several outputs: the one to look at, or all"},
    PARAMETER_END,
};
static const struct example load_examples[] = {
    {"load example", "loads the network that comes with the program", false},
    {"load resnet56.onnx", "loads a file", true},
    {"load detector.onnx size=320x320 partial=yes",
     "loads what is supported of a network, for images of this size", true},
    {"load resnet50.pth input=176", "loads PyTorch's weights, for smaller images", true},
    {"load detector.onnx output=boxes", "looks at one output of several", true},
    EXAMPLE_END,
};

const struct command command_load = {
    .name = "load",
    .arguments = load_arguments,
    .parameters = load_parameters,
    .flags = COMMAND_LONG | COMMAND_CHANGES,
    .help = "load a network from an ONNX file, or from a checkpoint's weights",
    .text =
        "Reads an ONNX file (opset 7 to 24), folds what is constant and finds the layers that can be "
        "pruned. The network must take one batch of images. Of several outputs the one is looked at that gives a "
        "row of class scores for each image, or for each of its pixels, where one is clear: heads that a network "
        "learns with beside it are left out, which a note says, and are not saved. Else all are kept, as of "
        "detectors; output= names one, or all. Without class scores there is no accuracy, and criteria that look at "
        "gradients need a loss (set loss). A "
        "network that is loaded already is replaced, and its scores are dropped; the data set stays.\n\n"
        "Images have their channels first or last, as the file wants them. Where it leaves their height and width open, size= says them, "
        "else they are those of the data set. Networks in integers (QuantizeLinear and DequantizeLinear) are read as those in "
        "floating point that they stand for. Parameters may lie in other files beneath the folder of the model. With "
        "partial=yes what is not supported is cut off, with all that needs it, and the values in front of "
        "it are outputs too; save says then what the file lacks.\n\n"
        "A PyTorch checkpoint (.pth, .pt, .th, .tar, .ckpt, .bin) or a safetensors file has weights and no "
        "graph. The network is recognised by the names and shapes of its parameters among those that the "
        "command networks lists, of several that fit the one for as many classes, else the first; as= names "
        "another. Numbers of channels and of classes are the file's, so that a pruned network is recognised too. Where none fits, a table shows what is "
        "missing, unexpected and different in the nearest one. Nothing in a checkpoint is run.\n\n"
        "The name example stands for the small network that comes with the program; a file of that name "
        "is ./example.",
    .examples = load_examples,
    .run = run_load,
};
