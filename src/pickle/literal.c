/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers and texts in pickles. */
#include "pickle/literal.h"

#include <math.h>
#include <string.h>
#include "base/text.h"
#include "pickle/pickle.h"

/* --- Numbers -------------------------------------------------------------------------------------------- */

static status push_integer(struct machine *machine, enum pickle_kind kind, int64_t integer,
                           struct error *error)
{
    struct pickle_value *value;
    status code = machine_push_new(machine, kind, &value, error);
    if (code == STATUS_OK)
        value->integer = integer;
    return code;
}

static status push_large(struct machine *machine, const char *text, size_t length, struct error *error)
{
    status code = machine_push_string(machine, text, length, error);
    if (code == STATUS_OK)
        machine->stack[machine->depth - 1]->kind = PICKLE_LARGE_INTEGER;
    return code;
}

status literal_constant(struct machine *machine, int argument, struct error *error)
{
    return argument < 0 ? machine_push_new(machine, PICKLE_NONE, NULL, error)
                        : push_integer(machine, PICKLE_BOOL, argument, error);
}

/* The longest line that can be a number worth reading as one. */
enum { NUMBER_SIZE = 64 };

/* The line as a string of its own; false when it is too long for that. */
static bool copy_line(const char *line, size_t length, char copy[NUMBER_SIZE])
{
    if (length >= NUMBER_SIZE || memchr(line, '\0', length))
        return false;
    memcpy(copy, line, length);
    copy[length] = '\0';
    return true;
}

static bool is_decimal(const char *line, size_t length)
{
    size_t sign = length > 0 && (*line == '-' || *line == '+');
    for (size_t i = sign; i < length; i++)
        if (line[i] < '0' || line[i] > '9')
            return false;
    return length > sign;
}

status literal_line_integer(struct machine *machine, int argument, struct error *error)
{
    const char *line;
    size_t length;
    char copy[NUMBER_SIZE];
    int64_t integer;
    (void)argument;
    status code = machine_line(machine, &line, &length, error);
    if (code != STATUS_OK)
        return code;
    if (length == 2 && line[0] == '0' && (line[1] == '0' || line[1] == '1'))
        return push_integer(machine, PICKLE_BOOL, line[1] - '0', error);
    if (length > 1 && line[length - 1] == 'L')
        length--;
    if (!is_decimal(line, length))
        return error_set(error, STATUS_FILE, "what follows is no integer");
    if (copy_line(line, length, copy) && text_to_integer(copy, &integer))
        return push_integer(machine, PICKLE_INTEGER, integer, error);
    return push_large(machine, line, length, error);
}

static status push_real(struct machine *machine, double real, struct error *error)
{
    struct pickle_value *value;
    status code = machine_push_new(machine, PICKLE_REAL, &value, error);
    if (code == STATUS_OK)
        value->real = real;
    return code;
}

status literal_line_real(struct machine *machine, int argument, struct error *error)
{
    const char *line;
    size_t length;
    char copy[NUMBER_SIZE];
    double real = NAN;
    (void)argument;
    status code = machine_line(machine, &line, &length, error);
    if (code != STATUS_OK)
        return code;
    bool read = copy_line(line, length, copy);
    bool none = read && (strcmp(copy, "nan") == 0 || strcmp(copy, "-nan") == 0);
    if (!read || strchr(copy, '%') || (!none && !text_to_double(copy, &real)))
        return error_set(error, STATUS_FILE, "what follows is no number");
    return push_real(machine, real, error);
}

status literal_integer(struct machine *machine, int argument, struct error *error)
{
    uint64_t integer;
    status code = machine_integer(machine, (size_t)(argument < 0 ? -argument : argument), &integer, error);
    if (code != STATUS_OK)
        return code;
    return push_integer(machine, PICKLE_INTEGER, argument < 0 ? (int32_t)integer : (int64_t)integer, error);
}

/* More than 64 bits: the absolute value in hexadecimal. */
static status push_hexadecimal(struct machine *machine, const unsigned char *bytes, size_t count,
                               struct error *error)
{
    static const char digits[] = "0123456789abcdef";
    bool negative = bytes[count - 1] & 0x80;
    size_t length = 2 * count + 2 + negative, at = length;
    unsigned carry = 1;
    char *text = machine_alloc(machine, length, 1, error);
    if (!text)
        return error->code;
    for (size_t i = 0; i < count; i++) {
        unsigned byte = bytes[i];
        if (negative) {
            byte = (byte ^ 0xff) + carry;
            carry = byte >> 8;
        }
        text[--at] = digits[byte & 15];
        text[--at] = digits[byte >> 4 & 15];
    }
    memcpy(text, negative ? "-0x" : "0x", 2 + negative);
    return push_large(machine, text, length, error);
}

status literal_long(struct machine *machine, int argument, struct error *error)
{
    uint64_t count, integer = 0;
    const unsigned char *bytes;
    status code = machine_integer(machine, (size_t)argument, &count, error);
    if (code != STATUS_OK)
        return code;
    if (argument == 4 && count > INT32_MAX)
        return error_set(error, STATUS_FILE, "the length of the integer is negative");
    if ((code = machine_bytes(machine, count, &bytes, error)) != STATUS_OK)
        return code;
    if (count > sizeof integer)
        return push_hexadecimal(machine, bytes, (size_t)count, error);
    if (count > 0 && bytes[count - 1] & 0x80)
        integer = UINT64_MAX;
    for (size_t i = (size_t)count; i-- > 0;)
        integer = integer << 8 | bytes[i];
    return push_integer(machine, PICKLE_INTEGER, (int64_t)integer, error);
}

