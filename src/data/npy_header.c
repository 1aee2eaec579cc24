/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The headers of .npy files: a magic string, a version, and a Python dictionary as text with the keys descr,
 * fortran_order and shape (numpy.lib.format). */
#include "data/npy.h"

#include <endian.h>
#include <string.h>
#include "base/status.h"
#include "base/text.h"
#include "nn/graph/tensor.h"

static const char magic[] = "\x93NUMPY";
enum { MAGIC = 6, VERSION = 2, ALIGNMENT = 64, DESCR_SIZE = 32 };

/* --- element types -------------------------------------------------------------------------------------- */

static const struct element {
    const char *code, *name; /* as descr says it behind the byte order, as people say it */
    enum npy_kind kind;
    int width;
} elements[] = {
    {"f2", "float16", NPY_FLOAT, 2},   {"f4", "float32", NPY_FLOAT, 4},   {"f8", "float64", NPY_FLOAT, 8},
    {"i1", "int8", NPY_SIGNED, 1},     {"i2", "int16", NPY_SIGNED, 2},    {"i4", "int32", NPY_SIGNED, 4},
    {"i8", "int64", NPY_SIGNED, 8},    {"u1", "uint8", NPY_UNSIGNED, 1},  {"u2", "uint16", NPY_UNSIGNED, 2},
    {"u4", "uint32", NPY_UNSIGNED, 4}, {"u8", "uint64", NPY_UNSIGNED, 8}, {"b1", "bool", NPY_BOOLEAN, 1},
};
enum { ELEMENTS = sizeof elements / sizeof *elements };

const char *npy_type_name(const struct npy_header *header)
{
    for (int i = 0; i < ELEMENTS; i++)
        if (elements[i].kind == header->kind && elements[i].width == header->width)
            return elements[i].name;
    return "?";
}

static status refuse_type(const char *descr, struct error *error)
{
    static const struct {
        char code;
        const char *what;
    } others[] = {
        {'O', "Python objects"}, {'c', "complex numbers"}, {'S', "bytes strings"}, {'a', "bytes strings"},
        {'U', "texts"},          {'V', "raw records"},     {'M', "dates"},         {'m', "times"}};
    char code = strchr("<>|=", descr[0]) && descr[0] ? descr[1] : descr[0];
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (code == others[i].code)
            return error_set(error, STATUS_UNSUPPORTED, "its elements are %s ('%s'), not numbers",
                             others[i].what, descr);
    return error_set(error, STATUS_UNSUPPORTED, "elements of type '%s' are not supported", descr);
}

static status find_type(const char *descr, struct npy_header *header, struct error *error)
{
    char order = descr[0];
    if (order != '<' && order != '>' && order != '|' && order != '=')
        return refuse_type(descr, error);
    for (int i = 0; i < ELEMENTS; i++) {
        if (strcmp(descr + 1, elements[i].code) != 0)
            continue;
        if (order == '|' && elements[i].width > 1)
            return error_set(error, STATUS_FILE, "type '%s' lacks its byte order", descr);
        header->kind = elements[i].kind;
        header->width = elements[i].width;
        header->big_endian = order == '>' || (order == '=' && BYTE_ORDER == BIG_ENDIAN);
        return STATUS_OK;
    }
    return refuse_type(descr, error);
}

/* --- the dictionary ------------------------------------------------------------------------------------- */

struct scan {
    const char *at, *start, *end;
    struct error *error;
};

static status refuse(const struct scan *scan, const char *what)
{
    return error_set(scan->error, STATUS_FILE, "the header is damaged at its byte %td: %s",
                     scan->at - scan->start, what);
}

static char next(struct scan *scan)
{
    while (scan->at < scan->end && (*scan->at == ' ' || *scan->at == '\t' || *scan->at == '\n'))
        scan->at++;
    return scan->at < scan->end ? *scan->at : '\0';
}

static bool take(struct scan *scan, char wanted)
{
    if (next(scan) != wanted)
        return false;
    scan->at++;
    return true;
}

