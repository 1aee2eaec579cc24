/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Status codes, and the error object that says what went wrong and where.
 *
 * Functions that can fail return a `status` and take a `struct error *` as their last argument, never NULL.
 * On failure the callee writes one line to it: what is wrong, then where (file, byte offset, node, layer)
 * and, where it helps, what to do. Callers add their own context in front with error_prefix(). Nothing in the
 * core prints, exits or aborts because of input. */
#ifndef IPPRO_BASE_STATUS_H
#define IPPRO_BASE_STATUS_H

#include <stdarg.h>

/* code, text shown when no message was written, exit status of the program in batch mode */
#define STATUS_LIST(X)                                                                                       \
    X(STATUS_OK, "no error", 0)                                                                              \
    X(STATUS_FAILED, "the command failed", 1)                                                                \
    X(STATUS_USAGE, "wrong usage", 1)                                                                        \
    X(STATUS_RANGE, "value out of range", 1)                                                                 \
    X(STATUS_NOT_FOUND, "no such name", 1)                                                                   \
    X(STATUS_STATE, "not possible in this state", 1)                                                         \
    X(STATUS_NAN, "a value is not a number", 1)                                                              \
    X(STATUS_SHAPE, "shapes do not fit", 1)                                                                  \
    X(STATUS_MEMORY, "out of memory", 1)                                                                     \
    X(STATUS_FILE, "the file was refused", 3)                                                                \
    X(STATUS_UNSUPPORTED, "not supported", 3)                                                                \
    X(STATUS_CANCELLED, "cancelled", 130)

typedef enum status {
#define STATUS_ENUM(code, text, exit_code) code,
    STATUS_LIST(STATUS_ENUM)
#undef STATUS_ENUM
} status;

#define ERROR_MESSAGE_SIZE 1024

/* Plain value, no ownership. Initialise with `struct error error = {0};`. The message is valid UTF-8 without
 * control characters (error_set escapes what it formats). One that is too long loses its middle ("…"), at
 * character boundaries: its end says what is wrong. */
struct error {
    status code;
    char message[ERROR_MESSAGE_SIZE];
};

const char *status_text(status code);
int status_exit_code(status code);

/* Write a message; returns `code` so that `return error_set(error, STATUS_FILE, "...")` reads well. */
status error_set(struct error *error, status code, const char *format, ...)
    __attribute__((format(printf, 3, 4), cold));

/* Put context in front of the message: "resnet.onnx: " + message. Returns the error's code. */
status error_prefix(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3), cold));

/* What is wrong is in a file: the program ends with the exit status of a refused file, whatever code the
 * check gave that found it. Called once for each kind of file, where its reading ends; what no file is to
 * blame for (memory, cancellation) and what is well said already (STATUS_UNSUPPORTED) stay. Returns the
 * error's code. */
status error_refuse_file(struct error *error);

/* The usual failure of an allocation. */
status error_memory(struct error *error) __attribute__((cold));

#endif
