/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ONNX reader: what a well-formed file becomes, and how what it does not support is refused. */
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
#include "base/memory.h"
#include "base/text.h"
#include "onnx/onnx.h"
#include "nn/graph/op.h"
#include "support/small_model.h"
#include "support/wire.h"

/* Read a model that must be good; the bytes are freed. */
static struct graph *read_good(struct text *model)
{
    struct graph *graph = NULL;
    struct error error = {0};
    if (onnx_read_bytes("m.onnx", text_data(model), model->length, &graph, &error))
        fail_msg("%s", error.message);
    text_free(model);
    return graph;
}

/* Read a model that must be refused with this code and message; the bytes are freed. */
static void read_bad(struct text *model, status code, const char *message)
{
    struct graph *graph = NULL;
    struct error error = {0};
    status result = onnx_read_bytes("m.onnx", text_data(model), model->length, &graph, &error);
    text_free(model);
    *model = (struct text){0};
    assert_string_equal(error.message, message);
    assert_int_equal(result, code);
    assert_null(graph);
}

static const struct value *value_named(const struct graph *graph, const char *name)
{
    int index = graph_find_value(graph, name);
    assert_true(index >= 0);
    return &graph->values[index];
}

static void reads_a_network(void **state)
{
    struct text model = small_model();
    (void)state;
    struct graph *graph = read_good(&model);
    assert_string_equal(graph->name, "small");
    assert_string_equal(graph->producer, "by hand");
    assert_string_equal(graph->domain, "");
    assert_int_equal(graph->opset, 13);
    assert_int_equal(graph->ir_version, 7);
    assert_int_equal(graph->metadata_count, 1);
    assert_string_equal(graph->metadata[0].key, "trained on");
    assert_string_equal(graph->metadata[0].value, "nothing");
    assert_int_equal(graph->node_count, 5);
    assert_string_equal(graph->nodes[0].name, "/conv");
    assert_string_equal(graph->nodes[0].op->name, "Conv");
    assert_true(graph->nodes[2].name[0] != '\0');
    assert_int_equal(graph->input_count, 1);
    assert_int_equal(graph->output_count, 1);
    const struct value *x = &graph->values[graph->inputs[0]], *y = &graph->values[graph->outputs[0]];
    assert_string_equal(x->name, "x");
    assert_int_equal(x->type, ELEMENT_FLOAT);
    assert_int_equal(x->file_type, 1);
    assert_int_equal(x->shape.rank, 4);
    assert_int_equal(x->shape.dim[0], DIMENSION_UNKNOWN);
    assert_int_equal(x->shape.dim[3], 3);
    assert_string_equal(y->name, "y");
    assert_int_equal(y->shape.dim[1], 2);
    assert_int_equal(y->producer, 4);
    assert_int_equal(value_named(graph, "c")->shape.rank, -1);
    graph_free(graph);
}

static void reads_parameters_and_attributes(void **state)
{
    struct text model = small_model();
    (void)state;
    struct graph *graph = read_good(&model);
    const struct tensor *weight = value_named(graph, "conv.weight")->constant;
    assert_non_null(weight);
    assert_int_equal(weight->references, 1);
    assert_int_equal(weight->shape.rank, 4);
    assert_float_equal(tensor_get(weight, 3), 0.5, 0);
    const struct value *bias = value_named(graph, "conv.bias");
    assert_int_equal(bias->file_type, 10);
    assert_int_equal(bias->constant->type, ELEMENT_FLOAT);
    assert_float_equal(tensor_get(bias->constant, 1), -2, 0);
    assert_float_equal(tensor_get(value_named(graph, "bn.var")->constant, 1), 5, 0);
    assert_int_equal(tensor_get_integer(value_named(graph, "target")->constant, 1), 2);
    const struct attribute *kernel_shape = node_attribute(&graph->nodes[0], "kernel_shape");
    assert_int_equal(kernel_shape->kind, ATTRIBUTE_INTEGERS);
    assert_int_equal(kernel_shape->count, 2);
    assert_int_equal(kernel_shape->integers[1], 1);
    assert_string_equal(node_string(&graph->nodes[0], "auto_pad", ""), "VALID");
    assert_float_equal(node_real(&graph->nodes[1], "epsilon", 0), 0.5, 0);
    graph_free(graph);
}

/* --- Data types ----------------------------------------------------------------------------------------- */

