/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines that are entered: commands, also while another runs, and answers to questions. */
#include <stdarg.h>
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/text.h"
#include "session/language/command.h"
#include "session/language/expand.h"
#include "session/language/parse.h"
#include "session/language/run.h"
#include "session/language/statement.h"
#include "session/reply.h"
#include "session/words/panes.h"
#include "session/words/press.h"
#include "session/words/quote.h"
#include "shell/job.h"
#include "shell/leave.h"
#include "shell/shell.h"
#include "tui/bindings.h"
#include "tui/explorer.h"
#include "tui/gallery.h"
#include "tui/grid.h"
#include "tui/journal.h"
#include "tui/pane.h"
#include "tui/typed_word.h"
#include "tui/waiting.h"
#include "view/style.h"
#include "view/glyphs.h"

/* --- lines ---------------------------------------------------------------------------------------------- */

void explorer_leave(struct explorer *explorer, bool at_once)
{
    const char *running = explorer->job && explorer->running ? explorer->running : "a script";
    if (!at_once && !leave_asked(explorer->shell, explorer->beside ? running : NULL))
        return;
    explorer->shell->quit = true;
    if (explorer->job)
        job_cancel(explorer->job);
}

/* The command `quit`, while another one runs. */
static status quit_beside(struct explorer *explorer, const struct statement *statement, struct error *error)
{
    struct reply reply = {0};
    status code = session_run(explorer->session, statement, true, NULL, &reply, error);
    if (code == STATUS_OK)
        explorer_leave(explorer, reply.quit_at_once);
    reply_free(&reply);
    return code;
}

/* While work runs the mirror answers what only looks. */
static status run_beside(struct explorer *explorer, const struct statement *statement, struct error *error)
{
    const struct command *command;
    struct reply reply = {0};
    const double started = clock_seconds();
    const char *running = explorer->running ? explorer->running : "a command";
    status code = command_find(statement->tokens[0].text, true, &command, error);
    if (code != STATUS_OK)
        return code;
    bool looks = !(command->flags & (COMMAND_CHANGES | COMMAND_LONG));
    if (command->flags & COMMAND_ENDS)
        return quit_beside(explorer, statement, error);
    leave_stay(explorer->shell);
    if (!looks || (explorer->job && !explorer->mirror))
        return error_set(error, STATUS_STATE,
                         "%s is running: Control-C cancels it; until it ends %s has to wait", running,
                         command->name);
    char *line = explorer->command;
    unsigned flags = explorer->flags;
    explorer->command = statement_line(statement);
    explorer->flags = command->flags;
    code = session_run(explorer->session, statement, true, NULL, &reply, error);
    if (code == STATUS_OK && reply.request.kind)
        code = shell_request(explorer->shell, &reply, error);
    if (code == STATUS_OK) {
        shell_record(explorer->shell, statement, &reply, started);
        code = explorer->shell->face.reply(explorer, explorer->session, &reply, error);
    }
    reply_free(&reply);
    mem_free(explorer->command);
    explorer->command = line;
    explorer->flags = flags;
    return code;
}

/* So is an alias whose commands all are. The worker changes none, so that those of the session can be read.
 */
static bool statement_answered_beside(const struct explorer *explorer, const struct statement *statement)
{
    struct parsed_line expanded;
    struct error ignored = {0};
    bool looks = true;
    if (statement_expand(explorer->shell->session->aliases, statement, &expanded, &ignored) != STATUS_OK)
        return true;
    for (int i = 0; i < expanded.count; i++) {
        unsigned flags = command_flags_of(&expanded.statements[i], true);
        bool changes = flags & (COMMAND_CHANGES | COMMAND_LONG) || (explorer->job && !explorer->mirror);
        looks &= !changes || flags & COMMAND_ENDS;
    }
    parsed_line_free(&expanded);
    return looks;
}

/* Does the line only look, so that it may be answered while work runs? So does one that cannot be understood:
 * its answer is the error. */
static bool looks_only(const struct explorer *explorer, const char *line)
{
    struct parsed_line parsed;
    struct error ignored = {0};
    bool looks = true;
    if (parse_line(line, &parsed, &ignored) != STATUS_OK)
        return true;
    for (int i = 0; i < parsed.count; i++)
        looks &= statement_answered_beside(explorer, &parsed.statements[i]);
    parsed_line_free(&parsed);
    return looks;
}

