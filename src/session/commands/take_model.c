/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/commands/take_model.h"

#include <string.h>

#include "base/status.h"
#include "base/text.h"
#include "data/dataset.h"
#include "nn/engine/quality.h"
#include "session/commands/misfit.h"
#include "session/model.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/shown.h"
#include "view/style.h"

/* Another network than before sees the images that were opened for that one. */
static void tell_images(const struct dataset *dataset, struct reply *reply)
{
    if (dataset)
        reply_add(reply, STYLE_NOTE, "the images stay: %s %s, normalised by %s", dataset->kind->name,
                  dataset->split, dataset->normalization);
}

static void reply_model(const struct model *model, struct reply *reply)
{
    struct text text = {0};
    text_add_escaped(&text, model->name, 0);
    text_add_format(&text, ": %d layers, ", model->layers->count);
    text_add_thousands(&text, model->cost.parameters);
    text_add(&text, " parameters, ");
    text_add_shape(&text, &model->input);
    if (model->classes) {
        text_add_format(&text, " images in, %lld classes ", (long long)model->classes);
        text_add(&text, model_measure(model) == QUALITY_MEAN_IOU ? "per pixel" : "out");
    } else {
        text_add(&text, " images in, no classes out: only weights can be looked at");
    }
    reply_line(reply, "%s", reply_text(reply, &text));
    text_free(&text);
}

/* A note for each line; NULL: none. */
static void reply_lines(struct reply *reply, const char *lines, const char *before)
{
    for (const char *line = lines; line;) {
        size_t length = strcspn(line, "\n");
        reply_add(reply, STYLE_NOTE, "%s%.*s", before, (int)length, line);
        line = line[length] ? line + length + 1 : NULL;
    }
}

status take_model(struct call *call, struct model *model, struct error *error)
{
    const struct model *before = call->session->state.model;
    bool other = before && strcmp(model_original(before)->network, model->network) != 0;
    int dropped = call->session->state.board->count;
    status code = session_set_model(call->session, model, error);
    if (code != STATUS_OK)
        return code;
    reply_model(model, call->reply);
    reply_lines(call->reply, model->notes, "");
    reply_lines(call->reply, model->lacks, "the end of the file is cut off: ");
    if (judged_words(model))
        reply_add(call->reply, STYLE_NOTE, "%s", judged_words(model));
    if (dropped)
        reply_add(call->reply, STYLE_NOTE, "the scores of the network before were dropped");
    if (other)
        tell_images(call->session->state.dataset, call->reply);
    reply_misfit(call->session, call->reply);
    return STATUS_OK;
}
