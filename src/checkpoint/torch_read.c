/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PyTorch's files as checkpoints: the weights are chosen, described and then built storage by storage, so
 * that no more than one storage is in memory beside the tensors. */
#include "checkpoint/torch_read.h"

#include <stdlib.h>
#include "base/memory.h"
#include "base/progress.h"
#include "checkpoint/torch.h"
#include "checkpoint/torch_choose.h"
#include "checkpoint/torch_module.h"
#include "checkpoint/zeros.h"
#include "nn/graph/file_type.h"
#include "nn/graph/tensor.h"

/* So many times the file's size, and this besides, may its tensors take: integers are widened, and strides of
 * zero repeat elements. */
enum { MOST_RATIO = 64, FREE_BYTES = 64 << 20 };

/* A weight's description, and its place in the checkpoint. */
struct described {
    struct torch_tensor about;
    int place;
};

static int compare_described(const void *a, const void *b)
{
    const struct described *left = a, *right = b;
    int order = torch_compare(&left->about, &right->about);
    return order ? order : (left->place > right->place) - (left->place < right->place);
}

static status blame(const char *name, struct error *error)
{
    if (error->code == STATUS_MEMORY || error->code == STATUS_CANCELLED)
        return error->code;
    return error_prefix(error, "tensor %s: ", name);
}

static status describe(const struct torch_file *file, const struct torch_weights *weights,
                       struct described *described, struct error *error)
{
    for (size_t i = 0; i < weights->count; i++) {
        described[i].place = (int)i;
        if (torch_describe(file, weights->list[i].value, &described[i].about, error) != STATUS_OK)
            return blame(weights->list[i].name, error);
    }
    return STATUS_OK;
}

/* Sorted: those that are the same are beside each other and are counted once. */
static status check_memory(const struct torch_file *file, const struct described *described, size_t count,
                           struct error *error)
{
    uint64_t total = 0, most = (uint64_t)file->size * MOST_RATIO + FREE_BYTES;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && torch_compare(&described[i - 1].about, &described[i].about) == 0)
            continue;
        enum element_type element = (enum element_type)file_type_element(described[i].about.type);
        total += (uint64_t)shape_elements(&described[i].about.shape) * element_size(element);
        if (total > most)
            return error_set(error, STATUS_FILE, "its tensors would take more than %d times its size",
                             MOST_RATIO);
    }
    return STATUS_OK;
}

/* --- Building ------------------------------------------------------------------------------------------- */

static bool same_as_before(const struct described *described, size_t first, size_t at)
{
    return at > first && torch_compare(&described[at - 1].about, &described[at].about) == 0;
}

/* Tensors `first` to `end` - 1, all of one storage. Its bytes are asked for when a tensor is but a part. */
static status build_of_storage(const struct torch_file *file, struct checkpoint *checkpoint,
                               const struct described *described, size_t first, size_t end,
                               struct error *error)
{
    const unsigned char *bytes = NULL;
    unsigned char *owned = NULL;
    status code = STATUS_OK;
    for (size_t i = first; i < end && code == STATUS_OK; i++) {
        const struct torch_tensor *about = &described[i].about;
        struct weight *weight = &checkpoint->weights[described[i].place];
        if (same_as_before(described, first, i)) {
            weight->tensor = tensor_retain(checkpoint->weights[described[i - 1].place].tensor);
            continue;
        }
        if (torch_is_whole(about)) {
            code = torch_read_whole(file, about, &weight->tensor, error);
        } else {
            if (!bytes)
                code = torch_storage_bytes(file, about->storage, &bytes, &owned, error);
            if (code == STATUS_OK)
                code = torch_build(about, bytes, &weight->tensor, error);
        }
        if (code != STATUS_OK)
            blame(weight->name, error);
    }
    mem_free(owned);
    return code;
}

static status build_all(const struct torch_file *file, struct checkpoint *checkpoint,
                        const struct described *described, size_t count, struct error *error)
{
    size_t end;
    for (size_t first = 0; first < count; first = end) {
        for (end = first + 1; end < count; end++)
            if (described[end].about.storage != described[first].about.storage)
                break;
        if (progress_check(error) != STATUS_OK ||
            build_of_storage(file, checkpoint, described, first, end, error) != STATUS_OK)
            return error->code;
    }
    return STATUS_OK;
}

static status build(const struct torch_file *file, const struct torch_weights *weights,
                    struct checkpoint *checkpoint, struct error *error)
{
    struct described *described = mem_new(weights->count, sizeof *described);
    checkpoint->weights = arena_alloc(checkpoint->arena, weights->count, sizeof *checkpoint->weights);
    status code =
        described && checkpoint->weights ? describe(file, weights, described, error) : error_memory(error);
    if (code == STATUS_OK) {
        checkpoint->count = (int)weights->count;
        for (int i = 0; i < checkpoint->count; i++)
            checkpoint->weights[i].name = weights->list[i].name;
        qsort(described, weights->count, sizeof *described, compare_described);
        code = check_memory(file, described, weights->count, error);
    }
    if (code == STATUS_OK)
        code = build_all(file, checkpoint, described, weights->count, error);
    mem_free(described);
    return code;
}

static status fill(const struct torch_file *file, struct checkpoint *checkpoint, struct notes *notes,
                   struct error *error)
{
    struct torch_weights weights = {.arena = checkpoint->arena};
    status code = torch_choose(file, &weights, &checkpoint->place, notes, error);
    if (code == STATUS_OK && weights.count > INT32_MAX)
        code = error_set(error, STATUS_FILE, "too many tensors");
    if (code == STATUS_OK)
        code = build(file, &weights, checkpoint, error);
    mem_free(weights.list);
    return code;
}

/* The object's values go when its weights are built; names and notes stay, in the checkpoint's arena. */
static status read_with(status (*open)(struct torch_file *file, struct error *error),
                        const unsigned char *bytes, size_t size, struct checkpoint *checkpoint,
                        struct notes *notes, struct error *error)
{
    struct torch_file file = {.arena = arena_new(), .bytes = bytes, .size = size};
    status code = file.arena ? open(&file, error) : error_memory(error);
    checkpoint->format = file.format;
    if (code == STATUS_OK)
        code = fill(&file, checkpoint, notes, error);
    if (code == STATUS_OK && file.record)
        code = zeros_read(file.record, file.record_size, checkpoint, notes, error);
    torch_file_release(&file);
    arena_free(file.arena);
    return code;
}

status torch_read_zip(const unsigned char *bytes, size_t size, struct checkpoint *checkpoint,
                      struct notes *notes, struct error *error)
{
    return read_with(torch_open_zip, bytes, size, checkpoint, notes, error);
}

status torch_read_legacy(const unsigned char *bytes, size_t size, struct checkpoint *checkpoint,
                         struct notes *notes, struct error *error)
{
    return read_with(torch_open_legacy, bytes, size, checkpoint, notes, error);
}
