/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands run on a worker while the panes look at a mirror; replies go to the log, figures to their pane. */
#include "tui/explorer_face.h"

#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "session/language/command.h"
#include "session/language/run.h"
#include "session/language/statement.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/words/panes.h"
#include "session/words/press.h"
#include "shell/interrupt.h"
#include "shell/job.h"
#include "shell/progress_line.h"
#include "shell/shell.h"
#include "tui/bindings.h"
#include "tui/compose.h"
#include "tui/explorer_live.h"
#include "tui/gallery.h"
#include "tui/journal.h"
#include "tui/pane.h"
#include "view/cells/canvas.h"
#include "view/style.h"

enum { LOG_PARAGRAPHS = 8 }; /* longer answers open as a figure as well */

/* --- running -------------------------------------------------------------------------------------------- */

static void remember_command(struct explorer *explorer, const struct job_request *request)
{
    mem_free(explorer->running);
    mem_free(explorer->command);
    explorer->running = mem_string(job_command(request));
    explorer->command = statement_line(request->statement);
    explorer->flags = command_flags_of(request->statement, request->prefixes);
}

/* The panes look at a mirror from here to unmirror; without memory for one they wait. */
static void mirror(struct explorer *explorer)
{
    struct error ignored = {0};
    if (session_mirror(explorer->shell->session, &explorer->mirror, &ignored) == STATUS_OK)
        explorer->session = explorer->mirror;
    else
        explorer->mirror = NULL;
}

static void unmirror(struct explorer *explorer)
{
    explorer->session = explorer->shell->session;
    session_free(explorer->mirror);
    explorer->mirror = NULL;
}

static status run(void *argument, const struct job_request *request, struct reply *reply, struct error *error)
{
    struct explorer *explorer = argument;
    remember_command(explorer, request);
    if (!(explorer->flags & COMMAND_LONG))
        return session_run(request->session, request->statement, request->prefixes, NULL, reply, error);
    mirror(explorer);
    progress_line_start(&explorer->progress, explorer->ascii);
    struct job_request modest = *request;
    modest.modest = true;
    status code = job_start(&modest, progress_line_report, &explorer->progress, &explorer->job, error);
    if (code == STATUS_OK) {
        while (!job_wait(explorer->job, explorer->wait ? 0 : -1)) {
            explorer->beside++;
            if (explorer->wait)
                explorer->wait(explorer->wait_argument, explorer->job);
            explorer->beside--;
            explorer_live_take(explorer);
        }
        code = job_end(explorer->job, reply, error);
    }
    explorer->job = NULL;
    explorer_live_end(explorer);
    progress_line_end(&explorer->progress);
    unmirror(explorer);
    explorer->unseen = true;
    return code;
}

/* --- showing -------------------------------------------------------------------------------------------- */

static bool has_figure(const struct reply *reply)
{
    for (size_t i = 0; i < reply->count; i++) {
        if (reply->items[i].figure)
            return true;
    }
    return false;
}

static void log_figure(struct explorer *explorer, const struct figure *figure)
{
    if (figure->title)
        journal_add(&explorer->journal, STYLE_TITLE, figure->title);
    for (int i = 0; i < figure->note_count; i++) {
        char *note = mem_format("  %s", figure->notes[i]);
        if (note)
            journal_add(&explorer->journal, STYLE_NOTE, note);
        mem_free(note);
    }
}

/* What came out stands first, where it is not itself what follows. */
static void log_reply(struct explorer *explorer, const struct reply *reply)
{
    if (reply->result && has_figure(reply))
        journal_add(&explorer->journal, STYLE_PLAIN, reply->result);
    for (size_t i = 0; i < reply->count; i++) {
        const struct reply_item *item = &reply->items[i];
        if (item->figure)
            log_figure(explorer, item->figure);
        else
            journal_add(&explorer->journal, item->style, item->text);
    }
    explorer->journal.scroll = 0;
}

