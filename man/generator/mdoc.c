/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Escaping and filling. */
#include "mdoc.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum { LINE_WIDTH = 76 };

/* How a character is written; NULL: as it is. */
static const char *escape(char c)
{
    static const struct {
        char character;
        const char *escaped;
    } table[] = {{'\\', "\\e"},   {'-', "\\-"},   {'~', "\\(ti"}, {'^', "\\(ha"},
                 {'\'', "\\(aq"}, {'`', "\\(ga"}, {'"', "\\(dq"}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (table[i].character == c)
            return table[i].escaped;
    }
    return NULL;
}

static void put_escaped(FILE *file, char c)
{
    if (escape(c))
        fputs(escape(c), file);
    else
        fputc(c, file);
}

void mdoc_text(FILE *file, const char *text)
{
    if (*text && strchr(".?!,;:()[]|", *text))
        fputs("\\&", file); /* else a request, or punctuation that a macro sets apart */
    for (; *text; text++)
        put_escaped(file, *text);
}

void mdoc_argument(FILE *file, const char *text)
{
    fputc('"', file);
    mdoc_text(file, text);
    fputc('"', file);
}

/* Does the word end a sentence that the next word's capital confirms? */
static bool ends_sentence(const char *word, size_t length, const char *next)
{
    while (length && strchr(")\"'", word[length - 1]))
        length--;
    return length && strchr(".?!", word[length - 1]) && isupper((unsigned char)*next);
}

/* Words whose hyphen is one in prose keep it; those that look like code get minus signs. */
static bool looks_like_code(const char *word, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (strchr("=/|*~_\\", word[i]))
            return true;
    }
    return *word == '-';
}

/* Bytes that the word takes in the output. */
static size_t written_length(const char *word, size_t length)
{
    size_t bytes = 2;
    for (size_t i = 0; i < length; i++)
        bytes += escape(word[i]) ? strlen(escape(word[i])) : 1;
    return bytes;
}

static void put_word(FILE *file, const char *word, size_t length)
{
    bool code = looks_like_code(word, length);
    if (*word == '.' || *word == '\'')
        fputs("\\&", file);
    for (size_t i = 0; i < length; i++) {
        if (word[i] == '-' && !code)
            fputc('-', file);
        else
            put_escaped(file, word[i]);
    }
}

static void fill(FILE *file, const char *text, size_t bytes)
{
    size_t column = 0;
    for (const char *end = text + bytes; text < end;) {
        size_t length = strcspn(text, " ");
        if (length > (size_t)(end - text))
            length = (size_t)(end - text);
        size_t written = written_length(text, length);
        if (column && column + 1 + written > LINE_WIDTH) {
            fputc('\n', file);
            column = 0;
        }
        if (column) {
            fputc(' ', file);
            column++;
        }
        put_word(file, text, length);
        column += written;
        const char *word = text;
        text += length;
        while (text < end && *text == ' ')
            text++;
        if (text < end && ends_sentence(word, length, text)) {
            fputc('\n', file);
            column = 0;
        }
    }
    fputc('\n', file);
}

void mdoc_paragraphs(FILE *file, const char *text)
{
    while (*text) {
        const char *end = strstr(text, "\n\n");
        fill(file, text, end ? (size_t)(end - text) : strlen(text));
        if (!end)
            return;
        fputs(".Pp\n", file);
        text = end + 2;
    }
}
