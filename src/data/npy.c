/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arrays of NumPy: opening files, elements as the types in memory. */
#include "data/npy.h"

#include <endian.h>
#include <string.h>
#include <unistd.h>
#include "archive/package.h"
#include "base/file.h"
#include "base/half.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/share.h"
#include "base/status.h"
#include "base/text.h"
#include "nn/graph/tensor.h"

/* Bytes that are read from a file at a time. */
enum { PIECE = 1 << 18 };

/* --- opening -------------------------------------------------------------------------------------------- */

static struct npy *array_new(const char *name, struct error *error)
{
    struct npy *array = mem_new(1, sizeof *array);
    if (array) {
        array->descriptor = -1;
        array->name = mem_string(name);
    }
    if (array && array->name)
        return array;
    npy_free(array);
    error_memory(error);
    return NULL;
}

struct npy *npy_retain(struct npy *array)
{
    if (array)
        share_add(&array->shares);
    return array;
}

void npy_free(struct npy *array)
{
    if (!array || !share_drop(&array->shares))
        return;
    if (array->descriptor >= 0)
        close(array->descriptor);
    mem_free(array->bytes);
    mem_free(array->name);
    mem_free(array);
}

/* From Fortran's order to C's: the last index runs fastest in `to`. */
static status reorder(const struct npy_header *header, const unsigned char *from, unsigned char *to,
                      struct error *error)
{
    const struct shape *shape = &header->shape;
    const size_t width = (size_t)header->width;
    int64_t index[TENSOR_MAX_RANK] = {0}, stride[TENSOR_MAX_RANK], at = 0;
    for (int d = 0; d < shape->rank; d++)
        stride[d] = d ? stride[d - 1] * shape->dim[d - 1] : 1;
    for (int64_t i = 0; i < header->count; i++) {
        if (i % PIECE == 0 && progress_check(error) != STATUS_OK)
            return error->code;
        memcpy(to + (size_t)i * width, from + (size_t)at * width, width);
        for (int d = shape->rank - 1; d >= 0; d--) {
            at += stride[d];
            if (++index[d] < shape->dim[d])
                break;
            at -= stride[d] * shape->dim[d];
            index[d] = 0;
        }
    }
    return STATUS_OK;
}

/* Take the elements, in the file's order, into memory. */
static status keep(struct npy *array, const unsigned char *elements, struct error *error)
{
    const struct npy_header *header = &array->header;
    size_t bytes = (size_t)header->count * (size_t)header->width;
    array->bytes = mem_aligned_raw(bytes ? bytes : 1, 1);
    if (!array->bytes)
        return error_memory(error);
    if (header->fortran && header->shape.rank > 1)
        return reorder(header, elements, array->bytes, error);
    memcpy(array->bytes, elements, bytes);
    return STATUS_OK;
}

status npy_from_bytes(const char *name, const unsigned char *bytes, size_t size, struct npy **array,
                      struct error *error)
{
    struct npy *made = array_new(name, error);
    if (!made)
        return error->code;
    if (npy_header_parse(bytes, size, size, &made->header, error) == STATUS_OK &&
        keep(made, bytes + made->header.offset, error) == STATUS_OK) {
        *array = made;
        return STATUS_OK;
    }
    error_prefix(error, "%s: ", name);
    npy_free(made);
    return error_refuse_file(error);
}

status npy_new(const char *name, enum element_type type, const struct shape *shape, struct npy **array,
               struct error *error)
{
    struct npy *made = array_new(name, error);
    if (!made)
        return error->code;
    made->header = (struct npy_header){
        .kind = type == ELEMENT_INT64 ? NPY_SIGNED : NPY_FLOAT,
        .width = (int)element_size(type),
        .big_endian = BYTE_ORDER == BIG_ENDIAN,
        .shape = *shape,
        .count = shape_elements(shape),
    };
    made->bytes =
        made->header.count >= 0 ? mem_aligned((size_t)made->header.count + 1, element_size(type)) : NULL;
    if (!made->bytes) {
        npy_free(made);
        return error_memory(error);
    }
    *array = made;
    return STATUS_OK;
}

