/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that were made to do harm, or were damaged: each gets one clear error, whatever is wrong with it. */
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
#include "base/memory.h"
#include "base/text.h"
#include "onnx/onnx.h"
#include "onnx/onnx_scan.h"
#include "onnx/onnx.pb-c.h"
#include "nn/graph/op.h"
#include "support/small_model.h"
#include "support/wire.h"

static status read_model(const struct text *model, struct graph **graph, struct error *error)
{
    *graph = NULL;
    *error = (struct error){0};
    return onnx_read_bytes("m.onnx", text_data(model), model->length, graph, error);
}

/* The bytes must be refused with a message that begins so; they are freed. */
static void refused(struct text *model, const char *message)
{
    struct graph *graph;
    struct error error;
    assert_int_equal(read_model(model, &graph, &error), STATUS_FILE);
    assert_null(graph);
    if (strncmp(error.message, message, strlen(message)) != 0)
        fail_msg("expected \"%s\", got \"%s\"", message, error.message);
    text_free(model);
    *model = (struct text){0};
}

/* Error or success, and nothing else: memory, reads beyond the end and undefined behaviour are the
 * sanitizers' matter. The bytes are copied so that they see every read beyond the end. */
static bool survives(const char *bytes, size_t size)
{
    struct graph *graph = NULL;
    struct error error = {0};
    char *copy = malloc(size ? size : 1);
    memcpy(copy, bytes, size);
    status result = onnx_read_bytes("m.onnx", copy, size, &graph, &error);
    free(copy);
    if (result == STATUS_OK) {
        graph_free(graph);
        return true;
    }
    assert_true(result == STATUS_FILE || result == STATUS_UNSUPPORTED);
    assert_null(graph);
    assert_int_equal(strncmp(error.message, "m.onnx: ", 8), 0);
    return false;
}

/* --- Nesting -------------------------------------------------------------------------------------------- */

/* `depth` messages within each other: content, wrapped by the given fields in turn, the innermost first. */
static struct text nested(struct text content, const uint64_t *fields, int field_count, int depth)
{
    for (int i = 0; i < depth; i++) {
        struct text outer = {0};
        wire_message(&outer, fields[i % field_count], &content);
        content = outer;
    }
    return content;
}

/* Graphs in attributes of nodes, and types of sequences; read from the last to the first they make a path. */
static const uint64_t nested_graphs[] = {ATTRIBUTE_G, NODE_ATTRIBUTE, GRAPH_NODE};
static const uint64_t nested_types[] = {1, 4}; /* Sequence.elem_type, TypeProto.sequence_type */

static void too_deep(struct text *graph)
{
    struct text model = {0};
    struct graph *made;
    struct error error;
    wire_integer(&model, MODEL_IR, 7);
    wire_message(&model, MODEL_GRAPH, graph);
    assert_int_equal(read_model(&model, &made, &error), STATUS_FILE);
    assert_int_equal(strncmp(error.message, "m.onnx: byte ", 13), 0);
    assert_non_null(strstr(error.message, ": messages are nested more than 32 deep"));
    text_free(&model);
}

static void refuses_deep_nesting(void **state)
{
    (void)state;
    for (int depth = 4000; depth >= 40; depth /= 10) {
        struct text empty = {0}, value = {0}, graph = nested(empty, nested_graphs, 3, depth * 3);
        too_deep(&graph);
        struct text type = nested(empty, nested_types, 2, depth * 2);
        wire_message(&value, 2, &type);
        wire_message(&graph, GRAPH_INPUT, &value);
        too_deep(&graph);
    }
}

static void limits_depth_exactly(void **state)
{
    (void)state;
    /* The model is one message, its graph the second, and each wrapping adds one; an initialiser is one more.
     */
    for (int extra = 0; extra < 2; extra++) {
        struct text innermost = {0}, empty = {0}, model = {0};
        struct error error = {0};
        if (extra)
            wire_message(&innermost, GRAPH_INITIALIZER, &empty);
        struct text graph = nested(innermost, nested_graphs, 3, 30);
        wire_message(&model, MODEL_GRAPH, &graph);
        status result = onnx_scan("m", &onnx__model_proto__descriptor, model.data, model.length, &error);
        assert_int_equal(result, extra ? STATUS_FILE : STATUS_OK);
        assert_true(!extra || strstr(error.message, "messages are nested more than 32 deep"));
        text_free(&model);
    }
}

/* --- Wire format ---------------------------------------------------------------------------------------- */

/* A graph of raw bytes within a model. */
static struct text model_with_bytes(const char *bytes, size_t count)
{
    struct text model = {0};
    wire_integer(&model, MODEL_IR, 7);             /* bytes 0 and 1 */
    wire_bytes(&model, MODEL_GRAPH, bytes, count); /* 2 and 3; its content begins at 4 */
    return model;
}

