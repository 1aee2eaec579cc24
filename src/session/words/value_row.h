/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A kind of value is one row: how its texts are checked, and which words would be right. The rows stand in
 * value_number.c, value_layer.c and value_name.c beside their functions. */
#ifndef IPPRO_SESSION_WORDS_VALUE_ROW_H
#define IPPRO_SESSION_WORDS_VALUE_ROW_H

#include "session/words/value.h"

struct text;

/* A text that is checked; `value` has its text already. */
struct value_check {
    const struct parameter *parameter;
    struct value_scope scope;
    const char *text;
    struct setting_value *value;
};

enum { VALUE_WORDS = 3, VALUE_EXTENSIONS = 9 };

struct value_row {
    const char *name;    /* how help writes it */
    bool long_text;      /* may be longer than a value keeps: commands read it from the statement */
    bool list;           /* words separated by commas */
    bool file;           /* the name of a file, */
    const char *no_file; /* unless it is this word, or in a table of words; NULL: every text is one */
    const char
        *extensions[VALUE_EXTENSIONS]; /* of files: how the fitting ones end, ended likewise; none: all fit */
    const char *expected; /* what a text should be, in words; NULL: add_expected tells, if anything does */
    const char *words[VALUE_WORDS]; /* that would be right, ended by NULL if there is room, */
    const char *(*word)(int index); /* or in a table; NULL past the end */
    status (*check)(const struct value_check *check, struct error *error);
    void (*add_expected)(const struct parameter *parameter, struct text *text);
    void (*add_words)(struct value_scope scope, struct word_list *list); /* of what there is; may be NULL */
};
const struct value_row *value_row_of(enum value_kind kind);

#define VALUE_ROW(code, row) extern const struct value_row row;
VALUE_LIST(VALUE_ROW)
#undef VALUE_ROW

/* For check functions: "NAME: 'TEXT' is not EXPECTED", with the nearest word. */
status value_refuse(const struct value_check *check, struct error *error);

#endif
