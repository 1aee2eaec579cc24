/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a call of finetune or train asks for: a recipe, and what is set besides. */
#ifndef IPPRO_SESSION_COMMANDS_TRAINING_PLAN_H
#define IPPRO_SESSION_COMMANDS_TRAINING_PLAN_H

#include "data/augment.h"
#include "session/language/command.h"
#include "train/preset.h"
#include "train/trainer.h"

struct training_plan {
    struct trainer_options options;
    struct augmentation augmentation;
    const struct training_preset *preset; /* NULL: none was named */
    bool teacher;
    double l1_scale, group_lasso;    /* factors of the penalties, 0: none */
    int64_t steps;                   /* > 0: stop after so many */
    bool keep_last;                  /* what is left is the network of the last epoch, not of the best */
    bool penalised;                  /* log lines of a penalty that only a script has say so */
    const char *checkpoint, *resume; /* files, borrowed from the call; NULL: none */
};

/* STATUS_RANGE and STATUS_USAGE with the parameter named, also for parameters that mean nothing together. */
status training_plan_read(const struct call *call, struct training_plan *plan, struct error *error);
/* The line that does the same without files of its own, stopping after `steps` where that is over 0; with
 * `penalised` it says that a script's function was in it, and so is refused when it is run again. */
void text_add_training_line(struct text *text, const struct call *call, int64_t steps, bool penalised);

/* What it says behind the command's name, each word with a blank in front. */
void text_add_training_settings(struct text *text, const struct call *call, int64_t steps);

/* The rows of parameters: both commands have the same, with other defaults. */
const char *training_preset_name(int index); /* NULL past the end, here and below */
const char *training_optimizer_name(int index);
const char *training_schedule_name(int index);
const char *training_split_word(int index);
const char *training_penalty_name(int index);
const char *training_keep_name(int index);

#define TRAINING_ARGUMENTS                                                                                   \
    {                                                                                                        \
        "RECIPE", VALUE_CHOICE, PARAMETER_OPTIONAL, 0, 0, training_preset_name, NULL,                        \
            "a recipe by name, whose numbers count where no other is given; 'help presets' lists them"       \
    }

/* clang-format off */
#define TRAINING_PARAMETERS(epochs, lr, decay, schedule, augment) \
    {"epochs", VALUE_INTEGER, 0, 1, 1e6, NULL, epochs, "how often the network sees all images"}, \
    {"batch", VALUE_INTEGER, 0, 1, 1e6, NULL, "128", "images of a step"}, \
    {"lr", VALUE_REAL, PARAMETER_OPEN_LOW, 0, 1e6, NULL, lr, "learning rate"}, \
    {"momentum", VALUE_REAL, 0, 0, 1, NULL, "0.9", "of sgd, below 1"}, \
    {"nesterov", VALUE_BOOLEAN, 0, 0, 0, NULL, "no", "of sgd: Nesterov's momentum"}, \
    {"decay", VALUE_REAL, 0, 0, 1e6, NULL, decay, "weight decay"}, \
    {"norm_decay", VALUE_REAL, 0, 0, 1e6, NULL, NULL, \
     "weight decay of biases and of the scales and shifts of normalisation; without it that of weights"}, \
    {"optimizer", VALUE_CHOICE, 0, 0, 0, training_optimizer_name, "sgd", "how a step changes the weights"}, \
    {"schedule", VALUE_CHOICE, 0, 0, 0, training_schedule_name, schedule, \
     "how the learning rate changes: not; times factor every `period` epochs; times factor at milestones; down to 0 as a cosine"}, \
    {"milestones", VALUE_WORD, 0, 0, 0, NULL, NULL, "of multistep: epochs, with commas between them"}, \
    {"factor", VALUE_REAL, PARAMETER_OPEN_LOW, 0, 1e6, NULL, "0.1", "of step and multistep"}, \
    {"period", VALUE_REAL, PARAMETER_OPEN_LOW, 0, 1e6, NULL, "30", "of step: epochs"}, \
    {"warmup", VALUE_REAL, 0, 0, 1e6, NULL, "0", "epochs in which the learning rate rises to its value"}, \
    {"clip", VALUE_REAL, 0, 0, 1e9, NULL, "0", "largest norm of all gradients together; 0: any"}, \
    {"smoothing", VALUE_REAL, 0, 0, 1, NULL, "0", "label smoothing, below 1"}, \
    {"teacher", VALUE_BOOLEAN, 0, 0, 0, NULL, "no", "learn from the network as it was loaded, too (distillation)"}, \
    {"temperature", VALUE_REAL, PARAMETER_OPEN_LOW, 0, 1e6, NULL, NULL, "of teacher=yes: by it logits are divided (4)"}, \
    {"teacher_weight", VALUE_REAL, 0, 0, 1, NULL, NULL, "of teacher=yes: the teacher's share of the loss (0.5)"}, \
    {"frozen_norms", VALUE_BOOLEAN, 0, 0, 0, NULL, "no", \
     "leave mean and variance of BatchNorm as they are, and do not take those of each batch"}, \
    {"l1_scale", VALUE_REAL, 0, 0, 1e6, NULL, "0", \
     "this times the sum of |scale| of BatchNorm is added to the loss (Network Slimming)"}, \
    {"group_lasso", VALUE_REAL, 0, 0, 1e6, NULL, "0", \
     "this times the sum of the norms of all filters is added to the loss (Wen et al. 2016)"}, \
    {"augment", VALUE_AUGMENTATION, 0, 0, 0, NULL, augment, \
     "what is done at random to the images: crop, crop:N, flip, resized-crop, with commas between them"}, \
    {"samples", VALUE_SIZE, 0, 0, 0, NULL, "all", "images to learn from: a number, a share such as 5%, or all"}, \
    {"on", VALUE_WORD, 0, 0, 0, training_split_word, "auto", \
     "split of the data set to judge on after each epoch; none: the loss decides; auto: val or test where the data are " \
     "those to learn from and such a split is there, else the same images"}, \
    {"judge", VALUE_SIZE, 0, 0, 0, NULL, "all", "images to judge on: a number, a share, or all"}, \
    {"keep", VALUE_CHOICE, 0, 0, 0, training_keep_name, "best", \
     "the network of the best epoch is what is left in the end, or that of the last (when sparsity is learnt)"}, \
    {"patience", VALUE_INTEGER, 0, 0, 1e6, NULL, "0", "stop after so many epochs without a better one; 0: never"}, \
    {"steps", VALUE_INTEGER, 0, 0, 1e12, NULL, "0", "stop after so many steps, as Ctrl-C does; 0: never"}, \
    {"penalty", VALUE_CHOICE, 0, 0, 0, training_penalty_name, "none", \
     "in sessions only: a script's function was part of it"}, \
    {"checkpoint", VALUE_FILE, 0, 0, 0, NULL, NULL, "file to write after each epoch, and when it is stopped, for resume="}, \
    {"resume", VALUE_FILE, 0, 0, 0, NULL, NULL, "go on from the file of a checkpoint, with the same parameters"}, \
    OVERWRITE_PARAMETER, \
    PARAMETER_END
/* clang-format on */

#define TRAINING_OPTIONS                                                                                     \
    OPTION_BALANCED, OPTION_ORDER, OPTION_SEED, OPTION_PRECISION, OPTION_KERNEL, OPTION_NONE

#endif
