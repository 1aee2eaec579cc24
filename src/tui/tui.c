/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The event loop. While a command runs on a worker the same loop turns inside it, so that keys and panes live
 * on; what is entered then is answered when it only looks, and waits otherwise (explorer_lines.c). */
#include "tui/tui.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/progress.h"
#include "base/status.h"
#include "base/text.h"
#include "session/appearance.h"
#include "session/language/command.h"
#include "session/language/parse.h"
#include "session/words/option.h"
#include "shell/escape.h"
#include "shell/interrupt.h"
#include "shell/job.h"
#include "shell/paste.h"
#include "shell/progress_line.h"
#include "shell/terminal.h"
#include "shell/terminal_signals.h"
#include "shell/window.h"
#include "tui/compose.h"
#include "tui/display.h"
#include "tui/input.h"
#include "tui/prompt.h"
#include "view/cells/canvas.h"
#include "view/style.h"
#include "view/theme.h"

enum {
    WORK_MILLISECONDS = 200, /* between drawings of work that goes on */
    IDLE_MILLISECONDS = 500, /* a signal between looking and sleeping waits at most so long */
};

struct tui {
    struct explorer *explorer;
    struct display *display;
    struct canvas grid;
    struct input input;
    double drawn; /* when, in seconds */
};

/* --- drawing -------------------------------------------------------------------------------------------- */

/* The theme that a line would choose, NULL when it is another command. */
static const char *typed_theme(const struct parsed_line *parsed)
{
    const struct statement *statement = parsed->statements;
    bool named =
        parsed->count == 1 && statement->count == 2 && (command_flags_of(statement, true) & COMMAND_PREVIEW);
    return named ? statement->tokens[1].text : NULL;
}

/* A theme is shown while its name is typed. */
static void preview_theme(struct explorer *explorer)
{
    struct error ignored = {0};
    struct theme *theme = NULL;
    struct parsed_line parsed;
    bool command = explorer->line.asking == ASK_COMMAND && !explorer->shell->unfinished;
    if (command && parse_line(explorer->line.text, &parsed, &ignored) == STATUS_OK) {
        const char *name = typed_theme(&parsed);
        if (name && explorer->preview && strcmp(explorer->preview->name, name) == 0)
            theme = theme_retain(explorer->preview);
        else if (name && appearance_theme(name, explorer->session->state.options,
                                          explorer->session->background, &theme, &ignored) != STATUS_OK)
            theme = NULL;
        parsed_line_free(&parsed);
    }
    if (explorer->preview != theme)
        explorer->unseen = true;
    theme_free(explorer->preview);
    explorer->preview = theme;
}

/* The session of the panes is a mirror while work runs. */
static void show_title(struct explorer *explorer)
{
    int64_t total = 0, done = explorer->job ? progress_line_done(&explorer->progress, &total) : 0;
    if (explorer->job || explorer->beside)
        window_work(explorer->job && explorer->running ? explorer->running : "script", done, total);
    else
        window_idle(explorer->session);
}

static void draw(struct tui *tui)
{
    struct explorer *explorer = tui->explorer;
    struct screen_cursor cursor;
    prompt_show();
    preview_theme(explorer);
    show_title(explorer);
    if (explorer->wants_redraw)
        display_forget(tui->display);
    explorer->wants_redraw = false;
    if (compose(explorer, &tui->grid, &cursor))
        display_show(tui->display, &tui->grid, &cursor, explorer_theme(explorer), explorer->depth);
    explorer->unseen = false;
    tui->drawn = clock_seconds();
}

static void measure(struct tui *tui)
{
    int width, height;
    display_measure(tui->display, &width, &height);
    explorer_resize(tui->explorer, width, height);
    tui->explorer->unseen = true;
}

/* What libraries wrote: a bell rings, the rest goes to the log. */
static void read_output(struct tui *tui)
{
    char bytes[4096];
    for (ssize_t got; (got = read(display_output(tui->display), bytes, sizeof bytes)) > 0;) {
        ssize_t kept = 0;
        for (ssize_t i = 0; i < got; i++) {
            if (bytes[i] == '\a')
                display_bell(tui->display);
            else
                bytes[kept++] = bytes[i];
        }
        if (kept)
            explorer_output(tui->explorer, STYLE_NOTE, bytes, (size_t)kept);
    }
}

/* --- signals -------------------------------------------------------------------------------------------- */

static void interrupted(struct tui *tui)
{
    struct explorer *explorer = tui->explorer;
    if (interrupt_twice()) {
        input_ask_to_quit(&tui->input);
    } else if (explorer->beside) {
        input_drop_waiting(&tui->input);
        if (explorer->job)
            explorer_say(explorer, false, "cancelling %s ...", explorer->running ? explorer->running : "");
        explorer->cancelling = explorer->job != NULL;
    } else {
        input_forget_interrupts(&tui->input);
        input_drop_question(&tui->input);
        prompt_clear();
        explorer_focus(explorer, FOCUS_PROMPT);
    }
}

