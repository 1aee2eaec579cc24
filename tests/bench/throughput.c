/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Images per second, ours and the peer's in turn. */
#include <math.h>
#include <string.h>
#include "base/memory.h"
#include "base/text.h"
#include "bench.h"
#include "party.h"

enum { LOGIT_IMAGES = 2, LOGITS_MOST = 2 * 4096 };

/* The first of the parties are ours. */
enum { FORWARD, SCORING, ALONE, TAYLOR, SCORING_DOUBLE, OURS };

static const char all_criteria[] = "score % l1,taylor,geomedian,proscore";

static const struct party all_parties[] = {
    {.name = "forward", .item = "forward", .request = "forward %"},
    {.name = "criteria", .item = "all four criteria", .request = all_criteria, .gradients = true},
    {.name = "proscore", .item = "proscore alone", .request = "score % proscore", .gradients = true},
    {.name = "taylor", .item = "taylor alone", .request = "score % taylor", .gradients = true},
    {.name = "double",
     .item = "all four criteria in double",
     .setup = "precision double",
     .request = all_criteria,
     .gradients = true,
     .small = true},
    {.name = "peer-forward", .item = "PyTorch forward", .mode = "forward", .request = "forward %"},
    {.name = "peer-fused",
     .item = "PyTorch forward, frozen and fused",
     .mode = "fused",
     .request = "forward %"},
    {.name = "peer-written",
     .item = "PyTorch gradients as written",
     .mode = "full",
     .request = "score %",
     .gradients = true,
     .against = SCORING},
    {.name = "peer-tuned",
     .item = "PyTorch gradients tuned",
     .mode = "tuned",
     .request = "score %",
     .gradients = true,
     .against = SCORING},
    {.name = "peer-gates",
     .item = "PyTorch gradients of gates, tuned",
     .mode = "gates",
     .request = "score %",
     .gradients = true,
     .against = TAYLOR},
    {.name = "peer-double",
     .item = "PyTorch gradients in double, tuned",
     .mode = "double",
     .request = "score %",
     .gradients = true,
     .against = SCORING_DOUBLE,
     .small = true},
};
enum { PARTIES = sizeof all_parties / sizeof *all_parties };

bool bench_has_party(const char *name, size_t length)
{
    for (int i = 0; i < PARTIES; i++)
        if (strncmp(all_parties[i].name, name, length) == 0 && all_parties[i].name[length] == '\0')
            return true;
    return false;
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

static struct party *first_alive(struct party *parties, int count)
{
    for (int i = 0; i < count; i++)
        if (parties[i].alive)
            return &parties[i];
    return NULL;
}

static void check_same(struct party *ours, struct party *peer, const struct subject *subject,
                       struct report *report)
{
    struct error error = {0};
    if (!ours || !peer)
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
    const struct series share = party_share(party, macs, peak);
    if (!party->mode && !party->setup && share.count)
        snprintf(remark, sizeof remark, "%.0f %% of the peak, %.0f MB", 100 * series_median(&share),
                 party->memory);
    else
        snprintf(remark, sizeof remark, "%.0f MB", party->memory);
    report_series(report, subject->name, party->item, &party->rates, "images/s", remark);
    if (!party->mode && !party->setup)
        report_series(report, subject->name,
                      party->gradients ? "  gradients: share of peak" : "  forward: share of peak", &share,
                      "", "counted as direct convolutions");
}

void bench_throughput(const struct settings *settings, const struct subject *subject, struct report *report)
{
    struct party parties[PARTIES];
    memcpy(parties, all_parties, sizeof parties);
    const int count = settings->python && !subject->built_in ? PARTIES : OURS;
    struct series peak = {0};
    struct text title = {0};
    text_add_format(&title, "%s, %dx%d, %d threads: ", subject->name, subject->side, subject->side,
                    settings->threads);
    text_add_si(&title, subject->forward_macs, 4);
    text_add(&title, "MACs an image forward, ");
    text_add_si(&title, subject->forward_macs + subject->backward_macs, 4);
    text_add(&title, "MACs with gradients");
    report_section(report, "throughput", text_data(&title));
    text_free(&title);
    for (int i = 0; i < count; i++) {
        parties[i].unit = parties[i].mode && subject->side <= SMALL_SIDE ? 64 : 16;
        if (bench_listed(settings->parties, parties[i].name))
            party_start(&parties[i], settings, subject, report);
    }
    if (count > OURS)
        check_same(first_alive(parties, OURS), first_alive(parties + OURS, count - OURS), subject, report);
    for (int repeat = 0; repeat < settings->repeats; repeat++) {
        party_measure_peak(first_alive(parties, OURS), settings->threads, &peak);
        for (int i = 0; i < count; i++)
            party_measure(&parties[i], report);
    }
    for (int i = 0; i < count; i++)
        party_end(&parties[i]);
    report_series(report, subject->name, "peak of multiply-adds", &peak, "GFLOP/s", NULL);
    for (int i = 0; i < count; i++) {
        if (parties[i].rates.count)
            report_rates(&parties[i], subject,
                         subject->forward_macs + (parties[i].gradients ? subject->backward_macs : 0), &peak,
                         report);
    }
    for (int i = OURS; i < count; i++) {
        party_report_ratio(&parties[parties[i].against], &parties[i], subject, report);
        if (parties[i].against == SCORING) /* without geometric medians, which no gradient is */
            party_report_ratio(&parties[ALONE], &parties[i], subject, report);
    }
}