/* x -> Relu -> y, and one constant t of the given TensorProto, which is freed. */
static struct text model_with_tensor(struct text *tensor)
{
    static const int64_t dims[] = {1, -2};
    struct text graph = {0};
    add_node(&graph, "/relu", "Relu", "x", "y");
    wire_message(&graph, GRAPH_INITIALIZER, tensor);
    add_value(&graph, GRAPH_INPUT, "x", 1, dims);
    add_value(&graph, GRAPH_OUTPUT, "y", 1, dims);
    return wrap_model(&graph, 13);
}

struct data_row {
    int type;
    enum element_type element;
    const char *raw;
    size_t raw_bytes;
    uint64_t typed_field;
    bool fixed; /* typed data are little-endian numbers too, else varints */
    double values[2];
};

static const struct data_row data_rows[] = {
    {1, ELEMENT_FLOAT, "\0\0\x80\x3f\0\0\x20\xc1", 8, TENSOR_FLOATS, true, {1, -10}},
    {2, ELEMENT_INT64, "\x01\xff", 2, TENSOR_INT32S, false, {1, 255}},
    {3, ELEMENT_INT64, "\x01\xff", 2, TENSOR_INT32S, false, {1, -1}},
    {4, ELEMENT_INT64, "\x01\0\xfe\xff", 4, TENSOR_INT32S, false, {1, 65534}},
    {5, ELEMENT_INT64, "\x01\0\xfe\xff", 4, TENSOR_INT32S, false, {1, -2}},
    {6, ELEMENT_INT64, "\x01\0\0\0\xfe\xff\xff\xff", 8, TENSOR_INT32S, false, {1, -2}},
    {7,
     ELEMENT_INT64,
     "\x01\0\0\0\0\0\0\0\xfe\xff\xff\xff\xff\xff\xff\xff",
     16,
     TENSOR_INT64S,
     false,
     {1, -2}},
    {9, ELEMENT_INT64, "\0\x01", 2, TENSOR_INT32S, false, {0, 1}},
    {10, ELEMENT_FLOAT, "\0\x3c\0\xc5", 4, TENSOR_INT32S, false, {1, -5}},
    {11, ELEMENT_DOUBLE, "\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\xe0\xbf", 16, TENSOR_DOUBLES, true, {1, -0.5}},
    {12, ELEMENT_INT64, "\x01\0\0\0\xfe\xff\xff\xff", 8, TENSOR_UINT64S, false, {1, 4294967294.0}},
    {13, ELEMENT_INT64, "\x01\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0", 16, TENSOR_UINT64S, false, {1, 2}},
    {16, ELEMENT_FLOAT, "\x80\x3f\xa0\xc0", 4, TENSOR_INT32S, false, {1, -5}},
};

static void check_tensor(struct text *tensor, const struct data_row *row)
{
    struct text model = model_with_tensor(tensor);
    struct graph *graph = read_good(&model);
    const struct tensor *made = value_named(graph, "t")->constant;
    assert_int_equal(made->type, row->element);
    assert_int_equal(made->file_type, row->type);
    for (int i = 0; i < 2; i++)
        assert_true(tensor_get(made, i) == row->values[i]);
    graph_free(graph);
}

static void reads_all_data_types(void **state)
{
    static const int64_t dims[] = {2};
    (void)state;
    for (size_t i = 0; i < sizeof data_rows / sizeof *data_rows; i++) {
        const struct data_row *row = &data_rows[i];
        struct text raw = begin_tensor("t", row->type, dims, 1),
                    packed = begin_tensor("t", row->type, dims, 1);
        struct text single = begin_tensor("t", row->type, dims, 1), numbers = {0};
        wire_bytes(&raw, TENSOR_RAW, row->raw, row->raw_bytes);
        for (int k = 0; k < 2; k++) {
            size_t width = row->raw_bytes / 2;
            /* Half precision stands as its 16 bits in an integer; integers as they are. */
            int64_t number = (int64_t)row->values[k];
            if (row->element == ELEMENT_FLOAT && width == 2)
                number = (uint8_t)row->raw[2 * k] | (uint8_t)row->raw[2 * k + 1] << 8;
            if (row->fixed) {
                text_add_bytes(&numbers, row->raw + (size_t)k * width, width);
                wire_tag(&single, row->typed_field, width == 4 ? 5 : 1);
                text_add_bytes(&single, row->raw + (size_t)k * width, width);
            } else {
                wire_varint(&numbers, (uint64_t)number);
                wire_integer(&single, row->typed_field, number);
            }
        }
        wire_message(&packed, row->typed_field, &numbers);
        check_tensor(&raw, row);
        check_tensor(&packed, row);
        check_tensor(&single, row);
    }
}

