/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Losses, optimisers and learning rates, against PyTorch's numbers (torch_numbers.py) and central
 * differences. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/pool.h"
#include "train/loss.h"
#include "train/optimizer.h"
#include "train/schedule.h"
#include "train/torch_numbers.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void close_to(const char *name, double found, double wanted, double tolerance)
{
    if (!(fabs(found - wanted) <= tolerance * fmax(1, fabs(wanted))))
        fail_msg("%s: %.17g, not %.17g", name, found, wanted);
}

static void put(void *array, enum element_type real, int64_t index, double value)
{
    if (real == ELEMENT_FLOAT)
        ((float *)array)[index] = (float)value;
    else
        ((double *)array)[index] = value;
}

static double get(const void *array, enum element_type real, int64_t index)
{
    return real == ELEMENT_FLOAT ? (double)((const float *)array)[index] : ((const double *)array)[index];
}

/* --- optimisers ------------------------------------------------------------------------------------------
 */

struct pair {
    double memory[4][TORCH_WEIGHTS]; /* weights, biases, their gradients */
    struct training_parameter parameters[2];
    const struct training_parameter *list[2];
};

/* What torch_numbers.py starts from. */
static void pair_init(struct pair *pair, enum element_type real)
{
    static const int64_t counts[2] = {TORCH_WEIGHTS, TORCH_BIASES};
    for (int p = 0; p < 2; p++) {
        pair->parameters[p] = (struct training_parameter){.kind = p ? PARAMETER_BIAS : PARAMETER_WEIGHT,
                                                          .name = p ? "bias" : "weight",
                                                          .shape = {.rank = 1, .dim = {counts[p]}},
                                                          .elements = counts[p],
                                                          .real = real,
                                                          .data = pair->memory[p],
                                                          .gradient = pair->memory[2 + p]};
        pair->list[p] = &pair->parameters[p];
        for (int i = 0; i < counts[p]; i++)
            put(pair->memory[p], real, i, ((5 * i + 1 + p) % 7 - 3) / 4.0);
    }
}

static void pair_gradients(struct pair *pair, int step)
{
    for (int p = 0; p < 2; p++)
        for (int i = 0; i < pair->parameters[p].elements; i++)
            put(pair->memory[2 + p], pair->parameters[p].real, i,
                ((7 * step + 3 * i + 4 * p) % 11 - 5) / 8.0);
}

static void pair_steps(struct pair *pair, struct optimizer *optimizer, int first, int end)
{
    for (int step = first; step < end; step++) {
        pair_gradients(pair, step);
        optimizer_step(optimizer, 0.1 / (1 + step));
    }
}

