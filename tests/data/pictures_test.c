/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Data sets as researchers have them: folders and lists of pictures, MNIST's files, arrays of NumPy, CIFAR's
 * pickles; and what is wrong with them. */
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

#include "base/file.h"
#include "base/inputs.h"
#include "base/memory.h"
#include "data/dataset.h"
#include "support/picture_make.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { SIDE = 8, PIXELS = SIDE * SIDE * 3 };

static char root[] = "/tmp/ippro-pictures-XXXXXX";
static const struct dataset_options none;
/* Pictures as they are. */
#define AS_THEY_ARE .fitting = {.resize = "none", .crop = "none"}

static const char *place(const char *name)
{
    static char paths[4][sizeof root + 80];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof *paths, "%s/%s", root, name);
    return path;
}

/* With its folders. */
static const char *room(const char *name)
{
    const char *path = place(name);
    char part[200];
    for (const char *slash = path + sizeof root; (slash = strchr(slash, '/')); slash++) {
        snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
        mkdir(part, 0700);
    }
    return path;
}

static void put_bytes(const char *name, const void *bytes, size_t size)
{
    struct error error = {0};
    if (file_replace(room(name), bytes, size, &error) != STATUS_OK)
        fail_msg("%s", error.message);
}

static void put_text(const char *name, const char *text)
{
    put_bytes(name, text, strlen(text));
}

static void put_picture(const char *name, int seed)
{
    uint8_t pixels[PIXELS];
    fill_pattern(pixels, SIDE, SIDE, 3, seed);
    make_png(room(name), SIDE, SIDE, 3, pixels);
}

static struct dataset *open_set(const char *kind, const char *path, struct dataset_options options)
{
    struct dataset *dataset = NULL;
    struct error error = {0};
    if (dataset_open(dataset_kind_find(kind), path, &options, &dataset, &error) != STATUS_OK)
        fail_msg("%s %s: %s", kind, path, error.message);
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
        fail_msg("%s %s: status %d, \"%s\", expected \"%s\"", kind, path, got, error.message, reason);
}

/* The labels in order, and the first pixels are those of the picture with that seed. */
static void expect_images(const struct dataset *dataset, const int64_t *labels, const int *seeds,
                          int64_t count)
{
    struct error error = {0};
    float *image = mem_new((size_t)(dataset->channels * dataset->height * dataset->width), sizeof *image);
    int64_t *all = NULL;
    assert_int_equal(dataset->count, count);
    assert_int_equal(dataset_labels(dataset, &all, &error), STATUS_OK);
    for (int64_t i = 0; i < count; i++) {
        uint8_t pixels[PIXELS];
        int64_t label;
        fill_pattern(pixels, SIDE, SIDE, 3, seeds[i]);
        if (dataset_image(dataset, i, ELEMENT_FLOAT, image, &label, &error) != STATUS_OK)
            fail_msg("%s", error.message);
        assert_int_equal(label, labels[i]);
        assert_int_equal(all[i], labels[i]);
        for (int c = 0; c < 3; c++)
            for (int k = 0; k < SIDE * SIDE; k++)
                assert_true(image[c * SIDE * SIDE + k] == (float)(pixels[3 * k + c] / 255.0));
    }
    mem_free(all);
    mem_free(image);
}

