/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a search shows: accuracy against cost. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/pool.h"
#include "base/status.h"
#include "base/text.h"
#include "data/dataset.h"
#include "nn/engine/quality.h"
#include "search/search.h"
#include "session/commands/advice.h"
#include "session/commands/search_internal.h"
#include "session/commands/sweep.h"
#include "session/machine.h"
#include "session/model.h"
#include "session/shown.h"
#include "session/words/option.h"
#include "stats/latency_table.h"
#include "view/figure.h"

const struct search_budget search_budgets[SEARCH_COSTS] = {{"macs", "multiply-adds"},
                                                           {"params", "parameters"},
                                                           {"memory", "activation memory"},
                                                           {"latency", "latency"}};

static const struct quality_words *measure_of(const struct search_call *work)
{
    return quality_words(model_measure(work->call->session->state.model));
}

static double share_left(const struct search *search, int candidate, int cost)
{
    return search->candidates[candidate].cost[cost] / search->candidates[0].cost[cost];
}

/* --- the plane ------------------------------------------------------------------------------------------ */

/* Series: the network as it is, what was found, the front, then a method each. */
enum { SERIES_WHOLE, SERIES_FOUND, SERIES_FRONT, SERIES_METHODS, SERIES_MOST = 16 };

struct plane {
    struct arena *arena;
    const char **labels;
    double *x, *y;
    int *member, points;
    const char *names[SERIES_MOST];
    int used[SERIES_MOST]; /* number of the series in the figure; -1: it has no point */
    int series;
};

static const char *series_name(int series)
{
    static const char *const names[] = {"unpruned", "found", "front"};
    return series < SERIES_METHODS ? names[series] : search_method_name(series - SERIES_METHODS);
}

static int series_of(const struct search_call *work, int candidate, bool complete, const bool *front)
{
    if (candidate == 0)
        return SERIES_WHOLE;
    if (complete && candidate == work->outcome.found)
        return SERIES_FOUND;
    return front[candidate] ? SERIES_FRONT : SERIES_METHODS + work->search->candidates[candidate].method;
}

static bool plane_new(const struct search *search, struct plane *plane)
{
    size_t count = (size_t)search->judged + 1;
    *plane = (struct plane){.arena = arena_new()};
    if (!plane->arena)
        return false;
    plane->labels = arena_alloc(plane->arena, count, sizeof *plane->labels);
    plane->x = arena_alloc(plane->arena, count, sizeof *plane->x);
    plane->y = arena_alloc(plane->arena, count, sizeof *plane->y);
    plane->member = arena_alloc(plane->arena, count, sizeof *plane->member);
    return plane->labels && plane->x && plane->y && plane->member;
}

/* Series in the order of their numbers, those that have points. */
static void number_series(const struct search_call *work, bool complete, const bool *front,
                          struct plane *plane)
{
    bool any[SERIES_MOST] = {false};
    for (int i = 0; i < work->search->candidate_count; i++)
        if (work->search->candidates[i].judged)
            any[series_of(work, i, complete, front)] = true;
    for (int s = 0; s < SERIES_MOST; s++) {
        plane->used[s] = any[s] ? plane->series : -1;
        if (any[s])
            plane->names[plane->series++] = series_name(s);
    }
}

static bool fill_plane(const struct search_call *work, bool complete, const bool *front, struct plane *plane)
{
    const struct search *search = work->search;
    number_series(work, complete, front, plane);
    for (int i = 0; i < search->candidate_count; i++) {
        const struct search_candidate *candidate = &search->candidates[i];
        if (!candidate->judged)
            continue;
        int point = plane->points++;
        plane->labels[point] = arena_format(plane->arena, "%d", i);
        plane->x[point] = 100 * share_left(search, i, SEARCH_MACS);
        plane->y[point] = 100 * candidate->value;
        plane->member[point] = plane->used[series_of(work, i, complete, front)];
        if (!plane->labels[point])
            return false;
    }
    return true;
}

