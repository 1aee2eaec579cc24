/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON documents through jansson, with failures collected: values may be nested without a check at each. */
#ifndef IPPRO_SESSION_COMMANDS_DOCUMENT_H
#define IPPRO_SESSION_COMMANDS_DOCUMENT_H

#include <jansson.h>
#include <stdbool.h>
#include "base/status.h"

struct document {
    json_t *root; /* an object */
    bool failed;
    /* jansson's memory comes from ours while a document is open; what it was before. */
    json_malloc_t old_malloc;
    json_free_t old_free;
};

/* Open an empty one to fill; close it in any case. */
void document_begin(struct document *document);
/* Read a file of at most 16 MB. Errors name the file and the line. Close it only after success. */
status document_read(const char *path, struct document *document, struct error *error);
/* Did jansson find no memory since a document was opened? What it gave is not whole then. */
bool document_ran_out(void);
void document_end(struct document *document);

/* Ownership of `value` passes; NULL marks the document. */
void document_set(struct document *document, json_t *object, const char *key, json_t *value);
void document_append(struct document *document, json_t *array, json_t *value);
json_t *document_string(const char *text); /* invalid UTF-8 is escaped */
/* Replace a file by the document (file_replace), on one line or indented. */
status document_write(const struct document *document, const char *path, bool indent, struct error *error);

#endif
