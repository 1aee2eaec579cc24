/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values, members and elements of documents. */
#include "view/json_values.h"

#include <math.h>
#include <string.h>
#include "base/text.h"

static json_t *checked(struct json *json, json_t *value)
{
    if (!value)
        json->failed = true;
    return value;
}

void member_add(struct json *json, json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, checked(json, value)) != 0)
        json->failed = true;
}

void element_add(struct json *json, json_t *array, json_t *value)
{
    if (json_array_append_new(array, checked(json, value)) != 0)
        json->failed = true;
}

json_t *value_text(const char *text)
{
    if (!text)
        return json_null();
    if (utf8_valid(text, strlen(text)))
        return json_string(text);
    struct text escaped = {0};
    text_add_escaped(&escaped, text, 0);
    json_t *value = escaped.failed ? NULL : json_string(text_data(&escaped));
    text_free(&escaped);
    return value;
}

json_t *value_real(double value)
{
    if (isfinite(value))
        return json_real(value);
    return json_string(isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
}

json_t *value_whole(double value)
{
    const double exact = 9007199254740992.0; /* 2^53 */
    bool whole = fabs(value) <= exact && value == rint(value) && !(value == 0 && signbit(value));
    return whole ? json_integer((json_int_t)value) : value_real(value);
}

json_t *value_reals(struct json *json, const double *values, size_t count)
{
    json_t *array = checked(json, json_array());
    for (size_t i = 0; i < count && !json->failed; i++)
        element_add(json, array, value_real(values[i]));
    return array;
}

json_t *value_texts(struct json *json, const char *const *texts, int count)
{
    json_t *array = checked(json, json_array());
    for (int i = 0; i < count && !json->failed; i++)
        element_add(json, array, value_text(texts[i]));
    return array;
}
