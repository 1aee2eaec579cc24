/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The opcodes of pickles: a row for each, and what those of the stack and of containers do. */
#include "pickle/opcodes.h"

#include "base/status.h"
#include "pickle/literal.h"
#include "pickle/object.h"
#include "pickle/pickle.h"

enum { LAST_PROTOCOL = 5 };

/* --- The stack and the memo ----------------------------------------------------------------------------- */

static status run_protocol(struct machine *machine, int argument, struct error *error)
{
    uint64_t protocol;
    (void)argument;
    status code = machine_integer(machine, 1, &protocol, error);
    if (code == STATUS_OK && protocol > LAST_PROTOCOL)
        code = error_set(error, STATUS_UNSUPPORTED, "protocol %d is not supported", (int)protocol);
    return code;
}

/* A frame says how many bytes belong together; what is in them says the same again. */
static status run_frame(struct machine *machine, int argument, struct error *error)
{
    uint64_t length;
    (void)argument;
    status code = machine_integer(machine, 8, &length, error);
    if (code == STATUS_OK && length > machine->size - machine->at)
        code = error_set(error, STATUS_FILE, "a frame of %llu bytes, but %zu are left",
                         (unsigned long long)length, machine->size - machine->at);
    return code;
}

static status run_stop(struct machine *machine, int argument, struct error *error)
{
    (void)argument;
    if (machine->depth != 1 || machine->mark_count > 0)
        return error_set(error, STATUS_FILE, "it ends with %zu values on the stack", machine->depth);
    machine->stopped = true;
    return STATUS_OK;
}

static status run_mark(struct machine *machine, int argument, struct error *error)
{
    (void)argument;
    return machine_mark(machine, error);
}

static status run_pop_mark(struct machine *machine, int argument, struct error *error)
{
    struct pickle_value **values;
    size_t count;
    (void)argument;
    return machine_pop_mark(machine, &values, &count, error);
}

/* The top value, or the mark when that is at the top. */
static status run_pop(struct machine *machine, int argument, struct error *error)
{
    struct pickle_value *value;
    if (machine->mark_count > 0 && machine->marks[machine->mark_count - 1] == machine->depth)
        return run_pop_mark(machine, argument, error);
    return machine_pop(machine, &value, error);
}

static status run_duplicate(struct machine *machine, int argument, struct error *error)
{
    struct pickle_value *value;
    (void)argument;
    status code = machine_top(machine, &value, error);
    return code ? code : machine_push(machine, value, error);
}

/* An index in a line: width 0. */
static status memo_index(struct machine *machine, int width, uint64_t *index, struct error *error)
{
    const char *line;
    size_t length;
    if (width > 0)
        return machine_integer(machine, (size_t)width, index, error);
    status code = machine_line(machine, &line, &length, error);
    if (code != STATUS_OK)
        return code;
    *index = 0;
    for (size_t i = 0; i < length; i++) {
        if (line[i] < '0' || line[i] > '9' || i >= 18)
            return error_set(error, STATUS_FILE, "what follows is no memo index");
        *index = *index * 10 + (uint64_t)(line[i] - '0');
    }
    return length ? STATUS_OK : error_set(error, STATUS_FILE, "the memo index is missing");
}

static status run_put(struct machine *machine, int argument, struct error *error)
{
    uint64_t index;
    status code = memo_index(machine, argument, &index, error);
    return code ? code : machine_memo_put(machine, index, error);
}

static status run_get(struct machine *machine, int argument, struct error *error)
{
    uint64_t index;
    status code = memo_index(machine, argument, &index, error);
    return code ? code : machine_memo_get(machine, index, error);
}

static status run_memoize(struct machine *machine, int argument, struct error *error)
{
    (void)argument;
    return machine_memo_put(machine, machine->memo_count, error);
}

/* --- Containers ----------------------------------------------------------------------------------------- */

static status even(size_t count, struct error *error)
{
    return count % 2 == 0 ? STATUS_OK : error_set(error, STATUS_FILE, "a key has no value");
}

static status run_empty(struct machine *machine, int argument, struct error *error)
{
    return machine_push_new(machine, (enum pickle_kind)argument, NULL, error);
}

