/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ONNX files out: what is written and read back is the same network, to the last bit. */
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "onnx/onnx.h"
#include "onnx/onnx_write.h"
#include "support/graph_maker.h"
#include "nn/engine/engine.h"
#include "nn/simplify/simplify.h"
#include "support/small_model.h"
#include "support/wire.h"

static void check(status code, const struct error *error)
{
    if (code != STATUS_OK)
        fail_msg("%s", error->message);
}

/* Write to bytes and read them. */
static struct graph *round_trip(const struct graph *graph, const struct metadata *metadata, int count)
{
    struct error error = {0};
    struct text bytes = {0};
    struct graph *read;
    check(onnx_encode(graph, metadata, count, &bytes, &error), &error);
    check(onnx_read_bytes("bytes", text_data(&bytes), bytes.length, &read, &error), &error);
    text_free(&bytes);
    return read;
}

static struct graph *read_small_model(void)
{
    struct error error = {0};
    struct text bytes = small_model();
    struct graph *graph;
    check(onnx_read_bytes("small", text_data(&bytes), bytes.length, &graph, &error), &error);
    text_free(&bytes);
    return graph;
}

/* --- equal graphs --------------------------------------------------------------------------------------- */

static void same_string(const char *a, const char *b)
{
    assert_string_equal(a != NULL ? a : "", b != NULL ? b : "");
}

static void same_tensor(const struct tensor *a, const struct tensor *b)
{
    assert_int_equal(a->type, b->type);
    assert_int_equal(a->file_type, b->file_type);
    assert_true(shape_equal(&a->shape, &b->shape));
    assert_memory_equal(a->data, b->data, (size_t)shape_elements(&a->shape) * element_size(a->type));
}

static void same_attribute(const struct attribute *a, const struct attribute *b)
{
    assert_string_equal(a->name, b->name);
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->integer, b->integer);
    assert_true(a->real == b->real);
    same_string(a->string, b->string);
    for (size_t i = 0; i < a->count; i++) {
        if (a->kind == ATTRIBUTE_INTEGERS)
            assert_int_equal(a->integers[i], b->integers[i]);
        else if (a->kind == ATTRIBUTE_REALS)
            assert_true(a->reals[i] == b->reals[i]);
        else
            assert_string_equal(a->strings[i], b->strings[i]);
    }
    if (a->kind == ATTRIBUTE_TENSOR)
        same_tensor(a->tensor, b->tensor);
}

static const char *value_name(const struct graph *graph, int value)
{
    return value == VALUE_NONE ? "" : graph->values[value].name;
}

static void same_node(const struct graph *a, const struct graph *b, int index)
{
    const struct node *x = &a->nodes[index], *y = &b->nodes[index];
    assert_string_equal(x->name, y->name);
    assert_ptr_equal(x->op, y->op);
    assert_int_equal(x->input_count, y->input_count);
    assert_int_equal(x->output_count, y->output_count);
    assert_int_equal(x->attribute_count, y->attribute_count);
    for (int i = 0; i < x->input_count; i++)
        assert_string_equal(value_name(a, x->inputs[i]), value_name(b, y->inputs[i]));
    for (int i = 0; i < x->output_count; i++)
        assert_string_equal(value_name(a, x->outputs[i]), value_name(b, y->outputs[i]));
    for (int i = 0; i < x->attribute_count; i++)
        same_attribute(&x->attributes[i], &y->attributes[i]);
}

static void same_ends(const struct graph *a, const int *x, int x_count, const struct graph *b, const int *y,
                      int y_count)
{
    assert_int_equal(x_count, y_count);
    for (int i = 0; i < x_count; i++) {
        const struct value *v = &a->values[x[i]], *w = &b->values[y[i]];
        assert_string_equal(v->name, w->name);
        assert_int_equal(v->type, w->type);
        assert_int_equal(v->file_type, w->file_type);
        assert_true(shape_equal(&v->shape, &w->shape));
    }
}

static void same_graph(const struct graph *a, const struct graph *b)
{
    same_string(a->name, b->name);
    same_string(a->producer, b->producer);
    same_string(a->producer_version, b->producer_version);
    same_string(a->domain, b->domain);
    same_string(a->documentation, b->documentation);
    assert_int_equal(a->opset, b->opset);
    assert_int_equal(a->ir_version, b->ir_version);
    assert_int_equal(a->model_version, b->model_version);
    assert_int_equal(a->node_count, b->node_count);
    for (int i = 0; i < a->node_count; i++)
        same_node(a, b, i);
    same_ends(a, a->inputs, a->input_count, b, b->inputs, b->input_count);
    same_ends(a, a->outputs, a->output_count, b, b->outputs, b->output_count);
    for (int i = 0; i < a->value_count; i++) {
        int value = graph_find_value(b, a->values[i].name);
        if (a->values[i].constant == NULL)
            continue;
        assert_true(value >= 0 && b->values[value].constant != NULL);
        same_tensor(a->values[i].constant, b->values[value].constant);
    }
    assert_int_equal(a->metadata_count, b->metadata_count);
    for (int i = 0; i < a->metadata_count; i++) {
        assert_string_equal(a->metadata[i].key, b->metadata[i].key);
        assert_string_equal(a->metadata[i].value, b->metadata[i].value);
    }
}

