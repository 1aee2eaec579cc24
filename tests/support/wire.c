/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The encoding of protobuf. */
#include "support/wire.h"

#include <string.h>
#include "base/text.h"

void wire_varint(struct text *to, uint64_t value)
{
    do {
        char byte = (char)(value & 0x7f);
        value >>= 7;
        if (value)
            byte = (char)(byte | 0x80);
        text_add_bytes(to, &byte, 1);
    } while (value);
}

void wire_tag(struct text *to, uint64_t field, unsigned wire_type)
{
    wire_varint(to, field << 3 | wire_type);
}

void wire_integer(struct text *to, uint64_t field, int64_t value)
{
    wire_tag(to, field, 0);
    wire_varint(to, (uint64_t)value);
}

void wire_bytes(struct text *to, uint64_t field, const void *bytes, size_t count)
{
    wire_tag(to, field, 2);
    wire_varint(to, count);
    text_add_bytes(to, bytes, count);
}

void wire_string(struct text *to, uint64_t field, const char *string)
{
    wire_bytes(to, field, string, strlen(string));
}

void wire_message(struct text *to, uint64_t field, struct text *inner)
{
    wire_bytes(to, field, text_data(inner), inner->length);
    text_free(inner);
    *inner = (struct text){0};
}

void wire_float(struct text *to, uint64_t field, float value)
{
    wire_tag(to, field, 5);
    text_add_bytes(to, (const char *)&value, 4);
}
