/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text: a growing buffer, UTF-8, escaping of what comes from files, numbers, globs, nearest words. */
#ifndef IPPRO_BASE_TEXT_H
#define IPPRO_BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A growing, always NUL-terminated string. Initialise with `struct text text = {0};`, free with text_free.
 * A failed allocation sets `failed` and later appends do nothing, so it need be checked once at the end. */
struct text {
    char *data; /* NULL only when nothing was ever appended; use text_data() */
    size_t length, capacity;
    bool failed;
};

const char *text_data(const struct text *text); /* never NULL */
void text_free(struct text *text);
void text_clear(struct text *text);
void text_add(struct text *text, const char *string);
void text_add_bytes(struct text *text, const char *bytes, size_t count);
void text_add_format(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_add_repeated(struct text *text, const char *glyph, int times);
/* Append valid UTF-8 that cannot do harm on a terminal: control characters, bidirectional controls and
 * invalid bytes become \xNN or \u{NNNN}; when width > 0 the result is cut to that many columns, with "…" at
 * its end. */
void text_add_escaped(struct text *text, const char *string, int width);
/* The same for a text of lines, of any bytes: line ends and tabs stay. */
void text_add_lines_escaped(struct text *text, const char *bytes, size_t count);
/* The same for one character, without allocation: writes it or its escape to `glyph` and returns the bytes it
 * took from `string`, 0 at its end. */
enum { TEXT_ESCAPE_SIZE = 12 };
int text_escape(const char *string, char glyph[TEXT_ESCAPE_SIZE]);

/* Decode one character at `string`; returns its bytes (1 for an invalid byte, then *code is -1), 0 at NUL. */
int utf8_decode(const char *string, int32_t *code);
int utf8_encode(int32_t code, char out[5]);
bool utf8_valid(const char *string, size_t bytes);
int utf8_width(const char *string); /* columns on a terminal: combining 0, East Asian wide 2 */

/* Whole-string number parsing, independent of the locale. "1e-3", "inf" and "10%" (which is 0.10) are
 * understood; false on rest, empty text or overflow. NaN is refused. */
bool text_to_double(const char *string, double *value);
bool text_to_integer(const char *string, int64_t *value);

/* Shortest decimal that reads back as exactly the same double ("0.1", "1e-300", "nan", "inf"). */
void text_add_double(struct text *text, double value);
/* For people: `digits` significant digits, trailing zeros kept; alignment is the caller's matter. */
void text_add_rounded(struct text *text, double value, int digits);
/* 853,018 */
void text_add_thousands(struct text *text, int64_t value);
/* 125.49 M, 4.089 G, 512 */
void text_add_si(struct text *text, double value, int digits);
/* 0:07, 12:34, 1:02:03 */
void text_add_duration(struct text *text, double seconds);

/* Shell-like pattern: * ? [abc] [a-z] [!a-z]; dots are ordinary characters. Linear in pattern * name, no
 * recursion. */
bool glob_match(const char *pattern, const char *name);
bool glob_is_pattern(const char *pattern);
/* The pattern that nothing but this name matches. */
void text_add_glob(struct text *text, const char *name);

/* The word of the list nearest to `word` by edit distance (transpositions count one), or NULL when none is
 * near enough to be meant. Words over 128 bytes are never near. */
const char *nearest_word(const char *word, const char *const *words, size_t count);

#endif
