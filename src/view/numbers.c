/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers for people and the ticks of axes. */
#include "view/numbers.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NUMBER_SIZE = 64, MOST_DIGITS = 17 };

static int clamp_int(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

static bool add_not_finite(struct text *text, double value)
{
    if (isfinite(value))
        return false;
    text_add(text, isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
    return true;
}

/* printf writes the locale's decimal point: whatever is no part of a number in the C locale becomes ".". */
static void add_printed(struct text *text, const char *printed)
{
    bool in_point = false;
    for (const char *at = printed; *at; at++) {
        bool ours = strchr("0123456789+-e", *at) != NULL;
        if (ours)
            text_add_bytes(text, at, 1);
        else if (!in_point)
            text_add(text, ".");
        in_point = !ours;
    }
}

static void add_exponential(struct text *text, double value, int decimals)
{
    char printed[NUMBER_SIZE];
    snprintf(printed, sizeof printed, "%.*e", decimals, value);
    char *exponent = strchr(printed, 'e');
    int power = 0;
    if (exponent)
        sscanf(exponent + 1, "%d", &power);
    if (exponent)
        *exponent = '\0';
    add_printed(text, printed);
    text_add_format(text, "e%d", power); /* "e-7", not "e-07" */
}

void number_add_fixed(struct text *text, double value, int decimals)
{
    char printed[NUMBER_SIZE];
    decimals = clamp_int(decimals, 0, MOST_DIGITS);
    if (add_not_finite(text, value))
        return;
    if (fabs(value) >= 1e9) {
        add_exponential(text, value, 3);
        return;
    }
    snprintf(printed, sizeof printed, "%.*f", decimals, value);
    bool nothing = strspn(printed, "-0.,") == strlen(printed);
    add_printed(text, nothing && printed[0] == '-' ? printed + 1 : printed); /* no "-0.00" */
}

/* Decimal exponent that the value has when rounded to the given significant digits. */
static int exponent_of(double value, int digits)
{
    char printed[NUMBER_SIZE];
    int power = 0;
    snprintf(printed, sizeof printed, "%.*e", digits - 1, value);
    const char *exponent = strchr(printed, 'e');
    if (exponent)
        sscanf(exponent + 1, "%d", &power);
    return power;
}

void number_add_real(struct text *text, double value, int digits)
{
    digits = clamp_int(digits, 1, MOST_DIGITS);
    if (add_not_finite(text, value))
        return;
    if (value == 0) {
        text_add(text, "0");
        return;
    }
    int power = exponent_of(value, digits);
    if (power < -4 || power >= 7)
        add_exponential(text, value, digits - 1);
    else
        number_add_fixed(text, value, clamp_int(digits - 1 - power, 0, MOST_DIGITS + 4));
}

void number_add_trimmed(struct text *text, double value, int digits)
{
    size_t start = text->length;
    number_add_real(text, value, digits);
    if (text->failed)
        return;
    char *number = text->data + start, *end = strchr(number, 'e');
    if (!strchr(number, '.'))
        return;
    if (!end)
        end = number + strlen(number);
    char *last = end;
    while (last[-1] == '0')
        last--;
    if (last[-1] == '.')
        last--;
    memmove(last, end, strlen(end) + 1);
    text->length -= (size_t)(end - last);
}

/* Counts: 853,018. Numbers that are no integers below 2^53 are shown as reals. */
static void number_add_integer(struct text *text, double value)
{
    const double exact = 9007199254740992.0; /* 2^53 */
    if (add_not_finite(text, value))
        return;
    if (value == rint(value) && fabs(value) <= exact)
        text_add_thousands(text, (int64_t)value);
    else
        number_add_real(text, value, 6);
}

void number_add_count(struct text *text, int64_t count)
{
    static const struct {
        int64_t size;
        const char *unit;
    } units[] = {{INT64_C(1000000000000), "T"}, {1000000000, "G"}, {1000000, "M"}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (count < units[i].size)
            continue;
        double scaled = (double)count / (double)units[i].size;
        number_add_fixed(text, scaled, scaled == rint(scaled) ? 0 : scaled < 10 ? 2 : 1);
        text_add(text, units[i].unit);
        return;
    }
    text_add_thousands(text, count);
}

void number_add_cell(struct text *text, const struct figure_column *column, const struct figure_cell *cell)
{
    if (cell->missing) {
        text_add(text, "–");
        return;
    }
    if (cell->text) {
        text_add(text, cell->text);
        return;
    }
    switch (column->kind) {
    case COLUMN_INTEGER:
        number_add_integer(text, cell->number);
        break;
    case COLUMN_PERCENT:
        number_add_fixed(text, 100 * cell->number, column->digits);
        if (isfinite(cell->number))
            text_add(text, "%");
        break;
    case COLUMN_BAR:
        number_add_fixed(text, 100 * cell->number, 0);
        if (isfinite(cell->number))
            text_add(text, "%");
        break;
    case COLUMN_TEXT:
    case COLUMN_REAL:
        number_add_real(text, cell->number, column->digits > 0 ? column->digits : 6);
        break;
    }
}

double scale_place(const struct figure_matrix *matrix, double value)
{
    double range = matrix->high - matrix->low;
    if (isnan(value) || !(range > 0) || !isfinite(range))
        return NAN;
    double place = (value - matrix->low) / range;
    return place < 0 ? 0 : place > 1 ? 1 : place;
}

unsigned char scale_level(const struct figure_matrix *matrix, double value)
{
    double place = scale_place(matrix, value);
    bool both = matrix->low < 0 && matrix->high > 0;
    return isnan(place) ? 0 : (unsigned char)(both ? 1 + lround(place * 254) : 128 + lround(place * 127));
}

void number_add_value(struct text *text, const struct figure_matrix *matrix, double value)
{
    if (isnan(value))
        text_add(text, "–");
    else
        number_add_fixed(text, matrix->percent ? 100 * value : value, matrix->digits);
}

void number_add_scale_end(struct text *text, const struct figure_matrix *matrix, double value)
{
    number_add_trimmed(text, matrix->percent ? 100 * value : value, 3);
    if (matrix->percent && isfinite(value))
        text_add(text, "%");
}
