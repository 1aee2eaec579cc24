/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Optimisers as a table: a row says what it keeps for a parameter and how a step changes one.
 *
 * The numbers are PyTorch's (torch.optim.SGD and AdamW, not capturable, no AMSGrad, dampening 0), computed in
 * the parameters' own type with the scalars in double; elements do not meet each other, so that any number of
 * threads gives the same bits.
 *
 * sgd, with g the gradient and d the decay:  g += d * w;  v = momentum * v + g (v = g at the first step);
 *   w -= rate * v, or with Nesterov's momentum  w -= rate * (g + momentum * v).
 * adamw (Loshchilov and Hutter 2019):  w *= 1 - rate * d;  m += (g - m) * (1 - beta1);
 *   s = beta2 * s + (1 - beta2) * g * g;
 *   w -= rate / (1 - beta1^t) * m / (sqrt(s) / sqrt(1 - beta2^t) + epsilon). */
#ifndef IPPRO_TRAIN_OPTIMIZER_H
#define IPPRO_TRAIN_OPTIMIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/pool.h"
#include "base/status.h"
#include "train/network.h"

enum optimizer_kind { OPTIMIZER_SGD, OPTIMIZER_ADAMW, OPTIMIZER_KINDS };

struct optimizer_options {
    enum optimizer_kind kind;
    double momentum;              /* sgd: 0..1 without 1 */
    bool nesterov;                /* sgd: needs a momentum */
    double beta1, beta2, epsilon; /* adamw */
    double decay;                 /* >= 0, of weights */
    double norm_decay; /* of biases and the scales and shifts of normalisation; negative: as of weights */
    double clip;       /* > 0: gradients whose norm over all parameters is larger are made this large */
};

enum { OPTIMIZER_SLOTS = 2 };

struct optimizer_row {
    const char *name, *help;            /* "sgd" */
    const char *slots[OPTIMIZER_SLOTS]; /* what it keeps, one number per element of a parameter each; NULL:
                                           no more */
};

const struct optimizer_row *optimizer_row(enum optimizer_kind kind);
int optimizer_find(const char *name); /* -1 for a name that is none */
/* PyTorch's defaults of a kind, but momentum 0.9: decay 0 and 0.01, norm_decay as of weights, no clipping. */
struct optimizer_options optimizer_default(enum optimizer_kind kind);
/* STATUS_RANGE, naming the number that cannot be. */
status optimizer_check(const struct optimizer_options *options, struct error *error);

struct optimizer;

/* State of zeros for these parameters (borrowed array; their memory stays where it is while the optimizer
 * lives). The options are checked first. pool: borrowed, NULL: the calling thread. */
status optimizer_new(const struct optimizer_options *options,
                     const struct training_parameter *const *parameters, int count, struct pool *pool,
                     struct optimizer **optimizer, struct error *error);
void optimizer_free(struct optimizer *optimizer); /* NULL is fine */

/* One step with the gradients that stand in the parameters, which clipping (PyTorch's clip_grad_norm_)
 * changes. Whoever calls it tells the network (training_network_changed). */
void optimizer_step(struct optimizer *optimizer, double rate);
/* Norm of all gradients together, in double, summed in the order of the parameters. */
double optimizer_gradient_norm(const struct optimizer *optimizer);

/* For checkpoints. Steps done so far, and what is kept of parameter `index`: elements of its type, NULL past
 * the last slot. Whoever restores writes the slots and sets the steps. */
int64_t optimizer_steps(const struct optimizer *optimizer);
void optimizer_set_steps(struct optimizer *optimizer, int64_t steps);
void *optimizer_slot(const struct optimizer *optimizer, int index, int slot);
size_t optimizer_memory(const struct optimizer *optimizer); /* bytes held */

#endif
