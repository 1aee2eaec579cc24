/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The explorer's life, and how its panes keep up with the session. */
#include "tui/explorer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "session/language/command.h"
#include "session/language/parse.h"
#include "session/language/run.h"
#include "session/live.h"
#include "session/pruning.h"
#include "session/session.h"
#include "session/state.h"
#include "session/words/panes.h"
#include "session/words/value.h"
#include "session/words/word_list.h"
#include "shell/show.h"
#include "tui/compose.h"
#include "tui/explorer_face.h"
#include "tui/explorer_live.h"
#include "tui/grid.h"
#include "tui/pane.h"
#include "view/theme.h"

status explorer_new(struct shell *shell, struct explorer **result, struct error *error)
{
    struct explorer *explorer = mem_new(1, sizeof *explorer);
    if (!explorer)
        return error_memory(error);
    explorer->shell = shell;
    explorer->session = shell->session;
    explorer->focus = explorer->return_focus = explorer->asked_from = FOCUS_PROMPT;
    explorer->last_focus = PANE_LAYERS;
    explorer->zoomed = -1;
    explorer->gallery.shown = explorer->gallery.sort = -1;
    explorer->ascii = show_ascii(&shell->show, shell->session);
    explorer->colors = -1;
    explorer->line = (struct edit_line){.prompt = "ippro> ", .text = ""};
    typed_word_open(&explorer->word);
    if (!bindings_reset(&explorer->bindings) || live_new(&explorer->live, error) != STATUS_OK ||
        panes_open(explorer, error) != STATUS_OK) {
        explorer_free(explorer);
        return error_memory(error);
    }
    shell->session->live = explorer->live;
    explorer_face(explorer, &shell->face);
    explorer_resize(explorer, 80, 24);
    *result = explorer;
    return STATUS_OK;
}

void explorer_free(struct explorer *explorer)
{
    if (!explorer)
        return;
    explorer->shell->face = (struct shell_face){0};
    explorer->shell->session->live = NULL;
    explorer_live_end(explorer);
    live_free(explorer->live);
    state_free(&explorer->seen);
    session_free(explorer->mirror);
    theme_free(explorer->preview);
    panes_close(explorer);
    layer_tree_free(&explorer->layers);
    cost_free(&explorer->plan);
    bindings_free(&explorer->bindings);
    journal_free(&explorer->journal);
    gallery_free(&explorer->gallery);
    word_list_free(&explorer->popup);
    mem_free(explorer->search);
    mem_free(explorer->message);
    mem_free(explorer->running);
    mem_free(explorer->command);
    waiting_free(&explorer->waiting);
    typed_word_free(&explorer->word);
    text_free(&explorer->partial);
    text_free(&explorer->typed);
    mem_free(explorer);
}

void explorer_say(struct explorer *explorer, bool bad, const char *format, ...)
{
    va_list arguments;
    char text[512];
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    mem_free(explorer->message);
    explorer->message = *text ? mem_string(text) : NULL;
    explorer->message_bad = bad;
    explorer->message_brief = false;
    explorer->unseen = true;
}

const char *explorer_criterion(const struct explorer *explorer)
{
    const struct board *board = explorer->session->state.board;
    return board && explorer->criterion < board->count ? board->entries[explorer->criterion].choice.label
                                                       : NULL;
}

struct theme *explorer_theme(const struct explorer *explorer)
{
    return explorer->preview ? explorer->preview : explorer->session->state.theme;
}

/* --- places --------------------------------------------------------------------------------------------- */

static void place(struct explorer *explorer)
{
    const struct rect room = {0, 0, explorer->width, compose_room(explorer->width, explorer->height)};
    const struct rect *figure = &explorer->placement.pane[PANE_FIGURE];
    layout_place(explorer->layout, &room, explorer->zoomed, explorer->figure_open, 0, &explorer->placement);
    if (!explorer->figure_tall || explorer->zoomed >= 0 || figure->width < 2)
        return;
    int lines = gallery_lines(&explorer->gallery, figure->width - 1, room.height - 1, explorer->ascii);
    layout_place(explorer->layout, &room, explorer->zoomed, explorer->figure_open, lines + 1,
                 &explorer->placement);
}

void explorer_show_log(struct explorer *explorer)
{
    if (!explorer->figure_tall)
        return;
    explorer->figure_tall = false;
    explorer_resize(explorer, explorer->width, explorer->height);
}

static bool is_visible(const struct explorer *explorer, int pane)
{
    return pane >= 0 && explorer->placement.pane[pane].width > 0;
}

