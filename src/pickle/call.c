/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls in pickles. A row for each callable whose result is known without calling it. */
#include "pickle/call.h"

#include <string.h>
#include "base/text.h"
#include "pickle/pickle.h"

/* Make of `value`, an empty record, what the call with these arguments gives. *known is false, and the record
 * stays one, when they are others than those that picklers write. */
typedef status (*make_function)(struct machine *machine, struct pickle_value *value,
                                const struct pickle_value *arguments, bool *known, struct error *error);

static bool is_sequence(const struct pickle_value *value)
{
    return value->kind == PICKLE_LIST || value->kind == PICKLE_TUPLE;
}

static void become(struct pickle_value *value, enum pickle_kind kind)
{
    value->kind = kind;
    value->list = (struct pickle_items){0};
}

/* --- Containers ----------------------------------------------------------------------------------------- */

static status add_pairs(struct machine *machine, struct pickle_value *dict, const struct pickle_value *from,
                        struct error *error)
{
    status code = STATUS_OK;
    for (size_t i = 0; i < from->list.count && code == STATUS_OK; i++) {
        const struct pickle_value *item = from->list.items[i];
        if (from->kind == PICKLE_DICT) {
            code = machine_add(machine, &dict->list, item, error);
            continue;
        }
        if (!is_sequence(item) || item->list.count != 2)
            return error_set(error, STATUS_FILE, "a dict is made of something that is no pair");
        code = machine_add(machine, &dict->list, item->list.items[0], error);
        if (code == STATUS_OK)
            code = machine_add(machine, &dict->list, item->list.items[1], error);
    }
    return code;
}

/* dict(), dict(pairs), dict(another); `skip`: arguments before these. */
static status make_dict_behind(struct machine *machine, struct pickle_value *value,
                               const struct pickle_value *arguments, size_t skip, bool *known,
                               struct error *error)
{
    size_t count = arguments->list.count;
    const struct pickle_value *from = count == skip + 1 ? arguments->list.items[skip] : NULL;
    *known = count <= skip || (from && (is_sequence(from) || from->kind == PICKLE_DICT));
    if (!*known)
        return STATUS_OK;
    become(value, PICKLE_DICT);
    return from ? add_pairs(machine, value, from, error) : STATUS_OK;
}

static status make_dict(struct machine *machine, struct pickle_value *value,
                        const struct pickle_value *arguments, bool *known, struct error *error)
{
    return make_dict_behind(machine, value, arguments, 0, known, error);
}

/* Its first argument makes the values of keys that are asked for in vain. */
static status make_defaultdict(struct machine *machine, struct pickle_value *value,
                               const struct pickle_value *arguments, bool *known, struct error *error)
{
    return make_dict_behind(machine, value, arguments, 1, known, error);
}

static status make_list_of(struct machine *machine, struct pickle_value *value,
                           const struct pickle_value *arguments, enum pickle_kind kind, bool *known,
                           struct error *error)
{
    size_t count = arguments->list.count;
    const struct pickle_value *from = count == 1 ? arguments->list.items[0] : NULL;
    status code = STATUS_OK;
    *known = count == 0 || (from && (is_sequence(from) || from->kind == PICKLE_SET));
    if (!*known)
        return STATUS_OK;
    become(value, kind);
    for (size_t i = 0; from && i < from->list.count && code == STATUS_OK; i++)
        code = machine_add(machine, &value->list, from->list.items[i], error);
    return code;
}

static status make_set(struct machine *machine, struct pickle_value *value,
                       const struct pickle_value *arguments, bool *known, struct error *error)
{
    return make_list_of(machine, value, arguments, PICKLE_SET, known, error);
}

static status make_list(struct machine *machine, struct pickle_value *value,
                        const struct pickle_value *arguments, bool *known, struct error *error)
{
    return make_list_of(machine, value, arguments, PICKLE_LIST, known, error);
}

static status make_tuple(struct machine *machine, struct pickle_value *value,
                         const struct pickle_value *arguments, bool *known, struct error *error)
{
    return make_list_of(machine, value, arguments, PICKLE_TUPLE, known, error);
}

/* --- Bytes ---------------------------------------------------------------------------------------------- */

/* Protocols 0 to 2 know no bytes: they are written as a string whose characters are below 256. False when one
 * is not. */
