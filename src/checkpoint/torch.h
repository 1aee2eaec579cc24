/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts that read PyTorch's files share: a file's object with the storages it refers to, however
 * they are packed, and what a tensor is within it.
 *
 * torch.save writes tensors as calls of functions in torch._utils over storages, which are told by persistent
 * ids ("storage", type, key, device, elements) and lie elsewhere in the file. */
#ifndef IPPRO_CHECKPOINT_TORCH_H
#define IPPRO_CHECKPOINT_TORCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "archive/package.h"
#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/tensor.h"
#include "pickle/pickle.h"

struct torch_storage {
    const char *key;
    const char *type_name; /* "FloatStorage" */
    int type;         /* nn/graph/file_type.h; FILE_UNDEFINED: bytes of no type, or of one not supported */
    int64_t elements; /* bytes where there is no type */
    size_t bytes;     /* what the file has of it */
    size_t offset;    /* its place in the file, of the legacy format */
    int member;       /* its place in the package, of the zip format; -1: none */
};

struct torch_file {
    const char *format; /* told when it is opened */
    struct arena *arena;
    const unsigned char *bytes; /* the whole file, borrowed */
    size_t size;
    struct package *package; /* NULL: the legacy format */
    const char *record;      /* ZEROS_MEMBER's text, the arena's, of the zip format; NULL: none */
    size_t record_size;
    unsigned char *pickle; /* the object's bytes, of the zip format */
    const struct pickle_value *root;
    uint32_t value_count;
    struct torch_storage *storages; /* sorted by key */
    int storage_count;
};

/* A tensor that the object describes. */
struct torch_tensor {
    const struct torch_storage *storage;
    int type;       /* nn/graph/file_type.h; has a width */
    int64_t offset; /* elements of the storage before its first */
    struct shape shape;
    int64_t stride[TENSOR_MAX_RANK];
};

/* --- torch_zip.c, torch_legacy.c ------------------------------------------------------------------------ */

/* Fill root, value_count, storages and what reading them needs. Errors name the place in the file, not the
 * file. What was filled is released by torch_file_release, after a failure too. */
status torch_open_zip(struct torch_file *file, struct error *error);
status torch_open_legacy(struct torch_file *file, struct error *error);
void torch_file_release(struct torch_file *file);

/* Do the bytes begin as a file of the legacy format; as one of the tar files before that? Is a package one
 * of the zip format? */
bool torch_is_legacy(const unsigned char *bytes, size_t size);
bool torch_is_tar(const unsigned char *bytes, size_t size);
bool torch_is_package(const struct package *package);

/* --- torch_storage.c ------------------------------------------------------------------------------------ */

/* Find all storages that the object refers to. Refuses a key that is given two types or sizes. */
status torch_find_storages(struct torch_file *file, struct error *error);
struct torch_storage *torch_storage(const struct torch_file *file, const char *key);
/* A storage's bytes: where they lie in the file, or as new memory, *owned then (mem_free). */
status torch_storage_bytes(const struct torch_file *file, const struct torch_storage *storage,
                           const unsigned char **bytes, unsigned char **owned, struct error *error);
/* "float32", of torch.dtype; FILE_UNDEFINED for others. */
int torch_dtype(const char *name);
/* "FloatStorage", of a type in nn/graph/file_type.h; NULL for types without one. */
const char *torch_storage_class(int type);
/* The parts of a persistent id that tells a storage; false when it is something else. `view`: elements that
 * stand before it within the storage of that key. */
bool torch_storage_id(const struct pickle_value *value, const char **key, int64_t *view);

/* --- torch_tensor.c ------------------------------------------------------------------------------------- */

/* Does a value stand for a tensor, of whatever kind? */
bool torch_is_tensor(const struct pickle_value *value);
/* What it is. Checks that all its elements lie within its storage; STATUS_UNSUPPORTED for kinds and types
 * that are not read (sparse, quantised, complex), named. */
status torch_describe(const struct torch_file *file, const struct pickle_value *value,
                      struct torch_tensor *tensor, struct error *error);
/* Do two describe the same numbers? Then they are one tensor. An order over all. */
int torch_compare(const struct torch_tensor *a, const struct torch_tensor *b);
/* Is it all of its storage, in order, and do the file's bytes stand in memory as they are? */
bool torch_is_whole(const struct torch_tensor *about);
/* The tensor of such a one, read from the file without a copy between. */
status torch_read_whole(const struct torch_file *file, const struct torch_tensor *about,
                        struct tensor **tensor, struct error *error);
/* The tensor, made of its storage's bytes; one reference. */
status torch_build(const struct torch_tensor *about, const unsigned char *bytes, struct tensor **tensor,
                   struct error *error);

#endif
