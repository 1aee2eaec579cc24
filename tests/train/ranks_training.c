/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A training of the built-in example, for tests/train/ranks.sh, which runs it as one process and as several
 * ranks:
 *
 *     ranks_training MODEL.onnx CHECKPOINT [NAME=NUMBER ...]
 *
 * with a teacher, augmentation and a judge. It prints what must not depend on the number of ranks: the
 * records and digests of the networks, which are compared over ranks, too; to stderr, how many images ranks
 * have read. Exit status 0: complete, 3: an error, which stands on stdout as every rank has it, 4: ranks have
 * different things. */
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/digest.h"
#include "base/pool.h"
#include "base/progress.h"
#include "base/ranks.h"
#include "base/status.h"
#include "data/augment.h"
#include "data/dataset.h"
#include "data/kinds.h"
#include "data/sampler.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "nn/simplify/simplify.h"
#include "onnx/onnx.h"
#include "stats/evaluate.h"
#include "train/trainer.h"

/* What the words of the command line set; ranks are from 0, -1: none. */
enum setting {
    BATCH,
    IMAGES,
    DOUBLE,
    PATIENCE,
    RESUME,
    STEP,       /* at which what follows happens */
    KILLED,     /* a rank that is killed */
    CANCELLED,  /* a rank that is cancelled */
    UNREADABLE, /* a rank that cannot read the images it comes to then */
    UNJUDGED,   /* a rank that cannot judge the network */
    FULL,       /* a rank whose disk is full */
    SETTINGS
};
static const char *const setting_names[SETTINGS] = {"batch",      "images",   "double", "patience",
                                                    "resume",     "step",     "killed", "cancelled",
                                                    "unreadable", "unjudged", "full"};
static int64_t settings[SETTINGS] = {16, 75, 0, 0, 0, 7, -1, -1, -1, -1, -1};

static struct progress progress;
static struct dataset *training_images, *test_images;
static struct sample training_sample, test_sample;
static struct pool *pool;
static struct dataset_kind breaking; /* the data set's kind, whose `read` fails once it is told to */
static const struct dataset_kind *whole;
static atomic_bool broken;
static atomic_int read_images; /* by this rank */

static bool is_this(enum setting setting)
{
    return settings[setting] == ranks_index();
}

static bool read_settings(int count, char **words)
{
    for (int i = 0; i < count; i++) {
        const size_t length = strcspn(words[i], "=");
        int s = 0;
        while (s < SETTINGS && (strncmp(words[i], setting_names[s], length) != 0 ||
                                setting_names[s][length] != '\0' || words[i][length] != '='))
            s++;
        if (s == SETTINGS)
            return false;
        settings[s] = strtoll(words[i] + length + 1, NULL, 10);
    }
    return true;
}

static status read_or_not(const struct dataset *dataset, int64_t index, uint8_t *pixels, int64_t *labels,
                          struct error *error)
{
    read_images++;
    return broken ? error_set(error, STATUS_FILE, "an image is gone")
                  : whole->read(dataset, index, pixels, labels, error);
}

static status open_images(struct error *error)
{
    const struct dataset_options train = {.split = "train", .images = settings[IMAGES], .seed = 2};
    const struct dataset_options test = {.split = "test", .images = 30, .seed = 2};
    const struct sample_options all = {.fraction = 1};
    if (dataset_open(&dataset_shapes, NULL, &train, &training_images, error) ||
        dataset_open(&dataset_shapes, NULL, &test, &test_images, error) ||
        sample_draw(training_images, &all, &training_sample, error) ||
        sample_draw(test_images, &all, &test_sample, error))
        return error->code;
    whole = training_images->kind;
    breaking = *whole;
    breaking.read = read_or_not;
    training_images->kind = &breaking;
    return STATUS_OK;
}

static status judge(void *argument, const struct graph *graph, struct training_score *score,
                    struct error *error)
{
    struct evaluation evaluation;
    const struct evaluate evaluate = {.graph = graph,
                                      .dataset = test_images,
                                      .sample = &test_sample,
                                      .real = ELEMENT_FLOAT,
                                      .pool = pool,
                                      .progress = &progress};
    (void)argument;
    if (is_this(UNJUDGED))
        return error_set(error, STATUS_FILE, "no judge is there");
    if (evaluate_run(&evaluate, &evaluation, error))
        return error->code;
    *score = (struct training_score){evaluation.value, evaluation.loss};
    evaluation_free(&evaluation);
    return STATUS_OK;
}

/* Noise is drawn from the step: what a penalty adds is the same on all ranks. */
static status penalty(void *argument, struct training_network *network, int64_t step, double rate,
                      double *loss, struct error *error)
{
    const struct training_parameter *parameter = training_parameter(network, 0);
    (void)argument;
    (void)rate;
    (void)error;
    if (parameter->real == ELEMENT_FLOAT)
        ((float *)parameter->gradient)[step % parameter->elements] += 0.01F;
    else
        ((double *)parameter->gradient)[step % parameter->elements] += 0.01;
    *loss += 0.5;
    return STATUS_OK;
}

static void watch(void *argument, const struct training_view *view)
{
    (void)argument;
    if (view->step != settings[STEP])
        return;
    if (is_this(KILLED))
        raise(SIGKILL);
    if (is_this(CANCELLED))
        progress_cancel(&progress);
    if (is_this(UNREADABLE))
        broken = true;
}