static void refuses_broken_wire_format(void **state)
{
    static const struct {
        const char *bytes;
        size_t count;
        const char *message;
    } rows[] = {
        {"\x00\x00", 2, "m.onnx: byte 4: GraphProto has field number 0"},
        {"\x02\x00", 2, "m.onnx: byte 4: GraphProto has field number 0"},
        {"\xf8\xff\xff\xff\xff\x01", 6, "m.onnx: byte 4: GraphProto has a number longer than 5 bytes"},
        {"\xf8\xff\xff\xff\x7f\x01", 6, "m.onnx: byte 4: GraphProto has field number 4294967295"},
        {"\x0b\x0c", 2, "m.onnx: byte 4: GraphProto.node has wire type 3 where 2 is expected"},
        {"\x0e\x00", 2, "m.onnx: byte 4: GraphProto.node has wire type 6 where 2 is expected"},
        {"\x08\x00", 2, "m.onnx: byte 4: GraphProto.node has wire type 0 where 2 is expected"},
        {"\x15\0\0\0\0", 5, "m.onnx: byte 4: GraphProto.name has wire type 5 where 2 is expected"},
        {"\xa3\x06", 2, "m.onnx: byte 4: GraphProto has a field of wire type 3, which does not exist"},
        {"\x0a\x05\x00", 3, "m.onnx: byte 4: GraphProto.node claims 5 bytes where 1 are left"},
        {"\x0a\xff\xff\xff\xff\x0f", 6,
         "m.onnx: byte 4: GraphProto.node claims 4294967295 bytes where 0 are"},
        {"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11,
         "m.onnx: byte 4: GraphProto.node claims 18446744073709551615 bytes where 0 are left"},
        {"\x0a\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 12,
         "m.onnx: byte 5: GraphProto has a number longer than 10 bytes"},
        {"\x0a\x80\x80\x80\x80\x80\x00", 7,
         "m.onnx: byte 5: the length of GraphProto.node takes 6 bytes, at most 5 are allowed"},
        {"\xa0\x06\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 13,
         "m.onnx: byte 6: GraphProto has a number longer than 10 bytes"},
        {"\x0a", 1, "m.onnx: byte 5: GraphProto ends within a number"},
        {"\xa5\x06\0\0\0", 5, "m.onnx: byte 4: GraphProto ends within a number"},
        {"\xa1\x06\0\0\0\0\0\0\0", 9, "m.onnx: byte 4: GraphProto ends within a number"},
        /* initialiser { dims: packed, unfinished } and { float_data: 3 bytes } */
        {"\x2a\x03\x0a\x01\x80", 5, "m.onnx: byte 8: TensorProto ends within a number"},
        {"\x2a\x05\x22\x03\0\0\0", 7,
         "m.onnx: byte 8: TensorProto.float_data: 3 bytes are no whole number of 4"},
        /* an attribute with two tensors; a type that is a tensor and a sequence */
        {"\x0a\x06\x2a\x04\x2a\x00\x2a\x00", 8, "m.onnx: byte 10: AttributeProto.t is given twice"},
        {"\x5a\x06\x12\x04\x0a\x00\x22\x00", 8, "m.onnx: byte 10: TypeProto.sequence_type is given twice"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct text model = model_with_bytes(rows[i].bytes, rows[i].count);
        refused(&model, rows[i].message);
    }
}

static void refuses_a_graph_given_twice(void **state)
{
    struct text model = small_model(), again = {0};
    char message[64];
    (void)state;
    snprintf(message, sizeof message, "m.onnx: byte %zu: ModelProto.graph is given twice", model.length);
    wire_message(&model, MODEL_GRAPH, &again);
    refused(&model, message);
}

/* Fields that a newer schema has are passed over, whatever their wire type. */
static void passes_over_unknown_fields(void **state)
{
    struct text model = small_model();
    (void)state;
    wire_integer(&model, 1000, -1);
    wire_string(&model, 1001, "new");
    wire_float(&model, 1002, 1);
    wire_tag(&model, 1003, 1);
    text_add_bytes(&model, "12345678", 8);
    assert_true(survives(model.data, model.length));
    text_free(&model);
}

/* Two bytes of file that unpack to some hundred bytes of memory each. */
static void refuses_memory_bombs(void **state)
{
    struct text graph = {0}, model = {0};
    (void)state;
    for (int i = 0; i < 600000; i++)
        text_add_bytes(&graph, "\x2a\x00", 2);
    wire_message(&model, MODEL_GRAPH, &graph);
    struct graph *made;
    struct error error;
    assert_int_equal(read_model(&model, &made, &error), STATUS_FILE);
    assert_non_null(
        strstr(error.message, ": its 1200004 bytes would need more than 100 MB of memory to unpack"));
    text_free(&model);
}

/* --- Damage --------------------------------------------------------------------------------------------- */

static void survives_truncation_at_every_byte(void **state)
{
    struct text model = small_model();
    (void)state;
    size_t good = 0;
    for (size_t i = 0; i < model.length; i++)
        good += survives(model.data, i);
    /* The opset follows the graph; only what comes after it (metadata) may be missing. */
    assert_in_range(good, 0, 1);
    assert_true(survives(model.data, model.length));
    text_free(&model);
}

static void survives_corruption_of_every_byte(void **state)
{
    static const unsigned char masks[] = {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff, 0x7f};
    struct text model = small_model();
    size_t good = 0;
    (void)state;
    for (size_t i = 0; i < model.length; i++)
        for (size_t k = 0; k < sizeof masks; k++) {
            model.data[i] = (char)(model.data[i] ^ masks[k]);
            good += survives(model.data, model.length);
            model.data[i] = (char)(model.data[i] ^ masks[k]);
        }
    /* Names and weights may change and leave a good file; structure may not. */
    assert_true(good > 0 && good < model.length * sizeof masks);
    text_free(&model);
}

/* Every byte dropped, and every byte doubled: lengths no longer fit. */
static void survives_shifted_bytes(void **state)
{
    struct text model = small_model();
    char *copy = malloc(model.length + 1);
    (void)state;
    for (size_t i = 0; i < model.length; i++) {
        memcpy(copy, model.data, i);
        memcpy(copy + i, model.data + i + 1, model.length - i - 1);
        survives(copy, model.length - 1);
        memcpy(copy + i + 1, model.data + i, model.length - i);
        copy[i] = model.data[i];
        survives(copy, model.length + 1);
    }
    free(copy);
    text_free(&model);
}

static void survives_failing_memory(void **state)
{
    struct text model = small_model();
    struct graph *graph = NULL;
    struct error error;
    status result = STATUS_MEMORY;
    long n;
    (void)state;
    for (n = 1; result; n++) {
        mem_fail_at(n);
        result = read_model(&model, &graph, &error);
        mem_fail_at(0);
        assert_true(result == STATUS_OK || result == STATUS_MEMORY);
        assert_true(result == STATUS_OK || graph == NULL);
    }
    assert_true(n > 50);
    graph_free(graph);
    text_free(&model);
}

/* --- Size ----------------------------------------------------------------------------------------------- */

/* A chain of nodes whose names share long beginnings, in reverse order. Anything quadratic shows. */
static void reads_many_nodes(void **state)
{
    enum { NODES = 100000 };
    struct text graph = {0}, model;
    struct error error;
    struct graph *made;
    char from[64], to[64];
    (void)state;
    for (int i = NODES - 1; i >= 0; i--) {
        snprintf(from, sizeof from, i ? "/a/long/beginning/of/a/name/%d" : "x", i);
        snprintf(to, sizeof to, i == NODES - 1 ? "y" : "/a/long/beginning/of/a/name/%d", i + 1);
        add_node(&graph, "", "Relu", from, to);
    }
    add_value(&graph, GRAPH_INPUT, "x", 1, (const int64_t[]){1, -2});
    add_value(&graph, GRAPH_OUTPUT, "y", 1, (const int64_t[]){1, -2});
    model = wrap_model(&graph, 13);
    assert_int_equal(read_model(&model, &made, &error), STATUS_OK);
    assert_int_equal(made->node_count, NODES);
    assert_string_equal(made->values[made->nodes[0].inputs[0]].name, "x");
    graph_free(made);
    text_free(&model);
}

static void refuses_too_many_operands(void **state)
{
    struct text graph = {0}, node = {0}, model;
    (void)state;
    for (int i = 0; i <= NODE_MAX_OPERANDS; i++)
        wire_string(&node, NODE_INPUT, "x");
    wire_string(&node, NODE_OUTPUT, "y");
    wire_string(&node, NODE_OPERATOR, "Concat");
    wire_message(&graph, GRAPH_NODE, &node);
    add_value(&graph, GRAPH_INPUT, "x", 1, (const int64_t[]){1, -2});
    add_value(&graph, GRAPH_OUTPUT, "y", 1, (const int64_t[]){1, -2});
    model = wrap_model(&graph, 13);
    struct graph *made;
    struct error error;
    assert_int_equal(read_model(&model, &made, &error), STATUS_UNSUPPORTED);
    assert_string_equal(error.message,
                        "m.onnx: node number 0 (Concat): 513 inputs, at most 512 are supported");
    text_free(&model);
}

/* --- Files ---------------------------------------------------------------------------------------------- */

static char folder[] = "/tmp/onnx_hostile_XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    static const char *const names[] = {"empty", "fifo", "file.onnx"};
    char path[128];
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    return rmdir(folder);
}

