/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arrays of NumPy: every element type and order, what is written, and files that lie. */
#include <math.h>
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
#include "data/npy.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static char folder[] = "/tmp/ippro-npy-XXXXXX";

/* --- files as bytes ------------------------------------------------------------------------------------- */

enum { MOST = 4096 };
struct bytes {
    unsigned char data[MOST];
    size_t size;
};

static void add(struct bytes *bytes, const void *data, size_t size)
{
    assert_true(bytes->size + size <= MOST);
    memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
}

/* A file with this header and these elements. */
static struct bytes file_of(int version, const char *header, const void *elements, size_t size)
{
    struct bytes bytes = {{0}, 0};
    size_t length = strlen(header);
    const unsigned char front[] = {0x93,
                                   'N',
                                   'U',
                                   'M',
                                   'P',
                                   'Y',
                                   (unsigned char)version,
                                   0,
                                   (unsigned char)(length & 255),
                                   (unsigned char)(length >> 8),
                                   0,
                                   0};
    add(&bytes, front, version == 1 ? 10 : 12);
    add(&bytes, header, length);
    add(&bytes, elements, size);
    return bytes;
}

static struct npy *parse(const struct bytes *bytes)
{
    struct npy *array = NULL;
    struct error error = {0};
    if (npy_from_bytes("a.npy", bytes->data, bytes->size, &array, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    return array;
}

/* --- what is read --------------------------------------------------------------------------------------- */

/* Two elements each, as doubles. */
static const struct {
    const char *descr, *name;
    unsigned char bytes[16];
    size_t size;
    double values[2];
    bool whole;
} types[] = {
    {"<f2", "float16", {0x00, 0x3c, 0x01, 0x80}, 4, {1, -0x1p-24}, false},
    {">f2", "float16", {0x3c, 0x00, 0xfb, 0xff}, 4, {1, -65504}, false},
    {"<f4", "float32", {0, 0, 0xc0, 0x3f, 0, 0, 0x80, 0xff}, 8, {1.5, -INFINITY}, false},
    {">f4", "float32", {0x3f, 0xc0, 0, 0, 0x3e, 0x80, 0, 0}, 8, {1.5, 0.25}, false},
    {"<f8", "float64", {0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0xc0}, 16, {1.5, -2}, false},
    {">f8", "float64", {0x3f, 0xf8, 0, 0, 0, 0, 0, 0, 0xc0}, 16, {1.5, -2}, false},
    {"|i1", "int8", {0x7f, 0x80}, 2, {127, -128}, true},
    {"<i1", "int8", {0xff, 0x01}, 2, {-1, 1}, true},
    {"<i2", "int16", {0x01, 0x02, 0xff, 0xff}, 4, {513, -1}, true},
    {">i2", "int16", {0x02, 0x01, 0x80, 0x00}, 4, {513, -32768}, true},
    {"<i4", "int32", {0, 0, 0, 0x80, 1, 0, 0, 0}, 8, {-2147483648.0, 1}, true},
    {">i4", "int32", {0, 0, 1, 0, 0xff, 0xff, 0xff, 0xff}, 8, {256, -1}, true},
    {"<i8",
     "int64",
     {1, 0, 0, 0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
     16,
     {0x1p32 + 1, -1},
     true},
    {">i8", "int64", {0, 0, 0, 1, 0, 0, 0, 1}, 16, {0x1p32 + 1, 0}, true},
    {"|u1", "uint8", {0, 255}, 2, {0, 255}, true},
    {"<u2", "uint16", {0xff, 0xff, 0, 1}, 4, {65535, 256}, true},
    {"<u4", "uint32", {0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0x80}, 8, {4294967295.0, 2147483648.0}, true},
    {">u4", "uint32", {0, 0, 0, 7, 0x80, 0, 0, 0}, 8, {7, 2147483648.0}, true},
    {"<u8", "uint64", {9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x40}, 16, {9, 0x1p62}, true},
    {"|b1", "bool", {0, 1}, 2, {0, 1}, true},
};

static void test_types(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(types); i++) {
        char header[128];
        struct error error = {0};
        double doubles[2];
        float floats[2];
        int64_t integers[2];
        snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (2,), }\n",
                 types[i].descr);
        struct bytes bytes = file_of(1, header, types[i].bytes, types[i].size);
        struct npy *array = parse(&bytes);
        assert_string_equal(npy_type_name(&array->header), types[i].name);
        assert_int_equal(npy_read(array, 0, 2, ELEMENT_DOUBLE, doubles, &error), STATUS_OK);
        assert_int_equal(npy_read(array, 0, 2, ELEMENT_FLOAT, floats, &error), STATUS_OK);
        for (int k = 0; k < 2; k++)
            if (doubles[k] != types[i].values[k] || floats[k] != (float)types[i].values[k])
                fail_msg("%s: element %d is %g and %g, not %g", types[i].descr, k, doubles[k], floats[k],
                         types[i].values[k]);
        status code = npy_read(array, 0, 2, ELEMENT_INT64, integers, &error);
        assert_int_equal(code, types[i].whole ? STATUS_OK : STATUS_FILE);
        for (int k = 0; types[i].whole && k < 2; k++)
            assert_true(integers[k] == (int64_t)types[i].values[k]);
        npy_free(array);
    }
}

