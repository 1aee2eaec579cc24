/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Images per second, ours and the peer's in turn. */
#include <math.h>
#include <string.h>
#include "base/memory.h"
#include "base/text.h"
#include "bench.h"

enum { SMALL_SIDE = 64, LOGIT_IMAGES = 2, LOGITS_MOST = 2 * 4096 };

/* One who takes part: this program, or the peer in one of its modes. */
struct party {
    const char *item, *mode; /* mode NULL: ours */
    const char *request;     /* with %: the number of images */
    const char *setup;       /* a request before all others, or NULL */
    int against;             /* a peer's: which of ours it is compared with */
    bool gradients;
    bool small; /* takes part for small images only */
    int64_t unit, images;
    struct child child;
    bool alive;
    struct series rates;
    double memory;
};

/* The first of the parties are ours. */
enum { FORWARD, SCORING, SCORING_DOUBLE, OURS };

static const char all_criteria[] = "score % l1,taylor,geomedian,proscore";

static status start_peer(struct party *party, const struct settings *settings, const struct subject *subject,
                         struct error *error)
{
    char batch[16], threads[16];
    party->unit = subject->side <= SMALL_SIDE ? 64 : 16;
    snprintf(batch, sizeof batch, "%lld", (long long)party->unit);
    snprintf(threads, sizeof threads, "%d", settings->threads);
    const char *const peer[] = {settings->python,
                                settings->peer,
                                "serve",
                                subject->model,
                                subject->images,
                                party->mode,
                                batch,
                                threads,
                                NULL};
    return child_start(&party->child, peer, error);
}

static void start_party(struct party *party, const struct settings *settings, const struct subject *subject,
                        struct report *report)
{
    struct error error = {0};
    double none;
    if (party->small && subject->side > SMALL_SIDE)
        return;
    party->unit = 16;
    status code = party->mode ? start_peer(party, settings, subject, &error)
                              : subject_worker(subject, settings, settings->threads, &party->child, &error);
    party->alive = code == STATUS_OK;
    if (code == STATUS_OK && party->setup)
        code = child_number(&party->child, &none, &error, "%s", party->setup);
    if (code == STATUS_OK)
        code =
            images_for(&party->child, party->request, party->unit, settings->seconds, &party->images, &error);
    if (code != STATUS_OK)
        report_failure(report, party->item, &error);
    if (code != STATUS_OK && party->alive)
        child_end(&party->child);
    party->alive = code == STATUS_OK;
}

static void measure(struct party *party, struct report *report)
{
    struct error error = {0};
    double seconds;
    const char *count = strchr(party->request, '%');
    if (!party->alive)
        return;
    if (child_number(&party->child, &seconds, &error, "%.*s%lld%s", (int)(count - party->request),
                     party->request, (long long)party->images, count + 1) != STATUS_OK) {
        report_failure(report, party->item, &error);
        party->memory = child_end(&party->child);
        party->alive = false;
        return;
    }
    series_add(&party->rates, (double)party->images / seconds);
}

/* Do both sides compute the same? Relative to the largest logit; NaN when they cannot be compared. */
static double logits_differ(struct child *ours, struct child *peer, struct error *error)
{
    double *a = mem_new(LOGITS_MOST, sizeof *a), *b = mem_new(LOGITS_MOST, sizeof *b);
    char request[32];
    int count_a = 0, count_b = -1;
    double difference = 0, largest = 0;
    snprintf(request, sizeof request, "logits %d", LOGIT_IMAGES);
    status code = a && b ? child_ask(ours, request, a, LOGITS_MOST, &count_a, error) : error_memory(error);
    if (code == STATUS_OK)
        code = child_ask(peer, request, b, LOGITS_MOST, &count_b, error);
    if (code == STATUS_OK && count_a != count_b)
        code = error_set(error, STATUS_SHAPE, "%d logits here, %d there", count_a, count_b);
    for (int i = 0; code == STATUS_OK && i < count_a; i++) {
        difference = fmax(difference, fabs(a[i] - b[i]));
        largest = fmax(largest, fabs(b[i]));
    }
    mem_free(a);
    mem_free(b);
    return code == STATUS_OK && largest > 0 ? difference / largest : NAN;
}

static void check_same(struct party *ours, struct party *peer, const struct subject *subject,
                       struct report *report)
{
    struct error error = {0};
    if (!ours->alive || !peer->alive)
        return;
    double differ = logits_differ(&ours->child, &peer->child, &error);
    struct series series = {0};
    series_add(&series, differ);
    if (isnan(differ))
        report_failure(report, "logits against the peer's", &error);
    else
        report_series(report, subject->name, "logits against the peer's", &series, "relative", NULL);
    if (!(differ < 1e-3))
        report_note(report, "DIFFERENT RESULTS: the ratios below compare different things");
}

