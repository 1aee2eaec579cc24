/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attributes of nodes. */
#include "support/attributes.h"

struct attribute integer_attribute(const char *name, int64_t value)
{
    return (struct attribute){.name = name, .kind = ATTRIBUTE_INTEGER, .integer = value};
}

struct attribute integers_attribute(const char *name, int count, const int64_t *values)
{
    return (struct attribute){
        .name = name, .kind = ATTRIBUTE_INTEGERS, .integers = (int64_t *)values, .count = (size_t)count};
}

struct attribute real_attribute(const char *name, double value)
{
    return (struct attribute){.name = name, .kind = ATTRIBUTE_REAL, .real = value};
}

struct attribute string_attribute(const char *name, const char *value)
{
    return (struct attribute){.name = name, .kind = ATTRIBUTE_STRING, .string = value};
}
