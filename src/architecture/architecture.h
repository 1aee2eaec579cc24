/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Networks described layer by layer, for weights that come without a graph.
 *
 * A description is a list of steps, each a layer of some kind (architecture/step_kind.h) over values that are
 * there already: value 0 is the image, value i + 1 what step i makes. From it follow the parameters that a
 * checkpoint must have, with their names and shapes; what a checkpoint has in truth may be narrower or wider
 * (architecture/fit.h). A finished architecture is immutable and counted. */
#ifndef IPPRO_ARCHITECTURE_ARCHITECTURE_H
#define IPPRO_ARCHITECTURE_ARCHITECTURE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/digest.h"
#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/tensor.h"

struct step_kind;

/* What a layer makes of one image: channels x height x width, or so many numbers in a row. */
struct feature_shape {
    int64_t channels, height, width; /* flat: height and width are 1 */
    bool flat;
};
void feature_shape_text(const struct feature_shape *shape, struct text *text); /* "64x56x56", "512" */

/* What can be said of a layer beside its inputs. Which kind knows which is in its row. */
enum layer_setting {
    SETTING_CHANNELS,      /* that it makes */
    SETTING_KERNEL,        /* height and width, as those that follow */
    SETTING_STRIDE,        /* */
    SETTING_PADDING,       /* of zeros on both sides; SAME_PADDING: as much as keeps the size at stride 1 */
    SETTING_DILATION,      /* */
    SETTING_GROUPS,        /* of a convolution */
    SETTING_BIAS,          /* 0 or 1 */
    SETTING_EPSILON,       /* that is added to a variance */
    SETTING_CEIL,          /* 0 or 1: a last window that is not full counts */
    SETTING_COUNT_PADDING, /* 0 or 1: an average is over the padding too */
    SETTING_SIZE,          /* height and width that it makes */
    SETTING_BEFORE,        /* channels of zeros */
    SETTING_AFTER,
    SETTING_SLOPE, /* of what is negative */
    LAYER_SETTINGS
};
enum { SAME_PADDING = -1 };

struct layer_step {
    const struct step_kind *kind;
    const char *name; /* "layer1.0.conv1": what its parameters' names begin with; NULL: it has none */
    int *inputs;      /* values */
    int input_count;
    double settings[LAYER_SETTINGS][2];
    int first_parameter, parameter_count;
};

/* What a parameter is to its layer. */
enum parameter_role {
    PARAMETER_FILTERS, /* of a convolution: filters x channels of a group x height x width */
    PARAMETER_FILTER_BIAS,
    PARAMETER_MATRIX, /* of a linear layer: numbers out x numbers in */
    PARAMETER_MATRIX_BIAS,
    PARAMETER_SCALE, /* of a normalisation, as those that follow */
    PARAMETER_SHIFT,
    PARAMETER_MEAN,
    PARAMETER_VARIANCE,
    PARAMETER_ROLES
};

struct architecture_parameter {
    const char *name; /* "layer1.0.conv1.weight" */
    struct shape shape;
    enum parameter_role role;
    bool trained; /* false: running statistics */
    int step;
};

/* How somebody calls the parameters. */
struct naming {
    const char *by;     /* "torchvision"; "" where nobody is named */
    const char **names; /* of all parameters */
};

struct architecture {
    int shares; /* owners beside the first */
    struct arena *arena;
    const char *name, *title;
    const char *paper;  /* or NULL */
    const char *origin; /* the place of its description: "resnet.lua:12" */
    struct feature_shape input;
    int64_t classes; /* as described; a checkpoint may have other ones */
    struct layer_step *steps;
    int step_count;
    size_t step_capacity;
    int output; /* value; -1 until architecture_finish */
    struct architecture_parameter *parameters;
    int parameter_count;
    size_t parameter_capacity;
    struct feature_shape *shapes; /* of all values, as described */
    size_t shape_capacity;
    struct naming *namings; /* the first are its own names */
    int naming_count;
    size_t naming_capacity;
    const char *
        *extras; /* patterns of parameters that a checkpoint may have beside: heads used in training */
    int extra_count;
    size_t extra_capacity;
    int head;                 /* the step that makes the classes, -1: none is found */
    int64_t size;             /* numbers in all trained parameters */
    int width_count;          /* layers with weights: convolutions and linear layers */
    char digest[DIGEST_SIZE]; /* of all steps: two that compute the same of equal weights have the same */
};

/* NULL when memory is out. Texts are copied. */
struct architecture *architecture_new(const char *name, const struct feature_shape *input, int64_t classes);
struct architecture *architecture_retain(struct architecture *architecture);
void architecture_free(struct architecture *architecture); /* NULL is fine */

/* A step with the settings of its kind that are not given. */
struct layer_step layer_step_of(const struct step_kind *kind);
/* One layer more; its value goes to *value. Errors name the layer: inputs that do not fit, settings that mean
 * nothing, a name that was there. The step's texts and arrays are copied. */
status architecture_add(struct architecture *architecture, const struct layer_step *step, int *value,
                        struct error *error);
/* How others call the parameters, `names` of all of them; only after the last step. */
status architecture_name(struct architecture *architecture, const char *by, const char *const *names,
                         struct error *error);
/* A pattern of further names (glob_match). */
status architecture_extra(struct architecture *architecture, const char *pattern, struct error *error);
/* `output` is what the network answers. Nothing is added afterwards but namings and extras. */
status architecture_finish(struct architecture *architecture, int output, struct error *error);

#endif
