/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Networks that PyTorch makes and saves are recognised, and give the logits that it computed in double: with
 * double arithmetic almost to the last digit, with fast float kernels closely, or as closely as PyTorch's
 * float where roundings grow in a network. What is written is in torch_networks.py; IPPRO_TORCH_NETWORKS
 * names others of its networks, such as "large". */
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
#include "session/language/parse.h"
#include "session/language/run.h"
#include "session/model.h"
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

static void load(const char *name, int height, int width)
{
    char line[512];
    struct parsed_line parsed;
    struct reply reply = {0};
    struct error error = {0};
    snprintf(line, sizeof line, "load %s/%s.pth input=%dx%d", folder, name, height, width);
    assert_int_equal(parse_line(line, &parsed, &error), STATUS_OK);
    if (session_run(session, &parsed.statements[0], false, NULL, &reply, &error) != STATUS_OK)
        fail_msg("%s: %s", name, error.message);
    parsed_line_free(&parsed);
    reply_free(&reply);
}

static void check_network(const char *name, const char *architecture, int height, int width, double peer)
{
    size_t pixels, classes;
    load(name, height, width);
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_logits)};
    return cmocka_run_group_tests(tests, begin, end);
}