/* Two in a byte, the first in the low half: 1, -2, 7 or 1, 14, 7. */
static void reads_half_bytes(void **state)
{
    static const int64_t dims[] = {3};
    static const double values[2][3] = {{1, 14, 7}, {1, -2, 7}};
    (void)state;
    for (int i = 0; i < 4; i++) {
        const int type = 21 + i % 2;
        struct text tensor = begin_tensor("t", type, dims, 1), numbers = {0};
        if (i < 2)
            wire_bytes(&tensor, TENSOR_RAW, "\xe1\x07", 2);
        wire_varint(&numbers, 0xe1);
        wire_varint(&numbers, 0x07);
        if (i >= 2)
            wire_message(&tensor, TENSOR_INT32S, &numbers);
        text_free(&numbers);
        struct text model = model_with_tensor(&tensor);
        struct graph *graph = read_good(&model);
        const struct tensor *made = value_named(graph, "t")->constant;
        assert_int_equal(made->file_type, type);
        for (int k = 0; k < 3; k++)
            assert_true(tensor_get(made, k) == values[i % 2][k]);
        graph_free(graph);
    }
}

/* Smallest subnormal, largest subnormal, smallest normal, largest, -0, infinity, NaN. */
static void reads_half_precision_exactly(void **state)
{
    static const int64_t dims[] = {7};
    static const char raw[] = "\x01\x00\xff\x03\x00\x04\xff\x7b\x00\x80\x00\xfc\x00\x7e";
    static const double expected[] = {0x1p-24, 0x1.ff8p-15, 0x1p-14, 65504, -0.0, -INFINITY};
    struct text tensor = begin_tensor("t", 10, dims, 1), model;
    (void)state;
    wire_bytes(&tensor, TENSOR_RAW, raw, 14);
    model = model_with_tensor(&tensor);
    struct graph *graph = read_good(&model);
    const struct tensor *made = value_named(graph, "t")->constant;
    for (int i = 0; i < 6; i++)
        assert_true(tensor_get(made, i) == expected[i]);
    assert_true(signbit(tensor_get(made, 4)));
    assert_true(isnan(tensor_get(made, 6)));
    graph_free(graph);
}

static void reads_scalars_and_empty_tensors(void **state)
{
    static const int64_t dims[] = {3, 0, 2};
    struct text tensor = begin_tensor("t", 1, NULL, 0), model;
    (void)state;
    wire_float(&tensor, TENSOR_FLOATS, 2.5f);
    model = model_with_tensor(&tensor);
    struct graph *graph = read_good(&model);
    assert_int_equal(value_named(graph, "t")->shape.rank, 0);
    assert_true(tensor_get(value_named(graph, "t")->constant, 0) == 2.5);
    graph_free(graph);
    tensor = begin_tensor("t", 1, dims, 3);
    model = model_with_tensor(&tensor);
    graph = read_good(&model);
    assert_int_equal(shape_elements(&value_named(graph, "t")->shape), 0);
    graph_free(graph);
}

/* --- Tensors that are refused --------------------------------------------------------------------------- */

static void bad_tensor(int type, int rank, const int64_t *dims, uint64_t field, const char *bytes,
                       size_t count, status code, const char *message)
{
    struct text tensor = begin_tensor("t", type, dims, rank), model;
    char whole[256];
    if (field)
        wire_bytes(&tensor, field, bytes, count);
    model = model_with_tensor(&tensor);
    snprintf(whole, sizeof whole, "m.onnx: tensor t: %s", message);
    read_bad(&model, code, whole);
}

#define DIMS(...)                                                                                            \
    (const int64_t[])                                                                                        \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }

