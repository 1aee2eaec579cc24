/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Going through all that a pickle holds. */
#include "pickle/walk.h"

#include "base/memory.h"
#include "base/progress.h"

struct walk {
    struct pickle_step *steps;
    size_t count, capacity;
    uint8_t *seen; /* a bit for each value's number */
};

static status meet(struct walk *walk, struct pickle_step step, struct error *error)
{
    if (!step.value)
        return STATUS_OK;
    uint8_t *byte = &walk->seen[step.value->number / 8], bit = (uint8_t)(1u << step.value->number % 8);
    if (*byte & bit)
        return STATUS_OK;
    if (!mem_grow(&walk->steps, &walk->capacity, walk->count + 1, sizeof *walk->steps))
        return error_memory(error);
    *byte |= bit;
    walk->steps[walk->count++] = step;
    return STATUS_OK;
}

static status meet_items(struct walk *walk, const struct pickle_value *value, size_t parent,
                         struct error *error)
{
    const struct pickle_items *list = &value->list;
    bool pairs = value->kind == PICKLE_DICT;
    status code = STATUS_OK;
    for (size_t i = pairs; i < list->count && code == STATUS_OK; i += 1 + pairs) {
        struct pickle_step step = {.value = list->items[i], .index = i, .parent = parent};
        if (pairs)
            step.key = list->items[i - 1];
        code = meet(walk, step, error);
    }
    if (code == STATUS_OK)
        code =
            meet(walk, (struct pickle_step){.value = list->state, .parent = parent, .inside = true}, error);
    return code;
}

static status meet_record(struct walk *walk, const struct pickle_record *record, size_t parent,
                          struct error *error)
{
    const struct pickle_value *parts[] = {record->callable, record->arguments, record->state,
                                          record->elements, record->pairs};
    status code = STATUS_OK;
    for (size_t i = 0; i < sizeof parts / sizeof *parts && code == STATUS_OK; i++)
        code = meet(walk, (struct pickle_step){.value = parts[i], .parent = parent, .inside = true}, error);
    return code;
}

static status meet_parts(struct walk *walk, size_t at, struct error *error)
{
    const struct pickle_value *value = walk->steps[at].value;
    switch (value->kind) {
    case PICKLE_TUPLE:
    case PICKLE_LIST:
    case PICKLE_DICT:
    case PICKLE_SET:
        return meet_items(walk, value, at, error);
    case PICKLE_RECORD:
        return meet_record(walk, &value->record, at, error);
    case PICKLE_PERSISTENT:
        return meet(walk, (struct pickle_step){.value = value->id, .parent = at, .inside = true}, error);
    default:
        return STATUS_OK;
    }
}

status pickle_walk(const struct pickle_value *root, uint32_t count, pickle_visit visit, void *argument,
                   struct error *error)
{
    struct walk walk = {.seen = mem_new((size_t)count / 8 + 1, 1)};
    status code = walk.seen ? meet(&walk, (struct pickle_step){.value = root, .inside = true}, error)
                            : error_memory(error);
    for (size_t at = 0; at < walk.count && code == STATUS_OK; at++) {
        bool descend = true;
        if (at % 65536 == 65535 && (code = progress_check(error)) != STATUS_OK)
            break;
        code = visit(argument, walk.steps, at, &descend, error);
        if (code == STATUS_OK && descend)
            code = meet_parts(&walk, at, error);
    }
    mem_free(walk.steps);
    mem_free(walk.seen);
    return code;
}

/* Paths are for people: longer ones lose their beginning, and long words are left out. */
enum { DEEPEST_PATH = 8, LONGEST_WORD = 64 };

void pickle_add_path(const struct pickle_step *steps, size_t at, struct text *text)
{
    size_t words[DEEPEST_PATH];
    int count = 0;
    for (; at != 0 && count < DEEPEST_PATH; at = steps[at].parent)
        if (!steps[at].inside)
            words[count++] = at;
    if (at != 0)
        text_add(text, "…");
    while (count-- > 0) {
        const struct pickle_step *step = &steps[words[count]];
        if (!step->key)
            text_add_format(text, "[%zu]", step->index);
        else if (step->key->kind == PICKLE_STRING)
            text_add_format(text, "%s%s", text->length ? "." : "",
                            step->key->text.length > LONGEST_WORD ? "…" : step->key->text.data);
        else if (step->key->kind == PICKLE_INTEGER)
            text_add_format(text, "[%lld]", (long long)step->key->integer);
        else
            text_add_format(text, "[%s]", pickle_kind_name(step->key->kind));
    }
}
