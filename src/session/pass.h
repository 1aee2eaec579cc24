/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Passes over samples, counted, and the memory of the last ones: a pass is never made twice in a session. */
#ifndef IPPRO_SESSION_PASS_H
#define IPPRO_SESSION_PASS_H

#include "base/file.h"
#include "data/augment.h"
#include "score/score.h"
#include "session/model.h"
#include "session/pass_loss.h"

/* How a pass was made: two passes with equal settings over the same model and data give the same statistics.
 */
struct pass_settings {
    enum element_type real;
    enum kernel_choice kernel;
    int64_t micro_batch, batch;
    size_t memory; /* the bound (nn/engine/run.h), on which a micro_batch of 0 depends */
    struct sample_options sample;
    struct augmentation augmentation; /* with the seed of the sample */
    struct pass_loss loss;
    bool training; /* BatchNorm takes the statistics of batches of `batch` images */
};

/* One pass over a sample and what it left. */
struct pass {
    int shares;              /* owners beside the first */
    struct dataset *dataset; /* what the sample is of, counted; another may be open by now */
    struct sample sample;
    struct pass_settings settings;
    char subject[DIGEST_SIZE]; /* names the network and the images */
    struct score_statistics *statistics;
};

/* A pass with nothing in it yet but its settings and the data set, which gets one more owner. NULL without
 * memory. */
struct pass *pass_new(struct dataset *dataset, const struct pass_settings *settings);
/* One more owner; each calls pass_free once. NULL is fine for both. */
struct pass *pass_retain(struct pass *pass);
void pass_free(struct pass *pass);
/* Whether the settings give the same statistics, batches apart. */
bool pass_settings_equal(const struct pass_settings *a, const struct pass_settings *b);
/* Whether they draw the same images of any data set, and augment them alike. */
bool pass_images_equal(const struct pass_settings *a, const struct pass_settings *b);
/* The name of a network on a data set as it is normalised. */
void pass_subject(const struct model *model, const struct dataset *dataset, char subject[DIGEST_SIZE]);

/* The last passes of a session, the latest first. They are no part of its state: what was computed stays
 * true. */
enum { PASSES_KEPT = 16 };
struct passes {
    struct pass *items[PASSES_KEPT]; /* one share each */
    int count;
};

void passes_add(struct passes *passes, struct pass *pass);
/* One that has what `needs` asks for (and was summed with this batch size, where `batch` is not 0); borrowed,
 * NULL when there is none. */
struct pass *passes_find(const struct passes *passes, const char *subject,
                         const struct pass_settings *settings, unsigned needs, int64_t batch);
void passes_free(struct passes *passes); /* what they hold */

#endif