static void refuses_bad_tensors(void **state)
{
    (void)state;
    bad_tensor(1, 2, DIMS(INT64_C(1) << 32, INT64_C(1) << 32), TENSOR_RAW, "abcd", 4, STATUS_FILE,
               "the product of its dimensions is too large");
    bad_tensor(1, 3, DIMS(INT64_MAX, INT64_MAX, 4), TENSOR_RAW, "abcd", 4, STATUS_FILE,
               "the product of its dimensions is too large");
    bad_tensor(1, 1, DIMS(-1), TENSOR_RAW, "abcd", 4, STATUS_FILE, "dimension 0 is -1");
    bad_tensor(1, 9, DIMS(1, 1, 1, 1, 1, 1, 1, 1, 1), TENSOR_RAW, "abcd", 4, STATUS_UNSUPPORTED,
               "9 dimensions, at most 8 are supported");
    bad_tensor(1, 1, DIMS(1000000000), TENSOR_RAW, "abcd", 4, STATUS_FILE,
               "it has 4 bytes of data where 1000000000 float values need 4000000000");
    bad_tensor(1, 1, DIMS(1), TENSOR_RAW, "abcde", 5, STATUS_FILE,
               "it has 5 bytes of data where 1 float values need 4");
    bad_tensor(1, 1, DIMS(0), TENSOR_RAW, "abcd", 4, STATUS_FILE,
               "it has 4 bytes of data where 0 float values need 0");
    bad_tensor(1, 1, DIMS(2), TENSOR_FLOATS, "abcd", 4, STATUS_FILE, "it has 1 values where 2 are declared");
    bad_tensor(1, 1, DIMS(2), 0, "", 0, STATUS_FILE, "it has 0 values where 2 are declared");
    bad_tensor(1, 1, DIMS(1), TENSOR_INT32S, "\x01", 1, STATUS_FILE, "its data are not of type float");
    bad_tensor(7, 1, DIMS(1), TENSOR_INT32S, "\x01", 1, STATUS_FILE, "its data are not of type int64");
    bad_tensor(2, 1, DIMS(2), TENSOR_INT32S, "\x01\x80\x02", 3, STATUS_FILE,
               "value 1 is outside the range of uint8");
    bad_tensor(9, 1, DIMS(1), TENSOR_INT32S, "\x02", 1, STATUS_FILE, "value 0 is outside the range of bool");
    bad_tensor(13, 1, DIMS(1), TENSOR_RAW, "\0\0\0\0\0\0\0\x80", 8, STATUS_FILE,
               "value 0 is outside the range of uint64");
    bad_tensor(13, 1, DIMS(1), TENSOR_UINT64S, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10, STATUS_FILE,
               "value 0 is outside the range of uint64");
    bad_tensor(0, 1, DIMS(1), TENSOR_RAW, "abcd", 4, STATUS_FILE, "the data type is missing");
    bad_tensor(8, 1, DIMS(1), 6, "abcd", 4, STATUS_UNSUPPORTED, "data type string is not supported");
    bad_tensor(17, 1, DIMS(1), TENSOR_RAW, "a", 1, STATUS_UNSUPPORTED,
               "data type float8e4m3fn is not supported");
    bad_tensor(22, 1, DIMS(3), TENSOR_RAW, "abc", 3, STATUS_FILE,
               "it has 3 bytes of data where 3 int4 values need 2");
    bad_tensor(99, 1, DIMS(1), TENSOR_RAW, "abcd", 4, STATUS_FILE, "data type 99 does not exist");
    bad_tensor(-7, 1, DIMS(1), TENSOR_RAW, "abcd", 4, STATUS_FILE, "data type -7 does not exist");
    bad_tensor(1, 1, DIMS(1), TENSOR_EXTERNAL, "\x0a\x08location\x12\x0c../weights.b", 24, STATUS_UNSUPPORTED,
               "its data are kept outside the model (../weights.b), which is not supported; "
               "save the model as one file");
}

static void refuses_raw_and_typed_data_together(void **state)
{
    struct text tensor = begin_tensor("t", 1, DIMS(1), 1), model;
    (void)state;
    wire_bytes(&tensor, TENSOR_RAW, "abcd", 4);
    wire_bytes(&tensor, TENSOR_FLOATS, "abcd", 4);
    model = model_with_tensor(&tensor);
    read_bad(&model, STATUS_FILE, "m.onnx: tensor t: it has both raw and typed data");
}

/* --- Graphs --------------------------------------------------------------------------------------------- */

/* A graph of the given nodes between x and y. */
static struct text model_of(struct text *graph, int64_t opset)
{
    add_value(graph, GRAPH_INPUT, "x", 1, DIMS(1, -2));
    add_value(graph, GRAPH_OUTPUT, "y", 1, DIMS(1, -2));
    return wrap_model(graph, opset);
}

static void bad_graph(struct text *graph, status code, const char *message)
{
    struct text model = model_of(graph, 13);
    read_bad(&model, code, message);
}

