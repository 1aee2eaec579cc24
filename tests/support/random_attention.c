/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks of random networks that attend: heads in every spelling that exporters have, over the positions of
 * an image. */
#include "support/random_attention.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "support/attributes.h"

/* How one block spells it. Tokens are N x T x C, or T x N x C with `first`. */
struct spelling {
    int64_t heads, width, tokens, channels;
    bool first;  /* tokens in front of the batch, heads folded into it */
    bool joined; /* queries, keys and values in one projection */
};

static int real(struct maker *m, const char *what, int rank, const int64_t *dims)
{
    char name[32];
    snprintf(name, sizeof name, "%s%d", what, m->serial++);
    return maker_constant(m, name, rank, dims, -1, 1);
}

static int linear(struct maker *m, int x, int64_t in, int64_t out)
{
    char name[64];
    snprintf(name, sizeof name, "linear%d.weight", m->serial++);
    x = maker_two(m, "MatMul", x, maker_constant(m, name, 2, (int64_t[]){in, out}, -1, 1));
    if (maker_pick(m, 0, 3) == 0)
        return x;
    int bias = real(m, "bias", 1, &out);
    return maker_pick(m, 0, 1) ? maker_two(m, "Add", x, bias) : maker_two(m, "Add", bias, x);
}

/* One of queries, keys and values as matrices of every head: N x H x T x d, or N*H x T x d. */
static int to_heads(struct maker *m, const struct spelling *s, int x)
{
    if (s->first)
        return maker_transpose(m, maker_reshape(m, x, 3, (int64_t[]){s->tokens, -1, s->width}), 3,
                               (int64_t[]){1, 0, 2});
    return maker_transpose(m, maker_reshape(m, x, 4, (int64_t[]){0, s->tokens, s->heads, s->width}), 4,
                           (int64_t[]){0, 2, 1, 3});
}

static int from_heads(struct maker *m, const struct spelling *s, int x)
{
    int64_t all = s->heads * s->width;
    if (s->first)
        return maker_reshape(m, maker_transpose(m, x, 3, (int64_t[]){1, 0, 2}), 3,
                             (int64_t[]){s->tokens, -1, all});
    x = maker_transpose(m, x, 4, (int64_t[]){0, 2, 1, 3});
    return maker_reshape(m, x, 3, (int64_t[]){0, maker_pick(m, 0, 1) ? 0 : s->tokens, all});
}

static void three_projections(struct maker *m, const struct spelling *s, int x, int *parts)
{
    for (int i = 0; i < 3; i++) {
        parts[i] = linear(m, x, s->channels, s->heads * s->width);
        if (maker_pick(m, 0, 5) == 0)
            parts[i] = maker_one(m, maker_pick(m, 0, 1) ? "Relu" : "Sigmoid", parts[i]);
        parts[i] = to_heads(m, s, parts[i]);
    }
}

static void one_projection(struct maker *m, const struct spelling *s, int x, int *parts)
{
    int64_t all = s->heads * s->width;
    x = linear(m, x, s->channels, 3 * all);
    if (!s->first && maker_pick(m, 0, 1)) { /* a table of three, of which each is gathered */
        x = maker_reshape(m, x, 5, (int64_t[]){0, s->tokens, 3, s->heads, s->width});
        x = maker_transpose(m, x, 5, (int64_t[]){2, 0, 3, 1, 4});
        for (int64_t i = 0; i < 3; i++) {
            struct attribute along = integer_attribute("axis", 0);
            int part = maker_integers(m, 1, &i);
            parts[i] = maker_node(m, "Gather", 2, (int[]){x, part}, 1, &along);
            parts[i] = maker_two(m, "Squeeze", parts[i], maker_integers(m, 1, (int64_t[]){0}));
        }
        return;
    }
    if (maker_pick(m, 0, 1))
        maker_split(m, x, 2, 3, NULL, parts);
    else
        for (int64_t i = 0; i < 3; i++)
            parts[i] = maker_slice(m, x, 2, i * all, (i + 1) * all, 1);
    for (int i = 0; i < 3; i++)
        parts[i] = to_heads(m, s, parts[i]);
}

/* Scores between tokens, with what is added to them. */
static int score(struct maker *m, const struct spelling *s, int q, int k)
{
    int rank = s->first ? 3 : 4, scores;
    int64_t turned[] = {0, s->first ? 2 : 1, s->first ? 1 : 3, 2};
    int64_t bias[] = {s->heads, s->tokens, s->tokens}, mask[] = {s->tokens, s->tokens};
    scores = maker_two(m, "MatMul", q, maker_transpose(m, k, rank, turned));
    if (maker_pick(m, 0, 1))
        scores = maker_two(m, maker_pick(m, 0, 1) ? "Mul" : "Div", scores, real(m, "scale", 0, NULL));
    if (!s->first && maker_pick(m, 0, 1))
        scores = maker_two(m, "Add", scores, real(m, "position", 3, bias));
    if (maker_pick(m, 0, 1))
        scores = maker_two(m, "Add", scores, real(m, "mask", 2, mask));
    struct attribute last = integer_attribute("axis", -1);
    return maker_node(m, "Softmax", 1, &scores, 1, &last);
}

static int attend(struct maker *m, const struct spelling *s, int x)
{
    int parts[3];
    (s->joined ? one_projection : three_projections)(m, s, x, parts);
    x = maker_two(m, "MatMul", score(m, s, parts[0], parts[1]), parts[2]);
    return linear(m, from_heads(m, s, x), s->heads * s->width, s->channels);
}

