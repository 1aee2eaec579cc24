/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The images that scores are made on. */
#include "session/scored_images.h"

#include <string.h>

#include "base/text.h"
#include "session/session.h"

static bool is_unseen(const char *split)
{
    return strcmp(split, "test") == 0 || strcmp(split, "val") == 0;
}

const char *unseen_split(const struct dataset_kind *kind)
{
    for (const char *const *split = kind->splits; *split; split++)
        if (is_unseen(*split))
            return *split;
    return NULL;
}

bool scored_images_are(const struct dataset *dataset, const struct options *options)
{
    switch ((enum scored_on)option_integer(options, OPTION_ON)) {
    case ON_TRAIN:
    case ON_AUGMENTED:
        return dataset_is_training(dataset);
    case ON_TEST:
        return is_unseen(dataset->split);
    case ON_OPEN:
        break;
    }
    return true;
}

void other_split_free(struct other_split *other)
{
    dataset_free(other->of);
    dataset_free(other->dataset);
    *other = (struct other_split){0};
}

/* What to do when the data set that is open has not got them. */
static status add_way_out(const struct dataset *open, const char *split, const char *on, struct error *error)
{
    const struct error before = *error;
    struct text text = {0};
    text_add_format(&text, "'data %s ", open->kind->name);
    text_add(&text, open->path ? "PATH " : "");
    text_add_format(&text, "split=%s; score ... on=open'", split);
    error_set(error, before.code, "on=%s: %s; %s opens such images from elsewhere", on, before.message,
              text_data(&text));
    text_free(&text);
    return error->code;
}

static status open_other(struct session *session, const char *split, struct progress *progress,
                         struct dataset **other, struct error *error)
{
    struct dataset *open = session->state.dataset;
    struct pool *pool;
    status code = session_pool(session, &pool, error);
    if (code == STATUS_OK)
        code = dataset_open_split(open, split, pool, progress, other, error);
    if (code != STATUS_OK || strcmp(dataset_digest(*other), dataset_digest(open)) != 0)
        return code;
    /* A single file, which has whatever split one says. */
    dataset_free(*other);
    return error_set(error, STATUS_NOT_FOUND, "the %s that is open holds one split, called %s",
                     open->kind->name, open->split);
}

status scored_images(struct session *session, const struct options *options, struct progress *progress,
                     struct dataset **dataset, struct error *error)
{
    struct dataset *open = session->state.dataset;
    struct other_split *kept = &session->other_split;
    *dataset = open;
    if (!open || scored_images_are(open, options))
        return STATUS_OK;
    *dataset = kept->dataset;
    if (kept->of == open && scored_images_are(kept->dataset, options))
        return STATUS_OK;
    struct dataset *other = NULL;
    const bool test = option_integer(options, OPTION_ON) == ON_TEST;
    const char *unseen = unseen_split(open->kind), *split = !test ? "train" : unseen ? unseen : "test";
    status code = open_other(session, split, progress, &other, error);
    if (code == STATUS_CANCELLED || code == STATUS_MEMORY)
        return code;
    if (code != STATUS_OK)
        return add_way_out(open, split, option_text(options, OPTION_ON), error);
    other_split_free(kept);
    *kept = (struct other_split){dataset_retain(open), other};
    *dataset = other;
    return STATUS_OK;
}
