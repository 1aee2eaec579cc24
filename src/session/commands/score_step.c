/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PROscore's step, as the command score shows it. */
#include "session/commands/score_step.h"

#include <math.h>

#include "base/status.h"
#include "base/text.h"
#include "score/criterion.h"
#include "score/criterion_options.h"
#include "session/board.h"
#include "session/reply.h"
#include "view/figure.h"

/* PROscore's reports of all layers in one: the largest of each, and the targets in fact used. */
static struct criterion_report whole_report(const struct scores *scores, const int *layers, int count,
                                            bool *mixed)
{
    struct criterion_report whole = {0};
    bool any = false;
    *mixed = false;
    for (int i = 0; i < count; i++) {
        const struct criterion_report *report = &scores->reports[layers[i]];
        if (report->lack)
            continue;
        if (!any)
            whole = (struct criterion_report){.target = report->target,
                                              .effective_gamma = report->effective_gamma};
        any = true;
        whole.max_a = fmax(whole.max_a, report->max_a);
        whole.max_b = fmax(whole.max_b, report->max_b);
        whole.sign_changes += report->sign_changes;
        *mixed |= report->target != whole.target;
    }
    return whole;
}

static void step_row(const struct score_entry *entry, const int *layers, int count, struct figure *figure)
{
    bool mixed;
    struct criterion_report report = whole_report(entry->scores, layers, count, &mixed);
    table_text(figure, entry->choice.label);
    const enum proscore_reading reading = entry->scores->options.reading;
    struct text read = {0};
    text_add(&read, mixed ? "mixed" : proscore_target_name((int)report.target));
    if (reading != PROSCORE_PUBLISHED)
        text_add_format(&read, ", %s", proscore_reading_name((int)reading));
    table_text(figure, shown_words(figure, &read));
    text_free(&read);
    table_number(figure, entry->scores->options.gamma);
    table_number(figure, report.effective_gamma);
    table_number(figure, report.max_a);
    table_number(figure, report.max_b);
    table_number(figure, (double)report.sign_changes);
}

/* How large PROscore's step is: while gamma*max|a| and gamma*max|b| are small, the ranking does not depend
 * on it. */
status show_step(const struct call *call, const struct shown_scores *shown, const int *layers, int count,
                 struct error *error)
{
    struct figure *figure = shown_figure(call->session, FIGURE_TABLE, "proscore_step");
    if (!figure)
        return error_memory(error);
    figure_title(figure, "PROscore's step");
    table_column(figure, "criterion", NULL, COLUMN_TEXT, 0);
    table_column(figure, "target", NULL, COLUMN_TEXT, 0);
    table_column(figure, "gamma", NULL, COLUMN_REAL, 4);
    table_column(figure, "effective gamma", NULL, COLUMN_REAL, 4);
    table_column(figure, "gamma*max|a|", NULL, COLUMN_REAL, 4);
    table_column(figure, "gamma*max|b|", NULL, COLUMN_REAL, 4);
    table_column(figure, "sign changes", NULL, COLUMN_INTEGER, 0);
    for (int i = 0; i < shown->count; i++) {
        if (shown->entries[i]->choice.criterion->points)
            step_row(shown->entries[i], layers, count, figure);
    }
    figure_note(figure, "the ranking does not depend on gamma while both maxima are far below 1");
    return reply_figure(call->reply, figure, error);
}
