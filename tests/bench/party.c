/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "party.h"

#include <stdio.h>
#include <string.h>

static status start_peer(struct party *party, const struct settings *settings, const struct subject *subject,
                         struct error *error)
{
    char batch[16], threads[16];
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

void party_start(struct party *party, const struct settings *settings, const struct subject *subject,
                 struct report *report)
{
    struct error error = {0};
    double none;
    if (party->small && subject->side > SMALL_SIDE)
        return;
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

void party_measure(struct party *party, struct report *report)
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

void party_measure_peak(struct party *party, int threads, struct series *peak)
{
    struct error error = {0};
    double rate;
    if (party && party->alive && child_number(&party->child, &rate, &error, "peak %d", threads) == STATUS_OK)
        series_add(peak, rate);
}

void party_end(struct party *party)
{
    if (party->alive)
        party->memory = child_end(&party->child);
    party->alive = false;
}

struct series party_share(const struct party *party, double macs, const struct series *peak)
{
    struct series share = series_ratio(&party->rates, peak);
    for (int i = 0; i < share.count; i++)
        share.values[i] *= 2 * macs / 1e9;
    return share;
}

void party_report_ratio(const struct party *ours, const struct party *peer, const struct subject *subject,
                        struct report *report)
{
    char item[128], remark[64];
    struct series ratio = series_ratio(&ours->rates, &peer->rates);
    if (!ratio.count)
        return;
    snprintf(item, sizeof item, "%s to %s", ours->item, peer->item);
    snprintf(remark, sizeof remark, "memory 1 : %.1f", peer->memory / ours->memory);
    report_series(report, subject->name, item, &ratio, "times", remark);
}
