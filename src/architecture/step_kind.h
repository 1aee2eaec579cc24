/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kinds of layers: one row per kind says what a description gives it, what shape comes out, which parameters
 * it has, and with which nodes of ONNX it is written. */
#ifndef IPPRO_ARCHITECTURE_STEP_KIND_H
#define IPPRO_ARCHITECTURE_STEP_KIND_H

#include "architecture/architecture.h"

struct assembly;

enum { KIND_SETTINGS = 6 };

struct step_kind {
    const char *name;                           /* "conv": what a description calls it */
    bool named;                                 /* has parameters, hence a name */
    int inputs;                                 /* values that it takes; 0: two or more */
    enum layer_setting required[KIND_SETTINGS]; /* in the order in which they are given, */
    int required_count;
    enum layer_setting optional[KIND_SETTINGS]; /* by name; layer_step_of has their defaults */
    int optional_count;
    double same;   /* the default padding: 0, or SAME_PADDING */
    bool tiled;    /* moves by its kernel when no stride is given */
    bool bias;     /* is there one when nothing is said? */
    bool weighted; /* makes channels: a convolution or linear layer */
    bool pads;     /* puts channels of zeros around those that go in */
    bool passes;   /* what comes out is classes where classes go in */
    /* The shape of what it makes to *shape, its parameters in order, and, where a graph is made, the node. */
    status (*run)(struct assembly *assembly, const struct layer_step *step, struct feature_shape *shape,
                  struct error *error);
};
const struct step_kind *step_kind_at(int index); /* NULL past the end */
const struct step_kind *step_kind_find(const char *name);

/* How a description calls a setting, and whether it is one number, or one for both or a pair. */
struct setting_row {
    const char *name;
    bool pair, boolean;
    double low, high; /* range of each number */
    bool whole;
};
const struct setting_row *layer_setting_row(enum layer_setting setting);

/* Rows, ended by one without a name; step_kind.c joins them. */
extern const struct step_kind layers_weighted[];    /* conv linear batchnorm */
extern const struct step_kind layers_elementwise[]; /* relu relu6 leaky_relu ... add mul dropout */
extern const struct step_kind
    layers_spatial[]; /* maxpool avgpool average adaptive_average subsample resize */
extern const struct step_kind layers_channels[]; /* concat pad_channels flatten */

#endif