static void test_large_integer(void **state)
{
    (void)state;
    static const unsigned char elements[16] = {[8] = 0, [15] = 0x80};
    struct bytes bytes =
        file_of(2, "{'descr':'<u8','shape':(2,),'fortran_order':False}", elements, sizeof elements);
    struct npy *array = parse(&bytes);
    struct error error = {0};
    int64_t integers[2];
    double doubles[2];
    assert_int_equal(npy_read(array, 0, 2, ELEMENT_INT64, integers, &error), STATUS_FILE);
    assert_string_equal(error.message, "a.npy: element 1 is too large");
    assert_int_equal(npy_read(array, 0, 2, ELEMENT_DOUBLE, doubles, &error), STATUS_OK);
    assert_true(doubles[1] == 0x1p63);
    npy_free(array);
}

static void test_orders(void **state)
{
    (void)state;
    /* a[i][j][k] = 100 i + 10 j + k of shape 2x3x2, in Fortran's order. */
    unsigned char elements[12];
    int at = 0;
    for (int k = 0; k < 2; k++)
        for (int j = 0; j < 3; j++)
            for (int i = 0; i < 2; i++)
                elements[at++] = (unsigned char)(100 * i + 10 * j + k);
    struct bytes bytes = file_of(3, "{\"descr\": \"|u1\", \"fortran_order\": True, \"shape\": (2L, 3L, 2L)}",
                                 elements, sizeof elements);
    struct npy *array = parse(&bytes);
    struct error error = {0};
    uint8_t out[12];
    assert_int_equal(array->header.shape.rank, 3);
    assert_int_equal(npy_read_bytes(array, 0, 12, out, &error), STATUS_OK);
    for (int i = 0; i < 12; i++)
        assert_int_equal(out[i], 100 * (i / 6) + 10 * (i / 2 % 3) + i % 2);
    assert_int_equal(npy_read_bytes(array, 6, 7, out, &error), STATUS_RANGE);
    assert_int_equal(npy_read_bytes(array, -1, 1, out, &error), STATUS_RANGE);
    npy_free(array);
}

static void test_scalars_and_nothing(void **state)
{
    (void)state;
    static const unsigned char one[8] = {[7] = 0x40};
    struct bytes scalar = file_of(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (), }", one, 8);
    struct bytes none = file_of(1, "{'descr': '<f8', 'fortran_order': True, 'shape': (3, 0), }", one, 0);
    struct npy *array = parse(&scalar);
    struct tensor *tensor = NULL;
    struct error error = {0};
    assert_int_equal(npy_tensor(array, &tensor, &error), STATUS_OK);
    assert_int_equal(tensor->shape.rank, 0);
    assert_true(tensor->type == ELEMENT_DOUBLE && *(double *)tensor->data == 2);
    tensor_free(tensor);
    npy_free(array);
    array = parse(&none);
    assert_int_equal(array->header.count, 0);
    npy_free(array);
}

/* --- files ---------------------------------------------------------------------------------------------- */

