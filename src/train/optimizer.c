/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Optimisers: the table, and the state they keep. Work is cut into parts of a fixed size, over workers. */
#include "train/optimizer.h"

#include <math.h>
#include <string.h>
#include "base/memory.h"
#include "nn/graph/tensor.h"

/* One parameter in one step. */
struct update {
    const struct optimizer_options *options;
    double rate, decay;
    int64_t step; /* 1 for the first */
    void *data;
    const void *gradient;
    void *const *slots;
};

#define REAL        float
#define TYPED(name) name##_float
#define ROOT        sqrtf
#include "train/optimizer_kernels.h"
#define REAL        double
#define TYPED(name) name##_double
#define ROOT        sqrt
#include "train/optimizer_kernels.h"

typedef void update_function(const struct update *update, int64_t first, int64_t count);

struct kernels {
    struct optimizer_row row;
    update_function *update_float, *update_double;
};

static const struct kernels table[OPTIMIZER_KINDS] = {
    [OPTIMIZER_SGD] = {{"sgd", "stochastic gradient descent with momentum", {"momentum"}},
                       update_sgd_float,
                       update_sgd_double},
    [OPTIMIZER_ADAMW] = {{"adamw", "Adam with decoupled weight decay", {"mean", "square"}},
                         update_adamw_float,
                         update_adamw_double},
};

struct optimizer {
    struct optimizer_options options;
    const struct training_parameter *const *parameters;
    int count;
    struct pool *pool;
    int64_t steps;
    void *(*slots)[OPTIMIZER_SLOTS]; /* per parameter */
    int64_t *first_part;             /* per parameter: how many parts come before its own; count + 1 */
    double rate;                     /* of the step that is being done */
};

enum { PART = 1 << 15 }; /* elements that a worker updates at a time */

const struct optimizer_row *optimizer_row(enum optimizer_kind kind)
{
    return &table[kind].row;
}

int optimizer_find(const char *name)
{
    for (int i = 0; i < OPTIMIZER_KINDS; i++)
        if (strcmp(table[i].row.name, name) == 0)
            return i;
    return -1;
}

struct optimizer_options optimizer_default(enum optimizer_kind kind)
{
    return (struct optimizer_options){.kind = kind,
                                      .momentum = 0.9,
                                      .beta1 = 0.9,
                                      .beta2 = 0.999,
                                      .epsilon = 1e-8,
                                      .decay = kind == OPTIMIZER_ADAMW ? 0.01 : 0,
                                      .norm_decay = -1};
}

static bool below_one(double value)
{
    return value >= 0 && value < 1;
}

status optimizer_check(const struct optimizer_options *options, struct error *error)
{
    if (!below_one(options->momentum))
        return error_set(error, STATUS_RANGE, "momentum %g: must be at least 0 and below 1",
                         options->momentum);
    if (options->nesterov && options->momentum == 0)
        return error_set(error, STATUS_RANGE, "Nesterov's momentum needs a momentum above 0");
    if (!below_one(options->beta1) || !below_one(options->beta2))
        return error_set(error, STATUS_RANGE, "beta %g: must be at least 0 and below 1",
                         below_one(options->beta1) ? options->beta2 : options->beta1);
    if (!(options->epsilon > 0) || !isfinite(options->epsilon))
        return error_set(error, STATUS_RANGE, "epsilon %g: must be above 0", options->epsilon);
    if (!(options->decay >= 0) || !isfinite(options->decay))
        return error_set(error, STATUS_RANGE, "weight decay %g: must be at least 0", options->decay);
    if (!isfinite(options->norm_decay))
        return error_set(error, STATUS_RANGE, "weight decay %g of normalisation: must be a number",
                         options->norm_decay);
    if (!(options->clip >= 0) || !isfinite(options->clip))
        return error_set(error, STATUS_RANGE, "largest norm of the gradients %g: must be at least 0",
                         options->clip);
    return STATUS_OK;
}

static status allocate(struct optimizer *optimizer, struct error *error)
{
    const struct optimizer_row *row = &table[optimizer->options.kind].row;
    optimizer->slots = mem_new((size_t)optimizer->count, sizeof *optimizer->slots);
    optimizer->first_part = mem_new((size_t)optimizer->count + 1, sizeof *optimizer->first_part);
    if (!optimizer->slots || !optimizer->first_part)
        return error_memory(error);
    for (int i = 0; i < optimizer->count; i++) {
        const struct training_parameter *parameter = optimizer->parameters[i];
        for (int s = 0; s < OPTIMIZER_SLOTS && row->slots[s]; s++) {
            optimizer->slots[i][s] = mem_aligned((size_t)parameter->elements, element_size(parameter->real));
            if (!optimizer->slots[i][s])
                return error_memory(error);
        }
        optimizer->first_part[i + 1] = optimizer->first_part[i] + (parameter->elements + PART - 1) / PART;
    }
    return STATUS_OK;
}

