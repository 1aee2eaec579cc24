/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The execution of a planned graph for one micro-batch: what every engine has (operands, kernel calls,
 * gradients, probes), and the table of functions in which kinds of engines differ (nn/plain/plain.h,
 * nn/fused/fused.h). What is promised to others is in nn/engine/engine.h. */
#ifndef IPPRO_NN_EXECUTION_EXECUTION_H
#define IPPRO_NN_EXECUTION_EXECUTION_H

#include "nn/execution/joined.h"
#include "nn/execution/options.h"
#include "nn/execution/probe.h"
#include "nn/execution/times.h"
#include "nn/operator/plan.h"

/* The part of a step that runs: before and behind the point where it knows the sums over the whole batch. */
enum step_half { HALF_WHOLE, HALF_BEFORE, HALF_BEHIND };

/* A kind of engine. Its struct begins with a struct engine. */
struct engine_kind {
    size_t size; /* of its struct, which is zeroed before it is built */
    bool (*fits)(const struct engine_options *options);
    /* Called when plan, values and their constants are there. Makes the rest, engine->steps among it. */
    status (*build)(struct engine *engine, const struct engine_options *options, struct error *error);
    void (*free)(
        struct engine *engine); /* what build has made of its own, also when it failed or never ran */
    /* The kind's own step that runs a step of the plan. */
    int (*step_of)(const struct engine *engine, int plan_step);
    status (*forward_from)(struct engine *engine, int step, struct error *error); /* by its own steps */
    status (*backward)(struct engine *engine, struct error *error); /* weight gradients are zero before */
    const struct operand *(*value)(const struct engine *engine, int value);
    void (*watched_image)(const struct engine *engine, int value, int64_t image, double *out);
    /* The kind's own steps, one after the other, where BatchNormalizations wait for their batch. */
    int (*steps)(const struct engine *engine);
    /* The one that a step has, or -1: then only half WHOLE is run. */
    int (*norm)(const struct engine *engine, int step);
    void (*run_step)(struct engine *engine, enum direction direction, int step, enum step_half half);
    /* Constants have other content: make anew what was made of them, of steps s with s % parts == part. */
    void (*refill)(struct engine *engine, int part, int parts);
    /* What its own step is and does; the seconds are not its business. */
    void (*describe)(const struct engine *engine, int step, struct step_time *time);
    /* Make room for other operands of a step of the plan, before one is replaced. */
    status (*operand_room)(struct engine *engine, int plan_step, struct error *error);
    /* One has been replaced or restored. */
    void (*operand_changed)(struct engine *engine, int plan_step);
};

/* A step of the plan, with everything its plain kernels get. */
struct engine_step {
    kernel forward; /* NULL: the output is the input's memory */
    struct kernel_call call;
    struct operand *inputs; /* those of the call, which cannot write them */
};

/* An operand that another constant stands in for. */
struct replaced_operand {
    int step, input;       /* of the plan */
    struct tensor *tensor; /* one reference */
    void *own;             /* data of the node's own constant */
};

struct engine {
    const struct engine_kind *kind;
    struct arena *arena;
    struct joined_graph joined; /* what is planned */
    struct plan *plan;
    enum element_type real;
    int64_t batch;
    const struct progress *progress;
    bool backward;
    bool sized;        /* for engine_size: memory is counted, not taken */
    int input, output; /* values */
    int *watched;      /* values */
    int watched_count;
    const int64_t *runs;    /* borrowed, or NULL */
    struct operand *values; /* per value; data NULL when it is never computed, or not in the plain layout */
    struct engine_step *steps; /* per step of the plan */
    int step_count;
    unsigned char *workspace; /* of plain kernels, owned */
    size_t bytes;             /* of all owned blocks */
    size_t shared_bytes;      /* of packed weights, of which others may have a part */

    struct operand *value_gradients;  /* per value; data NULL when no gradient is computed */
    void *output_gradient;            /* the caller writes it; owned by the kind */
    struct operand *weight_gradients; /* data owned */
    int weight_count;
    struct probe_state *probes;
    int probe_count;

    const struct batch_norm *norms; /* borrowed */
    int norm_count;
    int *norm_of;      /* per step of the plan: its index there, or -1; NULL without any */
    double *norm_sums; /* (2, channels) of the one that is waited for */
    int64_t present;   /* images that are there */
    struct {           /* where the pass that is under way has got to */
        enum direction direction;
        int step;    /* of the kind's own; forward ascending, backward descending */
        bool behind; /* its first half has run */
    } pass;

    struct step_times *times; /* borrowed; NULL: nobody asks */
    double *clocks;           /* nn/execution/times.h, owned */
    int clock_count;
    int64_t clock_images;

    struct replaced_operand *replaced; /* owned */
    size_t replaced_count, replaced_capacity;
};

/* Bytes of a value, rounded up so that the next one starts on a cache line. */
size_t operand_bytes(const struct operand *operand);
/* Zeroed memory, counted in engine->bytes. STATUS_MEMORY also when the machine has less than the engine
 * wants. */
status engine_allocate(struct engine *engine, size_t bytes, unsigned char **block, struct error *error);
void engine_deallocate(const struct engine *engine, void *block); /* NULL is fine */

const struct node *engine_node(const struct engine *engine, int plan_step);
/* Index into plan->steps, -1 when the node never runs. */
int engine_plan_step(const struct engine *engine, int node);
/* Whether a step's only result is its first input under another shape. */
bool engine_is_view(const struct engine *engine, const struct step *step);

/* Multiply-adds per image of a plan step with constant weights, from the shapes; 0 of all others. */
double engine_step_macs(const struct engine *engine, int plan_step);

/* engine->steps, from the values as they are now. needs_workspace says whether a step's plain kernels run;
 * NULL: those of all. */
status engine_make_steps(struct engine *engine, bool (*needs_workspace)(const struct engine *, int plan_step),
                         struct error *error);
/* The gradients that plain kernels see, into the calls of all steps. */
status engine_connect_gradients(struct engine *engine, struct error *error);

/* norm_of and norm_sums, from the norms that were asked for; refused when one of them never runs. */
status engine_find_norms(struct engine *engine, struct error *error);

/* Which values have a gradient, per value to exists. Makes the probes and the gradients of weights. */
status engine_find_gradients(struct engine *engine, const struct engine_options *options, bool *exists,
                             struct error *error);

/* Elements of one image that lie together in a value (nn/execution/images.h). */
int64_t engine_run(const struct engine *engine, int value);
/* One image of a value in the plain layout, as engine_watched_image gives it. */
void engine_plain_image(const struct engine *engine, int value, int64_t image, double *out);

#endif
