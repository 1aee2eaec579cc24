/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Augmentation: its words, what is drawn, and what images and labels become. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/pool.h"
#include "base/text.h"
#include "data/augment.h"
#include "data/dataset.h"
#include "data/sampler.h"
#include "image/image.h"
#include "image/resize.h"
#include "support/picture_make.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { SIDE = 32, PLANE = SIDE * SIDE, PIXELS = 3 * PLANE };

static char root[] = "/tmp/ippro-augment-XXXXXX";

static struct dataset *open_set(const char *kind, const char *path, struct dataset_options options)
{
    struct dataset *dataset = NULL;
    struct error error = {0};
    if (dataset_open(dataset_kind_find(kind), path, &options, &dataset, &error) != STATUS_OK)
        fail_msg("%s: %s", kind, error.message);
    return dataset;
}

static struct dataset *open_shapes(const char *kind)
{
    return open_set(kind, NULL, (struct dataset_options){.images = 60, .seed = 1});
}

static struct augmentation parsed(const char *text)
{
    struct augmentation augmentation;
    struct error error = {0};
    if (augmentation_parse(text, &augmentation, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    return augmentation;
}

/* --- words ---------------------------------------------------------------------------------------------- */

static void test_words(void **state)
{
    (void)state;
    static const struct {
        const char *text, *again;
        struct augmentation augmentation;
    } good[] = {{"none", "none", {0}},
                {"crop", "crop", {.padding = 4}},
                {"flip", "flip", {.flip = true}},
                {"flip,crop:4", "crop,flip", {.padding = 4, .flip = true}},
                {"crop:8,flip", "crop:8,flip", {.padding = 8, .flip = true}},
                {"flip,resized-crop", "resized-crop,flip", {.resized_crop = true, .flip = true}}};
    for (size_t i = 0; i < COUNT(good); i++) {
        const struct augmentation made = parsed(good[i].text);
        struct text again = {0};
        assert_true(augmentation_equal(&made, &good[i].augmentation));
        assert_int_equal(augmentation_active(&made), i > 0);
        text_add_augmentation(&again, &made);
        assert_string_equal(text_data(&again), good[i].again);
        text_free(&again);
    }
    assert_false(augmentation_active(NULL));
}

static void test_words_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *reason;
    } bad[] = {
        {"flpi",
         "no augmentation 'flpi' (known: none, crop, crop:N, flip, resized-crop): did you mean 'flip'?"},
        {"", "no augmentation ''"},
        {"crop,", "no augmentation ''"},
        {"crop;flip", "no augmentation 'crop;flip'"},
        {"crop,crop:2", "crop is named twice"},
        {"none,flip", "none stands alone"},
        {"flip,none", "none stands alone"},
        {"crop,resized-crop", "take one"},
        {"resized-crop,crop", "take one"},
        {"flip:3", "flip takes no number"},
        {"crop:", "expected a padding from 1 to 256"},
        {"crop:0", "expected a padding"},
        {"crop:257", "expected a padding"},
        {"crop:2.5", "expected a padding"},
        {"crop-crop-crop-crop-crop-crop-crop-crop-crop-crop-crop-crop-crop-crop", "no augmentation"}};
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct augmentation made = {.padding = 77};
        struct error error = {0};
        if (augmentation_parse(bad[i].text, &made, &error) != STATUS_USAGE)
            fail_msg("'%s' was taken", bad[i].text);
        if (!strstr(error.message, bad[i].reason))
            fail_msg("\"%s\" should say \"%s\"", error.message, bad[i].reason);
        assert_int_equal(made.padding, 77);
    }
}

/* --- what is drawn -------------------------------------------------------------------------------------- */

/* Of seed 1, computed by hand: xoshiro256++ of the published source in another language. */
static const struct {
    int64_t draw, record;
    int down, right;
    bool mirrored;
} drawn_table[] = {{0, 0, 2, -4, false}, {0, 1, -1, 1, false},  {0, 2, 4, -2, true},  {0, 3, 2, -3, false},
                   {0, 4, 4, 2, false},  {0, 5, -2, 3, false},  {1, 0, -1, 0, false}, {1, 1, -4, -3, false},
                   {1, 2, 4, 4, false},  {1, 3, -1, -3, false}, {1, 4, 3, 3, true},   {1, 5, 0, -3, false}};

