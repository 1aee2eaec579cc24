/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Elements of tensors in files: a row for each type. */
#include "nn/graph/file_type.h"

#include <endian.h>
#include <math.h>
#include <string.h>

#include "base/half.h"

/* The index of the first element that does not fit, or count. */
typedef int64_t (*decode_function)(const uint8_t *raw, int64_t count, void *out);
/* data: of the tensor, from the first element on. */
typedef void (*encode_function)(const void *data, int64_t count, uint8_t *out);

struct row {
    const char *name;
    int element; /* enum element_type, or -1: not in memory */
    size_t width;
    decode_function decode;
    encode_function encode;
};

/* --- Plain numbers -------------------------------------------------------------------------------------- */

static int64_t decode_float(const uint8_t *raw, int64_t count, void *out)
{
    uint32_t *bits = out;
    memcpy(out, raw, (size_t)count * 4);
    for (int64_t i = 0; BYTE_ORDER == BIG_ENDIAN && i < count; i++)
        bits[i] = le32toh(bits[i]);
    return count;
}

static void encode_float(const void *data, int64_t count, uint8_t *out)
{
    memcpy(out, data, (size_t)count * 4);
    for (int64_t i = 0; BYTE_ORDER == BIG_ENDIAN && i < count; i++) {
        uint32_t bits;
        memcpy(&bits, out + 4 * i, sizeof bits);
        bits = htole32(bits);
        memcpy(out + 4 * i, &bits, sizeof bits);
    }
}

/* Doubles and 64-bit integers alike. */
static int64_t decode_wide(const uint8_t *raw, int64_t count, void *out)
{
    uint64_t *bits = out;
    memcpy(out, raw, (size_t)count * 8);
    for (int64_t i = 0; BYTE_ORDER == BIG_ENDIAN && i < count; i++)
        bits[i] = le64toh(bits[i]);
    return count;
}

static void encode_wide(const void *data, int64_t count, uint8_t *out)
{
    memcpy(out, data, (size_t)count * 8);
    for (int64_t i = 0; BYTE_ORDER == BIG_ENDIAN && i < count; i++) {
        uint64_t bits;
        memcpy(&bits, out + 8 * i, sizeof bits);
        bits = htole64(bits);
        memcpy(out + 8 * i, &bits, sizeof bits);
    }
}

static int64_t decode_uint64(const uint8_t *raw, int64_t count, void *out)
{
    const int64_t *values = out;
    decode_wide(raw, count, out);
    for (int64_t i = 0; i < count; i++)
        if (values[i] < 0)
            return i;
    return count;
}

/* --- Half precision ------------------------------------------------------------------------------------- */

static uint16_t pair(const uint8_t *raw)
{
    return (uint16_t)(raw[0] | raw[1] << 8);
}

static void put_pair(uint8_t *out, uint16_t bits)
{
    out[0] = (uint8_t)bits;
    out[1] = (uint8_t)(bits >> 8);
}

static int64_t decode_half(const uint8_t *raw, int64_t count, void *out)
{
    float *values = out;
    for (int64_t i = 0; i < count; i++)
        values[i] = half_to_float(pair(raw + 2 * i));
    return count;
}

static void encode_half(const void *data, int64_t count, uint8_t *out)
{
    const float *values = data;
    for (int64_t i = 0; i < count; i++)
        put_pair(out + 2 * i, float_to_half(values[i]));
}

/* The upper half of a float. */
static int64_t decode_bfloat16(const uint8_t *raw, int64_t count, void *out)
{
    for (int64_t i = 0; i < count; i++) {
        uint32_t bits = (uint32_t)pair(raw + 2 * i) << 16;
        memcpy((float *)out + i, &bits, sizeof bits);
    }
    return count;
}