static char *save(const char *name, const void *data, size_t size)
{
    struct error error = {0};
    char *path = path_join(folder, name);
    if (file_replace(path, data, size, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    return path;
}

/* More than is read at a time, written and read back. */
static void test_file(void **state)
{
    (void)state;
    enum { ROWS = 300, COLUMNS = 500 };
    struct shape shape = shape_of(2, (const int64_t[]){ROWS, COLUMNS});
    struct tensor *tensor = tensor_new(ELEMENT_FLOAT, &shape);
    struct text text = {0};
    struct error error = {0};
    struct npy *array;
    for (int64_t i = 0; i < ROWS * COLUMNS; i++)
        ((float *)tensor->data)[i] = (float)i / 7;
    npy_add(&text, ELEMENT_FLOAT, &shape, tensor->data);
    assert_false(text.failed);
    assert_int_equal(text.length, 128 + ROWS * COLUMNS * 4);
    char *path = save("large.npy", text.data, text.length);
    if (npy_open(path, &array, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    assert_null(array->bytes); /* it stays in the file */
    struct tensor *back = NULL;
    assert_int_equal(npy_tensor(array, &back, &error), STATUS_OK);
    assert_true(shape_equal(&back->shape, &shape));
    assert_memory_equal(back->data, tensor->data, ROWS * COLUMNS * sizeof(float));
    double row[COLUMNS];
    assert_int_equal(npy_read(array, 7 * COLUMNS, COLUMNS, ELEMENT_DOUBLE, row, &error), STATUS_OK);
    assert_true(row[3] == (double)((float)(7 * COLUMNS + 3) / 7));
    tensor_free(back);
    tensor_free(tensor);
    npy_free(array);
    unlink(path);
    mem_free(path);
    text_free(&text);
}

static void test_written_header(void **state)
{
    (void)state;
    static const struct {
        struct shape shape;
        const char *header;
    } cases[] = {
        {{0, {0}}, "{'descr': '<i8', 'fortran_order': False, 'shape': (), }"},
        {{1, {2}}, "{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }"},
        {{2, {1, 2}}, "{'descr': '<i8', 'fortran_order': False, 'shape': (1, 2), }"},
    };
    static const int64_t elements[2] = {-1, 258};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct text text = {0};
        npy_add(&text, ELEMENT_INT64, &cases[i].shape, elements);
        assert_int_equal(text.length % 64, 8 * (size_t)shape_elements(&cases[i].shape));
        assert_memory_equal(text.data, "\x93NUMPY\x01\x00", 8);
        assert_memory_equal(text.data + 10, cases[i].header, strlen(cases[i].header));
        text_free(&text);
    }
}

/* --- bad input ------------------------------------------------------------------------------------------ */

static const struct {
    const char *header;
    size_t size; /* of the elements that follow */
    status code;
    const char *message;
} hostile[] = {
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 7, STATUS_FILE, "need 8"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 9, STATUS_FILE, "9 bytes follow"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", 8, STATUS_FILE,
     "product"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (281474976710656,), }", 8, STATUS_FILE, "need"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", 8, STATUS_FILE,
     "too large"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }", 8, STATUS_FILE, "dimension"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (2), }", 8, STATUS_FILE, "tuple"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (1 2), }", 8, STATUS_FILE, "comma"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,2), }", 8, STATUS_UNSUPPORTED,
     "dimensions"},
    {"{'descr': '<f4', 'fortran_order': 0, 'shape': (2,), }", 8, STATUS_FILE, "fortran_order"},
    {"{'descr': '<f4', 'shape': (2,), }", 8, STATUS_FILE, "lacks fortran_order"},
    {"{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 8, STATUS_FILE, "twice"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'more': 1}", 8, STATUS_FILE, "key"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), } x", 8, STATUS_FILE, "follows"},
    {"{'descr': '<f4' 'fortran_order': False, 'shape': (2,), }", 8, STATUS_FILE, "comma"},
    {"{'fortran_order': False, 'descr': '<f4", 8, STATUS_FILE, ""},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (2", 8, STATUS_FILE, ""},
    {"", 8, STATUS_FILE, "dictionary"},
    {"[1]", 8, STATUS_FILE, "dictionary"},
    {"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", 8, STATUS_UNSUPPORTED, "Python objects"},
    {"{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", 8, STATUS_UNSUPPORTED, "complex"},
    {"{'descr': '<U2', 'fortran_order': False, 'shape': (1,), }", 8, STATUS_UNSUPPORTED, "texts"},
    {"{'descr': '<M8[s]', 'fortran_order': False, 'shape': (1,), }", 8, STATUS_UNSUPPORTED, "dates"},
    {"{'descr': '<f16', 'fortran_order': False, 'shape': (1,), }", 8, STATUS_UNSUPPORTED, "f16"},
    {"{'descr': '|f4', 'fortran_order': False, 'shape': (2,), }", 8, STATUS_FILE, "byte order"},
    {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }", 8, STATUS_UNSUPPORTED,
     "structures"},
};