static void test_folder(void **state)
{
    (void)state;
    const struct dataset_options plain = {AS_THEY_ARE};
    put_picture("set/train/dog/b.png", 1);
    put_picture("set/train/dog/a.png", 2);
    put_picture("set/train/cat/deep/c.png", 3);
    put_picture("set/val/cat/x.png", 4);
    put_text("set/train/cat/notes.txt", "no picture");
    struct dataset *dataset = open_set("folder", place("set"), plain);
    assert_string_equal(dataset->split, "train");
    assert_string_equal(dataset->class_names[0], "cat");
    assert_string_equal(dataset->class_names[1], "dog");
    assert_non_null(strstr(dataset->note, "1 files are no pictures"));
    assert_string_equal(dataset->prepared, "resize=none crop=none channels=3");
    expect_images(dataset, (int64_t[]){0, 1, 1}, (int[]){3, 2, 1}, 3);
    char digest[DIGEST_SIZE];
    memcpy(digest, dataset_digest(dataset), sizeof digest);
    dataset_free(dataset);
    dataset = open_set("folder", place("set"), (struct dataset_options){.split = "val", AS_THEY_ARE});
    expect_images(dataset, (int64_t[]){0}, (int[]){4}, 1);
    assert_string_not_equal(dataset_digest(dataset), digest);
    dataset_free(dataset);
    /* The list comes first where it has the folders; another size is another set. */
    put_text("set/classes.txt", "n1 bird\ndog\nfish\ncat\n");
    dataset = open_set("folder", place("set/train"),
                       (struct dataset_options){.fitting = {.resize = "4", .crop = "4"}});
    assert_int_equal(dataset->classes, 4);
    assert_int_equal(dataset->width, 4);
    assert_string_not_equal(dataset_digest(dataset), digest);
    dataset_free(dataset);
    dataset = open_set("folder", place("set/train"), plain);
    expect_images(dataset, (int64_t[]){3, 1, 1}, (int[]){3, 2, 1}, 3);
    assert_string_equal(dataset_digest(dataset), dataset_digest(dataset));
    dataset_free(dataset);
    expect_refused("folder", place("set"), (struct dataset_options){.split = "test"}, STATUS_FILE,
                   "no folder test is there; split=train would read ");
    expect_refused("folder", place("set"), (struct dataset_options){.split = "dev"}, STATUS_USAGE,
                   "expected train, val, test or all");
    expect_refused("folder", place("nowhere"), none, STATUS_FILE, "nowhere: ");
    mkdir(place("void"), 0700);
    expect_refused("folder", place("void"), none, STATUS_FILE, "no folder per class is there");
    const struct dataset_kind *kind = NULL;
    struct error error = {0};
    assert_int_equal(dataset_kind_recognise(place("set"), &kind, &error), STATUS_OK);
    assert_string_equal(kind->name, "folder");
    assert_int_equal(dataset_kind_recognise(place("void"), &kind, &error), STATUS_NOT_FOUND);
    assert_int_equal(inputs_protect(place("set/val/cat/x.png"), false, &error), STATUS_STATE);
}

static void test_flat(void **state)
{
    (void)state;
    const struct dataset_options plain = {AS_THEY_ARE};
    put_picture("net/train/n00000002/a.png", 0);
    put_picture("net/train/n00000001/a.png", 0);
    put_picture("net/val/v2.png", 5);
    put_picture("net/val/v1.png", 6);
    expect_refused("imagenet", place("net"), plain, STATUS_FILE, "labels=FILE");
    put_text("net/val/val.txt", "v2.png n00000002\nv1 n00000001\n");
    struct dataset *dataset = open_set("imagenet", place("net"), plain);
    assert_string_equal(dataset->normalization, "imagenet");
    assert_string_equal(dataset->split, "val");
    dataset_free(dataset);
    dataset = open_set("folder", place("net"), (struct dataset_options){.split = "val", AS_THEY_ARE});
    expect_images(dataset, (int64_t[]){1, 0}, (int[]){5, 6}, 2);
    dataset_free(dataset);
    put_text("net/truth.txt", "1\n0\n");
    dataset =
        open_set("folder", place("net"),
                 (struct dataset_options){.split = "val", .labels = place("net/truth.txt"), AS_THEY_ARE});
    expect_images(dataset, (int64_t[]){1, 0}, (int[]){6, 5}, 2);
    dataset_free(dataset);
    put_text("net/truth.txt", "1\n0\n1\n");
    expect_refused("folder", place("net"),
                   (struct dataset_options){.split = "val", .labels = place("net/truth.txt"), AS_THEY_ARE},
                   STATUS_FILE, "3 labels for the 2 pictures");
    const struct dataset_kind *kind = NULL;
    struct error error = {0};
    assert_int_equal(dataset_kind_recognise(place("net"), &kind, &error), STATUS_OK);
    assert_string_equal(kind->name, "imagenet");
}