static struct training plan(const struct graph *graph, const char *checkpoint)
{
    static const struct augmentation augmentation = {.padding = 4, .flip = true};
    struct training training = {.graph = graph,
                                .digest = "example",
                                .program = "tests 1",
                                .dataset = training_images,
                                .sample = &training_sample,
                                .augmentation = &augmentation,
                                .teacher = graph,
                                .teacher_digest = "example",
                                .options = trainer_options_default(),
                                .pool = pool,
                                .progress = &progress,
                                .judge = judge,
                                .watch = watch,
                                .penalty = penalty,
                                .checkpoint = checkpoint,
                                .checkpoint_seconds = 1e-9};
    training.options.epochs = 3;
    training.options.batch = settings[BATCH];
    training.options.seed = 9;
    training.options.real = settings[DOUBLE] ? ELEMENT_DOUBLE : ELEMENT_FLOAT;
    training.options.schedule.kind = SCHEDULE_COSINE;
    training.options.schedule.rate = 0.05;
    training.options.optimizer.nesterov = true;
    training.options.optimizer.decay = 1e-4;
    training.options.optimizer.clip = 2;
    training.options.objective.smoothing = 0.1;
    training.options.objective.weight = 0.5;
    training.options.patience = settings[PATIENCE];
    training.options.judge_start = true;
    return training;
}

/* Of all its constants. */
static void digest_graph(struct digest_state *state, const struct graph *graph)
{
    for (int v = 0; v < graph->value_count; v++) {
        const struct tensor *constant = graph->values[v].constant;
        if (constant)
            digest_add(state, constant->data,
                       (size_t)shape_elements(&constant->shape) * element_size(constant->type));
    }
}

static bool ranks_have(const char digest[DIGEST_SIZE])
{
    char *all = calloc((size_t)ranks_count(), DIGEST_SIZE);
    bool same = all != NULL;
    if (all)
        ranks_gather(digest, DIGEST_SIZE, all);
    for (int r = 0; all && r < ranks_count(); r++)
        same = same && memcmp(all + r * DIGEST_SIZE, digest, DIGEST_SIZE) == 0;
    free(all);
    return same;
}

/* What was learnt, and whether all ranks have it. */
static bool print_networks(const struct trainer *trainer)
{
    struct graph *last = NULL, *best = NULL;
    struct error error = {0};
    char digest[2][DIGEST_SIZE] = {""};
    if (trainer_graph_last(trainer, &last, &error) || trainer_graph_best(trainer, &best, &error))
        exit(EXIT_FAILURE);
    const struct graph *graphs[2] = {last, best};
    for (int i = 0; i < 2; i++) {
        struct digest_state state;
        digest_begin(&state);
        digest_graph(&state, graphs[i]);
        digest_end(&state, digest[i]);
    }
    printf("last %s\nbest %s\n", digest[0], digest[1]);
    graph_free(last);
    graph_free(best);
    const bool same_last = ranks_have(digest[0]), same_best = ranks_have(digest[1]);
    return same_last && same_best;
}

static void print_records(const struct trainer *trainer)
{
    const struct training_view view = trainer_view(trainer);
    for (int i = 0; i < view.record_count; i++) {
        const struct training_record *record = &view.records[i];
        printf("epoch %" PRId64 " %a %a %a %a %a %d\n", record->epoch, record->loss, record->accuracy,
               record->rate, record->score.value, record->score.loss, record->best);
    }
    for (int i = 0; i < view.point_count; i++)
        printf("point %" PRId64 " %a %a\n", view.points[i].step, view.points[i].loss,
               view.points[i].accuracy);
}

static int train(const struct training *training)
{
    struct trainer *trainer = NULL;
    struct error error = {0};
    status code = trainer_new(training, &trainer, &error);
    if (code == STATUS_OK && settings[RESUME])
        code = trainer_resume(trainer, training->checkpoint, &error);
    if (is_this(FULL)) {
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){4096, 4096});
    }
    if (code == STATUS_OK)
        code = trainer_run(trainer, &error);
    if (code != STATUS_OK)
        printf("%s\n", error.message);
    char digest[DIGEST_SIZE];
    digest_bytes(error.message, strlen(error.message), digest);
    const bool told = ranks_have(digest);
    bool same = true;
    if (trainer) {
        print_records(trainer);
        same = print_networks(trainer);
    }
    trainer_free(trainer);
    return !same || !told ? 4 : code == STATUS_OK ? 0 : 3;
}

/* How many images all ranks have read together, and this one. */
static void print_shares(void)
{
    int *all = calloc((size_t)ranks_count(), sizeof *all), own = read_images, sum = 0;
    if (!all)
        exit(EXIT_FAILURE);
    ranks_gather(&own, sizeof own, all);
    for (int r = 0; r < ranks_count(); r++)
        sum += all[r];
    fprintf(stderr, "read %d images, %d of them here\n", sum, own);
    free(all);
}

static int run(const char *model, const char *checkpoint)
{
    struct graph *file = NULL, *graph = NULL;
    struct error error = {0};
    if (open_images(&error) || pool_new(2, &pool, &error) || onnx_read(model, &file, &error) ||
        graph_simplify(file, &graph, &error)) {
        fprintf(stderr, "%s\n", error.message);
        return EXIT_FAILURE;
    }
    const struct training training = plan(graph, checkpoint);
    const int code = train(&training);
    print_shares();
    graph_free(graph);
    graph_free(file);
    sample_free(&training_sample);
    sample_free(&test_sample);
    training_images->kind = whole;
    dataset_free(training_images);
    dataset_free(test_images);
    pool_free(pool);
    return code;
}

int main(int count, char **words)
{
    struct error error = {0};
    if (count < 3 || !read_settings(count - 3, words + 3)) {
        fprintf(stderr, "usage: ranks_training MODEL.onnx CHECKPOINT [NAME=NUMBER ...]\n");
        return 2;
    }
    if (ranks_begin(&error) != STATUS_OK) {
        fprintf(stderr, "%s\n", error.message);
        return EXIT_FAILURE;
    }
    const int code = run(words[1], words[2]);
    ranks_end(code);
    return code;
}