static void act_on_signals(struct tui *tui)
{
    if (terminal_signals.stopped) {
        terminal_signals.stopped = 0;
        display_suspend(tui->display);
        terminal_signals.resized = 1;
    }
    if (terminal_signals.resized) {
        terminal_signals.resized = 0;
        measure(tui);
    }
    if (terminal_signals.ending)
        tui->explorer->shell->quit = true;
    if (interrupt_seen() || interrupt_twice())
        interrupted(tui);
}

/* --- the loop ------------------------------------------------------------------------------------------- */

/* Wait for something to happen, at most `milliseconds`, and act on it. `descriptor`: of a job, or -1. */
static void turn(struct tui *tui, int descriptor, int milliseconds)
{
    struct pollfd wait[] = {
        {.fd = STDIN_FILENO, .events = POLLIN},
        {.fd = display_output(tui->display), .events = POLLIN},
        {.fd = descriptor, .events = POLLIN},
    };
    act_on_signals(tui);
    input_act(&tui->input); /* what was there when work began */
    if (tui->explorer->shell->quit)
        return;
    if (tui->explorer->unseen)
        draw(tui);
    if (tui->input.count && (milliseconds < 0 || milliseconds > ESCAPE_MILLISECONDS))
        milliseconds = ESCAPE_MILLISECONDS;
    int ready = poll(wait, 3, input_is_there(&tui->input) ? 0 : milliseconds);
    if (wait[1].revents & POLLIN)
        read_output(tui);
    if (input_is_there(&tui->input) || (ready > 0 && wait[0].revents))
        input_read(&tui->input);
    else if (tui->input.count)
        input_act(&tui->input);
    act_on_signals(tui);
}

static void turn_between_lines(void *argument)
{
    struct tui *tui = argument;
    draw(tui);
    tui->explorer->beside++;
    turn(tui, -1, 0);
    tui->explorer->beside--;
}

/* Progress is drawn now and then, keys at once. */
static void wait_for_job(void *argument, struct job *job)
{
    struct tui *tui = argument;
    struct explorer *explorer = tui->explorer;
    double since = clock_seconds() - tui->drawn;
    if (since * 1000 >= WORK_MILLISECONDS)
        explorer->unseen = true;
    turn(tui, job_descriptor(job), WORK_MILLISECONDS / 2);
    if (tui->input.ended || (explorer->shell->quit && explorer->job)) {
        struct pollfd end = {.fd = job_descriptor(job), .events = POLLIN};
        job_cancel(job);
        poll(&end, 1, WORK_MILLISECONDS); /* nothing else is looked at any more */
    }
}

static void look(void *argument)
{
    struct tui *tui = argument;
    double since = clock_seconds() - tui->drawn;
    if (since * 1000 < WORK_MILLISECONDS / 2.0)
        return;
    tui->explorer->unseen = true;
    turn(tui, -1, 0);
    tui->explorer->shell->quit |= tui->input.ended; /* a script ends with the terminal */
}

status tui_run(struct explorer *explorer, const char *first, int *signal_number, struct error *error)
{
    struct tui tui = {.explorer = explorer};
    bool mouse = option_flag(explorer->session->state.options, OPTION_MOUSE);
    explorer->colors = terminal_colors(STDOUT_FILENO);
    status code = display_open(&tui.display, mouse, error);
    if (code != STATUS_OK)
        return code;
    tui.input = (struct input){
        .explorer = explorer, .display = tui.display, .turn = turn_between_lines, .turn_argument = &tui};
    terminal_signals_catch();
    explorer->shell->prefixes = true;
    explorer->wait = wait_for_job;
    explorer->look = look;
    explorer->wait_argument = &tui;
    prompt_open(explorer);
    measure(&tui);
    if (first)
        explorer_wait(explorer, first);
    input_run_waiting(&tui.input);
    while (!explorer->shell->quit && !tui.input.ended)
        turn(&tui, -1, IDLE_MILLISECONDS);
    prompt_close();
    paste_free(&tui.input.paste);
    terminal_signals_release();
    display_close(tui.display);
    canvas_free(&tui.grid);
    explorer->wait = NULL;
    explorer->look = NULL;
    explorer->line = (struct edit_line){.prompt = "", .text = ""};
    *signal_number = terminal_signals.ending;
    return STATUS_OK;
}

void tui_print_errors(const struct explorer *explorer)
{
    for (size_t i = 0; i < explorer->journal.count; i++) {
        if (explorer->journal.items[i].style == STYLE_ERROR)
            fprintf(stderr, "%s\n", explorer->journal.items[i].text);
    }
}
