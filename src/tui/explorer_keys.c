/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What keys, clicks and entered lines do. */
#include <stdarg.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "tui/compose.h"
#include "tui/explorer.h"
#include "tui/pane.h"

/* --- lines -------------------------------------------------------------------------------------------------
 */

/* While work runs the mirror answers what only looks. */
static status run_beside(struct explorer *explorer, const struct statement *statement, struct error *error)
{
    const struct command *command;
    struct reply reply = {0};
    const char *running = explorer->running ? explorer->running : "a command";
    status code = command_find(statement->tokens[0].text, true, &command, error);
    if (code != STATUS_OK)
        return code;
    bool looks = !(command->flags & (COMMAND_CHANGES | COMMAND_LONG)) && strcmp(command->group, "files") != 0;
    if (strcmp(command->name, "quit") == 0) {
        explorer->shell->quit = true;
        if (explorer->job)
            job_cancel(explorer->job);
        return STATUS_OK;
    }
    if (!looks || (explorer->job && !explorer->mirror))
        return error_set(error, STATUS_STATE, "%s is running: Control-C cancels it; until it ends %s has to wait",
                         running, command->name);
    char *line = explorer->command;
    explorer->command = mem_string(statement->tokens[0].text);
    code = session_run(explorer->session, statement, true, NULL, &reply, error);
    if (code == STATUS_OK && reply.request.kind)
        code = explorer->shell->face.request(explorer, &reply.request, &reply, error);
    if (code == STATUS_OK)
        code = explorer->shell->face.reply(explorer, explorer->session, &reply, error);
    reply_free(&reply);
    mem_free(explorer->command);
    explorer->command = line;
    return code;
}

static void line_beside(struct explorer *explorer, const char *line)
{
    struct parsed_line parsed;
    struct error error = {0};
    status code = parse_line(line, &parsed, &error);
    if (code == STATUS_OK) {
        for (int i = 0; code == STATUS_OK && i < parsed.count; i++)
            code = run_beside(explorer, &parsed.statements[i], &error);
        parsed_line_free(&parsed);
    }
    if (code != STATUS_OK)
        explorer->shell->face.error(explorer, NULL, &error);
}

void explorer_line(struct explorer *explorer, const char *line)
{
    char *shown = mem_format("%s %s", explorer->ascii ? ">" : "›", line);
    explorer_say(explorer, false, "%s", "");
    if (*line && shown)
        journal_add(&explorer->journal, STYLE_PROMPT, shown);
    mem_free(shown);
    explorer->scroll[PANE_LOG] = 0;
    explorer->unseen = true;
    if (explorer->beside)
        line_beside(explorer, line);
    else
        shell_line(explorer->shell, line, NULL);
    explorer_resize(explorer, explorer->width, explorer->height);
}

/* A word as the tokeniser reads it back. */
static void add_word(struct text *text, const char *word)
{
    bool plain = *word && *word != '#' && !strpbrk(word, " \t\r\n;>\"'\\=");
    if (plain) {
        text_add(text, word);
        return;
    }
    text_add(text, "\"");
    for (; *word; word++) {
        if (*word == '"' || *word == '\\')
            text_add(text, "\\");
        text_add_bytes(text, word, 1);
    }
    text_add(text, "\"");
}

void explorer_command(struct explorer *explorer, ...)
{
    struct text line = {0};
    va_list words;
    va_start(words, explorer);
    for (const char *word; (word = va_arg(words, const char *));) {
        text_add(&line, line.length ? " " : "");
        add_word(&line, word);
    }
    va_end(words);
    if (!line.failed)
        explorer_line(explorer, text_data(&line));
    text_free(&line);
}

void explorer_question(struct explorer *explorer, enum asking asking, const char *prompt)
{
    explorer->return_focus = explorer->focus;
    explorer->line.asking = asking;
    explorer->line.prompt = prompt;
    explorer->wants_question = true;
    explorer_focus(explorer, FOCUS_PROMPT);
}