static void refuses_bad_graphs(void **state)
{
    struct text graph = {0};
    (void)state;
    add_node(&graph, "/n", "Relu", "z", "y");
    bad_graph(&graph, STATUS_FILE, "m.onnx: node /n: its input z is made by no node");
    add_node(&graph, "", "Relu", "z", "y");
    bad_graph(&graph, STATUS_FILE, "m.onnx: node number 0 (Relu): its input z is made by no node");
    add_node(&graph, "/n", "Relu", "x", "z");
    bad_graph(&graph, STATUS_FILE, "m.onnx: output y is made by no node");
    add_node(&graph, "/a", "Relu", "x", "y");
    add_node(&graph, "/b", "Relu", "x", "y");
    bad_graph(&graph, STATUS_FILE, "m.onnx: node /b: its output y is defined twice");
    add_node(&graph, "/a", "Relu", "x", "x");
    bad_graph(&graph, STATUS_FILE, "m.onnx: node /a: its output x is defined twice");
    add_node(&graph, "/x/Foo", "TfIdfVectorizer", "x", "y");
    bad_graph(&graph, STATUS_UNSUPPORTED, "m.onnx: node /x/Foo: operator TfIdfVectorizer is not supported");
    add_node(&graph, "/n", "", "x", "y");
    bad_graph(&graph, STATUS_FILE, "m.onnx: node /n: it names no operator");
    add_node(&graph, "/n", "Relu", "x", "y");
    add_value(&graph, GRAPH_INPUT, "x", 1, DIMS(1, -2));
    bad_graph(&graph, STATUS_FILE, "m.onnx: input x is defined twice");
    add_node(&graph, "/n", "Relu", "x", "y");
    add_value(&graph, GRAPH_INPUT, "s", 8, DIMS(1, -2));
    bad_graph(&graph, STATUS_UNSUPPORTED, "m.onnx: input s: data type string is not supported");
    add_node(&graph, "/n", "Relu", "x", "y");
    add_value(&graph, GRAPH_INPUT, "s", 0, DIMS(1, -2));
    bad_graph(&graph, STATUS_FILE, "m.onnx: input s: its type is missing");
    add_node(&graph, "/n", "Relu", "x", "y");
    add_value(&graph, GRAPH_INPUT, "s", 1, DIMS(3, -3, -2));
    bad_graph(&graph, STATUS_FILE, "m.onnx: input s: dimension 1 is -3");
    add_node(&graph, "/n\x1b[31m", "Foo", "x", "y");
    bad_graph(&graph, STATUS_UNSUPPORTED, "m.onnx: node /n\\x1b[31m: operator Foo is not supported");
}

/* Cycles are found when the graph is ordered; the words are nn's. */
static void refuses_cycles(void **state)
{
    struct text graph = {0}, model;
    (void)state;
    for (int own = 0; own < 2; own++) {
        struct graph *made = NULL;
        struct error error = {0};
        add_node(&graph, "/a", "Add", own ? "x a" : "x b", "a");
        add_node(&graph, "/b", "Relu", "a", "b");
        add_node(&graph, "/c", "Relu", "b", "y");
        model = model_of(&graph, 13);
        assert_int_equal(onnx_read_bytes("m.onnx", model.data, model.length, &made, &error), STATUS_FILE);
        assert_non_null(strstr(error.message, "m.onnx: "));
        assert_non_null(strstr(error.message, "/a"));
        assert_null(made);
        text_free(&model);
    }
}

static void bad_attribute(struct text *attribute, status code, const char *message)
{
    struct text graph = {0}, node = begin_node("/n", "Relu", "x", "y");
    char whole[256];
    wire_message(&node, NODE_ATTRIBUTE, attribute);
    wire_message(&graph, GRAPH_NODE, &node);
    snprintf(whole, sizeof whole, "m.onnx: node /n: %s", message);
    bad_graph(&graph, code, whole);
}

