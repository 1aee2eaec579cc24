/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Building JSON through jansson. Private to this room.
 *
 * jansson's "_new" functions take ownership and accept NULL, failing then, so that values can be nested
 * without a check at each: `failed` collects the outcome. */
#ifndef IPPRO_VIEW_JSON_VALUES_H
#define IPPRO_VIEW_JSON_VALUES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct json {
    bool failed; /* memory ran out: the document is not complete */
};

/* Add a value to an object or an array, which takes it. */
void member_add(struct json *json, json_t *object, const char *key, json_t *value);
void element_add(struct json *json, json_t *array, json_t *value);

/* Valid UTF-8 exactly as it is; anything else escaped. NULL is null. */
json_t *value_text(const char *text);
/* NaN and the infinities are strings (write/write.h). */
json_t *value_real(double value);
/* An integer where the number is one up to 2^53, else as value_real. */
json_t *value_whole(double value);
json_t *value_reals(struct json *json, const double *values, size_t count);
json_t *value_texts(struct json *json, const char *const *texts, int count);

#endif
