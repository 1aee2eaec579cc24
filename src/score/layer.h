/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The layers of a network as a pruning researcher sees them: each convolution or linear layer with its
 * BatchNorm and the element-wise layer that follows. */
#ifndef IPPRO_SCORE_LAYER_H
#define IPPRO_SCORE_LAYER_H

#include <stdbool.h>
#include "nn/graph/graph.h"

/* A transposed convolution is of a kind of its own, in groups or not, but for one that has one input in each
 * group: it is depthwise like other such. */
enum layer_kind { LAYER_CONVOLUTION, LAYER_DEPTHWISE, LAYER_GROUPED, LAYER_LINEAR, LAYER_TRANSPOSED };

/* Where a weight has its filters. Channels lie in runs (the groups of a transposed convolution) of `channels`
 * at distances of channel_step, runs at distances of channels_step; elements of a filter lie side by side in
 * runs of `elements`, which are element_step apart. */
struct filter_places {
    int64_t channels, channels_step, channel_step;
    int64_t elements, element_step;
};

/* Which number of the weight is element k of filter c. */
static inline int64_t filter_place(const struct filter_places *places, int64_t c, int64_t k)
{
    return c / places->channels * places->channels_step + c % places->channels * places->channel_step +
           k / places->elements * places->element_step + k % places->elements;
}

/* One use of a layer's filters: a network may call a layer several times. Members mean what those of the
 * layer do. */
struct layer_call {
    int node, norm_node, activation_node;
    int bias;
    int linear, target, activated;
};

struct layer {
    const char
        *name; /* "layer1.0.conv1": the weight's name without ".weight", else the node's name; unique */
    const char *norm_name; /* BatchNorm's name made the same way, or NULL */
    enum layer_kind kind;
    int node, norm_node; /* node indices; norm_node -1 without BatchNorm. These, and the values and the
                            activation below, are those of the first call */
    int activation_node; /* makes h(u), the element-wise layer behind the target, be it one operator or
                            written out with several (score/elementwise.h says which); -1: h is the identity
                          */
    const char *activation_name;   /* static: h's operator or function, "composed" where it is no common one,
                                      "several" where calls differ; NULL for the identity */
    int weight, bias;              /* value indices; bias VALUE_NONE without one */
    double bias_factor;            /* y = ... + bias_factor * bias (Gemm's beta), else 1 */
    int scale, shift, mean, var;   /* BatchNorm parameters, value indices; VALUE_NONE without BatchNorm */
    double epsilon;                /* BatchNorm's, 0 without one */
    int linear, target, activated; /* values y, u, h(u) as nn/engine/engine.h calls them; a MatMul's y is
                                      behind the Add of its bias */
    int64_t channels;              /* C: filters, output channels */
    int64_t filter_length;         /* weights in one filter */
    struct filter_places places;   /* rows for Conv, columns for MatMul and Gemm with transB=0, slices along
                                      dimension 1 for ConvTranspose */
    int64_t input_channels, kernel_height, kernel_width, stride, groups;
    bool output_layer; /* its channels are the network's outputs: never pruned, not scored */
    bool bound; /* something that is no call uses its weight too, or calls have biases of their own: its
                   filters cannot be cut alone */
    const struct layer_call *calls; /* in the order of the network; at least one */
    int call_count;
};

struct layers {
    struct arena *arena;
    struct layer *items;
    int count;
};

/* Layers in graph order: Conv, ConvTranspose, Gemm and MatMul with constant weights, and a bias that is one
 * constant per channel, if any. Nodes with the same weight are one layer that is called several times; a
 * BatchNorm belongs to it where all calls have the same one behind them. The graph is finished, simplified
 * and borrowed. STATUS_SHAPE: BatchNorm parameters of another size. */
status layers_find(const struct graph *graph, struct layers **layers, struct error *error);
void layers_free(struct layers *layers);         /* NULL is fine */
bool layers_normed(const struct layers *layers); /* has any layer that is scored a BatchNorm? */
int layers_index(const struct layers *layers, const char *name); /* -1 when absent */
/* Does a word mean layer `index`? A word that is a layer's name means that layer and no other, whatever
 * characters the name has; one that is a stage's name (score/layer_stage.h) means all layers of the stage;
 * only a word that is no name is a pattern (glob_match). All that takes names of layers asks here. */
bool layers_match(const struct layers *layers, const char *word, int index);
/* Does the word stand for any number of layers: a stage or a pattern, as no layer has it for its name? */
bool layers_is_pattern(const struct layers *layers, const char *word);

/* Elements of a filter that one input channel meets, side by side: the taps of the kernel; 1 in a linear
 * layer. */
int64_t layer_taps(const struct layer *layer);
/* The first of the input channels that filter c reads: those from it on, `filter_length / layer_taps` of
 * them, in the order of the filter's elements. */
int64_t layer_first_input(const struct layer *layer, int64_t c);

/* One filter as double, `filter_length` values, whatever way the file stores the weight. */
void layer_filter(const struct graph *graph, const struct layer *layer, int64_t channel, double *out);
/* The same of `count` filters from `first` on, at most FILTERS_TOGETHER: (count, filter_length). */
enum { FILTERS_TOGETHER = 16 };
void layer_filter_group(const struct graph *graph, const struct layer *layer, int64_t first, int64_t count,
                        double *out);
/* measures[c] = measure(filter c, filter_length), for every channel; false when memory is out. */
bool layer_measure_filters(const struct graph *graph, const struct layer *layer,
                           double (*measure)(const double *filter, int64_t elements), double *measures);
/* C x filter_length, row-major; owned by the caller. NULL when memory is out. */
double *layer_filters(const struct graph *graph, const struct layer *layer);
/* A per-channel parameter (scale, shift, mean, var, bias) as double, owned by the caller (NULL when memory is
 * out); VALUE_NONE gives zeros. The bias comes without its factor. */
double *layer_parameter(const struct graph *graph, const struct layer *layer, int value);
/* Which dimension of a layer's input or output of the given rank is its channels. */
int layer_axis(const struct layer *layer, int rank);
const char *layer_kind_name(enum layer_kind kind);

#endif
