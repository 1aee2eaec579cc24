/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "learner.h"

#include "base/memory.h"
#include "train/network.h"
#include "train/optimizer.h"

/* The same in peer.py: so small that no network goes astray however long it is measured. */
static const double RATE = 1e-4, MOMENTUM = 0.9, DECAY = 5e-4;

struct learner {
    const struct dataset *dataset;
    struct sample sample; /* the images of the batches, over and over */
    int64_t batch, first;
    struct training_network *network;
    struct optimizer *optimizer;
    const struct training_parameter **parameters;
};

static status make(struct learner *learner, const struct graph *graph, enum kernel_choice choice,
                   struct step_times *times, struct pool *pool, struct error *error)
{
    const struct training_options options = {.real = ELEMENT_FLOAT,
                                             .kernel = choice,
                                             .batch = learner->batch,
                                             .norm_momentum = -1,
                                             .times = times,
                                             .pool = pool};
    enum { BATCHES = 16 };
    const struct sample_options sample = {.count = BATCHES * learner->batch, .order = SAMPLE_FIRST};
    struct optimizer_options sgd = optimizer_default(OPTIMIZER_SGD);
    sgd.momentum = MOMENTUM;
    sgd.decay = DECAY;
    if (sample_draw(learner->dataset, &sample, &learner->sample, error) ||
        training_network_new(graph, &options, &learner->network, error))
        return error->code;
    const int count = training_parameter_count(learner->network);
    learner->parameters = mem_new((size_t)count, sizeof *learner->parameters);
    if (!learner->parameters)
        return error_memory(error);
    for (int p = 0; p < count; p++)
        learner->parameters[p] = training_parameter(learner->network, p);
    return optimizer_new(&sgd, learner->parameters, count, pool, &learner->optimizer, error);
}

status learner_new(const struct graph *graph, const struct dataset *dataset, int64_t batch,
                   enum kernel_choice choice, struct step_times *times, struct pool *pool,
                   struct learner **learner, struct error *error)
{
    struct learner *made = mem_new(1, sizeof *made);
    if (!made)
        return error_memory(error);
    made->dataset = dataset;
    made->batch = batch;
    if (make(made, graph, choice, times, pool, error)) {
        learner_free(made);
        return error->code;
    }
    *learner = made;
    return STATUS_OK;
}

void learner_free(struct learner *learner)
{
    if (!learner)
        return;
    optimizer_free(learner->optimizer);
    training_network_free(learner->network);
    sample_free(&learner->sample);
    mem_free(learner->parameters);
    mem_free(learner);
}

int64_t learner_batch(const struct learner *learner)
{
    return learner->batch;
}

static status fetch(void *argument, int64_t position, enum element_type real, void *image, int64_t *labels,
                    struct error *error)
{
    const struct learner *learner = argument;
    struct sample_feed feed = {.dataset = learner->dataset, .sample = &learner->sample};
    return sample_fetch(&feed, learner->first + position, real, image, labels, error);
}

status learner_step(struct learner *learner, double *loss, struct error *error)
{
    const struct training_batch batch = {.images = learner->batch, .fetch = fetch, .fetch_argument = learner};
    struct training_result result;
    if (training_network_pass(learner->network, &batch, &result, error))
        return error->code;
    optimizer_step(learner->optimizer, RATE);
    training_network_changed(learner->network);
    learner->first = (learner->first + learner->batch) % learner->sample.count;
    *loss = result.loss;
    return STATUS_OK;
}
