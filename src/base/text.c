/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The growing buffer, UTF-8 and the escaping of what comes from files. Numbers are in number.c, patterns and
 * nearest words in match.c. */
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include "base/memory.h"

const char *text_data(const struct text *text)
{
    return text->data ? text->data : "";
}

void text_free(struct text *text)
{
    mem_free(text->data);
    *text = (struct text){0};
}

void text_clear(struct text *text)
{
    text->length = 0;
    text->failed = false;
    if (text->data)
        text->data[0] = '\0';
}

/* Make room for `more` bytes and the NUL. */
static bool text_reserve(struct text *text, size_t more)
{
    if (text->failed)
        return false;
    size_t needed;
    if (__builtin_add_overflow(text->length, more, &needed) || __builtin_add_overflow(needed, 1, &needed) ||
        !mem_grow(&text->data, &text->capacity, needed, 1))
        text->failed = true;
    return !text->failed;
}

void text_add_bytes(struct text *text, const char *bytes, size_t count)
{
    if (!text_reserve(text, count))
        return;
    if (count > 0)
        memcpy(text->data + text->length, bytes, count);
    text->length += count;
    text->data[text->length] = '\0';
}

void text_add(struct text *text, const char *string)
{
    text_add_bytes(text, string, strlen(string));
}

void text_add_format(struct text *text, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    if (length < 0) {
        text->failed = true;
    } else if (text_reserve(text, (size_t)length)) {
        vsnprintf(text->data + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
    va_end(arguments);
}

void text_add_repeated(struct text *text, const char *glyph, int times)
{
    size_t length = strlen(glyph), bytes;
    if (times <= 0)
        return;
    if (!size_multiply(length, (size_t)times, &bytes) || !text_reserve(text, bytes)) {
        text->failed = true;
        return;
    }
    for (int i = 0; i < times; i++)
        text_add_bytes(text, glyph, length);
}

int utf8_decode(const char *string, int32_t *code)
{
    static const int32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000}; /* below: an overlong form */
    const unsigned char *bytes = (const unsigned char *)string;
    if (bytes[0] < 0x80) {
        *code = bytes[0];
        return bytes[0] != 0;
    }
    int length = bytes[0] >= 0xF8   ? 0
                 : bytes[0] >= 0xF0 ? 4
                 : bytes[0] >= 0xE0 ? 3
                 : bytes[0] >= 0xC0 ? 2
                                    : 0;
    int32_t value = length ? bytes[0] & (0xFF >> (length + 1)) : 0;
    for (int i = 1; i < length; i++) {
        if ((bytes[i] & 0xC0) != 0x80) { /* also stops at the NUL */
            length = 0;
            break;
        }
        value = value << 6 | (bytes[i] & 0x3F);
    }
    bool surrogate = value >= 0xD800 && value <= 0xDFFF;
    if (length == 0 || value < smallest[length] || value > 0x10FFFF || surrogate) {
        *code = -1;
        return 1;
    }
    *code = value;
    return length;
}

int utf8_encode(int32_t code, char out[5])
{
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    if (code < 0 || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
        code = 0xFFFD; /* the replacement character */
    int length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (int i = length - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (code & 0x3F));
        code >>= 6;
    }
    out[0] = (char)(lead[length] | code);
    out[length] = '\0';
    return length;
}

bool utf8_valid(const char *string, size_t bytes)
{
    for (size_t at = 0; at < bytes;) {
        size_t left = bytes - at;
        char last[5] = {0}; /* near the end, decode a copy that has a NUL behind it */
        memcpy(last, string + at, left < 4 ? left : 4);
        int32_t code;
        int used = utf8_decode(last, &code);
        if (used == 0)
            used = 1; /* a NUL inside the counted bytes is a character like any other */
        if (code < 0)
            return false;
        at += (size_t)used;
    }
    return true;
}

struct range {
    int32_t first, last;
};

static bool in_ranges(int32_t code, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count && code >= ranges[i].first; i++)
        if (code <= ranges[i].last)
            return true;
    return false;
}

