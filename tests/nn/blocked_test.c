/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocked convolution kernels against their definition, on random geometries, for every instruction set that
 * the processor has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/blocked_case.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

static int pick(struct random_state *random, const int *from, int count)
{
    return from[random_below(random, (uint64_t)count)];
}

static int between(struct random_state *random, int low, int high)
{
    return low + (int)random_below(random, (uint64_t)(high - low + 1));
}

static const int channel_counts[] = {1, 3, 16, 17, 33, 48, 64};

/* A geometry without a kernel yet. */
static struct blocked_convolution some_geometry(struct random_state *random)
{
    return (struct blocked_convolution){
        .images = between(random, 1, 5),
        .in_channels = pick(random, channel_counts, COUNT(channel_counts)),
        .out_channels = pick(random, channel_counts, COUNT(channel_counts)),
        .in_height = between(random, 1, 15),
        .in_width = between(random, 1, 15),
        .kernel_height = 1,
        .kernel_width = 1,
        .stride_height = 1,
        .stride_width = 1,
        .dilation_height = 1,
        .dilation_width = 1,
        .groups = 1,
    };
}

/* Check one family on geometries that `make` completes, in both directions, with all instruction sets. */
static void check_family(const char *name, int rounds, double tolerance,
                         void (*make)(struct random_state *random, struct blocked_convolution *geometry))
{
    const struct blocked_kernels *kernels;
    for (int isa = 0; (kernels = blocked_kernels_at(isa)); isa++) {
        struct random_state random;
        const struct blocked_family *family = blocked_family_find(kernels, name);
        assert_non_null(family);
        random_seed(&random, 1, (uint64_t)isa);
        for (int round = 0; round < rounds; round++) {
            struct blocked_convolution forward = some_geometry(&random);
            make(&random, &forward);
            if (forward.out_height < 1 || forward.out_width < 1)
                continue;
            const struct blocked_convolution transposed = blocked_transposed(&forward);
            blocked_case_check(family, &forward, blocked_case_epilogue(&random), tolerance, &random);
            blocked_case_check(family, &transposed, blocked_case_epilogue(&random), tolerance, &random);
            blocked_case_tail(kernels, family, &transposed, &random);
        }
    }
}

static void make_pointwise(struct random_state *random, struct blocked_convolution *geometry)
{
    geometry->stride_height = between(random, 1, 3);
    geometry->stride_width = geometry->stride_height == 1 ? 1 : between(random, 1, 3);
    blocked_case_sizes(geometry, 0);
}

static void pointwise_is_its_definition(void **state)
{
    (void)state;
    check_family("pointwise", 60, 1e-6, make_pointwise);
}

/* Weights so large that images are taken together: three, then the last one. */
static void pointwise_takes_images_together(void **state)
{
    (void)state;
    struct random_state random;
    const struct blocked_kernels *kernels;
    struct blocked_convolution g = {4, 320, 208, 16, 16, 16, 16, 1, 1, 1, 1, 1, 1, 0, 0, 1, false, false};
    struct blocked_convolution strided = {4, 320, 208, 7, 7, 4, 4, 1, 1, 2, 2, 1, 1, 0, 0, 1, false, false};
    random_seed(&random, 2, 0);
    for (int isa = 0; (kernels = blocked_kernels_at(isa)); isa++) {
        const struct blocked_family *family = blocked_family_find(kernels, "pointwise");
        const struct blocked_convolution transposed = blocked_transposed(&strided);
        blocked_case_check(family, &g, EPILOGUE_RESIDUAL, 1e-6, &random);
        blocked_case_check(family, &strided, EPILOGUE_BIAS | EPILOGUE_RELU, 1e-6, &random);
        blocked_case_check(family, &transposed, EPILOGUE_ADD, 1e-6, &random);
    }
}

/* Padding after the last row or column is somebody else's. */
static void pointwise_has_no_padding(void **state)
{
    (void)state;
    struct random_state random;
    const struct blocked_kernels *kernels = blocked_kernels_at(0);
    struct blocked_convolution g = {2, 16, 16, 5, 5, 4, 3, 1, 1, 2, 2, 1, 1, 0, 0, 1, false, false};
    const struct blocked_convolution transposed = blocked_transposed(&g);
    random_seed(&random, 3, 0);
    assert_false(blocked_family_find(kernels, "pointwise")->supports(&g));
    assert_false(blocked_family_find(kernels, "pointwise")->supports(&transposed));
    blocked_case_check(blocked_family_find(kernels, "direct"), &g, EPILOGUE_BIAS, 1e-6, &random);
    blocked_case_check(blocked_family_find(kernels, "direct"), &transposed, EPILOGUE_ADD, 1e-6, &random);
    g.out_height = 3;
    assert_true(blocked_family_find(kernels, "pointwise")->supports(&g));
}

static void make_winograd(struct random_state *random, struct blocked_convolution *geometry)
{
    geometry->kernel_height = geometry->kernel_width = 3;
    geometry->pad_top = between(random, 0, 2);
    geometry->pad_left = between(random, 0, 2);
    if (random_below(random, 8) == 0)
        geometry->in_width += 40; /* more than one strip of tiles */
    blocked_case_sizes(geometry, between(random, 0, 2));
}

