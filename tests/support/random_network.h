/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random small networks, in double, with every structure that the rules of the coupling know. */
#ifndef IPPRO_TESTS_RANDOM_NETWORK_H
#define IPPRO_TESTS_RANDOM_NETWORK_H

#include "base/random.h"
#include "nn/graph/graph.h"

enum { RANDOM_NETWORK_CLASSES = 5 };

/* Input 3x8x8. The same seed gives the same network; every other one is left as an exporter would write it,
 * the rest is simplified. */
struct graph *random_network(uint64_t seed, int blocks);
/* The same with 14 to 40 channels at first. */
struct graph *random_wide_network(uint64_t seed, int blocks);
/* A network around one block, by its index in random_blocks. */
struct graph *random_block_network(uint64_t seed, int kind);

/* --- what its blocks are made with ---------------------------------------------------------------------- */

struct maker {
    struct graph *graph;
    struct random_state random;
    int serial;
    int64_t size; /* height and width now */
};

int64_t maker_pick(struct maker *maker, int64_t low, int64_t high);
int maker_constant(struct maker *maker, const char *name, int rank, const int64_t *dims, double low,
                   double high);
int maker_integers(struct maker *maker, int64_t count, const int64_t *values);
int maker_node(struct maker *maker, const char *op, int input_count, const int *inputs, int attribute_count,
               const struct attribute *attributes);
/* Several outputs: *outputs is the first of `output_count` values in a row. */
void maker_split(struct maker *maker, int x, int axis, int count, const int64_t *sizes, int *outputs);
/* MaxPool with its places: two outputs. */
void maker_max_pool(struct maker *maker, int x, int attribute_count, const struct attribute *attributes,
                    int outputs[2]);
int maker_one(struct maker *maker, const char *op, int x);
int maker_two(struct maker *maker, const char *op, int x, int y);
int maker_conv(struct maker *maker, int x, int64_t in, int64_t out, int64_t size, int64_t groups, bool bias);
int maker_norm(struct maker *maker, int x, int64_t channels);
int maker_unit(struct maker *maker, int x, int64_t in, int64_t out);
int maker_reshape(struct maker *maker, int x, int rank, const int64_t *dims);
int maker_transpose(struct maker *maker, int x, int rank, const int64_t *order);
int maker_slice(struct maker *maker, int x, int64_t axis, int64_t start, int64_t end, int64_t step);
int maker_reduce(struct maker *maker, const char *op, int x, int count, const int64_t *axes, bool keep);
int maker_concat(struct maker *maker, int axis, int count, const int *inputs);

/* A block takes and gives a value with *channels channels (tests/support/random_blocks.c). */
struct block_kind {
    const char *name;
    int (*make)(struct maker *maker, int x, int64_t *channels);
};
extern const struct block_kind random_blocks[]; /* ended by NULL */
/* So many, the last, have networks of their own only: those of several blocks stay what they were before
 * these came. */
enum { RANDOM_BLOCKS_ALONE = 1 };

#endif
