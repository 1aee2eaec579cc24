/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures: decoding of good and bad files, orientation, other sizes, the middle. tests/image/peer.sh
 * compares with Pillow and Torchvision where they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "image/prepare.h"
#include "support/picture_make.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { WIDTH = 13, HEIGHT = 9 };

static char folder[] = "/tmp/ippro-image-XXXXXX";
static const struct image_decoding rgb = {IMAGE_RGB, false}, grey = {IMAGE_GREY, false},
                                   upright = {IMAGE_RGB, true}, values = {IMAGE_VALUES, false};

static const char *place(const char *name)
{
    static char path[sizeof folder + 40];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static struct image read_good(const char *path, struct image_decoding decoding)
{
    struct image image;
    struct error error = {0};
    if (image_read(path, &decoding, &image, NULL, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    return image;
}

static unsigned char *load(const char *path, size_t *size)
{
    unsigned char *data = NULL;
    struct error error = {0};
    if (file_read(path, 1 << 20, &data, size, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    return data;
}

static void expect_refused(const void *data, size_t size, status code, const char *reason)
{
    struct image image;
    struct error error = {0};
    status got = image_decode(data, size, &rgb, &image, &error);
    assert_null(image.pixels);
    if (got != code || !strstr(error.message, reason))
        fail_msg("status %d, \"%s\", expected %d, \"%s\"", got, error.message, code, reason);
}

static void test_png(void **state)
{
    (void)state;
    uint8_t pixels[WIDTH * HEIGHT * 3];
    fill_pattern(pixels, WIDTH, HEIGHT, 3, 1);
    make_png(place("a.png"), WIDTH, HEIGHT, 3, pixels);
    struct image image = read_good(place("a.png"), rgb);
    assert_int_equal(image.width, WIDTH);
    assert_int_equal(image.height, HEIGHT);
    assert_int_equal(image.channels, 3);
    assert_memory_equal(image.pixels, pixels, sizeof pixels);
    image_free(&image);
    image = read_good(place("a.png"), grey);
    assert_int_equal(image.channels, 1);
    for (int i = 0; i < WIDTH * HEIGHT; i++)
        assert_int_equal(
            image.pixels[i],
            (19595 * pixels[3 * i] + 38470 * pixels[3 * i + 1] + 7471 * pixels[3 * i + 2] + 32768) / 65536);
    image_free(&image);
    make_png(place("g.png"), WIDTH, HEIGHT, 1, pixels);
    image = read_good(place("g.png"), rgb);
    for (int i = 0; i < WIDTH * HEIGHT * 3; i++)
        assert_int_equal(image.pixels[i], pixels[i / 3]);
    image_free(&image);
    image = read_good(place("g.png"), values);
    assert_memory_equal(image.pixels, pixels, WIDTH * HEIGHT);
    image_free(&image);
    struct error error = {0};
    assert_int_equal(image_read(place("a.png"), &values, &image, NULL, &error), STATUS_UNSUPPORTED);
    assert_non_null(strstr(error.message, "a.png: PNG: a picture in colour"));
}

static int farthest(const struct image *image, const uint8_t *pixels)
{
    int most = 0;
    for (int i = 0; i < image->width * image->height * image->channels; i++)
        most = abs(image->pixels[i] - pixels[i]) > most ? abs(image->pixels[i] - pixels[i]) : most;
    return most;
}

static void test_jpeg(void **state)
{
    (void)state;
    uint8_t pixels[WIDTH * HEIGHT * 4], inks[WIDTH * HEIGHT * 3];
    fill_pattern(pixels, WIDTH, HEIGHT, 3, 2);
    make_jpeg(place("a.jpg"), WIDTH, HEIGHT, 3, pixels, 0);
    struct image image = read_good(place("a.jpg"), rgb);
    assert_in_range(farthest(&image, pixels), 0, 30);
    image_free(&image);
    make_jpeg(place("g.jpg"), WIDTH, HEIGHT, 1, pixels, 0);
    image = read_good(place("g.jpg"), grey);
    assert_int_equal(image.channels, 1);
    assert_in_range(farthest(&image, pixels), 0, 30);
    image_free(&image);
    memset(pixels, 200, sizeof pixels);
    make_jpeg(place("k.jpg"), WIDTH, HEIGHT, 4, pixels, 0);
    image = read_good(place("k.jpg"), rgb);
    for (size_t i = 0; i < sizeof inks; i++)
        inks[i] = 200 - (255 - 200) * 200 / 255;
    assert_in_range(farthest(&image, inks), 0, 3);
    image_free(&image);
    struct error error = {0};
    assert_int_equal(image_read(place("a.jpg"), &values, &image, NULL, &error), STATUS_UNSUPPORTED);
}

/* Each orientation puts the dark corner at the top left. */
static void test_orientation(void **state)
{
    (void)state;
    static const int corner[][2] = {{0, 0}, {1, 0}, {1, 1}, {0, 1}, {0, 0}, {0, 1}, {1, 1}, {1, 0}};
    for (int orientation = 1; orientation <= 8; orientation++) {
        uint8_t pixels[16 * 24];
        struct image_facts facts;
        struct error error = {0};
        memset(pixels, 220, sizeof pixels);
        for (int y = 0; y < 8; y++)
            for (int x = 0; x < 8; x++)
                pixels[(y + 8 * 2 * corner[orientation - 1][1]) * 16 + x + 8 * corner[orientation - 1][0]] =
                    20;
        make_jpeg(place("o.jpg"), 16, 24, 1, pixels, orientation);
        assert_int_equal(image_read_facts(place("o.jpg"), &facts, &error), STATUS_OK);
        assert_int_equal(facts.orientation, orientation);
        struct image image = read_good(place("o.jpg"), upright);
        assert_int_equal(image.width, orientation < 5 ? 16 : 24);
        assert_in_range(image.pixels[0], 0, 60);
        assert_in_range(image.pixels[3 * (image.width * image.height - 1)], 180, 255);
        image_free(&image);
        image = read_good(place("o.jpg"), rgb);
        assert_int_equal(image.width, 16);
        image_free(&image);
    }
}

/* A file that ends anywhere is refused, or, behind its last pixel, whole. */
static void try_prefixes(const char *path, size_t whole_from)
{
    size_t size;
    unsigned char *data = load(path, &size);
    for (size_t length = 0; length < size - whole_from; length++) {
        unsigned char *part = mem_new(length + 1, 1); /* of its own, so that reading beyond it is found */
        struct image image;
        struct error error = {0};
        memcpy(part, data, length);
        status code = image_decode(part, length, &upright, &image, &error);
        if (code != STATUS_FILE || image.pixels)
            fail_msg("%s: %zu of %zu bytes: status %d, %s", path, length, size, code, error.message);
        mem_free(part);
    }
    /* damage anywhere may be refused or not, but does no harm */
    for (size_t at = 8; at < size; at++) {
        struct image image;
        struct error error = {0};
        data[at] ^= 0x55;
        if (image_decode(data, size, &upright, &image, &error) == STATUS_OK)
            image_free(&image);
        data[at] ^= 0x55;
    }
    mem_free(data);
}

static void test_truncated(void **state)
{
    (void)state;
    uint8_t pixels[WIDTH * HEIGHT * 3];
    fill_pattern(pixels, WIDTH, HEIGHT, 3, 3);
    make_png(place("t.png"), WIDTH, HEIGHT, 3, pixels);
    try_prefixes(place("t.png"), 20); /* IEND, and the sum of the pixels' chunk and its stream */
    make_jpeg(place("t.jpg"), WIDTH, HEIGHT, 3, pixels, 6);
    try_prefixes(place("t.jpg"), 2);
    size_t size;
    unsigned char *data = load(place("t.jpg"), &size);
    expect_refused(data, size / 2, STATUS_FILE, "JPEG: the file is truncated: it ends at byte");
    mem_free(data);
}

static uint32_t crc(const unsigned char *data, size_t size)
{
    uint32_t sum = 0xFFFFFFFF;
    for (size_t i = 0; i < size; i++) {
        sum ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            sum = sum >> 1 ^ (sum & 1 ? 0xEDB88320 : 0);
    }
    return ~sum;
}

static void put(unsigned char *to, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        to[i] = (unsigned char)(value >> 8 * (bytes - 1 - i));
}

/* A header that promises more than there could be memory for. */
static void test_bombs(void **state)
{
    (void)state;
    uint8_t pixels[WIDTH * HEIGHT * 3] = {0};
    size_t size;
    make_png(place("b.png"), WIDTH, HEIGHT, 3, pixels);
    unsigned char *data = load(place("b.png"), &size);
    put(data + 16, 50000, 4);
    put(data + 20, 40000, 4);
    put(data + 29, crc(data + 12, 17), 4);
    expect_refused(data, size, STATUS_FILE, "a picture of 50000x40000 pixels: at most 89478485 are read");
    put(data + 16, 0, 4);
    put(data + 29, crc(data + 12, 17), 4);
    expect_refused(data, size, STATUS_FILE, "PNG: ");
    mem_free(data);
    make_jpeg(place("b.jpg"), WIDTH, HEIGHT, 3, pixels, 0);
    data = load(place("b.jpg"), &size);
    size_t at = 0;
    while (at + 9 < size && !(data[at] == 0xFF && data[at + 1] == 0xC0))
        at++;
    put(data + at + 5, 65500, 2);
    put(data + at + 7, 65500, 2);
    expect_refused(data, size, STATUS_FILE, "a picture of 65500x65500 pixels: at most");
    mem_free(data);
}

static void test_other_files(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        status code;
        const char *reason;
    } rows[] = {
        {"GIF89a..........", 16, STATUS_UNSUPPORTED, "GIF pictures are not read: PNG and JPEG are"},
        {"RIFF....WEBPVP8 ", 16, STATUS_UNSUPPORTED, "WebP pictures are not read"},
        {"II*\0............", 16, STATUS_UNSUPPORTED, "TIFF"},
        {"BM..............", 16, STATUS_UNSUPPORTED, "BMP"},
        {"<html></html>", 13, STATUS_FILE, "this is no picture"},
        {"\x89PNG\r\n\x1A\n", 8, STATUS_FILE, "PNG: the file is truncated: it ends at byte 8"},
        {"", 0, STATUS_FILE, "this is no picture"},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        expect_refused(rows[i].bytes, rows[i].size, rows[i].code, rows[i].reason);
    struct image image;
    struct error error = {0};
    assert_int_equal(image_read(folder, &rgb, &image, NULL, &error), STATUS_FILE);
    assert_non_null(strstr(error.message, "is a directory"));
    assert_true(image_is_name("a.JPEG") && image_is_name("b.png") && !image_is_name("png") &&
                !image_is_name("a.gif"));
}

static void test_resize(void **state)
{
    (void)state;
    uint8_t steps[] = {0, 100, 200, 40}, spread[4];
    struct image image = {4, 1, 1, steps}, half, same;
    struct error error = {0};
    /* Weights 1/8 3/8 3/8 1/8 without the part beyond the edge: 3/7, 3/7, 1/7. */
    assert_int_equal(image_resize(&image, 2, 1, IMAGE_BILINEAR, NULL, &half, &error), STATUS_OK);
    assert_int_equal(half.pixels[0], (0 * 3 + 100 * 3 + 200 * 1 + 3) / 7);
    assert_int_equal(half.pixels[1], (100 * 1 + 200 * 3 + 40 * 3 + 3) / 7);
    image_free(&half);
    assert_int_equal(image_resize(&image, 4, 1, IMAGE_BILINEAR, NULL, &same, &error), STATUS_OK);
    assert_memory_equal(same.pixels, steps, sizeof steps);
    image_free(&same);
    assert_int_equal(image_resize(&image, 2, 2, IMAGE_NEAREST, NULL, &half, &error), STATUS_OK);
    memcpy(spread, (uint8_t[]){100, 40, 100, 40}, 4);
    assert_memory_equal(half.pixels, spread, 4);
    image_free(&half);
    assert_int_equal(image_resize(&image, 0, 2, IMAGE_NEAREST, NULL, &half, &error), STATUS_FILE);
    assert_int_equal(image_resize(&image, 1 << 20, 1 << 20, IMAGE_BILINEAR, NULL, &half, &error),
                     STATUS_FILE);
}

/* Columns hold their own number, so that the middle tells where it was cut. */
static void test_middle(void **state)
{
    (void)state;
    static const struct {
        int size, crop, first; /* first: the column seen first, or minus the columns filled before it */
    } rows[] = {{10, 4, 3}, {9, 4, 2}, {7, 4, 2}, {5, 4, 0}, {11, 4, 4}, {4, 4, 0}, {3, 6, -1}, {2, 6, -2}};
    uint8_t columns[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct image image = {rows[i].size, 1, 1, columns}, cut;
        struct preparation how = {.crop_width = rows[i].crop, .crop_height = 1};
        struct error error = {0};
        assert_int_equal(image_prepare(&image, &how, &cut, &error), STATUS_OK);
        assert_int_equal(cut.width, rows[i].crop);
        for (int x = 0; x < cut.width; x++) {
            int from = x + rows[i].first;
            assert_int_equal(cut.pixels[x], from < 0 || from >= rows[i].size ? 0 : columns[from]);
        }
        image_free(&cut);
    }
    int width, height;
    struct error error = {0};
    struct preparation how = {.shorter = 256};
    assert_int_equal(prepare_scaled_size(&how, 500, 375, &width, &height, &error), STATUS_OK);
    assert_int_equal(width, 341);
    assert_int_equal(height, 256);
    assert_int_equal(prepare_scaled_size(&how, 333, 500, &width, &height, &error), STATUS_OK);
    assert_int_equal(width, 256);
    assert_int_equal(height, 384);
    assert_int_equal(prepare_scaled_size(&how, 20000, 2, &width, &height, &error), STATUS_FILE);
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    uint8_t pixels[WIDTH * HEIGHT * 3];
    const struct preparation how = {.shorter = 6, .crop_width = 8, .crop_height = 8};
    fill_pattern(pixels, WIDTH, HEIGHT, 3, 4);
    make_png(place("m.png"), WIDTH, HEIGHT, 3, pixels);
    status code = STATUS_MEMORY;
    for (long nth = 1; code != STATUS_OK; nth++) {
        struct image image, ready = {0};
        struct error error = {0};
        assert_true(nth < 200);
        mem_fail_at(nth);
        code = image_read(place("m.png"), &upright, &image, NULL, &error);
        if (code == STATUS_OK) {
            code = image_prepare(&image, &how, &ready, &error);
            image_free(&image);
        }
        mem_fail_at(0);
        if (code != STATUS_OK)
            assert_int_equal(error.code, STATUS_MEMORY);
        image_free(&ready);
    }
}

static int begin(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    static const char *const names[] = {"a.png", "g.png", "t.png", "b.png", "m.png", "a.jpg",
                                        "g.jpg", "k.jpg", "o.jpg", "t.jpg", "b.jpg"};
    for (size_t i = 0; i < COUNT(names); i++)
        unlink(place(names[i]));
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_png),
        cmocka_unit_test(test_jpeg),
        cmocka_unit_test(test_orientation),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_bombs),
        cmocka_unit_test(test_other_files),
        cmocka_unit_test(test_resize),
        cmocka_unit_test(test_middle),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests_name("image", tests, begin, end);
}