/* `argument` is the kind; what is above the mark is in it. */
static status run_collect(struct machine *machine, int argument, struct error *error)
{
    struct pickle_value **values, *made;
    size_t count;
    status code = machine_pop_mark(machine, &values, &count, error);
    if (code == STATUS_OK && argument == PICKLE_DICT)
        code = even(count, error);
    if (code != STATUS_OK)
        return code;
    if (!(made = machine_value(machine, (enum pickle_kind)argument, error)) ||
        machine_add_all(machine, &made->list, values, count, error) != STATUS_OK)
        return error->code;
    return machine_push(machine, made, error);
}

/* `argument` values, without a mark. */
static status run_tuple(struct machine *machine, int argument, struct error *error)
{
    struct pickle_value *value, *made = machine_value(machine, PICKLE_TUPLE, error);
    const struct pickle_value **items =
        made ? machine_alloc(machine, (size_t)argument, sizeof *items, error) : NULL;
    if (!items)
        return error->code;
    for (int i = argument - 1; i >= 0; i--) {
        if (machine_pop(machine, &value, error) != STATUS_OK)
            return error->code;
        items[i] = value;
    }
    made->list.items = items;
    made->list.count = made->list.capacity = (size_t)argument;
    return machine_push(machine, made, error);
}

/* Where elements (of a list, or a set) or pairs go that are put into `target`: into itself, or what a record
 * keeps for them. NULL with the error set. */
static struct pickle_items *items_of(struct machine *machine, struct pickle_value *target,
                                     enum pickle_kind kind, struct error *error)
{
    if (target->kind == kind)
        return &target->list;
    if (target->kind != PICKLE_RECORD) {
        error_set(error, STATUS_FILE, "nothing can be put into %s this way", pickle_kind_name(target->kind));
        return NULL;
    }
    struct pickle_value **place = kind == PICKLE_DICT ? &target->record.pairs : &target->record.elements;
    if (!*place)
        *place = machine_value(machine, kind == PICKLE_DICT ? PICKLE_DICT : PICKLE_LIST, error);
    return *place ? &(*place)->list : NULL;
}

static status put_into_top(struct machine *machine, enum pickle_kind kind, struct pickle_value **values,
                           size_t count, struct error *error)
{
    struct pickle_value *target;
    status code = machine_top(machine, &target, error);
    if (code == STATUS_OK && kind == PICKLE_DICT)
        code = even(count, error);
    if (code != STATUS_OK)
        return code;
    struct pickle_items *list = items_of(machine, target, kind, error);
    return list ? machine_add_all(machine, list, values, count, error) : error->code;
}

/* APPENDS, SETITEMS, ADDITEMS: what is above the mark goes into what is below it; `argument` is the kind that
 * this must be. */
static status run_put_many(struct machine *machine, int argument, struct error *error)
{
    struct pickle_value **values;
    size_t count;
    status code = machine_pop_mark(machine, &values, &count, error);
    return code ? code : put_into_top(machine, (enum pickle_kind)argument, values, count, error);
}

/* APPEND and SETITEM: one element, one pair. */
static status run_put_one(struct machine *machine, int argument, struct error *error)
{
    struct pickle_value *values[2];
    size_t count = argument == PICKLE_DICT ? 2 : 1;
    status code = STATUS_OK;
    for (size_t i = count; i-- > 0 && code == STATUS_OK;)
        code = machine_pop(machine, &values[i], error);
    return code ? code : put_into_top(machine, (enum pickle_kind)argument, values, count, error);
}

