/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/typed_word.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "session/language/command.h"
#include "session/words/alias.h"
#include "session/words/press.h"
#include "tui/explorer.h"
#include "tui/layer_tree.h"
#include "tui/waiting.h"

/* So many letters in a row that begin a command are one, whatever follows may be by itself. */
enum { SURE_LETTERS = 3 };

/* --- names ---------------------------------------------------------------------------------------------- */

enum match { MATCH_NONE, MATCH_BEGINNING, MATCH_NAME };

static enum match match_name(const char *name, const char *word)
{
    if (!name || strncmp(name, word, strlen(word)) != 0)
        return MATCH_NONE;
    return strcmp(name, word) == 0 ? MATCH_NAME : MATCH_BEGINNING;
}

static enum match better(enum match a, enum match b)
{
    return a > b ? a : b;
}

/* What a word is among the names of commands and aliases. */
static enum match match_word(const struct explorer *explorer, const char *word)
{
    const struct aliases *aliases = explorer->shell->session->aliases;
    const struct command *command;
    enum match match = MATCH_NONE;
    for (int i = 0; (command = command_at(i)); i++)
        match = better(match, better(match_name(command->name, word), match_name(command->alias, word)));
    for (int i = 0; aliases && i < aliases->count; i++)
        match = better(match, match_name(aliases->items[i].name, word));
    return match;
}

/* The first of the letters that, with `own` behind the last, make a word of that kind; their count: none. */
static int first_letter(const struct explorer *explorer, const char *own, enum match wanted)
{
    const struct typed_word *word = &explorer->word;
    for (int i = 0; i < word->count; i++) {
        char *whole = mem_format("%s%s", word->letters + i, own);
        enum match match = whole ? match_word(explorer, whole) : MATCH_NONE;
        mem_free(whole);
        if (match >= wanted)
            return i;
    }
    return word->count;
}

static bool is_letter(int press)
{
    return (press >= 'a' && press <= 'z') || (press >= 'A' && press <= 'Z');
}

/* --- how things stand ----------------------------------------------------------------------------------- */

static struct typed_moment moment_now(const struct explorer *explorer)
{
    const struct history *history = &explorer->shell->session->history;
    const struct layer_tree *tree = &explorer->layers;
    const struct layer_row *row = layer_tree_current(tree);
    const struct gallery *gallery = &explorer->gallery;
    int stage = layer_tree_stage(tree), first = stage >= 0 ? tree->rows[stage].first : -1;
    return (struct typed_moment){
        .serial = explorer->beside ? -1 : history->steps[history->position].serial,
        .waiting = explorer->waiting.taken + explorer->waiting.count,
        .criterion = explorer->criterion,
        .last_focus = explorer->last_focus,
        .return_focus = explorer->return_focus,
        .cursor = tree->cursor,
        .layer = row ? row->first : -1,
        .sorted = tree->sorted,
        .stage = first,
        .closed = first >= 0 && tree->closed[first],
        .figure_open = explorer->figure_open,
        .shown = gallery->shown,
        .sort = gallery->sort,
        .top = gallery->top,
        .aside = gallery->aside,
        .reverse = gallery->reverse,
    };
}

/* The session goes back to a step by the commands that do so. False when the step is not there any more. */
static bool go_back(struct explorer *explorer, long serial)
{
    const struct history *history = &explorer->shell->session->history;
    int step = history->count - 1;
    while (step >= history->oldest && history->steps[step].serial != serial)
        step--;
    if (step < history->oldest)
        return false;
    int steps = step - history->position;
    char *count = mem_format("%d", steps < 0 ? -steps : steps);
    bool done = steps == 0 || (count && explorer_command(explorer, steps < 0 ? "undo" : "redo", count, NULL));
    mem_free(count);
    return done;
}

static void restore_stages(struct explorer *explorer, const struct typed_moment *moment)
{
    const struct model *model = explorer->session->state.model;
    struct layer_tree *tree = &explorer->layers;
    if (!model || moment->stage >= model->layers->count)
        return;
    if (moment->stage >= 0 && tree->closed[moment->stage] != moment->closed) {
        tree->closed[moment->stage] = moment->closed;
        layer_tree_fill(tree, model->layers);
    }
    if (tree->sorted.by == moment->sorted.by && tree->sorted.falling == moment->sorted.falling)
        tree->cursor = moment->cursor < tree->count ? moment->cursor : 0;
    else if (moment->layer >= 0)
        layer_tree_go_to(tree, moment->layer);
    tree->sorted = moment->sorted;
}

static void restore_view(struct explorer *explorer, const struct typed_moment *moment)
{
    struct gallery *gallery = &explorer->gallery;
    explorer->criterion = moment->criterion;
    restore_stages(explorer, moment);
    if (moment->shown < gallery->count)
        gallery->shown = moment->shown;
    gallery->sort = moment->sort;
    gallery->reverse = moment->reverse;
    gallery->width = 0; /* to be drawn anew */
    gallery->top = moment->top;
    gallery->aside = moment->aside;
    explorer->figure_open = moment->figure_open;
    explorer->last_focus = moment->last_focus;
    explorer->return_focus = moment->return_focus;
    explorer_resize(explorer, explorer->width, explorer->height);
}

/* --- taking letters back -------------------------------------------------------------------------------- */

