/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The images that scores are made on: those of the data set that is open, or another split of it, as the
 * option `on` says. So one can score on training images and judge on the open test images, or the other way
 * round. */
#ifndef IPPRO_SESSION_SCORED_IMAGES_H
#define IPPRO_SESSION_SCORED_IMAGES_H

#include <stdbool.h>

#include "base/progress.h"
#include "base/status.h"
#include "data/dataset.h"
#include "session/words/option.h"

struct session;

/* Another split of a data set, opened for `on` and kept for the next time. */
struct other_split {
    struct dataset *of, *dataset; /* one share each; NULL: none yet */
};
void other_split_free(struct other_split *other); /* what it holds */

/* Of the data set that is open (NULL: none is, which is no error here). Borrowed; lives until the next call,
 * or as long as the data set that is open. Errors of the other split say how such images are opened. */
status scored_images(struct session *session, const struct options *options, struct progress *progress,
                     struct dataset **dataset, struct error *error);
/* Are these the images that `on` means? For on=open: always. */
bool scored_images_are(const struct dataset *dataset, const struct options *options);
/* The split that has images for judging where this one's are for training: "test" or "val"; NULL: the kind
 * has none. */
const char *unseen_split(const struct dataset_kind *kind);

#endif