static bool narrow(const struct pickle_text *text, char *out, size_t *length)
{
    *length = 0;
    for (size_t at = 0; at < text->length;) {
        int32_t character = 0;
        int used = utf8_decode(text->data + at, &character);
        if (character < 0 || character > 255)
            return false;
        out[(*length)++] = (char)character;
        at += used ? (size_t)used : 1; /* a NUL is a character too */
    }
    return true;
}

static status make_bytes(struct machine *machine, struct pickle_value *value,
                         const struct pickle_value *arguments, bool *known, struct error *error)
{
    const struct pickle_value *text = pickle_item(arguments, 0), *encoding = pickle_item(arguments, 1);
    size_t length = 0;
    *known = arguments->list.count == 0 || (arguments->list.count == 1 && text->kind == PICKLE_BYTES) ||
             (text && text->kind == PICKLE_STRING && arguments->list.count == 2 &&
              (pickle_is_string(encoding, "latin1") || pickle_is_string(encoding, "latin-1")));
    if (!*known)
        return STATUS_OK;
    become(value, PICKLE_BYTES);
    value->text = (struct pickle_text){"", 0};
    if (arguments->list.count == 0)
        return STATUS_OK;
    if (text->kind == PICKLE_BYTES) {
        value->text = text->text;
        return STATUS_OK;
    }
    char *bytes = machine_alloc(machine, text->text.length + 1, 1, error);
    if (!bytes)
        return error->code;
    if (!narrow(&text->text, bytes, &length))
        return error_set(error, STATUS_FILE, "bytes are written as characters that are none");
    value->text = (struct pickle_text){bytes, length};
    return STATUS_OK;
}

/* --- Objects -------------------------------------------------------------------------------------------- */

/* _reconstructor(class, base, state of the base): how protocols 0 and 1 make an object. */
static status make_object(struct machine *machine, struct pickle_value *value,
                          const struct pickle_value *arguments, bool *known, struct error *error)
{
    const struct pickle_value *class = pickle_item(arguments, 0);
    *known = arguments->list.count == 3 && class->kind != PICKLE_NONE;
    if (!*known)
        return STATUS_OK;
    struct pickle_value *none = machine_value(machine, PICKLE_TUPLE, error);
    if (!none)
        return error->code;
    value->record = (struct pickle_record){.callable = class, .arguments = none};
    return STATUS_OK;
}

static const struct {
    const char *module, *name;
    make_function make;
} known_calls[] = {
    {"collections", "OrderedDict", make_dict},
    {"collections", "Counter", make_dict},
    {"collections", "defaultdict", make_defaultdict},
    {"builtins", "dict", make_dict},
    {"__builtin__", "dict", make_dict},
    {"builtins", "set", make_set},
    {"__builtin__", "set", make_set},
    {"builtins", "frozenset", make_set},
    {"__builtin__", "frozenset", make_set},
    {"builtins", "list", make_list},
    {"__builtin__", "list", make_list},
    {"builtins", "tuple", make_tuple},
    {"__builtin__", "tuple", make_tuple},
    {"builtins", "bytes", make_bytes},
    {"__builtin__", "bytes", make_bytes},
    {"builtins", "bytearray", make_bytes},
    {"__builtin__", "bytearray", make_bytes},
    {"_codecs", "encode", make_bytes},
    {"copy_reg", "_reconstructor", make_object},
    {"copyreg", "_reconstructor", make_object},
};

static bool can_be_called(const struct pickle_value *value)
{
    return value->kind == PICKLE_CLASS || value->kind == PICKLE_RECORD || value->kind == PICKLE_PERSISTENT;
}

status call_push(struct machine *machine, const struct pickle_value *callable,
                 const struct pickle_value *arguments, struct error *error)
{
    struct pickle_value *value;
    bool known = false;
    if (!can_be_called(callable))
        return error_set(error, STATUS_FILE, "%s cannot be called", pickle_kind_name(callable->kind));
    if (arguments->kind != PICKLE_TUPLE)
        return error_set(error, STATUS_FILE, "%s stands where a tuple of arguments should",
                         pickle_kind_name(arguments->kind));
    status code = machine_push_new(machine, PICKLE_RECORD, &value, error);
    if (code != STATUS_OK)
        return code;
    for (size_t i = 0; i < sizeof known_calls / sizeof *known_calls; i++)
        if (pickle_is_class(callable, known_calls[i].module, known_calls[i].name))
            code = known_calls[i].make(machine, value, arguments, &known, error);
    if (!known)
        value->record = (struct pickle_record){.callable = callable, .arguments = arguments};
    return code;
}