/* Declared to be floats, as a file would. */
static void declare(struct graph *graph)
{
    for (int i = 0; i < graph->input_count; i++)
        graph->values[graph->inputs[i]].file_type = 1;
    for (int i = 0; i < graph->output_count; i++)
        graph->values[graph->outputs[i]].file_type = 1;
}

/* --- round trips ---------------------------------------------------------------------------------------- */

static void the_same_network(void **state)
{
    (void)state;
    struct graph *graph = read_small_model();
    graph->producer_version = "1.2";
    graph->domain = "org.example";
    graph->documentation = "a small one,\nwith UTF-8: \u03bb";
    graph->model_version = 7;
    graph->name = "";
    struct graph *read = round_trip(graph, NULL, 0);
    graph->name = "graph"; /* the checker wants one */
    same_graph(graph, read);
    struct graph *again = round_trip(read, NULL, 0);
    same_graph(read, again);
    graph_free(again);
    graph_free(read);
    graph_free(graph);
}

static void run(const struct graph *graph, float *out)
{
    struct error error = {0};
    struct engine *engine;
    struct graph *simple;
    struct engine_options options = {.batch = 2, .real = ELEMENT_FLOAT};
    check(graph_simplify(graph, &simple, &error), &error);
    check(engine_new(simple, &options, &engine, &error), &error);
    float *input = engine_input(engine);
    for (int64_t i = 0; i < 2 * engine_input_elements(engine); i++)
        input[i] = (float)sin((double)i);
    check(engine_forward(engine, &error), &error);
    memcpy(out, engine_output(engine)->data, 4 * sizeof *out);
    engine_free(engine);
    graph_free(simple);
}

static void the_same_numbers(void **state)
{
    (void)state;
    float before[4], after[4];
    struct graph *graph = read_small_model();
    struct graph *read = round_trip(graph, NULL, 0);
    run(graph, before);
    run(read, after);
    assert_memory_equal(before, after, sizeof before);
    graph_free(read);
    graph_free(graph);
}

static struct tensor *tensor_of(enum element_type type, int file_type, int64_t count)
{
    struct shape shape = {.rank = 1, .dim = {count}};
    struct tensor *tensor = tensor_new(type, &shape);
    assert_non_null(tensor);
    tensor->file_type = file_type;
    return tensor;
}

/* Identity of the constant `c` added to the input: enough of a graph. */
static struct graph *graph_around(struct tensor *tensor)
{
    struct error error = {0};
    struct graph *graph = make_graph(13);
    make_input(graph, "x", DIMS(DIMENSION_UNKNOWN, 2));
    make_tensor(graph, "c", tensor);
    make_node(graph, "/y", "Relu", NAMES("x"), NAMES("y"), NO_ATTRIBUTES);
    make_output(graph, "y");
    declare(graph);
    graph->name = "around";
    graph->ir_version = 7;
    check(graph_finish(graph, &error), &error);
    return graph;
}

static const struct tensor *constant_of(const struct graph *graph)
{
    return graph->values[graph_find_value(graph, "c")].constant;
}

static void data_types_are_kept(void **state)
{
    (void)state;
    static const struct {
        int file_type;
        int64_t low, high;
    } types[] = {{2, 0, UINT8_MAX},
                 {3, INT8_MIN, INT8_MAX},
                 {4, 0, UINT16_MAX},
                 {5, INT16_MIN, INT16_MAX},
                 {6, INT32_MIN, INT32_MAX},
                 {7, INT64_MIN, INT64_MAX},
                 {9, 0, 1},
                 {12, 0, UINT32_MAX},
                 {13, 0, INT64_MAX},
                 {21, 0, 15},
                 {22, -8, 7}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct tensor *tensor = tensor_of(ELEMENT_INT64, types[i].file_type, 3);
        int64_t *values = tensor->data;
        values[0] = types[i].low;
        values[1] = types[i].high;
        values[2] = 1;
        struct graph *graph = graph_around(tensor), *read = round_trip(graph, NULL, 0);
        same_graph(graph, read);
        graph_free(read);
        graph_free(graph);
    }
}

