/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a user waits for. */
#include <string.h>
#include "base/text.h"
#include "bench.h"

enum { GAMMAS = 1000, RATIOS = 20, STARTS = 11, LOADS = 5 };

static void in_milliseconds(struct report *report, const char *network, const char *item,
                            struct series *series, const char *remark)
{
    for (int i = 0; i < series->count; i++)
        series->values[i] *= 1000;
    report_series(report, network, item, series, "ms", remark);
}

static void start_up(const struct settings *settings, struct report *report)
{
    static const struct {
        const char *item, *option;
    } ways[] = {{"start to first prompt", NULL}, {"start to first prompt, --plain", "--plain"}};
    for (size_t way = 0; way < sizeof ways / sizeof *ways; way++) {
        const char *const program[] = {settings->program, "-n", ways[way].option, NULL};
        struct series series = {0};
        struct error error = {0};
        status code = STATUS_OK;
        for (int i = 0; code == STATUS_OK && i < (settings->repeats > 1 ? STARTS : 2); i++) {
            double seconds;
            code = child_prompt(program, "ippro> ", "quit\n", &seconds, &error);
            if (code == STATUS_OK && i > 0) /* the first one reads files from the disk */
                series_add(&series, seconds);
        }
        if (code == STATUS_OK)
            in_milliseconds(report, "example", ways[way].item, &series, "with the built-in example");
        else
            report_failure(report, ways[way].item, &error);
    }
}

void bench_load(const struct settings *settings, const struct subject *subject, struct report *report)
{
    struct series series = {0};
    struct child child;
    struct error error = {0};
    status code = subject_worker(subject, settings, settings->threads, &child, &error);
    for (int i = 0; code == STATUS_OK && i < LOADS; i++) {
        double seconds = 0;
        code = child_number(&child, &seconds, &error, "load %s", subject->model);
        series_add(&series, seconds);
    }
    child_end(&child);
    if (code == STATUS_OK)
        in_milliseconds(report, subject->name, "load the model", &series, NULL);
    else
        report_failure(report, "load the model", &error);
}

/* A new ratio and the table of what is left, as after a key press. */
static status what_if(const struct settings *settings, const struct subject *subject, struct child *child,
                      struct report *report, struct error *error)
{
    struct series series = {0};
    double none;
    (void)settings;
    status code = child_number(child, &none, error, "time score l1,proscore samples=16 order=first");
    for (int i = 1; code == STATUS_OK && i <= RATIOS; i++) {
        double seconds = 0;
        code = child_number(child, &seconds, error, "time prune proscore %.3f", 0.8 * i / RATIOS);
        series_add(&series, seconds);
    }
    if (code == STATUS_OK)
        in_milliseconds(report, subject->name, "what-if: select and show", &series, subject->name);
    return code == STATUS_OK ? child_number(child, &none, error, "time unprune *") : code;
}

static status gamma_sweep(const struct settings *settings, const struct subject *subject, struct child *child,
                          struct report *report, struct error *error)
{
    struct series series = {0};
    double seconds;
    status code = child_number(child, &seconds, error, "time score proscore samples=16 order=first");
    for (int i = 0; code == STATUS_OK && i < settings->repeats; i++) {
        code = child_number(child, &seconds, error, "time gamma sweep 1e-4:1e4:log:%d at=0.5", GAMMAS);
        series_add(&series, seconds);
    }
    if (code == STATUS_OK)
        in_milliseconds(report, subject->name, "1,000 values of gamma", &series, subject->name);
    return code;
}

/* Every mask in one pass with shared prefixes, against one evaluation per mask. */
static status sensitivity(const struct settings *settings, const struct subject *subject, struct child *child,
                          struct report *report, struct error *error)
{
    const int images = settings->repeats > 1 ? 64 : 16;
    double seconds = 0, reuse[2] = {0}, alone = 0;
    status code = child_number(child, &seconds, error,
                               "time sensitivity l1 ratios=0.25,0.5 samples=%d order=first", images);
    if (code == STATUS_OK)
        code = child_ask(child, "reuse", reuse, 2, NULL, error);
    for (int i = 0; code == STATUS_OK && i < 3; i++) {
        double once;
        code = child_number(child, &once, error, "forward %d", images);
        alone = i == 0 || once < alone ? once : alone;
    }
    if (code != STATUS_OK)
        return code;
    struct series with = {0}, without = {0}, ratio;
    char remark[64];
    snprintf(remark, sizeof remark, "%.0f networks, %d images", reuse[0], images);
    series_add(&with, reuse[1]);
    series_add(&without, alone * reuse[0]);
    ratio = series_ratio(&without, &with);
    report_series(report, subject->name, "sensitivity, prefixes shared", &with, "s", remark);
    report_series(report, subject->name, "the same one by one", &without, "s",
                  "one evaluation, times the networks");
    report_series(report, subject->name, "ratio", &ratio, "times", NULL);
    return STATUS_OK;
}

void bench_waiting(const struct settings *settings, const struct subject *subject, struct report *report)
{
    static const struct {
        const char *item;
        status (*run)(const struct settings *settings, const struct subject *subject, struct child *child,
                      struct report *report, struct error *error);
    } parts[] = {{"what-if: select and show", what_if},
                 {"1,000 values of gamma", gamma_sweep},
                 {"sensitivity, prefixes shared", sensitivity}};
    report_section(report, "waiting", "What a user waits for");
    start_up(settings, report);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct child child;
        struct error error = {0};
        status code = subject_worker(subject, settings, settings->threads, &child, &error);
        if (code == STATUS_OK) {
            code = parts[i].run(settings, subject, &child, report, &error);
            child_end(&child);
        }
        if (code != STATUS_OK)
            report_failure(report, parts[i].item, &error);
    }
}
