/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inside of recognising: recognise.c goes through the plan's steps and asks each recogniser in turn;
 * recognise_layer.c has those of layers, recognise_operator.c those of everything else, step.c what they
 * share. */
#ifndef IPPRO_NN_FUSED_RECOGNISE_INTERNAL_H
#define IPPRO_NN_FUSED_RECOGNISE_INTERNAL_H

#include "nn/fused/internal.h"

/* Make a fused step that begins with plan step p, with conversions before it where it needs them; *made is
 * false, as it was, and nothing happens where p is not of this kind. STATUS_MEMORY only. */
typedef status recogniser(struct fused *fused, int p, bool *made, struct error *error);

/* --- recognise_layer.c, recognise_operator.c ------------------------------------------------------------ */

recogniser recognise_convolution;
recogniser recognise_elementwise; /* BatchNorm, Add or Relu that no convolution takes in */
recogniser recognise_pool, recognise_move, recognise_concat;
recogniser recognise_plain; /* any */
/* recognise_token.c: what works on rows of tokens */
recogniser recognise_norm, recognise_gelu, recognise_softmax, recognise_sum, recognise_turn;
recogniser recognise_linear;  /* token_linear.c */
recogniser recognise_product; /* token_product.c */

/* Values of probes that no layer can serve must exist on their own. `producer`: plan step per value, or
 * NOTHING. Before the first layer is recognised. */
void pin_probes(struct fused *fused, const int *producer);

/* --- step.c --------------------------------------------------------------------------------------------- */

/* Whether it is a step of this operator; no for NOTHING. */
bool plan_step_is(const struct fused *fused, int p, const char *name);
bool value_is_constant(const struct fused *fused, int value); /* or NOTHING */
bool value_is_wanted(const struct fused *fused, int value);   /* a constant whose gradient somebody wants */
/* The plan step that alone reads a value, which nobody else looks at; NOTHING when there is none. */
int sole_user(const struct fused *fused, int value);
int other_operand(const struct fused *fused, int p, int value); /* of a plan step with two */

/* The next step, which reads `input` in the form `from`; plan_step NOTHING where several make one. NULL
 * without memory. */
struct fused_step *step_new(struct fused *fused, const struct fused_kind *kind, int plan_step, int input,
                            enum form from);
/* Plan step p is a part of fused step `step`. */
void step_absorb(struct fused *fused, int p, int step);
/* The step writes the value in this form. */
status step_makes(struct fused *fused, const struct fused_step *step, int value, enum form form,
                  struct error *error);
bool value_has_form(const struct fused *fused, int value, enum form form);
bool value_is_made(const struct fused *fused, int value); /* in any form */
/* See to it that a value that is made is there in this form, by a conversion where it is not. */
status value_in_form(struct fused *fused, int value, enum form form, struct error *error);

#endif
