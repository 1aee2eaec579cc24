/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many masks over one network in one pass over the images.
 *
 * A network that has lost some channels already (the base) is judged, and with it any number of others that
 * have lost other ones. Masks are a few replaced operands: each micro-batch goes through the base once and
 * through each mask from its first node on that differs from the base, so that what they have in common is
 * computed once. What a mask gives equals a real prune to float rounding. */
#ifndef IPPRO_STATS_MASKED_PASS_H
#define IPPRO_STATS_MASKED_PASS_H

#include "data/sampler.h"
#include "nn/engine/quality.h"
#include "nn/engine/run.h"
#include "prune/coupling.h"

struct masked_pass_settings {
    const struct coupling *coupling; /* borrowed, with its graph, while the pass lives */
    const struct dataset *dataset;   /* borrowed likewise */
    const struct sample *sample;     /* copied, like all that follows */
    const bool *base;                /* per class: what is gone everywhere to begin with; NULL: nothing */
    enum element_type real;
    enum kernel_choice kernel;
    int64_t micro_batch;
    size_t mask_memory; /* bytes of masks to keep, 0: 256 MiB; the rest is made anew for every micro-batch */
};

struct masked_pass {
    int mask_count;
    int64_t images;      /* in the sample */
    int64_t done;        /* of them; == images when complete */
    struct quality base; /* of the images done */
    double seconds;      /* spent in masked_pass_run so far */
    size_t memory;       /* of the next run, in bytes, as in nn/engine/run.h; 0: no bound */
    const char *title;   /* for progress, borrowed; as in nn/engine/run.h, like the next two */
    int64_t progress_before, progress_total;
    /* When not NULL: called between micro-batches, by one thread at a time. */
    void (*watch)(void *argument, const struct masked_pass *so_far);
    void *watch_argument;
    struct masked_pass_state *state; /* its own */
};

/* Nothing runs yet. Refused: a sample without images (STATUS_RANGE), and what mask_apply refuses of the base.
 */
status masked_pass_new(const struct masked_pass_settings *settings, struct masked_pass **pass,
                       struct error *error);
void masked_pass_free(struct masked_pass *pass); /* NULL is fine */

/* One mask more, before the first run: per class what is gone, whatever the base has lost. `removed` passes
 * to the pass, also on failure. */
status masked_pass_add(struct masked_pass *pass, bool *removed, struct error *error);
/* The classes of a mask; borrowed. */
const bool *masked_pass_removed(const struct masked_pass *pass, int mask);
/* Of the images done; borrowed. */
const struct quality *masked_pass_quality(const struct masked_pass *pass, int mask);

/* Take the images that are not done yet through the base and the masks. On failure (STATUS_CANCELLED too)
 * what is done stays, is meaningful, and the next call goes on from there. The result is bit for bit the same
 * for any number of threads and of interruptions. Progress counts images. */
status masked_pass_run(struct masked_pass *pass, struct pool *pool, struct progress *progress,
                       struct error *error);

#endif
