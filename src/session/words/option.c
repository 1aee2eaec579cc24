/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The option table. */
#include "session/words/option.h"

#include <math.h>
#include <string.h>

#include "base/status.h"
#include "nn/engine/run.h"
#include "nn/graph/tensor.h"
#include "prune/coupling.h"
#include "prune/selection.h"
#include "score/criterion_options.h"
#include "stats/correlation.h"

static const struct option_group sample_group = {"sample", "The sample", false};
static const struct option_group criteria_group = {"criteria", "Criteria", false};
static const struct option_group selection_group = {"selection", "Selection", false};
static const struct option_group comparison_group = {"comparison", "Comparison", false};
static const struct option_group computation_group = {"computation", "Computation", false};
static const struct option_group display_group = {"display", "Display", true};

/* What a look ahead supposes is not what was set: the key has another word. */
static const struct parameter supposed_ratio = {
    .name = "at",
    .kind = VALUE_REAL,
    .low = 0,
    .high = 1,
    .help = "look ahead: the share that counts as pruned here, whatever ratios are set",
};

#define CHOICES(function, ...)                                                                               \
    const char *function(int index)                                                                          \
    {                                                                                                        \
        static const char *const names[] = {__VA_ARGS__};                                                    \
        return index >= 0 && index < (int)(sizeof names / sizeof *names) ? names[index] : NULL;              \
    }

CHOICES(choice_auto_yes_no, "auto", "yes", "no")
CHOICES(choice_by, "layer", "mean", "pooled")
CHOICES(choice_by_title, "layer by layer", "mean over layers", "all filters pooled")
/* clang-format off */
static CHOICES(choice_scale, "own", "mean", "standard")
static CHOICES(choice_background, "auto", "dark", "light") /* in the order of enum background */
static CHOICES(choice_on, "open", "train", "test", "augmented") /* in the order of enum scored_on */
static CHOICES(choice_order, "random", "first")
enum network_mode { MODE_EVAL, MODE_TRAIN };
static CHOICES(choice_mode, "eval", "train")
static CHOICES(choice_pager, "auto", "never")
static CHOICES(choice_timing, "no", "yes", "all")
static CHOICES(choice_precision, "float", "double")
static CHOICES(choice_kernel, "auto", "direct", "winograd", "reference") /* in the order of enum kernel_choice */
/* clang-format on */

