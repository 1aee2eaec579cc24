/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inside of the fused engine. recognise.c and its two kinds of recognisers make steps of operators;
 * memory.c lays out memory; fused_layer.c and fused_layer_backward.c run layers, parameters.c holds their
 * parameters, batch_norm.c their halves in training mode; kinds.c runs everything else; probes.c takes the
 * sums that no layer takes. */
#ifndef IPPRO_NN_FUSED_INTERNAL_H
#define IPPRO_NN_FUSED_INTERNAL_H

#include "nn/blocked/blocked_layer.h"
#include "nn/blocked/token.h"
#include "nn/execution/execution.h"

enum form { FORM_PLAIN, FORM_BLOCKED, FORMS };
enum { COPY_LINEAR, COPY_TARGET, COPY_GRADIENT, COPIES };
enum { NOTHING = -1 }; /* no region, no step, no value */

/* Memory in use from time `first` to `last`. With S steps, step s runs forward at time s and backward at
 * 2S - 1 - s. */
struct region {
    size_t bytes, at;
    int first, last;
};

struct fused_value {
    bool fits; /* float, batch x channels x rows x columns: can be blocked */
    int channels, height, width;
    int uses, user;      /* plan steps that read it, and the last of them */
    bool pinned;         /* a probe that no layer takes looks at it: it must exist on its own */
    bool watched;        /* it must exist after the passes too */
    bool exists;         /* it has a gradient */
    int producer;        /* fused step, NOTHING for inputs and constants */
    enum form made;      /* what the producer writes */
    int region[FORMS];   /* content */
    int again;           /* region of the blocked content where it is made anew on the way back, or NOTHING */
    int gradient[FORMS]; /* while planning: NOTHING until the first step adds to it */
    int last_writer;     /* while planning: the step that added last to the blocked one, or NOTHING */
    float *copy;         /* for fused_value, owned */
};

/* What a layer's kernels multiply with. */
struct layer_parameters {
    float *weights, *transposed; /* packed; NULL where not needed */
    float *bias, *scale, *shift; /* one block, starting at bias */
};

/* A convolution, or none, and its tail: v = scale * (conv + bias) + shift + residual, h = relu(v). */
struct fused_layer {
    bool convolution;
    struct blocked_convolution forward, transposed;
    const struct blocked_family *family, *back; /* back NULL without a data gradient */
    int conv_step, norm_step;                   /* of the plan, or NOTHING */
    bool biased;
    int linear, target; /* values y and u */
    int residual;       /* value or NOTHING */
    bool relu;
    float ceiling;      /* 0: none */
    int probe;          /* whose sums come with the tail's gradient, or NOTHING */
    bool sums_lift;     /* that of G among them; else h is made by other steps, and whoever has G takes it */
    float *center;      /* of the sums, padded: the probe's, or the batch's mean */
    int batch_norm;     /* in training mode: index into engine.norms; else NOTHING */
    float *batch;       /* BATCH_ROWS rows of its padded channels, owned */
    double *batch_sums; /* (2, padded), owned */
    const struct layer_parameters *parameters;
    struct layer_parameters own; /* in place of shared ones while operands are replaced */
    bool owns, stale;            /* operands are replaced; own is out of date */

    /* The backward pass, by region. */
    bool has_tail_gradient; /* the tail's gradient has to be computed, here or in another's data gradient */
    bool tail_in_consumer;  /* in that of the layer that reads h */
    int producer_tail; /* the step whose tail this convolution's data gradient goes through, or NOTHING */
    bool folded;       /* the BatchNorm's scale is in the transposed weights */
    int gradient;      /* G */
    int activated;     /* tells the relu's side, or NOTHING: u does */
    int to_residual;   /* NOTHING where G's own memory becomes the residual's gradient */
    int delta;         /* what the convolution's gradients start from; without one: where x's gradient goes */
    int to_input;      /* convolution: x's gradient */
    bool residual_add, delta_add, input_add;
    int weights_input; /* region of x, for the gradient of the weights */
    bool remakes;      /* x is made anew for that: it was given up on the way forward */
    bool weights;      /* its weights or its bias have a gradient */
};

/* A constant operand of a step of the plan, which may be replaced; plan_step NOTHING: there is none. */
struct constant_operand {
    int plan_step, input;
};

/* A step on rows of tokens, in the plain layout (but for GELU, which takes any): linear layers, LayerNorm and
 * what else transformers are made of. What a member means depends on the kind. */