static status read_header(struct npy *array, size_t file_size, struct error *error)
{
    unsigned char *head = mem_new(NPY_HEAD_BYTES, 1);
    size_t size = file_size < NPY_HEAD_BYTES ? file_size : NPY_HEAD_BYTES;
    if (!head)
        return error_memory(error);
    status code = file_read_at(array->descriptor, array->name, 0, head, size, error);
    if (code == STATUS_OK && npy_header_parse(head, size, file_size, &array->header, error) != STATUS_OK)
        code = error_prefix(error, "%s: ", array->name);
    mem_free(head);
    return code;
}

/* What is in Fortran's order is put into C's once, in memory. */
static status hold_reordered(struct npy *array, struct error *error)
{
    const struct npy_header *header = &array->header;
    size_t bytes = (size_t)header->count * (size_t)header->width;
    if (!header->fortran || header->shape.rank < 2)
        return STATUS_OK;
    unsigned char *elements = mem_aligned_raw(bytes ? bytes : 1, 1);
    if (!elements)
        return error_memory(error);
    status code = file_read_at(array->descriptor, array->name, header->offset, elements, bytes, error);
    if (code == STATUS_OK)
        code = keep(array, elements, error);
    mem_free(elements);
    return code;
}

static status open_file(const char *path, struct npy **array, struct error *error)
{
    size_t size = 0;
    struct npy *made = array_new(path, error);
    if (!made)
        return error->code;
    status code = file_open(path, SIZE_MAX, &made->descriptor, &size, error);
    if (code == STATUS_OK)
        code = read_header(made, size, error);
    if (code == STATUS_OK)
        code = hold_reordered(made, error);
    if (code == STATUS_OK)
        *array = made;
    else
        npy_free(made);
    return code;
}

/* --- members of .npz ------------------------------------------------------------------------------------ */

static const char npz[] = ".npz";

/* Where the name of a .npz file ends, NULL for another one: at its end, or at a colon with a member behind.
 */
static const char *end_of_package(const char *path)
{
    const size_t length = strlen(npz);
    const char *end = NULL;
    for (const char *at = path; (at = strstr(at, npz)); at += length)
        if (at[length] == '\0' || at[length] == ':')
            end = at + length;
    return end;
}

/* The only member, or the named one, with or without its ending. */
static status find_member(const struct package *package, const char *path, const char *name, int *member,
                          struct error *error)
{
    const int count = package_count(package);
    char *whole = mem_format("%s.npy", name);
    if (!whole)
        return error_memory(error);
    *member = *name ? package_find(package, whole) : count == 1 ? 0 : -1;
    if (*name && *member < 0)
        *member = package_find(package, name);
    mem_free(whole);
    if (*member >= 0)
        return STATUS_OK;
    struct text names = {0};
    for (int i = 0; i < count; i++)
        text_add_format(&names, "%s%s", i ? ", " : "", package_name(package, i));
    if (*name)
        error_set(error, STATUS_FILE, "%s: no member '%s': it has %.200s", path, name, text_data(&names));
    else
        error_set(error, STATUS_FILE, "%s: name one of its members behind a colon: %.200s", path,
                  text_data(&names));
    text_free(&names);
    return error->code;
}

static status read_member(struct package *package, const char *path, const char *name, struct npy **array,
                          struct error *error)
{
    unsigned char *bytes;
    size_t size;
    int member = -1;
    if (find_member(package, path, name, &member, error) != STATUS_OK ||
        package_read_new(package, member, &bytes, &size, error) != STATUS_OK)
        return error->code;
    char *full = mem_format("%s:%s", path, package_name(package, member));
    status code = full ? npy_from_bytes(full, bytes, size, array, error) : error_memory(error);
    mem_free(full);
    mem_free(bytes);
    return code;
}

static status open_package(const char *path, const char *end, struct npy **array, struct error *error)
{
    struct package *package;
    char *file = mem_format("%.*s", (int)(end - path), path);
    if (!file)
        return error_memory(error);
    status code = package_open(file, &package, error);
    if (code == STATUS_OK) {
        code = read_member(package, file, *end ? end + 1 : end, array, error);
        package_close(package);
    }
    mem_free(file);
    return code;
}

status npy_open(const char *path, struct npy **array, struct error *error)
{
    const char *end = end_of_package(path);
    status code = end ? open_package(path, end, array, error) : open_file(path, array, error);
    return code == STATUS_OK ? code : error_refuse_file(error);
}

