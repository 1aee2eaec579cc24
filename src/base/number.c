/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers to text and back, whatever the locale says about decimal points. */
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <float.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_SIZE = 400 }; /* the largest double in %f has 309 digits */

static locale_t c_locale;

static void make_c_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0); /* glibc has it built in: no memory is taken */
}

/* The "C" locale; made once. Should it fail, the current locale is used. */
static locale_t numeric_locale(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_c_locale);
    return c_locale;
}

static double read_double(const char *string, char **end)
{
    locale_t numeric = numeric_locale();
    return numeric ? strtod_l(string, end, numeric) : strtod(string, end);
}

__attribute__((format(printf, 2, 3))) static void print_number(char out[NUMBER_SIZE], const char *format, ...)
{
    locale_t numeric = numeric_locale();
    locale_t before = numeric ? uselocale(numeric) : (locale_t)0;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(out, NUMBER_SIZE, format, arguments);
    va_end(arguments);
    if (numeric)
        uselocale(before);
}

bool text_to_double(const char *string, double *value)
{
    const char *start = string + (string[0] == '-' || string[0] == '+');
    bool infinite = strcmp(start, "inf") == 0 || strcmp(start, "infinity") == 0;
    /* Only plain decimal forms: no leading blanks, hexadecimal or NaN, which strtod would take. */
    if (!infinite && start[strspn(start, "0123456789.eE+-%")] != '\0')
        return false;
    char *end;
    double result = read_double(string, &end);
    if (end == string || (isinf(result) && !infinite))
        return false;
    if (*end == '%' && !infinite) {
        result /= 100;
        end++;
    }
    if (*end != '\0')
        return false;
    *value = result;
    return true;
}

bool text_to_integer(const char *string, int64_t *value)
{
    const char *start = string + (string[0] == '-' || string[0] == '+');
    if (start[0] == '\0' || start[strspn(start, "0123456789")] != '\0')
        return false;
    errno = 0;
    long long result = strtoll(string, NULL, 10);
    if (errno != 0)
        return false;
    *value = result;
    return true;
}

/* "nan" and "inf" have no other form; true when the value was one of them. */
static bool add_not_finite(struct text *text, double value)
{
    if (isfinite(value))
        return false;
    text_add(text, isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
    return true;
}

void text_add_double(struct text *text, double value)
{
    char number[NUMBER_SIZE];
    if (add_not_finite(text, value))
        return;
    /* Every decimal of up to 15 digits survives the way through a normal double, so 15 is where to begin;
     * below the normal numbers fewer digits may do. */
    int digits = fabs(value) < DBL_MIN ? 1 : DBL_DIG;
    do
        print_number(number, "%.*g", digits, value);
    while (read_double(number, NULL) != value && ++digits <= DBL_DECIMAL_DIG);
    text_add(text, number);
}

void text_add_rounded(struct text *text, double value, int digits)
{
    char number[NUMBER_SIZE];
    if (add_not_finite(text, value))
        return;
    digits = digits < 1 ? 1 : digits > DBL_DECIMAL_DIG ? DBL_DECIMAL_DIG : digits;
    print_number(number, "%#.*g", digits, value);
    /* '#' keeps trailing zeros, but also a point with nothing behind it. */
    char *point = strchr(number, '.');
    if (point && !isdigit((unsigned char)point[1]))
        memmove(point, point + 1, strlen(point));
    text_add(text, number);
}

void text_add_thousands(struct text *text, int64_t value)
{
    char digits[24];
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)magnitude);
    if (value < 0)
        text_add(text, "-");
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            text_add(text, ",");
        text_add_bytes(text, &digits[i], 1);
    }
}

/* Significant digits spent as decimals, for a value of which |value| < 1000. */
static int decimals_for(double value, int digits)
{
    double magnitude = fabs(value);
    int before = magnitude >= 100 ? 3 : magnitude >= 10 ? 2 : 1;
    return digits > before ? digits - before : 0;
}

void text_add_si(struct text *text, double value, int digits)
{
    static const char *const units[] = {"", " k", " M", " G", " T", " P", " E"};
    const size_t last = sizeof units / sizeof *units - 1;
    char number[NUMBER_SIZE];
    if (add_not_finite(text, value))
        return;
    digits = digits < 1 ? 1 : digits > DBL_DECIMAL_DIG ? DBL_DECIMAL_DIG : digits;
    size_t unit = 0;
    for (; unit < last && fabs(value) >= 1000; unit++)
        value /= 1000;
    if (unit == 0 && value == floor(value)) {
        print_number(number, "%.0f", value); /* a count: 512, not 512.0 */
    } else {
        print_number(number, "%.*f", decimals_for(value, digits), value);
        /* 999,999 is 1.000 M, not 1000 k */
        if (unit < last && fabs(read_double(number, NULL)) >= 1000) {
            value /= 1000;
            unit++;
            print_number(number, "%.*f", decimals_for(value, digits), value);
        }
    }
    text_add(text, number);
    text_add(text, units[unit]);
}

void text_add_duration(struct text *text, double seconds)
{
    if (!(seconds >= 0 && seconds < 1e15)) {
        text_add(text, "-:--");
        return;
    }
    int64_t whole = (int64_t)(seconds + 0.5);
    long long hours = (long long)(whole / 3600);
    int minutes = (int)(whole / 60 % 60), rest = (int)(whole % 60);
    if (hours > 0)
        text_add_format(text, "%lld:%02d:%02d", hours, minutes, rest);
    else
        text_add_format(text, "%d:%02d", minutes, rest);
}
