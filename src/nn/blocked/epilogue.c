/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/blocked/epilogue.h"

#include "nn/blocked/blocked.h"
#include "nn/blocked/blocked_layer.h"
#include "nn/blocked/tail_gradient.h"

/* The parts of an epilogue, as constants: its loop is compiled for each combination. Those of a tail's
 * gradient stand in the lower bits, and only TAIL_ADD beside them. */
enum { BIAS = 1, RAW = 2, SCALE = 4, RESIDUAL = 8, RELU = 16, ADD = 32, TAIL = 64 };
enum { TAIL_ADD = 16 };

static int parts_of(const struct blocked_epilogue *e)
{
    if (e->tail)
        return TAIL | (e->add ? TAIL_ADD : 0) | tail_what(e->tail);
    return (e->bias ? BIAS : 0) | (e->raw ? RAW : 0) | (e->scale ? SCALE : 0) | (e->residual ? RESIDUAL : 0) |
           (e->relu ? RELU : 0) | (e->add ? ADD : 0);
}

LANES_INLINE void finish_plain(int parts, const struct finished *f)
{
    const struct blocked_epilogue e = *f->epilogue;
    const vector bias = parts & BIAS ? vector_load(e.bias + f->channel) : vector_all(0);
    const vector scale = parts & SCALE ? vector_load(e.scale + f->channel) : vector_all(1);
    const vector shift = parts & SCALE ? vector_load(e.shift + f->channel) : vector_all(0);
    const vector ceiling = vector_all(e.ceiling > 0 ? e.ceiling : __builtin_inff());
    const float *sums = f->sums;
    for (int y = 0; y < f->rows; y++) {
        size_t at = f->at + (size_t)y * f->row;
        for (int x = 0; x < f->columns; x++, at += f->column, sums += f->step) {
            vector v = vector_load(sums);
            if (parts & BIAS)
                v += bias;
            if (parts & RAW)
                vector_stream(e.raw + at, v);
            if (parts & SCALE)
                v = vector_multiply_add(scale, v, shift);
            if (parts & RESIDUAL)
                v += vector_load(e.residual + at);
            if (parts & RELU)
                v = vector_min(vector_max(v, vector_all(0)), ceiling);
            if (parts & ADD)
                v += vector_load(e.out + at);
            vector_store(e.out + at, v);
        }
    }
}

LANES_INLINE void finish_tail_gradient(int parts, const struct finished *f)
{
    const int what = parts & TAIL_ALL;
    const float *before = f->epilogue->out, *sums = f->sums;
    const struct tail_gradient tail = *f->epilogue->tail;
    const struct tail_channels channels = tail_channels(&tail, what, f->channel);
    struct tail_row row = {{{0}}};
    for (int y = 0; y < f->rows; y++) {
        size_t at = f->at + (size_t)y * f->row;
        for (int x = 0; x < f->columns; x++, at += f->column, sums += f->step) {
            vector g = vector_load(sums);
            if (parts & TAIL_ADD)
                g += vector_load(before + at);
            tail_position(&tail, what, &channels, at, g, &row);
        }
    }
    if (!(what & TAIL_SUMMED))
        return;
    size_t stride;
    double *to = tail_sums(&tail, f->image, f->channel, &stride);
    LANES_UNROLL
    for (int k = 0; k < TAIL_SUMS; k++)
        vector_add_wide(to + (size_t)k * stride, row.sums[tail_source(what, k)]);
}

#define FUNCTION(parts)                                                                                      \
    static void finish_##parts(const struct finished *finished)                                              \
    {                                                                                                        \
        if (parts & TAIL)                                                                                    \
            finish_tail_gradient(parts, finished);                                                           \
        else                                                                                                 \
            finish_plain(parts, finished);                                                                   \
    }
/* clang-format off */
#define SIXTEEN(DO, high)                                                                                    \
    DO(0x##high##0) DO(0x##high##1) DO(0x##high##2) DO(0x##high##3)                                          \
    DO(0x##high##4) DO(0x##high##5) DO(0x##high##6) DO(0x##high##7)                                          \
    DO(0x##high##8) DO(0x##high##9) DO(0x##high##A) DO(0x##high##B)                                          \
    DO(0x##high##C) DO(0x##high##D) DO(0x##high##E) DO(0x##high##F)
/* clang-format on */
#define ALL(F) SIXTEEN(F, 0) SIXTEEN(F, 1) SIXTEEN(F, 2) SIXTEEN(F, 3) SIXTEEN(F, 4) SIXTEEN(F, 5)
ALL(FUNCTION)
#define ENTRY(parts) finish_##parts,
static finish_function *const functions[] = {ALL(ENTRY)};

finish_function *ISA_NAME(finish_function)(const struct blocked_epilogue *epilogue)
{
    return functions[parts_of(epilogue)];
}

void ISA_NAME(finish_tile)(finish_function *finish, const struct finished *group, int tile, int vectors,
                           size_t block, const vector *sums)
{
    struct finished finished = *group;
    finished.step = (size_t)(vectors * WIDTH);
    finished.rows = 1;
    finished.columns = tile;
    for (int v = 0; v < vectors; v++) {
        finished.sums = (const float *)&sums[v];
        finished.channel = group->channel + v * WIDTH;
        finished.at = group->at + (size_t)(v / PARTS) * block + (size_t)(v % PARTS * WIDTH);
        finish(&finished);
    }
}

LANES_INLINE void fetch(const float *from, size_t at, int tile, int vectors, size_t block)
{
    for (int v = 0; from && v < vectors; v += PARTS)
        for (int t = 0; t < tile; t++)
            __builtin_prefetch(from + at + (size_t)(v / PARTS) * block + (size_t)t * LANES, 1);
}

void ISA_NAME(finish_soon)(const struct finished *group, int tile, int vectors, size_t block)
{
    const struct blocked_epilogue *e = group->epilogue;
    fetch(e->residual, group->at, tile, vectors, block);
    if (e->tail) {
        fetch(e->tail->linear, group->at, tile, vectors, block);
        fetch(e->tail->activated, group->at, tile, vectors, block);
    }
    if (e->add || !e->tail)
        fetch(e->out, group->at, tile, vectors, block);
}
