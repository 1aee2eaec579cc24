/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Networks that PyTorch makes and saves are recognised, and give the logits that it computed in double: with
 * double arithmetic almost to the last digit, with fast float kernels closely, or as closely as PyTorch's
 * float where roundings grow in a network. What is written is in torch_networks.py; IPPRO_TORCH_NETWORKS
 * names others of its networks, such as "large". Where trained weights are at hand, they give what the same
 * network as an ONNX file gives. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "nn/engine/engine.h"
#include "session/language/completion.h"
#include "session/language/parse.h"
#include "session/language/run.h"
#include "session/model.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/words/word_list.h"
#include "shell/shell.h"
#include "support/skip.h"

static char folder[] = "/tmp/ippro-torch-XXXXXX";
static struct shell shell;
static struct session *session;
static int written; /* the status with which Python ended */
enum { NO_PYTORCH = 77 };

static int run_python(void)
{
    const char *names = getenv("IPPRO_TORCH_NETWORKS"), *source = getenv("SRCDIR");
    char command[1024];
    snprintf(command, sizeof command, "/usr/bin/python3 '%s/tests/architecture/torch_networks.py' '%s' %s",
             source ? source : ".", folder, names ? names : "");
    int result = system(command);
    return WIFEXITED(result) ? WEXITSTATUS(result) : -1;
}

static int begin(void **state)
{
    struct error error = {0};
    (void)state;
    if (!mkdtemp(folder) || session_new(&session, &error) != STATUS_OK)
        return -1;
    shell_begin(&shell, session);
    written = run_python();
    return 0;
}

