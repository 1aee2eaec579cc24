/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Networks that PyTorch makes learn as they do there: gradients of all parameters in training mode, running
 * statistics, and parameters after ten steps of SGD, in double almost to the last digit, in float closely.
 * What is written is in torch_training.py; IPPRO_TORCH_TRAINING names some of its networks. */
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
#include "base/pool.h"
#include "nn/graph/tensor.h"
#include "nn/simplify/simplify.h"
#include "onnx/onnx.h"
#include "support/skip.h"
#include "train/network.h"
#include "train/optimizer.h"

static char folder[] = "/tmp/ippro-training-XXXXXX";
static int written; /* the status with which Python ended */
enum { NO_PYTORCH = 77, STEPS = 10 };

static int begin(void **state)
{
    const char *names = getenv("IPPRO_TORCH_TRAINING"), *source = getenv("SRCDIR");
    char command[1024];
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(command, sizeof command,
             "/usr/bin/python3 '%s/tests/train/torch_training.py' '%s' %s >'%s/log' 2>&1",
             source ? source : ".", folder, names ? names : "", folder);
    int result = system(command);
    written = WIFEXITED(result) ? WEXITSTATUS(result) : -1;
    return 0;
}

static int end(void **state)
{
    char command[64];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

/* --- what PyTorch wrote --------------------------------------------------------------------------------- */

struct peer {
    struct graph *graph;
    double *batch, *numbers;
    char *list;
    int64_t images, elements, labels;
};

static void *read_file(const char *name, const char *extension, size_t *size)
{
    char path[256];
    unsigned char *data;
    struct error error = {0};
    snprintf(path, sizeof path, "%s/%s.%s", folder, name, extension);
    if (file_read(path, SIZE_MAX / 2, &data, size, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    return data;
}

static struct peer read_peer(const char *name, int64_t images)
{
    struct peer peer = {.images = images};
    struct graph *graph;
    struct error error = {0};
    char path[256];
    size_t bytes, size;
    snprintf(path, sizeof path, "%s/%s.onnx", folder, name);
    if (onnx_read(path, &graph, &error) || graph_simplify(graph, &peer.graph, &error))
        fail_msg("%s", error.message);
    graph_free(graph);
    const struct shape *input = &peer.graph->values[peer.graph->inputs[0]].shape;
    const struct shape *output = &peer.graph->values[peer.graph->outputs[0]].shape;
    peer.elements = shape_product(input, 1, input->rank);
    peer.labels = shape_product(output, 2, output->rank);
    peer.batch = read_file(name, "batch", &bytes);
    assert_int_equal(bytes, (size_t)(images * (peer.elements + peer.labels)) * sizeof(double));
    peer.numbers = read_file(name, "numbers", &bytes);
    peer.list = read_file(name, "list", &size);
    peer.list = mem_resize(peer.list, size + 1, 1);
    assert_non_null(peer.list);
    peer.list[size] = 0;
    return peer;
}

static void peer_free(struct peer *peer)
{
    graph_free(peer->graph);
    mem_free(peer->batch);
    mem_free(peer->numbers);
    mem_free(peer->list);
}

/* An array of PyTorch's; NULL when there is none. */
static const double *peer_find(const struct peer *peer, const char *kind, const char *name, int64_t *elements)
{
    const double *at = peer->numbers;
    for (const char *line = peer->list; *line; line = strchr(line, '\n') + 1) {
        char own_kind[32], own_name[256];
        long long count;
        assert_int_equal(sscanf(line, "%31s %255s %lld", own_kind, own_name, &count), 3);
        *elements = count;
        if (strcmp(kind, own_kind) == 0 && strcmp(name, own_name) == 0)
            return at;
        at += count;
    }
    return NULL;
}

static status fetch(void *argument, int64_t position, enum element_type real, void *image, int64_t *labels,
                    struct error *error)
{
    const struct peer *peer = argument;
    const double *from = peer->batch + position * peer->elements;
    (void)error;
    for (int64_t i = 0; i < peer->elements; i++)
        if (real == ELEMENT_DOUBLE)
            ((double *)image)[i] = from[i];
        else
            ((float *)image)[i] = (float)from[i];
    const double *from_labels = peer->batch + peer->images * peer->elements + position * peer->labels;
    for (int64_t i = 0; i < peer->labels; i++)
        labels[i] = (int64_t)from_labels[i];
    return STATUS_OK;
}

/* --- comparing ------------------------------------------------------------------------------------------ */

static double number(enum element_type real, const void *data, int64_t i)
{
    return real == ELEMENT_DOUBLE ? ((const double *)data)[i] : (double)((const float *)data)[i];
}

struct check {
    const char *name;
    int64_t images;
    enum element_type real;
    enum kernel_choice kernel;
    double gradient, stepped; /* bounds */
};

static struct training_network *new_network(const struct peer *peer, enum element_type real,
                                            enum kernel_choice choice, struct pool *pool)
{
    const struct training_options options = {
        .real = real, .kernel = choice, .batch = peer->images, .norm_momentum = -1, .pool = pool};
    struct training_network *network;
    struct error error = {0};
    if (training_network_new(peer->graph, &options, &network, &error))
        fail_msg("%s", error.message);
    return network;
}

static double run_pass(struct training_network *network, struct peer *peer)
{
    const struct training_batch batch = {
        .images = peer->images, .labels_per_image = peer->labels, .fetch = fetch, .fetch_argument = peer};
    struct training_result result;
    struct error error = {0};
    if (training_network_pass(network, &batch, &result, &error))
        fail_msg("%s", error.message);
    return result.loss;
}

/* Off by what share of its own norm: all gradients, or all parameters, as one vector. */
static double share_off(const struct training_network *network, const struct peer *peer, const char *kind,
                        enum element_type real)
{
    double off = 0, all = 0;
    int64_t elements;
    for (int p = 0; p < training_parameter_count(network); p++) {
        const struct training_parameter *parameter = training_parameter(network, p);
        const void *own = strcmp(kind, "gradient") == 0 ? parameter->gradient : parameter->data;
        const double *expected = peer_find(peer, kind, parameter->name, &elements);
        if (!expected)
            fail_msg("PyTorch has no parameter %s", parameter->name);
        assert_int_equal(elements, parameter->elements);
        for (int64_t i = 0; i < elements; i++) {
            const double d = number(real, own, i) - expected[i];
            off += d * d;
            all += expected[i] * expected[i];
        }
    }
    return sqrt(off / all);
}

static double running_off(const struct training_network *network, const struct peer *peer,
                          enum element_type real)
{
    double off = 0, all = 0;
    int64_t elements;
    for (int n = 0; n < training_running_count(network); n++) {
        const struct running_statistics *running = training_running(network, n);
        const double *expected = peer_find(peer, "running", running->name, &elements);
        if (!expected)
            fail_msg("PyTorch has no statistics %s", running->name);
        assert_int_equal(elements, running->channels);
        for (int64_t c = 0; c < elements; c++) {
            /* The variance stands behind the mean. */
            const double mean = number(real, running->mean, c) - expected[c];
            const double variance = number(real, running->variance, c) - expected[elements + c];
            off += mean * mean + variance * variance;
            all += expected[c] * expected[c] + expected[elements + c] * expected[elements + c];
        }
    }
    return all > 0 ? sqrt(off / all) : 0; /* not every network has any */
}

/* Numbers that learn, in all. */
static int64_t learning(const struct training_network *network)
{
    int64_t count = 0;
    for (int p = 0; p < training_parameter_count(network); p++)
        count += training_parameter(network, p)->elements;
    return count;
}

/* The steps that torch_training.py makes; the gradients of the first are there already. */
static void make_steps(struct training_network *network, struct peer *peer)
{
    enum { MOST = 1024 };
    const struct training_parameter *parameters[MOST];
    struct optimizer_options options = optimizer_default(OPTIMIZER_SGD);
    struct optimizer *optimizer;
    struct error error = {0};
    int64_t elements;
    const double *rate = peer_find(peer, "rate", "rate", &elements);
    const int count = training_parameter_count(network);
    assert_true(count <= MOST && rate);
    for (int p = 0; p < count; p++)
        parameters[p] = training_parameter(network, p);
    options.momentum = 0.9;
    options.nesterov = true;
    options.decay = 5e-4;
    assert_int_equal(optimizer_new(&options, parameters, count, NULL, &optimizer, &error), STATUS_OK);
    for (int step = 0; step < STEPS; step++) {
        if (step > 0)
            run_pass(network, peer);
        optimizer_step(optimizer, *rate);
        training_network_changed(network);
    }
    optimizer_free(optimizer);
}

static void check_network(const struct check *check, int threads)
{
    struct peer peer = read_peer(check->name, check->images);
    struct error error = {0};
    struct pool *pool;
    int64_t elements;
    assert_int_equal(pool_new(threads, &pool, &error), STATUS_OK);
    struct training_network *network = new_network(&peer, check->real, check->kernel, pool);
    const double loss = run_pass(network, &peer), *expected = peer_find(&peer, "loss", "loss", &elements);
    print_message("# %s %s: loss %.12g, PyTorch %.12g\n", check->name, element_name(check->real), loss,
                  *expected);
    assert_true(fabs(loss - *expected) <= check->gradient * fabs(*expected));
    assert_true((double)learning(network) == *peer_find(&peer, "count", "count", &elements));
    const double gradients = share_off(network, &peer, "gradient", check->real);
    const double running = running_off(network, &peer, check->real);
    make_steps(network, &peer);
    const double stepped = share_off(network, &peer, "stepped", check->real);
    print_message("# %s %s: gradients to %.2g, statistics to %.2g, parameters after %d steps to %.2g\n",
                  check->name, element_name(check->real), gradients, running, STEPS, stepped);
    assert_true(gradients <= check->gradient && running <= check->gradient && stepped <= check->stepped);
    training_network_free(network);
    pool_free(pool);
    peer_free(&peer);
}

static void test_network(void **state)
{
    const struct check *check = *state;
    if (written == NO_PYTORCH)
        skip_because("needs PyTorch with torchvision for /usr/bin/python3");
    assert_int_equal(written, 0);
    check_network(check, check->real == ELEMENT_DOUBLE ? 1 : 2);
}

#define CASE(name, images, real, kernel, gradient, stepped)                                                  \
    {                                                                                                        \
        "learns as in PyTorch: " name " " #real " " #kernel, test_network, NULL, NULL, &(struct check)       \
        {                                                                                                    \
            name, images, ELEMENT_##real, KERNEL_##kernel, gradient, stepped                                 \
        }                                                                                                    \
    }

/* Roundings take an input of a ReLU across zero now and then, whose whole gradient comes or goes: in maps of
 * 2x2 that is seen, and with Winograd's kernels. */
int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE("dense", 9, DOUBLE, AUTO, 1e-6, 1e-6),     CASE("dense", 9, FLOAT, AUTO, 1e-3, 1e-3),
        CASE("resnet20", 10, DOUBLE, AUTO, 1e-6, 1e-6), CASE("resnet20", 10, FLOAT, DIRECT, 1e-3, 1e-3),
        CASE("resnet20", 10, FLOAT, AUTO, 1e-2, 1e-3),  CASE("mobilenet", 12, DOUBLE, AUTO, 1e-6, 1e-6),
        CASE("mobilenet", 12, FLOAT, AUTO, 1e-3, 1e-3), CASE("deeplab", 4, DOUBLE, AUTO, 1e-6, 1e-6),
        CASE("deeplab", 4, FLOAT, AUTO, 1e-3, 1e-3),    CASE("convnext", 6, DOUBLE, AUTO, 1e-6, 1e-6),
        CASE("convnext", 6, FLOAT, AUTO, 1e-3, 1e-3),   CASE("norms", 7, DOUBLE, AUTO, 1e-6, 1e-6),
        CASE("norms", 7, FLOAT, AUTO, 1e-3, 1e-3),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
