/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Going through the steps of an architecture: as it is described, to learn shapes and parameters; with the
 * tensors of a checkpoint, to see whether their shapes go together; and to make a graph of them. */
#ifndef IPPRO_ARCHITECTURE_ASSEMBLY_H
#define IPPRO_ARCHITECTURE_ASSEMBLY_H

#include "architecture/architecture.h"
#include "checkpoint/zeros.h"
#include "nn/graph/graph.h"

enum { STEP_PARAMETERS = 4 };

struct assembly {
    struct architecture *described; /* gets parameters; NULL: it is finished */
    const struct architecture *architecture;
    struct tensor *const *given;      /* per parameter, borrowed; NULL: as described */
    const char *const *names;         /* likewise: what the constants are called */
    const struct zeros_record *zeros; /* of the steps that pad, in their order; NULL: as described */
    int padded;                       /* such steps so far */
    struct graph *graph;              /* NULL: shapes only */
    enum element_type real;           /* of the graph's constants */
    struct feature_shape *shapes;     /* per value */
    int *values;                      /* per value: of the graph */
    int step;                         /* at hand */
    int parameter;                    /* the next one */
    int constants[STEP_PARAMETERS];   /* of the step at hand: values of the graph */
    int constant_count;
    int numbered; /* values that were made */
    bool failed;  /* memory is out */
};

/* One step: its shape and, with a graph, its nodes. Errors name the layer. */
status assembly_step(struct assembly *assembly, int step, struct error *error);
/* All steps with these tensors, for images of this size. With `graph` it is made: finished, owned by the
 * caller, and shares the tensors; its constants are called `names`. STATUS_SHAPE where shapes do not go
 * together, with the layer and both. `zeros` has one entry per step that pads, or is NULL: as described. The
 * shape of the output goes to *output. */
struct assembly_request {
    const struct architecture *architecture;
    struct tensor *const *given;
    const char *const *names;
    struct feature_shape input;
    const struct zeros_record *zeros;
};
status assembly_run(const struct assembly_request *request, struct graph **graph,
                    struct feature_shape *output, struct error *error);

/* --- for kinds of layers -------------------------------------------------------------------------------- */

struct feature_shape assembly_input(const struct assembly *assembly, const struct layer_step *step,
                                    int input);
/* A dimension of one of the step's parameters as the checkpoint has it; `described` where there is none. */
int64_t assembly_dimension(const struct assembly *assembly, const struct layer_step *step, int parameter,
                           int dimension, int64_t described);
/* The step's next parameter: noted, or held against the checkpoint's and put into the graph. */
status assembly_parameter(struct assembly *assembly, const struct layer_step *step, const char *part,
                          const struct shape *shape, enum parameter_role role, struct error *error);
/* The rest is for a graph, and does nothing without one. Values are those of the graph; where memory is out
 * the assembly has failed, which the caller of `run` looks at. */
int assembly_value(const struct assembly *assembly, const struct layer_step *step, int input);
int assembly_integers(struct assembly *assembly, const int64_t *integers, int count);
int assembly_real(struct assembly *assembly, double number); /* a scalar of the graph's type */
int assembly_node(struct assembly *assembly, const struct layer_step *step, const char *op, const int *inputs,
                  int count, const struct attribute *attributes, int attribute_count);
/* What the step makes. */
void assembly_result(struct assembly *assembly, int value);
struct attribute attribute_integer(const char *name, int64_t value);
struct attribute attribute_integers(const char *name, int64_t *values, size_t count);
struct attribute attribute_real(const char *name, double value);

#endif