static void test_positions(void **state)
{
    (void)state;
    const struct augmentation both = parsed("crop,flip"), crop = parsed("crop"), flip = parsed("flip");
    for (size_t i = 0; i < COUNT(drawn_table); i++) {
        const int64_t draw = drawn_table[i].draw, record = drawn_table[i].record;
        const struct augmentation_draw drawn = augmentation_draw_for(&both, 1, draw, record, SIDE, SIDE);
        assert_int_equal(drawn.down, drawn_table[i].down);
        assert_int_equal(drawn.right, drawn_table[i].right);
        assert_int_equal(drawn.mirrored, drawn_table[i].mirrored);
        /* One operation draws the same whether others are there or not. */
        assert_int_equal(augmentation_draw_for(&crop, 1, draw, record, SIDE, SIDE).down, drawn.down);
        assert_int_equal(augmentation_draw_for(&flip, 1, draw, record, SIDE, SIDE).mirrored, drawn.mirrored);
    }
}

/* All places are there about equally often, and half of the images are mirrored. */
static void test_even(void **state)
{
    (void)state;
    enum { DRAWS = 16200, PLACES = 9 };
    const struct augmentation both = parsed("crop,flip");
    int places[PLACES][PLACES] = {0}, mirrored = 0;
    for (int64_t i = 0; i < DRAWS; i++) {
        const struct augmentation_draw drawn = augmentation_draw_for(&both, 5, i % 3, i, SIDE, SIDE);
        assert_in_range(drawn.down + 4, 0, PLACES - 1);
        assert_in_range(drawn.right + 4, 0, PLACES - 1);
        places[drawn.down + 4][drawn.right + 4]++;
        mirrored += drawn.mirrored;
    }
    for (int i = 0; i < PLACES * PLACES; i++) /* 200 expected, five deviations */
        assert_in_range(places[i / PLACES][i % PLACES], 130, 270);
    assert_in_range(mirrored, DRAWS / 2 - 320, DRAWS / 2 + 320);
}

/* Torchvision's RandomResizedCrop.get_params, 20,000 times: mean area, its deviation, mean log ratio, its
 * deviation. */
static void test_boxes(void **state)
{
    (void)state;
    static const struct {
        int height, width;
        double area, area_deviation, ratio, ratio_deviation;
    } rows[] = {{32, 32, 0.4877, 0.2401, 0.0015, 0.1610},
                {100, 150, 0.3920, 0.1927, 0.0323, 0.1645},
                {20, 100, 0.1764, 0.0632, 0.0995, 0.1784}};
    enum { DRAWS = 20000 };
    const struct augmentation resized = parsed("resized-crop");
    for (size_t i = 0; i < COUNT(rows); i++) {
        const int height = rows[i].height, width = rows[i].width;
        double area = 0, area2 = 0, ratio = 0, ratio2 = 0;
        for (int64_t k = 0; k < DRAWS; k++) {
            const struct image_box box = augmentation_draw_for(&resized, 3, 0, k, height, width).box;
            assert_true(box.left >= 0 && box.top >= 0 && box.width > 0 && box.height > 0 &&
                        box.left + box.width <= width && box.top + box.height <= height);
            const double part = (double)box.width * box.height / ((double)height * width),
                         tall = log((double)box.width / box.height);
            area += part / DRAWS;
            area2 += part * part / DRAWS;
            ratio += tall / DRAWS;
            ratio2 += tall * tall / DRAWS;
        }
        assert_true(fabs(area - rows[i].area) < 0.01);
        assert_true(fabs(sqrt(area2 - area * area) - rows[i].area_deviation) < 0.005);
        assert_true(fabs(ratio - rows[i].ratio) < 0.008);
        assert_true(fabs(sqrt(ratio2 - ratio * ratio) - rows[i].ratio_deviation) < 0.005);
    }
    /* Nothing fits into a strip: its middle, 4 by 3. */
    const struct image_box box = augmentation_draw_for(&resized, 3, 0, 0, 3, 1000).box;
    assert_true(box.width == 4 && box.height == 3 && box.left == 498 && box.top == 0);
}

