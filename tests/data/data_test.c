/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Data sets and samplers: generated and real records, normalisation, what is drawn, and files that are wrong.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "data/arrays.h"
#include "data/dataset.h"
#include "data/normalization.h"
#include "data/records.h"
#include "data/shape_draw.h"
#include "support/skip.h"

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

static void expect_refused(const char *kind, const char *path, struct dataset_options options, status code,
                           const char *reason)
{
    struct dataset *dataset = NULL;
    struct error error = {0};
    status got = dataset_open(dataset_kind_find(kind), path, &options, &dataset, &error);
    assert_null(dataset);
    if (got != code || !strstr(error.message, reason))
        fail_msg("%s %s: status %d, \"%s\", expected \"%s\"", kind, path ? path : "-", got, error.message,
                 reason);
}

/* --- kinds and normalisation ---------------------------------------------------------------------------- */

static void test_kinds(void **state)
{
    (void)state;
    static const char *const names[] = {"shapes", "shape-maps", "cifar10", "cifar100",   "imagenet", "folder",
                                        "csv",    "idx",        "npy",     "cityscapes", "voc"};
    for (size_t i = 0; i < COUNT(names); i++) {
        const struct dataset_kind *kind = dataset_kind_at((int)i);
        assert_string_equal(kind->name, names[i]);
        assert_ptr_equal(dataset_kind_find(names[i]), kind);
        assert_non_null(kind->splits[0]);
    }
    assert_null(dataset_kind_at((int)COUNT(names)));
    assert_null(dataset_kind_at(-1));
    assert_null(dataset_kind_find("imagenette"));
}

static void expect_normalization(const char *text, int channels, const double *mean, const double *std)
{
    double m[DATASET_MAX_CHANNELS], s[DATASET_MAX_CHANNELS];
    struct error error = {0};
    assert_int_equal(normalization_parse(text, channels, m, s, &error), STATUS_OK);
    assert_memory_equal(m, mean, (size_t)channels * sizeof *m);
    assert_memory_equal(s, std, (size_t)channels * sizeof *s);
}

static void test_normalization(void **state)
{
    (void)state;
    static const char *const names[] = {"none",     "imagenet", "half",          "cifar", "cifar-usual",
                                        "cifar100", "mnist",    "fashion-mnist", "clip"};
    for (size_t i = 0; i < COUNT(names); i++)
        assert_string_equal(normalization_name_at((int)i), names[i]);
    assert_null(normalization_name_at((int)COUNT(names)));
    assert_null(normalization_name_at(-1));
    expect_normalization("none", 3, (double[]){0, 0, 0}, (double[]){1, 1, 1});
    expect_normalization("half", 4, (double[]){.5, .5, .5, .5}, (double[]){.5, .5, .5, .5});
    expect_normalization("cifar", 3, (double[]){.4914, .4822, .4465}, (double[]){.2470, .2435, .2616});
    expect_normalization("cifar-usual", 3, (double[]){.4914, .4822, .4465}, (double[]){.2023, .1994, .2010});
    expect_normalization("mnist", 1, (double[]){.1307}, (double[]){.3081});
    expect_normalization("imagenet", 3, (double[]){.485, .456, .406}, (double[]){.229, .224, .225});
    expect_normalization("0.1,-2,3e-1/1,2,4", 3, (double[]){.1, -2, .3}, (double[]){1, 2, 4});
    expect_normalization("0.25/2", 3, (double[]){.25, .25, .25}, (double[]){2, 2, 2});
    static const char *const bad[] = {"",
                                      "Half",
                                      "0.5",
                                      "1,2,3",
                                      "1,2,3/1,2",
                                      "1,2/1,2",
                                      "1,2,3/1,2,0",
                                      "1,2,3/1,-1,2",
                                      "1,2,3/1,2,nan",
                                      "inf,0,0/1,1,1",
                                      "1,2,3/1,2,3/4",
                                      "1,2,3,4,5/1,2,3,4,5",
                                      "1,,3/1,2,3",
                                      "/",
                                      "1,2,3/",
                                      "1,2,3/1,2,3,",
                                      "1,2,3 /1,2,3"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        double m[DATASET_MAX_CHANNELS], s[DATASET_MAX_CHANNELS];
        struct error error = {0};
        if (normalization_parse(bad[i], 3, m, s, &error) != STATUS_USAGE)
            fail_msg("'%s' was taken", bad[i]);
        assert_non_null(strstr(error.message, "imagenet"));
    }
    double m[DATASET_MAX_CHANNELS], s[DATASET_MAX_CHANNELS];
    struct error error = {0};
    assert_int_equal(normalization_parse("cifar", 1, m, s, &error), STATUS_USAGE);
    assert_non_null(strstr(error.message, "3 channels"));
    assert_int_equal(normalization_parse("mnist", 3, m, s, &error), STATUS_USAGE);
    assert_non_null(strstr(error.message, "for 1 channel,"));
}