static void test_lists(void **state)
{
    (void)state;
    const struct dataset_options plain = {AS_THEY_ARE};
    put_picture("list/a b.png", 7);
    put_picture("list/in/c.png", 8);
    static const struct {
        const char *text;
        int64_t labels[2];
    } good[] = {
        {"path,label\n\"a b.png\",zebra\nin/c.png,ant\n", {1, 0}},
        {"\xEF\xBB\xBFid\tclass\timage\n1\t4\ta b.png\r\n2\t0\tin/c.png\r\n", {4, 0}},
        {"# a remark\n\"a b.png\";2\n\nin/c.png;0\n", {2, 0}},
        {"\"a b.png\" 1\nin/c 0", {1, 0}},
    };
    for (size_t i = 0; i < COUNT(good); i++) {
        put_text("list/l.csv", good[i].text);
        struct dataset *dataset = open_set("csv", place("list/l.csv"), plain);
        expect_images(dataset, good[i].labels, (int[]){7, 8}, 2);
        dataset_free(dataset);
    }
    static const struct {
        const char *text, *reason;
    } bad[] = {
        {"in/c.png,0\nin/d.png,1\n", "l.csv: line 2: "},
        {"in/c.png,0\nin/c.png\n", "line 2: 1 fields"},
        {"in/c.png,\n", "line 1: the label is empty"},
        {"in/c.png,-1\n", "line 1: label -1, but labels are 0 to"},
        {"in/c.png,123456789\n", "line 1: label 123456789"},
        {"path,label\n", "no line has a label"},
        {"\n\n", "no line has a label"},
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        put_text("list/l.csv", bad[i].text);
        expect_refused("csv", place("list/l.csv"), plain, STATUS_FILE, bad[i].reason);
    }
    put_bytes("list/l.csv", "a\0b", 3);
    expect_refused("csv", place("list/l.csv"), plain, STATUS_FILE, "byte 1 is 0");
    expect_refused("csv", place("list"), plain, STATUS_FILE, "is a directory");
    expect_refused("csv", place("list/l.csv"), (struct dataset_options){.labels = "x"}, STATUS_USAGE,
                   "labels=");
    expect_refused("csv", place("list/l.csv"), (struct dataset_options){.fitting = {.crop = "0"}},
                   STATUS_USAGE, "crop: '0'");
    expect_refused("csv", place("list/l.csv"), (struct dataset_options){.fitting = {.resize = "3x"}},
                   STATUS_USAGE, "resize: '3x'");
}

static void test_corrupt(void **state)
{
    (void)state;
    struct dataset_options options = {AS_THEY_ARE};
    struct error error = {0};
    float image[PIXELS];
    int64_t label;
    put_picture("bad/one/a.png", 1);
    put_picture("bad/one/c.png", 2);
    put_picture("bad/two/d.png", 3);
    put_text("bad/one/b.png", "this is no picture");
    struct dataset *dataset = open_set("folder", place("bad"), options);
    assert_int_equal(dataset->count, 4);
    assert_int_equal(dataset_image(dataset, 1, ELEMENT_FLOAT, image, &label, &error), STATUS_FILE);
    assert_non_null(strstr(error.message, "bad/one/b.png: this is no picture"));
    put_picture("bad/two/d.png", 4);
    assert_int_equal(truncate(place("bad/two/d.png"), 60), 0);
    assert_int_equal(dataset_image(dataset, 3, ELEMENT_FLOAT, image, &label, &error), STATUS_FILE);
    put_text("bad/one/b.png", "another text of another length");
    dataset_free(dataset);
    options.skip_corrupt = true;
    dataset = open_set("folder", place("bad"), options);
    assert_non_null(
        strstr(dataset->note, "2 of 4 pictures cannot be read and are left out: one/b.png, two/d.png"));
    expect_images(dataset, (int64_t[]){0, 0}, (int[]){1, 2}, 2);
    /* What changes behind our back is noticed. */
    uint8_t large[64 * 64 * 3];
    fill_pattern(large, 64, 64, 3, 1);
    make_png(place("bad/one/a.png"), 64, 64, 3, large);
    assert_int_equal(dataset_image(dataset, 0, ELEMENT_FLOAT, image, &label, &error), STATUS_FILE);
    assert_non_null(strstr(error.message, "it has changed"));
    dataset_free(dataset);
    /* Without a crop, another size is refused. */
    dataset = open_set("folder", place("bad"), (struct dataset_options){AS_THEY_ARE});
    assert_int_equal(dataset->width, 64);
    assert_int_equal(dataset_image(dataset, 2, ELEMENT_FLOAT, large, &label, &error), STATUS_FILE);
    assert_non_null(strstr(error.message, "comes to 8x8 pixels"));
    dataset_free(dataset);
    expect_refused("shapes", NULL, (struct dataset_options){.skip_corrupt = true}, STATUS_USAGE, "corrupt=");
}