/* --- images --------------------------------------------------------------------------------------------- */

static void read_plain(const struct dataset *dataset, int64_t index, double *image, int64_t *labels)
{
    struct error error = {0};
    if (dataset_image(dataset, index, ELEMENT_DOUBLE, image, labels, &error) != STATUS_OK)
        fail_msg("%s", error.message);
}

static void read_augmented(const struct dataset *dataset, int64_t index, const char *how, uint64_t seed,
                           int64_t draw, double *image, int64_t *labels)
{
    const struct augmentation augmentation = parsed(how);
    struct error error = {0};
    if (dataset_image_augmented(dataset, index, &augmentation, seed, draw, ELEMENT_DOUBLE, image, labels,
                                &error) != STATUS_OK)
        fail_msg("%s", error.message);
}

/* Element (y, x) of a plane that was moved, then mirrored; `outside` where there is nothing. */
static double moved_element(const double *plane, int height, int width, int y, int x, int down, int right,
                            bool mirrored, double outside)
{
    const int from_y = y + down, from_x = (mirrored ? width - 1 - x : x) + right;
    return from_y < 0 || from_y >= height || from_x < 0 || from_x >= width ? outside
                                                                           : plane[from_y * width + from_x];
}

static void expect_moved(const double *got, const double *plain, int planes, int height, int width,
                         const struct augmentation_draw *drawn, double outside)
{
    for (int i = 0; i < planes * height * width; i++) {
        const int plane = i / (height * width), y = i / width % height, x = i % width;
        const double expected = moved_element(plain + plane * height * width, height, width, y, x,
                                              drawn->down, drawn->right, drawn->mirrored, outside);
        if (got[i] != expected)
            fail_msg("plane %d (%d, %d): %g, not %g", plane, y, x, got[i], expected);
    }
}

static void test_crop_and_flip(void **state)
{
    (void)state;
    struct dataset *dataset =
        open_set("shapes", NULL, (struct dataset_options){.images = 60, .seed = 1, .normalization = "none"});
    static double plain[PIXELS], got[PIXELS];
    int64_t label, expected;
    for (size_t i = 0; i < COUNT(drawn_table); i++) {
        const struct augmentation_draw drawn = {
            .down = drawn_table[i].down, .right = drawn_table[i].right, .mirrored = drawn_table[i].mirrored};
        read_plain(dataset, drawn_table[i].record, plain, &expected);
        read_augmented(dataset, drawn_table[i].record, "crop,flip", 1, drawn_table[i].draw, got, &label);
        assert_int_equal(label, expected);
        expect_moved(got, plain, 3, SIDE, SIDE, &drawn, 0);
    }
    dataset_free(dataset);
}

/* What is added is a black pixel, which normalisation makes something else of. */
static void test_black(void **state)
{
    (void)state;
    struct dataset *dataset =
        open_set("shapes", NULL, (struct dataset_options){.images = 60, .seed = 1, .normalization = "cifar"});
    static double got[PIXELS];
    int64_t label;
    read_augmented(dataset, 4, "crop", 1, 0, got, &label); /* 4 down, 2 to the right */
    for (int c = 0; c < 3; c++)
        assert_true(got[c * PLANE + PLANE - 1] == (0.0 - dataset->mean[c]) / dataset->std[c]);
    dataset_free(dataset);
}

static void test_flip_twice(void **state)
{
    (void)state;
    struct dataset *dataset = open_shapes("shapes");
    static double plain[PIXELS], got[PIXELS];
    int64_t label;
    int flipped = 0;
    for (int64_t i = 0; i < dataset->count; i++) {
        read_plain(dataset, i, plain, &label);
        read_augmented(dataset, i, "flip", 2, 0, got, &label);
        if (memcmp(plain, got, sizeof got) == 0)
            continue;
        flipped++;
        for (int row = 0; row < 3 * SIDE; row++)
            for (int x = 0; x < SIDE / 2; x++) {
                const double kept = got[row * SIDE + x];
                got[row * SIDE + x] = got[row * SIDE + SIDE - 1 - x];
                got[row * SIDE + SIDE - 1 - x] = kept;
            }
        assert_memory_equal(got, plain, sizeof got);
    }
    assert_in_range(flipped, 15, 45);
    dataset_free(dataset);
}

