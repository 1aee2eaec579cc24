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
#include "base/status.h"
#include "session/words/word_list.h"

/* code, its row (session/words/value_row.h) */
#define VALUE_LIST(X)                                                                                        \
    X(VALUE_WORD, value_kind_word)                                                                           \
    X(VALUE_FILE, value_kind_file)                                                                           \
    X(VALUE_MODEL, value_kind_model)                                                                         \
    X(VALUE_NETWORK, value_kind_network)                                                                     \
    X(VALUE_EXTENT, value_kind_extent)                                                                       \
    X(VALUE_IMAGES, value_kind_images)                                                                       \
    X(VALUE_ARRAY, value_kind_array)                                                                         \
    X(VALUE_SESSION, value_kind_session)                                                                     \
    X(VALUE_SCRIPT, value_kind_script)                                                                       \
    X(VALUE_INTEGER, value_kind_integer)                                                                     \
    X(VALUE_REAL, value_kind_real)                                                                           \
    X(VALUE_BOOLEAN, value_kind_boolean)                                                                     \
    X(VALUE_CHOICE, value_kind_choice)                                                                       \
    X(VALUE_SIZE, value_kind_size)                                                                           \
    X(VALUE_AMOUNT, value_kind_amount)                                                                       \
    X(VALUE_LAYER, value_kind_layer)                                                                         \
    X(VALUE_LAYERS, value_kind_layers)                                                                       \
    X(VALUE_FILTER, value_kind_filter)                                                                       \
    X(VALUE_CRITERION, value_kind_criterion)                                                                 \
    X(VALUE_CRITERIA, value_kind_criteria)                                                                   \
    X(VALUE_DATASET, value_kind_dataset)                                                                     \
    X(VALUE_NORMALIZATION, value_kind_normalization)                                                         \
    X(VALUE_LOSS, value_kind_loss)                                                                           \
    X(VALUE_AUGMENTATION, value_kind_augmentation)                                                           \
    X(VALUE_OPTION, value_kind_option)                                                                       \
    X(VALUE_SETTING, value_kind_setting)                                                                     \
    X(VALUE_THEME, value_kind_theme)                                                                         \
    X(VALUE_TOPIC, value_kind_topic)                                                                         \
    X(VALUE_TARGET, value_kind_target)                                                                       \
    X(VALUE_RATIO, value_kind_ratio)                                                                         \
    X(VALUE_RECIPE, value_kind_recipe)                                                                       \
    X(VALUE_OTHER, value_kind_other)                                                                         \
    X(VALUE_LOG, value_kind_log)                                                                             \
    X(VALUE_TEXT, value_kind_text)                                                                           \
    X(VALUE_ALIAS, value_kind_alias)

enum value_kind {
#define VALUE_ENUM(code, row) code,
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
    double low, high; /* numbers: the range, inclusive; INFINITY allows "inf" */
    const char *(*choice)(
        int index);      /* VALUE_CHOICE: the names; else words that would be right; NULL past the end */
    const char *initial; /* default as text, NULL where there is none */
    const char *help;    /* one line without a full stop */
};
/* The end of a list of them. */
#define PARAMETER_END                                                                                        \
    {                                                                                                        \
        .name = NULL                                                                                         \
    }

enum { VALUE_TEXT_SIZE = 160 };

/* A checked value. Plain, copied freely. */
struct setting_value {
    char text[VALUE_TEXT_SIZE]; /* as typed */
    double real;                /* VALUE_REAL; VALUE_AMOUNT, a share of one where integer is 1 */
    int64_t
        integer; /* VALUE_INTEGER; 0 or 1 of VALUE_BOOLEAN; index of VALUE_CHOICE, of VALUE_LOSS's words */
};

/* How help writes the parameter's value: "yes|no", "floor|prune-floor", "N", "CRITERIA". Appended to `text`.
 */
struct text;
void parameter_add_values(const struct parameter *parameter, struct text *text);
/* What is expected, in words: "a number from 0 to 1", "yes or no"; nothing for names and files. */
void parameter_add_expected(const struct parameter *parameter, struct text *text);

/* What it is, and with `values` what is expected and what it is without one: "bins of a histogram (a whole
 * number from 1 to 200, or auto; default auto)". */
void parameter_add_help(const struct parameter *parameter, bool values, struct text *text);

/* What there is that a text may name. Of what is NULL nothing is known: then every name will do. */
struct layers;
struct aliases;
struct session;
struct value_scope {
    const struct layers *layers;
    /* Labels of criteria that are scored, NULL past the end. */
    const char *(*label)(const struct value_scope *scope, int index);
    const void *board; /* whatever `label` looks at */
    const struct aliases *aliases;
    const struct session *session;                           /* that it was made of, */
    void (*bring_networks)(const struct value_scope *scope); /* and how it sees to the networks there are */
};

/* Check a text against a parameter. The message names the parameter, the text and what was expected. */
status value_parse(const struct parameter *parameter, struct value_scope scope, const char *text,
                   struct setting_value *value, struct error *error);
/* Words that would be right here, for completion and for the nearest word. Nothing for numbers and files. */
void value_words(const struct parameter *parameter, struct value_scope scope, struct word_list *list);

#endif