/* A figure that a key of a pane asked for takes the focus; one from the prompt leaves it there. */
static void open_figure(struct explorer *explorer)
{
    gallery_to_start(&explorer->gallery);
    if (explorer->focus == FOCUS_PROMPT) {
        int zoomed = explorer->zoomed;
        explorer->figure_open = explorer->figure_tall = true;
        if (zoomed >= 0)
            explorer->zoomed = PANE_FIGURE;
        explorer_resize(explorer, explorer->width, explorer->height);
        return;
    }
    if (explorer->focus != PANE_FIGURE)
        explorer->return_focus = explorer->focus;
    explorer_focus(explorer, PANE_FIGURE);
}

static status show_reply_in_panes(void *argument, const struct session *session, struct reply *reply,
                                  struct error *error)
{
    struct explorer *explorer = argument;
    bool figure = has_figure(reply), lengthy = reply->count > LOG_PARAGRAPHS;
    const char *command = explorer->command ? explorer->command : "";
    explorer->unseen = true;
    if (figure || !lengthy)
        log_reply(explorer, reply);
    if (!figure && !lengthy && reply->count)
        explorer_show_log(explorer);
    if (!figure && !lengthy)
        return STATUS_OK;
    status code = gallery_add(&explorer->gallery, command, &session->state, reply, error);
    if (code == STATUS_OK && !(explorer->flags & COMMAND_QUIET))
        open_figure(explorer);
    else if (explorer->focus != PANE_FIGURE)
        explorer->figure_open = explorer->layout == LAYOUT_SWEEP; /* what changed is in the panes behind it */
    return code;
}

static void show_failure(void *argument, const char *where, const struct error *error)
{
    struct explorer *explorer = argument;
    const char *message = *error->message ? error->message : status_text(error->code);
    char *line = mem_format("%s%s%s", where ? where : "", where ? ": " : "", message);
    if (line)
        journal_add(&explorer->journal, STYLE_ERROR, line);
    explorer_show_log(explorer);
    explorer_say(explorer, true, "%s", line ? line : message);
    explorer->journal.scroll = 0;
    mem_free(line);
}

/* Output of scripts comes in pieces; lines that are complete go to the log. */
static void show_text(void *argument, enum shell_text kind, const char *text, size_t length)
{
    explorer_output(argument, kind == SHELL_OUTPUT ? STYLE_PLAIN : STYLE_NOTE, text, length);
}

/* Longer lines are cut, between characters. */
static bool is_full(const struct text *partial, char next)
{
    enum { PARTIAL_MOST = 4096, CHARACTER_MOST = 4 };
    bool inside = ((unsigned char)next & 0xc0) == 0x80;
    return partial->length >= PARTIAL_MOST + (inside ? CHARACTER_MOST : 0);
}

void explorer_output(struct explorer *explorer, enum cell_style style, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char byte = text[i];
        if (byte == '\n' || is_full(&explorer->partial, byte)) {
            journal_add(&explorer->journal, style, text_data(&explorer->partial));
            text_clear(&explorer->partial);
        }
        if (byte != '\n')
            text_add_bytes(&explorer->partial, byte == '\t' || byte == '\0' ? " " : &byte, 1);
    }
    explorer->unseen = true;
    explorer->journal.scroll = 0;
    explorer_show_log(explorer);
}

static void take_turn(void *argument)
{
    struct explorer *explorer = argument;
    explorer->beside++;
    if (explorer->look && explorer->beside == 1)
        explorer->look(explorer->wait_argument);
    explorer->beside--;
    if (explorer->shell->quit)
        interrupt_request(); /* whatever a script does, it ends with the program */
}

/* --- requests ------------------------------------------------------------------------------------------- */

static status arrange(struct explorer *explorer, const struct request *request, struct reply *reply,
                      struct error *error)
{
    (void)error;
    for (int i = 0; layout_name(i); i++) {
        if (!request->count)
            reply_line(reply, "%s\t%s%s", layout_name(i), layout_help(i),
                       i == (int)explorer->layout ? " (now)" : "");
        else if (strcmp(layout_name(i), request->words[0]) == 0)
            explorer_layout(explorer, (enum layout_id)i);
    }
    return STATUS_OK;
}

