/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checkpoints: which format a file has, and what all formats share. */
#include "checkpoint/checkpoint.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "archive/package.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/likeness.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/share.h"
#include "base/status.h"
#include "base/text.h"
#include "checkpoint/notes.h"
#include "checkpoint/safetensors.h"
#include "checkpoint/torch.h"
#include "checkpoint/torch_read.h"
#include "checkpoint/torch_write.h"
#include "nn/graph/file_type.h"

static const size_t largest_file = (size_t)1 << 40;

/* --- Formats -------------------------------------------------------------------------------------------- */

typedef status (*read_function)(const unsigned char *bytes, size_t size, struct checkpoint *checkpoint,
                                struct notes *notes, struct error *error);

static bool is_zip(const unsigned char *bytes, size_t size)
{
    return size >= 4 && memcmp(bytes, "PK\3\4", 4) == 0;
}

static status refuse_tar(const unsigned char *bytes, size_t size, struct checkpoint *checkpoint,
                         struct notes *notes, struct error *error)
{
    (void)bytes;
    (void)size;
    (void)checkpoint;
    (void)notes;
    return error_set(error, STATUS_UNSUPPORTED,
                     "a checkpoint of PyTorch 0.1, a tar file: load it with PyTorch and save it again");
}

/* Told apart by how files begin; `is` has the first bytes, and the size of the whole file. */
static const struct format {
    bool (*is)(const unsigned char *bytes, size_t size);
    read_function read;
} formats[] = {
    {is_zip, torch_read_zip},
    {torch_is_legacy, torch_read_legacy},
    {torch_is_tar, refuse_tar},
    {safetensors_is, safetensors_read},
};

static const struct format *format_of(const unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (formats[i].is(bytes, size))
            return &formats[i];
    return NULL;
}

/* Did it fail for reasons that are not the file's? */
static bool is_not_of_file(status code)
{
    return code == STATUS_MEMORY || code == STATUS_CANCELLED;
}

/* Any zip file may be something else. */
static status probe_package(const char *path, bool *is, struct error *error)
{
    struct package *package;
    status code = package_open(path, &package, error);
    *is = true; /* damaged ones too: they are told so when they are read */
    if (code != STATUS_OK)
        return is_not_of_file(code) ? code : STATUS_OK;
    *is = torch_is_package(package);
    package_close(package);
    return STATUS_OK;
}

status checkpoint_probe(const char *path, bool *is, struct error *error)
{
    char beginning[1024] = ""; /* zeros where the file is shorter: no format begins with so many */
    char *expanded = path_expand(path);
    *is = false;
    if (!expanded)
        return error_memory(error);
    status code = file_peek(expanded, beginning, sizeof beginning, error);
    if (code == STATUS_OK) {
        const struct format *format = format_of((const unsigned char *)beginning, sizeof beginning - 1);
        *is = format != NULL;
        if (format && format->read == torch_read_zip)
            code = probe_package(expanded, is, error);
    } else if (!is_not_of_file(code)) {
        code = STATUS_OK;
    }
    mem_free(expanded);
    return code;
}

/* What is expected of a file by the end of its name, where a checkpoint is. */
static const char torch_expected[] =
    "PyTorch checkpoint (a zip file with data.pkl in it, or a pickle of torch.save's old format)";
static const struct {
    const char *extension, *expected;
} named[] = {
    {"pth", torch_expected},
    {"pt", torch_expected},
    {"th", torch_expected},
    {"tar", torch_expected},
    {"ckpt", torch_expected},
    {"bin", torch_expected},
    {"safetensors", "safetensors file"},
};

static const char *expected_of(const char *path)
{
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (strcasecmp(path_extension(path), named[i].extension) == 0)
            return named[i].expected;
    return NULL;
}

status checkpoint_refuse_named(const char *path, struct error *error)
{
    enum { ONNX_FIRST = 0x08 }; /* the field ir_version, which every writer puts first */
    const char *expected = expected_of(path);
    struct error ignored = {0};
    char beginning[513] = "";
    char *expanded = expected ? path_expand(path) : NULL;
    if (!expanded)
        return error->code;
    if (file_peek(expanded, beginning, sizeof beginning, &ignored) == STATUS_OK &&
        beginning[0] != ONNX_FIRST) {
        size_t size = sizeof beginning - 1;
        while (size > 0 && !beginning[size - 1])
            size--;
        const char *what = file_looks_like(beginning, size);
        error_set(error, STATUS_FILE, "%s: no %s%s%s", path, expected, what ? ": it looks like " : "",
                  what ? what : "");
    }
    mem_free(expanded);
    return error->code;
}

