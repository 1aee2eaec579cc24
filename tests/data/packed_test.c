/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Data sets as they are downloaded: packed. A packed set and the same one unpacked are the same data, and
 * what is damaged is named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>

#include "archive/package_write.h"
#include "base/file.h"
#include "base/memory.h"
#include "data/dataset.h"

enum { IMAGES = 3, PIXELS = 3072, BATCH_MOST = IMAGES * PIXELS + 512, IDX_BYTES = 16 + IMAGES * 28 * 28 };

static char root[] = "/tmp/ippro-packed-XXXXXX";

static const char *place(const char *name)
{
    static char paths[4][sizeof root + 80];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof *paths, "%s/%s", root, name);
    return path;
}

static void put(const char *name, const void *bytes, size_t size)
{
    struct error error = {0};
    assert_int_equal(file_replace(place(name), bytes, size, &error), STATUS_OK);
}

static struct dataset *open_set(const char *kind, const char *name, const char *split)
{
    struct dataset *dataset = NULL;
    struct error error = {0};
    const struct dataset_options options = {.split = split};
    if (dataset_open(dataset_kind_find(kind), place(name), &options, &dataset, &error) != STATUS_OK)
        fail_msg("%s %s: %s", kind, name, error.message);
    return dataset;
}

static void expect_refused(const char *kind, const char *name, const char *reason)
{
    struct dataset *dataset = NULL;
    struct error error = {0};
    const struct dataset_options options = {.split = "test"};
    status code = dataset_open(dataset_kind_find(kind), place(name), &options, &dataset, &error);
    assert_null(dataset);
    assert_int_not_equal(code, STATUS_OK);
    if (!strstr(error.message, name) || !strstr(error.message, reason))
        fail_msg("%s %s: \"%s\", expected \"%s\"", kind, name, error.message, reason);
}

/* What was packed, unpacked; both are freed. */
static void expect_equal(struct dataset *packed, struct dataset *plain)
{
    struct error error = {0};
    assert_int_equal(packed->count, plain->count);
    assert_int_equal(packed->classes, plain->classes);
    assert_string_equal(dataset_digest(packed), dataset_digest(plain));
    const size_t pixels = (size_t)plain->channels * (size_t)plain->height * (size_t)plain->width;
    float *one = mem_new(pixels, sizeof *one), *other = mem_new(pixels, sizeof *other);
    for (int64_t i = 0; i < plain->count; i++) {
        int64_t label, expected;
        assert_int_equal(dataset_image(packed, i, ELEMENT_FLOAT, one, &label, &error), STATUS_OK);
        assert_int_equal(dataset_image(plain, i, ELEMENT_FLOAT, other, &expected, &error), STATUS_OK);
        assert_int_equal(label, expected);
        assert_memory_equal(one, other, pixels * sizeof *one);
    }
    mem_free(one);
    mem_free(other);
    dataset_free(packed);
    dataset_free(plain);
}

/* A file in a packed tar, or (name NULL) a packed file alone. */
static void pack(const char *file, const char *name, const void *bytes, size_t size)
{
    struct archive *archive = archive_write_new();
    struct archive_entry *entry = archive_entry_new();
    archive_write_add_filter_gzip(archive);
    if (name)
        archive_write_set_format_pax_restricted(archive);
    else
        archive_write_set_format_raw(archive);
    assert_int_equal(archive_write_open_filename(archive, place(file)), ARCHIVE_OK);
    archive_entry_set_pathname(entry, name ? name : "data");
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, (int64_t)size);
    assert_int_equal(archive_write_header(archive, entry), ARCHIVE_OK);
    assert_int_equal(archive_write_data(archive, bytes, size), (int)size);
    archive_entry_free(entry);
    assert_int_equal(archive_write_free(archive), ARCHIVE_OK);
}