/* --- elements ------------------------------------------------------------------------------------------- */

/* Make `count` elements at `raw`, of any alignment, elements of the row's type; the index of the first that
 * does not fit, or count. */
typedef int64_t (*convert)(const unsigned char *raw, int64_t count, bool big_endian, void *out);

static uint16_t bits_16(uint16_t bits, bool big_endian)
{
    return big_endian ? be16toh(bits) : le16toh(bits);
}
static uint32_t bits_32(uint32_t bits, bool big_endian)
{
    return big_endian ? be32toh(bits) : le32toh(bits);
}
static uint64_t bits_64(uint64_t bits, bool big_endian)
{
    return big_endian ? be64toh(bits) : le64toh(bits);
}
static uint8_t bits_8(uint8_t bits, bool big_endian)
{
    (void)big_endian;
    return bits;
}
static float real_32(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
static double real_64(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* `value` makes a number of the bits; `fits` says which the target type has. */
#define CONVERT(function, bits_type, order, value, target, fits)                                             \
    static int64_t function(const unsigned char *raw, int64_t count, bool big_endian, void *out)             \
    {                                                                                                        \
        target *values = out;                                                                                \
        for (int64_t i = 0; i < count; i++) {                                                                \
            bits_type bits;                                                                                  \
            memcpy(&bits, raw + (size_t)i * sizeof bits, sizeof bits);                                       \
            bits = order(bits, big_endian);                                                                  \
            if (!(fits))                                                                                     \
                return i;                                                                                    \
            values[i] = (target)value(bits);                                                                 \
        }                                                                                                    \
        return count;                                                                                        \
    }
#define CONVERT_REAL(name, bits_type, order, value)                                                          \
    CONVERT(name##_float, bits_type, order, value, float, true)                                              \
    CONVERT(name##_double, bits_type, order, value, double, true)
#define CONVERT_ALL(name, bits_type, order, value, fits)                                                     \
    CONVERT_REAL(name, bits_type, order, value)                                                              \
    CONVERT(name##_int64, bits_type, order, value, int64_t, fits)
CONVERT_REAL(f2, uint16_t, bits_16, half_to_float)
CONVERT_REAL(f4, uint32_t, bits_32, real_32)
CONVERT_REAL(f8, uint64_t, bits_64, real_64)
CONVERT_ALL(i1, uint8_t, bits_8, (int8_t), true)
CONVERT_ALL(i2, uint16_t, bits_16, (int16_t), true)
CONVERT_ALL(i4, uint32_t, bits_32, (int32_t), true)
CONVERT_ALL(i8, uint64_t, bits_64, (int64_t), true)
CONVERT_ALL(u1, uint8_t, bits_8, , true)
CONVERT_ALL(u2, uint16_t, bits_16, , true)
CONVERT_ALL(u4, uint32_t, bits_32, , true)
CONVERT_ALL(u8, uint64_t, bits_64, , bits <= INT64_MAX)
CONVERT_ALL(b1, uint8_t, bits_8, (bool), true)

static const struct conversion {
    enum npy_kind kind;
    int width;
    convert to[ELEMENT_TYPES]; /* NULL: not to this one */
} conversions[] = {
#define REAL_ROW(kind, width, name)                                                                          \
    {                                                                                                        \
        kind, width,                                                                                         \
        {                                                                                                    \
            name##_float, name##_double, NULL                                                                \
        }                                                                                                    \
    }
#define WHOLE_ROW(kind, width, name)                                                                         \
    {                                                                                                        \
        kind, width,                                                                                         \
        {                                                                                                    \
            name##_float, name##_double, name##_int64                                                        \
        }                                                                                                    \
    }
    REAL_ROW(NPY_FLOAT, 2, f2),     REAL_ROW(NPY_FLOAT, 4, f4),     REAL_ROW(NPY_FLOAT, 8, f8),
    WHOLE_ROW(NPY_SIGNED, 1, i1),   WHOLE_ROW(NPY_SIGNED, 2, i2),   WHOLE_ROW(NPY_SIGNED, 4, i4),
    WHOLE_ROW(NPY_SIGNED, 8, i8),   WHOLE_ROW(NPY_UNSIGNED, 1, u1), WHOLE_ROW(NPY_UNSIGNED, 2, u2),
    WHOLE_ROW(NPY_UNSIGNED, 4, u4), WHOLE_ROW(NPY_UNSIGNED, 8, u8), WHOLE_ROW(NPY_BOOLEAN, 1, b1),
};

static convert conversion_to(const struct npy_header *header, enum element_type type)
{
    for (size_t i = 0; i < sizeof conversions / sizeof *conversions; i++)
        if (conversions[i].kind == header->kind && conversions[i].width == header->width)
            return conversions[i].to[type];
    return NULL;
}

static status check_range(const struct npy *array, int64_t first, int64_t count, struct error *error)
{
    if (first >= 0 && count >= 0 && count <= array->header.count - first)
        return STATUS_OK;
    return error_set(error, STATUS_RANGE, "%s: elements %lld to %lld of %lld are not there", array->name,
                     (long long)first, (long long)first + (long long)count - 1,
                     (long long)array->header.count);
}

/* Elements as they stand; `buffer` has room for them where they are in the file. */
static status raw_elements(const struct npy *array, int64_t first, int64_t count, unsigned char *buffer,
                           const unsigned char **raw, struct error *error)
{
    const size_t width = (size_t)array->header.width;
    if (array->bytes) {
        *raw = array->bytes + (size_t)first * width;
        return STATUS_OK;
    }
    *raw = buffer;
    return file_read_at(array->descriptor, array->name, array->header.offset + (size_t)first * width, buffer,
                        (size_t)count * width, error);
}

static status read_pieces(const struct npy *array, int64_t first, int64_t count, convert to, size_t size,
                          void *out, struct error *error)
{
    const int64_t most = PIECE / array->header.width;
    unsigned char *buffer = array->bytes ? NULL : mem_new(PIECE, 1);
    status code = array->bytes || buffer ? STATUS_OK : error_memory(error);
    for (int64_t done = 0; code == STATUS_OK && done < count;) {
        int64_t piece = count - done < most ? count - done : most, fitted = 0;
        const unsigned char *raw;
        code = progress_check(error);
        if (code == STATUS_OK)
            code = raw_elements(array, first + done, piece, buffer, &raw, error);
        if (code == STATUS_OK)
            fitted = to(raw, piece, array->header.big_endian, (unsigned char *)out + (size_t)done * size);
        if (code == STATUS_OK && fitted < piece)
            code = error_set(error, STATUS_FILE, "%s: element %lld is too large", array->name,
                             (long long)(first + done + fitted));
        done += piece;
    }
    mem_free(buffer);
    return code;
}

status npy_read(const struct npy *array, int64_t first, int64_t count, enum element_type type, void *out,
                struct error *error)
{
    convert to = conversion_to(&array->header, type);
    if (check_range(array, first, count, error) != STATUS_OK)
        return error->code;
    if (!to)
        return error_set(error, STATUS_FILE, "%s: its elements are %s, and whole numbers are needed",
                         array->name, npy_type_name(&array->header));
    return read_pieces(array, first, count, to, element_size(type), out, error);
}

status npy_read_bytes(const struct npy *array, int64_t first, int64_t count, uint8_t *out,
                      struct error *error)
{
    const struct npy_header *header = &array->header;
    const unsigned char *raw;
    if (check_range(array, first, count, error) != STATUS_OK)
        return error->code;
    if (header->width != 1 || header->kind == NPY_SIGNED)
        return error_set(error, STATUS_SHAPE, "%s: its elements are %s, and bytes are needed", array->name,
                         npy_type_name(header));
    if (raw_elements(array, first, count, out, &raw, error) != STATUS_OK)
        return error->code;
    if (raw != out)
        memcpy(out, raw, (size_t)count);
    return STATUS_OK;
}

status npy_tensor(const struct npy *array, struct tensor **tensor, struct error *error)
{
    const struct npy_header *header = &array->header;
    enum element_type type = header->kind != NPY_FLOAT ? ELEMENT_INT64
                             : header->width == 8      ? ELEMENT_DOUBLE
                                                       : ELEMENT_FLOAT;
    struct tensor *made = tensor_new(type, &header->shape);
    if (!made)
        return error_memory(error);
    if (npy_read(array, 0, header->count, type, made->data, error) != STATUS_OK) {
        tensor_free(made);
        return error->code;
    }
    *tensor = made;
    return STATUS_OK;
}