/* --- IDX ------------------------------------------------------------------------------------------------ */

static void put_idx(const char *name, int rank, int count, int rest)
{
    uint8_t bytes[16 + 3 * 4 + 400] = {0, 0, 8, (uint8_t)rank};
    const int dims[3] = {count, 4, 3};
    for (int i = 0; i < rank; i++)
        bytes[4 + 4 * i + 3] = (uint8_t)dims[i];
    const int size = rank == 1 ? count : count * 12;
    for (int i = 0; i < size; i++)
        bytes[4 + 4 * rank + i] = (uint8_t)(rank == 1 ? i % 7 : 5 * i);
    put_bytes(name, bytes, (size_t)(4 + 4 * rank + size + rest));
}

static void test_idx(void **state)
{
    (void)state;
    struct error error = {0};
    double image[3 * 12];
    int64_t label;
    put_idx("idx/t10k-images-idx3-ubyte", 3, 5, 0);
    put_idx("idx/t10k-labels-idx1-ubyte", 1, 5, 0);
    struct dataset *dataset = open_set("idx", place("idx"), (struct dataset_options){.split = "test"});
    assert_int_equal(dataset->count, 5);
    assert_int_equal(dataset->channels, 1);
    assert_int_equal(dataset->height, 4);
    assert_int_equal(dataset->width, 3);
    assert_int_equal(dataset->classes, 5);
    assert_int_equal(dataset_memory(dataset), 0);
    assert_int_equal(dataset_image(dataset, 3, ELEMENT_DOUBLE, image, &label, &error), STATUS_OK);
    assert_int_equal(label, 3);
    for (int i = 0; i < 12; i++)
        assert_true(image[i] == (uint8_t)(5 * (36 + i)) / 255.0);
    dataset_free(dataset);
    /* As three channels, and cropped, for a network of colours. */
    dataset = open_set("idx", place("idx/t10k-images-idx3-ubyte"),
                       (struct dataset_options){.fitting = {.channels = 3, .crop = "2"}});
    assert_int_equal(dataset->channels, 3);
    assert_string_equal(dataset->split, "test");
    assert_int_equal(dataset_image(dataset, 0, ELEMENT_DOUBLE, image, &label, &error), STATUS_OK);
    assert_true(image[0] == 15 / 255.0 && image[4] == image[0] && image[8] == image[0]);
    dataset_free(dataset);
    expect_refused(
        "idx", place("idx"), none, STATUS_FILE,
        "no train-images-idx3-ubyte (or .gz), which goes with train-labels-idx1-ubyte, is in this folder");
    expect_refused("idx", place("idx"), none, STATUS_FILE, "; split=test would read /");
    expect_refused("idx", place("idx"), none, STATUS_FILE, "/idx/t10k-images-idx3-ubyte, which is there");
    put_idx("idx/t10k-labels-idx1-ubyte", 1, 4, 0);
    expect_refused("idx", place("idx/t10k-images-idx3-ubyte"), none, STATUS_FILE,
                   "4 labels for the 5 images");
    put_idx("idx/t10k-images-idx3-ubyte", 3, 5, 1);
    expect_refused("idx", place("idx/t10k-images-idx3-ubyte"), none, STATUS_FILE, "ask for 60 bytes");
    put_idx("idx/t10k-images-idx3-ubyte", 2, 5, 40);
    expect_refused("idx", place("idx/t10k-images-idx3-ubyte"), none, STATUS_FILE, "2 dimensions, expected 3");
    const uint8_t huge[] = {0, 0, 8, 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
    put_bytes("idx/t10k-images-idx3-ubyte", huge, sizeof huge);
    expect_refused("idx", place("idx/t10k-images-idx3-ubyte"), none, STATUS_FILE, "too large");
    put_text("idx/t10k-images-idx3-ubyte", "PK");
    expect_refused("idx", place("idx/t10k-images-idx3-ubyte"), none, STATUS_FILE, "no IDX file");
    put_bytes("idx/t10k-images-idx3-ubyte", "\0\0\x0D\3", 4);
    expect_refused("idx", place("idx/t10k-images-idx3-ubyte"), none, STATUS_UNSUPPORTED,
                   "elements of type 0x0d");
}

/* --- NumPy ---------------------------------------------------------------------------------------------- */

static void put_npy(const char *name, const char *type, const char *shape, const void *data, size_t size)
{
    char bytes[2048];
    int length =
        snprintf(bytes + 10, 118, "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", type, shape);
    memcpy(bytes, "\x93NUMPY\1\0\x76\0", 10);
    memset(bytes + 10 + length, ' ', (size_t)(117 - length));
    bytes[127] = '\n';
    memcpy(bytes + 128, data, size);
    put_bytes(name, bytes, 128 + size);
}

static void test_npy(void **state)
{
    (void)state;
    struct error error = {0};
    uint8_t bytes[2 * 60];
    float floats[24], image[60];
    int64_t label, labels[] = {3, 1};
    for (int i = 0; i < 120; i++)
        bytes[i] = (uint8_t)(2 * i);
    for (int i = 0; i < 24; i++)
        floats[i] = (float)i / 7 - 1;
    put_npy("npy/images.npy", "|u1", "2, 5, 4, 3", bytes, 120);
    expect_refused("npy", place("npy/images.npy"), none, STATUS_FILE, "labels=FILE");
    put_npy("npy/labels.npy", "<i8", "2,", labels, sizeof labels);
    struct dataset *dataset = open_set("npy", place("npy/images.npy"), none);
    assert_int_equal(dataset->channels, 3);
    assert_int_equal(dataset->height, 5);
    assert_int_equal(dataset->width, 4);
    assert_int_equal(dataset->classes, 4);
    assert_int_equal(dataset_image(dataset, 1, ELEMENT_FLOAT, image, &label, &error), STATUS_OK);
    assert_int_equal(label, 1);
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < 20; i++)
            assert_true(image[c * 20 + i] == (float)(bytes[60 + 3 * i + c] / 255.0));
    dataset_free(dataset);
    put_npy("npy/x.npy", "<f4", "2, 3, 2, 2", floats, sizeof floats);
    dataset =
        open_set("npy", place("npy/x.npy"), (struct dataset_options){.labels = place("npy/labels.npy")});
    assert_true(dataset->finished);
    assert_int_equal(dataset_image(dataset, 1, ELEMENT_FLOAT, image, &label, &error), STATUS_OK);
    assert_memory_equal(image, floats + 12, 12 * sizeof *floats);
    struct dataset view;
    assert_int_equal(dataset_view(dataset, "half", &view, &error), STATUS_USAGE);
    dataset_free(dataset);
    expect_refused("npy", place("npy/x.npy"), (struct dataset_options){.normalization = "half"}, STATUS_USAGE,
                   "finished tensors");
    expect_refused("npy", place("npy/x.npy"), (struct dataset_options){.fitting = {.crop = "2"}},
                   STATUS_USAGE, "finished tensors");
    labels[1] = -4;
    put_npy("npy/labels.npy", "<i8", "2,", labels, sizeof labels);
    expect_refused("npy", place("npy/x.npy"), none, STATUS_FILE, "label -4 of image 1");
    put_npy("npy/labels.npy", "<i8", "1,", labels, 8);
    expect_refused("npy", place("npy/x.npy"), none, STATUS_FILE, "1 labels for the 2 images");
    put_npy("npy/labels.npy", "<f4", "2,", floats, 8);
    expect_refused("npy", place("npy/x.npy"), none, STATUS_FILE, "whole numbers");
    expect_refused("npy", place("npy/labels.npy"),
                   (struct dataset_options){.labels = place("npy/labels.npy")}, STATUS_FILE,
                   "an array of float32 2");
}