/* The first half of a file under another name. */
static void halve(const char *name, const char *half)
{
    struct error error = {0};
    unsigned char *bytes;
    size_t size;
    assert_int_equal(file_read_unnoted(place(name), 1 << 20, &bytes, &size, &error), STATUS_OK);
    put(half, bytes, size / 2);
    mem_free(bytes);
}

/* --- CIFAR ---------------------------------------------------------------------------------------------- */

static uint8_t pixel(int i)
{
    return (uint8_t)(i % 251);
}

static size_t append(uint8_t *to, size_t size, const void *bytes, size_t count)
{
    memcpy(to + size, bytes, count);
    return size + count;
}

/* A dict as Python 2 and NumPy wrote it, with the labels 1, 2 and 3 under each key. */
static size_t make_pickle(uint8_t *to, const char *const *keys)
{
    static const char head[] =
        "\x80\2}(U\4datacnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\0\x85U\1bt"
        "R(K\1K\3M\0\x0C\x86"
        "cnumpy\ndtype\nU\2u1K\0K\1\x87R(K\3U\1|NNNJ\xFF\xFF\xFF\xFFJ\xFF\xFF\xFF\xFFK\0tb\x89T"
        "\0\x24\0\0";
    static const char labels[] = "](K\1K\2K\3e";
    size_t size = append(to, 0, head, sizeof head - 1);
    for (int i = 0; i < IMAGES * PIXELS; i++)
        to[size++] = pixel(i);
    size = append(to, size, "tb", 2);
    for (; *keys; keys++) {
        const uint8_t name[] = {'U', (uint8_t)strlen(*keys)};
        size = append(to, size, name, sizeof name);
        size = append(to, size, *keys, strlen(*keys));
        size = append(to, size, labels, sizeof labels - 1);
    }
    return append(to, size, "u.", 2);
}

static size_t make_records(uint8_t *to, int label_bytes)
{
    size_t size = 0;
    for (int i = 0; i < IMAGES; i++) {
        for (int k = 0; k < label_bytes; k++)
            to[size++] = (uint8_t)(i + 1);
        for (int k = 0; k < PIXELS; k++)
            to[size++] = pixel(i * PIXELS + k);
    }
    return size;
}

static void test_cifar(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *tar, *member, *pickle, *records;
        const char *keys[3];
        int label_bytes;
    } rows[] = {
        {"cifar10",
         "cifar-10-python.tar.gz",
         "cifar-10-batches-py/test_batch",
         "test_batch",
         "test_batch.bin",
         {"labels"},
         1},
        {"cifar100",
         "cifar-100-python.tar.gz",
         "cifar-100-python/test",
         "test",
         "test.bin",
         {"coarse_labels", "fine_labels"},
         2},
    };
    static uint8_t pickle[BATCH_MOST], records[BATCH_MOST];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const size_t size = make_pickle(pickle, rows[i].keys);
        put(rows[i].pickle, pickle, size);
        put(rows[i].records, records, make_records(records, rows[i].label_bytes));
        pack(rows[i].tar, rows[i].member, pickle, size);
        expect_equal(open_set(rows[i].kind, rows[i].pickle, "test"),
                     open_set(rows[i].kind, rows[i].records, "test"));
        expect_equal(open_set(rows[i].kind, rows[i].tar, "test"),
                     open_set(rows[i].kind, rows[i].records, "test"));
        halve(rows[i].tar, "cut.tar.gz");
        expect_refused(rows[i].kind, "cut.tar.gz", "");
        pack("open.tar.gz", rows[i].member, pickle, size - 1);
        expect_refused(rows[i].kind, "open.tar.gz", "");
        pack("other.tar.gz", "readme", "hello", 5);
        expect_refused(rows[i].kind, "other.tar.gz", "");
        pack("train.tar.gz", i == 0 ? "data_batch_1" : "train", "hello", 5);
        expect_refused(rows[i].kind, "train.tar.gz", "is in it; split=train would read what is");
    }
}

/* --- MNIST ---------------------------------------------------------------------------------------------- */

