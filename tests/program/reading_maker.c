/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes what tests/program/reading.sh works on: `reading_maker KIND FILE.onnx`. All kinds are the same
 * network of 3x32x32 images, in ten classes, as files say it in other ways: see `kinds`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/status.h"
#include "nn/graph/file_type.h"
#include "nn/operator/operator.h"
#include "onnx/onnx_write.h"
#include "support/graph_maker.h"

enum { CHANNELS = 8, CLASSES = 10, KERNEL = 3 * 3 * 3, SIDE = 32 };

struct kind {
    const char *name;
    int64_t side;      /* of the images, or DIMENSION_UNKNOWN */
    int opset;         /* of the file */
    bool last;         /* the file's images have their channels last */
    bool integers;     /* weights and activations are quantised */
    bool training;     /* the normalisation is in training mode */
    const char *alien; /* what no program knows: behind the end, or in the middle */
};

static const struct kind kinds[] = {
    {"plain", SIDE, 13, false, false, false, NULL},
    {"newest", SIDE, 24, false, false, false, NULL},
    {"open", DIMENSION_UNKNOWN, 13, false, false, false, NULL},
    {"last", SIDE, 13, true, false, false, NULL},
    {"quantised", SIDE, 13, false, true, false, NULL},
    {"training", SIDE, 15, false, false, true, NULL},
    {"end", SIDE, 13, false, false, false, "end"},
    {"middle", SIDE, 13, false, false, false, "middle"},
};

/* Sixty-fourths, so that integers and their scale give the very same numbers. */
static int64_t number_of(int64_t i)
{
    return i * 37 % 61 - 30;
}

static struct tensor *numbers(enum element_type type, int file_type, int64_t count, int rank,
                              const int64_t *dims)
{
    const struct shape shape = shape_of(rank, dims);
    struct tensor *tensor = tensor_new(type, &shape);
    if (!tensor)
        abort();
    tensor->file_type = file_type;
    for (int64_t i = 0; i < count; i++) {
        if (type == ELEMENT_INT64)
            ((int64_t *)tensor->data)[i] = number_of(i);
        else
            ((float *)tensor->data)[i] = (float)number_of(i) / 64;
    }
    return tensor;
}

static void make_one(struct graph *graph, const char *name, double value)
{
    struct tensor *tensor = tensor_new(ELEMENT_FLOAT, &(struct shape){.rank = 0});
    if (!tensor)
        abort();
    *(float *)tensor->data = (float)value;
    make_tensor(graph, name, tensor);
}

/* The convolution's weight: as it is, or integers that are dequantised. */
static void make_weight(struct graph *graph, const struct kind *kind)
{
    const int64_t dims[] = {CHANNELS, 3, 3, 3};
    if (!kind->integers) {
        make_tensor(graph, "w", numbers(ELEMENT_FLOAT, FILE_FLOAT, CHANNELS * KERNEL, 4, dims));
        return;
    }
    make_tensor(graph, "integers", numbers(ELEMENT_INT64, FILE_INT8, CHANNELS * KERNEL, 4, dims));
    make_one(graph, "scale", 1 / 64.0);
    make_node(graph, "/dequantise", "DequantizeLinear", NAMES("integers", "scale"), NAMES("w"),
              NO_ATTRIBUTES);
    graph->values[make_integer(graph, "zero", 0)].constant->file_type = FILE_INT8;
    make_node(graph, "/q", "QuantizeLinear", NAMES("x", "scale", "zero"), NAMES("q"), NO_ATTRIBUTES);
    make_node(graph, "/dq", "DequantizeLinear", NAMES("q", "scale", "zero"), NAMES("image"), NO_ATTRIBUTES);
}

static void make_norm(struct graph *graph, const struct kind *kind)
{
    for (const char *const *name = NAMES("scales", "shifts", "means", "variances"); *name; name++)
        make_reals(graph, *name, DIMS(CHANNELS), 1);
    if (kind->training)
        make_node(graph, "/norm", "BatchNormalization", NAMES("c", "scales", "shifts", "means", "variances"),
                  NAMES("n", "mean", "variance"), ATTRIBUTES(integer_attribute("training_mode", 1)));
    else
        make_node(graph, "/norm", "BatchNormalization", NAMES("c", "scales", "shifts", "means", "variances"),
                  NAMES("n"), NO_ATTRIBUTES);
}

/* The operator is in no table, so that its node is made by hand. */
static void make_alien(struct graph *graph, const char *input, const char *output)
{
    int in = named(graph, input), out = named(graph, output);
    if (graph_add_node(graph, "/alien", operator_missing(graph->arena, "NonMaxSuppression"), &in, 1, &out, 1,
                       NULL, 0) < 0)
        abort();
}

static struct graph *network(const struct kind *kind)
{
    struct graph *graph = make_graph(kind->opset);
    const int64_t dims[] = {DIMENSION_UNKNOWN, 3, kind->side, kind->side}, head[] = {CHANNELS, CLASSES};
    const bool middle = kind->alien && strcmp(kind->alien, "middle") == 0;
    static const int64_t pads[] = {1, 1, 1, 1};
    make_input(graph, "x", 4, dims);
    graph->channels_last = kind->last;
    make_weight(graph, kind);
    make_node(graph, "/conv", "Conv", NAMES(kind->integers ? "image" : "x", "w"), NAMES("c"),
              ATTRIBUTES(integers_attribute("pads", 4, pads)));
    make_norm(graph, kind);
    make_node(graph, "/relu", "Relu", NAMES("n"), NAMES("r"), NO_ATTRIBUTES);
    if (middle)
        make_alien(graph, "r", "m");
    make_node(graph, "/pool", "GlobalAveragePool", NAMES(middle ? "m" : "r"), NAMES("p"), NO_ATTRIBUTES);
    make_node(graph, "/flat", "Flatten", NAMES("p"), NAMES("f"), NO_ATTRIBUTES);
    make_tensor(graph, "head", numbers(ELEMENT_FLOAT, FILE_FLOAT, CHANNELS * CLASSES, 2, head));
    make_node(graph, "/head", "MatMul", NAMES("f", "head"), NAMES("logits"), NO_ATTRIBUTES);
    if (kind->alien && !middle)
        make_alien(graph, "logits", "boxes");
    make_output(graph, kind->alien && !middle ? "boxes" : "logits");
    return graph;
}

int main(int argc, char **argv)
{
    struct error error = {0};
    for (size_t i = 0; argc == 3 && i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(argv[1], kinds[i].name) != 0)
            continue;
        struct graph *graph = network(&kinds[i]);
        status code = graph_finish(graph, &error);
        if (code == STATUS_OK)
            code = onnx_write(argv[2], graph, NULL, 0, &error);
        graph_free(graph);
        if (code != STATUS_OK)
            fprintf(stderr, "%s\n", error.message);
        return code != STATUS_OK;
    }
    fprintf(stderr, "usage: reading_maker KIND FILE.onnx\n");
    return 2;
}
