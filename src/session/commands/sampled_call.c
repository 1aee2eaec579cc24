/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Samples for commands that change weights. */
#include "session/commands/sampled_call.h"

#include "base/digest.h"
#include "base/status.h"
#include "base/text.h"
#include "data/sampler.h"
#include "nn/graph/tensor.h"
#include "session/model.h"
#include "session/pass.h"
#include "session/session.h"
#include "session/words/option.h"

status call_sampled(struct call *call, struct sample *sample, struct sampled *sampled, struct error *error)
{
    const struct session *session = call->session;
    struct sample_options options;
    struct pool *pool;
    if (session->state.dataset == NULL)
        return error_set(error, STATUS_STATE,
                         "this looks at activations, and no data set is open: 'data shapes' or 'data KIND "
                         "PATH' opens one");
    status code = model_takes(session->state.model, session->state.dataset, error);
    if (code == STATUS_OK)
        code = options_sample(&call->options, &options, error);
    if (code == STATUS_OK)
        code = sample_draw(session->state.dataset, &options, sample, error);
    if (code == STATUS_OK)
        code = session_pool(call->session, &pool, error);
    if (code != STATUS_OK)
        return code;
    *sampled = (struct sampled){
        .dataset = session->state.dataset,
        .sample = sample,
        .real = options_precision(&call->options),
        .kernel = options_kernel(&call->options),
        .micro_batch = option_integer(&call->options, OPTION_MICRO_BATCH),
        .memory = options_memory(&call->options),
        .pool = pool,
        .progress = call->progress,
    };
    return STATUS_OK;
}

void text_add_sampled(struct text *text, const struct sampled *sampled)
{
    const struct sample *sample = sampled->sample;
    text_add_thousands(text, sample->count);
    text_add(text, " of ");
    text_add_thousands(text, sampled->dataset->count);
    text_add_format(text, " images (%s", sampled->dataset->kind->name);
    if (sampled->dataset->split != NULL && sampled->dataset->split[0] != '\0')
        text_add_format(text, " %s", sampled->dataset->split);
    text_add(text, sample->options.balanced ? ", balanced" : "");
    if (sample->options.order == SAMPLE_FIRST)
        text_add(text, ", the first");
    else if (sample->count < sampled->dataset->count)
        text_add_format(text, ", seed %llu", (unsigned long long)sample->options.seed);
    text_add(text, ")");
}

status sampled_network_name(const struct call *call, const struct sampled *sampled, const struct text *what,
                            char network[DIGEST_SIZE], struct error *error)
{
    char subject[DIGEST_SIZE];
    struct text made = {0};
    pass_subject(call->session->state.model, sampled->dataset, subject);
    text_add_format(&made, "%s, precision %s", text_data(what), element_name(sampled->real));
    status code = made.failed || what->failed ? error_memory(error)
                                              : network_name(subject, made.data, made.length, network, error);
    text_free(&made);
    return code;
}