static void file_refused(const char *name, const char *message)
{
    char path[128], whole[256];
    struct graph *graph = NULL;
    struct error error = {0};
    snprintf(path, sizeof path, "%s/%s", folder, name);
    snprintf(whole, sizeof whole, "%s: %s", path, message);
    assert_int_equal(onnx_read(path, &graph, &error), STATUS_FILE);
    assert_null(graph);
    assert_int_equal(strncmp(error.message, whole, strlen(whole)), 0);
}

static void put_file(const char *name, const void *bytes, size_t count)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    assert_int_equal(fclose(file), 0);
}

static void refuses_what_is_no_model(void **state)
{
    static const struct {
        const char *bytes;
        size_t count;
        const char *message;
    } rows[] = {
        {"import torch\nprint('hello')\n", 27, "not an ONNX file: it looks like text"},
        {"\x80\x02\x8a\x0al\xfc\x9c\x46\xf9 j\xa8P\x19.", 15,
         "not an ONNX file: it looks like an old PyTorch"},
        {"PK\x03\x04\0\0\0\0", 8, "not an ONNX file: it looks like a zip file"},
        {"PK\x05\x06\0\0\0\0", 8, "not an ONNX file: it looks like a zip file with nothing in it"},
        {"\x80\x04\x95\x0e\0\0\0\0", 8, "not an ONNX file: it looks like a pickle file"},
        {"\x93NUMPY\x01\0v\0", 10, "not an ONNX file: it looks like an array of NumPy"},
        {"\x10\0\0\0\0\0\0\0{\"a\":{}}        ", 24, "not an ONNX file: it looks like a safetensors file"},
        {"\x08\x07", 2, "not an ONNX model: it has no graph"},
        {"\0\0\0\0", 4, "byte 0: ModelProto has field number 0, which is not allowed"},
    };
    char path[128];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        put_file("file.onnx", rows[i].bytes, rows[i].count);
        file_refused("file.onnx", rows[i].message);
    }
    file_refused("missing.onnx", "");
    file_refused(".", "");
    put_file("empty", "", 0);
    file_refused("empty", "");
    snprintf(path, sizeof path, "%s/fifo", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    file_refused("fifo", "");
}

