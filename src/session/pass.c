/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Passes, and the memory of the last ones. */
#include "session/pass.h"

#include <string.h>

#include "base/digest.h"
#include "base/memory.h"
#include "base/share.h"
#include "base/text.h"
#include "data/dataset.h"
#include "data/sampler.h"

struct pass *pass_new(struct dataset *dataset, const struct pass_settings *settings)
{
    struct pass *pass = mem_new(1, sizeof *pass);
    if (pass) {
        pass->dataset = dataset_retain(dataset);
        pass->settings = *settings;
    }
    return pass;
}

struct pass *pass_retain(struct pass *pass)
{
    if (pass)
        share_add(&pass->shares);
    return pass;
}

void pass_free(struct pass *pass)
{
    if (!pass || !share_drop(&pass->shares))
        return;
    if (pass->statistics)
        score_statistics_free(pass->statistics);
    sample_free(&pass->sample);
    dataset_free(pass->dataset);
    mem_free(pass);
}

bool pass_images_equal(const struct pass_settings *a, const struct pass_settings *b)
{
    return sample_options_equal(&a->sample, &b->sample) &&
           augmentation_equal(&a->augmentation, &b->augmentation) &&
           (!augmentation_active(&a->augmentation) || a->sample.seed == b->sample.seed);
}

bool pass_settings_equal(const struct pass_settings *a, const struct pass_settings *b)
{
    return a->training == b->training && pass_loss_equal(&a->loss, &b->loss) &&
           (!a->training || a->batch == b->batch) && a->real == b->real && a->kernel == b->kernel &&
           a->micro_batch == b->micro_batch && (a->micro_batch > 0 || a->memory == b->memory) &&
           pass_images_equal(a, b);
}

void pass_subject(const struct model *model, const struct dataset *dataset, char subject[DIGEST_SIZE])
{
    struct text text = {0};
    text_add_format(&text, "%s %s %s", model->network, dataset_digest(dataset), dataset->normalization);
    digest_bytes(text_data(&text), text.length, subject);
    text_free(&text);
}

void passes_add(struct passes *passes, struct pass *pass)
{
    if (passes->count == PASSES_KEPT)
        pass_free(passes->items[--passes->count]);
    memmove(passes->items + 1, passes->items, (size_t)passes->count * sizeof *passes->items);
    passes->items[0] = pass_retain(pass);
    passes->count++;
}

struct pass *passes_find(const struct passes *passes, const char *subject,
                         const struct pass_settings *settings, unsigned needs, int64_t batch)
{
    for (int i = 0; i < passes->count; i++) {
        struct pass *pass = passes->items[i];
        if (strcmp(pass->subject, subject) == 0 && pass_settings_equal(&pass->settings, settings) &&
            (pass->statistics->needs & needs) == needs && (batch == 0 || pass->settings.batch == batch))
            return pass;
    }
    return NULL;
}

void passes_free(struct passes *passes)
{
    while (passes->count > 0)
        pass_free(passes->items[--passes->count]);
}
