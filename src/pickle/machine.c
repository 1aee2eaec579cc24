/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The machine that runs a pickle. */
#include "pickle/machine.h"

#include <string.h>

#include "base/memory.h"
#include "base/status.h"

/* So many bytes of memory may one byte of a pickle ask for: a value of its own is the most that an honest one
 * does. Copies of what is in the memo ask for more. */
enum { MEMORY_RATIO = 128, FREE_MEMORY = 1 << 16, MOST_VALUES = 1 << 24 };

void machine_begin(struct machine *machine, struct arena *arena, const unsigned char *bytes, size_t size,
                   size_t offset)
{
    *machine = (struct machine){.arena = arena, .bytes = bytes, .size = size, .at = offset};
    if (!size_multiply(size - offset, MEMORY_RATIO, &machine->memory_limit) ||
        __builtin_add_overflow(machine->memory_limit, (size_t)FREE_MEMORY, &machine->memory_limit))
        machine->memory_limit = SIZE_MAX;
}

void machine_end(struct machine *machine)
{
    mem_free(machine->stack);
    mem_free(machine->marks);
    mem_free(machine->memo);
}

/* --- Memory --------------------------------------------------------------------------------------------- */

void *machine_alloc(struct machine *machine, size_t count, size_t size, struct error *error)
{
    size_t bytes;
    if (!size_multiply(count, size, &bytes) || bytes > machine->memory_limit - machine->memory) {
        error_set(error, STATUS_FILE, "it asks for more than %zu bytes of memory", machine->memory_limit);
        return NULL;
    }
    void *memory = arena_alloc(machine->arena, count, size);
    if (memory)
        machine->memory += bytes;
    else
        error_memory(error);
    return memory;
}

struct pickle_value *machine_value(struct machine *machine, enum pickle_kind kind, struct error *error)
{
    if (machine->value_count >= MOST_VALUES) {
        error_set(error, STATUS_FILE, "more than %d values", MOST_VALUES);
        return NULL;
    }
    struct pickle_value *value = machine_alloc(machine, 1, sizeof *value, error);
    if (value) {
        value->kind = kind;
        value->number = machine->value_count++;
    }
    return value;
}

status machine_add(struct machine *machine, struct pickle_items *list, const struct pickle_value *value,
                   struct error *error)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 4;
        const struct pickle_value **items = machine_alloc(machine, capacity, sizeof *items, error);
        if (!items)
            return error->code;
        if (list->count > 0)
            memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = value;
    return STATUS_OK;
}

status machine_add_all(struct machine *machine, struct pickle_items *list, struct pickle_value **values,
                       size_t count, struct error *error)
{
    status code = STATUS_OK;
    for (size_t i = 0; i < count && code == STATUS_OK; i++)
        code = machine_add(machine, list, values[i], error);
    return code;
}

/* --- The stack ------------------------------------------------------------------------------------------ */

status machine_push(struct machine *machine, struct pickle_value *value, struct error *error)
{
    if (!mem_grow(&machine->stack, &machine->stack_capacity, machine->depth + 1, sizeof *machine->stack))
        return error_memory(error);
    machine->stack[machine->depth++] = value;
    return STATUS_OK;
}

status machine_push_new(struct machine *machine, enum pickle_kind kind, struct pickle_value **value,
                        struct error *error)
{
    struct pickle_value *made = machine_value(machine, kind, error);
    if (value)
        *value = made;
    return made ? machine_push(machine, made, error) : error->code;
}

status machine_push_string(struct machine *machine, const void *bytes, size_t length, struct error *error)
{
    struct pickle_value *value;
    status code = machine_push_new(machine, PICKLE_STRING, &value, error);
    if (code != STATUS_OK)
        return code;
    char *copy = machine_alloc(machine, length + 1, 1, error);
    if (!copy)
        return error->code;
    memcpy(copy, bytes, length);
    value->text = (struct pickle_text){copy, length};
    return STATUS_OK;
}

static size_t floor_of(const struct machine *machine)
{
    return machine->mark_count ? machine->marks[machine->mark_count - 1] : 0;
}

