/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the time of a scoring pass, or of steps of training, goes: fused step by fused step, and kind by
 * kind. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "bench.h"
#include "nn/execution/times.h"

enum { NUMBERS = 6, WORD = 24 };
static const double LEAST_SHARE = 0.005; /* of the pass: a row of its own */

struct layer_row {
    char kernel[DIRECTIONS][WORD], name[STEP_NAME_SIZE];
    double seconds[DIRECTIONS], macs[DIRECTIONS], bytes[DIRECTIONS]; /* per image, of one thread */
    int steps;
};

static const char *const directions[DIRECTIONS] = {"forward", "backward"};

static status read_row(struct child *worker, int step, struct layer_row *row, struct error *error)
{
    char request[32];
    double numbers[NUMBERS];
    int count;
    snprintf(request, sizeof request, "layer %d", step);
    status code = child_ask(worker, request, numbers, NUMBERS, &count, error);
    const char *words = code == STATUS_OK ? strchr(worker->line, '|') : NULL;
    if (code == STATUS_OK && (count != NUMBERS || !words ||
                              sscanf(words, "| %23[^|]| %23[^|]| %95[^\n]", row->kernel[FORWARD_PASS],
                                     row->kernel[BACKWARD_PASS], row->name) != 3))
        code = error_set(error, STATUS_FAILED, "%s: '%s'", request, worker->line);
    for (int d = 0; code == STATUS_OK && d < DIRECTIONS; d++) {
        row->seconds[d] = numbers[3 * d];
        row->macs[d] = numbers[3 * d + 1];
        row->bytes[d] = numbers[3 * d + 2];
    }
    return code;
}

static void print_direction(const struct layer_row *row, int d, double peak, double total)
{
    if (row->seconds[d] <= 0 || row->kernel[d][0] == '-') {
        printf(" %36s", "");
        return;
    }
    printf("  %-10.10s %7.3f %3.0f%% ", row->kernel[d], row->seconds[d] * 1e3, 100 * row->seconds[d] / total);
    if (row->macs[d] > 0)
        printf("%4.0f%%", 100 * 2 * row->macs[d] / row->seconds[d] / 1e9 / peak);
    else
        printf("%5s", "");
    printf(" %6.2f", row->bytes[d] / row->seconds[d] / 1e9);
}

static void print_row(const struct layer_row *row, double peak, double total)
{
    printf("  %-34.34s", row->name);
    for (int d = 0; d < DIRECTIONS; d++)
        print_direction(row, d, peak, total);
    putchar('\n');
}

static void write_csv(const struct report *report, const char *network, const struct layer_row *row)
{
    for (int d = 0; report->csv && d < DIRECTIONS; d++)
        if (row->seconds[d] > 0)
            fprintf(report->csv, "%s,%s,\"%s, %s by %s\",1,%.9g,ms\n", report->section, network, row->name,
                    directions[d], row->kernel[d], row->seconds[d] * 1e3);
}

/* One row for each kernel, over all steps that run it. */
static void print_kernels(const struct layer_row *rows, int count, double peak, double total)
{
    for (int d = 0; d < DIRECTIONS; d++)
        for (int i = 0; i < count; i++) {
            struct layer_row sum = {.steps = 0};
            bool first = true;
            for (int k = 0; k < count; k++) {
                if (strcmp(rows[k].kernel[d], rows[i].kernel[d]) != 0)
                    continue;
                first &= k >= i;
                sum.seconds[d] += rows[k].seconds[d];
                sum.macs[d] += rows[k].macs[d];
                sum.bytes[d] += rows[k].bytes[d];
                sum.steps++;
            }
            if (!first || sum.seconds[d] < LEAST_SHARE * total)
                continue;
            snprintf(sum.kernel[d], WORD, "%s", rows[i].kernel[d]);
            snprintf(sum.name, sizeof sum.name, "all %d, %s", sum.steps, directions[d]);
            print_row(&sum, peak, total);
        }
}

/* passes: with %, the number of images, as for images_for; layers: the request that times their steps. */
static status measure(struct child *worker, const char *passes, const char *layers, int64_t unit,
                      const struct settings *settings, const struct subject *subject, struct report *report,
                      struct error *error)
{
    double steps, images, peak;
    int64_t count;
    status code = images_for(worker, passes, unit, settings->seconds, &count, error);
    if (code == STATUS_OK)
        code = child_number(worker, &peak, error, "peak %d", settings->threads);
    if (code == STATUS_OK)
        code = child_number(worker, &steps, error, "%s %lld %lld", layers, (long long)count, (long long)unit);
    if (code != STATUS_OK)
        return code;
    struct layer_row *rows = mem_new((size_t)steps, sizeof *rows);
    double total = 0;
    if (!rows)
        return error_memory(error);
    images = (double)count;
    peak /= settings->threads;
    for (int s = 0; s < (int)steps && code == STATUS_OK; s++) {
        code = read_row(worker, s, &rows[s], error);
        total += rows[s].seconds[FORWARD_PASS] + rows[s].seconds[BACKWARD_PASS];
    }
    report_note(report, "%.0f images, %.3f ms each of one thread; a thread's peak is %.1f GFLOP/s", images,
                total * 1e3, peak);
    report_note(report, "%-32s  %-10s %7s %4s %5s %6s   %-10s %7s %4s %5s %6s", "step", "forward", "ms",
                "time", "peak", "GB/s", "backward", "ms", "time", "peak", "GB/s");
    for (int s = 0; s < (int)steps && code == STATUS_OK; s++) {
        write_csv(report, subject->name, &rows[s]);
        if (rows[s].seconds[FORWARD_PASS] + rows[s].seconds[BACKWARD_PASS] >= LEAST_SHARE * total)
            print_row(&rows[s], peak, total);
    }
    if (code == STATUS_OK)
        print_kernels(rows, (int)steps, peak, total);
    mem_free(rows);
    return code;
}

static void report_layers(const char *title, const char *passes, const char *layers, int64_t unit,
                          const struct settings *settings, const struct subject *subject,
                          struct report *report)
{
    struct child worker = {0};
    struct error error = {0};
    char *whole = mem_format("%s: where the time of %s goes", subject->name, title);
    report_section(report, layers, whole ? whole : "");
    mem_free(whole);
    status code = subject_worker(subject, settings, settings->threads, &worker, &error);
    if (code == STATUS_OK)
        code = measure(&worker, passes, layers, unit, settings, subject, report, &error);
    if (code != STATUS_OK)
        report_failure(report, layers, &error);
    child_end(&worker);
}

void bench_layers(const struct settings *settings, const struct subject *subject, struct report *report)
{
    report_layers("a scoring pass", "score % taylor,proscore", "layers", 16, settings, subject, report);
}

void bench_learning_layers(const struct settings *settings, const struct subject *subject,
                           struct report *report)
{
    char passes[32];
    const int64_t batch = training_batch_size(subject);
    snprintf(passes, sizeof passes, "train %% %lld", (long long)batch);
    report_layers("steps of training", passes, "learning", batch, settings, subject, report);
}
