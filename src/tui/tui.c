/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The event loop. While a command runs on a worker the same loop turns inside it, so that keys and panes live
 * on; what is entered then is answered when it only looks, and waits otherwise (explorer_lines.c). */
#include "tui/tui.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/text.h"
#include "session/appearance.h"
#include "session/language/command.h"
#include "session/language/parse.h"
#include "session/words/option.h"
#include "session/words/press.h"
#include "session/words/word_list.h"
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
#include "tui/press_decode.h"
#include "tui/prompt.h"
#include "tui/waiting.h"
#include "view/cells/canvas.h"
#include "view/style.h"
#include "view/theme.h"

enum {
    INPUT = 1024,
    WORK_MILLISECONDS = 200, /* between drawings of work that goes on */
    IDLE_MILLISECONDS = 500, /* a signal between looking and sleeping waits at most so long */
};

struct tui {
    struct explorer *explorer;
    struct display *display;
    struct canvas grid;
    unsigned char input[INPUT]; /* not decoded yet */
    int count;
    size_t typed;       /* bytes of what was typed before the screen was there that are taken */
    int burst;          /* of these, what came at once and is more than one line */
    double heard;       /* when the last of them came, in seconds */
    struct paste paste; /* while it comes */
    bool interrupted;   /* what waited before the interrupt is dropped, what comes after it waits */
    size_t dropped;     /* lines, not told yet */
    double drawn;       /* when, in seconds */
    bool ended;         /* the input is at its end */
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

/* --- input ---------------------------------------------------------------------------------------------- */

/* Let the line ask what is to be asked. */
static void raise_question(struct tui *tui)
{
    if (tui->explorer->wants_question)
        prompt_question();
    tui->explorer->wants_question = false;
}

/* A question that is open gets no answer. */
static void drop_question(struct tui *tui)
{
    if (tui->explorer->line.asking == ASK_COMMAND)
        return;
    explorer_answer(tui->explorer, "");
    tui->explorer->wants_question = false;
    prompt_command();
}

static void ask_to_quit(struct tui *tui)
{
    interrupt_forget();
    if (!tui->explorer->beside)
        interrupt_clear();
    if (tui->explorer->line.asking != ASK_QUIT)
        drop_question(tui);
    explorer_question(tui->explorer, ASK_QUIT);
    raise_question(tui);
}

/* Ctrl-C lets go what waits behind the work, once. */
static void drop_waiting(struct tui *tui)
{
    if (tui->interrupted)
        return;
    tui->interrupted = true;
    tui->count = tui->burst = 0;
    tui->paste.open = false;
    tui->dropped += explorer_drop_waiting(tui->explorer);
}

/* A new line: interrupts before it do not count any more. */
static void forget_interrupts(struct tui *tui)
{
    interrupt_clear();
    tui->interrupted = false;
}

/* A line has run: one that was interrupted takes those with it that wait. */
static void settle_interrupt(struct tui *tui)
{
    if (interrupt_seen())
        drop_waiting(tui);
    if (!interrupt_twice())
        forget_interrupts(tui);
}

/* `ordered`: it was not typed to be answered while work runs, but came with other lines. */
static void line_entered(struct tui *tui, bool ordered)
{
    struct explorer *explorer = tui->explorer;
    bool end;
    char *line = prompt_take(&end);
    if (end && explorer->line.asking == ASK_COMMAND)
        explorer_leave(explorer, false);
    if (explorer->line.asking != ASK_COMMAND && (line || end)) {
        explorer_answer(explorer, line ? line : "");
        prompt_command();
    } else if (line) {
        if (!explorer->beside) {
            forget_interrupts(tui);
            interrupt_forget();
        }
        prompt_keep(line);
        (explorer->beside && ordered ? explorer_wait : explorer_line)(explorer, line);
        if (!explorer->beside)
            settle_interrupt(tui);
        prompt_command();
    }
    free(line);
}

static void press(struct tui *tui, const struct press_event *event, const unsigned char *bytes, int count,
                  bool ordered)
{
    struct explorer *explorer = tui->explorer;
    if (event->press == PRESS_MOUSE) {
        if (event->button == 0 || event->button == 64 || event->button == 65)
            explorer_click(explorer, event->button, event->line, event->column);
    } else if (event->press == PRESS_PASTE) {
        paste_begin(&tui->paste);
    } else if (event->press == PRESS_ESCAPE && explorer->line.asking != ASK_COMMAND) {
        drop_question(tui);
    } else if (!event->answer && !explorer_press(explorer, event->press) &&
               (event->press != PRESS_ESCAPE || escape_is_read())) {
        prompt_feed(bytes, (size_t)count);
        line_entered(tui, ordered);
    }
    raise_question(tui);
}

/* The lines of a paste wait for their turn, which may be at once; what is behind the last is edited. */
static void paste_ended(struct tui *tui)
{
    struct explorer *explorer = tui->explorer;
    struct text text = tui->paste.text;
    char *rest = text.data;
    tui->paste.text = (struct text){0};
    explorer->keys_open = false;
    word_list_free(&explorer->popup);
    if (strchr(text_data(&text), '\n'))
        drop_question(tui);
    if (explorer->line.asking == ASK_COMMAND)
        explorer_focus(explorer, FOCUS_PROMPT);
    for (char *part; (part = strsep(&rest, "\n"));) {
        bool end;
        prompt_insert(part);
        if (!rest)
            break;
        prompt_feed((const unsigned char *)"\r", 1);
        char *line = prompt_take(&end);
        if (line) {
            prompt_keep(line);
            explorer_wait(explorer, line);
        }
        free(line);
    }
    text_free(&text);
}

static void turn(struct tui *tui, int descriptor, int milliseconds);

/* What waits is run in order; between two lines keys are looked at. */
static void run_waiting(struct tui *tui)
{
    struct explorer *explorer = tui->explorer;
    if (explorer->waiting.count && !interrupt_twice())
        forget_interrupts(tui);
    while (explorer->waiting.count && !explorer->shell->quit && !tui->ended && !interrupt_twice()) {
        char *line = waiting_take(&explorer->waiting);
        explorer_line(explorer, line);
        mem_free(line);
        settle_interrupt(tui);
        prompt_command();
        if (!explorer->waiting.count)
            break;
        draw(tui);
        explorer->beside++;
        turn(tui, -1, 0);
        explorer->beside--;
    }
    if (tui->dropped)
        explorer_say(explorer, true, "%s: cancelled, %zu waiting command%s dropped",
                     explorer->running ? explorer->running : "work", tui->dropped,
                     tui->dropped > 1 ? "s" : "");
    tui->dropped = 0;
}

/* Take what is next in the input away, and act on it. False when it is not whole yet. */
static bool take_next(struct tui *tui, bool complete)
{
    struct press_event event = {0};
    unsigned char bytes[INPUT];
    bool pasted = tui->paste.open, ordered = tui->burst > 0;
    int used = pasted
                   ? (int)paste_take(&tui->paste, tui->input, (size_t)tui->count)
                   : press_decode(tui->input, tui->count, complete, display_sequences(tui->display), &event);
    if (!used)
        return false;
    memcpy(bytes, tui->input, (size_t)used);
    tui->count -= used;
    tui->burst -= used < tui->burst ? used : tui->burst;
    memmove(tui->input, tui->input + used, (size_t)tui->count);
    if (!pasted)
        press(tui, &event, bytes, used, ordered);
    else if (!tui->paste.open)
        paste_ended(tui);
    if (!tui->explorer->beside)
        run_waiting(tui);
    return true;
}

/* Keys one by one, each acted upon before the next is looked at: it may begin work. */
static void decode(struct tui *tui, bool complete)
{
    bool more = true;
    while (more && tui->count && !tui->explorer->shell->quit && !tui->ended) {
        double began = clock_seconds();
        more = take_next(tui, complete);
        window_ring(clock_seconds() - began); /* what the key began has ended */
    }
}

/* Nothing more came for a while: what is there is whole. */
static bool is_complete(const struct tui *tui)
{
    return tui->count == INPUT || (clock_seconds() - tui->heard) * 1000 >= ESCAPE_MILLISECONDS;
}

/* Bytes that came at once are no typed line when there is something behind the end of a line. */
static void note_arrival(struct tui *tui)
{
    tui->heard = clock_seconds();
    for (int i = 0; i + 1 < tui->count; i++) {
        if (tui->input[i] == '\r' || tui->input[i] == '\n')
            tui->burst = tui->count;
    }
}

/* Bytes that were typed before the screen was there: they come before what is read. */
static size_t typed_before(const struct tui *tui)
{
    return tui->explorer->shell->typed.length - tui->typed;
}

static ssize_t read_bytes(struct tui *tui, unsigned char *bytes, size_t most)
{
    size_t typed = typed_before(tui);
    if (!typed)
        return read(STDIN_FILENO, bytes, most);
    typed = typed < most ? typed : most;
    memcpy(bytes, text_data(&tui->explorer->shell->typed) + tui->typed, typed);
    tui->typed += typed;
    return (ssize_t)typed;
}

static void read_keys(struct tui *tui)
{
    ssize_t got = read_bytes(tui, tui->input + tui->count, (size_t)(INPUT - tui->count));
    if (got > 0)
        tui->count += (int)got;
    else if (got == 0 || errno != EINTR)
        tui->ended = true;
    note_arrival(tui);
    decode(tui, is_complete(tui));
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
        ask_to_quit(tui);
    } else if (explorer->beside) {
        drop_waiting(tui);
        if (explorer->job)
            explorer_say(explorer, false, "cancelling %s ...", explorer->running ? explorer->running : "");
    } else {
        forget_interrupts(tui);
        drop_question(tui);
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
    decode(tui, is_complete(tui)); /* what was there when work began */
    if (tui->explorer->shell->quit)
        return;
    if (tui->explorer->unseen)
        draw(tui);
    if (tui->count && (milliseconds < 0 || milliseconds > ESCAPE_MILLISECONDS))
        milliseconds = ESCAPE_MILLISECONDS;
    int ready = poll(wait, 3, typed_before(tui) ? 0 : milliseconds);
    if (wait[1].revents & POLLIN)
        read_output(tui);
    if (typed_before(tui) || (ready > 0 && wait[0].revents))
        read_keys(tui);
    else if (tui->count)
        decode(tui, is_complete(tui));
    act_on_signals(tui);
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
    if (tui->ended || (explorer->shell->quit && explorer->job)) {
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
    tui->explorer->shell->quit |= tui->ended; /* a script ends with the terminal */
}

status tui_run(struct explorer *explorer, const char *first, int *signal_number, struct error *error)
{
    struct tui tui = {.explorer = explorer};
    bool mouse = option_flag(explorer->session->state.options, OPTION_MOUSE);
    explorer->colors = terminal_colors(STDOUT_FILENO);
    status code = display_open(&tui.display, mouse, error);
    if (code != STATUS_OK)
        return code;
    terminal_signals_catch();
    explorer->shell->prefixes = true;
    explorer->wait = wait_for_job;
    explorer->look = look;
    explorer->wait_argument = &tui;
    prompt_open(explorer);
    measure(&tui);
    if (first)
        explorer_wait(explorer, first);
    run_waiting(&tui);
    while (!explorer->shell->quit && !tui.ended)
        turn(&tui, -1, IDLE_MILLISECONDS);
    prompt_close();
    paste_free(&tui.paste);
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
