/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What keys and clicks do. */
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "session/pruning.h"
#include "session/words/panes.h"
#include "session/words/press.h"
#include "session/words/value.h"
#include "session/words/word_list.h"
#include "tui/bindings.h"
#include "tui/compose.h"
#include "tui/explorer.h"
#include "tui/grid.h"
#include "tui/keys_help.h"
#include "tui/layout.h"
#include "tui/pane.h"
#include "tui/typed_word.h"

/* --- actions that every pane knows ---------------------------------------------------------------------- */

void explorer_layout(struct explorer *explorer, enum layout_id layout)
{
    explorer->layout = layout;
    explorer->zoomed = -1;
    explorer->figure_open = layout == LAYOUT_SWEEP;
    explorer_resize(explorer, explorer->width, explorer->height);
}

static void go_to_pane(struct explorer *explorer, enum action_id action)
{
    static const enum pane_id panes[ACTION_COUNT] = {
#define PANE_OF(code, action, ...) [action] = code,
        PANE_LIST(PANE_OF)
#undef PANE_OF
    };
    explorer_focus(explorer, (int)panes[action]);
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
        explorer->zoomed = explorer->focus >= 0    ? explorer->focus
                           : explorer->figure_open ? PANE_FIGURE
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
    explorer_question(explorer, ASK_SEARCH);
}

static void search_again(struct explorer *explorer, enum action_id action)
{
    explorer_find(explorer, action == ACTION_SEARCH_PREVIOUS);
}

static void next_criterion(struct explorer *explorer, enum action_id action)
{
    int count = explorer->session->state.board->count;
    if (!count) {
        explorer_say(explorer, true, "no scores yet: score all");
        return;
    }
    explorer->criterion = (explorer->criterion + (action == ACTION_CRITERION ? 1 : count - 1)) % count;
}

static void prune(struct explorer *explorer, enum action_id action)
{
    const char *label = explorer_criterion(explorer);
    const struct pruning *pruning = explorer->session->state.pruning;
    (void)action;
    if (!label)
        explorer_say(explorer, true, "no scores yet: score all");
    else if (!explorer->waiting.count && (!pruning || !pruning_has_ratio(pruning)))
        explorer_say(explorer, true, "no ratio is set: + and - in Layers set them, or 'prune %s 0.4'", label);
    else if (explorer_command(explorer, "prune", label, NULL))
        explorer_offer(explorer, ACTION_UNDO);
}

static void undo(struct explorer *explorer, enum action_id action)
{
    if (explorer_command(explorer, action == ACTION_UNDO ? "undo" : "redo", NULL))
        explorer_offer(explorer, action == ACTION_UNDO ? ACTION_REDO : ACTION_UNDO);
}

static void redraw(struct explorer *explorer, enum action_id action)
{
    (void)action;
    explorer->wants_redraw = true;
}