/* --- Names ---------------------------------------------------------------------------------------------- */

static int compare_weights(const void *a, const void *b)
{
    const struct weight *const *left = a, *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

static status sort_names(struct checkpoint *checkpoint, struct error *error)
{
    const size_t count = (size_t)checkpoint->count;
    const struct weight **sorted = mem_new(count, sizeof(const struct weight *));
    int *places = arena_alloc(checkpoint->arena, count, sizeof *places);
    status code = sorted && places ? STATUS_OK : error_memory(error);
    for (size_t i = 0; i < count && code == STATUS_OK; i++)
        sorted[i] = &checkpoint->weights[i];
    if (code == STATUS_OK)
        qsort(sorted, count, sizeof(const struct weight *), compare_weights);
    for (size_t i = 0; i < count && code == STATUS_OK; i++) {
        places[i] = (int)(sorted[i] - checkpoint->weights);
        if (i > 0 && strcmp(sorted[i - 1]->name, sorted[i]->name) == 0)
            code = error_set(error, STATUS_FILE, "two tensors have the name %s", sorted[i]->name);
    }
    mem_free(sorted);
    checkpoint->by_name = places;
    return code;
}

int checkpoint_find(const struct checkpoint *checkpoint, const char *name)
{
    int first = 0, end = checkpoint->count;
    while (first < end) {
        int middle = first + (end - first) / 2;
        int order = strcmp(checkpoint->weights[checkpoint->by_name[middle]].name, name);
        if (order == 0)
            return checkpoint->by_name[middle];
        if (order < 0)
            first = middle + 1;
        else
            end = middle;
    }
    return -1;
}

/* What modules around a network put in front of all its names: DataParallel, torch.compile, Lightning, and
 * what people call the network in a module of their own. */
static const char *const prefixes[] = {"module.",  "model.",   "_orig_mod.",      "net.",
                                       "network.", "_model.",  "base_model.",     "backbone.",
                                       "student.", "encoder.", "_forward_module."};

/* The prefix that all names have; each has something behind it. */
static const char *common_prefix(const struct checkpoint *checkpoint)
{
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t length = strlen(prefixes[i]);
        int have = 0;
        while (have < checkpoint->count &&
               strncmp(checkpoint->weights[have].name, prefixes[i], length) == 0 &&
               checkpoint->weights[have].name[length])
            have++;
        if (have == checkpoint->count)
            return prefixes[i];
    }
    return NULL;
}

static status take_prefix_off(struct checkpoint *checkpoint, struct error *error)
{
    struct text prefix = {0};
    const char *next;
    while (checkpoint->count > 0 && (next = common_prefix(checkpoint))) {
        text_add(&prefix, next);
        for (int i = 0; i < checkpoint->count; i++)
            checkpoint->weights[i].name += strlen(next);
    }
    checkpoint->prefix = prefix.failed ? NULL : arena_string(checkpoint->arena, text_data(&prefix));
    text_free(&prefix);
    return checkpoint->prefix ? STATUS_OK : error_memory(error);
}

/* --- Reading -------------------------------------------------------------------------------------------- */

static status keep_notes(struct checkpoint *checkpoint, struct notes *notes, struct error *error)
{
    status code = notes_end(notes, error);
    if (code != STATUS_OK)
        return code;
    checkpoint->notes =
        arena_copy(checkpoint->arena, notes->lines, (size_t)notes->count * sizeof(const char *));
    checkpoint->note_count = notes->count;
    return checkpoint->notes ? STATUS_OK : error_memory(error);
}

static status fill(struct checkpoint *checkpoint, const unsigned char *bytes, size_t size,
                   struct error *error)
{
    struct notes notes = {.arena = checkpoint->arena};
    const struct format *format = format_of(bytes, size);
    if (!format)
        return error_set(error, STATUS_FILE, "no checkpoint of PyTorch and no safetensors file");
    status code = format->read(bytes, size, checkpoint, &notes, error);
    if (code == STATUS_OK)
        code = take_prefix_off(checkpoint, error);
    if (code == STATUS_OK)
        code = sort_names(checkpoint, error);
    return code ? code : keep_notes(checkpoint, &notes, error);
}

static struct checkpoint *checkpoint_new(void)
{
    struct arena *arena = arena_new();
    struct checkpoint *checkpoint = arena ? mem_new(1, sizeof *checkpoint) : NULL;
    if (checkpoint)
        *checkpoint = (struct checkpoint){.arena = arena, .format = "", .place = "", .prefix = ""};
    else
        arena_free(arena);
    return checkpoint;
}