static void refuses_bad_attributes(void **state)
{
    struct text attribute = begin_attribute("body", 5), inner = {0};
    (void)state;
    wire_message(&attribute, ATTRIBUTE_G, &inner);
    bad_attribute(&attribute, STATUS_UNSUPPORTED, "attribute body: graphs within nodes are not supported");
    attribute = begin_attribute("sparse_value", 11);
    bad_attribute(&attribute, STATUS_UNSUPPORTED, "attribute sparse_value: sparse tensors are not supported");
    attribute = begin_attribute("a", 0);
    bad_attribute(&attribute, STATUS_FILE, "attribute a: its type is missing");
    attribute = begin_attribute("a", 77);
    bad_attribute(&attribute, STATUS_UNSUPPORTED, "attribute a: attribute type 77 is not supported");
    attribute = begin_attribute("", 2);
    bad_attribute(&attribute, STATUS_FILE, "an attribute has no name");
    attribute = begin_attribute("a", 4);
    bad_attribute(&attribute, STATUS_FILE, "attribute a: it has no value");
    attribute = begin_attribute("a", 3);
    wire_bytes(&attribute, ATTRIBUTE_S, "x\0y", 3);
    bad_attribute(&attribute, STATUS_FILE, "attribute a: its text holds a NUL byte");
    attribute = begin_attribute("value", 4);
    inner = begin_tensor("v", 1, DIMS(2), 1);
    wire_message(&attribute, ATTRIBUTE_T, &inner);
    bad_attribute(&attribute, STATUS_FILE, "attribute value: tensor v: it has 0 values where 2 are declared");
}

/* Control flow: the operators are unknown, so they are refused before their graphs are looked at. */
static void refuses_control_flow_and_domains(void **state)
{
    static const char *const operators[] = {"If", "Loop", "Scan"};
    struct text graph = {0}, node;
    char message[128];
    (void)state;
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        add_node(&graph, "/n", operators[i], "x", "y");
        snprintf(message, sizeof message, "m.onnx: node /n: operator %s is not supported", operators[i]);
        bad_graph(&graph, STATUS_UNSUPPORTED, message);
    }
    add_node(&graph, "/n", "QLinearConv", "x", "y");
    bad_graph(
        &graph, STATUS_UNSUPPORTED,
        "m.onnx: node /n: operator QLinearConv is not supported: it computes in integers: quantise with "
        "QuantizeLinear and DequantizeLinear (QDQ) instead, or export the network before it is quantised");
    node = begin_node("/n", "Relu", "x", "y");
    wire_string(&node, NODE_DOMAIN, "com.microsoft");
    wire_message(&graph, GRAPH_NODE, &node);
    bad_graph(&graph, STATUS_UNSUPPORTED,
              "m.onnx: node /n: operator Relu of domain com.microsoft is not supported");
    node = begin_node("/n", "Relu", "x", "y");
    wire_string(&node, NODE_DOMAIN, "ai.onnx");
    wire_message(&graph, GRAPH_NODE, &node);
    struct text model = model_of(&graph, 13);
    graph_free(read_good(&model));
}

/* FunctionProto of the domain "own": y = Op(x), where the attribute alpha is the caller's attribute slope. */
static struct text function_of(const char *name, const char *op)
{
    struct text function = {0}, opset = {0}, node = begin_node("inner", op, "x", "t"), attribute;
    attribute = begin_attribute("alpha", 1);
    wire_string(&attribute, ATTRIBUTE_REFERENCE, "slope");
    wire_message(&node, NODE_ATTRIBUTE, &attribute);
    wire_string(&function, FUNCTION_NAME, name);
    wire_string(&function, FUNCTION_INPUT, "x");
    wire_string(&function, FUNCTION_OUTPUT, "y");
    wire_message(&function, FUNCTION_NODE, &node);
    node = begin_node("last", "Relu", "t", "y");
    wire_message(&function, FUNCTION_NODE, &node);
    wire_string(&opset, 1, "");
    wire_integer(&opset, 2, 13);
    wire_message(&function, FUNCTION_OPSET, &opset);
    wire_string(&function, FUNCTION_DOMAIN, "own");
    return function;
}

/* x -> own.F (slope = 0.5) -> y; the function's body is LeakyRelu or something else. */
static struct text model_with_function(const char *op, const char *domain_of_call)
{
    static const int64_t dims[] = {1, -2};
    struct text graph = {0}, function = function_of("F", op), node = begin_node("/n", "F", "x", "y"), slope;
    wire_string(&node, NODE_DOMAIN, domain_of_call);
    slope = begin_attribute("slope", 1);
    wire_float(&slope, ATTRIBUTE_F, 0.5f);
    wire_message(&node, NODE_ATTRIBUTE, &slope);
    wire_message(&graph, GRAPH_NODE, &node);
    add_value(&graph, GRAPH_INPUT, "x", 1, dims);
    add_value(&graph, GRAPH_OUTPUT, "y", 1, dims);
    struct text model = wrap_model(&graph, 13);
    wire_message(&model, MODEL_FUNCTION, &function);
    return model;
}