static void report_rates(const struct party *party, const struct subject *subject, double macs,
                         const struct series *peak, struct report *report)
{
    char remark[96] = "";
    struct series share = series_ratio(&party->rates, peak);
    for (int i = 0; i < share.count; i++)
        share.values[i] *= 2 * macs / 1e9;
    if (!party->mode && !party->setup && share.count)
        snprintf(remark, sizeof remark, "%.0f %% of the peak, %.0f MB", 100 * series_median(&share),
                 party->memory);
    else
        snprintf(remark, sizeof remark, "%.0f MB", party->memory);
    report_series(report, subject->name, party->item, &party->rates, "images/s", remark);
    if (!party->mode && !party->setup)
        report_series(report, subject->name,
                      party->gradients ? "  scoring: share of peak" : "  forward: share of peak", &share, "",
                      "counted as direct convolutions");
}

static void report_ratios(const struct party *parties, int count, const struct subject *subject,
                          struct report *report)
{
    for (int i = 0; i < count; i++) {
        const struct party *peer = &parties[i], *ours = &parties[peer->against];
        char item[64], remark[64];
        struct series ratio = series_ratio(&ours->rates, &peer->rates);
        if (!peer->mode || !ratio.count)
            continue;
        snprintf(item, sizeof item, "ratio to %s", peer->item);
        snprintf(remark, sizeof remark, "memory 1 : %.1f", peer->memory / ours->memory);
        report_series(report, subject->name, item, &ratio, "times", remark);
    }
}

void bench_throughput(const struct settings *settings, const struct subject *subject, struct report *report)
{
    struct party parties[] = {
        {.item = "forward", .request = "forward %"},
        {.item = "all four criteria", .request = all_criteria, .gradients = true},
        {.item = "all four criteria in double",
         .setup = "precision double",
         .request = all_criteria,
         .gradients = true,
         .small = true},
        {.item = "PyTorch forward", .mode = "forward", .request = "forward %"},
        {.item = "PyTorch forward, frozen and fused", .mode = "fused", .request = "forward %"},
        {.item = "PyTorch gradients as written",
         .mode = "full",
         .request = "score %",
         .gradients = true,
         .against = SCORING},
        {.item = "PyTorch gradients tuned",
         .mode = "tuned",
         .request = "score %",
         .gradients = true,
         .against = SCORING},
        {.item = "PyTorch gradients in double, tuned",
         .mode = "double",
         .request = "score %",
         .gradients = true,
         .against = SCORING_DOUBLE,
         .small = true},
    };
    enum { PARTIES = sizeof parties / sizeof *parties };
    const int count = settings->python && strcmp(subject->model, "example") != 0 ? PARTIES : OURS;
    struct series peak = {0};
    struct error error = {0};
    struct text title = {0};
    text_add_format(&title, "%s, %dx%d, %d threads: ", subject->name, subject->side, subject->side,
                    settings->threads);
    text_add_si(&title, subject->forward_macs, 4);
    text_add(&title, "MACs an image forward, ");
    text_add_si(&title, subject->forward_macs + subject->backward_macs, 4);
    text_add(&title, "MACs with gradients");
    report_section(report, "throughput", text_data(&title));
    text_free(&title);
    for (int i = 0; i < count; i++)
        start_party(&parties[i], settings, subject, report);
    if (count > OURS)
        check_same(&parties[FORWARD], &parties[OURS], subject, report);
    for (int repeat = 0; repeat < settings->repeats; repeat++) {
        double rate;
        if (parties[0].alive &&
            child_number(&parties[0].child, &rate, &error, "peak %d", settings->threads) == STATUS_OK)
            series_add(&peak, rate);
        for (int i = 0; i < count; i++)
            measure(&parties[i], report);
    }
    for (int i = 0; i < count; i++) {
        if (parties[i].alive)
            parties[i].memory = child_end(&parties[i].child);
    }
    report_series(report, subject->name, "peak of multiply-adds", &peak, "GFLOP/s", NULL);
    for (int i = 0; i < count; i++) {
        if (parties[i].rates.count)
            report_rates(&parties[i], subject,
                         subject->forward_macs + (parties[i].gradients ? subject->backward_macs : 0), &peak,
                         report);
    }
    report_ratios(parties, count, subject, report);
}
