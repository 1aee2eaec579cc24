/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gradients and scores, in double, of networks that PyTorch made and saved, on one image, channel by channel
 * as its autograd has them in double: depthwise convolutions, dense blocks, dilations, a loss of every pixel.
 * What is written is in torch_gradients.py; IPPRO_TORCH_GRADIENTS names other networks. */
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
#include "score/criterion.h"
#include "session/model.h"
#include "shell/shell.h"
#include "support/reference_columns.h"
#include "support/reference_dump.h"
#include "support/session_lines.h"
#include "support/skip.h"

static char folder[] = "/tmp/ippro-gradients-XXXXXX";
static struct shell shell;
static struct session *session;
static int written; /* the status with which Python ended */
enum { NO_PYTORCH = 77, IN_LINE = 63 };

/* One network of the list. */
struct subject {
    char name[IN_LINE + 1];
    int classes, height, width, map;
    double loss;
};
static struct subject open_subject; /* whose image is opened */

static int run_python(void)
{
    const char *names = getenv("IPPRO_TORCH_GRADIENTS"), *source = getenv("SRCDIR");
    char command[1024];
    snprintf(command, sizeof command,
             "/usr/bin/python3 -B '%s/tests/architecture/torch_gradients.py' '%s' %s", source ? source : ".",
             folder, names ? names : "mobile2 dense121 deeplab50");
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

/* --- the image ------------------------------------------------------------------------------------------ */

static status read_file(const char *extension, void *to, size_t size, struct error *error)
{
    unsigned char *data;
    size_t length;
    char path[256];
    snprintf(path, sizeof path, "%s/%s.%s", folder, open_subject.name, extension);
    status code = file_read(path, SIZE_MAX / 2, &data, &length, error);
    if (code != STATUS_OK)
        return code;
    if (length == size)
        memcpy(to, data, size);
    mem_free(data);
    return length == size ? STATUS_OK : error_set(error, STATUS_FILE, "%s: %zu bytes", path, length);
}

static status one_open(struct dataset *dataset, const struct dataset_options *options, struct error *error)
{
    (void)options, (void)error;
    dataset->count = 1;
    dataset->channels = 3;
    dataset->height = open_subject.height;
    dataset->width = open_subject.width;
    dataset->classes = open_subject.classes;
    dataset->label_map = open_subject.map;
    return STATUS_OK;
}

static status one_read(const struct dataset *dataset, int64_t index, uint8_t *pixels, int64_t *labels,
                       struct error *error)
{
    const size_t area = (size_t)dataset->height * (size_t)dataset->width;
    (void)index;
    status code = read_file("pixels", pixels, 3 * area, error);
    return code == STATUS_OK
               ? read_file("label", labels, (dataset->label_map ? area : 1) * sizeof *labels, error)
               : code;
}

static const char *one_digest(const struct dataset *dataset)
{
    return dataset->kind->name;
}

static void one_close(struct dataset *dataset)
{
    (void)dataset;
}

static const char *const splits[] = {"train", NULL};
static const struct dataset_kind one_image = {
    .name = "one image",
    .help = "an image of the test",
    .splits = splits,
    .open = one_open,
    .read = one_read,
    .digest = one_digest,
    .close = one_close,
};

/* --- columns -------------------------------------------------------------------------------------------- */

/* The largest difference, relative to the layer's largest value. */
static double difference(const struct dump *dump, const struct dump_layer *layer, int column, double *values,
                         bool logarithms)
{
    double worst = 0, largest = 0;
    for (int c = 0; c < layer->count; c++) {
        const double expected = dump_value(dump, layer->first + c, column);
        const double error = fabs((logarithms ? exp(values[c]) : values[c]) - expected);
        worst = fmax(worst, isnan(error) ? INFINITY : error);
        largest = fmax(largest, fabs(expected));
    }
    mem_free(values);
    return worst == 0 ? 0 : worst / largest;
}

/* What a layer without BatchNorm does not have: its scale, and what is made with it. */
static bool of_norm(const char *column)
{
    return strncmp(column, "bn_", 3) == 0 || strstr(column, "_bn_scale") ||
           strncmp(column, "proscore_bn", 11) == 0;
}

static int index_of(const struct work *work, const struct dump_layer *layer)
{
    const int index = layers_index(work->layers, layer->name);
    if (index < 0)
        fail_msg("there is no layer %s", layer->name);
    const struct layer *found = &work->layers->items[index];
    assert_int_equal(found->channels, layer->count);
    assert_string_equal(found->norm_name ? found->norm_name : "", layer->norm);
    return index;
}

static int report(const char *column, const char *note, double worst)
{
    const bool fits = worst < 1e-8;
    printf("#   %-24s%s %.1e of the layer's largest%s\n", column, note, worst, fits ? "" : "  TOO FAR");
    return !fits;
}

static void compare_columns(const struct work *work, const struct dump *dump)
{
    int failures = 0, compared = 0;
    for (size_t i = 0; i < reference_column_count; i++) {
        const struct reference_column *made = &reference_columns[i];
        const int column = dump_column(dump, made->name);
        double worst = 0;
        /* The reductions are BatchNorm's. */
        const bool norm = of_norm(made->name) || strstr(made->note, "reductions");
        for (int l = 0; column >= 0 && l < dump->layer_count; l++) {
            const struct dump_layer *layer = &dump->layers[l];
            if (!norm || *layer->norm)
                worst = fmax(worst,
                             difference(dump, layer, column, made->make(work, index_of(work, layer)), false));
        }
        compared += column >= 0;
        failures += column >= 0 && report(made->name, made->note, worst);
    }
    for (size_t i = 0; i < proscore_column_count; i++) {
        const struct proscore_column *made = &proscore_columns[i];
        const int column = dump_column(dump, made->name);
        double worst = 0;
        for (int l = 0; column >= 0 && l < dump->layer_count; l++) {
            const struct dump_layer *layer = &dump->layers[l];
            if (*layer->norm || !of_norm(made->name))
                worst = fmax(worst, difference(dump, layer, column,
                                               log_proscore_column(work, index_of(work, layer), made->target,
                                                                   made->gamma),
                                               true));
        }
        compared += column >= 0;
        failures += column >= 0 && report(made->name, "", worst);
    }
    assert_int_equal(compared, dump->column_count + 1); /* one of them in two ways */
    assert_int_equal(failures, 0);
}

/* Every layer that is scored stands in the dump. */
static void check_complete(const struct work *work, const struct dump *dump)
{
    int scored = 0;
    for (int i = 0; i < work->layers->count; i++)
        scored += !work->layers->items[i].output_layer;
    assert_int_equal(dump->layer_count, scored);
}

static void check_network(const struct subject *subject)
{
    char line[256];
    struct error error = {0};
    struct dump dump;
    const struct dataset_options options = {.normalization = "half"};
    const struct sample_options all = {.count = 1, .order = SAMPLE_FIRST};
    open_subject = *subject;
    snprintf(line, sizeof line, "load %s/%s.pth input=%dx%d", folder, subject->name, subject->height,
             subject->width);
    run_line(session, line);
    snprintf(line, sizeof line, "%s/%s.csv", folder, subject->name);
    check(dump_read_scores(line, &dump, &error), &error);
    struct work work = {.graph = session->state.model->graph, .layers = session->state.model->layers};
    check(dataset_open(&one_image, NULL, &options, &work.dataset, &error), &error);
    check(sample_draw(work.dataset, &all, &work.sample, &error), &error);
    check(pool_new(1, &work.pool, &error), &error);
    const struct score_pass pass = {.graph = work.graph,
                                    .layers = work.layers,
                                    .dataset = work.dataset,
                                    .sample = &work.sample,
                                    .needs = NEED_GRADIENTS | NEED_WEIGHT_GRADIENTS,
                                    .real = ELEMENT_DOUBLE,
                                    .micro_batch = 1,
                                    .batch = 1,
                                    .pool = work.pool};
    check(score_statistics_compute(&pass, &work.statistics, &error), &error);
    printf("# %s: %d layers, %d channels\n", subject->name, dump.layer_count, dump.row_count);
    assert_true(fabs(work.statistics->mean_loss - subject->loss) < 1e-10 * subject->loss);
    check_complete(&work, &dump);
    compare_columns(&work, &dump);
    score_statistics_free(work.statistics);
    pool_free(work.pool);
    sample_free(&work.sample);
    dataset_free(work.dataset);
    dump_free(&dump);
}

static void test_gradients(void **state)
{
    char path[64];
    struct subject subject;
    int count = 0;
    (void)state;
    if (written == NO_PYTORCH)
        skip_because("no PyTorch and torchvision for /usr/bin/python3");
    assert_int_equal(written, 0);
    snprintf(path, sizeof path, "%s/list", folder);
    FILE *list = fopen(path, "r");
    assert_non_null(list);
    for (; fscanf(list, "%63s %d %d %d %d %lf", subject.name, &subject.classes, &subject.height,
                  &subject.width, &subject.map, &subject.loss) == 6;
         count++)
        check_network(&subject);
    fclose(list);
    assert_true(count > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_gradients)};
    return cmocka_run_group_tests(tests, begin, end);
}
