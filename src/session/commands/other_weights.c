/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Other numbers in the same channels. */
#include "session/commands/other_weights.h"

#include "base/digest.h"
#include "base/status.h"
#include "base/text.h"
#include "data/dataset.h"
#include "session/board.h"
#include "session/model.h"
#include "session/pruning.h"
#include "session/reply.h"
#include "session/session.h"
#include "view/style.h"

status other_weights_allowed(const struct session *session, struct error *error)
{
    if (!session->state.pruning->removed_count)
        return STATUS_OK;
    return error_set(
        error, STATUS_STATE,
        "channels are selected, and only masked so far: 'apply' removes them, 'unprune' takes them back");
}

static status derive(const struct session *session, struct graph *graph, const char *made, const char *more,
                     struct model **model, struct error *error)
{
    struct text identity = {0};
    char network[DIGEST_SIZE];
    text_add_format(&identity, "%s\n%s\n%s", made, more ? more : "",
                    session->state.dataset ? dataset_digest(session->state.dataset) : "");
    status code = identity.failed ? error_memory(error)
                                  : network_name(session->state.model->network, identity.data,
                                                 identity.length, network, error);
    text_free(&identity);
    if (code != STATUS_OK) {
        graph_free(graph);
        return code;
    }
    const struct derivation derivation = {session->state.model, graph, NULL, network, made, false};
    return model_derive(&derivation, model, error);
}

status other_weights_put(struct session *session, struct model *model, struct error *error)
{
    struct pruning *pruning;
    status code = pruning_copy(session->state.pruning, &pruning, error);
    if (code != STATUS_OK) {
        model_free(model);
        return code;
    }
    code = pruning_settle(pruning, model, error);
    if (code != STATUS_OK)
        model_free(model);
    else
        code = session_set_model(session, model, error);
    if (code != STATUS_OK) {
        pruning_free(pruning);
        return code;
    }
    session_set_pruning(session, pruning);
    return STATUS_OK;
}

status other_weights_take(struct call *call, struct graph *graph, const char *made, const char *more,
                          struct error *error)
{
    struct session *session = call->session;
    const bool scored = session->state.board->count > 0;
    struct model *model;
    if (derive(session, graph, made, more, &model, error) || other_weights_put(session, model, error))
        return error->code;
    if (scored)
        reply_add(call->reply, STYLE_NOTE, "the scores of the network before were dropped");
    return STATUS_OK;
}