status literal_real(struct machine *machine, int argument, struct error *error)
{
    const unsigned char *bytes;
    uint64_t bits = 0;
    double real;
    (void)argument;
    status code = machine_bytes(machine, sizeof real, &bytes, error);
    if (code != STATUS_OK)
        return code;
    for (size_t i = 0; i < sizeof bits; i++)
        bits = bits << 8 | bytes[i];
    memcpy(&real, &bits, sizeof real);
    return push_real(machine, real, error);
}

/* --- Texts in lines ------------------------------------------------------------------------------------- */

static int hexadecimal_digit(char character)
{
    return character >= '0' && character <= '9'   ? character - '0'
           : character >= 'a' && character <= 'f' ? character - 'a' + 10
           : character >= 'A' && character <= 'F' ? character - 'A' + 10
                                                  : -1;
}

/* `digits` digits, exactly; -1 otherwise. */
static int32_t hexadecimal(const char *text, size_t length, size_t digits)
{
    int32_t value = 0;
    if (length < digits)
        return -1;
    for (size_t i = 0; i < digits; i++) {
        int digit = hexadecimal_digit(text[i]);
        if (digit < 0 || value > 0x10ffff)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

/* One escape: text[0] is the backslash. Bytes it takes, 0 for one that is none. */
static size_t unescape(const char *text, size_t length, char *out)
{
    static const char letters[] = "\\'\"abfnrtv", meanings[] = "\\'\"\a\b\f\n\r\t\v";
    if (length < 2)
        return 0;
    const char *letter = memchr(letters, text[1], sizeof letters - 1);
    if (letter) {
        *out = meanings[letter - letters];
        return 2;
    }
    if (text[1] == 'x') {
        int32_t byte = hexadecimal(text + 2, length - 2, 2);
        *out = (char)byte;
        return byte < 0 ? 0 : 4;
    }
    size_t digits = 0;
    int value = 0;
    while (digits < 3 && 1 + digits < length && text[1 + digits] >= '0' && text[1 + digits] <= '7')
        value = value << 3 | (text[1 + digits++] - '0');
    *out = (char)value;
    return digits ? 1 + digits : 0;
}

status literal_quoted(struct machine *machine, int argument, struct error *error)
{
    const char *line;
    size_t length, used = 0;
    (void)argument;
    status code = machine_line(machine, &line, &length, error);
    if (code != STATUS_OK)
        return code;
    if (length < 2 || (*line != '\'' && *line != '"') || line[length - 1] != *line)
        return error_set(error, STATUS_FILE, "the string that should follow is not quoted");
    char *text = machine_alloc(machine, length, 1, error);
    if (!text)
        return error->code;
    for (size_t i = 1; i + 1 < length; used++) {
        size_t taken = 1;
        if (line[i] == '\\')
            taken = unescape(line + i, length - 1 - i, &text[used]);
        else
            text[used] = line[i];
        if (taken == 0)
            return error_set(error, STATUS_FILE, "the string has an escape that does not exist");
        i += taken;
    }
    return machine_push_string(machine, text, used, error);
}

/* Other bytes than the two escapes \uXXXX and \UXXXXXXXX stand for the first 256 characters. */
status literal_unicode(struct machine *machine, int argument, struct error *error)
{
    const char *line;
    size_t length, used = 0;
    (void)argument;
    status code = machine_line(machine, &line, &length, error);
    if (code != STATUS_OK)
        return code;
    char *text = machine_alloc(machine, 2 * length + 5, 1, error);
    if (!text)
        return error->code;
    for (size_t i = 0; i < length;) {
        size_t digits = 0;
        if (line[i] == '\\' && i + 1 < length)
            digits = line[i + 1] == 'u' ? 4 : line[i + 1] == 'U' ? 8 : 0;
        int32_t character = digits ? hexadecimal(line + i + 2, length - i - 2, digits) : (uint8_t)line[i];
        if (character < 0)
            return error_set(error, STATUS_FILE, "the string has an escape that does not exist");
        char encoded[5];
        int bytes = utf8_encode(character, encoded);
        if (character == 0)
            bytes = 1;
        memcpy(text + used, encoded, (size_t)bytes);
        used += (size_t)bytes;
        i += digits ? digits + 2 : 1;
    }
    return machine_push_string(machine, text, used, error);
}

/* --- Counted texts -------------------------------------------------------------------------------------- */

static status counted(struct machine *machine, int width, const unsigned char **bytes, uint64_t *count,
                      struct error *error)
{
    status code = machine_integer(machine, (size_t)width, count, error);
    return code ? code : machine_bytes(machine, *count, bytes, error);
}

status literal_string(struct machine *machine, int argument, struct error *error)
{
    const unsigned char *bytes;
    uint64_t count;
    status code = counted(machine, argument, &bytes, &count, error);
    return code ? code : machine_push_string(machine, bytes, (size_t)count, error);
}

status literal_bytes(struct machine *machine, int argument, struct error *error)
{
    const unsigned char *bytes;
    uint64_t count;
    struct pickle_value *value;
    status code = counted(machine, argument, &bytes, &count, error);
    if (code == STATUS_OK)
        code = machine_push_new(machine, PICKLE_BYTES, &value, error);
    if (code == STATUS_OK)
        value->text = (struct pickle_text){(const char *)bytes, (size_t)count};
    return code;
}