static void tell(struct explorer *explorer, const char *front, bool back)
{
    const char *were = strlen(front) > 1 ? "were keys" : "was a key";
    if (back)
        explorer_say(explorer, false, "a command is typed: '%s' %s, and what that did is taken back", front,
                     were);
    else
        explorer_say(explorer, true, "a command is typed: '%s' %s before it, and what that did stands: undo",
                     front, were);
}

/* The letters from number `first` on belong to the line. */
static void take_back(struct explorer *explorer, int first)
{
    struct typed_word *word = &explorer->word;
    const struct typed_moment *moment = &word->before[first];
    bool back = moment->serial >= 0 || moment->waiting >= explorer->waiting.taken;
    waiting_cut(&explorer->waiting, moment->waiting);
    for (int i = word->count - 1; i >= first; i--)
        restore_view(explorer, &word->before[i]);
    mem_free(word->front);
    word->front = mem_string(word->letters + first);
    if (moment->serial >= 0 && explorer->beside) {
        word->owed = moment->serial;
        mem_free(word->owed_front);
        word->owed_front = mem_string(word->letters + first);
    } else if (moment->serial >= 0) {
        back = go_back(explorer, moment->serial);
    }
    if (word->front)
        tell(explorer, word->front, back);
}

void typed_word_settle(struct explorer *explorer)
{
    struct typed_word *word = &explorer->word;
    if (word->owed < 0 || explorer->beside)
        return;
    long serial = word->owed;
    word->owed = -1;
    bool back = go_back(explorer, serial);
    if (word->owed_front)
        tell(explorer, word->owed_front, back);
}

/* --- following ------------------------------------------------------------------------------------------ */

void typed_word_open(struct typed_word *word)
{
    *word = (struct typed_word){.owed = -1};
}

void typed_word_free(struct typed_word *word)
{
    mem_free(word->front);
    mem_free(word->owed_front);
    typed_word_open(word);
}

void typed_word_forget(struct explorer *explorer)
{
    explorer->word.count = 0;
    explorer->word.letters[0] = '\0';
    explorer->word.begun = false;
}

void typed_word_note(struct explorer *explorer, int press)
{
    struct typed_word *word = &explorer->word;
    if (!is_letter(press) || word->begun)
        typed_word_forget(explorer);
    if (!is_letter(press))
        return;
    if (word->count == TYPED_WORD_MOST) {
        memmove(word->letters, word->letters + 1, TYPED_WORD_MOST);
        memmove(word->before, word->before + 1, (TYPED_WORD_MOST - 1) * sizeof *word->before);
        word->count--;
    }
    word->before[word->count] = moment_now(explorer);
    word->letters[word->count++] = (char)press;
    word->letters[word->count] = '\0';
}

/* What stands at the prompt already is no part of the word. */
void typed_word_begin(struct explorer *explorer)
{
    explorer->word.begun = explorer->word.count > 0;
    if (explorer->line.text && *explorer->line.text)
        typed_word_forget(explorer);
}

static bool is_end(int press)
{
    return press == ' ' || press == PRESS_ENTER || press == PRESS_TAB;
}

/* At its end a word that is a command's name without the letters as well gets them when they are several. */
static void follow_end(struct explorer *explorer, const char *own)
{
    int first = first_letter(explorer, own, MATCH_NAME), letters = explorer->word.count - first;
    if (letters > 1 || (letters == 1 && match_word(explorer, own) != MATCH_NAME))
        take_back(explorer, first);
}

void typed_word_follow(struct explorer *explorer, int press)
{
    struct typed_word *word = &explorer->word;
    const char *own = explorer->line.text ? explorer->line.text : "";
    if (!word->count)
        return;
    bool goes_on = word->begun && explorer->line.cursor == (int)strlen(own);
    if (goes_on && is_end(press))
        follow_end(explorer, own);
    if (!goes_on || !is_letter(press)) {
        typed_word_forget(explorer);
        return;
    }
    char *longer = mem_format("%s%c", own, press);
    int first = longer ? first_letter(explorer, longer, MATCH_BEGINNING) : word->count;
    int letters = word->count - first;
    bool decided = letters == 0 || letters >= SURE_LETTERS;
    decided |= match_word(explorer, longer) == MATCH_NONE;
    if (decided && first < word->count)
        take_back(explorer, first);
    if (decided)
        typed_word_forget(explorer);
    mem_free(longer);
}

bool typed_word_ends(const struct explorer *explorer, int press)
{
    return press == ' ' && explorer->word.count &&
           first_letter(explorer, "", MATCH_NAME) < explorer->word.count - 1;
}

bool typed_word_completes(struct explorer *explorer, int press)
{
    const struct typed_word *word = &explorer->word;
    const char last[2] = {is_letter(press) ? (char)press : '\0', '\0'};
    bool empty = !explorer->line.text || !*explorer->line.text;
    int first = *last && empty && !word->begun ? first_letter(explorer, last, MATCH_NAME) : word->count;
    if (word->count - first < SURE_LETTERS - 1)
        return false;
    if (first_letter(explorer, last, MATCH_BEGINNING) < first)
        return false; /* prune is on its way, not run */
    take_back(explorer, first);
    typed_word_forget(explorer);
    return true;
}

char *typed_word_front(struct explorer *explorer)
{
    char *front = explorer->word.front;
    explorer->word.front = NULL;
    return front;
}
