/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Watching work. */
#include "tui/explorer_live.h"

#include <math.h>

#include "base/progress.h"
#include "base/status.h"
#include "base/text.h"
#include "session/board.h"
#include "session/live.h"
#include "session/session.h"
#include "session/words/panes.h"
#include "shell/progress_line.h"
#include "tui/gallery.h"
#include "tui/pane.h"
#include "view/glyphs.h"

#define INTERVAL 0.2 /* seconds */
enum { BAR_WIDTH = 20 };

static void show_scores(struct explorer *explorer, const struct live_snapshot *snapshot)
{
    if (explorer->mirror && explorer->mirror->state.model == snapshot->model)
        session_set_board(explorer->mirror, board_retain(snapshot->board));
}

/* The first figure of a command opens the pane; those that follow take its place in it. */
static void show_figure(struct explorer *explorer, struct live_snapshot *snapshot)
{
    struct error ignored = {0};
    bool first = !gallery_is_live(&explorer->gallery, explorer->command);
    if (gallery_add_live(&explorer->gallery, explorer->command, live_snapshot_retain(snapshot), &ignored) !=
        STATUS_OK)
        return;
    if (first && explorer->focus == FOCUS_PROMPT) {
        explorer->figure_open = true;
        gallery_to_start(&explorer->gallery);
        explorer_resize(explorer, explorer->width, explorer->height);
    }
}

void explorer_live_take(struct explorer *explorer)
{
    double now = clock_seconds();
    if (now - explorer->taken < INTERVAL)
        return;
    struct live_snapshot *snapshot = live_take(explorer->live);
    if (!snapshot)
        return;
    explorer->taken = now;
    explorer->unseen = true;
    if (snapshot->kind == LIVE_SCORES)
        show_scores(explorer, snapshot);
    else if (snapshot->kind != LIVE_ACCURACY && snapshot->figure)
        show_figure(explorer, snapshot);
    live_snapshot_free(explorer->snapshot);
    explorer->snapshot = snapshot;
}

void explorer_live_end(struct explorer *explorer)
{
    live_clear(explorer->live);
    if (explorer->cancelling)
        explorer_say(explorer, false, "%s", "");
    explorer->cancelling = false;
    live_snapshot_free(explorer->snapshot);
    explorer->snapshot = NULL;
}

/* The criterion whose ranking is least settled. */
static void add_agreement(struct text *text, const struct live_snapshot *snapshot)
{
    const struct board *board = snapshot->board;
    int worst = -1;
    for (int i = 0; board && i < board->count; i++) {
        if (isfinite(snapshot->agreement[i]) &&
            (worst < 0 || snapshot->agreement[i] < snapshot->agreement[worst]))
            worst = i;
    }
    if (worst < 0)
        return;
    text_add_format(text, " · halves agree %.2f (%s)", snapshot->agreement[worst],
                    board->entries[worst].choice.label);
}

void text_add_activity(struct text *text, struct explorer *explorer, bool wide)
{
    struct progress_line *line = &explorer->progress;
    pthread_mutex_lock(&line->lock);
    const double rate = progress_line_rate(line);
    double share = 0;
    if (line->total > 0)
        share = (double)line->done / (double)line->total;
    text_add_format(text, "%s  ",
                    line->total > 0     ? line->what
                    : explorer->running ? explorer->running
                                        : "work");
    if (line->total > 0) {
        if (wide) {
            text_add_bar(text, glyph_set(explorer->ascii), share, BAR_WIDTH,
                         glyph_set(explorer->ascii)->shade);
            text_add(text, "  ");
        }
        text_add_thousands(text, line->done);
        text_add(text, " of ");
        text_add_thousands(text, line->total);
        text_add_format(text, " %s", line->unit);
    }
    if (line->total > 0 && rate > 0) {
        text_add(text, " · ");
        text_add_rounded(text, rate, 3);
        text_add(text, "/s · ");
        text_add_duration(text, (double)(line->total - line->done) / rate);
        text_add(text, " left");
    }
    pthread_mutex_unlock(&line->lock);
    if (explorer->waiting.count)
        text_add_format(text, " · %zu waiting", explorer->waiting.count);
    if (explorer->snapshot)
        add_agreement(text, explorer->snapshot);
}