static void reads_files(void **state)
{
    char path[128];
    struct text model = small_model(), bytes;
    struct graph *graph = NULL;
    struct error error = {0};
    struct tensor *tensor = NULL;
    char *name = NULL;
    (void)state;
    snprintf(path, sizeof path, "%s/file.onnx", folder);
    put_file("file.onnx", model.data, model.length);
    assert_int_equal(onnx_read(path, &graph, &error), STATUS_OK);
    graph_free(graph);
    assert_true(onnx_read_tensor(path, &tensor, &name, &error) != STATUS_OK);
    bytes = begin_tensor("t", 7, (const int64_t[]){2}, 1);
    wire_bytes(&bytes, TENSOR_INT64S, "\x05\x06", 2);
    put_file("file.onnx", bytes.data, bytes.length);
    assert_int_equal(onnx_read_tensor(path, &tensor, &name, &error), STATUS_OK);
    assert_string_equal(name, "t");
    assert_int_equal(tensor_get_integer(tensor, 1), 6);
    tensor_free(tensor);
    mem_free(name);
    put_file("file.onnx", bytes.data, bytes.length - 1);
    assert_int_equal(onnx_read_tensor(path, &tensor, &name, &error), STATUS_FILE);
    text_free(&bytes);
    text_free(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_deep_nesting),
        cmocka_unit_test(limits_depth_exactly),
        cmocka_unit_test(refuses_broken_wire_format),
        cmocka_unit_test(refuses_a_graph_given_twice),
        cmocka_unit_test(passes_over_unknown_fields),
        cmocka_unit_test(refuses_memory_bombs),
        cmocka_unit_test(survives_truncation_at_every_byte),
        cmocka_unit_test(survives_corruption_of_every_byte),
        cmocka_unit_test(survives_shifted_bytes),
        cmocka_unit_test(survives_failing_memory),
        cmocka_unit_test(reads_many_nodes),
        cmocka_unit_test(refuses_too_many_operands),
        cmocka_unit_test(refuses_what_is_no_model),
        cmocka_unit_test(reads_files),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
