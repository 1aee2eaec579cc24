/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys, pastes and lines, each acted upon before the next is looked at. */
#include "tui/input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/progress.h"
#include "base/text.h"
#include "session/words/press.h"
#include "session/words/word_list.h"
#include "shell/escape.h"
#include "shell/interrupt.h"
#include "shell/window.h"
#include "tui/display.h"
#include "tui/explorer.h"
#include "tui/press_decode.h"
#include "tui/prompt.h"
#include "tui/typed_word.h"
#include "tui/waiting.h"

/* Let the line ask what is to be asked. */
static void raise_question(struct input *input)
{
    if (input->explorer->wants_question)
        prompt_question();
    input->explorer->wants_question = false;
}

void input_drop_question(struct input *input)
{
    if (input->explorer->line.asking == ASK_COMMAND)
        return;
    explorer_answer(input->explorer, "");
    input->explorer->wants_question = false;
    prompt_command();
}

void input_ask_to_quit(struct input *input)
{
    interrupt_forget();
    if (!input->explorer->beside)
        interrupt_clear();
    if (input->explorer->line.asking != ASK_QUIT)
        input_drop_question(input);
    explorer_question(input->explorer, ASK_QUIT);
    raise_question(input);
}

void input_drop_waiting(struct input *input)
{
    if (input->interrupted)
        return;
    input->interrupted = true;
    input->count = input->burst = 0;
    input->typed = input->explorer->shell->typed.length;
    input->paste.open = false;
    input->dropped += explorer_drop_waiting(input->explorer);
}

void input_forget_interrupts(struct input *input)
{
    interrupt_clear();
    input->interrupted = false;
}

/* A line has run: one that was interrupted takes those with it that wait. */
static void settle_interrupt(struct input *input)
{
    if (interrupt_seen())
        input_drop_waiting(input);
    if (!interrupt_twice())
        input_forget_interrupts(input);
}

/* `ordered`: it was not typed to be answered while work runs, but came with other lines. */
static void line_entered(struct input *input, bool ordered)
{
    struct explorer *explorer = input->explorer;
    bool end;
    char *line = prompt_take(&end);
    if (end && explorer->line.asking == ASK_COMMAND)
        explorer_leave(explorer, false);
    if (explorer->line.asking != ASK_COMMAND && (line || end)) {
        explorer_answer(explorer, line ? line : "");
        prompt_command();
    } else if (line) {
        if (!explorer->beside) {
            input_forget_interrupts(input);
            interrupt_forget();
        }
        prompt_keep(line);
        (explorer->beside && ordered ? explorer_wait : explorer_line)(explorer, line);
        if (!explorer->beside)
            settle_interrupt(input);
        prompt_command();
    }
    free(line);
}

/* Letters that were keys of a pane until they turned out to begin the line. */
static void put_front(struct explorer *explorer)
{
    char *front = typed_word_front(explorer);
    if (front)
        prompt_put_front(front);
    mem_free(front);
}

static void press(struct input *input, const struct press_event *event, const unsigned char *bytes, int count,
                  bool ordered)
{
    struct explorer *explorer = input->explorer;
    if (event->press == PRESS_MOUSE) {
        if (event->button == 0 || event->button == 64 || event->button == 65)
            explorer_click(explorer, event->button, event->line, event->column);
    } else if (event->press == PRESS_PASTE) {
        paste_begin(&input->paste);
    } else if (event->press == PRESS_ESCAPE && explorer->line.asking != ASK_COMMAND) {
        input_drop_question(input);
    } else if (!event->answer && !explorer_press(explorer, event->press) &&
               (event->press != PRESS_ESCAPE || escape_is_read())) {
        put_front(explorer);
        prompt_feed(bytes, (size_t)count);
        line_entered(input, ordered);
    }
    raise_question(input);
}