static void (*const acts[ACTION_COUNT])(struct explorer *explorer, enum action_id action) = {
    [ACTION_HELP] = show_keys,
#define GO_TO(code, action, ...) [action] = go_to_pane,
    PANE_LIST(GO_TO)
#undef GO_TO
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

void explorer_act(struct explorer *explorer, enum action_id action)
{
    /* At the prompt, pages are those of the figure when it is open, else of the log. */
    int pane = explorer->focus >= 0                                                         ? explorer->focus
               : explorer->placement.pane[PANE_FIGURE].width > 0 && explorer->gallery.count ? PANE_FIGURE
                                                                                            : PANE_LOG;
    explorer->unseen = true;
    explorer_refresh(explorer);
    if (pane_act(explorer, (enum pane_id)pane, action))
        return;
    if (acts[action])
        acts[action](explorer, action);
}

/* In the list of keys: move, or close it. */
static void turn_keys(struct explorer *explorer, int press)
{
    const struct binding *binding = bindings_find(&explorer->bindings, press, explorer->last_focus);
    int step;
    bool moves =
        binding && !binding->line && vertical_step(binding->action, explorer->height - 4, 1 << 10, &step);
    explorer->keys_open = moves;
    explorer->keys_top = moves ? cursor_moved(explorer->keys_top, step, 1 << 10) : 0;
}

static bool is_character(int press)
{
    return press > ' ' && press < PRESS_UP;
}

/* A key that means something. */
static void obey(struct explorer *explorer, const struct binding *binding, int press)
{
    if (explorer->focus == FOCUS_PROMPT)
        typed_word_forget(explorer);
    else
        typed_word_note(explorer, press);
    explorer_say(explorer, false, "%s", "");
    if (binding->line)
        explorer_command_line(explorer, binding->line);
    else
        explorer_act(explorer, binding->action);
    if (explorer->focus == FOCUS_PROMPT)
        typed_word_begin(explorer); /* the letter closed the pane */
    typed_word_settle(explorer);
}

static void tell_nothing(struct explorer *explorer, int press)
{
    struct text name = {0}, help = {0};
    text_add_press(&name, press);
    text_add_keys(&help, &explorer->bindings, ACTION_HELP);
    explorer_say(explorer, true, "%s does nothing here; %s shows the keys", text_data(&name),
                 text_data(&help));
    text_free(&name);
    text_free(&help);
}

bool explorer_press(struct explorer *explorer, int press)
{
    explorer->unseen = true;
    if (explorer->popup.count)
        word_list_free(&explorer->popup);
    if (explorer->message_brief)
        explorer_say(explorer, false, "%s", "");
    const struct binding *binding = bindings_find(&explorer->bindings, press, explorer->focus);
    if (explorer->keys_open) {
        turn_keys(explorer, press);
        return true;
    }
    if (explorer->line.asking != ASK_COMMAND && explorer->focus == FOCUS_PROMPT)
        return false;
    if (binding && explorer->focus != FOCUS_PROMPT && typed_word_completes(explorer, press)) {
        explorer_focus(explorer, FOCUS_PROMPT);
        return false;
    }
    if (!binding && explorer->focus != FOCUS_PROMPT &&
        (is_character(press) || typed_word_ends(explorer, press))) {
        typed_word_begin(explorer);
        explorer_focus(explorer, FOCUS_PROMPT); /* it begins a command */
    }
    if (!binding && explorer->focus == FOCUS_PROMPT) {
        typed_word_follow(explorer, press);
        return false;
    }
    if (binding)
        obey(explorer, binding, press);
    else
        tell_nothing(explorer, press);
    return true;
}

/* A click on the line of keys presses one; a question that is open waits for its answer. */
static bool click_bar(struct explorer *explorer, int line, int column)
{
    if (line != explorer->height - 1 || compose_room(explorer->width, explorer->height) == 0)
        return false;
    enum action_id action = key_bar_action(explorer, column);
    if (action == ACTION_NONE || explorer->line.asking != ASK_COMMAND)
        return false;
    explorer_say(explorer, false, "%s", "");
    word_list_free(&explorer->popup);
    explorer->keys_open &= action == ACTION_HELP;
    explorer_act(explorer, action);
    return true;
}

void explorer_click(struct explorer *explorer, int button, int line, int column)
{
    explorer->unseen = true;
    typed_word_forget(explorer);
    if (button == 0 && click_bar(explorer, line, column))
        return;
    explorer->keys_open = false;
    explorer_refresh(explorer);
    for (int i = 0; i < PANE_COUNT; i++) {
        const struct pane_row *row = pane_row_at((enum pane_id)i);
        struct rect room = pane_room(explorer, (enum pane_id)i);
        if (!rect_holds(&explorer->placement.pane[i], line, column))
            continue;
        bool inside = rect_holds(&room, line, column);
        if (button == 64 || button == 65) {
            for (int k = 0; k < 3; k++)
                pane_act(explorer, (enum pane_id)i, button == 64 ? ACTION_UP : ACTION_DOWN);
            return;
        }
        if (explorer->focus != i)
            explorer_focus(explorer, i);
        if (inside && row->click)
            row->click(explorer, explorer->panes[i].state, &room, line - room.line, column - room.column);
        return;
    }
    if (button == 0 && line >= compose_room(explorer->width, explorer->height))
        explorer_focus(explorer, FOCUS_PROMPT);
}
