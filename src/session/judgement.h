/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The last curve, the last sensitivity and the last search: kept beside the states, so that one that was
 * cancelled goes on where it stopped, and one that is complete need not be computed again to be written to a
 * file. */
#ifndef IPPRO_SESSION_JUDGEMENT_H
#define IPPRO_SESSION_JUDGEMENT_H

#include "base/file.h"
#include "search/search.h"
#include "session/model.h"
#include "stats/curve.h"
#include "stats/sensitivity.h"

struct judgement {
    char key[DIGEST_SIZE];           /* of everything that the result depends on */
    struct curve *curve;             /* or */
    struct sensitivity *sensitivity; /* or */
    struct search *search;
    struct model *model;     /* counted: what the work borrows */
    struct dataset *dataset; /* likewise; NULL for a search without images */
};

void judgement_free(struct judgement *judgement); /* what it holds, not itself */
/* `made`, with a result alone, takes the place of what is held: under this key, for this model and data set
 * (which may be NULL), of which it becomes one more owner. */
void judgement_hold(struct judgement *held, struct judgement made, const char key[DIGEST_SIZE],
                    struct model *model, struct dataset *dataset);

/* A key under construction: bytes of all settings, one after the other. */
struct text;
void key_add(struct text *key, const void *bytes, size_t size);
void key_add_number(struct text *key, double number);
status key_finish(struct text *key, char out[DIGEST_SIZE], struct error *error); /* frees the text */

#endif
