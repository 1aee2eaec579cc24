/* SPDX-License-Identifier: GPL-3.0-or-later */
/* data: the images to score and to judge on. */
#include <string.h>
#include <unistd.h>

#include "base/status.h"
#include "base/text.h"
#include "data/dataset.h"
#include "data/fitting.h"
#include "session/commands/advice.h"
#include "session/commands/misfit.h"
#include "session/language/command.h"
#include "session/model.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/shown.h"
#include "session/words/option.h"
#include "session/words/value.h"
#include "view/style.h"

enum { CORRUPT_REFUSE, CORRUPT_SKIP };
enum { ROTATE_NONE, ROTATE_EXIF };

/* Is a single word the path of files, though a kind has the same name? */
static bool is_path_alone(const struct dataset_kind *kind, const char *path)
{
    return kind->needs_path && access(path, F_OK) == 0;
}

/* The kind that is named, or that the path says; *path is the one behind the kind, or the only one. */
static status find_kind(const struct call *call, const struct dataset_kind **kind, const char **path,
                        struct error *error)
{
    const char *first = call_argument(call, 0);
    *path = call_argument(call, 1);
    *kind = dataset_kind_find(first);
    if (*kind && (*path || !is_path_alone(*kind, first)))
        return STATUS_OK;
    if (*path)
        return error_set(error, STATUS_NOT_FOUND, "no data set kind '%s': 'help data' names them", first);
    *path = first;
    return dataset_kind_recognise(first, kind, error);
}

static status check_path(const struct call *call, const struct dataset_kind *kind, const char *path,
                         struct error *error)
{
    if (kind->needs_path && !path)
        return error_set(error, STATUS_USAGE, "%s needs the PATH of its folder or file", kind->name);
    if (!kind->needs_path && path)
        return error_set(error, STATUS_USAGE, "%s is made, not read: unexpected '%s'", kind->name, path);
    if (kind->needs_path && (call_setting(call, "images") || call_setting(call, "seed")))
        return error_set(error, STATUS_USAGE,
                         "images and seed are for images that are made: shapes and shape-maps");
    return STATUS_OK;
}

static const char *text_setting(const struct call *call, const char *name)
{
    const struct setting *setting = call_setting(call, name);
    return setting ? setting->text : NULL;
}

/* How images are made to fit, as asked for and for the network that is there. */
static status fitting_of(const struct call *call, struct fitting_options *fitting, struct error *error)
{
    const struct model *model = call->session->state.model;
    struct setting_value channels, rotate;
    status code = call_value(call, "channels", &channels, error);
    if (code == STATUS_OK)
        code = call_value(call, "rotate", &rotate, error);
    if (code != STATUS_OK)
        return code;
    *fitting = (struct fitting_options){
        .resize = text_setting(call, "resize"),
        .crop = text_setting(call, "crop"),
        .channels = (int)channels.integer,
        .upright = rotate.integer == ROTATE_EXIF,
    };
    if (fitting->channels == 2)
        return error_set(error, STATUS_USAGE, "channels: 2 is not 1, 3 or auto");
    if (model && model->input.rank == 4) {
        fitting->network.channels = (int)model->input.dim[1];
        fitting->network.height = (int)model->input.dim[2];
        fitting->network.width = (int)model->input.dim[3];
    }
    return STATUS_OK;
}

static status open_data(struct call *call, struct dataset **dataset, struct error *error)
{
    const struct dataset_kind *kind = NULL;
    const char *path = NULL, *normalization = option_text(&call->options, OPTION_NORMALIZE);
    struct setting_value images, seed, corrupt;
    if (find_kind(call, &kind, &path, error) || check_path(call, kind, path, error) ||
        call_value(call, "images", &images, error) || call_value(call, "seed", &seed, error) ||
        call_value(call, "corrupt", &corrupt, error))
        return error->code;
    struct dataset_options options = {
        .split = text_setting(call, "split"),
        .normalization = strcmp(normalization, "auto") == 0 ? NULL : normalization,
        .images = images.integer,
        .seed = (uint64_t)seed.integer,
        .labels = text_setting(call, "labels"),
        .skip_corrupt = corrupt.integer == CORRUPT_SKIP,
        .progress = call->progress,
    };
    if (fitting_of(call, &options.fitting, error) ||
        (options.skip_corrupt && session_pool(call->session, &options.pool, error)))
        return error->code;
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
    status code = open_data(call, &dataset, error);
    if (code != STATUS_OK)
        return code;
    session_set_dataset(call->session, dataset);
    struct text text = {0};
    text_add_format(&text, "%s %s: ", dataset->kind->name, dataset->split);
    text_add_thousands(&text, dataset->count);
    text_add_format(&text, " %s of %dx%dx%d ", dataset->finished ? "tensors" : "images", dataset->channels,
                    dataset->height, dataset->width);
    if (dataset->unlabelled)
        text_add(&text, "without labels, ");
    else
        text_add_format(&text, "in %d classes%s, ", dataset->classes, dataset->label_map ? " per pixel" : "");
    if (dataset->finished)
        text_add(&text, "given to the network as they are");
    else
        text_add_format(&text, "normalised by %s", dataset->normalization);
    if (dataset->prepared)
        text_add_format(&text, " (%s)", dataset->prepared);
    reply_line(call->reply, "%s", reply_text(call->reply, &text));
    text_free(&text);
    if (dataset->note)
        reply_add(call->reply, STYLE_NOTE, "note: %s", dataset->note);
    if (call->session->state.board->pass)
        tell_sample(call->session, call->reply);
    reply_misfit(call->session, call->reply);
    advise_normalization(call);
    return STATUS_OK;
}

