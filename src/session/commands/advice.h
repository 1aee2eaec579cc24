/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Advice beside a result that makes no sense: an accuracy like that of guessing, images that are not
 * normalised as the network expects, a judgement on the images that were learnt. */
#ifndef IPPRO_SESSION_COMMANDS_ADVICE_H
#define IPPRO_SESSION_COMMANDS_ADVICE_H

#include "nn/engine/quality.h"
#include "session/language/command.h"
#include "session/session.h"

/* What a command found on images of the open data set. */
struct found_accuracy {
    const char *network; /* that it ran, as model->network */
    enum quality_kind measure;
    double share; /* accuracy or mIoU */
    int64_t images;
};

/* One line, added to `advice`: where the accuracy is that of guessing (which is not known of mIoU), or the
 * images are not normalised at all, the presets are tried (session/trial.h, once for a network and its
 * images), and the one that is better is named. Nothing is added where all is well, and for networks that
 * were changed, which have their own reasons. Cancelling the trial leaves the result without advice, and is
 * no failure. */
status advise_accuracy(struct call *call, const struct found_accuracy *found, struct text *advice,
                       struct error *error);

/* A note beside a data set that was opened without a word about normalisation, and is not normalised at all:
 * where the presets can be tried on this network in a second or two, the one that is better is named, else
 * that it is for the user to say. Nothing for images that the program makes, and for networks that were
 * changed or do not take these images. What goes wrong in trying, cancelling too, leaves the data set without
 * advice. */
void advise_normalization(struct call *call);

/* A note where the open images are those of a training split: what is judged may have learnt them. */
void note_training_split(struct figure *figure, const struct dataset *dataset);

#endif