/* What was typed is answered in order. */
static bool answered_beside(const struct explorer *explorer, const char *line)
{
    return !explorer->waiting.count && !explorer->shell->unfinished && looks_only(explorer, line);
}

/* What an alias stands for, too. */
static status typed_beside(struct explorer *explorer, const struct statement *statement, struct error *error)
{
    struct parsed_line expanded;
    status code = statement_expand(explorer->shell->session->aliases, statement, &expanded, error);
    if (code != STATUS_OK)
        return code;
    for (int i = 0; code == STATUS_OK && i < expanded.count; i++)
        code = run_beside(explorer, &expanded.statements[i], error);
    parsed_line_free(&expanded);
    return code;
}

static status line_beside(struct explorer *explorer, const char *line)
{
    struct parsed_line parsed;
    struct error error = {0};
    status code = parse_line(line, &parsed, &error);
    if (code == STATUS_OK) {
        for (int i = 0; code == STATUS_OK && i < parsed.count; i++)
            code = typed_beside(explorer, &parsed.statements[i], &error);
        parsed_line_free(&parsed);
    }
    if (code != STATUS_OK)
        shell_warn(explorer->shell, &error);
    return code;
}

static status run_line(struct explorer *explorer, const char *line, bool entered)
{
    char *shown = mem_format("%s %s", glyph_set(explorer->ascii)->typed, line);
    explorer_say(explorer, false, "%s", "");
    if (*line && shown)
        journal_add(&explorer->journal, STYLE_PROMPT, shown);
    mem_free(shown);
    explorer->journal.scroll = 0;
    explorer->unseen = true;
    status code = explorer->beside ? line_beside(explorer, line)
                                   : (entered ? shell_entered : shell_line)(explorer->shell, line, NULL);
    explorer_resize(explorer, explorer->width, explorer->height);
    return code;
}

void explorer_line(struct explorer *explorer, const char *line)
{
    if (explorer->beside && !answered_beside(explorer, line))
        explorer_wait(explorer, line);
    else
        run_line(explorer, line, true);
}

void explorer_wait(struct explorer *explorer, const char *line)
{
    struct error error = {0};
    bool code =
        explorer->waiting.count || explorer->shell->unfinished; /* an empty line means something there */
    explorer_say(explorer, false, "%s", "");
    if (!*line && !code)
        return;
    explorer->journal.scroll = 0;
    if (!waiting_add(&explorer->waiting, line)) {
        error_memory(&error);
        explorer->shell->face.error(explorer, line, &error);
    }
}

size_t explorer_drop_waiting(struct explorer *explorer)
{
    size_t count = explorer->waiting.count;
    struct text lines = {0};
    waiting_drop(&explorer->waiting, &lines);
    char *note = count ? mem_format("not run any more: %s", text_data(&lines)) : NULL;
    if (note)
        journal_add(&explorer->journal, STYLE_NOTE, note);
    mem_free(note);
    text_free(&lines);
    return count;
}

/* A line that a key stands for and that changes something waits while work runs. Code that waits for its end
 * would take it for more of itself: then it does not, and is refused. */
static bool waits_beside(const struct explorer *explorer, const char *line)
{
    return explorer->beside && !explorer->shell->unfinished && !looks_only(explorer, line);
}

static void key_waits(struct explorer *explorer, const char *line)
{
    explorer_wait(explorer, line);
    explorer_say(explorer, false, "%s waits for %s, %zu waiting: Control-C drops %s", line,
                 explorer->running ? explorer->running : "the script", explorer->waiting.count,
                 explorer->waiting.count > 1 ? "them" : "it");
}

bool explorer_command(struct explorer *explorer, ...)
{
    struct text line = {0};
    va_list words;
    va_start(words, explorer);
    for (const char *word; (word = va_arg(words, const char *));) {
        text_add(&line, line.length ? " " : "");
        text_add_word(&line, word);
    }
    va_end(words);
    bool done = false;
    if (waits_beside(explorer, text_data(&line)) && !line.failed)
        key_waits(explorer, text_data(&line));
    else
        done = !line.failed && run_line(explorer, text_data(&line), false) == STATUS_OK;
    text_free(&line);
    return done;
}

