/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Samplers: sizes, seeded and balanced draws, and what a run fetches from them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "data/sampler.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { PIXELS = 3072 };

static struct dataset *open_set(const char *kind, const char *path, struct dataset_options options)
{
    struct dataset *dataset = NULL;
    struct error error = {0};
    if (dataset_open(dataset_kind_find(kind), path, &options, &dataset, &error) != STATUS_OK)
        fail_msg("%s: %s", kind, error.message);
    return dataset;
}

static void test_sample_sizes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t count;
        double fraction;
    } good[] = {{"all", 0, 1},   {"5%", 0, 0.05},   {"100%", 0, 1},
                {"500", 500, 0}, {"0.05", 0, 0.05}, {"1", 1, 0}};
    static const char *const bad[] = {"",    "0",   "-5",   "0%",  "101%", "1.5", "-0.1",
                                      "nan", "inf", "some", "5 %", "0.0",  "1e3"};
    for (size_t i = 0; i < COUNT(good); i++) {
        struct sample_options options = {.seed = 9};
        struct error error = {0};
        assert_int_equal(sample_parse_size(good[i].text, &options, &error), STATUS_OK);
        assert_true(options.count == good[i].count && options.fraction == good[i].fraction &&
                    options.seed == 9);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct sample_options options = {.count = 77};
        struct error error = {0};
        if (sample_parse_size(bad[i], &options, &error) != STATUS_USAGE)
            fail_msg("'%s' was taken as a sample size", bad[i]);
        assert_int_equal(options.count, 77);
    }
}

