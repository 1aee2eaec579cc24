/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Status codes and error messages. Nothing here allocates, so that "out of memory" can always be said. */
#include "base/status.h"

#include <stdio.h>
#include <string.h>
#include "base/text.h"

/* What one message may take before escaping: enough for a path and a long layer name. */
enum { RAW_SIZE = 16384, ELLIPSIS_SIZE = 3 };

static const struct {
    const char *text;
    int exit_code;
} statuses[] = {
#define STATUS_ROW(code, text, exit_code) [code] = {text, exit_code},
    STATUS_LIST(STATUS_ROW)
#undef STATUS_ROW
};

static const size_t status_count = sizeof statuses / sizeof *statuses;

const char *status_text(status code)
{
    return (size_t)code < status_count ? statuses[code].text : "unknown status";
}

int status_exit_code(status code)
{
    return (size_t)code < status_count ? statuses[code].exit_code : 1;
}

/* Bytes that `raw` takes once escaped. */
static size_t escaped_length(const char *raw)
{
    char glyph[TEXT_ESCAPE_SIZE];
    size_t length = 0;
    for (int used; (used = text_escape(raw, glyph)) > 0; raw += used)
        length += strlen(glyph);
    return length;
}

/* Escape `raw` into out. A message that is too long loses its middle, because the end says what is wrong. */
static void escape_into(char out[ERROR_MESSAGE_SIZE], const char *raw)
{
    const size_t room = ERROR_MESSAGE_SIZE - 1;
    const size_t length = escaped_length(raw);
    const size_t head = length > room ? room / 2 : length;
    const size_t tail_start = length > room ? length - (room - head - ELLIPSIS_SIZE) : length;
    char glyph[TEXT_ESCAPE_SIZE];
    size_t at = 0, written = 0;
    bool elided = false;
    for (int used; (used = text_escape(raw, glyph)) > 0; raw += used) {
        size_t bytes = strlen(glyph);
        if (at + bytes <= head || at >= tail_start) {
            memcpy(out + written, glyph, bytes);
            written += bytes;
        } else if (!elided) {
            memcpy(out + written, "…", ELLIPSIS_SIZE);
            written += ELLIPSIS_SIZE;
            elided = true;
        }
        at += bytes;
    }
    out[written] = '\0';
}

static void format_into(char raw[RAW_SIZE], const char *format, va_list arguments)
{
    int length = vsnprintf(raw, RAW_SIZE, format, arguments);
    if (length < 0) {
        snprintf(raw, RAW_SIZE, "(message could not be formatted)");
        return;
    }
    /* Where the text itself was cut, do not leave half a character to be shown as invalid bytes. */
    if (length >= RAW_SIZE) {
        size_t end = RAW_SIZE - 1;
        while (end > 0 && ((unsigned char)raw[end - 1] & 0xC0) == 0x80)
            end--;
        if (end > 0 && (unsigned char)raw[end - 1] >= 0xC0)
            end--;
        raw[end] = '\0';
    }
}

status error_set(struct error *error, status code, const char *format, ...)
{
    char raw[RAW_SIZE];
    va_list arguments;
    va_start(arguments, format);
    format_into(raw, format, arguments); /* an argument may be error->message itself */
    va_end(arguments);
    error->code = code;
    escape_into(error->message, raw);
    return code;
}

status error_prefix(struct error *error, const char *format, ...)
{
    char raw[RAW_SIZE + ERROR_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    format_into(raw, format, arguments);
    va_end(arguments);
    const char *message = error->message[0] ? error->message : status_text(error->code);
    memcpy(raw + strlen(raw), message, strlen(message) + 1);
    escape_into(error->message, raw);
    return error->code;
}

status error_refuse_file(struct error *error)
{
    static const status kept[] = {STATUS_OK, STATUS_MEMORY, STATUS_CANCELLED, STATUS_UNSUPPORTED};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (error->code == kept[i])
            return error->code;
    return error->code = STATUS_FILE;
}

status error_memory(struct error *error)
{
    return error_set(error, STATUS_MEMORY, "out of memory");
}
