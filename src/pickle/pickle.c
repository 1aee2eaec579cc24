/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading a pickle, opcode by opcode, and asking values what they are. */
#include "pickle/pickle.h"

#include <string.h>
#include "base/progress.h"
#include "pickle/machine.h"
#include "pickle/opcodes.h"

/* Opcodes between two looks whether the work is cancelled. */
enum { OPCODES_BETWEEN_CHECKS = 1 << 16 };

static status blame(size_t at, const struct opcode *opcode, struct error *error)
{
    if (error->code == STATUS_MEMORY || error->code == STATUS_CANCELLED)
        return error->code;
    return error_prefix(error, "byte %zu: %s: ", at, opcode->name);
}

static status run(struct machine *machine, struct error *error)
{
    for (unsigned done = 1; !machine->stopped; done++) {
        if (done % OPCODES_BETWEEN_CHECKS == 0 && progress_check(error) != STATUS_OK)
            return error->code;
        if (machine->at == machine->size)
            return error_set(error, STATUS_FILE, "byte %zu: the pickle does not end", machine->at);
        size_t at = machine->at++;
        const struct opcode *opcode = opcode_of(machine->bytes[at]);
        if (!opcode->name)
            return error_set(error, STATUS_FILE, "byte %zu: 0x%02x is no opcode of a pickle", at,
                             machine->bytes[at]);
        if (opcode->run(machine, opcode->argument, error) != STATUS_OK)
            return blame(at, opcode, error);
    }
    return STATUS_OK;
}

status pickle_read(struct arena *arena, const unsigned char *bytes, size_t size, size_t *offset,
                   const struct pickle_value **value, uint32_t *count, struct error *error)
{
    struct machine machine;
    machine_begin(&machine, arena, bytes, size, *offset);
    status code = run(&machine, error);
    if (code == STATUS_OK) {
        *value = machine.stack[0];
        *offset = machine.at;
        *count = machine.value_count;
    }
    machine_end(&machine);
    return code;
}

const char *pickle_kind_name(enum pickle_kind kind)
{
    static const char *const names[PICKLE_KINDS] = {
        [PICKLE_NONE] = "None",          [PICKLE_BOOL] = "a bool",
        [PICKLE_INTEGER] = "an integer", [PICKLE_LARGE_INTEGER] = "a large integer",
        [PICKLE_REAL] = "a float",       [PICKLE_STRING] = "a string",
        [PICKLE_BYTES] = "bytes",        [PICKLE_TUPLE] = "a tuple",
        [PICKLE_LIST] = "a list",        [PICKLE_DICT] = "a dict",
        [PICKLE_SET] = "a set",          [PICKLE_CLASS] = "a class",
        [PICKLE_RECORD] = "an object",   [PICKLE_PERSISTENT] = "a persistent id",
    };
    return names[kind];
}

bool pickle_is_string(const struct pickle_value *value, const char *string)
{
    return value && value->kind == PICKLE_STRING && value->text.length == strlen(string) &&
           memcmp(value->text.data, string, value->text.length) == 0;
}

bool pickle_is_class(const struct pickle_value *value, const char *module, const char *name)
{
    return value && value->kind == PICKLE_CLASS && strcmp(value->class.module, module) == 0 &&
           strcmp(value->class.name, name) == 0;
}

const struct pickle_value *pickle_get(const struct pickle_value *dict, const char *key)
{
    if (!dict || dict->kind != PICKLE_DICT)
        return NULL;
    for (size_t i = dict->list.count; i >= 2; i -= 2)
        if (pickle_is_string(dict->list.items[i - 2], key))
            return dict->list.items[i - 1];
    return NULL;
}

size_t pickle_length(const struct pickle_value *sequence)
{
    bool counted = sequence && (sequence->kind == PICKLE_TUPLE || sequence->kind == PICKLE_LIST);
    return counted ? sequence->list.count : 0;
}

const struct pickle_value *pickle_item(const struct pickle_value *sequence, size_t index)
{
    return index < pickle_length(sequence) ? sequence->list.items[index] : NULL;
}

bool pickle_integer(const struct pickle_value *value, int64_t *integer)
{
    if (!value || (value->kind != PICKLE_INTEGER && value->kind != PICKLE_BOOL))
        return false;
    *integer = value->integer;
    return true;
}
