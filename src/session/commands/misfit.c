/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Do network and data fit each other? */
#include "session/commands/misfit.h"

#include <string.h>

#include "base/status.h"
#include "checkpoint/checkpoint.h"
#include "data/dataset.h"
#include "session/model.h"
#include "session/reply.h"
#include "session/shown.h"
#include "view/style.h"

/* Images that fit another network by their shape alone: what its classes mean is another matter. */
static void reply_foreign(const struct model *model, const struct dataset *dataset, struct reply *reply)
{
    const char *made_for = dataset->kind->made_for;
    const bool untaught = model->weights && model->weights->made; /* its classes mean nothing yet */
    if (made_for && !untaught && strcmp(model_original(model)->name, made_for) != 0)
        reply_add(
            reply, STYLE_NOTE,
            "note: the images of %s were made for %s; 'eval' tells whether %s knows their classes, 'data "
            "KIND PATH' opens others",
            dataset->kind->name, made_for, model_title(model));
}

/* Folders are numbered in their order, which among more classes is hardly theirs. */
static void reply_fewer(const struct model *model, const struct dataset *dataset, struct reply *reply)
{
    if (dataset->kind->has_pictures && !dataset->label_map && dataset->classes < model->classes)
        reply_add(
            reply, STYLE_NOTE,
            "note: these are %d of the %lld classes that %s tells apart, numbered from 0: a classes.txt beside "
            "them that lists all gives them their places",
            dataset->classes, (long long)model->classes, model_title(model));
}

/* Is it only the size, which opening the pictures once more makes that of the network? */
static bool can_be_fitted(const struct model *model, const struct dataset *dataset)
{
    return dataset->kind->has_pictures && (!model->classes || model->classes >= dataset->classes);
}

void reply_misfit(const struct session *session, struct reply *reply)
{
    struct error error = {0};
    const struct state *state = &session->state;
    if (!state->model || !state->dataset)
        return;
    if ((state->model->classes ? model_fits : model_takes)(state->model, state->dataset, &error) != STATUS_OK)
        reply_add(reply, STYLE_NOTE, "note: %s%s", error.message,
                  can_be_fitted(state->model, state->dataset) ? ": 'data' opens them fitted to it" : "");
    else {
        reply_foreign(state->model, state->dataset, reply);
        reply_fewer(state->model, state->dataset, reply);
    }
}