static struct spelling spell(struct maker *m, int64_t channels, int64_t tokens)
{
    return (struct spelling){.heads = maker_pick(m, 1, 4),
                             .width = maker_pick(m, 1, 4),
                             .tokens = tokens,
                             .channels = channels,
                             .first = maker_pick(m, 0, 1),
                             .joined = maker_pick(m, 0, 1)};
}

static int to_tokens(struct maker *m, int x, int64_t channels)
{
    x = maker_reshape(m, x, 3, (int64_t[]){0, channels, m->size * m->size});
    return maker_transpose(m, x, 3, (int64_t[]){0, 2, 1});
}

static int to_image(struct maker *m, int x, int64_t channels)
{
    x = maker_transpose(m, x, 3, (int64_t[]){0, 2, 1});
    return maker_reshape(m, x, 4, (int64_t[]){0, channels, m->size, m->size});
}

static int residual(struct maker *m, const struct spelling *s, int x)
{
    int y = s->first ? maker_transpose(m, x, 3, (int64_t[]){1, 0, 2}) : x;
    y = attend(m, s, y);
    return maker_two(m, "Add", x, s->first ? maker_transpose(m, y, 3, (int64_t[]){1, 0, 2}) : y);
}

/* Positions become few, so that scores between all of them are. */
static int shrink(struct maker *m, int x)
{
    while (m->size > 2 && m->size % 2 == 0) {
        int64_t two[] = {2, 2};
        struct attribute window[] = {integers_attribute("kernel_shape", 2, two),
                                     integers_attribute("strides", 2, two)};
        x = maker_node(m, "AveragePool", 1, &x, 2, window);
        m->size /= 2;
    }
    return x;
}

int random_attention(struct maker *m, int x, int64_t *channels)
{
    x = to_tokens(m, shrink(m, x), *channels);
    struct spelling s = spell(m, *channels, m->size * m->size);
    return to_image(m, residual(m, &s, x), *channels);
}

/* A learnt token is joined with the others, and taken away behind. */
int random_class_token(struct maker *m, int x, int64_t *channels)
{
    x = to_tokens(m, shrink(m, x), *channels);
    struct spelling s = spell(m, *channels, m->size * m->size + 1);
    struct attribute along = integer_attribute("axis", 0);
    int batch = maker_node(
        m, "Gather", 2, (int[]){maker_one(m, "Shape", x), maker_integers(m, 1, (int64_t[]){0})}, 1, &along);
    int64_t ones[] = {1, 1};
    int target = maker_concat(m, 0, 2, (int[]){batch, maker_integers(m, 2, ones)});
    int token = maker_two(m, "Expand", real(m, "token", 3, (int64_t[]){1, 1, *channels}), target);
    x = maker_concat(m, 1, 2, (int[]){token, x});
    x = maker_two(m, "Add", x, real(m, "position", 3, (int64_t[]){1, s.tokens, *channels}));
    return to_image(m, maker_slice(m, residual(m, &s, x), 1, 1, s.tokens, 1), *channels);
}

/* Two by two positions attend to each other; windows are folded into the batch. */
int random_windows(struct maker *m, int x, int64_t *channels)
{
    int64_t c = *channels, half = m->size / 2;
    if (m->size % 2 != 0)
        return x;
    x = to_tokens(m, x, c);
    struct spelling s = spell(m, c, 4);
    int windows = maker_reshape(m, x, 6, (int64_t[]){-1, half, 2, half, 2, c});
    windows = maker_transpose(m, windows, 6, (int64_t[]){0, 1, 3, 2, 4, 5});
    s.first = false;
    windows = attend(m, &s, maker_reshape(m, windows, 3, (int64_t[]){-1, 4, c}));
    windows = maker_reshape(m, windows, 6, (int64_t[]){-1, half, half, 2, 2, c});
    windows = maker_transpose(m, windows, 6, (int64_t[]){0, 1, 3, 2, 4, 5});
    windows = maker_reshape(m, windows, 3, (int64_t[]){-1, m->size * m->size, c});
    return to_image(m, maker_two(m, "Add", x, windows), c);
}

/* One token is read, behind an attention and a layer of two products, and gates the image. */
int random_read_token(struct maker *m, int x, int64_t *channels)
{
    const int64_t c = *channels, size = m->size;
    int tokens = to_tokens(m, shrink(m, x), c);
    struct spelling s = spell(m, c, m->size * m->size);
    tokens = residual(m, &s, tokens);
    const int64_t hidden = maker_pick(m, 3, 9), place = maker_pick(m, -1, 2);
    int inner = maker_one(m, "Relu", linear(m, tokens, c, hidden));
    tokens = maker_two(m, "Add", tokens, linear(m, inner, hidden, c));
    struct attribute along = integer_attribute("axis", 1);
    int token = maker_pick(m, 0, 1)
                    ? maker_slice(m, tokens, 1, 0, 1, 1)
                    : maker_node(m, "Gather", 2, (int[]){tokens, maker_integers(m, 1, &place)}, 1, &along);
    m->size = size;
    return maker_two(m, "Mul", x,
                     maker_one(m, "Sigmoid", maker_reshape(m, token, 4, (int64_t[]){0, c, 1, 1})));
}
