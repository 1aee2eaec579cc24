/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arrays of NumPy: .npy files of format 1 to 3, and the members of .npz files.
 *
 * Elements are numbers: float16, float32, float64, signed and unsigned integers of 1 to 8 bytes, bool; in
 * either byte order, in C or in Fortran order. Objects, complex numbers, texts and structures are refused by
 * name (STATUS_UNSUPPORTED). Everything that the header says is checked against the file's size before memory
 * is asked for. An array that stands in a file in C order stays there and is read in pieces; others are held
 * in memory in C order. */
#ifndef IPPRO_DATA_NPY_H
#define IPPRO_DATA_NPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"
#include "base/text.h"
#include "nn/graph/tensor.h"

enum npy_kind { NPY_FLOAT, NPY_SIGNED, NPY_UNSIGNED, NPY_BOOLEAN };

/* What a header says. */
struct npy_header {
    enum npy_kind kind;
    int width;          /* bytes of an element: 1, 2, 4 or 8 */
    bool big_endian;    /* of elements of more than one byte */
    bool fortran;       /* the first index runs fastest */
    struct shape shape; /* rank 0 to TENSOR_MAX_RANK; a dimension may be 0 */
    int64_t count;      /* elements */
    size_t offset;      /* bytes in front of the first element */
};

/* The beginning of a file of `file_size` bytes, of which `size` are at hand: all of them, or at least
 * NPY_HEAD_BYTES. The elements must fill the rest of the file exactly. */
enum { NPY_HEAD_BYTES = 16384 };
status npy_header_parse(const unsigned char *bytes, size_t size, size_t file_size, struct npy_header *header,
                        struct error *error);

/* Immutable and counted. */
struct npy {
    int shares; /* owners beside the first */
    char *name; /* of the file, and the member, for messages */
    struct npy_header header;
    int descriptor; /* of the open file; -1: the elements are in memory */
    unsigned char
        *bytes; /* all elements, in C order and in the byte order of the header; NULL: in the file */
};

/* Open a .npy file, or of a .npz file its only member, or the one in "FILE.npz:MEMBER", with or without .npy.
 * Errors name the file. What was opened is an input (base/inputs.h). */
status npy_open(const char *path, struct npy **array, struct error *error);
/* The same of bytes in memory, which stay the caller's. `name` is for messages. */
status npy_from_bytes(const char *name, const unsigned char *bytes, size_t size, struct npy **array,
                      struct error *error);
/* An array in memory, of zeros that the caller may fill: `bytes` are elements of `type` as the machine has
 * them. */
status npy_new(const char *name, enum element_type type, const struct shape *shape, struct npy **array,
               struct error *error);
/* One more owner; each calls npy_free once. NULL is fine for both. */
struct npy *npy_retain(struct npy *array);
void npy_free(struct npy *array);
/* "uint8", "float32": the type as NumPy calls it. */
const char *npy_type_name(const struct npy_header *header);

/* Elements first..first+count-1 in C order as `type`, written to `out`. Real numbers are not made whole: they
 * are refused for ELEMENT_INT64, as is an unsigned integer beyond its range, by its place. May be called from
 * several threads. Long reads ask progress_check. */
status npy_read(const struct npy *array, int64_t first, int64_t count, enum element_type type, void *out,
                struct error *error);
/* The same of an array of bytes (uint8 or bool), as bytes; STATUS_SHAPE for other types. */
status npy_read_bytes(const struct npy *array, int64_t first, int64_t count, uint8_t *out,
                      struct error *error);
/* All of it as a new tensor: float16 and float32 as float, integers and bool as int64. */
status npy_tensor(const struct npy *array, struct tensor **tensor, struct error *error);

/* The file of such an array, appended to `out`: format 1.0, C order, '<f4', '<f8' or '<i8'. A failed
 * allocation marks the text. */
void npy_add(struct text *out, enum element_type type, const struct shape *shape, const void *data);

#endif