static void test_hostile(void **state)
{
    (void)state;
    static const unsigned char elements[16] = {0};
    for (size_t i = 0; i < COUNT(hostile); i++) {
        struct bytes bytes = file_of(1, hostile[i].header, elements, hostile[i].size);
        struct npy *array = NULL;
        struct error error = {0};
        status code = npy_from_bytes("a.npy", bytes.data, bytes.size, &array, &error);
        if (code != hostile[i].code || !strstr(error.message, hostile[i].message) ||
            strncmp(error.message, "a.npy: ", 7) != 0)
            fail_msg("%s: status %d, %s", hostile[i].header, (int)code, error.message);
        assert_null(array);
    }
}

static void test_versions(void **state)
{
    (void)state;
    static const unsigned char elements[4] = {0};
    const char *header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }";
    for (int version = 0; version < 6; version++) {
        struct bytes bytes = file_of(version, header, elements, 4);
        struct npy *array = NULL;
        struct error error = {0};
        status code = npy_from_bytes("a.npy", bytes.data, bytes.size, &array, &error);
        assert_int_equal(code, version >= 1 && version <= 3 ? STATUS_OK : STATUS_UNSUPPORTED);
        npy_free(array);
    }
}

/* Every beginning of a file is refused, in memory and on disk. */
static void test_truncated(void **state)
{
    (void)state;
    static const unsigned char elements[8] = {0};
    struct bytes bytes =
        file_of(1, "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 1), }", elements, 8);
    for (size_t size = 0; size < bytes.size; size++) {
        struct npy *array = NULL;
        struct error error = {0};
        assert_int_equal(npy_from_bytes("a.npy", bytes.data, size, &array, &error), STATUS_FILE);
        char *path = save("short.npy", bytes.data, size);
        assert_int_equal(npy_open(path, &array, &error), STATUS_FILE);
        assert_true(strstr(error.message, "short.npy: ") != NULL);
        unlink(path);
        mem_free(path);
    }
}

/* The header's length may point beyond what is read of a large file. */
static void test_long_header(void **state)
{
    (void)state;
    enum { SIZE = 40000 };
    unsigned char *bytes = mem_new(SIZE, 1);
    struct npy *array = NULL;
    struct error error = {0};
    memcpy(bytes, "\x93NUMPY\x01\x00\xff\x7f", 10);
    memset(bytes + 10, ' ', SIZE - 10);
    char *path = save("long.npy", bytes, SIZE);
    assert_int_equal(npy_open(path, &array, &error), STATUS_FILE);
    assert_non_null(strstr(error.message, "its header has 32767 bytes"));
    unlink(path);
    mem_free(path);
    mem_free(bytes);
}

static void test_no_memory(void **state)
{
    (void)state;
    static const unsigned char elements[12] = {0};
    struct bytes bytes =
        file_of(1, "{'descr': '<f4', 'fortran_order': True, 'shape': (3, 1), }", elements, 12);
    char *path = save("memory.npy", bytes.data, bytes.size);
    long nth = 0;
    for (status code = STATUS_MEMORY; code != STATUS_OK;) {
        struct npy *array = NULL;
        struct tensor *tensor = NULL;
        struct error error = {0};
        mem_fail_at(++nth);
        code = npy_open(path, &array, &error);
        if (code == STATUS_OK)
            code = npy_tensor(array, &tensor, &error);
        mem_fail_at(0);
        assert_true(code == STATUS_OK || code == STATUS_MEMORY);
        tensor_free(tensor);
        npy_free(array);
    }
    assert_true(nth > 5);
    unlink(path);
    mem_free(path);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),     cmocka_unit_test(test_large_integer),
        cmocka_unit_test(test_orders),    cmocka_unit_test(test_scalars_and_nothing),
        cmocka_unit_test(test_file),      cmocka_unit_test(test_written_header),
        cmocka_unit_test(test_hostile),   cmocka_unit_test(test_versions),
        cmocka_unit_test(test_truncated), cmocka_unit_test(test_long_header),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
