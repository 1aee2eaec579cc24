/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The machine that runs a pickle: its stack with marks, its memo, the arguments that follow an opcode in the
 * bytes, and the memory its values take. Errors say what is wrong; where is put in front by pickle_read. */
#ifndef IPPRO_PICKLE_MACHINE_H
#define IPPRO_PICKLE_MACHINE_H

#include "pickle/pickle.h"

struct machine {
    struct arena *arena;
    const unsigned char *bytes;
    size_t size, at;
    struct pickle_value **stack;
    size_t depth, stack_capacity;
    size_t *marks; /* heights of the stack */
    size_t mark_count, mark_capacity;
    struct pickle_value **memo; /* by index; NULL where there is none */
    size_t memo_capacity, memo_count;
    uint32_t value_count;
    size_t memory, memory_limit; /* bytes given, and the most that so many bytes of pickle may ask for */
    bool stopped;
};

void machine_begin(struct machine *machine, struct arena *arena, const unsigned char *bytes, size_t size,
                   size_t offset);
void machine_end(struct machine *machine); /* the values stay: they are the arena's */

/* Memory of the arena, within the limit. NULL with the error set. */
void *machine_alloc(struct machine *machine, size_t count, size_t size, struct error *error);
/* A new value; NULL with the error set. */
struct pickle_value *machine_value(struct machine *machine, enum pickle_kind kind, struct error *error);
/* Put one more element into a list, tuple or set, or a half of a pair into a dict. */
status machine_add(struct machine *machine, struct pickle_items *list, const struct pickle_value *value,
                   struct error *error);

/* The same of `count` values, of the stack perhaps. */
status machine_add_all(struct machine *machine, struct pickle_items *list, struct pickle_value **values,
                       size_t count, struct error *error);

status machine_push(struct machine *machine, struct pickle_value *value, struct error *error);
/* A new value on the stack; *value may be NULL when nothing is to be put into it. */
status machine_push_new(struct machine *machine, enum pickle_kind kind, struct pickle_value **value,
                        struct error *error);
/* A string on the stack: a copy with a NUL behind it. */
status machine_push_string(struct machine *machine, const void *bytes, size_t length, struct error *error);
/* The top one, which must be above the last mark; popped, or left where it is. */
status machine_pop(struct machine *machine, struct pickle_value **value, struct error *error);
status machine_top(struct machine *machine, struct pickle_value **value, struct error *error);
status machine_mark(struct machine *machine, struct error *error);
/* What is above the last mark, which goes: `count` values from `values` on, good until the next push. */
status machine_pop_mark(struct machine *machine, struct pickle_value ***values, size_t *count,
                        struct error *error);

status machine_memo_put(struct machine *machine, uint64_t index, struct error *error); /* the top */
status machine_memo_get(struct machine *machine, uint64_t index, struct error *error); /* on the stack */

/* What follows the opcode. Integers are little-endian and unsigned. */
status machine_integer(struct machine *machine, size_t width, uint64_t *integer, struct error *error);
status machine_bytes(struct machine *machine, uint64_t count, const unsigned char **bytes,
                     struct error *error);
/* To the end of the line, which is passed over. */
status machine_line(struct machine *machine, const char **line, size_t *length, struct error *error);

#endif