/* --- shapes --------------------------------------------------------------------------------------------- */

static void test_shapes_pinned(void **state)
{
    (void)state;
    /* These bytes are what the example network was trained on: they must never change. */
    static const struct {
        const char *split;
        uint64_t seed;
        const char *digest;
    } rows[] = {
        {"train", 1, "92f53f896a6a61068029d2a0dbeefeed3021ca8583612e57f52df648817d3979"},
        {"test", 1, "386c8d129fe81f16d22f534668ca4adeebb134c36f464c75a1f99f0a1528240e"},
        {"train", 2, "f4343c6669ecab36c25ac04bc4ea227695f764bbb8942ce19f384c42d22866b5"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct dataset *dataset =
            open_set("shapes", NULL,
                     (struct dataset_options){.split = rows[i].split, .images = 500, .seed = rows[i].seed});
        assert_string_equal(dataset_digest(dataset), rows[i].digest);
        dataset_free(dataset);
    }
}

/* Records are made while others are made behind the user's back, and a set may go before they all are. */
static void test_shapes_behind(void **state)
{
    (void)state;
    enum { IMAGES = 600 };
    struct dataset *dataset =
        open_set("shapes", NULL, (struct dataset_options){.split = "test", .images = IMAGES, .seed = 9});
    uint8_t drawn[PIXELS], read[PIXELS];
    struct error error = {0};
    for (int64_t i = IMAGES - 1; i >= 0; i--) {
        int64_t label;
        assert_int_equal(dataset->kind->read(dataset, i, read, &label, &error), STATUS_OK);
        assert_int_equal(label, shape_draw(9, 1, (uint32_t)i, drawn, NULL));
        assert_memory_equal(read, drawn, PIXELS);
    }
    char *first = mem_string(dataset_digest(dataset));
    dataset_free(dataset);
    for (int i = 0; i < 3; i++) {
        dataset =
            open_set("shapes", NULL, (struct dataset_options){.split = "test", .images = IMAGES, .seed = 9});
        if (i == 2)
            assert_string_equal(dataset_digest(dataset), first);
        dataset_free(dataset);
    }
    mem_free(first);
}

static void test_shapes(void **state)
{
    (void)state;
    struct dataset *dataset = open_set("shapes", NULL, (struct dataset_options){.images = 200, .seed = 5});
    struct dataset *fewer = open_set("shapes", NULL, (struct dataset_options){.images = 37, .seed = 5});
    assert_int_equal(dataset->count, 200);
    assert_int_equal(dataset->channels, 3);
    assert_int_equal(dataset->height, 32);
    assert_int_equal(dataset->width, 32);
    assert_int_equal(dataset->classes, 10);
    assert_string_equal(dataset->split, "train");
    assert_string_equal(dataset->normalization, "half");
    assert_string_equal(dataset->class_names[5], "star");
    assert_null(dataset->note);
    assert_null(dataset->path);
    struct error error = {0};
    float a[PIXELS], b[PIXELS];
    int64_t *labels, label, other;
    assert_int_equal(dataset_labels(dataset, &labels, &error), STATUS_OK);
    for (int64_t i = 0; i < fewer->count; i++) { /* how many are made does not change the first */
        assert_int_equal(dataset_image(dataset, i, ELEMENT_FLOAT, a, &label, &error), STATUS_OK);
        assert_int_equal(dataset_image(fewer, i, ELEMENT_FLOAT, b, &other, &error), STATUS_OK);
        assert_memory_equal(a, b, sizeof a);
        assert_int_equal(label, other);
        assert_int_equal(label, labels[i]);
    }
    for (int first = 0; first < 200; first += 10) { /* ten in a row have every class */
        int seen = 0;
        for (int i = first; i < first + 10; i++)
            seen |= 1 << labels[i];
        assert_int_equal(seen, 0x3FF);
    }
    mem_free(labels);
    dataset_free(dataset);
    dataset_free(fewer);
    dataset_free(NULL);
}

static void test_shapes_errors(void **state)
{
    (void)state;
    expect_refused("shapes", NULL, (struct dataset_options){.images = -1}, STATUS_RANGE, "-1 images");
    expect_refused("shapes", NULL, (struct dataset_options){.images = INT64_MAX}, STATUS_RANGE,
                   "are possible");
    expect_refused("shapes", NULL, (struct dataset_options){.split = "validation", .images = 10},
                   STATUS_USAGE, "no split 'validation'");
    expect_refused("shapes", NULL, (struct dataset_options){.normalization = "quarter", .images = 10},
                   STATUS_USAGE, "'quarter'");
}

static void test_image_values(void **state)
{
    (void)state;
    struct dataset_options options = {.images = 3, .seed = 1, .normalization = "0.1,0.2,0.3/0.5,0.25,3"};
    static const double mean[] = {0.1, 0.2, 0.3}, std[] = {0.5, 0.25, 3};
    struct dataset *dataset = open_set("shapes", NULL, options);
    struct error error = {0};
    uint8_t pixels[PIXELS];
    float floats[PIXELS];
    double doubles[PIXELS];
    int64_t label;
    assert_string_equal(dataset->normalization, options.normalization);
    int class_index = shape_draw(1, 0, 2, pixels, NULL);
    assert_int_equal(dataset_image(dataset, 2, ELEMENT_DOUBLE, doubles, &label, &error), STATUS_OK);
    assert_int_equal(dataset_image(dataset, 2, ELEMENT_FLOAT, floats, &label, &error), STATUS_OK);
    assert_int_equal(label, class_index);
    for (int i = 0; i < PIXELS; i++) {
        double expected = (pixels[i] / 255.0 - mean[i / 1024]) / std[i / 1024];
        assert_true(doubles[i] == expected);
        assert_true(floats[i] == (float)expected);
    }
    assert_int_equal(dataset_image(dataset, 3, ELEMENT_FLOAT, floats, &label, &error), STATUS_RANGE);
    assert_non_null(strstr(error.message, "record 3"));
    assert_int_equal(dataset_image(dataset, -1, ELEMENT_FLOAT, floats, &label, &error), STATUS_RANGE);
    assert_int_equal(dataset_image(dataset, 0, ELEMENT_INT64, floats, &label, &error), STATUS_UNSUPPORTED);
    dataset_free(dataset);
}

/* --- CIFAR files ---------------------------------------------------------------------------------------- */

static char folder[] = "/tmp/ippro-data-test-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[600];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static char *place(const char *name)
{
    static char path[4][512];
    static int next;
    char *result = path[next++ % 4];
    snprintf(result, 512, "%s/%s", folder, name);
    return result;
}

/* A file of `count` records whose pixel k of record i is (i + k + start) mod 256 and whose last label byte is
 * (i + start) mod classes, plus `extra` bytes. */
static void put_records(const char *name, int label_bytes, int count, int start, int classes, int extra)
{
    FILE *file = fopen(place(name), "wb");
    assert_non_null(file);
    for (int i = 0; i < count; i++) {
        for (int k = 1; k < label_bytes; k++)
            fputc(3, file);
        fputc((i + start) % classes, file);
        for (int k = 0; k < PIXELS; k++)
            fputc((i + k + start) & 0xFF, file);
    }
    for (int i = 0; i < extra; i++)
        fputc(0, file);
    fclose(file);
}

static void put_text(const char *name, const char *text)
{
    FILE *file = fopen(place(name), "wb");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void test_cifar10_folder(void **state)
{
    (void)state;
    mkdir(place("ten"), 0700);
    put_records("ten/data_batch_1.bin", 1, 4, 0, 10, 0);
    put_records("ten/data_batch_3.bin", 1, 3, 6, 10, 0);
    put_records("ten/test_batch.bin", 1, 12, 1, 10, 0);
    struct dataset *dataset = open_set("cifar10", place("ten"), (struct dataset_options){0});
    struct error error = {0};
    assert_int_equal(dataset->count, 7);
    assert_string_equal(dataset->note, "2 of 5 train files found");
    assert_string_equal(dataset->class_names[9], "9");
    assert_string_equal(dataset->normalization, "none");
    int64_t *labels;
    static const int64_t expected[] = {0, 1, 2, 3, 6, 7, 8};
    assert_int_equal(dataset_labels(dataset, &labels, &error), STATUS_OK);
    assert_memory_equal(labels, expected, sizeof expected);
    mem_free(labels);
    double image[PIXELS];
    int64_t label;
    assert_int_equal(dataset_image(dataset, 5, ELEMENT_DOUBLE, image, &label, &error), STATUS_OK);
    for (int k = 0; k < PIXELS; k++)
        assert_true(image[k] == ((1 + k + 6) & 0xFF) / 255.0);
    dataset_free(dataset);
    put_text("ten/batches.meta.txt",
             "airplane\r\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n");
    dataset = open_set("cifar10", place("ten"), (struct dataset_options){.split = "test"});
    assert_int_equal(dataset->count, 12);
    assert_null(dataset->note);
    assert_string_equal(dataset->class_names[0], "airplane");
    assert_string_equal(dataset->class_names[9], "truck");
    dataset_free(dataset);
    put_text("ten/batches.meta.txt", "one\ntwo\n");
    dataset = open_set("cifar10", place("ten"), (struct dataset_options){.split = "test"});
    assert_string_equal(dataset->class_names[0], "0");
    assert_non_null(strstr(dataset->note, "2 names for 10 classes"));
    dataset_free(dataset);
    unlink(place("ten/batches.meta.txt"));
}

static void test_cifar10_single(void **state)
{
    (void)state;
    put_records("test_mine.bin", 1, 2, 0, 10, 0);
    struct dataset *dataset = open_set("cifar10", place("test_mine.bin"), (struct dataset_options){0});
    assert_string_equal(dataset->split, "test");
    assert_null(dataset->note);
    dataset_free(dataset);
    dataset = open_set("cifar10", place("test_mine.bin"), (struct dataset_options){.split = "train"});
    assert_string_equal(dataset->split, "test");
    assert_non_null(strstr(dataset->note, "test split"));
    dataset_free(dataset);
}

static void test_cifar100(void **state)
{
    (void)state;
    mkdir(place("hundred"), 0700);
    put_records("hundred/train.bin", 2, 150, 0, 100, 0);
    struct dataset *dataset = open_set("cifar100", place("hundred"), (struct dataset_options){0});
    struct error error = {0};
    assert_int_equal(dataset->count, 150);
    assert_int_equal(dataset->classes, 100);
    int64_t label;
    double image[PIXELS];
    assert_int_equal(dataset_image(dataset, 149, ELEMENT_DOUBLE, image, &label, &error), STATUS_OK);
    assert_int_equal(label, 49);
    assert_true(image[0] == 149 / 255.0);
    dataset_free(dataset);
    expect_refused("cifar100", place("hundred"), (struct dataset_options){.split = "test"}, STATUS_FILE,
                   "no test.bin is in this folder; split=train would read ");
    expect_refused("cifar100", place("hundred"), (struct dataset_options){.split = "test"}, STATUS_FILE,
                   "/hundred/train.bin, which is there");
    put_records("hundred/test.bin", 2, 2, 100, 256, 0);
    expect_refused("cifar100", place("hundred"), (struct dataset_options){.split = "test"}, STATUS_FILE,
                   "record 0 has label 100, but labels are 0 to 99");
}

static void test_cifar_bad_files(void **state)
{
    (void)state;
    const struct dataset_options none = {0};
    char expected[700];
    put_records("long.bin", 1, 2, 0, 10, 1);
    snprintf(expected, sizeof expected, "%s: 6147 bytes is no multiple of the 3073-byte record",
             place("long.bin"));
    expect_refused("cifar10", place("long.bin"), none, STATUS_FILE, expected);
    expect_refused("cifar100", place("long.bin"), none, STATUS_FILE, "3074-byte record");
    put_records("label.bin", 1, 12, 0, 256, 0);
    expect_refused("cifar10", place("label.bin"), none, STATUS_FILE, "label.bin: record 10 has label 10");
    put_text("empty.bin", "");
    expect_refused("cifar10", place("empty.bin"), none, STATUS_FILE, "empty");
    expect_refused("cifar10", place("missing.bin"), none, STATUS_FILE, "No such file");
    expect_refused("cifar10", "/dev/zero", none, STATUS_FILE, "a device");
    expect_refused("cifar10", NULL, none, STATUS_USAGE, "needs the path");
    expect_refused("cifar10", "", none, STATUS_USAGE, "needs the path");
    mkdir(place("nothing"), 0700);
    expect_refused("cifar10", place("nothing"), none, STATUS_FILE,
                   "no data_batch_1.bin to data_batch_5.bin is in this folder");
    mkdir(place("pipes"), 0700);
    assert_int_equal(mkfifo(place("pipes/data_batch_1.bin"), 0600), 0);
    alarm(5); /* would kill the test if opening the pipe waited for a writer */
    expect_refused("cifar10", place("pipes"), none, STATUS_FILE, "a pipe");
    alarm(0);
    expect_refused("cifar10", place("ten"), (struct dataset_options){.split = "val"}, STATUS_USAGE, "'val'");
    expect_refused("cifar10", place("ten"), (struct dataset_options){.normalization = "x"}, STATUS_USAGE,
                   "'x'");
    mkdir(place("broken"), 0700); /* the second file is wrong: nothing of the first may stay */
    put_records("broken/data_batch_1.bin", 1, 2, 0, 10, 0);
    put_records("broken/data_batch_2.bin", 1, 2, 0, 10, 7);
    expect_refused("cifar10", place("broken"), none, STATUS_FILE, "data_batch_2.bin: 6153 bytes");
}

/* Files beyond the number that a set has, and one that is gone: each is refused by its name, and closed. */
static void test_array_files(void **state)
{
    (void)state;
    struct dataset set = {.channels = 3, .height = 32, .width = 32};
    struct error error = {0};
    assert_int_equal(arrays_begin(&set, &error), STATUS_OK);
    for (int i = 0; i <= ARRAY_PARTS; i++) {
        char name[20];
        snprintf(name, sizeof name, "part%d.bin", i);
        int descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC);
        assert_true(descriptor >= 0);
        struct array_part part = {.path = name, .descriptor = descriptor, .count = 1};
        status code = arrays_add(&set, &part, &error);
        assert_int_equal(code, i < ARRAY_PARTS ? STATUS_OK : STATUS_FILE);
        if (i == ARRAY_PARTS)
            assert_int_equal(fcntl(descriptor, F_GETFD), -1);
    }
    assert_string_equal(error.message, "part8.bin: a data set has 8 files at most");
    assert_int_equal(set.count, ARRAY_PARTS);
    arrays_close(&set);
    set = (struct dataset){0};
    assert_int_equal(arrays_begin(&set, &error), STATUS_OK);
    int closed = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(closed);
    struct array_part part = {.path = (char *)"gone.bin", .descriptor = closed, .count = 1};
    assert_int_equal(arrays_add(&set, &part, &error), STATUS_FILE);
    assert_non_null(strstr(error.message, "gone.bin: "));
    assert_non_null(strstr(error.message, strerror(EBADF)));
    arrays_close(&set);
}

/* The real files, where they are. */
static void test_cifar10_real(void **state)
{
    (void)state;
    const char *path = need_shared("data/cifar-10-batches-bin");
    struct dataset *dataset =
        open_set("cifar10", path, (struct dataset_options){.split = "test", .normalization = "imagenet"});
    struct error error = {0};
    int64_t *labels, counts[10] = {0};
    assert_int_equal(dataset->count, 10000);
    assert_string_equal(dataset_digest(dataset),
                        "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b");
    assert_string_equal(dataset->class_names[3], "cat");
    assert_int_equal(dataset_labels(dataset, &labels, &error), STATUS_OK);
    for (int64_t i = 0; i < dataset->count; i++)
        counts[labels[i]]++;
    for (int c = 0; c < 10; c++)
        assert_int_equal(counts[c], 1000);
    assert_int_equal(labels[0], 3); /* the first test image is a cat */
    mem_free(labels);
    dataset_free(dataset);
    dataset = open_set("cifar10", path, (struct dataset_options){0});
    assert_int_equal(dataset->count % 10000, 0);
    if (dataset->count < 50000)
        assert_non_null(strstr(dataset->note, "of 5 train files found"));
    dataset_free(dataset);
}

/* --- memory that runs out ------------------------------------------------------------------------------- */

static void fail_each_allocation(const char *kind, const char *path, struct dataset_options options)
{
    status code = STATUS_MEMORY;
    long nth = 1;
    for (; code != STATUS_OK; nth++) {
        struct dataset *dataset = NULL;
        struct error error = {0};
        assert_true(nth < 200);
        mem_fail_at(nth);
        code = dataset_open(dataset_kind_find(kind), path, &options, &dataset, &error);
        mem_fail_at(0);
        if (code != STATUS_OK) {
            assert_int_equal(code, STATUS_MEMORY);
            assert_null(dataset);
        }
        dataset_free(dataset);
    }
    assert_true(nth > 5);
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    fail_each_allocation("shapes", NULL, (struct dataset_options){.images = 3, .normalization = "none"});
    put_text("ten/batches.meta.txt", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n");
    fail_each_allocation("cifar10", place("ten"), (struct dataset_options){0});
    fail_each_allocation("cifar10", place("test_mine.bin"), (struct dataset_options){.split = "train"});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),           cmocka_unit_test(test_normalization),
        cmocka_unit_test(test_shapes_pinned),   cmocka_unit_test(test_shapes_behind),
        cmocka_unit_test(test_shapes),          cmocka_unit_test(test_shapes_errors),
        cmocka_unit_test(test_image_values),    cmocka_unit_test(test_cifar10_folder),
        cmocka_unit_test(test_cifar10_single),  cmocka_unit_test(test_cifar100),
        cmocka_unit_test(test_cifar_bad_files), cmocka_unit_test(test_array_files),
        cmocka_unit_test(test_cifar10_real),    cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