/* --- CIFAR as pickles ----------------------------------------------------------------------------------- */

/* Two images as Python 2 and NumPy wrote them; the label of the second is `label`. */
static void put_pickle(const char *name, int label)
{
    static const char head[] =
        "\x80\2}(U\4datacnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\0\x85U\1bt"
        "R(K\1K\2M\0\x0C\x86"
        "cnumpy\ndtype\nU\2u1K\0K\1\x87R(K\3U\1|NNNJ\xFF\xFF\xFF\xFFJ\xFF\xFF\xFF\xFFK\0tb\x89T"
        "\0\x18\0\0";
    static uint8_t bytes[sizeof head + 6144 + 40];
    size_t size = sizeof head - 1;
    memcpy(bytes, head, size);
    for (int i = 0; i < 6144; i++)
        bytes[size++] = (uint8_t)(i % 251);
    memcpy(bytes + size, "tbU\6labels](K\3K", 15);
    size += 15;
    bytes[size++] = (uint8_t)label;
    memcpy(bytes + size, "eu.", 3);
    put_bytes(name, bytes, size + 3);
}

static void test_cifar_pickle(void **state)
{
    (void)state;
    struct error error = {0};
    float image[3072];
    int64_t label;
    static uint8_t records[2 * 3073];
    put_pickle("py/cifar-10-batches-py/test_batch", 7);
    for (int i = 0; i < 2; i++) {
        records[3073 * i] = i ? 7 : 3;
        for (int k = 0; k < 3072; k++)
            records[3073 * i + 1 + k] = (uint8_t)((3072 * i + k) % 251);
    }
    put_bytes("binary/test_batch.bin", records, sizeof records);
    struct dataset *dataset = open_set("cifar10", place("py"), (struct dataset_options){.split = "test"});
    struct dataset *binary = open_set("cifar10", place("binary"), (struct dataset_options){.split = "test"});
    assert_int_equal(dataset->count, 2);
    assert_string_equal(dataset_digest(dataset), dataset_digest(binary));
    assert_int_equal(dataset_image(dataset, 1, ELEMENT_FLOAT, image, &label, &error), STATUS_OK);
    assert_int_equal(label, 7);
    for (int k = 0; k < 3072; k++)
        assert_true(image[k] == (float)((3072 + k) % 251 / 255.0));
    dataset_free(dataset);
    dataset_free(binary);
    put_pickle("py/cifar-10-batches-py/test_batch", 10);
    expect_refused("cifar10", place("py/cifar-10-batches-py/test_batch"), none, STATUS_FILE,
                   "record 1 has label 10, but labels are 0 to 9");
    put_text("py/cifar-10-batches-py/test_batch", "\x80\2K\1.");
    expect_refused("cifar10", place("py/cifar-10-batches-py/test_batch"), none, STATUS_FILE,
                   "expected a dict");
    put_text("py/cifar-10-batches-py/test_batch", "\x80\2}.");
    expect_refused("cifar10", place("py/cifar-10-batches-py/test_batch"), none, STATUS_FILE,
                   "the dict has no 'data'");
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    put_picture("full/ant/a.png", 1);
    put_picture("full/bee/b.png", 2);
    put_text("full/classes.txt", "bee\nant\n");
    put_text("full/list.csv", "ant/a.png,5\nbee/b.png,6\n");
    put_idx("full/t10k-images-idx3-ubyte", 3, 2, 0);
    put_idx("full/t10k-labels-idx1-ubyte", 1, 2, 0);
    put_pickle("full/test_batch", 1);
    static const struct {
        const char *kind, *path;
    } rows[] = {{"folder", "full"},
                {"csv", "full/list.csv"},
                {"idx", "full/t10k-images-idx3-ubyte"},
                {"cifar10", "full/test_batch"}};
    unlink(place("full/classes.txt"));
    for (size_t i = 0; i < COUNT(rows); i++) {
        status code = STATUS_MEMORY;
        for (long nth = 1; code != STATUS_OK; nth++) {
            struct dataset *dataset = NULL;
            struct error error = {0};
            struct dataset_options options = {.skip_corrupt = i < 2, .fitting = {.resize = "4", .crop = "4"}};
            float image[3 * 16];
            int64_t label;
            assert_true(nth < 1000);
            mem_fail_at(nth);
            code = dataset_open(dataset_kind_find(rows[i].kind), place(rows[i].path), &options, &dataset,
                                &error);
            if (code == STATUS_OK)
                code = dataset_image(dataset, 1, ELEMENT_FLOAT, image, &label, &error);
            mem_fail_at(0);
            if (code != STATUS_OK && code != STATUS_MEMORY)
                fail_msg("%s: %ld: %d %s", rows[i].kind, nth, code, error.message);
            dataset_free(dataset);
            inputs_forget();
        }
    }
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
        cmocka_unit_test(test_folder),       cmocka_unit_test(test_flat),
        cmocka_unit_test(test_lists),        cmocka_unit_test(test_corrupt),
        cmocka_unit_test(test_idx),          cmocka_unit_test(test_npy),
        cmocka_unit_test(test_cifar_pickle), cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests_name("pictures", tests, begin, end);
}