static struct optimizer *make_optimizer(const struct optimizer_options *options, const struct pair *pair)
{
    struct optimizer *optimizer = NULL;
    struct error error = {0};
    if (optimizer_new(options, pair->list, 2, NULL, &optimizer, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    return optimizer;
}

static void test_ten_steps(void **state)
{
    (void)state;
    for (size_t c = 0; c < COUNT(torch_optimizers); c++)
        for (int real = ELEMENT_FLOAT; real <= ELEMENT_DOUBLE; real++) {
            struct pair pair;
            pair_init(&pair, real);
            struct optimizer *optimizer = make_optimizer(&torch_optimizers[c].options, &pair);
            pair_steps(&pair, optimizer, 0, TORCH_STEPS);
            const double *wanted =
                real == ELEMENT_FLOAT ? torch_optimizers[c].in_float : torch_optimizers[c].in_double;
            for (int i = 0; i < TORCH_WEIGHTS + TORCH_BIASES; i++)
                close_to(torch_optimizers[c].name,
                         get(pair.memory[i / TORCH_WEIGHTS], real, i % TORCH_WEIGHTS), wanted[i],
                         real == ELEMENT_FLOAT ? 1e-6 : 1e-14);
            assert_int_equal(optimizer_steps(optimizer), TORCH_STEPS);
            optimizer_free(optimizer);
        }
}

/* Four steps, the state taken over by another optimiser, six more: the same bits. */
static void test_state_is_all(void **state)
{
    (void)state;
    for (size_t c = 0; c < COUNT(torch_optimizers); c++) {
        struct pair whole, parts;
        pair_init(&whole, ELEMENT_DOUBLE);
        pair_init(&parts, ELEMENT_DOUBLE);
        struct optimizer *all = make_optimizer(&torch_optimizers[c].options, &whole);
        struct optimizer *before = make_optimizer(&torch_optimizers[c].options, &parts);
        struct optimizer *after = make_optimizer(&torch_optimizers[c].options, &parts);
        const struct optimizer_row *row = optimizer_row(torch_optimizers[c].options.kind);
        pair_steps(&whole, all, 0, TORCH_STEPS);
        pair_steps(&parts, before, 0, 4);
        for (int p = 0; p < 2; p++)
            for (int s = 0; s < OPTIMIZER_SLOTS && row->slots[s]; s++)
                memcpy(optimizer_slot(after, p, s), optimizer_slot(before, p, s),
                       (size_t)parts.parameters[p].elements * sizeof(double));
        optimizer_set_steps(after, optimizer_steps(before));
        pair_steps(&parts, after, 4, TORCH_STEPS);
        assert_memory_equal(whole.memory[0], parts.memory[0], TORCH_WEIGHTS * sizeof(double));
        assert_memory_equal(whole.memory[1], parts.memory[1], TORCH_BIASES * sizeof(double));
        assert_null(optimizer_slot(all, 0, OPTIMIZER_SLOTS));
        optimizer_free(all);
        optimizer_free(before);
        optimizer_free(after);
    }
}

/* More elements than a worker takes at a time, over one and over three threads. */
static void test_threads(void **state)
{
    (void)state;
    enum { ELEMENTS = 100001 };
    struct pool *pool = NULL;
    struct error error = {0};
    float *data[2];
    assert_int_equal(pool_new(3, &pool, &error), STATUS_OK);
    for (int t = 0; t < 2; t++) {
        data[t] = mem_new(ELEMENTS, sizeof(float));
        float *gradient = mem_new(ELEMENTS, sizeof(float));
        for (int i = 0; i < ELEMENTS; i++) {
            data[t][i] = (float)(i % 17) - 8;
            gradient[i] = (float)(i % 23) - 11;
        }
        const struct training_parameter parameter = {
            .elements = ELEMENTS, .real = ELEMENT_FLOAT, .data = data[t], .gradient = gradient};
        const struct training_parameter small = {
            .elements = 1, .real = ELEMENT_FLOAT, .data = data[t], .gradient = gradient};
        const struct training_parameter *list[2] = {&parameter, &small};
        struct optimizer_options options = optimizer_default(OPTIMIZER_ADAMW);
        struct optimizer *optimizer = NULL;
        options.clip = 1;
        assert_int_equal(optimizer_new(&options, list, 1, t ? pool : NULL, &optimizer, &error), STATUS_OK);
        for (int i = 0; i < 3; i++)
            optimizer_step(optimizer, 0.1);
        assert_int_equal(optimizer_memory(optimizer), 2 * ELEMENTS * sizeof(float));
        optimizer_free(optimizer);
        mem_free(gradient);
    }
    assert_memory_equal(data[0], data[1], ELEMENTS * sizeof(float));
    assert_true(data[0][ELEMENTS - 1] != (float)((ELEMENTS - 1) % 17) - 8);
    mem_free(data[0]);
    mem_free(data[1]);
    pool_free(pool);
}

static void test_optimizer_options(void **state)
{
    (void)state;
    static const struct {
        struct optimizer_options options;
        const char *words;
    } bad[] = {{{.momentum = 1, .epsilon = 1}, "momentum 1"},
               {{.momentum = NAN, .epsilon = 1}, "momentum"},
               {{.nesterov = true, .epsilon = 1}, "Nesterov"},
               {{.beta2 = 1.5, .epsilon = 1}, "beta 1.5"},
               {{.epsilon = 0}, "epsilon"},
               {{.epsilon = 1, .decay = -0.1}, "weight decay -0.1"},
               {{.epsilon = 1, .norm_decay = INFINITY}, "normalisation"},
               {{.epsilon = 1, .clip = -1}, "norm of the gradients -1"}};
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct error error = {0};
        struct optimizer *optimizer = NULL;
        assert_int_equal(optimizer_new(&bad[i].options, NULL, 0, NULL, &optimizer, &error), STATUS_RANGE);
        assert_null(optimizer);
        if (!strstr(error.message, bad[i].words))
            fail_msg("'%s' without '%s'", error.message, bad[i].words);
    }
    for (int kind = 0; kind < OPTIMIZER_KINDS; kind++) {
        const struct optimizer_options options = optimizer_default(kind);
        struct error error = {0};
        assert_int_equal(optimizer_check(&options, &error), STATUS_OK);
        assert_int_equal(optimizer_find(optimizer_row(kind)->name), kind);
    }
    assert_int_equal(optimizer_find("adam"), -1);
}

static void test_optimizer_memory_out(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, ELEMENT_FLOAT);
    const struct optimizer_options options = optimizer_default(OPTIMIZER_ADAMW);
    status code = STATUS_MEMORY;
    for (long nth = 1; code != STATUS_OK; nth++) {
        struct optimizer *optimizer = NULL;
        struct error error = {0};
        mem_fail_at(nth);
        code = optimizer_new(&options, pair.list, 2, NULL, &optimizer, &error);
        mem_fail_at(0);
        assert_true(code == STATUS_OK || (code == STATUS_MEMORY && !optimizer));
        optimizer_free(optimizer);
    }
}

