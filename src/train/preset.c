/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of presets. */
#include "train/preset.h"

#include <string.h>
#include "base/status.h"
#include "base/text.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"
#include "train/optimizer.h"
#include "train/schedule.h"

/* Settings that all share, and SGD with a momentum of 0.9. */
#define SHARED                                                                                               \
    .objective = {.temperature = 4}, .real = ELEMENT_FLOAT, .kernel = KERNEL_AUTO, .norm_momentum = -1
#define SGD(...)                                                                                             \
    {                                                                                                        \
        .kind = OPTIMIZER_SGD, .momentum = 0.9, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8,               \
        .norm_decay = -1, __VA_ARGS__                                                                        \
    }
#define SCHEDULE(...)                                                                                        \
    {                                                                                                        \
        .factor = 0.1, .period = 30, .warmup_start = 0.01, __VA_ARGS__                                       \
    }

#define UNCONFIRMED                                                                                           \
    "The paper's Appendix B could not be had when this was written: all numbers are the usual ones for this " \
    "network, none is confirmed. "

/* CIFAR's ResNets and VGGs are usually tuned with SGD, decay 5e-4 and batches of 128. */
#define CIFAR_OPTIONS(rate_, epochs_)                                                                        \
    {                                                                                                        \
        .epochs = epochs_, .batch = 128, .optimizer = SGD(.decay = 5e-4, .nesterov = true),                  \
        .schedule = SCHEDULE(.kind = SCHEDULE_COSINE, .rate = rate_), SHARED                                 \
    }

static const struct training_preset presets[] = {
    {"ippro-resnet56-49", "IPPRO: ResNet-56 on CIFAR-10, 49.3 % of the FLOPs removed",
     UNCONFIRMED "SGD with Nesterov's momentum 0.9, decay 5e-4, 300 epochs of batches of 128, a rate of 0.01 "
                 "that falls along a cosine.",
     "crop,flip", CIFAR_OPTIONS(0.01, 300)},
    {"ippro-resnet56-72", "IPPRO: ResNet-56 on CIFAR-10, 71.8 % of the FLOPs removed",
     UNCONFIRMED "As for 49.3 %, with a rate of 0.05 and 400 epochs, since more is to be learnt again.",
     "crop,flip", CIFAR_OPTIONS(0.05, 400)},
    {"ippro-vgg19", "IPPRO: VGG-19 on CIFAR-100",
     UNCONFIRMED "SGD with Nesterov's momentum 0.9, decay 5e-4, 300 epochs of batches of 128, a rate of 0.01 "
                 "that falls along a cosine.",
     "crop,flip", CIFAR_OPTIONS(0.01, 300)},
    {"ippro-resnet50",
     "IPPRO: ResNet-50 on ImageNet",
     UNCONFIRMED "SGD with momentum 0.9, decay 1e-4, 90 epochs of batches of 256, a rate of 0.01 that falls "
                 "along a cosine.",
     "resized-crop,flip",
     {.epochs = 90,
      .batch = 256,
      .optimizer = SGD(.decay = 1e-4),
      .schedule = SCHEDULE(.kind = SCHEDULE_COSINE, .rate = 0.01),
      SHARED}},
    {"ippro-mobilenetv2",
     "IPPRO: MobileNetV2 on ImageNet",
     UNCONFIRMED
     "SGD with momentum 0.9, decay 4e-5 (MobileNetV2's own), 150 epochs of batches of 256, a rate "
     "of 0.05 that falls along a cosine after 5 epochs of warm-up.",
     "resized-crop,flip",
     {.epochs = 150,
      .batch = 256,
      .optimizer = SGD(.decay = 4e-5),
      .schedule = SCHEDULE(.kind = SCHEDULE_COSINE, .rate = 0.05, .warmup = 5),
      SHARED}},
    {"cifar-resnet",
     "CIFAR's ResNets from nothing, as their paper has it",
     "He et al. 2016, section 4.2: SGD with momentum 0.9, decay 1e-4, batches of 128, a rate of 0.1 divided "
     "by 10 after 32,000 and 48,000 of 64,000 steps, which are epochs 82 and 123 of 164 of 50,000 images.",
     "crop,flip",
     {.epochs = 164,
      .batch = 128,
      .optimizer = SGD(.decay = 1e-4),
      .schedule =
          SCHEDULE(.kind = SCHEDULE_MULTISTEP, .rate = 0.1, .milestones = {82, 123}, .milestone_count = 2),
      SHARED}},
    {"short",
     "A few epochs after a prune, for a first impression",
     "The program's own: SGD with Nesterov's momentum 0.9, decay 5e-4, 5 epochs of batches of 128, a rate of "
     "0.02 that falls along a cosine after a quarter of an epoch of warm-up.",
     "crop,flip",
     {.epochs = 5,
      .batch = 128,
      .optimizer = SGD(.decay = 5e-4, .nesterov = true),
      .schedule = SCHEDULE(.kind = SCHEDULE_COSINE, .rate = 0.02, .warmup = 0.25),
      SHARED}},
};
enum { PRESETS = sizeof presets / sizeof *presets };

const struct training_preset *training_preset_at(int index)
{
    return index >= 0 && index < PRESETS ? &presets[index] : NULL;
}

status training_preset_find(const char *name, const struct training_preset **preset, struct error *error)
{
    const char *names[PRESETS];
    for (int i = 0; i < PRESETS; i++) {
        names[i] = presets[i].name;
        if (strcmp(name, names[i]) == 0) {
            *preset = &presets[i];
            return STATUS_OK;
        }
    }
    const char *nearest = nearest_word(name, names, PRESETS);
    return error_set(error, STATUS_NOT_FOUND, "no preset '%s'%s%s%s", name, nearest ? ": did you mean '" : "",
                     nearest ? nearest : "", nearest ? "'?" : "");
}