static void add_goal(struct text *text, const struct search_call *work)
{
    const struct search *search = work->search;
    for (int i = 0; i < SEARCH_COSTS; i++) {
        if (isinf(work->goal.limit[i]))
            continue;
        text_add_format(text, " %s=", search_budgets[i].name);
        text_add_rounded(text, 100 * work->goal.limit[i] / search->candidates[0].cost[i], 3);
        text_add(text, "%");
    }
    if (isfinite(work->goal.keep)) {
        text_add(text, " keep_accuracy=");
        text_add_rounded(text, 100 * work->goal.keep, 3);
        text_add(text, "%");
    }
}

static void pareto_title(const struct search_call *work, struct figure *figure)
{
    const struct session *session = work->call->session;
    struct text goal = {0}, sample = {0};
    add_goal(&goal, work);
    text_add_sweep_sample(&sample, &work->sweep, session);
    figure_title(figure, "Search%s in %s by %s, %s, without fine-tuning: %s", shown_words(figure, &goal),
                 model_title(session->state.model), work->label, search_method_name(work->goal.method),
                 shown_words(figure, &sample));
    text_free(&goal);
    text_free(&sample);
}

void text_add_search_found(struct text *text, const struct search_call *work)
{
    const struct search *search = work->search;
    const struct search_candidate *found = &search->candidates[work->outcome.found];
    for (int i = 0; i < SEARCH_COSTS; i++) {
        bool asked = isfinite(work->goal.limit[i]);
        if (!asked && i >= SEARCH_MEMORY)
            continue;
        text_add(text, i ? ", " : "");
        text_add_rounded(text, 100 * share_left(search, work->outcome.found, i), 3);
        text_add_format(text, " %% of the %s", search_budgets[i].words);
    }
    if (!found->judged)
        return;
    text_add_format(text, ", %s ", measure_of(work)->brief);
    text_add_rounded(text, 100 * found->value, 4);
    text_add(text, " % (");
    text_add_rounded(text, 100 * search->candidates[0].value, 4);
    text_add(text, " % unpruned)");
}

/* What it took, and what is not as asked. */
/* Where and how, and what the selection took in truth. */
static void latency_note(const struct search_call *work, struct figure *figure)
{
    struct text text = {0};
    if (!work->latencies)
        return;
    text_add(&text, "latency predicted ");
    text_add_rounded(&text, 1e3 * work->search->candidates[work->outcome.found].cost[SEARCH_LATENCY], 4);
    text_add(&text, " ms, measured ");
    text_add_rounded(&text, 1e3 * work->measured.median, 4);
    text_add(&text, " ms, of ");
    text_add_rounded(&text, 1e3 * latency_table_whole(work->latencies)->median, 4);
    text_add_format(&text, " ms; %d networks measured: ", latency_table_measurements(work->latencies));
    text_add_machine(&text, work->timing.batch, pool_threads(work->timing.pool));
    figure_note(figure, "%s", shown_words(figure, &text));
    text_free(&text);
}

static void pareto_notes(const struct search_call *work, struct figure *figure)
{
    const struct session *session = work->call->session;
    struct text text = {0};
    text_add_search_found(&text, work);
    figure_note(figure, "found: %s", shown_words(figure, &text));
    text_clear(&text);
    text_add_thousands(&text, work->outcome.judged);
    text_add(&text, work->outcome.judged == 1 ? " network judged" : " networks judged");
    if (work->outcome.judged > 0 && option_flag(&work->call->options, OPTION_TIMING)) {
        text_add(&text, " in ");
        text_add_rounded(&text, work->outcome.seconds, 3);
        text_add(&text, " s");
    }
    if (work->outcome.held) {
        text_add(&text, ", ");
        text_add_thousands(&text, work->outcome.held);
        text_add(&text, " known from before");
    }
    figure_note(figure, "%s", shown_words(figure, &text));
    text_free(&text);
    latency_note(work, figure);
    note_scored_on(figure, session, work->label);
}

static int unanswered_points(const struct search *search)
{
    int touched = 0;
    for (int i = 0; i < search->candidate_count; i++)
        touched += search->candidates[i].judged && search->candidates[i].unanswered > 0;
    return touched;
}