/* The lines of a paste wait for their turn, which may be at once; what is behind the last is edited. */
static void paste_ended(struct input *input)
{
    struct explorer *explorer = input->explorer;
    struct text text = input->paste.text;
    char *rest = text.data;
    input->paste.text = (struct text){0};
    explorer->keys_open = false;
    typed_word_forget(explorer);
    word_list_free(&explorer->popup);
    if (strchr(text_data(&text), '\n'))
        input_drop_question(input);
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

void input_run_waiting(struct input *input)
{
    struct explorer *explorer = input->explorer;
    if (explorer->waiting.count && !interrupt_twice())
        input_forget_interrupts(input);
    while (explorer->waiting.count && !explorer->shell->quit && !input->ended && !interrupt_twice()) {
        char *line = waiting_take(&explorer->waiting);
        explorer_line(explorer, line);
        mem_free(line);
        settle_interrupt(input);
        prompt_command();
        if (!explorer->waiting.count)
            break;
        input->turn(input->turn_argument);
    }
    if (input->dropped)
        explorer_say(explorer, true, "%s: cancelled, %zu waiting command%s dropped",
                     explorer->running ? explorer->running : "work", input->dropped,
                     input->dropped > 1 ? "s" : "");
    input->dropped = 0;
}

/* Take what is next in the input away, and act on it. False when it is not whole yet. */
static bool take_next(struct input *input, bool complete)
{
    struct press_event event = {0};
    unsigned char bytes[INPUT_MOST];
    bool pasted = input->paste.open, ordered = input->burst > 0;
    int used = pasted ? (int)paste_take(&input->paste, input->bytes, (size_t)input->count)
                      : press_decode(input->bytes, input->count, complete, display_sequences(input->display),
                                     &event);
    if (!used)
        return false;
    memcpy(bytes, input->bytes, (size_t)used);
    input->count -= used;
    input->burst -= used < input->burst ? used : input->burst;
    memmove(input->bytes, input->bytes + used, (size_t)input->count);
    if (!pasted)
        press(input, &event, bytes, used, ordered);
    else if (!input->paste.open)
        paste_ended(input);
    if (!input->explorer->beside)
        input_run_waiting(input);
    return true;
}

/* Keys one by one, each acted upon before the next is looked at: it may begin work. */
static void decode(struct input *input, bool complete)
{
    bool more = true;
    while (more && input->count && !input->explorer->shell->quit && !input->ended) {
        double began = clock_seconds();
        more = take_next(input, complete);
        window_ring(clock_seconds() - began); /* what the key began has ended */
    }
}

/* Nothing more came for a while: what is there is whole. */
static bool is_complete(const struct input *input)
{
    return input->count == INPUT_MOST || (clock_seconds() - input->heard) * 1000 >= ESCAPE_MILLISECONDS;
}

/* Bytes that came at once are no typed line when there is something behind the end of a line. */
static void note_arrival(struct input *input)
{
    input->heard = clock_seconds();
    for (int i = 0; i + 1 < input->count; i++) {
        if (input->bytes[i] == '\r' || input->bytes[i] == '\n')
            input->burst = input->count;
    }
}

void input_act(struct input *input)
{
    decode(input, is_complete(input));
}

static size_t typed_before(const struct input *input)
{
    return input->explorer->shell->typed.length - input->typed;
}

bool input_is_there(const struct input *input)
{
    return typed_before(input) > 0;
}

/* What was typed before the screen was there comes before what is read. */
static ssize_t read_bytes(struct input *input, unsigned char *bytes, size_t most)
{
    size_t typed = typed_before(input);
    if (!typed)
        return read(STDIN_FILENO, bytes, most);
    typed = typed < most ? typed : most;
    memcpy(bytes, text_data(&input->explorer->shell->typed) + input->typed, typed);
    input->typed += typed;
    return (ssize_t)typed;
}

void input_read(struct input *input)
{
    ssize_t got = read_bytes(input, input->bytes + input->count, (size_t)(INPUT_MOST - input->count));
    if (got > 0)
        input->count += (int)got;
    else if (got == 0 || errno != EINTR)
        input->ended = true;
    note_arrival(input);
    input_act(input);
}
