/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A trial: would a network do better if its images were normalised in another way? Every preset is tried on a
 * few images, spread evenly over the data set, that is over all its classes. */
#ifndef IPPRO_SESSION_TRIAL_H
#define IPPRO_SESSION_TRIAL_H

#include "base/file.h"
#include "data/dataset.h"
#include "nn/engine/run.h"
#include "session/model.h"

struct trial {
    char subject[DIGEST_SIZE]; /* pass_subject: of the network and the images; "": there was no trial */
    int64_t images;
    double present;     /* accuracy or mIoU as the images are normalised now */
    const char *better; /* the preset that is better beyond doubt, of several the one with the smallest mean
                         * loss; NULL: none is */
    double share;       /* that with this one */
};

struct trial_settings {
    const struct model *model;
    const struct dataset *dataset;
    enum element_type real;
    enum kernel_choice kernel;
    int64_t micro_batch;
    size_t memory; /* bytes, as in nn/engine/run.h; 0: no bound */
    struct pool *pool;
    struct progress *progress;
};

/* How many images a trial takes: a hundred, fewer where the data set has fewer and where the network is so
 * large that a hundred would take more than a few seconds; 0: too few would be left to tell. Counted in
 * multiply-adds, so that every machine gives the same advice. */
int64_t trial_images(const struct model *model, const struct dataset *dataset);
/* Multiply-adds of a trial of so many. */
double trial_cost(const struct model *model, const struct dataset *dataset);
/* For at least one image (trial_images). Presets that do not fit the images' channels are passed by. On
 * failure (STATUS_CANCELLED too) *trial is as it was. A preset is better beyond doubt when, of the images
 * that it changes, those that become right outnumber those that become wrong by three standard errors (of
 * mIoU: what images contribute to it changes by as much). */
status trial_run(const struct trial_settings *settings, struct trial *trial, struct error *error);

#endif
