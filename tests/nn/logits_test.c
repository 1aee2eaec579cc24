/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The first logits of trained networks, where their files are at hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "onnx/onnx.h"
#include "nn/engine/run.h"
#include "nn/simplify/simplify.h"
#include "support/skip.h"

static status fetch_cifar(void *argument, int64_t position, enum element_type real, void *image,
                          int64_t *label, struct error *error)
{
    static const double mean[] = {0.485, 0.456, 0.406}, deviation[] = {0.229, 0.224, 0.225};
    const unsigned char *record = (unsigned char *)argument + position * 3073;
    (void)error;
    assert_int_equal(real, ELEMENT_FLOAT);
    *label = record[0];
    for (int i = 0; i < 3072; i++)
        ((float *)image)[i] = (float)((record[1 + i] / 255.0 - mean[i / 1024]) / deviation[i / 1024]);
    return STATUS_OK;
}

struct comparison {
    const char *text; /* the rest of the file of expected logits */
    double worst;
};

static status commit_logits(void *argument, const struct engine *engine, const struct loss *losses,
                            const int64_t *labels, int64_t first, int64_t count, struct error *error)
{
    struct comparison *comparison = argument;
    const float *logits = engine_output(engine)->data;
    (void)losses, (void)labels, (void)first, (void)error;
    for (int64_t i = 0; i < count * 10; i++) {
        char *end;
        double expected = strtod(comparison->text, &end);
        assert_ptr_not_equal(end, comparison->text);
        comparison->text = end + 1;
        comparison->worst = fmax(comparison->worst, fabs(expected - (double)logits[i]));
    }
    return STATUS_OK;
}

static void check_logits(const char *model, const char *expected)
{
    const char *paths[] = {need_shared(model), need_shared(expected),
                           need_shared("data/cifar-10-batches-bin/test_batch.bin")};
    struct error error = {0};
    struct graph *raw, *graph;
    unsigned char *images, *text;
    size_t size;
    struct pool *pool;
    assert_int_equal(onnx_read(paths[0], &raw, &error), STATUS_OK);
    assert_int_equal(graph_simplify(raw, &graph, &error), STATUS_OK);
    assert_int_equal(file_read(paths[1], 1 << 20, &text, &size, &error), STATUS_OK);
    assert_int_equal(file_read(paths[2], 1 << 26, &images, &size, &error), STATUS_OK);
    assert_int_equal(pool_new(2, &pool, &error), STATUS_OK);
    struct comparison comparison = {(char *)text, 0};
    const struct run run = {.graph = graph,
                            .engine = {.batch = 8, .real = ELEMENT_FLOAT},
                            .pool = pool,
                            .images = 100,
                            .fetch = fetch_cifar,
                            .fetch_argument = images,
                            .commit = commit_logits,
                            .commit_argument = &comparison};
    assert_int_equal(run_images(&run, &error), STATUS_OK);
    if (!(comparison.worst < 1e-4))
        fail_msg("%s: a logit differs by %g", model, comparison.worst);
    pool_free(pool);
    mem_free(text);
    mem_free(images);
    graph_free(graph);
    graph_free(raw);
}

static void trained_logits(void **state)
{
    (void)state;
    check_logits("data/models/resnet20_bn.onnx", "reference/resnet20_logits_test_100.csv");
    check_logits("data/models/resnet20_folded.onnx", "reference/resnet20_logits_test_100.csv");
    check_logits("data/models/resnet20_bn_dynamic_batch.onnx", "reference/resnet20_logits_test_100.csv");
    check_logits("data/models/resnet56_bn.onnx", "reference/resnet56_logits_test_100.csv");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trained_logits),
    };
    return cmocka_run_group_tests_name("logits", tests, NULL, NULL);
}