status checkpoint_read_bytes(const char *name, const void *bytes, size_t size, struct checkpoint **checkpoint,
                             struct error *error)
{
    struct checkpoint *made = checkpoint_new();
    struct digest_job digest = {0};
    *checkpoint = NULL;
    if (!made)
        return error_memory(error);
    digest_start(&digest, bytes, size);
    status code = fill(made, bytes, size, error);
    digest_finish(&digest, made->digest);
    if (code == STATUS_OK) {
        *checkpoint = made;
        return STATUS_OK;
    }
    checkpoint_free(made);
    return is_not_of_file(code) ? code : error_prefix(error, "%s: ", name);
}

status checkpoint_read(const char *path, struct checkpoint **checkpoint, struct error *error)
{
    unsigned char *bytes;
    size_t size;
    *checkpoint = NULL;
    status code = file_read(path, largest_file, &bytes, &size, error);
    if (code != STATUS_OK)
        return code;
    code = checkpoint_read_bytes(path, bytes, size, checkpoint, error);
    mem_free(bytes);
    return code;
}

/* --- Making --------------------------------------------------------------------------------------------- */

static status add_weights(struct checkpoint *checkpoint, const struct weight *weights, int count,
                          struct error *error)
{
    struct digest_state digest;
    status code = STATUS_OK;
    digest_begin(&digest);
    for (int i = 0; code == STATUS_OK && i < count; i++) {
        const char *name = arena_string(checkpoint->arena, weights[i].name);
        const struct tensor *tensor = weights[i].tensor;
        if (!name) {
            code = error_memory(error);
            break;
        }
        digest_add(&digest, name, strlen(name) + 1);
        digest_add(&digest, tensor->shape.dim, (size_t)tensor->shape.rank * sizeof *tensor->shape.dim);
        digest_add(&digest, tensor->data,
                   (size_t)shape_elements(&tensor->shape) * element_size(tensor->type));
        checkpoint->weights[checkpoint->count++] =
            (struct weight){name, tensor_retain(weights[i].tensor), weights[i].written_as};
        code = progress_check(error);
    }
    digest_end(&digest, checkpoint->digest);
    return code;
}

status checkpoint_make(const char *origin, const struct weight *weights, int count,
                       struct checkpoint **checkpoint, struct error *error)
{
    struct checkpoint *made = checkpoint_new();
    if (!made)
        return error_memory(error);
    made->made = true;
    made->format = arena_string(made->arena, origin);
    made->weights = arena_alloc(made->arena, (size_t)count, sizeof *made->weights);
    status code =
        made->format && made->weights ? add_weights(made, weights, count, error) : error_memory(error);
    if (code == STATUS_OK)
        code = sort_names(made, error);
    if (code != STATUS_OK) {
        checkpoint_free(made);
        return code;
    }
    *checkpoint = made;
    return STATUS_OK;
}

/* --- Writing -------------------------------------------------------------------------------------------- */

int checkpoint_written_type(const struct weight *weight)
{
    const struct tensor *tensor = weight->tensor;
    return file_type_of(tensor->type, weight->written_as ? weight->written_as : tensor->file_type);
}

static const struct {
    const char *extension;
    status (*write)(const char *path, const char *prefix, const struct weight *weights, int count,
                    const char *record, struct error *error);
} writers[] = {{"pth", torch_write}, {"pt", torch_write}, {"safetensors", safetensors_write}};

status checkpoint_write(const char *path, const char *prefix, const struct weight *weights, int count,
                        const struct zeros_record *zeros, struct error *error)
{
    struct text record = {0};
    status code =
        error_set(error, STATUS_USAGE, "%s: weights are written as .pth, .pt or .safetensors", path);
    if (zeros && zeros->count)
        zeros_text(zeros, &record);
    for (size_t i = 0; i < sizeof writers / sizeof *writers; i++)
        if (strcmp(path_extension(path), writers[i].extension) == 0)
            code = record.failed ? error_memory(error)
                                 : writers[i].write(path, prefix, weights, count,
                                                    record.length ? record.data : NULL, error);
    text_free(&record);
    return code;
}

/* --- Owners --------------------------------------------------------------------------------------------- */

struct checkpoint *checkpoint_retain(struct checkpoint *checkpoint)
{
    if (checkpoint)
        share_add(&checkpoint->shares);
    return checkpoint;
}

void checkpoint_free(struct checkpoint *checkpoint)
{
    if (!checkpoint || !share_drop(&checkpoint->shares))
        return;
    for (int i = 0; i < checkpoint->count; i++)
        tensor_free(checkpoint->weights[i].tensor);
    arena_free(checkpoint->arena);
    mem_free(checkpoint);
}