static const struct opcode opcodes[256] = {
    ['('] = {"MARK", run_mark, 0},
    ['.'] = {"STOP", run_stop, 0},
    ['0'] = {"POP", run_pop, 0},
    ['1'] = {"POP_MARK", run_pop_mark, 0},
    ['2'] = {"DUP", run_duplicate, 0},
    ['F'] = {"FLOAT", literal_line_real, 0},
    ['I'] = {"INT", literal_line_integer, 0},
    ['J'] = {"BININT", literal_integer, -4},
    ['K'] = {"BININT1", literal_integer, 1},
    ['L'] = {"LONG", literal_line_integer, 0},
    ['M'] = {"BININT2", literal_integer, 2},
    ['N'] = {"NONE", literal_constant, -1},
    ['P'] = {"PERSID", object_persistent_line, 0},
    ['Q'] = {"BINPERSID", object_persistent, 0},
    ['R'] = {"REDUCE", object_call, 0},
    ['S'] = {"STRING", literal_quoted, 0},
    ['T'] = {"BINSTRING", literal_string, 4},
    ['U'] = {"SHORT_BINSTRING", literal_string, 1},
    ['V'] = {"UNICODE", literal_unicode, 0},
    ['X'] = {"BINUNICODE", literal_string, 4},
    ['a'] = {"APPEND", run_put_one, PICKLE_LIST},
    ['b'] = {"BUILD", object_build, 0},
    ['c'] = {"GLOBAL", object_global, 0},
    ['d'] = {"DICT", run_collect, PICKLE_DICT},
    ['}'] = {"EMPTY_DICT", run_empty, PICKLE_DICT},
    ['e'] = {"APPENDS", run_put_many, PICKLE_LIST},
    ['g'] = {"GET", run_get, 0},
    ['h'] = {"BINGET", run_get, 1},
    ['i'] = {"INST", object_instance, 0},
    ['j'] = {"LONG_BINGET", run_get, 4},
    ['l'] = {"LIST", run_collect, PICKLE_LIST},
    [']'] = {"EMPTY_LIST", run_empty, PICKLE_LIST},
    ['o'] = {"OBJ", object_of_mark, 0},
    ['p'] = {"PUT", run_put, 0},
    ['q'] = {"BINPUT", run_put, 1},
    ['r'] = {"LONG_BINPUT", run_put, 4},
    ['s'] = {"SETITEM", run_put_one, PICKLE_DICT},
    ['t'] = {"TUPLE", run_collect, PICKLE_TUPLE},
    [')'] = {"EMPTY_TUPLE", run_empty, PICKLE_TUPLE},
    ['u'] = {"SETITEMS", run_put_many, PICKLE_DICT},
    ['G'] = {"BINFLOAT", literal_real, 0},
    ['B'] = {"BINBYTES", literal_bytes, 4},
    ['C'] = {"SHORT_BINBYTES", literal_bytes, 1},
    [0x80] = {"PROTO", run_protocol, 0},
    [0x81] = {"NEWOBJ", object_call, 0},
    [0x82] = {"EXT1", object_extension, 1},
    [0x83] = {"EXT2", object_extension, 2},
    [0x84] = {"EXT4", object_extension, 4},
    [0x85] = {"TUPLE1", run_tuple, 1},
    [0x86] = {"TUPLE2", run_tuple, 2},
    [0x87] = {"TUPLE3", run_tuple, 3},
    [0x88] = {"NEWTRUE", literal_constant, 1},
    [0x89] = {"NEWFALSE", literal_constant, 0},
    [0x8a] = {"LONG1", literal_long, 1},
    [0x8b] = {"LONG4", literal_long, 4},
    [0x8c] = {"SHORT_BINUNICODE", literal_string, 1},
    [0x8d] = {"BINUNICODE8", literal_string, 8},
    [0x8e] = {"BINBYTES8", literal_bytes, 8},
    [0x8f] = {"EMPTY_SET", run_empty, PICKLE_SET},
    [0x90] = {"ADDITEMS", run_put_many, PICKLE_SET},
    [0x91] = {"FROZENSET", run_collect, PICKLE_SET},
    [0x92] = {"NEWOBJ_EX", object_call_named, 0},
    [0x93] = {"STACK_GLOBAL", object_stack_global, 0},
    [0x94] = {"MEMOIZE", run_memoize, 0},
    [0x95] = {"FRAME", run_frame, 0},
    [0x96] = {"BYTEARRAY8", literal_bytes, 8},
    [0x97] = {"NEXT_BUFFER", object_elsewhere, 0},
    [0x98] = {"READONLY_BUFFER", object_elsewhere, 0},
};

const struct opcode *opcode_of(unsigned char byte)
{
    return &opcodes[byte];
}