static void doubles_and_floats(void **state)
{
    (void)state;
    static const double numbers[] = {
        0.0, -0.0, 1.0 / 3, INFINITY, -INFINITY, 5e-324, -1.7976931348623157e308};
    enum { COUNT = sizeof numbers / sizeof numbers[0] };
    struct tensor *doubles = tensor_of(ELEMENT_DOUBLE, 11, COUNT),
                  *floats = tensor_of(ELEMENT_FLOAT, 1, COUNT);
    memcpy(doubles->data, numbers, sizeof numbers);
    for (int i = 0; i < COUNT; i++)
        ((float *)floats->data)[i] = (float)numbers[i];
    ((float *)floats->data)[5] = 1e-45f;
    struct tensor *const both[] = {doubles, floats};
    for (int i = 0; i < 2; i++) {
        struct graph *graph = graph_around(both[i]), *read = round_trip(graph, NULL, 0);
        same_graph(graph, read);
        graph_free(read);
        graph_free(graph);
    }
}

/* A type that does not fit what is in memory gives way: a float cannot be written as an integer. */
static void data_types_that_do_not_fit(void **state)
{
    (void)state;
    struct tensor *tensor = tensor_of(ELEMENT_DOUBLE, 10, 1);
    *(double *)tensor->data = 1e300;
    struct graph *graph = graph_around(tensor), *read = round_trip(graph, NULL, 0);
    assert_int_equal(constant_of(read)->file_type, 11);
    assert_true(*(double *)constant_of(read)->data == 1e300);
    graph_free(read);
    graph_free(graph);
    tensor = tensor_of(ELEMENT_INT64, 0, 1);
    *(int64_t *)tensor->data = -5;
    graph = graph_around(tensor);
    read = round_trip(graph, NULL, 0);
    assert_int_equal(constant_of(read)->file_type, 7);
    graph_free(read);
    graph_free(graph);
}

/* All finite halves come back as they were. */
static void halves_are_exact(void **state)
{
    (void)state;
    struct text model = {0}, graph_text = {0}, tensor = begin_tensor("c", 10, (int64_t[]){1 << 16}, 1);
    uint16_t *halves = mem_new(1 << 16, sizeof *halves);
    struct error error = {0};
    struct graph *graph;
    for (int i = 0; i < 1 << 16; i++) {
        bool is_nan = (i & 0x7c00) == 0x7c00 && (i & 0x3ff) != 0;
        halves[i] = is_nan ? 0 : (uint16_t)i;
    }
    wire_bytes(&tensor, TENSOR_RAW, halves, (size_t)(1 << 16) * sizeof *halves);
    add_node(&graph_text, "/y", "Relu", "x", "y");
    wire_message(&graph_text, GRAPH_INITIALIZER, &tensor);
    add_value(&graph_text, GRAPH_INPUT, "x", 10, (int64_t[]){-1, 2, -2});
    add_value(&graph_text, GRAPH_OUTPUT, "y", 10, (int64_t[]){-1, 2, -2});
    model = wrap_model(&graph_text, 13);
    check(onnx_read_bytes("halves", text_data(&model), model.length, &graph, &error), &error);
    struct graph *read = round_trip(graph, NULL, 0);
    same_tensor(constant_of(graph), constant_of(read));
    assert_int_equal(read->values[read->inputs[0]].file_type, 10);
    graph_free(read);
    graph_free(graph);
    text_free(&model);
    mem_free(halves);
}

/* What a half cannot hold is rounded to the nearest, to the even one of two. */
static void halves_are_rounded(void **state)
{
    (void)state;
    static const struct {
        float in, out;
    } cases[] = {{1.0f + 0x1p-11f, 1.0f},
                 {1.0f + 0x3p-11f, 1.0f + 0x1p-9f},
                 {1.0f + 0x1.1p-11f, 1.0f + 0x1p-10f},
                 {0x1.ffcp-1f + 0x1p-12f, 1.0f},
                 {65519.0f, 65504.0f},
                 {65520.0f, INFINITY},
                 {-1e30f, -INFINITY},
                 {0x1p-24f, 0x1p-24f},
                 {0x1p-25f, 0.0f},
                 {0x1.8p-24f, 0x1p-23f},
                 {0x1.ffep-15f, 0x1p-14f},
                 {-0x1p-30f, -0.0f}};
    enum { COUNT = sizeof cases / sizeof cases[0] };
    struct tensor *tensor = tensor_of(ELEMENT_FLOAT, 10, COUNT + 1);
    for (int i = 0; i < COUNT; i++)
        ((float *)tensor->data)[i] = cases[i].in;
    ((float *)tensor->data)[COUNT] = NAN;
    struct graph *graph = graph_around(tensor), *read = round_trip(graph, NULL, 0);
    const float *out = constant_of(read)->data;
    for (int i = 0; i < COUNT; i++)
        if (memcmp(&out[i], &cases[i].out, sizeof(float)) != 0)
            fail_msg("case %d: %a became %a, not %a", i, (double)cases[i].in, (double)out[i],
                     (double)cases[i].out);
    assert_true(isnan(out[COUNT]));
    graph_free(read);
    graph_free(graph);
}

