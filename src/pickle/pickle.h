/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Python's pickles (PEP 307, 3154, 574; protocols 0 to 5) as values that do nothing.
 *
 * A pickle is a program for a machine with a stack. Here it is run without any of Python: a class is its two
 * names, a call is a record of what would have been called with what, and nothing is imported, looked up or
 * executed. Only a few containers and texts that pickles spell as calls are what they stand for: OrderedDict,
 * defaultdict and Counter are dicts, set, frozenset and list are themselves, bytes that went through
 * _codecs.encode are bytes.
 *
 * Values refer to each other freely: one may be in many places, even within itself. Who walks over them takes
 * care of both (`number`). There is no recursion and no more memory than a multiple of the bytes read. */
#ifndef IPPRO_PICKLE_PICKLE_H
#define IPPRO_PICKLE_PICKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/memory.h"
#include "base/status.h"

enum pickle_kind {
    PICKLE_NONE,
    PICKLE_BOOL,
    PICKLE_INTEGER,
    PICKLE_LARGE_INTEGER, /* beyond 64 bits: `text`, decimal, or hexadecimal with 0x */
    PICKLE_REAL,
    PICKLE_STRING,
    PICKLE_BYTES,
    PICKLE_TUPLE,
    PICKLE_LIST,
    PICKLE_DICT,
    PICKLE_SET,
    PICKLE_CLASS,
    PICKLE_RECORD,
    PICKLE_PERSISTENT, /* what the file's owner knows by an id */
    PICKLE_KINDS
};

struct pickle_text {
    const char *data; /* a string has a NUL behind it, and may have others in it */
    size_t length;
};

struct pickle_items {
    const struct pickle_value **items; /* of a dict: key, value, key, value, ... as they were put in */
    size_t count, capacity;            /* count: pointers, so twice the pairs of a dict */
    const struct pickle_value *state;  /* attributes of a dict, or NULL */
};

struct pickle_class {
    const char *module, *name;
};

/* callable(*arguments), with what was put into the result afterwards. */
struct pickle_record {
    const struct pickle_value *callable;  /* a class, a record or a persistent id */
    const struct pickle_value *arguments; /* a tuple */
    const struct pickle_value *state;     /* what BUILD gave: mostly a dict of attributes; or NULL */
    struct pickle_value *elements;        /* a list, or NULL */
    struct pickle_value *pairs;           /* a dict, or NULL */
};

struct pickle_value {
    enum pickle_kind kind;
    uint32_t number; /* from 0 on within one pickle, for those who mark what they have seen */
    union {
        int64_t integer; /* of PICKLE_BOOL too */
        double real;
        struct pickle_text text;
        struct pickle_items list; /* tuple, list, dict, set */
        struct pickle_class class;
        struct pickle_record record;
        const struct pickle_value *id; /* of PICKLE_PERSISTENT */
    };
};

/* Read the one pickle that begins at bytes[*offset]; *offset then stands behind it. Values are in the arena;
 * PICKLE_BYTES point into `bytes`, so these must live as long. *count: how many values there are, all numbers
 * below it. Errors begin with "byte N: "; STATUS_FILE, or STATUS_UNSUPPORTED for the extension registry and
 * for buffers that are kept elsewhere. */
status pickle_read(struct arena *arena, const unsigned char *bytes, size_t size, size_t *offset,
                   const struct pickle_value **value, uint32_t *count, struct error *error);

/* "a string", "a dict", for messages. */
const char *pickle_kind_name(enum pickle_kind kind);
/* Is it this string? */
bool pickle_is_string(const struct pickle_value *value, const char *string);
/* Is it this class? */
bool pickle_is_class(const struct pickle_value *value, const char *module, const char *name);
/* The value of a string key: the last that was put in. NULL for none, and for what is no dict. NULL is fine.
 */
const struct pickle_value *pickle_get(const struct pickle_value *dict, const char *key);
/* Element of a tuple or list; NULL beyond its end, and for what is neither. NULL is fine. */
const struct pickle_value *pickle_item(const struct pickle_value *sequence, size_t index);
/* Elements of a tuple or list, 0 for anything else. */
size_t pickle_length(const struct pickle_value *sequence);
/* An integer or a bool; false for anything else. NULL is fine. */
bool pickle_integer(const struct pickle_value *value, int64_t *integer);

#endif
