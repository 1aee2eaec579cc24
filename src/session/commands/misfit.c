/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Do network and data fit each other? */
#include "session/commands/misfit.h"

#include "base/status.h"
#include "session/model.h"
#include "session/reply.h"
#include "view/style.h"

void reply_misfit(const struct session *session, struct reply *reply)
{
    struct error error = {0};
    if (session->state.model && session->state.dataset &&
        model_fits(session->state.model, session->state.dataset, &error) != STATUS_OK)
        reply_add(reply, STYLE_NOTE, "note: %s", error.message);
}