static void winograd_is_its_definition(void **state)
{
    (void)state;
    check_family("winograd2", 30, 1e-6, make_winograd);
    check_family("winograd4", 30, 4e-6, make_winograd);
}

static void make_depthwise(struct random_state *random, struct blocked_convolution *geometry)
{
    geometry->out_channels = geometry->groups = geometry->in_channels;
    geometry->kernel_height = between(random, 1, 5);
    geometry->kernel_width = between(random, 1, 5);
    geometry->stride_height = between(random, 1, 3);
    geometry->stride_width = between(random, 1, 3);
    geometry->dilation_height = between(random, 1, 3);
    geometry->dilation_width = between(random, 1, 3);
    geometry->pad_top = between(random, 0, 4);
    geometry->pad_left = between(random, 0, 4);
    if (random_below(random, 4) == 0)
        geometry->in_width += 25; /* more than one run of positions */
    blocked_case_sizes(geometry, between(random, 0, 4));
}

static void depthwise_is_its_definition(void **state)
{
    (void)state;
    check_family("depthwise", 200, 1e-6, make_depthwise);
}

static void make_direct(struct random_state *random, struct blocked_convolution *geometry)
{
    static const int kernels[] = {1, 2, 3, 3, 5, 7};
    geometry->kernel_height = pick(random, kernels, COUNT(kernels));
    geometry->kernel_width = pick(random, kernels, COUNT(kernels));
    geometry->stride_height = between(random, 1, 3);
    geometry->stride_width = between(random, 1, 3);
    geometry->dilation_height = between(random, 1, 3);
    geometry->dilation_width = between(random, 1, 2);
    geometry->in_width += between(random, 0, 1) * 30;
    geometry->pad_top = between(random, 0, geometry->kernel_height);
    geometry->pad_left = between(random, 0, geometry->kernel_width);
    blocked_case_sizes(geometry, between(random, 0, 2));
}

static void direct_is_its_definition(void **state)
{
    (void)state;
    check_family("direct", 60, 1e-6, make_direct);
}

/* Groups smaller and larger than a block, that fill blocks and that do not. */
static void make_grouped(struct random_state *random, struct blocked_convolution *geometry)
{
    static const int groups[] = {2, 3, 4, 8, 16}, per_group[] = {1, 2, 4, 5, 16, 24, 32};
    make_direct(random, geometry);
    geometry->groups = pick(random, groups, COUNT(groups));
    geometry->in_channels = geometry->groups * pick(random, per_group, COUNT(per_group));
    geometry->out_channels = geometry->groups * pick(random, per_group, COUNT(per_group));
    if (geometry->in_channels == geometry->groups && geometry->out_channels == geometry->groups)
        geometry->out_channels *= 2; /* not depthwise */
    if (geometry->in_channels > 128)
        geometry->in_width = geometry->in_height = 5;
    blocked_case_sizes(geometry, between(random, 0, 2));
}

/* The images themselves, of few channels. */
static void make_planar(struct random_state *random, struct blocked_convolution *geometry)
{
    make_direct(random, geometry);
    geometry->in_channels = between(random, 1, 7);
    geometry->planar = true;
}

static void other_weight_gradients_are_their_definition(void **state)
{
    static void (*const makers[])(struct random_state *,
                                  struct blocked_convolution *) = {make_depthwise, make_planar, make_grouped};
    const struct blocked_kernels *kernels;
    struct random_state random;
    (void)state;
    for (int isa = 0; (kernels = blocked_kernels_at(isa)); isa++) {
        random_seed(&random, 5, (uint64_t)isa);
        for (int round = 0; round < 150; round++) {
            struct blocked_convolution g = some_geometry(&random);
            makers[round % COUNT(makers)](&random, &g);
            g.images = between(&random, 1, 2);
            if (g.out_height > 0 && g.out_width > 0)
                blocked_case_weights(kernels, &g, 1e-6, &random);
        }
        /* More taps than are summed at a time, in images wide enough for all and not; more positions, too. */
        for (int planar = 0; planar < 2; planar++)
            for (int size = 3; size < 50; size += 43) {
                const struct blocked_convolution g = {
                    .images = 2,
                    .in_channels = planar ? 2 : 19,
                    .out_channels = 19,
                    .in_height = size,
                    .in_width = size,
                    .out_height = size,
                    .out_width = size,
                    .kernel_height = 7,
                    .kernel_width = 17,
                    .stride_height = 1,
                    .stride_width = 1,
                    .dilation_height = 1,
                    .dilation_width = 1,
                    .pad_top = 3,
                    .pad_left = 8,
                    .groups = planar ? 1 : 19,
                    .planar = planar,
                };
                blocked_case_weights(kernels, &g, 1e-6, &random);
            }
    }
}

