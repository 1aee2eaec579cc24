/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kinds of values: numbers, and what may stand for them. */
#include <math.h>
#include <string.h>

#include "base/status.h"
#include "base/text.h"
#include "data/sampler.h"
#include "session/words/value.h"
#include "session/words/value_row.h"

static bool in_range(const struct parameter *parameter, double number)
{
    return (parameter->flags & PARAMETER_OPEN_LOW ? number > parameter->low : number >= parameter->low) &&
           number <= parameter->high;
}

static status check_integer(const struct value_check *check, struct error *error)
{
    int64_t *number = &check->value->integer;
    if ((check->parameter->flags & PARAMETER_AUTO) && strcmp(check->text, "auto") == 0)
        *number = 0;
    else if (!text_to_integer(check->text, number) || !in_range(check->parameter, (double)*number))
        return value_refuse(check, error);
    return STATUS_OK;
}

static status check_real(const struct value_check *check, struct error *error)
{
    if (!text_to_double(check->text, &check->value->real) || !in_range(check->parameter, check->value->real))
        return value_refuse(check, error);
    return STATUS_OK;
}

static void add_number(const struct parameter *parameter, struct text *text)
{
    text_add(text, parameter->kind == VALUE_INTEGER ? "a whole number" : "a number");
    text_add(text, parameter->flags & PARAMETER_OPEN_LOW ? " over " : " from ");
    text_add_double(text, parameter->low);
    text_add(text, isinf(parameter->high) ? ", or inf" : " to ");
    if (!isinf(parameter->high))
        text_add_double(text, parameter->high);
    if (parameter->flags & PARAMETER_AUTO)
        text_add(text, ", or auto");
}

const struct value_row value_kind_integer = {
    .name = "N",
    .check = check_integer,
    .add_expected = add_number,
};

const struct value_row value_kind_real = {
    .name = "X",
    .check = check_real,
    .add_expected = add_number,
};

static status check_boolean(const struct value_check *check, struct error *error)
{
    static const char *const words[] = {"no", "yes", "off", "on", "false", "true", "0", "1"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(check->text, words[i]) == 0) {
            check->value->integer = (int64_t)(i & 1);
            strcpy(check->value->text, words[i & 1]); /* shown as yes or no, however it was typed */
            return STATUS_OK;
        }
    }
    return value_refuse(check, error);
}

static status check_extent(const struct value_check *check, struct error *error)
{
    const char *by = strchr(check->text, 'x');
    (void)error;
    return *check->text >= '1' && *check->text <= '9' && (!by || (by[1] >= '1' && by[1] <= '9'))
               ? STATUS_OK
               : value_refuse(check, error);
}

const struct value_row value_kind_extent = {
    .name = "SIZE|HxW",
    .expected = "a number of pixels, or height and width as in 224x320",
    .check = check_extent,
};

const struct value_row value_kind_boolean = {
    .name = "yes|no",
    .expected = "yes or no",
    .words = {"yes", "no"},
    .check = check_boolean,
};

static status check_size(const struct value_check *check, struct error *error)
{
    struct sample_options sample = {0};
    struct error inner = {0};
    if (sample_parse_size(check->text, &sample, &inner) == STATUS_OK)
        return STATUS_OK;
    return value_refuse(check, error);
}

const struct value_row value_kind_size = {
    .name = "SIZE",
    .expected = "a number of images (500), a share (5%), or all",
    .words = {"all"},
    .check = check_size,
};

/* "50%" is a share; 62.7M and 62700000 are amounts. */
static status check_amount(const struct value_check *check, struct error *error)
{
    static const struct {
        char letter;
        double factor;
    } suffixes[] = {{'k', 1e3}, {'M', 1e6}, {'G', 1e9}, {'T', 1e12}};
    char digits[VALUE_TEXT_SIZE];
    size_t length = strlen(check->text);
    double factor = 1;
    if (length == 0 || length >= sizeof digits)
        return value_refuse(check, error);
    memcpy(digits, check->text, length + 1);
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
        if (digits[length - 1] == suffixes[i].letter)
            factor = suffixes[i].factor;
    if (factor > 1)
        digits[length - 1] = '\0';
    check->value->integer = digits[length - 1] == '%';
    if (!text_to_double(digits, &check->value->real) || !(check->value->real > 0) ||
        isinf(check->value->real * factor))
        return value_refuse(check, error);
    check->value->real *= factor;
    return STATUS_OK;
}

const struct value_row value_kind_amount = {
    .name = "AMOUNT",
    .expected = "a share of what there is (50%), or an amount (62.7M, 400k)",
    .check = check_amount,
};

static status check_ratio(const struct value_check *check, struct error *error)
{
    if (strcmp(check->text, "none") == 0 || strcmp(check->text, "keep") == 0)
        return STATUS_OK;
    if (!text_to_double(check->text, &check->value->real) || check->value->real < 0 || check->value->real > 1)
        return value_refuse(check, error);
    return STATUS_OK;
}

const struct value_row value_kind_ratio = {
    .name = "RATIO",
    .expected = "a number from 0 to 1, or none, or keep",
    .words = {"none", "keep"},
    .check = check_ratio,
};
