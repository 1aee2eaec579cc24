/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values that a user types: one row per kind of value says how a text is checked and which words would be
 * right.
 *
 * The same rows serve the arguments of commands, their key=value parameters and the options of `set`; error
 * messages ("nearest is ..."), completion, help and the manual all come from them. */
#ifndef IPPRO_SESSION_WORDS_VALUE_H
#define IPPRO_SESSION_WORDS_VALUE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/memory.h"
#include "base/status.h"

/* code, how help writes it */
#define VALUE_LIST(X)                                                                                        \
    X(VALUE_WORD, "WORD")                                                                                    \
    X(VALUE_FILE, "FILE")                                                                                    \
    X(VALUE_MODEL, "MODEL")                                                                                  \
    X(VALUE_INTEGER, "N")                                                                                    \
    X(VALUE_REAL, "X")                                                                                       \
    X(VALUE_BOOLEAN, "yes|no")                                                                               \
    X(VALUE_CHOICE, "CHOICE")                                                                                \
    X(VALUE_SIZE, "SIZE")                                                                                    \
    X(VALUE_LAYER, "LAYER")                                                                                  \
    X(VALUE_LAYERS, "LAYER|GLOB")                                                                            \
    X(VALUE_FILTER, "LAYER:CHANNEL")                                                                         \
    X(VALUE_CRITERION, "CRITERION")                                                                          \
    X(VALUE_CRITERIA, "CRITERIA")                                                                            \
    X(VALUE_DATASET, "KIND")                                                                                 \
    X(VALUE_NORMALIZATION, "NORMALIZATION")                                                                  \
    X(VALUE_OPTION, "OPTION")                                                                                \
    X(VALUE_SETTING, "VALUE")                                                                                \
    X(VALUE_THEME, "THEME")                                                                                  \
    X(VALUE_TOPIC, "TOPIC")                                                                                  \
    X(VALUE_TARGET, "LAYER|GLOB|streams|inner|all")                                                          \
    X(VALUE_RATIO, "RATIO")                                                                                  \
    X(VALUE_RECIPE, "FILE")                                                                                  \
    X(VALUE_OTHER, "CRITERION|N")

enum value_kind {
#define VALUE_ENUM(code, text) code,
    VALUE_LIST(VALUE_ENUM)
#undef VALUE_ENUM
        VALUE_KINDS
};

enum parameter_flags {
    PARAMETER_OPTIONAL = 1, /* positional: may be left out */
    PARAMETER_REPEATED = 2, /* positional, last: takes all that follows */
    PARAMETER_OPEN_LOW = 4, /* the low end itself is not allowed */
    PARAMETER_AUTO = 8,     /* integers: "auto" is 0 */
};

/* One argument, key=value parameter or option. */
struct parameter {
    const char *name;
    enum value_kind kind;
    unsigned flags;
    double low, high;                 /* numbers: the range, inclusive; INFINITY allows "inf" */
    const char *(*choice)(int index); /* VALUE_CHOICE, VALUE_TOPIC: the names, NULL past the end */
    const char *initial;              /* default as text, NULL where there is none */
    const char *help;                 /* one line without a full stop */
};

enum { VALUE_TEXT_SIZE = 160 };

/* A checked value. Plain, copied freely. */
struct setting_value {
    char text[VALUE_TEXT_SIZE]; /* as typed */
    double real;                /* VALUE_REAL */
    int64_t integer;            /* VALUE_INTEGER; 0 or 1 of VALUE_BOOLEAN; index of VALUE_CHOICE */
};

/* A growing list of words in an arena of its own. `failed` when memory ran out. */
struct word_list {
    struct arena *arena;
    const char **items;
    size_t count, capacity;
    bool failed;
};
void word_list_add(struct word_list *list, const char *word); /* copied */
void word_list_free(struct word_list *list);
bool word_list_has(const struct word_list *list, const char *word);
/* ": did you mean 'x'?", or "" where no word of the list is near. The text lives in the list's arena. */
const char *word_list_hint(struct word_list *list, const char *word);

const char *value_kind_name(enum value_kind kind);
/* How help writes the parameter's value: "yes|no", "floor|prune-floor", "N", "CRITERIA". Appended to `text`.
 */
struct text;
void parameter_add_values(const struct parameter *parameter, struct text *text);
/* What is expected, in words: "a number from 0 to 1", "yes or no"; nothing for names and files. */
void parameter_add_expected(const struct parameter *parameter, struct text *text);

/* What there is that a text may name. Of what is NULL nothing is known: then every name will do. */
struct layers;
struct value_scope {
    const struct layers *layers;
    /* Labels of criteria that are scored, NULL past the end. */
    const char *(*label)(const struct value_scope *scope, int index);
    const void *board; /* whatever `label` looks at */
};

/* Check a text against a parameter. The message names the parameter, the text and what was expected. */
status value_parse(const struct parameter *parameter, struct value_scope scope, const char *text,
                   struct setting_value *value, struct error *error);
/* Words that would be right here, for completion and for the nearest word. Nothing for numbers and files. */
void value_words(const struct parameter *parameter, struct value_scope scope, struct word_list *list);

#endif