static void every_kind_of_attribute(void **state)
{
    (void)state;
    struct error error = {0};
    double reals[] = {0.5, -1e-3f};
    const char *strings[] = {"one", ""};
    struct tensor *tensor = tensor_of(ELEMENT_INT64, 6, 2);
    struct attribute attributes[] = {
        integer_attribute("i", INT64_MIN),
        {.name = "f", .kind = ATTRIBUTE_REAL, .real = 0.1f},
        string_attribute("s", "text"),
        integers_attribute("ints", DIMS(1, -2, 3)),
        {.name = "floats", .kind = ATTRIBUTE_REALS, .reals = reals, .count = 2},
        {.name = "strings", .kind = ATTRIBUTE_STRINGS, .strings = strings, .count = 2},
        {.name = "t", .kind = ATTRIBUTE_TENSOR, .tensor = tensor},
        {.name = "none", .kind = ATTRIBUTE_INTEGERS},
    };
    struct graph *graph = make_graph(13);
    make_input(graph, "x", DIMS(DIMENSION_UNKNOWN, 2));
    graph->values[make_integers(graph, "high", DIMS(1))].constant->file_type = 7;
    make_node(graph, "/y", "Clip", NAMES("x", "", "high"), NAMES("y"), attributes, 8);
    make_output(graph, "y");
    declare(graph);
    graph->name = "attributes";
    graph->ir_version = 8;
    check(graph_finish(graph, &error), &error);
    struct graph *read = round_trip(graph, NULL, 0);
    same_graph(graph, read);
    assert_int_equal(read->nodes[0].inputs[1], VALUE_NONE);
    tensor_free(tensor);
    graph_free(read);
    graph_free(graph);
}

/* --- the model's head ----------------------------------------------------------------------------------- */

static void metadata_beside_and_in_place(void **state)
{
    (void)state;
    struct graph *graph = read_small_model();
    const struct metadata added[] = {{"pruned", "0.4"}, {"trained on", "something"}, {"empty", ""}};
    struct graph *read = round_trip(graph, added, 1);
    assert_int_equal(read->metadata_count, 2);
    assert_string_equal(read->metadata[0].key, "trained on");
    assert_string_equal(read->metadata[0].value, "nothing");
    assert_string_equal(read->metadata[1].value, "0.4");
    graph_free(read);
    read = round_trip(graph, added, 3);
    assert_int_equal(read->metadata_count, 3);
    assert_string_equal(read->metadata[0].key, "pruned");
    assert_string_equal(read->metadata[1].key, "trained on");
    assert_string_equal(read->metadata[1].value, "something");
    assert_string_equal(read->metadata[2].value, "");
    graph_free(read);
    graph_free(graph);
}

static void versions(void **state)
{
    (void)state;
    static const struct {
        int64_t given, written;
    } cases[] = {{0, 7}, {3, 4}, {4, 4}, {7, 7}, {9, 9}};
    struct graph *graph = read_small_model();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        graph->ir_version = cases[i].given;
        graph->opset = 7 + (int)i;
        struct graph *read = round_trip(graph, NULL, 0);
        assert_int_equal(read->ir_version, cases[i].written);
        assert_int_equal(read->opset, 7 + (int)i);
        graph_free(read);
    }
    graph_free(graph);
}

static void bytes_are_appended(void **state)
{
    (void)state;
    struct error error = {0};
    struct text bytes = {0};
    struct graph *graph = read_small_model();
    text_add(&bytes, "before");
    check(onnx_encode(graph, NULL, 0, &bytes, &error), &error);
    assert_memory_equal(text_data(&bytes), "before", 6);
    struct graph *read;
    check(onnx_read_bytes("rest", text_data(&bytes) + 6, bytes.length - 6, &read, &error), &error);
    graph_free(read);
    text_free(&bytes);
    graph_free(graph);
}