static void bias_gradients_are_their_definition(void **state)
{
    const struct blocked_kernels *kernels;
    struct random_state random;
    (void)state;
    random_seed(&random, 6, 0);
    for (int isa = 0; (kernels = blocked_kernels_at(isa)); isa++)
        for (int round = 0; round < 20; round++)
            blocked_case_bias(kernels, between(&random, 1, 3),
                              pick(&random, channel_counts, COUNT(channel_counts)), between(&random, 1, 50),
                              2e-7, &random);
}

static void weight_gradients_are_their_definition(void **state)
{
    static const int channels[] = {1, 3, 16, 17, 33};
    const struct blocked_kernels *kernels;
    struct random_state random;
    (void)state;
    for (int isa = 0; (kernels = blocked_kernels_at(isa)); isa++) {
        random_seed(&random, 4, (uint64_t)isa);
        for (int round = 0; round < 40; round++) {
            struct blocked_convolution g = some_geometry(&random);
            (round % 4 ? make_direct : make_pointwise)(&random, &g);
            g.images = between(&random, 1, 2);
            g.in_channels = pick(&random, channels, COUNT(channels));
            g.out_channels = pick(&random, channels, COUNT(channels));
            if (g.out_height > 0 && g.out_width > 0)
                blocked_case_weights(kernels, &g, 1e-6, &random);
        }
        /* So many positions that sums go to memory in between, with rows and as one. */
        const struct blocked_convolution many = {2, 3, 16, 40, 41, 40, 41, 3,     3,
                                                 1, 1, 1,  1,  1,  1,  1,  false, false};
        const struct blocked_convolution flat = {3, 17, 9, 30, 50, 30, 50, 1,     1,
                                                 1, 1,  1, 1,  0,  0,  1,  false, false};
        blocked_case_weights(kernels, &many, 1e-6, &random);
        /* Several small images at a time, and the one that is left; rows that are one. */
        const struct blocked_convolution small = {5, 17, 24, 15, 15, 15, 15, 3,     3,
                                                  1, 1,  1,  1,  1,  1,  1,  false, false};
        const struct blocked_convolution joined = {3, 33, 20, 30, 30, 30, 30, 1,     1,
                                                   1, 1,  1,  1,  0,  0,  1,  false, false};
        blocked_case_weights(kernels, &small, 1e-6, &random);
        blocked_case_weights(kernels, &joined, 1e-6, &random);
        blocked_case_weights(kernels, &flat, 1e-6, &random);
    }
}

static void winograd_weight_gradients_are_their_definition(void **state)
{
    const struct blocked_kernels *kernels;
    struct random_state random;
    (void)state;
    for (int isa = 0; (kernels = blocked_kernels_at(isa)); isa++) {
        const struct blocked_family *family = blocked_family_find(kernels, "winograd4");
        random_seed(&random, 7, (uint64_t)isa);
        for (int round = 0; round < 30; round++) {
            struct blocked_convolution g = some_geometry(&random);
            make_winograd(&random, &g);
            g.transposed = false;
            if (g.out_height > 0 && g.out_width > 0 && family->weight_workspace(&g) > 0)
                blocked_case_family_weights(kernels, family, &g, 1e-5, &random);
        }
        /* Several batches of tiles. */
        const struct blocked_convolution many = {3, 33, 17, 30, 31, 30, 31, 3,     3,
                                                 1, 1,  1,  1,  1,  1,  1,  false, false};
        blocked_case_family_weights(kernels, family, &many, 1e-5, &random);
        struct blocked_convolution large = many;
        large.in_channels = large.out_channels = 512;
        assert_int_equal(family->weight_workspace(&large), 0);
    }
}

static void grouped_is_its_definition(void **state)
{
    (void)state;
    check_family("grouped", 60, 1e-6, make_grouped);
}

static void instruction_sets_are_chosen_by_name(void **state)
{
    (void)state;
    const struct blocked_kernels *best = blocked_kernels_at(0), *last = NULL;
    assert_non_null(best);
    for (int i = 0; blocked_kernels_at(i); i++)
        last = blocked_kernels_at(i);
    assert_string_equal(last->name, "baseline");
    assert_int_equal(setenv("IPPRO_CPU", "baseline", 1), 0);
    assert_ptr_equal(blocked_kernels(), last);
    assert_int_equal(unsetenv("IPPRO_CPU"), 0);
    assert_ptr_equal(blocked_kernels(), last); /* chosen once */
    assert_null(blocked_family_find(best, "nothing"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instruction_sets_are_chosen_by_name),
        cmocka_unit_test(direct_is_its_definition),
        cmocka_unit_test(grouped_is_its_definition),
        cmocka_unit_test(pointwise_is_its_definition),
        cmocka_unit_test(pointwise_takes_images_together),
        cmocka_unit_test(pointwise_has_no_padding),
        cmocka_unit_test(weight_gradients_are_their_definition),
        cmocka_unit_test(other_weight_gradients_are_their_definition),
        cmocka_unit_test(bias_gradients_are_their_definition),
        cmocka_unit_test(depthwise_is_its_definition),
        cmocka_unit_test(winograd_is_its_definition),
        cmocka_unit_test(winograd_weight_gradients_are_their_definition),
    };
    return cmocka_run_group_tests_name("blocked", tests, NULL, NULL);
}