void explorer_offer(struct explorer *explorer, enum action_id back)
{
    int key = bindings_key(&explorer->bindings, back, true);
    struct text name = {0};
    text_add_press(&name, key);
    if (key && explorer->command)
        explorer_say(explorer, false, "%s: %s %s it", explorer->command, text_data(&name),
                     back == ACTION_UNDO ? "undoes" : "redoes");
    text_free(&name);
}

void explorer_command_line(struct explorer *explorer, const char *line)
{
    char *copy = mem_string(line); /* a command may take away what it was kept in */
    if (copy && waits_beside(explorer, copy))
        key_waits(explorer, copy);
    else if (copy)
        run_line(explorer, copy, false);
    mem_free(copy);
}

const char *question_text(enum asking asking)
{
    static const char *const texts[ASK_COUNT] = {
        [ASK_SEARCH] = "/",
        [ASK_FILTER] = "rows with: ",
        [ASK_QUIT] = "Quit? (y or n) ",
    };
    return texts[asking];
}

void explorer_question(struct explorer *explorer, enum asking asking)
{
    typed_word_forget(explorer);
    if (explorer->line.asking == ASK_COMMAND) {
        explorer->asked_from = explorer->focus;
        explorer->line.asking = asking;
        explorer->line.prompt = question_text(asking);
        explorer->wants_question = true;
    }
    explorer_focus(explorer, FOCUS_PROMPT);
}

void explorer_find(struct explorer *explorer, bool back)
{
    enum pane_id pane = (enum pane_id)explorer->last_focus;
    const struct pane_row *row = pane_row_at(pane);
    struct rect room = pane_room(explorer, pane);
    explorer_refresh(explorer);
    if (!explorer->search)
        explorer_say(explorer, true, "nothing was searched for yet");
    else if (!row->search)
        explorer_say(explorer, true, "%s cannot be searched", pane_title((int)pane));
    else if (!row->search(explorer, explorer->panes[pane].state, &room, explorer->search, back))
        explorer_say(explorer, true, "'%s' is not in %s", explorer->search, pane_title((int)pane));
}

void explorer_answer(struct explorer *explorer, const char *text)
{
    enum asking asked = explorer->line.asking;
    explorer->line.asking = ASK_COMMAND;
    explorer->line.prompt = NULL;
    if (asked == ASK_QUIT) {
        explorer->shell->quit |= *text == 'y' || *text == 'Y';
        return;
    }
    explorer_focus(explorer, explorer->asked_from);
    if (asked == ASK_FILTER) {
        gallery_filter(&explorer->gallery, text);
        explorer->gallery.top = 0;
    } else if (asked == ASK_SEARCH && *text) {
        mem_free(explorer->search);
        explorer->search = mem_string(text);
        explorer_find(explorer, false);
    }
}

/* The line is done: an answer, or a command. */
static void enter_typed(struct explorer *explorer)
{
    struct text line = explorer->typed;
    explorer->typed = (struct text){0};
    explorer->wants_question = false;
    explorer->line.text = "";
    explorer->line.cursor = 0;
    if (explorer->line.asking == ASK_COMMAND)
        explorer_line(explorer, text_data(&line));
    else
        explorer_answer(explorer, text_data(&line));
    explorer->line.prompt = "ippro> ";
    text_free(&line);
}

static void drop_character(struct text *typed)
{
    while (typed->length && ((unsigned char)typed->data[--typed->length] & 0xc0) == 0x80)
        ;
    typed->data[typed->length] = '\0';
}

static void put_front(struct explorer *explorer, struct text *typed)
{
    char *front = typed_word_front(explorer);
    struct text whole = {0};
    if (!front)
        return;
    text_add(&whole, front);
    text_add(&whole, text_data(typed));
    text_free(typed);
    *typed = whole;
    mem_free(front);
}

bool explorer_edit(struct explorer *explorer, int press)
{
    struct text *typed = &explorer->typed;
    char character[5] = {0};
    put_front(explorer, typed);
    if (press == PRESS_ENTER || press == PRESS_ESCAPE) {
        if (press == PRESS_ESCAPE)
            text_clear(typed);
        enter_typed(explorer);
        return true;
    }
    if (press == PRESS_BACKSPACE && typed->length)
        drop_character(typed);
    else if (press < PRESS_UP && utf8_encode(press, character) > 0)
        text_add(typed, character);
    else
        return false;
    explorer->line.text = text_data(typed);
    explorer->line.cursor = (int)typed->length;
    return true;
}