#define MOST_MEGABYTES 10000000.0         /* ten terabytes */
#define LARGEST_SEED   9007199254740992.0 /* 2^53: every seed below is exact in files */

    static const struct option_row table[OPTION_COUNT] = {
        [OPTION_ON] =
            {{"on", VALUE_CHOICE, 0, 0, 0, choice_on, "open",
              "which images to score with: those of data, its training images, its others (test or val), or "
              "training images changed at random (as augment says, else crop,flip)"},
             &sample_group},
        [OPTION_SAMPLES] = {{"samples", VALUE_SIZE, 0, 0, 0, NULL, "10%",
                             "images to score with: a number, a share such as 5%, or all"},
                            &sample_group},
        [OPTION_BALANCED] = {{"balanced", VALUE_BOOLEAN, 0, 0, 0, NULL, "no",
                              "draw the same number of images of every class"},
                             &sample_group},
        [OPTION_ORDER] = {{"order", VALUE_CHOICE, 0, 0, 0, choice_order, "random",
                           "draw at random, or take the first records in order"},
                          &sample_group},
        [OPTION_AUGMENT] =
            {{"augment", VALUE_AUGMENTATION, 0, 0, 0, NULL, "none",
              "what is done at random to the images to score with, so that the network does not know them by "
              "heart: crop (moved by up to 4 pixels; crop:N by N), flip (mirrored, every second one), "
              "resized-crop (a part, scaled), with commas between them"},
             &sample_group},
        [OPTION_MODE] =
            {{"mode", VALUE_CHOICE, 0, 0, 0, choice_mode, "eval",
              "how BatchNorm normalises while scores are computed: by its running statistics, or, "
              "with train, by those of each batch of batch= images, as while it learns"},
             &sample_group},
        [OPTION_LOSS] =
            {{"loss", VALUE_LOSS, 0, 0, 0, NULL, "auto",
              "what gradients are of: the cross-entropy of the labels (classification of the image, or of its "
              "pixels; auto: as the network does), or, without labels, the sum of all outputs, l2, half the sum of "
              "their squares, or a function that a Lua file gives"},
             &sample_group},
        [OPTION_SEED] = {{"seed", VALUE_INTEGER, 0, 0, LARGEST_SEED, NULL, "1",
                          "seed of the sample, of augment and of the criterion random"},
                         &sample_group},
        [OPTION_GAMMA] = {{"gamma", VALUE_REAL, PARAMETER_OPEN_LOW, 0, INFINITY, NULL, "0.01",
                           "PROscore's step along the gradient; inf is the limit ||g_F||/|g_D|"},
                          &criteria_group},
        [OPTION_TARGET] =
            {{"target", VALUE_CHOICE, 0, 0, 0, proscore_target_name, "bn",
              "what PROscore lifts: BatchNorm's scale, scale and shift, the filter, or weights, scale and "
              "shift together"},
             &criteria_group},
        [OPTION_READING] = {{"reading", VALUE_CHOICE, 0, 0, 0, proscore_reading_name, "published",
                             "how PROscore is read: 'help proscore' gives each reading's formula"},
                            &criteria_group},
        [OPTION_TAYLOR] = {{"taylor", VALUE_CHOICE, 0, 0, 0, taylor_variant_name, "gate",
                            "variant of the criterion taylor"},
                           &criteria_group},
        [OPTION_GRAD] = {{"grad", VALUE_CHOICE, 0, 0, 0, gradient_scale_name, "mean",
                          "scale of PROscore's gradients: of the mean loss, of summed batch means, or of the "
                          "summed loss"},
                         &criteria_group},
        [OPTION_BATCH] = {{"batch", VALUE_INTEGER, 0, 1, 1e6, NULL, "64",
                           "images per batch, for taylor=gate-batch, jacobian=batch and grad=batchsum"},
                          &criteria_group},
        [OPTION_DISTANCE] = {{"distance", VALUE_CHOICE, 0, 0, 0, filter_distance_name, "euclidean",
                              "distance between filters for the criterion geomedian"},
                             &criteria_group},
        [OPTION_JACOBIAN] = {{"jacobian", VALUE_CHOICE, 0, 0, 0, jacobian_rows_name, "image",
                              "what has a row in the criterion jacobian: each image, or each batch"},
                             &criteria_group},
        [OPTION_FISHER] = {{"fisher", VALUE_CHOICE, 0, 0, 0, fisher_share_name, "memory",
                            "what the criterion fisher is divided by: the memory of a map, or nothing"},
                           &criteria_group},
        [OPTION_RATIO] =
            {{"ratio", VALUE_REAL, 0, 0, 1, NULL, "0.4",
              "share of a layer's channels that counts as pruned, before anything is, in figures and panes; "
              "where the layer's block has a ratio of its own, that counts"},
             &selection_group,
             &supposed_ratio},
        [OPTION_ROUND] =
            {{"round", VALUE_CHOICE, 0, 0, 0, rounding_name, "floor",
              "how a ratio becomes a number of channels: what is kept, or what is pruned, is rounded down"},
             &selection_group},
        [OPTION_HEADS] = {{"heads", VALUE_CHOICE, 0, 0, 0, head_mode_name, "whole",
                           "what goes of attention: whole heads, or the same parts of every head"},
                          &selection_group},
        [OPTION_METHOD] = {{"method", VALUE_CHOICE, 0, 0, 0, correlation_method_name, "spearman",
                            "correlation coefficient"},
                           &comparison_group},
        [OPTION_BY] = {{"by", VALUE_CHOICE, 0, 0, 0, choice_by, "mean",
                        "compare layer by layer, averaged over layers, or with all filters in one pool"},
                       &comparison_group},
        [OPTION_BINS] = {{"bins", VALUE_INTEGER, PARAMETER_AUTO, 1, 200, NULL, "auto", "bins of a histogram"},
                         &comparison_group},
        [OPTION_LOG] = {{"log", VALUE_CHOICE, 0, 0, 0, choice_auto_yes_no, "auto",
                         "logarithmic axis in histograms; auto: when scores are positive and spread over a "
                         "factor of 1000"},
                        &comparison_group},
        [OPTION_SCALE] =
            {{"scale", VALUE_CHOICE, 0, 0, 0, choice_scale, "own",
              "histograms in each criterion's own units, or on bins shared by all criteria: divided by the "
              "layer's mean size, or in standard deviations from the layer's mean"},
             &comparison_group},
        [OPTION_NORMALIZE] =
            {{"normalize", VALUE_NORMALIZATION, 0, 0, 0, NULL, "auto",
              "how the next data set's pixels are normalised: a preset, or mean,mean,mean/std,std,std; auto: "
              "none for files, the example's own for shapes"},
             &computation_group},
        [OPTION_PRECISION] =
            {{"precision", VALUE_CHOICE, 0, 0, 0, choice_precision, "float",
              "arithmetic of passes through the network; double takes five to ten times as long"},
             &computation_group},
        [OPTION_KERNEL] =
            {{"kernel", VALUE_CHOICE, 0, 0, 0, choice_kernel, "auto",
              "how float convolves: auto takes what a model of the cost says for each layer; "
              "direct sums the products as they are; winograd saves products wherever a layer "
              "allows it; reference runs the plain loops that all are checked against. In double all but reference "
              "are matrix products"},
             &computation_group},
        [OPTION_MICRO_BATCH] =
            {{"micro_batch", VALUE_INTEGER, PARAMETER_AUTO, 1, 4096, NULL, "auto",
              "images that a worker takes through the network at a time; auto: 1 to 64, by the size of what "
              "the layers compute and of their weights, or fewer where memory sets a bound"},
             &computation_group},
        [OPTION_MEMORY] =
            {{"memory", VALUE_INTEGER, PARAMETER_AUTO, 1, MOST_MEGABYTES, NULL, "auto",
              "MB (millions of bytes) that activations, gradients and packed weights of a pass over images may take "
              "together. Where they do not suffice, fewer images go through the network at a time (unless "
              "micro_batch is set), then fewer workers run. Kernels stay those of auto, so that results differ in "
              "rounding at most: where micro_batch=auto is lowered, matrix products and sums of weight gradients "
              "run over fewer images. The network and the criteria's sums are not counted. auto: no bound but "
              "the machine's"},
             &computation_group},
        [OPTION_THREADS] =
            {{"threads", VALUE_INTEGER, PARAMETER_AUTO, 1, 1024, NULL, "auto",
              "worker threads, by default one per processor; no result depends on them by a bit, unless memory "
              "sets a bound"},
             &computation_group},
        [OPTION_THEME] = {{"theme", VALUE_THEME, 0, 0, 0, NULL, THEME_AUTO,
                           "colours, by name; auto: dark or light, as the background is, and neutral where "
                           "nobody knows"},
                          &display_group},
        [OPTION_BACKGROUND] =
            {{"background", VALUE_CHOICE, 0, 0, 0, choice_background, "auto",
              "the terminal's background, for theme=auto; auto: the terminal is asked when the prompt opens, "
              "else COLORFGBG tells"},
             &display_group},
        [OPTION_ASCII] =
            {{"ascii", VALUE_CHOICE, 0, 0, 0, choice_auto_yes_no, "auto",
              "draw with ASCII characters only; auto: where the locale is not UTF-8, or the theme says so"},
             &display_group},
        [OPTION_COLOR] = {{"color", VALUE_CHOICE, 0, 0, 0, choice_auto_yes_no, "auto",
                           "colours; auto: on a terminal that has them, unless NO_COLOR is set"},
                          &display_group},
        [OPTION_WIDTH] = {{"width", VALUE_INTEGER, PARAMETER_AUTO, 20, 1000, NULL, "auto",
                           "columns to draw in; auto: the terminal's, 80 elsewhere"},
                          &display_group},
        [OPTION_MOUSE] =
            {{"mouse", VALUE_BOOLEAN, 0, 0, 0, NULL, "yes",
              "let the mouse choose panes and rows when the full screen opens; the terminal's own "
              "selection then needs Shift"},
             &display_group},
        [OPTION_BELL] = {{"bell", VALUE_INTEGER, 0, 0, 86400, NULL, "10",
                          "seconds of work after which its end rings the terminal's bell; 0: never"},
                         &display_group},
        [OPTION_TITLE] = {{"title", VALUE_BOOLEAN, 0, 0, 0, NULL, "yes",
                           "show the network, and what runs, in the title of the terminal's window"},
                          &display_group},
        [OPTION_PAGER] =
            {{"pager", VALUE_CHOICE, 0, 0, 0, choice_pager, "auto",
              "at the prompt without panes; auto: what is longer than the screen is shown by the "
              "program that PAGER names"},
             &display_group},
        [OPTION_TIMING] = {{"timing", VALUE_CHOICE, 0, 0, 0, choice_timing, "yes",
                            "show times, rates and other figures that differ from run to run; all: also the "
                            "seconds that each command took"},
                           &display_group},
};

