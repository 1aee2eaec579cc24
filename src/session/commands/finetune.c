/* SPDX-License-Identifier: GPL-3.0-or-later */
/* finetune: the network learns again what pruning took. */
#include "session/commands/training.h"
#include "session/commands/training_plan.h"
#include "session/language/command.h"
#include "session/words/option.h"
#include "session/words/value.h"

static const struct parameter finetune_arguments[] = {TRAINING_ARGUMENTS, PARAMETER_END};
static const struct parameter finetune_parameters[] = {
    TRAINING_PARAMETERS("10", "0.01", NULL, "constant", "none")};
static const int finetune_options[] = {TRAINING_OPTIONS};
static const struct example finetune_examples[] = {
    {"prune l1 0.4; apply; finetune epochs=1 samples=200 on=none; undo 3",
     "makes a smaller network, trains it for an epoch, and goes back", false},
    {"finetune ippro-resnet56-49 augment=crop,flip checkpoint=run.ckpt",
     "trains by the paper's recipe; resume=run.ckpt goes on where it was stopped", true},
    EXAMPLE_END,
};

const struct command command_finetune = {
    .name = "finetune",
    .arguments = finetune_arguments,
    .parameters = finetune_parameters,
    .options = finetune_options,
    .flags = COMMAND_MODEL | COMMAND_DATA | COMMAND_LONG | COMMAND_CHANGES | COMMAND_FIGURES |
             COMMAND_OF_MODEL | COMMAND_TRAINS,
    .help = "train the network as it is now",
    .text =
        "Trains the network on the images of the data set that is open, as PyTorch would: every epoch goes "
        "through all of them in a new order, BatchNorm takes mean and variance of the whole batch. After "
        "each epoch the network is judged on another split of the same data set, and the best of them, the "
        "network before the first step included, takes the place of the one before; one 'undo' brings that "
        "back. Scores are dropped, ratios stay. Channels that are selected must be removed first: 'apply'.\n\n"
        "A recipe by name sets all numbers; what is set besides wins. The same seed gives the same network, "
        "whatever the number of threads.\n\n"
        "Ctrl-C stops it after the step that runs: the best network so far is kept. With checkpoint= what is "
        "known is written after each epoch and when it is stopped; resume= goes on from there, bit for bit "
        "as if it had never stopped, where network, images and parameters are the same (there may be more "
        "epochs). A loss that is no number ends it with an error, and the session stays as it was.\n\n"
        "In session files it stands as a command like any other: opening them trains again. 'help training' tells "
        "what to begin with.",
    .examples = finetune_examples,
    .run = run_training,
};
