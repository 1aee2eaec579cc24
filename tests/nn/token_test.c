/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kernels on rows of tokens against their definition in double, on random sizes, for every instruction set
 * that the processor has. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/random.h"
#include "nn/blocked/blocked.h"
#include "nn/blocked/token.h"

enum { ROUNDS = 60, MOST_ROWS = 9, MOST_LENGTH = 70, GUARD = 16, MOST = MOST_ROWS * MOST_LENGTH + GUARD };

static const float UNTOUCHED = 12345;

/* One round: sizes, random numbers, and room with a guard behind it. */
struct round {
    const struct token_kernels *token;
    size_t rows, length, count;
    bool add;
    float x[MOST], g[MOST], scale[MOST_LENGTH], shift[MOST_LENGTH], before[MOST], out[MOST];
};

static void fill(struct random_state *random, float *to, size_t count, double low, double high)
{
    for (size_t i = 0; i < count; i++)
        to[i] = (float)random_between(random, low, high);
}

static void begin(struct round *r)
{
    for (size_t i = 0; i < MOST; i++)
        r->out[i] = i < r->count ? r->before[i] : UNTOUCHED;
}

/* out is what was there (where it is added) and `wanted`. */
static void expect(const struct round *r, size_t i, double wanted, double tolerance)
{
    const double sum = wanted + (r->add ? (double)r->before[i] : 0);
    if (!(fabs((double)r->out[i] - sum) <= tolerance * (1 + fabs(sum))))
        fail_msg("%zu x %zu, number %zu: %.9g, not %.9g", r->rows, r->length, i, (double)r->out[i], sum);
}

static void expect_end(const struct round *r, size_t count)
{
    for (size_t i = count; i < MOST; i++)
        assert_true(r->out[i] == UNTOUCHED);
}

/* `check` on random sizes with each instruction set. */
static void each_round(void (*check)(struct round *r))
{
    const struct blocked_kernels *kernels;
    struct round *r = mem_new(1, sizeof *r);
    assert_non_null(r);
    for (int isa = 0; (kernels = blocked_kernels_at(isa)); isa++) {
        struct random_state random;
        random_seed(&random, 3, (uint64_t)isa);
        for (int round = 0; round < ROUNDS; round++) {
            r->token = kernels->token;
            r->rows = 1 + random_below(&random, MOST_ROWS);
            r->length = 1 + random_below(&random, MOST_LENGTH);
            r->count = r->rows * r->length;
            r->add = round % 2;
            fill(&random, r->x, MOST, -6, 6);
            fill(&random, r->g, MOST, -1, 1);
            fill(&random, r->scale, MOST_LENGTH, 0.5, 2);
            fill(&random, r->shift, MOST_LENGTH, -1, 1);
            fill(&random, r->before, MOST, -1, 1);
            check(r);
        }
    }
    mem_free(r);
}

/* --- LayerNorm ------------------------------------------------------------------------------------------ */

static void statistics(const struct round *r, size_t row, double epsilon, double *mean, double *inverse)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < r->length; i++)
        sum += (double)r->x[row * r->length + i];
    *mean = sum / (double)r->length;
    for (size_t i = 0; i < r->length; i++)
        squares += pow((double)r->x[row * r->length + i] - *mean, 2);
    *inverse = 1 / sqrt(squares / (double)r->length + epsilon);
}

static void check_norm(struct round *r)
{
    const struct token_norm norm = {r->rows, r->length, 0.01F, r->scale, r->add ? r->shift : NULL};
    begin(r);
    r->token->norm_forward(&norm, r->x, r->out);
    const bool shifted = r->add;
    r->add = false;
    for (size_t i = 0; i < r->count; i++) {
        double mean, inverse;
        statistics(r, i / r->length, (double)norm.epsilon, &mean, &inverse);
        expect(r, i,
               ((double)r->x[i] - mean) * inverse * (double)r->scale[i % r->length] +
                   (shifted ? (double)r->shift[i % r->length] : 0),
               2e-6);
    }
    expect_end(r, r->count);
}