const struct option_row *option_at(int id)
{
    return id >= 0 && id < OPTION_COUNT ? &table[id] : NULL;
}

const char *option_name(int id)
{
    const struct option_row *option = option_at(id);
    return option ? option->parameter.name : NULL;
}

/* What others call them. */
static const struct {
    const char *name;
    enum option_id id;
} other_names[] = {{"lambda", OPTION_GAMMA}};

int option_find(const char *name)
{
    for (size_t i = 0; i < sizeof other_names / sizeof *other_names; i++) {
        if (strcmp(other_names[i].name, name) == 0)
            return other_names[i].id;
    }
    for (int i = 0; i < OPTION_COUNT; i++) {
        if (strcmp(table[i].parameter.name, name) == 0)
            return i;
    }
    return OPTION_NONE;
}

status options_default(struct options *options, struct error *error)
{
    for (int i = 0; i < OPTION_COUNT; i++) {
        status code = value_parse(&table[i].parameter, (struct value_scope){0}, table[i].parameter.initial,
                                  &options->value[i], error);
        if (code != STATUS_OK)
            return code;
    }
    return STATUS_OK;
}

int64_t option_integer(const struct options *options, enum option_id id)
{
    return options->value[id].integer;
}

double option_real(const struct options *options, enum option_id id)
{
    return options->value[id].real;
}