static struct sample draw(const struct dataset *dataset, struct sample_options options)
{
    struct sample sample = {0};
    struct error error = {0};
    if (sample_draw(dataset, &options, &sample, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    for (int64_t i = 0; i < sample.count; i++) {
        assert_in_range(sample.records[i], 0, dataset->count - 1);
        assert_true(i == 0 || sample.records[i] > sample.records[i - 1]);
    }
    return sample;
}

static bool same_sample(struct sample a, struct sample b)
{
    return a.count == b.count && memcmp(a.records, b.records, (size_t)a.count * sizeof *a.records) == 0;
}

static void test_sample_draw(void **state)
{
    (void)state;
    struct dataset *dataset = open_set("shapes", NULL, (struct dataset_options){.images = 203, .seed = 1});
    struct sample all = draw(dataset, (struct sample_options){.fraction = 1, .seed = 4});
    assert_int_equal(all.count, 203);
    struct sample first = draw(dataset, (struct sample_options){.count = 20, .order = SAMPLE_FIRST});
    assert_int_equal(first.records[19], 19);
    struct sample a = draw(dataset, (struct sample_options){.count = 50, .seed = 4});
    struct sample b = draw(dataset, (struct sample_options){.count = 50, .seed = 4});
    struct sample c = draw(dataset, (struct sample_options){.count = 50, .seed = 5});
    assert_true(same_sample(a, b));
    assert_false(same_sample(a, c));
    static const int64_t pinned[] = {2, 46, 48, 158, 171, 193};
    struct sample few = draw(dataset, (struct sample_options){.count = COUNT(pinned), .seed = 4});
    assert_memory_equal(few.records, pinned, sizeof pinned);
    struct sample tenth = draw(dataset, (struct sample_options){.fraction = 0.1});
    assert_int_equal(tenth.count, 20);
    struct sample half = draw(dataset, (struct sample_options){.fraction = 0.5});
    assert_int_equal(half.count, 102); /* 101.5 */
    struct sample least = draw(dataset, (struct sample_options){.fraction = 1e-9});
    assert_int_equal(least.count, 1);
    struct sample *samples[] = {&all, &first, &a, &b, &c, &few, &tenth, &half, &least};
    for (size_t i = 0; i < COUNT(samples); i++)
        sample_free(samples[i]);
    assert_null(all.records);
    dataset_free(dataset);
}

static void test_sample_balanced(void **state)
{
    (void)state;
    struct dataset *dataset = open_set("shapes", NULL, (struct dataset_options){.images = 400, .seed = 1});
    struct error error = {0};
    int64_t *labels;
    int extra_ever = 0;
    assert_int_equal(dataset_labels(dataset, &labels, &error), STATUS_OK);
    for (uint64_t seed = 0; seed < 40; seed++) {
        for (int64_t count = 1; count <= 400; count += 33) {
            struct sample sample =
                draw(dataset, (struct sample_options){.count = count,
                                                      .balanced = true,
                                                      .seed = seed,
                                                      .order = seed % 2 ? SAMPLE_FIRST : SAMPLE_RANDOM});
            int64_t counts[10] = {0}, more = 0;
            assert_int_equal(sample.count, count);
            for (int64_t i = 0; i < count; i++)
                counts[labels[sample.records[i]]]++;
            for (int class_index = 0; class_index < 10; class_index++) {
                assert_in_range(counts[class_index], count / 10, count / 10 + 1);
                more += counts[class_index] - count / 10;
                extra_ever |= (counts[class_index] > count / 10) << class_index;
            }
            assert_int_equal(more, count % 10);
            sample_free(&sample);
        }
    }
    assert_int_equal(extra_ever, 0x3FF); /* the seed decides which classes get one more */
    struct sample a = draw(dataset, (struct sample_options){.count = 55, .balanced = true, .seed = 1});
    struct sample b = draw(dataset, (struct sample_options){.count = 55, .balanced = true, .seed = 1});
    struct sample c = draw(dataset, (struct sample_options){.count = 55, .balanced = true, .seed = 2});
    assert_true(same_sample(a, b));
    assert_false(same_sample(a, c));
    sample_free(&a);
    sample_free(&b);
    sample_free(&c);
    mem_free(labels);
    dataset_free(dataset);
}

static void test_sample_errors(void **state)
{
    (void)state;
    static const struct {
        struct sample_options options;
        const char *reason;
    } rows[] = {
        {{.count = 8}, "8 images asked for, but the train split of shapes has only 7"},
        {{.count = -1}, "positive count"},
        {{.fraction = 0}, "positive count"},
        {{.fraction = 1.5}, "positive count"},
        {{.count = 6, .balanced = true, .order = SAMPLE_FIRST}, "images too few for a balanced sample"},
    };
    struct dataset *dataset = open_set("shapes", NULL, (struct dataset_options){.images = 7});
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sample sample = {.count = 99};
        struct error error = {0};
        assert_int_equal(sample_draw(dataset, &rows[i].options, &sample, &error), STATUS_RANGE);
        assert_int_equal(sample.count, 99);
        if (!strstr(error.message, rows[i].reason))
            fail_msg("\"%s\" should say \"%s\"", error.message, rows[i].reason);
    }
    dataset_free(dataset);
}

static void test_sample_fetch(void **state)
{
    (void)state;
    struct dataset *dataset = open_set("shapes", NULL, (struct dataset_options){.images = 50, .seed = 1});
    struct sample sample = draw(dataset, (struct sample_options){.count = 7, .seed = 3});
    struct sample_feed feed = {.dataset = dataset, .sample = &sample};
    struct error error = {0};
    double fetched[PIXELS], direct[PIXELS];
    int64_t label, expected;
    for (int64_t i = 0; i < 7; i++) {
        assert_int_equal(sample_fetch(&feed, i, ELEMENT_DOUBLE, fetched, &label, &error), STATUS_OK);
        assert_int_equal(dataset_image(dataset, sample.records[i], ELEMENT_DOUBLE, direct, &expected, &error),
                         STATUS_OK);
        assert_memory_equal(fetched, direct, sizeof direct);
        assert_int_equal(label, expected);
    }
    assert_int_equal(sample_fetch(&feed, 7, ELEMENT_DOUBLE, fetched, &label, &error), STATUS_RANGE);
    assert_int_equal(sample_fetch(&feed, -1, ELEMENT_DOUBLE, fetched, &label, &error), STATUS_RANGE);
    sample_free(&sample);
    dataset_free(dataset);
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    struct dataset *dataset = open_set("shapes", NULL, (struct dataset_options){.images = 100, .seed = 1});
    const struct sample_options options = {.count = 55, .balanced = true, .seed = 1};
    struct sample expected = draw(dataset, options);
    status code = STATUS_MEMORY;
    for (long nth = 1; code != STATUS_OK; nth++) {
        struct sample sample = {0};
        struct error error = {0};
        mem_fail_at(nth);
        code = sample_draw(dataset, &options, &sample, &error);
        mem_fail_at(0);
        assert_true(nth < 20);
        assert_true(code == STATUS_OK ? same_sample(sample, expected)
                                      : code == STATUS_MEMORY && !sample.records);
        sample_free(&sample);
    }
    sample_free(&expected);
    dataset_free(dataset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sample_sizes),    cmocka_unit_test(test_sample_draw),
        cmocka_unit_test(test_sample_balanced), cmocka_unit_test(test_sample_errors),
        cmocka_unit_test(test_sample_fetch),    cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
