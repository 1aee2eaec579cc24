/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inside of the engine, shared by engine.c (forward), variant.c (replaced operands), gradient.c (which
 * gradients exist, where they live, and the backward pass) and probe.c (per-channel sums). */
#ifndef IPPRO_NN_ENGINE_ENGINE_INTERNAL_H
#define IPPRO_NN_ENGINE_ENGINE_INTERNAL_H

#include "nn/engine/engine.h"
#include "nn/operator/plan.h"

/* One probe while the engine lives. */
struct probe_state {
    struct probe probe;
    int64_t channels, positions; /* of the target; positions is 1 for a linear layer */
    double *sums;                /* [image][PROBE_SUMS][channel] */
    int next_target,
        next_activated; /* the next probe whose target (activated) has the same producer, or -1 */
};

/* A node that runs, with everything its kernels get. */
struct engine_step {
    kernel forward;  /* NULL: the output is the input's memory */
    kernel backward; /* NULL: no gradient passes, or it is already where it belongs */
    struct kernel_call call;
    struct operand *inputs; /* those of the call, which cannot write them */
    int *born;              /* values whose gradients this step is the first to add to: zeroed before */
    int born_count;
    int first_target, first_activated; /* probes that read the gradient of this step's outputs, or -1 */
};

/* An operand that another constant stands in for (variant.c). */
struct replaced_operand {
    int step, input;
    struct tensor *tensor; /* one reference */
    void *own;             /* data of the node's own constant */
};

struct fused;

struct engine {
    struct arena *arena;
    struct fused *fused; /* float's fast way; NULL: the steps below run one by one */
    struct plan *plan;
    enum element_type real;
    int64_t batch;
    const struct progress *progress;
    bool backward;
    bool sized;        /* for engine_size: memory is counted, not taken */
    int input, output; /* values */
    int *watched;      /* values */
    int watched_count;
    struct operand *values; /* per value; data NULL when it is never computed */
    struct engine_step *steps;
    int step_count;
    unsigned char *activations, *gradients, *workspace; /* owned blocks */
    size_t bytes;                                       /* of all owned blocks */

    struct operand *value_gradients;  /* per value; data NULL when no gradient is computed */
    void *output_gradient;            /* owned: the caller writes it */
    struct operand *weight_gradients; /* data owned */
    int weight_count;
    struct probe_state *probes;
    int probe_count;
    int late_target, late_activated; /* probes on values that no step makes, or -1 */

    struct replaced_operand *replaced; /* owned */
    size_t replaced_count, replaced_capacity;
};

/* Bytes of a value, rounded up so that the next one starts on a cache line. */
size_t operand_bytes(const struct operand *operand);
/* Zeroed memory, counted in engine->bytes. STATUS_MEMORY also when the machine has less than the engine
 * wants. */
status engine_allocate(struct engine *engine, size_t bytes, unsigned char **block, struct error *error);

void engine_release(const struct engine *engine, void *block);

/* Whether a step's only result is its first input under another shape. */
bool engine_is_view(const struct engine *engine, const struct step *step);

/* variant.c: index into plan->steps, -1 when the node never runs. */
int engine_plan_step(const struct engine *engine, int node);

/* gradient.c: after values and steps are there. */
status engine_plan_backward(struct engine *engine, const struct engine_options *options, struct error *error);
/* Only which values have a gradient, written to exists; probes and wanted weights are prepared. */
status engine_find_gradients(struct engine *engine, const struct engine_options *options, bool *exists,
                             struct error *error);

/* probe.c */
status probe_prepare(struct engine *engine, const struct engine_options *options, struct error *error);
/* Take sums of the probes of one producer: those of its target, or of its activated value. */
void probe_take(const struct engine *engine, int first_target, int first_activated);
/* Those of one probe, from plain content: delta and G NULL for none, which leaves the sums at zero. */
void probe_take_target(const struct engine *engine, int probe, const void *delta, const void *y,
                       const void *u);
void probe_take_activated(const struct engine *engine, int probe, const void *gradient, const void *u);

#endif