bool option_flag(const struct options *options, enum option_id id)
{
    return options->value[id].integer != 0;
}

const char *option_text(const struct options *options, enum option_id id)
{
    return options->value[id].text;
}

bool option_is_default(const struct options *options, enum option_id id)
{
    return strcmp(options->value[id].text, table[id].parameter.initial) == 0;
}

struct criterion_options options_criterion(const struct options *options)
{
#define TAKE(code, type, member, initial)                                                                    \
    .member = (type) _Generic((type)0, double                                                                \
                              : option_real, default                                                         \
                              : option_integer)(options, OPTION_##code),
    return (struct criterion_options){CRITERION_OPTION_LIST(TAKE)};
#undef TAKE
}

status options_sample(const struct options *options, struct sample_options *sample, struct error *error)
{
    *sample = (struct sample_options){0};
    status code = sample_parse_size(option_text(options, OPTION_SAMPLES), sample, error);
    if (code != STATUS_OK)
        return code;
    sample->balanced = option_flag(options, OPTION_BALANCED);
    sample->order = option_integer(options, OPTION_ORDER) ? SAMPLE_FIRST : SAMPLE_RANDOM;
    sample->seed = (uint64_t)option_integer(options, OPTION_SEED);
    return STATUS_OK;
}

bool options_training(const struct options *options)
{
    return option_integer(options, OPTION_MODE) == MODE_TRAIN;
}

status options_augmentation(const struct options *options, struct augmentation *augmentation,
                            struct error *error)
{
    const bool usual =
        option_integer(options, OPTION_ON) == ON_AUGMENTED && option_is_default(options, OPTION_AUGMENT);
    return augmentation_parse(usual ? "crop,flip" : option_text(options, OPTION_AUGMENT), augmentation,
                              error);
}

enum element_type options_precision(const struct options *options)
{
    return option_integer(options, OPTION_PRECISION) ? ELEMENT_DOUBLE : ELEMENT_FLOAT;
}

enum kernel_choice options_kernel(const struct options *options)
{
    return (enum kernel_choice)option_integer(options, OPTION_KERNEL);
}

int64_t options_micro_batch(const struct options *options, const struct graph *graph)
{
    const int64_t batch = option_integer(options, OPTION_MICRO_BATCH);
    return batch && graph->batch == 0 ? batch : run_micro_batch(graph, false);
}

size_t options_memory(const struct options *options)
{
    const uint64_t bytes = (uint64_t)option_integer(options, OPTION_MEMORY) * 1000000;
    return bytes > SIZE_MAX ? SIZE_MAX : (size_t)bytes;
}

const char *kernel_name(enum kernel_choice choice)
{
    return choice_kernel((int)choice);
}
