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

static void drop(struct bindings *bindings, size_t index)
{
    struct binding *binding = &bindings->items[index];
    mem_free(binding->line);
    memmove(binding, binding + 1, (--bindings->count - index) * sizeof *binding);
}

bool bindings_reset(struct bindings *bindings)
{
    while (bindings->count)
        drop(bindings, bindings->count - 1);
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
    while (bindings->count)
        drop(bindings, bindings->count - 1);
    mem_free(bindings->items);
    *bindings = (struct bindings){0};
}

/* Where it counts: that of the action; a command line counts everywhere. */
static int binding_place(const struct binding *binding)
{
    return binding->line ? PLACE_EVERYWHERE : key_action_at(binding->action)->place;
}

const struct binding *bindings_find(const struct bindings *bindings, int press, int pane)
{
    const struct binding *found = NULL;
    if (pane < 0 && press_edits(press))
        return NULL;
    for (size_t i = 0; i < bindings->count; i++) {
        const struct binding *binding = &bindings->items[i];
        int place = binding_place(binding);
        if (binding->press != press)
            continue;
        if (pane >= 0 && place == pane)
            return binding;
        if (place == PLACE_EVERYWHERE || (place == PLACE_PANES && pane >= 0))
            found = binding;
    }
    return found;
}

/* Two places in which one press would mean two things at once. */
static bool same_place(int a, int b)
{
    return a == b || (a < 0 && b < 0);
}

static bool same_effect(const struct binding *a, const struct binding *b)
{
    return a->line && b->line ? strcmp(a->line, b->line) == 0
                              : a->action == b->action && !a->line == !b->line;
}

static void tell_conflict(const struct binding *old, bool replaced, struct text *conflict)
{
    const char *what = old->line ? old->line : key_action_at(old->action)->name;
    text_add(conflict, conflict->length ? "; " : "");
    text_add_press(conflict, old->press);
    if (replaced)
        text_add_format(conflict, " did %s before%s", what, old->own ? ", by another bind" : "");
    else
        text_add_format(conflict, " still does %s %s", what, key_place_text(binding_place(old)));
}

bool bindings_add(struct bindings *bindings, int press, enum action_id action, const char *line,
                  struct text *conflict)
{
    struct binding made = {press, action, line ? mem_string(line) : NULL, true};
    bool there = false;
    if (line && !made.line)
        return false;
    for (size_t i = 0; i < bindings->count; i++) {
        const struct binding *old = &bindings->items[i];
        if (old->press != press)
            continue;
        if (same_effect(old, &made)) {
            there = true;
            continue;
        }
        bool replaced = same_place(binding_place(old), binding_place(&made));
        tell_conflict(old, replaced, conflict);
        if (replaced)
            drop(bindings, i--);
    }
    bool kept = there || push(bindings, made);
    if (there || !kept)
        mem_free(made.line);
    return kept && !conflict->failed;
}

bool bindings_remove(struct bindings *bindings, int press)
{
    size_t before = bindings->count;
    for (size_t i = before; i-- > 0;) {
        if (bindings->items[i].press == press)
            drop(bindings, i);
    }
    return bindings->count < before;
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