/* --- losses ----------------------------------------------------------------------------------------------
 */

static struct objective_image torch_image(size_t c, void *logits, void *teacher, enum element_type real,
                                          struct class_pixels *counts)
{
    const bool map = torch_losses[c].pixels > 1;
    for (int i = 0; i < torch_losses[c].classes * torch_losses[c].pixels; i++) {
        put(logits, real, i, map ? torch_pixels[i] : torch_image_logits[i]);
        put(teacher, real, i, map ? torch_guides[i] : torch_guide[i]);
    }
    return (struct objective_image){.logits = logits,
                                    .teacher = teacher,
                                    .type = real,
                                    .classes = torch_losses[c].classes,
                                    .pixels = torch_losses[c].pixels,
                                    .labels = torch_losses[c].labels,
                                    .counts = map ? counts : NULL,
                                    .label_map = map};
}

static void test_losses(void **state)
{
    (void)state;
    for (size_t c = 0; c < COUNT(torch_losses); c++)
        for (int real = ELEMENT_FLOAT; real <= ELEMENT_DOUBLE; real++) {
            double logits[12], teacher[12], gradient[12];
            struct class_pixels counts[3];
            struct objective_image image = torch_image(c, logits, teacher, real, counts);
            image.gradient = gradient;
            struct loss loss = objective_loss(&torch_losses[c].objective, &image);
            close_to(torch_losses[c].name, loss.loss, torch_losses[c].loss, 1e-14);
            for (int i = 0; i < torch_losses[c].classes * torch_losses[c].pixels; i++)
                close_to(torch_losses[c].name, get(gradient, real, i), torch_losses[c].gradient[i],
                         real == ELEMENT_FLOAT ? 1e-7 : 1e-14);
            if (image.label_map)
                assert_int_equal(counts[0].truth + counts[1].truth + counts[2].truth, 3);
            else
                assert_int_equal(loss.predicted, 3);
        }
}

/* The gradient of every logit against central differences. */
static void test_loss_differences(void **state)
{
    (void)state;
    for (size_t c = 0; c < COUNT(torch_losses); c++) {
        double logits[12], teacher[12], gradient[12];
        struct class_pixels counts[3];
        struct objective_image image = torch_image(c, logits, teacher, ELEMENT_DOUBLE, counts);
        image.gradient = gradient;
        objective_loss(&torch_losses[c].objective, &image);
        image.gradient = NULL;
        for (int i = 0; i < torch_losses[c].classes * torch_losses[c].pixels; i++) {
            const double middle = logits[i], step = 1e-5;
            logits[i] = middle + step;
            const double above = objective_loss(&torch_losses[c].objective, &image).loss;
            logits[i] = middle - step;
            const double below = objective_loss(&torch_losses[c].objective, &image).loss;
            logits[i] = middle;
            close_to(torch_losses[c].name, gradient[i], (above - below) / (2 * step), 1e-9);
        }
    }
}