static void test_idx(void **state)
{
    (void)state;
    static uint8_t images[IDX_BYTES] = {0, 0, 8, 3, 0, 0, 0, IMAGES, 0, 0, 0, 28, 0, 0, 0, 28};
    static const uint8_t labels[] = {0, 0, 8, 1, 0, 0, 0, IMAGES, 4, 0, 9};
    for (int i = 16; i < IDX_BYTES; i++)
        images[i] = pixel(i);
    mkdir(place("plain"), 0700);
    mkdir(place("gz"), 0700);
    mkdir(place("cut"), 0700);
    put("plain/t10k-images-idx3-ubyte", images, sizeof images);
    put("plain/t10k-labels-idx1-ubyte", labels, sizeof labels);
    pack("gz/t10k-images-idx3-ubyte.gz", NULL, images, sizeof images);
    pack("gz/t10k-labels-idx1-ubyte.gz", NULL, labels, sizeof labels);
    expect_equal(open_set("idx", "gz", "test"), open_set("idx", "plain", "test"));
    halve("gz/t10k-images-idx3-ubyte.gz", "cut/t10k-images-idx3-ubyte.gz");
    pack("cut/t10k-labels-idx1-ubyte.gz", NULL, labels, sizeof labels);
    expect_refused("idx", "cut", "t10k-images-idx3-ubyte.gz");
}

/* --- NumPy ---------------------------------------------------------------------------------------------- */

struct block {
    const char *header; /* of the array's file, behind its first ten bytes: 118 bytes with its newline */
    const uint8_t *bytes;
    size_t size;
};

enum { NPY_HEADER = 128 };

static void fill_array(const void *argument, unsigned char *out)
{
    const struct block *block = argument;
    memset(out, ' ', NPY_HEADER);
    memcpy(out, "\x93NUMPY\1\0\x76\0", 10);
    memcpy(out + 10, block->header, strlen(block->header));
    out[NPY_HEADER - 1] = '\n';
    memcpy(out + NPY_HEADER, block->bytes, block->size);
}

static void test_npz(void **state)
{
    (void)state;
    static uint8_t pixels[IMAGES * PIXELS];
    static unsigned char alone[NPY_HEADER + IMAGES * PIXELS];
    static const uint8_t numbers[IMAGES] = {2, 0, 1};
    for (int i = 0; i < IMAGES * PIXELS; i++)
        pixels[i] = pixel(i);
    const struct block x = {"{'descr': '|u1', 'fortran_order': False, 'shape': (3, 32, 32, 3), }", pixels,
                            sizeof pixels};
    const struct block y = {"{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }", numbers,
                            sizeof numbers};
    struct package_source members[] = {{"x.npy", NPY_HEADER + x.size, fill_array, &x},
                                       {"y.npy", NPY_HEADER + y.size, fill_array, &y}};
    struct error error = {0};
    assert_int_equal(package_write(place("set.npz"), members, 2, &error), STATUS_OK);
    fill_array(&x, alone);
    put("x.npy", alone, sizeof alone);
    fill_array(&y, alone);
    put("y.npy", alone, NPY_HEADER + y.size);
    struct dataset *packed = open_set("npy", "set.npz", NULL), *plain = NULL;
    const struct dataset_options with = {.labels = place("y.npy")};
    assert_int_equal(dataset_open(dataset_kind_find("npy"), place("x.npy"), &with, &plain, &error),
                     STATUS_OK);
    expect_equal(packed, plain);
    halve("set.npz", "cut.npz");
    expect_refused("npy", "cut.npz", "");
    assert_int_equal(package_write(place("bare.npz"), members + 1, 1, &error), STATUS_OK);
    expect_refused("npy", "bare.npz", "");
}

static int make_root(void **state)
{
    (void)state;
    return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
    char command[sizeof root + 16];
    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cifar),
        cmocka_unit_test(test_idx),
        cmocka_unit_test(test_npz),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