static struct figure *draw_plane(const struct search_call *work, const struct plane *plane, bool complete)
{
    const struct session *session = work->call->session;
    struct figure *figure = shown_figure(session, FIGURE_SCATTER, "search");
    struct text axis = {0};
    if (!figure)
        return NULL;
    text_add_format(&axis, "%s, %%", measure_of(work)->name);
    figure_set_scatter(figure, plane->points, plane->labels, plane->x, plane->y, NULL,
                       "multiply-adds left, %", shown_words(figure, &axis));
    text_free(&axis);
    figure_set_members(figure, plane->series, plane->names, plane->member, "MACs", measure_of(work)->brief);
    pareto_title(work, figure);
    note_unanswered_points(figure, unanswered_points(work->search), work->search->judged);
    if (complete)
        pareto_notes(work, figure);
    note_training_split(figure, session->state.dataset);
    return figure;
}

struct figure *search_pareto(const struct search_call *work, bool complete)
{
    const struct search *search = work->search;
    struct plane plane = {0};
    struct figure *figure = NULL;
    struct error ignored = {0};
    bool *front = mem_new((size_t)search->candidate_count + 1, sizeof *front);
    if (front && search_front(search, front, &ignored) == STATUS_OK && plane_new(search, &plane) &&
        fill_plane(work, complete, front, &plane))
        figure = draw_plane(work, &plane, complete);
    arena_free(plane.arena);
    mem_free(front);
    return figure;
}

/* --- the front ------------------------------------------------------------------------------------------ */

static void front_row(const struct search_call *work, struct figure *figure, int candidate)
{
    const struct search_candidate *item = &work->search->candidates[candidate];
    for (int i = 0; i < SEARCH_LATENCY; i++)
        table_number(figure, share_left(work->search, candidate, i));
    table_number(figure, item->cost[SEARCH_MACS]);
    number_cell(figure, item->value);
    number_cell(figure, item->loss);
    table_text(figure, candidate == 0 ? "unpruned" : search_method_name(item->method));
    table_number(figure, candidate);
    if (candidate == work->outcome.found)
        table_emphasize(figure);
}

/* The candidate on the front with the most multiply-adds below `below`; -1 where there is none. */
static int next_on_front(const struct search *search, const bool *front, double below)
{
    int next = -1;
    for (int i = 0; i < search->candidate_count; i++) {
        double macs = search->candidates[i].cost[SEARCH_MACS];
        if (front[i] && macs < below && (next < 0 || macs > search->candidates[next].cost[SEARCH_MACS]))
            next = i;
    }
    return next;
}

static void front_columns(const struct search_call *work, struct figure *figure)
{
    static const int priorities[SEARCH_LATENCY] = {6, 5, 2};
    for (int i = 0; i < SEARCH_LATENCY; i++) {
        table_column(figure, search_budgets[i].words, NULL, COLUMN_PERCENT, 1);
        table_priority(figure, priorities[i]);
    }
    table_column(figure, "MACs", NULL, COLUMN_INTEGER, 0);
    table_priority(figure, 1);
    table_column(figure, measure_of(work)->name, NULL, COLUMN_PERCENT, 2);
    table_priority(figure, 6);
    table_column(figure, "loss", NULL, COLUMN_REAL, 4);
    table_priority(figure, 4);
    table_column(figure, "method", NULL, COLUMN_TEXT, 0);
    table_priority(figure, 3);
    table_column(figure, "candidate", NULL, COLUMN_INTEGER, 0);
}

struct figure *search_front_table(const struct search_call *work)
{
    const struct search *search = work->search;
    struct error ignored = {0};
    bool *front = mem_new((size_t)search->candidate_count + 1, sizeof *front);
    struct figure *figure = front && search_front(search, front, &ignored) == STATUS_OK
                                ? shown_figure(work->call->session, FIGURE_TABLE, "search_front")
                                : NULL;
    if (figure) {
        figure_title(figure, "The front: nothing that was judged is better and as small");
        front_columns(work, figure);
        for (int i = -1;
             (i = next_on_front(search, front, i < 0 ? INFINITY : search->candidates[i].cost[SEARCH_MACS])) >=
             0;)
            front_row(work, figure, i);
    }
    mem_free(front);
    return figure;
}
