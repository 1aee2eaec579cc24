/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Training from end to end: what is learnt, for any number of threads; runs that are cut short and taken up;
 * what goes wrong. */
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
#include "base/inputs.h"
#include "base/memory.h"
#include "base/pool.h"
#include "base/random.h"
#include "support/attributes.h"
#include "support/network.h"
#include "train/checkpoint.h"
#include "train/options.h"
#include "train/preset.h"
#include "train/trainer.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { CLASSES = 4, SIDE = 6, ELEMENTS = 3 * SIDE * SIDE, IMAGES = 50 };

static char folder[] = "/tmp/ippro-trainer-XXXXXX";
static char path[64];

/* --- a data set: a pattern for each class, and noise -----------------------------------------------------
 */

static int64_t unreadable = -1; /* an image that cannot be read */

static status read_values(const struct dataset *dataset, int64_t index, enum element_type real, void *image,
                          int64_t *label, struct error *error)
{
    struct random_state random;
    (void)dataset;
    if (index == unreadable)
        return error_set(error, STATUS_FILE, "image %d is gone", (int)index);
    random_seed(&random, 5, (uint64_t)index);
    *label = index % CLASSES;
    for (int i = 0; i < ELEMENTS; i++) {
        const double pattern = (i / (1 + *label)) % 3 - 1, value = pattern + random_between(&random, -1, 1);
        if (real == ELEMENT_FLOAT)
            ((float *)image)[i] = (float)value;
        else
            ((double *)image)[i] = value;
    }
    return STATUS_OK;
}

static const char *digest_of(const struct dataset *dataset)
{
    return dataset->path;
}

static const struct dataset_kind patterns = {.name = "patterns", .values = read_values, .digest = digest_of};
static char patterns_digest[] = "patterns";
static struct dataset images = {.kind = &patterns,
                                .path = patterns_digest,
                                .count = IMAGES,
                                .channels = 3,
                                .height = SIDE,
                                .width = SIDE,
                                .classes = CLASSES,
                                .stored = {3, SIDE, SIDE},
                                .finished = true};
static int64_t records[IMAGES];

/* --- networks --------------------------------------------------------------------------------------------
 */

static int add_norm(struct builder *builder, const char *name, int x, int64_t channels)
{
    static const char *const parts[4] = {"scale", "shift", "mean", "variance"};
    static const double low[4] = {0.5, -0.2, -0.1, 0.5};
    int inputs[6] = {x, 0, 0, 0, 0, VALUE_NONE};
    for (int i = 0; i < 4; i++) {
        char part[64];
        snprintf(part, sizeof part, "%s.%s", name, parts[i]);
        inputs[1 + i] = builder_parameter(builder, part, 1, &channels, low[i], low[i] + 0.5);
    }
    return builder_node(builder, "BatchNormalization", name, inputs, NULL, 0);
}

static int add_one(struct builder *builder, const char *op, const char *name, int x)
{
    return builder_node(builder, op, name, (int[]){x, VALUE_NONE}, NULL, 0);
}

/* Convolution, BatchNorm, Relu, mean over positions, Gemm; late: another BatchNorm where an image has one
 * value for each channel. */
static struct graph *network(bool late)
{
    static const int64_t pads[4] = {1, 1, 1, 1};
    struct builder builder = builder_start(NULL, 0);
    const struct attribute padded = integers_attribute("pads", 4, pads);
    const struct attribute transposed = integer_attribute("transB", 1);
    const int image = builder_input(&builder, "image", 3, (int64_t[]){3, SIDE, SIDE});
    const int weight = builder_parameter(&builder, "conv.weight", 4, (int64_t[]){8, 3, 3, 3}, -0.3, 0.3);
    int x = builder_node(&builder, "Conv", "conv", (int[]){image, weight, VALUE_NONE}, &padded, 1);
    x = add_one(&builder, "Relu", "relu", add_norm(&builder, "norm", x, 8));
    x = add_one(&builder, "GlobalAveragePool", "pool", x);
    if (late)
        x = add_norm(&builder, "late", x, 8);
    x = add_one(&builder, "Flatten", "flatten", x);
    const int gemm[] = {x, builder_parameter(&builder, "fc.weight", 2, (int64_t[]){CLASSES, 8}, -0.5, 0.5),
                        builder_parameter(&builder, "fc.bias", 1, (int64_t[]){CLASSES}, -0.1, 0.1),
                        VALUE_NONE};
    return builder_finish(&builder, builder_node(&builder, "Gemm", "fc", gemm, &transposed, 1));
}