/* 140 parameters that are one tensor of 16 MiB in memory. */
static void too_large_for_the_format(void **state)
{
    (void)state;
    struct error error = {0};
    struct text bytes = {0};
    struct graph *graph = graph_around(tensor_of(ELEMENT_FLOAT, 1, 1 << 22));
    for (int i = 0; i < 140; i++) {
        char name[16];
        snprintf(name, sizeof name, "c%d", i);
        graph_add_constant(graph, name, (struct tensor *)constant_of(graph));
    }
    assert_int_equal(onnx_encode(graph, NULL, 0, &bytes, &error), STATUS_UNSUPPORTED);
    assert_non_null(strstr(error.message, "ONNX files are limited to 2 GiB"));
    assert_int_equal(bytes.length, 0);
    graph_free(graph);
}

/* --- files ---------------------------------------------------------------------------------------------- */

static char folder[] = "/tmp/ippro-onnx-write-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[100];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static void files_are_replaced(void **state)
{
    (void)state;
    char path[100];
    struct error error = {0};
    struct graph *graph = read_small_model(), *read;
    snprintf(path, sizeof path, "%s/small.onnx", folder);
    for (int i = 0; i < 2; i++) {
        check(onnx_write(path, graph, NULL, 0, &error), &error);
        check(onnx_read(path, &read, &error), &error);
        same_graph(graph, read);
        graph_free(read);
    }
    graph_free(graph);
}

/* The disk is full in the middle: the old file stays, and nothing is left beside it. */
static void a_failed_write_leaves_the_old_file(void **state)
{
    (void)state;
    char path[100], command[200];
    struct error error = {0};
    struct rlimit old;
    unsigned char *before, *after;
    size_t before_size, after_size;
    struct graph *graph = read_small_model();
    const struct metadata more = {"more", "than before"};
    snprintf(path, sizeof path, "%s/kept.onnx", folder);
    check(onnx_write(path, graph, NULL, 0, &error), &error);
    check(file_read(path, 1 << 20, &before, &before_size, &error), &error);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    struct rlimit small = {.rlim_cur = 100, .rlim_max = old.rlim_max};
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    status code = onnx_write(path, graph, &more, 1, &error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, handler);
    assert_int_equal(code, STATUS_FILE);
    assert_non_null(strstr(error.message, "kept.onnx"));
    check(file_read(path, 1 << 20, &after, &after_size, &error), &error);
    assert_int_equal(before_size, after_size);
    assert_memory_equal(before, after, after_size);
    snprintf(command, sizeof command, "test $(ls -A '%s' | grep -c kept) -eq 1", folder);
    assert_int_equal(system(command), 0);
    mem_free(before);
    mem_free(after);
    graph_free(graph);
}

static void folders_that_cannot_be_written(void **state)
{
    (void)state;
    char path[100];
    struct error error = {0};
    struct graph *graph = read_small_model();
    snprintf(path, sizeof path, "%s/nowhere/x.onnx", folder);
    assert_int_equal(onnx_write(path, graph, NULL, 0, &error), STATUS_FILE);
    assert_non_null(strstr(error.message, "nowhere"));
    assert_int_equal(onnx_write(folder, graph, NULL, 0, &error), STATUS_FILE);
    assert_int_equal(access(folder, X_OK), 0);
    graph_free(graph);
}

/* --- memory --------------------------------------------------------------------------------------------- */

static void memory_runs_out(void **state)
{
    (void)state;
    struct graph *graph = read_small_model();
    const struct metadata added = {"pruned", "0.4"};
    status code = STATUS_MEMORY;
    long nth = 0;
    while (code == STATUS_MEMORY) {
        struct error error = {0};
        struct text bytes = {0};
        mem_fail_at(++nth);
        code = onnx_encode(graph, &added, 1, &bytes, &error);
        mem_fail_at(0);
        text_free(&bytes);
    }
    assert_int_equal(code, STATUS_OK);
    assert_true(nth > 60);
    graph_free(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_network),
        cmocka_unit_test(the_same_numbers),
        cmocka_unit_test(data_types_are_kept),
        cmocka_unit_test(doubles_and_floats),
        cmocka_unit_test(data_types_that_do_not_fit),
        cmocka_unit_test(halves_are_exact),
        cmocka_unit_test(halves_are_rounded),
        cmocka_unit_test(every_kind_of_attribute),
        cmocka_unit_test(metadata_beside_and_in_place),
        cmocka_unit_test(versions),
        cmocka_unit_test(bytes_are_appended),
        cmocka_unit_test(too_large_for_the_format),
        cmocka_unit_test(files_are_replaced),
        cmocka_unit_test(a_failed_write_leaves_the_old_file),
        cmocka_unit_test(folders_that_cannot_be_written),
        cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests_name("onnx_write", tests, make_folder, remove_folder);
}
