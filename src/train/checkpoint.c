/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of named fields. Every size that a file tells is checked against what is there before it is used. */
#include "train/checkpoint.h"

#include <string.h>
#include "base/digest.h"
#include "base/memory.h"

enum { BYTE_ORDER_WORD = 0x01020304 };

struct head {
    char magic[16];
    uint32_t format, byte_order;
    uint64_t size; /* of the whole file */
    uint64_t fields;
};

struct field_head {
    char name[CHECKPOINT_NAME];
    uint64_t size;
};

static const char magic[16] = "ippro training\n";
static const size_t LARGEST = (size_t)1 << 38;

/* head, (field head, its pieces) ..., digest. */
struct layout {
    struct head head;
    struct field_head heads[CHECKPOINT_FIELDS];
    struct file_piece *pieces;
    size_t count;
    char digest[DIGEST_SIZE];
};

static void layout_add(struct layout *layout, const void *data, size_t size)
{
    layout->pieces[layout->count++] = (struct file_piece){data, size};
    layout->head.size += size;
}

static void layout_fill(struct layout *layout, const struct checkpoint_field *fields, int count)
{
    memcpy(layout->head.magic, magic, sizeof magic);
    layout->head.format = CHECKPOINT_FORMAT;
    layout->head.byte_order = BYTE_ORDER_WORD;
    layout->head.fields = (uint64_t)count;
    layout_add(layout, &layout->head, sizeof layout->head);
    for (int f = 0; f < count; f++) {
        struct field_head *head = &layout->heads[f];
        memcpy(head->name, fields[f].name, sizeof head->name);
        for (int p = 0; p < fields[f].piece_count; p++)
            head->size += fields[f].pieces[p].size;
        layout_add(layout, head, sizeof *head);
        for (int p = 0; p < fields[f].piece_count; p++)
            layout_add(layout, fields[f].pieces[p].data, fields[f].pieces[p].size);
    }
    layout->head.size += DIGEST_SIZE - 1;
    struct digest_state state;
    digest_begin(&state);
    for (size_t p = 0; p < layout->count; p++)
        digest_add(&state, layout->pieces[p].data, layout->pieces[p].size);
    digest_end(&state, layout->digest);
    layout->pieces[layout->count++] = (struct file_piece){layout->digest, DIGEST_SIZE - 1};
}

status training_checkpoint_write(const char *path, const struct checkpoint_field *fields, int count,
                                 struct error *error)
{
    size_t pieces = 2;
    for (int f = 0; f < count; f++)
        pieces += 1 + (size_t)fields[f].piece_count;
    struct layout *layout = mem_new(1, sizeof *layout);
    if (layout)
        layout->pieces = mem_new(pieces, sizeof *layout->pieces);
    if (!layout || !layout->pieces) {
        mem_free(layout);
        return error_memory(error);
    }
    layout_fill(layout, fields, count);
    status code = file_replace_pieces(path, layout->pieces, layout->count, error);
    mem_free(layout->pieces);
    mem_free(layout);
    return code;
}

static status refuse(struct error *error, const char *path, const char *why)
{
    return error_set(error, STATUS_FILE, "%s: %s", path, why);
}

static status check_head(const char *path, const struct head *head, size_t size, struct error *error)
{
    if (memcmp(head->magic, magic, sizeof magic) != 0)
        return refuse(error, path, "is no checkpoint of a training");
    if (head->byte_order != BYTE_ORDER_WORD)
        return refuse(error, path, "was written on a machine of another byte order");
    if (head->format != CHECKPOINT_FORMAT)
        return error_set(error, STATUS_FILE, "%s: is a checkpoint of format %u; this program reads format %d",
                         path, (unsigned)head->format, CHECKPOINT_FORMAT);
    if (head->size > size)
        return error_set(error, STATUS_FILE, "%s: was cut short: %llu of its %llu bytes are there", path,
                         (unsigned long long)size, (unsigned long long)head->size);
    if (head->size < size || head->fields > CHECKPOINT_FIELDS)
        return refuse(error, path, "is damaged: its size is not what it says");
    return STATUS_OK;
}

static status find_fields(const char *path, struct training_checkpoint *checkpoint, uint64_t fields,
                          size_t end, struct error *error)
{
    size_t at = sizeof(struct head);
    for (uint64_t f = 0; f < fields; f++) {
        struct field_head head;
        if (end - at < sizeof head)
            return refuse(error, path, "is damaged: a field does not fit");
        memcpy(&head, checkpoint->bytes + at, sizeof head);
        if (!memchr(head.name, 0, sizeof head.name) || head.size > end - at - sizeof head)
            return refuse(error, path, "is damaged: a field does not fit");
        checkpoint->fields[f].name = (const char *)checkpoint->bytes + at;
        checkpoint->fields[f].data = checkpoint->bytes + at + sizeof head;
        checkpoint->fields[f].size = (size_t)head.size;
        at += sizeof head + (size_t)head.size;
    }
    checkpoint->count = (int)fields;
    return at == end ? STATUS_OK : refuse(error, path, "is damaged: something follows its last field");
}

static status read_fields(const char *path, struct training_checkpoint *checkpoint, size_t size,
                          struct error *error)
{
    struct head head;
    if (size < sizeof head + DIGEST_SIZE - 1)
        return refuse(error, path,
                      size >= sizeof magic && memcmp(checkpoint->bytes, magic, sizeof magic) == 0
                          ? "was cut short"
                          : "is no checkpoint of a training");
    memcpy(&head, checkpoint->bytes, sizeof head);
    status code = check_head(path, &head, size, error);
    if (code != STATUS_OK)
        return code;
    char *digest = checkpoint->digest;
    const size_t end = size - (DIGEST_SIZE - 1);
    digest_bytes(checkpoint->bytes, end, digest);
    if (memcmp(digest, checkpoint->bytes + end, DIGEST_SIZE - 1) != 0)
        return refuse(error, path, "is damaged: its bytes are not those that were written");
    return find_fields(path, checkpoint, head.fields, end, error);
}

status training_checkpoint_read(const char *path, struct training_checkpoint *checkpoint, struct error *error)
{
    size_t size = 0;
    struct training_checkpoint found = {0};
    status code = file_read(path, LARGEST, &found.bytes, &size, error);
    if (code == STATUS_OK)
        code = read_fields(path, &found, size, error);
    if (code != STATUS_OK) {
        training_checkpoint_free(&found);
        return error_refuse_file(error);
    }
    *checkpoint = found;
    return STATUS_OK;
}

void training_checkpoint_free(struct training_checkpoint *checkpoint)
{
    mem_free(checkpoint->bytes);
    *checkpoint = (struct training_checkpoint){0};
}

static int field_index(const struct training_checkpoint *checkpoint, const char *name)
{
    for (int f = 0; f < checkpoint->count; f++)
        if (strcmp(checkpoint->fields[f].name, name) == 0)
            return f;
    return -1;
}

const void *training_checkpoint_field(const struct training_checkpoint *checkpoint, const char *name,
                                      size_t size)
{
    const int index = field_index(checkpoint, name);
    return index >= 0 && checkpoint->fields[index].size == size ? checkpoint->fields[index].data : NULL;
}

const char *training_checkpoint_text(const struct training_checkpoint *checkpoint, const char *name)
{
    const int index = field_index(checkpoint, name);
    if (index < 0 || checkpoint->fields[index].size == 0)
        return NULL;
    const char *text = checkpoint->fields[index].data;
    return memchr(text, 0, checkpoint->fields[index].size) == text + checkpoint->fields[index].size - 1
               ? text
               : NULL;
}