static void test_nothing_is_the_image(void **state)
{
    (void)state;
    struct dataset *dataset = open_shapes("shapes");
    const struct augmentation none = {0};
    const struct augmentation *const nothing[] = {NULL, &none};
    static float plain[PIXELS], got[PIXELS];
    struct error error = {0};
    int64_t label;
    assert_int_equal(dataset_image(dataset, 7, ELEMENT_FLOAT, plain, &label, &error), STATUS_OK);
    for (size_t i = 0; i < COUNT(nothing); i++) {
        memset(got, 0xFF, sizeof got);
        assert_int_equal(
            dataset_image_augmented(dataset, 7, nothing[i], 1, 0, ELEMENT_FLOAT, got, &label, &error),
            STATUS_OK);
        assert_memory_equal(got, plain, sizeof got);
    }
    dataset_free(dataset);
}

static void test_label_maps(void **state)
{
    (void)state;
    struct dataset *dataset = open_shapes("shape-maps");
    static double plain[PIXELS], got[PIXELS], map[PLANE], got_map[PLANE];
    static int64_t labels[PLANE], got_labels[PLANE];
    int ignored = 0;
    for (size_t i = 0; i < COUNT(drawn_table); i++) {
        const struct augmentation_draw drawn = {
            .down = drawn_table[i].down, .right = drawn_table[i].right, .mirrored = drawn_table[i].mirrored};
        read_plain(dataset, drawn_table[i].record, plain, labels);
        read_augmented(dataset, drawn_table[i].record, "crop,flip", 1, drawn_table[i].draw, got, got_labels);
        for (int k = 0; k < PLANE; k++) {
            map[k] = (double)labels[k];
            got_map[k] = (double)got_labels[k];
            ignored += got_labels[k] == LABEL_IGNORED;
        }
        expect_moved(got_map, map, 1, SIDE, SIDE, &drawn, LABEL_IGNORED);
    }
    assert_true(ignored > 0);
    dataset_free(dataset);
}

/* --- files ---------------------------------------------------------------------------------------------- */

static const char *place(const char *name)
{
    static char path[sizeof root + 80];
    snprintf(path, sizeof path, "%s/%s", root, name);
    return path;
}