void explorer_resize(struct explorer *explorer, int width, int height)
{
    explorer->width = width < 1 ? 1 : width;
    explorer->height = height < 1 ? 1 : height;
    place(explorer);
    if (explorer->focus >= 0 && !is_visible(explorer, explorer->focus))
        explorer->focus = FOCUS_PROMPT;
}

/* A pane that has no place gets one: by closing the figure, by another layout, at last alone. */
void explorer_focus(struct explorer *explorer, int pane)
{
    if (explorer->zoomed >= 0 && pane != explorer->zoomed)
        explorer->zoomed = -1;
    if (pane == PANE_FIGURE)
        explorer->figure_open = explorer->figure_tall = true;
    else if (pane == PANE_LOG)
        explorer->figure_tall = false;
    place(explorer);
    if (pane >= 0 && !is_visible(explorer, pane) && pane != PANE_FIGURE) {
        explorer->figure_open = false;
        place(explorer);
    }
    if (pane >= 0 && !is_visible(explorer, pane) && compose_room(explorer->width, explorer->height) > 0) {
        enum layout_id before = explorer->layout;
        explorer->layout = LAYOUT_OVERVIEW;
        place(explorer);
        if (!is_visible(explorer, pane)) {
            explorer->layout = before;
            explorer->zoomed = pane;
            place(explorer);
        }
    }
    if (pane >= 0 && !is_visible(explorer, pane))
        pane = FOCUS_PROMPT;
    if (pane >= 0)
        explorer->last_focus = pane;
    explorer->focus = pane;
    explorer->unseen = true;
}

/* --- keeping up ----------------------------------------------------------------------------------------- */

static unsigned parts_changed(const struct state *now, const struct state *seen)
{
    return (now->model != seen->model ? PART_MODEL : 0) | (now->pruning != seen->pruning ? PART_PRUNING : 0) |
           (now->board != seen->board ? PART_BOARD : 0) | (now->options != seen->options ? PART_OPTIONS : 0);
}

/* What the ratios would leave, where some are set and are not what is selected. */
static void follow_plan(struct explorer *explorer)
{
    const struct state *now = &explorer->session->state;
    struct error ignored = {0};
    cost_free(&explorer->plan);
    if (now->pruning && pruning_has_ratio(now->pruning) &&
        !(now->pruning->rule.global && now->pruning->removed_count) &&
        pruning_plan(now->pruning, now->model, &explorer->plan, &ignored) != STATUS_OK)
        cost_free(&explorer->plan);
}

static void follow_criterion(struct explorer *explorer)
{
    const struct board *board = explorer->session->state.board;
    int criteria = board ? board->count : 0;
    if (explorer->criterion >= criteria)
        explorer->criterion = criteria > 0 ? criteria - 1 : 0;
}

/* The options ascii and color, and the theme, over what the terminal can do. */
static void follow_options(struct explorer *explorer)
{
    explorer->ascii = show_ascii(&explorer->shell->show, explorer->session);
    explorer->depth = show_depth(explorer->session, explorer->colors);
    gallery_paint(&explorer->gallery, explorer->depth >= 256);
}

void explorer_refresh(struct explorer *explorer)
{
    const struct state *now = &explorer->session->state;
    unsigned parts = parts_changed(now, &explorer->seen);
    follow_options(explorer);
    follow_criterion(explorer);
    if (explorer->criterion != explorer->seen_criterion)
        parts |= PART_CRITERION;
    if (parts & PART_MODEL)
        layer_tree_reset(&explorer->layers, now->model ? now->model->layers : NULL);
    if (parts & (PART_MODEL | PART_PRUNING))
        follow_plan(explorer);
    panes_tell(explorer, parts);
    explorer->seen_criterion = explorer->criterion;
    if (!state_equal(now, &explorer->seen)) {
        state_free(&explorer->seen);
        explorer->seen = state_retain(now);
    }
}

status explorer_ask(struct explorer *explorer, const char *const *words, int count, int keys,
                    struct reply *reply, struct error *error)
{
    struct token *tokens = mem_new((size_t)count + 1, sizeof *tokens);
    struct statement statement = {.tokens = tokens, .count = count};
    if (!tokens)
        return error_memory(error);
    for (int i = 0; i < count; i++) {
        tokens[i].text = (char *)words[i]; /* only read */
        tokens[i].column = 1;
        tokens[i].key = i >= count - keys ? (int)strcspn(words[i], "=") : 0;
    }
    status code = session_run(explorer->session, &statement, false, NULL, reply, error);
    mem_free(tokens);
    return code;
}