status machine_top(struct machine *machine, struct pickle_value **value, struct error *error)
{
    if (machine->depth <= floor_of(machine))
        return error_set(error, STATUS_FILE, "nothing is on the stack%s",
                         machine->mark_count ? " above the mark" : "");
    *value = machine->stack[machine->depth - 1];
    return STATUS_OK;
}

status machine_pop(struct machine *machine, struct pickle_value **value, struct error *error)
{
    status code = machine_top(machine, value, error);
    if (code == STATUS_OK)
        machine->depth--;
    return code;
}

status machine_mark(struct machine *machine, struct error *error)
{
    if (!mem_grow(&machine->marks, &machine->mark_capacity, machine->mark_count + 1, sizeof *machine->marks))
        return error_memory(error);
    machine->marks[machine->mark_count++] = machine->depth;
    return STATUS_OK;
}

status machine_pop_mark(struct machine *machine, struct pickle_value ***values, size_t *count,
                        struct error *error)
{
    if (machine->mark_count == 0)
        return error_set(error, STATUS_FILE, "no mark is on the stack");
    size_t mark = machine->marks[--machine->mark_count];
    *count = machine->depth - mark;
    *values = machine->stack + mark; /* of count 0 perhaps, and then NULL perhaps */
    machine->depth = mark;
    return STATUS_OK;
}

/* --- The memo ------------------------------------------------------------------------------------------- */

/* Picklers number what they keep from 0 or 1 on, and spend two bytes at least on each: an index beyond the
 * bytes so far was made to fill memory. */
status machine_memo_put(struct machine *machine, uint64_t index, struct error *error)
{
    struct pickle_value *top = NULL;
    size_t before = machine->memo_capacity;
    if (index >= machine->at)
        return error_set(error, STATUS_FILE, "memo index %llu is too large", (unsigned long long)index);
    status code = machine_top(machine, &top, error);
    if (code != STATUS_OK)
        return code;
    if (!mem_grow(&machine->memo, &machine->memo_capacity, (size_t)index + 1, sizeof *machine->memo))
        return error_memory(error);
    if (machine->memo_capacity > before)
        memset(machine->memo + before, 0, (machine->memo_capacity - before) * sizeof *machine->memo);
    if (!machine->memo[index])
        machine->memo_count++;
    machine->memo[index] = top;
    return STATUS_OK;
}

status machine_memo_get(struct machine *machine, uint64_t index, struct error *error)
{
    if (index >= machine->memo_capacity || !machine->memo[index])
        return error_set(error, STATUS_FILE, "nothing was kept as number %llu", (unsigned long long)index);
    return machine_push(machine, machine->memo[index], error);
}

/* --- Arguments ------------------------------------------------------------------------------------------ */

status machine_bytes(struct machine *machine, uint64_t count, const unsigned char **bytes,
                     struct error *error)
{
    size_t left = machine->size - machine->at;
    if (count > left)
        return error_set(error, STATUS_FILE, "%llu bytes should follow where %zu are left",
                         (unsigned long long)count, left);
    *bytes = machine->bytes + machine->at;
    machine->at += (size_t)count;
    return STATUS_OK;
}

status machine_integer(struct machine *machine, size_t width, uint64_t *integer, struct error *error)
{
    const unsigned char *bytes = NULL;
    status code = machine_bytes(machine, width, &bytes, error);
    *integer = 0;
    for (size_t i = width; code == STATUS_OK && i-- > 0;)
        *integer = *integer << 8 | bytes[i];
    return code;
}

status machine_line(struct machine *machine, const char **line, size_t *length, struct error *error)
{
    const unsigned char *start = machine->bytes + machine->at;
    const unsigned char *end = memchr(start, '\n', machine->size - machine->at);
    if (!end)
        return error_set(error, STATUS_FILE, "the line that should follow does not end");
    *line = (const char *)start;
    *length = (size_t)(end - start);
    machine->at += *length + 1;
    return STATUS_OK;
}
