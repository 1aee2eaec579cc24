/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unprune: what shall stay after all. */
#include "base/memory.h"
#include "base/status.h"
#include "session/language/command.h"
#include "session/pruning.h"
#include "session/session.h"
#include "session/target.h"
#include "session/what_if.h"
#include "session/words/value.h"

static status bring_back(const struct call *call, const struct target *target, struct pruning *next,
                         struct error *error)
{
    const struct coupling *coupling = call->session->state.model->coupling;
    int64_t before = next->removed_count;
    for (int i = 0; i < next->class_count; i++) {
        if (coupling->classes[i].block >= 0 && target->blocks[coupling->classes[i].block])
            next->removed[i] = false;
    }
    status code = pruning_settle(next, call->session->state.model, error);
    if (code != STATUS_OK || !next->how || next->removed_count == before)
        return code;
    char *how = mem_format("%s, without %s", next->how, call_argument(call, 0));
    mem_free(next->how);
    next->how = how;
    return how ? STATUS_OK : error_memory(error);
}

static status run_unprune(struct call *call, struct error *error)
{
    struct session *session = call->session;
    struct target target;
    struct pruning *next;
    if (!session->state.pruning->removed_count)
        return error_set(error, STATUS_STATE, "nothing is selected: 'prune' selects");
    status code = target_find(session->state.model, call_argument(call, 0), &target, error);
    if (code != STATUS_OK)
        return code;
    code = pruning_copy(session->state.pruning, &next, error);
    if (code == STATUS_OK) {
        code = bring_back(call, &target, next, error);
        if (code == STATUS_OK)
            session_set_pruning(session, next);
        else
            pruning_free(next);
    }
    target_free(&target);
    return code == STATUS_OK ? show_selection(call->session, call->reply, "unprune", error) : code;
}

static const struct parameter unprune_arguments[] = {
    {"TARGET", VALUE_TARGET, 0, 0, 0, NULL, NULL,
     "a layer, a stage, a pattern with * ? [abc], or streams, inner or all"},
    PARAMETER_END,
};
static const struct example unprune_examples[] = {
    {"prune l1 0.4; unprune layer1", "selects, then brings a stage's channels back", false},
    EXAMPLE_END,
};

const struct command command_unprune = {
    .name = "unprune",
    .arguments = unprune_arguments,
    .flags = COMMAND_MODEL | COMMAND_CHANGES | COMMAND_FIGURES | COMMAND_QUIET | COMMAND_OF_MODEL,
    .help = "bring selected channels back",
    .text = "Takes the channels of a layer, of all layers that match a pattern, or of a kind of blocks out "
            "of the selection. Their ratios stay: the next prune would take them again.",
    .examples = unprune_examples,
    .run = run_unprune,
};