status optimizer_new(const struct optimizer_options *options,
                     const struct training_parameter *const *parameters, int count, struct pool *pool,
                     struct optimizer **optimizer, struct error *error)
{
    status code = optimizer_check(options, error);
    if (code != STATUS_OK)
        return code;
    struct optimizer *made = mem_new(1, sizeof *made);
    if (!made)
        return error_memory(error);
    *made = (struct optimizer){.options = *options, .parameters = parameters, .count = count, .pool = pool};
    code = allocate(made, error);
    if (code != STATUS_OK) {
        optimizer_free(made);
        return code;
    }
    *optimizer = made;
    return STATUS_OK;
}

void optimizer_free(struct optimizer *optimizer)
{
    if (!optimizer)
        return;
    for (int i = 0; optimizer->slots && i < optimizer->count; i++)
        for (int s = 0; s < OPTIMIZER_SLOTS; s++)
            mem_free(optimizer->slots[i][s]);
    mem_free(optimizer->slots);
    mem_free(optimizer->first_part);
    mem_free(optimizer);
}

static double decay_of(const struct optimizer_options *options, enum parameter_kind kind)
{
    return kind == PARAMETER_WEIGHT || options->norm_decay < 0 ? options->decay : options->norm_decay;
}

/* The parameter that a part belongs to. */
static int owner_of(const struct optimizer *optimizer, int64_t part)
{
    int low = 0, high = optimizer->count - 1;
    while (low < high) {
        const int middle = (low + high + 1) / 2;
        if (optimizer->first_part[middle] <= part)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

static void update_part(void *argument, int64_t part, int worker)
{
    (void)worker;
    const struct optimizer *optimizer = argument;
    const struct kernels *kernels = &table[optimizer->options.kind];
    const int index = owner_of(optimizer, part);
    const struct training_parameter *parameter = optimizer->parameters[index];
    const struct update update = {.options = &optimizer->options,
                                  .rate = optimizer->rate,
                                  .decay = decay_of(&optimizer->options, parameter->kind),
                                  .step = optimizer->steps,
                                  .data = parameter->data,
                                  .gradient = parameter->gradient,
                                  .slots = optimizer->slots[index]};
    const int64_t first = (part - optimizer->first_part[index]) * PART;
    const int64_t left = parameter->elements - first;
    (parameter->real == ELEMENT_FLOAT ? kernels->update_float
                                      : kernels->update_double)(&update, first, left < PART ? left : PART);
}

double optimizer_gradient_norm(const struct optimizer *optimizer)
{
    double sum = 0;
    for (int i = 0; i < optimizer->count; i++) {
        const struct training_parameter *parameter = optimizer->parameters[i];
        sum += parameter->real == ELEMENT_FLOAT
                   ? sum_of_squares_float(parameter->gradient, parameter->elements)
                   : sum_of_squares_double(parameter->gradient, parameter->elements);
    }
    return sqrt(sum);
}

/* PyTorch's clip_grad_norm_: all gradients times limit / (norm + 1e-6) where that is less than 1. */
static void clip_gradients(const struct optimizer *optimizer, double limit)
{
    const double norm = optimizer_gradient_norm(optimizer), factor = limit / (norm + 1e-6);
    for (int i = 0; factor < 1 && i < optimizer->count; i++) {
        const struct training_parameter *parameter = optimizer->parameters[i];
        if (parameter->real == ELEMENT_FLOAT)
            scale_float(parameter->gradient, parameter->elements, factor);
        else
            scale_double(parameter->gradient, parameter->elements, factor);
    }
}

void optimizer_step(struct optimizer *optimizer, double rate)
{
    if (optimizer->options.clip > 0)
        clip_gradients(optimizer, optimizer->options.clip);
    optimizer->steps++;
    optimizer->rate = rate;
    pool_run(optimizer->pool, optimizer->first_part[optimizer->count], update_part, optimizer);
}

int64_t optimizer_steps(const struct optimizer *optimizer)
{
    return optimizer->steps;
}

void optimizer_set_steps(struct optimizer *optimizer, int64_t steps)
{
    optimizer->steps = steps;
}

void *optimizer_slot(const struct optimizer *optimizer, int index, int slot)
{
    return slot < OPTIMIZER_SLOTS ? optimizer->slots[index][slot] : NULL;
}

size_t optimizer_memory(const struct optimizer *optimizer)
{
    size_t bytes = 0;
    for (int i = 0; i < optimizer->count; i++)
        for (int s = 0; s < OPTIMIZER_SLOTS && optimizer->slots[i][s]; s++)
            bytes +=
                (size_t)optimizer->parameters[i]->elements * element_size(optimizer->parameters[i]->real);
    return bytes;
}