static void check_norm_gradient(struct round *r)
{
    const struct token_norm norm = {r->rows, r->length, 0.01F, r->scale, NULL};
    begin(r);
    r->token->norm_backward(&norm, r->x, r->g, r->out, r->add);
    for (size_t row = 0, at = 0; row < r->rows; row++, at += r->length) {
        double mean, inverse, first = 0, second = 0;
        statistics(r, row, (double)norm.epsilon, &mean, &inverse);
        for (size_t i = 0; i < r->length; i++) {
            const double g = (double)r->g[at + i] * (double)r->scale[i];
            first += g / (double)r->length;
            second += g * ((double)r->x[at + i] - mean) * inverse / (double)r->length;
        }
        for (size_t i = 0; i < r->length; i++)
            expect(r, at + i,
                   inverse * ((double)r->g[at + i] * (double)r->scale[i] - first -
                              ((double)r->x[at + i] - mean) * inverse * second),
                   5e-6);
    }
    expect_end(r, r->count);
}

/* --- GELU ----------------------------------------------------------------------------------------------- */

static double gelu(double x, bool tanh_form)
{
    return tanh_form ? x / 2 * (1 + tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)))
                     : x / 2 * erfc(-x / sqrt(2));
}

static double gelu_slope(double x, bool tanh_form)
{
    const double u = sqrt(2 / M_PI) * (x + 0.044715 * x * x * x);
    return tanh_form ? (1 + tanh(u)) / 2 +
                           x / 2 * (1 - tanh(u) * tanh(u)) * sqrt(2 / M_PI) * (1 + 3 * 0.044715 * x * x)
                     : erfc(-x / sqrt(2)) / 2 + x * exp(-x * x / 2) / sqrt(2 * M_PI);
}

static void check_gelu(struct round *r)
{
    for (int form = 0; form < 2; form++) {
        begin(r);
        r->token->gelu_backward(r->count, form, r->x, r->g, r->out, r->add);
        for (size_t i = 0; i < r->count; i++)
            expect(r, i, (double)r->g[i] * gelu_slope((double)r->x[i], form), form ? 1e-5 : 2e-6);
        expect_end(r, r->count);
        begin(r);
        r->token->gelu_forward(r->count, form, r->x, r->out);
        for (size_t i = 0; i < r->count; i++) {
            const double wanted = gelu((double)r->x[i], form);
            assert_true(fabs((double)r->out[i] - wanted) <= (form ? 1e-5 : 3e-6) * fabs(wanted) + 1e-9);
        }
        expect_end(r, r->count);
    }
}

/* Far out the exact form is x or nothing, and no number becomes none. */
static void gelu_takes_any_number(void **state)
{
    const float x[] = {-1e30F, -100, -20, -0.0F, 0, 1e-30F, 20, 100, 1e30F};
    enum { COUNT = sizeof x / sizeof *x };
    (void)state;
    const struct blocked_kernels *kernels;
    for (int isa = 0; (kernels = blocked_kernels_at(isa)); isa++) {
        float y[COUNT];
        kernels->token->gelu_forward(COUNT, false, x, y);
        for (int i = 0; i < COUNT; i++)
            assert_true(fabs((double)y[i] - gelu((double)x[i], false)) <= 1e-6 * fabs((double)x[i]));
    }
}

/* --- softmax -------------------------------------------------------------------------------------------- */

static void check_softmax(struct round *r)
{
    const bool add = r->add;
    r->add = false;
    begin(r);
    r->token->softmax_forward(r->rows, r->length, r->x, r->out);
    for (size_t row = 0, at = 0; row < r->rows; row++, at += r->length) {
        double sum = 0;
        for (size_t i = 0; i < r->length; i++)
            sum += exp((double)r->x[at + i]);
        for (size_t i = 0; i < r->length; i++)
            expect(r, at + i, exp((double)r->x[at + i]) / sum, 1e-6);
    }
    expect_end(r, r->count);
    r->add = add;
    begin(r);
    r->token->softmax_backward(r->rows, r->length, r->x, r->g, r->out, r->add);
    for (size_t row = 0, at = 0; row < r->rows; row++, at += r->length) {
        double sum = 0;
        for (size_t i = 0; i < r->length; i++)
            sum += (double)r->x[at + i] * (double)r->g[at + i];
        for (size_t i = 0; i < r->length; i++)
            expect(r, at + i, (double)r->x[at + i] * ((double)r->g[at + i] - sum), 2e-5);
    }
    expect_end(r, r->count);
}

/* --- rows ----------------------------------------------------------------------------------------------- */