static void find(struct explorer *explorer, bool back)
{
    const struct pane_row *row = pane_row_at((enum pane_id)explorer->last_focus);
    if (!explorer->search)
        explorer_say(explorer, true, "nothing was searched for yet");
    else if (!row->search)
        explorer_say(explorer, true, "%s cannot be searched", pane_title(explorer->last_focus));
    else if (!row->search(explorer, explorer->search, back))
        explorer_say(explorer, true, "'%s' is not in %s", explorer->search, pane_title(explorer->last_focus));
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
    explorer_focus(explorer, explorer->return_focus);
    if (asked == ASK_FILTER) {
        gallery_filter(&explorer->gallery, text);
        explorer->scroll[PANE_FIGURE] = 0;
    } else if (asked == ASK_SEARCH && *text) {
        mem_free(explorer->search);
        explorer->search = mem_string(text);
        find(explorer, false);
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

bool explorer_edit(struct explorer *explorer, int press)
{
    struct text *typed = &explorer->typed;
    char character[5] = {0};
    if (press == PRESS_ENTER || press == PRESS_ESCAPE) {
        if (press == PRESS_ESCAPE)
            text_clear(typed);
        enter_typed(explorer);
        return true;
    }
    if (press == PRESS_BACKSPACE && typed->length)
        typed->data[--typed->length] = '\0';
    else if (press < PRESS_UP && utf8_encode(press, character) > 0)
        text_add(typed, character);
    else
        return false;
    explorer->line.text = text_data(typed);
    explorer->line.cursor = (int)typed->length;
    return true;
}

/* --- actions that every pane knows -------------------------------------------------------------------------
 */

void explorer_layout(struct explorer *explorer, enum layout_id layout)
{
    explorer->layout = layout;
    explorer->zoomed = -1;
    explorer->figure_open = layout == LAYOUT_SWEEP;
    explorer_resize(explorer, explorer->width, explorer->height);
}

static void go_to_pane(struct explorer *explorer, enum action_id action)
{
    explorer_focus(explorer, PANE_LAYERS + (int)(action - ACTION_LAYERS));
}

static void go_to_prompt(struct explorer *explorer, enum action_id action)
{
    (void)action;
    explorer_focus(explorer, FOCUS_PROMPT);
}

static void show_keys(struct explorer *explorer, enum action_id action)
{
    (void)action;
    explorer->keys_open = !explorer->keys_open;
    explorer->keys_top = 0;
}

static void next_layout(struct explorer *explorer, enum action_id action)
{
    (void)action;
    explorer_layout(explorer, (enum layout_id)((explorer->layout + 1) % LAYOUT_COUNT));
}

static void zoom(struct explorer *explorer, enum action_id action)
{
    (void)action;
    if (explorer->zoomed >= 0)
        explorer->zoomed = -1;
    else
        explorer->zoomed = explorer->focus >= 0           ? explorer->focus
                           : explorer->figure_open        ? PANE_FIGURE
                                                          : explorer->last_focus;
    explorer_resize(explorer, explorer->width, explorer->height);
}

static void go_aside(struct explorer *explorer, enum action_id action)
{
    int from = explorer->focus;
    if (from == FOCUS_PROMPT) {
        explorer_focus(explorer, action == ACTION_FOCUS_UP && explorer->placement.pane[PANE_LOG].width > 0
                                     ? PANE_LOG
                                     : explorer->last_focus);
        return;
    }
    int to = layout_neighbour(&explorer->placement, from, action);
    if (to >= 0)
        explorer_focus(explorer, to);
    else if (action == ACTION_FOCUS_DOWN)
        explorer_focus(explorer, FOCUS_PROMPT);
}

static void go_round(struct explorer *explorer, enum action_id action)
{
    int step = action == ACTION_FOCUS_NEXT ? 1 : PANE_COUNT - 1;
    for (int i = 1, pane = explorer->focus; i <= PANE_COUNT; i++) {
        pane = (pane + step) % PANE_COUNT;
        if (explorer->placement.pane[pane].width > 0) {
            explorer_focus(explorer, pane);
            return;
        }
    }
}

static void ask_search(struct explorer *explorer, enum action_id action)
{
    (void)action;
    explorer_question(explorer, ASK_SEARCH, "/");
}

static void search_again(struct explorer *explorer, enum action_id action)
{
    find(explorer, action == ACTION_SEARCH_PREVIOUS);
}

static void next_criterion(struct explorer *explorer, enum action_id action)
{
    int count = explorer->session->board->count;
    if (!count) {
        explorer_say(explorer, true, "no scores yet: score all");
        return;
    }
    explorer->criterion = (explorer->criterion + (action == ACTION_CRITERION ? 1 : count - 1)) % count;
    explorer->scores.filter = 0;
}

static void prune(struct explorer *explorer, enum action_id action)
{
    const char *label = explorer_criterion(explorer);
    const struct pruning *pruning = explorer->session->pruning;
    bool any = false;
    (void)action;
    for (int i = 0; pruning && i < pruning->block_count; i++)
        any |= pruning->ratio[i] > 0;
    if (!label)
        explorer_say(explorer, true, "no scores yet: score all");
    else if (!any)
        explorer_say(explorer, true, "no ratio is set: + and - in Layers set them, or 'prune %s 0.4'", label);
    else
        explorer_command(explorer, "prune", label, NULL);
}

static void undo(struct explorer *explorer, enum action_id action)
{
    explorer_command(explorer, action == ACTION_UNDO ? "undo" : "redo", NULL);
}

static void redraw(struct explorer *explorer, enum action_id action)
{
    (void)action;
    explorer->wants_redraw = true;
}

static void (*const acts[ACTION_COUNT])(struct explorer *explorer, enum action_id action) = {
    [ACTION_HELP] = show_keys,
    [ACTION_LAYERS] = go_to_pane,
    [ACTION_SCORES] = go_to_pane,
    [ACTION_CORRELATION] = go_to_pane,
    [ACTION_MODEL] = go_to_pane,
    [ACTION_LOG] = go_to_pane,
    [ACTION_FIGURE] = go_to_pane,
    [ACTION_PROMPT] = go_to_prompt,
    [ACTION_LAYOUT] = next_layout,
    [ACTION_ZOOM] = zoom,
    [ACTION_FOCUS_LEFT] = go_aside,
    [ACTION_FOCUS_RIGHT] = go_aside,
    [ACTION_FOCUS_UP] = go_aside,
    [ACTION_FOCUS_DOWN] = go_aside,
    [ACTION_FOCUS_NEXT] = go_round,
    [ACTION_FOCUS_PREVIOUS] = go_round,
    [ACTION_SEARCH] = ask_search,
    [ACTION_SEARCH_NEXT] = search_again,
    [ACTION_SEARCH_PREVIOUS] = search_again,
    [ACTION_CRITERION] = next_criterion,
    [ACTION_CRITERION_PREVIOUS] = next_criterion,
    [ACTION_PRUNE] = prune,
    [ACTION_UNDO] = undo,
    [ACTION_REDO] = undo,
    [ACTION_REDRAW] = redraw,
};
_Static_assert(ACTION_FIGURE - ACTION_LAYERS == PANE_FIGURE - PANE_LAYERS, "actions in the order of panes");

void explorer_act(struct explorer *explorer, enum action_id action)
{
    /* At the prompt, pages are those of the figure when it is open, else of the log. */
    int pane = explorer->focus >= 0                                        ? explorer->focus
               : explorer->placement.pane[PANE_FIGURE].width > 0 && explorer->gallery.count ? PANE_FIGURE
                                                                           : PANE_LOG;
    const struct pane_row *row = pane_row_at((enum pane_id)pane);
    explorer->unseen = true;
    explorer_refresh(explorer);
    if (row->act && row->act(explorer, action))
        return;
    if (acts[action])
        acts[action](explorer, action);
}

bool explorer_press(struct explorer *explorer, int press)
{
    explorer->unseen = true;
    if (explorer->popup.count)
        word_list_free(&explorer->popup);
    enum action_id action = bindings_find(&explorer->bindings, press, explorer->focus);
    if (explorer->keys_open) {
        int step;
        bool moves = (bindings_find(&explorer->bindings, press, explorer->last_focus) >= 0) &&
                     vertical_step(bindings_find(&explorer->bindings, press, explorer->last_focus),
                                   explorer->height - 4, 1 << 10, &step);
        explorer->keys_open = moves;
        explorer->keys_top = moves ? cursor_moved(explorer->keys_top, step, 1 << 10) : 0;
        return true;
    }
    if (explorer->line.asking != ASK_COMMAND && explorer->focus == FOCUS_PROMPT)
        return false;
    if (action == ACTION_NONE && explorer->focus == FOCUS_PROMPT)
        return false;
    explorer_say(explorer, false, "%s", "");
    if (action != ACTION_NONE) {
        explorer_act(explorer, action);
        return true;
    }
    struct text name = {0}, help = {0};
    text_add_press(&name, press);
    text_add_keys(&help, &explorer->bindings, ACTION_HELP);
    explorer_say(explorer, true, "%s does nothing here; %s shows the keys", text_data(&name), text_data(&help));
    text_free(&name);
    text_free(&help);
    return true;
}

void explorer_click(struct explorer *explorer, int button, int line, int column)
{
    explorer->unseen = true;
    explorer->keys_open = false;
    for (int i = 0; i < PANE_COUNT; i++) {
        const struct pane_row *row = pane_row_at((enum pane_id)i);
        struct rect room = pane_room(explorer, (enum pane_id)i);
        if (!rect_holds(&explorer->placement.pane[i], line, column))
            continue;
        bool inside = rect_holds(&room, line, column);
        if (button == 64 || button == 65) {
            for (int k = 0; k < 3 && row->act; k++)
                row->act(explorer, button == 64 ? ACTION_UP : ACTION_DOWN);
            return;
        }
        if (explorer->focus != i)
            explorer_focus(explorer, i);
        if (inside && row->click)
            row->click(explorer, &room, line - room.line, column - room.column);
        return;
    }
    if (button == 0 && line >= compose_room(explorer->height))
        explorer_focus(explorer, FOCUS_PROMPT);
}