static const char *corrupt_word(int index)
{
    static const char *const words[] = {[CORRUPT_REFUSE] = "refuse", [CORRUPT_SKIP] = "skip", NULL};
    return words[index];
}

static const char *rotate_word(int index)
{
    static const char *const words[] = {[ROTATE_NONE] = "none", [ROTATE_EXIF] = "exif", NULL};
    return words[index];
}

static const char *resize_word(int index)
{
    static const char *const words[] = {"auto", "none", "256", NULL};
    return words[index];
}

static const char *crop_word(int index)
{
    static const char *const words[] = {"auto", "none", "224", NULL};
    return words[index];
}

static const char *split_word(int index)
{
    static const char *const words[] = {"train", "test", "val", "all", NULL};
    return words[index];
}

static const struct parameter data_arguments[] = {
    {"KIND", VALUE_DATASET, 0, 0, 0, NULL, NULL,
     "what it is; may be left out before a PATH that says so by itself"},
    {"PATH", VALUE_IMAGES, PARAMETER_OPTIONAL, 0, 0, NULL, NULL, "folder or file of the data set"},
    PARAMETER_END,
};
static const struct parameter data_parameters[] = {
    {"split", VALUE_WORD, 0, 0, 0, split_word, NULL,
     "train, test or val, of some kinds trainval or all; without it the kind's own default"},
    {"labels", VALUE_FILE, 0, 0, 0, NULL, NULL,
     "imagenet, folder: file with a path and a label in each line; npy: array of labels; none: there are none"},
    {"resize", VALUE_WORD, 0, 0, 0, resize_word, "auto",
     "scale images: their shorter side (256), HEIGHTxWIDTH, none, or auto as the crop needs it"},
    {"crop", VALUE_WORD, 0, 0, 0, crop_word, "auto",
     "cut out the middle: 224, HEIGHTxWIDTH, none, or auto as the network takes it"},
    {"channels", VALUE_INTEGER, PARAMETER_AUTO, 1, 3, NULL, "auto",
     "1 (grey) or 3 (colour), or auto as the network takes it"},
    {"rotate", VALUE_CHOICE, 0, 0, 0, rotate_word, "none",
     "pictures in files: exif turns them as cameras say; Torchvision does not"},
    {"corrupt", VALUE_CHOICE, 0, 0, 0, corrupt_word, "refuse",
     "pictures in files: skip reads all of them first and leaves out what cannot be read"},
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
    {"data imagenet ~/data/imagenet",
     "reads ImageNet's validation pictures, scaled to 256 and cropped to 224", true},
    {"data folder ~/data/flowers split=val normalize=imagenet resize=256 crop=224",
     "reads pictures in a folder per class", true},
    {"data csv labels.csv corrupt=skip",
     "reads the pictures that a file lists, but for those that are damaged", true},
    EXAMPLE_END,
};

const struct command command_data = {
    .name = "data",
    .arguments = data_arguments,
    .parameters = data_parameters,
    .options = data_options,
    .flags = COMMAND_CHANGES | COMMAND_LONG,
    .help = "open a data set",
    .text =
        "Opens the images that scoring and eval use. shapes and shape-maps are made by the program and need no file; shape-maps has a label for every pixel; cifar10 "
        "and cifar100 are the files of their authors; imagenet and folder are PNG and JPEG pictures, in a folder "
        "per class or beside a file of labels; csv is a file of paths and labels. The kind may be left out where "
        "the path says it. Pictures are scaled and cropped as Torchvision does for evaluation: the shorter side to "
        "256 pixels (bilinear, antialiased), then the middle 224, or what the network takes that is loaded; each "
        "step is an option. Alpha is dropped, CMYK and grey become RGB, 16 bits become 8, as Pillow does it. Only "
        "names and labels are held in memory. A picture that cannot be read ends the work, with its name, unless "
        "corrupt=skip has all read first and leaves it out. Pixels are normalised as the network was trained: "
        "(pixel / 255 - mean) / std for each channel, with a preset of normalize or numbers. Where that is left open for images in files "
        "and a network is loaded that is not too large, the presets are tried on a hundred of them, and one that "
        "is better is named. Scores stay those of "
        "the images that they came from, so that one can score on training images and judge on test images; score "
        "goes on to the new ones.",
    .examples = data_examples,
    .run = run_data,
};