struct fused_token {
    int64_t rows, length;                 /* of the input, or of what is normalised */
    int64_t channels;                     /* linear: of the output */
    struct constant_operand weight;       /* linear: (length, channels), or the other way round if `turned` */
    struct constant_operand scale, shift; /* LayerNorm's; shift: a linear layer's bias */
    bool turned;
    bool tanh;      /* GELU's approximation */
    float epsilon;  /* LayerNorm's */
    int other;      /* a value that is added, or the second factor; or NOTHING */
    bool other_add; /* backward: its gradient is there already */
    bool inherits;  /* backward: the gradient that arrives becomes that of the first (of `other`, in a linear
                       layer) as it is */
    struct product *product; /* token_product.c */
};

/* What a layer keeps of its batch: scale' and shift' of the tail, three factors of the gradient, and the
 * center of its sums. */
enum { BATCH_SCALE, BATCH_SHIFT, BATCH_FACTORS, BATCH_CENTER = BATCH_FACTORS + 3, BATCH_ROWS };

struct product;
struct fused;
struct fused_step;

struct fused_kind {
    void (*forward)(struct fused *fused, const struct fused_step *step);
    /* Say what the backward pass touches, and open gradients. STATUS_MEMORY only. */
    status (*plan_backward)(struct fused *fused, struct fused_step *step, struct error *error);
    void (*backward)(struct fused *fused, const struct fused_step *step);
};

struct fused_step {
    const struct fused_kind *kind;
    int index;
    int plan_step;     /* of a plain step, pool or concatenation; NOTHING for conversions and layers */
    int input, output; /* values, of the first input and output */
    enum form from;    /* of the input */
    struct fused_layer *layer;
    struct fused_token *token;
    bool backward; /* it takes part in the backward pass */
    int *zeroed;   /* regions to be zeroed before */
    int zeroed_count;
    bool add;     /* a conversion or move adds to the gradient that is there */
    int32_t *map; /* of a move: offset in the input's image for each of the output's, or -1 */
    /* Probes (not a layer's own) that read the gradient of what the step makes, or NOTHING. */
    int first_target, first_activated;
};

struct fused {
    struct engine engine;
    const struct blocked_kernels *kernels;
    enum kernel_choice choice;
    bool keep; /* all activations stay until the next forward pass */
    int images;
    double chosen_for; /* images per micro-batch that kernels are chosen for */
    struct fused_value *values;
    struct fused_step *steps;
    int step_count;
    size_t step_capacity;
    int *step_of; /* per plan step */
    bool *absorbed;
    const struct product **products; /* per plan step, or NULL: token_product.c */
    struct region *regions;
    int region_count;
    size_t region_capacity;
    unsigned char *memory;
    float *workspace;       /* of convolutions */
    double *sums;           /* of one tail's gradient */
    float *scratch[COPIES]; /* plain copies for probes that no layer takes; owned */
    size_t scratch_bytes[COPIES];
    struct packed_weights *packed;
    int late_target, late_activated; /* probes on values that no step makes, or NOTHING */
    int changed;                     /* steps from here on hold the activations of other operands */
};

/* --- memory.c ------------------------------------------------------------------------------------------- */

int region_new(struct fused *fused, size_t bytes); /* NOTHING when memory is out */
void region_use(struct fused *fused, int region, int time);
void region_keep(struct fused *fused, int region); /* for good */
status regions_place(struct fused *fused, size_t *total, struct error *error);
static inline void *region_data(const struct fused *fused, int region)
{
    return region < 0 ? NULL : fused->memory + fused->regions[region].at;
}

/* Mark a value's content as in use; NOTHING for no value. */
void value_use(struct fused *fused, int value, enum form form, int time);
size_t value_bytes(const struct fused *fused, int value, enum form form);
static inline int value_positions(const struct fused_value *value)
{
    return value->height * value->width;
}
/* Floats of one image of a value, blocked. */
static inline size_t value_image_floats(const struct fused_value *value)
{
    return (size_t)blocked_blocks(value->channels) * (size_t)value_positions(value) * LANES;
}
static inline float *value_data(const struct fused *fused, int value, enum form form)
{
    return value < 0 ? NULL : region_data(fused, fused->values[value].region[form]);
}
static inline float *value_gradient(const struct fused *fused, int value, enum form form)
{
    return value < 0 ? NULL : region_data(fused, fused->values[value].gradient[form]);
}