static void reads_functions(void **state)
{
    (void)state;
    struct text model = model_with_function("LeakyRelu", "own");
    struct graph *graph = read_good(&model);
    assert_int_equal(graph->node_count, 2);
    assert_string_equal(graph->nodes[0].name, "/n/inner");
    assert_string_equal(graph->nodes[0].op->name, "LeakyRelu");
    assert_true(node_real(&graph->nodes[0], "alpha", 0) == 0.5);
    assert_string_equal(graph->values[graph->nodes[0].inputs[0]].name, "x");
    assert_string_equal(graph->values[graph->nodes[0].outputs[0]].name, "/n/t");
    assert_string_equal(graph->values[graph->nodes[1].outputs[0]].name, "y");
    graph_free(graph);
}

static void refuses_functions_that_do_not_go(void **state)
{
    (void)state;
    struct text model = model_with_function("Foo", "own");
    read_bad(&model, STATUS_UNSUPPORTED,
             "m.onnx: node /n: function F: its node inner: operator Foo is not supported");
    model = model_with_function("LeakyRelu", "other");
    read_bad(&model, STATUS_UNSUPPORTED, "m.onnx: node /n: operator F of domain other is not supported");
    struct text inner = function_of("F", "LeakyRelu"), node = begin_node("again", "F", "x", "u");
    wire_string(&node, NODE_DOMAIN, "own");
    wire_message(&inner, FUNCTION_NODE, &node);
    static const int64_t dims[] = {1, -2};
    struct text graph = {0}, call = begin_node("/n", "F", "x", "y");
    wire_string(&call, NODE_DOMAIN, "own");
    wire_message(&graph, GRAPH_NODE, &call);
    add_value(&graph, GRAPH_INPUT, "x", 1, dims);
    add_value(&graph, GRAPH_OUTPUT, "y", 1, dims);
    model = wrap_model(&graph, 13);
    wire_message(&model, MODEL_FUNCTION, &inner);
    read_bad(&model, STATUS_UNSUPPORTED,
             "m.onnx: node /n: function F: its node again: functions call one another more than 16 deep");
}

static void refuses_sparse_and_quantised(void **state)
{
    struct text graph = {0}, inner = {0}, tensor;
    (void)state;
    add_node(&graph, "/n", "Relu", "x", "y");
    tensor = begin_tensor("s", 1, DIMS(0), 1);
    wire_message(&inner, 1, &tensor);
    wire_message(&graph, GRAPH_SPARSE, &inner);
    bad_graph(&graph, STATUS_UNSUPPORTED, "m.onnx: tensor s: sparse tensors are not supported");
    add_node(&graph, "/n", "Relu", "x", "y");
    wire_string(&inner, 1, "q");
    wire_message(&graph, GRAPH_ANNOTATION, &inner);
    bad_graph(&graph, STATUS_UNSUPPORTED, "m.onnx: tensor q: quantised tensors are not supported");
}

/* --- Versions ------------------------------------------------------------------------------------------- */

static void checks_opsets(void **state)
{
    struct text graph = {0}, model;
    (void)state;
    for (int64_t opset = 7; opset <= 24; opset++) {
        add_node(&graph, "/n", "Relu", "x", "y");
        model = model_of(&graph, opset);
        struct graph *made = read_good(&model);
        assert_int_equal(made->opset, opset);
        graph_free(made);
    }
    add_node(&graph, "/n", "Relu", "x", "y");
    model = model_of(&graph, 25);
    read_bad(&model, STATUS_UNSUPPORTED, "m.onnx: opset 25 is not supported; export with opset 7 to 24");
    add_node(&graph, "/n", "Relu", "x", "y");
    model = model_of(&graph, 0);
    read_bad(&model, STATUS_FILE, "m.onnx: it does not say which opset it uses");
    model = small_model();
    add_opset(&model, 12);
    read_bad(&model, STATUS_FILE, "m.onnx: it asks for opset 13 and for opset 12");
    wire_message(&model, MODEL_GRAPH, &graph);
    read_bad(&model, STATUS_FILE, "m.onnx: not an ONNX model: it has no IR version");
    wire_integer(&model, MODEL_IR, 7);
    read_bad(&model, STATUS_FILE, "m.onnx: not an ONNX model: it has no graph");
}