static struct graph *graph, *late_graph;
static struct sample sample = {.records = records, .count = IMAGES};
static const struct augmentation augmented = {.padding = 1, .flip = true};

static int begin(void **state)
{
    (void)state;
    for (int i = 0; i < IMAGES; i++)
        records[i] = i;
    graph = network(false);
    late_graph = network(true);
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/training", folder);
    return 0;
}

static int end(void **state)
{
    (void)state;
    graph_free(graph);
    graph_free(late_graph);
    inputs_forget();
    unlink(path);
    return rmdir(folder);
}

/* --- trainings -------------------------------------------------------------------------------------------
 */

static struct training plain_training(void)
{
    struct training training = {.graph = graph,
                                .digest = "network",
                                .program = "tests 1",
                                .dataset = &images,
                                .sample = &sample,
                                .options = trainer_options_default()};
    training.options.epochs = 4;
    training.options.batch = 16;
    training.options.seed = 3;
    training.options.schedule.rate = 0.1;
    return training;
}

static struct trainer *make(const struct training *training)
{
    struct trainer *trainer = NULL;
    struct error error = {0};
    if (trainer_new(training, &trainer, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    return trainer;
}

static void run(struct trainer *trainer)
{
    struct error error = {0};
    if (trainer_run(trainer, &error) != STATUS_OK)
        fail_msg("%s", error.message);
}

static struct graph *last_of(const struct trainer *trainer)
{
    struct graph *made = NULL;
    struct error error = {0};
    assert_int_equal(trainer_graph_last(trainer, &made, &error), STATUS_OK);
    return made;
}

static struct graph *best_of(const struct trainer *trainer)
{
    struct graph *made = NULL;
    struct error error = {0};
    assert_int_equal(trainer_graph_best(trainer, &made, &error), STATUS_OK);
    return made;
}

static bool same_constants(const struct graph *a, const struct graph *b)
{
    assert_int_equal(a->value_count, b->value_count);
    for (int v = 0; v < a->value_count; v++) {
        const struct tensor *x = a->values[v].constant, *y = b->values[v].constant;
        assert_true(!x == !y);
        if (x && memcmp(x->data, y->data, (size_t)shape_elements(&x->shape) * element_size(x->type)) != 0)
            return false;
    }
    return true;
}

/* The same bits in the last network, in the best, in records and points. */
static void assert_same(const struct trainer *a, const struct trainer *b)
{
    struct graph *graphs[4] = {last_of(a), last_of(b), best_of(a), best_of(b)};
    const struct training_view x = trainer_view(a), y = trainer_view(b);
    assert_true(same_constants(graphs[0], graphs[1]));
    assert_true(same_constants(graphs[2], graphs[3]));
    for (int i = 0; i < 4; i++)
        graph_free(graphs[i]);
    assert_int_equal(x.record_count, y.record_count);
    assert_int_equal(x.point_count, y.point_count);
    assert_int_equal(x.best, y.best);
    for (int i = 0; i < x.record_count; i++) {
        assert_true(x.records[i].loss == y.records[i].loss);
        assert_true(x.records[i].accuracy == y.records[i].accuracy);
        assert_true(x.records[i].rate == y.records[i].rate);
        assert_int_equal(x.records[i].best, y.records[i].best);
    }
    assert_memory_equal(x.points, y.points, (size_t)x.point_count * sizeof *x.points);
}

static void test_learns(void **state)
{
    (void)state;
    struct training training = plain_training();
    training.options.epochs = 30;
    struct trainer *trainer = make(&training);
    assert_int_equal(trainer_end(trainer), TRAINING_NOT_RUN);
    run(trainer);
    const struct training_view view = trainer_view(trainer);
    assert_int_equal(trainer_end(trainer), TRAINING_COMPLETE);
    assert_int_equal(view.steps, 30 * 4);
    assert_int_equal(view.step, view.steps);
    assert_int_equal(view.record_count, 30);
    assert_int_equal(view.point_count, 30 * 4);
    assert_true(view.records[29].accuracy > 0.9);
    assert_true(view.records[29].loss < view.records[0].loss / 2);
    assert_true(view.images_per_second > 0 && view.seconds > 0);
    assert_true(view.records[view.best].best && isnan(view.records[0].score.value));
    assert_null(trainer_note(trainer));
    assert_true(trainer_memory(trainer) > 0);
    run(trainer); /* nothing is left to do */
    assert_int_equal(trainer_view(trainer).record_count, 30);
    trainer_free(trainer);
}

static void test_threads(void **state)
{
    (void)state;
    struct pool *pool = NULL;
    struct error error = {0};
    assert_int_equal(pool_new(3, &pool, &error), STATUS_OK);
    for (int real = ELEMENT_FLOAT; real <= ELEMENT_DOUBLE; real++) {
        struct training training = plain_training();
        training.options.real = real;
        training.options.objective = (struct objective){.smoothing = 0.1, .weight = 0.5, .temperature = 2};
        training.teacher = graph;
        training.augmentation = &augmented;
        struct trainer *alone = make(&training);
        training.pool = pool;
        struct trainer *many = make(&training);
        run(alone);
        run(many);
        assert_same(alone, many);
        trainer_free(alone);
        trainer_free(many);
    }
    pool_free(pool);
}

/* Another seed, another order. */
static void test_seed(void **state)
{
    (void)state;
    struct training training = plain_training();
    struct trainer *one = make(&training);
    training.options.seed++;
    struct trainer *other = make(&training);
    run(one);
    run(other);
    struct graph *graphs[2] = {last_of(one), last_of(other)};
    assert_false(same_constants(graphs[0], graphs[1]));
    graph_free(graphs[0]);
    graph_free(graphs[1]);
    trainer_free(one);
    trainer_free(other);
}

/* --- cut short and taken up ------------------------------------------------------------------------------
 */

struct stop {
    struct progress progress;
    int64_t step;
};

static void stop_at(void *argument, const struct training_view *view)
{
    struct stop *stop = argument;
    if (view->step == stop->step)
        progress_cancel(&stop->progress);
}

static struct trainer *stopped_at(struct training training, int64_t step)
{
    struct stop stop = {.step = step};
    struct error error = {0};
    training.progress = &stop.progress;
    training.watch = stop_at;
    training.watch_argument = &stop;
    training.checkpoint = path;
    struct trainer *trainer = make(&training);
    assert_int_equal(trainer_run(trainer, &error), STATUS_CANCELLED);
    assert_int_equal(trainer_end(trainer), TRAINING_CANCELLED);
    assert_int_equal(trainer_view(trainer).step, step);
    return trainer;
}

static void check_resume(const struct training *training, int64_t step)
{
    struct error error = {0};
    struct trainer *whole = make(training), *taken_up = make(training);
    trainer_free(stopped_at(*training, step));
    run(whole);
    if (trainer_resume(taken_up, path, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    assert_int_equal(trainer_view(taken_up).step, step);
    run(taken_up);
    assert_same(whole, taken_up);
    trainer_free(whole);
    trainer_free(taken_up);
}

static void test_resume(void **state)
{
    (void)state;
    for (int kind = 0; kind < OPTIMIZER_KINDS; kind++)
        for (int64_t step = 1; step <= 9; step += 1 + kind) {
            struct training training = plain_training();
            training.options.optimizer = optimizer_default(kind);
            training.options.schedule.kind = SCHEDULE_COSINE;
            training.options.schedule.warmup = 1;
            training.augmentation = &augmented;
            check_resume(&training, step);
        }
}

/* A cancelled run goes on in the same trainer, too; and more epochs than a checkpoint was made for. */
static void test_go_on(void **state)
{
    (void)state;
    struct error error = {0};
    struct training training = plain_training();
    struct stop stop = {.step = 6};
    struct trainer *whole = make(&training);
    run(whole);
    training.progress = &stop.progress;
    training.watch = stop_at;
    training.watch_argument = &stop;
    struct trainer *twice = make(&training);
    assert_int_equal(trainer_run(twice, &error), STATUS_CANCELLED);
    stop.progress.cancelled = false;
    run(twice);
    assert_same(whole, twice);
    trainer_free(twice);

    training = plain_training();
    trainer_free(stopped_at(training, 7));
    training.options.epochs = 6;
    struct trainer *longer = make(&training), *all = make(&training);
    assert_int_equal(trainer_resume(longer, path, &error), STATUS_OK);
    run(longer);
    run(all);
    assert_same(all, longer); /* the rate is constant */
    trainer_free(all);
    trainer_free(longer);
    trainer_free(whole);
}

static void refused_resume(const struct training *training, status code, const char *words)
{
    struct error error = {0};
    struct trainer *trainer = make(training);
    const status found = trainer_resume(trainer, path, &error);
    if (found != code || !strstr(error.message, words) || !strstr(error.message, path))
        fail_msg("%d: '%s' without '%s'", found, error.message, words);
    struct training fresh = *training;
    struct trainer *other = make(&fresh);
    run(trainer);
    run(other);
    assert_same(trainer, other); /* nothing had changed */
    trainer_free(trainer);
    trainer_free(other);
}

static void test_refused_checkpoints(void **state)
{
    (void)state;
    struct training training = plain_training(), other = training;
    struct sample fewer = {.records = records, .count = IMAGES - 1};
    trainer_free(stopped_at(training, 5));
    other.digest = "another";
    refused_resume(&other, STATUS_STATE, "is of another network");
    other = training;
    other.program = "tests 2";
    refused_resume(&other, STATUS_STATE, "was written by tests 1, this is tests 2");
    other = training;
    other.sample = &fewer;
    refused_resume(&other, STATUS_STATE, "other images");
    other = training;
    other.augmentation = &augmented;
    refused_resume(&other, STATUS_STATE, "another augmentation");
    other = training;
    other.options.optimizer.decay = 0.5;
    refused_resume(&other, STATUS_STATE, "decay=0, not 0.5");
    other = training;
    other.graph = late_graph;
    refused_resume(&other, STATUS_FILE, "does not fit this training");
    struct trainer_options options;
    struct error error = {0};
    assert_int_equal(trainer_checkpoint_options(path, &options, &error), STATUS_OK);
    assert_int_equal(trainer_options_same(&options, &training.options, &error), STATUS_OK);
    assert_int_equal(options.epochs, 4);
}

/* Every length and a changed byte at many places. */
static void test_damaged_checkpoints(void **state)
{
    (void)state;
    struct training training = plain_training();
    struct error error = {0};
    unsigned char *bytes = NULL;
    size_t size = 0;
    trainer_free(stopped_at(training, 5));
    assert_int_equal(file_read(path, SIZE_MAX / 2, &bytes, &size, &error), STATUS_OK);
    for (size_t at = 0; at < size; at += 1 + size / 97) {
        struct training_checkpoint checkpoint = {0};
        bytes[at] ^= 0x41;
        assert_int_equal(file_replace(path, bytes, size, &error), STATUS_OK);
        assert_int_equal(training_checkpoint_read(path, &checkpoint, &error), STATUS_FILE);
        assert_null(checkpoint.bytes);
        bytes[at] ^= 0x41;
        assert_int_equal(file_replace(path, bytes, at + 1, &error), STATUS_OK);
        assert_int_equal(training_checkpoint_read(path, &checkpoint, &error), STATUS_FILE);
    }
    assert_int_equal(file_replace(path, bytes, size / 2, &error), STATUS_OK);
    refused_resume(&training, STATUS_FILE, "was cut short");
    assert_int_equal(file_replace(path, "a text", 6, &error), STATUS_OK);
    refused_resume(&training, STATUS_FILE, "is no checkpoint");
    bytes[16] = CHECKPOINT_FORMAT + 1;
    assert_int_equal(file_replace(path, bytes, size, &error), STATUS_OK);
    refused_resume(&training, STATUS_FILE, "format 2; this program reads format 1");
    bytes[16] = CHECKPOINT_FORMAT;
    bytes[size / 2] ^= 1;
    assert_int_equal(file_replace(path, bytes, size, &error), STATUS_OK);
    refused_resume(&training, STATUS_FILE, "is damaged");
    mem_free(bytes);
}

/* No file may grow beyond a few bytes: as a full disk, but for the words. The old checkpoint stays. */
static void test_disk_full(void **state)
{
    (void)state;
    struct training training = plain_training();
    struct error error = {0};
    struct rlimit before, small = {1000, RLIM_INFINITY};
    trainer_free(stopped_at(training, 5));
    training.checkpoint = path;
    struct trainer *trainer = make(&training);
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    small.rlim_max = before.rlim_max;
    setrlimit(RLIMIT_FSIZE, &small);
    const status code = trainer_run(trainer, &error);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, handler);
    assert_int_equal(code, STATUS_FILE);
    assert_non_null(strstr(error.message, path));
    assert_int_equal(trainer_end(trainer), TRAINING_FAILED);
    assert_int_equal(trainer_view(trainer).record_count, 1); /* what was reached stays */
    struct trainer *old = make(&training);
    assert_int_equal(trainer_resume(old, path, &error), STATUS_OK);
    assert_int_equal(trainer_view(old).step, 5);
    run(trainer); /* and goes on when there is room */
    trainer_free(old);
    trainer_free(trainer);
}

/* --- what goes wrong -------------------------------------------------------------------------------------
 */

static void test_divergence(void **state)
{
    (void)state;
    struct training training = plain_training();
    struct error error = {0};
    training.options.schedule = schedule_default();
    training.options.schedule.kind = SCHEDULE_MULTISTEP;
    training.options.schedule.factor = 1e30;
    training.options.schedule.milestones[0] = 1.5;
    training.options.schedule.milestone_count = 1;
    training.options.epochs = 1;
    struct trainer *good = make(&training);
    run(good);
    training.options.epochs = 4;
    struct trainer *trainer = make(&training);
    assert_int_equal(trainer_run(trainer, &error), STATUS_NAN);
    assert_int_equal(trainer_end(trainer), TRAINING_DIVERGED);
    assert_non_null(strstr(error.message, "epoch 2, step 4 of 4"));
    assert_non_null(strstr(error.message, "the network is as it was after epoch 1"));
    struct graph *graphs[2] = {last_of(good), last_of(trainer)};
    assert_true(same_constants(graphs[0], graphs[1]));
    assert_int_equal(trainer_run(trainer, &error), STATUS_STATE);
    graph_free(graphs[0]);
    graph_free(graphs[1]);
    trainer_free(good);
    trainer_free(trainer);
}

/* 49 images in batches of 16: one is left. */
static void test_last_image(void **state)
{
    (void)state;
    const struct sample some = {.records = records, .count = 49};
    struct training training = plain_training();
    training.sample = &some;
    struct trainer *trainer = make(&training);
    run(trainer);
    assert_null(trainer_note(trainer)); /* a BatchNorm over positions has values enough */
    assert_int_equal(trainer_view(trainer).steps, 16);
    trainer_free(trainer);
    training.graph = late_graph;
    trainer = make(&training);
    run(trainer);
    assert_non_null(strstr(trainer_note(trainer), "the last image of each epoch is left out: "));
    assert_int_equal(trainer_view(trainer).point_count, 12);
    trainer_free(trainer);
    training.options.batch = 1;
    struct error error = {0};
    trainer = make(&training);
    assert_int_equal(trainer_run(trainer, &error), STATUS_RANGE);
    assert_non_null(strstr(error.message, "epoch 1, step 1 of 49: "));
    trainer_free(trainer);
}

static void test_refused_trainings(void **state)
{
    (void)state;
    struct trainer *trainer = NULL;
    struct error error = {0};
    struct sample none = {.records = records};
    struct training training = plain_training();
    training.sample = &none;
    assert_int_equal(trainer_new(&training, &trainer, &error), STATUS_RANGE);
    assert_non_null(strstr(error.message, "no images"));
    training = plain_training();
    training.options.epochs = 0;
    assert_int_equal(trainer_new(&training, &trainer, &error), STATUS_RANGE);
    training = plain_training();
    training.options.batch = 0;
    assert_int_equal(trainer_new(&training, &trainer, &error), STATUS_RANGE);
    training = plain_training();
    training.options.objective.weight = 0.5;
    assert_int_equal(trainer_new(&training, &trainer, &error), STATUS_STATE);
    assert_non_null(strstr(error.message, "needs a teacher"));
    assert_null(trainer);
    unreadable = 17;
    training = plain_training();
    trainer = make(&training);
    assert_int_equal(trainer_run(trainer, &error), STATUS_FILE);
    assert_non_null(strstr(error.message, "image 17 is gone"));
    unreadable = -1;
    run(trainer);
    trainer_free(trainer);
}

static status one_epoch(struct error *error)
{
    struct training training = plain_training();
    struct trainer *trainer = NULL;
    struct graph *best = NULL;
    training.options.epochs = 1;
    training.options.objective = (struct objective){.weight = 0.5, .temperature = 2};
    training.teacher = graph;
    training.checkpoint = path;
    status code = trainer_new(&training, &trainer, error);
    if (code == STATUS_OK)
        code = trainer_run(trainer, error);
    if (code == STATUS_OK)
        code = trainer_resume(trainer, path, error);
    if (code == STATUS_OK)
        code = trainer_graph_best(trainer, &best, error);
    graph_free(best);
    trainer_free(trainer);
    return code;
}

static void test_memory_out(void **state)
{
    (void)state;
    status code = STATUS_MEMORY;
    for (long nth = 1; code != STATUS_OK; nth++) {
        struct error error = {0};
        mem_fail_at(nth);
        code = one_epoch(&error);
        mem_fail_at(0);
        if (code != STATUS_OK && code != STATUS_MEMORY)
            fail_msg("allocation %ld: %s", nth, error.message);
    }
}

/* --- who judges, teaches and interferes ------------------------------------------------------------------
 */

struct judge {
    const double *values;
    int calls;
    struct graph *copies[8];
};

static status judge(void *argument, const struct graph *judged, struct training_score *score,
                    struct error *error)
{
    struct judge *judge = argument;
    (void)error;
    assert_int_equal(judged->output_count, 1);
    *score = (struct training_score){.value = judge->values[judge->calls++], .loss = 1};
    return STATUS_OK;
}

static void test_best_and_patience(void **state)
{
    (void)state;
    static const double values[8] = {0.3, 0.5, 0.5, NAN, 0.4, 0.9};
    struct judge judging = {.values = values};
    struct training training = plain_training();
    training.options.epochs = 8;
    training.options.patience = 3;
    training.options.judge_start = true;
    training.judge = judge;
    training.judge_argument = &judging;
    struct trainer *trainer = make(&training);
    run(trainer);
    const struct training_view view = trainer_view(trainer);
    assert_int_equal(trainer_end(trainer), TRAINING_PATIENCE);
    assert_int_equal(view.record_count, 5); /* epoch 0 and four */
    assert_int_equal(view.best, 1);
    assert_int_equal(view.records[view.best].epoch, 1);
    training.judge = NULL;
    training.options.epochs = 1;
    struct trainer *first = make(&training);
    run(first);
    struct graph *graphs[2] = {best_of(trainer), last_of(first)};
    assert_true(same_constants(graphs[0], graphs[1]));
    graph_free(graphs[0]);
    graph_free(graphs[1]);
    trainer_free(trainer);
    trainer_free(first);
}

/* A network taught by itself alone, whose BatchNorm stays as it is, has nothing to learn. */
static void test_own_teacher(void **state)
{
    (void)state;
    struct training training = plain_training();
    training.teacher = graph;
    training.options.real = ELEMENT_DOUBLE;
    training.options.frozen_norms = true;
    training.options.objective = (struct objective){.weight = 1, .temperature = 3};
    struct trainer *trainer = make(&training);
    run(trainer);
    assert_true(fabs(trainer_view(trainer).records[0].loss) < 1e-12);
    trainer_free(trainer);
    training.teacher = late_graph;
    trainer = make(&training);
    run(trainer);
    assert_true(trainer_view(trainer).records[0].loss > 1e-6);
    trainer_free(trainer);
}

static status shrink(void *argument, struct training_network *learning, int64_t step, double rate,
                     double *loss, struct error *error)
{
    int64_t *steps = argument;
    (void)learning;
    (void)rate;
    (void)error;
    assert_int_equal(step, (*steps)++);
    *loss += 100;
    return STATUS_OK;
}

static status clear_bias(void *argument, struct training_network *learning, int64_t epoch,
                         struct error *error)
{
    (void)argument;
    (void)epoch;
    (void)error;
    for (int i = 0; i < training_parameter_count(learning); i++)
        if (strcmp(training_parameter(learning, i)->name, "fc.bias") == 0)
            memset(training_parameter(learning, i)->data, 0, CLASSES * sizeof(float));
    return STATUS_OK;
}

static void test_hooks(void **state)
{
    (void)state;
    int64_t steps = 0;
    struct training training = plain_training();
    training.penalty = shrink;
    training.penalty_argument = &steps;
    training.epoch_end = clear_bias;
    struct trainer *trainer = make(&training);
    run(trainer);
    assert_int_equal(steps, 16);
    assert_true(trainer_view(trainer).records[3].loss > 100);
    struct graph *last = last_of(trainer);
    const struct tensor *bias = last->values[graph_find_value(last, "fc.bias")].constant;
    for (int i = 0; i < CLASSES; i++)
        assert_true(tensor_get(bias, i) == 0);
    graph_free(last);
    trainer_free(trainer);
}

/* More steps than points: neighbours are put together. */
static void test_many_points(void **state)
{
    (void)state;
    struct training training = plain_training();
    training.options.epochs = 21;
    training.options.batch = 1;
    struct trainer *trainer = make(&training);
    run(trainer);
    const struct training_view view = trainer_view(trainer);
    assert_int_equal(view.steps, 1050);
    assert_int_equal(view.point_count, 512 + (1050 - 1024) / 2);
    for (int i = 0; i < view.point_count; i++)
        assert_int_equal(view.points[i].step, 2 * (i + 1));
    trainer_free(trainer);
}

static void test_presets(void **state)
{
    (void)state;
    struct error error = {0};
    const struct training_preset *found = NULL;
    for (int i = 0; training_preset_at(i); i++) {
        const struct training_preset *preset = training_preset_at(i);
        struct augmentation words;
        struct text text = {0};
        struct trainer_options back = {0};
        if (trainer_options_check(&preset->options, &error) != STATUS_OK)
            fail_msg("%s: %s", preset->name, error.message);
        assert_int_equal(augmentation_parse(preset->augmentation, &words, &error), STATUS_OK);
        assert_int_equal(training_preset_find(preset->name, &found, &error), STATUS_OK);
        assert_ptr_equal(found, preset);
        text_add_trainer_options(&text, &preset->options);
        assert_int_equal(trainer_options_parse(text_data(&text), &back, &error), STATUS_OK);
        assert_int_equal(trainer_options_same(&back, &preset->options, &error), STATUS_OK);
        assert_int_equal(back.epochs, preset->options.epochs);
        text_free(&text);
    }
    assert_int_equal(training_preset_find("ippro-vgg-19", &found, &error), STATUS_NOT_FOUND);
    assert_non_null(strstr(error.message, "did you mean 'ippro-vgg19'?"));
    struct trainer_options options = trainer_options_default();
    assert_int_equal(trainer_options_parse("rate=fast\n", &options, &error), STATUS_FILE);
    assert_int_equal(trainer_options_parse("schedule=77\n", &options, &error), STATUS_FILE);
    assert_int_equal(options.schedule.kind, SCHEDULE_CONSTANT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_learns),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_seed),
        cmocka_unit_test(test_resume),
        cmocka_unit_test(test_go_on),
        cmocka_unit_test(test_refused_checkpoints),
        cmocka_unit_test(test_damaged_checkpoints),
        cmocka_unit_test(test_disk_full),
        cmocka_unit_test(test_divergence),
        cmocka_unit_test(test_last_image),
        cmocka_unit_test(test_refused_trainings),
        cmocka_unit_test(test_memory_out),
        cmocka_unit_test(test_best_and_patience),
        cmocka_unit_test(test_own_teacher),
        cmocka_unit_test(test_hooks),
        cmocka_unit_test(test_many_points),
        cmocka_unit_test(test_presets),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