/* Half of the last place is added, less one where the last place is even. NaN stays NaN. */
static uint16_t float_to_bfloat16(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (isnan(value))
        return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static void encode_bfloat16(const void *data, int64_t count, uint8_t *out)
{
    const float *values = data;
    for (int64_t i = 0; i < count; i++)
        put_pair(out + 2 * i, float_to_bfloat16(values[i]));
}

/* --- Narrow integers ------------------------------------------------------------------------------------ */

/* file_type is what stands in the file, in bits of `bits_type`; from_file and to_file are for their order. */
#define NARROW_INTEGER(name, file_type, bits_type, from_file, to_file)                                       \
    static int64_t decode_##name(const uint8_t *raw, int64_t count, void *out)                               \
    {                                                                                                        \
        int64_t *values = out;                                                                               \
        for (int64_t i = 0; i < count; i++) {                                                                \
            bits_type bits;                                                                                  \
            memcpy(&bits, raw + (size_t)i * sizeof bits, sizeof bits);                                       \
            values[i] = (file_type)from_file(bits);                                                          \
        }                                                                                                    \
        return count;                                                                                        \
    }                                                                                                        \
    static void encode_##name(const void *data, int64_t count, uint8_t *out)                                 \
    {                                                                                                        \
        const int64_t *values = data;                                                                        \
        for (int64_t i = 0; i < count; i++) {                                                                \
            bits_type bits = to_file((bits_type)values[i]);                                                  \
            memcpy(out + (size_t)i * sizeof bits, &bits, sizeof bits);                                       \
        }                                                                                                    \
    }
NARROW_INTEGER(int8, int8_t, uint8_t, , )
NARROW_INTEGER(uint8, uint8_t, uint8_t, , )
NARROW_INTEGER(bool, bool, uint8_t, , )
NARROW_INTEGER(int16, int16_t, uint16_t, le16toh, htole16)
NARROW_INTEGER(uint16, uint16_t, uint16_t, le16toh, htole16)
NARROW_INTEGER(int32, int32_t, uint32_t, le32toh, htole32)
NARROW_INTEGER(uint32, uint32_t, uint32_t, le32toh, htole32)

/* Half bytes: `wrap` is 16 where the upper half of their values is negative, else 0. */
static int64_t decode_halves(const uint8_t *raw, int64_t count, int wrap, int64_t *values)
{
    for (int64_t i = 0; i < count; i++) {
        int bits = i % 2 == 0 ? raw[i / 2] & 15 : raw[i / 2] >> 4;
        values[i] = bits < 8 ? bits : bits - wrap;
    }
    return count;
}

static int64_t decode_int4(const uint8_t *raw, int64_t count, void *out)
{
    return decode_halves(raw, count, 16, out);
}

static int64_t decode_uint4(const uint8_t *raw, int64_t count, void *out)
{
    return decode_halves(raw, count, 0, out);
}

static void encode_halves(const void *data, int64_t count, uint8_t *out)
{
    const int64_t *values = data;
    for (int64_t i = 0; i < count; i += 2) {
        int64_t second = i + 1 < count ? values[i + 1] : 0;
        out[i / 2] = (uint8_t)(((uint64_t)values[i] & 15) | ((uint64_t)second & 15) << 4);
    }
}

/* --- The types ------------------------------------------------------------------------------------------ */

static const struct row rows[FILE_TYPES] = {
    [FILE_UNDEFINED] = {"undefined", -1, 0, NULL, NULL},
    [FILE_FLOAT] = {"float", ELEMENT_FLOAT, 4, decode_float, encode_float},
    [FILE_UINT8] = {"uint8", ELEMENT_INT64, 1, decode_uint8, encode_uint8},
    [FILE_INT8] = {"int8", ELEMENT_INT64, 1, decode_int8, encode_int8},
    [FILE_UINT16] = {"uint16", ELEMENT_INT64, 2, decode_uint16, encode_uint16},
    [FILE_INT16] = {"int16", ELEMENT_INT64, 2, decode_int16, encode_int16},
    [FILE_INT32] = {"int32", ELEMENT_INT64, 4, decode_int32, encode_int32},
    [FILE_INT64] = {"int64", ELEMENT_INT64, 8, decode_wide, encode_wide},
    [FILE_TEXT] = {"string", -1, 0, NULL, NULL},
    [FILE_BOOL] = {"bool", ELEMENT_INT64, 1, decode_bool, encode_bool},
    [FILE_FLOAT16] = {"float16", ELEMENT_FLOAT, 2, decode_half, encode_half},
    [FILE_DOUBLE] = {"double", ELEMENT_DOUBLE, 8, decode_wide, encode_wide},
    [FILE_UINT32] = {"uint32", ELEMENT_INT64, 4, decode_uint32, encode_uint32},
    [FILE_UINT64] = {"uint64", ELEMENT_INT64, 8, decode_uint64, encode_wide},
    [FILE_COMPLEX64] = {"complex64", -1, 0, NULL, NULL},
    [FILE_COMPLEX128] = {"complex128", -1, 0, NULL, NULL},
    [FILE_BFLOAT16] = {"bfloat16", ELEMENT_FLOAT, 2, decode_bfloat16, encode_bfloat16},
    [FILE_FLOAT8E4M3FN] = {"float8e4m3fn", -1, 0, NULL, NULL},
    [FILE_FLOAT8E4M3FNUZ] = {"float8e4m3fnuz", -1, 0, NULL, NULL},
    [FILE_FLOAT8E5M2] = {"float8e5m2", -1, 0, NULL, NULL},
    [FILE_FLOAT8E5M2FNUZ] = {"float8e5m2fnuz", -1, 0, NULL, NULL},
    [FILE_UINT4] = {"uint4", ELEMENT_INT64, 0, decode_uint4, encode_halves},
    [FILE_INT4] = {"int4", ELEMENT_INT64, 0, decode_int4, encode_halves},
};

static bool is_type(int type)
{
    return type >= 0 && type < FILE_TYPES;
}

const char *file_type_name(int type)
{
    return is_type(type) ? rows[type].name : NULL;
}

size_t file_type_width(int type)
{
    return is_type(type) ? rows[type].width : 0;
}

uint64_t file_type_bytes(int type, int64_t count)
{
    size_t width = file_type_width(type);
    return width ? (uint64_t)count * width : ((uint64_t)count + 1) / 2;
}

int file_type_element(int type)
{
    return is_type(type) ? rows[type].element : -1;
}

int64_t file_type_decode(int type, const void *raw, int64_t count, void *out)
{
    return count > 0 ? rows[type].decode(raw, count, out) : 0;
}

bool file_type_is_plain(int type)
{
    return BYTE_ORDER == LITTLE_ENDIAN && (type == FILE_FLOAT || type == FILE_DOUBLE || type == FILE_INT64);
}

int file_type_of(enum element_type element, int file_type)
{
    static const int plain[ELEMENT_TYPES] = {
        [ELEMENT_FLOAT] = FILE_FLOAT, [ELEMENT_DOUBLE] = FILE_DOUBLE, [ELEMENT_INT64] = FILE_INT64};
    return file_type_element(file_type) == (int)element ? file_type : plain[element];
}

void file_type_encode(int type, const struct tensor *tensor, int64_t first, int64_t count, void *out)
{
    if (count > 0)
        rows[type].encode((const char *)tensor->data + (size_t)first * element_size(tensor->type), count,
                          out);
}
