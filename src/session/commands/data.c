/* SPDX-License-Identifier: GPL-3.0-or-later */
/* data: the images to score and to judge on. */
#include <string.h>

#include "base/status.h"
#include "base/text.h"
#include "data/dataset.h"
#include "session/commands/misfit.h"
#include "session/language/command.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/shown.h"
#include "session/words/option.h"
#include "session/words/value.h"
#include "view/style.h"

static status open_data(struct call *call, const struct dataset_kind *kind, struct dataset **dataset,
                        struct error *error)
{
    const char *path = call_argument(call, 1);
    if (kind->needs_path && !path)
        return error_set(error, STATUS_USAGE, "%s needs the PATH of its folder or file", kind->name);
    if (!kind->needs_path && path)
        return error_set(error, STATUS_USAGE, "%s is made, not read: unexpected '%s'", kind->name, path);
    struct setting_value images, seed;
    status code = call_value(call, "images", &images, error);
    if (code == STATUS_OK)
        code = call_value(call, "seed", &seed, error);
    if (code != STATUS_OK)
        return code;
    if (kind->needs_path && (call_setting(call, "images") || call_setting(call, "seed")))
        return error_set(error, STATUS_USAGE,
                         "images and seed are for images that are made: shapes and shape-maps");
    const struct setting *split = call_setting(call, "split");
    const char *normalization = option_text(&call->options, OPTION_NORMALIZE);
    struct dataset_options options = {
        .split = split ? split->value.text : NULL,
        .normalization = strcmp(normalization, "auto") == 0 ? NULL : normalization,
        .images = images.integer,
        .seed = (uint64_t)seed.integer,
    };
    return dataset_open(kind, path, &options, dataset, error);
}

/* Scores stay, as what they are. */
static void tell_sample(const struct session *session, struct reply *reply)
{
    struct text text = {0};
    text_add_sample(&text, session);
    reply_add(reply, STYLE_NOTE, "the scores stay as they are, from %s", reply_text(reply, &text));
    text_free(&text);
}

static status run_data(struct call *call, struct error *error)
{
    struct dataset *dataset;
    status code = open_data(call, dataset_kind_find(call_argument(call, 0)), &dataset, error);
    if (code != STATUS_OK)
        return code;
    session_set_dataset(call->session, dataset);
    struct text text = {0};
    text_add_format(&text, "%s %s: ", dataset->kind->name, dataset->split);
    text_add_thousands(&text, dataset->count);
    text_add_format(&text, " images of %dx%dx%d in %d classes%s, normalised by %s", dataset->channels,
                    dataset->height, dataset->width, dataset->classes, dataset->label_map ? " per pixel" : "",
                    dataset->normalization);
    reply_line(call->reply, "%s", reply_text(call->reply, &text));
    text_free(&text);
    if (dataset->note)
        reply_add(call->reply, STYLE_NOTE, "note: %s", dataset->note);
    if (call->session->state.board->pass)
        tell_sample(call->session, call->reply);
    reply_misfit(call->session, call->reply);
    return STATUS_OK;
}

static const struct parameter data_arguments[] = {
    {"KIND", VALUE_DATASET, 0, 0, 0, NULL, NULL, "shapes, shape-maps, cifar10 or cifar100"},
    {"PATH", VALUE_IMAGES, PARAMETER_OPTIONAL, 0, 0, NULL, NULL,
     "folder with the data set's binary files, or one such file"},
    PARAMETER_END,
};
static const struct parameter data_parameters[] = {
    {"split", VALUE_WORD, 0, 0, 0, NULL, NULL, "train or test; without it the kind's own default"},
    {"images", VALUE_INTEGER, PARAMETER_AUTO, 1, 1e6, NULL, "auto", "shapes: how many images to make"},
    {"seed", VALUE_INTEGER, 0, 0, 9007199254740992.0, NULL, "1", "shapes: seed of the images"},
    PARAMETER_END,
};
static const int data_options[] = {OPTION_NORMALIZE, OPTION_NONE};
static const struct example data_examples[] = {
    {"data shapes", "makes the images that the example was trained for", false},
    {"data shapes split=train images=500", "makes 500 images of the training split", false},
    {"data shapes split=train; score taylor samples=200; data shapes split=test; curve taylor samples=100",
     "scores on training images and judges on test images", false},
    {"data cifar10 ~/data/cifar-10-batches-bin split=train normalize=imagenet", "reads CIFAR-10", true},
    EXAMPLE_END,
};

const struct command command_data = {
    .name = "data",
    .arguments = data_arguments,
    .parameters = data_parameters,
    .options = data_options,
    .flags = COMMAND_CHANGES,
    .help = "open a data set",
    .text =
        "Opens the images that scoring and eval use. Kinds are cifar10 and cifar100 (the binary files "
        "of their authors, in a folder or one by one) and shapes and shape-maps, which are made by the "
        "program and need no file; shape-maps has a label for every pixel. Pixels are normalised as the network was trained: (pixel / 255 - mean) / std "
        "for each channel, with a preset (none, cifar, imagenet, half) or numbers. Scores stay those of "
        "the images that they came from, so that one can score on training images and judge on test "
        "images; score goes on to the new ones.",
    .examples = data_examples,
    .run = run_data,
};