static void test_loss_without_answer(void **state)
{
    (void)state;
    const struct objective smooth = {.smoothing = 0.1, .temperature = 1};
    double logits[3] = {1, NAN, 2}, gradient[12] = {1, 1, 1, 1};
    const int64_t label = 0, none[2] = {-1, -1};
    struct class_pixels counts[2];
    struct objective_image image = {
        .logits = logits, .type = ELEMENT_DOUBLE, .classes = 3, .pixels = 1, .labels = &label};
    struct loss unknown = objective_loss(&smooth, &image);
    assert_false(loss_exists(&unknown));
    const double map[4] = {1, 2, 3, 4};
    image = (struct objective_image){.logits = map,
                                     .type = ELEMENT_DOUBLE,
                                     .classes = 2,
                                     .pixels = 2,
                                     .labels = none,
                                     .gradient = gradient,
                                     .counts = counts,
                                     .label_map = true};
    struct loss loss = objective_loss(&smooth, &image);
    assert_true(loss.unlabelled && isnan(loss.loss));
    for (int i = 0; i < 4; i++)
        assert_true(gradient[i] == 0);
}

static void test_objective_options(void **state)
{
    (void)state;
    static const struct objective bad[] = {{1, 0, 1}, {-0.1, 0, 1}, {0, 1.5, 1}, {0, NAN, 1}, {0, 0.5, 0}};
    struct objective fine = objective_default();
    struct error error = {0};
    assert_int_equal(objective_check(&fine, &error), STATUS_OK);
    assert_true(objective_is_plain(&fine));
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(objective_check(&bad[i], &error), STATUS_RANGE);
}

/* --- learning rates --------------------------------------------------------------------------------------
 */

static void test_schedules(void **state)
{
    (void)state;
    for (size_t c = 0; c < COUNT(torch_schedules); c++) {
        const struct schedule *schedule = &torch_schedules[c].schedule;
        struct error error = {0};
        if (schedule_check(schedule, 8, &error) != STATUS_OK)
            fail_msg("%s", error.message);
        for (int step = 0; step < 24; step++)
            close_to(schedule_row(schedule->kind)->name, schedule_rate(schedule, step, 3, 8),
                     torch_schedules[c].rates[step], 1e-14);
    }
    struct schedule cosine = schedule_default();
    cosine.kind = SCHEDULE_COSINE;
    assert_true(schedule_rate(&cosine, 1000, 3, 8) == 0); /* past the end it stays */
}

static void test_schedule_options(void **state)
{
    (void)state;
    static const struct {
        struct schedule schedule;
        const char *words;
    } bad[] = {{{.rate = 0}, "learning rate 0"},
               {{.rate = NAN}, "learning rate"},
               {{.rate = 1, .least = 2}, "least learning rate 2"},
               {{.rate = 1, .factor = 0}, "factor 0"},
               {{.rate = 1, .factor = 1, .period = -1}, "period -1"},
               {{.rate = 1, .factor = 1, .period = 1, .warmup = 11}, "warm-up of 11"},
               {{.rate = 1, .factor = 1, .period = 1, .warmup_start = 2}, "start of the warm-up 2"},
               {{.kind = SCHEDULE_MULTISTEP, .rate = 1, .factor = 1, .period = 1}, "1 to 16 milestones"},
               {{.kind = SCHEDULE_MULTISTEP,
                 .rate = 1,
                 .factor = 1,
                 .period = 1,
                 .milestones = {3, 3},
                 .milestone_count = 2},
                "milestone 3"}};
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct error error = {0};
        assert_int_equal(schedule_check(&bad[i].schedule, 10, &error), STATUS_RANGE);
        if (!strstr(error.message, bad[i].words))
            fail_msg("'%s' without '%s'", error.message, bad[i].words);
    }
    for (int kind = 0; kind < SCHEDULE_KINDS; kind++)
        assert_int_equal(schedule_find(schedule_row(kind)->name), kind);
    assert_int_equal(schedule_find("exponential"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ten_steps),
        cmocka_unit_test(test_state_is_all),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_optimizer_options),
        cmocka_unit_test(test_optimizer_memory_out),
        cmocka_unit_test(test_losses),
        cmocka_unit_test(test_loss_differences),
        cmocka_unit_test(test_loss_without_answer),
        cmocka_unit_test(test_objective_options),
        cmocka_unit_test(test_schedules),
        cmocka_unit_test(test_schedule_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
