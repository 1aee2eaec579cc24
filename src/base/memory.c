/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checked allocation, fault injection and arenas. */
#include "base/memory.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "base/spare.h"

/* Nothing this program computes needs a terabyte, but a file may ask for it: such sizes fail here, the same
 * way on every machine, instead of depending on overcommit or on a sanitizer's limit. */
#define LARGEST_ALLOCATION ((size_t)1 << 40)

static atomic_long fail_countdown;

void mem_fail_at(long nth)
{
    atomic_store(&fail_countdown, nth > 0 ? nth : 0);
}

static bool injected_failure(void)
{
    if (atomic_load_explicit(&fail_countdown, memory_order_relaxed) <= 0)
        return false;
    return atomic_fetch_sub(&fail_countdown, 1) == 1;
}

bool size_multiply(size_t a, size_t b, size_t *product)
{
    return !__builtin_mul_overflow(a, b, product);
}

/* Bytes to ask for, at least one; false when the request is absurd or a failure was injected. */
static bool request(size_t count, size_t size, size_t *bytes)
{
    if (!size_multiply(count, size, bytes) || *bytes > LARGEST_ALLOCATION)
        return false;
    if (*bytes == 0)
        *bytes = 1;
    return !injected_failure();
}

void *mem_new(size_t count, size_t size)
{
    size_t bytes;
    return request(count, size, &bytes) ? calloc(1, bytes) : NULL;
}

/* Few others are aligned like this. */
static bool may_be_kept(const void *pointer)
{
    return pointer && (uintptr_t)pointer % SPARE_LEAST == 0;
}

void *mem_resize(void *pointer, size_t count, size_t size)
{
    size_t bytes;
    if (!request(count, size, &bytes))
        return NULL;
    if (may_be_kept(pointer))
        spare_forget(pointer);
    return realloc(pointer, bytes);
}

/* bytes: of a request that was let through. A large block is one that was used before, where there is one. */
static void *aligned(size_t bytes)
{
    const size_t line = 64, huge_page = SPARE_LEAST;
    const bool large = bytes >= 2 * huge_page;
    bytes = (bytes + line - 1) / line * line;
    void *memory = large ? spare_take(bytes) : NULL;
    if (memory)
        return memory;
    if (posix_memalign(&memory, large ? huge_page : line, bytes) != 0)
        return NULL;
    if (large) {
        (void)madvise(memory, bytes / huge_page * huge_page, MADV_HUGEPAGE); /* advice: may be refused */
        spare_taken(memory, bytes);
    }
    return memory;
}

void *mem_aligned_raw(size_t count, size_t size)
{
    size_t bytes;
    return request(count, size, &bytes) ? aligned(bytes) : NULL;
}

void *mem_aligned(size_t count, size_t size)
{
    size_t bytes;
    if (!request(count, size, &bytes))
        return NULL;
    void *memory = aligned(bytes);
    return memory ? memset(memory, 0, bytes) : NULL;
}

void *mem_copy(const void *from, size_t bytes)
{
    void *copy = mem_new(bytes, 1);
    if (copy && bytes > 0)
        memcpy(copy, from, bytes);
    return copy;
}

char *mem_string(const char *text)
{
    return mem_copy(text, strlen(text) + 1);
}

char *mem_format(const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    char *text = length < 0 ? NULL : mem_new((size_t)length + 1, 1);
    if (text)
        vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    va_end(arguments);
    return text;
}

void mem_free(void *pointer)
{
    if (!may_be_kept(pointer) || !spare_give(pointer))
        free(pointer);
}

bool mem_grow(void *array, size_t *capacity, size_t needed, size_t size)
{
    if (needed <= *capacity)
        return true;
    size_t wanted = *capacity > SIZE_MAX / 2 ? needed : *capacity * 2;
    if (wanted < 8)
        wanted = 8;
    if (wanted < needed)
        wanted = needed;
    void *old;
    memcpy(&old, array, sizeof old); /* the caller's pointer may be of any type: no aliasing assumptions */
    void *grown = mem_resize(old, wanted, size);
    if (!grown)
        return false;
    memcpy(array, &grown, sizeof grown);
    *capacity = wanted;
    return true;
}

/* An arena is a list of blocks; the first one is the one being filled. Under AddressSanitizer every
 * allocation gets a block of its own, so that reading past its end is caught. */
enum { ARENA_ALIGNMENT = 16 };
#ifdef __SANITIZE_ADDRESS__
static const size_t arena_block_size = 0;
#else
static const size_t arena_block_size = 32 * 1024;
#endif

struct arena_block {
    struct arena_block *next;
    size_t used, size;
    _Alignas(ARENA_ALIGNMENT) unsigned char data[];
};

struct arena {
    struct arena_block *blocks;
    size_t given, limit; /* bytes; a limit of 0 is none */
    bool refused;
};

struct arena *arena_new(void)
{
    return mem_new(1, sizeof(struct arena));
}

void arena_free(struct arena *arena)
{
    if (!arena)
        return;
    while (arena->blocks) {
        struct arena_block *block = arena->blocks;
        arena->blocks = block->next;
        mem_free(block);
    }
    mem_free(arena);
}

void arena_limit(struct arena *arena, size_t bytes)
{
    arena->limit = bytes;
}

bool arena_refused(const struct arena *arena)
{
    return arena->refused;
}

static struct arena_block *arena_add_block(struct arena *arena, size_t bytes)
{
    size_t size = bytes > arena_block_size / 4 ? bytes : arena_block_size;
    struct arena_block *block = calloc(1, sizeof *block + size);
    if (!block)
        return NULL;
    block->size = size;
    /* A block for one large object goes behind the block being filled, whose rest stays in use. */
    struct arena_block **place = arena->blocks && size == bytes ? &arena->blocks->next : &arena->blocks;
    block->next = *place;
    *place = block;
    return block;
}

void *arena_alloc(struct arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (!request(count, size, &bytes))
        return NULL;
    if (arena->limit && (arena->given > arena->limit || bytes > arena->limit - arena->given)) {
        arena->refused = true;
        return NULL;
    }
    arena->given += bytes;
#ifndef __SANITIZE_ADDRESS__
    bytes = (bytes + ARENA_ALIGNMENT - 1) / ARENA_ALIGNMENT * ARENA_ALIGNMENT;
#endif
    struct arena_block *block = arena->blocks;
    if (!block || block->size - block->used < bytes) {
        block = arena_add_block(arena, bytes);
        if (!block)
            return NULL;
    }
    void *memory = block->data + block->used;
    block->used += bytes;
    return memory;
}

void *arena_copy(struct arena *arena, const void *from, size_t bytes)
{
    void *copy = arena_alloc(arena, bytes, 1);
    if (copy && bytes > 0)
        memcpy(copy, from, bytes);
    return copy;
}

char *arena_string(struct arena *arena, const char *text)
{
    return arena_copy(arena, text, strlen(text) + 1);
}

char *arena_format(struct arena *arena, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    char *text = length < 0 ? NULL : arena_alloc(arena, (size_t)length + 1, 1);
    if (text)
        vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    va_end(arguments);
    return text;
}