static void check_rows(struct round *r)
{
    const bool add = r->add;
    begin(r);
    r->token->give(r->count, r->x, r->out, r->add);
    for (size_t i = 0; i < r->count; i++)
        expect(r, i, (double)r->x[i], 1e-6);
    expect_end(r, r->count);
    r->add = false;
    begin(r);
    r->token->spread(r->rows, r->length, r->shift, add ? r->x : NULL, r->out);
    for (size_t i = 0; i < r->count; i++)
        expect(r, i, (double)r->shift[i % r->length] + (add ? (double)r->x[i] : 0), 1e-6);
    expect_end(r, r->count);
    r->add = true;
    r->count = r->length;
    begin(r);
    r->token->columns(r->rows, r->length, r->x, r->out);
    for (size_t c = 0; c < r->length; c++) {
        double sum = 0;
        for (size_t row = 0; row < r->rows; row++)
            sum += (double)r->x[row * r->length + c];
        expect(r, c, sum, 1e-5);
    }
    expect_end(r, r->length);
}

/* Of every second row; without `linear` one sum alone. */
static void check_sums(struct round *r)
{
    double center[MOST_LENGTH], sums[3 * MOST_LENGTH];
    const bool all = r->add;
    const size_t rows = (r->rows + 1) / 2;
    for (size_t c = 0; c < r->length; c++)
        center[c] = 1.0 / 3 + (double)c;
    for (size_t i = 0; i < 3 * MOST_LENGTH; i++)
        sums[i] = 7;
    const struct token_sums call = {.rows = rows,
                                    .length = r->length,
                                    .stride = 2 * r->length,
                                    .delta = r->g,
                                    .linear = all ? r->x : NULL,
                                    .target = r->before,
                                    .center = center,
                                    .sums = sums};
    r->token->sums(&call);
    for (size_t c = 0; c < r->length; c++) {
        double wanted[3] = {7, 7, 7};
        for (size_t i = c; i < rows * 2 * r->length; i += 2 * r->length) {
            wanted[0] += (double)r->g[i];
            wanted[1] += (double)r->g[i] * ((double)r->x[i] - center[c]);
            wanted[2] += (double)r->g[i] * (double)r->before[i];
        }
        for (size_t k = 0; all && k < 3; k++)
            assert_true(fabs(sums[k * r->length + c] - wanted[k]) < 1e-5 * (7 + center[c]));
        if (!all)
            assert_true(fabs(sums[c] - wanted[2]) < 1e-5 && sums[r->length] == 7);
    }
}

/* From rows to blocks and back: the same numbers, zeros past the last channel. */
static void check_blocks(struct round *r)
{
    const int channels = (int)r->length, positions = (int)r->rows, blocks = blocked_blocks(channels);
    float *blocked = mem_aligned((size_t)blocks * LANES * r->rows, sizeof *blocked);
    assert_non_null(blocked);
    r->token->to_blocks(1, channels, positions, r->x, blocked, false);
    if (r->add)
        r->token->to_blocks(1, channels, positions, r->x, blocked, true);
    for (size_t i = 0; i < r->rows; i++)
        for (size_t c = 0; c < (size_t)blocks * LANES; c++) {
            const float number = blocked[(c / LANES * r->rows + i) * LANES + c % LANES];
            assert_true(number == (c < r->length ? r->x[i * r->length + c] * (r->add ? 2 : 1) : 0));
        }
    begin(r);
    r->token->from_blocks(1, channels, positions, blocked, r->out, r->add);
    for (size_t i = 0; i < r->count; i++)
        expect(r, i, (double)r->x[i] * (r->add ? 2 : 1), 1e-6);
    expect_end(r, r->count);
    mem_free(blocked);
}

#define EACH_ROUND(name)                                                                                     \
    static void name##_is_its_definition(void **state)                                                       \
    {                                                                                                        \
        (void)state;                                                                                         \
        each_round(check_##name);                                                                            \
    }
EACH_ROUND(norm)
EACH_ROUND(norm_gradient)
EACH_ROUND(gelu)
EACH_ROUND(softmax)
EACH_ROUND(rows)
EACH_ROUND(sums)
EACH_ROUND(blocks)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(norm_is_its_definition),    cmocka_unit_test(norm_gradient_is_its_definition),
        cmocka_unit_test(gelu_is_its_definition),    cmocka_unit_test(gelu_takes_any_number),
        cmocka_unit_test(softmax_is_its_definition), cmocka_unit_test(rows_is_its_definition),
        cmocka_unit_test(sums_is_its_definition),    cmocka_unit_test(blocks_is_its_definition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
