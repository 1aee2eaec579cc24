/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Classes, calls, attributes and persistent ids in pickles. */
#include "pickle/object.h"

#include <string.h>
#include "pickle/call.h"
#include "pickle/pickle.h"

static status push_class(struct machine *machine, const char *module, const char *name, struct error *error)
{
    struct pickle_value *value;
    status code = machine_push_new(machine, PICKLE_CLASS, &value, error);
    if (code == STATUS_OK)
        value->class = (struct pickle_class){module, name};
    return code;
}

/* The name in a line, as a string of its own. */
static status read_name(struct machine *machine, const char **name, struct error *error)
{
    const char *line;
    size_t length;
    status code = machine_line(machine, &line, &length, error);
    if (code != STATUS_OK)
        return code;
    if (length == 0 || memchr(line, '\0', length))
        return error_set(error, STATUS_FILE, "the name of a class is none");
    char *copy = machine_alloc(machine, length + 1, 1, error);
    if (!copy)
        return error->code;
    memcpy(copy, line, length);
    *name = copy;
    return STATUS_OK;
}

status object_global(struct machine *machine, int argument, struct error *error)
{
    const char *module, *name;
    (void)argument;
    status code = read_name(machine, &module, error);
    if (code == STATUS_OK)
        code = read_name(machine, &name, error);
    return code ? code : push_class(machine, module, name, error);
}

static bool is_name(const struct pickle_value *value)
{
    return value->kind == PICKLE_STRING && value->text.length > 0 &&
           strlen(value->text.data) == value->text.length;
}

status object_stack_global(struct machine *machine, int argument, struct error *error)
{
    struct pickle_value *module, *name;
    (void)argument;
    status code = machine_pop(machine, &name, error);
    if (code == STATUS_OK)
        code = machine_pop(machine, &module, error);
    if (code != STATUS_OK)
        return code;
    if (!is_name(module) || !is_name(name))
        return error_set(error, STATUS_FILE, "the name of a class is none");
    return push_class(machine, module->text.data, name->text.data, error);
}

/* Classes by numbers that a process agreed on with itself. */
status object_extension(struct machine *machine, int argument, struct error *error)
{
    uint64_t number;
    status code = machine_integer(machine, (size_t)argument, &number, error);
    if (code != STATUS_OK)
        return code;
    return error_set(error, STATUS_UNSUPPORTED, "classes by number (%llu) are not supported",
                     (unsigned long long)number);
}

status object_elsewhere(struct machine *machine, int argument, struct error *error)
{
    (void)machine;
    (void)argument;
    return error_set(error, STATUS_UNSUPPORTED, "buffers that are kept elsewhere are not supported");
}

/* REDUCE and NEWOBJ: callable and arguments. */
status object_call(struct machine *machine, int argument, struct error *error)
{
    struct pickle_value *callable, *arguments;
    (void)argument;
    status code = machine_pop(machine, &arguments, error);
    if (code == STATUS_OK)
        code = machine_pop(machine, &callable, error);
    return code ? code : call_push(machine, callable, arguments, error);
}

/* NEWOBJ_EX: a dict of named arguments on top. They are kept as the record's pairs. */
status object_call_named(struct machine *machine, int argument, struct error *error)
{
    struct pickle_value *named, *made;
    status code = machine_pop(machine, &named, error);
    if (code != STATUS_OK)
        return code;
    if (named->kind != PICKLE_DICT)
        return error_set(error, STATUS_FILE, "%s stands where a dict of arguments should",
                         pickle_kind_name(named->kind));
    if (object_call(machine, argument, error) != STATUS_OK || machine_top(machine, &made, error) != STATUS_OK)
        return error->code;
    if (made->kind == PICKLE_RECORD && named->list.count > 0)
        made->record.pairs = named;
    return STATUS_OK;
}

/* A call of what is above the mark: callable first when `callable` is NULL. */
static status call_with(struct machine *machine, const struct pickle_value *callable, struct error *error)
{
    struct pickle_value **values;
    size_t count, first = callable ? 0 : 1;
    status code = machine_pop_mark(machine, &values, &count, error);
    if (code != STATUS_OK)
        return code;
    if (count < first)
        return error_set(error, STATUS_FILE, "nothing is there to be called");
    struct pickle_value *arguments = machine_value(machine, PICKLE_TUPLE, error);
    if (!arguments ||
        machine_add_all(machine, &arguments->list, values + first, count - first, error) != STATUS_OK)
        return error->code;
    return call_push(machine, callable ? callable : values[0], arguments, error);
}

status object_of_mark(struct machine *machine, int argument, struct error *error)
{
    (void)argument;
    return call_with(machine, NULL, error);
}

status object_instance(struct machine *machine, int argument, struct error *error)
{
    const char *module, *name;
    (void)argument;
    status code = read_name(machine, &module, error);
    if (code == STATUS_OK)
        code = read_name(machine, &name, error);
    struct pickle_value *class = code ? NULL : machine_value(machine, PICKLE_CLASS, error);
    if (!class)
        return error->code;
    class->class = (struct pickle_class){module, name};
    return call_with(machine, class, error);
}

status object_build(struct machine *machine, int argument, struct error *error)
{
    struct pickle_value *state, *target;
    (void)argument;
    status code = machine_pop(machine, &state, error);
    if (code == STATUS_OK)
        code = machine_top(machine, &target, error);
    if (code != STATUS_OK)
        return code;
    if (target->kind == PICKLE_RECORD)
        target->record.state = state;
    else if (target->kind == PICKLE_DICT || target->kind == PICKLE_LIST || target->kind == PICKLE_SET)
        target->list.state = state;
    else
        return error_set(error, STATUS_FILE, "%s can be given no attributes", pickle_kind_name(target->kind));
    return STATUS_OK;
}

static status push_persistent(struct machine *machine, const struct pickle_value *id, struct error *error)
{
    struct pickle_value *value;
    status code = machine_push_new(machine, PICKLE_PERSISTENT, &value, error);
    if (code == STATUS_OK)
        value->id = id;
    return code;
}

status object_persistent(struct machine *machine, int argument, struct error *error)
{
    struct pickle_value *id;
    (void)argument;
    status code = machine_pop(machine, &id, error);
    return code ? code : push_persistent(machine, id, error);
}

status object_persistent_line(struct machine *machine, int argument, struct error *error)
{
    const char *line;
    size_t length;
    status code = machine_line(machine, &line, &length, error);
    if (code == STATUS_OK)
        code = machine_push_string(machine, line, length, error);
    return code ? code : object_persistent(machine, argument, error);
}
