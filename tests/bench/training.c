/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Images per second of training, ours and the peer's in turn. */
#include <math.h>
#include <stdio.h>
#include "base/text.h"
#include "bench.h"
#include "party.h"

enum { SMALL_BATCH = 128, LARGE_BATCH = 32, HUGE_BATCH = 8 };
enum { OURS, PEER, PARTIES };

int64_t training_batch_size(const struct subject *subject)
{
    const double huge = 1e10; /* multiply-adds of an image forward */
    return subject->side <= SMALL_SIDE    ? SMALL_BATCH
           : subject->forward_macs < huge ? LARGE_BATCH
                                          : HUGE_BATCH;
}

/* Do both sides begin with the same loss? */
static void check_same(struct party *parties, const struct subject *subject, struct report *report)
{
    struct error error = {0};
    struct series series = {0};
    double ours, peer;
    if (!parties[OURS].alive || !parties[PEER].alive)
        return;
    if (child_number(&parties[OURS].child, &ours, &error, "loss %lld",
                     (long long)training_batch_size(subject)) != STATUS_OK ||
        child_number(&parties[PEER].child, &peer, &error, "loss 0") != STATUS_OK) {
        report_failure(report, "first loss against the peer's", &error);
        return;
    }
    const double differ = fabs(ours - peer) / fabs(peer);
    series_add(&series, differ);
    report_series(report, subject->name, "first loss against the peer's", &series, "relative", NULL);
    if (!(differ < 1e-3))
        report_note(report,
                    "DIFFERENT RESULTS: the ratio below compares different things (%g here, %g there)", ours,
                    peer);
}

static void report_party(const struct party *party, const struct subject *subject, double macs,
                         const struct series *peak, struct report *report)
{
    char remark[96];
    const struct series share = party_share(party, macs, peak);
    snprintf(remark, sizeof remark, "%.0f %% of the peak, %.0f MB", 100 * series_median(&share),
             party->memory);
    if (party->rates.count)
        report_series(report, subject->name, party->item, &party->rates, "images/s", remark);
}

void bench_training(const struct settings *settings, const struct subject *subject, struct report *report)
{
    const int64_t batch = training_batch_size(subject);
    char request[32];
    snprintf(request, sizeof request, "train %% %lld", (long long)batch);
    struct party parties[PARTIES] = {
        {.item = "training steps", .request = request, .unit = batch},
        {.item = "PyTorch training steps", .mode = "training", .request = "train %", .unit = batch},
    };
    const int count = settings->python && !subject->built_in ? PARTIES : PEER;
    const double macs = 2 * subject->forward_macs + subject->backward_macs;
    struct series peak = {0};
    struct text title = {0};
    text_add_format(&title, "%s, batches of %lld, SGD, %d threads: ", subject->name, (long long)batch,
                    settings->threads);
    text_add_si(&title, macs, 4);
    text_add(&title, "MACs an image");
    report_section(report, "training", text_data(&title));
    text_free(&title);
    for (int i = 0; i < count; i++)
        party_start(&parties[i], settings, subject, report);
    if (count > PEER)
        check_same(parties, subject, report);
    for (int repeat = 0; repeat < settings->repeats; repeat++) {
        party_measure_peak(&parties[OURS], settings->threads, &peak);
        for (int i = 0; i < count; i++)
            party_measure(&parties[i], report);
    }
    for (int i = 0; i < count; i++)
        party_end(&parties[i]);
    for (int i = 0; i < count; i++)
        report_party(&parties[i], subject, macs, &peak, report);
    if (count > PEER)
        party_report_ratio(&parties[OURS], &parties[PEER], subject, report);
}
