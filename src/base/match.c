/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding names: shell-like patterns and the word that was probably meant. */
#include "base/text.h"

#include <ctype.h>
#include <string.h>

/* The end of a set "[...]" (behind its ']'), or NULL when it is never closed and '[' stands for itself. */
static const char *set_end(const char *set)
{
    const char *at = set + 1;
    if (*at == '!' || *at == '^')
        at++;
    if (*at == ']')
        at++; /* a ']' in first place is a member */
    at = strchr(at, ']');
    return at ? at + 1 : NULL;
}

static bool set_has(const char *set, const char *end, int32_t code)
{
    const char *at = set + 1;
    bool negated = *at == '!' || *at == '^';
    bool found = false;
    at += negated;
    while (at < end - 1) {
        int32_t low, high;
        at += utf8_decode(at, &low);
        high = low;
        if (at[0] == '-' && at + 1 < end - 1)
            at += 1 + utf8_decode(at + 1, &high);
        found |= low <= code && code <= high;
    }
    return found != negated;
}

/* Match one element of the pattern that is no star against one character: moves both on when they match. */
static bool match_one(const char **pattern, const char **name)
{
    int32_t wanted, code;
    const char *end = **pattern == '[' ? set_end(*pattern) : NULL;
    int used = utf8_decode(*name, &code);
    int step = utf8_decode(*pattern, &wanted);
    bool matched;
    if (end) {
        matched = set_has(*pattern, end, code);
        step = (int)(end - *pattern);
    } else if (wanted == '?') {
        matched = true;
    } else {
        matched = used == step && memcmp(*name, *pattern, (size_t)used) == 0;
    }
    if (matched) {
        *pattern += step;
        *name += used;
    }
    return matched;
}

bool glob_match(const char *pattern, const char *name)
{
    /* Only the last star ever needs to be tried again: an earlier one already took the least it could. */
    const char *after_star = NULL, *retry = NULL;
    while (*name) {
        if (*pattern == '*') {
            after_star = ++pattern;
            retry = name;
        } else if (*pattern && match_one(&pattern, &name)) {
            continue;
        } else if (after_star) {
            int32_t code;
            retry += utf8_decode(retry, &code);
            pattern = after_star;
            name = retry;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

bool glob_is_pattern(const char *pattern)
{
    return strpbrk(pattern, "*?[") != NULL;
}

void text_add_glob(struct text *text, const char *name)
{
    for (; *name; name++)
        text_add_format(text, strchr("*?[", *name) ? "[%c]" : "%c", *name);
}

enum { LONGEST_WORD = 128 };

static int lower(char character)
{
    return tolower((unsigned char)character);
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* Edit distance of a and b (optimal string alignment): insert, delete, replace and swap of neighbours count
 * one, letter case counts nothing. Three rows of the table are enough. */
static int edit_distance(const char *a, int a_length, const char *b, int b_length)
{
    int rows[3][LONGEST_WORD + 1];
    for (int j = 0; j <= b_length; j++)
        rows[0][j] = j;
    for (int i = 1; i <= a_length; i++) {
        int *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
        row[0] = i;
        for (int j = 1; j <= b_length; j++) {
            bool same = lower(a[i - 1]) == lower(b[j - 1]);
            row[j] = smaller(above[j - 1] + !same, smaller(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]))
                row[j] = smaller(row[j], above2[j - 2] + 1);
        }
    }
    return rows[a_length % 3][b_length];
}

const char *nearest_word(const char *word, const char *const *words, size_t count)
{
    size_t length = strnlen(word, LONGEST_WORD + 1);
    if (length == 0 || length > LONGEST_WORD)
        return NULL;
    /* One typing error in three letters, and never all of a short word. */
    int best = (length < 3 ? 1 : (int)length / 3) + 1;
    const char *nearest = NULL;
    for (size_t i = 0; i < count; i++) {
        size_t other = strnlen(words[i], LONGEST_WORD + 1);
        size_t difference = other > length ? other - length : length - other;
        if (other > LONGEST_WORD || difference >= (size_t)best)
            continue;
        int distance = edit_distance(word, (int)length, words[i], (int)other);
        if (distance < best && distance < (int)(length > other ? length : other)) {
            best = distance;
            nearest = words[i];
        }
    }
    return nearest;
}