/* Before opset 7 a node is taken when it meant then what it means now. */
static void checks_old_forms(void **state)
{
    struct text graph = {0}, node, model, attribute;
    (void)state;
    add_node(&graph, "/n", "Add", "x x", "y");
    model = model_of(&graph, 6);
    graph_free(read_good(&model));
    node = begin_node("/n", "Add", "x x", "y");
    attribute = begin_attribute("axis", 2);
    wire_integer(&attribute, ATTRIBUTE_I, 1);
    wire_message(&node, NODE_ATTRIBUTE, &attribute);
    wire_message(&graph, GRAPH_NODE, &node);
    model = model_of(&graph, 6);
    read_bad(&model, STATUS_UNSUPPORTED,
             "m.onnx: node /n: the form that operator Add had in opset 6 is not supported; "
             "export with opset 7 to 24");
    for (int test = 0; test < 2; test++) {
        node = begin_node("/n", "Dropout", "x", "y");
        attribute = begin_attribute("is_test", 2);
        wire_integer(&attribute, ATTRIBUTE_I, test);
        wire_message(&node, NODE_ATTRIBUTE, &attribute);
        wire_message(&graph, GRAPH_NODE, &node);
        model = model_of(&graph, 6);
        if (test) {
            struct graph *made = read_good(&model);
            assert_int_equal(made->opset, 7);
            assert_int_equal(made->nodes[0].attribute_count, 0);
            graph_free(made);
            break;
        }
        read_bad(&model, STATUS_UNSUPPORTED,
                 "m.onnx: node /n: the form that operator Dropout had in opset 6 is not supported; "
                 "export with opset 7 to 24");
    }
}

/* Before IR version 4 every initialiser was listed as an input too. */
static void initialisers_listed_as_inputs_are_constants(void **state)
{
    struct text graph = {0}, model;
    static const float values[] = {1, 2, 3};
    (void)state;
    for (int good = 1; good >= 0; good--) {
        add_node(&graph, "/n", "Add", "x w", "y");
        add_value(&graph, GRAPH_INPUT, "w", 1, good ? DIMS(-1, -2) : DIMS(4, -2));
        add_floats(&graph, "w", DIMS(3), 1, values, 3);
        model = model_of(&graph, 8);
        if (!good) {
            read_bad(&model, STATUS_FILE, "m.onnx: input w: its shape is not that of its initialiser");
            break;
        }
        struct graph *made = read_good(&model);
        assert_int_equal(made->input_count, 1);
        assert_string_equal(made->values[made->inputs[0]].name, "x");
        assert_non_null(value_named(made, "w")->constant);
        assert_int_equal(made->value_count, 3);
        graph_free(made);
    }
    add_node(&graph, "/n", "Relu", "x", "y");
    add_floats(&graph, "w", DIMS(3), 1, values, 3);
    add_floats(&graph, "w", DIMS(3), 1, values, 3);
    bad_graph(&graph, STATUS_FILE, "m.onnx: initialiser w is defined twice");
}

static void optional_operands_may_be_left_out(void **state)
{
    struct text graph = {0}, model;
    (void)state;
    add_floats(&graph, "max", NULL, 0, (const float[]){6}, 1);
    add_node(&graph, "/n", "Clip", "x - max", "y");
    model = model_of(&graph, 13);
    struct graph *made = read_good(&model);
    assert_int_equal(made->nodes[0].input_count, 3);
    assert_int_equal(made->nodes[0].inputs[1], VALUE_NONE);
    assert_true(made->nodes[0].inputs[2] >= 0);
    graph_free(made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_network),
        cmocka_unit_test(reads_parameters_and_attributes),
        cmocka_unit_test(reads_all_data_types),
        cmocka_unit_test(reads_half_precision_exactly),
        cmocka_unit_test(reads_half_bytes),
        cmocka_unit_test(reads_scalars_and_empty_tensors),
        cmocka_unit_test(refuses_bad_tensors),
        cmocka_unit_test(refuses_raw_and_typed_data_together),
        cmocka_unit_test(refuses_bad_graphs),
        cmocka_unit_test(refuses_cycles),
        cmocka_unit_test(refuses_bad_attributes),
        cmocka_unit_test(refuses_control_flow_and_domains),
        cmocka_unit_test(reads_functions),
        cmocka_unit_test(refuses_functions_that_do_not_go),
        cmocka_unit_test(refuses_sparse_and_quantised),
        cmocka_unit_test(checks_opsets),
        cmocka_unit_test(checks_old_forms),
        cmocka_unit_test(initialisers_listed_as_inputs_are_constants),
        cmocka_unit_test(optional_operands_may_be_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
