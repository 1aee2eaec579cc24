/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the cost of scoring depends on, and what it does not. */
#include <string.h>
#include "base/text.h"
#include "bench.h"
#include "session/words/option.h"

struct scaling {
    const struct settings *settings;
    const struct subject *subject;
    struct report *report;
    struct child child;
};

/* Criteria in turn, `repeats` times; ratios to the last row, which is PROscore alone. */
static status criteria(struct scaling *work, struct error *error)
{
    static const char *const sets[] = {"l1", "geomedian", "taylor", "l1,taylor,geomedian,proscore",
                                       "proscore"};
    enum { SETS = sizeof sets / sizeof *sets };
    struct series seconds[SETS] = {0};
    int64_t images;
    status code = images_for(&work->child, "score % proscore", 16, work->settings->seconds, &images, error);
    for (int repeat = 0; code == STATUS_OK && repeat < work->settings->repeats; repeat++) {
        for (int i = 0; code == STATUS_OK && i < SETS; i++) {
            double value = 0;
            code = child_number(&work->child, &value, error, "score %lld %s", (long long)images, sets[i]);
            series_add(&seconds[i], value);
        }
    }
    if (code != STATUS_OK)
        return code;
    report_section(work->report, "criteria", "Cost against criteria (seconds, and ratio to PROscore alone)");
    report_note(work->report, "%s, %lld images", work->subject->name, (long long)images);
    for (int i = 0; i < SETS; i++) {
        char remark[32];
        struct series ratio = series_ratio(&seconds[i], &seconds[SETS - 1]);
        snprintf(remark, sizeof remark, "x %.3f", series_median(&ratio));
        report_series(work->report, work->subject->name, sets[i], &seconds[i], "s", remark);
    }
    return STATUS_OK;
}

static status threads(struct scaling *work, struct error *error)
{
    struct series one = {0}, all = {0};
    const int most = work->settings->threads;
    int64_t images;
    status code = images_for(&work->child, "score % proscore", 16, work->settings->seconds, &images, error);
    for (int repeat = 0; code == STATUS_OK && repeat < work->settings->repeats; repeat++) {
        for (int count = 1; code == STATUS_OK && count <= most; count += most > 1 ? most - 1 : 1) {
            double value = 0;
            code = child_number(&work->child, &value, error, "threads %d", count);
            if (code == STATUS_OK)
                code = child_number(&work->child, &value, error, "score %lld proscore",
                                    (long long)images * count / most);
            series_add(count == 1 ? &one : &all, (double)(images * count / most) / value);
        }
    }
    if (code != STATUS_OK)
        return code;
    report_section(work->report, "threads", "Scoring on more threads");
    report_series(work->report, work->subject->name, "1 thread", &one, "images/s", NULL);
    if (most > 1) {
        char item[32];
        struct series ratio = series_ratio(&all, &one);
        snprintf(item, sizeof item, "%d threads", most);
        report_series(work->report, work->subject->name, item, &all, "images/s", NULL);
        report_series(work->report, work->subject->name, "speed-up", &ratio, "times", NULL);
    }
    return STATUS_OK;
}

static status linearity(struct scaling *work, struct error *error)
{
    static const int percents[] = {5, 25, 50, 100};
    report_section(work->report, "linearity", "Cost against images (all four criteria)");
    for (size_t i = 0; i < sizeof percents / sizeof *percents; i++) {
        int64_t images = work->settings->images * percents[i] / 100;
        struct series rate = {0};
        char item[48], remark[32];
        double seconds = 0;
        status code = child_number(&work->child, &seconds, error, "score %lld l1,taylor,geomedian,proscore",
                                   (long long)(images > 0 ? images : 1));
        if (code != STATUS_OK)
            return code;
        series_add(&rate, 1000 * seconds / (double)images);
        snprintf(item, sizeof item, "%d %%: %lld images", percents[i], (long long)images);
        snprintf(remark, sizeof remark, "%.2f s", seconds);
        report_series(work->report, work->subject->name, item, &rate, "ms/image", remark);
    }
    return STATUS_OK;
}

void bench_scaling(const struct settings *settings, const struct subject *subject, struct report *report)
{
    static const struct {
        const char *name;
        status (*run)(struct scaling *work, struct error *error);
    } parts[] = {{"criteria", criteria}, {"linearity", linearity}, {"threads", threads}};
    struct scaling work = {.settings = settings, .subject = subject, .report = report};
    struct error error = {0};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        status code = subject_worker(subject, settings, settings->threads, &work.child, &error);
        if (code == STATUS_OK) {
            code = parts[i].run(&work, &error);
            child_end(&work.child);
        }
        if (code != STATUS_OK)
            report_failure(report, parts[i].name, &error);
    }
}

/* Worst of all layers, relative to the largest of its layer. */
void bench_accuracy(const struct settings *settings, const struct subject *subject, struct report *report)
{
    static const char *const measures[] = {"logits", "delta", "gate", "lift"};
    const struct parameter *choices = &option_at(OPTION_KERNEL)->parameter;
    const double most = 1e10; /* MACs; plain loops are slow */
    struct error error = {0};
    struct child child;
    char title[128];
    int images = (int)(4 * most / 10 / subject->forward_macs);
    images = images < 1 ? 1 : images > 8 ? 8 : images;
    snprintf(title, sizeof title, "Float kernels against double: %s, %d image%s, largest difference",
             subject->name, images, images == 1 ? "" : "s");
    report_section(report, "accuracy", title);
    if (subject->forward_macs > most) {
        report_note(report, "left out: plain loops take minutes on this network");
        return;
    }
    status code = subject_worker(subject, settings, settings->threads, &child, &error);
    if (code != STATUS_OK) {
        report_failure(report, "accuracy", &error);
        return;
    }
    for (int i = 0; choices->choice(i); i++) {
        double values[4], none;
        int count = 0;
        char request[32];
        snprintf(request, sizeof request, "accuracy %d", images);
        code = child_number(&child, &none, &error, "kernel %s", choices->choice(i));
        if (code == STATUS_OK)
            code = child_ask(&child, request, values, 4, &count, &error);
        if (code != STATUS_OK || count != 4) {
            report_failure(report, choices->choice(i), &error);
            continue;
        }
        for (int k = 0; k < 4; k++) {
            struct series series = {0};
            char item[64];
            snprintf(item, sizeof item, "kernel=%s %s", choices->choice(i), measures[k]);
            series_add(&series, values[k]);
            report_series(report, subject->name, item, &series, "relative", NULL);
        }
    }
    child_end(&child);
}