/* Own tables, because wcwidth() depends on the locale. Marks and joiners that take no column: */
static const struct range zero_width[] = {
    {0x0300, 0x036F}, {0x0483, 0x0489},   {0x0591, 0x05BD},   {0x05BF, 0x05BF}, {0x05C1, 0x05C2},
    {0x0610, 0x061A}, {0x064B, 0x065F},   {0x0670, 0x0670},   {0x06D6, 0x06DC}, {0x06DF, 0x06E4},
    {0x0900, 0x0902}, {0x093C, 0x093C},   {0x0941, 0x0948},   {0x094D, 0x094D}, {0x0E31, 0x0E31},
    {0x0E34, 0x0E3A}, {0x0E47, 0x0E4E},   {0x1160, 0x11FF},   {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF},
    {0x200B, 0x200D}, {0x20D0, 0x20FF},   {0x302A, 0x302D},   {0x3099, 0x309A}, {0xFE00, 0xFE0F},
    {0xFE20, 0xFE2F}, {0x1D165, 0x1D169}, {0xE0100, 0xE01EF},
};
/* East Asian wide and full-width characters, and emoji: */
static const struct range double_width[] = {
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x2329, 0x232A},   {0x23E9, 0x23EC},   {0x25FD, 0x25FE},
    {0x2614, 0x2615},   {0x2648, 0x2653},   {0x2705, 0x2705},   {0x274C, 0x274C},   {0x2753, 0x2755},
    {0x2795, 0x2797},   {0x2B1B, 0x2B1C},   {0x2B50, 0x2B50},   {0x2E80, 0x303E},   {0x3041, 0x33FF},
    {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},   {0xA960, 0xA97F},   {0xAC00, 0xD7A3},
    {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},   {0x16FE0, 0x18AFF},
    {0x1B000, 0x1B2FF}, {0x1F004, 0x1F004}, {0x1F0CF, 0x1F0CF}, {0x1F18E, 0x1F18E}, {0x1F191, 0x1F19A},
    {0x1F200, 0x1F320}, {0x1F32D, 0x1F335}, {0x1F337, 0x1F37C}, {0x1F37E, 0x1F393}, {0x1F3A0, 0x1F3CA},
    {0x1F3E0, 0x1F3F0}, {0x1F3F8, 0x1F43E}, {0x1F440, 0x1F440}, {0x1F442, 0x1F4FC}, {0x1F4FF, 0x1F53D},
    {0x1F54B, 0x1F567}, {0x1F595, 0x1F596}, {0x1F5FB, 0x1F64F}, {0x1F680, 0x1F6C5}, {0x1F6CC, 0x1F6CC},
    {0x1F6D0, 0x1F6DF}, {0x1F6EB, 0x1F6EC}, {0x1F6F4, 0x1F6FC}, {0x1F7E0, 0x1F7EB}, {0x1F90C, 0x1F9FF},
    {0x1FA70, 0x1FAFF}, {0x20000, 0x3FFFD},
};
/* Characters that reorder, hide or break a line of text: C1 controls, soft hyphen, bidirectional and other
 * format controls, line and paragraph separators, byte order mark, interlinear and tag characters. */
static const struct range harmful[] = {
    {0x0080, 0x009F}, {0x00AD, 0x00AD}, {0x061C, 0x061C},   {0x180E, 0x180E},
    {0x200B, 0x200B}, {0x200E, 0x200F}, {0x2028, 0x202E},   {0x2060, 0x206F},
    {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F},
};

#define IN_RANGES(code, ranges) in_ranges(code, ranges, sizeof(ranges) / sizeof *(ranges))

static int code_width(int32_t code)
{
    if (code < 0x300)
        return code < 0 || (code >= 0x20 && code != 0x7F); /* an invalid byte shows as one mark */
    return IN_RANGES(code, zero_width) ? 0 : IN_RANGES(code, double_width) ? 2 : 1;
}

int utf8_width(const char *string)
{
    int width = 0;
    int32_t code;
    for (int used; (used = utf8_decode(string, &code)) > 0; string += used)
        width += code_width(code);
    return width;
}

int text_escape(const char *string, char glyph[TEXT_ESCAPE_SIZE])
{
    int32_t code;
    int used = utf8_decode(string, &code);
    if (used == 1 && (code < 0x20 || code == 0x7F)) {
        snprintf(glyph, TEXT_ESCAPE_SIZE, "\\x%02x", (unsigned)(unsigned char)string[0]);
    } else if (used > 1 && IN_RANGES(code, harmful)) {
        snprintf(glyph, TEXT_ESCAPE_SIZE, "\\u{%04x}", (unsigned)code);
    } else {
        memcpy(glyph, string, (size_t)used);
        glyph[used] = '\0';
    }
    return used;
}

void text_add_escaped(struct text *text, const char *string, int width)
{
    char glyph[TEXT_ESCAPE_SIZE];
    int columns = 0;
    size_t fits = text->length; /* the length up to which there is room for the mark behind it */
    for (int used; (used = text_escape(string, glyph)) > 0; string += used) {
        columns += utf8_width(glyph);
        if (width > 0 && columns > width) {
            if (text->failed)
                return;
            text->length = fits;
            text_add(text, "…");
            return;
        }
        text_add(text, glyph);
        if (columns < width)
            fits = text->length;
    }
    if (!text->data)
        text_add(text, ""); /* so that an empty string also leaves a valid one */
}

void text_add_lines_escaped(struct text *text, const char *bytes, size_t count)
{
    const char *end = bytes + count;
    char glyph[TEXT_ESCAPE_SIZE];
    while (bytes < end) {
        const char *start = bytes;
        while (bytes < end && ((*bytes >= ' ' && *bytes < 0x7F) || *bytes == '\n' || *bytes == '\t'))
            bytes++;
        text_add_bytes(text, start, (size_t)(bytes - start));
        if (bytes == end)
            return;
        char character[5] = {0}; /* a copy, for what follows the last byte is not the text's */
        memcpy(character, bytes, end - bytes < 4 ? (size_t)(end - bytes) : 4);
        int used = text_escape(character, glyph);
        text_add(text, used ? glyph : "\\x00");
        bytes += used ? used : 1;
    }
}