static status scan_string(struct scan *scan, char *out, size_t size)
{
    char quote = next(scan);
    size_t length = 0;
    if (quote != '\'' && quote != '"')
        return refuse(scan, "a text is expected");
    for (scan->at++; scan->at < scan->end && *scan->at != quote; scan->at++) {
        if (*scan->at == '\\' || *scan->at < ' ' || length + 1 >= size)
            return refuse(scan, "a text that cannot be one of a header");
        out[length++] = *scan->at;
    }
    if (scan->at == scan->end)
        return refuse(scan, "a text does not end");
    scan->at++;
    out[length] = '\0';
    return STATUS_OK;
}

static status scan_type(struct scan *scan, struct npy_header *header)
{
    char descr[DESCR_SIZE];
    if (next(scan) == '[')
        return error_set(scan->error, STATUS_UNSUPPORTED, "its elements are structures, not numbers");
    if (scan_string(scan, descr, sizeof descr) != STATUS_OK)
        return scan->error->code;
    return find_type(descr, header, scan->error);
}

static bool take_word(struct scan *scan, const char *word)
{
    size_t length = strlen(word);
    next(scan);
    if ((size_t)(scan->end - scan->at) < length || memcmp(scan->at, word, length) != 0)
        return false;
    scan->at += length;
    return true;
}

static status scan_order(struct scan *scan, struct npy_header *header)
{
    header->fortran = take_word(scan, "True");
    if (!header->fortran && !take_word(scan, "False"))
        return refuse(scan, "fortran_order is neither True nor False");
    return STATUS_OK;
}

static status scan_dimension(struct scan *scan, int64_t *dimension)
{
    enum { DIGITS = 18 }; /* below 2^63 */
    int digits = 0;
    *dimension = 0;
    next(scan);
    for (; scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9'; scan->at++, digits++) {
        if (digits == DIGITS)
            return refuse(scan, "a dimension is too large");
        *dimension = *dimension * 10 + (*scan->at - '0');
    }
    if (!digits)
        return refuse(scan, "a dimension is expected");
    if (scan->at < scan->end && *scan->at == 'L') /* as Python 2 wrote them */
        scan->at++;
    return STATUS_OK;
}

/* A tuple: (), (3,), (3, 4). */
static status scan_shape(struct scan *scan, struct npy_header *header)
{
    int64_t dims[TENSOR_MAX_RANK];
    int rank = 0;
    bool comma = true;
    if (!take(scan, '('))
        return refuse(scan, "the shape is no tuple");
    for (; next(scan) != ')'; rank++) {
        if (!comma)
            return refuse(scan, "a comma is missing in the shape");
        if (rank == TENSOR_MAX_RANK)
            return error_set(scan->error, STATUS_UNSUPPORTED, "more than %d dimensions are not supported",
                             TENSOR_MAX_RANK);
        if (scan_dimension(scan, &dims[rank]) != STATUS_OK)
            return scan->error->code;
        comma = take(scan, ',');
    }
    scan->at++;
    if (rank == 1 && !comma)
        return refuse(scan, "the shape is no tuple");
    header->shape = shape_of(rank, dims);
    header->count = shape_elements(&header->shape);
    return header->count < 0 ? refuse(scan, "the product of the dimensions is too large") : STATUS_OK;
}

static const struct {
    const char *name;
    status (*scan)(struct scan *scan, struct npy_header *header);
} keys[] = {{"descr", scan_type}, {"fortran_order", scan_order}, {"shape", scan_shape}};
enum { KEYS = sizeof keys / sizeof *keys };

static status scan_entry(struct scan *scan, bool seen[KEYS], struct npy_header *header)
{
    char name[DESCR_SIZE];
    if (scan_string(scan, name, sizeof name) != STATUS_OK)
        return scan->error->code;
    for (int i = 0; i < KEYS; i++) {
        if (strcmp(name, keys[i].name) != 0)
            continue;
        if (seen[i])
            return refuse(scan, "a key stands twice");
        seen[i] = true;
        return take(scan, ':') ? keys[i].scan(scan, header) : refuse(scan, "a colon is expected");
    }
    return refuse(scan, "a key that headers do not have");
}

static status scan_dictionary(struct scan *scan, struct npy_header *header)
{
    bool seen[KEYS] = {false}, comma = true;
    if (!take(scan, '{'))
        return refuse(scan, "it is no dictionary");
    while (next(scan) != '}') {
        if (!comma)
            return refuse(scan, "a comma is missing");
        if (scan_entry(scan, seen, header) != STATUS_OK)
            return scan->error->code;
        comma = take(scan, ',');
    }
    scan->at++;
    for (int i = 0; i < KEYS; i++)
        if (!seen[i])
            return error_set(scan->error, STATUS_FILE, "the header lacks %s", keys[i].name);
    if (next(scan) || scan->at < scan->end)
        return refuse(scan, "something follows the dictionary");
    return STATUS_OK;
}

