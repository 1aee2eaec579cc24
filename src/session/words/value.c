/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of kinds of values. */
#include "session/words/value.h"

#include <string.h>

#include "base/text.h"
#include "session/words/value_row.h"

const struct value_row *value_row_of(enum value_kind kind)
{
    static const struct value_row *const rows[] = {
#define VALUE_ROW(code, row) &row,
        VALUE_LIST(VALUE_ROW)
#undef VALUE_ROW
    };
    return rows[kind];
}

status value_refuse(const struct value_check *check, struct error *error)
{
    struct text expected = {0};
    struct word_list words = {0};
    parameter_add_expected(check->parameter, &expected);
    value_words(check->parameter, check->scope, &words);
    status code = error_set(error, STATUS_RANGE, "%s: '%s' is not %s%s", check->parameter->name, check->text,
                            text_data(&expected), word_list_hint(&words, check->text));
    word_list_free(&words);
    text_free(&expected);
    return code;
}

status value_parse(const struct parameter *parameter, struct value_scope scope, const char *text,
                   struct setting_value *value, struct error *error)
{
    *value = (struct setting_value){0};
    const struct value_row *row = value_row_of(parameter->kind);
    size_t length = strlen(text);
    if (length >= VALUE_TEXT_SIZE && !row->long_text)
        return error_set(error, STATUS_RANGE, "%s: '%.40s...' is too long", parameter->name, text);
    memcpy(value->text, text, length < VALUE_TEXT_SIZE ? length : VALUE_TEXT_SIZE - 1);
    struct value_check check = {parameter, scope, text, value};
    return row->check(&check, error);
}

void value_words(const struct parameter *parameter, struct value_scope scope, struct word_list *list)
{
    const struct value_row *row = value_row_of(parameter->kind);
    if (parameter->flags & PARAMETER_AUTO)
        word_list_add(list, "auto");
    for (int i = 0; i < VALUE_WORDS && row->words[i]; i++)
        word_list_add(list, row->words[i]);
    for (int i = 0; parameter->choice && parameter->choice(i); i++)
        word_list_add(list, parameter->choice(i));
    for (int i = 0; row->word && row->word(i); i++)
        word_list_add(list, row->word(i));
    if (row->add_words)
        row->add_words(scope, list);
}

void parameter_add_values(const struct parameter *parameter, struct text *text)
{
    if (parameter->kind != VALUE_CHOICE) {
        text_add(text, value_row_of(parameter->kind)->name);
        return;
    }
    for (int i = 0; parameter->choice(i); i++)
        text_add_format(text, "%s%s", i ? "|" : "", parameter->choice(i));
}

void parameter_add_expected(const struct parameter *parameter, struct text *text)
{
    const struct value_row *row = value_row_of(parameter->kind);
    if (row->expected)
        text_add(text, row->expected);
    else if (row->add_expected)
        row->add_expected(parameter, text);
}

void parameter_add_help(const struct parameter *parameter, bool values, struct text *text)
{
    struct text expected = {0};
    text_add(text, parameter->help);
    if (values)
        parameter_add_expected(parameter, &expected);
    if (values && parameter->initial)
        text_add_format(&expected, "%sdefault %s", expected.length ? "; " : "", parameter->initial);
    if (expected.length)
        text_add_format(text, " (%s)", text_data(&expected));
    text->failed |= expected.failed;
    text_free(&expected);
}