static int end(void **state)
{
    char command[64];
    (void)state;
    shell_end(&shell);
    session_free(session);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static double *read_numbers(const char *name, const char *extension, size_t *count)
{
    char path[256];
    unsigned char *data;
    size_t size;
    struct error error = {0};
    snprintf(path, sizeof path, "%s/%s.%s", folder, name, extension);
    if (file_read(path, SIZE_MAX / 2, &data, &size, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    *count = size / sizeof(double);
    return (double *)data;
}

/* The largest difference of a logit, relative to the largest logit. */
static double compare(const struct graph *graph, enum element_type real, const double *image,
                      const double *logits, size_t count)
{
    const struct engine_options options = {.batch = 1, .real = real, .reuse = true};
    struct engine *engine;
    struct error error = {0};
    if (engine_new(graph, &options, &engine, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    void *input = engine_input(engine);
    for (int64_t i = 0; i < engine_input_elements(engine); i++) {
        if (real == ELEMENT_DOUBLE)
            ((double *)input)[i] = image[i];
        else
            ((float *)input)[i] = (float)image[i];
    }
    assert_int_equal(engine_forward(engine, &error), STATUS_OK);
    const struct operand *output = engine_output(engine);
    double worst = 0, largest = 0;
    assert_int_equal(shape_elements(&output->shape), count);
    for (size_t i = 0; i < count; i++) {
        double got =
            real == ELEMENT_DOUBLE ? ((double *)output->data)[i] : (double)((float *)output->data)[i];
        worst = fmax(worst, isnan(got) ? INFINITY : fabs(got - logits[i]));
        largest = fmax(largest, fabs(logits[i]));
    }
    engine_free(engine);
    return worst / largest;
}

static status run(const char *line, struct error *error)
{
    struct parsed_line parsed;
    struct reply reply = {0};
    status code = parse_line(line, &parsed, error);
    for (int i = 0; code == STATUS_OK && i < parsed.count; i++) {
        code = session_run(session, &parsed.statements[i], false, NULL, &reply, error);
        reply_free(&reply);
        reply = (struct reply){0};
    }
    parsed_line_free(&parsed);
    return code;
}

static void run_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void run_format(const char *format, ...)
{
    char line[512];
    struct error error = {0};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (run(line, &error) != STATUS_OK)
        fail_msg("%s: %s", line, error.message);
}

static void check_network(const char *name, const char *architecture, int height, int width, double peer)
{
    size_t pixels, classes;
    run_format("load %s/%s.pth input=%dx%d", folder, name, height, width);
    const struct model *model = session->state.model;
    assert_string_equal(model->architecture, architecture);
    assert_non_null(model->weights);
    double *image = read_numbers(name, "input", &pixels), *logits = read_numbers(name, "logits", &classes);
    double exact = compare(model->graph, ELEMENT_DOUBLE, image, logits, classes);
    double fast = compare(model->graph, ELEMENT_FLOAT, image, logits, classes);
    print_message("# %s: %s, relative difference %.1e in double, %.1e in float (PyTorch's %.1e)\n", name,
                  architecture, exact, fast, peer);
    assert_true(exact < 1e-11);
    assert_true(fast < 1e-5 || (fast < 3 * peer && fast < 1e-3));
    mem_free(image);
    mem_free(logits);
}

static void test_logits(void **state)
{
    char path[64], name[64], architecture[64];
    int height, width, count = 0;
    double peer;
    (void)state;
    if (written == NO_PYTORCH)
        skip_because("no PyTorch and torchvision for /usr/bin/python3");
    assert_int_equal(written, 0);
    snprintf(path, sizeof path, "%s/list", folder);
    FILE *list = fopen(path, "r");
    assert_non_null(list);
    for (; fscanf(list, "%63s %63s %d %d %lf", name, architecture, &height, &width, &peer) == 5; count++)
        check_network(name, architecture, height, width, peer);
    fclose(list);
    assert_true(count > 0);
}

/* --- trained weights ------------------------------------------------------------------------------------ */

static void check_trained(const char *weights, const char *onnx, const char *architecture)
{
    enum { PIXELS = 3 * 32 * 32, CLASSES = 10 };
    double image[PIXELS], logits[CLASSES];
    struct engine *engine;
    struct error error = {0};
    const struct engine_options options = {.batch = 1, .real = ELEMENT_DOUBLE};
    run_format("load %s", need_shared(onnx));
    assert_null(session->state.model->weights);
    assert_null(session->state.model->architecture);
    assert_int_equal(engine_new(session->state.model->graph, &options, &engine, &error), STATUS_OK);
    for (int i = 0; i < PIXELS; i++)
        image[i] = ((double *)engine_input(engine))[i] = (float)((i * 7919 % 1013) / 300.0 - 1.7);
    assert_int_equal(engine_forward(engine, &error), STATUS_OK);
    memcpy(logits, engine_output(engine)->data, sizeof logits);
    engine_free(engine);
    run_format("load %s", need_shared(weights));
    const struct graph *graph = session->state.model->graph;
    assert_string_equal(session->state.model->architecture, architecture);
    double exact = compare(graph, ELEMENT_DOUBLE, image, logits, CLASSES);
    print_message("# %s: relative difference %.1e in double\n", architecture, exact);
    assert_true(exact < 1e-6); /* ONNX has epsilon in single precision */
    assert_true(compare(graph, ELEMENT_FLOAT, image, logits, CLASSES) < 1e-5);
}

static void test_trained(void **state)
{
    (void)state;
    check_trained("data/models/resnet20.th", "data/models/resnet20_bn.onnx", "cifar-resnet20");
    check_trained("data/models/resnet56.th", "data/models/resnet56_bn.onnx", "cifar-resnet56");
}

/* What was pruned still knows which weights it is from; undo brings back what was there. */
static void test_pruned(void **state)
{
    (void)state;
    run_format("load %s", need_shared("data/models/resnet20.th"));
    const struct model *whole = session->state.model;
    const struct checkpoint *weights = whole->weights;
    run_format("prune l1 0.3; apply");
    assert_ptr_not_equal(session->state.model, whole);
    assert_ptr_equal(session->state.model->weights, weights);
    assert_string_equal(session->state.model->architecture, "cifar-resnet20");
    run_format("undo");
    run_format("undo");
    assert_ptr_equal(session->state.model, whole);
    run_format("load example");
    assert_null(session->state.model->weights);
}

/* Does completing the line offer the word? */
static bool offers(const char *line, const char *word)
{
    struct completion completion = {0};
    struct error error = {0};
    assert_int_equal(completion_find(session, line, (int)strlen(line), &completion, &error), STATUS_OK);
    bool offered = word_list_has(&completion.words, word);
    completion_free(&completion);
    return offered;
}

static void test_completion(void **state)
{
    (void)state;
    assert_true(offers("load weights.pth as=cifar-resnet5", "as=cifar-resnet56b"));
    assert_false(offers("load weights.pth as=cifar-resnet5", "as=cifar-resnet20"));
    assert_true(offers("networks wide", "wide-resnet50"));
}

/* One allocation fails, then one further on; the session stays as it was until none does. */
static void test_memory(void **state)
{
    char line[512];
    status code = STATUS_MEMORY;
    (void)state;
    snprintf(line, sizeof line, "load %s", need_shared("data/models/resnet20.th"));
    run_format("load example");
    for (long nth = 1; code != STATUS_OK; nth += nth / 8 + 1) {
        const struct model *before = session->state.model;
        struct error error = {0};
        mem_fail_at(nth);
        code = run(line, &error);
        mem_fail_at(0);
        if (code != STATUS_OK) {
            /* Without memory nobody can tell that it is a checkpoint. */
            if (!strstr(error.message, "out of memory") && !strstr(error.message, "not an ONNX file"))
                fail_msg("allocation %ld: %s", nth, error.message);
            assert_ptr_equal(session->state.model, before);
        }
    }
    assert_string_equal(session->state.model->architecture, "cifar-resnet20");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_logits), cmocka_unit_test(test_trained),
                                       cmocka_unit_test(test_pruned), cmocka_unit_test(test_completion),
                                       cmocka_unit_test(test_memory)};
    return cmocka_run_group_tests(tests, begin, end);
}