/* --- the file ------------------------------------------------------------------------------------------- */

static status check_size(const struct npy_header *header, size_t file_size, struct error *error)
{
    size_t there = file_size - header->offset,
           wanted = (size_t)header->count * (size_t)header->width; /* < 2^51 */
    if (there == wanted)
        return STATUS_OK;
    struct text shape = {0};
    shape_text(&header->shape, &shape);
    error_set(error, STATUS_FILE, "%zu bytes follow the header, but %s elements of %s need %zu", there,
              text_data(&shape), npy_type_name(header), wanted);
    text_free(&shape);
    return error->code;
}

status npy_header_parse(const unsigned char *bytes, size_t size, size_t file_size, struct npy_header *header,
                        struct error *error)
{
    enum { SHORT = MAGIC + VERSION + 2, LONG = MAGIC + VERSION + 4 };
    if (size < LONG || memcmp(bytes, magic, MAGIC) != 0)
        return error_set(error, STATUS_FILE, "is no .npy file: it does not begin as one");
    int version = bytes[MAGIC];
    if (version < 1 || version > 3 || bytes[MAGIC + 1] != 0)
        return error_set(error, STATUS_UNSUPPORTED, "version %d.%d of the format is not supported", version,
                         bytes[MAGIC + 1]);
    size_t start = version == 1 ? SHORT : LONG, length = bytes[8] | (size_t)bytes[9] << 8;
    if (version > 1)
        length |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
    if (length > size - start)
        return error_set(error, STATUS_FILE, "its header has %zu bytes, but only %zu %s", length,
                         size - start, size < file_size ? "are read" : "follow");
    struct npy_header found = {.offset = start + length};
    const char *text = (const char *)bytes + start;
    struct scan scan = {text, text, text + length, error};
    if (scan_dictionary(&scan, &found) != STATUS_OK || check_size(&found, file_size, error) != STATUS_OK)
        return error->code;
    *header = found;
    return STATUS_OK;
}

static void add_header(struct text *out, const char *descr, const struct shape *shape)
{
    struct text dictionary = {0};
    text_add_format(&dictionary, "{'descr': '%s', 'fortran_order': False, 'shape': (", descr);
    for (int i = 0; i < shape->rank; i++)
        text_add_format(&dictionary, "%s%lld%s", i ? " " : "", (long long)shape->dim[i],
                        shape->rank == 1 || i + 1 < shape->rank ? "," : "");
    text_add(&dictionary, "), }");
    size_t start = MAGIC + VERSION + 2;
    size_t padding = ALIGNMENT - (start + dictionary.length + 1) % ALIGNMENT;
    for (size_t i = 0; i < padding % ALIGNMENT; i++)
        text_add(&dictionary, " ");
    text_add(&dictionary, "\n");
    const char front[] = {1, 0, (char)(dictionary.length & 255), (char)(dictionary.length >> 8)};
    text_add_bytes(out, magic, MAGIC);
    text_add_bytes(out, front, sizeof front);
    text_add_bytes(out, text_data(&dictionary), dictionary.length);
    out->failed |= dictionary.failed;
    text_free(&dictionary);
}

void npy_add(struct text *out, enum element_type type, const struct shape *shape, const void *data)
{
    static const char *const descr[ELEMENT_TYPES] = {
        [ELEMENT_FLOAT] = "<f4", [ELEMENT_DOUBLE] = "<f8", [ELEMENT_INT64] = "<i8"};
    const size_t width = element_size(type);
    const unsigned char *bytes = data;
    add_header(out, descr[type], shape);
    if (BYTE_ORDER == LITTLE_ENDIAN) {
        text_add_bytes(out, data, (size_t)shape_elements(shape) * width);
        return;
    }
    for (int64_t i = 0; i < shape_elements(shape); i++)
        for (size_t k = width; k-- > 0;)
            text_add_bytes(out, (const char *)bytes + (size_t)i * width + k, 1);
}
