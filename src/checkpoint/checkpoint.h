/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Weights without a graph: PyTorch checkpoints (zip files, and the older streams of pickles) and safetensors.
 *
 * Of a checkpoint that holds more than a state_dict (an optimizer, an epoch, a whole module) the mapping from
 * names to tensors with the most tensors is taken; where it lies is told. Nothing in a file is executed. */
#ifndef IPPRO_CHECKPOINT_CHECKPOINT_H
#define IPPRO_CHECKPOINT_CHECKPOINT_H

#include "base/file.h"
#include "base/memory.h"
#include "checkpoint/zeros.h"
#include "nn/graph/tensor.h"

struct weight {
    const char *name;      /* unique: "layer1.0.conv1.weight" */
    struct tensor *tensor; /* one reference; tied weights share it. file_type says the type in the file */
    int written_as;        /* for writing: the type in the file (nn/graph/file_type.h), 0: the tensor's own */
};

/* Immutable and counted. Everything but the tensors lies in the arena. */
struct checkpoint {
    int shares; /* owners beside the first */
    struct arena *arena;
    const char *format;     /* "PyTorch, zip", "PyTorch, legacy", "safetensors" */
    const char *place;      /* keys that lead to the weights: "state_dict"; "" where they stand at the top */
    const char *prefix;     /* what all names began with, taken off: "module."; or "" */
    struct weight *weights; /* in the order of the file */
    int count;
    const int *by_name;        /* places of the weights, sorted by their names */
    struct zeros_record zeros; /* what was recorded beside the weights; count 0: nothing */
    const char **notes;        /* what was not understood, one line each */
    int note_count;
    char digest[DIGEST_SIZE]; /* of the file */
    bool made;                /* it was in no file: checkpoint_make */
};

/* Is the file one? By its content, not by its name; false for what cannot be read, true for a damaged zip
 * file. Fails only with STATUS_MEMORY and STATUS_CANCELLED. */
status checkpoint_probe(const char *path, bool *is, struct error *error);
/* Of a file that is no model, whose error is given: another error where its name is that of a checkpoint and
 * it does not begin as ONNX files do, that says what such a file would be and what this looks like. */
status checkpoint_refuse_named(const char *path, struct error *error);
/* Errors name the file and the place in it; STATUS_FILE for damage, STATUS_UNSUPPORTED for what is valid but
 * not supported. */
status checkpoint_read(const char *path, struct checkpoint **checkpoint, struct error *error);
/* The same of bytes at hand; `name` is for messages. */
status checkpoint_read_bytes(const char *name, const void *bytes, size_t size, struct checkpoint **checkpoint,
                             struct error *error);
/* Of weights at hand. Names are copied, each tensor gets one owner more; the digest is that of both. `origin`
 * says in the place of a format where they are from. */
status checkpoint_make(const char *origin, const struct weight *weights, int count,
                       struct checkpoint **checkpoint, struct error *error);
/* One more owner; each calls checkpoint_free once. NULL is fine for both. */
struct checkpoint *checkpoint_retain(struct checkpoint *checkpoint);
void checkpoint_free(struct checkpoint *checkpoint);
/* The place of a name in `weights`, -1 when it has none. */
int checkpoint_find(const struct checkpoint *checkpoint, const char *name);

/* The type in which a weight is written (nn/graph/file_type.h). */
int checkpoint_written_type(const struct weight *weight);
/* Write a flat state_dict: .pth, .pt (zip) or .safetensors, as the path ends. `prefix` stands before every
 * name. Tensors are written in the type that written_as or else file_type says, where what they hold in
 * memory is of that kind. With `zeros` (NULL, or count 0: none) they are recorded beside the weights. The old
 * file stays until the new one is whole. */
status checkpoint_write(const char *path, const char *prefix, const struct weight *weights, int count,
                        const struct zeros_record *zeros, struct error *error);

#endif