static status save_screen(struct explorer *explorer, const struct request *request, struct reply *reply,
                          struct error *error)
{
    struct canvas grid = {0};
    struct screen_cursor cursor;
    struct text text = {0};
    char *path = path_expand(request->words[1]);
    const int colors = explorer->colors;
    if (request->colors >= 0)
        explorer->colors = request->colors; /* what is drawn depends on them: pictures */
    bool drawn = path && compose(explorer, &grid, &cursor);
    explorer->colors = colors;
    if (drawn && request->colors >= 0 && explorer_theme(explorer))
        canvas_print(&grid, explorer_theme(explorer), request->colors, &text);
    else if (drawn)
        text_add_screen(&text, &grid, request->styles);
    status code = !drawn || text.failed ? error_memory(error)
                                        : file_replace(path, text_data(&text), text.length, error);
    if (code == STATUS_OK)
        reply_add(reply, STYLE_NOTE, "written to %s", request->words[1]);
    canvas_free(&grid);
    text_free(&text);
    mem_free(path);
    return code;
}

static void tell_key(const struct explorer *explorer, const char *name, int press, struct reply *reply)
{
    bool any = false;
    for (size_t i = 0; i < explorer->bindings.count; i++) {
        const struct binding *binding = &explorer->bindings.items[i];
        const struct key_action *action = key_action_at(binding->action);
        if (binding->press != press)
            continue;
        any = true;
        if (binding->line)
            reply_line(reply, "bind %s = %s", name, binding->line);
        else
            reply_line(reply, "%s\t%s %s: %s", name, action->name, key_place_text(action->place),
                       action->help);
    }
    if (!any)
        reply_line(reply, "%s does nothing", name);
}

static status bind(struct explorer *explorer, const struct request *request, struct reply *reply,
                   struct error *error)
{
    struct text conflict = {0};
    int press;
    if (!request->count) {
        explorer_act(explorer, ACTION_HELP);
        return STATUS_OK;
    }
    press_parse(request->words[0], &press);
    if (request->count == 1) {
        tell_key(explorer, request->words[0], press, reply);
        return STATUS_OK;
    }
    const char *line = request->count > 2 ? request->words[2] : NULL;
    enum action_id action = line ? ACTION_NONE : (enum action_id)key_action_find(request->words[1]);
    bool kept = bindings_add(&explorer->bindings, press, action, line, &conflict);
    if (conflict.length)
        reply_add(reply, STYLE_NOTE, "%s", text_data(&conflict));
    text_free(&conflict);
    return kept ? STATUS_OK : error_memory(error);
}

static status unbind(struct explorer *explorer, const struct request *request, struct reply *reply,
                     struct error *error)
{
    int press;
    (void)reply;
    press_parse(request->words[0], &press);
    return bindings_remove(&explorer->bindings, press)
               ? STATUS_OK
               : error_set(error, STATUS_NOT_FOUND, "%s does nothing as it is", request->words[0]);
}

static status type(struct explorer *explorer, const struct request *request, struct reply *reply,
                   struct error *error)
{
    (void)reply;
    for (int i = 0; i < request->count; i++) {
        int press;
        press_parse(request->words[i], &press);
        if (explorer_press(explorer, press))
            continue;
        if (explorer->wait || !explorer_edit(explorer, press))
            return error_set(error, STATUS_STATE, "%s edits the line at the prompt: go to a pane first",
                             request->words[i]);
    }
    return STATUS_OK;
}

static status do_request(void *argument, const struct request *request, struct reply *reply,
                         struct error *error)
{
    static status (*const ways[])(struct explorer * explorer, const struct request *request,
                                  struct reply *reply, struct error *error) = {
        [REQUEST_LAYOUT] = arrange, [REQUEST_SCREEN] = save_screen, [REQUEST_BIND] = bind,
        [REQUEST_UNBIND] = unbind,  [REQUEST_TYPE] = type,
    };
    return ways[request->kind](argument, request, reply, error);
}

void explorer_face(struct explorer *explorer, struct shell_face *face)
{
    *face = (struct shell_face){
        .argument = explorer,
        .run = run,
        .reply = show_reply_in_panes,
        .error = show_failure,
        .text = show_text,
        .turn = take_turn,
        .request = do_request,
    };
}
