/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of initialisations, and drawing by them. */
#include "architecture/fresh.h"

#include <math.h>

#include "base/memory.h"
#include "base/progress.h"
#include "base/random.h"
#include "base/status.h"
#include "nn/graph/tensor.h"

/* Streams of the seed: one for each parameter, behind those of other uses. */
static const uint64_t stream_weights = UINT64_C(0x6672657368) << 20;

/* --- numbers -------------------------------------------------------------------------------------------- */

/* Fill `count` numbers of a parameter whose layer has weights of the shape `weights`. */
typedef void (*fill_function)(struct random_state *random, const struct shape *weights, float *numbers,
                              int64_t count);

static void fill_with(float *numbers, int64_t count, float number)
{
    for (int64_t i = 0; i < count; i++)
        numbers[i] = number;
}

static void fill_zero(struct random_state *random, const struct shape *weights, float *numbers, int64_t count)
{
    (void)random;
    (void)weights;
    fill_with(numbers, count, 0);
}

static void fill_one(struct random_state *random, const struct shape *weights, float *numbers, int64_t count)
{
    (void)random;
    (void)weights;
    fill_with(numbers, count, 1);
}

/* Numbers that one filter reads. */
static double fan_in(const struct shape *weights)
{
    double product = 1;
    for (int i = 1; i < weights->rank; i++)
        product *= (double)weights->dim[i];
    return product;
}

/* Filters times places of the window, as PyTorch counts, whatever the groups. */
static double fan_out(const struct shape *weights)
{
    return fan_in(weights) / (double)weights->dim[1] * (double)weights->dim[0];
}

/* From -1 / sqrt(fan in) to 1 / sqrt(fan in): torch.nn.Conv2d and Linear, kaiming_uniform_(a=sqrt(5)), and
 * the same bound for the bias. */
static void fill_uniform(struct random_state *random, const struct shape *weights, float *numbers,
                         int64_t count)
{
    const double bound = 1 / sqrt(fan_in(weights));
    for (int64_t i = 0; i < count; i++)
        numbers[i] = (float)random_between(random, -bound, bound);
}

/* Normal with variance 2 / fan out: He et al. 2015, equation 14; kaiming_normal_(mode="fan_out"). */
static void fill_normal(struct random_state *random, const struct shape *weights, float *numbers,
                        int64_t count)
{
    const double deviation = sqrt(2 / fan_out(weights));
    for (int64_t i = 0; i < count; i++)
        numbers[i] = (float)(deviation * random_normal(random));
}

/* --- the table ------------------------------------------------------------------------------------------ */

struct initialisation {
    const char *name;
    fill_function fill[PARAMETER_ROLES];
};

#define NORMALISATION                                                                                        \
    [PARAMETER_SCALE] = fill_one, [PARAMETER_SHIFT] = fill_zero, [PARAMETER_MEAN] = fill_zero,               \
    [PARAMETER_VARIANCE] = fill_one
#define LINEAR [PARAMETER_MATRIX] = fill_uniform, [PARAMETER_MATRIX_BIAS] = fill_uniform

static const struct initialisation rows[] = {
    /* as Torchvision makes its networks, and as the authors of most of CIFAR's do */
    {"he", {[PARAMETER_FILTERS] = fill_normal, [PARAMETER_FILTER_BIAS] = fill_zero, LINEAR, NORMALISATION}},
    /* as PyTorch's layers are when nobody says anything */
    {"pytorch",
     {[PARAMETER_FILTERS] = fill_uniform, [PARAMETER_FILTER_BIAS] = fill_uniform, LINEAR, NORMALISATION}},
};
enum { ROWS = sizeof rows / sizeof *rows };

const struct initialisation *initialisation_at(int index)
{
    return index >= 0 && index < ROWS ? &rows[index] : NULL;
}

const char *initialisation_name(int index)
{
    return index >= 0 && index < ROWS ? rows[index].name : NULL;
}

/* --- drawing -------------------------------------------------------------------------------------------- */

/* The tensor to weight->tensor, in pieces between which the user may cancel. */
static status draw(const struct architecture *architecture, const struct initialisation *initialisation,
                   int parameter, uint64_t seed, struct weight *weight, struct error *error)
{
    enum { PIECE = 1 << 19 };
    const struct architecture_parameter *described = &architecture->parameters[parameter];
    const struct layer_step *step = &architecture->steps[described->step];
    const struct shape *weights = &architecture->parameters[step->first_parameter].shape;
    const int64_t count = shape_elements(&described->shape);
    struct random_state random;
    status code = STATUS_OK;
    weight->name = described->name;
    weight->tensor = tensor_new(ELEMENT_FLOAT, &described->shape);
    if (!weight->tensor)
        return error_memory(error);
    random_seed(&random, seed, stream_weights + (uint64_t)parameter);
    for (int64_t done = 0; code == STATUS_OK && done < count; done += PIECE) {
        const int64_t left = count - done;
        initialisation->fill[described->role](&random, weights, (float *)weight->tensor->data + done,
                                              left < PIECE ? left : PIECE);
        code = progress_check(error);
    }
    return code;
}

status fresh_checkpoint(const struct architecture *architecture, const struct initialisation *initialisation,
                        uint64_t seed, struct checkpoint **checkpoint, struct error *error)
{
    const int count = architecture->parameter_count;
    struct weight *weights = mem_new((size_t)count, sizeof *weights);
    char *origin = mem_format("%s, seed %llu", initialisation->name, (unsigned long long)seed);
    status code = weights && origin ? STATUS_OK : error_memory(error);
    for (int i = 0; code == STATUS_OK && i < count; i++)
        code = draw(architecture, initialisation, i, seed, &weights[i], error);
    if (code == STATUS_OK)
        code = checkpoint_make(origin, weights, count, checkpoint, error);
    for (int i = 0; weights && i < count; i++)
        tensor_free(weights[i].tensor);
    mem_free(weights);
    mem_free(origin);
    return code;
}
