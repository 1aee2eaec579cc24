/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "scoring  ████████▌           1,536 of 2,500 images  203/s  0:05 left" */
#include "shell/progress_line.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/progress.h"
#include "base/text.h"
#include "shell/terminal.h"
#include "view/glyphs.h"

enum { BAR_WIDTH = 20 };

void progress_line_start(struct progress_line *line, bool ascii)
{
    *line = (struct progress_line){.ascii = ascii};
    pthread_mutex_init(&line->lock, NULL);
}

void progress_line_report(void *argument, const char *what, const char *unit, int64_t done, int64_t total)
{
    struct progress_line *line = argument;
    pthread_mutex_lock(&line->lock);
    if (strncmp(line->what, what, sizeof line->what - 1) != 0 || done < line->done || line->started == 0) {
        line->started = clock_seconds();
        line->before = done;
    }
    snprintf(line->what, sizeof line->what, "%s", what);
    snprintf(line->unit, sizeof line->unit, "%s", unit);
    line->done = done;
    line->total = total;
    pthread_mutex_unlock(&line->lock);
}

double progress_line_rate(const struct progress_line *line)
{
    const double elapsed = clock_seconds() - line->started;
    return elapsed >= 0.2 && line->done > line->before ? (double)(line->done - line->before) / elapsed : 0;
}

int64_t progress_line_done(struct progress_line *line, int64_t *total)
{
    pthread_mutex_lock(&line->lock);
    int64_t done = line->done;
    *total = line->total;
    pthread_mutex_unlock(&line->lock);
    return done;
}

static void compose(const struct progress_line *line, struct text *text)
{
    const double rate = progress_line_rate(line);
    double share = line->total > 0 ? (double)line->done / (double)line->total : 0;
    text_add_format(text, "%s  ", line->what);
    text_add_bar(text, glyph_set(line->ascii), share, BAR_WIDTH, line->ascii ? "." : " ");
    text_add(text, "  ");
    text_add_thousands(text, line->done);
    text_add(text, " of ");
    text_add_thousands(text, line->total);
    text_add_format(text, " %s", line->unit);
    if (!(rate > 0))
        return;
    text_add(text, "  ");
    text_add_rounded(text, rate, 3);
    text_add_format(text, " %s/s  ", line->unit);
    text_add_duration(text, (double)(line->total - line->done) / rate);
    text_add(text, " left");
}

void progress_line_draw(struct progress_line *line)
{
    int columns = terminal_columns(STDERR_FILENO);
    if (columns <= 1 || terminal_in_background(STDERR_FILENO))
        return;
    struct text text = {0}, cut = {0};
    pthread_mutex_lock(&line->lock);
    if (line->total > 0)
        compose(line, &text);
    if (text.length && line->waiting)
        text_add_format(&text, "  %zu waiting", line->waiting);
    pthread_mutex_unlock(&line->lock);
    if (text.length) {
        text_add_escaped(&cut, text_data(&text), columns - 1);
        /* Blanks wipe what an older, longer line left; no escape sequence is needed. */
        int width = utf8_width(text_data(&cut));
        fprintf(stderr, "\r%s%*s\r", text_data(&cut), columns - 1 - width > 0 ? columns - 1 - width : 0, "");
        fflush(stderr);
        line->drawn = true;
    }
    text_free(&text);
    text_free(&cut);
}

void progress_line_end(struct progress_line *line)
{
    int columns = terminal_columns(STDERR_FILENO);
    if (line->drawn && columns > 1 && !terminal_in_background(STDERR_FILENO)) {
        fprintf(stderr, "\r%*s\r", columns - 1, "");
        fflush(stderr);
    }
    pthread_mutex_destroy(&line->lock);
}
