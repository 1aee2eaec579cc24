/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The types that elements of tensors have in files, by the numbers of ONNX's TensorProto.DataType, and how
 * they become what tensors hold in memory and back. Elements in files are little-endian and without gaps. */
#ifndef IPPRO_NN_GRAPH_FILE_TYPE_H
#define IPPRO_NN_GRAPH_FILE_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "nn/graph/tensor.h"

enum {
    FILE_UNDEFINED,
    FILE_FLOAT,
    FILE_UINT8,
    FILE_INT8,
    FILE_UINT16,
    FILE_INT16,
    FILE_INT32,
    FILE_INT64,
    FILE_TEXT,
    FILE_BOOL,
    FILE_FLOAT16,
    FILE_DOUBLE,
    FILE_UINT32,
    FILE_UINT64,
    FILE_COMPLEX64,
    FILE_COMPLEX128,
    FILE_BFLOAT16,
    FILE_FLOAT8E4M3FN,
    FILE_FLOAT8E4M3FNUZ,
    FILE_FLOAT8E5M2,
    FILE_FLOAT8E5M2FNUZ,
    FILE_UINT4, /* two in a byte, the first in the low half */
    FILE_INT4,
    FILE_TYPES
};

/* "float16", "bool", ...; NULL for numbers that are no type. */
const char *file_type_name(int type);
/* Bytes of an element; 0 for types without (text, complex, half bytes) and numbers that are no type. */
size_t file_type_width(int type);
/* Bytes of `count` elements, at most 2^48, of a type that memory has. */
uint64_t file_type_bytes(int type, int64_t count);
/* The type in memory (enum element_type), -1 for what has none: text, complex, 8-bit reals. */
int file_type_element(int type);

/* Elements of a file into memory, or of memory into a file; the type is one that memory has. `raw` and `out`
 * may lie anywhere and do not overlap. Decoding gives the index of the first element that memory cannot hold
 * (uint64 beyond int64), or count. */
int64_t file_type_decode(int type, const void *raw, int64_t count, void *out);
/* Do the file's bytes stand in memory as they are? */
bool file_type_is_plain(int type);

/* The type in which elements are written: the one they had in a file where that is theirs, else the plain
 * type of what they are in memory. */
int file_type_of(enum element_type element, int file_type);
/* `count` elements from `first` on, as that type. Reals are rounded to nearest, ties to even. An odd count of
 * half bytes leaves the last half 0. */
void file_type_encode(int type, const struct tensor *tensor, int64_t first, int64_t count, void *out);

#endif