static void put_npy(const char *name, const char *type, const char *shape, const void *data, size_t size)
{
    char header[128] = "\x93NUMPY\1\0\x76";
    FILE *file = fopen(place(name), "wb");
    assert_non_null(file);
    memset(header + 10, ' ', 117);
    int length =
        snprintf(header + 10, 118, "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", type, shape);
    header[10 + length] = ' ';
    header[127] = '\n';
    assert_int_equal(fwrite(header, 1, sizeof header, file), sizeof header);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void test_tensors(void **state)
{
    (void)state;
    enum { HIGH = 5, WIDE = 7, IMAGES = 6, ELEMENTS = 2 * HIGH * WIDE };
    static float values[IMAGES * ELEMENTS];
    const int64_t labels[IMAGES] = {0, 1, 2, 3, 4, 5};
    for (int i = 0; i < IMAGES * ELEMENTS; i++)
        values[i] = (float)i / 8 - 3;
    put_npy("images.npy", "<f4", "6, 2, 5, 7", values, sizeof values);
    put_npy("labels.npy", "<i8", "6,", labels, sizeof labels);
    struct dataset *dataset = open_set("npy", place("images.npy"), (struct dataset_options){0});
    assert_true(dataset->finished);
    double plain[ELEMENTS], got[ELEMENTS];
    for (size_t i = 0; i < COUNT(drawn_table); i++) {
        const struct augmentation_draw drawn = {
            .down = drawn_table[i].down, .right = drawn_table[i].right, .mirrored = drawn_table[i].mirrored};
        int64_t label;
        read_plain(dataset, drawn_table[i].record, plain, &label);
        read_augmented(dataset, drawn_table[i].record, "crop,flip", 1, drawn_table[i].draw, got, &label);
        assert_int_equal(label, drawn_table[i].record);
        expect_moved(got, plain, 2, HIGH, WIDE, &drawn, 0);
    }
    dataset_free(dataset);
}

static void put_picture(int height, int width, uint8_t *pixels)
{
    char file[sizeof root + 80];
    mkdir(place("set"), 0700);
    mkdir(place("set/a"), 0700);
    fill_pattern(pixels, width, height, 3, 3);
    snprintf(file, sizeof file, "%s", place("set/a/x.png"));
    make_png(file, width, height, 3, pixels);
}

/* Of a picture in a file the part is cut out of all of it, then scaled to what the network takes. */
static void test_resized_picture(void **state)
{
    (void)state;
    enum { HIGH = 40, WIDE = 56, TO = 16 };
    static uint8_t pixels[HIGH * WIDE * 3];
    put_picture(HIGH, WIDE, pixels);
    struct dataset *dataset =
        open_set("folder", place("set"),
                 (struct dataset_options){.split = "all", .fitting = {.crop = "16", .resize = "20"}});
    const struct augmentation resized = parsed("resized-crop");
    for (int64_t draw = 0; draw < 6; draw++) {
        static double got[3 * TO * TO];
        struct error error = {0};
        struct image part, ready;
        int64_t label;
        const struct image_box box = augmentation_draw_for(&resized, 4, draw, 0, HIGH, WIDE).box;
        assert_int_equal(image_new(box.width, box.height, 3, &part, &error), STATUS_OK);
        for (int y = 0; y < box.height; y++)
            memcpy(part.pixels + 3 * y * box.width, pixels + 3 * ((box.top + y) * WIDE + box.left),
                   (size_t)(3 * box.width));
        assert_int_equal(image_resize(&part, TO, TO, IMAGE_BILINEAR, NULL, &ready, &error), STATUS_OK);
        read_augmented(dataset, 0, "resized-crop", 4, draw, got, &label);
        for (int i = 0; i < 3 * TO * TO; i++)
            assert_true(got[i] == ready.pixels[3 * (i % (TO * TO)) + i / (TO * TO)] / 255.0);
        image_free(&part);
        image_free(&ready);
    }
    dataset_free(dataset);
}

static void test_resized_stored(void **state)
{
    (void)state;
    struct dataset *dataset =
        open_set("shapes", NULL, (struct dataset_options){.images = 60, .seed = 1, .normalization = "none"});
    static double plain[PIXELS], got[PIXELS];
    int64_t label, expected;
    double difference = 0;
    for (int64_t i = 0; i < 20; i++) {
        read_plain(dataset, i, plain, &expected);
        read_augmented(dataset, i, "resized-crop,flip", 1, 0, got, &label);
        assert_int_equal(label, expected);
        for (int k = 0; k < PIXELS; k++) {
            assert_true(got[k] >= 0 && got[k] <= 1);
            difference += fabs(got[k] - plain[k]) / PIXELS / 20;
        }
    }
    assert_true(difference > 0.01);
    dataset_free(dataset);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *how, *reason;
        int64_t record;
        status code;
    } rows[] = {{"shape-maps", "resized-crop", "every pixel of shape-maps has one", 0, STATUS_USAGE},
                {"npy", "resized-crop", "finished tensors", 0, STATUS_USAGE},
                {"npy", "crop:5", "must be less than a side", 0, STATUS_USAGE},
                {"shapes", "crop:32", "images of 32x32 pixels", 0, STATUS_USAGE},
                {"shapes", "flip", "record 60", 60, STATUS_RANGE},
                {"shapes", "resized-crop", "record -1", -1, STATUS_RANGE}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct dataset *dataset = strcmp(rows[i].kind, "npy") == 0
                                      ? open_set("npy", place("images.npy"), (struct dataset_options){0})
                                      : open_shapes(rows[i].kind);
        const struct augmentation how = parsed(rows[i].how);
        static float image[PIXELS];
        static int64_t labels[PLANE];
        struct error error = {0};
        assert_int_equal(dataset_image_augmented(dataset, rows[i].record, &how, 1, 0, ELEMENT_FLOAT, image,
                                                 labels, &error),
                         rows[i].code);
        if (!strstr(error.message, rows[i].reason))
            fail_msg("\"%s\" should say \"%s\"", error.message, rows[i].reason);
        dataset_free(dataset);
    }
}

