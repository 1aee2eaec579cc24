/* SPDX-License-Identifier: GPL-3.0-or-later */
/* train: finetune with the defaults of a whole training. */
#include "session/commands/training.h"
#include "session/commands/training_plan.h"
#include "session/language/command.h"
#include "session/words/option.h"
#include "session/words/value.h"

static const struct parameter train_arguments[] = {TRAINING_ARGUMENTS, PARAMETER_END};
static const struct parameter train_parameters[] = {
    TRAINING_PARAMETERS("100", "0.1", "0.0005", "cosine", "crop,flip")};
static const int train_options[] = {TRAINING_OPTIONS};
static const struct example train_examples[] = {
    {"unprune all; train epochs=1 lr=0.02 samples=200 on=none; undo 2",
     "trains for an epoch, down to the learning rate 0, and goes back", false},
    EXAMPLE_END,
};

const struct command command_train = {
    .name = "train",
    .arguments = train_arguments,
    .parameters = train_parameters,
    .options = train_options,
    .flags = COMMAND_MODEL | COMMAND_DATA | COMMAND_LONG | COMMAND_CHANGES | COMMAND_FIGURES |
             COMMAND_OF_MODEL | COMMAND_TRAINS,
    .help = "train with the defaults of a whole training",
    .text = "Does what finetune does, from the weights that the network has, with other defaults: a high "
            "learning rate that goes down to 0 as a cosine over many epochs, weight decay, images that are "
            "moved and mirrored at random. 'help finetune' and 'help training' tell the rest.",
    .examples = train_examples,
    .run = run_training,
};