static inline int backward_time(const struct fused *fused, const struct fused_step *step)
{
    return 2 * fused->step_count - 1 - step->index;
}
/* The gradient of a value in this form, opened by `step` if it was not there (*added false then). */
status gradient_open(struct fused *fused, const struct fused_step *step, int value, enum form form,
                     bool *added, struct error *error);

/* --- recognise.c ---------------------------------------------------------------------------------------- */

status fused_recognise(struct fused *fused, struct error *error);

/* --- kinds.c, fused_layer.c, fused_layer_backward.c ----------------------------------------------------- */

extern const struct fused_kind kind_plain, kind_convert, kind_max_pool, kind_average_pool,
    kind_global_average, kind_concat, kind_layer, kind_move;
extern const struct fused_kind kind_norm, kind_gelu, kind_softmax, kind_sum, kind_to_rows, kind_from_rows,
    kind_linear, kind_product;
void layer_forward(struct fused *fused, const struct fused_step *step);
status layer_plan_backward(struct fused *fused, struct fused_step *step, struct error *error);
void layer_backward(struct fused *fused, const struct fused_step *step);
/* Its parts: delta and what the residual gets; then the convolution's own. */
void layer_tail_gradient(struct fused *fused, const struct fused_step *step);
/* Floats that the gradient of the weights takes in the family's own way; 0: it is taken in the common one. */
size_t weight_workspace(const struct fused_layer *layer);
void layer_convolution_backward(struct fused *fused, const struct fused_step *step);

/* --- batch_norm.c: training mode ------------------------------------------------------------------------ */

int fused_norm(const struct engine *engine, int index); /* of a fused step, or NOTHING */
/* Room for what such layers keep. */
status batch_norms_connect(struct fused *fused, struct error *error);
/* scale' and shift' of a layer's tail, of this batch in training mode; NULL without a BatchNorm. */
const float *layer_scale(const struct fused *fused, const struct fused_layer *layer);
const float *layer_shift(const struct fused *fused, const struct fused_layer *layer);
/* Whether what a step makes can be made anew, on the way back, of what the layer keeps of its batch. */
bool batch_norm_remakes(const struct fused *fused, const struct fused_step *step);
void batch_norm_remake(struct fused *fused, const struct fused_step *step);
void fused_run_half(struct fused *fused, enum direction direction, int index, enum step_half half);
/* Before a step runs backward: probes take what they want, gradients that it opens are zeroed. */
void fused_begin_backward(struct fused *fused, const struct fused_step *step);

/* --- probes.c ------------------------------------------------------------------------------------------- */

/* Keep what probes read, and say which steps take them. After the backward pass is planned. */
status probes_connect(struct fused *fused, struct error *error);
void probes_take(struct fused *fused, int first_target, int first_activated);

/* --- move.c --------------------------------------------------------------------------------------------- */

/* *map from the arena; NULL when this plan step cannot be done so. */
status move_map(const struct fused *fused, int plan_step, int32_t **map, struct error *error);

/* --- token_kinds.c -------------------------------------------------------------------------------------- */

/* The content that a constant operand has now; NULL where there is none. */
const float *constant_data(const struct fused *fused, const struct constant_operand *operand);
/* The plain gradient of `value` becomes the memory of the one that arrives at the step's output, which nobody
 * reads any more. false where it has one, or must be apart. */
bool gradient_inherit(struct fused *fused, const struct fused_step *step, int value);

/* --- describe.c ----------------------------------------------------------------------------------------- */

void fused_describe(const struct engine *engine, int index, struct step_time *time);

/* --- choose.c: which kernels convolve ------------------------------------------------------------------- */

const struct blocked_family *choose_family(const struct fused *fused,
                                           const struct blocked_convolution *geometry);
bool convolution_fits(const struct fused *fused, const struct blocked_convolution *geometry);

/* --- parameters.c --------------------------------------------------------------------------------------- */

/* Packs, together with the other engines of `packed`; NULL: alone. */
status parameters_make(struct fused *fused, struct packed_weights *packed, struct error *error);
status parameters_allocate(const struct fused *fused, const struct fused_layer *layer,
                           struct layer_parameters *parameters, struct error *error);
size_t parameters_bytes(const struct fused *fused, const struct fused_layer *layer);
void parameters_free(struct layer_parameters *parameters);
/* From the operands that the plan steps have now. */
void parameters_fill(const struct fused *fused, const struct fused_layer *layer,
                     struct layer_parameters *parameters);
/* Pack the shared ones of a step anew: its constants have other content. */
void parameters_refill(struct fused *fused, int step);

#endif