/* --- in a run ------------------------------------------------------------------------------------------- */

struct reading {
    struct sample_feed *feed;
    float *images;
    int64_t count;
    status code[2];
};

/* Each worker reads every other image, the second from the end. */
static void read_half(void *argument, int64_t half, int worker)
{
    struct reading *reading = argument;
    struct error error = {0};
    (void)worker;
    int64_t label;
    for (int64_t i = half; i < reading->count; i += 2) {
        const int64_t at = half ? reading->count - i : i;
        reading->code[half] |=
            sample_fetch(reading->feed, at, ELEMENT_FLOAT, reading->images + at * PIXELS, &label, &error);
    }
}

static void test_order_does_not_matter(void **state)
{
    (void)state;
    struct dataset *dataset = open_shapes("shapes");
    const struct augmentation how = parsed("crop,flip");
    int64_t records[40];
    for (int64_t i = 0; i < 40; i++)
        records[i] = 59 - i;
    const struct sample sample = {records, 40, {0}};
    struct sample_feed feed = {dataset, &sample, &how, 6, 2};
    struct error error = {0};
    float *alone = mem_new(40 * PIXELS, sizeof *alone), *together = mem_new(40 * PIXELS, sizeof *alone);
    int64_t label;
    for (int64_t i = 0; i < 40; i++)
        assert_int_equal(sample_fetch(&feed, i, ELEMENT_FLOAT, alone + i * PIXELS, &label, &error),
                         STATUS_OK);
    struct reading reading = {&feed, together, 40, {STATUS_OK, STATUS_OK}};
    struct pool *pool;
    assert_int_equal(pool_new(2, &pool, &error), STATUS_OK);
    pool_run(pool, 2, read_half, &reading);
    pool_free(pool);
    assert_true(reading.code[0] == STATUS_OK && reading.code[1] == STATUS_OK);
    assert_memory_equal(alone, together, 40 * PIXELS * sizeof *alone);
    /* Another epoch, another seed: other images. */
    feed.draw = 3;
    assert_int_equal(sample_fetch(&feed, 0, ELEMENT_FLOAT, together, &label, &error), STATUS_OK);
    assert_memory_not_equal(alone, together, PIXELS * sizeof *alone);
    mem_free(alone);
    mem_free(together);
    dataset_free(dataset);
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    struct dataset *dataset = open_set("folder", place("set"), (struct dataset_options){.split = "all"});
    const struct augmentation how = parsed("resized-crop,flip");
    float *image = mem_new((size_t)(3 * dataset->height * dataset->width), sizeof *image);
    status code = STATUS_MEMORY;
    for (long nth = 1; code != STATUS_OK; nth++) {
        struct error error = {0};
        int64_t label;
        mem_fail_at(nth);
        code = dataset_image_augmented(dataset, 0, &how, 1, 0, ELEMENT_FLOAT, image, &label, &error);
        mem_fail_at(0);
        assert_true(nth < 50);
        assert_true(code == STATUS_OK || code == STATUS_MEMORY);
    }
    mem_free(image);
    dataset_free(dataset);
}

static int begin(void **state)
{
    (void)state;
    return mkdtemp(root) ? 0 : -1;
}

static int end(void **state)
{
    char command[sizeof root + 20];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", root);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_words_refused),
        cmocka_unit_test(test_positions),
        cmocka_unit_test(test_even),
        cmocka_unit_test(test_boxes),
        cmocka_unit_test(test_crop_and_flip),
        cmocka_unit_test(test_black),
        cmocka_unit_test(test_flip_twice),
        cmocka_unit_test(test_nothing_is_the_image),
        cmocka_unit_test(test_label_maps),
        cmocka_unit_test(test_tensors),
        cmocka_unit_test(test_resized_picture),
        cmocka_unit_test(test_resized_stored),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_order_does_not_matter),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests_name("augment", tests, begin, end);
}
