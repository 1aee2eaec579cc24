/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables of the full screen's words. */
#include "session/words/panes.h"

#include <string.h>

struct word {
    const char *name, *title, *help;
};

static const struct word panes[] = {
#define PANE_ROW(code, action, name, title, keys, label, go, help) {#name, title, help},
    PANE_LIST(PANE_ROW)
#undef PANE_ROW
};

static const struct word layouts[] = {
#define LAYOUT_ROW(code, name, help) {name, name, help},
    LAYOUT_LIST(LAYOUT_ROW)
#undef LAYOUT_ROW
};

static const struct key_action actions[] = {
#define ACTION_ROW(code, name, place, keys, help)                         {name, place, keys, help},
#define PANE_ACTION_ROW(code, action, name, title, keys, label, go, help) {#name, PLACE_EVERYWHERE, keys, go},
    ACTION_LIST(ACTION_ROW, PANE_ACTION_ROW)
#undef PANE_ACTION_ROW
#undef ACTION_ROW
};

static const struct word *word_at(const struct word *words, int count, int index)
{
    static const struct word none;
    return index >= 0 && index < count ? &words[index] : &none;
}

const char *pane_name(int index)
{
    return word_at(panes, PANE_COUNT, index)->name;
}

const char *pane_title(int index)
{
    return word_at(panes, PANE_COUNT, index)->title;
}

const char *pane_help(int index)
{
    return word_at(panes, PANE_COUNT, index)->help;
}

const char *layout_name(int index)
{
    return word_at(layouts, LAYOUT_COUNT, index)->name;
}

const char *layout_help(int index)
{
    return word_at(layouts, LAYOUT_COUNT, index)->help;
}

const struct key_action *key_action_at(int id)
{
    return id >= 0 && id < ACTION_COUNT ? &actions[id] : NULL;
}

int key_action_find(const char *name)
{
    for (int i = 0; i < ACTION_COUNT; i++) {
        if (strcmp(actions[i].name, name) == 0)
            return i;
    }
    return ACTION_NONE;
}

const char *key_place_text(int place)
{
    static const char *const texts[] = {
#define PLACE_TEXT(code, action, name, title, ...) "in " title,
        PANE_LIST(PLACE_TEXT)
#undef PLACE_TEXT
    };
    return place == PLACE_EVERYWHERE ? "everywhere" : place == PLACE_PANES ? "in all panes" : texts[place];
}
