/* SPDX-License-Identifier: GPL-3.0-or-later */
/* build: a network with weights drawn at random. */
#include <string.h>

#include "architecture/architecture.h"
#include "architecture/fit.h"
#include "architecture/fresh.h"
#include "architecture/table.h"
#include "architecture/variant.h"
#include "base/status.h"
#include "checkpoint/checkpoint.h"
#include "session/commands/load_weights.h"
#include "session/commands/take_model.h"
#include "session/language/command.h"
#include "session/model.h"
#include "session/networks.h"
#include "session/reply.h"
#include "session/words/option.h"
#include "session/words/value.h"
#include "view/style.h"

/* What is asked for; what is not given is as described. */
static status read_variant(const struct call *call, struct variant *variant, struct error *error)
{
    const struct setting *classes = call_setting(call, "classes"), *channels = call_setting(call, "channels"),
                         *input = call_setting(call, "input");
    struct setting_value width;
    status code = call_value(call, "width", &width, error);
    if (code != STATUS_OK)
        return code;
    *variant = (struct variant){.classes = classes ? classes->value.integer : 0,
                                .channels = channels ? channels->value.integer : 0,
                                .width = width.real};
    return input ? image_size_parse(input->value.text, variant->size, error) : STATUS_OK;
}

/* Weights of the seed for it, and the network of both. */
static status make(const struct call *call, struct architecture *architecture, struct model **model,
                   struct error *error)
{
    static const int64_t as_described[2] = {0, 0};
    struct setting_value initialisation;
    struct checkpoint *checkpoint = NULL;
    struct fit *fit = NULL;
    status code = call_value(call, "init", &initialisation, error);
    if (code == STATUS_OK)
        code = fresh_checkpoint(architecture, initialisation_at((int)initialisation.integer),
                                (uint64_t)option_integer(&call->options, OPTION_SEED), &checkpoint, error);
    if (code == STATUS_OK)
        code = fit_new(architecture, 0, checkpoint, as_described, &fit, error);
    if (code == STATUS_OK)
        code = model_load_fit(architecture->name, fit, model, error);
    fit_free(fit);
    checkpoint_free(checkpoint);
    return code;
}

static status build(const struct call *call, struct model **model, struct error *error)
{
    struct variant variant;
    struct architecture_list list = {0};
    struct architecture *architecture = NULL;
    status code = read_variant(call, &variant, error);
    if (code == STATUS_OK)
        code = known_networks_for(call, call_argument(call, 0), &list, error);
    if (code == STATUS_OK)
        code = architecture_variant(list.items[0], &variant, &architecture, error);
    if (code == STATUS_OK)
        code = make(call, architecture, model, error);
    if (code == STATUS_OK && architecture->extra_count)
        reply_add(call->reply, STYLE_NOTE, "without the heads that only its authors' training uses: %s%s",
                  architecture->extras[0], architecture->extra_count > 1 ? " and others" : "");
    architecture_free(architecture);
    architecture_list_free(&list);
    return code;
}

static status run_build(struct call *call, struct error *error)
{
    struct model *model;
    status code = build(call, &model, error);
    if (code == STATUS_OK)
        code = take_model(call, model, error);
    if (code == STATUS_OK)
        reply_add(call->reply, STYLE_NOTE,
                  "its weights are drawn at random: 'train' makes something of them");
    return code;
}

static const struct parameter build_arguments[] = {
    {"NETWORK", VALUE_NETWORK, 0, 0, 0, NULL, NULL, "a network that is described: 'networks' lists them"},
    PARAMETER_END,
};
static const struct parameter build_parameters[] = {
    {"classes", VALUE_INTEGER, 0, 1, 1000000, NULL, NULL, "that it tells apart; else as described"},
    {"input", VALUE_EXTENT, 0, 0, 0, NULL, NULL, "height and width of the images; else as described"},
    {"channels", VALUE_INTEGER, 0, 1, 4096, NULL, NULL, "of the images; else as described, which is 3"},
    {"width", VALUE_REAL, PARAMETER_OPEN_LOW, 0, 64, NULL, "1",
     "times as many channels in every layer, rounded"},
    {"init", VALUE_CHOICE, 0, 0, 0, initialisation_name, "he",
     "how weights are drawn: convolutions by He, or all as PyTorch's layers are"},
    PARAMETER_END,
};
static const int build_options[] = {OPTION_SEED, OPTION_NONE};
/* Not run with the others, which want the network that is there; tests/program/building.sh runs them. */
static const struct example build_examples[] = {
    {"build cifar-resnet14 seed=2", "makes a ResNet-14 for images of 32x32 pixels in 10 classes", true},
    {"build mobilenet-v2 classes=100 input=64 width=0.5", "makes a narrow MobileNetV2 for small images",
     true},
    EXAMPLE_END,
};

const struct command command_build = {
    .name = "build",
    .arguments = build_arguments,
    .parameters = build_parameters,
    .options = build_options,
    .flags = COMMAND_LONG | COMMAND_CHANGES,
    .help = "make a network that is described, with weights drawn at random",
    .text =
        "Makes a network from nothing, to be trained: one of those that the command networks lists, with the "
        "classes, images and width that are asked for. Depth is in the name: cifar-resnet20, cifar-resnet56. The "
        "network that is loaded is replaced, as by load.\n\n"
        "The numbers are drawn from the seed, the same on every machine. With init=he, as Torchvision does, the "
        "weights of convolutions are normal with the variance 2 / (filters x places of the window) and their "
        "biases 0. With init=pytorch weights and biases of convolutions are even between -b and b, b = 1 / "
        "sqrt(numbers that a filter reads), as PyTorch's layers are when they are made. Linear layers are so in "
        "both; BatchNorm has scale and variance 1, shift and mean 0.\n\n"
        "A width rounds the channels of each layer by itself. Where layers then no longer go together, or images "
        "are too small, an error names the layer.",
    .examples = build_examples,
    .run = run_build,
};
