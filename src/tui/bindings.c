/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Key bindings. */
#include "tui/bindings.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

static bool push(struct bindings *bindings, struct binding binding)
{
    if (!mem_grow(&bindings->items, &bindings->capacity, bindings->count + 1, sizeof *bindings->items))
        return false;
    bindings->items[bindings->count++] = binding;
    return true;
}

bool bindings_reset(struct bindings *bindings)
{
    bindings->count = 0;
    for (int i = 0; i < ACTION_COUNT; i++) {
        char name[32];
        const char *keys = key_action_at(i)->keys;
        for (int used; sscanf(keys, "%31s%n", name, &used) == 1; keys += used) {
            struct binding binding = {.action = (enum action_id)i};
            if (press_parse(name, &binding.press) && !push(bindings, binding))
                return false;
        }
    }
    return true;
}

void bindings_free(struct bindings *bindings)
{
    mem_free(bindings->items);
    *bindings = (struct bindings){0};
}

enum action_id bindings_find(const struct bindings *bindings, int press, int pane)
{
    enum action_id found = ACTION_NONE;
    if (pane < 0 && press_edits(press))
        return ACTION_NONE;
    for (size_t i = 0; i < bindings->count; i++) {
        const struct binding *binding = &bindings->items[i];
        int place = key_action_at(binding->action)->place;
        if (binding->press != press)
            continue;
        if (pane >= 0 && place == pane)
            return binding->action;
        if (place == PLACE_EVERYWHERE || (place == PLACE_PANES && pane >= 0))
            found = binding->action;
    }
    return found;
}

/* Two places in which one press would mean two things at once. */
static bool same_place(int a, int b)
{
    return a == b || (a < 0 && b < 0);
}

bool bindings_add(struct bindings *bindings, int press, enum action_id action, struct text *conflict)
{
    int place = key_action_at(action)->place;
    struct text key = {0};
    text_add_press(&key, press);
    for (size_t i = 0; i < bindings->count; i++) {
        struct binding *old = &bindings->items[i];
        const struct key_action *what = key_action_at(old->action);
        if (old->press != press || old->action == action)
            continue;
        if (same_place(what->place, place)) {
            text_add_format(conflict, "%s%s did %s before%s", conflict->length ? "; " : "", text_data(&key),
                            what->name, old->own ? ", by another bind" : "");
            memmove(old, old + 1, (--bindings->count - i) * sizeof *old);
            i--;
        } else {
            text_add_format(conflict, "%s%s still does %s %s", conflict->length ? "; " : "", text_data(&key),
                            what->name, key_place_text(what->place));
        }
    }
    bool failed = key.failed || conflict->failed;
    text_free(&key);
    for (size_t i = 0; i < bindings->count; i++) {
        if (bindings->items[i].press == press && bindings->items[i].action == action)
            return !failed;
    }
    return push(bindings, (struct binding){press, action, true}) && !failed;
}

bool bindings_remove(struct bindings *bindings, int press)
{
    size_t kept = 0, before = bindings->count;
    for (size_t i = 0; i < before; i++) {
        if (bindings->items[i].press != press)
            bindings->items[kept++] = bindings->items[i];
    }
    bindings->count = kept;
    return kept < before;
}

void text_add_keys(struct text *text, const struct bindings *bindings, enum action_id action)
{
    bool first = true;
    for (size_t i = 0; i < bindings->count; i++) {
        if (bindings->items[i].action != action)
            continue;
        text_add(text, first ? "" : " ");
        text_add_press(text, bindings->items[i].press);
        first = false;
    }
}

int bindings_key(const struct bindings *bindings, enum action_id action, bool in_pane)
{
    int key = 0;
    for (size_t i = 0; i < bindings->count; i++) {
        int press = bindings->items[i].press;
        if (bindings->items[i].action == action &&
            (!key || (in_pane && !press_edits(key) && press_edits(press))))
            key = press;
    }
    return key;
}
